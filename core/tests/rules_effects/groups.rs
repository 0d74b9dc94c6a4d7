//! NamespaceCreated, SubgroupCreated, GroupDeleted.

use crate::common::ops::*;
use crate::common::{Moot, who};
use folkmoot_core::{GroupInfo, MemberInfo, Role::*, UpgradePolicy, Visibility::*, VoidReason::*};
use std::collections::BTreeMap;

fn record(role: folkmoot_core::Role, capabilities: u32) -> MemberInfo {
    MemberInfo { role, capabilities, alias: String::new() }
}

#[test]
fn a_namespace_begins_with_an_open_root_whose_founder_is_its_admin() {
    let moot = Moot::founded_by("alice");
    let view = moot.view(moot.root());
    let expected = GroupInfo {
        parent: None,
        alias: "root".to_owned(),
        visibility: Open,
        default_capabilities: JOIN_OPEN,
        default_visibility: Open,
        upgrade_policy: UpgradePolicy::LazyOnAccess,
        app_key: [1; 32],
        application_id: [2; 32],
        migration: None,
    };
    assert_eq!(view.info, expected);
    assert_eq!(view.members, BTreeMap::from([(who("alice"), record(Admin, 0))]));
    assert!(view.contexts.is_empty() && view.invitations.is_empty() && view.barred.is_empty());
}

#[test]
fn a_subgroup_takes_defaults_and_application_from_above_and_nothing_else() {
    let mut moot = Moot::founded_by("alice");
    moot.by("alice").does(defaults(INVITE | METADATA));
    moot.by("alice").does(default_visibility(Restricted));
    moot.by("alice").does(policy(UpgradePolicy::Automatic));
    moot.by("alice").does(target(7, Some("migrate")));
    let open = moot.by("alice").creates("open");
    let restricted = moot.by("alice").within(open).does(restricted_subgroup("restricted")).into();
    for (group, parent, alias, visibility) in
        [(open, moot.root(), "open", Open), (restricted, open, "restricted", Restricted)]
    {
        let expected = GroupInfo {
            parent: Some(parent),
            alias: alias.to_owned(),
            visibility,
            default_capabilities: INVITE | METADATA,
            default_visibility: Restricted,
            upgrade_policy: UpgradePolicy::LazyOnAccess,
            app_key: [7; 32],
            application_id: [107; 32],
            migration: None,
        };
        assert_eq!(moot.view(group).info, expected);
    }
}

#[test]
fn the_migration_of_the_group_above_stays_there() {
    let mut moot = Moot::founded_by("alice");
    moot.by("alice").does(target(7, Some("migrate")));
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(group_alias("touched"));
    assert_eq!(moot.view(moot.root()).info.migration.as_deref(), Some("migrate"));
    assert_eq!(moot.view(sub).info.migration, None);
    moot.by("alice").within(sub).does(target(7, Some("own")));
    assert_eq!(moot.view(sub).info.migration.as_deref(), Some("own"));
}

#[test]
fn later_defaults_above_do_not_reach_the_subgroup() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").does(defaults(INVITE));
    moot.by("alice").does(target(7, None));
    let info = moot.view(sub).info;
    assert_eq!((info.default_capabilities, info.app_key), (JOIN_OPEN, [1; 32]));
}

#[test]
fn who_creates_a_subgroup_as_an_admin_gets_no_record_in_it() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    assert!(moot.view(sub).members.is_empty());
}

#[test]
fn who_creates_a_subgroup_by_a_capability_becomes_its_admin() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["dana"], Member);
    moot.by("alice").does(grant("dana", CREATE_SUBGROUP | INVITE));
    let sub = moot.by("dana").creates("dana's");
    assert_eq!(moot.view(sub).members, BTreeMap::from([(who("dana"), record(Admin, 0))]));
}

#[test]
fn who_creates_a_subgroup_as_an_admin_holding_the_capability_gets_no_record() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.by("alice").does(grant("bob", CREATE_SUBGROUP));
    let sub = moot.by("bob").creates("sub");
    assert!(moot.view(sub).members.is_empty());
}

/// Whether the creator gets a record depends on the ground it had, not on the one found anew (SPEC §5: "of its basis").
#[test]
fn the_basis_decides_whether_the_creator_gets_a_record() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["dana"], Member);
    moot.by("alice").does(grant("dana", CREATE_SUBGROUP));
    let base = moot.heads();
    moot.by("alice").on(&base).does(set_role("dana", Admin));
    let later = moot.by("dana").on(&base).noops(1);
    let sub = moot.by("dana").on(&[later]).creates("dana's");
    assert_eq!(moot.view(sub).members, BTreeMap::from([(who("dana"), record(Admin, 0))]));
}

#[test]
fn a_group_may_lie_sixteen_edges_below_the_root_and_no_more() {
    let mut moot = Moot::founded_by("alice");
    let mut group = moot.root();
    for depth in 1..=folkmoot_core::limits::MAX_NAMESPACE_DEPTH {
        group = moot.by("alice").within(group).creates(&format!("{depth}"));
    }
    moot.by("alice").within(group).cannot(subgroup("17"), TooDeep);
    moot.by("alice").within(group).does(add("erin", Member));
    assert_eq!(moot.member_of(group, "erin").map(|member| member.role), Some(Member));
}

#[test]
fn the_root_cannot_be_deleted() {
    let mut moot = Moot::founded_by("alice");
    moot.by("alice").cannot(GROUP_DELETED, RootGroup);
}

#[test]
fn a_deleted_group_is_gone_with_all_below_and_their_contexts() {
    let mut moot = Moot::founded_by("alice");
    let one = moot.by("alice").creates("one");
    let two = moot.by("alice").within(one).creates("two");
    let beside = moot.by("alice").creates("beside");
    let contexts = [one, two, beside].map(|group| moot.by("alice").within(group).registers());
    moot.by("alice").within(one).does(GROUP_DELETED);
    assert_eq!([one, two, beside].map(|group| moot.exists(group)), [false, false, true]);
    assert_eq!(contexts.map(|context| moot.context(context).is_some()), [false, false, true]);
    assert_eq!(moot.engine.groups(&moot.id()), [moot.root(), beside].into());
    for group in [one, two] {
        moot.by("alice").within(group).cannot(subgroup("again"), NoSuchGroup);
        moot.by("alice").within(group).cannot(GROUP_DELETED, NoSuchGroup);
    }
}
