//! Who may do what: ranks (SPEC §3), needs, grounds and preconditions (SPEC §5), and the causal verdict (SPEC §2).

use super::node::{Basis, Causal};
use super::state::{Giver, Record, State};
use super::{Reason, Reference, must};
use folkmoot_core::group_op::GroupOp::*;
use folkmoot_core::group_op::capabilities::*;
use folkmoot_core::{GroupId, PublicKey, Role, SignableGroupOp, Visibility};

/// §3: "Rank of a member record: (level, tier, depth, id)." Smaller is more senior.
pub type Rank = (usize, u8, Giver);

/// What of a record carries an op.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rests {
    Admin,
    Bit(u32),
    Record,
}

/// A record that carries an op (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ground {
    pub group: GroupId,
    pub rests_on: Rests,
    pub given_by: Giver,
}

/// What an op asks for (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Admin,
    Cap(u32),
    Any,
}

/// §5: "The principal is the signer; for JoinWithInvitationClaim, the inviter."
pub(super) fn principal(o: &SignableGroupOp) -> PublicKey {
    match &o.op {
        JoinWithInvitationClaim { invitation, .. } => invitation.inviter,
        _ => o.signer,
    }
}

impl State {
    /// §5, "need". The ground for a capability is that of an Admin first, so "Admin or cap n" is the need for n.
    fn need(&self, o: &SignableGroupOp) -> Need {
        let registered_it = |c: &_| {
            let context = self.groups[&o.group_id].contexts.get(c);
            context.is_some_and(|context| context.registered_by == o.signer)
        };
        match &o.op {
            Noop => Need::Any,
            MemberRemoved { member: m } | MemberAliasSet { member: m, .. } if *m == o.signer => Need::Any,
            ContextDetached { context_id: c } | ContextAliasSet { context_id: c, .. } if registered_it(c) => Need::Any,
            MemberAdded { role: Role::Admin, .. } => Need::Admin,
            JoinWithInvitationClaim { invitation, .. } if invitation.role == Role::Admin => Need::Admin,
            GroupDeleted | MemberRoleSet { .. } | CapabilitiesGranted { .. } | UpgradePolicySet { .. } => Need::Admin,
            DefaultCapabilitiesSet { .. } | DefaultVisibilitySet { .. } | GroupVisibilitySet { .. } => Need::Admin,
            CapabilitiesRevoked { .. } | ContextDetached { .. } => Need::Admin,
            ContextRegistered { .. } => Need::Cap(CAN_CREATE_CONTEXT),
            JoinWithInvitationClaim { .. } | InvitationRevoked { .. } => Need::Cap(CAN_INVITE_MEMBERS),
            MemberAdded { .. } | MemberRemoved { .. } => Need::Cap(MANAGE_MEMBERS),
            ContextCapabilityGranted { .. } | ContextCapabilityRevoked { .. } => Need::Cap(MANAGE_MEMBERS),
            TargetApplicationSet { .. } => Need::Cap(MANAGE_APPLICATION),
            SubgroupCreated { .. } => Need::Cap(CAN_CREATE_SUBGROUP),
            GroupAliasSet { .. } | MemberAliasSet { .. } | ContextAliasSet { .. } => Need::Cap(CAN_MANAGE_METADATA),
            NamespaceCreated { .. } => unreachable!("it rests on nothing"),
        }
    }

    /// §5: the ground of an op whose group exists; none: unauthorized.
    pub(super) fn ground_of(&self, o: &SignableGroupOp) -> Option<Ground> {
        let above = self.groups[&o.group_id].parent.filter(|_| matches!(o.op, GroupDeleted));
        self.ground(&principal(o), self.need(o), &above.unwrap_or(o.group_id))
    }

    /// §5, "Ground of principal p for a need in group g".
    pub(crate) fn ground(&self, p: &PublicKey, need: Need, g: &GroupId) -> Option<Ground> {
        let path = self.path(g);
        let here = |group: &GroupId| Some((*group, self.record(group, p)?));
        let admin = path.iter().rev().filter_map(here).find(|(_, record)| record.role == Role::Admin);
        let open = path.iter().take_while(|group| self.groups[*group].visibility == Visibility::Open).count();
        let nearest = || path.iter().take(open + 1).find_map(here);
        let by_role = |rests_on, (group, record): (_, &Record)| Ground { group, rests_on, given_by: record.role_by };
        match need {
            Need::Cap(b) if admin.is_none() => {
                let given_by = *self.record(g, p)?.capabilities.get(&b)?;
                Some(Ground { group: *g, rests_on: Rests::Bit(b), given_by })
            }
            Need::Admin | Need::Cap(_) => admin.map(|found| by_role(Rests::Admin, found)),
            Need::Any => admin.or_else(nearest).map(|found| by_role(Rests::Record, found)),
        }
    }

    /// §3: the rank of the record of `p` in `group`, if there is one.
    pub(crate) fn rank(&self, group: &GroupId, p: &PublicKey) -> Option<Rank> {
        let record = self.record(group, p)?;
        let (tier, giver) = match record.capabilities.get(&MANAGE_MEMBERS) {
            _ if record.role == Role::Admin => (0, record.role_by),
            Some(giver) => (1, *giver),
            None => (2, record.role_by),
        };
        Some((self.path(group).len() - 1, tier, giver))
    }

    /// §2, "Causal verdict", and basis; `verified`: the two signatures of a claim are; `all` has the past.
    pub(crate) fn causal(&self, o: &SignableGroupOp, verified: bool, all: &Reference) -> Causal {
        must(o.state_hash == self.state_hash(&o.group_id), Reason::StateHashMismatch)?;
        let ground = self.authorize(o, verified)?;
        let principal = principal(o);
        let seniority = self.rank(&ground.group, &principal).expect("a ground is a record");
        let giver = ground.given_by.1;
        let chain = [giver].into_iter().chain(all.admitted[&giver].basis().chain.iter().copied()).collect();
        let (lowers, path) = (self.lowers(o), self.path(&o.group_id));
        Ok(Basis { principal, ground: Some(ground), seniority, lowers, path, chain })
    }

    /// §2, of an op whose state hash is right: its ground, or the first reason that it is void for.
    pub(crate) fn authorize(&self, o: &SignableGroupOp, verified: bool) -> Result<Ground, Reason> {
        must(self.groups.contains_key(&o.group_id), Reason::NoSuchGroup)?;
        let ground = self.ground_of(o).ok_or(Reason::Unauthorized)?;
        must(verified, Reason::BadInvitation)?;
        self.preconditions(o, self.lowers(o), Some(&ground))?;
        Ok(ground)
    }

    /// §3: whether an op lowers.
    fn lowers(&self, o: &SignableGroupOp) -> bool {
        match &o.op {
            MemberRemoved { .. } => true,
            MemberRoleSet { member, role } => self.record(&o.group_id, member).is_some_and(|m| *role > m.role),
            _ => false,
        }
    }

    /// §5, "preconditions", of an op whose group exists: with its ground in its past; in the fold, without those marked †.
    pub(super) fn preconditions(&self, o: &SignableGroupOp, lowers: bool, past: Option<&Ground>) -> Result<(), Reason> {
        let group = &self.groups[&o.group_id];
        let fold = past.is_none();
        let has_record = |m: &PublicKey| must(group.members.contains_key(m), Reason::NoSuchMember);
        let is_registered = |c: &_| must(group.contexts.contains_key(c), Reason::NoSuchContext);
        let rank_rule = |m: &PublicKey| {
            let outranks = |ground: &Ground| self.rank(&ground.group, &o.signer) < self.rank(&o.group_id, m);
            must(o.signer == *m || past.is_none_or(outranks), Reason::Outranked)
        };
        let not_last_admin = |m| must(!self.is_last_admin_of_the_root(&o.group_id, m), Reason::LastAdmin);
        match &o.op {
            // Below the root it is by as many edges as path(op.group_id) has groups.
            SubgroupCreated { .. } => must(self.path(&o.group_id).len() <= 16, Reason::TooDeep),
            GroupDeleted | GroupVisibilitySet { .. } => must(group.parent.is_some(), Reason::RootGroup),
            MemberAdded { member: m, .. } => must(fold || has_record(m).is_err(), Reason::AlreadyMember),
            MemberRemoved { member: m } => has_record(m).and_then(|()| rank_rule(m)).and_then(|()| not_last_admin(m)),
            MemberRoleSet { member: m, role } => {
                has_record(m).or(must(fold && !lowers, Reason::NoSuchMember))?;
                if lowers { rank_rule(m) } else { Ok(()) }?;
                if *role == Role::Admin { Ok(()) } else { not_last_admin(m) }
            }
            CapabilitiesGranted { member: m, capabilities } => {
                has_record(m).or(must(fold, Reason::NoSuchMember))?;
                let is_reader = group.members.get(m).is_some_and(|record| record.role == Role::ReadOnly);
                must(!is_reader || capabilities & !CAN_JOIN_OPEN_CONTEXTS == 0, Reason::ReadOnlyMember)
            }
            CapabilitiesRevoked { member: m, .. } => has_record(m).and_then(|()| rank_rule(m)),
            MemberAliasSet { member: m, .. } => has_record(m),
            ContextDetached { context_id: c } | ContextAliasSet { context_id: c, .. } => is_registered(c),
            ContextCapabilityGranted { context_id: c, member: m, .. } => is_registered(c).and_then(|()| has_record(m)),
            ContextCapabilityRevoked { context_id: c, .. } => is_registered(c),
            JoinWithInvitationClaim { invitation: it, claimed_at, .. } if !fold => {
                let names_this = (it.namespace_id, it.group_id) == (o.namespace_id, o.group_id);
                let for_signer = it.invitee.is_none_or(|invitee| invitee == o.signer);
                let in_time = it.expires_at.is_none_or(|expires_at| *claimed_at <= expires_at);
                must(names_this && for_signer && in_time, Reason::BadInvitation)?;
                let known = group.invitations.get(&it.id()).copied().unwrap_or_default();
                must(!known.revoked, Reason::InvitationRevoked)?;
                must(known.uses < it.max_uses, Reason::InvitationUsedUp)?;
                let bars = |group| self.groups[group].barred.contains(&o.signer);
                must(!self.path(&o.group_id).iter().any(bars), Reason::Barred)?;
                must(has_record(&o.signer).is_err(), Reason::AlreadyMember)
            }
            _ => Ok(()),
        }
    }
}
