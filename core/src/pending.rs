//! Ops that wait for parents: bounded in number and bytes, per signer, per namespace and in all (SPEC §7).
//!
//! Only verified ops enter, so nobody can wait in another's name. Past a bound the oldest op of the largest holder
//! goes; its id is then missing like any other, and is fetched again.

use crate::crypto::VerifiedOp;
use crate::ids::{NamespaceId, OpId, PublicKey};
use crate::limits;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use hashbrown::HashMap;

/// How much may wait. The defaults are those of [`crate::limits`]; a host with less memory sets its own, which changes
/// no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingLimits {
    /// Ops of one signer in one namespace.
    pub signer_ops: usize,
    /// Their bytes.
    pub signer_bytes: usize,
    /// Ops of one namespace.
    pub namespace_ops: usize,
    /// Their bytes.
    pub namespace_bytes: usize,
    /// Ops in all.
    pub total_ops: usize,
    /// Their bytes.
    pub total_bytes: usize,
}

impl Default for PendingLimits {
    fn default() -> Self {
        Self {
            signer_ops: limits::MAX_PENDING_OPS_PER_SIGNER,
            signer_bytes: limits::MAX_PENDING_BYTES_PER_SIGNER,
            namespace_ops: limits::MAX_PENDING_OPS_PER_NAMESPACE,
            namespace_bytes: limits::MAX_PENDING_BYTES_PER_NAMESPACE,
            total_ops: limits::MAX_PENDING_OPS,
            total_bytes: limits::MAX_PENDING_BYTES,
        }
    }
}

#[derive(Debug, Clone)]
struct Waiting {
    op: VerifiedOp,
    /// When it came, among all that wait.
    arrival: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Load {
    ops: usize,
    bytes: usize,
}

impl Load {
    fn add(&mut self, bytes: usize) {
        self.ops = self.ops.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn remove(&mut self, bytes: usize) {
        self.ops = self.ops.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    const fn exceeds(&self, ops: usize, bytes: usize) -> bool {
        self.ops > ops || self.bytes > bytes
    }
}

#[derive(Debug, Clone, Default)]
struct Holder {
    load: Load,
    by_arrival: BTreeMap<u64, OpId>,
}

#[derive(Debug, Clone, Default)]
struct OfNamespace {
    load: Load,
    holders: BTreeMap<PublicKey, Holder>,
    /// Holders by what they hold.
    by_bytes: BTreeSet<(usize, PublicKey)>,
}

impl OfNamespace {
    fn largest(&self) -> Option<&Holder> {
        self.by_bytes.last().and_then(|(_, signer)| self.holders.get(signer))
    }
}

/// The buffer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pending {
    limits: PendingLimits,
    ops: HashMap<OpId, Waiting>,
    /// (parent that is not admitted, arrival, who waits for it).
    waiting_for: BTreeSet<(OpId, u64, OpId)>,
    namespaces: BTreeMap<NamespaceId, OfNamespace>,
    /// Namespaces by what they hold.
    by_bytes: BTreeSet<(usize, NamespaceId)>,
    load: Load,
    arrivals: u64,
}

impl Pending {
    pub(crate) fn with_limits(limits: PendingLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    pub(crate) fn contains(&self, id: &OpId) -> bool {
        self.ops.contains_key(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.load.ops
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.load.bytes
    }

    pub(crate) fn count_of(&self, namespace: &NamespaceId) -> usize {
        self.namespaces.get(namespace).map_or(0, |of| of.load.ops)
    }

    /// The ids that wait in a namespace, by signer and arrival.
    pub(crate) fn ids_of(&self, namespace: &NamespaceId) -> impl Iterator<Item = OpId> + '_ {
        let holders = self.namespaces.get(namespace).into_iter().flat_map(|of| of.holders.values());
        holders.flat_map(|holder| holder.by_arrival.values().copied())
    }

    pub(crate) fn namespaces(&self) -> impl Iterator<Item = NamespaceId> + '_ {
        self.namespaces.keys().copied()
    }

    /// All that waits, in order of arrival.
    pub(crate) fn by_arrival(&self) -> Vec<&VerifiedOp> {
        let mut all: Vec<&Waiting> = self.ops.values().collect();
        all.sort_unstable_by_key(|waiting| waiting.arrival);
        all.into_iter().map(|waiting| &waiting.op).collect()
    }

    pub(crate) fn get(&self, id: &OpId) -> Option<&VerifiedOp> {
        self.ops.get(id).map(|waiting| &waiting.op)
    }

    /// The parents that ops of this namespace wait for and that do not wait themselves, ascending: what to ask peers for.
    pub(crate) fn missing(&self, namespace: &NamespaceId) -> Vec<OpId> {
        let mut out = BTreeSet::new();
        for id in self.ids_of(namespace) {
            let parents = self.get(&id).map(|op| op.signable().parent_op_hashes.as_slice()).unwrap_or_default();
            out.extend(parents.iter().filter(|parent| self.is_waited_for(parent) && !self.contains(parent)).copied());
        }
        out.into_iter().collect()
    }

    /// Lets an op wait for these parents; says which ops had to go for it.
    pub(crate) fn insert(&mut self, op: VerifiedOp, missing: &[OpId]) -> Vec<OpId> {
        let (id, bytes) = (op.id(), op.encoded_len());
        let (namespace, signer) = (op.signable().namespace_id, op.signable().signer);
        self.arrivals = self.arrivals.saturating_add(1);
        for parent in missing {
            self.waiting_for.insert((*parent, self.arrivals, id));
        }
        self.ops.insert(id, Waiting { op, arrival: self.arrivals });
        let arrival = self.arrivals;
        self.account(namespace, signer, |holder, load| {
            holder.by_arrival.insert(arrival, id);
            holder.load.add(bytes);
            load.add(bytes);
        });
        self.load.add(bytes);
        self.shed(namespace, signer)
    }

    /// Changes what a holder holds, and its and its namespace's place by bytes.
    fn account(&mut self, namespace: NamespaceId, signer: PublicKey, change: impl FnOnce(&mut Holder, &mut Load)) {
        let of = self.namespaces.entry(namespace).or_default();
        self.by_bytes.remove(&(of.load.bytes, namespace));
        let holder = of.holders.entry(signer).or_default();
        of.by_bytes.remove(&(holder.load.bytes, signer));
        change(holder, &mut of.load);
        if holder.load.ops == 0 {
            of.holders.remove(&signer);
        } else {
            of.by_bytes.insert((holder.load.bytes, signer));
        }
        if of.load.ops == 0 {
            self.namespaces.remove(&namespace);
        } else {
            self.by_bytes.insert((of.load.bytes, namespace));
        }
    }

    /// Lets ops go until every bound holds.
    fn shed(&mut self, namespace: NamespaceId, signer: PublicKey) -> Vec<OpId> {
        let mut gone = Vec::new();
        while let Some(oldest) = self.one_too_many(namespace, signer) {
            self.remove(&oldest);
            gone.push(oldest);
        }
        gone
    }

    fn one_too_many(&self, namespace: NamespaceId, signer: PublicKey) -> Option<OpId> {
        let limits = &self.limits;
        let oldest = |holder: &Holder| holder.by_arrival.values().next().copied();
        let of = self.namespaces.get(&namespace)?;
        if let Some(holder) = of.holders.get(&signer)
            && holder.load.exceeds(limits.signer_ops, limits.signer_bytes)
        {
            return oldest(holder);
        }
        if of.load.exceeds(limits.namespace_ops, limits.namespace_bytes) {
            return of.largest().and_then(oldest);
        }
        if self.load.exceeds(limits.total_ops, limits.total_bytes) {
            let (_, namespace) = self.by_bytes.last()?;
            return self.namespaces.get(namespace).and_then(OfNamespace::largest).and_then(oldest);
        }
        None
    }

    fn remove(&mut self, id: &OpId) -> Option<VerifiedOp> {
        let waiting = self.ops.remove(id)?;
        let (arrival, bytes) = (waiting.arrival, waiting.op.encoded_len());
        let signable = waiting.op.signable();
        self.account(signable.namespace_id, signable.signer, |holder, load| {
            holder.by_arrival.remove(&arrival);
            holder.load.remove(bytes);
            load.remove(bytes);
        });
        self.load.remove(bytes);
        for parent in &signable.parent_op_hashes {
            self.waiting_for.remove(&(*parent, arrival, *id));
        }
        Some(waiting.op)
    }

    /// Takes out the ops that waited for `parent`, which has its verdict now. Those that
    /// `still_waits` says wait for others stay.
    pub(crate) fn release(&mut self, parent: &OpId, still_waits: impl Fn(&VerifiedOp) -> bool) -> Vec<VerifiedOp> {
        // As it is nearly always.
        if self.waiting_for.is_empty() {
            return Vec::new();
        }
        let children: Vec<(OpId, u64, OpId)> = self.waiters(parent).collect();
        let mut ready = Vec::new();
        for place in children {
            self.waiting_for.remove(&place);
            let (_, _, child) = place;
            if self.get(&child).is_some_and(|op| !still_waits(op)) {
                ready.extend(self.remove(&child));
            }
        }
        ready
    }

    fn waiters(&self, parent: &OpId) -> impl Iterator<Item = (OpId, u64, OpId)> + '_ {
        let all = (*parent, 0, OpId::ZERO)..=(*parent, u64::MAX, OpId([0xff; 32]));
        self.waiting_for.range(all).copied()
    }

    fn is_waited_for(&self, parent: &OpId) -> bool {
        self.waiters(parent).next().is_some()
    }
}
