//! What a restart leaves for later: ops that have an effect, and all whose traces nobody has asked for yet.
//!
//! Sound ops of which each has all before it in its past are effective (SPEC §2), so their state takes no judgement. Where
//! they may conflict, who looked at what, and states on the way are needed by those alone that are concurrent with some.

use crate::arena::OpIx;
use crate::cells::State;
use crate::dag::Dag;
use crate::facts::History;
use crate::fold::{Fold, Memory};
use crate::standing::Standing;
use crate::views::Views;

/// Ops that were applied and taken in no further: the last there are, each with all before it in its past.
#[derive(Debug)]
pub(crate) struct Behind {
    /// The first of them.
    from: OpIx,
    /// The state before it.
    state: State,
}

/// Whether all ops that were admitted before this one are in its past.
pub(crate) fn came_alone(dag: &Dag, op: OpIx) -> bool {
    dag.size(&dag.past(op)) as usize == op.at()
}

/// The first op of those that came alone, as did all after it.
pub(crate) fn after_conflicts(dag: &Dag) -> OpIx {
    let last = (0..dag.len()).rev().find(|at| !came_alone(dag, OpIx::new(*at)));
    OpIx::new(last.map_or(0, |at| at.saturating_add(1)))
}

/// Notes whose giving an op rests on.
pub(crate) fn note_giver_of(history: &mut History, standing: &mut Standing, op: OpIx) {
    if let Some(giver) = history.fact(op).filter(|fact| Fold::takes(fact)).map(|fact| fact.basis.giver) {
        standing.note_giver(history, giver);
    }
}

impl Behind {
    /// Applies all ops from this one on, which came alone; those before it are taken in and settled. Each is named first;
    /// `None` if that fails.
    pub(crate) fn apply(
        history: &mut History,
        memory: &mut Memory,
        standing: &mut Standing,
        fold: &mut Fold,
        from: OpIx,
        mut name: impl FnMut(&mut History, OpIx) -> Option<()>,
    ) -> Option<Self> {
        let state = memory.cells.share(fold.state());
        for op in (from.at()..history.dag.len()).map(OpIx::new) {
            name(history, op)?;
            note_giver_of(history, standing, op);
            if history.fact(op).is_some_and(Fold::takes) {
                fold.apply(history, memory, op);
            }
        }
        fold.tell_differences(memory, &state);
        Some(Self { from, state })
    }

    /// Takes the ops, and all that came alone since, into conflicts, the fold and the views.
    pub(crate) fn catch_up(
        self,
        history: &mut History,
        memory: &mut Memory,
        standing: &mut Standing,
        fold: &mut Fold,
        views: &mut Views,
    ) {
        let was = fold.go_back(self.state);
        let ops = history.dag.len();
        for at in self.from.at()..ops {
            let op = OpIx::new(at);
            if history.fact(op).is_some_and(Fold::takes) {
                standing.add(history, op, true);
                fold.append_again(history, memory, standing, op, ops.saturating_sub(at));
            }
            views.keep_of_run(memory, history, op, fold.state());
        }
        fold.come_forward(memory, was);
    }
}
