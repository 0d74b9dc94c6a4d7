//! What conflicts decided about each op, and what each decision rested on.

use crate::arena::OpIx;
use crate::conflict::ConflictIndex;
use crate::facts::{Fact, History};
use crate::limits::MAX_DECISIONS_LOGGED;
use crate::reducer::Conflict;
use crate::verdict::VoidReason;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// What conflicts decided about an op, and which op decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) conflict: Conflict,
    pub(crate) by: OpIx,
}

impl Decision {
    pub(crate) const NONE: Self = Self { conflict: Conflict::None, by: OpIx::NONE };

    pub(crate) fn stands(self) -> bool {
        self.conflict == Conflict::None
    }

    pub(crate) const fn void(reason: VoidReason, by: OpIx) -> Self {
        Self { conflict: Conflict::Void(reason), by }
    }
}

/// What changed, or differs in a part: the decision about each op that has another one there.
pub(crate) type Changes = HashMap<OpIx, Decision>;

/// The decisions of the whole namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decisions {
    pub(crate) index: ConflictIndex,
    /// Decisions that are not [`Decision::NONE`].
    decided: HashMap<OpIx, Decision>,
    /// For each op that decided something, about which ops: a superset, as decisions change.
    rested: HashMap<OpIx, Vec<OpIx>>,
    /// What the last changes of decisions changed, each with the decision before.
    log: VecDeque<(OpIx, Decision)>,
    /// How many changes of decisions there were.
    logged: u64,
    /// For each InvitationRevoked that stands, the claims that it spares because a senior built on them.
    spared: HashMap<OpIx, Vec<OpIx>>,
}

impl Decisions {
    pub(crate) fn of(&self, op: OpIx) -> Decision {
        self.decided.get(&op).copied().unwrap_or(Decision::NONE)
    }

    /// How many changes of decisions there were.
    pub(crate) const fn logged(&self) -> u64 {
        self.logged
    }

    /// The changes since there were so many, each with the decision before; `None` if they are not known any more.
    pub(crate) fn changes_since(&self, logged: u64) -> Option<impl Iterator<Item = (OpIx, Decision)> + '_> {
        let new = usize::try_from(self.logged.checked_sub(logged)?).ok()?;
        let known = self.log.len().checked_sub(new)?;
        Some(self.log.iter().skip(known).copied())
    }

    /// The ops whose decisions rested on this one; some may rest on another by now.
    pub(crate) fn rested_on(&self, witness: OpIx) -> &[OpIx] {
        self.rested.get(&witness).map(Vec::as_slice).unwrap_or_default()
    }

    /// The claims that a revocation spares.
    pub(crate) fn spared_by(&self, r: OpIx) -> &[OpIx] {
        self.spared.get(&r).map(Vec::as_slice).unwrap_or_default()
    }

    /// Takes over what a pass over the whole noted: (witness, about which op), and the claims spared.
    pub(crate) fn note(&mut self, history: &History, notes: Vec<(OpIx, OpIx)>, spared: HashMap<OpIx, Vec<OpIx>>) {
        for (witness, dependent) in notes {
            self.index.open(history, witness);
            let list = self.rested.entry(witness).or_default();
            list.push(dependent);
            if list.len().is_power_of_two() {
                list.sort_unstable();
                list.dedup();
            }
        }
        self.spared.extend(spared);
    }

    /// Takes over a decision, and lists the op accordingly.
    pub(crate) fn set(&mut self, history: &History, op: OpIx, decision: Decision) {
        let old = if decision == Decision::NONE { self.decided.remove(&op) } else { self.decided.insert(op, decision) };
        if self.log.len() >= MAX_DECISIONS_LOGGED {
            self.log.pop_front();
        }
        self.log.push_back((op, old.unwrap_or(Decision::NONE)));
        self.logged = self.logged.saturating_add(1);
        if history.fact(op).is_some_and(Fact::is_reduction) {
            self.index.set_standing(history, op, decision.stands());
        } else if decision.stands() {
            self.index.open(history, op);
        } else {
            let Self { index, decided, rested, .. } = self;
            index.close(history, op, |op| {
                let hangs = rested.contains_key(&op) || history.fact(op).is_some_and(|fact| fact.gave_ground);
                decided.contains_key(&op) && !hangs
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_1024_changes_of_decisions_are_known_and_none_before() {
        let (history, mut decisions) = (History::default(), Decisions::default());
        let struck = Decision::void(VoidReason::AuthorityLost, OpIx(0));
        for op in 0..=MAX_DECISIONS_LOGGED {
            decisions.set(&history, OpIx::new(op), struck);
        }
        assert!(decisions.changes_since(0).is_none(), "one more than are known");
        let known: Vec<_> = decisions.changes_since(1).expect("all that are known").collect();
        assert_eq!(known.len(), MAX_DECISIONS_LOGGED);
        assert_eq!(known.first(), Some(&(OpIx(1), Decision::NONE)));
        decisions.set(&history, OpIx(1), Decision::NONE);
        let last: Vec<_> = decisions.changes_since(decisions.logged() - 1).expect("the last").collect();
        assert_eq!(last, [(OpIx(1), struck)], "what it was before");
        assert!(decisions.changes_since(decisions.logged() + 1).is_none(), "nobody has seen that many");
    }
}
