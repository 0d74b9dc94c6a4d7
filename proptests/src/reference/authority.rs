//! Ranks (SPEC §3), needs and grounds (SPEC §5).

use super::dag::Dag;
use super::state::{Record, State};
use folkmoot_core::group_op::{GroupOp, capabilities};
use folkmoot_core::{GroupId, NamespaceId, OpId, PublicKey, Role, Visibility};

/// The rank of a member record; smaller is more senior (SPEC §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Edges from the record's group up to the root.
    pub level: usize,
    /// 0 Admin, 1 holder of capability 3, 2 else.
    pub tier: u8,
    /// Depth of the op that gave what the tier goes by.
    pub depth: u64,
    /// That op.
    pub id: OpId,
}

/// What of a record carries an op.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rests {
    /// The Admin role.
    Admin,
    /// A capability bit, by its number.
    Bit(u8),
    /// That there is a record.
    Record,
}

/// A record that carries an op (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ground {
    /// The group of the record.
    pub group: GroupId,
    /// What of it.
    pub rests_on: Rests,
    /// The op that gave that.
    pub given_by: OpId,
}

/// What an op asks for (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Admin,
    Cap(u8),
    Any,
}

/// The number of the one bit of a mask.
pub(super) const fn bit(mask: u32) -> u8 {
    mask.trailing_zeros().to_le_bytes()[0]
}

/// An op as far as its authority and preconditions go: with no parents, no nonce and no signature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft<'a> {
    pub(super) namespace: NamespaceId,
    pub(super) group: GroupId,
    pub(super) signer: PublicKey,
    pub(super) op: &'a GroupOp,
    /// Both signatures of a claim verify.
    pub(super) claim_verified: bool,
}

impl Draft<'_> {
    /// §5: "The principal is the signer; for JoinWithInvitationClaim, the inviter."
    pub(super) fn principal(&self) -> PublicKey {
        match self.op {
            GroupOp::JoinWithInvitationClaim { invitation, .. } => invitation.inviter,
            _ => self.signer,
        }
    }

    /// §3: "An op lowers if it is MemberRemoved, or MemberRoleSet to a lower role than the member has in F(past(o))."
    pub(super) fn lowers(&self, past: &State) -> bool {
        match self.op {
            GroupOp::MemberRemoved { .. } => true,
            GroupOp::MemberRoleSet { member, role } => {
                past.record(&self.group, member).is_some_and(|record| *role > record.role)
            }
            _ => false,
        }
    }

    /// The column "need" of §5: in which group, and the needs in turn.
    fn needs(&self, dag: &Dag, state: &State) -> (GroupId, Vec<Need>) {
        use Need::{Admin, Any, Cap};
        let here = self.group;
        let registered_it = |context: &_| {
            let group = state.groups.get(&here);
            group.and_then(|group| group.contexts.get(context)).is_some_and(|it| it.registered_by == self.signer)
        };
        let manager = bit(capabilities::MANAGE_MEMBERS);
        let metadata = bit(capabilities::CAN_MANAGE_METADATA);
        let inviter = bit(capabilities::CAN_INVITE_MEMBERS);
        match self.op {
            GroupOp::Noop => (here, vec![Any]),
            GroupOp::SubgroupCreated { .. } => (here, vec![Admin, Cap(bit(capabilities::CAN_CREATE_SUBGROUP))]),
            // "Admin in parent(op.group_id) (of the root: in the root)"
            GroupOp::GroupDeleted => (dag.parent_of(&here).unwrap_or(here), vec![Admin]),
            // "Admin; or cap 3 if role ≠ Admin"
            GroupOp::MemberAdded { role: Role::Admin, .. } => (here, vec![Admin]),
            GroupOp::MemberAdded { .. } => (here, vec![Admin, Cap(manager)]),
            // "signer = m: any; else Admin or cap 3"
            GroupOp::MemberRemoved { member } if *member == self.signer => (here, vec![Any]),
            GroupOp::MemberRemoved { .. } => (here, vec![Admin, Cap(manager)]),
            GroupOp::MemberRoleSet { .. }
            | GroupOp::CapabilitiesGranted { .. }
            | GroupOp::CapabilitiesRevoked { .. }
            | GroupOp::DefaultCapabilitiesSet { .. }
            | GroupOp::DefaultVisibilitySet { .. }
            | GroupOp::GroupVisibilitySet { .. }
            | GroupOp::UpgradePolicySet { .. } => (here, vec![Admin]),
            GroupOp::TargetApplicationSet { .. } => (here, vec![Admin, Cap(bit(capabilities::MANAGE_APPLICATION))]),
            GroupOp::ContextRegistered { .. } => (here, vec![Admin, Cap(bit(capabilities::CAN_CREATE_CONTEXT))]),
            // "signer registered it in this group: any; else Admin"
            GroupOp::ContextDetached { context_id } if registered_it(context_id) => (here, vec![Any]),
            GroupOp::ContextDetached { .. } => (here, vec![Admin]),
            GroupOp::GroupAliasSet { .. } => (here, vec![Admin, Cap(metadata)]),
            // "signer = m: any; else Admin or cap 6"
            GroupOp::MemberAliasSet { member, .. } if *member == self.signer => (here, vec![Any]),
            GroupOp::MemberAliasSet { .. } => (here, vec![Admin, Cap(metadata)]),
            // "signer registered it in this group: any; else Admin or cap 6"
            GroupOp::ContextAliasSet { context_id, .. } if registered_it(context_id) => (here, vec![Any]),
            GroupOp::ContextAliasSet { .. } => (here, vec![Admin, Cap(metadata)]),
            GroupOp::ContextCapabilityGranted { .. } | GroupOp::ContextCapabilityRevoked { .. } => {
                (here, vec![Admin, Cap(manager)])
            }
            // "inviter: Admin; or cap 1 if role ≠ Admin"
            GroupOp::JoinWithInvitationClaim { invitation, .. } if invitation.role == Role::Admin => {
                (here, vec![Admin])
            }
            GroupOp::JoinWithInvitationClaim { .. } | GroupOp::InvitationRevoked { .. } => {
                (here, vec![Admin, Cap(inviter)])
            }
            // Nothing carries it: it makes the first record.
            GroupOp::NamespaceCreated { .. } => (here, Vec::new()),
        }
    }

    /// §5: "Of several needs, the first that has a ground gives it."
    pub(super) fn ground(&self, dag: &Dag, state: &State) -> Option<Ground> {
        let (group, needs) = self.needs(dag, state);
        needs.into_iter().find_map(|need| dag.ground(state, &self.principal(), need, &group))
    }
}

impl Dag {
    /// §5, "Ground of principal p for a need in group g".
    pub(super) fn ground(&self, state: &State, p: &PublicKey, need: Need, g: &GroupId) -> Option<Ground> {
        let path = self.path(g);
        match need {
            Need::Admin => self.topmost_admin(state, p, &path, Rests::Admin),
            // "as Admin; else g itself, if p's record there holds b"
            Need::Cap(b) => self.topmost_admin(state, p, &path, Rests::Admin).or_else(|| {
                let given_by = *state.record(g, p)?.capabilities.get(&b)?;
                Some(Ground { group: *g, rests_on: Rests::Bit(b), given_by })
            }),
            Need::Any => self.topmost_admin(state, p, &path, Rests::Record).or_else(|| nearest_record(state, p, &path)),
        }
    }

    /// "the topmost group of path(g) where p has an Admin record … given by the op that gave the role"
    fn topmost_admin(&self, state: &State, p: &PublicKey, path: &[GroupId], rests_on: Rests) -> Option<Ground> {
        path.iter().rev().find_map(|group| {
            let record = state.record(group, p).filter(|record| record.role == Role::Admin)?;
            Some(Ground { group: *group, rests_on, given_by: record.role_by })
        })
    }

    /// §3, "Rank of a member record", of the record of `p` in `group` if there is one.
    pub(super) fn rank(&self, state: &State, group: &GroupId, p: &PublicKey) -> Option<Rank> {
        let record = state.record(group, p)?;
        let (tier, giver) = tier(record);
        let depth = self.index(&giver).map_or(0, |at| self.node(at).depth);
        Some(Rank { level: self.path(group).len() - 1, tier, depth, id: giver })
    }
}

/// "else, walking up from g, the first group with a record of p, where a Restricted group lets the walk go no further
/// up"
fn nearest_record(state: &State, p: &PublicKey, path: &[GroupId]) -> Option<Ground> {
    for group in path {
        if let Some(record) = state.record(group, p) {
            return Some(Ground { group: *group, rests_on: Rests::Record, given_by: record.role_by });
        }
        if state.groups.get(group).is_some_and(|group| group.visibility == Visibility::Restricted) {
            return None;
        }
    }
    None
}

/// §3: "tier: 0 Admin, 1 holder of capability 3, 2 else; depth, id: those of the op that gave the present role, in tier
/// 1 of the op that gave capability 3."
fn tier(record: &Record) -> (u8, OpId) {
    if record.role == Role::Admin {
        return (0, record.role_by);
    }
    match record.capabilities.get(&bit(capabilities::MANAGE_MEMBERS)) {
        Some(giver) => (1, *giver),
        None => (2, record.role_by),
    }
}
