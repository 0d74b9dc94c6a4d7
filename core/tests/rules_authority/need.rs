//! The column "need" of the op table, row by row: of people with one right each, who may, and who is `Unauthorized`.

use crate::common::ops::*;
use crate::common::{Moot, who};
use folkmoot_core::{ContextId, DraftError, GroupId, GroupOp, Role::*, UpgradePolicy, Visibility, VoidReason::*};

/// People of an open group below the root. None but `victim` is the subject of anything.
const PEOPLE: [&str; 13] = [
    "founder",        // Admin of the root
    "admin",          // Admin of the group
    "create context", // Members of the group, each with the one capability it is named after
    "invite",
    "join open",
    "manage members",
    "manage application",
    "create subgroup",
    "metadata",
    "plain",     // a Member with none
    "reader",    // a ReadOnly member
    "all above", // a Member of the root with all capabilities there, and no record in the group
    "elsewhere", // an Admin of a group beside this one
];
const CAPABILITIES: [(&str, u32); 7] = [
    ("create context", CREATE_CONTEXT),
    ("invite", INVITE),
    ("join open", JOIN_OPEN),
    ("manage members", MANAGE_MEMBERS),
    ("manage application", MANAGE_APPLICATION),
    ("create subgroup", CREATE_SUBGROUP),
    ("metadata", METADATA),
];
const ADMINS: [&str; 2] = ["founder", "admin"];

struct Scene {
    moot: Moot,
    group: GroupId,
    context: ContextId,
}

fn scene() -> Scene {
    let mut moot = Moot::founded_by("founder");
    moot.let_in("founder", &["all above"], Member);
    moot.by("founder").does(grant("all above", 0x7f));
    moot.by("founder").does(defaults(0));
    let beside = moot.by("founder").creates("beside");
    moot.by("founder").within(beside).does(add("elsewhere", Admin));
    let group = moot.by("founder").creates("group");
    moot.by("founder").within(group).does(add("admin", Admin));
    for (name, capability) in CAPABILITIES {
        moot.by("founder").within(group).does(add(name, Member));
        moot.by("founder").within(group).does(grant(name, capability));
    }
    moot.by("founder").within(group).does(add("plain", Member));
    moot.by("founder").within(group).does(add("reader", ReadOnly));
    moot.by("founder").within(group).does(add("victim", Member));
    let context = moot.by("founder").within(group).registers();
    Scene { moot, group, context }
}

impl Scene {
    /// Who may do this in the group. Everybody else is `Unauthorized`, and nothing else.
    fn may(&mut self, op: &GroupOp) -> Vec<&'static str> {
        self.may_in(self.group, op)
    }

    fn may_in(&mut self, group: GroupId, op: &GroupOp) -> Vec<&'static str> {
        let id = self.moot.id();
        let may = PEOPLE.into_iter().filter(|name| {
            let drafted = self.moot.engine.draft(&id, &group, &who(name), op.clone());
            assert!(drafted.is_ok() || drafted == Err(DraftError::Void(Unauthorized)), "{name}: {drafted:?}");
            drafted.is_ok()
        });
        may.collect()
    }

    /// Only Admins may, and whoever holds one of these capabilities here.
    #[track_caller]
    fn assert_may(&mut self, op: &GroupOp, capabilities: &[&'static str]) {
        let expected: Vec<&str> =
            PEOPLE.into_iter().filter(|name| ADMINS.contains(name) || capabilities.contains(name)).collect();
        assert_eq!(self.may(op), expected, "{}", op.name());
    }
}

/// All with standing in the group: its members, and those who inherit it from above.
fn all_with_standing() -> Vec<&'static str> {
    PEOPLE.into_iter().filter(|name| *name != "elsewhere").collect()
}

#[test]
fn noops_take_any_standing() {
    assert_eq!(scene().may(&NOOP), all_with_standing());
}

#[test]
fn subgroups_are_created_by_admins_and_holders_of_create_subgroup() {
    scene().assert_may(&subgroup("new"), &["create subgroup"]);
}

#[test]
fn groups_are_deleted_by_admins_of_the_group_above() {
    let mut scene = scene();
    assert_eq!(scene.may(&GROUP_DELETED), ["founder"]);
    let Scene { moot, group, .. } = &mut scene;
    let below = moot.by("founder").within(*group).creates("below");
    moot.by("founder").within(below).does(add("plain", Admin));
    assert_eq!(scene.may_in(below, &GROUP_DELETED), ADMINS);
}

#[test]
fn the_root_takes_an_admin_of_the_root_and_is_not_deleted_all_the_same() {
    let mut moot = scene().moot;
    moot.by("founder").cannot(GROUP_DELETED, RootGroup);
    moot.by("all above").cannot(GROUP_DELETED, Unauthorized);
}

#[test]
fn admins_are_added_by_admins_and_others_by_managers_too() {
    let mut scene = scene();
    scene.assert_may(&add("newcomer", Admin), &[]);
    scene.assert_may(&add("newcomer", Member), &["manage members"]);
    scene.assert_may(&add("newcomer", ReadOnly), &["manage members"]);
}

#[test]
fn others_are_removed_by_admins_and_managers() {
    scene().assert_may(&remove("victim"), &["manage members"]);
}

#[test]
fn everybody_may_leave() {
    for name in ["admin", "plain", "reader", "invite"] {
        let Scene { mut moot, group, .. } = scene();
        moot.by(name).within(group).does(remove(name));
        assert_eq!(moot.member_of(group, name), None);
    }
}

#[test]
fn roles_and_capabilities_are_given_and_taken_by_admins_alone() {
    let mut scene = scene();
    for role in [Admin, Member, ReadOnly] {
        scene.assert_may(&set_role("victim", role), &[]);
    }
    scene.assert_may(&grant("victim", INVITE), &[]);
    scene.assert_may(&revoke("victim", INVITE), &[]);
    scene.assert_may(&revoke("plain", INVITE), &[]);
}

#[test]
fn the_groups_settings_are_made_by_admins_alone() {
    let mut scene = scene();
    for op in [
        defaults(INVITE),
        default_visibility(Visibility::Restricted),
        visibility(Visibility::Restricted),
        policy(UpgradePolicy::Automatic),
    ] {
        scene.assert_may(&op, &[]);
    }
}

#[test]
fn the_target_application_is_set_by_admins_and_holders_of_manage_application() {
    scene().assert_may(&target(5, None), &["manage application"]);
}

#[test]
fn contexts_are_registered_by_admins_and_holders_of_create_context() {
    scene().assert_may(&register(), &["create context"]);
}

#[test]
fn contexts_are_detached_by_admins_and_by_who_registered_them() {
    let mut scene = scene();
    scene.assert_may(&detach(scene.context), &[]);
    let own = scene.moot.by("create context").within(scene.group).registers();
    scene.assert_may(&detach(own), &["create context"]);
}

#[test]
fn aliases_of_groups_are_set_by_admins_and_holders_of_metadata() {
    scene().assert_may(&group_alias("new"), &["metadata"]);
}

#[test]
fn aliases_of_members_are_set_by_admins_holders_of_metadata_and_the_member() {
    let mut scene = scene();
    scene.assert_may(&member_alias("victim", "new"), &["metadata"]);
    scene.assert_may(&member_alias("plain", "new"), &["metadata", "plain"]);
    scene.assert_may(&member_alias("reader", "new"), &["metadata", "reader"]);
}

#[test]
fn aliases_of_contexts_are_set_by_admins_holders_of_metadata_and_who_registered_them() {
    let mut scene = scene();
    scene.assert_may(&context_alias(scene.context, "new"), &["metadata"]);
    let own = scene.moot.by("create context").within(scene.group).registers();
    scene.assert_may(&context_alias(own, "new"), &["create context", "metadata"]);
}

#[test]
fn who_registered_a_context_needs_standing_to_detach_or_name_it() {
    let Scene { mut moot, group, .. } = scene();
    let own = moot.by("create context").within(group).registers();
    moot.by("founder").does(add("create context", Member));
    moot.by("founder").within(group).does(set_role("create context", ReadOnly));
    moot.by("create context").within(group).does(context_alias(own, "a reader's"));
    moot.by("founder").within(group).does(remove("create context"));
    moot.by("create context").within(group).does(context_alias(own, "inherited"));
    moot.by("founder").within(group).does(visibility(Visibility::Restricted));
    moot.by("create context").within(group).cannot(context_alias(own, "none"), Unauthorized);
    moot.by("create context").within(group).cannot(detach(own), Unauthorized);
}

#[test]
fn for_a_context_that_is_not_there_nobody_is_who_registered_it() {
    let mut scene = scene();
    let own = scene.moot.by("create context").within(scene.group).registers();
    scene.moot.by("create context").within(scene.group).does(detach(own));
    let Scene { moot, group, .. } = &mut scene;
    for context in [own, ContextId([9; 32])] {
        moot.by("create context").within(*group).cannot(detach(context), Unauthorized);
        moot.by("create context").within(*group).cannot(context_alias(context, "x"), Unauthorized);
        moot.by("metadata").within(*group).cannot(context_alias(context, "x"), NoSuchContext);
        moot.by("admin").within(*group).cannot(detach(context), NoSuchContext);
    }
}

#[test]
fn a_context_registered_in_another_group_is_not_ones_own_here() {
    let Scene { mut moot, group, .. } = scene();
    let own = moot.by("create context").within(group).registers();
    let other = moot.by("founder").within(group).creates("other");
    moot.by("create context").within(other).cannot(detach(own), Unauthorized);
    moot.by("admin").within(other).cannot(detach(own), NoSuchContext);
}

#[test]
fn context_capabilities_are_given_and_taken_by_admins_and_managers() {
    let mut scene = scene();
    scene.assert_may(&grant_in(scene.context, "victim", 1), &["manage members"]);
    scene.assert_may(&revoke_in(scene.context, "victim", 1), &["manage members"]);
}

#[test]
fn admins_are_invited_by_admins_and_others_by_holders_of_invite_too() {
    for (role, inviters) in [
        (Admin, &["founder", "admin"][..]),
        (Member, &["founder", "admin", "invite"]),
        (ReadOnly, &["founder", "admin", "invite"]),
    ] {
        let Scene { mut moot, group, .. } = scene();
        for inviter in PEOPLE {
            let invitation = Invitation::new(moot.id(), group, inviter, role);
            let claim = invitation.claimed_by("newcomer");
            let drafted = moot.engine.draft(&invitation.terms.namespace_id, &group, &who("newcomer"), claim);
            let expected = inviters.contains(&inviter);
            assert!(drafted.is_ok() == expected, "{inviter} invites as {role:?}: {drafted:?}");
            assert!(expected || drafted == Err(DraftError::Void(Unauthorized)));
        }
        let invitation = Invitation::new(moot.id(), group, inviters[inviters.len() - 1], role);
        moot.by("newcomer").within(group).does(invitation.claimed_by("newcomer"));
    }
}

#[test]
fn invitations_are_revoked_by_admins_and_holders_of_invite() {
    let mut scene = scene();
    let invitation = Invitation::new(scene.moot.id(), scene.group, "founder", Member);
    scene.assert_may(&invitation.revoked(), &["invite"]);
}
