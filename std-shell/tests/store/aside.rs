//! What has no place in the log yet lies aside: just what was put there last, whole and checked.

use crate::common::test_options;
use folkmoot::store::Store;
use folkmoot_core::{Engine, OpId, SigningKey, VerifiedOp};
use std::collections::BTreeMap;

fn founding(salt: u8) -> VerifiedOp {
    let alice = SigningKey::from_seed([1; 32]);
    Engine::genesis(alice.public(), [salt; 32], "Kitchen", [1; 32], [2; 32]).sign(&alice).expect("alice founds")
}

fn encoded(ops: &[VerifiedOp]) -> BTreeMap<OpId, Vec<u8>> {
    ops.iter().map(|op| (op.id(), op.signed().encode())).collect()
}

fn sorted(mut ops: Vec<VerifiedOp>) -> Vec<VerifiedOp> {
    ops.sort_by_key(VerifiedOp::id);
    ops
}

#[test]
fn what_was_put_aside_last_lies_there_after_the_store_was_closed_and_nothing_else_does() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("moot.folkmoot");
    let ops: Vec<VerifiedOp> = (0..4).map(founding).collect();
    let mut store = Store::create(&path, &test_options()).expect("it is created");
    assert_eq!(store.aside().expect("it reads"), []);
    for put in [&ops[..3], &ops[1..], &ops[1..], &[]] {
        store.set_aside(&encoded(put)).expect("it writes");
        store.close().expect("it closes");
        store = Store::open(&path, &test_options()).expect("it opens");
        assert_eq!(store.aside().expect("it reads"), sorted(put.to_vec()));
    }
    assert_eq!(store.last_sequence(), 0, "nothing of it is in the log");
}

#[test]
fn what_lies_aside_is_a_part_of_the_stores_fingerprint() {
    let mut store = crate::common::in_memory();
    let empty = store.fingerprint().expect("it reads");
    store.set_aside(&encoded(&[founding(1)])).expect("it writes");
    let one = store.fingerprint().expect("it reads");
    store.set_aside(&encoded(&[founding(2)])).expect("it writes");
    let other = store.fingerprint().expect("it reads");
    assert!(empty != one && one != other && other != empty);
}

#[test]
fn bytes_that_are_no_op_or_another_one_are_damage() {
    let mut store = crate::common::in_memory();
    let (one, other) = (founding(1), founding(2));
    for bytes in [other.signed().encode(), b"no op".to_vec()] {
        store.set_aside(&BTreeMap::from([(one.id(), bytes)])).expect("it writes");
        assert!(store.aside().is_err());
        store.set_aside(&BTreeMap::new()).expect("it writes");
    }
}
