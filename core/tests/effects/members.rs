//! Members come, go and change.

use crate::assert_told;
use crate::common::ops::*;
use crate::common::{Moot, who};
use folkmoot_core::{Effect, Effect::*, InvitationInfo, MemberInfo, Role, Role::*};

fn info(role: Role, capabilities: u32) -> MemberInfo {
    MemberInfo { role, capabilities, alias: String::new() }
}

#[test]
fn a_member_is_added() {
    let mut moot = Moot::founded_by("alice");
    moot.by("alice").does(add("erin", Member));
    let group = moot.root();
    assert_told(&moot, &[MemberAdded { group, member: who("erin"), info: info(Member, JOIN_OPEN) }]);
}

#[test]
fn a_member_is_removed_and_barred() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(remove("erin"));
    let (group, member) = (moot.root(), who("erin"));
    assert_told(&moot, &[MemberRemoved { group, member }, MemberBarred { group, member }]);
}

#[test]
fn a_member_leaves() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("erin").does(remove("erin"));
    assert_told(&moot, &[MemberRemoved { group: moot.root(), member: who("erin") }]);
}

#[test]
fn a_removed_member_is_added_again_and_the_bar_lifted() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(remove("erin"));
    moot.by("alice").does(add("erin", Admin));
    let (group, member) = (moot.root(), who("erin"));
    assert_told(&moot, &[BarLifted { group, member }, MemberAdded { group, member, info: info(Admin, 0) }]);
}

#[test]
fn a_removal_is_told_for_each_group_below() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let (root, sub) = (moot.root(), moot.by("alice").creates("sub"));
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").does(remove("erin"));
    let member = who("erin");
    let expected = [
        MemberRemoved { group: root, member },
        MemberBarred { group: root, member },
        MemberRemoved { group: sub, member },
    ];
    assert_told(&moot, &expected);
}

#[test]
fn a_role_changes() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(set_role("erin", Admin));
    assert_told(&moot, &[RoleChanged { group: moot.root(), member: who("erin"), from: Member, to: Admin }]);
}

#[test]
fn a_role_that_takes_capabilities_changes_both() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", INVITE));
    moot.by("alice").does(set_role("erin", ReadOnly));
    let (group, member) = (moot.root(), who("erin"));
    let expected: [Effect; 2] = [
        RoleChanged { group, member, from: Member, to: ReadOnly },
        CapabilitiesChanged { group, member, from: JOIN_OPEN | INVITE, to: JOIN_OPEN },
    ];
    assert_told(&moot, &expected);
}

#[test]
fn capabilities_change() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let (group, member) = (moot.root(), who("erin"));
    moot.by("alice").does(grant("erin", INVITE));
    assert_told(&moot, &[CapabilitiesChanged { group, member, from: JOIN_OPEN, to: JOIN_OPEN | INVITE }]);
    moot.by("alice").does(revoke("erin", JOIN_OPEN));
    assert_told(&moot, &[CapabilitiesChanged { group, member, from: JOIN_OPEN | INVITE, to: INVITE }]);
}

#[test]
fn an_alias_changes() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("erin").does(member_alias("erin", "E"));
    let expected = MemberAliasChanged { group: moot.root(), member: who("erin"), alias: "E".to_owned() };
    assert_told(&moot, &[expected]);
}

#[test]
fn an_invitation_is_used_and_revoked() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", ReadOnly);
    let (group, id) = (moot.root(), invitation.id());
    let changed =
        |uses, revoked| InvitationChanged { group, invitation: id, info: Some(InvitationInfo { uses, revoked }) };
    moot.by("erin").does(invitation.claimed_by("erin"));
    let joined = MemberAdded { group, member: who("erin"), info: info(ReadOnly, JOIN_OPEN) };
    assert_told(&moot, &[joined, changed(1, false)]);
    moot.by("alice").does(invitation.revoked());
    assert_told(&moot, &[changed(1, true)]);
}

#[test]
fn what_changes_nothing_tells_nothing() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let invitation = moot.invitation_by("alice", Member);
    moot.by("alice").does(invitation.revoked());
    for op in [
        NOOP,
        set_role("bob", Admin),
        grant("erin", JOIN_OPEN),
        revoke("erin", INVITE),
        defaults(JOIN_OPEN),
        group_alias("root"),
        member_alias("erin", ""),
        invitation.revoked(),
    ] {
        moot.by("alice").does(op);
        assert_told(&moot, &[]);
    }
}
