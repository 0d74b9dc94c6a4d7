//! The façade: ops in, one answer out.

use crate::arena::OpIx;
use crate::authority::Read;
use crate::codec::Malformed;
use crate::crypto::{BadSignature, SigningKey, VerifiedOp};
use crate::dag::Dag;
use crate::difference::effects;
use crate::effect::{Effect, Outcome, Status};
use crate::fold::FoldCounts;
use crate::group_op::{GroupOp, Role, SignableGroupOp, SignedGroupOp};
use crate::ids::{ContextId, GroupId, Hash, NamespaceId, OpId, PublicKey};
use crate::limits::{MAX_PARENTS, MAX_REMEMBERED_REJECTIONS, PROTOCOL_VERSION};
use crate::namespace::{Namespace, Parents, Refusal};
use crate::pending::{Pending, PendingLimits};
use crate::signing_keys::SigningKeys;
use crate::state_hash::{EntryKey, InclusionProof};
use crate::verdict::{RejectReason, Verdict, VoidReason};
use crate::view::{ContextInfo, GroupView, context_info, group_view, may_join, may_write, standing};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use hashbrown::HashMap;

/// Why bytes from a peer did not become an op. The peer's fault; such bytes have no id and leave no trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// They break a rule of SPEC §1.
    #[error("malformed: {0}")]
    Malformed(#[from] Malformed),
    /// The signer did not sign this.
    #[error(transparent)]
    BadSignature(#[from] BadSignature),
}

/// Why an op was not drafted. The host's fault: nobody has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// No such namespace here.
    #[error("there is no namespace {0} here")]
    UnknownNamespace(NamespaceId),
    /// No op of the draft's past created this group.
    #[error("there is no group {0} in the past of this draft")]
    UnknownGroup(GroupId),
    /// A parent that is not admitted in this namespace.
    #[error("the parent {0} is not admitted in this namespace")]
    UnknownParent(OpId),
    /// No parents, more than [`MAX_PARENTS`], or one in the past of another.
    #[error("the parents must be 1 to {MAX_PARENTS} ops, none in the past of another")]
    Parents,
    /// The signer is a member of nothing.
    #[error("{0} is a member of no group in the past of this draft")]
    NotParticipant(PublicKey),
    /// It would be void, for this reason.
    #[error("it would be void: {0}")]
    Void(VoidReason),
    /// A payload that nobody would accept.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Why an op has the verdict it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The present verdict.
    pub verdict: Verdict,
    /// Whether the verdict is causal: decided by the op's own past, for good.
    pub causal: bool,
    /// What struck or overruled it, or came before it in its register: the first in the order of SPEC §3.
    pub by: Option<OpId>,
    /// The op's name, as the spec writes it.
    pub kind: &'static str,
    /// Who signed it.
    pub signer: PublicKey,
    /// Whose authority it rests on: the inviter's for a claim.
    pub principal: PublicKey,
    /// The group it is about.
    pub group: GroupId,
    /// What it rests on; none for a void op and a NamespaceCreated.
    pub basis: Option<ExplainedBasis>,
    /// Its signer's nonce.
    pub nonce: u64,
    /// Its place in the graph: 0 for the NamespaceCreated, else one more than its deepest parent's.
    pub depth: u32,
}

/// What a sound op rests on (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExplainedBasis {
    /// The group whose record it is.
    pub ground: GroupId,
    /// What about the record counts.
    pub rests_on: RestsOn,
    /// The op that gave it.
    pub given_by: OpId,
    /// Edges from the ground's group up to the root.
    pub level: u8,
    /// 0 an Admin, 1 a holder of MANAGE_MEMBERS, 2 anybody else.
    pub tier: u8,
    /// The op whose depth and id the rank takes.
    pub ranked_by: OpId,
}

/// What about a record an op rests on (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestsOn {
    /// The Admin role.
    Admin,
    /// A capability, by its bit's number.
    Capability(u8),
    /// The record alone.
    Record,
}

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
}

/// Ops refused lately, so that what is built on them is refused too (SPEC §2.2).
#[derive(Debug, Default)]
struct Refused {
    by_id: HashMap<OpId, Refusal>,
    order: VecDeque<OpId>,
}

impl Refused {
    fn get(&self, id: &OpId) -> Option<Refusal> {
        self.by_id.get(id).copied()
    }

    fn insert(&mut self, id: OpId, refusal: Refusal) {
        if self.by_id.insert(id, refusal).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > MAX_REMEMBERED_REJECTIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }
}

/// The engine: all namespaces of one node.
///
/// It does no I/O, knows no time and draws no randomness. The same ops lead to the same answers in whatever order they
/// come (SPEC §7); see the crate's first page for how to drive it.
#[derive(Debug, Default)]
pub struct Engine {
    namespaces: BTreeMap<NamespaceId, Namespace>,
    pending: Pending,
    refused: Refused,
}

impl Engine {
    /// An engine that holds nothing, with the default bounds on what may wait.
    pub fn new() -> Self {
        Self::default()
    }

    /// An engine with bounds of the host's own on what may wait for parents.
    pub fn with_pending_limits(limits: PendingLimits) -> Self {
        Self { pending: Pending::with_limits(limits), ..Self::default() }
    }

    // Taking ops in.

    /// Applies one op, and whatever waited for it.
    pub fn apply(&mut self, op: VerifiedOp) -> Outcome {
        self.apply_batch([op])
    }

    /// Applies ops in any order. The state is folded once at the end, not for each.
    pub fn apply_batch(&mut self, ops: impl IntoIterator<Item = VerifiedOp>) -> Outcome {
        let mut round = Round::default();
        for op in ops {
            self.place(op, &mut round);
        }
        self.conclude(round)
    }

    /// Decodes, verifies and applies what a peer sent: one op.
    ///
    /// # Errors
    /// [`ReceiveError`] if it is no op that anybody signed.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Outcome, ReceiveError> {
        let op = SignedGroupOp::decode(bytes)?.verify()?;
        Ok(self.apply(op))
    }

    /// Gives one op, and all that waited for it, their verdicts: a work list, however long the chain.
    fn place(&mut self, op: VerifiedOp, round: &mut Round) {
        let mut work = Vec::from([op]);
        while let Some(op) = work.pop() {
            let id = op.id();
            let status = self.place_one(op, round);
            if matches!(status, Status::Admitted(_) | Status::Ignored | Status::Rejected(_)) {
                let Self { pending, namespaces, refused } = self;
                work.extend(pending.release(&id, |child| still_waits(namespaces, refused, child)));
            }
            round.outcome.statuses.push((id, status));
        }
    }

    fn place_one(&mut self, op: VerifiedOp, round: &mut Round) -> Status {
        let id = op.id();
        if let Some(refusal) = self.refused.get(&id) {
            return status_of_refusal(refusal);
        }
        if self.namespace_of(&id, &op.signable().namespace_id).is_some() {
            return Status::Duplicate;
        }
        let parents = &op.signable().parent_op_hashes;
        if parents.iter().any(|parent| self.refused.get(parent).is_some()) {
            return self.refuse(id, Refusal::Rejected(RejectReason::ParentRejected));
        }
        let missing = self.unadmitted(&op);
        if !missing.is_empty() {
            let wanted = missing.iter().filter(|parent| !self.pending.contains(parent)).copied().collect();
            if !self.pending.contains(&id) {
                round.outcome.evicted.extend(self.pending.insert(op, &missing));
            }
            return Status::Pending { missing: wanted };
        }
        match self.admit(&op, round) {
            Ok(verdict) => {
                round.outcome.admitted.push(op);
                Status::Admitted(verdict)
            }
            Err(refusal) => self.refuse(id, refusal),
        }
    }

    fn refuse(&mut self, id: OpId, refusal: Refusal) -> Status {
        self.refused.insert(id, refusal);
        status_of_refusal(refusal)
    }

    /// The namespace that an op is admitted in. `claimed` is looked at first; for a NamespaceCreated it is its own id.
    fn namespace_of(&self, id: &OpId, claimed: &NamespaceId) -> Option<NamespaceId> {
        namespace_of(&self.namespaces, id, claimed)
    }

    fn unadmitted(&self, op: &VerifiedOp) -> Vec<OpId> {
        let signable = op.signable();
        let parents = signable.parent_op_hashes.iter();
        parents.filter(|parent| self.namespace_of(parent, &signable.namespace_id).is_none()).copied().collect()
    }

    fn admit(&mut self, op: &VerifiedOp, round: &mut Round) -> Result<Verdict, Refusal> {
        let signable = op.signable();
        if matches!(signable.op, GroupOp::NamespaceCreated { .. }) {
            let namespace = Namespace::founded(op);
            let id = namespace.id();
            self.namespaces.insert(id, namespace);
            round.touch(id, 0, 0);
            round.outcome.effects.push(Effect::NamespaceCreated { namespace: id });
            return Ok(Verdict::Effective);
        }
        let wrong = Refusal::Rejected(RejectReason::WrongNamespace);
        let namespace = self.namespaces.get_mut(&signable.namespace_id).ok_or(wrong)?;
        let mut parents = Parents::new();
        for parent in &signable.parent_op_hashes {
            let parent = namespace.find(parent).ok_or(wrong)?;
            parents.push(parent).map_err(|_| wrong)?;
        }
        round.touch(namespace.id(), namespace.history.dag.len(), namespace.forks().len());
        let ix = namespace.admit(op, &parents)?;
        Ok(namespace.history.fact(ix).map_or(Verdict::Effective, |fact| fact.verdict))
    }

    /// Settles what the round touched; derives effects, and verdicts as they are now.
    fn conclude(&mut self, round: Round) -> Outcome {
        let Round { mut outcome, touched } = round;
        for (id, (first_new, first_fork)) in touched {
            let Some(namespace) = self.namespaces.get_mut(&id) else { continue };
            let difference = namespace.take_difference();
            effects(namespace, difference, OpIx::new(first_new), &mut outcome.effects);
            let dag = &namespace.history.dag;
            for fork in namespace.forks().get(first_fork..).unwrap_or_default() {
                let signer = namespace.history.directory.person(fork.signer);
                let (a, b) = (dag.id(fork.a), dag.id(fork.b));
                outcome.effects.push(Effect::EquivocationFound { namespace: id, signer, a, b });
            }
        }
        for (id, status) in &mut outcome.statuses {
            if let Status::Admitted(verdict) = status
                && let Some(now) = self.verdict(id)
            {
                *verdict = now;
            }
        }
        outcome
    }

    // Making ops.

    /// The op that founds a namespace: its id will be the namespace's and the root group's. `salt` is the host's
    /// randomness, so that no two namespaces of a founder are the same.
    pub fn genesis(
        founder: PublicKey,
        salt: [u8; 32],
        alias: &str,
        app_key: [u8; 32],
        application_id: [u8; 32],
    ) -> SignableGroupOp {
        SignableGroupOp {
            version: PROTOCOL_VERSION,
            namespace_id: NamespaceId::ZERO,
            group_id: GroupId::ZERO,
            parent_op_hashes: Vec::new(),
            state_hash: Hash::ZERO,
            signer: founder,
            nonce: 1,
            op: GroupOp::NamespaceCreated { salt, alias: alias.into(), app_key, application_id },
        }
    }

    /// Drafts an op on the present heads (with more than 64: those of greatest (depth, id)), with its nonce and state
    /// hash, ready to be signed (SPEC §7).
    ///
    /// # Errors
    /// [`DraftError`], with the reason if it would be void.
    pub fn draft(
        &mut self,
        namespace: &NamespaceId,
        group: &GroupId,
        signer: &PublicKey,
        op: GroupOp,
    ) -> Result<SignableGroupOp, DraftError> {
        let known = self.namespaces.get(namespace).ok_or(DraftError::UnknownNamespace(*namespace))?;
        let mut heads = known.history.dag.heads_by_depth();
        heads.truncate(MAX_PARENTS);
        self.draft_after(namespace, group, signer, op, &heads)
    }

    /// Drafts an op on parents that the caller names: admitted ops, none in the past of another.
    ///
    /// # Errors
    /// [`DraftError`], with the reason if it would be void.
    pub fn draft_on(
        &mut self,
        namespace: &NamespaceId,
        group: &GroupId,
        signer: &PublicKey,
        op: GroupOp,
        parents: &[OpId],
    ) -> Result<SignableGroupOp, DraftError> {
        let known = self.namespaces.get(namespace).ok_or(DraftError::UnknownNamespace(*namespace))?;
        let mut numbers = Vec::new();
        for parent in parents {
            numbers.push(known.find(parent).ok_or(DraftError::UnknownParent(*parent))?);
        }
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.is_empty() || numbers.len() > MAX_PARENTS || known.has_redundant_parent(&numbers) {
            return Err(DraftError::Parents);
        }
        self.draft_after(namespace, group, signer, op, &numbers)
    }

    fn draft_after(
        &mut self,
        namespace: &NamespaceId,
        group: &GroupId,
        signer: &PublicKey,
        op: GroupOp,
        parents: &[OpIx],
    ) -> Result<SignableGroupOp, DraftError> {
        let known = self.namespaces.get_mut(namespace).ok_or(DraftError::UnknownNamespace(*namespace))?;
        let mut parent_op_hashes: Vec<OpId> = parents.iter().map(|parent| known.history.dag.id(*parent)).collect();
        parent_op_hashes.sort_unstable();
        let mut signable = SignableGroupOp {
            version: PROTOCOL_VERSION,
            namespace_id: *namespace,
            group_id: *group,
            parent_op_hashes,
            state_hash: Hash::ZERO,
            signer: *signer,
            nonce: 1,
            op,
        };
        signable.check()?;
        known.foresee(&mut signable, parents)?;
        Ok(signable)
    }

    /// The signing key for a group: the one kept for it, else for its parent, and so on up to the root of its
    /// namespace, nearest first.
    pub fn resolve_signing_key<'k>(
        &self,
        keys: &'k SigningKeys,
        group: &GroupId,
        identity: &PublicKey,
    ) -> Option<&'k SigningKey> {
        let namespace = self.namespace_of_group(group)?;
        let directory = &self.namespaces.get(&namespace)?.history.directory;
        let path = directory.path(directory.find_group(group)).map(|above| directory.group_id(above));
        keys.resolve(path, identity)
    }

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
        let alive = directory.groups().filter(|group| glance.group(*group).is_some());
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

    // For the rooms beside this one.

    pub(crate) fn namespace(&self, id: &NamespaceId) -> Option<&Namespace> {
        self.namespaces.get(id)
    }

    pub(crate) fn pending_by_arrival(&self) -> Vec<&VerifiedOp> {
        self.pending.by_arrival()
    }

    pub(crate) fn refused_in_order(&self) -> impl Iterator<Item = (OpId, Refusal)> + '_ {
        self.refused.order.iter().filter_map(|id| Some((*id, self.refused.get(id)?)))
    }

    pub(crate) fn remember_refusal(&mut self, id: OpId, refusal: Refusal) {
        self.refused.insert(id, refusal);
    }

    /// Puts a namespace in; says whether there was one of its id.
    pub(crate) fn put_namespace(&mut self, namespace: Namespace) -> bool {
        self.namespaces.insert(namespace.id(), namespace).is_some()
    }

    pub(crate) fn namespace_mut(&mut self, id: &NamespaceId) -> Option<&mut Namespace> {
        self.namespaces.get_mut(id)
    }
}

/// One round of application.
#[derive(Default)]
struct Round {
    outcome: Outcome,
    /// Namespaces that ops came into: how many ops and forks each had before.
    touched: BTreeMap<NamespaceId, (usize, usize)>,
}

impl Round {
    fn touch(&mut self, namespace: NamespaceId, ops: usize, forks: usize) {
        self.touched.entry(namespace).or_insert((ops, forks));
    }
}

fn namespace_of(
    namespaces: &BTreeMap<NamespaceId, Namespace>,
    id: &OpId,
    claimed: &NamespaceId,
) -> Option<NamespaceId> {
    if namespaces.get(claimed).is_some_and(|known| known.find(id).is_some()) {
        return Some(*claimed);
    }
    namespaces.iter().find(|(_, known)| known.find(id).is_some()).map(|(id, _)| *id)
}

fn still_waits(namespaces: &BTreeMap<NamespaceId, Namespace>, refused: &Refused, op: &VerifiedOp) -> bool {
    let signable = op.signable();
    let parents = &signable.parent_op_hashes;
    parents.iter().all(|parent| refused.get(parent).is_none())
        && parents.iter().any(|parent| namespace_of(namespaces, parent, &signable.namespace_id).is_none())
}

const fn status_of_refusal(refusal: Refusal) -> Status {
    match refusal {
        Refusal::Ignored => Status::Ignored,
        Refusal::Rejected(reason) => Status::Rejected(reason),
    }
}
