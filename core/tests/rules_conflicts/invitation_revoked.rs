//! The strikes table's row InvitationRevoked, and the claims that are spared because a senior built on them.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{GroupId, OpId, Role::*, Verdict::*, VoidReason::*};

#[test]
fn a_revocation_takes_a_concurrent_claim() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    let revocation = moot.by("alice").on(&base).does(invitation.revoked());
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(revocation, Effective);
    moot.expect(claim, Void(InvitationRevoked));
    assert_eq!(moot.member("erin"), None);
    assert!(moot.invitation(&invitation).is_some_and(|known| known.revoked && known.uses == 0));
}

#[test]
fn a_revocation_leaves_an_earlier_claim() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("bob", Member);
    let claim = moot.by("erin").does(invitation.claimed_by("erin"));
    moot.by("alice").does(invitation.revoked());
    moot.expect(claim, Effective);
}

#[test]
fn a_revocation_leaves_claims_of_other_invitations() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    moot.by("alice").on(&base).does(invitation.clone().again(2).revoked());
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(claim, Effective);
}

#[test]
fn a_revocation_in_another_group_takes_nothing() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    let revocation = moot.by("alice").within(sub).on(&base).does(invitation.revoked());
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(revocation, Effective);
    moot.expect(claim, Effective);
}

#[test]
fn a_revocation_leaves_a_claim_that_rests_on_somebody_strictly_more_senior() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    let revocation = moot.by("carol").on(&base).does(invitation.revoked());
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(revocation, Effective);
    moot.expect(claim, Effective);
    assert!(moot.invitation(&invitation).is_some_and(|known| known.revoked && known.uses == 1));
}

#[test]
fn the_inviters_own_revocation_takes_the_claim_however_far_the_inviter_has_fallen() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["ivan"], Member);
    moot.by("alice").does(grant("ivan", INVITE | MANAGE_MEMBERS));
    let invitation = moot.invitation_by("ivan", Member);
    let base = moot.heads();
    moot.by("alice").on(&base).does(revoke("ivan", MANAGE_MEMBERS));
    moot.by("ivan").does(invitation.revoked());
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(claim, Void(InvitationRevoked));
}

// Claims that a senior built on. Carol invites and takes the invitation back; Erin has claimed it meanwhile.

struct Spared {
    moot: Moot,
    base: Vec<OpId>,
    claim: OpId,
    invitation: Invitation,
    sub: GroupId,
}

fn carol_invites_erin_as(role: folkmoot_core::Role) -> Spared {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let sub = moot.by("alice").creates("sub");
    let invitation = moot.invitation_by("carol", role);
    let base = moot.heads();
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    Spared { moot, base, claim, invitation, sub }
}

impl Spared {
    fn carol_revokes(&mut self) -> OpId {
        self.moot.by("carol").on(&self.base).does(self.invitation.revoked())
    }

    /// Somebody does this in the root, having seen the claim.
    fn after_the_claim(&mut self, name: &str, op: folkmoot_core::GroupOp) -> OpId {
        self.moot.by(name).on(&[self.claim]).does(op)
    }
}

#[test]
fn a_claim_that_a_senior_built_on_is_spared() {
    let mut story = carol_invites_erin_as(Member);
    let given = story.after_the_claim("bob", grant("erin", METADATA));
    let revocation = story.carol_revokes();
    story.moot.expect(story.claim, Effective);
    story.moot.expect(revocation, Effective);
    story.moot.expect(given, Effective);
    assert_eq!(story.moot.capabilities("erin"), JOIN_OPEN | METADATA);
}

#[test]
fn a_claim_that_a_senior_built_on_in_a_group_below_is_spared() {
    let mut story = carol_invites_erin_as(Member);
    let (claim, sub) = (story.claim, story.sub);
    story.moot.by("bob").within(sub).on(&[claim]).does(add("erin", Member));
    story.carol_revokes();
    story.moot.expect(claim, Effective);
}

#[test]
fn a_claim_that_somebody_not_more_senior_built_on_is_not_spared() {
    let mut story = carol_invites_erin_as(Member);
    let given = story.after_the_claim("carol", grant("erin", METADATA));
    story.carol_revokes();
    story.moot.expect(story.claim, Void(InvitationRevoked));
    story.moot.expect(given, Effective);
    assert_eq!(story.moot.capabilities("erin"), JOIN_OPEN | METADATA, "what somebody with authority grants stands");
}

#[test]
fn a_claim_that_somebody_not_more_senior_built_on_is_not_spared_whatever_a_senior_does_above() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let sub = moot.by("alice").creates("sub");
    let invitation = Invitation::new(moot.id(), sub, "carol", Member);
    let base = moot.heads();
    let claim = moot.by("erin").within(sub).on(&base).does(invitation.claimed_by("erin"));
    let given = moot.by("carol").within(sub).on(&[claim]).does(grant("erin", METADATA));
    moot.by("alice").on(&[given]).does(add("erin", Member));
    moot.by("carol").within(sub).on(&base).does(invitation.revoked());
    moot.expect(claim, Void(InvitationRevoked));
}

#[test]
fn a_claim_whose_claimer_a_senior_lowered_is_not_spared() {
    let mut story = carol_invites_erin_as(Member);
    let lowered = story.after_the_claim("alice", set_role("erin", ReadOnly));
    story.carol_revokes();
    story.moot.expect(story.claim, Void(InvitationRevoked));
    story.moot.expect(lowered, Idle(NoSuchMember));
}

#[test]
fn a_claim_that_another_claim_builds_on_is_not_spared() {
    let mut story = carol_invites_erin_as(Member);
    let (claim, sub) = (story.claim, story.sub);
    let into_sub = Invitation::new(story.moot.id(), sub, "alice", Member);
    let second = story.moot.by("erin").within(sub).on(&[claim]).does(into_sub.claimed_by("erin"));
    story.carol_revokes();
    story.moot.expect(claim, Void(InvitationRevoked));
    story.moot.expect(second, Effective);
}

#[test]
fn a_claim_below_is_not_spared_by_what_a_senior_does_above() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let sub = moot.by("alice").creates("sub");
    let invitation = Invitation::new(moot.id(), sub, "carol", Member);
    let base = moot.heads();
    let claim = moot.by("erin").within(sub).on(&base).does(invitation.claimed_by("erin"));
    moot.by("alice").on(&[claim]).does(add("erin", Member));
    moot.by("carol").within(sub).on(&base).does(invitation.revoked());
    moot.expect(claim, Void(InvitationRevoked));
}

#[test]
fn a_claim_is_not_spared_by_what_a_senior_gave_without_having_seen_it() {
    let mut story = carol_invites_erin_as(Member);
    let base = story.base.clone();
    let addition = story.moot.by("alice").on(&base).does(add("erin", Member));
    story.carol_revokes();
    story.moot.expect(story.claim, Void(InvitationRevoked));
    story.moot.expect(addition, Effective);
}

#[test]
fn a_claim_is_not_spared_by_a_senior_who_lost_the_authority() {
    let mut story = carol_invites_erin_as(Member);
    let given = story.after_the_claim("bob", grant("erin", METADATA));
    story.carol_revokes();
    story.moot.expect(story.claim, Effective);
    let base = story.base.clone();
    story.moot.by("alice").on(&base).does(remove("bob"));
    story.moot.expect(story.claim, Void(InvitationRevoked));
    story.moot.expect(given, Void(AuthorityLost));
    assert_eq!(story.moot.member("erin"), None);
}

#[test]
fn a_claim_stays_spared_if_what_breaks_the_seniors_grant_is_taken_after_the_revocation() {
    let mut story = carol_invites_erin_as(Member);
    let given = story.after_the_claim("bob", grant("erin", METADATA));
    let leave = story.after_the_claim("erin", remove("erin"));
    let revocation = story.carol_revokes();
    story.moot.expect(story.claim, Effective);
    story.moot.expect(revocation, Effective);
    story.moot.expect(leave, Effective);
    story.moot.expect(given, Void(SubjectReduced));
}

#[test]
fn as_an_op_of_a_chain_a_claim_falls_with_its_invitation_unless_it_is_spared() {
    let mut story = carol_invites_erin_as(Admin);
    story.moot.by("alice").on(&story.base).does(add("frank", Member));
    let frank = story.moot.heads();
    let removal = story.moot.by("erin").on(&frank).does(remove("frank"));
    let revocation = story.carol_revokes();
    story.moot.expect(revocation, Effective);
    story.moot.expect(story.claim, Void(InvitationRevoked));
    story.moot.expect(removal, Void(AuthorityLost));
    story.after_the_claim("bob", grant("erin", METADATA));
    story.moot.expect(story.claim, Effective);
    story.moot.expect(removal, Effective);
}
