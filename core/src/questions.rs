//! The questions that a host asks of an engine: about namespaces, ops and the state.

use crate::arena::OpIx;
use crate::authority::Read;
use crate::dag::Dag;
use crate::effect::Status;
use crate::engine::{Engine, status_of_refusal};
use crate::error::EpochError;
use crate::explain::Explanation;
use crate::fold::FoldCounts;
use crate::group_op::Role;
use crate::ids::{ContextId, GroupId, Hash, NamespaceId, OpId, PublicKey};
use crate::limits::MAX_SYNC_HEADS;
use crate::namespace::Namespace;
use crate::state_hash::{EntryKey, InclusionProof};
use crate::verdict::Verdict;
use crate::view::{ContextInfo, GroupView, context_info, group_view, may_join, may_write, standing};
use crate::views::MergeCounts;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// What a namespace holds, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Admitted ops.
    pub ops: usize,
    /// Heads.
    pub heads: usize,
    /// Ops that wait for parents.
    pub pending: usize,
    /// Forks found.
    pub forks: usize,
    /// What folding took.
    pub folds: FoldCounts,
    /// What judging merges took.
    pub merges: MergeCounts,
}

impl Engine {
    // Questions about namespaces.

    /// The namespaces that this engine holds, ascending.
    pub fn namespaces(&self) -> impl Iterator<Item = NamespaceId> + '_ {
        self.namespaces.keys().copied()
    }

    /// The namespace in which an op created this group.
    pub fn namespace_of_group(&self, group: &GroupId) -> Option<NamespaceId> {
        let found = self.namespaces.iter().find(|(_, known)| known.history.directory.find_group(group).is_some());
        found.map(|(id, _)| *id)
    }

    /// The ops without children, ascending: the governance epoch of all that the namespace holds.
    pub fn heads(&self, namespace: &NamespaceId) -> Vec<OpId> {
        let mut heads: Vec<OpId> = self
            .namespaces
            .get(namespace)
            .map(|known| known.history.dag.heads().map(|head| known.history.dag.id(head)).collect())
            .unwrap_or_default();
        heads.sort_unstable();
        heads
    }

    /// The digest of a namespace's state (SPEC §6). `&mut`, as hashes are made when they are asked for.
    pub fn digest(&mut self, namespace: &NamespaceId) -> Option<Hash> {
        self.namespaces.get_mut(namespace).map(Namespace::digest)
    }

    /// What a namespace holds, in numbers.
    pub fn counts(&self, namespace: &NamespaceId) -> Option<Counts> {
        self.namespaces.get(namespace).map(|known| Counts {
            ops: known.history.dag.len(),
            heads: known.history.dag.head_count(),
            pending: self.pending.count_of(namespace),
            forks: known.forks().len(),
            folds: known.fold.counts(),
            merges: known.merge_counts(),
        })
    }

    /// The admitted ops of a namespace with their verdicts, in the order of their admission.
    pub fn ops<'a>(&'a self, namespace: &NamespaceId) -> impl Iterator<Item = (OpId, Verdict)> + use<'a> {
        self.namespaces.get(namespace).into_iter().flat_map(|known| {
            let dag: &Dag = &known.history.dag;
            (0..dag.len()).map(OpIx::new).filter_map(|op| Some((dag.id(op), known.history.fact(op)?.verdict)))
        })
    }

    /// The signers that forked, with a pair of ops as evidence for each fork found.
    pub fn equivocations(&self, namespace: &NamespaceId) -> Vec<(PublicKey, OpId, OpId)> {
        let Some(known) = self.namespaces.get(namespace) else { return Vec::new() };
        let (dag, directory) = (&known.history.dag, &known.history.directory);
        known.forks().iter().map(|fork| (directory.person(fork.signer), dag.id(fork.a), dag.id(fork.b))).collect()
    }

    // Questions about ops.

    fn locate(&self, id: &OpId) -> Option<(&Namespace, OpIx)> {
        self.namespaces.values().find_map(|known| known.find(id).map(|op| (known, op)))
    }

    /// Whether an op is admitted.
    pub fn contains(&self, id: &OpId) -> bool {
        self.locate(id).is_some()
    }

    /// The present verdict of an admitted op.
    pub fn verdict(&self, id: &OpId) -> Option<Verdict> {
        let (known, op) = self.locate(id)?;
        known.history.fact(op).map(|fact| fact.verdict)
    }

    /// Why an op has the verdict it has, and what it rests on.
    pub fn explain(&self, id: &OpId) -> Option<Explanation> {
        let (known, op) = self.locate(id)?;
        Some(crate::explain::explain(known, op))
    }

    // Questions about waiting and refused ops.

    /// The ids of waiting ops of a namespace, ascending.
    pub fn pending(&self, namespace: &NamespaceId) -> Vec<OpId> {
        let mut ids: Vec<OpId> = self.pending.ids_of(namespace).collect();
        ids.sort_unstable();
        ids
    }

    /// The namespaces for which ops wait, whether they are known here or not, ascending.
    pub fn namespaces_waited_for(&self) -> impl Iterator<Item = NamespaceId> + '_ {
        self.pending.namespaces()
    }

    /// How many ops wait in all, and their bytes.
    pub fn pending_load(&self) -> (usize, usize) {
        (self.pending.len(), self.pending.bytes())
    }

    /// The parents that waiting ops of a namespace lack and that do not wait themselves, ascending: what to ask for.
    pub fn missing(&self, namespace: &NamespaceId) -> Vec<OpId> {
        self.pending.missing(namespace)
    }

    /// Why an op was refused, as long as that is remembered
    /// ([`MAX_REMEMBERED_REJECTIONS`](crate::limits::MAX_REMEMBERED_REJECTIONS)): [`Status::Ignored`] or
    /// [`Status::Rejected`].
    pub fn refusal(&self, id: &OpId) -> Option<Status> {
        self.refused.get(id).map(status_of_refusal)
    }

    /// All ops whose refusal is remembered, ascending by id.
    pub fn refusals(&self) -> BTreeMap<OpId, Status> {
        self.refused.by_id.iter().map(|(id, refusal)| (*id, status_of_refusal(*refusal))).collect()
    }

    // Questions about the state.

    /// The groups that exist in a namespace, ascending.
    pub fn groups(&self, namespace: &NamespaceId) -> BTreeSet<GroupId> {
        let Some(known) = self.namespaces.get(namespace) else { return BTreeSet::new() };
        let (mut glance, directory) = (known.glance(), &known.history.directory);
        let alive = directory.groups().filter(|group| glance.lives(*group));
        alive.map(|group| directory.group_id(group)).collect()
    }

    /// Everything readable about a group, if it exists.
    pub fn view(&self, namespace: &NamespaceId, group: &GroupId) -> Option<GroupView> {
        let known = self.namespaces.get(namespace)?;
        group_view(&mut known.glance(), known.history.directory.find_group(group))
    }

    /// The state hash of a group (SPEC §6); zero if it was deleted. `&mut`, as hashes are made when asked for.
    pub fn state_hash(&mut self, namespace: &NamespaceId, group: &GroupId) -> Option<Hash> {
        let known = self.namespaces.get_mut(namespace)?;
        let group = known.history.directory.find_group(group);
        group.is_some().then(|| known.main_state_hash(group))
    }

    /// The proof that a group has an entry, for someone who holds only the state hash; none if it has not.
    pub fn prove(&mut self, namespace: &NamespaceId, group: &GroupId, key: &EntryKey) -> Option<InclusionProof> {
        let known = self.namespaces.get_mut(namespace)?;
        let group = known.history.directory.find_group(group);
        known.prove(group, key)
    }

    /// The role of a person's record at its ground for need *any* (SPEC §5).
    pub fn standing(&self, namespace: &NamespaceId, group: &GroupId, person: &PublicKey) -> Option<Role> {
        let known = self.namespaces.get(namespace)?;
        let directory = &known.history.directory;
        standing(&mut known.glance(), directory.find_group(group), directory.find_person(person))
    }

    /// A context and the group it is registered in.
    pub fn context(&self, namespace: &NamespaceId, context: &ContextId) -> Option<(GroupId, ContextInfo)> {
        let known = self.namespaces.get(namespace)?;
        let directory = &known.history.directory;
        let (group, info) = context_info(&mut known.glance(), directory.find_context(context))?;
        Some((directory.group_id(group), info))
    }

    /// Whether a person may join a context (SPEC §5).
    pub fn may_join_context(&self, namespace: &NamespaceId, context: &ContextId, person: &PublicKey) -> bool {
        self.namespaces.get(namespace).is_some_and(|known| {
            let directory = &known.history.directory;
            may_join(&mut known.glance(), directory.find_context(context), directory.find_person(person))
        })
    }

    /// Whether a person may write in a context (SPEC §5).
    pub fn may_write_context(&self, namespace: &NamespaceId, context: &ContextId, person: &PublicKey) -> bool {
        self.namespaces.get(namespace).is_some_and(|known| {
            let directory = &known.history.directory;
            may_write(&mut known.glance(), directory.find_context(context), directory.find_person(person))
        })
    }

    /// Whether a person might write in a context (SPEC §5) at an epoch: in the state of these ops and all before them,
    /// as a replica judged whose heads they were. `&mut`, as that state may have to be made, at the cost of a draft on
    /// old parents.
    ///
    /// An epoch is its author's word: who was removed since can go on naming an old one. A host that cares asks for the
    /// present too.
    ///
    /// # Errors
    /// [`EpochError`].
    pub fn may_write_context_at(
        &mut self,
        namespace: &NamespaceId,
        context: &ContextId,
        person: &PublicKey,
        epoch: &[OpId],
    ) -> Result<bool, EpochError> {
        let known = self.namespaces.get_mut(namespace).ok_or(EpochError::UnknownNamespace(*namespace))?;
        if epoch.len() > MAX_SYNC_HEADS {
            return Err(EpochError::NoHeads);
        }
        let mut heads = Vec::new();
        for op in epoch {
            heads.push(known.find(op).ok_or(EpochError::UnknownOp(*op))?);
        }
        heads.sort_unstable();
        heads.dedup();
        if heads.is_empty() || known.has_redundant_parent(&heads) {
            return Err(EpochError::NoHeads);
        }
        let directory = &known.history.directory;
        let (context, person) = (directory.find_context(context), directory.find_person(person));
        Ok(known.ask_at(&heads, |state| may_write(state, context, person)))
    }
}
