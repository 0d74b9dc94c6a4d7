//! The fold takes ops by (depth, seniority, op_id) ascending.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{Role::*, Verdict::*, VoidReason::*};

#[test]
fn the_shallower_comes_first_whoever_signed_it() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("bob").on(&base).does(add("erin", Member));
    let later = moot.by("alice").on(&base).noops(1);
    moot.by("alice").on(&[later]).does(defaults(JOIN_OPEN | INVITE));
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN, "the defaults were set after Erin came");
}

#[test]
fn of_equal_depth_the_more_senior_comes_first() {
    for (setter, adder, expected) in [("alice", "bob", JOIN_OPEN | INVITE), ("bob", "alice", JOIN_OPEN)] {
        let mut moot = Moot::with_admins("alice", &["bob"]);
        let base = moot.heads();
        moot.by(setter).on(&base).does(defaults(JOIN_OPEN | INVITE));
        moot.by(adder).on(&base).does(add("erin", Member));
        assert_eq!(moot.capabilities("erin"), expected, "{setter} sets the defaults, {adder} adds");
    }
}

#[test]
fn of_equal_depth_and_seniority_the_smaller_id_comes_first() {
    let mut seen = Vec::new();
    for name in ["erin", "frank", "gwen", "hugo", "ivan", "judy", "kim", "lea"] {
        let mut moot = Moot::founded_by("alice");
        let base = moot.heads();
        let setting = moot.by("alice").on(&base).does(defaults(JOIN_OPEN | INVITE));
        let addition = moot.by("alice").on(&base).does(add(name, Member));
        let expected = if setting < addition { JOIN_OPEN | INVITE } else { JOIN_OPEN };
        assert_eq!(moot.capabilities(name), expected);
        seen.push(setting < addition);
    }
    assert!(seen.contains(&true) && seen.contains(&false), "both orders were met");
}

#[test]
fn the_seniority_that_orders_is_that_of_the_ops_own_past() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    moot.by("alice").on(&base).does(set_role("bob", Member));
    moot.by("alice").does(set_role("bob", Admin));
    let setting = moot.by("bob").does(defaults(JOIN_OPEN | INVITE));
    let later = moot.by("carol").on(&base).noops(2);
    let addition = moot.by("carol").on(&[later]).does(add("erin", Member));
    moot.expect(setting, Effective);
    moot.expect(addition, Effective);
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN, "Carol is senior to Bob since he was an Admin anew");
}

#[test]
fn an_op_with_everything_in_its_past_comes_last() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("bob").on(&base).noops(4);
    moot.by("alice").on(&base).does(defaults(INVITE));
    let last = moot.by("bob").does(add("erin", Member));
    moot.expect(last, Effective);
    assert_eq!(moot.capabilities("erin"), INVITE);
}

#[test]
fn void_ops_have_no_effect_wherever_they_come() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    moot.by("erin").on(&base).cannot(defaults(INVITE), Unauthorized);
    let later = moot.by("bob").on(&base).noops(1);
    let setting = moot.by("bob").on(&[later]).does(defaults(METADATA));
    moot.expect(setting, Effective);
    assert_eq!(moot.view(moot.root()).info.default_capabilities, METADATA);
}
