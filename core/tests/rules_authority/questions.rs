//! The questions a host asks: standing, may_join_context, may_write_context.

use crate::common::ops::*;
use crate::common::{Moot, who};
use folkmoot_core::{ContextId, GroupId, Role, Role::*, Visibility, Visibility::*};

fn standing(moot: &Moot, group: GroupId, name: &str) -> Option<Role> {
    moot.engine.standing(&moot.id(), &group, &who(name))
}

/// Whether a person may join, and write.
fn may(moot: &Moot, context: ContextId, name: &str) -> (bool, bool) {
    let (id, person) = (moot.id(), who(name));
    (moot.engine.may_join_context(&id, &context, &person), moot.engine.may_write_context(&id, &context, &person))
}

const BOTH: (bool, bool) = (true, true);
const JOIN: (bool, bool) = (true, false);
const NEITHER: (bool, bool) = (false, false);

/// An open group below the root, and a context in it.
fn a_context(context: Visibility) -> (Moot, GroupId, ContextId) {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    let context = moot.by("alice").within(sub).does(register_as(Some(context)));
    (moot, sub, context.into())
}

#[test]
fn standing_is_the_role_of_the_record_at_the_ground() {
    let (mut moot, sub, _) = a_context(Open);
    moot.let_in("alice", &["bob"], Admin);
    moot.let_in("alice", &["carol"], ReadOnly);
    moot.by("alice").within(sub).does(add("bob", ReadOnly));
    moot.by("alice").within(sub).does(add("dave", Member));
    let root = moot.root();
    assert_eq!(
        ["alice", "bob", "carol", "dave"].map(|name| standing(&moot, root, name)),
        [Some(Admin), Some(Admin), Some(ReadOnly), None]
    );
    assert_eq!(
        ["alice", "bob", "carol", "dave"].map(|name| standing(&moot, sub, name)),
        [Some(Admin), Some(Admin), Some(ReadOnly), Some(Member)]
    );
    moot.by("alice").within(sub).does(add("carol", Member));
    assert_eq!(standing(&moot, sub, "carol"), Some(Member), "the nearest record");
    moot.by("alice").within(sub).does(visibility(Restricted));
    moot.let_in("alice", &["erin"], Member);
    assert_eq!(standing(&moot, sub, "erin"), None);
    assert_eq!(standing(&moot, sub, "nobody"), None);
}

#[test]
fn there_is_no_standing_in_a_group_that_is_not_there() {
    let (mut moot, sub, context) = a_context(Open);
    moot.by("alice").within(sub).does(GROUP_DELETED);
    assert_eq!(standing(&moot, sub, "alice"), None);
    assert_eq!(standing(&moot, GroupId([1; 32]), "alice"), None);
    assert_eq!(may(&moot, context, "alice"), NEITHER);
    assert_eq!(may(&moot, ContextId([1; 32]), "alice"), NEITHER);
}

#[test]
fn admins_here_and_above_may_join_every_context() {
    for visibility in [Open, Restricted] {
        let (mut moot, sub, context) = a_context(visibility);
        moot.by("alice").within(sub).does(add("bob", Admin));
        assert_eq!(may(&moot, context, "alice"), BOTH);
        assert_eq!(may(&moot, context, "bob"), BOTH);
    }
}

#[test]
fn members_with_the_capability_may_join_open_contexts() {
    let (mut moot, sub, context) = a_context(Open);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(add("rita", ReadOnly));
    assert_eq!(may(&moot, context, "erin"), BOTH);
    assert_eq!(may(&moot, context, "rita"), JOIN);
    moot.by("alice").within(sub).does(revoke("erin", JOIN_OPEN));
    moot.by("alice").within(sub).does(revoke("rita", JOIN_OPEN));
    assert_eq!(may(&moot, context, "erin"), NEITHER);
    assert_eq!(may(&moot, context, "rita"), NEITHER);
}

#[test]
fn a_record_here_without_the_capability_hides_standing_from_above() {
    let (mut moot, sub, context) = a_context(Open);
    moot.let_in("alice", &["erin"], Member);
    assert_eq!(may(&moot, context, "erin"), BOTH);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(revoke("erin", JOIN_OPEN));
    assert_eq!(may(&moot, context, "erin"), NEITHER);
}

#[test]
fn inherited_standing_opens_open_contexts_whatever_the_capabilities_above() {
    let (mut moot, sub, context) = a_context(Open);
    moot.let_in("alice", &["erin"], Member);
    moot.let_in("alice", &["rita"], ReadOnly);
    moot.by("alice").does(revoke("erin", JOIN_OPEN));
    assert_eq!(may(&moot, context, "erin"), BOTH);
    assert_eq!(may(&moot, context, "rita"), JOIN);
    moot.by("alice").within(sub).does(visibility(Restricted));
    assert_eq!(may(&moot, context, "erin"), NEITHER);
}

#[test]
fn a_restricted_context_takes_a_context_capability() {
    let (mut moot, sub, context) = a_context(Restricted);
    for (name, role) in [("erin", Member), ("rita", ReadOnly)] {
        moot.by("alice").within(sub).does(add(name, role));
        assert_eq!(may(&moot, context, name), NEITHER);
        moot.by("alice").within(sub).does(grant_in(context, name, 0x80));
    }
    assert_eq!(may(&moot, context, "erin"), BOTH);
    assert_eq!(may(&moot, context, "rita"), JOIN);
    moot.by("alice").within(sub).does(revoke_in(context, "erin", 0x80));
    assert_eq!(may(&moot, context, "erin"), NEITHER);
}

#[test]
fn a_capability_in_one_context_opens_no_other() {
    let (mut moot, sub, context) = a_context(Restricted);
    let other = moot.by("alice").within(sub).does(register_as(Some(Restricted))).into();
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(grant_in(context, "erin", 1));
    assert_eq!((may(&moot, context, "erin"), may(&moot, other, "erin")), (BOTH, NEITHER));
}

#[test]
fn strangers_may_join_nothing() {
    let (moot, _, context) = a_context(Open);
    assert_eq!(may(&moot, context, "sybil"), NEITHER);
}

#[test]
fn a_detached_context_is_closed_to_all() {
    let (mut moot, sub, context) = a_context(Open);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(detach(context));
    for name in ["alice", "erin"] {
        assert_eq!(may(&moot, context, name), NEITHER);
    }
}

#[test]
fn who_registered_a_context_has_no_right_to_join_it_by_that() {
    let (mut moot, sub, _) = a_context(Open);
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(grant("erin", CREATE_CONTEXT));
    let own = moot.by("erin").within(sub).does(register_as(Some(Restricted))).into();
    assert_eq!(may(&moot, own, "erin"), NEITHER);
}
