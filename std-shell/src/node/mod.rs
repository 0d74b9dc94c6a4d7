//! What the manager's thread owns: store, engine, keys, and all that follows from an op being taken.
//!
//! Everything goes one way: the engine takes ops, one commit makes them durable with all that follows from them for this
//! node, and only then are listeners and peers told. A failed commit leaves the node broken; the manager makes another
//! one from disk.

mod govern;
mod start;
mod sync;
mod upgrades;

pub use govern::By;
pub(crate) use sync::Session;
pub(crate) use upgrades::Step;

use crate::config::{Clock, Config, Upgrader};
use crate::error::{Answer, RequestError};
use crate::event::Event;
use crate::manager::Mail;
use crate::message::{MAX_OPS_BYTES, Message};
use crate::metrics::Metrics;
use crate::propagator::Propagating;
use crate::publisher::Publisher;
use crate::store::{Applied, Commit, LocalChange, Store};
use folkmoot_core::limits::MAX_SYNC_PAGE_OPS;
use folkmoot_core::{
    ContextId, Counts, Effect, Engine, GroupId, NamespaceId, Outcome, PublicKey, SigningKeys, VerifiedOp,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{broadcast, mpsc};

/// Published ops leave the outbox so many at a time, or at the next heartbeat. Those that a crash leaves in it are
/// published again, which does no harm.
const PUBLISHED_AT_ONCE: usize = 256;

/// What a node has of its host's. It outlives the node's failures.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) publisher: Arc<dyn Publisher>,
    pub(crate) upgrader: Arc<dyn Upgrader>,
    pub(crate) metrics: Metrics,
    pub(crate) events: broadcast::Sender<Event>,
    /// To itself: what propagators are told by.
    pub(crate) mailbox: mpsc::WeakSender<Mail>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) propagating: Propagating,
}

/// A node: one engine, one store.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) host: Host,
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) keys: SigningKeys,
    /// This node's identity in each namespace.
    pub(crate) identities: BTreeMap<NamespaceId, PublicKey>,
    /// The contexts that this node takes part in, as whom, and the namespace of each.
    pub(crate) joins: BTreeMap<(ContextId, PublicKey), NamespaceId>,
    /// Namespaces whose ops are taken from peers.
    pub(crate) followed: BTreeSet<NamespaceId>,
    pub(crate) sessions: BTreeMap<NamespaceId, Session>,
    /// Somebody waits for these to be caught up with a peer.
    pub(crate) wanted: BTreeSet<NamespaceId>,
    pub(crate) requests: u64,
    /// Groups whose upgrade is not finished here.
    pub(crate) unfinished: BTreeSet<GroupId>,
    /// Contexts that were used, or agreed on, and are to be moved whatever the policy.
    pub(crate) touched: BTreeSet<ContextId>,
    /// An invitation was used, or is no longer revoked: [`Node::tend_changed_invitations`] has something to look at.
    pub(crate) invitations_changed: bool,
    /// Published, and not yet taken out of the outbox.
    published: Vec<u64>,
    /// Ops since the last snapshot.
    since_snapshot: u64,
    /// Whether something is in the outbox that the transport did not take.
    unpublished: bool,
    /// What metrics show of the engine.
    measured: Measured,
    /// Why this node can do no more.
    pub(crate) broken: Option<String>,
}

/// What was counted of the engine when it was last looked at.
#[derive(Debug, Default)]
struct Measured {
    namespaces: BTreeMap<NamespaceId, Counts>,
    /// The heads of all namespaces.
    heads: usize,
}

/// How many of the first of these ops, each with its namespace and its bytes, go into one message: as many as fit, and
/// one in any case.
fn together(ops: impl Iterator<Item = (NamespaceId, usize)>) -> usize {
    let (mut first, mut sum) = (None, 0usize);
    let fits = |(namespace, bytes): &(NamespaceId, usize)| {
        sum = sum.saturating_add(*bytes);
        *first.get_or_insert(*namespace) == *namespace && sum <= MAX_OPS_BYTES
    };
    ops.take(MAX_SYNC_PAGE_OPS).take_while(fits).count().max(1)
}

impl Node {
    /// Takes ops in, and makes them durable with what follows from them; then tells. `local` is part of the commit,
    /// whether there are ops or not.
    pub(crate) fn take_in(&mut self, ops: Vec<VerifiedOp>, local: Vec<LocalChange>, publish: bool) -> Answer<Outcome> {
        let outcome = self.engine.apply_batch(ops);
        let mut outcomes = [outcome];
        self.commit(&outcomes, local, publish)?;
        let [outcome] = &mut outcomes;
        Ok(std::mem::take(outcome))
    }

    /// Makes outcomes durable, and tells of them.
    pub(crate) fn commit(&mut self, outcomes: &[Outcome], local: Vec<LocalChange>, publish: bool) -> Answer<()> {
        let committed = self.commit_quietly(outcomes, local, publish);
        if let Err(error) = &committed {
            // The engine may be ahead of the disk now.
            self.broken = Some(error.to_string());
        }
        committed
    }

    fn commit_quietly(&mut self, outcomes: &[Outcome], mut local: Vec<LocalChange>, publish: bool) -> Answer<()> {
        for (_, status) in outcomes.iter().flat_map(Outcome::statuses) {
            self.host.metrics.count(status);
        }
        for outcome in outcomes {
            self.follow_up(outcome, &mut local)?;
        }
        let ops: usize = outcomes.iter().map(|outcome| outcome.durable().len()).sum();
        if ops == 0 && local.is_empty() {
            self.measure(outcomes);
            return Ok(());
        }
        let applied: Vec<Applied<'_>> = outcomes.iter().map(|outcome| Applied { outcome, publish }).collect();
        let started = Instant::now();
        let receipt = self.store.commit(&mut self.engine, &Commit { applied: &applied, local: &local })?;
        self.host.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
        self.note_local(&local);
        self.tell(outcomes);
        if publish {
            let ops: Vec<&VerifiedOp> = outcomes.iter().flat_map(Outcome::durable).collect();
            self.publish(&ops, receipt.sequences.start);
        }
        self.measure(outcomes);
        self.since_snapshot = self.since_snapshot.saturating_add(ops as u64);
        if self.since_snapshot >= self.host.config.snapshot_every {
            self.store.save_snapshot(&mut self.engine)?;
            self.since_snapshot = 0;
        }
        Ok(())
    }

    /// What follows for this node: contexts that it may no longer take part in are left, upgrades begin.
    fn follow_up(&mut self, outcome: &Outcome, local: &mut Vec<LocalChange>) -> Answer<()> {
        let mut access_lost = false;
        for effect in outcome.after_commit() {
            match effect {
                Effect::ContextAccessRevoked { .. } | Effect::ContextDetached { .. } => access_lost = true,
                Effect::GroupDeleted { group } => {
                    access_lost = true;
                    self.group_deleted(group, local)?;
                }
                Effect::GroupChanged { group, info } => self.group_changed(group, info, local)?,
                _ => {}
            }
        }
        if access_lost {
            for ((context, identity), namespace) in &self.joins {
                if !self.engine.may_join_context(namespace, context, identity) {
                    local.push(LocalChange::Leave { context: *context, identity: *identity });
                }
            }
        }
        Ok(())
    }

    /// Keeps what is in memory as it is on disk, and tells of it.
    fn note_local(&mut self, local: &[LocalChange]) {
        for change in local {
            match change {
                LocalChange::Join { context, identity } => {
                    if let Some(namespace) = self.namespace_of_context(context) {
                        self.joins.insert((*context, *identity), namespace);
                    }
                    self.emit(Event::ContextJoined { context: *context, identity: *identity });
                }
                LocalChange::Leave { context, identity } if self.joins.remove(&(*context, *identity)).is_some() => {
                    self.emit(Event::ContextLeft { context: *context, identity: *identity });
                }
                LocalChange::SetIdentity { namespace, identity } => {
                    self.identities.insert(*namespace, *identity);
                    self.follow(namespace);
                }
                LocalChange::ForgetIdentity { namespace } => {
                    self.identities.remove(namespace);
                }
                LocalChange::KeepKey { group, key } => {
                    // The commit checked that there is room.
                    let _ = self.keys.insert(*group, key.clone());
                }
                LocalChange::ForgetKey { group, identity } => {
                    self.keys.remove(group, identity);
                }
                LocalChange::SetUpgrade { group, upgrade } if upgrade.finished_at.is_none() => {
                    self.unfinished.insert(*group);
                }
                LocalChange::SetUpgrade { group, .. } | LocalChange::ForgetUpgrade { group } => {
                    self.unfinished.remove(group);
                }
                _ => {}
            }
        }
    }

    /// Tells listeners what changed, and starts what runs by itself.
    fn tell(&mut self, outcomes: &[Outcome]) {
        for effect in outcomes.iter().flat_map(Outcome::after_commit) {
            match effect {
                Effect::NamespaceCreated { namespace } => self.follow(namespace),
                Effect::InvitationChanged { info: Some(info), .. } if !info.revoked => self.invitations_changed = true,
                Effect::EquivocationFound { signer, a, b, .. } => {
                    self.host.metrics.forks.inc();
                    tracing::warn!(%signer, %a, %b, "a signer forked");
                }
                _ => {}
            }
            self.emit(Event::Changed(effect.clone()));
        }
        self.tend_upgrades(outcomes);
    }

    pub(crate) fn emit(&self, event: Event) {
        // Nobody listening is no failure.
        let _ = self.host.events.send(event);
    }

    /// Takes a namespace's ops from peers from now on.
    pub(crate) fn follow(&mut self, namespace: &NamespaceId) {
        if self.followed.insert(*namespace) {
            self.host.publisher.subscribe(namespace);
        }
    }

    /// Publishes ops that were just committed, the first with this sequence number.
    fn publish(&mut self, ops: &[&VerifiedOp], first: u64) {
        let mut rest = ops;
        let mut sequence = first;
        while let Some(next) = rest.first() {
            let namespace = namespace_of(next);
            let count = together(rest.iter().map(|op| (namespace_of(op), op.encoded_len())));
            let (now, later) = rest.split_at(count.min(rest.len()));
            let message = Message::Ops(now.iter().map(|op| op.signed().encode()).collect());
            let after = sequence.saturating_add(now.len() as u64);
            match self.host.publisher.publish(&namespace, &message.encode()) {
                Ok(()) => self.published.extend(sequence..after),
                Err(_) => self.unpublished = true,
            }
            (rest, sequence) = (later, after);
        }
    }

    /// Offers what is in the outbox to the transport again, and takes out what it took. Reads the disk only if there is
    /// something to do.
    pub(crate) fn tend_outbox(&mut self) -> Answer<()> {
        if self.unpublished {
            self.clear_published()?;
            self.unpublished = false;
            while let waiting = self.store.outbox(MAX_SYNC_PAGE_OPS)?
                && !waiting.is_empty()
            {
                for op in &waiting {
                    let message = Message::Ops(vec![op.bytes.clone()]);
                    if self.host.publisher.publish(&op.namespace, &message.encode()).is_err() {
                        self.unpublished = true;
                        break;
                    }
                    self.published.push(op.sequence);
                }
                self.clear_published()?;
                if self.unpublished {
                    break;
                }
            }
        }
        self.clear_published()
    }

    fn clear_published(&mut self) -> Answer<()> {
        if !self.published.is_empty() {
            let done = std::mem::take(&mut self.published);
            self.store.outbox_done(&done).map_err(|error| self.fail(error))?;
        }
        Ok(())
    }

    /// Takes published ops out of the outbox if there are many of them.
    pub(crate) fn clear_many_published(&mut self) -> Answer<()> {
        if self.published.len() >= PUBLISHED_AT_ONCE { self.clear_published() } else { Ok(()) }
    }

    /// A write failed: nothing more is done with this node.
    pub(crate) fn fail(&mut self, error: impl Into<RequestError>) -> RequestError {
        let error = error.into();
        self.broken = Some(error.to_string());
        error
    }

    /// Writes what is this node's own, without ops.
    pub(crate) fn commit_local(&mut self, local: Vec<LocalChange>) -> Answer<()> {
        self.store.commit_local(&local).map_err(|error| self.fail(error))?;
        self.note_local(&local);
        Ok(())
    }

    /// The namespace in which a context is registered.
    pub(crate) fn namespace_of_context(&self, context: &ContextId) -> Option<NamespaceId> {
        self.engine.namespaces().find(|namespace| self.engine.context(namespace, context).is_some())
    }

    /// Shows what is counted, as it is after these outcomes: only the namespaces that ops came into are looked at.
    fn measure(&mut self, outcomes: &[Outcome]) {
        let touched: BTreeSet<NamespaceId> = outcomes.iter().flat_map(Outcome::durable).map(namespace_of).collect();
        for namespace in &touched {
            self.measure_namespace(namespace);
        }
        let metrics = &self.host.metrics;
        metrics.pending.set(gauge(self.engine.pending_load().0));
        metrics.heads.set(gauge(self.measured.heads));
        metrics.namespaces.set(gauge(self.measured.namespaces.len()));
        metrics.unpublished.set(i64::from(self.unpublished));
    }

    /// Counts what happened in a namespace since it was looked at before.
    pub(crate) fn measure_namespace(&mut self, namespace: &NamespaceId) {
        let Some(now) = self.engine.counts(namespace) else { return };
        let before = self.measured.namespaces.insert(*namespace, now).unwrap_or_default();
        self.measured.heads = self.measured.heads.saturating_add(now.heads).saturating_sub(before.heads);
        let since = |now: u64, before: u64| now.saturating_sub(before);
        self.host.metrics.refolds.inc_by(since(now.folds.refolds, before.folds.refolds));
        self.host.metrics.refolded.inc_by(since(now.folds.refolded, before.folds.refolded));
    }

    /// Closes in order.
    pub(crate) fn close(mut self) {
        if let Err(error) = self.tend_outbox() {
            tracing::warn!(%error, "the outbox was not tidied");
        }
        if let Err(error) = self.store.close() {
            tracing::warn!(%error, "the store was not closed in order; nothing is lost");
        }
    }
}

fn gauge(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The namespace that an op is in.
pub(crate) fn namespace_of(op: &VerifiedOp) -> NamespaceId {
    let claimed = op.signable().namespace_id;
    if claimed.is_zero() { op.id().into() } else { claimed }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KITCHEN: NamespaceId = NamespaceId([1; 32]);
    const GARDEN: NamespaceId = NamespaceId([2; 32]);

    #[test]
    fn a_message_has_as_many_bytes_of_ops_as_it_may_and_no_more() {
        let of = |sizes: &[usize]| together(sizes.iter().map(|size| (KITCHEN, *size)));
        assert_eq!(of(&[MAX_OPS_BYTES - 300, 300, 1]), 2);
        assert_eq!(of(&[MAX_OPS_BYTES - 300, 301, 1]), 1);
        assert_eq!(of(&[1, MAX_OPS_BYTES, 1]), 1);
        assert_eq!(of(&[MAX_OPS_BYTES]), 1);
        assert_eq!(of(&[MAX_OPS_BYTES + 1, 1]), 1, "there is no end without it");
    }

    #[test]
    fn a_message_has_as_many_ops_as_it_may_and_no_more_and_of_one_namespace() {
        let of = |count: usize| together(std::iter::repeat_n((KITCHEN, 1), count));
        assert_eq!(of(MAX_SYNC_PAGE_OPS), MAX_SYNC_PAGE_OPS);
        assert_eq!(of(MAX_SYNC_PAGE_OPS + 1), MAX_SYNC_PAGE_OPS);
        assert_eq!(together([(KITCHEN, 1), (KITCHEN, 1), (GARDEN, 1), (KITCHEN, 1)].into_iter()), 2);
    }
}
