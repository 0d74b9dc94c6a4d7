//! A replica: an engine, a disk, and what it does when something arrives. Written first, told afterwards.

use crate::message::Message;
use crate::people;
use crate::store::Store;
use crate::verifier::Verifier;
use folkmoot_core::sync::{CatchUp, Comparison, PageMessage, PageRequest, Summary};
use folkmoot_core::{Effect, Engine, NamespaceId, OpId, PendingLimits, SigningKey, Status, VerifiedOp};
use folkmoot_proptests::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// How long a page may take, in milliseconds, before it is asked for again.
const PAGE_TIMEOUT: u64 = 500;
/// How often a page is asked for before the session is given up.
const TRIES: u32 = 4;
/// Most pages of one session. The core lets a peer lead on as long as it counts upwards; who goes on after this many is
/// asked again at its next heartbeat.
const SESSION_PAGES: u32 = 64;
/// To how many peers news is passed on.
const FANOUT: usize = 2;

/// When a crash that was planned happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// The engine has taken ops in, the disk has not.
    BeforeWrite,
    /// The disk has them, nobody has been told.
    BeforeNews,
}

/// What is wrong with a replica on purpose, to see that the checks find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It tells of ops first and writes them at its next heartbeat.
    TellsBeforeWriting,
    /// It restarts from its snapshot and forgets the rest of its log.
    ForgetsTail,
    /// It drops one op in four whenever it comes, and says nothing.
    DropsOps,
    /// It takes every fourth op into its engine and does not write it.
    SkipsWrites,
}

/// What a replica wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A message sent.
    Send {
        /// To whom.
        to: usize,
        /// What.
        bytes: Vec<u8>,
    },
    /// A reminder for a page.
    Timer {
        /// After how many milliseconds.
        after: u64,
        /// Whose page.
        peer: usize,
        /// The number of the request.
        number: u32,
    },
}

#[derive(Debug)]
struct Session {
    catch_up: CatchUp,
    number: u32,
    tries: u32,
    pages: u32,
}

/// What a replica counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sessions begun.
    pub sessions: u64,
    /// Pages taken.
    pub pages: u64,
    /// Ops that came in pages.
    pub page_ops: u64,
    /// Of these, ops that were here before.
    pub page_duplicates: u64,
    /// Bytes from peers that were no message or no op.
    pub garbage: u64,
    /// Effects of ops being voided by later ones.
    pub voided: u64,
    /// Forks found.
    pub forks: u64,
}

impl Tally {
    /// Adds what another counted.
    pub const fn add(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.pages += other.pages;
        self.page_ops += other.page_ops;
        self.page_duplicates += other.page_duplicates;
        self.garbage += other.garbage;
        self.voided += other.voided;
        self.forks += other.forks;
    }
}

/// A replica and the person who runs it.
#[derive(Debug)]
pub struct Node {
    /// Its number in the cluster.
    pub me: usize,
    /// How many replicas there are.
    pub peers: usize,
    /// The person.
    pub name: String,
    /// The person's key.
    pub key: SigningKey,
    /// What it makes of the ops.
    pub engine: Engine,
    /// Its disk.
    pub store: Store,
    /// Ops that others or its person were told of: they may not vanish.
    pub acknowledged: BTreeSet<OpId>,
    /// Who sent the same heads with another digest, with the digest here.
    pub alarms: Vec<(usize, Summary, Option<Summary>)>,
    /// A crash that is about to happen.
    pub crash_at: Option<CrashPoint>,
    /// Whether it crashed in the event just handled.
    pub crashed: bool,
    /// What is wrong with it on purpose.
    pub flaw: Option<Flaw>,
    /// What it counted.
    pub tally: Tally,
    sessions: BTreeMap<usize, Session>,
    requests: u32,
    taken: u64,
    unwritten: Vec<(OpId, Vec<u8>)>,
    rng: Rng,
}

impl Node {
    /// A replica that holds nothing yet.
    pub fn new(me: usize, peers: usize, name: &str, rng: Rng) -> Self {
        Self {
            me,
            peers,
            name: name.to_owned(),
            key: people::key(name),
            engine: Engine::new(),
            store: Store::default(),
            acknowledged: BTreeSet::new(),
            alarms: Vec::new(),
            crash_at: None,
            crashed: false,
            flaw: None,
            tally: Tally::default(),
            sessions: BTreeMap::new(),
            requests: 0,
            taken: 0,
            unwritten: Vec::new(),
            rng,
        }
    }

    // What happens to it.

    /// Takes a message.
    pub fn receive(&mut self, from: usize, bytes: &[u8], verifier: &mut Verifier, out: &mut Vec<Deed>) {
        match Message::decode(bytes) {
            None => self.tally.garbage += 1,
            Some(Message::Op(bytes)) => match verifier.verify(&bytes) {
                None => self.tally.garbage += 1,
                Some(op) => {
                    let (news, waits) = self.take_in(vec![op]);
                    self.pass_on(&news, Some(from), out);
                    if let Some(namespace) = waits {
                        self.begin(from, namespace, out);
                    }
                }
            },
            Some(Message::Summary(summary)) => self.compare(from, summary, out),
            Some(Message::Request(number, request)) => self.answer(from, number, &request, out),
            Some(Message::Page(number, page)) => self.take_page(from, number, &page, verifier, out),
        }
        if self.crashed {
            out.clear();
        }
    }

    /// Takes an op of its own person: the status it got.
    pub fn publish(&mut self, op: VerifiedOp, out: &mut Vec<Deed>) -> Option<Status> {
        let (id, before) = (op.id(), self.engine.contains(&op.id()));
        let (news, _) = self.take_in(vec![op]);
        self.pass_on(&news, None, out);
        if self.crashed {
            out.clear();
            return None;
        }
        if before { Some(Status::Duplicate) } else { self.engine.verdict(&id).map(Status::Admitted) }
    }

    /// Tells all peers what is here, and asks for what is missed.
    pub fn heartbeat(&mut self, out: &mut Vec<Deed>) {
        self.store.append(std::mem::take(&mut self.unwritten));
        let namespaces: Vec<NamespaceId> = self.engine.namespaces().collect();
        for namespace in namespaces {
            if let Some(summary) = self.engine.summary(&namespace) {
                self.acknowledged.extend(summary.heads.iter().copied());
                let bytes = Message::Summary(summary).encode();
                out.extend(self.others().map(|to| Deed::Send { to, bytes: bytes.clone() }));
            }
            if !self.engine.missing(&namespace).is_empty() {
                let others: Vec<usize> = self.others().collect();
                if let Some(peer) = self.rng.pick(&others) {
                    self.begin(peer, namespace, out);
                }
            }
        }
    }

    /// Asks again for a page that has not come, or gives the session up.
    pub fn timeout(&mut self, peer: usize, number: u32, out: &mut Vec<Deed>) {
        let Some(session) = self.sessions.get_mut(&peer).filter(|session| session.number == number) else { return };
        session.tries += 1;
        if session.tries >= TRIES {
            self.sessions.remove(&peer);
        } else {
            self.ask(peer, out);
        }
    }

    /// Writes a snapshot.
    pub fn snapshot(&mut self) {
        self.store.put_snapshot(self.engine.snapshot());
    }

    /// Loses all but its disk.
    pub fn crash(&mut self) {
        self.engine = Engine::new();
        self.sessions.clear();
        self.unwritten.clear();
        self.crash_at = None;
        self.crashed = false;
    }

    /// Loses its disk too.
    pub fn wipe(&mut self) {
        self.crash();
        self.store = Store::default();
        self.acknowledged.clear();
    }

    /// Comes back from its disk: says whether the snapshot was of use.
    pub fn restart(&mut self, verifier: &mut Verifier) -> bool {
        let limits = PendingLimits::default();
        let restored =
            self.store.snapshot().and_then(|(bytes, covers)| Some((Engine::restore(bytes, limits).ok()?, covers)));
        let with_snapshot = restored.is_some();
        let (mut engine, covers) = restored.unwrap_or_default();
        let mut tail: Vec<VerifiedOp> =
            self.store.log().iter().skip(covers).filter_map(|bytes| verifier.verify(bytes)).collect();
        if self.flaw == Some(Flaw::ForgetsTail) && with_snapshot {
            tail.clear();
        }
        let _ = engine.apply_batch(tail);
        self.engine = engine;
        with_snapshot
    }

    // Inside.

    /// Applies ops and writes what was admitted: these, and the namespace in which one waits.
    fn take_in(&mut self, mut ops: Vec<VerifiedOp>) -> (Vec<Vec<u8>>, Option<NamespaceId>) {
        self.taken += 1;
        if self.flaw == Some(Flaw::DropsOps) {
            ops.retain(|op| op.id().0[0] % 4 != 0);
        }
        let claimed: BTreeMap<OpId, NamespaceId> = ops.iter().map(|op| (op.id(), op.signable().namespace_id)).collect();
        let outcome = self.engine.apply_batch(ops);
        let mut durable: Vec<(OpId, Vec<u8>)> =
            outcome.durable().iter().map(|op| (op.id(), op.signed().encode())).collect();
        let waits = outcome.statuses().iter().find(|(_, status)| matches!(status, Status::Pending { .. }));
        let waits = waits.and_then(|(id, _)| claimed.get(id).copied());
        if !durable.is_empty() && self.crash_at == Some(CrashPoint::BeforeWrite) {
            self.crashed = true;
            return (Vec::new(), None);
        }
        let news: Vec<Vec<u8>> = durable.iter().map(|(_, bytes)| bytes.clone()).collect();
        let told: Vec<OpId> = durable.iter().map(|(id, _)| *id).collect();
        match self.flaw {
            Some(Flaw::TellsBeforeWriting) => self.unwritten.append(&mut durable),
            Some(Flaw::SkipsWrites) if self.taken.is_multiple_of(4) => durable.clear(),
            _ => {}
        }
        self.store.append(durable);
        if !news.is_empty() && self.crash_at == Some(CrashPoint::BeforeNews) {
            self.crashed = true;
            return (Vec::new(), None);
        }
        self.acknowledged.extend(told);
        for effect in outcome.after_commit() {
            match effect {
                Effect::OpVoided { .. } => self.tally.voided += 1,
                Effect::EquivocationFound { .. } => self.tally.forks += 1,
                _ => {}
            }
        }
        (news, waits)
    }

    fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let me = self.me;
        (0..self.peers).filter(move |peer| *peer != me)
    }

    fn pass_on(&mut self, news: &[Vec<u8>], but: Option<usize>, out: &mut Vec<Deed>) {
        for bytes in news {
            let mut others: Vec<usize> = self.others().filter(|peer| Some(*peer) != but).collect();
            // News of its own goes to all.
            while but.is_some() && others.len() > FANOUT {
                others.swap_remove(self.rng.below(others.len()));
            }
            let bytes = Message::Op(bytes.clone()).encode();
            out.extend(others.into_iter().map(|to| Deed::Send { to, bytes: bytes.clone() }));
        }
    }

    fn compare(&mut self, from: usize, summary: Summary, out: &mut Vec<Deed>) {
        match self.engine.compare(&summary) {
            Comparison::Equal | Comparison::Ahead => {}
            Comparison::Behind => self.begin(from, summary.namespace, out),
            Comparison::Diverged => {
                let ours = self.engine.summary(&summary.namespace);
                self.alarms.push((from, summary, ours));
            }
        }
    }

    fn begin(&mut self, peer: usize, namespace: NamespaceId, out: &mut Vec<Deed>) {
        if self.crashed || self.sessions.contains_key(&peer) {
            return;
        }
        let catch_up = CatchUp::begin(&self.engine, &namespace);
        self.tally.sessions += 1;
        self.sessions.insert(peer, Session { catch_up, number: 0, tries: 0, pages: 0 });
        self.ask(peer, out);
    }

    fn ask(&mut self, peer: usize, out: &mut Vec<Deed>) {
        let Some(session) = self.sessions.get_mut(&peer) else { return };
        self.requests += 1;
        session.number = self.requests;
        let request = session.catch_up.request().clone();
        // What it says is here, it may not lose.
        self.acknowledged.extend(request.have.iter().copied());
        out.push(Deed::Send { to: peer, bytes: Message::Request(session.number, request).encode() });
        out.push(Deed::Timer { after: PAGE_TIMEOUT, peer, number: session.number });
    }

    fn answer(&mut self, to: usize, number: u32, request: &PageRequest, out: &mut Vec<Deed>) {
        let Ok(page) = self.engine.page(request) else { return };
        let page = page.fill(|id| self.store.bytes_of(id));
        self.acknowledged.extend(page.summary.heads.iter().copied());
        out.push(Deed::Send { to, bytes: Message::Page(number, page).encode() });
    }

    fn take_page(
        &mut self,
        from: usize,
        number: u32,
        page: &PageMessage,
        verifier: &mut Verifier,
        out: &mut Vec<Deed>,
    ) {
        let Some(mut session) = self.sessions.remove(&from) else { return };
        if session.number != number {
            self.sessions.insert(from, session);
            return;
        }
        let ops: Vec<VerifiedOp> = page.ops.iter().map_while(|bytes| verifier.verify(bytes)).collect();
        let whole = ops.len() == page.ops.len();
        self.tally.garbage += u64::from(!whole);
        self.tally.pages += 1;
        self.tally.page_ops += ops.len() as u64;
        self.tally.page_duplicates += ops.iter().filter(|op| self.engine.contains(&op.id())).count() as u64;
        let _ = self.take_in(ops);
        session.pages += 1;
        let more = matches!(session.catch_up.next(page), Ok(Some(_)));
        if whole && more && session.pages < SESSION_PAGES && !self.crashed {
            session.tries = 0;
            self.sessions.insert(from, session);
            self.ask(from, out);
        }
    }
}
