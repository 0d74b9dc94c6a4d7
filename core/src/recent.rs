//! The last ops of a view and what each wrote over, so that the view can go back a little and take in ops that belong
//! before them: over a merge, it comes forward again with what the merge brings.

use crate::arena::{CellIx, OpIx};
use crate::cells::Cell;
use crate::dag::Past;
use crate::decisions::Changes;
use crate::facts::History;
use crate::limits::MAX_RECENT_OPS;
use crate::standing::Standing;
use alloc::vec::Vec;

/// An op that a view took in.
#[derive(Debug)]
struct Taken {
    op: OpIx,
    /// How many cells it wrote.
    wrote: usize,
}

/// The last ops of a view, in the fold's order.
#[derive(Debug)]
pub(crate) struct Recent {
    /// All ops of the view that the fold takes after this one are listed; [`OpIx::NONE`]: all of them.
    floor: OpIx,
    ops: Vec<Taken>,
    /// The cells that they wrote, in order, each with what was in it before.
    over: Vec<(CellIx, Cell)>,
}

impl Recent {
    /// Of a view whose ops all come up to `floor`.
    pub(crate) const fn since(floor: OpIx) -> Self {
        Self { floor, ops: Vec::new(), over: Vec::new() }
    }

    /// Notes an op that the view took in at its end.
    pub(crate) fn push(&mut self, op: OpIx, over: &[(CellIx, Cell)]) {
        self.ops.push(Taken { op, wrote: over.len() });
        self.over.extend_from_slice(over);
        if self.ops.len() > MAX_RECENT_OPS {
            let mut wrote = 0usize;
            for gone in self.ops.drain(..MAX_RECENT_OPS / 2) {
                self.floor = gone.op;
                wrote = wrote.saturating_add(gone.wrote);
            }
            self.over.drain(..wrote.min(self.over.len()));
        }
    }

    /// Whether the view can go back to before this op.
    pub(crate) fn reaches(&self, history: &History, op: OpIx) -> bool {
        self.floor.is_none() || history.compare_fold_order(self.floor, op).is_lt()
    }

    /// Takes out all ops from `first` on, and calls `undo` for each cell that they wrote, the last one first; says which.
    pub(crate) fn go_back(
        &mut self,
        history: &History,
        first: OpIx,
        mut undo: impl FnMut(CellIx, Cell),
    ) -> impl Iterator<Item = OpIx> + '_ {
        let kept = self.ops.partition_point(|taken| history.compare_fold_order(taken.op, first).is_lt());
        let wrote = self.ops.iter().skip(kept).fold(0usize, |all, taken| all.saturating_add(taken.wrote));
        for (cell, old) in self.over.drain(self.over.len().saturating_sub(wrote)..).rev() {
            undo(cell, old);
        }
        self.ops.drain(kept..).map(|taken| taken.op)
    }
}

/// What it takes for a view to move on: its recent ops, and what was decided about its ops when it was made.
#[derive(Debug)]
pub(crate) struct Lately {
    pub(crate) recent: Recent,
    /// How many changes of decisions there had been.
    logged: u64,
    /// Decisions that were others in the view than in the whole.
    differences: Changes,
}

impl Lately {
    /// Of a view in which the decisions are now those of the whole but for these.
    pub(crate) const fn new(recent: Recent, standing: &Standing, differences: Changes) -> Self {
        Self { recent, logged: standing.logged(), differences }
    }

    /// Ops of the view (`own`) about which the decisions are others in another part, where they differ from those of the
    /// whole by `there`; `None` if nobody knows any more.
    pub(crate) fn decided_otherwise(
        &self,
        history: &History,
        standing: &Standing,
        own: &Past,
        there: &Changes,
    ) -> Option<Vec<OpIx>> {
        // What was decided in the view about what has changed since; of several changes the first counts.
        let mut here = self.differences.clone();
        for (op, old) in standing.changes_since(self.logged)? {
            here.entry(op).or_insert(old);
        }
        let now = |op: &OpIx| there.get(op).copied().unwrap_or_else(|| standing.decision(*op));
        let changed = here.iter().filter(|(op, then)| now(op).conflict != then.conflict).map(|(op, _)| *op);
        let new = there.keys().filter(|op| !here.contains_key(*op)).copied();
        // In no particular order: it is asked which is the first.
        Some(changed.chain(new).filter(|op| history.dag.contains(own, *op)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_recent_ops_64_are_listed_and_with_one_more_the_older_half_goes() {
        let mut recent = Recent::since(OpIx::NONE);
        let cell = |op: u32| (CellIx(op), Cell::ContextCapability(1));
        for op in 0..u32::try_from(MAX_RECENT_OPS).expect("few") {
            recent.push(OpIx(op), &[cell(op), cell(op)]);
        }
        assert_eq!((recent.floor, recent.ops.len(), recent.over.len()), (OpIx::NONE, 64, 128));
        recent.push(OpIx(64), &[]);
        assert_eq!((recent.floor, recent.ops.len(), recent.over.len()), (OpIx(31), 33, 64));
        assert_eq!(recent.over.first(), Some(&cell(32)), "what is left is that of the ops that are left");
    }
}
