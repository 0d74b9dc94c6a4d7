//! The reference reducer: SPEC §2 to §5, written down naively, to be read beside it.
//!
//! What a set of ops comes to is computed from that set, anew for the past of every op; only F(past) is remembered, by
//! the op's parents. It shares the wire types with the core, and is at most a tenth of its size
//! (`tests/reference_size.rs`). What is not §2 to §5 stands beside it: hashes (§6) in `reference_hash`, the shape in which
//! it is compared in `reference_report`, and what those ask who draft in `reference_questions`.
#![allow(missing_docs, reason = "variants and fields are named as SPEC names them")]

mod authority;
mod conflict;
mod fold;
mod node;
mod state;

pub use crate::reference_questions::View;
pub use crate::reference_report::{Judgement, NamespaceJudgement};
pub use authority::{Ground, Rank, Rests};
pub use fold::Folded;
pub use node::{Basis, Causal};
pub use state::{Context, Giver, Group, Invitation, Record, Register, State};
pub(crate) use {authority::Need, fold::fold, node::Node};

use Admission::Rejected;
use folkmoot_core::group_op::GroupOp::{JoinWithInvitationClaim, NamespaceCreated, SubgroupCreated};
use folkmoot_core::{NamespaceId, OpId, VerifiedOp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why an op is void or idle, by the names of SPEC §2 to §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    InvitationUsedUp,
    Barred,
    AuthorityLost,
    InvitationRevoked,
    SubjectReduced,
    Superseded,
    Overruled,
}

/// What an admitted op comes to in a set of ops (SPEC §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Effective,
    Void(Reason),
    Idle(Reason),
}

/// Whether an op has a place in the DAG (SPEC §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admission {
    Admitted,
    Pending,
    Ignored,
    Rejected(Rejection),
}

/// Why an op has no place in the DAG (SPEC §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejection {
    ParentRejected,
    WrongNamespace,
    RedundantParent,
    UnknownGroup,
    NonceGap,
    NotParticipant,
}

fn must<E>(holds: bool, or: E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(or) }
}

/// Ops, judged as they come.
#[derive(Debug, Default, Clone)]
pub struct Reference {
    pub(crate) admitted: BTreeMap<OpId, Arc<Node>>,
    pub(crate) pending: BTreeMap<OpId, VerifiedOp>,
    /// Those that are ignored or rejected.
    pub(crate) refused: BTreeMap<OpId, Admission>,
    /// F(past) by the parents of that past.
    folds: BTreeMap<Vec<OpId>, Arc<Folded>>,
}

impl Reference {
    /// Adds one op and says what SPEC §2 has it be. Those that waited for it are decided too.
    pub fn add(&mut self, op: VerifiedOp) -> Admission {
        let id = op.id();
        if self.admission(&id).is_none() {
            self.pending.insert(id, op);
            self.settle();
        }
        self.admission(&id).unwrap_or(Admission::Pending)
    }

    /// What SPEC §2 has an op be that was added.
    pub fn admission(&self, id: &OpId) -> Option<Admission> {
        let pending = self.pending.get(id).map(|_| Admission::Pending);
        pending.or(self.admitted.get(id).map(|_| Admission::Admitted)).or(self.refused.get(id).copied())
    }

    /// Decides all that can be decided, over and over until nothing more can.
    fn settle(&mut self) {
        let before = self.pending.len();
        for (id, op) in std::mem::take(&mut self.pending) {
            match self.decide(&op) {
                Ok(node) => drop(self.admitted.insert(id, Arc::new(node))),
                Err(Admission::Pending) => drop(self.pending.insert(id, op)),
                Err(refusal) => drop(self.refused.insert(id, refusal)),
            }
        }
        if self.pending.len() < before {
            self.settle();
        }
    }

    /// SPEC §2, from step 2 on.
    fn decide(&mut self, op: &VerifiedOp) -> Result<Node, Admission> {
        let o = op.signable();
        let parents = &o.parent_op_hashes;
        // 2.
        must(!parents.iter().any(|id| self.refused.contains_key(id)), Rejected(Rejection::ParentRejected))?;
        must(parents.iter().all(|id| self.admitted.contains_key(id)), Admission::Pending)?;
        // 3.
        if let NamespaceCreated { .. } = o.op {
            return Ok(Node::genesis(op));
        }
        let same_namespace = parents.iter().all(|id| self.admitted[id].namespace == o.namespace_id);
        must(same_namespace, Rejected(Rejection::WrongNamespace))?;
        let is_redundant = |a| parents.iter().any(|b| self.admitted[b].past.contains(a));
        must(!parents.iter().any(is_redundant), Rejected(Rejection::RedundantParent))?;
        let past = self.closure(parents);
        let creates = |node: &Node| matches!(node.op, NamespaceCreated { .. } | SubgroupCreated { .. });
        let group = past.get(&OpId(o.group_id.0)).filter(|id| creates(&self.admitted[*id]));
        must(group.is_some(), Rejected(Rejection::UnknownGroup))?;
        // 4.
        let own = past.iter().map(|id| &self.admitted[id]).filter(|node| node.signer == o.signer);
        let n = own.map(|node| node.nonce).max().unwrap_or(0);
        must(o.nonce > n, Admission::Ignored)?;
        must(o.nonce - n == 1, Rejected(Rejection::NonceGap))?;
        // 5.
        let s = self.fold_of(parents);
        let causal = s.state.causal(o, op.claim_verified(), self);
        let takes_part = match o.op {
            JoinWithInvitationClaim { .. } => causal.is_ok(),
            _ => s.state.groups.values().any(|group| group.members.contains_key(&o.signer)),
        };
        must(takes_part, Rejected(Rejection::NotParticipant))?;
        // 6.
        let depth = 1 + parents.iter().map(|parent| self.admitted[parent].depth).max().unwrap_or(0);
        Ok(Node { id: op.id(), signed: op.clone(), namespace: o.namespace_id, depth, past, causal })
    }

    /// These ops and all their ancestors: past(o), of the parents of o.
    pub(crate) fn closure(&self, of: &[OpId]) -> BTreeSet<OpId> {
        of.iter().flat_map(|id| self.admitted[id].past.iter().chain([id])).copied().collect()
    }

    /// F(past(o)), by the parents of o.
    pub(crate) fn fold_of(&mut self, parents: &[OpId]) -> Arc<Folded> {
        let past = self.closure(parents);
        let folded = || Arc::new(fold(past.iter().map(|id| &*self.admitted[id])));
        Arc::clone(self.folds.entry(parents.to_vec()).or_insert_with(folded))
    }

    /// "The heads are the admitted ops without children."
    pub(crate) fn heads(&self, namespace: &NamespaceId) -> BTreeSet<OpId> {
        let ours = || self.admitted.values().filter(|node| node.namespace == *namespace);
        let parents: BTreeSet<&OpId> = ours().flat_map(|node| &node.parent_op_hashes).collect();
        ours().map(|node| node.id).filter(|id| !parents.contains(id)).collect()
    }
}
