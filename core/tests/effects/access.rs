//! ContextAccessRevoked: somebody who could join a context that is still there no longer can.

use crate::common::ops::*;
use crate::common::{Moot, who};
use folkmoot_core::{ContextId, Effect::*, GroupId, Role::*, Visibility, Visibility::*};

/// Who lost access by the last op, and to what.
fn lost(moot: &Moot) -> Vec<(ContextId, String)> {
    let mut lost = Vec::new();
    for effect in moot.effects() {
        if let ContextAccessRevoked { group, context, member } = effect {
            assert_eq!(moot.engine.context(&moot.id(), context).unwrap().0, *group);
            assert!(!moot.engine.may_join_context(&moot.id(), context, member));
            let names = ["alice", "bob", "erin", "frank"];
            lost.push((*context, names.into_iter().find(|name| who(name) == *member).unwrap().to_owned()));
        }
    }
    lost.sort();
    lost
}

/// An open group below the root, and a context in it.
fn a_context(context: Visibility) -> (Moot, GroupId, ContextId) {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    let context = moot.by("alice").within(sub).does(register_as(Some(context)));
    (moot, sub, context.into())
}

#[test]
fn by_being_removed_from_its_group() {
    let (mut moot, sub, context) = a_context(Open);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(remove("erin"));
    assert_eq!(lost(&moot), [(context, "erin".to_owned())]);
}

#[test]
fn by_being_removed_from_a_group_above() {
    let (mut moot, sub, context) = a_context(Open);
    moot.let_in("alice", &["erin"], Member);
    let other = moot.by("alice").within(sub).registers();
    moot.by("alice").does(remove("erin"));
    let mut expected = vec![(context, "erin".to_owned()), (other, "erin".to_owned())];
    expected.sort();
    assert_eq!(lost(&moot), expected);
}

#[test]
fn by_leaving() {
    let (mut moot, sub, context) = a_context(Open);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("erin").within(sub).does(remove("erin"));
    assert_eq!(lost(&moot), [(context, "erin".to_owned())]);
}

#[test]
fn by_being_an_admin_no_more() {
    let (mut moot, _, context) = a_context(Restricted);
    moot.let_in("alice", &["bob"], Admin);
    moot.by("alice").does(set_role("bob", Member));
    assert_eq!(lost(&moot), [(context, "bob".to_owned())]);
}

#[test]
fn by_losing_the_capability_to_join() {
    let (mut moot, sub, context) = a_context(Open);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(revoke("erin", JOIN_OPEN));
    assert_eq!(lost(&moot), [(context, "erin".to_owned())]);
}

#[test]
fn by_losing_the_last_capability_in_the_context() {
    let (mut moot, sub, context) = a_context(Restricted);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(grant_in(context, "erin", 3));
    moot.by("alice").within(sub).does(revoke_in(context, "erin", 1));
    assert!(lost(&moot).is_empty());
    moot.by("alice").within(sub).does(revoke_in(context, "erin", 2));
    assert_eq!(lost(&moot), [(context, "erin".to_owned())]);
}

#[test]
fn by_a_group_that_is_restricted_now() {
    let (mut moot, sub, context) = a_context(Open);
    moot.let_in("alice", &["erin", "frank"], Member);
    moot.let_in("alice", &["bob"], Admin);
    moot.by("alice").within(sub).does(add("frank", Member));
    moot.by("alice").within(sub).does(visibility(Restricted));
    assert_eq!(lost(&moot), [(context, "erin".to_owned())], "but no member of the group, and no Admin above");
}

#[test]
fn by_a_record_that_hides_a_better_one_above() {
    let (mut moot, sub, context) = a_context(Open);
    moot.by("alice").within(sub).does(defaults(0));
    moot.let_in("alice", &["erin"], Member);
    assert!(moot.engine.may_join_context(&moot.id(), &context, &who("erin")));
    moot.by("alice").within(sub).does(add("erin", Member));
    assert_eq!(lost(&moot), [(context, "erin".to_owned())]);
}

#[test]
fn by_a_default_that_counts_for_the_context_after_all() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let context = moot.by("bob").on(&base).registers();
    moot.by("alice").on(&base).does(default_visibility(Restricted));
    assert_eq!(moot.context(context).unwrap().visibility, Restricted);
    assert_eq!(lost(&moot), [(context, "erin".to_owned())]);
    let alias = String::new();
    let changed = ContextChanged { group: moot.root(), context, visibility: Restricted, alias };
    assert!(moot.effects().contains(&changed));
}

#[test]
fn not_by_what_leaves_another_way_in() {
    let (mut moot, sub, context) = a_context(Open);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(grant_in(context, "erin", 1));
    moot.by("alice").within(sub).does(revoke("erin", JOIN_OPEN));
    assert!(lost(&moot).is_empty(), "a capability in the context is left");
    moot.by("alice").within(sub).does(add("frank", Admin));
    moot.by("alice").within(sub).does(set_role("frank", ReadOnly));
    assert_eq!(lost(&moot), [(context, "frank".to_owned())], "an Admin had no capability to join");
}

#[test]
fn not_by_the_end_of_the_context_or_its_group() {
    let (mut moot, sub, context) = a_context(Open);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(detach(context));
    assert!(lost(&moot).is_empty());
    moot.by("alice").within(sub).registers();
    moot.by("alice").within(sub).does(GROUP_DELETED);
    assert!(lost(&moot).is_empty());
}

#[test]
fn by_a_late_removal_of_who_let_them_in() {
    let (mut moot, sub, context) = a_context(Open);
    moot.let_in("alice", &["bob"], Admin);
    let base = moot.heads();
    moot.by("bob").within(sub).on(&base).does(add("erin", Member));
    moot.by("alice").on(&base).does(remove("bob"));
    assert_eq!(lost(&moot), [(context, "bob".to_owned()), (context, "erin".to_owned())]);
}
