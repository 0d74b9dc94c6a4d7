//! What the rules need of each admitted op: who, where, what, on which authority, and what came of it.

use crate::arena::{ContextIx, GroupIx, InvitationIx, OpIx, PayloadIx, PersonIx, Table};
use crate::dag::Dag;
use crate::directory::Directory;
use crate::group_op::{GroupOp, Role, SignableGroupOp, Visibility};
use crate::ids::{GroupId, OpId, PublicKey};
use crate::names::{Application, ContextFacts};
use crate::verdict::{Verdict, VoidReason};
use borsh::{BorshDeserialize, BorshSerialize};
use core::cmp::Ordering;

/// An op's payload with everything it names numbered. A void op's may name nothing ([`PersonIx::NONE`] and the like):
/// it never has an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Action {
    Noop,
    NamespaceCreated { alias: PayloadIx, target: PayloadIx },
    SubgroupCreated { group: GroupIx, alias: PayloadIx, visibility: Visibility },
    GroupDeleted,
    MemberAdded { member: PersonIx, role: Role },
    MemberRemoved { member: PersonIx },
    MemberRoleSet { member: PersonIx, role: Role, lowers: bool },
    CapabilitiesGranted { member: PersonIx, bits: u8 },
    CapabilitiesRevoked { member: PersonIx, bits: u8 },
    DefaultCapabilitiesSet { bits: u8 },
    DefaultVisibilitySet { visibility: Visibility },
    GroupVisibilitySet { visibility: Visibility },
    UpgradePolicySet { policy: PayloadIx },
    TargetApplicationSet { target: PayloadIx },
    ContextRegistered { context: ContextIx, visibility: Option<Visibility> },
    ContextDetached { context: ContextIx },
    GroupAliasSet { alias: PayloadIx },
    MemberAliasSet { member: PersonIx, alias: PayloadIx },
    ContextAliasSet { context: ContextIx, alias: PayloadIx },
    ContextCapabilityGranted { context: ContextIx, member: PersonIx, bits: u8 },
    ContextCapabilityRevoked { context: ContextIx, member: PersonIx, bits: u8 },
    Claim { invitation: InvitationIx, inviter: PersonIx, role: Role },
    InvitationRevoked { invitation: InvitationIx },
}

/// What an op rests on (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub(crate) enum Rests {
    Admin,
    /// A capability, by its bit's number.
    Capability(u8),
    /// The record alone.
    Record,
}

/// A rank (SPEC §3); the op gives its depth and id. Compared by [`History::compare_seniority`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Seniority {
    pub(crate) level: u8,
    pub(crate) tier: u8,
    pub(crate) op: OpIx,
}

/// What a sound op stands on in its own past, fixed at admission (SPEC §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Basis {
    pub(crate) ground: GroupIx,
    /// The op that gave the ground.
    pub(crate) giver: OpIx,
    /// The op whose depth and id the seniority takes.
    pub(crate) ranked_by: OpIx,
    pub(crate) level: u8,
    pub(crate) tier: u8,
    pub(crate) rests: Rests,
}

impl Basis {
    /// Of a void op: nothing.
    pub(crate) const NONE: Self = Self {
        ground: GroupIx::NONE,
        giver: OpIx::NONE,
        ranked_by: OpIx::NONE,
        level: 0,
        tier: 0,
        rests: Rests::Record,
    };

    /// The rank of the record that is the ground (SPEC §3).
    pub(crate) const fn seniority(&self) -> Seniority {
        Seniority { level: self.level, tier: self.tier, op: self.ranked_by }
    }
}

/// One admitted op, as the rules see it.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) signer: PersonIx,
    pub(crate) nonce: u32,
    pub(crate) group: GroupIx,
    pub(crate) action: Action,
    /// The variant's number, for accounts of void ops too.
    pub(crate) kind: u8,
    /// The causal verdict: `None` is sound.
    pub(crate) causal: Option<VoidReason>,
    pub(crate) basis: Basis,
    /// What came of it in the merged state.
    pub(crate) verdict: Verdict,
    /// Some op's ground was given by this one.
    pub(crate) gave_ground: bool,
    /// Bytes on the wire, less one: at most 65,535.
    pub(crate) wire_len: u16,
}

impl Fact {
    /// Whose authority the op rests on: the inviter's for a claim, else the signer's.
    pub(crate) const fn principal(&self) -> PersonIx {
        match self.action {
            Action::Claim { inviter, .. } => inviter,
            _ => self.signer,
        }
    }

    pub(crate) const fn is_claim(&self) -> bool {
        matches!(self.action, Action::Claim { .. })
    }

    /// MemberRemoved, or MemberRoleSet to a lower role than the member had (SPEC §3).
    pub(crate) const fn lowers(&self) -> bool {
        matches!(self.action, Action::MemberRemoved { .. } | Action::MemberRoleSet { lowers: true, .. })
    }

    /// A sound op that takes something away (SPEC §3).
    pub(crate) const fn is_reduction(&self) -> bool {
        self.causal.is_none()
            && matches!(
                self.action,
                Action::MemberRemoved { .. }
                    | Action::MemberRoleSet { lowers: true, .. }
                    | Action::CapabilitiesRevoked { .. }
                    | Action::ContextCapabilityRevoked { .. }
                    | Action::InvitationRevoked { .. }
            )
    }

    /// Whom a reduction takes from; `NONE` for InvitationRevoked and for what is no reduction.
    pub(crate) const fn reduced_member(&self) -> PersonIx {
        match self.action {
            Action::MemberRemoved { member }
            | Action::MemberRoleSet { member, lowers: true, .. }
            | Action::CapabilitiesRevoked { member, .. }
            | Action::ContextCapabilityRevoked { member, .. } => member,
            _ => PersonIx::NONE,
        }
    }

    /// Whether a reduction is of the signer itself.
    pub(crate) fn is_of_signer(&self) -> bool {
        self.reduced_member() == self.signer
    }

    /// To whom a grant that does not lower gives; `NONE` for all else.
    pub(crate) const fn granted_to(&self) -> PersonIx {
        match self.action {
            Action::MemberAdded { member, .. }
            | Action::MemberRoleSet { member, lowers: false, .. }
            | Action::CapabilitiesGranted { member, .. }
            | Action::ContextCapabilityGranted { member, .. } => member,
            Action::Claim { .. } => self.signer,
            _ => PersonIx::NONE,
        }
    }

    /// The role it gives, and to whom: MemberAdded, MemberRoleSet that does not lower, claim.
    pub(crate) const fn gives_role(&self) -> Option<(PersonIx, Role)> {
        match self.action {
            Action::MemberAdded { member, role } | Action::MemberRoleSet { member, role, lowers: false } => {
                Some((member, role))
            }
            Action::Claim { role, .. } => Some((self.signer, role)),
            _ => None,
        }
    }
}

/// Everything that is fixed about a namespace's ops: the graph, the facts, the names.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) dag: Dag,
    pub(crate) facts: Table<Fact>,
    pub(crate) directory: Directory,
}

impl History {
    pub(crate) fn fact(&self, op: OpIx) -> Option<&Fact> {
        self.facts.get(op.at())
    }

    /// Ranks compare as (level, tier, depth, id); `Less` is more senior (SPEC §3).
    pub(crate) fn compare_seniority(&self, a: &Seniority, b: &Seniority) -> Ordering {
        a.level.cmp(&b.level).then(a.tier.cmp(&b.tier)).then_with(|| self.dag.by_depth_and_id(a.op, b.op))
    }

    pub(crate) fn is_senior(&self, a: &Fact, b: &Fact) -> bool {
        self.compare_seniority(&a.basis.seniority(), &b.basis.seniority()).is_lt()
    }

    /// The order in which the fold takes sound ops: (depth, seniority, id) (SPEC §4).
    pub(crate) fn compare_fold_order(&self, a: OpIx, b: OpIx) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        self.dag.depth(a).cmp(&self.dag.depth(b)).then_with(|| {
            let (Some(x), Some(y)) = (self.fact(a), self.fact(b)) else { return a.cmp(&b) };
            self.compare_seniority(&x.basis.seniority(), &y.basis.seniority())
                .then_with(|| self.dag.id(a).cmp(&self.dag.id(b)))
        })
    }

    /// The op that the fold takes first.
    pub(crate) fn first_in_fold_order(&self, ops: impl Iterator<Item = OpIx>) -> Option<OpIx> {
        ops.reduce(|a, b| if self.compare_fold_order(b, a).is_lt() { b } else { a })
    }

    /// The order in which reductions are taken: (seniority, those of the signer itself first, depth, id) (SPEC §3).
    pub(crate) fn compare_taking_order(&self, a: OpIx, b: OpIx) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        let (Some(x), Some(y)) = (self.fact(a), self.fact(b)) else { return a.cmp(&b) };
        self.compare_seniority(&x.basis.seniority(), &y.basis.seniority())
            .then_with(|| y.is_of_signer().cmp(&x.is_of_signer()))
            .then_with(|| self.dag.by_depth_and_id(a, b))
    }
}

/// How names in a payload become numbers: looked up to judge an op, added once it is admitted.
pub(crate) trait Names {
    fn person(&mut self, key: &PublicKey) -> PersonIx;
    fn text(&mut self, text: &str) -> PayloadIx;
    fn policy(&mut self, policy: crate::group_op::UpgradePolicy) -> PayloadIx;
    fn application(&mut self, application: impl FnOnce() -> Application) -> PayloadIx;
    fn context(&mut self, id: &crate::ids::ContextId) -> ContextIx;
    fn new_context(&mut self, facts: impl FnOnce(OpId, GroupIx, PersonIx) -> ContextFacts) -> ContextIx;
    fn new_subgroup(&mut self) -> GroupIx;
    fn invitation(&mut self, id: &crate::ids::InvitationId) -> InvitationIx;
}

/// Finds what is known already; what is not, names nothing.
pub(crate) struct Find<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) group: GroupIx,
}

impl Names for Find<'_> {
    fn person(&mut self, key: &PublicKey) -> PersonIx {
        self.directory.find_person(key)
    }
    fn text(&mut self, _: &str) -> PayloadIx {
        PayloadIx::NONE
    }
    fn policy(&mut self, _: crate::group_op::UpgradePolicy) -> PayloadIx {
        PayloadIx::NONE
    }
    fn application(&mut self, _: impl FnOnce() -> Application) -> PayloadIx {
        PayloadIx::NONE
    }
    fn context(&mut self, id: &crate::ids::ContextId) -> ContextIx {
        self.directory.find_context(id)
    }
    fn new_context(&mut self, _: impl FnOnce(OpId, GroupIx, PersonIx) -> ContextFacts) -> ContextIx {
        ContextIx::NONE
    }
    fn new_subgroup(&mut self) -> GroupIx {
        GroupIx::NONE
    }
    fn invitation(&mut self, id: &crate::ids::InvitationId) -> InvitationIx {
        self.directory.find_invitation(self.group, id)
    }
}

/// Adds what is not known yet: for an op that is sound and admitted.
pub(crate) struct Add<'a> {
    pub(crate) directory: &'a mut Directory,
    pub(crate) op: OpIx,
    pub(crate) id: OpId,
    pub(crate) group: GroupIx,
    pub(crate) signer: PersonIx,
}

impl Names for Add<'_> {
    fn person(&mut self, key: &PublicKey) -> PersonIx {
        self.directory.add_person(key)
    }
    fn text(&mut self, text: &str) -> PayloadIx {
        self.directory.add_text(text)
    }
    fn policy(&mut self, policy: crate::group_op::UpgradePolicy) -> PayloadIx {
        self.directory.add_policy(policy)
    }
    fn application(&mut self, application: impl FnOnce() -> Application) -> PayloadIx {
        self.directory.add_application(application())
    }
    fn context(&mut self, id: &crate::ids::ContextId) -> ContextIx {
        self.directory.find_context(id)
    }
    fn new_context(&mut self, facts: impl FnOnce(OpId, GroupIx, PersonIx) -> ContextFacts) -> ContextIx {
        self.directory.add_context(facts(self.id, self.group, self.signer))
    }
    fn new_subgroup(&mut self) -> GroupIx {
        self.directory.add_group(GroupId(self.id.0), self.group, self.op)
    }
    fn invitation(&mut self, id: &crate::ids::InvitationId) -> InvitationIx {
        self.directory.add_invitation(self.group, id)
    }
}

/// A wire mask in a byte: all bits that are legal fit (SPEC §1).
fn bits(mask: u32) -> u8 {
    u8::try_from(mask & crate::group_op::capabilities::ALL).unwrap_or(0)
}

/// The payload with its names as numbers. `lowers` of a MemberRoleSet is for the causal verdict to say.
pub(crate) fn action(op: &SignableGroupOp, names: &mut impl Names) -> Action {
    match &op.op {
        GroupOp::Noop => Action::Noop,
        GroupOp::NamespaceCreated { alias, app_key, application_id, .. } => {
            let (app_key, application_id) = (*app_key, *application_id);
            let target = names.application(|| Application { app_key, application_id, migration: None });
            Action::NamespaceCreated { alias: names.text(alias), target }
        }
        GroupOp::SubgroupCreated { alias, visibility } => {
            Action::SubgroupCreated { group: names.new_subgroup(), alias: names.text(alias), visibility: *visibility }
        }
        GroupOp::GroupDeleted => Action::GroupDeleted,
        GroupOp::MemberAdded { member, role } => Action::MemberAdded { member: names.person(member), role: *role },
        GroupOp::MemberRemoved { member } => Action::MemberRemoved { member: names.person(member) },
        GroupOp::MemberRoleSet { member, role } => {
            Action::MemberRoleSet { member: names.person(member), role: *role, lowers: false }
        }
        GroupOp::CapabilitiesGranted { member, capabilities } => {
            Action::CapabilitiesGranted { member: names.person(member), bits: bits(*capabilities) }
        }
        GroupOp::CapabilitiesRevoked { member, capabilities } => {
            Action::CapabilitiesRevoked { member: names.person(member), bits: bits(*capabilities) }
        }
        GroupOp::DefaultCapabilitiesSet { capabilities } => {
            Action::DefaultCapabilitiesSet { bits: bits(*capabilities) }
        }
        GroupOp::DefaultVisibilitySet { visibility } => Action::DefaultVisibilitySet { visibility: *visibility },
        GroupOp::GroupVisibilitySet { visibility } => Action::GroupVisibilitySet { visibility: *visibility },
        GroupOp::UpgradePolicySet { policy } => Action::UpgradePolicySet { policy: names.policy(*policy) },
        GroupOp::TargetApplicationSet { app_key, application_id, migration } => Action::TargetApplicationSet {
            target: names.application(|| Application {
                app_key: *app_key,
                application_id: *application_id,
                migration: migration.clone(),
            }),
        },
        GroupOp::ContextRegistered { application_id, blob_id, source, service_name, visibility } => {
            let context = names.new_context(|id, group, registered_by| ContextFacts {
                id: id.into(),
                group,
                registered_by,
                application_id: *application_id,
                blob_id: *blob_id,
                source: source.clone(),
                service_name: service_name.clone(),
            });
            Action::ContextRegistered { context, visibility: *visibility }
        }
        GroupOp::ContextDetached { context_id } => Action::ContextDetached { context: names.context(context_id) },
        GroupOp::GroupAliasSet { alias } => Action::GroupAliasSet { alias: names.text(alias) },
        GroupOp::MemberAliasSet { member, alias } => {
            Action::MemberAliasSet { member: names.person(member), alias: names.text(alias) }
        }
        GroupOp::ContextAliasSet { context_id, alias } => {
            Action::ContextAliasSet { context: names.context(context_id), alias: names.text(alias) }
        }
        GroupOp::ContextCapabilityGranted { context_id, member, capabilities } => Action::ContextCapabilityGranted {
            context: names.context(context_id),
            member: names.person(member),
            bits: *capabilities,
        },
        GroupOp::ContextCapabilityRevoked { context_id, member, capabilities } => Action::ContextCapabilityRevoked {
            context: names.context(context_id),
            member: names.person(member),
            bits: *capabilities,
        },
        GroupOp::JoinWithInvitationClaim { invitation, .. } => Action::Claim {
            invitation: names.invitation(&invitation.id()),
            inviter: names.person(&invitation.inviter),
            role: invitation.role,
        },
        GroupOp::InvitationRevoked { invitation_id } => {
            Action::InvitationRevoked { invitation: names.invitation(invitation_id) }
        }
    }
}

/// Makes the cells that a sound op may write.
pub(crate) fn add_cells(
    directory: &mut Directory,
    action: &Action,
    group: GroupIx,
    signer: PersonIx,
    basis: Option<&Basis>,
) {
    match *action {
        Action::NamespaceCreated { .. } | Action::Claim { .. } => {
            directory.add_member_cell(group, signer);
        }
        Action::SubgroupCreated { group: new, .. } if basis.is_some_and(|basis| basis.rests != Rests::Admin) => {
            directory.add_member_cell(new, signer);
        }
        Action::MemberAdded { member, .. }
        | Action::MemberRemoved { member }
        | Action::MemberRoleSet { member, .. }
        | Action::CapabilitiesGranted { member, .. }
        | Action::CapabilitiesRevoked { member, .. }
        | Action::MemberAliasSet { member, .. } => {
            directory.add_member_cell(group, member);
        }
        Action::ContextCapabilityGranted { context, member, .. }
        | Action::ContextCapabilityRevoked { context, member, .. } => {
            directory.add_capability_cell(context, member);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_rules_need_of_an_op_stays_small() {
        // With the graph's 52 bytes and the indexes, 140 bytes an op in all.
        assert_eq!(size_of::<Action>(), 12);
        assert!(size_of::<Fact>() <= 48, "{} bytes", size_of::<Fact>());
    }
}
