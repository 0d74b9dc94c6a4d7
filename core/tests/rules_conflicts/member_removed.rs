//! The strikes table's row MemberRemoved, both columns, with the exceptions of (i) and (ii).

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{Role::*, Verdict::*, VoidReason::*};

#[test]
fn a_removal_takes_what_the_member_does_concurrently() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let removal = moot.by("alice").on(&base).later().does(remove("bob"));
    let addition = moot.by("bob").on(&base).does(add("frank", Member));
    moot.expect(removal, Effective);
    moot.expect(addition, Void(AuthorityLost));
    assert_eq!(moot.member("frank"), None);
}

#[test]
fn a_removal_leaves_what_the_member_did_before() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let addition = moot.by("bob").does(add("frank", Member));
    moot.by("alice").does(remove("bob"));
    moot.expect(addition, Effective);
    assert_eq!(moot.role("frank"), Some(Member));
}

#[test]
fn a_removal_above_takes_what_rests_on_a_record_below() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["dana"], Member);
    moot.by("alice").does(grant("dana", CREATE_SUBGROUP));
    let sub = moot.by("dana").creates("dana's");
    let base = moot.heads();
    moot.by("alice").on(&base).later().does(remove("dana"));
    let addition = moot.by("dana").within(sub).on(&base).does(add("erin", Member));
    moot.expect(addition, Void(AuthorityLost));
}

#[test]
fn a_removal_below_leaves_what_rests_on_a_record_above() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("bob", Admin));
    let base = moot.heads();
    let removal = moot.by("alice").within(sub).on(&base).does(remove("bob"));
    let naming = moot.by("bob").within(sub).on(&base).does(group_alias("named by bob"));
    moot.expect(removal, Effective);
    moot.expect(naming, Effective);
    assert_eq!(moot.view(sub).info.alias, "named by bob");
}

#[test]
fn a_removal_takes_the_claims_of_the_members_invitations() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    moot.by("alice").on(&base).later().does(remove("bob"));
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(claim, Void(AuthorityLost));
    assert_eq!(moot.member("erin"), None);
}

/// Bob is lowered, and then removed by Carol, a manager whom he outranked. (He is not there to do it in her past.)
fn bob_falls_below_a_manager() -> (Moot, Vec<folkmoot_core::OpId>) {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["carol"], Member);
    moot.by("alice").does(grant("carol", MANAGE_MEMBERS));
    let base = moot.heads();
    moot.by("alice").on(&base).does(set_role("bob", Member));
    (moot, base)
}

#[test]
fn a_removal_spares_what_rests_on_a_more_senior_record() {
    let (mut moot, base) = bob_falls_below_a_manager();
    let removal = moot.by("carol").does(remove("bob"));
    let alias = moot.by("bob").on(&base).does(member_alias("bob", "Robert"));
    moot.expect(removal, Effective);
    moot.expect(alias, Effective);
}

#[test]
fn leaving_takes_even_what_rests_on_a_more_senior_record_of_ones_own() {
    let (mut moot, base) = bob_falls_below_a_manager();
    let leave = moot.by("bob").does(remove("bob"));
    let alias = moot.by("bob").on(&base).does(member_alias("bob", "Robert"));
    moot.expect(leave, Effective);
    moot.expect(alias, Void(AuthorityLost));
}

#[test]
fn a_removal_takes_back_every_kind_of_grant_in_the_group() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("alice").registers();
    let base = moot.heads();
    let removal = moot.by("bob").on(&base).does(remove("erin"));
    for given in
        [grant("erin", INVITE), set_role("erin", Admin), set_role("erin", Member), grant_in(context, "erin", 1)]
    {
        let given = moot.by("carol").on(&base).does(given);
        moot.expect(given, Void(SubjectReduced));
    }
    moot.expect(removal, Effective);
    assert_eq!(moot.member("erin"), None);
}

#[test]
fn a_removal_takes_back_every_kind_of_grant_in_the_groups_below() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let without = moot.by("alice").creates("without erin");
    let with = moot.by("alice").creates("with erin");
    moot.by("alice").within(with).does(add("erin", Member));
    let context = moot.by("alice").within(with).registers();
    let invitation = Invitation::new(moot.id(), without, "carol", Member);
    let base = moot.heads();
    moot.by("bob").on(&base).does(remove("erin"));
    let mut given = vec![moot.by("carol").within(without).on(&base).does(add("erin", Member))];
    for op in [grant("erin", INVITE), set_role("erin", Admin), grant_in(context, "erin", 1)] {
        given.push(moot.by("carol").within(with).on(&base).does(op));
    }
    given.push(moot.by("erin").within(without).on(&base).does(invitation.claimed_by("erin")));
    for op in given {
        moot.expect(op, Void(SubjectReduced));
    }
}

#[test]
fn a_removal_below_leaves_what_is_granted_above() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("erin", Member));
    let base = moot.heads();
    let removal = moot.by("bob").within(sub).on(&base).does(remove("erin"));
    let given = moot.by("carol").on(&base).does(grant("erin", INVITE));
    moot.expect(removal, Effective);
    moot.expect(given, Effective);
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN | INVITE);
}

#[test]
fn a_removal_leaves_grants_to_others() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin", "frank"], Member);
    let base = moot.heads();
    moot.by("bob").on(&base).does(remove("erin"));
    let given = moot.by("carol").on(&base).does(grant("frank", INVITE));
    moot.expect(given, Effective);
}

#[test]
fn a_removal_leaves_a_grant_by_somebody_strictly_more_senior() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    moot.by("bob").on(&base).does(remove("erin"));
    let given = moot.by("alice").on(&base).does(grant("erin", INVITE));
    moot.expect(given, Effective);
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN | INVITE);
}

#[test]
fn a_removal_takes_back_a_grant_by_somebody_equally_senior() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let removal = moot.by("bob").on(&base).does(remove("erin"));
    let given = moot.by("bob").on(&base).does(grant("erin", INVITE));
    moot.expect(removal, Effective);
    moot.expect(given, Void(SubjectReduced));
}

#[test]
fn a_removal_takes_a_claim_of_a_seniors_invitation_all_the_same() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("alice", Member);
    let base = moot.heads();
    moot.by("bob").on(&base).does(add("erin", Member));
    let removal = moot.by("bob").does(remove("erin"));
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(removal, Effective);
    moot.expect(claim, Void(SubjectReduced));
    assert_eq!(moot.member("erin"), None);
    assert!(moot.barred("erin"));
}

#[test]
fn leaving_takes_back_even_a_seniors_grant() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let leave = moot.by("erin").on(&base).does(remove("erin"));
    let given = moot.by("alice").on(&base).does(grant("erin", INVITE));
    moot.expect(leave, Effective);
    moot.expect(given, Void(SubjectReduced));
    assert_eq!(moot.member("erin"), None);
    assert!(!moot.barred("erin"));
}

#[test]
fn what_lowers_gives_nothing_back_to_the_removed() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let removal = moot.by("bob").on(&base).does(remove("erin"));
    let lowering = moot.by("carol").on(&base).does(set_role("erin", ReadOnly));
    moot.expect(removal, Effective);
    moot.expect(lowering, Idle(NoSuchMember));
}
