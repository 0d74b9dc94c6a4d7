//! The causal verdict: which reasons there are, in which order they are found, and that it is fixed for good.

use crate::common::ops::*;
use crate::common::{Moot, key};
use folkmoot_core::{
    GroupId, GroupOp, Hash, Role::*, SignableGroupOp, Status::*, Verdict, Verdict::*, VoidReason, VoidReason::*,
};

/// Sends an op with a wrong state hash; what is found first.
#[track_caller]
fn assert_void(moot: &mut Moot, name: &str, forged: SignableGroupOp, reason: VoidReason) {
    let (id, status) = moot.send(forged, name);
    assert_eq!(status, Admitted(Void(reason)));
    assert!(moot.engine.explain(&id).unwrap().causal);
}

#[test]
fn a_wrong_state_hash_comes_before_everything_else() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(GROUP_DELETED);
    for group in [moot.root(), sub] {
        let forged = moot.by("erin").within(group).forge(remove("nobody"));
        let forged = SignableGroupOp { state_hash: Hash([1; 32]), ..forged };
        assert_void(&mut moot, "erin", forged, StateHashMismatch);
    }
}

#[test]
fn the_state_hash_is_that_of_the_ops_own_past_and_group() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let root = moot.root();
    let (before, base) = (moot.state_hash(root), moot.heads());
    let sub = moot.by("alice").on(&base).creates("sub");
    moot.by("alice").does(add("erin", Member));
    let (now, below) = (moot.state_hash(root), moot.state_hash(sub));
    assert_ne!(before, now);
    let stale = SignableGroupOp { state_hash: before, ..moot.by("bob").forge(NOOP) };
    assert_void(&mut moot, "bob", stale, StateHashMismatch);
    let of_another = SignableGroupOp { state_hash: below, ..moot.by("bob").forge(NOOP) };
    assert_void(&mut moot, "bob", of_another, StateHashMismatch);
    let of_the_future = SignableGroupOp { state_hash: now, ..moot.by("bob").on(&base).forge(NOOP) };
    assert_void(&mut moot, "bob", of_the_future, StateHashMismatch);
    let right = SignableGroupOp { state_hash: before, ..moot.by("bob").on(&base).forge(NOOP) };
    assert_eq!(moot.send(right, "bob").1, Admitted(Effective));
}

#[test]
fn the_state_hash_of_a_deleted_group_is_zero() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    let alive = moot.state_hash(sub);
    moot.by("alice").within(sub).does(GROUP_DELETED);
    assert_eq!(moot.state_hash(sub), Hash::ZERO);
    assert_eq!(moot.by("alice").within(sub).forge(NOOP).state_hash, Hash::ZERO);
    let stale = SignableGroupOp { state_hash: alive, ..moot.by("alice").within(sub).forge(NOOP) };
    assert_void(&mut moot, "alice", stale, StateHashMismatch);
    moot.by("alice").within(sub).cannot(NOOP, NoSuchGroup);
}

#[test]
fn a_deleted_group_comes_before_missing_authority() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    let below = moot.by("alice").within(sub).creates("below");
    moot.by("alice").within(sub).does(GROUP_DELETED);
    moot.by("erin").within(sub).cannot(remove("nobody"), NoSuchGroup);
    moot.by("erin").within(below).cannot(remove("nobody"), NoSuchGroup);
}

#[test]
fn missing_authority_comes_before_the_preconditions() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("erin").cannot(remove("nobody"), Unauthorized);
    moot.by("erin").cannot(GROUP_DELETED, Unauthorized);
    moot.by("erin").cannot(add("alice", Member), Unauthorized);
}

#[test]
fn the_group_of_a_void_subgroup_op_is_known_but_does_not_exist() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let never = GroupId::from(moot.by("erin").cannot(subgroup("erin's"), Unauthorized));
    assert!(!moot.exists(never));
    let mut forged = moot.by("alice").forge(NOOP);
    (forged.group_id, forged.state_hash) = (never, Hash::ZERO);
    assert_void(&mut moot, "alice", forged, NoSuchGroup);
}

#[test]
fn a_void_op_stays_and_what_is_built_on_it_is_judged_by_itself() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let void = moot.by("erin").cannot(add("frank", Member), Unauthorized);
    let child = moot.by("alice").does(add("frank", Member));
    assert_eq!(moot.op(child).signable().parent_op_hashes, [void]);
    moot.expect(void, Void(Unauthorized));
    moot.expect(child, Effective);
}

#[test]
fn a_causal_verdict_stays_whatever_comes_concurrently() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let void = moot.by("erin").on(&base).cannot(add("frank", Member), Unauthorized);
    let raise = moot.by("alice").on(&base).does(set_role("erin", Admin));
    moot.expect(void, Void(Unauthorized));
    moot.by("alice").on(&[void, raise]).does(NOOP);
    moot.expect(void, Void(Unauthorized));
}

#[test]
fn a_sound_op_with_nothing_concurrent_is_effective() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("alice").registers();
    let kinds: [GroupOp; 6] = [
        set_role("erin", Member),
        revoke("erin", INVITE),
        revoke_in(context, "erin", 1),
        grant("erin", JOIN_OPEN),
        defaults(JOIN_OPEN),
        moot.invitation_by("bob", Member).revoked(),
    ];
    for kind in kinds {
        let op = moot.by("alice").does(kind);
        moot.expect(op, Effective);
    }
}

#[test]
fn a_draft_is_refused_with_the_reason_why_it_would_be_void_or_rejected() {
    use folkmoot_core::{DraftError, NamespaceId, OpId};
    let mut moot = Moot::founded_by("alice");
    let (id, root, genesis) = (moot.id(), moot.root(), moot.genesis());
    let head = moot.by("alice").does(NOOP);
    let alice = key("alice").public();
    let sybil = key("sybil").public();
    let nowhere = NamespaceId([1; 32]);
    let engine = &mut moot.engine;
    assert_eq!(engine.draft(&nowhere, &root, &alice, NOOP), Err(DraftError::UnknownNamespace(nowhere)));
    let no_group = GroupId([1; 32]);
    assert_eq!(engine.draft(&id, &no_group, &alice, NOOP), Err(DraftError::UnknownGroup(no_group)));
    assert_eq!(engine.draft(&id, &root, &sybil, NOOP), Err(DraftError::NotParticipant(sybil)));
    assert_eq!(engine.draft(&id, &root, &alice, GROUP_DELETED), Err(DraftError::Void(RootGroup)));
    let malformed = DraftError::Malformed(folkmoot_core::codec::Malformed::Capabilities);
    assert_eq!(engine.draft(&id, &root, &alice, grant("alice", 0)), Err(malformed));
    let unknown = OpId([1; 32]);
    let on = |engine: &mut folkmoot_core::Engine, parents: &[OpId]| engine.draft_on(&id, &root, &alice, NOOP, parents);
    assert_eq!(on(engine, &[unknown]), Err(DraftError::UnknownParent(unknown)));
    assert_eq!(on(engine, &[]), Err(DraftError::Parents));
    assert_eq!(on(engine, &[genesis, head]), Err(DraftError::Parents));
    assert!(on(engine, &[head, head]).is_ok_and(|op| op.parent_op_hashes == [head]));
    let verdict: Option<Verdict> = moot.engine.verdict(&head);
    assert_eq!(verdict, Some(Effective), "and nothing changed");
}
