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

    fn sum(&self, at: ClockIx) -> u32 {
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

    /// The clock with at least `count` ops of `run`.
    pub(crate) fn with(&mut self, clock: ClockIx, run: RunIx, count: u32) -> ClockIx {
        if count == 0 || self.get(clock, run) >= count {
            return clock;
        }
        let mut single = NodeIx::NONE;
        let mut level = 0u8;
        loop {
            let mut node = Self::blank(level);
            if let Some(slot) = node.slots.get_mut(slot_of(run.0, level)) {
                *slot = if level == 0 { count } else { single.0 };
            }
            node.sum = count;
            single = NodeIx::new(self.nodes.push(node));
            if covers(level, run.0) || level >= MAX_LEVELS {
                break;
            }
            level = level.saturating_add(1);
        }
        self.merge(clock, single)
    }

    /// The larger count of each run.
    pub(crate) fn merge(&mut self, a: ClockIx, b: ClockIx) -> ClockIx {
        let level = self.node(a).map_or(0, |node| node.level).max(self.node(b).map_or(0, |node| node.level));
        let a = self.raised(a, level);
        let b = self.raised(b, level);
        self.merge_level(a, b)
    }

    /// Nests at most [`MAX_LEVELS`] deep: a node's children are one level below it.
    fn merge_level(&mut self, a: ClockIx, b: ClockIx) -> ClockIx {
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
                let child = self.merge_level(NodeIx(x), NodeIx(y));
                *slot = child.0;
                merged.sum = merged.sum.saturating_add(self.sum(child));
            }
        }
        if merged.slots == left.slots {
            return a;
        }
        if merged.slots == right.slots {
            return b;
        }
        NodeIx::new(self.nodes.push(merged))
    }

    /// Counts one more op of `run` in a clock that nobody else holds: the namespace's totals.
    pub(crate) fn count_up(&mut self, totals: ClockIx, run: RunIx) -> ClockIx {
        let mut level = self.node(totals).map_or(0, |node| node.level);
        if totals.is_some() {
            while !covers(level, run.0) && level < MAX_LEVELS {
                level = level.saturating_add(1);
            }
        }
        let root = if totals.is_none() {
            while !covers(level, run.0) && level < MAX_LEVELS {
                level = level.saturating_add(1);
            }
            NodeIx::new(self.nodes.push(Self::blank(level)))
        } else {
            self.raised(totals, level)
        };
        let mut at = root;
        while let Some((slot, level)) = self.node(at).map(|node| (slot_of(run.0, node.level), node.level)) {
            let child = self.node(at).and_then(|node| node.slots.get(slot)).copied().unwrap_or(u32::MAX);
            let next = if level > 0 && child == u32::MAX {
                self.nodes.push(Self::blank(level.saturating_sub(1)))
            } else {
                child as usize
            };
            if let Some(node) = self.nodes.get_mut(at.at()) {
                node.sum = node.sum.saturating_add(1);
                if let Some(value) = node.slots.get_mut(slot) {
                    *value = if level == 0 { value.saturating_add(1) } else { u32::try_from(next).unwrap_or(u32::MAX) };
                }
            }
            if level == 0 {
                break;
            }
            at = NodeIx::new(next);
        }
        root
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
            clock = clocks.with(clock, RunIx(run), run % 7 + 1);
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
        let a = clocks.with(NodeIx::NONE, RunIx(3), 5);
        let a = clocks.with(a, RunIx(300), 2);
        let b = clocks.with(NodeIx::NONE, RunIx(3), 4);
        let both = clocks.merge(a, b);
        assert_eq!(clocks.get(both, RunIx(3)), 5);
        assert_eq!(clocks.get(both, RunIx(300)), 2);
        assert_eq!(both, a, "nothing new: the same clock");
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
        let low = clocks.with(NodeIx::NONE, RunIx(2), 3);
        let found = missing(&clocks, totals, low);
        assert_eq!(found.len(), 599, "all runs but the third");
        assert!(found.iter().all(|(run, have, total)| *have == 0 && *total == run % 3 + 1));
        let mut full = NodeIx::NONE;
        for run in 0..600 {
            full = clocks.with(full, RunIx(run), run % 3 + 1);
        }
        assert!(missing(&clocks, totals, full).is_empty());
        assert_eq!(missing(&clocks, totals, NodeIx::NONE).len(), 600);
    }
}
