//! What moves the contexts of one group, step by step.

use crate::config::Upgrader;
use crate::error::{Answer, RequestError};
use crate::manager::Mail;
use crate::node::{Node, Step};
use folkmoot_core::GroupId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// How long a propagator waits for a manager that cannot open its store, before it asks again.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest wait between two questions, so that a clock that is set does no lasting harm.
const LONGEST_WAIT: u64 = 60;

/// Which groups have a propagator. It outlives the node's failures.
#[derive(Debug, Clone, Default)]
pub(crate) struct Propagating(Arc<Mutex<BTreeMap<GroupId, Arc<Notify>>>>);

impl Propagating {
    /// The right to propagate in a group, unless somebody has it, who is then woken.
    pub(crate) fn begin(&self, group: GroupId) -> Option<Running> {
        let mut groups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wake) = groups.get(&group) {
            wake.notify_one();
            return None;
        }
        let wake = Arc::new(Notify::new());
        groups.insert(group, wake.clone());
        Some(Running { group, wake, all: self.clone() })
    }
}

/// The right to propagate in a group; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    group: GroupId,
    wake: Arc<Notify>,
    all: Propagating,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.group);
    }
}

/// Moves contexts of a group until there is nothing to do.
pub(crate) async fn propagate(mailbox: mpsc::WeakSender<Mail>, upgrader: Arc<dyn Upgrader>, running: Running) {
    let (group, wake) = (running.group, running.wake.clone());
    let mut running = Some(running);
    loop {
        // The right is given up within the manager's answer, so that nobody who has something to do finds it taken by one
        // who is about to end.
        let holder = running.take();
        let asked = ask(&mailbox, move |node| {
            let step = node.next_upgrade_step(&group)?;
            Ok((if step == Step::End { None } else { holder }, step))
        });
        match asked.await {
            None | Some(Err(RequestError::Closed)) => return,
            Some(Ok((_, Step::End))) => return,
            Some(Ok((holder, Step::Wait(seconds)))) => {
                running = holder;
                let wait = Duration::from_secs(seconds.clamp(1, LONGEST_WAIT));
                let _ = tokio::time::timeout(wait, wake.notified()).await;
            }
            Some(Ok((holder, Step::Move(step)))) => {
                running = holder;
                let result = upgrader.upgrade(&step).await;
                // If this is lost in a crash, the context is moved again.
                let noted = ask(&mailbox, move |node| node.note_move(&step, result)).await;
                if !matches!(noted, Some(Ok(()))) {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            // The manager is down, or its disk failed: whoever comes next begins anew.
            Some(Err(error)) => {
                tracing::warn!(%error, %group, "the propagator stops");
                return;
            }
        }
    }
}

/// Asks the manager, waiting for room in its mailbox; `None` if it is gone.
async fn ask<T: Send + 'static>(
    mailbox: &mpsc::WeakSender<Mail>,
    work: impl FnOnce(&mut Node) -> Answer<T> + Send + 'static,
) -> Option<Answer<T>> {
    let (request, answer) = Mail::asking(work);
    mailbox.upgrade()?.send(request).await.ok()?;
    answer.await.ok()
}
