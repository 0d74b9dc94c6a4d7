//! Two engines with different parts of a history catch up until they are equal, in a bounded number of rounds.

use crate::case::{cases, hold};
use folkmoot_core::limits::{MAX_SYNC_HEADS, MAX_SYNC_PAGE_OPS};
use folkmoot_core::{Engine, GroupOp, SigningKey, VerifiedOp};
use folkmoot_proptests::laws::sync::{Effort, two_parts_catch_up, two_pasts_catch_up};
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn two_parts_of_a_history_catch_up_however_it_was_divided() {
    let parts = prop_oneof![
        // Hardly anything is missing, or the two hold every other piece.
        vec(prop_oneof![8 => Just(3u8), 1 => Just(1), 1 => Just(2), 1 => Just(0)], 160),
        vec(1u8..3, 1..20),
        Just(vec![1]),
    ];
    let writes = prop_oneof![3 => Just(usize::MAX), 1 => 1usize..30];
    hold("parts", 120, (cases(), parts, writes), |(case, parts, writes)| {
        two_parts_catch_up(&case.ops(), parts, *writes).map(drop)
    });
}

#[test]
fn two_closed_parts_of_a_history_are_equal_after_one_session_in_each_direction() {
    let ends = || vec(0usize..160, 0..8);
    hold("pasts", 120, (cases(), ends(), ends()), |(case, one, other)| {
        two_pasts_catch_up(&case.ops(), [one, other]).map(drop)
    });
}

/// So many ops that do nothing, each on the one before or all of them on the first.
fn noops(key: &SigningKey, count: usize, in_a_chain: bool) -> Vec<VerifiedOp> {
    let genesis = Engine::genesis(key.public(), [0; 32], "root", [0; 32], [0; 32]).sign(key).expect("genesis");
    let (namespace, group) = (genesis.id().into(), genesis.id().into());
    let mut ops = vec![genesis.clone()];
    let mut engine = Engine::new();
    let _ = engine.apply(genesis);
    for number in 0..count {
        let op = GroupOp::GroupAliasSet { alias: number.to_string() };
        let parent = if in_a_chain { ops.last() } else { ops.first() }.expect("at least the first").id();
        let op = engine.draft_on(&namespace, &group, &key.public(), op, &[parent]).expect("draft");
        let op = op.sign(key).expect("op");
        if in_a_chain {
            let _ = engine.apply(op.clone());
        }
        ops.push(op);
    }
    ops
}

#[test]
fn a_history_of_several_pages_comes_in_just_as_many() {
    let key = SigningKey::from_seed([1; 32]);
    let count = 2 * MAX_SYNC_PAGE_OPS + 100;
    let ops = noops(&key, count, true);
    // The one side has nothing; then the first half.
    let effort = two_pasts_catch_up(&ops, [&[], &[count]]).expect("equal");
    assert_eq!(effort, Effort { sessions: 1, pages: 3, ops: count + 1 });
    let effort = two_pasts_catch_up(&ops, [&[MAX_SYNC_PAGE_OPS], &[count]]).expect("equal");
    assert_eq!(effort, Effort { sessions: 1, pages: 2, ops: count - MAX_SYNC_PAGE_OPS });
}

#[test]
fn what_two_replicas_share_does_not_travel_again_because_each_has_something_new() {
    let key = SigningKey::from_seed([1; 32]);
    let (shared, new) = (500, 3);
    let mut ops = noops(&key, shared, true);
    let fork = ops[shared].id();
    let mut engine = Engine::new();
    let _ = engine.apply_batch(ops.iter().cloned());
    let namespace = ops[0].id().into();
    // Two branches, each of which only one of the two has.
    for branch in ["left", "right"] {
        let mut tip = fork;
        for number in 0..new {
            let op = GroupOp::GroupAliasSet { alias: format!("{branch} {number}") };
            let op = engine.draft_on(&namespace, &namespace.0.into(), &key.public(), op, &[tip]).expect("draft");
            let op = op.sign(&key).expect("op");
            tip = op.id();
            let _ = engine.apply(op.clone());
            ops.push(op);
        }
    }
    let effort = two_pasts_catch_up(&ops, [&[shared + new], &[shared + 2 * new]]).expect("equal");
    assert_eq!(effort.sessions, 2);
    assert!(effort.ops <= 4 * new, "{effort:?}");
}

#[test]
fn replicas_with_more_heads_than_a_message_names_become_equal() {
    let key = SigningKey::from_seed([1; 32]);
    let count = 3 * MAX_SYNC_HEADS + 100;
    let ops = noops(&key, count, false);
    // All hold the first op; the heads that only one of them has are more than it may name, too.
    let parts: Vec<u8> = (0..=count).map(|at| if at == 0 { 3 } else { [1, 2, 3][at % 3] }).collect();
    let few = two_parts_catch_up(&ops, &parts, usize::MAX).expect("equal");
    println!("{few:?}");
    let parts: Vec<u8> = (0..=count).map(|at| if at % 100 == 7 { 1 } else { 3 }).collect();
    let many = two_parts_catch_up(&ops, &parts, usize::MAX).expect("equal");
    println!("{many:?}");
}
