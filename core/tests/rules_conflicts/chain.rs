//! The chain of an op: the op that gave its ground, the one that gave that one's, and so on. A reduction that rests on
//! one that is struck is broken.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{Role::*, Verdict::*, VoidReason::*};

#[test]
fn a_reduction_falls_with_the_op_that_gave_its_ground() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let addition = moot.by("bob").on(&base).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[addition]).does(remove("erin"));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(addition, Void(AuthorityLost));
    moot.expect(removal, Void(AuthorityLost));
    assert_eq!(moot.role("erin"), Some(Member));
}

#[test]
fn a_reduction_falls_with_any_op_of_its_chain() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let first = moot.by("bob").on(&base).does(add("dave", Admin));
    let second = moot.by("dave").on(&[first]).does(add("fred", Admin));
    let third = moot.by("fred").on(&[second]).does(add("gwen", Admin));
    let removal = moot.by("gwen").on(&[third]).does(remove("erin"));
    moot.expect(removal, Effective);
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(removal, Void(AuthorityLost));
}

#[test]
fn a_reduction_falls_with_the_op_that_gave_its_capability() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin", "mona"], Member);
    let base = moot.heads();
    let given = moot.by("bob").on(&base).does(grant("mona", MANAGE_MEMBERS));
    let removal = moot.by("mona").on(&[given]).does(remove("erin"));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(given, Void(AuthorityLost));
    moot.expect(removal, Void(AuthorityLost));
    assert_eq!(moot.role("mona"), Some(Member));
}

#[test]
fn a_reduction_falls_with_the_claim_that_gave_its_ground() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let invitation = moot.invitation_by("bob", Admin);
    let base = moot.heads();
    let claim = moot.by("dave").on(&base).does(invitation.claimed_by("dave"));
    let removal = moot.by("dave").on(&[claim]).does(remove("erin"));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(claim, Void(AuthorityLost));
    moot.expect(removal, Void(AuthorityLost));
}

#[test]
fn a_reduction_in_a_group_below_falls_with_a_chain_that_leads_through_the_root() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("erin", Member));
    let base = moot.heads();
    let addition = moot.by("bob").within(sub).on(&base).does(add("dana", Admin));
    let removal = moot.by("dana").within(sub).on(&[addition]).does(remove("erin"));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(removal, Void(AuthorityLost));
}

#[test]
fn a_reduction_stands_if_its_chain_was_complete_before_the_strike() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    moot.by("bob").does(add("dave", Admin));
    let base = moot.heads();
    let removal = moot.by("dave").on(&base).does(remove("erin"));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(removal, Effective);
}

#[test]
fn what_is_no_reduction_stands_if_a_ground_is_found_anew() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let addition = moot.by("bob").on(&base).does(add("dave", Admin));
    let naming = moot.by("dave").on(&[addition]).does(group_alias("named by dave"));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(naming, Void(AuthorityLost));
    moot.by("alice").on(&base).does(add("dave", Admin));
    moot.expect(addition, Void(AuthorityLost));
    moot.expect(naming, Effective);
    assert_eq!(moot.view(moot.root()).info.alias, "named by dave");
}

#[test]
fn a_reduction_with_a_broken_chain_falls_even_if_a_ground_could_be_found_anew() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let addition = moot.by("bob").on(&base).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[addition]).does(remove("erin"));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.by("alice").on(&base).does(add("dave", Admin));
    moot.expect(removal, Void(AuthorityLost));
    assert_eq!(moot.role("dave"), Some(Admin));
}

#[test]
fn an_op_in_the_chain_that_gives_back_what_was_taken_breaks_it_too() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["dave", "erin"], Member);
    let base = moot.heads();
    let raise = moot.by("carol").on(&base).does(set_role("dave", Admin));
    let removal = moot.by("dave").on(&[raise]).does(remove("erin"));
    moot.by("bob").on(&base).does(remove("dave"));
    moot.expect(raise, Void(SubjectReduced));
    moot.expect(removal, Void(AuthorityLost));
    assert_eq!(moot.role("erin"), Some(Member));
}
