//! What somebody may think of doing.

use super::world::{Hint, Plan, Slip, World};
use crate::reference::{Group, View};
use folkmoot_core::group_op::{GroupInvitation, GroupOp, UpgradePolicy, capabilities};
use folkmoot_core::{ContextId, GroupId, InvitationId, OpId, PublicKey, Role, SigningKey, Visibility};

impl World<'_> {
    /// A plan for somebody who has this view. It need not be sound, but its signer is mostly somebody who may.
    pub(super) fn propose(&mut self, view: &View, hint: Hint) -> Option<Plan> {
        let kind = self.rng.weighted(&self.profile.weights);
        self.propose_kind(kind, view, hint)
    }

    /// A plan of one kind, by the number of the variant.
    pub(super) fn propose_kind(&mut self, kind: usize, view: &View, hint: Hint) -> Option<Plan> {
        let group_id = self.some_group(view, hint);
        let nobody = None;
        let group = view.state().groups.get(&group_id);
        let member = self.some_member(group, hint);
        let role = self.some_role();
        let op = match kind {
            0 => GroupOp::Noop,
            2 => {
                if view.state().groups.len() >= self.profile.groups {
                    return nobody;
                }
                GroupOp::SubgroupCreated { alias: self.some_name(), visibility: self.some_visibility() }
            }
            3 => GroupOp::GroupDeleted,
            4 => GroupOp::MemberAdded { member: self.some_stranger(group, hint), role },
            5 => GroupOp::MemberRemoved { member },
            6 => GroupOp::MemberRoleSet { member, role },
            7 => GroupOp::CapabilitiesGranted { member, capabilities: self.some_capabilities() },
            8 => GroupOp::CapabilitiesRevoked { member, capabilities: self.capabilities_of(group, &member) },
            9 => {
                let mask = self.some_capabilities() & !capabilities::MANAGE_MEMBERS;
                GroupOp::DefaultCapabilitiesSet { capabilities: mask }
            }
            10 => GroupOp::DefaultVisibilitySet { visibility: self.some_visibility() },
            11 => GroupOp::GroupVisibilitySet { visibility: self.some_visibility() },
            12 => GroupOp::UpgradePolicySet { policy: self.some_policy() },
            13 => GroupOp::TargetApplicationSet {
                app_key: self.rng.bytes32(),
                application_id: self.rng.bytes32(),
                migration: self.rng.percent(50).then(|| self.some_name()),
            },
            14 => GroupOp::ContextRegistered {
                application_id: self.rng.bytes32(),
                blob_id: self.rng.bytes32(),
                source: self.some_name(),
                service_name: self.rng.percent(30).then(|| self.some_name()),
                visibility: self.rng.percent(50).then(|| self.some_visibility()),
            },
            15 => GroupOp::ContextDetached { context_id: self.some_context(group, hint) },
            16 => GroupOp::GroupAliasSet { alias: self.some_name() },
            17 => GroupOp::MemberAliasSet { member, alias: self.some_name() },
            18 => GroupOp::ContextAliasSet { context_id: self.some_context(group, hint), alias: self.some_name() },
            19 => GroupOp::ContextCapabilityGranted {
                context_id: self.some_context(group, hint),
                member,
                capabilities: self.some_mask(),
            },
            20 => {
                let context_id = self.some_context(group, hint);
                let held = group.and_then(|group| group.contexts.get(&context_id)?.capabilities.iter().next());
                // Mostly from somebody who holds some.
                let member = if self.rng.percent(60) { held.map_or(member, |(holder, _)| *holder) } else { member };
                GroupOp::ContextCapabilityRevoked { context_id, member, capabilities: self.some_mask() }
            }
            21 => return self.propose_claim(view, group_id, hint),
            22 => GroupOp::InvitationRevoked { invitation_id: self.some_invitation(&group_id, hint) },
            _ => return nobody,
        };
        let signer = self.some_signer(view, &group_id, hint, &op);
        Some((signer, group_id, op))
    }

    /// Somebody joins, by an invitation that is about already or is written for the occasion.
    fn propose_claim(&mut self, view: &View, group: GroupId, hint: Hint) -> Option<Plan> {
        let here: Vec<usize> =
            (0..self.slips.len()).filter(|&at| self.slips[at].invitation.group_id == group).collect();
        let slip = match self.rng.pick(&here) {
            Some(at) if self.rng.percent(65) => self.slips[at].clone(),
            _ => self.hand_out(view, group, hint),
        };
        let stranger = self.some_stranger(view.state().groups.get(&group), hint);
        let joiner = slip.invitation.invitee.unwrap_or(stranger);
        let signer = self.person(&joiner)?;
        Some((signer, group, self.claim_by(&slip, signer)))
    }

    /// The claim of an invitation, in time as a rule.
    pub(super) fn claim_by(&mut self, slip: &Slip, joiner: usize) -> GroupOp {
        let expiry = slip.invitation.expires_at.unwrap_or(1_000);
        let claimed_at = if self.rng.percent(90) { expiry.saturating_sub(self.rng.next() % 3) } else { expiry + 1 };
        let joiner = self.people[joiner].public();
        slip.invitation.clone().claim(slip.signature, &slip.bearer, &joiner, claimed_at)
    }

    /// Somebody who may invite, as a rule, invites.
    fn hand_out(&mut self, view: &View, group: GroupId, hint: Hint) -> Slip {
        let role = if self.rng.percent(25) { Role::Admin } else { self.some_role() };
        let probe = GroupOp::InvitationRevoked { invitation_id: InvitationId::ZERO };
        let inviter = self.some_signer(view, &group, hint, &probe);
        let invitee = self.rng.percent(20).then(|| self.some_stranger(view.state().groups.get(&group), hint));
        let max_uses = u32::try_from(self.rng.between(1, 3)).unwrap_or(1);
        self.invite(inviter, group, role, invitee, max_uses)
    }

    pub(super) fn invite(
        &mut self,
        inviter: usize,
        group: GroupId,
        role: Role,
        invitee: Option<PublicKey>,
        max_uses: u32,
    ) -> Slip {
        let bearer = SigningKey::from_seed(self.rng.bytes32());
        let invitation = GroupInvitation {
            namespace_id: self.namespace,
            group_id: group,
            inviter: self.people[inviter].public(),
            bearer: bearer.public(),
            invitee,
            role,
            max_uses,
            expires_at: self.rng.percent(40).then_some(1_700_000_000),
        };
        let signature = invitation.sign(&self.people[inviter].key);
        let slip = Slip { invitation, signature, bearer };
        self.slips.push(slip.clone());
        slip
    }

    fn some_group(&mut self, view: &View, hint: Hint) -> GroupId {
        let live: Vec<GroupId> = view.state().groups.keys().copied().collect();
        let root = self.namespace.into();
        let any = self.rng.pick(&self.groups).unwrap_or(root);
        match self.rng.below(100) {
            // It may be gone, or not made yet where the view is.
            0..4 => any,
            4..50 => hint.group.unwrap_or(root),
            50..70 => root,
            _ => self.rng.pick(&live).unwrap_or(root),
        }
    }

    fn some_member(&mut self, group: Option<&Group>, hint: Hint) -> PublicKey {
        let members: Vec<PublicKey> = group.map_or_else(Vec::new, |group| group.members.keys().copied().collect());
        let anybody = self.rng.below(self.people.len());
        let anybody = self.people[anybody].public();
        let member = self.rng.pick(&members).unwrap_or(anybody);
        match self.rng.below(100) {
            0..6 => anybody,
            6..55 => hint.subject.unwrap_or(member),
            _ => member,
        }
    }

    /// Somebody who could be let in.
    fn some_stranger(&mut self, group: Option<&Group>, hint: Hint) -> PublicKey {
        let is_member = |key: &PublicKey| group.is_some_and(|group| group.members.contains_key(key));
        if let Some(subject) = hint.subject.filter(|subject| !is_member(subject))
            && self.rng.percent(50)
        {
            return subject;
        }
        let regulars = self.regulars;
        let strangers: Vec<usize> = (0..self.people.len() - 1)
            .filter(|&at| !is_member(&self.people[at].public()))
            .filter(|&at| at < regulars || at % 2 == 0)
            .collect();
        let at = self.rng.pick(&strangers).unwrap_or(0);
        self.people[at].public()
    }

    /// Whose hand the op may come from.
    fn some_signer(&mut self, view: &View, group: &GroupId, hint: Hint, op: &GroupOp) -> usize {
        let own = match op {
            GroupOp::MemberRemoved { member }
            | GroupOp::MemberRoleSet { member, .. }
            | GroupOp::CapabilitiesRevoked { member, .. }
            | GroupOp::MemberAliasSet { member, .. } => self.person(member),
            _ => None,
        };
        let keys: Vec<PublicKey> = self.people.iter().map(super::Person::public).collect();
        let those_who = |holds: &dyn Fn(&PublicKey) -> bool| -> Vec<usize> {
            (0..keys.len()).filter(|&at| holds(&keys[at])).collect()
        };
        let admins = those_who(&|key| view.is_admin(group, key));
        let able = those_who(&|key| view.state().record(group, key).is_some_and(|record| record.mask() & !4 != 0));
        let present = those_who(&|key| view.standing(group, key).is_some());
        let anybody = self.rng.below(keys.len());
        if let Some(signer) = hint.signer
            && self.rng.percent(85)
        {
            return signer;
        }
        if let Some(own) = own
            && self.rng.percent(10)
        {
            return own;
        }
        let from = match self.rng.below(100) {
            0..55 => admins,
            55..80 => able,
            80..97 => present,
            _ => Vec::new(),
        };
        self.rng.pick(&from).unwrap_or(anybody)
    }

    fn some_context(&mut self, group: Option<&Group>, hint: Hint) -> ContextId {
        let here: Vec<ContextId> = group.map_or_else(Vec::new, |group| group.contexts.keys().copied().collect());
        if let Some(context) = hint.context
            && self.rng.percent(60)
        {
            return context;
        }
        if self.rng.percent(6) || here.is_empty() {
            return self.rng.pick(&self.contexts).map_or(ContextId::ZERO, |(_, context)| context);
        }
        self.rng.pick(&here).unwrap_or(ContextId::ZERO)
    }

    fn some_invitation(&mut self, group: &GroupId, hint: Hint) -> InvitationId {
        let here: Vec<InvitationId> = self
            .slips
            .iter()
            .map(|slip| &slip.invitation)
            .filter(|invitation| invitation.group_id == *group)
            .map(GroupInvitation::id)
            .collect();
        if let Some(invitation) = hint.invitation
            && self.rng.percent(75)
        {
            return invitation;
        }
        if self.rng.percent(5) {
            return InvitationId(self.rng.bytes32());
        }
        self.rng.pick(&here).unwrap_or_default()
    }

    pub(super) fn some_role(&mut self) -> Role {
        [Role::Admin, Role::Member, Role::ReadOnly][self.rng.weighted(&[4, 4, 3])]
    }

    fn some_visibility(&mut self) -> Visibility {
        if self.rng.percent(50) { Visibility::Open } else { Visibility::Restricted }
    }

    fn some_policy(&mut self) -> UpgradePolicy {
        match self.rng.below(4) {
            0 => UpgradePolicy::Automatic,
            1 => UpgradePolicy::LazyOnAccess,
            2 => UpgradePolicy::Coordinated { deadline_secs: None },
            _ => UpgradePolicy::Coordinated { deadline_secs: Some(self.rng.next() % 100) },
        }
    }

    pub(super) fn some_name(&mut self) -> String {
        format!("n{}", self.rng.below(1_000))
    }

    fn some_mask(&mut self) -> u8 {
        1 << self.rng.below(3)
    }

    /// A bit or two, those that give power over others first.
    pub(super) fn some_capabilities(&mut self) -> u32 {
        let one = |world: &mut Self| 1 << world.rng.weighted(&[3, 4, 4, 8, 2, 3, 3]);
        let first: u32 = one(self);
        if self.rng.percent(30) { first | one(self) } else { first }
    }

    /// Bits that the member holds, if it holds any, with some luck.
    fn capabilities_of(&mut self, group: Option<&Group>, member: &PublicKey) -> u32 {
        let held = group.and_then(|group| group.members.get(member)).map_or(0, crate::reference::Record::mask);
        let some = self.some_capabilities();
        if held == 0 || self.rng.percent(30) {
            some
        } else if held & some == 0 {
            held
        } else {
            held & some
        }
    }

    /// What an op was about.
    pub(super) fn hint_of(&self, id: &OpId) -> Hint {
        let Some(op) = self.reference.op(id).map(folkmoot_core::VerifiedOp::signable) else { return Hint::default() };
        let group = if op.group_id.is_zero() { self.namespace.into() } else { op.group_id };
        let mut hint = Hint { signer: self.person(&op.signer), group: Some(group), ..Hint::default() };
        match &op.op {
            GroupOp::MemberAdded { member, .. }
            | GroupOp::MemberRemoved { member }
            | GroupOp::MemberRoleSet { member, .. }
            | GroupOp::CapabilitiesGranted { member, .. }
            | GroupOp::CapabilitiesRevoked { member, .. }
            | GroupOp::MemberAliasSet { member, .. } => hint.subject = Some(*member),
            GroupOp::ContextDetached { context_id } | GroupOp::ContextAliasSet { context_id, .. } => {
                hint.context = Some(*context_id);
            }
            GroupOp::ContextCapabilityGranted { context_id, member, .. }
            | GroupOp::ContextCapabilityRevoked { context_id, member, .. } => {
                hint.context = Some(*context_id);
                hint.subject = Some(*member);
            }
            GroupOp::JoinWithInvitationClaim { invitation, .. } => {
                hint.subject = Some(op.signer);
                hint.invitation = Some(invitation.id());
            }
            GroupOp::InvitationRevoked { invitation_id } => hint.invitation = Some(*invitation_id),
            _ => hint.subject = Some(op.signer),
        }
        hint
    }
}
