//! The merged state: all sound ops folded in order (SPEC §4), with checkpoints. A late op folds again only from its own
//! place on, and of those after it only what it can [reach](crate::reach).

use crate::arena::{CellIx, OpIx, PersonIx, SparseOps};
use crate::authority::Glance;
use crate::cells::{Cell, Cells, State};
use crate::facts::{Fact, History};
use crate::limits::{CHECKPOINT_EVERY, FAR_AFTER_A_CHECKPOINT, MAX_CHECKPOINTS_AFTER_LATE_OP, MAX_RECENT_OPS};
use crate::order::Order;
use crate::reach::{FOUNDING, Reach, Steady, have_many_admins, is_admin};
use crate::reducer::{Conflict, Trace};
use crate::standing::Standing;
use crate::state_hash::Forest;
use crate::touched::{Touched, changed_as};
use crate::trie::Tries;
use crate::verdict::Verdict;
use alloc::vec::Vec;

/// The state after the ops up to `last`.
#[derive(Debug)]
struct Checkpoint {
    last: OpIx,
    /// How many ops were folded when it was made; a measure of distance, not exact once late ops have come.
    count: usize,
    state: State,
}

/// Where states and their tries live.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    pub(crate) cells: Cells,
    pub(crate) tries: Tries,
}

/// What changed since it was last asked.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// Cells that were written, each with what it held before; the first mention of a cell counts.
    pub(crate) cells: Vec<(CellIx, Cell)>,
    /// Ops whose verdict changed, each with its verdict before; the first mention counts.
    pub(crate) verdicts: Vec<(OpIx, Verdict)>,
}

/// How long folds were: for hosts that watch what late ops cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FoldCounts {
    /// Ops folded at the end of the order, once.
    pub appended: u64,
    /// Late ops that had nothing to do with those after their place, and so took their effect at the end, too.
    pub commuted: u64,
    /// How often an op or a changed decision had its place before the end, so that ops were folded again.
    pub refolds: u64,
    /// Ops folded in those.
    pub refolded: u64,
    /// States that are kept on the way now, from which ops are folded again: some 2 for each doubling of the history.
    pub checkpoints: u64,
}

/// The fold of all sound ops.
#[derive(Debug)]
pub(crate) struct Fold {
    order: Order,
    state: State,
    forest: Forest,
    checkpoints: Vec<Checkpoint>,
    /// The first op in the order that the state does not reflect; [`OpIx::NONE`] if it reflects all.
    stale_from: OpIx,
    /// The ops whose place or decision the state does not reflect, in no particular order, some more than once. The
    /// checkpoints do not reflect them either.
    pending: Vec<OpIx>,
    since_checkpoint: usize,
    /// The least depth of an op that came before others in the order since somebody last asked.
    late_depth: u32,
    /// The last op of the checkpoint that was made on the way to an old past; [`OpIx::NONE`] if none was.
    on_the_way: OpIx,
    touched: Touched,
    /// Of void ops, the op that struck or overruled each, or came before it in its register. Few have one.
    decided_by: SparseOps,
    trace: Trace,
    difference: Difference,
    counts: FoldCounts,
}

impl Default for Fold {
    fn default() -> Self {
        Self {
            order: Order::default(),
            state: State::EMPTY,
            forest: Forest::EMPTY,
            checkpoints: Vec::new(),
            stale_from: OpIx::NONE,
            pending: Vec::new(),
            since_checkpoint: 0,
            late_depth: u32::MAX,
            on_the_way: OpIx::NONE,
            touched: Touched::default(),
            decided_by: SparseOps::default(),
            trace: Trace::default(),
            difference: Difference::default(),
            counts: FoldCounts::default(),
        }
    }
}

impl Fold {
    pub(crate) const fn state(&self) -> &State {
        &self.state
    }

    /// The state, with its tries.
    pub(crate) const fn whole(&mut self) -> (&State, &mut Forest) {
        (&self.state, &mut self.forest)
    }

    pub(crate) const fn order(&self) -> &Order {
        &self.order
    }

    pub(crate) const fn counts(&self) -> FoldCounts {
        FoldCounts { checkpoints: self.checkpoints.len() as u64, ..self.counts }
    }

    /// The least depth of an op that came before others in the order since this was last asked; [`u32::MAX`] if none did.
    pub(crate) const fn take_late_depth(&mut self) -> u32 {
        core::mem::replace(&mut self.late_depth, u32::MAX)
    }

    pub(crate) const fn is_settled(&self) -> bool {
        self.stale_from.is_none()
    }

    pub(crate) fn take_difference(&mut self) -> Difference {
        core::mem::take(&mut self.difference)
    }

    /// Forgets what changed: nobody will ask.
    pub(crate) fn forget_difference(&mut self) {
        self.difference.cells.clear();
        self.difference.verdicts.clear();
    }

    /// The last checkpoint whose ops all come before `op`, to be folded on from: a copy of its state, and its last op.
    pub(crate) fn checkpoint_before(&self, history: &History, cells: &mut Cells, op: OpIx) -> (State, OpIx) {
        let is_stale_before = self.stale_from.is_some() && history.compare_fold_order(self.stale_from, op).is_lt();
        let op = if is_stale_before { self.stale_from } else { op };
        let is_before = |kept: &Checkpoint| history.compare_fold_order(kept.last, op).is_lt();
        match self.last_checkpoint(is_before) {
            Some(checkpoint) => (cells.share(&checkpoint.state), checkpoint.last),
            None => (State::EMPTY, OpIx::NONE),
        }
    }

    /// The last checkpoint whose ops all are of less than a depth: its state, and its last op. The whole must be settled.
    pub(crate) fn checkpoint_above(&self, history: &History, depth: u32) -> (&State, OpIx) {
        let checkpoint = self.last_checkpoint(|kept| history.dag.depth(kept.last) < depth);
        checkpoint.map_or((&State::EMPTY, OpIx::NONE), |checkpoint| (&checkpoint.state, checkpoint.last))
    }

    fn last_checkpoint(&self, is_before: impl Fn(&Checkpoint) -> bool) -> Option<&Checkpoint> {
        self.checkpoints.get(self.checkpoints.partition_point(is_before).checked_sub(1)?)
    }

    /// As [`Self::checkpoint_before`], but of ops far after it those are folded, too, that leave so many to go back over:
    /// and what these come to is kept, as others may come that way soon, and share it.
    pub(crate) fn state_before(
        &mut self,
        history: &History,
        memory: &mut Memory,
        standing: &Standing,
        op: OpIx,
    ) -> (State, OpIx) {
        let (mut state, last) = self.checkpoint_before(history, &mut memory.cells, op);
        let is_before = |other: &OpIx| history.compare_fold_order(*other, op).is_lt();
        let ops = self.order.iter_from(history, last).filter(|other| *other != last);
        let mut between: Vec<OpIx> = ops.take_while(is_before).collect();
        let is_stale = self.stale_from.is_some() && is_before(&self.stale_from);
        if is_stale || between.len() < FAR_AFTER_A_CHECKPOINT {
            return (state, last);
        }
        between.truncate(between.len().saturating_sub(MAX_RECENT_OPS));
        let cells = &mut memory.cells;
        for op in &between {
            self.trace.fold_unseen(history, cells, &mut state, *op, standing.decision(*op).conflict);
        }
        let last = between.last().copied().unwrap_or(last);
        let made = Checkpoint { last, count: between.len(), state: cells.share(&state) };
        self.keep_on_the_way(history, cells, made);
        (state, last)
    }

    /// Keeps a state on the way, instead of the one that was kept so before: so many come after the checkpoint before it.
    fn keep_on_the_way(&mut self, history: &History, cells: &mut Cells, mut made: Checkpoint) {
        if let Some(at) = self.checkpoints.iter().position(|kept| kept.last == self.on_the_way) {
            let gone = self.checkpoints.remove(at);
            cells.release(gone.state);
        }
        let at = self.checkpoints.partition_point(|kept| history.compare_fold_order(kept.last, made.last).is_lt());
        let before = at.checked_sub(1).and_then(|at| self.checkpoints.get(at)).map_or(0, |kept| kept.count);
        made.count = made.count.saturating_add(before);
        self.on_the_way = made.last;
        self.checkpoints.insert(at, made);
    }

    /// Takes in a sound op, and the ops whose decision it changed.
    pub(crate) fn add(
        &mut self,
        history: &mut History,
        memory: &mut Memory,
        standing: &Standing,
        op: OpIx,
        changed: &[OpIx],
    ) {
        let is_last = self.order.last().is_none_or(|last| history.compare_fold_order(last, op).is_lt());
        self.order.insert(history, op);
        if !is_last {
            self.late_depth = self.late_depth.min(history.dag.depth(op));
        }
        let others_changed = changed.iter().any(|other| *other != op);
        if is_last && !others_changed && self.is_settled() {
            self.append(history, memory, standing, op);
            return;
        }
        for other in changed.iter().filter(|other| **other != op) {
            self.mark_stale(history, *other);
        }
        if let Some(verdict) = self.void_anywhere(history, standing, op) {
            self.set_verdict(history, op, verdict, standing.decision(op).by);
        } else if !self.is_settled() || !self.take_at_the_end(history, memory, standing, op) {
            self.mark_stale(history, op);
        }
    }

    /// The verdict of a reduction that conflicts have voided: its place in the order cannot matter, and the state is as
    /// it was.
    fn void_anywhere(&self, history: &History, standing: &Standing, op: OpIx) -> Option<Verdict> {
        let Conflict::Void(reason) = standing.decision(op).conflict else { return None };
        history.fact(op)?.is_reduction().then_some(Verdict::Void(reason))
    }

    /// Folds a late op on the state of the end, if that comes to the same as in its place; says whether it did.
    fn take_at_the_end(&mut self, history: &mut History, memory: &mut Memory, standing: &Standing, op: OpIx) -> bool {
        let (verdict, by) = self.fold_one(history, memory, standing, op);
        let Self { touched, state, trace: Trace { tape, looks }, checkpoints, .. } = self;
        let now = |cell| memory.cells.get(state, cell);
        if !touched.commutes(history, op, looks, tape, now) {
            for (cell, old) in tape.iter().rev() {
                memory.cells.set(state, *cell, *old);
            }
            return false;
        }
        touched.note(history, op, looks, tape, now, false);
        let first = let_checkpoints_go(history, &mut memory.cells, checkpoints, op, MAX_CHECKPOINTS_AFTER_LATE_OP);
        for checkpoint in checkpoints.iter_mut().skip(first) {
            for (cell, old) in tape.iter() {
                let there = memory.cells.get(&checkpoint.state, *cell);
                let value = changed_as(there, old, &memory.cells.get(state, *cell));
                memory.cells.set(&mut checkpoint.state, *cell, value);
            }
        }
        self.set_verdict(history, op, verdict, by);
        self.counts.commuted = self.counts.commuted.saturating_add(1);
        self.tell(memory);
        self.pass_checkpoint_at_the_end(memory);
        true
    }

    fn pass_checkpoint_at_the_end(&mut self, memory: &mut Memory) {
        let kept = self.checkpoints.last().map_or(OpIx::NONE, |checkpoint| checkpoint.last);
        if let Some(last) = self.order.last().filter(|last| *last != kept) {
            self.pass_checkpoint(memory, last, 0);
        }
    }

    pub(crate) fn glance<'a>(&'a self, history: &'a History, memory: &'a Memory) -> Glance<'a> {
        Glance { history, cells: &memory.cells, state: &self.state }
    }

    /// Applies a sound op that has all others in its past, and so is effective (SPEC §2): where it stands in the order, who
    /// looked at what, and from where it could be folded again stay unknown until [`Self::append_again`].
    pub(crate) fn extend(&mut self, history: &History, memory: &mut Memory, op: OpIx) {
        self.apply(history, memory, op);
        self.tell(memory);
    }

    /// The same, but what it changes is left to [`Self::tell_differences`].
    pub(crate) fn apply(&mut self, history: &History, memory: &mut Memory, op: OpIx) {
        self.trace.extend(history, &mut memory.cells, &mut self.state, op);
        self.counts.appended = self.counts.appended.saturating_add(1);
    }

    /// Goes back to an older state; those ops are to be appended again that came after it. Returns the state that was.
    pub(crate) const fn go_back(&mut self, state: State) -> State {
        core::mem::replace(&mut self.state, state)
    }

    /// Takes an op that was applied, and that is the last so far in the order, in whole; so many more of them are `left`.
    pub(crate) fn append_again(
        &mut self,
        history: &mut History,
        memory: &mut Memory,
        standing: &Standing,
        op: OpIx,
        left: usize,
    ) {
        self.order.insert(history, op);
        self.step(history, memory, standing, op);
        self.pass_checkpoint(memory, op, left);
    }

    /// The ops are appended again: the state is as it was, unless what applied them did so against the rules.
    pub(crate) fn come_forward(&mut self, memory: &mut Memory, was: State) {
        self.tell_differences(memory, &was);
        memory.cells.release(was);
    }

    fn mark_stale(&mut self, history: &History, op: OpIx) {
        if self.stale_from.is_none() || history.compare_fold_order(op, self.stale_from).is_lt() {
            self.stale_from = op;
        }
        self.pending.push(op);
    }

    fn append(&mut self, history: &mut History, memory: &mut Memory, standing: &Standing, op: OpIx) {
        self.step(history, memory, standing, op);
        self.counts.appended = self.counts.appended.saturating_add(1);
        self.tell(memory);
        self.pass_checkpoint(memory, op, 0);
    }

    /// Notes what the op just folded has changed, for whoever asks next.
    fn tell(&mut self, memory: &Memory) {
        self.forest.mark_tape(&memory.cells, &self.state, &self.trace.tape);
        self.difference.cells.extend_from_slice(&self.trace.tape);
    }

    fn step(&mut self, history: &mut History, memory: &mut Memory, standing: &Standing, op: OpIx) {
        let (verdict, by) = self.fold_one(history, memory, standing, op);
        let Self { touched, state, trace: Trace { tape, looks }, .. } = self;
        touched.note(history, op, looks, tape, |cell| memory.cells.get(state, cell), true);
        self.set_verdict(history, op, verdict, by);
    }

    /// Folds an op on the state: its verdict, and the op that decided it. What it wrote is on the tape, what it looked
    /// at among the looks.
    fn fold_one(&mut self, history: &History, memory: &mut Memory, standing: &Standing, op: OpIx) -> (Verdict, OpIx) {
        let decision = standing.decision(op);
        let Self { trace, state, .. } = self;
        let (verdict, by) = trace.fold(history, &mut memory.cells, state, op, decision.conflict);
        // What a conflict decided is the reason only where it is the verdict: a group that is gone comes first.
        let decided = matches!(decision.conflict, Conflict::Void(reason) if verdict == Verdict::Void(reason));
        (verdict, if by.is_none() && decided { decision.by } else { by })
    }

    fn set_verdict(&mut self, history: &mut History, op: OpIx, verdict: Verdict, by: OpIx) {
        let Some(fact) = history.facts.get_mut(op.at()) else { return };
        if fact.verdict != verdict {
            self.difference.verdicts.push((op, fact.verdict));
        }
        fact.verdict = verdict;
        self.decided_by.set(op, by);
    }

    /// The op that struck or overruled a void one, or came before it in its register; [`OpIx::NONE`] if none did.
    pub(crate) fn decided_by(&self, op: OpIx) -> OpIx {
        self.decided_by.get(op)
    }

    /// Folds again what is stale.
    pub(crate) fn settle(&mut self, history: &mut History, memory: &mut Memory, standing: &Standing) {
        if self.is_settled() {
            return;
        }
        let mut pending = core::mem::take(&mut self.pending);
        pending.sort_unstable_by(|a, b| history.compare_fold_order(*a, *b));
        pending.dedup();
        let (base, last) = self.base(history, memory);
        let ops = self.order.after(history, last);
        self.counts.refolds = self.counts.refolds.saturating_add(1);
        let reach = self.reach(history, memory, &base, &ops, &pending);
        let end = core::mem::replace(&mut self.state, base);
        let folded = match reach {
            Some(reach) => {
                self.fold_the_reached(history, memory, standing, &reach, end);
                self.since_checkpoint = self.since_checkpoint.saturating_add(pending.len().saturating_sub(1));
                self.pass_checkpoint_at_the_end(memory);
                reach.again.len()
            }
            None => {
                self.fold_all(history, memory, standing, &ops, end);
                ops.len()
            }
        };
        self.counts.refolded = self.counts.refolded.saturating_add(folded as u64);
        pending.clear();
        self.pending = pending;
        self.stale_from = OpIx::NONE;
    }

    /// A copy of the last state before all that is stale, and the last op in it. That after the first op is not kept, but
    /// soon made.
    fn base(&mut self, history: &History, memory: &mut Memory) -> (State, OpIx) {
        let (mut state, last) = self.checkpoint_before(history, &mut memory.cells, self.stale_from);
        if last.is_some() || self.stale_from == FOUNDING {
            return (state, last);
        }
        self.trace.fold_unseen(history, &mut memory.cells, &mut state, FOUNDING, Conflict::None);
        (state, FOUNDING)
    }

    /// Folds all `ops` again, on the state that they come after; `end` is the state that was.
    fn fold_all(&mut self, history: &mut History, memory: &mut Memory, standing: &Standing, ops: &[OpIx], end: State) {
        let_checkpoints_go(history, &mut memory.cells, &mut self.checkpoints, self.stale_from, 0);
        self.since_checkpoint = 0;
        let mut left = ops.len();
        for op in ops {
            left = left.saturating_sub(1);
            self.step(history, memory, standing, *op);
            self.pass_checkpoint(memory, *op, left);
        }
        self.tell_differences(memory, &end);
        memory.cells.release(end);
    }

    /// What those that are pending can reach among the `ops` after a state; `None` if all had better be folded again.
    fn reach(&self, history: &History, memory: &Memory, base: &State, ops: &[OpIx], pending: &[OpIx]) -> Option<Reach> {
        if pending.len() > ops.len() / 4 {
            return None;
        }
        let root = history.fact(FOUNDING)?.group;
        let mut steady = Steady::new();
        for op in core::iter::once(&FOUNDING).chain(pending) {
            let person = history.fact(*op).map_or(PersonIx::NONE, Fact::principal);
            let cell = memory.cells.get(base, history.directory.member_cell(root, person));
            if is_admin(&cell) && !steady.contains(&person) && steady.push(person).is_err() {
                break;
            }
        }
        Reach::of(history, ops, pending, steady, ops.len().saturating_mul(3) / 4)
    }

    /// Folds again what is reached, on the state that it all comes after, and brings over what it wrote to the states of
    /// checkpoints and to that of the `end`, which has all else.
    fn fold_the_reached(
        &mut self,
        history: &mut History,
        memory: &mut Memory,
        standing: &Standing,
        reach: &Reach,
        end: State,
    ) {
        have_many_admins(history, &mut memory.cells, &mut self.state);
        for written in &reach.written {
            self.touched.forget_after(history, written.since, written.cell, written.parts);
        }
        let most = reach.worth_bringing_over().max(MAX_CHECKPOINTS_AFTER_LATE_OP);
        let mut next = let_checkpoints_go(history, &mut memory.cells, &mut self.checkpoints, self.stale_from, most);
        let over = |history: &History, cells: &mut Cells, from: &State, to: &mut Checkpoint| {
            reach.bring_over(history, cells, from, &mut to.state, |_, _, _| {});
        };
        for again in &reach.again {
            while let Some(checkpoint) = self.checkpoints.get_mut(next)
                && history.compare_fold_order(checkpoint.last, again.op).is_lt()
            {
                over(history, &mut memory.cells, &self.state, checkpoint);
                next = next.saturating_add(1);
            }
            let (verdict, by) = self.fold_one(history, memory, standing, again.op);
            if again.reached {
                let Self { touched, state, trace: Trace { tape, looks }, .. } = self;
                touched.note(history, again.op, looks, tape, |cell| memory.cells.get(state, cell), false);
                self.set_verdict(history, again.op, verdict, by);
            }
        }
        for checkpoint in self.checkpoints.iter_mut().skip(next) {
            over(history, &mut memory.cells, &self.state, checkpoint);
        }
        let aside = core::mem::replace(&mut self.state, end);
        let Self { forest, difference, state, .. } = self;
        reach.bring_over(history, &mut memory.cells, &aside, state, |cell, old, new| {
            forest.mark(cell, &old, &new);
            difference.cells.push((cell, old));
        });
        memory.cells.release(aside);
    }

    /// Notes what differs from an older state, for whoever asks next.
    pub(crate) fn tell_differences(&mut self, memory: &Memory, old: &State) {
        for cell in memory.cells.diff(old, &self.state) {
            let before = memory.cells.get(old, cell);
            self.forest.mark(cell, &before, &memory.cells.get(&self.state, cell));
            self.difference.cells.push((cell, before));
        }
    }

    /// Keeps a checkpoint now and then, and lets those go that lie closer together than their distance from the end
    /// is worth: their number grows with the logarithm of the history's length. So many ops are `left` to the end.
    fn pass_checkpoint(&mut self, memory: &mut Memory, op: OpIx, left: usize) {
        self.since_checkpoint = self.since_checkpoint.saturating_add(1);
        if self.since_checkpoint < CHECKPOINT_EVERY.max(left / 8) {
            return;
        }
        let before = self.checkpoints.last().map_or(0, |checkpoint| checkpoint.count);
        let count = before.saturating_add(self.since_checkpoint);
        self.since_checkpoint = 0;
        self.checkpoints.push(Checkpoint { last: op, count, state: memory.cells.share(&self.state) });
        let mut at = 1usize;
        while let Some([before, _, after]) = self.checkpoints.get(at.saturating_sub(1)..at.saturating_add(2)) {
            let gap = after.count.saturating_sub(before.count);
            if gap <= count.saturating_sub(after.count) {
                let gone = self.checkpoints.remove(at);
                memory.cells.release(gone.state);
            } else {
                at = at.saturating_add(1);
            }
        }
    }

    /// Whether an op counts as one that the fold takes: all sound ones.
    pub(crate) const fn takes(fact: &Fact) -> bool {
        fact.causal.is_none()
    }
}

/// Lets go of the checkpoints that have `op` or come after it, but for so many, the last ones: what is kept apart for each
/// grows with every op that it has and others do not. Says where those begin.
fn let_checkpoints_go(
    history: &History,
    cells: &mut Cells,
    checkpoints: &mut Vec<Checkpoint>,
    op: OpIx,
    most: usize,
) -> usize {
    let first = checkpoints.partition_point(|kept| history.compare_fold_order(kept.last, op).is_lt());
    let few = checkpoints.len().saturating_sub(most).max(first);
    for gone in checkpoints.drain(first..few) {
        cells.release(gone.state);
    }
    first
}
