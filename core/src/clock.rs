//! Causal pasts without bitsets: how many ops of each run an op has in its past.
//!
//! A *clock* is a persistent 16-way radix vector of counts, indexed by run. Ops of one run share the clock until a
//! merge brings in something new, and a merge copies only what differs, so forks and merges by the thousand cost what
//! they add. Nodes carry the sum below them, which makes "what is missing" skip all that is equal.

use crate::arena::{NodeIx, RunIx, Table};

const WIDTH_BITS: u32 = 4;
const WIDTH: usize = 1 << WIDTH_BITS;
/// A clock over 2^32 runs has this many levels; nothing here nests deeper.
const MAX_LEVELS: u8 = 8;

/// A clock; [`NodeIx::NONE`] is the empty one. Clocks belong to ops and are never freed.
pub(crate) type ClockIx = NodeIx;

#[derive(Debug, Clone)]
struct ClockNode {
    slots: [u32; WIDTH],
    sum: u32,
    level: u8,
}

/// All clocks of one namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clocks {
    nodes: Table<ClockNode>,
}

const fn slot_of(run: u32, level: u8) -> usize {
    let shift = (level as u32).saturating_mul(WIDTH_BITS);
    match run.checked_shr(shift) {
        Some(rest) => rest as usize & (WIDTH - 1),
        None => 0,
    }
}

const fn covers(level: u8, run: u32) -> bool {
    let bits = (level as u32).saturating_add(1).saturating_mul(WIDTH_BITS);
    match run.checked_shr(bits) {
        Some(rest) => rest == 0,
        None => true,
    }
}

impl Clocks {
    fn node(&self, at: ClockIx) -> Option<&ClockNode> {
        self.nodes.get(at.at())
    }

    /// How many ops this clock counts in all.
    pub(crate) fn sum(&self, at: ClockIx) -> u32 {
        self.node(at).map_or(0, |node| node.sum)
    }

    /// How many ops of `run` this clock counts.
    pub(crate) fn get(&self, clock: ClockIx, run: RunIx) -> u32 {
        let Some(mut node) = self.node(clock) else { return 0 };
        if !covers(node.level, run.0) {
            return 0;
        }
        loop {
            let slot = node.slots.get(slot_of(run.0, node.level)).copied();
            if node.level == 0 {
                return slot.unwrap_or(0);
            }
            match slot.and_then(|child| self.node(NodeIx(child))) {
                Some(child) => node = child,
                None => return 0,
            }
        }
    }

    /// Where the clocks made from now on begin, for [`Self::forget_since`].
    pub(crate) const fn mark(&self) -> usize {
        self.nodes.len()
    }

    /// Drops the clocks made since `mark`, which nothing may refer to: those of an op that was not admitted.
    pub(crate) fn forget_since(&mut self, mark: usize) {
        self.nodes.truncate(mark);
    }

    fn blank(level: u8) -> ClockNode {
        ClockNode { slots: if level == 0 { [0; WIDTH] } else { [u32::MAX; WIDTH] }, sum: 0, level }
    }

    /// The clock as a node of `level`, under as many new roots as that takes.
    fn raised(&mut self, clock: ClockIx, level: u8) -> ClockIx {
        let mut clock = clock;
        while let Some((low, sum)) = self.node(clock).map(|node| (node.level, node.sum)) {
            if low >= level {
                break;
            }
            let mut root = Self::blank(low.saturating_add(1));
            if let Some(first) = root.slots.first_mut() {
                *first = clock.0;
            }
            root.sum = sum;
            clock = NodeIx::new(self.nodes.push(root));
        }
        clock
    }

    /// A node that may be changed: this one if it was made since `mark`, else a copy; a new one if there is none.
    fn own(&mut self, at: NodeIx, level: u8, mark: usize) -> NodeIx {
        match self.node(at) {
            Some(_) if at.at() >= mark => at,
            Some(node) => {
                let copy = node.clone();
                NodeIx::new(self.nodes.push(copy))
            }
            None => NodeIx::new(self.nodes.push(Self::blank(level))),
        }
    }

    /// The clock with at least `count` ops of `run`. Nodes made since `mark` are the caller's own, and change in place.
    pub(crate) fn with(&mut self, clock: ClockIx, run: RunIx, count: u32, mark: usize) -> ClockIx {
        let had = self.get(clock, run);
        if had >= count {
            return clock;
        }
        let more = count.saturating_sub(had);
        let mut level = self.node(clock).map_or(0, |node| node.level);
        while !covers(level, run.0) && level < MAX_LEVELS {
            level = level.saturating_add(1);
        }
        let clock = self.raised(clock, level);
        let root = self.own(clock, level, mark);
        let mut at = root;
        for level in (0..=level).rev() {
            let slot = slot_of(run.0, level);
            let child = self.node(at).and_then(|node| node.slots.get(slot)).copied().unwrap_or(u32::MAX);
            let value = if level == 0 { count } else { self.own(NodeIx(child), level.saturating_sub(1), mark).0 };
            if let Some(node) = self.nodes.get_mut(at.at()) {
                node.sum = node.sum.saturating_add(more);
                if let Some(place) = node.slots.get_mut(slot) {
                    *place = value;
                }
            }
            at = NodeIx(value);
        }
        root
    }

    /// The larger count of each run. Nodes made since `mark` are the caller's own: those of `a` change in place.
    pub(crate) fn merge(&mut self, a: ClockIx, b: ClockIx, mark: usize) -> ClockIx {
        let level = self.node(a).map_or(0, |node| node.level).max(self.node(b).map_or(0, |node| node.level));
        let a = self.raised(a, level);
        let b = self.raised(b, level);
        self.merge_level(a, b, mark)
    }

    /// Nests at most [`MAX_LEVELS`] deep: a node's children are one level below it.
    fn merge_level(&mut self, a: ClockIx, b: ClockIx, mark: usize) -> ClockIx {
        if a == b || b.is_none() {
            return a;
        }
        if a.is_none() {
            return b;
        }
        let (Some(left), Some(right)) = (self.node(a).cloned(), self.node(b).cloned()) else { return a };
        let mut merged = Self::blank(left.level);
        for (slot, (x, y)) in merged.slots.iter_mut().zip(left.slots.into_iter().zip(right.slots)) {
            if left.level == 0 {
                *slot = x.max(y);
                merged.sum = merged.sum.saturating_add(*slot);
            } else {
                let child = self.merge_level(NodeIx(x), NodeIx(y), mark);
                *slot = child.0;
                merged.sum = merged.sum.saturating_add(self.sum(child));
            }
        }
        // Below a node of the caller's own, some may have changed in place.
        if merged.slots == left.slots && merged.sum == left.sum {
            return a;
        }
        if merged.slots == right.slots && merged.sum == right.sum {
            return b;
        }
        if a.at() >= mark
            && let Some(node) = self.nodes.get_mut(a.at())
        {
            *node = merged;
            return a;
        }
        NodeIx::new(self.nodes.push(merged))
    }

    /// Counts one more op of `run` in a clock that nobody else holds: the namespace's totals.
    pub(crate) fn count_up(&mut self, totals: ClockIx, run: RunIx) -> ClockIx {
        let count = self.get(totals, run).saturating_add(1);
        self.with(totals, run, count, 0)
    }

    /// Calls `found(run, have, total)` for each run of which `part` counts fewer ops than `whole` does.
    pub(crate) fn missing(&self, whole: ClockIx, part: ClockIx, mut found: impl FnMut(RunIx, u32, u32)) {
        let Some(root) = self.node(whole) else { return };
        let level = root.level;
        // The part may have fewer levels; its root then stands at the far left of the whole's tree.
        let part_level = self.node(part).map_or(0, |node| node.level);
        let mut stack = heapless::Vec::<(u32, ClockIx, ClockIx, u8), { WIDTH * (MAX_LEVELS as usize + 2) }>::new();
        let _ = stack.push((0, whole, part, level));
        while let Some((base, whole_at, part_at, level)) = stack.pop() {
            let Some(whole_node) = self.node(whole_at) else { continue };
            let standing_lower = base == 0 && level > part_level && part_at == part;
            if !standing_lower && (whole_at == part_at || whole_node.sum == self.sum(part_at)) {
                continue;
            }
            let part_node = if standing_lower { None } else { self.node(part_at) };
            for (at, whole_slot) in whole_node.slots.iter().enumerate().rev() {
                let run = (base << WIDTH_BITS) | u32::try_from(at).unwrap_or(0);
                let part_slot = part_node.and_then(|node| node.slots.get(at)).copied();
                if level == 0 {
                    let have = part_slot.unwrap_or(0);
                    if have < *whole_slot {
                        found(RunIx(run), have, *whole_slot);
                    }
                } else {
                    let below = if standing_lower && at == 0 { part } else { NodeIx(part_slot.unwrap_or(u32::MAX)) };
                    let _ = stack.push((run, NodeIx(*whole_slot), below, level.saturating_sub(1)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn missing(clocks: &Clocks, whole: ClockIx, part: ClockIx) -> Vec<(u32, u32, u32)> {
        let mut out = Vec::new();
        clocks.missing(whole, part, |run, have, total| out.push((run.0, have, total)));
        out.sort_unstable();
        out
    }

    #[test]
    fn a_clock_counts_what_was_put_in_and_nothing_else() {
        let mut clocks = Clocks::default();
        let mut clock = NodeIx::NONE;
        for run in [0, 1, 15, 16, 255, 256, 70_000, u32::MAX - 1] {
            clock = clocks.with(clock, RunIx(run), run % 7 + 1, usize::MAX);
        }
        for run in [0, 1, 15, 16, 255, 256, 70_000, u32::MAX - 1] {
            assert_eq!(clocks.get(clock, RunIx(run)), run % 7 + 1);
        }
        for run in [2, 14, 17, 257, 69_999, u32::MAX - 2] {
            assert_eq!(clocks.get(clock, RunIx(run)), 0);
        }
    }

    #[test]
    fn merging_takes_the_larger_count_and_keeps_what_is_shared() {
        let mut clocks = Clocks::default();
        let a = clocks.with(NodeIx::NONE, RunIx(3), 5, usize::MAX);
        let a = clocks.with(a, RunIx(300), 2, usize::MAX);
        let b = clocks.with(NodeIx::NONE, RunIx(3), 4, usize::MAX);
        let both = clocks.merge(a, b, usize::MAX);
        assert_eq!(clocks.get(both, RunIx(3)), 5);
        assert_eq!(clocks.get(both, RunIx(300)), 2);
        assert_eq!(both, a, "nothing new: the same clock");
    }

    #[test]
    fn what_is_the_callers_own_changes_in_place_and_nothing_else_does() {
        let mut clocks = Clocks::default();
        let old = clocks.with(NodeIx::NONE, RunIx(3), 5, usize::MAX);
        let other = clocks.with(NodeIx::NONE, RunIx(300), 2, usize::MAX);
        let mark = clocks.mark();
        let mut new = clocks.merge(old, other, mark);
        for run in 0..400 {
            new = clocks.with(new, RunIx(run), 9, mark);
        }
        let nodes = clocks.mark() - mark;
        assert!(nodes < 60, "{nodes} nodes for 400 runs: none was copied again");
        assert_eq!((clocks.get(old, RunIx(3)), clocks.get(old, RunIx(300))), (5, 0));
        assert_eq!((clocks.get(other, RunIx(3)), clocks.get(other, RunIx(300))), (0, 2));
        assert!((0..400).all(|run| clocks.get(new, RunIx(run)) == 9));
        assert_eq!(clocks.sum(new), 3_600);
    }

    #[test]
    fn what_is_missing_is_found_at_every_height() {
        let mut clocks = Clocks::default();
        let mut totals = NodeIx::NONE;
        for run in 0..600 {
            for _ in 0..=(run % 3) {
                totals = clocks.count_up(totals, RunIx(run));
            }
        }
        let low = clocks.with(NodeIx::NONE, RunIx(2), 3, usize::MAX);
        let found = missing(&clocks, totals, low);
        assert_eq!(found.len(), 599, "all runs but the third");
        assert!(found.iter().all(|(run, have, total)| *have == 0 && *total == run % 3 + 1));
        let mut full = NodeIx::NONE;
        for run in 0..600 {
            full = clocks.with(full, RunIx(run), run % 3 + 1, usize::MAX);
        }
        assert!(missing(&clocks, totals, full).is_empty());
        assert_eq!(missing(&clocks, totals, NodeIx::NONE).len(), 600);
    }
}
