//! MemberAdded and MemberRoleSet.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{MemberInfo, Role::*, VoidReason::*};

#[test]
fn members_are_added_with_the_capabilities_of_their_role() {
    let mut moot = Moot::founded_by("alice");
    moot.by("alice").does(defaults(JOIN_OPEN | INVITE));
    let expected = [("bob", Admin, 0), ("carol", Member, JOIN_OPEN | INVITE), ("dave", ReadOnly, JOIN_OPEN)];
    for (name, role, capabilities) in expected {
        moot.by("alice").does(add(name, role));
        assert_eq!(moot.member(name), Some(MemberInfo { role, capabilities, alias: String::new() }));
    }
    moot.by("alice").does(defaults(INVITE));
    moot.by("alice").does(add("erin", ReadOnly));
    assert_eq!(moot.capabilities("erin"), 0);
}

#[test]
fn who_is_a_member_here_is_not_added_again() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    for role in [Admin, Member, ReadOnly] {
        moot.by("alice").cannot(add("erin", role), AlreadyMember);
    }
    moot.by("alice").cannot(add("alice", Member), AlreadyMember);
}

#[test]
fn who_is_a_member_elsewhere_is_added_here() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").within(sub).does(add("erin", Admin));
    assert_eq!((moot.role("erin"), moot.member_of(sub, "erin").unwrap().role), (Some(Member), Admin));
}

#[test]
fn adding_lifts_the_bar_here_and_nowhere_else() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(remove("erin"));
    moot.by("alice").does(remove("erin"));
    moot.by("alice").does(add("erin", Member));
    assert_eq!((moot.barred("erin"), moot.barred_in(sub, "erin")), (false, true));
}

#[test]
fn a_role_is_raised_without_outranking_anybody() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["mona"], ReadOnly);
    moot.let_in("alice", &["bob"], Admin);
    for role in [Member, Admin] {
        moot.by("bob").does(set_role("mona", role));
        assert_eq!(moot.role("mona"), Some(role));
    }
    assert_eq!(moot.capabilities("mona"), JOIN_OPEN, "a role brings no capabilities to who is there");
}

#[test]
fn a_role_may_be_set_to_what_it_is_whoever_outranks_whom() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.by("carol").does(set_role("bob", Admin));
    moot.by("carol").does(set_role("alice", Admin));
    assert_eq!(moot.role("bob"), Some(Admin));
}

#[test]
fn a_role_is_lowered_by_who_outranks_the_record() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    for role in [Member, ReadOnly] {
        moot.by("carol").cannot(set_role("bob", role), Outranked);
        moot.by("carol").cannot(set_role("alice", role), Outranked);
    }
    moot.by("bob").does(set_role("carol", Member));
    assert_eq!(moot.role("carol"), Some(Member));
}

#[test]
fn ones_own_role_is_lowered_by_oneself() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.by("alice").does(set_role("alice", ReadOnly));
    assert_eq!(moot.role("alice"), Some(ReadOnly));
}

#[test]
fn who_reads_only_keeps_the_capability_to_join_alone() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", 0x7f));
    moot.by("alice").does(set_role("erin", ReadOnly));
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN);
    moot.by("alice").does(set_role("erin", Member));
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN);
}

#[test]
fn who_becomes_or_ceases_to_be_an_admin_keeps_its_capabilities() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", INVITE));
    for role in [Admin, Member] {
        moot.by("alice").does(set_role("erin", role));
        assert_eq!(moot.capabilities("erin"), JOIN_OPEN | INVITE);
    }
}

#[test]
fn a_role_takes_a_record_here() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    for role in [Admin, Member, ReadOnly] {
        moot.by("alice").cannot(set_role("nobody", role), NoSuchMember);
        moot.by("alice").within(sub).cannot(set_role("bob", role), NoSuchMember);
    }
}

#[test]
fn the_roots_last_admin_is_not_lowered() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    for role in [Member, ReadOnly] {
        moot.by("alice").cannot(set_role("alice", role), LastAdmin);
    }
    moot.by("alice").does(set_role("alice", Admin));
    moot.by("alice").does(set_role("erin", Admin));
    moot.by("alice").does(set_role("alice", Member));
    moot.by("erin").cannot(set_role("erin", Member), LastAdmin);
}

#[test]
fn the_last_admin_of_a_subgroup_is_lowered_like_any_other() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["dana"], Member);
    moot.by("alice").does(grant("dana", CREATE_SUBGROUP));
    let sub = moot.by("dana").creates("dana's");
    moot.by("dana").within(sub).does(set_role("dana", Member));
    assert_eq!(moot.member_of(sub, "dana").unwrap().role, Member);
}

#[test]
fn the_roots_last_admin_is_lowered_in_groups_below() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("alice", Admin));
    moot.by("alice").within(sub).does(set_role("alice", Member));
    assert_eq!(moot.member_of(sub, "alice").unwrap().role, Member);
}
