//! Ops that wait for parents: bounded in number and bytes, per signer, per namespace and in all (SPEC §7).
//!
//! Only verified ops enter, so nobody can wait in another's name. Past a bound the oldest op of the largest holder
//! goes; its id is then missing like any other, and is fetched again.

use crate::arena::{AwaitedIx, HolderIx, Pool, WaiterIx};
use crate::crypto::VerifiedOp;
use crate::ids::{NamespaceId, OpId, PublicKey};
use crate::limits;
use crate::waiting::{Queue, Waiting};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

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

/// Whoever signed ops that wait in a namespace.
#[derive(Debug, Clone, Default)]
struct Holder {
    signer: PublicKey,
    namespace: AwaitedIx,
    load: Load,
    queue: Queue,
}

/// A namespace that waiting ops claim.
#[derive(Debug, Clone, Default)]
struct Awaited {
    id: NamespaceId,
    load: Load,
    holders: BTreeMap<PublicKey, HolderIx>,
    /// Holders by what they hold.
    by_bytes: BTreeSet<(usize, PublicKey)>,
}

/// Notes that the one with this key holds so much now, and not as much as before: nothing, if it comes or goes.
fn rank<K: Ord + Copy>(by_bytes: &mut BTreeSet<(usize, K)>, key: K, before: Load, now: Load) {
    if before.ops > 0 {
        by_bytes.remove(&(before.bytes, key));
    }
    if now.ops > 0 {
        by_bytes.insert((now.bytes, key));
    }
}

/// The buffer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pending {
    limits: PendingLimits,
    waiting: Waiting,
    holders: Pool<Holder>,
    awaited: Pool<Awaited>,
    namespaces: BTreeMap<NamespaceId, AwaitedIx>,
    /// Namespaces by what they hold.
    by_bytes: BTreeSet<(usize, NamespaceId)>,
    load: Load,
    arrivals: u64,
}

/// What came of letting an op wait.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inserted {
    /// The parents that do not wait themselves, in the order given.
    pub(crate) wanted: Vec<OpId>,
    /// The ops that had to go for it, in the order in which they went.
    pub(crate) evicted: Vec<OpId>,
}

impl Pending {
    pub(crate) fn with_limits(limits: PendingLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Lets an op wait for these parents. Nothing changes if it waits already.
    pub(crate) fn insert(&mut self, op: VerifiedOp, mut missing: Vec<OpId>) -> Inserted {
        let waiter = self.waiting.place_of(op.id());
        if self.waiting.op(waiter).is_some() {
            missing.retain(|parent| !self.contains(parent));
            return Inserted { wanted: missing, evicted: Vec::new() };
        }
        let (signable, bytes) = (op.signable(), op.encoded_len());
        let (of, at) = self.holder_of(signable.namespace_id, signable.signer);
        if let Some(holder) = self.holders.get_mut(at.0) {
            self.arrivals = self.arrivals.saturating_add(1);
            self.waiting.enter(waiter, op, self.arrivals, at, &mut holder.queue);
        }
        missing.retain(|parent| !self.waiting.wait_for(waiter, parent));
        self.account(at, |load| load.add(bytes));
        Inserted { wanted: missing, evicted: self.shed(of, at) }
    }

    /// Takes out the ops that waited for `parent`, which has its verdict now, and adds them to `ready`, by arrival. Those
    /// that `still_waits` says wait for others stay.
    pub(crate) fn release(
        &mut self,
        parent: &OpId,
        still_waits: impl Fn(&VerifiedOp) -> bool,
        ready: &mut Vec<VerifiedOp>,
    ) {
        // As it is nearly always.
        if self.waiting.is_empty() {
            return;
        }
        let Some(parent) = self.waiting.find(parent) else { return };
        while let Some(waiter) = self.waiting.next_released(parent) {
            if self.waiting.op(waiter).is_some_and(|op| !still_waits(op)) {
                ready.extend(self.remove(waiter));
            }
        }
        self.tidy();
    }

    // What only looks.

    pub(crate) fn contains(&self, id: &OpId) -> bool {
        self.waiting.find(id).is_some_and(|at| self.waiting.op(at).is_some())
    }

    pub(crate) const fn len(&self) -> usize {
        self.load.ops
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.load.bytes
    }

    pub(crate) fn count_of(&self, namespace: &NamespaceId) -> usize {
        self.namespace(namespace).map_or(0, |awaited| awaited.load.ops)
    }

    /// The ids that wait in a namespace, by signer and arrival.
    pub(crate) fn ids_of(&self, namespace: &NamespaceId) -> impl Iterator<Item = OpId> + '_ {
        self.ops_of(namespace).map(VerifiedOp::id)
    }

    pub(crate) fn namespaces(&self) -> impl Iterator<Item = NamespaceId> + '_ {
        self.namespaces.keys().copied()
    }

    /// All that waits, in order of arrival.
    pub(crate) fn by_arrival(&self) -> Vec<&VerifiedOp> {
        let mut all: Vec<(u64, &VerifiedOp)> = self.waiting.all().collect();
        all.sort_unstable_by_key(|(arrival, _)| *arrival);
        all.into_iter().map(|(_, op)| op).collect()
    }

    /// The parents that ops of this namespace wait for and that do not wait themselves, ascending: what to ask peers for.
    pub(crate) fn missing(&self, namespace: &NamespaceId) -> Vec<OpId> {
        let parents = self.ops_of(namespace).flat_map(|op| &op.signable().parent_op_hashes);
        // Whatever is known here and does not wait is waited for.
        let lacking = |parent: &&OpId| self.waiting.find(parent).is_some_and(|at| self.waiting.op(at).is_none());
        let missing: BTreeSet<OpId> = parents.filter(lacking).copied().collect();
        missing.into_iter().collect()
    }

    fn namespace(&self, id: &NamespaceId) -> Option<&Awaited> {
        self.awaited.get(self.namespaces.get(id)?.0)
    }

    fn ops_of(&self, namespace: &NamespaceId) -> impl Iterator<Item = &VerifiedOp> + '_ {
        let holders = self.namespace(namespace).into_iter().flat_map(|awaited| awaited.holders.values());
        holders.filter_map(|at| self.holders.get(at.0)).flat_map(|holder| self.waiting.queue(holder.queue))
    }

    // Loads and bounds.

    /// A namespace, and the holder of a signer's ops in it; made if there are none.
    fn holder_of(&mut self, namespace: NamespaceId, signer: PublicKey) -> (AwaitedIx, HolderIx) {
        let Self { awaited, holders, namespaces, .. } = self;
        let of = *namespaces
            .entry(namespace)
            .or_insert_with(|| AwaitedIx(awaited.insert(Awaited { id: namespace, ..Awaited::default() })));
        let Some(Awaited { holders: known, .. }) = awaited.get_mut(of.0) else { return (of, HolderIx::NONE) };
        let at = *known
            .entry(signer)
            .or_insert_with(|| HolderIx(holders.insert(Holder { signer, namespace: of, ..Holder::default() })));
        (of, at)
    }

    /// Changes what a holder holds, what its namespace does and what all do. Who holds nothing any more is forgotten.
    fn account(&mut self, at: HolderIx, change: impl Fn(&mut Load)) {
        let Self { awaited, holders, namespaces, by_bytes: of_all, load: in_all, .. } = self;
        let Some(Holder { signer, namespace: of, load: held, .. }) = holders.get_mut(at.0) else { return };
        let (signer, of) = (*signer, *of);
        let Some(Awaited { id, load, holders: known, by_bytes }) = awaited.get_mut(of.0) else { return };
        let (id, held_before, before) = (*id, *held, *load);
        change(held);
        change(load);
        change(in_all);
        rank(by_bytes, signer, held_before, *held);
        rank(of_all, id, before, *load);
        if held.ops == 0 {
            known.remove(&signer);
            holders.take(at.0);
        }
        if load.ops == 0 {
            namespaces.remove(&id);
            awaited.take(of.0);
        }
    }

    fn remove(&mut self, waiter: WaiterIx) -> Option<VerifiedOp> {
        let at = self.waiting.holder(waiter);
        let op = self.waiting.leave(waiter, &mut self.holders.get_mut(at.0)?.queue)?;
        self.account(at, |load| load.remove(op.encoded_len()));
        Some(op)
    }

    /// Lets ops go until every bound holds, after this holder in this namespace has got one more.
    fn shed(&mut self, of: AwaitedIx, at: HolderIx) -> Vec<OpId> {
        let mut gone = Vec::new();
        while let Some(oldest) = self.one_too_many(of, at) {
            let Some(op) = self.remove(oldest) else { break };
            gone.push(op.id());
        }
        self.tidy();
        gone
    }

    /// One that has to go. Who was forgotten meanwhile has a free place, and holds nothing.
    fn one_too_many(&self, of: AwaitedIx, at: HolderIx) -> Option<WaiterIx> {
        let limits = &self.limits;
        let (awaited, holder) = (self.awaited.get(of.0)?, self.holders.get(at.0)?);
        if holder.load.exceeds(limits.signer_ops, limits.signer_bytes) {
            return Some(holder.queue.oldest());
        }
        if awaited.load.exceeds(limits.namespace_ops, limits.namespace_bytes) {
            return self.oldest_of_largest(awaited);
        }
        if self.load.exceeds(limits.total_ops, limits.total_bytes) {
            return self.oldest_of_largest(self.namespace(&self.by_bytes.last()?.1)?);
        }
        None
    }

    fn oldest_of_largest(&self, awaited: &Awaited) -> Option<WaiterIx> {
        let at = awaited.holders.get(&awaited.by_bytes.last()?.1)?;
        self.holders.get(at.0).map(|holder| holder.queue.oldest())
    }

    /// Where nothing waits, nothing takes memory.
    fn tidy(&mut self) {
        if self.load.ops == 0 {
            *self = Self { arrivals: self.arrivals, ..Self::with_limits(self.limits) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SigningKey;
    use crate::group_op::{GroupOp, SignableGroupOp};
    use crate::ids::Hash;
    use std::string::String;

    /// The buffer as one would write it if nobody counted the cost: what waits, by arrival, and what each waits for.
    struct Plain {
        limits: PendingLimits,
        waiting: Vec<(VerifiedOp, Vec<OpId>)>,
    }

    fn namespace_of(op: &VerifiedOp) -> NamespaceId {
        op.signable().namespace_id
    }

    fn holder_of(op: &VerifiedOp) -> (NamespaceId, PublicKey) {
        (op.signable().namespace_id, op.signable().signer)
    }

    impl Plain {
        fn ops(&self) -> impl Iterator<Item = &VerifiedOp> {
            self.waiting.iter().map(|(op, _)| op)
        }

        fn ids(&self) -> Vec<OpId> {
            self.ops().map(VerifiedOp::id).collect()
        }

        fn load(&self, counts: impl Fn(&VerifiedOp) -> bool) -> Load {
            let mut load = Load::default();
            self.ops().filter(|op| counts(op)).for_each(|op| load.add(op.encoded_len()));
            load
        }

        fn insert(&mut self, op: VerifiedOp, missing: Vec<OpId>) -> Inserted {
            let waits = self.ids();
            let wanted = missing.iter().filter(|parent| !waits.contains(parent)).copied().collect();
            let mut evicted = Vec::new();
            if !waits.contains(&op.id()) {
                let holder = holder_of(&op);
                self.waiting.push((op, missing));
                while let Some(at) = self.one_too_many(holder) {
                    evicted.push(self.waiting.remove(at).0.id());
                }
            }
            Inserted { wanted, evicted }
        }

        /// Where one is that has to go.
        fn one_too_many(&self, (namespace, signer): (NamespaceId, PublicKey)) -> Option<usize> {
            let (limits, of) = (&self.limits, (namespace, signer));
            let largest = |namespace| {
                let holders = self.ops().map(holder_of).filter(|holder| holder.0 == namespace);
                holders.max_by_key(|holder| (self.load(|op| holder_of(op) == *holder).bytes, holder.1))
            };
            let too_much = if self.load(|op| holder_of(op) == of).exceeds(limits.signer_ops, limits.signer_bytes) {
                Some(of)
            } else if self
                .load(|op| namespace_of(op) == namespace)
                .exceeds(limits.namespace_ops, limits.namespace_bytes)
            {
                largest(namespace)
            } else if self.load(|_| true).exceeds(limits.total_ops, limits.total_bytes) {
                let all = self.ops().map(namespace_of);
                all.max_by_key(|one| (self.load(|op| namespace_of(op) == *one).bytes, *one)).and_then(largest)
            } else {
                None
            };
            self.ops().position(|op| Some(holder_of(op)) == too_much)
        }

        fn release(&mut self, parent: &OpId, still_waits: impl Fn(&VerifiedOp) -> bool) -> Vec<VerifiedOp> {
            let mut ready = Vec::new();
            self.waiting.retain_mut(|(op, missing)| {
                let waited = missing.contains(parent);
                missing.retain(|other| other != parent);
                let stays = !waited || still_waits(op);
                if !stays {
                    ready.push(op.clone());
                }
                stays
            });
            ready
        }

        fn missing(&self, namespace: NamespaceId) -> Vec<OpId> {
            let of = self.ops().filter(|op| namespace_of(op) == namespace);
            let parents: BTreeSet<OpId> = of.flat_map(|op| op.signable().parent_op_hashes.clone()).collect();
            let waits = self.ids();
            let waited_for = |id: &OpId| self.waiting.iter().any(|(_, missing)| missing.contains(id));
            parents.into_iter().filter(|id| waited_for(id) && !waits.contains(id)).collect()
        }
    }

    #[track_caller]
    fn assert_same(pending: &Pending, plain: &Plain) {
        let ids = |ops: &mut dyn Iterator<Item = &VerifiedOp>| ops.map(VerifiedOp::id).collect::<Vec<OpId>>();
        assert_eq!(ids(&mut pending.by_arrival().into_iter()), plain.ids());
        assert_eq!(Load { ops: pending.len(), bytes: pending.bytes() }, plain.load(|_| true));
        assert!(plain.ids().iter().all(|id| pending.contains(id)));
        let namespaces: BTreeSet<NamespaceId> = plain.ops().map(namespace_of).collect();
        assert!(pending.namespaces().eq(namespaces.iter().copied()));
        for namespace in namespaces {
            let mut of: Vec<&VerifiedOp> = plain.ops().filter(|op| namespace_of(op) == namespace).collect();
            of.sort_by_key(|op| op.signable().signer);
            assert_eq!(pending.count_of(&namespace), of.len());
            assert_eq!(pending.ids_of(&namespace).collect::<Vec<_>>(), ids(&mut of.into_iter()));
            assert_eq!(pending.missing(&namespace), plain.missing(namespace));
        }
        if plain.waiting.is_empty() {
            let places = pending.holders.iter().count() + pending.awaited.iter().count();
            assert!(places == 0 && pending.waiting.is_empty(), "where nothing waits, nothing is kept");
        }
    }

    /// Numbers that are the same in every run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: u64) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) % bound) as usize
        }

        fn some<T: Copy>(&mut self, of: &[T], at_most: usize) -> Vec<T> {
            let count = 1 + self.below(at_most as u64);
            (0..count).map(|_| of[self.below(of.len() as u64)]).collect()
        }
    }

    /// Ops of four people in three namespaces, some larger than others, each on one to four of a few strangers and of the
    /// others before it.
    fn ops(random: &mut Random) -> Vec<VerifiedOp> {
        let keys = [1, 2, 3, 4].map(|seed| SigningKey::from_seed([seed; 32]));
        let mut ids: Vec<OpId> = (1..5).map(|byte| OpId([byte; 32])).collect();
        let mut ops = Vec::new();
        for nonce in 1..41 {
            let mut parent_op_hashes = random.some(&ids, 4);
            parent_op_hashes.sort_unstable();
            parent_op_hashes.dedup();
            let (key, namespace) = (&keys[random.below(4)], 1 + random.below(3) as u8);
            let alias = String::from_iter(core::iter::repeat_n('x', 60 * random.below(3)));
            let op = SignableGroupOp {
                version: 1,
                namespace_id: NamespaceId([namespace; 32]),
                group_id: [namespace; 32].into(),
                parent_op_hashes,
                state_hash: Hash::ZERO,
                signer: key.public(),
                nonce,
                op: GroupOp::GroupAliasSet { alias },
            };
            let op = op.sign(key).unwrap();
            ids.push(op.id());
            ops.push(op);
        }
        ops
    }

    #[test]
    fn whatever_comes_and_goes_it_is_as_in_a_plain_list() {
        let mut random = Random(7);
        let ops = ops(&mut random);
        let (mut evicted, mut released, mut stayed) = (0, 0, 0);
        for _ in 0..300 {
            let mut bound = |most: u64| if random.below(2) == 0 { usize::MAX } else { random.below(most) };
            let limits = PendingLimits {
                signer_ops: bound(6),
                signer_bytes: bound(1_500),
                namespace_ops: bound(10),
                namespace_bytes: bound(3_000),
                total_ops: bound(20),
                total_bytes: bound(5_000),
            };
            let mut pending = Pending::with_limits(limits);
            let mut plain = Plain { limits, waiting: Vec::new() };
            for _ in 0..100 {
                let op = &ops[random.below(ops.len() as u64)];
                if random.below(3) > 0 {
                    // Some parents are here already.
                    let mut missing = op.signable().parent_op_hashes.clone();
                    let here = random.below(4);
                    if missing.len() > 1 && here < missing.len() {
                        missing.remove(here);
                    }
                    let inserted = pending.insert(op.clone(), missing.clone());
                    evicted += inserted.evicted.len();
                    assert_eq!(inserted, plain.insert(op.clone(), missing));
                } else {
                    let parents = &op.signable().parent_op_hashes;
                    let parent =
                        if random.below(2) == 0 { op.id() } else { parents[random.below(parents.len() as u64)] };
                    let mask = random.below(256) as u8;
                    let still_waits = |op: &VerifiedOp| mask & 1 << (op.id().0[0] % 8) != 0;
                    let before = plain.waiting.iter().filter(|(_, missing)| missing.contains(&parent)).count();
                    let (expected, mut ready) = (plain.release(&parent, still_waits), Vec::new());
                    pending.release(&parent, still_waits, &mut ready);
                    assert_eq!(ready, expected);
                    (released, stayed) = (released + ready.len(), stayed + before - ready.len());
                }
                assert_same(&pending, &plain);
            }
        }
        assert!(evicted > 1_000 && released > 1_000 && stayed > 1_000, "{evicted}, {released}, {stayed}");
    }
}
