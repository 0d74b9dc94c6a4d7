//! The strikes table's rows CapabilitiesRevoked and ContextCapabilityRevoked.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{ContextId, Role::*, Verdict::*, VoidReason::*};

/// Mona is a Member who may register contexts and name things.
fn mona_may() -> Moot {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["mona"], Member);
    moot.by("alice").does(grant("mona", CREATE_CONTEXT | METADATA));
    moot
}

#[test]
fn revoking_takes_what_rests_on_one_of_the_bits() {
    let mut moot = mona_may();
    let base = moot.heads();
    moot.by("bob").on(&base).later().does(revoke("mona", CREATE_CONTEXT | INVITE));
    let context = moot.by("mona").on(&base).does(register());
    moot.expect(context, Void(AuthorityLost));
}

#[test]
fn revoking_leaves_what_rests_on_another_bit() {
    let mut moot = mona_may();
    let base = moot.heads();
    moot.by("bob").on(&base).does(revoke("mona", METADATA));
    let context = moot.by("mona").on(&base).does(register());
    moot.expect(context, Effective);
}

#[test]
fn revoking_leaves_what_rests_on_the_admin_role() {
    let mut moot = mona_may();
    moot.by("alice").does(set_role("mona", Admin));
    let base = moot.heads();
    let revocation = moot.by("bob").on(&base).does(revoke("mona", CREATE_CONTEXT));
    let context = moot.by("mona").on(&base).does(register());
    moot.expect(revocation, Effective);
    moot.expect(context, Effective);
}

#[test]
fn revoking_in_one_group_leaves_what_rests_on_the_bit_in_another() {
    let mut moot = mona_may();
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("mona", Member));
    moot.by("alice").within(sub).does(grant("mona", CREATE_CONTEXT));
    let base = moot.heads();
    moot.by("bob").on(&base).does(revoke("mona", CREATE_CONTEXT));
    let context = moot.by("mona").within(sub).on(&base).does(register());
    moot.expect(context, Effective);
}

#[test]
fn revoking_the_right_to_invite_takes_the_claims_of_the_members_invitations() {
    let mut moot = mona_may();
    moot.by("alice").does(grant("mona", INVITE));
    let invitation = moot.invitation_by("mona", Member);
    let base = moot.heads();
    moot.by("bob").on(&base).later().does(revoke("mona", INVITE));
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(claim, Void(AuthorityLost));
}

#[test]
fn revoking_takes_back_a_grant_of_one_of_the_bits() {
    let mut moot = mona_may();
    let base = moot.heads();
    let revocation = moot.by("bob").on(&base).does(revoke("mona", CREATE_CONTEXT));
    let again = moot.by("carol").on(&base).does(grant("mona", CREATE_CONTEXT | INVITE));
    moot.expect(revocation, Effective);
    moot.expect(again, Void(SubjectReduced));
    assert_eq!(moot.capabilities("mona"), JOIN_OPEN | METADATA);
}

#[test]
fn revoking_leaves_grants_of_other_bits_and_of_roles_and_elsewhere() {
    let mut moot = mona_may();
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("mona", Member));
    let base = moot.heads();
    moot.by("bob").on(&base).does(revoke("mona", CREATE_CONTEXT));
    let other = moot.by("carol").on(&base).does(grant("mona", INVITE));
    let role = moot.by("carol").on(&base).does(set_role("mona", Admin));
    let elsewhere = moot.by("carol").within(sub).on(&base).does(grant("mona", CREATE_CONTEXT));
    for op in [other, role, elsewhere] {
        moot.expect(op, Effective);
    }
    assert_eq!(moot.capabilities("mona"), JOIN_OPEN | METADATA | INVITE);
}

#[test]
fn revoking_leaves_a_grant_by_somebody_strictly_more_senior() {
    let mut moot = mona_may();
    let base = moot.heads();
    moot.by("carol").on(&base).does(revoke("mona", CREATE_CONTEXT));
    let again = moot.by("bob").on(&base).does(grant("mona", CREATE_CONTEXT));
    moot.expect(again, Effective);
}

#[test]
fn revoking_ones_own_bit_takes_back_even_a_seniors_grant() {
    let mut moot = mona_may();
    moot.by("alice").does(grant("bob", INVITE));
    let base = moot.heads();
    let revocation = moot.by("bob").on(&base).does(revoke("bob", INVITE));
    let again = moot.by("alice").on(&base).does(grant("bob", INVITE));
    moot.expect(revocation, Effective);
    moot.expect(again, Void(SubjectReduced));
}

/// A context in the root, in which Erin, a Member, holds bit 0.
fn erin_in_a_context() -> (Moot, ContextId) {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("alice").registers();
    moot.by("alice").does(grant_in(context, "erin", 1));
    (moot, context)
}

#[test]
fn revoking_in_a_context_takes_back_a_grant_of_one_of_the_bits_there() {
    let (mut moot, context) = erin_in_a_context();
    let base = moot.heads();
    let revocation = moot.by("bob").on(&base).does(revoke_in(context, "erin", 1));
    let again = moot.by("carol").on(&base).does(grant_in(context, "erin", 3));
    moot.expect(revocation, Effective);
    moot.expect(again, Void(SubjectReduced));
    assert!(moot.context(context).unwrap().capabilities.is_empty());
}

#[test]
fn revoking_in_a_context_leaves_other_bits_other_contexts_and_other_people() {
    let (mut moot, context) = erin_in_a_context();
    let other = moot.by("alice").registers();
    let base = moot.heads();
    moot.by("bob").on(&base).does(revoke_in(context, "erin", 1));
    let bit = moot.by("carol").on(&base).does(grant_in(context, "erin", 2));
    let elsewhere = moot.by("carol").on(&base).does(grant_in(other, "erin", 1));
    let person = moot.by("carol").on(&base).does(grant_in(context, "bob", 1));
    for op in [bit, elsewhere, person] {
        moot.expect(op, Effective);
    }
}

#[test]
fn revoking_in_a_context_leaves_what_the_member_does() {
    let (mut moot, context) = erin_in_a_context();
    let base = moot.heads();
    moot.by("bob").on(&base).does(revoke_in(context, "erin", 1));
    let alias = moot.by("erin").on(&base).does(member_alias("erin", "E"));
    moot.expect(alias, Effective);
}

#[test]
fn revoking_in_a_context_leaves_a_grant_by_somebody_strictly_more_senior() {
    let (mut moot, context) = erin_in_a_context();
    let base = moot.heads();
    moot.by("carol").on(&base).does(revoke_in(context, "erin", 1));
    let again = moot.by("bob").on(&base).does(grant_in(context, "erin", 1));
    moot.expect(again, Effective);
}

#[test]
fn revoking_ones_own_bit_in_a_context_takes_back_even_a_seniors_grant() {
    let (mut moot, context) = erin_in_a_context();
    moot.by("alice").does(grant_in(context, "bob", 1));
    let base = moot.heads();
    let revocation = moot.by("bob").on(&base).does(revoke_in(context, "bob", 1));
    let again = moot.by("alice").on(&base).does(grant_in(context, "bob", 1));
    moot.expect(revocation, Effective);
    moot.expect(again, Void(SubjectReduced));
}
