//! The admitted ops, and what SPEC §2, §3 and §5 say of an op by itself.

use super::state::Register;
use super::{Ground, Rank, Reason};
use folkmoot_core::group_op::GroupOp::*;
use folkmoot_core::{GroupId, NamespaceId, OpId, PublicKey, Role, SignableGroupOp, VerifiedOp};
use std::collections::BTreeSet;

/// The causal verdict (SPEC §2): sound, with its basis, or void.
pub type Causal = Result<Basis, Reason>;

/// What a sound op rests on, as its own past had it (SPEC §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    pub principal: PublicKey,
    /// None for NamespaceCreated.
    pub ground: Option<Ground>,
    pub seniority: Rank,
    pub lowers: bool,
    /// path(op.group_id)
    pub path: Vec<GroupId>,
    pub chain: Vec<OpId>,
}

/// An admitted op, with what was fixed for good at admission.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: OpId,
    pub(crate) signed: VerifiedOp,
    pub(crate) namespace: NamespaceId,
    pub(crate) depth: u64,
    pub(crate) past: BTreeSet<OpId>,
    pub(crate) causal: Causal,
}

impl std::ops::Deref for Node {
    type Target = SignableGroupOp;

    fn deref(&self) -> &SignableGroupOp {
        self.signed.signable()
    }
}

impl Node {
    /// §2, §3: genesis is at depth 0, and "the founder's [rank is] (0, 0, 0, namespace id)".
    pub(super) fn genesis(op: &VerifiedOp) -> Self {
        let (id, principal) = (op.id(), op.signable().signer);
        let (seniority, path, chain) = ((0, 0, (0, id)), vec![id.into()], Vec::new());
        let basis = Basis { principal, ground: None, seniority, lowers: false, path, chain };
        Self { id, signed: op.clone(), namespace: id.into(), depth: 0, past: BTreeSet::new(), causal: Ok(basis) }
    }

    /// §2: the basis, of a sound op.
    pub(super) fn basis(&self) -> &Basis {
        self.causal.as_ref().expect("a sound op")
    }

    /// §3: a ∥ b.
    pub(super) fn concurrent(&self, b: &Self) -> bool {
        self.id != b.id && !self.past.contains(&b.id) && !b.past.contains(&self.id)
    }

    /// §3: whether one sound op is strictly more senior than another.
    pub(super) fn outranks(&self, b: &Self) -> bool {
        self.basis().seniority < b.basis().seniority
    }

    /// The member that the op names.
    pub(super) fn member(&self) -> Option<PublicKey> {
        match &self.op {
            MemberAdded { member, .. } | MemberRemoved { member } | MemberRoleSet { member, .. } => Some(*member),
            CapabilitiesGranted { member, .. } | CapabilitiesRevoked { member, .. } => Some(*member),
            ContextCapabilityGranted { member, .. } | ContextCapabilityRevoked { member, .. } => Some(*member),
            _ => None,
        }
    }

    /// §3: a reduction.
    pub(super) fn is_reduction(&self) -> bool {
        let revokes =
            matches!(self.op, CapabilitiesRevoked { .. } | ContextCapabilityRevoked { .. } | InvitationRevoked { .. });
        self.causal.as_ref().is_ok_and(|basis| basis.lowers || revokes)
    }

    /// §3: of the signer itself.
    pub(super) fn is_of_the_signer_itself(&self) -> bool {
        self.member() == Some(self.signer)
    }

    pub(super) fn is_claim(&self) -> bool {
        matches!(self.op, JoinWithInvitationClaim { .. })
    }

    /// §3: a grant, by its subject.
    pub(super) fn subject(&self) -> Option<PublicKey> {
        match self.op {
            MemberAdded { .. } | MemberRoleSet { .. } => self.member(),
            CapabilitiesGranted { .. } | ContextCapabilityGranted { .. } => self.member(),
            JoinWithInvitationClaim { .. } => Some(self.signer),
            _ => None,
        }
    }

    /// §3: whether a sound op gives a role, and which.
    pub(super) fn role_given(&self) -> Option<Role> {
        match &self.op {
            MemberAdded { role, .. } => Some(*role),
            MemberRoleSet { role, .. } if !self.basis().lowers => Some(*role),
            JoinWithInvitationClaim { invitation, .. } => Some(invitation.role),
            _ => None,
        }
    }

    /// §5, "R:".
    pub(super) fn register(&self) -> Option<Register> {
        let name = self.op.name();
        Some(match &self.op {
            MemberAdded { member: m, .. } | MemberRemoved { member: m } | MemberRoleSet { member: m, .. } => {
                ("member", m.0)
            }
            JoinWithInvitationClaim { .. } => ("member", self.signer.0),
            DefaultCapabilitiesSet { .. } | DefaultVisibilitySet { .. } | GroupVisibilitySet { .. } => (name, [0; 32]),
            UpgradePolicySet { .. } | TargetApplicationSet { .. } | GroupAliasSet { .. } => (name, [0; 32]),
            MemberAliasSet { member, .. } => (name, member.0),
            ContextAliasSet { context_id, .. } => (name, context_id.0),
            _ => return None,
        })
    }
}
