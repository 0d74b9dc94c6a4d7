//! Hearing from peers, and catching up with them. Nothing that arrives is trusted, and nothing is kept for a peer but
//! one session a namespace.

use super::{Node, namespace_of};
use crate::error::{Answer, Refusal};
use crate::event::Event;
use crate::message::Message;
use crate::publisher::PeerId;
use crate::verify::verify_ahead;
use folkmoot_core::limits::{MAX_SYNC_PAGE_BYTES, MAX_SYNC_PAGE_OPS};
use folkmoot_core::sync::{CatchUp, Comparison, PageMessage, PageRequest, Summary};
use folkmoot_core::{NamespaceId, Outcome, SignedGroupOp};
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// Pages of one catch-up are taken in together, by one commit, up to so many ops, so many bytes of them, or so long after
/// the first came: a commit costs far more than a page.
const TOGETHER_OPS: usize = 16 * MAX_SYNC_PAGE_OPS;
const TOGETHER_BYTES: usize = 8 * MAX_SYNC_PAGE_BYTES;
const TOGETHER_FOR: Duration = Duration::from_millis(500);

/// A catch-up under way.
#[derive(Debug)]
pub(crate) struct Session {
    peer: PeerId,
    catch_up: CatchUp,
    /// The number of the request that is to be answered.
    number: u64,
    pages: u32,
    /// When it was sent.
    asked: Instant,
    /// Whether anything new has come.
    progress: bool,
    /// Ops that have come and are not taken in yet.
    came: Came,
}

/// Pages that wait to be taken in together. No op of theirs has been looked at.
#[derive(Debug, Default)]
struct Came {
    ops: Vec<Vec<u8>>,
    bytes: usize,
    since: Option<Instant>,
}

impl Came {
    fn add(&mut self, ops: Vec<Vec<u8>>) {
        self.bytes = ops.iter().fold(self.bytes, |bytes, op| bytes.saturating_add(op.len()));
        self.ops.extend(ops);
        self.since.get_or_insert_with(Instant::now);
    }

    /// Whether they are no longer to wait for another page.
    fn is_due(&self) -> bool {
        // Another page must have room.
        self.ops.len().saturating_add(MAX_SYNC_PAGE_OPS) > TOGETHER_OPS
            || self.bytes.saturating_add(MAX_SYNC_PAGE_BYTES) > TOGETHER_BYTES
            || self.since.is_some_and(|since| since.elapsed() >= TOGETHER_FOR)
    }
}

/// What came of ops that were taken in.
#[derive(Debug, Default)]
struct Taken {
    /// Whether all were signed, and of namespaces that are followed.
    all_good: bool,
    /// Whether any was new.
    progress: bool,
}

impl Node {
    /// Takes a message from a peer. What a liar sends is counted and dropped.
    pub(crate) fn receive(&mut self, from: PeerId, bytes: &[u8]) -> Answer<()> {
        self.take_what_is_due()?;
        match Message::decode(bytes) {
            Err(_) => {
                self.host.metrics.malformed.inc();
                Ok(())
            }
            Ok(Message::Ops(ops)) => {
                self.take_encoded(&ops)?;
                self.fetch_missing(from)
            }
            Ok(Message::Heartbeat(summary)) => self.compare(from, &summary),
            Ok(Message::Wanted(namespace)) => {
                self.send_summary(from, &namespace);
                Ok(())
            }
            Ok(Message::Request { number, request }) => self.answer(from, number, &request),
            Ok(Message::Page { number, page }) => self.take_page(from, number, page),
        }
    }

    /// Takes an op that somebody made elsewhere, whatever its namespace, and passes it on.
    pub(crate) fn apply_signed(&mut self, bytes: &[u8]) -> Answer<Outcome> {
        let bad = |error: folkmoot_core::ReceiveError| Refusal::BadOp(error.to_string());
        let op = SignedGroupOp::decode(bytes).map_err(|error| bad(error.into()))?;
        let op = op.verify().map_err(|error| bad(error.into()))?;
        self.follow(&namespace_of(&op));
        self.take_in(vec![op], Vec::new(), true)
    }

    /// Verifies ops, applies those that are signed and of namespaces that are followed, and commits what came of them, once.
    /// Some are verified on other cores while those before them are applied here.
    fn take_encoded(&mut self, ops: &[Vec<u8>]) -> Answer<Taken> {
        let (mut outcomes, mut good) = (Vec::new(), 0usize);
        let Self { engine, followed, host, .. } = self;
        let Ok(()) = verify_ahead::<Infallible>(ops, |received| {
            let mut verified = Vec::with_capacity(received.len());
            for op in received {
                match op {
                    Ok(op) if followed.contains(&namespace_of(&op)) => verified.push(op),
                    Ok(_) => {}
                    Err(_) => host.metrics.count_op("malformed"),
                }
            }
            good = good.saturating_add(verified.len());
            if !verified.is_empty() {
                outcomes.push(engine.apply_batch(verified));
            }
            Ok(())
        });
        self.commit(&outcomes, Vec::new(), false)?;
        let progress = outcomes.iter().any(|outcome| !outcome.durable().is_empty());
        Ok(Taken { all_good: good == ops.len(), progress })
    }

    /// What waits causes its own fetch.
    fn fetch_missing(&mut self, from: PeerId) -> Answer<()> {
        let waited: Vec<NamespaceId> = self.engine.namespaces_waited_for().collect();
        for namespace in waited {
            if !self.engine.missing(&namespace).is_empty() {
                self.begin(from, &namespace)?;
            }
        }
        Ok(())
    }

    fn compare(&mut self, from: PeerId, theirs: &Summary) -> Answer<()> {
        let namespace = theirs.namespace;
        if !self.followed.contains(&namespace) {
            return Ok(());
        }
        match self.engine.compare(theirs) {
            Comparison::Equal => self.synced(from, &namespace),
            Comparison::Behind => self.begin(from, &namespace)?,
            Comparison::Ahead => {
                self.synced(from, &namespace);
                self.send_summary(from, &namespace);
            }
            Comparison::Diverged => {
                let ours = self.engine.digest(&namespace).unwrap_or_default();
                self.host.metrics.divergence.inc();
                tracing::error!(%namespace, peer = ?from, %ours, theirs = %theirs.digest,
                    "a peer with the same heads has another digest: one of the two is broken, or lies");
                self.emit(Event::Diverged { namespace, peer: from, ours, theirs: theirs.digest });
            }
        }
        Ok(())
    }

    fn synced(&mut self, peer: PeerId, namespace: &NamespaceId) {
        if self.wanted.remove(namespace) {
            self.emit(Event::Synced { namespace: *namespace, peer });
        }
    }

    fn send_summary(&mut self, to: PeerId, namespace: &NamespaceId) {
        if let Some(summary) = self.engine.summary(namespace) {
            // Lost like any message: the next heartbeat says the same.
            let _ = self.host.publisher.send(&to, &Message::Heartbeat(summary).encode());
        }
    }

    /// Begins to catch up with a peer, unless a session is under way.
    fn begin(&mut self, peer: PeerId, namespace: &NamespaceId) -> Answer<()> {
        let timeout = self.host.config.page_timeout;
        if self.sessions.get(namespace).is_some_and(|session| session.asked.elapsed() < timeout) {
            return Ok(());
        }
        self.end_session(namespace)?;
        let (catch_up, asked) = (CatchUp::begin(&self.engine, namespace), Instant::now());
        let session = Session { peer, catch_up, number: 0, pages: 0, asked, progress: false, came: Came::default() };
        self.sessions.insert(*namespace, session);
        self.ask(namespace)
    }

    fn ask(&mut self, namespace: &NamespaceId) -> Answer<()> {
        let Some(session) = self.sessions.get_mut(namespace) else { return Ok(()) };
        self.requests = self.requests.wrapping_add(1);
        session.number = self.requests;
        session.asked = Instant::now();
        let message = Message::Request { number: session.number, request: session.catch_up.request().clone() };
        if self.host.publisher.send(&session.peer, &message.encode()).is_err() {
            self.end_session(namespace)?;
        }
        Ok(())
    }

    fn answer(&mut self, from: PeerId, number: u64, request: &PageRequest) -> Answer<()> {
        let Ok(page) = self.engine.page(request) else { return Ok(()) };
        // All that the engine admitted is on disk.
        let ops = self.store.ops_bytes(&page.ops)?;
        let page = PageMessage { ops, next: page.next, summary: page.summary };
        let _ = self.host.publisher.send(&from, &Message::Page { number, page }.encode());
        Ok(())
    }

    fn take_page(&mut self, from: PeerId, number: u64, page: PageMessage) -> Answer<()> {
        let namespace = page.summary.namespace;
        let asked = |session: &&mut Session| session.peer == from && session.number == number;
        let Some(session) = self.sessions.get_mut(&namespace).filter(asked) else { return Ok(()) };
        session.pages = session.pages.saturating_add(1);
        let next = session.catch_up.next(&page).map(|next| next.is_some());
        let goes_on = next == Ok(true) && session.pages < self.host.config.session_pages;
        session.came.add(page.ops);
        if goes_on {
            // The peer makes the next page while what has come is taken in.
            self.ask(&namespace)?;
            return self.take_if_due(&namespace);
        }
        let taken = self.end_session(&namespace)?;
        match next {
            // Somebody who sends what nobody signed, or what was not asked for.
            _ if !taken.all_good => Ok(()),
            Ok(false) => self.end(from, &namespace, &page.summary, taken.progress),
            // Too far for one session: another, for as long as they bring something.
            Ok(true) if taken.progress => self.begin(from, &namespace),
            // It leads nowhere.
            Ok(true) | Err(_) => Ok(()),
        }
    }

    /// Takes in the pages that have come by a session, if they need not wait for others.
    fn take_if_due(&mut self, namespace: &NamespaceId) -> Answer<()> {
        let Some(session) = self.sessions.get_mut(namespace).filter(|session| session.came.is_due()) else {
            return Ok(());
        };
        let came = std::mem::take(&mut session.came);
        let taken = self.take_encoded(&came.ops)?;
        if let Some(session) = self.sessions.get_mut(namespace) {
            session.progress |= taken.progress;
            if !taken.all_good {
                self.sessions.remove(namespace);
            }
        }
        Ok(())
    }

    /// The page after them may have been lost.
    fn take_what_is_due(&mut self) -> Answer<()> {
        let due = self.sessions.iter().filter(|(_, session)| session.came.is_due()).map(|(namespace, _)| *namespace);
        let due: Vec<NamespaceId> = due.collect();
        due.iter().try_for_each(|namespace| self.take_if_due(namespace))
    }

    /// Ends a session, if there is one; what came by it is taken in.
    fn end_session(&mut self, namespace: &NamespaceId) -> Answer<Taken> {
        let Some(session) = self.sessions.remove(namespace) else { return Ok(Taken::default()) };
        let taken = self.take_encoded(&session.came.ops)?;
        Ok(Taken { progress: session.progress || taken.progress, ..taken })
    }

    /// After a session that came to its end: another, if it brought something and there is still something missing.
    fn end(&mut self, from: PeerId, namespace: &NamespaceId, theirs: &Summary, progress: bool) -> Answer<()> {
        if self.engine.compare(theirs) != Comparison::Behind {
            return self.compare(from, theirs);
        }
        if progress { self.begin(from, namespace) } else { Ok(()) }
    }

    /// Tells peers what is here, asks for what is not, and tends to what waits.
    pub(crate) fn heartbeat(&mut self) -> Answer<()> {
        self.tend_outbox()?;
        let timeout = self.host.config.page_timeout;
        let late = self.sessions.iter().filter(|(_, session)| session.asked.elapsed() >= timeout);
        let late: Vec<NamespaceId> = late.map(|(namespace, _)| *namespace).collect();
        for namespace in late {
            self.end_session(&namespace)?;
        }
        let followed: Vec<NamespaceId> = self.followed.iter().copied().collect();
        for namespace in followed {
            let message = match self.engine.summary(&namespace) {
                Some(summary) => Message::Heartbeat(summary),
                None => Message::Wanted(namespace),
            };
            let _ = self.host.publisher.publish(&namespace, &message.encode());
        }
        self.tend_invitations()?;
        self.tend_all_upgrades();
        self.measure(&[]);
        Ok(())
    }

    /// Asks all peers for what they have of a namespace; [`Event::Synced`] says when all that one of them has is here.
    pub(crate) fn want(&mut self, namespace: &NamespaceId) {
        self.follow(namespace);
        self.wanted.insert(*namespace);
        let _ = self.host.publisher.publish(namespace, &Message::Wanted(*namespace).encode());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(ops: usize, bytes: usize) -> Came {
        Came { ops: vec![Vec::new(); ops], bytes, since: Some(Instant::now()) }
    }

    #[test]
    fn pages_wait_for_each_other_while_another_has_room() {
        assert!(!Came::default().is_due());
        assert!(!came(TOGETHER_OPS - MAX_SYNC_PAGE_OPS, 0).is_due());
        assert!(came(TOGETHER_OPS - MAX_SYNC_PAGE_OPS + 1, 0).is_due());
        assert!(!came(1, TOGETHER_BYTES - MAX_SYNC_PAGE_BYTES).is_due());
        assert!(came(1, TOGETHER_BYTES - MAX_SYNC_PAGE_BYTES + 1).is_due());
    }

    #[test]
    fn pages_wait_no_longer_than_they_may() {
        let before = |age: Duration| Came { since: Instant::now().checked_sub(age), ..came(1, 1) };
        assert!(!before(Duration::ZERO).is_due());
        assert!(before(TOGETHER_FOR).is_due());
    }

    #[test]
    fn what_waits_is_counted_and_the_first_page_begins_to_wait() {
        let mut came = Came::default();
        came.add(vec![vec![0; 3], vec![0; 4]]);
        let since = came.since.expect("it waits");
        came.add(vec![vec![0; 5]]);
        assert_eq!((came.ops.len(), came.bytes, came.since), (3, 12, Some(since)));
    }
}
