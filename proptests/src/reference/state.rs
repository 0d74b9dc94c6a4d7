//! What a set of ops comes to: the live groups, what is in them and who gave it; and the column "effect" of SPEC §5.

use super::Rests;
use super::node::Node;
use folkmoot_core::group_op::GroupOp::*;
use folkmoot_core::group_op::UpgradePolicy;
use folkmoot_core::group_op::capabilities::CAN_JOIN_OPEN_CONTEXTS as BIT_2;
use folkmoot_core::{ContextId, GroupId, InvitationId, OpId, PublicKey, Role, Visibility};
use std::collections::{BTreeMap, BTreeSet};

/// What the preconditions are for.
const HELD: &str = "its preconditions hold";

/// The depth and id of the op that gave something.
pub type Giver = (u64, OpId);

/// What concurrent ops may write over one another (SPEC §5, "R:"): which, and whose.
pub type Register = (&'static str, [u8; 32]);

/// The state of a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    pub groups: BTreeMap<GroupId, Group>,
}

/// A group's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub parent: Option<GroupId>,
    pub alias: String,
    pub visibility: Visibility,
    pub default_capabilities: u32,
    pub default_visibility: Visibility,
    pub policy: UpgradePolicy,
    pub app_key: [u8; 32],
    pub application_id: [u8; 32],
    pub migration: Option<String>,
    pub members: BTreeMap<PublicKey, Record>,
    pub contexts: BTreeMap<ContextId, Context>,
    pub invitations: BTreeMap<InvitationId, Invitation>,
    pub barred: BTreeSet<PublicKey>,
    /// Who wrote each register last.
    pub writers: BTreeMap<Register, OpId>,
}

/// A member record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub role: Role,
    pub role_by: Giver,
    /// Each bit that is held, with the op that gave it.
    pub capabilities: BTreeMap<u32, Giver>,
    pub alias: String,
}

/// A context, with the application's own capabilities; never an empty mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    pub application_id: [u8; 32],
    pub blob_id: [u8; 32],
    pub source: String,
    pub service_name: Option<String>,
    pub visibility: Visibility,
    pub alias: String,
    pub registered_by: PublicKey,
    pub capabilities: BTreeMap<PublicKey, u8>,
}

/// What is known of an invitation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Invitation {
    pub uses: u32,
    pub revoked: bool,
}

impl State {
    /// The record of `p` in `group`.
    pub fn record(&self, group: &GroupId, p: &PublicKey) -> Option<&Record> {
        self.groups.get(group)?.members.get(p)
    }

    /// §5: "path(g) = g, parent(g), …, root", of a live group. What is above a live group is live.
    pub(super) fn path(&self, g: &GroupId) -> Vec<GroupId> {
        std::iter::successors(Some(*g), |at| self.groups.get(at)?.parent).collect()
    }

    /// A group and all groups below.
    pub(super) fn at_or_below(&self, above: &GroupId) -> Vec<GroupId> {
        self.groups.keys().filter(|group| self.path(group).contains(above)).copied().collect()
    }

    /// §5: "m is the root's last Admin", and `group` is the root: below, a record of the same person is like any other.
    pub(super) fn is_last_admin_of_the_root(&self, group: &GroupId, m: &PublicKey) -> bool {
        let group = &self.groups[group];
        let admins = group.members.iter().filter(|(_, record)| record.role == Role::Admin);
        group.parent.is_none() && admins.map(|(p, _)| p).eq([m])
    }

    /// §5, "effect". `prevailed`: over a concurrent writer, in §4.5.
    pub(super) fn apply(&mut self, o: &Node, prevailed: bool) {
        match &o.op {
            NamespaceCreated { alias, app_key, application_id, .. } => {
                let members = BTreeMap::from([(o.signer, Record::new(Role::Admin, (o.depth, o.id)))]);
                self.groups.insert(o.id.into(), Group { members, ..Group::new(alias, *app_key, *application_id) });
            }
            SubgroupCreated { alias, visibility } => {
                let above = &self.groups[&o.group_id];
                let mut group = Group {
                    parent: Some(o.group_id),
                    visibility: *visibility,
                    default_capabilities: above.default_capabilities,
                    default_visibility: above.default_visibility,
                    ..Group::new(alias, above.app_key, above.application_id)
                };
                if o.basis().ground.is_some_and(|ground| ground.rests_on != Rests::Admin) {
                    group.members.insert(o.signer, Record::new(Role::Admin, (o.depth, o.id)));
                }
                self.groups.insert(o.id.into(), group);
            }
            GroupDeleted => self.at_or_below(&o.group_id).iter().for_each(|id| drop(self.groups.remove(id))),
            MemberRemoved { member } => {
                for id in self.at_or_below(&o.group_id) {
                    let group = self.groups.get_mut(&id).expect(HELD);
                    group.members.remove(member);
                    group.contexts.values_mut().for_each(|context| context.capabilities.retain(|p, _| p != member));
                }
                self.bar(o);
            }
            _ => self.groups.get_mut(&o.group_id).expect(HELD).apply(o, prevailed),
        }
    }

    /// §5: a MemberRemoved of another bars m here.
    pub(super) fn bar(&mut self, o: &Node) {
        let barred = o.member().filter(|m| matches!(o.op, MemberRemoved { .. }) && *m != o.signer);
        self.groups.get_mut(&o.group_id).expect(HELD).barred.extend(barred);
    }
}

impl Record {
    const fn new(role: Role, role_by: Giver) -> Self {
        Self { role, role_by, capabilities: BTreeMap::new(), alias: String::new() }
    }

    /// The bits that are held, as a mask.
    pub fn mask(&self) -> u32 {
        self.capabilities.keys().sum()
    }

    /// "What was held is not given anew, what is new is given by this op."
    pub(super) fn give_bits(&mut self, mask: u32, by: Giver) {
        for bit in (0..7).map(|number| 1 << number).filter(|bit| mask & bit != 0) {
            self.capabilities.entry(bit).or_insert(by);
        }
    }

    /// "A role that stays the same is not given anew." A ReadOnly record holds bit 2 at most.
    pub(super) fn give_role(&mut self, role: Role, by: Giver) {
        if self.role != role {
            (self.role, self.role_by) = (role, by);
        }
        self.capabilities.retain(|bit, _| role != Role::ReadOnly || *bit == BIT_2);
    }
}

impl Group {
    fn new(alias: &str, app_key: [u8; 32], application_id: [u8; 32]) -> Self {
        Self {
            parent: None,
            alias: alias.to_owned(),
            visibility: Visibility::Open,
            default_capabilities: BIT_2,
            default_visibility: Visibility::Open,
            policy: UpgradePolicy::LazyOnAccess,
            app_key,
            application_id,
            migration: None,
            members: BTreeMap::new(),
            contexts: BTreeMap::new(),
            invitations: BTreeMap::new(),
            barred: BTreeSet::new(),
            writers: BTreeMap::new(),
        }
    }

    /// §5, "Admission of m with a role".
    fn admit(&mut self, m: PublicKey, role: Role, by: Giver, prevailed: bool) {
        let capabilities = match role {
            Role::Member => self.default_capabilities,
            Role::ReadOnly => self.default_capabilities & BIT_2,
            Role::Admin => 0,
        };
        if !self.members.contains_key(&m) {
            self.writers.remove(&("MemberAliasSet", m.0));
        }
        let record = self.members.entry(m).or_insert_with(|| Record::new(role, by));
        record.give_role(if prevailed { role } else { role.min(record.role) }, by);
        record.give_bits(capabilities, by);
        self.barred.remove(&m);
    }

    /// §5: "In the fold, MemberRoleSet and CapabilitiesGranted for an m without a record are admissions first".
    fn admitted(&mut self, m: &PublicKey, role: Role, by: Giver) -> &mut Record {
        if !self.members.contains_key(m) {
            self.admit(*m, role, by, false);
        }
        self.members.get_mut(m).expect("it was admitted")
    }

    /// §5, "effect", of ops that touch nothing but their own group.
    fn apply(&mut self, o: &Node, prevailed: bool) {
        let by = (o.depth, o.id);
        match &o.op {
            MemberAdded { member, role } => self.admit(*member, *role, by, prevailed),
            JoinWithInvitationClaim { invitation, .. } => {
                self.admit(o.signer, invitation.role, by, prevailed);
                self.invitations.entry(invitation.id()).or_default().uses += 1;
            }
            MemberRoleSet { member, role } => {
                let record = self.admitted(member, *role, by);
                record.give_role(if o.basis().lowers { record.role.max(*role) } else { *role }, by);
            }
            CapabilitiesGranted { member, capabilities } => {
                let role = if *capabilities == BIT_2 { Role::ReadOnly } else { Role::Member };
                self.admitted(member, role, by).give_bits(*capabilities, by);
            }
            CapabilitiesRevoked { member, capabilities } => {
                self.members.get_mut(member).expect(HELD).capabilities.retain(|bit, _| capabilities & bit == 0);
            }
            DefaultCapabilitiesSet { capabilities } => self.default_capabilities = *capabilities,
            DefaultVisibilitySet { visibility } => self.default_visibility = *visibility,
            GroupVisibilitySet { visibility } => self.visibility = *visibility,
            UpgradePolicySet { policy } => self.policy = *policy,
            TargetApplicationSet { app_key, application_id, migration } => {
                (self.app_key, self.application_id, self.migration) = (*app_key, *application_id, migration.clone());
            }
            ContextRegistered { application_id, blob_id, source, service_name, visibility } => {
                let context = Context {
                    application_id: *application_id,
                    blob_id: *blob_id,
                    source: source.clone(),
                    service_name: service_name.clone(),
                    visibility: visibility.unwrap_or(self.default_visibility),
                    alias: String::new(),
                    registered_by: o.signer,
                    capabilities: BTreeMap::new(),
                };
                self.contexts.insert(o.id.into(), context);
            }
            ContextDetached { context_id } => drop(self.contexts.remove(context_id)),
            GroupAliasSet { alias } => self.alias.clone_from(alias),
            MemberAliasSet { member, alias } => self.members.get_mut(member).expect(HELD).alias.clone_from(alias),
            ContextAliasSet { context_id: c, alias } => self.contexts.get_mut(c).expect(HELD).alias.clone_from(alias),
            ContextCapabilityGranted { context_id: c, member, capabilities } => {
                *self.contexts.get_mut(c).expect(HELD).capabilities.entry(*member).or_default() |= capabilities;
            }
            ContextCapabilityRevoked { context_id: c, member, capabilities } => {
                let held = &mut self.contexts.get_mut(c).expect(HELD).capabilities;
                held.entry(*member).and_modify(|mask| *mask &= !capabilities);
                held.retain(|_, mask| *mask != 0);
            }
            InvitationRevoked { invitation_id } => self.invitations.entry(*invitation_id).or_default().revoked = true,
            // They touch no group, or more than this one.
            Noop | NamespaceCreated { .. } | SubgroupCreated { .. } | GroupDeleted | MemberRemoved { .. } => {}
        }
    }
}
