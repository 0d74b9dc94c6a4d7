//! Grounds: where a need is met, what the ground rests on, and which op gave it.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{
    ExplainedBasis, GroupId, OpId, RestsOn, RestsOn::Capability, RestsOn::Record, Role, Role::*, Visibility::*,
    VoidReason::Unauthorized,
};

/// Ground, what it rests on, and giver of an op.
fn basis(moot: &Moot, op: OpId) -> (GroupId, RestsOn, OpId) {
    let ExplainedBasis { ground, rests_on, given_by, .. } = moot.engine.explain(&op).unwrap().basis.unwrap();
    (ground, rests_on, given_by)
}

/// A root with three open groups, each below the one before.
fn a_line_of_groups() -> (Moot, [GroupId; 4]) {
    let mut moot = Moot::founded_by("alice");
    let root = moot.root();
    let one = moot.by("alice").creates("one");
    let two = moot.by("alice").within(one).creates("two");
    let three = moot.by("alice").within(two).creates("three");
    (moot, [root, one, two, three])
}

/// Somebody is added to a group; the op.
fn added(moot: &mut Moot, group: GroupId, name: &str, role: Role) -> OpId {
    moot.by("alice").within(group).does(add(name, role))
}

#[test]
fn need_admin_rests_on_the_topmost_admin_record() {
    let (mut moot, [_, one, two, three]) = a_line_of_groups();
    added(&mut moot, three, "bob", Admin);
    let in_one = added(&mut moot, one, "bob", Admin);
    added(&mut moot, two, "bob", Admin);
    for group in [one, two, three] {
        let op = moot.by("bob").within(group).does(defaults(JOIN_OPEN));
        assert_eq!(basis(&moot, op), (one, RestsOn::Admin, in_one));
    }
    moot.by("alice").does(add("carol", Member));
    moot.by("bob").cannot(defaults(0), Unauthorized);
}

#[test]
fn an_admin_above_is_an_admin_below_whatever_its_record_there_says() {
    let (mut moot, [root, one, ..]) = a_line_of_groups();
    let in_root = added(&mut moot, root, "bob", Admin);
    added(&mut moot, one, "bob", ReadOnly);
    moot.by("alice").within(one).does(visibility(Restricted));
    let op = moot.by("bob").within(one).does(defaults(JOIN_OPEN));
    assert_eq!(basis(&moot, op), (root, RestsOn::Admin, in_root));
}

#[test]
fn need_of_a_capability_is_met_by_an_admin_first() {
    let (mut moot, [root, one, ..]) = a_line_of_groups();
    let in_root = added(&mut moot, root, "bob", Admin);
    added(&mut moot, one, "bob", Member);
    moot.by("alice").within(one).does(grant("bob", CREATE_CONTEXT));
    let op = moot.by("bob").within(one).does(register());
    assert_eq!(basis(&moot, op), (root, RestsOn::Admin, in_root));
}

#[test]
fn need_of_a_capability_is_met_by_the_capability_in_the_group_itself() {
    let (mut moot, [_, one, ..]) = a_line_of_groups();
    added(&mut moot, one, "bob", Member);
    let given = moot.by("alice").within(one).does(grant("bob", CREATE_CONTEXT | INVITE));
    moot.by("alice").within(one).does(grant("bob", CREATE_CONTEXT));
    let op = moot.by("bob").within(one).does(register());
    assert_eq!(basis(&moot, op), (one, Capability(0), given));
}

#[test]
fn capabilities_are_never_inherited() {
    let (mut moot, [root, one, two, _]) = a_line_of_groups();
    added(&mut moot, root, "bob", Member);
    added(&mut moot, two, "bob", Member);
    moot.by("alice").does(grant("bob", 0x7f));
    moot.by("bob").within(one).cannot(register(), Unauthorized);
    moot.by("bob").within(two).cannot(register(), Unauthorized);
    moot.by("bob").does(register());
}

#[test]
fn a_capability_that_came_with_the_record_was_given_by_what_admitted() {
    let mut moot = Moot::founded_by("alice");
    moot.by("alice").does(defaults(CREATE_CONTEXT));
    let root = moot.root();
    let addition = added(&mut moot, root, "bob", Member);
    let op = moot.by("bob").does(register());
    assert_eq!(basis(&moot, op), (root, Capability(0), addition));
}

#[test]
fn a_capability_given_again_was_given_by_the_later_op() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["bob"], Member);
    moot.by("alice").does(grant("bob", CREATE_CONTEXT));
    moot.by("alice").does(revoke("bob", CREATE_CONTEXT));
    let again = moot.by("alice").does(grant("bob", CREATE_CONTEXT));
    let op = moot.by("bob").does(register());
    assert_eq!(basis(&moot, op), (moot.root(), Capability(0), again));
}

#[test]
fn a_capability_lost_by_reading_only_is_lost_for_good() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["bob"], Member);
    moot.by("alice").does(grant("bob", CREATE_CONTEXT));
    moot.by("alice").does(set_role("bob", ReadOnly));
    moot.by("alice").does(set_role("bob", Member));
    moot.by("bob").cannot(register(), Unauthorized);
}

#[test]
fn need_any_rests_on_the_topmost_admin_record_and_on_the_record_alone() {
    let (mut moot, [_, one, two, _]) = a_line_of_groups();
    added(&mut moot, two, "bob", Admin);
    let in_one = added(&mut moot, one, "bob", Admin);
    let op = moot.by("bob").within(two).does(NOOP);
    assert_eq!(basis(&moot, op), (one, Record, in_one));
}

#[test]
fn need_any_without_an_admin_record_rests_on_the_nearest_record() {
    let (mut moot, [root, _, two, three]) = a_line_of_groups();
    let in_root = added(&mut moot, root, "bob", Member);
    let op = moot.by("bob").within(three).does(NOOP);
    assert_eq!(basis(&moot, op), (root, Record, in_root));
    let in_two = added(&mut moot, two, "bob", ReadOnly);
    let op = moot.by("bob").within(three).does(NOOP);
    assert_eq!(basis(&moot, op), (two, Record, in_two));
}

#[test]
fn a_restricted_group_lets_the_walk_go_no_further_up() {
    let (mut moot, [root, one, two, three]) = a_line_of_groups();
    added(&mut moot, root, "bob", Member);
    moot.by("alice").within(two).does(visibility(Restricted));
    moot.by("bob").within(three).cannot(NOOP, Unauthorized);
    moot.by("bob").within(two).cannot(NOOP, Unauthorized);
    moot.by("bob").within(one).does(NOOP);
    let in_two = added(&mut moot, two, "bob", Member);
    let op = moot.by("bob").within(three).does(NOOP);
    assert_eq!(basis(&moot, op), (two, Record, in_two), "the record in a Restricted group counts");
}

#[test]
fn a_restricted_group_does_not_stop_the_admins_above() {
    let (mut moot, [root, _, two, three]) = a_line_of_groups();
    let in_root = added(&mut moot, root, "bob", Admin);
    moot.by("alice").within(two).does(visibility(Restricted));
    moot.by("alice").within(three).does(visibility(Restricted));
    let op = moot.by("bob").within(three).does(NOOP);
    assert_eq!(basis(&moot, op), (root, Record, in_root));
}

#[test]
fn a_record_below_is_no_ground_above_or_beside() {
    let (mut moot, [root, one, two, _]) = a_line_of_groups();
    let beside = moot.by("alice").within(one).creates("beside");
    added(&mut moot, two, "bob", Admin);
    for group in [root, one, beside] {
        moot.by("bob").within(group).cannot(NOOP, Unauthorized);
    }
}

#[test]
fn the_principal_of_a_claim_is_the_inviter() {
    let mut moot = Moot::founded_by("alice");
    let root = moot.root();
    added(&mut moot, root, "ivan", Member);
    let given = moot.by("alice").does(grant("ivan", INVITE));
    let invitation = moot.invitation_by("ivan", Member);
    let claim = moot.by("erin").does(invitation.claimed_by("erin"));
    assert_eq!(basis(&moot, claim), (root, Capability(1), given));
}

#[test]
fn the_founders_ground_was_given_by_the_genesis() {
    let mut moot = Moot::founded_by("alice");
    let op = moot.by("alice").does(defaults(0));
    assert_eq!(basis(&moot, op), (moot.root(), RestsOn::Admin, moot.genesis()));
}

#[test]
fn who_created_a_subgroup_by_a_capability_rests_on_that_op_there() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["dana"], Member);
    moot.by("alice").does(grant("dana", CREATE_SUBGROUP));
    let sub = moot.by("dana").creates("dana's");
    let op = moot.by("dana").within(sub).does(defaults(0));
    assert_eq!(basis(&moot, op), (sub, RestsOn::Admin, OpId(sub.0)));
}
