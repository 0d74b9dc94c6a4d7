//! How much may wait for parents: per signer, per namespace and in all, in number and in bytes. Past a bound the oldest
//! op of the largest holder goes.

use crate::common::ops::*;
use crate::common::{genesis, key, who};
use folkmoot_core::limits::*;
use folkmoot_core::{Engine, NamespaceId, OpId, PendingLimits, SignableGroupOp, VerifiedOp};

const NO_LIMIT: PendingLimits = PendingLimits {
    signer_ops: usize::MAX,
    signer_bytes: usize::MAX,
    namespace_ops: usize::MAX,
    namespace_bytes: usize::MAX,
    total_ops: usize::MAX,
    total_bytes: usize::MAX,
};

/// The bytes of an op of [`waiting`] with an empty alias.
const SMALL: usize = 1 + 32 + 32 + 4 + 32 + 32 + 32 + 8 + 5 + 64;

/// An op of this person in this namespace that waits for a parent that never comes; longer by so many bytes.
fn waiting(namespace: &str, name: &str, number: u64, longer_by: usize) -> VerifiedOp {
    let namespace_id = NamespaceId::from(genesis("olga", namespace).id());
    let op = SignableGroupOp {
        version: 1,
        namespace_id,
        group_id: namespace_id.into(),
        parent_op_hashes: vec![OpId([9; 32])],
        state_hash: [0; 32].into(),
        signer: who(name),
        nonce: number,
        op: group_alias(&"x".repeat(longer_by)),
    };
    let op = op.sign(&key(name)).unwrap();
    assert_eq!(op.encoded_len(), SMALL + longer_by);
    op
}

/// Lets these ops wait one after the other; which ones had to go, by their place in the list.
fn evicted(limits: PendingLimits, ops: &[VerifiedOp]) -> Vec<usize> {
    let mut engine = Engine::with_pending_limits(limits);
    let mut gone = Vec::new();
    for op in ops {
        gone.extend(engine.apply(op.clone()).evicted().to_vec());
    }
    let (count, bytes) = engine.pending_load();
    let left: Vec<&VerifiedOp> = ops.iter().filter(|op| !gone.contains(&op.id())).collect();
    assert_eq!((count, bytes), (left.len(), left.iter().map(|op| op.encoded_len()).sum()));
    gone.iter().map(|id| ops.iter().position(|op| op.id() == *id).unwrap()).collect()
}

fn of(name: &str, numbers: std::ops::Range<u64>) -> Vec<VerifiedOp> {
    numbers.map(|number| waiting("here", name, number, 0)).collect()
}

#[test]
fn the_defaults_are_the_named_bounds() {
    let expected = PendingLimits {
        signer_ops: MAX_PENDING_OPS_PER_SIGNER,
        signer_bytes: MAX_PENDING_BYTES_PER_SIGNER,
        namespace_ops: MAX_PENDING_OPS_PER_NAMESPACE,
        namespace_bytes: MAX_PENDING_BYTES_PER_NAMESPACE,
        total_ops: MAX_PENDING_OPS,
        total_bytes: MAX_PENDING_BYTES,
    };
    assert_eq!(PendingLimits::default(), expected);
    assert_eq!((expected.signer_ops, expected.signer_bytes), (131_072, 64 << 20));
    assert_eq!((expected.namespace_ops, expected.namespace_bytes), (262_144, 128 << 20));
    assert_eq!((expected.total_ops, expected.total_bytes), (524_288, 256 << 20));
}

#[test]
fn one_signers_ops_in_number() {
    let limits = PendingLimits { signer_ops: 3, ..NO_LIMIT };
    assert!(evicted(limits, &of("bob", 0..3)).is_empty());
    assert_eq!(evicted(limits, &of("bob", 0..4)), [0]);
    assert_eq!(evicted(limits, &of("bob", 0..6)), [0, 1, 2]);
    let both = [of("bob", 0..3), of("carol", 0..3)].concat();
    assert!(evicted(limits, &both).is_empty(), "each has its own");
}

#[test]
fn one_signers_ops_in_bytes() {
    let limits = PendingLimits { signer_bytes: 3 * SMALL, ..NO_LIMIT };
    assert!(evicted(limits, &of("bob", 0..3)).is_empty());
    let one_byte_more = [of("bob", 0..2), vec![waiting("here", "bob", 2, 1)]].concat();
    assert_eq!(evicted(limits, &one_byte_more), [0]);
    let two_must_go = [of("bob", 0..3), vec![waiting("here", "bob", 3, 100)]].concat();
    assert_eq!(evicted(limits, &two_must_go), [0, 1]);
}

#[test]
fn one_namespaces_ops_in_number() {
    let limits = PendingLimits { namespace_ops: 4, ..NO_LIMIT };
    let four = [of("bob", 0..1), of("carol", 0..3)].concat();
    assert!(evicted(limits, &four).is_empty());
    let five = [four, of("dave", 0..1)].concat();
    assert_eq!(evicted(limits, &five), [1], "the oldest of Carol, who holds most");
    let elsewhere = [of("bob", 0..4), vec![waiting("there", "bob", 0, 0)]].concat();
    assert!(evicted(limits, &elsewhere).is_empty(), "each namespace has its own");
}

#[test]
fn one_namespaces_ops_in_bytes() {
    let limits = PendingLimits { namespace_bytes: 4 * SMALL, ..NO_LIMIT };
    let four = [of("bob", 0..2), of("carol", 0..2)].concat();
    assert!(evicted(limits, &four).is_empty());
    let more = [of("bob", 0..1), of("carol", 0..2), vec![waiting("here", "dave", 0, 1)]].concat();
    assert_eq!(evicted(limits, &more), [1], "the oldest of Carol, who holds most");
    let large = [of("bob", 0..2), vec![waiting("here", "carol", 0, 100)], of("dave", 0..1)].concat();
    assert_eq!(evicted(limits, &large), [0], "Bob holds more bytes in two ops than Carol in one");
}

#[test]
fn all_ops_in_number() {
    let limits = PendingLimits { total_ops: 4, ..NO_LIMIT };
    let four = [vec![waiting("there", "bob", 0, 0)], of("carol", 0..3)].concat();
    assert!(evicted(limits, &four).is_empty());
    let five = [four, vec![waiting("yonder", "dave", 0, 0)]].concat();
    assert_eq!(evicted(limits, &five), [1], "the oldest of the largest holder of the largest namespace");
}

#[test]
fn all_ops_in_bytes() {
    let limits = PendingLimits { total_bytes: 4 * SMALL, ..NO_LIMIT };
    let four = [vec![waiting("there", "bob", 0, 0)], of("carol", 0..3)].concat();
    assert!(evicted(limits, &four).is_empty());
    let more = [vec![waiting("there", "bob", 0, 0)], of("carol", 0..2), vec![waiting("yonder", "dave", 0, 1)]].concat();
    assert_eq!(evicted(limits, &more), [1]);
}

#[test]
fn who_holds_little_is_spared_by_who_floods() {
    let limits = PendingLimits { namespace_ops: 10, ..NO_LIMIT };
    let ops = [of("bob", 0..2), of("mallory", 0..50)].concat();
    let gone = evicted(limits, &ops);
    assert_eq!(gone, (2..44).collect::<Vec<_>>());
}

#[test]
fn an_op_that_waits_already_takes_no_room_twice() {
    let limits = PendingLimits { signer_ops: 2, ..NO_LIMIT };
    let mut engine = Engine::with_pending_limits(limits);
    for op in [of("bob", 0..2), of("bob", 0..2)].concat() {
        assert!(engine.apply(op).evicted().is_empty());
    }
    assert_eq!(engine.pending_load(), (2, 2 * SMALL));
}

#[test]
fn an_engine_that_lets_nothing_wait_takes_ops_in_order_all_the_same() {
    let none = PendingLimits { signer_ops: 0, ..NO_LIMIT };
    let mut engine = Engine::with_pending_limits(none);
    let op = waiting("here", "bob", 0, 0);
    let outcome = engine.apply(op.clone());
    assert_eq!(outcome.evicted(), [op.id()]);
    assert_eq!(engine.pending_load(), (0, 0));
    let mut moot = crate::common::Moot::with_admins("alice", &["bob", "carol"]);
    for op in moot.sent() {
        assert!(engine.apply(op.clone()).evicted().is_empty());
    }
    assert_eq!(engine.digest(&moot.id()), Some(moot.digest()));
}
