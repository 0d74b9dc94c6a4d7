//! Step 2: what waits for parents, and what becomes of it when they come.

use crate::common::ops::*;
use crate::common::{Moot, genesis, key};
use folkmoot_core::{OpId, RejectReason::*, Role::*, SignableGroupOp, Status::*, Verdict::*, VerifiedOp};

/// Ops of a moot that was, to be sent to another.
fn ops_of(story: impl FnOnce(&mut Moot)) -> Vec<VerifiedOp> {
    let mut moot = Moot::founded_by("alice");
    story(&mut moot);
    moot.sent().to_vec()
}

#[test]
fn an_op_waits_for_a_parent_that_was_never_seen() {
    let ops = ops_of(|moot| moot.let_in("alice", &["bob", "carol"], Admin));
    let mut moot = Moot::founded_by("alice");
    let (bob, carol) = (ops[1].clone(), ops[2].clone());
    assert_eq!(moot.deliver(carol.clone()), Pending { missing: vec![bob.id()] });
    assert_eq!(moot.engine.missing(&moot.id()), [bob.id()]);
    assert_eq!(moot.engine.pending(&moot.id()), [carol.id()]);
    assert_eq!(moot.role("carol"), None);
    assert_eq!(moot.deliver(bob), Admitted(Effective));
    assert_eq!(moot.status(carol.id()), Admitted(Effective));
    assert!(moot.engine.missing(&moot.id()).is_empty() && moot.engine.pending(&moot.id()).is_empty());
    assert_eq!(moot.role("carol"), Some(Admin));
}

#[test]
fn an_op_that_waits_already_waits_on() {
    let ops = ops_of(|moot| moot.let_in("alice", &["bob", "carol"], Admin));
    let mut moot = Moot::founded_by("alice");
    let waiting = Pending { missing: vec![ops[1].id()] };
    assert_eq!(moot.deliver(ops[2].clone()), waiting);
    assert_eq!(moot.deliver(ops[2].clone()), waiting);
    assert_eq!(moot.engine.counts(&moot.id()).unwrap().pending, 1);
}

#[test]
fn a_parent_that_waits_itself_is_not_asked_for() {
    let ops = ops_of(|moot| moot.let_in("alice", &["bob", "carol", "dave"], Admin));
    let mut moot = Moot::founded_by("alice");
    assert_eq!(moot.deliver(ops[2].clone()), Pending { missing: vec![ops[1].id()] });
    assert_eq!(moot.deliver(ops[3].clone()), Pending { missing: vec![] });
    assert_eq!(moot.engine.missing(&moot.id()), [ops[1].id()]);
}

#[test]
fn an_op_waits_for_all_its_parents() {
    let ops = ops_of(|moot| {
        let base = moot.heads();
        moot.by("alice").on(&base).does(add("bob", Admin));
        moot.by("alice").on(&base).does(add("carol", Admin));
        moot.by("alice").does(NOOP);
    });
    let mut moot = Moot::founded_by("alice");
    let (one, two, joined) = (ops[1].clone(), ops[2].clone(), ops[3].clone());
    let mut both = vec![one.id(), two.id()];
    both.sort_unstable();
    assert_eq!(moot.deliver(joined.clone()), Pending { missing: both });
    moot.deliver(one);
    assert_eq!(moot.engine.missing(&moot.id()), [two.id()]);
    assert_eq!(moot.engine.pending(&moot.id()), [joined.id()]);
    moot.deliver(two);
    assert_eq!(moot.status(joined.id()), Admitted(Effective));
}

#[test]
fn ops_of_a_namespace_that_is_not_here_yet_wait_for_its_first_op() {
    let first = genesis("olga", "later");
    let mut forged = Moot::founded_by("alice").by("olga").forge(NOOP);
    forged.namespace_id = first.id().into();
    forged.group_id = first.id().into();
    forged.parent_op_hashes = vec![first.id()];
    forged.nonce = 2;
    let waiting = forged.sign(&key("olga")).unwrap();
    let mut moot = Moot::founded_by("alice");
    assert_eq!(moot.deliver(waiting.clone()), Pending { missing: vec![first.id()] });
    assert_eq!(moot.engine.namespaces_waited_for().collect::<Vec<_>>(), [first.id().into()]);
    assert_eq!(moot.deliver(first), Admitted(Effective));
    assert!(matches!(moot.status(waiting.id()), Admitted(_)));
}

#[test]
fn what_waits_for_a_rejected_op_is_rejected_with_it() {
    let mut moot = Moot::founded_by("alice");
    let bad = moot.by("sybil").forge(NOOP).sign(&key("sybil")).unwrap();
    let child = SignableGroupOp { parent_op_hashes: vec![bad.id()], ..moot.by("alice").forge(NOOP) };
    let (child, status) = moot.send(child, "alice");
    assert_eq!(status, Pending { missing: vec![bad.id()] });
    let grandchild = SignableGroupOp { parent_op_hashes: vec![child], nonce: 3, ..moot.by("alice").forge(NOOP) };
    let (grandchild, status) = moot.send(grandchild, "alice");
    assert_eq!(status, Pending { missing: vec![] });
    assert_eq!(moot.deliver(bad), Rejected(NotParticipant));
    assert_eq!(moot.status(child), Rejected(ParentRejected));
    assert_eq!(moot.status(grandchild), Rejected(ParentRejected));
    assert!(moot.engine.pending(&moot.id()).is_empty());
}

#[test]
fn an_op_without_all_its_parents_waits_whatever_else_is_wrong_with_it() {
    let mut moot = Moot::founded_by("alice");
    let unknown = OpId([9; 32]);
    let forged = SignableGroupOp {
        parent_op_hashes: vec![unknown],
        nonce: 77,
        group_id: folkmoot_core::GroupId([8; 32]),
        ..moot.by("sybil").forge(NOOP)
    };
    let (_, status) = moot.send(forged, "sybil");
    assert_eq!(status, Pending { missing: vec![unknown] });
}
