//! Which reductions stand: the order in which they are taken, and those that fall to one taken before.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{GroupOp, Role::*, Verdict::*, VoidReason::*};

#[test]
fn a_removal_by_the_more_senior_admin_prevails_in_a_mutual_removal() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let erin = moot.by("bob").on(&base).does(set_role("erin", Admin));
    let later = moot.by("alice").on(&base).noops(3);
    let frank = moot.by("alice").on(&[later]).does(add("frank", Admin));
    // Frank has not heard that Erin, whom he takes for a Member, became an Admin before he did.
    let by_frank = moot.by("frank").on(&[frank]).does(remove("erin"));
    let by_erin = moot.by("erin").on(&[erin, frank]).does(remove("frank"));
    moot.expect(by_erin, Effective);
    moot.expect(by_frank, Void(AuthorityLost));
    assert_eq!((moot.role("erin"), moot.role("frank")), (Some(Admin), None));
    assert!(!moot.barred("erin"));
}

#[test]
fn a_removal_by_an_admin_prevails_over_that_by_a_manager_in_a_mutual_removal() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin", "mona"], Member);
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    let base = moot.heads();
    let erin = moot.by("bob").on(&base).does(set_role("erin", Admin));
    let by_erin = moot.by("erin").on(&[erin]).does(remove("mona"));
    let by_mona = moot.by("mona").on(&base).does(remove("erin"));
    moot.expect(by_erin, Effective);
    moot.expect(by_mona, Void(AuthorityLost));
}

#[test]
fn an_admin_above_prevails_over_an_admin_below_in_a_mutual_removal() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("dana", Admin));
    moot.by("alice").within(sub).does(add("bob", Member));
    let base = moot.heads();
    let by_dana = moot.by("dana").within(sub).on(&base).does(remove("bob"));
    let by_bob = moot.by("bob").within(sub).on(&base).does(remove("dana"));
    moot.expect(by_bob, Effective);
    moot.expect(by_dana, Void(AuthorityLost));
}

#[test]
fn a_reduction_that_does_not_stand_strikes_nothing() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let of_bob = moot.by("alice").on(&base).does(remove("bob"));
    let of_carol = moot.by("bob").on(&base).does(remove("carol"));
    let of_erin = moot.by("carol").on(&base).does(remove("erin"));
    moot.expect(of_bob, Effective);
    moot.expect(of_carol, Void(AuthorityLost));
    moot.expect(of_erin, Effective);
    assert_eq!((moot.role("carol"), moot.role("erin")), (Some(Admin), None));
}

#[test]
fn of_equal_seniority_those_of_the_signer_itself_are_taken_first_however_deep() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let removal = moot.by("bob").on(&base).does(remove("carol"));
    let before = moot.by("bob").on(&base).noops(3);
    let lowering = moot.by("bob").on(&[before]).does(set_role("bob", Member));
    moot.expect(lowering, Effective);
    moot.expect(removal, Void(AuthorityLost));
    assert_eq!(moot.role("carol"), Some(Admin));
}

#[test]
fn of_equal_seniority_the_shallower_is_taken_first() {
    for leave_first in [true, false] {
        let mut moot = Moot::with_admins("alice", &["bob"]);
        let base = moot.heads();
        let (first, second) = (remove("bob"), set_role("bob", Member));
        let (first, second) = if leave_first { (first, second) } else { (second, first) };
        let first = moot.by("bob").on(&base).does(first);
        let before = moot.by("bob").on(&base).noops(1);
        let second = moot.by("bob").on(&[before]).does(second);
        moot.expect(first, Effective);
        moot.expect(second, if leave_first { Void(AuthorityLost) } else { Effective });
        assert_eq!(moot.member("bob"), None);
    }
}

#[test]
fn of_equal_seniority_and_depth_the_smaller_id_is_taken_first() {
    let mut seen = Vec::new();
    for name in ["bob", "carol", "dave", "erin", "frank", "gwen", "hugo", "ivan"] {
        let mut moot = Moot::with_admins("alice", &[name]);
        let base = moot.heads();
        let leave = moot.by(name).on(&base).does(remove(name));
        let lowering = moot.by(name).on(&base).does(set_role(name, Member));
        moot.expect(leave, Effective);
        moot.expect(lowering, if leave < lowering { Void(AuthorityLost) } else { Effective });
        seen.push(leave < lowering);
    }
    assert!(seen.contains(&true) && seen.contains(&false), "both orders were met");
}

#[test]
fn a_later_one_never_unseats_an_earlier_one() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol", "dave"]);
    let base = moot.heads();
    let by_carol = moot.by("carol").on(&base).does(remove("dave"));
    let by_dave = moot.by("dave").on(&base).does(revoke("dave", INVITE));
    let addition = moot.by("dave").on(&base).does(add("erin", Member));
    let by_bob = moot.by("bob").on(&base).does(remove("carol"));
    moot.expect(by_bob, Effective);
    moot.expect(by_carol, Void(AuthorityLost));
    moot.expect(by_dave, Effective);
    moot.expect(addition, Effective);
}

#[test]
fn authority_lost_comes_before_overruled() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let removal = moot.by("carol").on(&base).does(remove("erin"));
    moot.by("alice").on(&base).does(grant("erin", INVITE));
    moot.expect(removal, Void(Overruled));
    moot.by("bob").on(&base).does(remove("carol"));
    moot.expect(removal, Void(AuthorityLost));
}

#[test]
fn every_kind_of_reduction_falls_with_its_signer() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", INVITE));
    let context = moot.by("alice").registers();
    moot.by("alice").does(grant_in(context, "erin", 1));
    let invitation = moot.invitation_by("carol", Member);
    let base = moot.heads();
    let kinds: [GroupOp; 5] = [
        remove("erin"),
        set_role("erin", ReadOnly),
        revoke("erin", INVITE),
        revoke_in(context, "erin", 1),
        invitation.revoked(),
    ];
    let fallen = kinds.map(|kind| moot.by("carol").on(&base).does(kind));
    moot.by("bob").on(&base).does(remove("carol"));
    for op in fallen {
        moot.expect(op, Void(AuthorityLost));
    }
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN | INVITE);
    assert_eq!(moot.context(context).unwrap().capabilities.len(), 1);
    assert_eq!(moot.invitation(&invitation), None);
}

#[test]
fn a_revocation_by_somebody_removed_does_not_end_the_invitation() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let invitation = moot.invitation_by("carol", Member);
    let base = moot.heads();
    let revocation = moot.by("bob").on(&base).does(invitation.revoked());
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    moot.expect(claim, Void(InvitationRevoked));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(revocation, Void(AuthorityLost));
    moot.expect(claim, Effective);
}
