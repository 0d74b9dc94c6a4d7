//! The column "effect" of SPEC §5.

use super::authority::{Rests, bit};
use super::dag::Node;
use super::preconditions::only_bit_2;
use super::state::{Context, Group, Record, Register, State};
use folkmoot_core::group_op::{GroupOp, UpgradePolicy, capabilities};
use folkmoot_core::{OpId, PublicKey, Role, Visibility};
use std::collections::{BTreeMap, BTreeSet};

const BIT_2: u32 = capabilities::CAN_JOIN_OPEN_CONTEXTS;

/// Applies an effective op. `prevailed`: over a concurrent writer, in §4.5.
pub(super) fn apply(s: &mut State, node: &Node, prevailed: bool) {
    match node.payload() {
        GroupOp::NamespaceCreated { .. } | GroupOp::SubgroupCreated { .. } => create(s, node),
        // "the group, all groups below and their contexts are gone"
        GroupOp::GroupDeleted => {
            for group in s.at_or_below(&node.group) {
                s.groups.remove(&group);
            }
        }
        GroupOp::MemberRemoved { member } => {
            // "record of m gone here and in all groups below, with m's context capabilities there"
            for id in s.at_or_below(&node.group) {
                let Some(group) = s.groups.get_mut(&id) else { continue };
                group.members.remove(member);
                group.contexts.values_mut().for_each(|context| {
                    context.capabilities.remove(member);
                });
            }
            bar(s, node);
        }
        _ => {
            if let Some(group) = s.groups.get_mut(&node.group) {
                apply_here(group, node, prevailed);
            }
        }
    }
}

/// "if signer ≠ m, m is barred here", for a MemberRemoved.
pub(super) fn bar(s: &mut State, node: &Node) {
    let Some(group) = s.groups.get_mut(&node.group) else { return };
    if let GroupOp::MemberRemoved { member } = node.payload()
        && node.signer() != *member
    {
        group.barred.insert(*member);
    }
}

fn create(s: &mut State, node: &Node) {
    let founder = Record { role: Role::Admin, role_by: node.id, capabilities: BTreeMap::new(), alias: String::new() };
    let mut group = Group {
        parent: None,
        alias: String::new(),
        visibility: Visibility::Open,
        default_capabilities: BIT_2,
        default_visibility: Visibility::Open,
        policy: UpgradePolicy::LazyOnAccess,
        app_key: [0; 32],
        application_id: [0; 32],
        migration: None,
        members: BTreeMap::new(),
        contexts: BTreeMap::new(),
        invitations: BTreeMap::new(),
        barred: BTreeSet::new(),
        writers: BTreeMap::new(),
    };
    match node.payload() {
        // "the root, Open: founder its Admin with no capabilities, default capabilities bit 2, default visibility Open,
        // policy LazyOnAccess, no migration"
        GroupOp::NamespaceCreated { alias, app_key, application_id, .. } => {
            group.alias.clone_from(alias);
            group.app_key = *app_key;
            group.application_id = *application_id;
            group.members.insert(node.signer(), founder);
        }
        // "new group under op.group_id with its default capabilities, default visibility, app_key and application_id,
        // no migration, policy LazyOnAccess; if the ground of its basis does not rest on the Admin role, the signer
        // gets an Admin record in it"
        GroupOp::SubgroupCreated { alias, visibility } => {
            let Some(above) = s.groups.get(&node.group) else { return };
            group.parent = Some(node.group);
            group.alias.clone_from(alias);
            group.visibility = *visibility;
            group.default_capabilities = above.default_capabilities;
            group.default_visibility = above.default_visibility;
            group.app_key = above.app_key;
            group.application_id = above.application_id;
            if node.rests_on() != Some(Rests::Admin) {
                group.members.insert(node.signer(), founder);
            }
        }
        _ => return,
    }
    s.groups.insert(node.id.into(), group);
}

/// §5, "The role's capabilities".
const fn capabilities_of(group: &Group, role: Role) -> u32 {
    match role {
        Role::Member => group.default_capabilities,
        Role::ReadOnly => group.default_capabilities & BIT_2,
        Role::Admin => 0,
    }
}

/// §5, "Admission of m with a role".
fn admit(group: &mut Group, m: PublicKey, role: Role, giver: OpId, prevailed: bool) {
    let mask = capabilities_of(group, role);
    match group.members.get_mut(&m) {
        // "If m has no record: one is made with that role, these capabilities, alias "" and no last writer of its
        // alias."
        None => {
            let mut record = Record { role, role_by: giver, capabilities: BTreeMap::new(), alias: String::new() };
            record.give_bits(mask, giver);
            group.members.insert(m, record);
            group.writers.remove(&Register::MemberAlias(m));
        }
        // "If m has one, and the op prevailed over a concurrent writer in §4.5: the role becomes the one given, the
        // capabilities the union with these (∧ bit 2 if it is now ReadOnly)"
        Some(record) if prevailed => {
            record.give_role(role, giver);
            record.give_bits(mask, giver);
            if record.role == Role::ReadOnly {
                record.keep_bits(BIT_2);
            }
        }
        // "Otherwise it only gains: the higher role, the union."
        Some(record) => {
            record.give_role(record.role.min(role), giver);
            record.give_bits(mask, giver);
        }
    }
    // "The bar of m here is lifted."
    group.barred.remove(&m);
}

/// The effects that touch nothing but the op's own group.
fn apply_here(group: &mut Group, node: &Node, prevailed: bool) {
    let giver = node.id;
    match node.payload() {
        GroupOp::MemberAdded { member, role } => admit(group, *member, *role, giver, prevailed),
        GroupOp::JoinWithInvitationClaim { invitation, .. } => {
            admit(group, node.signer(), invitation.role, giver, prevailed);
            // "uses + 1"
            group.invitations.entry(invitation.id()).or_default().uses += 1;
        }
        GroupOp::MemberRoleSet { member, role } => {
            // "In the fold, MemberRoleSet and CapabilitiesGranted for an m without a record are admissions first: with
            // the role given"
            if !group.members.contains_key(member) {
                admit(group, *member, *role, giver, false);
            }
            let Some(record) = group.members.get_mut(member) else { return };
            // "if it lowers: role := the lower of current and given; else role := given"
            record.give_role(if node.lowers() { record.role.max(*role) } else { *role }, giver);
            // "If the role is now ReadOnly: capabilities ∧ bit 2."
            if record.role == Role::ReadOnly {
                record.keep_bits(BIT_2);
            }
        }
        GroupOp::CapabilitiesGranted { member, capabilities } => {
            // "as ReadOnly if only bit 2 is granted, else as Member"
            if !group.members.contains_key(member) {
                let role = if only_bit_2(*capabilities) { Role::ReadOnly } else { Role::Member };
                admit(group, *member, role, giver, false);
            }
            // "bits set; those already held are not given anew"
            if let Some(record) = group.members.get_mut(member) {
                record.give_bits(*capabilities, giver);
            }
        }
        GroupOp::CapabilitiesRevoked { member, capabilities } => {
            if let Some(record) = group.members.get_mut(member) {
                record.keep_bits(!capabilities);
            }
        }
        GroupOp::ContextRegistered { application_id, blob_id, source, service_name, visibility } => {
            let context = Context {
                application_id: *application_id,
                blob_id: *blob_id,
                source: source.clone(),
                service_name: service_name.clone(),
                // "visibility: given, or the group's default"
                visibility: visibility.unwrap_or(group.default_visibility),
                alias: String::new(),
                registered_by: node.signer(),
                capabilities: BTreeMap::new(),
            };
            group.contexts.insert(node.id.into(), context);
        }
        // "context gone, with its context capabilities"
        GroupOp::ContextDetached { context_id } => {
            group.contexts.remove(context_id);
        }
        GroupOp::ContextCapabilityGranted { context_id, member, capabilities } => {
            if let Some(context) = group.contexts.get_mut(context_id) {
                *context.capabilities.entry(*member).or_insert(0) |= capabilities;
            }
        }
        // "bits cleared; an empty mask is removed"
        GroupOp::ContextCapabilityRevoked { context_id, member, capabilities } => {
            if let Some(context) = group.contexts.get_mut(context_id) {
                if let Some(mask) = context.capabilities.get_mut(member) {
                    *mask &= !capabilities;
                }
                context.capabilities.retain(|_, mask| *mask != 0);
            }
        }
        // "revoked, known or not"
        GroupOp::InvitationRevoked { invitation_id } => {
            group.invitations.entry(*invitation_id).or_default().revoked = true;
        }
        _ => set(group, node),
    }
}

/// The settings, and the names.
fn set(group: &mut Group, node: &Node) {
    match node.payload() {
        GroupOp::DefaultCapabilitiesSet { capabilities } => group.default_capabilities = *capabilities,
        GroupOp::DefaultVisibilitySet { visibility } => group.default_visibility = *visibility,
        GroupOp::GroupVisibilitySet { visibility } => group.visibility = *visibility,
        GroupOp::UpgradePolicySet { policy } => group.policy = *policy,
        GroupOp::TargetApplicationSet { app_key, application_id, migration } => {
            group.app_key = *app_key;
            group.application_id = *application_id;
            group.migration.clone_from(migration);
        }
        GroupOp::GroupAliasSet { alias } => group.alias.clone_from(alias),
        GroupOp::MemberAliasSet { member, alias } => {
            if let Some(record) = group.members.get_mut(member) {
                record.alias.clone_from(alias);
            }
        }
        GroupOp::ContextAliasSet { context_id, alias } => {
            if let Some(context) = group.contexts.get_mut(context_id) {
                context.alias.clone_from(alias);
            }
        }
        _ => {}
    }
}

const _: () = assert!(bit(BIT_2) == 2);
