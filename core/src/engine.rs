//! The façade: ops in, one answer out.

use crate::arena::OpIx;
use crate::crypto::{SigningKey, VerifiedOp};
use crate::difference::effects;
use crate::effect::{Effect, Outcome, Status};
use crate::error::{DraftError, ReceiveError};
use crate::group_op::{GroupOp, SignableGroupOp, SignedGroupOp};
use crate::ids::{GroupId, Hash, NamespaceId, OpId, PublicKey};
use crate::limits::{MAX_PARENTS, MAX_REMEMBERED_REJECTIONS, PROTOCOL_VERSION};
use crate::namespace::{Namespace, Parents, Refusal};
use crate::pending::{Inserted, Pending, PendingLimits};
use crate::signing_keys::SigningKeys;
use crate::verdict::{RejectReason, Verdict};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use hashbrown::HashMap;

/// Ops refused lately, so that what is built on them is refused too (SPEC §2.2).
#[derive(Debug, Default)]
pub(crate) struct Refused {
    pub(crate) by_id: HashMap<OpId, Refusal>,
    pub(crate) order: VecDeque<OpId>,
}

impl Refused {
    pub(crate) fn get(&self, id: &OpId) -> Option<Refusal> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn insert(&mut self, id: OpId, refusal: Refusal) {
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
    pub(crate) namespaces: BTreeMap<NamespaceId, Namespace>,
    pub(crate) pending: Pending,
    pub(crate) refused: Refused,
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
        let (mut round, mut work) = (Round::default(), Vec::new());
        for op in ops {
            self.place(op, &mut work, &mut round);
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

    /// Gives one op, and all that waited for it, their verdicts: a work list, empty before and after, however long the
    /// chain.
    fn place(&mut self, op: VerifiedOp, work: &mut Vec<VerifiedOp>, round: &mut Round) {
        // Most ops have nobody wait for them, and no list is made for those.
        let mut first = Some(op);
        while let Some(op) = first.take().or_else(|| work.pop()) {
            let id = op.id();
            let status = self.place_one(op, round);
            if matches!(status, Status::Admitted(_) | Status::Ignored | Status::Rejected(_)) {
                let Self { pending, namespaces, refused } = self;
                let admitted = matches!(status, Status::Admitted(_)).then_some(&id);
                pending.release(&id, |child| still_waits(namespaces, refused, child, admitted), work);
            }
            round.outcome.statuses.push((id, status));
        }
    }

    fn place_one(&mut self, op: VerifiedOp, round: &mut Round) -> Status {
        let id = op.id();
        if let Some(refusal) = self.refused.get(&id) {
            return status_of_refusal(refusal);
        }
        if self.is_admitted(&op) {
            return Status::Duplicate;
        }
        let parents = &op.signable().parent_op_hashes;
        if parents.iter().any(|parent| self.refused.get(parent).is_some()) {
            return self.refuse(id, Refusal::Rejected(RejectReason::ParentRejected));
        }
        let parents = self.parents_at_home(&op);
        let missing = if parents.is_none() { self.unadmitted(&op) } else { Vec::new() };
        if !missing.is_empty() {
            let Inserted { wanted, evicted } = self.pending.insert(op, missing);
            round.outcome.evicted.extend(evicted);
            return Status::Pending { missing: wanted };
        }
        match self.admit(&op, parents, round) {
            Ok(place) => {
                round.outcome.admitted.push(op);
                round.places.push(place);
                // Until the round is concluded.
                Status::Admitted(Verdict::Effective)
            }
            Err(refusal) => self.refuse(id, refusal),
        }
    }

    fn refuse(&mut self, id: OpId, refusal: Refusal) -> Status {
        self.refused.insert(id, refusal);
        status_of_refusal(refusal)
    }

    /// Whether an op has its place. It can have it in the namespace that it names alone, or makes.
    fn is_admitted(&self, op: &VerifiedOp) -> bool {
        let named = op.signable().namespace_id;
        let home = if named.is_zero() { op.id().into() } else { named };
        self.namespaces.get(&home).is_some_and(|known| known.find(&op.id()).is_some())
    }

    /// The namespace that an op is admitted in. `claimed` is looked at first.
    fn namespace_of(&self, id: &OpId, claimed: &NamespaceId) -> Option<NamespaceId> {
        namespace_of(&self.namespaces, id, claimed)
    }

    /// The parents of an op, if all of them have their places in the namespace that it names.
    fn parents_at_home(&self, op: &VerifiedOp) -> Option<Parents> {
        let signable = op.signable();
        let known = self.namespaces.get(&signable.namespace_id)?;
        let mut parents = Parents::new();
        for parent in &signable.parent_op_hashes {
            parents.push(known.find(parent)?).ok()?;
        }
        Some(parents)
    }

    fn unadmitted(&self, op: &VerifiedOp) -> Vec<OpId> {
        let signable = op.signable();
        let parents = signable.parent_op_hashes.iter();
        parents.filter(|parent| self.namespace_of(parent, &signable.namespace_id).is_none()).copied().collect()
    }

    fn admit(
        &mut self,
        op: &VerifiedOp,
        parents: Option<Parents>,
        round: &mut Round,
    ) -> Result<(NamespaceId, OpIx), Refusal> {
        let signable = op.signable();
        if matches!(signable.op, GroupOp::NamespaceCreated { .. }) {
            let namespace = Namespace::founded(op);
            let id = namespace.id();
            self.namespaces.insert(id, namespace);
            round.touch(id, 0, 0);
            round.outcome.effects.push(Effect::NamespaceCreated { namespace: id });
            return Ok((id, OpIx::new(0)));
        }
        let wrong = Refusal::Rejected(RejectReason::WrongNamespace);
        let namespace = self.namespaces.get_mut(&signable.namespace_id).ok_or(wrong)?;
        let parents = parents.ok_or(wrong)?;
        round.touch(namespace.id(), namespace.history.dag.len(), namespace.forks().len());
        Ok((namespace.id(), namespace.admit(op, &parents)?))
    }

    /// Settles what the round touched; derives effects, and verdicts as they are now.
    fn conclude(&mut self, round: Round) -> Outcome {
        let Round { mut outcome, places, touched } = round;
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
        let admitted = outcome.statuses.iter_mut().filter_map(|(_, status)| match status {
            Status::Admitted(verdict) => Some(verdict),
            _ => None,
        });
        for (verdict, (namespace, op)) in admitted.zip(places) {
            let fact = self.namespaces.get(&namespace).and_then(|known| known.history.fact(op));
            *verdict = fact.map_or(Verdict::Effective, |fact| fact.verdict);
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

    // For the rooms beside this one.

    pub(crate) fn namespace(&self, id: &NamespaceId) -> Option<&Namespace> {
        self.namespaces.get(id)
    }

    pub(crate) fn pending_by_arrival(&self) -> Vec<&VerifiedOp> {
        self.pending.by_arrival()
    }

    pub(crate) fn waits(&self, id: &OpId) -> bool {
        self.pending.contains(id)
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
    /// Where the ops are that were admitted, in the order in which they were.
    places: Vec<(NamespaceId, OpIx)>,
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

/// Whether an op has to go on waiting. `admitted` is known to have its place, and not looked for.
fn still_waits(
    namespaces: &BTreeMap<NamespaceId, Namespace>,
    refused: &Refused,
    op: &VerifiedOp,
    admitted: Option<&OpId>,
) -> bool {
    let signable = op.signable();
    let parents = &signable.parent_op_hashes;
    let is_admitted = |parent| namespace_of(namespaces, parent, &signable.namespace_id).is_some();
    parents.iter().all(|parent| refused.get(parent).is_none())
        && parents.iter().any(|parent| Some(parent) != admitted && !is_admitted(parent))
}

pub(crate) const fn status_of_refusal(refusal: Refusal) -> Status {
    match refusal {
        Refusal::Ignored => Status::Ignored,
        Refusal::Rejected(reason) => Status::Rejected(reason),
    }
}
