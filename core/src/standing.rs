//! Which reductions stand, and which ops they strike (SPEC §3), kept up to date as ops come.
//!
//! Every decision is noted with the op that decided it, so that a change looks again only at what rested on what
//! changed. The same machine answers for the whole of a namespace and for any past within it: a part is the whole
//! without the ops outside, and only decisions that rested on those can differ.

use crate::arena::OpIx;
use crate::conflict::Strike;
use crate::decisions::{Changes, Decision, Decisions};
use crate::facts::{Fact, History};
use crate::pass::{Part, Pass};
use alloc::vec::Vec;

/// The decisions of the whole namespace, and of its parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    decisions: Decisions,
}

impl Standing {
    pub(crate) fn decision(&self, op: OpIx) -> Decision {
        self.decisions.of(op)
    }

    /// The decision about an op in a part in which the decisions are those of the whole but for some.
    pub(crate) fn decision_in(&self, differences: &Changes, op: OpIx) -> Decision {
        differences.get(&op).copied().unwrap_or_else(|| self.decision(op))
    }

    /// Takes in a sound op that was admitted last; says whose decisions changed, its own included if it is not none.
    /// `alone` says that everything else is in its past, so that nothing can conflict.
    pub(crate) fn add(&mut self, history: &History, op: OpIx, alone: bool) -> Vec<OpIx> {
        self.decisions.index.add(history, op);
        let Some(fact) = history.fact(op) else { return Vec::new() };
        if alone {
            if fact.is_reduction() {
                self.decisions.index.set_standing(history, op, true);
            }
            return Vec::new();
        }
        let mut pass = Pass::new(&self.decisions, history, None);
        if fact.is_reduction() {
            pass.fresh = op;
            pass.queue(op);
        } else {
            pass.marked.push(op);
        }
        pass.look_at_rivals(op, fact);
        pass.run();
        let Pass { changed, spared, notes, .. } = pass;
        self.decisions.note(history, notes, spared);
        if fact.is_reduction() && !changed.contains_key(&op) {
            self.decisions.index.set_standing(history, op, true);
        }
        let mut out: Vec<OpIx> = changed.keys().copied().collect();
        out.sort_unstable();
        for op in &out {
            let decision = changed.get(op).copied().unwrap_or(Decision::NONE);
            self.decisions.set(history, *op, decision);
        }
        out
    }

    /// Some op's ground was given by this one.
    pub(crate) fn note_giver(&mut self, history: &mut History, giver: OpIx) {
        if let Some(fact) = history.facts.get_mut(giver.at()).filter(|giver| !giver.gave_ground) {
            fact.gave_ground = true;
            self.decisions.index.open(history, giver);
        }
    }

    /// Which decisions differ in a part of the namespace: the sound ops that are `outside` of it.
    pub(crate) fn differences(
        &self,
        history: &History,
        part: Part,
        outside: impl IntoIterator<Item = OpIx>,
    ) -> Changes {
        let mut pass = Pass::new(&self.decisions, history, Some(part));
        for op in outside {
            for dependent in self.decisions.rested_on(op) {
                pass.look_again(*dependent);
            }
        }
        pass.run();
        pass.changed
    }

    /// The op that breaks `x`: what took, or outdid, what it rests on, here or further up. Of a reduction, only what was
    /// taken before it can. For explanations.
    pub(crate) fn breaker(&self, history: &History, x: OpIx) -> Option<OpIx> {
        let is_reduction = history.fact(x).is_some_and(Fact::is_reduction);
        let mut pass = Pass::new(&self.decisions, history, None);
        pass.thorough = true;
        pass.broken(x, if is_reduction { x } else { OpIx::NONE })
    }

    /// The most senior op that overrules a reduction. For explanations.
    pub(crate) fn overruler(&self, history: &History, r: OpIx) -> Option<OpIx> {
        let mut pass = Pass::new(&self.decisions, history, None);
        pass.thorough = true;
        pass.overruler(r, history.fact(r)?)
    }

    /// All reductions that strike `x`, the first taken first: for explanations.
    pub(crate) fn strikers(&self, history: &History, x: OpIx) -> Vec<(OpIx, Strike)> {
        let Some(fact) = history.fact(x) else { return Vec::new() };
        let pass = Pass::new(&self.decisions, history, None);
        let mut found = Vec::new();
        pass.any_candidate(x, fact, |r| {
            if let Some(kind) = pass.strikes(r, x) {
                found.push((r, kind));
            }
            false
        });
        found.sort_by(|(a, _), (b, _)| history.compare_taking_order(*a, *b));
        found
    }
}

/// What was decided about the ops of a part when somebody looked, told from what is decided in the whole.
#[derive(Debug)]
pub(crate) struct Decided {
    /// How many changes of decisions there had been.
    logged: u64,
    /// Decisions that were others than those of the whole.
    differences: Changes,
}

impl Decided {
    /// In a part in which the decisions are now those of the whole but for these.
    pub(crate) const fn now(standing: &Standing, differences: Changes) -> Self {
        Self { logged: standing.decisions.logged(), differences }
    }

    /// Whether all changes in the whole since then are known.
    pub(crate) fn is_known(&self, standing: &Standing) -> bool {
        standing.decisions.changes_since(self.logged).is_some()
    }

    /// Those that are others than those of the whole, if nothing has changed there since.
    pub(crate) const fn differences(&self) -> &Changes {
        &self.differences
    }

    /// Ops of the part about which the decisions are others in another part, where they differ from those of the whole by
    /// `there`, in no particular order; `None` if nobody knows any more. `has` says what is in the part.
    pub(crate) fn unlike(&self, standing: &Standing, there: &Changes, has: impl Fn(OpIx) -> bool) -> Option<Vec<OpIx>> {
        // What was decided in the part about what has changed since; of several changes the first counts.
        let mut since = Changes::new();
        for (op, old) in standing.decisions.changes_since(self.logged)? {
            if !self.differences.contains_key(&op) {
                since.entry(op).or_insert(old);
            }
        }
        let now = |op: &OpIx| standing.decision_in(there, *op);
        let here = self.differences.iter().chain(&since);
        let changed = here.filter(|(op, then)| now(op).conflict != then.conflict).map(|(op, _)| *op);
        let is_known = |op: &&OpIx| self.differences.contains_key(*op) || since.contains_key(*op);
        let new = there.keys().filter(|op| !is_known(op)).copied();
        Some(changed.chain(new).filter(|op| has(*op)).collect())
    }
}
