//! The causal graph of one namespace: ids, parents, depth, heads, and who is in whose past. It knows nothing of what
//! ops say.
//!
//! An op that has the tail of a *run* among its parents continues that run; else it starts one. With a run, a position
//! in it and a [clock](crate::clock) for each op, `a ∈ past(b)` is two look-ups at any distance.

use crate::arena::{NodeIx, OpIx, RunIx, Table};
use crate::clock::{ClockIx, Clocks};
use crate::ids::OpId;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::hash::BuildHasher;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashSet, HashTable};

#[derive(Debug, Clone)]
struct Node {
    id: OpId,
    /// The only parent; or, for a merge, with [`MERGE`] set, where its list in `parent_lists` starts: how many, then
    /// which; or [`u32::MAX`], for none.
    parents: u32,
    depth: u32,
    run: RunIx,
    position: u32,
    clock: ClockIx,
}

const MERGE: u32 = 1 << 31;
/// Ops are listed by so many leading bits of their place: with a million, a part of the table is 40 kB, which stay near.
const PLACES_BITS: u32 = 8;
const PLACES: usize = 1 << PLACES_BITS;

/// The past of an op, whether admitted or not: a set that answers membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Past {
    clock: ClockIx,
    run: RunIx,
    /// How many ops of `run` are in it.
    count: u32,
}

impl Past {
    /// Nothing.
    pub(crate) const EMPTY: Self = Self { clock: NodeIx::NONE, run: RunIx::NONE, count: 0 };
}

/// The graph.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dag {
    nodes: Table<Node>,
    index: HashTable<OpIx>,
    hasher: DefaultHashBuilder,
    parent_lists: Table<OpIx>,
    runs: Table<Vec<OpIx>>,
    clocks: Clocks,
    totals: ClockIx,
    heads: HashSet<OpIx>,
}

/// The hash of an id by its first eight bytes: ids are hashes themselves, so few agree in so many, and the hasher's seed
/// keeps secret which others meet.
fn hash_of(hasher: &DefaultHashBuilder, id: &OpId) -> u64 {
    hasher.hash_one(id.as_bytes().first_chunk().copied().map_or(0, u64::from_le_bytes))
}

impl Dag {
    pub(crate) const fn len(&self) -> usize {
        self.nodes.len()
    }

    fn node(&self, op: OpIx) -> Option<&Node> {
        self.nodes.get(op.at())
    }

    pub(crate) fn find(&self, id: &OpId) -> Option<OpIx> {
        self.index.find(hash_of(&self.hasher, id), |op| self.node(*op).is_some_and(|node| node.id == *id)).copied()
    }

    pub(crate) fn id(&self, op: OpIx) -> OpId {
        self.node(op).map_or(OpId::ZERO, |node| node.id)
    }

    pub(crate) fn depth(&self, op: OpIx) -> u32 {
        self.node(op).map_or(0, |node| node.depth)
    }

    pub(crate) fn run_and_position(&self, op: OpIx) -> (RunIx, u32) {
        self.node(op).map_or((RunIx::NONE, 0), |node| (node.run, node.position))
    }

    /// The ops of a run, each a child of the one before.
    pub(crate) fn run(&self, run: RunIx) -> &[OpIx] {
        self.runs.get(run.at()).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn parents(&self, op: OpIx) -> impl Iterator<Item = OpIx> + '_ {
        let parents = self.node(op).map_or(u32::MAX, |node| node.parents);
        let listed = parents != u32::MAX && parents & MERGE != 0;
        let from = (parents & !MERGE) as usize;
        let count = if listed { self.parent_lists.get(from).map_or(0, |count| count.at()) } else { 0 };
        let only = (parents & MERGE == 0).then_some(OpIx(parents));
        let list = (0..count).map(move |at| {
            let at = from.saturating_add(at).saturating_add(1);
            self.parent_lists.get(at).copied().unwrap_or_default()
        });
        only.into_iter().chain(list)
    }

    /// The parent of an op that has exactly one.
    pub(crate) fn only_parent(&self, op: OpIx) -> Option<OpIx> {
        self.node(op).filter(|node| node.parents & MERGE == 0).map(|node| OpIx(node.parents))
    }

    /// The ops without children, in no particular order.
    pub(crate) fn heads(&self) -> impl Iterator<Item = OpIx> + '_ {
        self.heads.iter().copied()
    }

    pub(crate) fn head_count(&self) -> usize {
        self.heads.len()
    }

    pub(crate) fn is_head(&self, op: OpIx) -> bool {
        self.heads.contains(&op)
    }

    /// Whether these parents (distinct, none in the past of another) are all the heads there are.
    pub(crate) fn are_all_heads(&self, parents: &[OpIx]) -> bool {
        parents.len() == self.heads.len() && parents.iter().all(|parent| self.is_head(*parent))
    }

    /// The heads, of greatest (depth, id) first.
    pub(crate) fn heads_by_depth(&self) -> Vec<OpIx> {
        let mut heads: Vec<OpIx> = self.heads().collect();
        heads.sort_unstable_by(|a, b| self.depth(*b).cmp(&self.depth(*a)).then_with(|| self.id(*b).cmp(&self.id(*a))));
        heads
    }

    /// Whether `a` is in the past of `b`.
    pub(crate) fn is_before(&self, a: OpIx, b: OpIx) -> bool {
        let (Some(a), Some(b)) = (self.node(a), self.node(b)) else { return false };
        a.depth < b.depth
            && if a.run == b.run { a.position < b.position } else { self.clocks.get(b.clock, a.run) > a.position }
    }

    /// Whether neither is in the other's past, and they are not the same.
    pub(crate) fn concurrent(&self, a: OpIx, b: OpIx) -> bool {
        a != b && !self.is_before(a, b) && !self.is_before(b, a)
    }

    /// All ancestors of `op`.
    pub(crate) fn past(&self, op: OpIx) -> Past {
        self.node(op).map_or(Past::EMPTY, |node| Past { clock: node.clock, run: node.run, count: node.position })
    }

    /// An op and all its ancestors.
    pub(crate) fn past_with(&self, op: OpIx) -> Past {
        let past = self.past(op);
        Past { count: past.count.saturating_add(1), ..past }
    }

    /// Whether `op` is in this past.
    pub(crate) fn contains(&self, past: &Past, op: OpIx) -> bool {
        let (run, position) = self.run_and_position(op);
        position < self.count_in(past, run)
    }

    /// How many ops of `run` are in this past: its first so many.
    pub(crate) fn count_in(&self, past: &Past, run: RunIx) -> u32 {
        if run == past.run && run.is_some() { past.count } else { self.clocks.get(past.clock, run) }
    }

    /// The ops of a past in the run of its last op, each a child of the one before.
    pub(crate) fn last_in(&self, past: &Past) -> &[OpIx] {
        self.run(past.run).get(..past.count as usize).unwrap_or_default()
    }

    /// How many ops are in this past.
    pub(crate) fn size(&self, past: &Past) -> u32 {
        let counted = if past.run.is_some() { self.clocks.get(past.clock, past.run) } else { 0 };
        self.clocks.sum(past.clock).saturating_sub(counted).saturating_add(past.count)
    }

    /// The past of an op with these parents: they and all before them. Copies nothing that the parents have already.
    pub(crate) fn past_of(&mut self, parents: &[OpIx]) -> Past {
        let mark = self.clocks.mark();
        let Some(first) = self.continued(parents) else { return Past::EMPTY };
        let Some((mut clock, run, position)) = self.node(first).map(|node| (node.clock, node.run, node.position))
        else {
            return Past::EMPTY;
        };
        for other in parents.iter().copied().filter(|other| *other != first) {
            if let Some((theirs, their_run, position)) =
                self.node(other).map(|node| (node.clock, node.run, node.position))
            {
                clock = self.clocks.merge(clock, theirs, mark);
                clock = self.clocks.with(clock, their_run, position.saturating_add(1), mark);
            }
        }
        Past { clock, run, count: position.saturating_add(1) }
    }

    /// Where the pasts made from now on begin, for [`Self::forget_since`].
    pub(crate) const fn mark(&self) -> usize {
        self.clocks.mark()
    }

    /// Drops the pasts made since `mark`: none of them was inserted.
    pub(crate) fn forget_since(&mut self, mark: usize) {
        self.clocks.forget_since(mark);
    }

    /// The parent whose run the child continues, or the deepest where none is a tail.
    fn continued(&self, parents: &[OpIx]) -> Option<OpIx> {
        let by_depth = |a: &&OpIx, b: &&OpIx| self.depth(**a).cmp(&self.depth(**b)).then(b.0.cmp(&a.0));
        let tail = parents.iter().filter(|parent| self.is_tail(**parent)).max_by(by_depth);
        tail.or_else(|| parents.iter().max_by(by_depth)).copied()
    }

    fn is_tail(&self, op: OpIx) -> bool {
        let (run, _) = self.run_and_position(op);
        self.run(run).last() == Some(&op)
    }

    /// Adds an op whose parents are here, with the past that [`Self::past_of`] gave for them.
    pub(crate) fn insert(&mut self, id: OpId, parents: &[OpIx], past: &Past) -> OpIx {
        let op = self.put(id, parents, past);
        let (nodes, hasher) = (&self.nodes, &self.hasher);
        self.index.insert_unique(hash_of(hasher, &id), op, |other| {
            nodes.get(other.at()).map_or(0, |node| hash_of(hasher, &node.id))
        });
        op
    }

    /// Lists all ops, which were [put](Self::put), by their ids; says whether each has one of its own.
    ///
    /// They come by where in the table they belong: in any other order, each would wait for memory.
    pub(crate) fn list(&mut self) -> bool {
        let (nodes, hasher) = (&self.nodes, &self.hasher);
        let hash = |op: &OpIx| nodes.get(op.at()).map_or(0, |node| hash_of(hasher, &node.id));
        self.index.reserve(nodes.len(), hash);
        let buckets = self.index.num_buckets() as u64;
        let shift = buckets.checked_ilog2().unwrap_or(0).saturating_sub(PLACES_BITS);
        let mut places: [Vec<(u64, OpIx)>; PLACES] = core::array::from_fn(|_| Vec::new());
        for (at, node) in nodes.iter().enumerate() {
            let hash = hash_of(hasher, &node.id);
            // There are as many buckets as some power of two, and the hash's last bits say which is an op's.
            let place = usize::try_from((hash & buckets.saturating_sub(1)) >> shift).unwrap_or(0);
            if let Some(place) = places.get_mut(place.min(PLACES.saturating_sub(1))) {
                place.push((hash, OpIx::new(at)));
            }
        }
        places.into_iter().flatten().all(|(of_id, op)| {
            let id = |op: &OpIx| nodes.get(op.at()).map(|node| node.id);
            match self.index.entry(of_id, |other| id(other) == id(&op), hash) {
                Entry::Occupied(_) => false,
                Entry::Vacant(entry) => {
                    entry.insert(op);
                    true
                }
            }
        })
    }

    /// Adds an op that nobody finds by its id until [`Self::list`] has it.
    pub(crate) fn put(&mut self, id: OpId, parents: &[OpIx], past: &Past) -> OpIx {
        let op = OpIx::new(self.nodes.len());
        let depth = parents.iter().map(|parent| self.depth(*parent).saturating_add(1)).max().unwrap_or(0);
        let continues = usize::try_from(past.count).is_ok_and(|count| count > 0 && self.run(past.run).len() == count);
        let (run, clock) = if continues {
            (past.run, past.clock)
        } else {
            let clock = if past.count > 0 {
                self.clocks.with(past.clock, past.run, past.count, usize::MAX)
            } else {
                past.clock
            };
            (RunIx::new(self.runs.push(Vec::new())), clock)
        };
        let mut position = 0;
        if let Some(ops) = self.runs.get_mut(run.at()) {
            position = u32::try_from(ops.len()).unwrap_or(u32::MAX);
            ops.push(op);
        }
        self.totals = self.clocks.count_up(self.totals, run);
        let first = match parents {
            [] => u32::MAX,
            [only] => only.0,
            several => {
                let at = self.parent_lists.push(OpIx::new(several.len()));
                for parent in several {
                    self.parent_lists.push(*parent);
                }
                u32::try_from(at).unwrap_or(u32::MAX) | MERGE
            }
        };
        self.nodes.push(Node { id, parents: first, depth, run, position, clock });
        for parent in parents {
            self.heads.remove(parent);
        }
        self.heads.insert(op);
        op
    }

    /// These ops and all before them, however many they are and whatever lies between them.
    pub(crate) fn past_covering(&mut self, ops: &[OpIx]) -> Past {
        let mark = self.clocks.mark();
        let mut clock = NodeIx::NONE;
        for op in ops {
            if let Some((theirs, run, position)) = self.node(*op).map(|node| (node.clock, node.run, node.position)) {
                clock = self.clocks.merge(clock, theirs, mark);
                clock = self.clocks.with(clock, run, position.saturating_add(1), mark);
            }
        }
        Past { clock, run: RunIx::NONE, count: 0 }
    }

    /// Calls `found(run, position)` for each run with ops outside of this past, with the first such position.
    pub(crate) fn for_each_missing_run(&self, past: &Past, mut found: impl FnMut(RunIx, u32)) {
        self.clocks.missing(self.totals, past.clock, |run, have, _| {
            let have = if run == past.run { have.max(past.count) } else { have };
            if (have as usize) < self.run(run).len() {
                found(run, have);
            }
        });
    }

    /// Calls `found` for each op that is not in this past, by runs.
    pub(crate) fn for_each_outside(&self, past: &Past, mut found: impl FnMut(OpIx)) {
        self.for_each_missing_run(past, |run, have| {
            for op in self.run(run).get(have as usize..).unwrap_or_default() {
                found(*op);
            }
        });
    }

    /// The ops that are in a past and not in a part of it, by runs, if there are no more than `most`.
    pub(crate) fn between(&self, part: &Past, past: &Past, most: usize) -> Option<Vec<OpIx>> {
        let mut found = Vec::new();
        let mut fits = true;
        let mut add = |run: RunIx, total: u32| {
            let have = self.count_in(part, run) as usize;
            let new = self.run(run).get(have..total as usize).unwrap_or_default();
            fits &= new.len() <= most.saturating_sub(found.len());
            if fits {
                found.extend_from_slice(new);
            }
        };
        add(past.run, past.count);
        self.clocks.missing(past.clock, part.clock, |run, _, total| {
            if run != past.run {
                add(run, total);
            }
        });
        fits.then_some(found)
    }

    /// (depth, id) ascending.
    pub(crate) fn by_depth_and_id(&self, a: OpIx, b: OpIx) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        self.depth(a).cmp(&self.depth(b)).then_with(|| self.id(a).cmp(&self.id(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A straight history whose ops have these ids.
    fn put_all(ids: impl Iterator<Item = u32>) -> Dag {
        let mut dag = Dag::default();
        for (at, number) in ids.enumerate() {
            let parents: Vec<OpIx> = at.checked_sub(1).map(OpIx::new).into_iter().collect();
            let past = dag.past_of(&parents);
            dag.put(id(number), &parents, &past);
        }
        dag
    }

    fn id(number: u32) -> OpId {
        OpId(crate::hashing::sha256_parts(&[&number.to_le_bytes()]))
    }

    #[test]
    fn ops_that_are_listed_at_once_are_found_and_so_are_those_after_them() {
        for count in [0, 1, 2, 300, 5_000] {
            let mut dag = put_all(0..count);
            assert!(dag.list());
            let past = dag.past_of(&[]);
            dag.insert(id(count), &[], &past);
            assert!((0..=count).all(|at| dag.find(&id(at)) == Some(OpIx(at))), "{count} ops");
            assert_eq!(dag.find(&id(count + 1)), None);
        }
    }

    #[test]
    fn of_ops_that_are_listed_at_once_two_with_one_id_are_told() {
        assert!(!put_all((0..300).chain([7])).list());
        assert!(!put_all([7, 7].into_iter()).list());
    }
}
