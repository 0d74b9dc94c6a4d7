//! What a set of ops comes to (SPEC §5, §6), with who gave what.

use folkmoot_core::group_op::UpgradePolicy;
use folkmoot_core::{ContextId, GroupId, InvitationId, OpId, PublicKey, Role, Visibility};
use std::collections::{BTreeMap, BTreeSet};

/// The state of a namespace: its live groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The groups that exist.
    pub groups: BTreeMap<GroupId, Group>,
}

impl State {
    /// The record of `p` in `group`.
    pub fn record(&self, group: &GroupId, p: &PublicKey) -> Option<&Record> {
        self.groups.get(group)?.members.get(p)
    }

    /// Whether `group` is `above` or lies somewhere below it. Both exist.
    pub(super) fn is_at_or_below(&self, group: &GroupId, above: &GroupId) -> bool {
        let mut at = Some(*group);
        while let Some(here) = at {
            if here == *above {
                return true;
            }
            at = self.groups.get(&here).and_then(|group| group.parent);
        }
        false
    }

    /// The live groups that are `above` or lie below it.
    pub(super) fn at_or_below(&self, above: &GroupId) -> Vec<GroupId> {
        self.groups.keys().filter(|group| self.is_at_or_below(group, above)).copied().collect()
    }
}

/// A group's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group above; none for the root.
    pub parent: Option<GroupId>,
    /// Its name.
    pub alias: String,
    /// Whether standing is inherited into it.
    pub visibility: Visibility,
    /// What new members get.
    pub default_capabilities: u32,
    /// What new contexts get.
    pub default_visibility: Visibility,
    /// When contexts are upgraded.
    pub policy: UpgradePolicy,
    /// The key of the target application.
    pub app_key: [u8; 32],
    /// The target application.
    pub application_id: [u8; 32],
    /// How contexts move to it.
    pub migration: Option<String>,
    /// The records.
    pub members: BTreeMap<PublicKey, Record>,
    /// The contexts.
    pub contexts: BTreeMap<ContextId, Context>,
    /// The invitations that were used or revoked.
    pub invitations: BTreeMap<InvitationId, Invitation>,
    /// Who was removed by another.
    pub barred: BTreeSet<PublicKey>,
    /// Who wrote each register last.
    pub writers: BTreeMap<Register, OpId>,
}

/// A member record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The role.
    pub role: Role,
    /// The op that gave it.
    pub role_by: OpId,
    /// The capability bits that are held, by number, each with the op that gave it.
    pub capabilities: BTreeMap<u8, OpId>,
    /// The member's name here.
    pub alias: String,
}

impl Record {
    /// The bits that are held, as a mask.
    pub fn mask(&self) -> u32 {
        self.capabilities.keys().fold(0, |mask, bit| mask | (1 << bit))
    }

    /// "What was held is not given anew, what is new is given by this op."
    pub(super) fn give_bits(&mut self, mask: u32, giver: OpId) {
        for bit in (0..7).filter(|bit| mask & (1 << bit) != 0) {
            self.capabilities.entry(bit).or_insert(giver);
        }
    }

    /// Keeps only these bits.
    pub(super) fn keep_bits(&mut self, mask: u32) {
        self.capabilities.retain(|bit, _| mask & (1 << bit) != 0);
    }

    /// "A role that stays the same is not given anew."
    pub(super) fn give_role(&mut self, role: Role, giver: OpId) {
        if self.role != role {
            self.role = role;
            self.role_by = giver;
        }
    }
}

/// A context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Its application.
    pub application_id: [u8; 32],
    /// The application's code.
    pub blob_id: [u8; 32],
    /// Where that came from.
    pub source: String,
    /// Which service of it.
    pub service_name: Option<String>,
    /// Who may come in without being asked.
    pub visibility: Visibility,
    /// Its name.
    pub alias: String,
    /// Who registered it.
    pub registered_by: PublicKey,
    /// The application's own capabilities; never an empty mask.
    pub capabilities: BTreeMap<PublicKey, u8>,
}

/// What is known of an invitation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Invitation {
    /// How many claims took effect.
    pub uses: u32,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// What concurrent ops may write over one another (SPEC §5, "R:").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are named as SPEC names them")]
pub enum Register {
    Member(PublicKey),
    DefaultCapabilities,
    DefaultVisibility,
    GroupVisibility,
    UpgradePolicy,
    TargetApplication,
    GroupAlias,
    MemberAlias(PublicKey),
    ContextAlias(ContextId),
}
