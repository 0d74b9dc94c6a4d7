//! The state of any past: F(X) for a parent-closed part X of a namespace (SPEC §2, §4).
//!
//! A sound op with nothing concurrent is always effective, so a view moves along a branch by applying one op after the
//! other. Views of branch tips are kept; of each run a view is kept now and then. A merge by one of many who go on side by side
//! is folded on what all of them have in common, their [trunk]; over another, a tip's view takes in what the merge brings, at its
//! end or from before some of its [recent] ops on; any other past is folded from the last checkpoint of the whole before
//! the first place where the two differ.
//!
//! [trunk]: crate::trunk
//! [recent]: crate::recent

use crate::arena::{GroupIx, OpIx};
use crate::authority::Glance;
use crate::cells::{Cells, State};
use crate::dag::{Dag, Past};
use crate::facts::History;
use crate::fold::{Fold, Memory};
use crate::ids::Hash;
use crate::limits::{MAX_KEPT_VIEWS, MAX_OPS_BEHIND, MAX_OPS_MOVED_OVER, MAX_VIEW_WALK, RUN_VIEW_EVERY};
use crate::merges::{Beyond, Moving, Sources, general, go_back_and_on, take_commuting};
use crate::recent::{Lately, Recent};
use crate::reducer::{Conflict, Trace};
use crate::standing::Decided;
use crate::state_hash::Forest;
use crate::trunk::Trunk;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// The state of one past, and its tries if they are at hand.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) state: State,
    pub(crate) forest: Option<Forest>,
    /// What it takes to move on over a merge, if that is known.
    pub(crate) lately: Option<Lately>,
    /// Of a merge far behind everybody else.
    pub(crate) is_far: bool,
}

impl View {
    pub(crate) const fn new(state: State, forest: Option<Forest>) -> Self {
        Self { state, forest, lately: None, is_far: false }
    }

    /// A view of the same past, for others: one moves on, and it is not this.
    fn share(&self, memory: &mut Memory) -> Self {
        let forest = self.forest.as_ref().map(|forest| forest.share(&mut memory.tries));
        Self::new(memory.cells.share(&self.state), forest)
    }

    fn moving<'a>(&'a mut self, recent: &'a mut Recent) -> Moving<'a> {
        Moving { state: &mut self.state, forest: self.forest.as_mut(), recent }
    }

    /// Does without tries, which are made again when somebody asks.
    pub(crate) fn give_up_tries(&mut self, memory: &mut Memory) {
        if let Some(forest) = self.forest.take() {
            forest.release(&mut memory.tries);
        }
    }

    pub(crate) fn release(self, memory: &mut Memory) {
        memory.cells.release(self.state);
        if let Some(forest) = self.forest {
            forest.release(&mut memory.tries);
        }
    }

    pub(crate) fn glance<'a>(&'a self, history: &'a History, cells: &'a Cells) -> Glance<'a> {
        Glance { history, cells, state: &self.state }
    }

    /// The state hash of a group in this past.
    fn state_hash(&mut self, history: &History, memory: &mut Memory, group: GroupIx) -> Hash {
        let Memory { cells, tries } = memory;
        let glance = Glance { history, cells, state: &self.state };
        let beside = self.lately.is_some();
        self.forest.get_or_insert(Forest::EMPTY).state_hash(tries, glance, group, beside)
    }

    /// The view with one more sound op that has all of it in its past.
    pub(crate) fn extend(&mut self, history: &History, memory: &mut Memory, op: OpIx, trace: &mut Trace) {
        let (cells, state) = (&mut memory.cells, &mut self.state);
        match &mut self.lately {
            Some(lately) => {
                // It is effective, but what its author's right hangs on is looked at, too.
                trace.fold(history, cells, state, op, Conflict::None);
                lately.recent.push(history, op, trace);
            }
            None => trace.extend(history, cells, state, op),
        }
        if let Some(forest) = &mut self.forest {
            forest.mark_tape(&memory.cells, &self.state, &trace.tape);
        }
    }
}

/// How the states of merges were found whose parents were not all the heads: for hosts that watch what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MergeCounts {
    /// Folded on the state that all have in common who go on side by side: no more than the author's own last ops.
    pub beside: u64,
    /// The state of a parent was at hand: it went back a little and came forward with what the merge brought.
    pub moved: u64,
    /// Folded from a state of the whole.
    pub folded: u64,
}

/// So many ops are little more than a parent's own past: those that a busy group hears of at once.
const LITTLE_MORE: u32 = 64;

/// Tries of a view in between are made if it is so many times nearer than the whole: somebody may come that way again.
const WORTH_A_DETOUR: u32 = 4;

#[derive(Debug)]
struct Kept {
    view: View,
    used: u64,
}

/// The views that are kept.
#[derive(Debug, Default)]
pub(crate) struct Views {
    /// The past of an op and the op itself.
    after: HashMap<OpIx, Kept>,
    /// States, without tries, after some ops of each run.
    of_runs: HashMap<OpIx, State>,
    trunk: Trunk,
    clock: u64,
    trace: Trace,
    counts: MergeCounts,
}

impl Views {
    /// Keeps the view of an op and its past.
    pub(crate) fn keep(&mut self, memory: &mut Memory, history: &History, op: OpIx, view: View) {
        self.keep_of_run(memory, history, op, &view.state);
        self.clock = self.clock.saturating_add(1);
        if let Some(old) = self.after.insert(op, Kept { view, used: self.clock }) {
            old.view.release(memory);
        }
        if self.after.len() > MAX_KEPT_VIEWS
            && let Some(oldest) = self.after.iter().min_by_key(|(_, kept)| kept.used).map(|(op, _)| *op)
            && let Some(kept) = self.after.remove(&oldest)
        {
            kept.view.release(memory);
        }
        if memory.tries.are_many(history.directory.cell_count()) {
            self.give_up_tries(memory);
        }
    }

    /// Has the view that was unused longest do without its tries; if none has any, the trunk.
    #[cold]
    fn give_up_tries(&mut self, memory: &mut Memory) {
        let with_tries = self.after.values_mut().filter(|kept| kept.view.forest.is_some());
        match with_tries.min_by_key(|kept| kept.used) {
            Some(kept) => kept.view.give_up_tries(memory),
            None => self.trunk.give_up_tries(memory),
        }
    }

    /// Does without the view of an op that is a head no longer: nobody else is likely to go on from there.
    pub(crate) fn let_go(&mut self, memory: &mut Memory, dag: &Dag, op: OpIx) {
        if !dag.is_head(op)
            && let Some(kept) = self.after.remove(&op)
        {
            kept.view.release(memory);
        }
    }

    /// Does without what those had in common who went on side by side.
    pub(crate) fn give_up_trunk(&mut self, memory: &mut Memory) {
        self.trunk.release(memory);
    }

    /// Keeps the state after an op if it is its run's turn.
    pub(crate) fn keep_of_run(&mut self, memory: &mut Memory, history: &History, op: OpIx, state: &State) {
        let (_, position) = history.dag.run_and_position(op);
        if position % RUN_VIEW_EVERY == RUN_VIEW_EVERY.saturating_sub(1) && !self.of_runs.contains_key(&op) {
            self.of_runs.insert(op, memory.cells.share(state));
        }
    }

    pub(crate) const fn counts(&self) -> MergeCounts {
        self.counts
    }

    pub(crate) fn has(&self, op: OpIx) -> bool {
        self.after.contains_key(&op)
    }

    /// The view of the past that `parents` head: F of them and all before them.
    pub(crate) fn of_parents(&mut self, sources: &mut Sources<'_>, parents: &[OpIx], past: &Past) -> View {
        match parents {
            [only] => self.after_op(sources, *only),
            _ => self.of_merge(sources, parents, past),
        }
    }

    /// The view of a merge: that of a parent, moved on, or one made anew.
    fn of_merge(&mut self, sources: &mut Sources<'_>, parents: &[OpIx], past: &Past) -> View {
        let beyond = Beyond::of(sources, past);
        let is_near = beyond.ops.len() <= MAX_OPS_BEHIND;
        if is_near && let Some(state) = self.trunk.state_of_merge(sources, parents, past, &beyond) {
            self.counts.beside = self.counts.beside.saturating_add(1);
            return View::new(state, None);
        }
        let moved = if is_near { self.moved(sources, parents, past, &beyond) } else { None };
        let count = if moved.is_some() { &mut self.counts.moved } else { &mut self.counts.folded };
        *count = count.saturating_add(1);
        let (mut view, recent) = moved.unwrap_or_else(|| {
            let (state, recent) = general(sources, past, &beyond, &mut self.trace);
            (View::new(state, None), recent)
        });
        view.is_far = !is_near;
        view.lately = is_near.then(|| Lately { recent, decided: Decided::now(sources.standing, beyond.decisions) });
        view
    }

    /// The view of the parent that has most of this past, if nobody else needs it, with the rest taken in, and its recent
    /// ops: `None` if it is not known how.
    fn moved(
        &mut self,
        sources: &mut Sources<'_>,
        parents: &[OpIx],
        past: &Past,
        beyond: &Beyond,
    ) -> Option<(View, Recent)> {
        let Sources { history, standing, .. } = sources;
        let dag = &history.dag;
        let moves =
            |op: &&OpIx| dag.is_head(**op) && self.after.get(*op).is_some_and(|kept| kept.view.lately.is_some());
        let tip = *parents.iter().filter(moves).max_by_key(|op| (dag.size(&dag.past(**op)), **op))?;
        let own = dag.past_with(tip);
        let mut new = dag.between(&own, past, MAX_OPS_MOVED_OVER)?;
        new.retain(|op| history.fact(*op).is_some_and(Fold::takes));
        let lately = self.after.get(&tip)?.view.lately.as_ref()?;
        let changed = lately.decided.unlike(standing, &beyond.decisions, |op| dag.contains(&own, op))?;
        let first = history.first_in_fold_order(new.iter().chain(&changed).copied());
        if first.is_some_and(|first| !lately.recent.reaches(history, first)) {
            return None;
        }
        let Kept { mut view, .. } = self.after.remove(&tip)?;
        let mut recent = view.lately.take()?.recent;
        if changed.is_empty() {
            new = take_commuting(sources, beyond, view.moving(&mut recent), new, &mut self.trace);
        }
        if let Some(first) = sources.history.first_in_fold_order(new.iter().chain(&changed).copied()) {
            go_back_and_on(sources, beyond, view.moving(&mut recent), first, new, &mut self.trace);
        }
        recent.trim();
        Some((view, recent))
    }

    /// The view after one op, with its tries if they are kept.
    fn after_op(&mut self, sources: &mut Sources<'_>, op: OpIx) -> View {
        self.clock = self.clock.saturating_add(1);
        let clock = self.clock;
        if sources.history.dag.is_head(op)
            && let Some(kept) = self.after.remove(&op)
        {
            return kept.view;
        }
        if let Some(kept) = self.after.get_mut(&op) {
            kept.used = clock;
            return kept.view.share(sources.memory);
        }
        let view = self.made_after_op(sources, op);
        if !sources.history.dag.is_head(op) {
            // Others may fork off here, too.
            let shared = view.share(sources.memory);
            self.keep(sources.memory, sources.history, op, shared);
        }
        view
    }

    /// The view after one op, from the nearest that is kept before it.
    fn made_after_op(&mut self, sources: &mut Sources<'_>, op: OpIx) -> View {
        let mut way = Vec::new();
        let mut at = op;
        let base = loop {
            if let Some(kept) = self.after.get(&at) {
                break Some(sources.memory.cells.share(&kept.view.state));
            }
            if let Some(state) = self.of_runs.get(&at) {
                break Some(sources.memory.cells.share(state));
            }
            way.push(at);
            match sources.history.dag.only_parent(at) {
                Some(parent) if way.len() < MAX_VIEW_WALK => at = parent,
                // Before the first op there is nothing.
                None if sources.history.dag.depth(at) == 0 => break Some(State::EMPTY),
                _ => break None,
            }
        };
        let Some(base) = base else {
            let past = sources.history.dag.past(op);
            let beyond = Beyond::of(sources, &past);
            let mut view = View::new(general(sources, &past, &beyond, &mut self.trace).0, None);
            view.extend(sources.history, sources.memory, op, &mut self.trace);
            return view;
        };
        let mut view = View::new(base, None);
        for op in way.into_iter().rev() {
            view.extend(sources.history, sources.memory, op, &mut self.trace);
            self.keep_of_run(sources.memory, sources.history, op, &view.state);
        }
        view
    }

    /// Has the kept view of an op hold its tries too, now that somebody made them.
    fn lend_forest(&mut self, memory: &mut Memory, op: OpIx, forest: &Forest) {
        if let Some(kept) = self.after.get_mut(&op)
            && kept.view.forest.is_none()
        {
            kept.view.forest = Some(forest.share(&mut memory.tries));
        }
    }

    /// The state hash of a group in a view: beside the trunk if it is nearly that, else by tries of its own, which it keeps.
    pub(crate) fn state_hash(
        &mut self,
        memory: &mut Memory,
        history: &History,
        (whole, tries): (&State, &mut Forest),
        (parents, past): (&[OpIx], &Past),
        view: &mut View,
        group: GroupIx,
    ) -> Hash {
        if view.forest.is_none() {
            if let Some(hash) = self.trunk.hash_beside(history, memory, (whole, &mut *tries), &view.state, group) {
                return hash;
            }
            view.forest = Some(self.forest_for(memory, history, (whole, tries), (parents, past), &view.state));
        }
        let hash = view.state_hash(history, memory, group);
        if let ([only], Some(forest)) = (parents, &view.forest) {
            self.lend_forest(memory, *only, forest);
        }
        hash
    }

    /// Tries for the state of a past, from the nearest at hand: those of a kept view within it, or of the whole.
    fn forest_for(
        &mut self,
        memory: &mut Memory,
        history: &History,
        (whole, tries): (&State, &mut Forest),
        (parents, past): (&[OpIx], &Past),
        state: &State,
    ) -> Forest {
        let dag = &history.dag;
        let size = dag.size(past);
        if let Some(forest) = self.forest_of_tip(memory, dag, parents, size, state) {
            return forest;
        }
        let beyond = u32::try_from(dag.len()).unwrap_or(u32::MAX).saturating_sub(size);
        // No two kept views have the same op, so the order of the map does not matter.
        let within = |kept: &&OpIx| dag.contains(past, **kept);
        let ops_of = |op: OpIx| dag.size(&dag.past(op)).saturating_add(1);
        let nearest = self.after.keys().filter(within).map(|op| (ops_of(*op), *op)).max();
        let nearest = nearest.filter(|(ops, _)| size.saturating_sub(*ops) <= beyond);
        if let Some(kept) = nearest.and_then(|(_, op)| self.after.get(&op))
            && let Some(forest) = &kept.view.forest
        {
            return forest_from(memory, (&kept.view.state, forest), state);
        }
        // Others will start from the whole's tries, or from those of the view in between: what is hashed now is hashed once
        // for all that share them.
        tries.hash_all(&mut memory.tries, Glance { history, cells: &memory.cells, state: whole });
        let worth_it = |ops: u32| size.saturating_sub(ops).saturating_mul(WORTH_A_DETOUR) <= beyond;
        let between = nearest.filter(|(ops, _)| worth_it(*ops)).and_then(|(_, op)| self.after.get_mut(&op));
        let Some(kept) = between else { return forest_from(memory, (whole, tries), state) };
        let mut forest = forest_from(memory, (whole, tries), &kept.view.state);
        forest.hash_all(&mut memory.tries, Glance { history, cells: &memory.cells, state: &kept.view.state });
        let ours = forest_from(memory, (&kept.view.state, &forest), state);
        kept.view.forest = Some(forest);
        ours
    }

    /// Tries from the view of a parent, if little has come since: of a parent that is a head no longer, and that nobody
    /// else is likely to build on, they are changed in place and not shared.
    fn forest_of_tip(
        &mut self,
        memory: &Memory,
        dag: &Dag,
        parents: &[OpIx],
        size: u32,
        state: &State,
    ) -> Option<Forest> {
        let kept = |op: &&OpIx| self.after.get(*op).is_some_and(|kept| kept.view.forest.is_some());
        let tip = parents.iter().filter(kept).max_by_key(|op| (dag.size(&dag.past(**op)), **op)).copied()?;
        let more = size.saturating_sub(dag.size(&dag.past(tip)));
        let kept = self.after.get_mut(&tip).filter(|_| more <= LITTLE_MORE && dag.is_head(tip))?;
        let mut forest = kept.view.forest.take()?;
        forest.mark_differences(&memory.cells, &kept.view.state, state);
        Some(forest)
    }
}

/// Tries for a state, from those of another.
fn forest_from(memory: &mut Memory, from: (&State, &Forest), state: &State) -> Forest {
    let mut forest = from.1.share(&mut memory.tries);
    forest.mark_differences(&memory.cells, from.0, state);
    forest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::SPARE_TRIE_BRANCHES;

    #[test]
    fn with_one_branch_more_than_tries_may_have_the_view_unused_longest_gives_up_its_own() {
        let (mut views, mut memory, history) = (Views::default(), Memory::default(), History::default());
        let (old, new) = (SPARE_TRIE_BRANCHES / 2, SPARE_TRIE_BRANCHES / 2);
        let mut keep = |op: u32, branches: usize| {
            let forest = Forest::with_branches(&mut memory.tries, branches);
            views.keep(&mut memory, &history, OpIx(op), View::new(State::EMPTY, Some(forest)));
            views.after.values().filter(|kept| kept.view.forest.is_some()).count()
        };
        assert_eq!((keep(0, old), keep(1, new)), (1, 2), "all that there may be");
        assert_eq!(keep(2, 1), 2, "one more");
        assert!(views.after.get(&OpIx(0)).is_some_and(|kept| kept.view.forest.is_none()));
        assert!(!memory.tries.are_many(0), "and what it held is free");
    }
}
