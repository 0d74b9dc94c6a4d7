//! Questions. Each is answered from one moment, between two changes.

use crate::client::ContextClient;
use crate::error::{Answer, Refusal};
use crate::node::Node;
use crate::store::limits::MAX_PAGE_ROWS;
use crate::store::{IssuedInvitation, OpPage};
use folkmoot_core::{
    ContextId, ContextInfo, EntryKey, Explanation, GroupId, GroupInfo, Hash, InclusionProof, InvitationId,
    InvitationInfo, MemberInfo, NamespaceId, OpId, PublicKey, Role,
};
use std::collections::{BTreeMap, BTreeSet};

/// Some entries of a list, ascending by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<K, V> {
    /// The entries: as many as were asked for, or up to [`MAX_PAGE_ROWS`].
    pub entries: Vec<(K, V)>,
    /// What to ask after for more; `None` at the end.
    pub next: Option<K>,
}

/// A group as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSummary {
    /// The namespace.
    pub namespace: NamespaceId,
    /// The group's own data.
    pub info: GroupInfo,
    /// The hash of all that can be read of it (SPEC §6): what [`By::if_state_is`](crate::By::if_state_is) takes.
    pub state_hash: Hash,
}

/// A namespace on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamespaceSummary {
    /// This node's identity in it.
    pub identity: Option<PublicKey>,
    /// Whether its ops are taken from peers.
    pub followed: bool,
    /// How many of its ops are here; 0 if none has come yet.
    pub ops: u64,
}

/// An invitation to a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationSummary {
    /// How often it was claimed, and whether it was revoked.
    pub info: InvitationInfo,
    /// The invitation itself, if this node issued it.
    pub issued: Option<IssuedInvitation>,
}

/// Proof of one entry of a group's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateProof {
    /// The state hash, which whoever verifies has from somebody it trusts.
    pub state_hash: Hash,
    /// The entry's value, and the way to it: [`InclusionProof::verify`].
    pub proof: InclusionProof,
}

/// Two concurrent ops of a signer with one nonce: a copied key, two devices, or a liar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Equivocation {
    /// Who forked.
    pub signer: PublicKey,
    /// One op.
    pub a: OpId,
    /// The other.
    pub b: OpId,
}

/// What a namespace holds, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NamespaceCounts {
    /// Admitted ops.
    pub ops: usize,
    /// Ops without children.
    pub heads: usize,
    /// Ops that wait for parents.
    pub pending: usize,
    /// Parents that they wait for, and that do not wait themselves.
    pub missing: usize,
    /// Forks found.
    pub forks: usize,
}

impl ContextClient {
    // About groups.

    /// A group's own data, its namespace, and its state hash.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`].
    pub async fn group_info(&self, group: GroupId) -> Answer<GroupSummary> {
        self.ask(move |node| node.group_summary(&group)).await
    }

    /// The groups right below one: up to `limit` and [`MAX_PAGE_ROWS`] of them, from the first after `after`. Looks at all
    /// groups of the namespace.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`].
    pub async fn subgroups(
        &self,
        group: GroupId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Answer<Page<GroupId, GroupInfo>> {
        self.ask(move |node| node.subgroups(&group, after, limit)).await
    }

    /// All groups of a namespace, its root among them: up to `limit` and [`MAX_PAGE_ROWS`] of them, from the first after
    /// `after`.
    ///
    /// # Errors
    /// [`Refusal::NoSuchNamespace`].
    pub async fn groups(
        &self,
        namespace: NamespaceId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Answer<Page<GroupId, GroupInfo>> {
        self.ask(move |node| node.groups(&namespace, after, limit)).await
    }

    /// The members of a group with their roles, capabilities and names: up to `limit` and [`MAX_PAGE_ROWS`] of them, from
    /// the first after `after`. Those of groups above, who may have standing here, are not among them.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`].
    pub async fn group_members(
        &self,
        group: GroupId,
        after: Option<PublicKey>,
        limit: usize,
    ) -> Answer<Page<PublicKey, MemberInfo>> {
        self.ask(move |node| {
            node.namespace_of_group(&group)?;
            Ok(page(limit, node.store.members(&group, after, clamped(limit))?))
        })
        .await
    }

    /// A member's role, capabilities and name in a group.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`], [`Refusal::NoSuchMember`].
    pub async fn member_info(&self, group: GroupId, member: PublicKey) -> Answer<MemberInfo> {
        self.ask(move |node| {
            node.namespace_of_group(&group)?;
            node.record(&group, &member)
        })
        .await
    }

    /// A member's capabilities in a group ([`capabilities`](folkmoot_core::group_op::capabilities)). An Admin may do
    /// everything without any.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`], [`Refusal::NoSuchMember`].
    pub async fn member_capabilities(&self, group: GroupId, member: PublicKey) -> Answer<u32> {
        Ok(self.member_info(group, member).await?.capabilities)
    }

    /// The role with which somebody stands in a group, be it by a record in one above (SPEC §5, `standing`); `None` for
    /// strangers.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`].
    pub async fn standing(&self, group: GroupId, person: PublicKey) -> Answer<Option<Role>> {
        self.ask(move |node| {
            let namespace = node.namespace_of_group(&group)?;
            Ok(node.engine.standing(&namespace, &group, &person))
        })
        .await
    }

    /// The contexts of a group: up to `limit` and [`MAX_PAGE_ROWS`] of them, from the first after `after`.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`].
    pub async fn group_contexts(
        &self,
        group: GroupId,
        after: Option<ContextId>,
        limit: usize,
    ) -> Answer<Page<ContextId, ContextInfo>> {
        self.ask(move |node| {
            node.namespace_of_group(&group)?;
            Ok(page(limit, node.store.contexts(&group, after, clamped(limit))?))
        })
        .await
    }

    /// The group that a context is registered in.
    ///
    /// # Errors
    /// [`Refusal::NoSuchContext`].
    pub async fn group_of_context(&self, context: ContextId) -> Answer<GroupId> {
        self.ask(move |node| Ok(node.store.group_of_context(&context)?.ok_or(Refusal::NoSuchContext(context))?)).await
    }

    /// The governance epoch of a context: the heads of its namespace, ascending. An application's message that names it can
    /// be judged by whoever has the same ops ([`ContextClient::may_execute`]).
    ///
    /// # Errors
    /// [`Refusal::NoSuchContext`].
    pub async fn governance_epoch(&self, context: ContextId) -> Answer<Vec<OpId>> {
        self.ask(move |node| {
            let namespace = node.namespace_of_context(&context).ok_or(Refusal::NoSuchContext(context))?;
            Ok(node.engine.heads(&namespace))
        })
        .await
    }

    /// The invitations to a group that this node issued, or that were used or revoked: up to `limit` and [`MAX_PAGE_ROWS`]
    /// of them, from the first after `after`. Reads the whole group.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`].
    pub async fn group_invitations(
        &self,
        group: GroupId,
        after: Option<InvitationId>,
        limit: usize,
    ) -> Answer<Page<InvitationId, InvitationSummary>> {
        self.ask(move |node| node.group_invitations(&group, after, limit)).await
    }

    /// Proves an entry of a group's state to someone who holds only the state hash; `None` if the group has no such entry.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`].
    pub async fn state_proof(&self, group: GroupId, entry: EntryKey) -> Answer<Option<StateProof>> {
        self.ask(move |node| node.state_proof(&group, &entry)).await
    }

    // About namespaces.

    /// The namespaces of this node: those that ops are here of, that it has an identity in, or that it follows; up to
    /// `limit` and [`MAX_PAGE_ROWS`] of them, from the first after `after`.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn namespaces(
        &self,
        after: Option<NamespaceId>,
        limit: usize,
    ) -> Answer<Page<NamespaceId, NamespaceSummary>> {
        self.ask(move |node| Ok(node.namespace_summaries(after, limit))).await
    }

    /// This node's identity in a namespace.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn identity(&self, namespace: NamespaceId) -> Answer<Option<PublicKey>> {
        self.ask(move |node| Ok(node.identities.get(&namespace).copied())).await
    }

    /// The ops without children, ascending.
    ///
    /// # Errors
    /// [`Refusal::NoSuchNamespace`].
    pub async fn heads(&self, namespace: NamespaceId) -> Answer<Vec<OpId>> {
        self.ask(move |node| {
            node.held(&namespace)?;
            Ok(node.engine.heads(&namespace))
        })
        .await
    }

    /// The digest of a namespace's whole state (SPEC §6): the same on all nodes that have the same ops.
    ///
    /// # Errors
    /// [`Refusal::NoSuchNamespace`].
    pub async fn digest(&self, namespace: NamespaceId) -> Answer<Hash> {
        self.ask(move |node| Ok(node.engine.digest(&namespace).ok_or(Refusal::NoSuchNamespace(namespace))?)).await
    }

    /// What a namespace holds and waits for, in numbers; ops may wait for one of which nothing is here yet.
    ///
    /// # Errors
    /// [`Refusal::NoSuchNamespace`] if nothing of it is here and nothing waits for it.
    pub async fn counts(&self, namespace: NamespaceId) -> Answer<NamespaceCounts> {
        self.ask(move |node| node.namespace_counts(&namespace)).await
    }

    /// Some ops of a namespace's log, in the order of their arrival here: those after number `after` (0: from the first),
    /// up to `limit` and [`MAX_PAGE_ROWS`], of up to
    /// [`MAX_SYNC_PAGE_BYTES`](folkmoot_core::limits::MAX_SYNC_PAGE_BYTES) together.
    ///
    /// # Errors
    /// [`Refusal::NoSuchNamespace`].
    pub async fn op_log(&self, namespace: NamespaceId, after: u64, limit: usize) -> Answer<OpPage> {
        self.ask(move |node| {
            node.held(&namespace)?;
            Ok(node.store.ops_page(&namespace, after, limit)?)
        })
        .await
    }

    /// Why an op has the verdict it has, by which op, and what it rests on.
    ///
    /// # Errors
    /// [`Refusal::NoSuchOp`] if it is not admitted here.
    pub async fn explain(&self, op: OpId) -> Answer<Explanation> {
        self.ask(move |node| Ok(node.engine.explain(&op).ok_or(Refusal::NoSuchOp(op))?)).await
    }

    /// The forks found in a namespace, each with a pair of ops as evidence: up to `limit` and [`MAX_PAGE_ROWS`] of them,
    /// in the order in which this node found them, without the first `skip`.
    ///
    /// # Errors
    /// [`Refusal::NoSuchNamespace`].
    pub async fn equivocations(&self, namespace: NamespaceId, skip: usize, limit: usize) -> Answer<Vec<Equivocation>> {
        self.ask(move |node| {
            node.held(&namespace)?;
            let found = node.engine.equivocations(&namespace).into_iter().skip(skip).take(clamped(limit));
            Ok(found.map(|(signer, a, b)| Equivocation { signer, a, b }).collect())
        })
        .await
    }
}

impl Node {
    fn held(&self, namespace: &NamespaceId) -> Answer<()> {
        let held = self.engine.namespaces().any(|held| held == *namespace);
        if held { Ok(()) } else { Err(Refusal::NoSuchNamespace(*namespace).into()) }
    }

    fn group_summary(&mut self, group: &GroupId) -> Answer<GroupSummary> {
        let namespace = self.namespace_of_group(group)?;
        let info = self.store.group_info(group)?.ok_or(Refusal::NoSuchGroup(*group))?;
        let state_hash = self.engine.state_hash(&namespace, group).ok_or(Refusal::NoSuchGroup(*group))?;
        Ok(GroupSummary { namespace, info, state_hash })
    }

    fn subgroups(&self, group: &GroupId, after: Option<GroupId>, limit: usize) -> Answer<Page<GroupId, GroupInfo>> {
        let namespace = self.namespace_of_group(group)?;
        let mut below = Vec::new();
        for other in self.engine.groups(&namespace).range(from(after)) {
            if below.len() == clamped(limit) {
                break;
            }
            if let Some(info) = self.store.group_info(other)?.filter(|info| info.parent == Some(*group)) {
                below.push((*other, info));
            }
        }
        Ok(page(limit, below))
    }

    fn groups(
        &self,
        namespace: &NamespaceId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Answer<Page<GroupId, GroupInfo>> {
        self.held(namespace)?;
        let mut found = Vec::new();
        for group in self.engine.groups(namespace).range(from(after)).take(clamped(limit)) {
            found.push((*group, self.store.group_info(group)?.ok_or(Refusal::NoSuchGroup(*group))?));
        }
        Ok(page(limit, found))
    }

    fn group_invitations(
        &self,
        group: &GroupId,
        after: Option<InvitationId>,
        limit: usize,
    ) -> Answer<Page<InvitationId, InvitationSummary>> {
        let view = self.store.group(group)?.ok_or(Refusal::NoSuchGroup(*group))?;
        let known = view.invitations.into_iter().map(|(id, info)| (id, InvitationSummary { info, issued: None }));
        let mut all: BTreeMap<InvitationId, InvitationSummary> = known.collect();
        for (id, issued) in self.store.issued_invitations(None)? {
            if issued.invitation.group_id == *group {
                let unused = InvitationSummary { info: InvitationInfo { uses: 0, revoked: false }, issued: None };
                all.entry(id).or_insert(unused).issued = Some(issued);
            }
        }
        let entries = all.range(from(after)).take(clamped(limit)).map(|(id, summary)| (*id, summary.clone()));
        Ok(page(limit, entries.collect()))
    }

    fn state_proof(&mut self, group: &GroupId, entry: &EntryKey) -> Answer<Option<StateProof>> {
        let GroupSummary { namespace, state_hash, .. } = self.group_summary(group)?;
        Ok(self.engine.prove(&namespace, group, entry).map(|proof| StateProof { state_hash, proof }))
    }

    fn namespace_summaries(&self, after: Option<NamespaceId>, limit: usize) -> Page<NamespaceId, NamespaceSummary> {
        let held: BTreeSet<NamespaceId> = self.engine.namespaces().collect();
        let all: BTreeSet<NamespaceId> =
            held.iter().chain(self.identities.keys()).chain(&self.followed).copied().collect();
        let entries = all.range(from(after)).take(clamped(limit)).map(|namespace| {
            let summary = NamespaceSummary {
                identity: self.identities.get(namespace).copied(),
                followed: self.followed.contains(namespace),
                ops: self.store.op_count(namespace),
            };
            (*namespace, summary)
        });
        page(limit, entries.collect())
    }

    fn namespace_counts(&self, namespace: &NamespaceId) -> Answer<NamespaceCounts> {
        let waiting = self.engine.pending(namespace).len();
        let held = self.engine.counts(namespace);
        if held.is_none() && waiting == 0 {
            return Err(Refusal::NoSuchNamespace(*namespace).into());
        }
        let held = held.unwrap_or_default();
        Ok(NamespaceCounts {
            ops: held.ops,
            heads: held.heads,
            pending: waiting,
            missing: self.engine.missing(namespace).len(),
            forks: held.forks,
        })
    }
}

fn clamped(limit: usize) -> usize {
    limit.clamp(1, MAX_PAGE_ROWS)
}

/// From the first after this one.
fn from<K: Copy>(after: Option<K>) -> (std::ops::Bound<K>, std::ops::Bound<K>) {
    (after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded), std::ops::Bound::Unbounded)
}

/// A page with so many entries may have more after it.
fn page<K: Copy, V>(limit: usize, entries: Vec<(K, V)>) -> Page<K, V> {
    let next = entries.last().map(|(key, _)| *key).filter(|_| entries.len() == clamped(limit));
    Page { entries, next }
}
