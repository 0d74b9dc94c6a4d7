//! SPEC §7: waiting ops are released iteratively, in linear time and constant stack, and exactly what is missing is asked
//! for.

mod common;

use common::ops::*;
use common::{Moot, genesis, key, shuffled, who};
use folkmoot_core::report::Report;
use folkmoot_core::{
    Engine, GroupOp, Hash, NamespaceId, OpId, RejectReason::*, Role::*, SignableGroupOp, Status, Verdict::*, VerifiedOp,
};
use std::sync::LazyLock;
use std::time::Duration;

/// Most of the time goes into signing this, so it is made once.
static LONG: LazyLock<Vec<VerifiedOp>> = LazyLock::new(|| chain("alice", "long", 50_000));

/// A founder's ops in one line after its genesis, made without an engine: nothing in them changes any state.
fn chain(founder: &str, salt: &str, length: usize) -> Vec<VerifiedOp> {
    let first = genesis(founder, salt);
    let mut ops = vec![first.clone()];
    let template = noop_after(&first, founder);
    let key = key(founder);
    for at in 0..length {
        let parent = ops[at].id();
        let nonce = at as u64 + 2;
        let op = SignableGroupOp { parent_op_hashes: vec![parent], nonce, ..template.clone() };
        ops.push(op.sign(&key).unwrap());
    }
    ops
}

/// The founder's first Noop.
fn noop_after(genesis: &VerifiedOp, founder: &str) -> SignableGroupOp {
    let namespace = NamespaceId::from(genesis.id());
    let mut engine = Engine::new();
    let _ = engine.apply(genesis.clone());
    engine.draft(&namespace, &namespace.into(), &who(founder), NOOP).unwrap()
}

/// The time that this thread has computed, whatever else the machine does.
fn cpu_time() -> Duration {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    Duration::from_nanos(schedstat.split_whitespace().next().unwrap().parse().unwrap())
}

/// Delivers a chain backwards, one by one; what it took.
fn backwards(ops: &[VerifiedOp]) -> Duration {
    let start = cpu_time();
    let mut engine = Engine::new();
    let (first, rest) = ops.split_first().unwrap();
    for op in rest.iter().rev() {
        let outcome = engine.apply(op.clone());
        assert!(outcome.durable().is_empty() && outcome.evicted().is_empty());
    }
    assert_eq!(engine.pending_load().0, rest.len());
    let outcome = engine.apply(first.clone());
    assert_eq!(outcome.durable(), ops, "all at once, parents first");
    let took = cpu_time() - start;
    assert_eq!(engine.heads(&first.id().into()), [ops[ops.len() - 1].id()]);
    assert_eq!(engine.pending_load(), (0, 0));
    took
}

#[test]
fn a_chain_that_comes_backwards_is_admitted_in_linear_time() {
    let ops = &LONG;
    backwards(&ops[..1_000]);
    let (short, long) = (backwards(&ops[..5_000]), backwards(ops));
    println!("{short:?} for 5,000 ops, {long:?} for 50,000");
    assert!(long < short * 10 * 4, "{short:?} for 5,000 ops, {long:?} for 50,000");
}

#[test]
fn a_chain_that_comes_backwards_takes_little_stack() {
    let ops = &LONG[..];
    let work = || {
        let namespace = NamespaceId::from(ops[0].id());
        let mut engine = Engine::new();
        for op in ops.iter().skip(1).rev() {
            let _ = engine.apply(op.clone());
        }
        assert_eq!(engine.missing(&namespace), [ops[0].id()]);
        let _ = engine.apply(ops[0].clone());
        assert_eq!(engine.counts(&namespace).unwrap().ops, ops.len());
        let mut batch = Engine::new();
        let _ = batch.apply_batch(ops.iter().rev().cloned());
        assert_eq!(batch.digest(&namespace), engine.digest(&namespace));
        assert!(engine.draft(&namespace, &namespace.into(), &who("alice"), NOOP).is_ok());
    };
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, work).unwrap().join().unwrap();
    });
}

#[test]
fn a_chain_is_asked_for_by_its_first_missing_op_alone() {
    let ops = chain("alice", "chain", 100);
    let namespace = ops[0].id().into();
    let mut engine = Engine::new();
    for at in (1..ops.len()).rev() {
        let outcome = engine.apply(ops[at].clone());
        let missing = vec![ops[at - 1].id()];
        assert_eq!(engine.missing(&namespace), missing);
        assert_eq!(outcome.status_of(&ops[at].id()), Some(&Status::Pending { missing }));
    }
}

#[test]
fn exactly_the_parents_that_neither_are_here_nor_wait_are_missing() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let one = moot.by("alice").on(&base).does(NOOP);
    let two = moot.by("bob").on(&base).does(NOOP);
    let three = moot.by("carol").on(&base).does(NOOP);
    let joined = moot.by("alice").on(&[one, two]).does(NOOP);
    let last = moot.by("bob").on(&[joined, three]).does(NOOP);
    let mut engine = Engine::new();
    let mut send = |id: OpId, mut missing: Vec<OpId>| {
        missing.sort_unstable();
        let outcome = engine.apply(moot.op(id).clone());
        assert_eq!(engine.missing(&moot.id()), missing);
        outcome.status_of(&id).cloned().unwrap()
    };
    send(last, vec![joined, three]);
    send(joined, vec![one, two, three]);
    send(two, vec![one, three, base[0]]);
    send(three, vec![one, base[0]]);
    send(base[0], vec![one, moot.op(base[0]).signable().parent_op_hashes[0]]);
    let bob = moot.op(base[0]).signable().parent_op_hashes[0];
    send(moot.genesis(), vec![one, bob]);
    assert_eq!(send(bob, vec![one]), Status::Admitted(Effective));
    assert_eq!(send(one, vec![]), Status::Admitted(Effective));
    assert_eq!(Report::of(&mut engine), moot.report());
}

#[test]
fn the_statuses_name_what_was_released_in_the_order_of_its_release() {
    let ops = chain("alice", "chain", 5);
    let mut engine = Engine::new();
    let _ = engine.apply_batch(ops[2..].to_vec());
    let _ = engine.apply(ops[0].clone());
    let outcome = engine.apply(ops[1].clone());
    let expected: Vec<_> = ops[1..].iter().map(|op| (op.id(), Status::Admitted(Effective))).collect();
    assert_eq!(outcome.statuses(), expected);
}

#[test]
fn what_waits_for_a_rejected_op_is_rejected_however_long_the_chain() {
    let mut moot = Moot::founded_by("alice");
    let bad = moot.by("sybil").forge(NOOP).sign(&key("sybil")).unwrap();
    assert_the_rest_falls(&mut moot, bad, Status::Rejected(NotParticipant), 2);
}

#[test]
fn what_waits_for_an_ignored_op_is_rejected_however_long_the_chain() {
    let mut moot = Moot::founded_by("alice");
    let first = moot.by("alice").does(NOOP);
    let ignored = SignableGroupOp { nonce: 2, parent_op_hashes: vec![first], ..moot.by("alice").forge(NOOP) };
    let ignored = ignored.sign(&key("alice")).unwrap();
    assert_the_rest_falls(&mut moot, ignored, Status::Ignored, 3);
}

/// A long chain waits for this op, which gets this status when it comes.
#[track_caller]
fn assert_the_rest_falls(moot: &mut Moot, bad: VerifiedOp, status: Status, next_nonce: u64) {
    let template = moot.by("alice").forge(NOOP);
    let mut ops = vec![bad];
    for at in 0..1_000 {
        let (parent, nonce) = (ops[at].id(), next_nonce + at as u64);
        let op = SignableGroupOp { parent_op_hashes: vec![parent], nonce, ..template.clone() };
        ops.push(op.sign(&key("alice")).unwrap());
    }
    let mut engine = Engine::new();
    let _ = engine.apply_batch(moot.sent().to_vec());
    let _ = engine.apply_batch(ops[1..].iter().rev().cloned());
    assert_eq!(engine.counts(&moot.id()).unwrap().pending, 1_000);
    let outcome = engine.apply(ops[0].clone());
    assert_eq!(outcome.status_of(&ops[0].id()), Some(&status));
    for op in &ops[1..] {
        assert_eq!(outcome.status_of(&op.id()), Some(&Status::Rejected(ParentRejected)));
    }
    assert!(outcome.durable().is_empty() && outcome.after_commit().is_empty());
    assert_eq!(engine.pending_load(), (0, 0));
    assert_eq!(engine.digest(&moot.id()), Some(moot.digest()));
}

/// So many different ops of the founder on one parent.
fn siblings(parent: OpId, template: &SignableGroupOp, founder: &str, count: u32) -> Vec<VerifiedOp> {
    let key = key(founder);
    let sibling = |number: u32| {
        let mut application_id = [0; 32];
        application_id[..4].copy_from_slice(&number.to_le_bytes());
        let op = GroupOp::ContextRegistered {
            application_id,
            blob_id: [0; 32],
            source: String::new(),
            service_name: None,
            visibility: None,
        };
        SignableGroupOp { parent_op_hashes: vec![parent], nonce: 3, op, ..template.clone() }.sign(&key).unwrap()
    };
    (0..count).map(sibling).collect()
}

#[test]
fn many_that_wait_for_one_parent_are_released_by_it() {
    let ops = chain("alice", "siblings", 1);
    let namespace = NamespaceId::from(ops[0].id());
    let all = siblings(ops[1].id(), ops[1].signable(), "alice", 3_000);
    let mut engine = Engine::new();
    let _ = engine.apply(ops[0].clone());
    for op in &all {
        assert!(engine.apply(op.clone()).durable().is_empty());
    }
    assert_eq!(engine.missing(&namespace), [ops[1].id()]);
    let outcome = engine.apply(ops[1].clone());
    assert_eq!(outcome.durable().len(), 3_001);
    assert_eq!(engine.heads(&namespace).len(), 3_000);
    assert_eq!(engine.view(&namespace, &namespace.into()).unwrap().contexts.len(), 3_000);
}

#[test]
fn a_waiting_op_with_many_parents_is_released_by_the_last() {
    let mut moot = Moot::founded_by("alice");
    let base = moot.heads();
    for number in 0..64 {
        moot.by("alice").on(&base).does(add(&format!("guest {number}"), Member));
    }
    let joined = moot.by("alice").does(NOOP);
    let parents = moot.op(joined).signable().parent_op_hashes.clone();
    let mut engine = Engine::new();
    let _ = engine.apply(moot.op(joined).clone());
    let _ = engine.apply(moot.op(moot.genesis()).clone());
    for (at, parent) in shuffled(&parents, 3).into_iter().enumerate() {
        assert!(!engine.contains(&joined), "{at} of 64");
        let _ = engine.apply(moot.op(parent).clone());
    }
    assert_eq!(engine.heads(&moot.id()), [joined]);
}

#[test]
fn namespaces_never_touch_one_another() {
    let [one, two, three] = ["one", "two", "three"].map(|salt| chain("alice", salt, 20));
    let id = |ops: &[VerifiedOp]| NamespaceId::from(ops[0].id());
    let mut engine = Engine::new();
    // All of the first, none but the genesis of the second, and of the third all but the genesis.
    let ops = [&one[..], &two[..1], &two[10..], &three[1..]].concat();
    let _ = engine.apply_batch(shuffled(&ops, 5));
    let counts = [&one, &two, &three].map(|ops| engine.counts(&id(ops)).map(|counts| (counts.ops, counts.pending)));
    assert_eq!(counts, [Some((21, 0)), Some((1, 11)), None]);
    assert!(engine.missing(&id(&one)).is_empty());
    assert_eq!(engine.missing(&id(&two)), [two[9].id()]);
    assert_eq!(engine.missing(&id(&three)), [three[0].id()]);
    assert_eq!(engine.pending(&id(&three)).len(), 20);
    let mut waited_for = vec![id(&two), id(&three)];
    waited_for.sort_unstable();
    assert_eq!(engine.namespaces_waited_for().collect::<Vec<_>>(), waited_for);
    let outcome = engine.apply(three[0].clone());
    assert_eq!(outcome.durable(), three);
    assert_eq!(engine.missing(&id(&two)), [two[9].id()]);
    let mut alone = Engine::new();
    let _ = alone.apply_batch(three.clone());
    assert_eq!(engine.digest(&id(&three)), alone.digest(&id(&three)));
}

#[test]
fn an_op_that_claims_a_namespace_waits_there_wherever_its_parents_will_be() {
    let (one, two) = (chain("alice", "one", 2), chain("alice", "two", 2));
    let claimed = NamespaceId::from(two[0].id());
    let crossed = SignableGroupOp { namespace_id: claimed, ..one[2].signable().clone() }.sign(&key("alice")).unwrap();
    let mut engine = Engine::new();
    let _ = engine.apply_batch(two.clone());
    let outcome = engine.apply(crossed.clone());
    assert_eq!(outcome.status_of(&crossed.id()), Some(&Status::Pending { missing: vec![one[1].id()] }));
    assert_eq!(engine.missing(&claimed), [one[1].id()]);
    let outcome = engine.apply_batch(one[..2].to_vec());
    assert_eq!(outcome.status_of(&crossed.id()), Some(&Status::Rejected(WrongNamespace)));
}

#[test]
fn the_load_counts_all_that_waits() {
    let (one, two) = (chain("alice", "one", 5), chain("bob", "two", 5));
    let mut engine = Engine::new();
    let waiting = [&one[2..], &two[3..]].concat();
    let _ = engine.apply_batch(waiting.clone());
    let bytes = waiting.iter().map(VerifiedOp::encoded_len).sum();
    assert_eq!(engine.pending_load(), (waiting.len(), bytes));
    let _ = engine.apply_batch(one[..2].to_vec());
    assert_eq!(engine.pending_load().0, 3);
    let _ = engine.apply_batch(two[..3].to_vec());
    assert_eq!(engine.pending_load(), (0, 0));
}

/// What waits is void or sound by its own past, however long it waited.
#[test]
fn waiting_changes_no_verdict() {
    let mut ops = chain("alice", "void", 4);
    let wrong = SignableGroupOp { state_hash: Hash([1; 32]), ..ops[4].signable().clone() };
    ops[4] = wrong.sign(&key("alice")).unwrap();
    let mut engine = Engine::new();
    let _ = engine.apply(ops[4].clone());
    let outcome = engine.apply_batch(ops[..4].to_vec());
    let mismatch = Void(folkmoot_core::VoidReason::StateHashMismatch);
    assert_eq!(outcome.status_of(&ops[4].id()), Some(&Status::Admitted(mismatch)));
}
