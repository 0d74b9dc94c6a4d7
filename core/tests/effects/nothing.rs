//! What is no op of the DAG (rejected, ignored, duplicate, waiting) tells nothing, need not be kept, and changes nothing.

use crate::common::ops::*;
use crate::common::{Moot, key};
use folkmoot_core::report::Report;
use folkmoot_core::{Engine, OpId, RejectReason, RejectReason::*, Role::*, SignableGroupOp, Status, VerifiedOp};

/// An engine that holds a small moot, and the moot.
fn an_engine() -> (Engine, Moot) {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let mut engine = Engine::new();
    let _ = engine.apply_batch(moot.sent().to_vec());
    (engine, moot)
}

/// Applies an op that gets no place, with this status; the report before and after.
#[track_caller]
fn apply(engine: &mut Engine, op: VerifiedOp, status: &Status) -> (Report, Report) {
    let before = Report::of(engine);
    let id = op.id();
    let outcome = engine.apply(op);
    assert_eq!(outcome.statuses(), [(id, status.clone())]);
    assert!(outcome.durable().is_empty());
    assert!(outcome.after_commit().is_empty());
    assert!(outcome.evicted().is_empty());
    (before, Report::of(engine))
}

/// The report is as it was, but that this op is named among those not admitted.
#[track_caller]
fn assert_only_named((before, mut after): (Report, Report), id: OpId, text: &str) {
    assert_eq!(after.not_admitted.remove(&id).as_deref(), Some(text));
    assert_eq!(after, before);
}

#[test]
fn a_duplicate() {
    let (mut engine, moot) = an_engine();
    for op in moot.sent() {
        let (before, after) = apply(&mut engine, op.clone(), &Status::Duplicate);
        assert_eq!(before, after);
    }
}

#[test]
fn an_ignored_op() {
    let (mut engine, mut moot) = an_engine();
    let op = SignableGroupOp { nonce: 1, ..moot.by("alice").forge(remove("erin")) }.sign(&key("alice")).unwrap();
    let reports = apply(&mut engine, op.clone(), &Status::Ignored);
    assert_only_named(reports, op.id(), "ignored");
}

type Change = fn(&mut SignableGroupOp, &Moot);

#[test]
fn a_rejected_op_for_each_reason() {
    let reasons: [(RejectReason, Change); 5] = [
        (WrongNamespace, |op, _| op.namespace_id.0[0] ^= 1),
        (RedundantParent, |op, moot| {
            op.parent_op_hashes.push(moot.genesis());
            op.parent_op_hashes.sort_unstable();
        }),
        (UnknownGroup, |op, _| op.group_id.0[0] ^= 1),
        (NonceGap, |op, _| op.nonce += 1),
        (NotParticipant, |op, _| (op.signer, op.nonce) = (key("sybil").public(), 1)),
    ];
    for (reason, change) in reasons {
        let (mut engine, mut moot) = an_engine();
        let mut op = moot.by("alice").forge(remove("erin"));
        change(&mut op, &moot);
        let signer = if reason == NotParticipant { "sybil" } else { "alice" };
        let op = op.sign(&key(signer)).unwrap();
        let text = format!("rejected: {reason:?}");
        let reports = apply(&mut engine, op.clone(), &Status::Rejected(reason));
        assert_only_named(reports, op.id(), &text);
        let child = SignableGroupOp { parent_op_hashes: vec![op.id()], ..moot.by("alice").forge(NOOP) };
        let child = child.sign(&key("alice")).unwrap();
        let reports = apply(&mut engine, child.clone(), &Status::Rejected(ParentRejected));
        assert_only_named(reports, child.id(), "rejected: ParentRejected");
        assert_eq!(engine.digest(&moot.id()), Some(moot.digest()));
    }
}

#[test]
fn a_void_claim_and_what_it_would_have_used() {
    let (mut engine, mut moot) = an_engine();
    let invitation = moot.invitation_by("erin", Member);
    let op = moot.by("frank").forge(invitation.claimed_by("frank")).sign(&key("frank")).unwrap();
    let reports = apply(&mut engine, op.clone(), &Status::Rejected(NotParticipant));
    assert_only_named(reports, op.id(), "rejected: NotParticipant");
}

#[test]
fn a_waiting_op() {
    let (mut engine, mut moot) = an_engine();
    let unknown = OpId([9; 32]);
    let op = SignableGroupOp { parent_op_hashes: vec![unknown], ..moot.by("alice").forge(remove("erin")) };
    let op = op.sign(&key("alice")).unwrap();
    let reports = apply(&mut engine, op.clone(), &Status::Pending { missing: vec![unknown] });
    assert_only_named(reports, op.id(), "pending");
}

#[test]
fn a_void_op_is_kept_but_tells_nothing() {
    let (mut engine, mut moot) = an_engine();
    let void = moot.by("erin").cannot(remove("alice"), folkmoot_core::VoidReason::Unauthorized);
    let outcome = engine.apply(moot.op(void).clone());
    assert_eq!(outcome.durable(), [moot.op(void).clone()], "its place in the DAG is told by its children");
    assert!(outcome.after_commit().is_empty());
}
