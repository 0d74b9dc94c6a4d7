//! CapabilitiesGranted and CapabilitiesRevoked.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{Role::*, VoidReason::*};

#[test]
fn granted_capabilities_are_added_to_those_held() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", INVITE));
    moot.by("alice").does(grant("erin", INVITE | MANAGE_MEMBERS));
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN | INVITE | MANAGE_MEMBERS);
    moot.by("alice").does(grant("erin", 0x7f));
    assert_eq!(moot.capabilities("erin"), 0x7f);
}

#[test]
fn revoked_capabilities_are_taken_from_those_held() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", 0x7f));
    moot.by("alice").does(revoke("erin", JOIN_OPEN | MANAGE_MEMBERS));
    assert_eq!(moot.capabilities("erin"), 0x7f & !(JOIN_OPEN | MANAGE_MEMBERS));
    moot.by("alice").does(revoke("erin", 0x7f));
    assert_eq!(moot.capabilities("erin"), 0);
    moot.by("alice").does(revoke("erin", 0x7f));
    assert_eq!(moot.role("erin"), Some(Member));
}

#[test]
fn capabilities_are_of_this_group_alone() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(grant("erin", INVITE));
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN);
    assert_eq!(moot.member_of(sub, "erin").unwrap().capabilities, JOIN_OPEN | INVITE);
}

#[test]
fn capabilities_take_a_record_here() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").cannot(grant("nobody", INVITE), NoSuchMember);
    moot.by("alice").cannot(revoke("nobody", INVITE), NoSuchMember);
    moot.by("alice").within(sub).cannot(grant("bob", INVITE), NoSuchMember);
    moot.by("alice").within(sub).cannot(revoke("bob", INVITE), NoSuchMember);
}

#[test]
fn who_reads_only_is_given_the_capability_to_join_alone() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["rita"], ReadOnly);
    for bits in [CREATE_CONTEXT, INVITE, MANAGE_MEMBERS, MANAGE_APPLICATION, CREATE_SUBGROUP, METADATA] {
        moot.by("alice").cannot(grant("rita", bits), ReadOnlyMember);
        moot.by("alice").cannot(grant("rita", bits | JOIN_OPEN), ReadOnlyMember);
    }
    moot.by("alice").does(revoke("rita", JOIN_OPEN));
    assert_eq!(moot.capabilities("rita"), 0);
    moot.by("alice").does(grant("rita", JOIN_OPEN));
    assert_eq!(moot.capabilities("rita"), JOIN_OPEN);
}

#[test]
fn an_admin_may_be_given_capabilities_by_anybody_who_is_one() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.by("carol").does(grant("bob", INVITE));
    moot.by("carol").does(grant("alice", INVITE));
    assert_eq!((moot.capabilities("alice"), moot.capabilities("bob")), (INVITE, INVITE));
}

#[test]
fn capabilities_are_revoked_by_who_outranks_the_record() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.by("alice").does(grant("bob", INVITE));
    moot.by("carol").cannot(revoke("bob", INVITE), Outranked);
    moot.by("alice").does(revoke("bob", INVITE));
    assert_eq!(moot.capabilities("bob"), 0);
}

#[test]
fn ones_own_capabilities_are_revoked_by_oneself() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.by("alice").does(grant("bob", INVITE | METADATA));
    moot.by("bob").does(revoke("bob", INVITE));
    assert_eq!(moot.capabilities("bob"), METADATA);
}
