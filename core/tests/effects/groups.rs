//! Namespaces, groups and contexts come, go and change.

use crate::assert_told;
use crate::common::ops::*;
use crate::common::{Moot, who};
use folkmoot_core::{Effect, Effect::*, GroupId, MemberInfo, Role::*, UpgradePolicy, Visibility::*};

fn created(moot: &Moot, group: GroupId) -> Effect {
    GroupCreated { group, info: moot.view(group).info }
}

fn changed(moot: &Moot, group: GroupId) -> Effect {
    GroupChanged { group, info: moot.view(group).info }
}

fn admin(group: GroupId, name: &str) -> Effect {
    MemberAdded { group, member: who(name), info: MemberInfo { role: Admin, capabilities: 0, alias: String::new() } }
}

#[test]
fn a_namespace_is_created_with_its_root_and_founder() {
    let moot = Moot::founded_by("alice");
    let root = moot.root();
    assert_told(&moot, &[NamespaceCreated { namespace: moot.id() }, created(&moot, root), admin(root, "alice")]);
    assert_eq!(moot.effects()[0], NamespaceCreated { namespace: moot.id() }, "first of all");
}

#[test]
fn a_group_is_created() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    assert_told(&moot, &[created(&moot, sub)]);
}

#[test]
fn a_group_is_created_with_its_creator_in_it() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["dana"], Member);
    moot.by("alice").does(grant("dana", CREATE_SUBGROUP));
    let sub = moot.by("dana").creates("dana's");
    assert_told(&moot, &[created(&moot, sub), admin(sub, "dana")]);
}

#[test]
fn each_setting_changes_a_group() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    for op in [
        defaults(INVITE),
        default_visibility(Restricted),
        visibility(Restricted),
        policy(UpgradePolicy::Automatic),
        target(7, None),
        group_alias("new"),
    ] {
        let before = moot.view(sub).info;
        moot.by("alice").within(sub).does(op);
        assert_ne!(moot.view(sub).info, before);
        assert_told(&moot, &[changed(&moot, sub)]);
    }
}

#[test]
fn a_group_is_deleted_and_those_below_it_are() {
    let mut moot = Moot::founded_by("alice");
    let one = moot.by("alice").creates("one");
    let two = moot.by("alice").within(one).creates("two");
    for group in [one, two] {
        moot.by("alice").within(group).does(add("erin", Member));
        moot.by("alice").within(group).registers();
    }
    moot.by("alice").within(one).does(GROUP_DELETED);
    assert_told(&moot, &[GroupDeleted { group: one }, GroupDeleted { group: two }]);
}

#[test]
fn a_context_is_registered_named_and_detached() {
    let mut moot = Moot::founded_by("alice");
    let group = moot.root();
    let context = moot.by("alice").registers();
    let info = moot.context(context).unwrap();
    assert_told(&moot, &[ContextRegistered { group, context, info }]);
    moot.by("alice").does(context_alias(context, "c"));
    assert_told(&moot, &[ContextChanged { group, context, visibility: Open, alias: "c".to_owned() }]);
    moot.by("alice").does(detach(context));
    assert_told(&moot, &[ContextDetached { group, context }]);
}

#[test]
fn context_capabilities_change_to_none_at_last() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let (group, member) = (moot.root(), who("erin"));
    let context = moot.by("alice").registers();
    let told = |capabilities| ContextCapabilitiesChanged { group, context, member, capabilities };
    for (op, capabilities) in
        [(grant_in(context, "erin", 3), 3), (revoke_in(context, "erin", 1), 2), (revoke_in(context, "erin", 2), 0)]
    {
        moot.by("alice").does(op);
        assert_told(&moot, &[told(capabilities)]);
    }
}

#[test]
fn a_detached_context_takes_its_capabilities_along_untold() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("alice").registers();
    moot.by("alice").does(grant_in(context, "erin", 3));
    moot.by("alice").does(detach(context));
    assert_told(&moot, &[ContextDetached { group: moot.root(), context }]);
}
