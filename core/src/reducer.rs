//! One op on one state: its place in the fold (SPEC §4).

use crate::arena::OpIx;
use crate::authority::{Read, ground, need};
use crate::cells::{Cell, Cells, GroupRegister, State};
use crate::facts::{Action, Fact, History};
use crate::preconditions::{Moment, precondition};
use crate::touched::Look;
use crate::verdict::{Verdict, VoidReason};
use crate::work::{Tape, Work};
use alloc::vec::Vec;

/// What conflicts decided about an op before the fold reaches it (SPEC §3, §4.2, §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// Nothing takes what it rests on or gives.
    None,
    /// Void for this reason: a reduction that does not stand, or an op that one strikes.
    Void(VoidReason),
}

/// What an op wrote and looked at as it was folded. The room is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) tape: Tape,
    pub(crate) looks: Vec<Look>,
}

impl Trace {
    /// Folds an op on a state, and says what came of it as [`Work::fold`] does.
    pub(crate) fn fold(
        &mut self,
        history: &History,
        cells: &mut Cells,
        state: &mut State,
        op: OpIx,
        conflict: Conflict,
    ) -> (Verdict, OpIx) {
        self.tape.clear();
        self.looks.clear();
        Work { history, cells, state, tape: &mut self.tape, looks: Some(&mut self.looks) }.fold(op, conflict)
    }

    /// The same, for whoever does not want to know what it looked at.
    pub(crate) fn fold_unseen(
        &mut self,
        history: &History,
        cells: &mut Cells,
        state: &mut State,
        op: OpIx,
        conflict: Conflict,
    ) {
        self.tape.clear();
        Work { history, cells, state, tape: &mut self.tape, looks: None }.fold(op, conflict);
    }

    /// Applies a sound op to the state of its own past, as [`Work::extend`] does.
    pub(crate) fn extend(&mut self, history: &History, cells: &mut Cells, state: &mut State, op: OpIx) {
        self.tape.clear();
        Work { history, cells, state, tape: &mut self.tape, looks: None }.extend(op);
    }
}

impl Work<'_> {
    /// Takes the next op of the fold's order (SPEC §4), and says what came of it and which op came before it in its
    /// register, if that is why it is void.
    pub(crate) fn fold(&mut self, op: OpIx, conflict: Conflict) -> (Verdict, OpIx) {
        let Some(fact) = self.history.fact(op) else { return (Verdict::Void(VoidReason::NoSuchGroup), OpIx::NONE) };
        match self.try_fold(op, fact, conflict) {
            Ok(verdict) => (verdict, OpIx::NONE),
            Err((reason, by)) => (Verdict::Void(reason), by),
        }
    }

    fn try_fold(&mut self, op: OpIx, fact: &Fact, conflict: Conflict) -> Result<Verdict, (VoidReason, OpIx)> {
        let void = |reason| (reason, OpIx::NONE);
        if let Some(reason) = fact.causal {
            return Err(void(reason));
        }
        if let Action::NamespaceCreated { alias, target } = fact.action {
            self.found(op, fact, alias, target);
            return Ok(Verdict::Effective);
        }
        let reduction = fact.is_reduction();
        if let Conflict::Void(reason) = conflict
            && reduction
        {
            return Err(void(reason));
        }
        if !self.lives(fact.group) {
            return if reduction {
                Ok(Verdict::Idle(VoidReason::NoSuchGroup))
            } else {
                Err(void(VoidReason::NoSuchGroup))
            };
        }
        if let Conflict::Void(reason) = conflict {
            return Err(void(reason));
        }
        if !reduction {
            let (need, needed_in) = need(self, &fact.action, fact.group, fact.signer);
            if ground(self, need, needed_in, fact.principal()).is_none() {
                return Err(void(VoidReason::AuthorityLost));
            }
        }
        let prevailed = self.register(op, fact)?;
        let moment = Moment::Fold { lowers: fact.lowers() };
        if let Err(reason) = precondition(self, &fact.action, fact.group, fact.signer, &moment) {
            if !reduction {
                return Err(void(reason));
            }
            self.bar_the_absent(fact, reason);
            return Ok(Verdict::Idle(reason));
        }
        self.apply(op, fact, prevailed).map_err(void)?;
        Ok(Verdict::Effective)
    }

    /// Applies a sound op to the state of its own past, where it is always effective (SPEC §2).
    pub(crate) fn extend(&mut self, op: OpIx) {
        let Some(fact) = self.history.fact(op) else { return };
        if fact.causal.is_some() {
            return;
        }
        if let Action::NamespaceCreated { alias, target } = fact.action {
            self.found(op, fact, alias, target);
        } else {
            // Nothing is concurrent, so nothing prevailed and nothing can fail.
            let _ = self.apply(op, fact, false);
        }
    }

    /// The last writer of the register that an op writes; `None` if it writes none (SPEC §5).
    fn last_writer(&mut self, fact: &Fact) -> Option<OpIx> {
        let group_writer = |work: &mut Self, register: GroupRegister| {
            work.group_parts(fact.group, register.part()).and_then(|cell| cell.writers.get(register as usize).copied())
        };
        match fact.action {
            Action::MemberAdded { member, .. }
            | Action::MemberRemoved { member }
            | Action::MemberRoleSet { member, .. } => Some(self.member_cell(fact.group, member).writer),
            Action::Claim { .. } => Some(self.member_cell(fact.group, fact.signer).writer),
            Action::MemberAliasSet { member, .. } => Some(self.member_cell(fact.group, member).alias_writer),
            Action::ContextAliasSet { context, .. } => {
                let at = self.history.directory.context_cell(context);
                match self.cell(at) {
                    Cell::Context(cell) => Some(cell.alias_writer),
                    _ => None,
                }
            }
            Action::DefaultCapabilitiesSet { .. } => group_writer(self, GroupRegister::DefaultCapabilities),
            Action::DefaultVisibilitySet { .. } => group_writer(self, GroupRegister::DefaultVisibility),
            Action::GroupVisibilitySet { .. } => group_writer(self, GroupRegister::Visibility),
            Action::UpgradePolicySet { .. } => group_writer(self, GroupRegister::Policy),
            Action::TargetApplicationSet { .. } => group_writer(self, GroupRegister::Target),
            Action::GroupAliasSet { .. } => group_writer(self, GroupRegister::Alias),
            _ => None,
        }
    }

    /// SPEC §4.5: whether the op prevails over a concurrent writer of its register, or is superseded by it.
    fn register(&mut self, op: OpIx, fact: &Fact) -> Result<bool, (VoidReason, OpIx)> {
        let Some(writer) = self.last_writer(fact).filter(|writer| writer.is_some()) else { return Ok(false) };
        if self.history.dag.is_before(writer, op) {
            return Ok(false);
        }
        let senior = self.history.fact(writer).is_none_or(|other| self.history.is_senior(fact, other));
        if fact.is_reduction() || senior { Ok(true) } else { Err((VoidReason::Superseded, writer)) }
    }

    /// A standing removal bars whom it did not find, if another signed it (SPEC §4).
    fn bar_the_absent(&mut self, fact: &Fact, reason: VoidReason) {
        if let Action::MemberRemoved { member } = fact.action
            && reason == VoidReason::NoSuchMember
            && member != fact.signer
        {
            let mut cell = self.member_cell(fact.group, member);
            cell.barred = true;
            self.set_member(fact.group, member, cell);
        }
    }
}
