//! One namespace: its ops and what they come to. Admission (SPEC §2) joins the rooms below it.

use crate::arena::{GroupIx, OpIx, PersonIx};
use crate::authority::{Glance, is_participant};
use crate::behind::{self, Behind};
use crate::crypto::VerifiedOp;
use crate::dag::{Dag, Past};
use crate::error::DraftError;
use crate::facts::{self, Action, Add, Basis, Fact, Find, History, Rests};
use crate::fold::{Difference, Fold, Memory};
use crate::group_op::{GroupOp, SignableGroupOp};
use crate::ids::{GroupId, Hash, NamespaceId, OpId, PublicKey};
use crate::limits::MAX_PARENTS;
use crate::merges::Sources;
use crate::preconditions::{ClaimTerms, judge};
use crate::reducer::Trace;
use crate::standing::Standing;
use crate::state_hash::{EntryKey, Forest, InclusionProof};
use crate::verdict::{RejectReason, Verdict, VoidReason};
use crate::views::{MergeCounts, View, Views};
use alloc::vec::Vec;
use hashbrown::HashMap;

/// Parents as numbers, or as many as an op may have.
pub(crate) type Parents = heapless::Vec<OpIx, MAX_PARENTS>;

/// Why an op gets no place in the DAG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Ignored,
    Rejected(RejectReason),
}

/// Two concurrent ops of one signer with the same nonce: proof that its key made two histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fork {
    pub(crate) signer: PersonIx,
    pub(crate) a: OpIx,
    pub(crate) b: OpIx,
}

/// What an op's past says about it.
struct Judged {
    group: GroupIx,
    action: Action,
    causal: Result<Basis, VoidReason>,
}

/// The past of an op to come: its set, and its state unless that is the whole's.
struct Before {
    past: Past,
    /// `None`: the parents are all the heads, so the past is all there is.
    view: Option<View>,
}

/// Ops of one signer by nonce.
#[derive(Debug, Clone, Default)]
struct Nonces {
    /// The first op admitted with each nonce, from 1 on.
    first: Vec<OpIx>,
    /// Further ops with a nonce, of signers that forked, by depth.
    more: HashMap<u32, Vec<OpIx>>,
}

impl Nonces {
    /// The first op admitted with a nonce.
    fn first(&self, nonce: u64) -> Option<OpIx> {
        self.first.get(usize::try_from(nonce.checked_sub(1)?).ok()?).copied()
    }

    /// Whether a past has an op with a nonce. No op of the past is deeper than `deepest`: of a signer that forked a thousand
    /// times from one point, those are soon told that lie beside.
    fn has(&self, dag: &Dag, past: &Past, deepest: u32, nonce: u64) -> bool {
        let more = u32::try_from(nonce).ok().and_then(|nonce| self.more.get(&nonce)).map_or(&[][..], Vec::as_slice);
        let end = more.partition_point(|op| dag.depth(*op) <= deepest);
        let more = more.get(..end).unwrap_or_default();
        self.first(nonce).iter().chain(more).any(|op| dag.contains(past, *op))
    }

    fn add(&mut self, dag: &Dag, nonce: u64, op: OpIx) {
        if self.first(nonce).is_none() {
            self.first.push(op);
            return;
        }
        let more = self.more.entry(u32::try_from(nonce).unwrap_or(u32::MAX)).or_default();
        let at = more.partition_point(|other| dag.depth(*other) <= dag.depth(op));
        more.insert(at, op);
    }
}

/// The engine of one namespace.
#[derive(Debug, Default)]
pub(crate) struct Namespace {
    id: NamespaceId,
    pub(crate) history: History,
    pub(crate) standing: Standing,
    pub(crate) fold: Fold,
    pub(crate) memory: Memory,
    views: Views,
    nonces: HashMap<PersonIx, Nonces>,
    forks: Vec<Fork>,
    trace: Trace,
    behind: Option<Behind>,
}

impl Namespace {
    /// The namespace of a NamespaceCreated.
    pub(crate) fn founded(op: &VerifiedOp) -> Self {
        let mut namespace = Self { id: op.id().into(), ..Self::default() };
        let signable = op.signable();
        let ix = namespace.history.dag.insert(op.id(), &[], &Past::EMPTY);
        let root = namespace.history.directory.add_group(op.id().into(), GroupIx::NONE, ix);
        let basis = Basis { ground: root, giver: OpIx::NONE, ranked_by: ix, level: 0, tier: 0, rests: Rests::Admin };
        namespace.record(op.id(), signable, op.encoded_len(), ix, root, Ok(basis), Action::Noop);
        namespace.take_in(ix, None, true);
        namespace
    }

    pub(crate) const fn id(&self) -> NamespaceId {
        self.id
    }

    pub(crate) const fn merge_counts(&self) -> MergeCounts {
        self.views.counts()
    }

    pub(crate) fn forks(&self) -> &[Fork] {
        &self.forks
    }

    pub(crate) fn find(&self, id: &OpId) -> Option<OpIx> {
        self.history.dag.find(id)
    }

    /// The whole state as it is settled.
    pub(crate) fn glance(&self) -> Glance<'_> {
        self.fold.glance(&self.history, &self.memory)
    }

    /// Folds what is left to fold.
    pub(crate) fn settle(&mut self) {
        self.fold.settle(&mut self.history, &mut self.memory, &self.standing);
    }

    /// Settles, and says what changed since the last time.
    pub(crate) fn take_difference(&mut self) -> Difference {
        self.settle();
        self.fold.take_difference()
    }

    // Admission.

    /// SPEC §2, steps 3 to 6, for an op whose parents are all here: its place, or why it gets none. A refused op
    /// leaves everything as it was.
    pub(crate) fn admit(&mut self, op: &VerifiedOp, parents: &[OpIx]) -> Result<OpIx, Refusal> {
        let signable = op.signable();
        if self.has_redundant_parent(parents) {
            return Err(Refusal::Rejected(RejectReason::RedundantParent));
        }
        let mark = self.history.dag.mark();
        let past = self.history.dag.past_of(parents);
        let admitted = self.admit_after(op, signable, parents, past);
        if admitted.is_err() {
            self.history.dag.forget_since(mark);
        }
        admitted
    }

    fn admit_after(
        &mut self,
        op: &VerifiedOp,
        signable: &SignableGroupOp,
        parents: &[OpIx],
        past: Past,
    ) -> Result<OpIx, Refusal> {
        let rejected = |reason| Err(Refusal::Rejected(reason));
        let Some(group) = self.group_in(&past, &signable.group_id) else {
            return rejected(RejectReason::UnknownGroup);
        };
        // The highest nonce of a signer whose ops nobody has seen is 0, so that one has always been seen.
        let Some(before) = signable.nonce.checked_sub(1) else { return Err(Refusal::Ignored) };
        let signer = self.history.directory.find_person(&signable.signer);
        let deepest = self.deepest(parents);
        if self.has_nonce(&past, deepest, signer, signable.nonce) {
            return Err(Refusal::Ignored);
        }
        if before > 0 && !self.has_nonce(&past, deepest, signer, before) {
            return rejected(RejectReason::NonceGap);
        }
        let is_claim = matches!(signable.op, GroupOp::JoinWithInvitationClaim { .. });
        if !is_claim && signer.is_none() {
            return rejected(RejectReason::NotParticipant);
        }
        let mut before = self.before(parents, past);
        if !is_claim && !is_participant(self.glance_at(&before), signer) {
            self.put_back(parents, before);
            return rejected(RejectReason::NotParticipant);
        }
        let fits = self.has_state_hash(&mut before, parents, group, signable);
        let judged = self.judge(&before, signable, op.claim_verified(), group, fits);
        if is_claim && judged.causal.is_err() {
            self.put_back(parents, before);
            return rejected(RejectReason::NotParticipant);
        }
        Ok(self.insert(op, parents, judged, before))
    }

    /// Whether some parent is in the past of another (SPEC §2.3).
    pub(crate) fn has_redundant_parent(&self, parents: &[OpIx]) -> bool {
        let dag = &self.history.dag;
        parents.iter().any(|a| parents.iter().any(|b| dag.is_before(*a, *b)))
    }

    /// The group, if an op of this past created it.
    fn group_in(&self, past: &Past, id: &GroupId) -> Option<GroupIx> {
        let group = self.history.directory.find_group(id);
        let known = group.is_some() && self.history.dag.contains(past, self.history.directory.created_by(group));
        known.then_some(group)
    }

    /// The depth of the deepest of these ops.
    fn deepest(&self, parents: &[OpIx]) -> u32 {
        parents.iter().map(|parent| self.history.dag.depth(*parent)).max().unwrap_or(0)
    }

    /// Whether an op of this signer with this nonce is in this past. Nonces in a past have no gaps.
    fn has_nonce(&self, past: &Past, deepest: u32, signer: PersonIx, nonce: u64) -> bool {
        self.nonces.get(&signer).is_some_and(|nonces| nonces.has(&self.history.dag, past, deepest, nonce))
    }

    /// One more than the highest nonce of a signer in the past that these ops head.
    fn next_nonce(&self, past: &Past, parents: &[OpIx], signer: &PublicKey) -> u64 {
        let person = self.history.directory.find_person(signer);
        let Some(nonces) = self.nonces.get(&person) else { return 1 };
        let deepest = self.deepest(parents);
        let has = |nonce: u64| nonces.has(&self.history.dag, past, deepest, nonce);
        // No gaps, so the highest can be searched by halves.
        let (mut low, mut high) = (0u64, nonces.first.len() as u64);
        while low < high {
            let middle = low.saturating_add(high).saturating_add(1) / 2;
            if has(middle) { low = middle } else { high = middle.saturating_sub(1) }
        }
        low.saturating_add(1)
    }

    fn before(&mut self, parents: &[OpIx], past: Past) -> Before {
        if self.history.dag.are_all_heads(parents) {
            self.settle();
            return Before { past, view: None };
        }
        self.catch_up();
        if parents.len() > 1 {
            // A merge is folded from a checkpoint of the whole, so the whole had better have some.
            self.settle();
        }
        let view = self.make_view(parents, &past);
        Before { past, view: Some(view) }
    }

    fn make_view(&mut self, parents: &[OpIx], past: &Past) -> View {
        let mut sources = Sources {
            history: &self.history,
            memory: &mut self.memory,
            standing: &self.standing,
            fold: &mut self.fold,
        };
        self.views.of_parents(&mut sources, parents, past)
    }

    /// The view was made for nothing: if it is that of a single op, it is kept for the next.
    fn put_back(&mut self, parents: &[OpIx], before: Before) {
        match (parents, before.view) {
            ([only], Some(view)) => self.views.keep(&mut self.memory, &self.history, *only, view),
            (_, Some(view)) => view.release(&mut self.memory),
            (_, None) => {}
        }
    }

    fn glance_at<'a>(&'a self, before: &'a Before) -> Glance<'a> {
        match &before.view {
            Some(view) => view.glance(&self.history, &self.memory.cells),
            None => self.glance(),
        }
    }

    /// What a question comes to in the state of these ops and all before them. None of them is before another.
    pub(crate) fn ask_at<T>(&mut self, heads: &[OpIx], question: impl FnOnce(&mut Glance<'_>) -> T) -> T {
        let mark = self.history.dag.mark();
        let past = self.history.dag.past_of(heads);
        let before = self.before(heads, past);
        let answer = question(&mut self.glance_at(&before));
        self.put_back(heads, before);
        self.history.dag.forget_since(mark);
        answer
    }

    fn state_hash_at(&mut self, before: &mut Before, parents: &[OpIx], group: GroupIx) -> Hash {
        match &mut before.view {
            Some(view) => {
                let (whole, of) = (self.fold.whole(), (parents, &before.past));
                self.views.state_hash(&mut self.memory, &self.history, whole, of, view, group)
            }
            None => self.main_state_hash(group),
        }
    }

    /// The state hash of a group in the whole, which must be settled.
    pub(crate) fn main_state_hash(&mut self, group: GroupIx) -> Hash {
        self.with_forest(|forest, memory_tries, glance| forest.state_hash(memory_tries, glance, group, false))
    }

    /// The digest of the whole, which must be settled.
    pub(crate) fn digest(&mut self) -> Hash {
        let id = self.id;
        self.with_forest(|forest, tries, glance| forest.digest(tries, glance, &id))
    }

    /// The proof of an entry in the whole, which must be settled.
    pub(crate) fn prove(&mut self, group: GroupIx, key: &EntryKey) -> Option<InclusionProof> {
        self.with_forest(|forest, tries, glance| forest.prove(tries, glance, group, key))
    }

    fn with_forest<T>(&mut self, work: impl FnOnce(&mut Forest, &mut crate::trie::Tries, Glance<'_>) -> T) -> T {
        let Memory { cells, tries } = &mut self.memory;
        let (state, forest) = self.fold.whole();
        work(forest, tries, Glance { history: &self.history, cells, state })
    }

    /// Whether the op's state hash is that of its group in its past.
    ///
    /// Tries of old pasts are not kept, and making one costs as much as has changed since. But a sound op with the same
    /// parents and group was signed over that very hash: the two are equal if that op's id comes out with ours in it.
    fn has_state_hash(
        &mut self,
        before: &mut Before,
        parents: &[OpIx],
        group: GroupIx,
        signable: &SignableGroupOp,
    ) -> bool {
        let has_tries = before.view.as_ref().is_none_or(|view| view.forest.is_some());
        if !has_tries
            && let [parent] = parents
            && let Some(proven) =
                self.history.same_state_hash_as_sibling(&self.id, *parent, group, &signable.state_hash)
        {
            return proven;
        }
        self.state_hash_at(before, parents, group) == signable.state_hash
    }

    /// The causal verdict (SPEC §2), given whether the state hash fits.
    fn judge(
        &self,
        before: &Before,
        signable: &SignableGroupOp,
        claim_verified: bool,
        group: GroupIx,
        state_hash_fits: bool,
    ) -> Judged {
        let directory = &self.history.directory;
        let mut action = facts::action(signable, &mut Find { directory, group });
        if !state_hash_fits {
            return Judged { group, action, causal: Err(VoidReason::StateHashMismatch) };
        }
        let signer = directory.find_person(&signable.signer);
        let terms = claim_terms(signable, &self.id, claim_verified);
        let causal = judge(self.glance_at(before), &mut action, group, signer, terms);
        Judged { group, action, causal }
    }

    // Taking in.

    fn insert(&mut self, op: &VerifiedOp, parents: &[OpIx], judged: Judged, before: Before) -> OpIx {
        let alone = before.view.is_none();
        if !alone {
            self.keep_view_of_only_head();
        }
        let ix = self.history.dag.insert(op.id(), parents, &before.past);
        self.record(op.id(), op.signable(), op.encoded_len(), ix, judged.group, judged.causal, judged.action);
        // A view far behind shares little with the others, and nobody is likely to go on from there soon: it is made again if
        // somebody does.
        let view = match before.view {
            Some(view) if view.is_far => {
                view.release(&mut self.memory);
                None
            }
            view => view,
        };
        self.take_in(ix, view, alone);
        if parents.len() > 1
            && let Some(own) = self.history.dag.last_in(&before.past).last()
        {
            self.views.let_go(&mut self.memory, &self.history.dag, *own);
        }
        ix
    }

    /// As long as there is one head, the whole is its view; before that ends, the view is kept for its next child.
    fn keep_view_of_only_head(&mut self) {
        if self.history.dag.head_count() != 1 || !self.fold.is_settled() {
            return;
        }
        let Some(head) = self.history.dag.heads().next().filter(|head| !self.views.has(*head)) else { return };
        let (state, forest) = self.fold.whole();
        let view = View::new(self.memory.cells.share(state), Some(forest.share(&mut self.memory.tries)));
        self.views.keep(&mut self.memory, &self.history, head, view);
    }

    /// Notes the facts of an op that is in the graph.
    #[expect(clippy::too_many_arguments, reason = "these are the facts")]
    fn record(
        &mut self,
        id: OpId,
        signable: &SignableGroupOp,
        encoded_len: usize,
        ix: OpIx,
        group: GroupIx,
        causal: Result<Basis, VoidReason>,
        judged: Action,
    ) {
        let directory = &mut self.history.directory;
        let signer = directory.add_person(&signable.signer);
        let mut action = judged;
        if causal.is_ok() {
            action = facts::action(signable, &mut Add { directory, op: ix, id, group, signer });
            if let (Action::MemberRoleSet { lowers, .. }, Action::MemberRoleSet { lowers: judged, .. }) =
                (&mut action, judged)
            {
                *lowers = judged;
            }
            facts::add_cells(directory, &action, group, signer, causal.as_ref().ok());
        } else if matches!(signable.op, GroupOp::SubgroupCreated { .. }) {
            // The id of a void one is known all the same: what names it is void for `NoSuchGroup`, not rejected.
            directory.add_group(id.into(), group, ix);
        }
        let verdict = causal.as_ref().err().map_or(Verdict::Effective, |reason| Verdict::Void(*reason));
        self.history.facts.push(Fact {
            signer,
            nonce: u32::try_from(signable.nonce).unwrap_or(u32::MAX),
            group,
            action,
            kind: signable.op.number(),
            causal: causal.err(),
            basis: causal.unwrap_or(Basis::NONE),
            verdict,
            gave_ground: false,
            wire_len: u16::try_from(encoded_len.saturating_sub(1)).unwrap_or(u16::MAX),
        });
        if let Ok(basis) = causal {
            self.standing.note_giver(&mut self.history, basis.giver);
        }
        self.note_nonce(ix, signer, signable.nonce);
    }

    // From a snapshot.

    /// A namespace whose ops are about to be put back from a snapshot.
    pub(crate) fn restoring(id: NamespaceId, directory: crate::directory::Directory) -> Self {
        let history = History { directory, ..History::default() };
        Self { id, history, ..Self::default() }
    }

    /// Takes in all ops, once they are in the graph and on record, each when `name` has numbered what it brought along:
    /// those after the last that was concurrent with another no further than is needed before the next such op comes.
    /// `None` if some op cannot be named.
    pub(crate) fn take_in_all(&mut self, mut name: impl FnMut(&mut History, OpIx) -> Option<()>) -> Option<()> {
        let from = behind::after_conflicts(&self.history.dag);
        for at in 0..from.at() {
            let op = OpIx::new(at);
            name(&mut self.history, op)?;
            behind::note_giver_of(&mut self.history, &mut self.standing, op);
            self.take_in(op, None, behind::came_alone(&self.history.dag, op));
            // What it told before it was written down is not told again.
            self.fold.forget_difference();
        }
        self.settle();
        if from.at() < self.history.dag.len() {
            let Self { history, memory, standing, fold, .. } = self;
            self.behind = Some(Behind::apply(history, memory, standing, fold, from, name)?);
        }
        let _ = self.fold.take_difference();
        Some(())
    }

    /// Takes in what is left of ops that were only applied: an op comes, or is asked about, that is concurrent with some.
    fn catch_up(&mut self) {
        let Some(behind) = self.behind.take() else { return };
        let Self { history, memory, standing, fold, views, .. } = self;
        behind.catch_up(history, memory, standing, fold, views);
    }

    pub(crate) fn note_nonce(&mut self, ix: OpIx, signer: PersonIx, nonce: u64) {
        let nonces = self.nonces.entry(signer).or_default();
        if let Some(first) = nonces.first(nonce) {
            self.forks.push(Fork { signer, a: first, b: ix });
        }
        nonces.add(&self.history.dag, nonce, ix);
    }

    /// Takes an op that is in the graph and on record into conflicts, the fold and the views.
    pub(crate) fn take_in(&mut self, ix: OpIx, view: Option<View>, alone: bool) {
        let sound = self.history.fact(ix).is_some_and(Fold::takes);
        if self.behind.is_some() {
            // Whoever is concurrent with others has had all caught up with before.
            if sound {
                self.fold.extend(&self.history, &mut self.memory, ix);
            }
            return;
        }
        if sound {
            let changed = self.standing.add(&self.history, ix, alone);
            self.fold.add(&mut self.history, &mut self.memory, &self.standing, ix, &changed);
        }
        match view {
            Some(mut view) => {
                if sound {
                    view.extend(&self.history, &mut self.memory, ix, &mut self.trace);
                }
                self.views.keep(&mut self.memory, &self.history, ix, view);
            }
            // Alone, and the whole settled: then the whole is the op's own view.
            None if alone && self.fold.is_settled() => {
                if self.history.dag.only_parent(ix).is_some() {
                    // There was one head before, too: nobody goes on side by side.
                    self.views.give_up_trunk(&mut self.memory);
                }
                self.views.keep_of_run(&mut self.memory, &self.history, ix, self.fold.state())
            }
            None => {}
        }
    }

    // Drafts.

    /// What an op with these parents would be: its next nonce, its state hash, and the reason why it would be void.
    pub(crate) fn foresee(&mut self, signable: &mut SignableGroupOp, parents: &[OpIx]) -> Result<(), DraftError> {
        let mark = self.history.dag.mark();
        let past = self.history.dag.past_of(parents);
        let outcome = (|| {
            let group = self.group_in(&past, &signable.group_id).ok_or(DraftError::UnknownGroup(signable.group_id))?;
            let mut before = self.before(parents, past);
            signable.nonce = self.next_nonce(&before.past, parents, &signable.signer);
            signable.state_hash = self.state_hash_at(&mut before, parents, group);
            let is_claim = matches!(signable.op, GroupOp::JoinWithInvitationClaim { .. });
            let signer = self.history.directory.find_person(&signable.signer);
            let takes_part = is_claim || (signer.is_some() && is_participant(self.glance_at(&before), signer));
            let verified = crate::crypto::claim_verifies(signable);
            let judged = self.judge(&before, signable, verified, group, true);
            self.put_back(parents, before);
            if !takes_part {
                return Err(DraftError::NotParticipant(signable.signer));
            }
            judged.causal.map(|_| ()).map_err(DraftError::Void)
        })();
        self.history.dag.forget_since(mark);
        outcome
    }
}

/// What a claim says for its own past to judge (SPEC §5).
fn claim_terms(signable: &SignableGroupOp, namespace: &NamespaceId, verified: bool) -> Option<ClaimTerms> {
    let GroupOp::JoinWithInvitationClaim { invitation, claimed_at, .. } = &signable.op else { return None };
    let fits = verified
        && invitation.namespace_id == *namespace
        && invitation.group_id == signable.group_id
        && invitation.invitee.is_none_or(|invitee| invitee == signable.signer)
        && invitation.expires_at.is_none_or(|expires_at| *claimed_at <= expires_at);
    Some(ClaimTerms { fits, max_uses: invitation.max_uses })
}
