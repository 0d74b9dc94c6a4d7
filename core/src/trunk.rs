//! What those have in common who go on side by side: the state after the first ops of the whole in the fold's order, up to
//! where one of them differs from it. It moves on with them, so that what all have heard is folded and hashed once for all,
//! and the state of a merge is this with its author's last ops on it.

use crate::arena::{GroupIx, OpIx};
use crate::authority::Glance;
use crate::cells::State;
use crate::dag::Past;
use crate::facts::History;
use crate::fold::{Fold, Memory};
use crate::ids::Hash;
use crate::limits::{MAX_CELLS_BESIDE_TRUNK, MAX_OPS_BEHIND, MAX_OPS_BESIDE_TRUNK, MAX_TRUNK_CREDIT, TRUNK_BACK_COSTS};
use crate::merges::{Beyond, Sources};
use crate::otherwise::decide_otherwise;
use crate::pass::Part;
use crate::recent::Recent;
use crate::reducer::Trace;
use crate::standing::{Decided, Standing};
use crate::state_hash::Forest;
use alloc::vec::Vec;

/// What a merge brings is cheaper taken into its author's view, if it is no more than this, or little beside what would have to
/// be folded on the trunk.
const FEW_OPS_BROUGHT: usize = 2;

/// The state of all ops of less than a depth, with its tries once somebody asked for a hash.
#[derive(Debug)]
struct At {
    depth: u32,
    state: State,
    forest: Option<Forest>,
    recent: Recent,
    /// The last of those ops.
    last: OpIx,
    decided: Decided,
}

/// The trunk, and what it may cost to move it.
#[derive(Debug, Default)]
pub(crate) struct Trunk {
    at: Option<At>,
    /// So many ops may be folded to move it: as many as merges brought that had to be folded otherwise or cost less.
    credit: usize,
    trace: Trace,
}

impl Trunk {
    /// The state of a merge that has little beyond the trunk; `None` if there is more, or to move the trunk is not worth its
    /// cost now.
    pub(crate) fn state_of_merge(
        &mut self,
        sources: &mut Sources<'_>,
        parents: &[OpIx],
        past: &Past,
        beyond: &Beyond,
    ) -> Option<State> {
        let Sources { history, memory, standing, fold } = sources;
        let history: &History = history;
        if beyond.ops.is_empty() || !fold.is_settled() {
            return None;
        }
        // So many ops are new to whoever of its parents' authors knew most.
        let most = parents.iter().map(|parent| history.dag.size(&history.dag.past_with(*parent))).max()?;
        let brought = (history.dag.size(past).saturating_sub(most) as usize).min(MAX_OPS_BEHIND);
        let worth = brought.saturating_sub(FEW_OPS_BROUGHT).saturating_mul(2).min(MAX_OPS_BESIDE_TRUNK);
        let own = beyond.own(history, fold, past, worth)?;
        self.earn(brought);
        self.forget_if_incomplete(fold, memory);
        // What was decided long ago may be known no more.
        if self.at.as_ref().is_none_or(|at| at.depth != beyond.depth || !at.decided.is_known(standing)) {
            self.go_to((history, standing), fold, memory, beyond.depth)?;
        }
        let At { state, recent, decided, .. } = self.at.as_ref()?;
        let unlike = decided.unlike(standing, &beyond.decisions, |op| history.dag.depth(op) < beyond.depth)?;
        let conflict = |op| beyond.conflict(standing, op);
        let (cells, trace) = (&mut memory.cells, &mut self.trace);
        let mut state = cells.share(state);
        if !decide_otherwise(history, cells, &mut state, recent, &unlike, conflict, trace) {
            cells.release(state);
            return None;
        }
        for op in own {
            trace.fold_unseen(history, cells, &mut state, op, conflict(op));
        }
        Some(state)
    }

    /// Moves to another depth: from its own end, from before the first of its ops that is decided otherwise there, or, where that
    /// is too far or does not lead there, from a checkpoint of the whole.
    fn go_to(
        &mut self,
        (history, standing): (&History, &Standing),
        fold: &Fold,
        memory: &mut Memory,
        depth: u32,
    ) -> Option<()> {
        let there = standing.differences(history, Part::Above(depth), fold.order().of_depth(history, depth));
        let first = history.first_in_fold_order(there.keys().copied());
        let decided = Decided::now(standing, there);
        let from = self.at.as_ref().map_or(OpIx::NONE, |at| at.last);
        if let Some(back_to) = self.at.as_ref().and_then(|at| at.leads_to(history, standing, depth, &decided)) {
            let ops = fold.order().iter_from(history, back_to.unwrap_or(from));
            let ops = ops.filter(|op| back_to.is_some() || *op != from);
            if let Some(ops) = self.afford(history, depth, ops, 1) {
                let at = self.at.as_mut()?;
                if let Some(first) = back_to {
                    at.go_back(history, memory, first);
                }
                (at.depth, at.decided) = (depth, decided);
                at.go_on(history, standing, memory, &ops, &mut self.trace);
                return Some(());
            }
        }
        let (state, last) = fold.checkpoint_above(history, first.map_or(depth, |first| history.dag.depth(first)));
        let goes_back = from.is_some() && (last.is_none() || history.compare_fold_order(last, from).is_lt());
        let ops = fold.order().iter_from(history, last).filter(|op| *op != last);
        let ops = self.afford(history, depth, ops, if goes_back { TRUNK_BACK_COSTS } else { 1 })?;
        let (state, recent) = (memory.cells.share(state), Recent::since(last));
        let mut at = At { depth, state, forest: None, recent, last, decided };
        at.go_on(history, standing, memory, &ops, &mut self.trace);
        if let Some(old) = self.at.take() {
            at.take_over_tries(memory, old);
        }
        self.at = Some(at);
        Some(())
    }

    fn earn(&mut self, brought: usize) {
        self.credit = self.credit.saturating_add(brought).min(MAX_TRUNK_CREDIT);
    }

    /// Those of the ops that are of less than a depth, if the credit lasts for folding them at this price each.
    fn afford(
        &mut self,
        history: &History,
        depth: u32,
        ops: impl Iterator<Item = OpIx>,
        price: usize,
    ) -> Option<Vec<OpIx>> {
        let most = self.credit.checked_div(price)?;
        let ops = ops.take_while(|op| history.dag.depth(*op) < depth);
        let ops: Vec<OpIx> = ops.take(most.saturating_add(1)).collect();
        self.credit = self.credit.checked_sub(ops.len().saturating_mul(price))?;
        Some(ops)
    }

    /// With an op that came late, and belongs to it, it is none any more.
    fn forget_if_incomplete(&mut self, fold: &mut Fold, memory: &mut Memory) {
        let late = fold.take_late_depth();
        if self.at.as_ref().is_some_and(|at| late < at.depth) {
            self.release(memory);
        }
    }

    /// Does without tries, which are made again when somebody asks.
    pub(crate) fn give_up_tries(&mut self, memory: &mut Memory) {
        if let Some(forest) = self.at.as_mut().and_then(|at| at.forest.take()) {
            forest.release(&mut memory.tries);
        }
    }

    /// Gives all of it back, but for what was earned.
    pub(crate) fn release(&mut self, memory: &mut Memory) {
        let Some(At { state, forest, .. }) = self.at.take() else { return };
        memory.cells.release(state);
        if let Some(forest) = forest {
            forest.release(&mut memory.tries);
        }
    }

    /// The state hash of a group in a state that is nearly the trunk's: `None` if it is not, or cannot be told so. `whole` is
    /// the state of the whole, with its tries.
    pub(crate) fn hash_beside(
        &mut self,
        history: &History,
        memory: &mut Memory,
        whole: (&State, &mut Forest),
        state: &State,
        group: GroupIx,
    ) -> Option<Hash> {
        let At { state: own, forest, .. } = self.at.as_mut()?;
        let unlike = memory.cells.diff_up_to(own, state, MAX_CELLS_BESIDE_TRUNK)?;
        let glance = |state| Glance { history, cells: &memory.cells, state };
        let (here, there) = (glance(own), glance(state));
        let tries = &mut memory.tries;
        let forest = match forest {
            Some(forest) => forest,
            None => {
                // What is hashed now is hashed once for all that share it.
                whole.1.hash_all(tries, glance(whole.0));
                let mut made = whole.1.share(tries);
                made.mark_differences(&memory.cells, whole.0, own);
                forest.insert(made)
            }
        };
        forest.state_hash_beside(tries, (here, there), &unlike, group)
    }
}

impl At {
    /// Takes over the tries of another state, if that is not far away; they are made again from those of the whole else.
    fn take_over_tries(&mut self, memory: &mut Memory, old: Self) {
        if let Some(mut forest) = old.forest {
            match memory.cells.diff_up_to(&old.state, &self.state, MAX_TRUNK_CREDIT) {
                Some(cells) => {
                    forest.mark_cells(&memory.cells, &old.state, &self.state, &cells);
                    self.forest = Some(forest);
                }
                None => forest.release(&mut memory.tries),
            }
        }
        memory.cells.release(old.state);
    }

    /// The op before which it has to go back to go on to a greater depth where so is decided; `Some(None)` if it goes on from its
    /// end, `None` if it does not lead there.
    fn leads_to(&self, history: &History, standing: &Standing, depth: u32, there: &Decided) -> Option<Option<OpIx>> {
        let unlike = self.decided.unlike(standing, there.differences(), |op| history.dag.depth(op) < self.depth)?;
        let first = history.first_in_fold_order(unlike.into_iter());
        let reaches = first.is_none_or(|first| self.recent.reaches(history, first));
        (self.depth <= depth && reaches).then_some(first)
    }

    /// Takes back the ops from `first` on.
    fn go_back(&mut self, history: &History, memory: &mut Memory, first: OpIx) {
        let Self { state, forest, recent, .. } = self;
        let cells = &mut memory.cells;
        let _ = recent.go_back(history, first, |cell, old| {
            if let Some(forest) = forest {
                forest.mark(cell, &cells.get(state, cell), &old);
            }
            cells.set(state, cell, old);
        });
    }

    /// Takes in the ops that come next, as they are decided by now.
    fn go_on(&mut self, history: &History, standing: &Standing, memory: &mut Memory, ops: &[OpIx], trace: &mut Trace) {
        for op in ops {
            let conflict = standing.decision_in(self.decided.differences(), *op).conflict;
            trace.fold(history, &mut memory.cells, &mut self.state, *op, conflict);
            self.recent.push(history, *op, trace);
            if let Some(forest) = &mut self.forest {
                forest.mark_tape(&memory.cells, &self.state, &trace.tape);
            }
            self.last = *op;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::CellIx;
    use crate::cells::Cell;
    use crate::decisions::Changes;

    #[test]
    fn no_more_than_1024_ops_can_be_earned_and_going_back_costs_four_for_one() {
        for (price, most) in [(1, MAX_TRUNK_CREDIT), (TRUNK_BACK_COSTS, MAX_TRUNK_CREDIT / TRUNK_BACK_COSTS)] {
            let history = History::default();
            let mut trunk = Trunk::default();
            let mut afford = |earned: usize, ops: usize| {
                trunk.earn(earned);
                // Ops that nobody knows have no depth.
                trunk.afford(&history, 1, (0..ops).map(OpIx::new), price).map(|ops| ops.len())
            };
            assert_eq!(afford(MAX_TRUNK_CREDIT + 1, most + 1), None, "one more than can be earned");
            assert_eq!(afford(0, most), Some(most), "nothing was spent on what could not be had");
            assert_eq!(afford(0, 1), None);
            assert_eq!(afford(price, 1), Some(1));
        }
    }

    #[test]
    fn a_state_that_differs_in_48_cells_is_hashed_beside_and_one_that_differs_in_49_is_not() {
        let (history, mut memory) = (History::default(), Memory::default());
        let at = At {
            depth: 0,
            state: State::EMPTY,
            forest: None,
            recent: Recent::since(OpIx::NONE),
            last: OpIx::NONE,
            decided: Decided::now(&Standing::default(), Changes::new()),
        };
        let mut trunk = Trunk { at: Some(at), ..Trunk::default() };
        let mut state = State::EMPTY;
        let (whole, mut tries) = (State::EMPTY, Forest::EMPTY);
        let mut hash_with = |cells: usize| {
            for cell in 0..cells {
                memory.cells.set(&mut state, CellIx::new(cell), Cell::ContextCapability(1));
            }
            trunk.hash_beside(&history, &mut memory, (&whole, &mut tries), &state, GroupIx::NONE)
        };
        assert_eq!(hash_with(MAX_CELLS_BESIDE_TRUNK), Some(Hash::ZERO), "of a group that neither has");
        assert_eq!(hash_with(MAX_CELLS_BESIDE_TRUNK + 1), None);
        memory.cells.release(state);
        trunk.release(&mut memory);
        assert_eq!((memory.cells.live_nodes(), memory.tries.live()), ((0, 0), 0), "nothing leaks");
    }
}
