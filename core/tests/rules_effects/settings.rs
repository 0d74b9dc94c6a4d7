//! The settings of a group: defaults, visibility, policy, target application, aliases of the group and of members.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{Role::*, UpgradePolicy, Visibility::*, VoidReason::*};

#[test]
fn default_capabilities_are_for_members_who_come_later() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["bob"], Member);
    moot.by("alice").does(defaults(INVITE));
    moot.let_in("alice", &["carol"], Member);
    moot.by("alice").does(defaults(0));
    moot.let_in("alice", &["dave"], Member);
    assert_eq!(["bob", "carol", "dave"].map(|name| moot.capabilities(name)), [JOIN_OPEN, INVITE, 0]);
}

#[test]
fn default_visibility_is_for_contexts_registered_later() {
    let mut moot = Moot::founded_by("alice");
    let first = moot.by("alice").registers();
    moot.by("alice").does(default_visibility(Restricted));
    let second = moot.by("alice").registers();
    let named = moot.by("alice").does(register_as(Some(Open))).into();
    let visibilities = [first, second, named].map(|context| moot.context(context).unwrap().visibility);
    assert_eq!(visibilities, [Open, Restricted, Open]);
    assert_eq!(moot.view(moot.root()).info.visibility, Open);
}

#[test]
fn a_group_is_restricted_and_opened_again() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    for wanted in [Restricted, Open] {
        moot.by("alice").within(sub).does(visibility(wanted));
        assert_eq!(moot.view(sub).info.visibility, wanted);
    }
}

#[test]
fn the_root_stays_open() {
    let mut moot = Moot::founded_by("alice");
    for wanted in [Restricted, Open] {
        moot.by("alice").cannot(visibility(wanted), RootGroup);
    }
}

#[test]
fn the_upgrade_policy_is_what_was_set_last() {
    let mut moot = Moot::founded_by("alice");
    let deadlines = [Some(0), None, Some(u64::MAX)].map(|deadline_secs| UpgradePolicy::Coordinated { deadline_secs });
    for wanted in [UpgradePolicy::Automatic, UpgradePolicy::LazyOnAccess].into_iter().chain(deadlines) {
        moot.by("alice").does(policy(wanted));
        assert_eq!(moot.view(moot.root()).info.upgrade_policy, wanted);
    }
}

#[test]
fn a_target_application_is_set_whole_its_migration_included() {
    let mut moot = Moot::founded_by("alice");
    moot.by("alice").does(target(7, Some("migrate")));
    let info = moot.view(moot.root()).info;
    assert_eq!((info.app_key, info.application_id, info.migration.as_deref()), ([7; 32], [107; 32], Some("migrate")));
    moot.by("alice").does(target(8, None));
    let info = moot.view(moot.root()).info;
    assert_eq!((info.app_key, info.application_id, info.migration), ([8; 32], [108; 32], None));
}

#[test]
fn a_group_may_have_any_alias_and_none() {
    let mut moot = Moot::founded_by("alice");
    for alias in ["new", "", "Þing ☙", "new"] {
        moot.by("alice").does(group_alias(alias));
        assert_eq!(moot.view(moot.root()).info.alias, alias);
    }
}

#[test]
fn an_alias_of_a_member_is_of_this_group_alone() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("erin").does(member_alias("erin", "E"));
    moot.by("alice").within(sub).does(member_alias("erin", "Erin of sub"));
    assert_eq!(moot.member("erin").unwrap().alias, "E");
    assert_eq!(moot.member_of(sub, "erin").unwrap().alias, "Erin of sub");
}

#[test]
fn who_has_no_record_here_has_no_alias_here() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").cannot(member_alias("nobody", "N"), NoSuchMember);
    moot.by("bob").within(sub).cannot(member_alias("bob", "B"), NoSuchMember);
}

#[test]
fn an_alias_goes_with_the_record() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(member_alias("erin", "E"));
    moot.by("alice").does(set_role("erin", Admin));
    assert_eq!(moot.member("erin").unwrap().alias, "E");
    moot.by("alice").does(remove("erin"));
    moot.by("alice").does(add("erin", Member));
    assert_eq!(moot.member("erin").unwrap().alias, "");
}
