//! A reduction that is not of the signer itself is overruled by a concurrent op that gives back what it takes: one that
//! is strictly more senior, no claim, and not broken.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{GroupOp, Role::*, Verdict::*, VoidReason::*};

#[test]
fn every_kind_of_grant_by_a_senior_overrules_a_removal() {
    let mut base_moot = Moot::with_admins("alice", &["bob"]);
    let context = base_moot.by("alice").registers();
    drop(base_moot);
    let kinds: [GroupOp; 4] =
        [grant("erin", INVITE), set_role("erin", Admin), set_role("erin", Member), grant_in(context, "erin", 1)];
    for kind in kinds {
        let mut moot = Moot::with_admins("alice", &["bob"]);
        assert_eq!(moot.by("alice").registers(), context);
        moot.let_in("alice", &["erin"], Member);
        let base = moot.heads();
        let removal = moot.by("bob").on(&base).does(remove("erin"));
        moot.expect(removal, Effective);
        let given = moot.by("alice").on(&base).does(kind);
        moot.expect(removal, Void(Overruled));
        moot.expect(given, Effective);
        assert!(moot.member("erin").is_some() && !moot.barred("erin"));
    }
}

#[test]
fn a_seniors_addition_in_a_group_below_overrules_a_removal_above() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    let base = moot.heads();
    let removal = moot.by("bob").on(&base).does(remove("erin"));
    moot.by("alice").within(sub).on(&base).does(add("erin", Member));
    moot.expect(removal, Void(Overruled));
}

#[test]
fn a_seniors_grant_above_does_not_overrule_a_removal_below() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("erin", Member));
    let base = moot.heads();
    let removal = moot.by("bob").within(sub).on(&base).does(remove("erin"));
    moot.by("alice").on(&base).does(grant("erin", INVITE));
    moot.expect(removal, Effective);
}

#[test]
fn a_seniors_role_overrules_a_lowering() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let lowering = moot.by("bob").on(&base).does(set_role("carol", Member));
    moot.by("alice").on(&base).does(set_role("carol", Admin));
    moot.expect(lowering, Void(Overruled));
    assert_eq!(moot.role("carol"), Some(Admin));
}

#[test]
fn a_seniors_capability_overrules_a_lowering_to_read_only_and_no_other() {
    for (role, verdict) in [(ReadOnly, Void(Overruled)), (Member, Effective)] {
        let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
        let base = moot.heads();
        let lowering = moot.by("bob").on(&base).does(set_role("carol", role));
        moot.by("alice").on(&base).does(grant("carol", JOIN_OPEN));
        moot.expect(lowering, Effective);
        moot.by("alice").on(&base).does(grant("carol", INVITE));
        moot.expect(lowering, verdict);
    }
}

#[test]
fn a_seniors_grant_of_one_of_the_bits_overrules_a_revocation_of_capabilities() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", INVITE | METADATA));
    let base = moot.heads();
    let revocation = moot.by("bob").on(&base).does(revoke("erin", INVITE | METADATA));
    moot.by("alice").on(&base).does(grant("erin", CREATE_CONTEXT));
    moot.expect(revocation, Effective);
    moot.by("alice").on(&base).does(grant("erin", INVITE));
    moot.expect(revocation, Void(Overruled));
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN | INVITE | METADATA | CREATE_CONTEXT);
}

#[test]
fn a_seniors_grant_in_the_same_context_overrules_a_revocation_there() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let (here, there) = (moot.by("alice").registers(), moot.by("bob").registers());
    moot.by("alice").does(grant_in(here, "erin", 3));
    let base = moot.heads();
    let revocation = moot.by("bob").on(&base).does(revoke_in(here, "erin", 3));
    moot.by("alice").on(&base).does(grant_in(there, "erin", 3));
    moot.by("alice").on(&base).does(grant_in(here, "erin", 4));
    moot.expect(revocation, Effective);
    moot.by("alice").on(&base).does(grant_in(here, "erin", 2));
    moot.expect(revocation, Void(Overruled));
}

#[test]
fn an_equally_senior_or_a_junior_grant_does_not_overrule() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let removal = moot.by("bob").on(&base).does(remove("erin"));
    moot.by("bob").on(&base).does(grant("erin", INVITE));
    moot.by("carol").on(&base).does(grant("erin", INVITE));
    moot.expect(removal, Effective);
}

#[test]
fn a_junior_grant_does_not_overrule_whatever_a_senior_gives_besides() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", INVITE));
    let base = moot.heads();
    let revocation = moot.by("bob").on(&base).does(revoke("erin", INVITE));
    let again = moot.by("carol").on(&base).does(grant("erin", INVITE));
    moot.by("alice").on(&[again]).does(grant("erin", METADATA));
    moot.expect(revocation, Effective);
    moot.expect(again, Void(SubjectReduced));
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN | METADATA);
}

#[test]
fn a_claim_of_a_seniors_invitation_does_not_overrule() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("alice", Admin);
    let base = moot.heads();
    moot.by("bob").on(&base).does(add("erin", Admin));
    let lowering = moot.by("bob").does(set_role("erin", Member));
    moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(lowering, Effective);
    assert_eq!(moot.role("erin"), Some(Member));
}

#[test]
fn a_broken_grant_does_not_overrule() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let removal = moot.by("carol").on(&base).does(remove("erin"));
    moot.by("bob").on(&base).does(grant("erin", INVITE));
    moot.expect(removal, Void(Overruled));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(removal, Effective);
}

#[test]
fn a_grant_with_a_broken_chain_does_not_overrule() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let dave = moot.by("bob").on(&base).does(add("dave", Admin));
    let given = moot.by("dave").on(&[dave]).does(grant("erin", INVITE));
    let later = moot.by("alice").on(&base).noops(1);
    let carol = moot.by("alice").on(&[later]).does(add("carol", Admin));
    let removal = moot.by("carol").on(&[carol]).does(remove("erin"));
    moot.expect(given, Effective);
    moot.expect(removal, Void(Overruled));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(given, Void(AuthorityLost));
    moot.expect(removal, Effective);
}

#[test]
fn what_one_gives_up_oneself_is_never_overruled() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let leave = moot.by("bob").on(&base).does(remove("bob"));
    moot.by("alice").on(&base).does(set_role("bob", Admin));
    moot.expect(leave, Effective);
    assert_eq!(moot.member("bob"), None);
}

#[test]
fn a_revocation_of_an_invitation_is_never_overruled() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("alice", Member);
    let base = moot.heads();
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.by("alice").on(&[claim]).does(grant("erin", INVITE));
    let revocation = moot.by("bob").on(&base).does(invitation.revoked());
    moot.expect(revocation, Effective);
}

#[test]
fn an_op_overrules_even_if_the_fold_then_voids_it_for_another_reason() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("bob").registers();
    let base = moot.heads();
    let removal = moot.by("bob").on(&base).does(remove("erin"));
    moot.by("bob").on(&base).does(detach(context));
    let later = moot.by("alice").on(&base).noops(1);
    let given = moot.by("alice").on(&[later]).does(grant_in(context, "erin", 1));
    moot.expect(given, Void(NoSuchContext));
    moot.expect(removal, Void(Overruled));
    assert_eq!(moot.role("erin"), Some(Member));
}

#[test]
fn an_overruled_removal_strikes_nothing() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", CREATE_CONTEXT));
    let base = moot.heads();
    moot.by("bob").on(&base).does(remove("erin"));
    let context = moot.by("erin").on(&base).does(register());
    moot.expect(context, Void(AuthorityLost));
    moot.by("alice").on(&base).does(grant("erin", INVITE));
    moot.expect(context, Effective);
}

#[test]
fn an_overruled_removal_can_be_repeated() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let removal = moot.by("bob").on(&base).does(remove("erin"));
    moot.by("alice").on(&base).does(grant("erin", INVITE));
    moot.expect(removal, Void(Overruled));
    moot.by("bob").does(remove("erin"));
    assert_eq!(moot.member("erin"), None);
}
