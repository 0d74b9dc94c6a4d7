//! The last ops of a view, what each wrote over and what it looked at. So over a merge the view takes in ops that belong
//! before them: at its end, those that have nothing to do with the ops after their place; else it goes back a little, and
//! comes forward again with what the merge brings.

use crate::arena::{CellIx, OpIx};
use crate::cells::Cell;
use crate::facts::History;
use crate::limits::MAX_RECENT_OPS;
use crate::reducer::Trace;
use crate::standing::Decided;
use crate::touched::Look;
use alloc::vec::Vec;

/// An op that a view took in.
#[derive(Debug)]
struct Taken {
    op: OpIx,
    /// Its depth, which most often says which of two ops the fold takes first.
    depth: u32,
    /// How many cells it wrote.
    wrote: usize,
    /// How many things it looked at.
    looked: usize,
}

/// The last ops of a view, in the fold's order.
#[derive(Debug)]
pub(crate) struct Recent {
    /// All ops of the view that the fold takes after this one are listed; [`OpIx::NONE`]: all of them.
    floor: OpIx,
    ops: Vec<Taken>,
    /// The cells that they wrote, in order, each with what was in it before.
    over: Vec<(CellIx, Cell)>,
    /// What they looked at, in order.
    looks: Vec<Look>,
}

/// Where an op belongs among those of a view: before how many of the cells that they wrote, and of their looks.
#[derive(Debug, Clone, Copy)]
struct Spot {
    at: usize,
    over: usize,
    looks: usize,
}

/// An op with what was in the cells that it wrote, and with what it looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) op: OpIx,
    pub(crate) over: &'a [(CellIx, Cell)],
    pub(crate) looks: &'a [Look],
}

impl Recent {
    /// Of a view whose ops all come up to `floor`.
    pub(crate) const fn since(floor: OpIx) -> Self {
        Self { floor, ops: Vec::new(), over: Vec::new(), looks: Vec::new() }
    }

    /// Notes an op that the view took in at its end.
    pub(crate) fn push(&mut self, history: &History, op: OpIx, trace: &Trace) {
        let Trace { tape, looks } = trace;
        self.ops.push(Taken { op, depth: history.dag.depth(op), wrote: tape.len(), looked: looks.len() });
        self.over.extend_from_slice(tape);
        self.looks.extend_from_slice(looks);
        self.trim();
    }

    /// With more ops than are listed, the older ones go.
    pub(crate) fn trim(&mut self) {
        if self.ops.len() <= MAX_RECENT_OPS {
            return;
        }
        let (mut wrote, mut looked) = (0usize, 0usize);
        for gone in self.ops.drain(..self.ops.len().saturating_sub(MAX_RECENT_OPS.div_ceil(2).saturating_add(1))) {
            self.floor = gone.op;
            wrote = wrote.saturating_add(gone.wrote);
            looked = looked.saturating_add(gone.looked);
        }
        self.over.drain(..wrote.min(self.over.len()));
        self.looks.drain(..looked.min(self.looks.len()));
    }

    /// Whether the view can go back to before this op.
    pub(crate) fn reaches(&self, history: &History, op: OpIx) -> bool {
        self.floor.is_none() || history.compare_fold_order(self.floor, op).is_lt()
    }

    /// Where an op belongs: most often not far from the end.
    fn spot(&self, history: &History, op: OpIx) -> Spot {
        let depth = history.dag.depth(op);
        let mut spot = Spot { at: self.ops.len(), over: self.over.len(), looks: self.looks.len() };
        for taken in self.ops.iter().rev() {
            let order = taken.depth.cmp(&depth).then_with(|| history.compare_fold_order(taken.op, op));
            if order.is_lt() {
                break;
            }
            spot.at = spot.at.saturating_sub(1);
            spot.over = spot.over.saturating_sub(taken.wrote);
            spot.looks = spot.looks.saturating_sub(taken.looked);
        }
        spot
    }

    /// The ops from `first` on.
    pub(crate) fn entries_from(&self, history: &History, first: OpIx) -> impl Iterator<Item = Entry<'_>> {
        let spot = self.spot(history, first);
        let mut over = self.over.get(spot.over..).unwrap_or_default();
        let mut looks = self.looks.get(spot.looks..).unwrap_or_default();
        self.ops.iter().skip(spot.at).map(move |taken| {
            let (wrote, later_over) = over.split_at_checked(taken.wrote).unwrap_or_default();
            let (looked, later_looks) = looks.split_at_checked(taken.looked).unwrap_or_default();
            (over, looks) = (later_over, later_looks);
            Entry { op: taken.op, over: wrote, looks: looked }
        })
    }

    /// Lists an op that was folded on the state of the end, if that comes to the same as in its place: nothing that it looked
    /// at was written by those after it, and nothing that it wrote was looked at or written by them. Says whether it
    /// does. Who may have gone through a list of cells is not asked which: that is rare.
    pub(crate) fn take_commuting(&mut self, history: &History, op: OpIx, trace: &Trace) -> bool {
        let Trace { tape: over, looks } = trace;
        let spot = self.spot(history, op);
        let later_over = self.over.get(spot.over..).unwrap_or_default();
        let later_looks = self.looks.get(spot.looks..).unwrap_or_default();
        let cell_of = |look: &Look| look.cell(history);
        let written_later = |cell: CellIx| later_over.iter().any(|(other, _)| *other == cell);
        let looked_at_later = |cell: CellIx| later_looks.iter().any(|look| cell_of(look).is_none_or(|at| at == cell));
        let commutes = looks.iter().all(|look| cell_of(look).is_some_and(|cell| !written_later(cell)))
            && over.iter().all(|(cell, _)| !written_later(*cell) && !looked_at_later(*cell));
        if commutes {
            let depth = history.dag.depth(op);
            self.ops.insert(spot.at, Taken { op, depth, wrote: over.len(), looked: looks.len() });
            self.over.splice(spot.over..spot.over, over.iter().copied());
            self.looks.splice(spot.looks..spot.looks, looks.iter().copied());
        }
        commutes
    }

    /// Takes out all ops from `first` on, and calls `undo` for each cell that they wrote, the last one first; says which.
    pub(crate) fn go_back(
        &mut self,
        history: &History,
        first: OpIx,
        mut undo: impl FnMut(CellIx, Cell),
    ) -> impl Iterator<Item = OpIx> + '_ {
        let spot = self.spot(history, first);
        for (cell, old) in self.over.drain(spot.over..).rev() {
            undo(cell, old);
        }
        self.looks.truncate(spot.looks);
        self.ops.drain(spot.at..).map(|taken| taken.op)
    }
}

/// What it takes for a view to move on: its recent ops, and what was decided about its ops when it was made.
#[derive(Debug)]
pub(crate) struct Lately {
    pub(crate) recent: Recent,
    pub(crate) decided: Decided,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::{ContextIx, PersonIx};

    fn trace(over: &[(CellIx, Cell)], looks: &[Look]) -> Trace {
        Trace { tape: over.to_vec(), looks: looks.to_vec() }
    }

    #[test]
    fn of_the_recent_ops_192_are_listed_and_with_one_more_the_older_half_goes() {
        let (history, mut recent) = (History::default(), Recent::since(OpIx::NONE));
        let cell = |op: u32| (CellIx(op), Cell::ContextCapability(1));
        for op in 0..u32::try_from(MAX_RECENT_OPS).expect("few") {
            recent.push(&history, OpIx(op), &trace(&[cell(op), cell(op)], &[Look::Cell(CellIx(op))]));
        }
        let sizes = |recent: &Recent| (recent.ops.len(), recent.over.len(), recent.looks.len());
        assert_eq!((recent.floor, sizes(&recent)), (OpIx::NONE, (192, 384, 192)));
        recent.push(&history, OpIx(192), &trace(&[], &[]));
        assert_eq!((recent.floor, sizes(&recent)), (OpIx(95), (97, 192, 96)));
        assert_eq!(recent.over.first(), Some(&cell(96)), "what is left is that of the ops that are left");
    }

    #[test]
    fn an_op_commutes_with_later_ones_that_have_nothing_to_do_with_it_and_is_taken_back_in_its_place() {
        let history = History::default();
        let cell = |at: u32| (CellIx(at), Cell::ContextCapability(1));
        let look = |at: u32| Look::Cell(CellIx(at));
        let listed = || {
            let mut recent = Recent::since(OpIx::NONE);
            recent.push(&history, OpIx(3), &trace(&[cell(30)], &[look(30)]));
            recent.push(&history, OpIx(10), &trace(&[cell(1)], &[look(1), look(2)]));
            recent
        };
        let takes = |op: u32, over: &[(CellIx, Cell)], looks: &[Look]| {
            listed().take_commuting(&history, OpIx(op), &trace(over, looks))
        };
        assert!(takes(5, &[cell(4)], &[look(2), look(3), look(30)]), "what both look at, or who came before wrote");
        assert!(takes(5, &[cell(30)], &[]));
        assert!(!takes(5, &[], &[look(3), look(1)]), "it looked at what a later one wrote");
        assert!(!takes(5, &[cell(4), cell(2)], &[]), "it wrote what a later one looked at");
        assert!(!takes(5, &[], &[Look::Person(PersonIx(7))]) && !takes(5, &[], &[Look::Context(ContextIx(7))]));
        assert!(takes(11, &[cell(1)], &[look(1)]), "there is nothing later");
        let mut recent = listed();
        recent.push(&history, OpIx(12), &trace(&[cell(6)], &[]));
        assert!(!recent.take_commuting(&history, OpIx(5), &trace(&[cell(6)], &[])), "a later one wrote over it");
        recent.push(&history, OpIx(13), &trace(&[], &[Look::Person(PersonIx(7))]));
        assert!(!recent.take_commuting(&history, OpIx(5), &trace(&[cell(9)], &[])), "a later one went through a list");
        let mut recent = listed();
        assert!(recent.take_commuting(&history, OpIx(5), &trace(&[cell(4), cell(5)], &[look(3)])));
        let mut undone = Vec::new();
        let ops: Vec<OpIx> = recent.go_back(&history, OpIx(4), |cell, _| undone.push(cell.0)).collect();
        assert_eq!((ops, undone), (Vec::from([OpIx(5), OpIx(10)]), Vec::from([1, 5, 4])));
        assert_eq!((recent.ops.len(), recent.over.len(), recent.looks.len()), (1, 1, 1));
    }
}
