//! The admitted ops, and what is fixed about each of them for good (SPEC §2, §3).

use super::authority::{Draft, Ground, Rank, Rests};
use super::state::State;
use super::{Reason, preconditions};
use folkmoot_core::group_op::GroupOp;
use folkmoot_core::{GroupId, Hash, NamespaceId, OpId, PublicKey, Role, VerifiedOp};
use std::collections::BTreeMap;

/// A set of admitted ops, by their places in [`Dag`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OpSet(Vec<bool>);

impl OpSet {
    pub(super) fn contains(&self, at: usize) -> bool {
        self.0.get(at).copied().unwrap_or(false)
    }

    pub(super) fn insert(&mut self, at: usize) {
        if self.0.len() <= at {
            self.0.resize(at + 1, false);
        }
        self.0[at] = true;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().filter(|(_, inside)| **inside).map(|(at, _)| at)
    }
}

/// What a sound op rests on, as its own past had it (SPEC §2, "basis").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The signer; of a claim, the inviter.
    pub principal: PublicKey,
    /// The record that carries the op; none for NamespaceCreated.
    pub ground: Option<Ground>,
    /// The rank of that record in the op's past.
    pub seniority: Rank,
    /// Whether the op lowers (SPEC §3).
    pub lowers: bool,
    /// The op that gave the ground, the one that gave that one's, and so on up to genesis.
    pub chain: Vec<OpId>,
}

/// The causal verdict (SPEC §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Causal {
    /// Sound.
    Sound(Basis),
    /// Void, for good.
    Void(Reason),
}

impl Causal {
    /// "Causal verdict, fixed for good at admission, from S = F(past(o))".
    pub(super) fn of(dag: &Dag, state: &State, op: &VerifiedOp) -> Self {
        let signable = op.signable();
        let group = signable.group_id;
        // "state hash of op.group_id in S; zero for a deleted group"
        if signable.state_hash != state.groups.get(&group).map_or(Hash::ZERO, |live| live.state_hash(&group)) {
            return Self::Void(Reason::StateHashMismatch);
        }
        let draft = Draft {
            namespace: signable.namespace_id,
            group,
            signer: signable.signer,
            op: &signable.op,
            claim_verified: op.claim_verified(),
        };
        match preconditions::causal(dag, state, &draft) {
            Err(reason) => Self::Void(reason),
            Ok(ground) => {
                // "Seniority of a sound op: the rank, in F(past(o)), of the record that is its ground."
                let seniority = dag.rank(state, &ground.group, &draft.principal());
                let mut chain = vec![ground.given_by];
                chain.extend(dag.basis_of(&ground.given_by).into_iter().flat_map(|basis| basis.chain.iter().copied()));
                Self::Sound(Basis {
                    principal: draft.principal(),
                    ground: Some(ground),
                    seniority: seniority.unwrap_or_else(|| unreachable!("a ground is a record")),
                    lowers: draft.lowers(state),
                    chain,
                })
            }
        }
    }
}

/// An admitted op.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) id: OpId,
    pub(super) op: VerifiedOp,
    /// The group it is about; of NamespaceCreated, the root it makes.
    pub(super) group: GroupId,
    pub(super) namespace: NamespaceId,
    pub(super) depth: u64,
    pub(super) past: OpSet,
    pub(super) causal: Causal,
    /// path(op.group_id)
    pub(super) path: Vec<GroupId>,
    /// path(ground), if there is one.
    pub(super) ground_path: Vec<GroupId>,
    /// The chain of its basis, by places.
    pub(super) chain: Vec<usize>,
}

impl Node {
    pub(super) fn genesis(op: VerifiedOp) -> Self {
        let id = op.id();
        let basis = Basis {
            principal: op.signable().signer,
            ground: None,
            seniority: Rank { level: 0, tier: 0, depth: 0, id },
            lowers: false,
            chain: Vec::new(),
        };
        Self {
            id,
            op,
            group: id.into(),
            namespace: id.into(),
            depth: 0,
            past: OpSet::default(),
            causal: Causal::Sound(basis),
            path: vec![id.into()],
            ground_path: Vec::new(),
            chain: Vec::new(),
        }
    }

    pub(super) fn new(dag: &Dag, op: VerifiedOp, past: OpSet, causal: Causal) -> Self {
        let signable = op.signable();
        let parents = signable.parent_op_hashes.iter().filter_map(|id| dag.index(id));
        let depth = 1 + parents.map(|at| dag.node(at).depth).max().unwrap_or(0);
        let path = dag.path(&signable.group_id);
        let (ground_path, chain) = match &causal {
            Causal::Sound(basis) => (
                basis.ground.map_or_else(Vec::new, |ground| dag.path(&ground.group)),
                basis.chain.iter().filter_map(|id| dag.index(id)).collect(),
            ),
            Causal::Void(_) => (Vec::new(), Vec::new()),
        };
        let (group, namespace) = (signable.group_id, signable.namespace_id);
        Self { id: op.id(), op, group, namespace, depth, past, causal, path, ground_path, chain }
    }

    pub(super) fn payload(&self) -> &GroupOp {
        &self.op.signable().op
    }

    pub(super) fn signer(&self) -> PublicKey {
        self.op.signable().signer
    }

    pub(super) fn basis(&self) -> Option<&Basis> {
        match &self.causal {
            Causal::Sound(basis) => Some(basis),
            Causal::Void(_) => None,
        }
    }

    /// The id of the group that it creates, were it effective (SPEC §1, "Ids come from ops").
    pub(super) fn creates_group(&self) -> Option<GroupId> {
        let creates = matches!(self.payload(), GroupOp::NamespaceCreated { .. } | GroupOp::SubgroupCreated { .. });
        creates.then(|| self.id.into())
    }

    /// Whether it is sound and lowers.
    pub(super) fn lowers(&self) -> bool {
        self.basis().is_some_and(|basis| basis.lowers)
    }

    /// The member that it is about, if its payload names one.
    pub(super) fn member(&self) -> Option<PublicKey> {
        match self.payload() {
            GroupOp::MemberAdded { member, .. }
            | GroupOp::MemberRemoved { member }
            | GroupOp::MemberRoleSet { member, .. }
            | GroupOp::CapabilitiesGranted { member, .. }
            | GroupOp::CapabilitiesRevoked { member, .. }
            | GroupOp::MemberAliasSet { member, .. }
            | GroupOp::ContextCapabilityGranted { member, .. }
            | GroupOp::ContextCapabilityRevoked { member, .. } => Some(*member),
            _ => None,
        }
    }

    /// §3: "A reduction is a sound op that lowers, or CapabilitiesRevoked, ContextCapabilityRevoked or
    /// InvitationRevoked."
    pub(super) fn is_reduction(&self) -> bool {
        self.basis().is_some()
            && (self.lowers()
                || matches!(
                    self.payload(),
                    GroupOp::CapabilitiesRevoked { .. }
                        | GroupOp::ContextCapabilityRevoked { .. }
                        | GroupOp::InvitationRevoked { .. }
                ))
    }

    /// §3: "It is of the signer itself if its member is its signer."
    pub(super) fn is_of_the_signer_itself(&self) -> bool {
        self.member() == Some(self.signer())
    }

    pub(super) fn is_claim(&self) -> bool {
        matches!(self.payload(), GroupOp::JoinWithInvitationClaim { .. })
    }

    /// §3: "A grant: MemberAdded, MemberRoleSet, CapabilitiesGranted, ContextCapabilityGranted (subject: their
    /// member), JoinWithInvitationClaim (subject: its signer)."
    pub(super) fn subject_of_grant(&self) -> Option<PublicKey> {
        match self.payload() {
            GroupOp::MemberAdded { member, .. }
            | GroupOp::MemberRoleSet { member, .. }
            | GroupOp::CapabilitiesGranted { member, .. }
            | GroupOp::ContextCapabilityGranted { member, .. } => Some(*member),
            GroupOp::JoinWithInvitationClaim { .. } => Some(self.signer()),
            _ => None,
        }
    }

    /// §3: "gives a role (MemberAdded, MemberRoleSet that does not lower, claim)", with that role.
    pub(super) fn role_given(&self) -> Option<Role> {
        match self.payload() {
            GroupOp::MemberAdded { role, .. } => Some(*role),
            GroupOp::MemberRoleSet { role, .. } if !self.lowers() => Some(*role),
            GroupOp::JoinWithInvitationClaim { invitation, .. } => Some(invitation.role),
            _ => None,
        }
    }

    /// What its ground rests on.
    pub(super) fn rests_on(&self) -> Option<Rests> {
        self.basis().and_then(|basis| basis.ground).map(|ground| ground.rests_on)
    }
}

/// All admitted ops. Where an op lies in the list says nothing but that its parents lie before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Dag {
    nodes: Vec<Node>,
    places: BTreeMap<OpId, usize>,
}

impl Dag {
    pub(super) fn push(&mut self, node: Node) {
        self.places.insert(node.id, self.nodes.len());
        self.nodes.push(node);
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(super) fn node(&self, at: usize) -> &Node {
        &self.nodes[at]
    }

    pub(super) fn index(&self, id: &OpId) -> Option<usize> {
        self.places.get(id).copied()
    }

    pub(super) fn basis_of(&self, id: &OpId) -> Option<&Basis> {
        self.index(id).and_then(|at| self.node(at).basis())
    }

    /// Whether `a` is in the past of `b`.
    pub(super) fn precedes(&self, a: usize, b: usize) -> bool {
        self.node(b).past.contains(a)
    }

    /// "a ∥ b: neither is in the other's past." An op is not concurrent with itself, nor with another namespace's.
    pub(super) fn concurrent(&self, a: usize, b: usize) -> bool {
        a != b && !self.precedes(a, b) && !self.precedes(b, a) && self.node(a).namespace == self.node(b).namespace
    }

    /// These ops and all their ancestors.
    pub(super) fn closure(&self, of: &[usize]) -> OpSet {
        let mut all = OpSet::default();
        for &at in of {
            all.insert(at);
            self.node(at).past.iter().for_each(|ancestor| all.insert(ancestor));
        }
        all
    }

    /// §2.4: "the highest nonce of signer among ops of past(o) (0 if none)".
    pub(super) fn highest_nonce(&self, past: &OpSet, signer: &PublicKey) -> u64 {
        let own = past.iter().map(|at| self.node(at).op.signable()).filter(|op| op.signer == *signer);
        own.map(|op| op.nonce).max().unwrap_or(0)
    }

    /// §1: "A group's parent is the group_id of its SubgroupCreated, for good".
    pub(super) fn parent_of(&self, group: &GroupId) -> Option<GroupId> {
        let creator = self.node(self.index(&OpId(group.0))?);
        matches!(creator.payload(), GroupOp::SubgroupCreated { .. }).then_some(creator.group)
    }

    /// §5: "path(g) = g, parent(g), …, root".
    pub(super) fn path(&self, group: &GroupId) -> Vec<GroupId> {
        let mut path = vec![*group];
        let mut at = *group;
        while let Some(parent) = self.parent_of(&at) {
            path.push(parent);
            at = parent;
        }
        path
    }
}
