//! An op of a chain is outdone by a strictly more senior one that gives the same member in the same group a lower role
//! concurrently; a reduction that rests on it is broken.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{OpId, Role, Role::*, Verdict::*, VoidReason::*};

/// Carol makes Dave an Admin, who removes Erin. The removal, and where both branches begin.
fn carol_lets_dave_in() -> (Moot, Vec<OpId>, OpId) {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let addition = moot.by("carol").on(&base).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[addition]).does(remove("erin"));
    (moot, base, removal)
}

#[test]
fn a_lower_role_by_somebody_more_senior_outdoes() {
    let (mut moot, base, removal) = carol_lets_dave_in();
    moot.by("bob").on(&base).does(add("dave", Member));
    moot.expect(removal, Void(AuthorityLost));
    assert_eq!(moot.role("dave"), Some(Member));
    assert_eq!(moot.role("erin"), Some(Member));
}

#[test]
fn an_equal_role_by_somebody_more_senior_does_not_outdo() {
    let (mut moot, base, removal) = carol_lets_dave_in();
    moot.by("bob").on(&base).does(add("dave", Admin));
    moot.expect(removal, Effective);
}

#[test]
fn a_lower_role_by_somebody_less_senior_does_not_outdo() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let addition = moot.by("bob").on(&base).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[addition]).does(remove("erin"));
    let lower = moot.by("carol").on(&base).does(add("dave", Member));
    moot.expect(lower, Void(Superseded));
    moot.expect(removal, Effective);
}

#[test]
fn a_lower_role_by_somebody_less_senior_does_not_outdo_whatever_a_senior_gives_besides() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let addition = moot.by("bob").on(&base).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[addition]).does(remove("erin"));
    let lower = moot.by("carol").on(&base).does(add("dave", Member));
    moot.by("alice").on(&[lower]).does(grant("dave", INVITE));
    moot.expect(removal, Effective);
}

#[test]
fn a_lower_role_by_the_same_person_does_not_outdo() {
    let (mut moot, base, removal) = carol_lets_dave_in();
    moot.by("carol").on(&base).does(add("dave", Member));
    moot.expect(removal, Effective);
}

#[test]
fn a_lower_role_in_another_group_does_not_outdo() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    let base = moot.heads();
    let addition = moot.by("carol").on(&base).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[addition]).does(remove("erin"));
    moot.by("bob").within(sub).on(&base).does(add("dave", Member));
    moot.expect(removal, Effective);
}

#[test]
fn a_role_set_and_a_claim_are_outdone_and_outdo_as_additions_do() {
    for (role, outdoes) in [(Member, true), (Admin, false)] {
        let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
        moot.let_in("alice", &["erin", "dave"], Member);
        let base = moot.heads();
        let raise = moot.by("carol").on(&base).does(set_role("dave", Admin));
        let removal = moot.by("dave").on(&[raise]).does(remove("erin"));
        moot.by("bob").on(&base).does(set_role("dave", role));
        moot.expect(removal, if outdoes { Void(AuthorityLost) } else { Effective });
    }
    for (role, outdoes) in [(ReadOnly, true), (Admin, false)] {
        let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
        moot.let_in("alice", &["erin"], Member);
        let (high, low) = (moot.invitation_by("carol", Admin), moot.invitation_by("bob", role));
        let base = moot.heads();
        let claim = moot.by("dave").on(&base).does(high.claimed_by("dave"));
        let removal = moot.by("dave").on(&[claim]).does(remove("erin"));
        moot.by("dave").on(&base).does(low.claimed_by("dave"));
        moot.expect(removal, if outdoes { Void(AuthorityLost) } else { Effective });
    }
}

#[test]
fn what_lowers_does_not_outdo_but_strikes() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin", "dave"], Member);
    let base = moot.heads();
    let raise = moot.by("carol").on(&base).does(set_role("dave", Admin));
    let removal = moot.by("dave").on(&[raise]).does(remove("erin"));
    let lowering = moot.by("bob").on(&base).does(set_role("dave", ReadOnly));
    moot.expect(lowering, Effective);
    moot.expect(raise, Void(SubjectReduced));
    moot.expect(removal, Void(AuthorityLost));
}

#[test]
fn a_broken_op_does_not_outdo() {
    let (mut moot, base, removal) = carol_lets_dave_in();
    let lower = moot.by("bob").on(&base).does(add("dave", Member));
    moot.expect(removal, Void(AuthorityLost));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(lower, Void(AuthorityLost));
    moot.expect(removal, Effective);
    assert_eq!(moot.role("dave"), Some(Admin));
}

/// Carol makes Bob an Admin, who adds Dave with a role. Meanwhile Alice makes Dan an Admin, junior to Bob, who makes Dave
/// an Admin, who removes Erin.
fn two_roles_for_dave(role: Role) -> (Moot, Vec<OpId>, OpId) {
    let mut moot = Moot::with_admins("alice", &["carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let bob = moot.by("carol").on(&base).does(add("bob", Admin));
    moot.by("bob").on(&[bob]).does(add("dave", role));
    let later = moot.by("alice").on(&base).noops(1);
    let dan = moot.by("alice").on(&[later]).does(add("dan", Admin));
    let dave = moot.by("dan").on(&[dan]).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[dave]).does(remove("erin"));
    (moot, base, removal)
}

#[test]
fn what_outdoes_can_be_outdone_itself() {
    let (moot, _, removal) = two_roles_for_dave(Admin);
    moot.expect(removal, Effective);
    let (mut moot, base, removal) = two_roles_for_dave(Member);
    moot.expect(removal, Void(AuthorityLost));
    moot.by("alice").on(&base).does(add("bob", Member));
    moot.expect(removal, Effective);
    assert_eq!((moot.role("bob"), moot.role("dave")), (Some(Member), Some(Admin)));
    assert_eq!(moot.member("erin"), None);
}

#[test]
fn what_is_no_reduction_loses_the_role_that_was_outdone() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let addition = moot.by("carol").on(&base).does(add("dave", Admin));
    let naming = moot.by("dave").on(&[addition]).does(group_alias("named by dave"));
    moot.by("bob").on(&base).does(add("dave", Member));
    moot.expect(addition, Void(Superseded));
    moot.expect(naming, Void(AuthorityLost));
}
