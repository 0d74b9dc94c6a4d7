//! The strikes table's row MemberRoleSet (to a lower role), both columns, with the exceptions of (i) and (ii).

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{Role::*, Verdict::*, VoidReason::*};

#[test]
fn lowering_takes_what_rests_on_the_admin_role() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("alice").on(&base).later().does(set_role("bob", Member));
    let addition = moot.by("bob").on(&base).does(add("frank", Member));
    moot.expect(addition, Void(AuthorityLost));
    assert_eq!(moot.role("bob"), Some(Member));
}

#[test]
fn lowering_leaves_what_rests_on_the_record_alone() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("alice").on(&base).does(set_role("bob", ReadOnly));
    let alias = moot.by("bob").on(&base).does(member_alias("bob", "Robert"));
    moot.expect(alias, Effective);
}

#[test]
fn lowering_to_member_leaves_what_rests_on_a_capability() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["mona"], Member);
    moot.by("alice").does(grant("mona", CREATE_CONTEXT));
    let base = moot.heads();
    moot.by("alice").on(&base).does(set_role("mona", Admin));
    moot.by("alice").does(set_role("mona", Member));
    let context = moot.by("mona").on(&base).does(register());
    moot.expect(context, Effective);
}

#[test]
fn lowering_to_read_only_takes_what_rests_on_a_capability() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["mona"], Member);
    moot.by("alice").does(grant("mona", CREATE_CONTEXT));
    let base = moot.heads();
    moot.by("alice").on(&base).later().does(set_role("mona", ReadOnly));
    let context = moot.by("mona").on(&base).does(register());
    moot.expect(context, Void(AuthorityLost));
}

#[test]
fn lowering_takes_the_claims_that_rest_on_the_admin_role_of_the_inviter() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    moot.by("alice").on(&base).later().does(set_role("bob", Member));
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(claim, Void(AuthorityLost));
}

#[test]
fn lowering_above_leaves_what_rests_on_a_record_below() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["dana"], Member);
    moot.by("alice").does(grant("dana", CREATE_SUBGROUP));
    let sub = moot.by("dana").creates("dana's");
    let base = moot.heads();
    moot.by("alice").on(&base).does(set_role("dana", ReadOnly));
    let addition = moot.by("dana").within(sub).on(&base).does(add("erin", Member));
    moot.expect(addition, Effective);
}

#[test]
fn lowering_below_leaves_what_rests_on_a_record_above() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("bob", Admin));
    let base = moot.heads();
    moot.by("alice").within(sub).on(&base).does(set_role("bob", Member));
    let addition = moot.by("bob").within(sub).on(&base).does(add("erin", Member));
    moot.expect(addition, Effective);
}

#[test]
fn the_lowered_cannot_escape_by_leaving_concurrently() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let lowering = moot.by("alice").on(&base).does(set_role("bob", Member));
    let leave = moot.by("bob").on(&base).does(remove("bob"));
    moot.expect(lowering, Effective);
    moot.expect(leave, Void(AuthorityLost));
    assert_eq!(moot.role("bob"), Some(Member));
}

#[test]
fn the_lowered_cannot_leave_a_group_below_by_the_record_that_was_lowered() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("bob", Member));
    let base = moot.heads();
    moot.by("alice").on(&base).does(set_role("bob", Member));
    let leave = moot.by("bob").within(sub).on(&base).does(remove("bob"));
    moot.expect(leave, Void(AuthorityLost));
    assert_eq!(moot.member_of(sub, "bob").map(|member| member.role), Some(Member));
}

#[test]
fn the_lowered_may_leave_a_group_below_by_another_record() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["dana"], Member);
    moot.by("alice").does(grant("dana", CREATE_SUBGROUP));
    let sub = moot.by("dana").creates("dana's");
    let base = moot.heads();
    moot.by("alice").on(&base).does(set_role("dana", ReadOnly));
    let leave = moot.by("dana").within(sub).on(&base).does(remove("dana"));
    moot.expect(leave, Effective);
}

#[test]
fn who_lowers_oneself_may_leave_concurrently() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let lowering = moot.by("bob").on(&base).does(set_role("bob", Member));
    let before = moot.by("bob").on(&base).noops(1);
    let leave = moot.by("bob").on(&[before]).does(remove("bob"));
    moot.expect(lowering, Effective);
    moot.expect(leave, Effective);
    assert_eq!(moot.member("bob"), None);
}

/// In one branch Bob is an Admin by Zoe's invitation, in the other by Alice's later op, junior to Carol, who lowers him
/// there.
#[test]
fn lowering_spares_what_rests_on_a_more_senior_record() {
    let mut moot = Moot::with_admins("alice", &["zoe"]);
    let invitation = moot.invitation_by("zoe", Admin);
    let base = moot.heads();
    let claim = moot.by("bob").on(&base).does(invitation.claimed_by("bob"));
    let before = moot.by("alice").on(&base).noops(1);
    let carol = moot.by("alice").on(&[before]).does(add("carol", Admin));
    let bob = moot.by("alice").on(&[carol]).does(add("bob", Admin));
    let lowering = moot.by("carol").on(&[bob]).does(set_role("bob", Member));
    let before = moot.by("bob").on(&[claim]).noops(2);
    let naming = moot.by("bob").on(&[before]).does(group_alias("named by bob"));
    moot.expect(claim, Void(SubjectReduced));
    moot.expect(lowering, Effective);
    moot.expect(naming, Effective);
    assert_eq!(moot.role("bob"), Some(Member));
}

#[test]
fn lowering_takes_back_a_role_set_concurrently() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol", "erin"]);
    let base = moot.heads();
    let lowering = moot.by("bob").on(&base).does(set_role("erin", Member));
    let confirmation = moot.by("carol").on(&base).does(set_role("erin", Admin));
    moot.expect(lowering, Effective);
    moot.expect(confirmation, Void(SubjectReduced));
    assert_eq!(moot.role("erin"), Some(Member));
}

#[test]
fn lowering_takes_back_an_admission_of_the_member_in_the_group() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let invitation = moot.invitation_by("alice", Member);
    let base = moot.heads();
    moot.by("bob").on(&base).does(add("erin", Member));
    let lowering = moot.by("bob").does(set_role("erin", ReadOnly));
    let addition = moot.by("carol").on(&base).does(add("erin", Member));
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(lowering, Effective);
    moot.expect(addition, Void(SubjectReduced));
    moot.expect(claim, Void(SubjectReduced));
    assert_eq!(moot.role("erin"), Some(ReadOnly));
}

#[test]
fn lowering_to_read_only_takes_back_capabilities_other_than_to_join() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    moot.by("bob").on(&base).does(set_role("erin", ReadOnly));
    let invite = moot.by("carol").on(&base).does(grant("erin", INVITE));
    let both = moot.by("carol").on(&base).does(grant("erin", INVITE | JOIN_OPEN));
    let join = moot.by("carol").on(&base).does(grant("erin", JOIN_OPEN));
    moot.expect(invite, Void(SubjectReduced));
    moot.expect(both, Void(SubjectReduced));
    moot.expect(join, Effective);
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN);
}

#[test]
fn lowering_to_member_leaves_capabilities_granted_concurrently() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol", "erin"]);
    let base = moot.heads();
    moot.by("bob").on(&base).does(set_role("erin", Member));
    let invite = moot.by("carol").on(&base).does(grant("erin", INVITE));
    moot.expect(invite, Effective);
    assert_eq!(moot.capabilities("erin"), INVITE);
}

#[test]
fn lowering_leaves_grants_in_other_groups_and_in_contexts() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("erin", Member));
    let context = moot.by("alice").registers();
    let base = moot.heads();
    moot.by("bob").on(&base).does(set_role("erin", ReadOnly));
    let raised = moot.by("carol").within(sub).on(&base).does(set_role("erin", Admin));
    let given = moot.by("carol").on(&base).does(grant_in(context, "erin", 1));
    moot.expect(raised, Effective);
    moot.expect(given, Effective);
}

#[test]
fn of_two_lowerings_the_lower_role_counts_in_either_order() {
    for (by_bob, by_carol) in [(Member, ReadOnly), (ReadOnly, Member)] {
        let mut moot = Moot::with_admins("alice", &["bob", "carol", "erin"]);
        let base = moot.heads();
        let first = moot.by("bob").on(&base).does(set_role("erin", by_bob));
        let second = moot.by("carol").on(&base).later().does(set_role("erin", by_carol));
        moot.expect(first, Effective);
        moot.expect(second, Effective);
        assert_eq!(moot.role("erin"), Some(ReadOnly));
    }
}

#[test]
fn lowering_oneself_takes_back_even_a_seniors_confirmation() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let lowering = moot.by("bob").on(&base).does(set_role("bob", Member));
    let confirmation = moot.by("alice").on(&base).does(set_role("bob", Admin));
    moot.expect(lowering, Effective);
    moot.expect(confirmation, Void(SubjectReduced));
    assert_eq!(moot.role("bob"), Some(Member));
}
