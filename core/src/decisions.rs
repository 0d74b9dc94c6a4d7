//! What conflicts decided about each op, and what each decision rested on.

use crate::arena::OpIx;
use crate::conflict::ConflictIndex;
use crate::facts::{Fact, History};
use crate::reducer::Conflict;
use crate::verdict::VoidReason;
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
    /// For each InvitationRevoked that stands, the claims that it spares because a senior built on them.
    spared: HashMap<OpIx, Vec<OpIx>>,
}

impl Decisions {
    pub(crate) fn of(&self, op: OpIx) -> Decision {
        self.decided.get(&op).copied().unwrap_or(Decision::NONE)
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
        if decision == Decision::NONE {
            self.decided.remove(&op);
        } else {
            self.decided.insert(op, decision);
        }
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
