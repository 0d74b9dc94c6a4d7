//! What can be asked of the past that some parents make, for drafting ops on them.

use super::authority::Need;
use super::dag::Dag;
use super::fold::Folded;
use super::state::State;
use super::{Ground, Rank, Verdict};
use folkmoot_core::{ContextId, GroupId, Hash, NamespaceId, OpId, PublicKey, Role, Visibility};
use std::collections::BTreeMap;
use std::sync::Arc;

/// F of a past, and what a draft needs to know of it.
#[derive(Debug, Clone)]
pub struct View {
    namespace: NamespaceId,
    folded: Arc<Folded>,
    nonces: BTreeMap<PublicKey, u64>,
    /// Everybody's ground for need *any* in each live group, and the role of its record.
    standings: BTreeMap<(GroupId, PublicKey), (Ground, Role)>,
    admins: BTreeMap<(GroupId, PublicKey), Ground>,
    ranks: BTreeMap<(GroupId, PublicKey), Rank>,
}

impl View {
    pub(super) fn new(namespace: NamespaceId, folded: Arc<Folded>, dag: &Dag) -> Self {
        let mut nonces = BTreeMap::new();
        for op in folded.verdicts.keys().filter_map(|id| dag.index(id)).map(|at| dag.node(at).op.signable()) {
            let highest = nonces.entry(op.signer).or_insert(0);
            *highest = op.nonce.max(*highest);
        }
        let (mut standings, mut admins, mut ranks) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let state = &folded.state;
        let people: Vec<&PublicKey> = state.groups.values().flat_map(|group| group.members.keys()).collect();
        for group in state.groups.keys() {
            for &p in &people {
                let key = (*group, *p);
                if let Some(ground) = dag.ground(state, p, Need::Any, group)
                    && let Some(record) = state.record(&ground.group, p)
                {
                    standings.insert(key, (ground, record.role));
                }
                if let Some(ground) = dag.ground(state, p, Need::Admin, group) {
                    admins.insert(key, ground);
                }
                if let Some(rank) = dag.rank(state, group, p) {
                    ranks.insert(key, rank);
                }
            }
        }
        Self { namespace, folded, nonces, standings, admins, ranks }
    }

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
        self.state().groups.get(group).map_or(Hash::ZERO, |live| live.state_hash(group))
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
        self.ranks.get(&(*group, *p)).copied()
    }

    /// Whether `p` governs `group`, from there or from above.
    pub fn is_admin(&self, group: &GroupId, p: &PublicKey) -> bool {
        self.admins.contains_key(&(*group, *p))
    }

    /// "standing(g, p) = the role of p's record at its ground for need any".
    pub fn standing(&self, group: &GroupId, p: &PublicKey) -> Option<Role> {
        self.standings.get(&(*group, *p)).map(|(_, role)| *role)
    }

    /// "may_join_context(c, p) = p has an Admin ground; or the context is Open and p has a record here with bit 2, or
    /// standing inherited from above; or p holds any context capability of c."
    pub fn may_join_context(&self, id: &ContextId, p: &PublicKey) -> bool {
        let found = self.state().groups.iter().find_map(|(g, group)| Some((g, group, group.contexts.get(id)?)));
        let Some((g, group, context)) = found else { return false };
        let by_record = group.members.get(p).is_some_and(|record| record.capabilities.contains_key(&2));
        let from_above = self.standings.get(&(*g, *p)).is_some_and(|(ground, _)| ground.group != *g);
        self.is_admin(g, p)
            || (context.visibility == Visibility::Open && (by_record || from_above))
            || context.capabilities.contains_key(p)
    }

    /// "may_write_context(c, p) = may join, and standing is not ReadOnly."
    pub fn may_write_context(&self, id: &ContextId, p: &PublicKey) -> bool {
        let group = self.state().groups.iter().find(|(_, group)| group.contexts.contains_key(id));
        self.may_join_context(id, p) && group.is_some_and(|(g, _)| self.standing(g, p) != Some(Role::ReadOnly))
    }
}
