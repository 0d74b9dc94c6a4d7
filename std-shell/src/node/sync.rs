//! Hearing from peers, and catching up with them. Nothing that arrives is trusted, and nothing is kept for a peer but
//! one session a namespace.

use super::{Node, namespace_of};
use crate::error::{Answer, Refusal};
use crate::event::Event;
use crate::message::Message;
use crate::publisher::PeerId;
use crate::verify::verify_ops;
use folkmoot_core::sync::{CatchUp, Comparison, PageMessage, PageRequest, Summary};
use folkmoot_core::{NamespaceId, Outcome, SignedGroupOp, VerifiedOp};
use std::time::Instant;

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
}

impl Node {
    /// Takes a message from a peer. What a liar sends is counted and dropped.
    pub(crate) fn receive(&mut self, from: PeerId, bytes: &[u8]) -> Answer<()> {
        match Message::decode(bytes) {
            Err(_) => {
                self.host.metrics.malformed.inc();
                Ok(())
            }
            Ok(Message::Ops(ops)) => {
                let ops = self.verified(&ops);
                if !ops.is_empty() {
                    let _ = self.take_in(ops, Vec::new(), false)?;
                    self.fetch_missing(from);
                }
                Ok(())
            }
            Ok(Message::Heartbeat(summary)) => {
                self.compare(from, &summary);
                Ok(())
            }
            Ok(Message::Wanted(namespace)) => {
                self.send_summary(from, &namespace);
                Ok(())
            }
            Ok(Message::Request { number, request }) => self.answer(from, number, &request),
            Ok(Message::Page { number, page }) => self.take_page(from, number, &page),
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

    /// The ops that are signed, of namespaces that are followed.
    fn verified(&self, ops: &[Vec<u8>]) -> Vec<VerifiedOp> {
        let mut verified = Vec::with_capacity(ops.len());
        for op in verify_ops(ops) {
            match op {
                Ok(op) if self.followed.contains(&namespace_of(&op)) => verified.push(op),
                Ok(_) => {}
                Err(_) => self.host.metrics.count_op("malformed"),
            }
        }
        verified
    }

    /// What waits causes its own fetch.
    fn fetch_missing(&mut self, from: PeerId) {
        let waited: Vec<NamespaceId> = self.engine.namespaces_waited_for().collect();
        for namespace in waited {
            if !self.engine.missing(&namespace).is_empty() {
                self.begin(from, &namespace);
            }
        }
    }

    fn compare(&mut self, from: PeerId, theirs: &Summary) {
        let namespace = theirs.namespace;
        if !self.followed.contains(&namespace) {
            return;
        }
        match self.engine.compare(theirs) {
            Comparison::Equal => self.synced(from, &namespace),
            Comparison::Behind => self.begin(from, &namespace),
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
    fn begin(&mut self, peer: PeerId, namespace: &NamespaceId) {
        let now = Instant::now();
        let timeout = self.host.config.page_timeout;
        if self.sessions.get(namespace).is_some_and(|session| now.duration_since(session.asked) < timeout) {
            return;
        }
        let catch_up = CatchUp::begin(&self.engine, namespace);
        self.sessions.insert(*namespace, Session { peer, catch_up, number: 0, pages: 0, asked: now, progress: false });
        self.ask(namespace);
    }

    fn ask(&mut self, namespace: &NamespaceId) {
        let Some(session) = self.sessions.get_mut(namespace) else { return };
        self.requests = self.requests.wrapping_add(1);
        session.number = self.requests;
        session.asked = Instant::now();
        let message = Message::Request { number: session.number, request: session.catch_up.request().clone() };
        if self.host.publisher.send(&session.peer, &message.encode()).is_err() {
            self.sessions.remove(namespace);
        }
    }

    fn answer(&mut self, from: PeerId, number: u64, request: &PageRequest) -> Answer<()> {
        let Ok(page) = self.engine.page(request) else { return Ok(()) };
        // All that the engine admitted is on disk.
        let ops = self.store.ops_bytes(&page.ops)?;
        let page = PageMessage { ops, next: page.next, summary: page.summary };
        let _ = self.host.publisher.send(&from, &Message::Page { number, page }.encode());
        Ok(())
    }

    fn take_page(&mut self, from: PeerId, number: u64, page: &PageMessage) -> Answer<()> {
        let namespace = page.summary.namespace;
        let asked = |session: &&mut Session| session.peer == from && session.number == number;
        let Some(session) = self.sessions.get_mut(&namespace).filter(asked) else { return Ok(()) };
        session.pages = session.pages.saturating_add(1);
        let ops = self.verified(&page.ops);
        if ops.len() < page.ops.len() {
            // Somebody who sends what nobody signed, or what was not asked for.
            self.sessions.remove(&namespace);
        }
        let outcome = self.take_in(ops, Vec::new(), false)?;
        let most = self.host.config.session_pages;
        let Some(session) = self.sessions.get_mut(&namespace) else { return Ok(()) };
        session.progress |= !outcome.durable().is_empty();
        match session.catch_up.next(page) {
            Ok(Some(_)) if session.pages < most => self.ask(&namespace),
            Ok(None) => self.end(from, &namespace, &page.summary),
            // It leads nowhere, or too far for one session.
            Ok(Some(_)) | Err(_) => {
                self.sessions.remove(&namespace);
            }
        }
        Ok(())
    }

    /// A session that came to its end: another, if it brought something and there is still something missing.
    fn end(&mut self, from: PeerId, namespace: &NamespaceId, theirs: &Summary) {
        let progress = self.sessions.remove(namespace).is_some_and(|session| session.progress);
        if self.engine.compare(theirs) == Comparison::Behind {
            if progress {
                self.begin(from, namespace);
            }
        } else {
            self.compare(from, theirs);
        }
    }

    /// Tells peers what is here, asks for what is not, and tends to what waits.
    pub(crate) fn heartbeat(&mut self) -> Answer<()> {
        self.tend_outbox()?;
        let (now, timeout) = (Instant::now(), self.host.config.page_timeout);
        self.sessions.retain(|_, session| now.duration_since(session.asked) < timeout);
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
        self.measure();
        Ok(())
    }

    /// Asks all peers for what they have of a namespace; [`Event::Synced`] says when all that one of them has is here.
    pub(crate) fn want(&mut self, namespace: &NamespaceId) {
        self.follow(namespace);
        self.wanted.insert(*namespace);
        let _ = self.host.publisher.publish(namespace, &Message::Wanted(*namespace).encode());
    }
}
