//! What those ask of the reference who draft ops, and what tests ask of it besides verdicts. No verdict goes by this.

use crate::reference::{Admission, Causal, Folded, Ground, Need, Rank, Reason, Reference, Rejection, State, Verdict};
use folkmoot_core::group_op::GroupOp;
use folkmoot_core::{GroupId, Hash, NamespaceId, OpId, PublicKey, Role, SignableGroupOp, VerifiedOp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Reference {
    /// The causal verdict of an admitted op (SPEC §2).
    pub fn causal(&self, id: &OpId) -> Option<&Causal> {
        self.admitted.get(id).map(|node| &node.causal)
    }

    /// Why the causal verdict of a claim is void, if it was rejected for that (SPEC §2.5).
    pub fn void_claim(&mut self, op: &VerifiedOp) -> Option<Reason> {
        let is_claim = matches!(op.signable().op, GroupOp::JoinWithInvitationClaim { .. });
        let for_that = self.admission(&op.id()) == Some(Admission::Rejected(Rejection::NotParticipant));
        (is_claim && for_that).then(|| {
            let s = self.fold_of(&op.signable().parent_op_hashes);
            s.state.causal(op.signable(), op.claim_verified(), self).err()
        })?
    }

    /// The ids of the admitted ops, those of lesser depth first.
    pub fn admitted(&self) -> Vec<OpId> {
        let mut ops: Vec<_> = self.admitted.values().map(|node| (node.depth, node.id)).collect();
        ops.sort();
        ops.into_iter().map(|(_, id)| id).collect()
    }

    /// Whether one admitted op is an ancestor of another.
    pub fn is_ancestor(&self, ancestor: &OpId, of: &OpId) -> bool {
        self.admitted.get(of).is_some_and(|of| of.past.contains(ancestor))
    }

    /// An admitted op.
    pub fn op(&self, id: &OpId) -> Option<&VerifiedOp> {
        self.admitted.get(id).map(|node| &node.signed)
    }

    /// What an op with these parents would see: F of their past, they included. `None` unless all are admitted and of
    /// one namespace.
    pub fn past_view(&mut self, parents: &[OpId]) -> Option<View> {
        let parents: Vec<OpId> = parents.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let nodes: Vec<_> = parents.iter().map(|id| self.admitted.get(id)).collect::<Option<_>>()?;
        let namespace = nodes.first()?.namespace;
        if nodes.iter().any(|node| node.namespace != namespace) {
            return None;
        }
        let folded = self.fold_of(&parents);
        let mut nonces = BTreeMap::new();
        for op in folded.verdicts.keys().filter_map(|id| self.op(id)).map(VerifiedOp::signable) {
            let highest = nonces.entry(op.signer).or_insert(0);
            *highest = op.nonce.max(*highest);
        }
        Some(View { namespace, folded, nonces })
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
        let view = self.past_view(parents)?;
        let draft = SignableGroupOp {
            version: 1,
            namespace_id: view.namespace,
            group_id: group,
            parent_op_hashes: parents.to_vec(),
            state_hash: view.state_hash(&group),
            signer,
            nonce: view.next_nonce(&signer),
            op: op.clone(),
        };
        Some(view.state().authorize(&draft, true))
    }
}

/// F of a past, and what a draft needs to know of it.
#[derive(Debug, Clone)]
pub struct View {
    namespace: NamespaceId,
    folded: Arc<Folded>,
    nonces: BTreeMap<PublicKey, u64>,
}

impl View {
    /// The namespace.
    pub const fn namespace(&self) -> NamespaceId {
        self.namespace
    }

    /// F(past).
    pub fn state(&self) -> &State {
        &self.folded.state
    }

    /// What each op of the past comes to in it.
    pub fn verdicts(&self) -> &BTreeMap<OpId, Verdict> {
        &self.folded.verdicts
    }

    /// The state hash that an op about `group` must carry; zero if the group is gone.
    pub fn state_hash(&self, group: &GroupId) -> Hash {
        self.state().state_hash(group)
    }

    /// The digest of the namespace.
    pub fn digest(&self) -> Hash {
        self.state().digest(&self.namespace)
    }

    /// The nonce that the signer's next op must carry.
    pub fn next_nonce(&self, signer: &PublicKey) -> u64 {
        self.nonces.get(signer).copied().unwrap_or(0) + 1
    }

    /// The rank of `p`'s record in `group`.
    pub fn rank(&self, group: &GroupId, p: &PublicKey) -> Option<Rank> {
        self.state().rank(group, p)
    }

    /// Whether `p` governs `group`, from there or from above.
    pub fn is_admin(&self, group: &GroupId, p: &PublicKey) -> bool {
        self.ground(group, p, Need::Admin).is_some()
    }

    /// "standing(g, p) = the role of p's record at its ground for need any" (SPEC §5).
    pub fn standing(&self, group: &GroupId, p: &PublicKey) -> Option<Role> {
        let ground = self.ground(group, p, Need::Any)?;
        self.state().record(&ground.group, p).map(|record| record.role)
    }

    /// The ground of `p` for a need in a group that may be gone.
    fn ground(&self, group: &GroupId, p: &PublicKey, need: Need) -> Option<Ground> {
        self.state().groups.contains_key(group).then(|| self.state().ground(p, need, group))?
    }
}
