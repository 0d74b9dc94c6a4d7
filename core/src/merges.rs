//! The state of a merge, and of any other past, from a state at hand: what it lacks of the whole, how a state takes in what a
//! merge brings, and how one is folded anew.

use crate::arena::OpIx;
use crate::cells::State;
use crate::dag::Past;
use crate::decisions::Changes;
use crate::facts::History;
use crate::fold::{Fold, Memory};
use crate::limits::MAX_OPS_MOVED_OVER;
use crate::pass::Part;
use crate::recent::Recent;
use crate::reducer::{Conflict, Trace};
use crate::standing::Standing;
use crate::state_hash::Forest;
use crate::work::Tape;
use alloc::vec::Vec;

/// All that a view is made from.
pub(crate) struct Sources<'a> {
    pub(crate) history: &'a History,
    pub(crate) memory: &'a mut Memory,
    pub(crate) standing: &'a Standing,
    pub(crate) fold: &'a mut Fold,
}

/// What of the whole is not in a past, and which decisions are others there.
pub(crate) struct Beyond {
    /// Sound ops that the past does not have.
    pub(crate) ops: Vec<OpIx>,
    /// The least depth of these: of all that is less deep, the past has everything.
    pub(crate) depth: u32,
    pub(crate) decisions: Changes,
}

impl Beyond {
    pub(crate) fn of(sources: &Sources<'_>, past: &Past) -> Self {
        let history: &History = sources.history;
        let (mut ops, mut depth) = (Vec::new(), u32::MAX);
        history.dag.for_each_outside(past, |op| {
            if history.fact(op).is_some_and(Fold::takes) {
                ops.push(op);
                depth = depth.min(history.dag.depth(op));
            }
        });
        let decisions = sources.standing.differences(history, Part::Past(*past), ops.iter().copied());
        Self { ops, depth, decisions }
    }

    /// The first op in the fold's order that the past does not have, or that is decided otherwise there.
    pub(crate) fn first(&self, history: &History) -> Option<OpIx> {
        history.first_in_fold_order(self.ops.iter().chain(self.decisions.keys()).copied())
    }

    /// The sound ops of the past that are no less deep than what it does not have, in the fold's order, if there are no more
    /// than `most`: nearly always its author's own last ones.
    pub(crate) fn own(&self, history: &History, fold: &Fold, past: &Past, most: usize) -> Option<Vec<OpIx>> {
        let most = most.saturating_add(self.ops.len());
        let count = fold.order().count_of_depth(history, self.depth, most)?.checked_sub(self.ops.len())?;
        let takes = |op: &OpIx| history.fact(*op).is_some_and(Fold::takes);
        let is_own = |op: &OpIx| history.dag.depth(*op) >= self.depth;
        let last = history.dag.last_in(past).iter().rev().copied().take_while(is_own).filter(takes);
        let mut own: Vec<OpIx> = last.collect();
        if own.len() == count {
            own.reverse();
        } else {
            let ops = fold.order().of_depth(history, self.depth);
            own = ops.filter(|op| takes(op) && history.dag.contains(past, *op)).collect();
        }
        Some(own)
    }

    /// What conflicts decided about an op in the past.
    pub(crate) fn conflict(&self, standing: &Standing, op: OpIx) -> Conflict {
        standing.decision_in(&self.decisions, op).conflict
    }
}

/// A state that moves on, its tries if they are at hand, and its last ops.
pub(crate) struct Moving<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) forest: Option<&'a mut Forest>,
    pub(crate) recent: &'a mut Recent,
}

/// Folds what is `new` on the end of a view, each op that comes to the same there as in its place; says which do not.
pub(crate) fn take_commuting(
    sources: &mut Sources<'_>,
    beyond: &Beyond,
    moving: Moving<'_>,
    mut new: Vec<OpIx>,
    trace: &mut Trace,
) -> Vec<OpIx> {
    let Sources { history, memory, standing, .. } = sources;
    let Moving { state, mut forest, recent } = moving;
    let history: &History = history;
    let cells = &mut memory.cells;
    new.sort_unstable_by(|a, b| history.compare_fold_order(*a, *b));
    new.retain(|op| {
        trace.fold(history, cells, state, *op, beyond.conflict(standing, *op));
        let commutes = recent.take_commuting(history, *op, trace);
        if commutes {
            if let Some(forest) = &mut forest {
                forest.mark_tape(cells, state, &trace.tape);
            }
        } else {
            trace.tape.iter().rev().for_each(|(cell, old)| cells.set(state, *cell, *old));
        }
        !commutes
    });
    new
}

/// Takes a view back to before the `first` op that is new or that is decided otherwise, and forward again with what is
/// `new`.
pub(crate) fn go_back_and_on(
    sources: &mut Sources<'_>,
    beyond: &Beyond,
    moving: Moving<'_>,
    first: OpIx,
    new: Vec<OpIx>,
    trace: &mut Trace,
) {
    let Sources { history, memory, standing, .. } = sources;
    let Moving { state, forest, recent } = moving;
    let history: &History = history;
    let cells = &mut memory.cells;
    // Each cell with what was in it at the outset: its first mention counts.
    let mut before = Tape::with_capacity(MAX_OPS_MOVED_OVER);
    let mut ops = new;
    ops.extend(recent.go_back(history, first, |cell, old| {
        before.push((cell, cells.get(state, cell)));
        cells.set(state, cell, old);
    }));
    ops.sort_unstable_by(|a, b| history.compare_fold_order(*a, *b));
    for op in ops {
        trace.fold(history, cells, state, op, beyond.conflict(standing, op));
        recent.push(history, op, trace);
        before.append(&mut trace.tape);
    }
    let Some(forest) = forest else { return };
    before.sort_by_key(|(cell, _)| *cell);
    before.dedup_by_key(|(cell, _)| *cell);
    forest.mark_tape(cells, state, &before);
}

/// Folds a past from the last checkpoint of the whole before the first place where the two differ; with the recent ops,
/// for whoever wants to move on.
pub(crate) fn general(sources: &mut Sources<'_>, past: &Past, beyond: &Beyond, trace: &mut Trace) -> (State, Recent) {
    let Sources { history, memory, standing, fold, .. } = sources;
    let history: &History = history;
    let first = beyond.first(history);
    let before = first.or_else(|| fold.order().last()).unwrap_or_default();
    let (mut state, last) = match first {
        None if fold.is_settled() => (memory.cells.share(fold.state()), before),
        _ => fold.state_before(history, memory, standing, before),
    };
    let mut recent = Recent::since(last);
    for op in fold.order().iter_from(history, last) {
        let included = op != last && history.fact(op).is_some_and(Fold::takes) && history.dag.contains(past, op);
        if included {
            trace.fold(history, &mut memory.cells, &mut state, op, beyond.conflict(standing, op));
            recent.push(history, op, trace);
        }
    }
    (state, recent)
}
