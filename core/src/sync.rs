//! Catching up without I/O: from my heads and yours, what you miss, parents first, in bounded pages.
//!
//! ```text
//!   behind                                   ahead
//!     │  ◄─────────────── Summary ─────────────┤   heads, digest
//!     │  CatchUp::begin                        │
//!     ├─ PageRequest { have, after } ────────► │   Engine::page, then Page::fill from the host's store
//!     │  ◄─────────────── PageMessage ─────────┤   ops, parents first; where to go on
//!     │  apply_batch, then CatchUp::next       │
//!     └─ … until no more follows; Engine::compare says whether digests are equal
//! ```
//!
//! The side that answers keeps nothing between requests. It counts through its own order of admission, which puts
//! parents first, so a session makes progress at any length and width of history; what it admits below the place that
//! a session has reached is found by the next, as heads still differ.

use crate::arena::OpIx;
use crate::engine::Engine;
use crate::ids::{Hash, NamespaceId, OpId};
use crate::limits::{MAX_OP_BYTES, MAX_SYNC_HEADS, MAX_SYNC_PAGE_BYTES, MAX_SYNC_PAGE_OPS};
use crate::namespace::Namespace;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// What a replica holds of a namespace: enough for another to see whether they agree.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Summary {
    /// Which namespace.
    pub namespace: NamespaceId,
    /// The digest of its state (SPEC §6).
    pub digest: Hash,
    /// How many ops are admitted.
    pub ops: u64,
    /// How many heads there are.
    pub head_count: u64,
    /// The heads, ascending; of more than [`MAX_SYNC_HEADS`], those of greatest (depth, id).
    pub heads: Vec<OpId>,
}

/// How a peer's summary compares with what is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same ops and the same digest: done.
    Equal,
    /// The same heads and another digest: one of the two is broken. To be reported loudly.
    Diverged,
    /// The peer has ops that are not here, and perhaps the other way round.
    Behind,
    /// All the peer's heads are here, and more.
    Ahead,
}

/// Asks for a page of what is missing.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PageRequest {
    /// Which namespace.
    pub namespace: NamespaceId,
    /// Ops that are here, with all that is before them: the heads, and some behind them. At most [`MAX_SYNC_HEADS`].
    pub have: Vec<OpId>,
    /// Where the page before ended, as [`Page::next`] said; 0 at first.
    pub after: u64,
}

/// Which ops to send: ids only, for the core keeps no bytes. [`Self::fill`] adds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The ops, parents first; at most [`MAX_SYNC_PAGE_OPS`], of at most [`MAX_SYNC_PAGE_BYTES`] together.
    pub ops: Vec<OpId>,
    /// Where the next page begins; `None` if this is the last.
    pub next: Option<u64>,
    /// What the answering side holds.
    pub summary: Summary,
}

/// A page as it travels.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PageMessage {
    /// The encoded ops, parents first.
    pub ops: Vec<Vec<u8>>,
    /// Where the next page begins; `None` if this is the last.
    pub next: Option<u64>,
    /// What the answering side holds.
    pub summary: Summary,
}

/// Why a request or a message is not answered or not taken. The peer's fault, but for the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// Not a namespace that is held here.
    #[error("there is no namespace {0} here")]
    UnknownNamespace(NamespaceId),
    /// More heads than a request may name.
    #[error("{0} heads are more than a message may name ({MAX_SYNC_HEADS})")]
    TooManyHeads(usize),
    /// More ops, or more bytes of them, than a page may have.
    #[error("the page has more than {MAX_SYNC_PAGE_OPS} ops or {MAX_SYNC_PAGE_BYTES} bytes of them")]
    PageTooLarge,
    /// Bytes that are no such message.
    #[error("the bytes are no message of this kind")]
    Malformed,
    /// A page that is not the one that was asked for: another namespace, or it leads nowhere.
    #[error("the page does not go on from where it was asked for")]
    NoProgress,
}

/// How many ops behind the heads a request names: at distance 1, 2, 4 and so on, up to 2^31.
const LANDMARKS: usize = 32;

/// Most bytes of an encoded message: a page's ops with the length of each, and the heads of a summary.
pub const MAX_SYNC_MESSAGE_BYTES: usize = MAX_SYNC_PAGE_BYTES + 4 * MAX_SYNC_PAGE_OPS + 32 * MAX_SYNC_HEADS + 256;

fn decode<T: BorshDeserialize>(bytes: &[u8]) -> Result<T, SyncError> {
    if bytes.len() > MAX_SYNC_MESSAGE_BYTES {
        return Err(SyncError::PageTooLarge);
    }
    borsh::from_slice(bytes).map_err(|_| SyncError::Malformed)
}

fn encode(value: &impl BorshSerialize) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to a Vec does not fail.
    let _ = value.serialize(&mut out);
    out
}

const fn check_heads(heads: &[OpId]) -> Result<(), SyncError> {
    if heads.len() > MAX_SYNC_HEADS { Err(SyncError::TooManyHeads(heads.len())) } else { Ok(()) }
}

/// Whether encoded ops are no more than a page may have, in number, each and together.
///
/// # Errors
/// [`SyncError::PageTooLarge`].
pub fn check_ops(ops: &[Vec<u8>]) -> Result<(), SyncError> {
    let total = ops.iter().fold(0usize, |sum, op| sum.saturating_add(op.len()));
    let fits = ops.len() <= MAX_SYNC_PAGE_OPS && total <= MAX_SYNC_PAGE_BYTES;
    if fits && ops.iter().all(|op| op.len() <= MAX_OP_BYTES) { Ok(()) } else { Err(SyncError::PageTooLarge) }
}

impl Summary {
    /// The bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// A summary from bytes.
    ///
    /// # Errors
    /// [`SyncError`] if they are none, or name more than [`MAX_SYNC_HEADS`] heads.
    pub fn decode(bytes: &[u8]) -> Result<Self, SyncError> {
        let summary: Self = decode(bytes)?;
        summary.check()?;
        Ok(summary)
    }

    /// Whether it keeps the bounds, for hosts that decode it as a part of messages of their own.
    ///
    /// # Errors
    /// [`SyncError::TooManyHeads`].
    pub const fn check(&self) -> Result<(), SyncError> {
        check_heads(self.heads.as_slice())
    }
}

impl PageRequest {
    /// The bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// A request from bytes.
    ///
    /// # Errors
    /// [`SyncError`] if they are none, or name more than [`MAX_SYNC_HEADS`] heads.
    pub fn decode(bytes: &[u8]) -> Result<Self, SyncError> {
        let request: Self = decode(bytes)?;
        request.check()?;
        Ok(request)
    }

    /// Whether it keeps the bounds, as [`Summary::check`].
    ///
    /// # Errors
    /// [`SyncError::TooManyHeads`].
    pub const fn check(&self) -> Result<(), SyncError> {
        check_heads(self.have.as_slice())
    }
}

impl Page {
    /// The page with the bytes of its ops, which the host looks up. Ends early at the first op that the host has not,
    /// so that what is sent never lacks a parent; the rest is then asked for again.
    pub fn fill(self, mut bytes_of: impl FnMut(&OpId) -> Option<Vec<u8>>) -> PageMessage {
        let ops: Vec<Vec<u8>> = self.ops.iter().map_while(&mut bytes_of).collect();
        PageMessage { ops, next: self.next, summary: self.summary }
    }
}

impl PageMessage {
    /// The bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// A page from bytes.
    ///
    /// # Errors
    /// [`SyncError`] if they are none, or the page is larger than it may be.
    pub fn decode(bytes: &[u8]) -> Result<Self, SyncError> {
        let page: Self = decode(bytes)?;
        page.check()?;
        Ok(page)
    }

    /// Whether it keeps the bounds, as [`Summary::check`].
    ///
    /// # Errors
    /// [`SyncError::TooManyHeads`], [`SyncError::PageTooLarge`].
    pub fn check(&self) -> Result<(), SyncError> {
        self.summary.check()?;
        check_ops(&self.ops)
    }
}

/// One session of catching up, on the side that is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatchUp {
    request: PageRequest,
}

impl CatchUp {
    /// Begins a session for a namespace, whether anything of it is here already or not.
    pub fn begin(engine: &Engine, namespace: &NamespaceId) -> Self {
        let have = engine.namespace(namespace).map(Namespace::landmarks).unwrap_or_default();
        Self { request: PageRequest { namespace: *namespace, have, after: 0 } }
    }

    /// What to ask for now.
    pub const fn request(&self) -> &PageRequest {
        &self.request
    }

    /// Notes a page whose ops have been applied: the next request, or `None` if that was the last.
    ///
    /// # Errors
    /// [`SyncError::NoProgress`] if the page is of another namespace, or more is to follow it though it is empty or ends
    /// no further on than the one before. A host bounds how many pages it asks one peer for all the same.
    pub fn next(&mut self, page: &PageMessage) -> Result<Option<&PageRequest>, SyncError> {
        if page.summary.namespace != self.request.namespace {
            return Err(SyncError::NoProgress);
        }
        match page.next {
            None => Ok(None),
            Some(next) if next > self.request.after && !page.ops.is_empty() => {
                self.request.after = next;
                Ok(Some(&self.request))
            }
            Some(_) => Err(SyncError::NoProgress),
        }
    }
}

impl Engine {
    /// What is here of a namespace, to tell a peer. `&mut`, as the digest is made when it is asked for.
    pub fn summary(&mut self, namespace: &NamespaceId) -> Option<Summary> {
        let digest = self.digest(namespace)?;
        let dag = &self.namespace(namespace)?.history.dag;
        let mut heads: Vec<OpId> = dag.heads_by_depth().into_iter().map(|head| dag.id(head)).collect();
        let head_count = heads.len() as u64;
        heads.truncate(MAX_SYNC_HEADS);
        heads.sort_unstable();
        Some(Summary { namespace: *namespace, digest, ops: dag.len() as u64, head_count, heads })
    }

    /// How a peer's summary compares with what is here.
    pub fn compare(&mut self, theirs: &Summary) -> Comparison {
        let Some(ours) = self.summary(&theirs.namespace) else { return Comparison::Behind };
        // With heads left out, nothing that is not equal can be told apart: to ask is then the way to know.
        let all_named = theirs.head_count == theirs.heads.len() as u64;
        let same_heads = ours.heads == theirs.heads && ours.head_count == theirs.head_count;
        if same_heads && ours.ops == theirs.ops && ours.digest == theirs.digest {
            return Comparison::Equal;
        }
        if !all_named {
            return Comparison::Behind;
        }
        if same_heads {
            return Comparison::Diverged;
        }
        let known = self.namespace(&theirs.namespace);
        let all_here = theirs.heads.iter().all(|head| known.is_some_and(|known| known.find(head).is_some()));
        if all_here { Comparison::Ahead } else { Comparison::Behind }
    }

    /// The next page of what a peer misses: of all that is not one of its heads nor before them, what comes after
    /// [`PageRequest::after`] in the order of admission here. Heads that are not known here are passed over.
    ///
    /// # Errors
    /// [`SyncError`] if the namespace is not here or the request names too many heads.
    pub fn page(&mut self, request: &PageRequest) -> Result<Page, SyncError> {
        check_heads(&request.have)?;
        let unknown = SyncError::UnknownNamespace(request.namespace);
        let summary = self.summary(&request.namespace).ok_or(unknown)?;
        let known = self.namespace_mut(&request.namespace).ok_or(unknown)?;
        let (ops, next) = known.page(&request.have, request.after);
        Ok(Page { ops, next, summary })
    }
}

impl Namespace {
    /// Ops that a peer is likely to know: the heads, and, as heads of one side are news to the other once both have
    /// acted, ops at growing distance behind them.
    fn landmarks(&self) -> Vec<OpId> {
        let dag = &self.history.dag;
        let mut heads = dag.heads_by_depth();
        heads.truncate(MAX_SYNC_HEADS.saturating_sub(LANDMARKS));
        let behind = (0..LANDMARKS).filter_map(|step| {
            let distance = 1usize.checked_shl(u32::try_from(step).ok()?)?;
            dag.len().checked_sub(distance.saturating_add(1)).map(OpIx::new)
        });
        let mut out: Vec<OpId> = heads.into_iter().chain(behind).map(|op| dag.id(op)).collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    fn page(&mut self, have: &[OpId], after: u64) -> (Vec<OpId>, Option<u64>) {
        let have: Vec<OpIx> = have.iter().filter_map(|id| self.find(id)).collect();
        let mark = self.history.dag.mark();
        let past = self.history.dag.past_covering(&have);
        let dag = &self.history.dag;
        let from = OpIx(u32::try_from(after).unwrap_or(u32::MAX));
        // The first missing op of each run that is due; within a run, admission follows position.
        let mut due: BTreeSet<(OpIx, u32)> = BTreeSet::new();
        dag.for_each_missing_run(&past, |run, first| {
            let ops = dag.run(run).get(first as usize..).unwrap_or_default();
            let skipped = ops.partition_point(|op| *op < from);
            if let Some(op) = ops.get(skipped) {
                due.insert((*op, first.saturating_add(u32::try_from(skipped).unwrap_or(u32::MAX))));
            }
        });
        let (mut ops, mut bytes, mut last) = (Vec::new(), 0usize, from);
        let mut next = None;
        while let Some((op, position)) = due.pop_first() {
            let size = self.history.fact(op).map_or(0, |fact| usize::from(fact.wire_len).saturating_add(1));
            bytes = bytes.saturating_add(size);
            if ops.len() >= MAX_SYNC_PAGE_OPS || bytes > MAX_SYNC_PAGE_BYTES {
                next = Some(u64::from(last.0).saturating_add(1));
                break;
            }
            ops.push(dag.id(op));
            last = op;
            let (run, _) = dag.run_and_position(op);
            let position = position.saturating_add(1);
            if let Some(op) = dag.run(run).get(position as usize) {
                due.insert((*op, position));
            }
        }
        self.history.dag.forget_since(mark);
        (ops, next)
    }
}
