//! How many refusals are remembered, and what it means that older ones are not.

use crate::common::ops::*;
use crate::common::{Moot, key, who};
use folkmoot_core::limits::MAX_REMEMBERED_REJECTIONS;
use folkmoot_core::{Engine, Hash, OpId, RejectReason::*, SignableGroupOp, Status, VerifiedOp};

/// A Noop of a stranger on the genesis: rejected, and cheap to make.
fn noop_of_a_stranger(moot: &Moot, number: u32) -> VerifiedOp {
    let mut state_hash = [0; 32];
    state_hash[..4].copy_from_slice(&number.to_le_bytes());
    let op = SignableGroupOp {
        version: 1,
        namespace_id: moot.id(),
        group_id: moot.root(),
        parent_op_hashes: vec![moot.genesis()],
        state_hash: Hash(state_hash),
        signer: who("sybil"),
        nonce: 1,
        op: NOOP,
    };
    op.sign(&key("sybil")).unwrap()
}

fn child_of(moot: &mut Moot, parent: OpId) -> VerifiedOp {
    let op = SignableGroupOp { parent_op_hashes: vec![parent], ..moot.by("alice").forge(NOOP) };
    op.sign(&key("alice")).unwrap()
}

/// The engine has refused as many ops as it remembers, and one more; the first, second and last of them.
fn one_past_the_bound(moot: &Moot) -> (Engine, [VerifiedOp; 3]) {
    let mut engine = Engine::new();
    let _ = engine.apply_batch(moot.sent().to_vec());
    let last = u32::try_from(MAX_REMEMBERED_REJECTIONS).unwrap();
    let key = key("sybil");
    let template = noop_of_a_stranger(moot, 0).signable().clone();
    for number in 0..=last {
        let mut op = template.clone();
        op.state_hash.0[..4].copy_from_slice(&number.to_le_bytes());
        let outcome = engine.apply(op.sign(&key).unwrap());
        assert!(outcome.durable().is_empty());
        if number == last - 1 {
            assert_eq!(engine.refusals().len(), MAX_REMEMBERED_REJECTIONS);
            assert!(engine.refusal(&template.id()).is_some(), "at the bound the first is remembered");
        }
    }
    (engine, [0, 1, last].map(|number| noop_of_a_stranger(moot, number)))
}

#[test]
fn the_oldest_refusal_is_forgotten_past_the_bound_and_meets_the_same_verdict_again() {
    assert_eq!(MAX_REMEMBERED_REJECTIONS, 65_536);
    let mut moot = Moot::founded_by("alice");
    let rejected = Status::Rejected(NotParticipant);
    let (mut engine, [first, second, last]) = one_past_the_bound(&moot);
    assert_eq!(engine.refusals().len(), MAX_REMEMBERED_REJECTIONS);
    assert_eq!(engine.refusal(&first.id()), None);
    assert_eq!(engine.refusal(&second.id()), Some(rejected.clone()));
    assert_eq!(engine.refusal(&last.id()), Some(rejected.clone()));
    // What is built on a forgotten op waits for it; when it is fetched again, both are rejected.
    let (of_first, of_last) = (child_of(&mut moot, first.id()), child_of(&mut moot, last.id()));
    let outcome = engine.apply(of_last.clone());
    assert_eq!(outcome.status_of(&of_last.id()), Some(&Status::Rejected(ParentRejected)));
    let outcome = engine.apply(of_first.clone());
    assert_eq!(outcome.status_of(&of_first.id()), Some(&Status::Pending { missing: vec![first.id()] }));
    assert_eq!(engine.missing(&moot.id()), [first.id()]);
    let outcome = engine.apply(first.clone());
    assert_eq!(outcome.status_of(&first.id()), Some(&rejected));
    assert_eq!(outcome.status_of(&of_first.id()), Some(&Status::Rejected(ParentRejected)));
    assert_eq!(engine.refusals().len(), MAX_REMEMBERED_REJECTIONS);
    assert_eq!(engine.digest(&moot.id()), Some(moot.digest()));
}

#[test]
fn refusing_the_same_op_again_forgets_nothing() {
    let moot = Moot::founded_by("alice");
    let mut engine = Engine::new();
    let _ = engine.apply_batch(moot.sent().to_vec());
    let ops: Vec<VerifiedOp> = (0..5).map(|number| noop_of_a_stranger(&moot, number)).collect();
    for _ in 0..3 {
        let _ = engine.apply_batch(ops.clone());
    }
    assert_eq!(engine.refusals().len(), 5);
}
