//! Catching up: pages are bounded, parents come first, and whoever goes on asking ends with equal digests.

mod common;

use common::{genesis, key, who};
use folkmoot_core::limits::{MAX_SYNC_HEADS, MAX_SYNC_PAGE_BYTES, MAX_SYNC_PAGE_OPS};
use folkmoot_core::sync::{CatchUp, Comparison, MAX_SYNC_MESSAGE_BYTES, PageMessage, PageRequest, Summary, SyncError};
use folkmoot_core::{Engine, GroupOp, NamespaceId, OpId, Role, SignedGroupOp};
use std::collections::BTreeMap;

/// A replica with the bytes of all its ops, as a host has them.
#[derive(Default)]
struct Replica {
    engine: Engine,
    store: BTreeMap<OpId, Vec<u8>>,
}

impl Replica {
    fn take(&mut self, bytes: &[u8]) {
        let outcome = self.engine.receive(bytes).unwrap();
        for op in outcome.durable() {
            self.store.insert(op.id(), op.signed().encode());
        }
    }

    fn founded() -> (Self, NamespaceId) {
        let mut replica = Self::default();
        let genesis = genesis("alice", "sync");
        replica.take(&genesis.signed().encode());
        (replica, genesis.id().into())
    }

    /// alice acts after these parents.
    fn act(&mut self, namespace: &NamespaceId, op: GroupOp, parents: &[OpId]) -> OpId {
        let draft = self.engine.draft_on(namespace, &(*namespace).into(), &who("alice"), op, parents).unwrap();
        let op = draft.sign(&key("alice")).unwrap();
        self.take(&op.signed().encode());
        op.id()
    }

    fn page(&mut self, request: &PageRequest) -> PageMessage {
        let Self { engine, store } = self;
        let message = engine.page(request).unwrap().fill(|id| store.get(id).cloned());
        assert_eq!(PageMessage::decode(&message.encode()).as_ref(), Ok(&message));
        message
    }

    /// One whole session; how many pages it took.
    fn catch_up(&mut self, from: &mut Self, namespace: &NamespaceId) -> usize {
        let mut session = CatchUp::begin(&self.engine, namespace);
        for pages in 1.. {
            let request = PageRequest::decode(&session.request().encode()).unwrap();
            let message = from.page(&request);
            assert!(message.ops.len() <= MAX_SYNC_PAGE_OPS);
            assert!(message.ops.iter().map(Vec::len).sum::<usize>() <= MAX_SYNC_PAGE_BYTES);
            for op in &message.ops {
                self.take(op);
            }
            assert_eq!(self.engine.pending_load(), (0, 0), "parents come first");
            if session.next(&message).unwrap().is_none() {
                return pages;
            }
        }
        unreachable!()
    }
}

fn add(name: &str) -> GroupOp {
    GroupOp::MemberAdded { member: who(name), role: Role::Member }
}

#[test]
fn a_page_holds_as_many_ops_as_it_may_and_one_more_makes_another_page() {
    let (mut ahead, namespace) = Replica::founded();
    let mut tip = OpId::from(namespace.0);
    for count in 1..=MAX_SYNC_PAGE_OPS {
        let op = GroupOp::Noop;
        if count == MAX_SYNC_PAGE_OPS {
            let mut behind = Replica::default();
            assert_eq!(behind.catch_up(&mut ahead, &namespace), 1, "the limit fits one page");
        }
        tip = ahead.act(&namespace, op, &[tip]);
    }
    let mut behind = Replica::default();
    assert_eq!(behind.catch_up(&mut ahead, &namespace), 2, "one past it takes two");
    assert_eq!(behind.engine.compare(&ahead.engine.summary(&namespace).unwrap()), Comparison::Equal);
    assert_eq!(behind.catch_up(&mut ahead, &namespace), 1, "nothing more to fetch");
}

#[test]
fn a_page_of_long_ops_ends_before_it_has_too_many_bytes() {
    let (mut ahead, namespace) = Replica::founded();
    let mut tip = OpId::from(namespace.0);
    let long = || GroupOp::ContextRegistered {
        application_id: [1; 32],
        blob_id: [2; 32],
        source: "s".repeat(1_024),
        service_name: Some("n".repeat(128)),
        visibility: None,
    };
    for _ in 0..MAX_SYNC_PAGE_OPS - 1 {
        tip = ahead.act(&namespace, long(), &[tip]);
    }
    let mut behind = Replica::default();
    assert!(behind.catch_up(&mut ahead, &namespace) > 1, "they are too long for one page");
    assert_eq!(behind.engine.digest(&namespace), ahead.engine.digest(&namespace));
}

#[test]
fn a_history_wider_than_a_request_may_name_heads_is_caught_up_with() {
    let (mut ahead, namespace) = Replica::founded();
    let root = OpId::from(namespace.0);
    let mut behind = Replica::default();
    behind.catch_up(&mut ahead, &namespace);
    for at in 0..MAX_SYNC_HEADS + 10 {
        ahead.act(&namespace, add(&format!("child {at}")), &[root]);
    }
    let summary = ahead.engine.summary(&namespace).unwrap();
    assert_eq!(summary.heads.len(), MAX_SYNC_HEADS);
    assert_eq!(summary.head_count, MAX_SYNC_HEADS as u64 + 10);
    assert_eq!(behind.engine.compare(&summary), Comparison::Behind);
    behind.catch_up(&mut ahead, &namespace);
    assert_eq!(behind.engine.compare(&summary), Comparison::Equal);
    // Both hold more heads than they may name, and one of the two has one more.
    behind.act(&namespace, add("one more"), &[root]);
    assert_eq!(ahead.engine.compare(&behind.engine.summary(&namespace).unwrap()), Comparison::Behind);
    ahead.catch_up(&mut behind, &namespace);
    assert_eq!(ahead.engine.digest(&namespace), behind.engine.digest(&namespace));
}

#[test]
fn messages_at_the_limit_are_read_and_one_past_it_are_not() {
    let (mut replica, namespace) = Replica::founded();
    let mut request = PageRequest { namespace, have: vec![OpId([1; 32]); MAX_SYNC_HEADS], after: 0 };
    assert_eq!(PageRequest::decode(&request.encode()).as_ref(), Ok(&request));
    assert!(replica.engine.page(&request).is_ok(), "heads that nobody knows are passed over");
    request.have.push(OpId([1; 32]));
    let too_many = SyncError::TooManyHeads(MAX_SYNC_HEADS + 1);
    assert_eq!(PageRequest::decode(&request.encode()), Err(too_many));
    assert_eq!(replica.engine.page(&request), Err(too_many));
    let mut summary = replica.engine.summary(&namespace).unwrap();
    summary.heads = vec![OpId([1; 32]); MAX_SYNC_HEADS];
    assert_eq!(Summary::decode(&summary.encode()).as_ref(), Ok(&summary));
    let mut page = PageMessage { ops: vec![vec![0; 1_024]; MAX_SYNC_PAGE_OPS], next: None, summary: summary.clone() };
    assert_eq!(PageMessage::decode(&page.encode()).as_ref(), Ok(&page), "1,024 ops of 1,024 bytes are a whole page");
    assert!(page.encode().len() <= MAX_SYNC_MESSAGE_BYTES);
    page.ops[0].push(0);
    assert_eq!(PageMessage::decode(&page.encode()), Err(SyncError::PageTooLarge), "a byte too many");
    page.ops = vec![vec![]; MAX_SYNC_PAGE_OPS + 1];
    assert_eq!(PageMessage::decode(&page.encode()), Err(SyncError::PageTooLarge), "an op too many");
    summary.heads.push(OpId([1; 32]));
    assert_eq!(Summary::decode(&summary.encode()), Err(too_many));
    assert_eq!(Summary::decode(&vec![0; MAX_SYNC_MESSAGE_BYTES + 1]), Err(SyncError::PageTooLarge));
}

#[test]
fn a_peer_that_leads_nowhere_is_found_out() {
    let (mut ahead, namespace) = Replica::founded();
    let mut session = CatchUp::begin(&ahead.engine, &namespace);
    let mut page = ahead.page(session.request());
    page.next = Some(0);
    assert_eq!(session.next(&page), Err(SyncError::NoProgress), "the same place again");
    page.next = Some(5);
    assert_eq!(session.next(&page), Err(SyncError::NoProgress), "an empty page that is not the last");
    page.ops = vec![Vec::new()];
    assert!(session.next(&page).unwrap().is_some());
    assert_eq!(session.next(&page), Err(SyncError::NoProgress));
    page.summary.namespace = NamespaceId([9; 32]);
    page.next = Some(6);
    assert_eq!(session.next(&page), Err(SyncError::NoProgress), "another namespace");
    let unknown = PageRequest { namespace: NamespaceId([9; 32]), have: Vec::new(), after: 0 };
    assert_eq!(ahead.engine.page(&unknown), Err(SyncError::UnknownNamespace(unknown.namespace)));
}

#[test]
fn equal_heads_with_another_digest_are_reported_as_divergence() {
    let (mut replica, namespace) = Replica::founded();
    let mut theirs = replica.engine.summary(&namespace).unwrap();
    assert_eq!(replica.engine.compare(&theirs), Comparison::Equal);
    theirs.digest.0[0] ^= 1;
    assert_eq!(replica.engine.compare(&theirs), Comparison::Diverged);
    let old = replica.engine.summary(&namespace).unwrap();
    replica.act(&namespace, add("bob"), &[OpId::from(namespace.0)]);
    assert_eq!(replica.engine.compare(&old), Comparison::Ahead);
    assert_eq!(Engine::new().compare(&old), Comparison::Behind);
}

#[test]
fn a_page_that_the_host_cannot_fill_ends_before_the_first_gap() {
    let (mut ahead, namespace) = Replica::founded();
    let first = ahead.act(&namespace, add("bob"), &[OpId::from(namespace.0)]);
    ahead.act(&namespace, add("carol"), &[first]);
    ahead.store.remove(&first);
    let message = ahead.page(&PageRequest { namespace, have: Vec::new(), after: 0 });
    let ids: Vec<OpId> =
        message.ops.iter().map(|op| SignedGroupOp::decode(op).unwrap().verify().unwrap().id()).collect();
    assert_eq!(ids, [OpId::from(namespace.0)], "nothing is sent whose parent is not");
}

#[test]
fn two_that_both_acted_send_each_other_little_more_than_what_is_new() {
    let (mut a, namespace) = Replica::founded();
    let mut tip = OpId::from(namespace.0);
    for _ in 0..500 {
        tip = a.act(&namespace, GroupOp::Noop, &[tip]);
    }
    let mut b = Replica::default();
    b.catch_up(&mut a, &namespace);
    a.act(&namespace, add("bob"), &[tip]);
    b.act(&namespace, add("carol"), &[tip]);
    let request = CatchUp::begin(&a.engine, &namespace).request().clone();
    let page = b.page(&request);
    assert!(page.ops.len() <= 2, "{} ops travel for one that is new", page.ops.len());
    a.catch_up(&mut b, &namespace);
    b.catch_up(&mut a, &namespace);
    assert_eq!(a.engine.digest(&namespace), b.engine.digest(&namespace));
}
