//! The way in: a cheap handle that anyone may clone.

use crate::error::{Answer, RequestError};
use crate::event::{Event, Events};
use crate::manager::Mail;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::publisher::PeerId;
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{broadcast, mpsc, oneshot};

/// Asks a manager. Clones ask the same one; it ends when the last is dropped, or at [`ContextClient::shutdown`].
///
/// Every request is answered, or refused at once with [`RequestError::Busy`] if too many wait. What a request has changed
/// is on disk when its answer comes.
#[derive(Debug, Clone)]
pub struct ContextClient {
    mailbox: mpsc::Sender<Mail>,
    events: broadcast::WeakSender<Event>,
    metrics: Metrics,
    pub(crate) sync_timeout: Duration,
}

impl ContextClient {
    pub(crate) const fn new(
        mailbox: mpsc::Sender<Mail>,
        events: broadcast::WeakSender<Event>,
        metrics: Metrics,
        sync_timeout: Duration,
    ) -> Self {
        Self { mailbox, events, metrics, sync_timeout }
    }

    /// Has the manager do something with its node.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Node) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let (request, answer) = Mail::asking(work);
        self.mailbox.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => RequestError::Busy,
            TrySendError::Closed(_) => RequestError::Closed,
        })?;
        answer.await.unwrap_or_else(|_| Err(RequestError::Unknown("the manager failed while it answered".to_owned())))
    }

    /// Hands over what came from a peer. Never waits: with a full mailbox the message is dropped, and what it said is said
    /// again at the next heartbeat.
    pub fn deliver(&self, from: PeerId, bytes: Vec<u8>) {
        if self.mailbox.try_send(Mail::Deliver { from, bytes }).is_err() {
            self.metrics.dropped.inc();
        }
    }

    /// Has the heartbeat come now.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn heartbeat(&self) -> Answer<()> {
        self.ask(Node::heartbeat).await
    }

    /// Listens to all events from now on.
    pub fn events(&self) -> Events {
        match self.events.upgrade() {
            Some(events) => Events(events.subscribe()),
            // A channel whose other end is gone: the manager is shut down.
            None => Events(broadcast::channel(1).1),
        }
    }

    /// Answers what was asked before, closes the store in order, and ends. Others that ask from now on are told
    /// [`RequestError::Closed`].
    pub async fn shutdown(&self) {
        let (done, ended) = oneshot::channel();
        if self.mailbox.send(Mail::Shutdown(done)).await.is_ok() {
            let _ = ended.await;
        }
    }
}
