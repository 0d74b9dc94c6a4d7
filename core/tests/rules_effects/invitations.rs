//! JoinWithInvitationClaim and InvitationRevoked.

use crate::common::ops::*;
use crate::common::{Moot, key, who};
use folkmoot_core::{InvitationInfo, NamespaceId, Role::*, VoidReason::*};

#[test]
fn a_claim_admits_its_signer_with_the_role_of_the_invitation() {
    let mut moot = Moot::founded_by("alice");
    moot.by("alice").does(defaults(JOIN_OPEN | METADATA));
    let expected = [("erin", Admin, 0), ("frank", Member, JOIN_OPEN | METADATA), ("gwen", ReadOnly, JOIN_OPEN)];
    for (name, role, capabilities) in expected {
        let invitation = moot.invitation_by("alice", role);
        moot.by(name).does(invitation.claimed_by(name));
        assert_eq!((moot.role(name), moot.capabilities(name)), (Some(role), capabilities));
        assert_eq!(moot.invitation(&invitation), Some(InvitationInfo { uses: 1, revoked: false }));
    }
}

#[test]
fn an_invitation_into_a_subgroup_admits_there_alone() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    let invitation = Invitation::new(moot.id(), sub, "alice", Member);
    moot.by("erin").within(sub).does(invitation.claimed_by("erin"));
    assert_eq!((moot.role("erin"), moot.member_of(sub, "erin").map(|member| member.role)), (None, Some(Member)));
}

#[test]
fn an_invitation_that_names_another_place_is_bad() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    let root = moot.root();
    let elsewhere = Invitation::new(NamespaceId([9; 32]), root, "alice", Member);
    moot.by("erin").cannot(elsewhere.claimed_by("erin"), BadInvitation);
    let into_sub = Invitation::new(moot.id(), sub, "alice", Member);
    moot.by("erin").cannot(into_sub.claimed_by("erin"), BadInvitation);
    let into_root = moot.invitation_by("alice", Member);
    moot.by("erin").within(sub).cannot(into_root.claimed_by("erin"), BadInvitation);
}

#[test]
fn an_invitation_that_the_inviter_did_not_sign_is_bad() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member);
    moot.by("erin").cannot(invitation.claimed_with("erin", &key("erin"), invitation.bearer()), BadInvitation);
}

#[test]
fn an_invitation_that_was_changed_after_it_was_signed_is_bad() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", ReadOnly);
    let signature = invitation.terms.sign(invitation.inviter());
    let better = invitation.clone().with(|terms| terms.role = Admin).terms;
    let claim = better.claim(signature, invitation.bearer(), &who("erin"), 0);
    moot.by("erin").cannot(claim, BadInvitation);
}

#[test]
fn a_claim_without_the_bearers_secret_is_bad() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member);
    let without = invitation.claimed_with("erin", invitation.inviter(), &key("erin"));
    moot.by("erin").cannot(without, BadInvitation);
}

#[test]
fn a_claim_cannot_be_copied() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member);
    let claim = invitation.claimed_by("erin");
    moot.by("erin").does(claim.clone());
    moot.by("mallory").cannot(claim, BadInvitation);
}

#[test]
fn an_invitation_for_somebody_is_for_nobody_else() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member).with(|terms| terms.invitee = Some(who("erin")));
    moot.by("frank").cannot(invitation.claimed_by("frank"), BadInvitation);
    let without = invitation.claimed_with("erin", invitation.inviter(), &key("erin"));
    moot.by("erin").cannot(without, BadInvitation);
    moot.by("erin").does(invitation.claimed_by("erin"));
}

#[test]
fn an_invitation_may_be_claimed_until_it_expires() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member).with(|terms| terms.expires_at = Some(1_000));
    moot.by("erin").cannot(invitation.claimed_by_at("erin", 1_001), BadInvitation);
    moot.by("frank").cannot(invitation.claimed_by_at("frank", u64::MAX), BadInvitation);
    moot.by("gwen").does(invitation.claimed_by_at("gwen", 1_000));
    moot.by("hugo").does(invitation.claimed_by_at("hugo", 0));
    let for_ever = moot.invitation_by("alice", Member);
    moot.by("ivan").does(for_ever.claimed_by_at("ivan", u64::MAX));
}

#[test]
fn a_revoked_invitation_cannot_be_claimed() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member);
    moot.by("erin").does(invitation.claimed_by("erin"));
    moot.by("alice").does(invitation.revoked());
    assert_eq!(moot.invitation(&invitation), Some(InvitationInfo { uses: 1, revoked: true }));
    moot.by("frank").cannot(invitation.claimed_by("frank"), InvitationRevoked);
    assert_eq!(moot.role("erin"), Some(Member));
}

#[test]
fn an_invitation_that_nobody_has_seen_can_be_revoked() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member);
    moot.by("alice").does(invitation.revoked());
    moot.by("alice").does(invitation.revoked());
    assert_eq!(moot.invitation(&invitation), Some(InvitationInfo { uses: 0, revoked: true }));
    moot.by("erin").cannot(invitation.claimed_by("erin"), InvitationRevoked);
}

#[test]
fn a_revocation_in_another_group_ends_nothing_here() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    let invitation = moot.invitation_by("alice", Member);
    moot.by("alice").within(sub).does(invitation.revoked());
    moot.by("erin").does(invitation.claimed_by("erin"));
}

#[test]
fn an_invitation_has_as_many_uses_as_it_says() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member).with(|terms| terms.max_uses = 2);
    moot.by("erin").does(invitation.claimed_by("erin"));
    moot.by("frank").does(invitation.claimed_by("frank"));
    moot.by("gwen").cannot(invitation.claimed_by("gwen"), InvitationUsedUp);
    assert_eq!(moot.invitation(&invitation), Some(InvitationInfo { uses: 2, revoked: false }));
    moot.by("erin").does(remove("erin"));
    moot.by("erin").cannot(invitation.claimed_by("erin"), InvitationUsedUp);
}

#[test]
fn who_is_barred_here_or_above_cannot_claim() {
    let mut moot = Moot::founded_by("alice");
    let one = moot.by("alice").creates("one");
    let two = moot.by("alice").within(one).does(restricted_subgroup("two")).into();
    moot.by("alice").within(one).does(add("erin", Member));
    moot.by("alice").within(one).does(remove("erin"));
    for group in [one, two] {
        let invitation = Invitation::new(moot.id(), group, "alice", Member);
        moot.by("erin").within(group).cannot(invitation.claimed_by("erin"), Barred);
    }
    let invitation = moot.invitation_by("alice", Member);
    moot.by("erin").does(invitation.claimed_by("erin"));
    assert_eq!(moot.role("erin"), Some(Member), "a bar below is none above");
    assert!(moot.barred_in(one, "erin"));
}

#[test]
fn who_left_can_come_back_by_invitation_and_who_was_added_again_too() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member);
    moot.let_in("alice", &["erin", "frank"], Member);
    moot.by("erin").does(remove("erin"));
    moot.by("erin").does(invitation.claimed_by("erin"));
    moot.by("alice").does(remove("frank"));
    moot.by("alice").does(add("frank", Member));
    moot.by("frank").does(remove("frank"));
    moot.by("frank").does(invitation.claimed_by("frank"));
    assert_eq!((moot.role("erin"), moot.role("frank")), (Some(Member), Some(Member)));
}

#[test]
fn who_is_a_member_here_cannot_claim() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], ReadOnly);
    let invitation = moot.invitation_by("alice", Admin);
    moot.by("erin").cannot(invitation.claimed_by("erin"), AlreadyMember);
    moot.by("alice").cannot(invitation.claimed_by("alice"), AlreadyMember);
    let sub = moot.by("alice").creates("sub");
    let into_sub = Invitation::new(moot.id(), sub, "alice", Member);
    moot.by("erin").within(sub).does(into_sub.claimed_by("erin"));
}

#[test]
fn of_several_reasons_against_a_claim_the_first_is_named() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member).with(|terms| {
        terms.max_uses = 1;
        terms.expires_at = Some(1_000);
    });
    moot.by("erin").does(invitation.claimed_by("erin"));
    moot.let_in("alice", &["frank"], Member);
    moot.by("alice").does(remove("frank"));
    moot.by("erin").cannot(invitation.claimed_by("erin"), InvitationUsedUp);
    moot.by("frank").cannot(invitation.claimed_by("frank"), InvitationUsedUp);
    moot.by("alice").does(invitation.revoked());
    moot.by("frank").cannot(invitation.claimed_by("frank"), InvitationRevoked);
    moot.by("frank").cannot(invitation.claimed_by_at("frank", 1_001), BadInvitation);
    let strangers = moot.invitation_by("sybil", Member);
    moot.by("frank").cannot(strangers.claimed_by_at("frank", 1_001), Unauthorized);
    // Barred comes before a record that is there: Gwen is barred above, and a Member below.
    let sub = moot.by("alice").creates("sub");
    moot.let_in("alice", &["gwen"], Member);
    moot.by("alice").does(remove("gwen"));
    moot.by("alice").within(sub).does(add("gwen", Member));
    let into_sub = Invitation::new(moot.id(), sub, "alice", Member);
    moot.by("gwen").within(sub).cannot(into_sub.claimed_by("gwen"), Barred);
}

#[test]
fn the_inviter_must_have_the_authority_when_the_claim_is_made() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["ivan"], Member);
    let invitation = moot.invitation_by("ivan", Member);
    moot.by("erin").cannot(invitation.claimed_by("erin"), Unauthorized);
    moot.by("alice").does(grant("ivan", INVITE));
    moot.by("erin").does(invitation.claimed_by("erin"));
    moot.by("alice").does(revoke("ivan", INVITE));
    moot.by("frank").cannot(invitation.claimed_by("frank"), Unauthorized);
    assert_eq!(moot.role("erin"), Some(Member));
}
