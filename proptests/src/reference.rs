//! The reference reducer: SPEC §2 to §6, written down naively.
//!
//! Nothing is updated in place here. What a set of ops comes to is computed from that set, for the past of every op
//! anew, and the functions below carry the sentence of SPEC that they stand for. [`Reference`] remembers what the past
//! of a set of parents came to, so that histories of a few hundred ops are judged in well below a second.

mod authority;
mod conflict;
mod dag;
mod effects;
mod fold;
mod hash;
mod judgement;
mod preconditions;
mod state;
mod view;

pub use authority::{Ground, Rank, Rests};
pub use dag::{Basis, Causal};
pub use fold::Folded;
pub use judgement::{Judgement, NamespaceJudgement};
pub use state::{Context, Group, Invitation, Record, Register, State};
pub use view::View;

use dag::{Dag, Node};
use folkmoot_core::group_op::GroupOp;
use folkmoot_core::{GroupId, NamespaceId, OpId, PublicKey, SignableGroupOp, VerifiedOp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Why an op is void or idle (SPEC §2 to §5), by the names of the SPEC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are named as SPEC names them")]
pub enum Reason {
    StateHashMismatch,
    NoSuchGroup,
    Unauthorized,
    TooDeep,
    RootGroup,
    AlreadyMember,
    NoSuchMember,
    Outranked,
    LastAdmin,
    ReadOnlyMember,
    NoSuchContext,
    BadInvitation,
    InvitationRevoked,
    InvitationUsedUp,
    Barred,
    AuthorityLost,
    SubjectReduced,
    Superseded,
    Overruled,
}

/// What an admitted op comes to in a set of ops (SPEC §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It took effect.
    Effective,
    /// It has no effect.
    Void(Reason),
    /// A reduction that stands and finds nothing to take.
    Idle(Reason),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effective => f.write_str("Effective"),
            Self::Void(reason) => write!(f, "{reason:?}"),
            Self::Idle(reason) => write!(f, "Idle: {reason:?}"),
        }
    }
}

/// Why an op has no place in the DAG (SPEC §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are named as SPEC names them")]
pub enum Rejection {
    ParentRejected,
    WrongNamespace,
    RedundantParent,
    UnknownGroup,
    NonceGap,
    NotParticipant,
}

/// Whether an op has a place in the DAG (SPEC §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admission {
    /// It has.
    Admitted,
    /// A parent is missing.
    Pending,
    /// Its past has seen its nonce.
    Ignored,
    /// It has none, and neither has what is built on it.
    Rejected(Rejection),
}

impl fmt::Display for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admitted => f.write_str("admitted"),
            Self::Pending => f.write_str("pending"),
            Self::Ignored => f.write_str("ignored"),
            Self::Rejected(rejection) => write!(f, "rejected: {rejection:?}"),
        }
    }
}

/// A set of ops, judged as it grows.
#[derive(Debug, Default, Clone)]
pub struct Reference {
    dag: Dag,
    /// Ops whose parents are not all known to be admitted, rejected or ignored.
    undecided: BTreeMap<OpId, VerifiedOp>,
    refused: BTreeMap<OpId, Admission>,
    /// Why the causal verdict of a claim is void that was rejected for that.
    void_claims: BTreeMap<OpId, Reason>,
    /// F(past) by the parents of that past.
    folds: BTreeMap<Vec<OpId>, Arc<Folded>>,
}

impl Reference {
    /// Judges a set of ops; in what order they come, and how often, cannot matter.
    pub fn judge(ops: impl IntoIterator<Item = VerifiedOp>) -> Judgement {
        let mut reference = Self::default();
        for op in ops {
            reference.undecided.insert(op.id(), op);
        }
        reference.settle();
        reference.judgement()
    }

    /// Adds one op and says what SPEC §2 has it be. Those that waited for it are decided too.
    pub fn add(&mut self, op: VerifiedOp) -> Admission {
        let id = op.id();
        if self.dag.index(&id).is_none() && !self.refused.contains_key(&id) {
            self.undecided.insert(id, op);
            self.settle();
        }
        self.admission(&id).unwrap_or(Admission::Pending)
    }

    /// What SPEC §2 has an op be that was added.
    pub fn admission(&self, id: &OpId) -> Option<Admission> {
        if self.dag.index(id).is_some() {
            Some(Admission::Admitted)
        } else if self.undecided.contains_key(id) {
            Some(Admission::Pending)
        } else {
            self.refused.get(id).copied()
        }
    }

    /// The causal verdict of an admitted op (SPEC §2).
    pub fn causal(&self, id: &OpId) -> Option<&Causal> {
        self.dag.index(id).map(|at| &self.dag.node(at).causal)
    }

    /// Why the causal verdict of a claim is void, if it was rejected for that (SPEC §2.5).
    pub fn void_claim(&self, id: &OpId) -> Option<Reason> {
        self.void_claims.get(id).copied()
    }

    /// The ids of the admitted ops, those of lesser depth first.
    pub fn admitted(&self) -> Vec<OpId> {
        let mut ops: Vec<_> = self.dag.nodes().iter().map(|node| (node.depth, node.id)).collect();
        ops.sort();
        ops.into_iter().map(|(_, id)| id).collect()
    }

    /// Whether one admitted op is an ancestor of another.
    pub fn is_ancestor(&self, ancestor: &OpId, of: &OpId) -> bool {
        match (self.dag.index(ancestor), self.dag.index(of)) {
            (Some(ancestor), Some(of)) => self.dag.precedes(ancestor, of),
            _ => false,
        }
    }

    /// An admitted op.
    pub fn op(&self, id: &OpId) -> Option<&VerifiedOp> {
        self.dag.index(id).map(|at| &self.dag.node(at).op)
    }

    /// All that was added, judged.
    pub fn judgement(&self) -> Judgement {
        Judgement::of(self)
    }

    /// What an op with these parents would see: F of their past, they included. `None` unless all are admitted and of
    /// one namespace.
    pub fn past_view(&mut self, parents: &[OpId]) -> Option<View> {
        let (namespace, folded) = self.fold_of_any(parents)?;
        Some(View::new(namespace, folded, &self.dag))
    }

    /// The causal verdict of SPEC §2 that an op would have on these parents if its state hash and the signatures of a
    /// claim were right. `None` where there is no [`Reference::past_view`].
    pub fn would_be(
        &mut self,
        parents: &[OpId],
        group: GroupId,
        signer: PublicKey,
        op: &GroupOp,
    ) -> Option<Result<Ground, Reason>> {
        let (namespace, folded) = self.fold_of_any(parents)?;
        let draft = authority::Draft { namespace, group, signer, op, claim_verified: true };
        Some(preconditions::causal(&self.dag, &folded.state, &draft))
    }

    /// F of these parents and their past, whatever order they are named in.
    fn fold_of_any(&mut self, parents: &[OpId]) -> Option<(NamespaceId, Arc<Folded>)> {
        let parents: BTreeSet<_> = parents.iter().copied().collect();
        let known: Vec<_> = parents.iter().map(|id| self.dag.index(id)).collect::<Option<_>>()?;
        let namespace = self.dag.node(*known.first()?).namespace;
        let same = known.iter().all(|&at| self.dag.node(at).namespace == namespace);
        same.then(|| (namespace, self.fold_of(&parents.into_iter().collect::<Vec<_>>())))
    }

    /// Decides all that can be decided, over and over until nothing more can.
    fn settle(&mut self) {
        loop {
            let ready: Vec<OpId> =
                self.undecided.values().filter(|op| self.is_ready(op.signable())).map(VerifiedOp::id).collect();
            if ready.is_empty() {
                return;
            }
            for id in ready {
                let Some(op) = self.undecided.remove(&id) else { continue };
                match self.decide(op) {
                    Ok(node) => self.dag.push(node),
                    Err(refusal) => {
                        self.refused.insert(id, refusal);
                    }
                }
            }
        }
    }

    /// §2.2: "a parent known to be rejected or ignored: rejected. Else any parent not admitted yet: pending."
    fn is_ready(&self, op: &SignableGroupOp) -> bool {
        op.parent_op_hashes.iter().any(|parent| self.refused.contains_key(parent))
            || op.parent_op_hashes.iter().all(|parent| self.dag.index(parent).is_some())
    }

    /// SPEC §2, steps 2 to 6, and the causal verdict, for an op that [`Self::is_ready`].
    fn decide(&mut self, op: VerifiedOp) -> Result<Node, Admission> {
        let reject = |rejection| Err(Admission::Rejected(rejection));
        let signable = op.signable();
        if signable.parent_op_hashes.iter().any(|parent| self.refused.contains_key(parent)) {
            return reject(Rejection::ParentRejected);
        }
        if matches!(signable.op, GroupOp::NamespaceCreated { .. }) {
            return Ok(Node::genesis(op));
        }
        let parents: Vec<usize> = signable.parent_op_hashes.iter().filter_map(|id| self.dag.index(id)).collect();
        if parents.iter().any(|&at| self.dag.node(at).namespace != signable.namespace_id) {
            return reject(Rejection::WrongNamespace);
        }
        if parents.iter().any(|&a| parents.iter().any(|&b| self.dag.precedes(a, b))) {
            return reject(Rejection::RedundantParent);
        }
        let past = self.dag.closure(&parents);
        if !past.iter().any(|at| self.dag.node(at).creates_group() == Some(signable.group_id)) {
            return reject(Rejection::UnknownGroup);
        }
        let seen = self.dag.highest_nonce(&past, &signable.signer);
        if signable.nonce <= seen {
            return Err(Admission::Ignored);
        }
        if signable.nonce - seen > 1 {
            return reject(Rejection::NonceGap);
        }
        let folded = self.fold_of(&signable.parent_op_hashes);
        let causal = Causal::of(&self.dag, &folded.state, &op);
        let is_claim = matches!(signable.op, GroupOp::JoinWithInvitationClaim { .. });
        let is_member = folded.state.groups.values().any(|group| group.members.contains_key(&signable.signer));
        if (!is_claim && !is_member) || (is_claim && matches!(causal, Causal::Void(_))) {
            if let (true, Causal::Void(reason)) = (is_claim, causal) {
                self.void_claims.insert(op.id(), reason);
            }
            return reject(Rejection::NotParticipant);
        }
        Ok(Node::new(&self.dag, op, past, causal))
    }

    /// F(past) of an op with these parents.
    fn fold_of(&mut self, parents: &[OpId]) -> Arc<Folded> {
        if let Some(folded) = self.folds.get(parents) {
            return Arc::clone(folded);
        }
        let at: Vec<usize> = parents.iter().filter_map(|id| self.dag.index(id)).collect();
        let folded = Arc::new(fold::fold(&self.dag, &self.dag.closure(&at)));
        self.folds.insert(parents.to_vec(), Arc::clone(&folded));
        folded
    }

    /// The admitted ops of each namespace.
    fn namespaces(&self) -> BTreeMap<NamespaceId, dag::OpSet> {
        let mut found: BTreeMap<NamespaceId, dag::OpSet> = BTreeMap::new();
        for (at, node) in self.dag.nodes().iter().enumerate() {
            found.entry(node.namespace).or_default().insert(at);
        }
        found
    }
}
