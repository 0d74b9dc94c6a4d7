//! Steps 1 to 4, 6 and 7: which verdict an op comes to, and which of several reasons is named.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{GroupId, OpId, Role::*, Verdict::*, VoidReason::*};

/// An open group below the root, and where concurrent branches begin.
fn with_a_group(admins: &[&str]) -> (Moot, GroupId, Vec<OpId>) {
    let mut moot = Moot::with_admins("alice", admins);
    let sub = moot.by("alice").creates("sub");
    let base = moot.heads();
    (moot, sub, base)
}

// Step 1.

#[test]
fn what_is_void_by_its_causal_verdict_stays_void_with_that_reason() {
    let (mut moot, sub, _) = with_a_group(&["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let void = moot.by("carol").within(sub).on(&base).cannot(remove("erin"), NoSuchMember);
    moot.by("bob").on(&base).does(remove("carol"));
    moot.by("bob").within(sub).does(GROUP_DELETED);
    moot.expect(void, Void(NoSuchMember));
}

// Step 2.

#[test]
fn a_reduction_that_does_not_stand_is_void_with_the_reason_even_if_its_group_is_gone() {
    let (mut moot, sub, _) = with_a_group(&["bob", "carol"]);
    moot.by("alice").within(sub).does(add("erin", Member));
    let base = moot.heads();
    moot.by("alice").within(sub).on(&base).does(GROUP_DELETED);
    moot.by("bob").on(&base).does(remove("carol"));
    let later = moot.by("carol").on(&base).noops(1);
    let removal = moot.by("carol").within(sub).on(&[later]).does(remove("erin"));
    moot.expect(removal, Void(AuthorityLost));
}

// Step 3.

#[test]
fn what_comes_after_the_deletion_of_its_group_is_void() {
    let (mut moot, sub, base) = with_a_group(&["bob"]);
    let below = moot.by("bob").within(sub).on(&base).does(add("erin", Member));
    let later = moot.by("bob").within(sub).on(&[below]).does(add("frank", Member));
    moot.by("bob").within(sub).on(&[later]).does(group_alias("later still"));
    moot.by("alice").within(sub).on(&base).does(GROUP_DELETED);
    moot.expect(below, Void(NoSuchGroup));
    moot.expect(later, Void(NoSuchGroup));
    assert!(!moot.exists(sub));
}

#[test]
fn what_comes_before_the_deletion_of_its_group_is_effective() {
    let (mut moot, sub, base) = with_a_group(&["bob"]);
    let addition = moot.by("bob").within(sub).on(&base).does(add("erin", Member));
    let later = moot.by("alice").on(&base).noops(1);
    moot.by("alice").within(sub).on(&[later]).does(GROUP_DELETED);
    moot.expect(addition, Effective);
    assert!(!moot.exists(sub));
}

#[test]
fn a_group_that_is_gone_comes_before_a_strike() {
    let (mut moot, sub, base) = with_a_group(&["bob"]);
    moot.by("alice").within(sub).on(&base).does(GROUP_DELETED);
    moot.by("alice").does(remove("bob"));
    let addition = moot.by("bob").within(sub).on(&base).does(add("erin", Member));
    moot.expect(addition, Void(NoSuchGroup));
}

#[test]
fn a_second_deletion_finds_nothing_to_delete() {
    let (mut moot, sub, base) = with_a_group(&["bob"]);
    let first = moot.by("alice").within(sub).on(&base).does(GROUP_DELETED);
    let second = moot.by("bob").within(sub).on(&base).does(GROUP_DELETED);
    moot.expect(first, Effective);
    moot.expect(second, Void(NoSuchGroup));
}

#[test]
fn a_group_below_a_deleted_one_is_gone_as_well() {
    let (mut moot, sub, base) = with_a_group(&["bob"]);
    let later = moot.by("bob").on(&base).noops(1);
    let below = moot.by("bob").within(sub).on(&[later]).does(subgroup("below"));
    moot.by("alice").within(sub).on(&base).does(GROUP_DELETED);
    moot.expect(below, Void(NoSuchGroup));
    assert!(!moot.exists(below.into()));
}

// Step 4.

#[test]
fn of_strikes_lost_authority_comes_first() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let given = moot.by("carol").on(&base).does(grant("erin", INVITE));
    moot.by("bob").on(&base).does(remove("erin"));
    moot.expect(given, Void(SubjectReduced));
    moot.by("bob").on(&base).does(remove("carol"));
    moot.expect(given, Void(AuthorityLost));
}

#[test]
fn of_strikes_a_lost_inviter_comes_before_a_revoked_invitation() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.by("alice").on(&base).does(invitation.revoked());
    moot.expect(claim, Void(InvitationRevoked));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(claim, Void(AuthorityLost));
}

#[test]
fn of_strikes_a_revoked_invitation_comes_before_a_reduced_subject() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    let addition = moot.by("alice").on(&base).does(add("erin", Member));
    moot.by("alice").on(&[addition]).does(remove("erin"));
    moot.expect(claim, Void(SubjectReduced));
    moot.by("alice").on(&base).does(invitation.revoked());
    moot.expect(claim, Void(InvitationRevoked));
}

#[test]
fn what_finds_no_ground_anew_is_void_for_lost_authority() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let dave = moot.by("bob").on(&base).does(add("dave", Member));
    let alias = moot.by("dave").on(&[dave]).does(member_alias("dave", "D"));
    let noop = moot.by("dave").on(&[dave]).does(NOOP);
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(alias, Void(AuthorityLost));
    moot.expect(noop, Void(AuthorityLost));
}

#[test]
fn a_missing_ground_comes_before_a_superseded_register() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let dave = moot.by("bob").on(&base).does(add("dave", Admin));
    let naming = moot.by("dave").on(&[dave]).does(group_alias("dave's"));
    moot.by("alice").on(&base).does(group_alias("alice's"));
    moot.expect(naming, Void(Superseded));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(naming, Void(AuthorityLost));
}

#[test]
fn a_ground_found_anew_may_be_another_than_the_one_it_was_made_on() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["mona"], Member);
    let base = moot.heads();
    let raise = moot.by("bob").on(&base).does(set_role("mona", Admin));
    let context = moot.by("mona").on(&[raise]).does(register());
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(context, Void(AuthorityLost));
    moot.by("alice").on(&base).does(grant("mona", CREATE_CONTEXT));
    moot.expect(context, Effective);
}

#[test]
fn a_restricted_group_takes_the_ground_of_those_above() {
    let (mut moot, sub, _) = with_a_group(&["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    moot.by("alice").within(sub).on(&base).does(visibility(folkmoot_core::Visibility::Restricted));
    let noop = moot.by("erin").within(sub).on(&base).does(NOOP);
    moot.expect(noop, Void(AuthorityLost));
}

#[test]
fn a_standing_reduction_needs_no_ground_anew() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["frank"], Member);
    let base = moot.heads();
    let member = moot.by("bob").on(&base).does(add("mona", Member));
    let manager = moot.by("bob").on(&[member]).does(grant("mona", MANAGE_MEMBERS));
    let addition = moot.by("mona").on(&[manager]).does(add("erin", Member));
    let removal = moot.by("mona").on(&[manager]).does(remove("frank"));
    moot.by("alice").on(&base).does(add("mona", ReadOnly));
    moot.expect(manager, Void(ReadOnlyMember));
    moot.expect(addition, Void(AuthorityLost));
    moot.expect(removal, Effective);
    assert_eq!(moot.member("frank"), None);
}

// Step 6.

#[test]
fn preconditions_are_asked_again() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("alice").registers();
    let base = moot.heads();
    moot.by("bob").on(&base).does(detach(context));
    let later = moot.by("alice").on(&base).noops(1);
    for op in [detach(context), context_alias(context, "c"), grant_in(context, "erin", 1)] {
        let op = moot.by("alice").on(&[later]).does(op);
        moot.expect(op, Void(NoSuchContext));
    }
    let leave = moot.by("erin").on(&base).does(remove("erin"));
    moot.expect(leave, Effective);
    let naming = moot.by("alice").on(&[later]).does(member_alias("erin", "E"));
    moot.expect(naming, Void(NoSuchMember));
}

#[test]
fn who_is_a_member_already_is_admitted_all_the_same() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let first = moot.by("bob").on(&base).does(add("erin", Member));
    let later = moot.by("alice").on(&base).noops(1);
    let second = moot.by("alice").on(&[later]).does(add("erin", Admin));
    moot.expect(first, Effective);
    moot.expect(second, Effective);
    assert_eq!(moot.role("erin"), Some(Admin));
}

#[test]
fn ranks_are_not_asked_again() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", INVITE));
    let base = moot.heads();
    let raise = moot.by("alice").on(&base).does(set_role("erin", Admin));
    let later = moot.by("alice").on(&base).noops(2);
    let carol = moot.by("alice").on(&[later]).does(add("carol", Admin));
    let revocation = moot.by("carol").on(&[carol]).does(revoke("erin", INVITE));
    moot.expect(raise, Effective);
    moot.expect(revocation, Effective);
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN);
    moot.by("carol").cannot(revoke("erin", JOIN_OPEN), Outranked);
}

#[test]
fn concurrent_claims_all_count_and_displace_nobody() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member).with(|terms| terms.max_uses = 1);
    let base = moot.heads();
    let claims = ["erin", "frank", "gwen"].map(|name| moot.by(name).on(&base).does(invitation.claimed_by(name)));
    for claim in claims {
        moot.expect(claim, Effective);
    }
    assert_eq!(moot.invitation(&invitation).unwrap().uses, 3);
    moot.by("hugo").cannot(invitation.claimed_by("hugo"), InvitationUsedUp);
}

#[test]
fn a_claim_is_not_asked_again_whether_its_signer_is_barred() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(remove("erin"));
    let invitation = moot.invitation_by("alice", Member);
    let base = moot.heads();
    let lifted = moot.by("bob").on(&base).does(add("erin", Member));
    let left = moot.by("erin").on(&[lifted]).does(remove("erin"));
    let claim = moot.by("erin").on(&[left]).does(invitation.claimed_by("erin"));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(lifted, Void(AuthorityLost));
    moot.expect(left, Void(AuthorityLost));
    moot.expect(claim, Effective);
    assert_eq!(moot.role("erin"), Some(Member));
    assert!(!moot.barred("erin"));
}

#[test]
fn a_capability_for_a_read_only_member_is_void() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let member = moot.by("bob").on(&base).does(add("erin", Member));
    let given = moot.by("bob").on(&[member]).does(grant("erin", INVITE));
    let join = moot.by("bob").on(&[member]).does(grant("erin", JOIN_OPEN));
    let read_only = moot.by("alice").on(&base).does(add("erin", ReadOnly));
    moot.expect(read_only, Effective);
    moot.expect(member, Void(Superseded));
    moot.expect(given, Void(ReadOnlyMember));
    moot.expect(join, Effective);
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN);
}

// Step 7.

#[test]
fn only_an_effective_op_becomes_the_last_writer() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let by_carol = moot.by("carol").on(&base).does(group_alias("carol's"));
    moot.by("alice").on(&base).does(remove("carol"));
    let later = moot.by("bob").on(&base).noops(1);
    let by_bob = moot.by("bob").on(&[later]).does(group_alias("bob's"));
    moot.expect(by_carol, Void(AuthorityLost));
    moot.expect(by_bob, Effective);
    // Dave is junior to Carol, but she wrote nothing.
    let mut moot = Moot::with_admins("alice", &["bob", "carol", "dave"]);
    let base = moot.heads();
    let by_carol = moot.by("carol").on(&base).does(group_alias("carol's"));
    let later = moot.by("dave").on(&base).noops(1);
    let by_dave = moot.by("dave").on(&[later]).does(group_alias("dave's"));
    moot.expect(by_dave, Void(Superseded));
    moot.by("bob").on(&base).does(remove("carol"));
    moot.expect(by_carol, Void(AuthorityLost));
    moot.expect(by_dave, Effective);
}
