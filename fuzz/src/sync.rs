//! Peers that ask for and answer with anything.
//!
//! The first byte says who is hostile: the bytes themselves, as messages; who asks, in choices that name real ops; or
//! who answers, in pages of real and damaged ops.

use crate::choices::Choices;
use crate::{lawful, signing};
use folkmoot_core::limits::{MAX_SYNC_PAGE_BYTES, MAX_SYNC_PAGE_OPS};
use folkmoot_core::sync::{CatchUp, Comparison, PageMessage, PageRequest, Summary};
use folkmoot_core::{Engine, GroupId, GroupOp, NamespaceId, OpId, Role, SignedGroupOp, VerifiedOp};
use folkmoot_proptests::laws::bytes::what_decodes_as_a_message_encodes_to_the_same;
use folkmoot_proptests::laws::{Account, one_by_one};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Ops of the history that messages are about.
const FEW: usize = 48;
/// Ops of the one that takes more than a page.
const MANY: usize = 1_300;
/// Most pages that somebody hostile answers with.
const MOST_PAGES: usize = 6;

/// A history in three branches that merge now and then, and the engine that holds it.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) namespace: NamespaceId,
    /// In the order of their admission.
    pub(crate) ops: Vec<VerifiedOp>,
    /// Of each op those before it, and itself, by their places.
    pasts: Vec<BTreeSet<usize>>,
}

thread_local! {
    static SMALL: RefCell<World> = RefCell::new(World::of(FEW));
    static LARGE: RefCell<World> = RefCell::new(World::of(MANY));
}

/// Does something with the small world.
pub(crate) fn with_small<T>(what: impl FnOnce(&mut World) -> T) -> T {
    SMALL.with_borrow_mut(what)
}

impl World {
    fn of(ops: usize) -> Self {
        let genesis = Engine::genesis(signing::person(0), [3; 32], "peers", [1; 32], [2; 32]);
        let genesis = signing::signed(genesis, 0).expect("well-formed");
        let namespace = NamespaceId::from(genesis.id());
        let mut world = Self { engine: Engine::new(), namespace, ops: Vec::new(), pasts: Vec::new() };
        world.take(genesis);
        for admin in 1..3 {
            let op = GroupOp::MemberAdded { member: signing::person(admin), role: Role::Admin };
            world.make(0, op, &[world.ops.len() - 1]).expect("the founder may");
        }
        let mut tips = [world.ops.len() - 1; 3];
        while world.ops.len() < ops {
            let at = world.ops.len();
            let branch = at % 3;
            let other = tips[(branch + 1) % 3];
            let merged =
                if at.is_multiple_of(7) { world.make(branch, GroupOp::Noop, &[tips[branch], other]) } else { None };
            merged.or_else(|| world.make(branch, GroupOp::Noop, &[tips[branch]])).expect("an Admin may");
            tips[branch] = at;
        }
        world
    }

    /// An op on parents by their places; `None` if it cannot be made on those.
    fn make(&mut self, signer: usize, op: GroupOp, parents: &[usize]) -> Option<()> {
        let root: GroupId = self.namespace.into();
        let parents: Vec<OpId> = parents.iter().map(|at| self.ops[*at].id()).collect();
        let draft = self.engine.draft_on(&self.namespace, &root, &signing::person(signer), op, &parents).ok()?;
        self.take(draft.sign(&signing::key(signer)).ok()?);
        Some(())
    }

    fn take(&mut self, op: VerifiedOp) {
        let mut past = BTreeSet::from([self.ops.len()]);
        for parent in &op.signable().parent_op_hashes {
            let at = self.place(parent).expect("parents come first");
            past.extend(self.pasts[at].iter().copied());
        }
        self.pasts.push(past);
        assert_eq!(self.engine.apply(op.clone()).durable().len(), 1);
        self.ops.push(op);
    }

    fn place(&self, id: &OpId) -> Option<usize> {
        self.ops.iter().position(|op| op.id() == *id)
    }

    fn bytes_of(&self, id: &OpId) -> Option<Vec<u8>> {
        self.place(id).map(|at| self.ops[at].signed().encode())
    }
}

/// Nothing panics; work and answers are bounded; a page holds just what is asked for; a session ends; an engine takes
/// what its peers signed and nothing else, and an honest peer brings it up to date after all. Returns whether the bytes
/// made sense to somebody.
pub fn run(data: &[u8]) -> bool {
    let Some((who, rest)) = data.split_first() else { return false };
    match who % 3 {
        0 => messages(rest),
        1 => LARGE.with_borrow_mut(|world| request(world, &mut Choices::new(rest))),
        _ => with_small(|world| answers(world, &mut Choices::new(rest))),
    }
}

fn messages(data: &[u8]) -> bool {
    lawful(what_decodes_as_a_message_encodes_to_the_same(data));
    let summary = Summary::decode(data);
    let request = PageRequest::decode(data);
    let page = PageMessage::decode(data);
    with_small(|world| {
        let ours = world.engine.summary(&world.namespace).expect("it is there");
        if let Ok(theirs) = &summary {
            let equal = world.engine.compare(theirs) == Comparison::Equal;
            assert_eq!(equal, *theirs == ours, "compared with {theirs:?}");
        }
        if let Ok(request) = &request {
            match world.engine.page(request) {
                Ok(page) => check_page(world, request, &page.ops, page.next),
                Err(_) => assert_ne!(request.namespace, world.namespace, "no page for {request:?}"),
            }
        }
        if let Ok(page) = &page {
            let mut session = CatchUp::begin(&world.engine, &world.namespace);
            let goes_on = session.next(page).is_ok_and(|next| next.is_some());
            let may = page.next.is_some_and(|next| next > 0) && !page.ops.is_empty();
            assert_eq!(goes_on, may && page.summary.namespace == world.namespace, "after {page:?}");
        }
    });
    summary.is_ok() || request.is_ok() || page.is_ok()
}

/// Just what is not before the ops that the other has, from where it asks on, up to the bounds.
fn check_page(world: &World, request: &PageRequest, ops: &[OpId], next: Option<u64>) {
    let had: BTreeSet<usize> =
        request.have.iter().filter_map(|id| world.place(id)).flat_map(|at| world.pasts[at].iter().copied()).collect();
    let from = usize::try_from(request.after).unwrap_or(usize::MAX);
    let expected: Vec<usize> = (from.min(world.ops.len())..world.ops.len()).filter(|at| !had.contains(at)).collect();
    let mut bytes = 0;
    let fits = expected.iter().take(MAX_SYNC_PAGE_OPS).take_while(|at| {
        bytes += world.ops[**at].encoded_len();
        bytes <= MAX_SYNC_PAGE_BYTES
    });
    let fits = fits.count();
    let first: Vec<OpId> = expected.iter().take(fits).map(|at| world.ops[*at].id()).collect();
    assert_eq!(ops, first, "the page for {request:?}");
    assert_eq!(next.is_some(), fits < expected.len(), "whether more follows the page for {request:?}");
    let after_last = expected.get(fits.wrapping_sub(1)).map(|at| *at as u64 + 1);
    assert!(next.is_none() || next == after_last, "where the page for {request:?} ends");
}

/// Somebody asks for pages with any ops as what it has, until no more follows.
fn request(world: &mut World, choices: &mut Choices<'_>) -> bool {
    let after = match choices.byte() {
        0 => 0,
        1 => choices.long(),
        _ => u64::from(choices.short()) % (MANY as u64 + 8),
    };
    let mut have = Vec::new();
    while !choices.is_empty() && have.len() < 64 {
        // A few that nobody has.
        let at = usize::from(choices.short()) % (MANY + 16);
        have.push(world.ops.get(at).map_or(OpId([at as u8; 32]), VerifiedOp::id));
    }
    let mut request = PageRequest { namespace: world.namespace, have, after };
    for _ in 0..=MANY / MAX_SYNC_PAGE_OPS + 1 {
        let page = world.engine.page(&request).expect("the namespace is there, and these are few heads");
        check_page(world, &request, &page.ops, page.next);
        match page.next {
            Some(next) => request.after = next,
            None => return true,
        }
    }
    panic!("pages without end, the last for {request:?}");
}

/// Somebody answers with any pages, and somebody honest after that.
fn answers(world: &mut World, choices: &mut Choices<'_>) -> bool {
    let known = choices.below(world.ops.len());
    let mut behind = one_by_one(&world.ops[..known]);
    let mut taken = world.ops[..known].to_vec();
    let mut session = CatchUp::begin(&behind, &world.namespace);
    for _ in 0..MOST_PAGES {
        if choices.is_empty() {
            break;
        }
        let page = hostile_page(world, &session, choices);
        let page = PageMessage::decode(&page.encode()).expect("it is of the right size");
        for bytes in &page.ops {
            let op = SignedGroupOp::decode(bytes).map_err(|_| ()).and_then(|op| op.verify().map_err(|_| ()));
            let Ok(op) = op else { continue };
            assert!(world.place(&op.id()).is_some(), "nobody signed {op:?}");
            taken.push(op.clone());
            let _ = behind.apply(op);
        }
        let before = session.request().after;
        if let Ok(Some(request)) = session.next(&page) {
            assert!(request.after > before, "a session that goes round");
        }
    }
    let mut expect = one_by_one(&taken);
    lawful(Account::of(&mut expect).agrees("page by page", &Account::of(&mut behind)));
    honest(world, &mut behind);
    known > 0
}

fn hostile_page(world: &mut World, session: &CatchUp, choices: &mut Choices<'_>) -> PageMessage {
    let mut summary = world.engine.summary(&world.namespace).expect("it is there");
    let says = choices.byte();
    if says & 1 != 0 {
        summary.namespace.0[0] ^= 1;
    }
    if says & 2 != 0 {
        summary.ops = choices.long();
    }
    let next = match (says >> 2) % 4 {
        0 => None,
        1 => Some(choices.long()),
        _ => Some(session.request().after.saturating_add(choices.byte().into())),
    };
    let mut ops = Vec::new();
    for _ in 0..choices.below(16) {
        let Some(op) = choices.pick(&world.ops) else { continue };
        let mut bytes = op.signed().encode();
        let damage = choices.byte();
        if damage >= 128 {
            let at = usize::from(choices.short()) % bytes.len();
            if damage.is_multiple_of(4) { bytes.truncate(at) } else { bytes[at] ^= damage | 1 }
        }
        ops.push(bytes);
    }
    PageMessage { ops, next, summary }
}

/// An honest peer has all that a replica lacks, whatever it was told before.
fn honest(world: &mut World, behind: &mut Engine) {
    let mut session = CatchUp::begin(behind, &world.namespace);
    loop {
        let page = world.engine.page(session.request()).expect("it is there");
        let message = page.fill(|id| world.bytes_of(id));
        let ops = message.ops.iter().map(|op| SignedGroupOp::decode(op).expect("honest").verify().expect("honest"));
        let _ = behind.apply_batch(ops);
        if session.next(&message).expect("honest").is_none() {
            break;
        }
    }
    let summary = world.engine.summary(&world.namespace).expect("it is there");
    assert_eq!(behind.compare(&summary), Comparison::Equal, "an honest peer did not help");
    assert_eq!(behind.pending_load(), (0, 0), "something waits for ops that nobody made");
}
