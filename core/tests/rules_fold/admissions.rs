//! Admissions that meet: who has a record already when the fold admits it, and who has none when it is given something.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{OpId, Role, Role::*, Verdict::*, VoidReason::*};

/// Two people add Erin concurrently, the second a step later; her record afterwards.
fn added_twice(first: (&str, Role), second: (&str, Role)) -> Moot {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.by("alice").does(defaults(JOIN_OPEN | METADATA));
    let base = moot.heads();
    moot.by(first.0).on(&base).does(add("erin", first.1));
    let later = moot.by(second.0).on(&base).noops(1);
    moot.by(second.0).on(&[later]).does(add("erin", second.1));
    moot
}

#[test]
fn an_admission_that_prevails_sets_the_role_and_adds_its_capabilities() {
    let moot = added_twice(("bob", Admin), ("alice", Member));
    assert_eq!(moot.role("erin"), Some(Member));
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN | METADATA);
    let moot = added_twice(("bob", Member), ("alice", Admin));
    assert_eq!(moot.role("erin"), Some(Admin));
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN | METADATA, "the union with none");
}

#[test]
fn an_admission_that_prevails_as_read_only_leaves_no_capability_but_to_join() {
    let moot = added_twice(("bob", Member), ("alice", ReadOnly));
    assert_eq!(moot.role("erin"), Some(ReadOnly));
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN);
}

#[test]
fn a_junior_admission_that_comes_later_is_superseded() {
    let moot = added_twice(("alice", ReadOnly), ("bob", Admin));
    assert_eq!(moot.role("erin"), Some(ReadOnly));
}

/// Mona has no record when Alice's op on her comes: Bob let her in, and was removed. What she is then.
fn given_to_nobody(kind: folkmoot_core::GroupOp) -> (Moot, OpId) {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.by("alice").does(defaults(JOIN_OPEN | METADATA));
    let base = moot.heads();
    let mona = moot.by("bob").on(&base).does(add("mona", Member));
    moot.by("alice").on(&base).does(remove("bob"));
    let given = moot.by("alice").on(&[mona]).does(kind);
    moot.expect(mona, Void(AuthorityLost));
    moot.expect(given, Effective);
    (moot, given)
}

#[test]
fn a_role_that_is_set_for_nobody_admits_with_that_role() {
    let (moot, _) = given_to_nobody(set_role("mona", Admin));
    assert_eq!((moot.role("mona"), moot.capabilities("mona")), (Some(Admin), 0));
    let (moot, _) = given_to_nobody(set_role("mona", Member));
    assert_eq!((moot.role("mona"), moot.capabilities("mona")), (Some(Member), JOIN_OPEN | METADATA));
}

#[test]
fn a_capability_that_is_granted_to_nobody_admits_as_a_member() {
    let (moot, _) = given_to_nobody(grant("mona", INVITE));
    assert_eq!((moot.role("mona"), moot.capabilities("mona")), (Some(Member), JOIN_OPEN | METADATA | INVITE));
    let (moot, _) = given_to_nobody(grant("mona", INVITE | JOIN_OPEN));
    assert_eq!(moot.role("mona"), Some(Member));
}

#[test]
fn the_capability_to_join_granted_to_nobody_admits_as_read_only() {
    let (moot, _) = given_to_nobody(grant("mona", JOIN_OPEN));
    assert_eq!((moot.role("mona"), moot.capabilities("mona")), (Some(ReadOnly), JOIN_OPEN));
}

#[test]
fn what_admits_by_granting_is_what_gave_the_role() {
    let (mut moot, given) = given_to_nobody(grant("mona", INVITE));
    let noop = moot.by("mona").does(NOOP);
    assert_eq!(moot.engine.explain(&noop).unwrap().basis.unwrap().given_by, given);
}

#[test]
fn what_is_named_or_granted_in_a_context_admits_nobody() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let context = moot.by("alice").registers();
    let base = moot.heads();
    let mona = moot.by("bob").on(&base).does(add("mona", Member));
    moot.by("alice").on(&base).does(remove("bob"));
    for op in [member_alias("mona", "M"), grant_in(context, "mona", 1)] {
        let op = moot.by("alice").on(&[mona]).does(op);
        moot.expect(op, Void(NoSuchMember));
    }
}

#[test]
fn an_admission_lifts_the_bar_here() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(remove("erin"));
    assert!(moot.barred("erin"));
    moot.by("bob").does(add("erin", Member));
    assert!(!moot.barred("erin"));
}

/// All other Admins of the root are gone when Carol's addition of Erin as a Member comes, which prevails over the last
/// writer, Erin herself.
#[test]
fn an_admission_that_prevails_does_not_lower_the_roots_last_admin() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let carol = moot.by("bob").on(&base).does(add("carol", Admin));
    let member = moot.by("alice").on(&base).does(add("carol", Member));
    let manager = moot.by("alice").on(&[member]).does(grant("carol", MANAGE_MEMBERS));
    let erin = moot.by("alice").on(&[manager]).does(add("erin", Admin));
    let writer = moot.by("erin").on(&[erin]).does(set_role("erin", Admin));
    let removed = moot.by("alice").on(&[writer]).does(remove("bob"));
    let left = moot.by("alice").on(&[removed]).does(remove("alice"));
    moot.expect(left, Effective);
    let later = moot.by("carol").on(&[carol]).noops(8);
    let addition = moot.by("carol").on(&[later]).does(add("erin", Member));
    moot.expect(addition, Void(LastAdmin));
    assert_eq!((moot.role("erin"), moot.role("carol")), (Some(Admin), Some(Member)));
}

/// What an admission finds there it does not give anew: the rank stays that of the first giver.
#[test]
fn what_was_held_is_not_given_anew_by_a_second_admission() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let first = moot.by("bob").on(&base).does(add("erin", Member));
    let later = moot.by("alice").on(&base).noops(1);
    let second = moot.by("alice").on(&[later]).does(add("erin", Member));
    moot.expect(second, Effective);
    let noop = moot.by("erin").does(NOOP);
    assert_eq!(moot.engine.explain(&noop).unwrap().basis.unwrap().given_by, first);
}

#[test]
fn what_is_new_is_given_by_the_second_admission() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("bob").on(&base).does(add("erin", Member));
    let later = moot.by("alice").on(&base).noops(1);
    let second = moot.by("alice").on(&[later]).does(add("erin", Admin));
    let noop = moot.by("erin").does(NOOP);
    assert_eq!(moot.engine.explain(&noop).unwrap().basis.unwrap().given_by, second);
}
