//! The same set comes to the same, whatever the order, the batches, the duplicates and the breaks.

use super::host::Host;
use super::{Account, Law, agrees_with_reference, at_once, one_by_one};
use crate::reference::Reference;
use crate::rng::Rng;
use folkmoot_core::{Engine, Explanation, OpId, VerifiedOp};
use std::collections::BTreeMap;

/// What happens between two deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// A snapshot is written and read back.
    Restore,
    /// The process dies, and replays what was durable, so many ops at a time.
    Restart(usize),
    /// Somebody asks for digests.
    Ask,
}

/// In what manner a set is delivered.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Which order; 0 is the order given.
    pub order: u64,
    /// How many at a time, in turn; one by one if there are none.
    pub batches: Vec<usize>,
    /// Ops that come a second time, by their places, as far as there are such.
    pub again: Vec<usize>,
    /// What happens before which delivery, as far as there are so many.
    pub breaks: Vec<(usize, Break)>,
}

impl Plan {
    /// The ops in the order of delivery. Where an op comes does not hang on which others there are, so that a case stays
    /// what it is while ops are dropped from it.
    pub fn line_up(&self, ops: &[VerifiedOp]) -> Vec<VerifiedOp> {
        let mut all: Vec<(u64, &VerifiedOp)> = ops.iter().map(|op| (self.turn_of(op, 0), op)).collect();
        all.extend(self.again.iter().filter_map(|&at| ops.get(at)).map(|op| (self.turn_of(op, 1), op)));
        // The order is stable, so that 0 keeps the order given.
        all.sort_by_key(|(turn, _)| *turn);
        all.into_iter().map(|(_, op)| op.clone()).collect()
    }

    fn turn_of(&self, op: &VerifiedOp, time: u64) -> u64 {
        let id = op.id().0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        if self.order == 0 { 0 } else { Rng::new(self.order ^ id ^ time << 63).next() }
    }
}

/// "The same set of ops gives the same heads, verdicts, states and digest on every replica, whatever the order of
/// arrival, restarts, batches and duplicates" (SPEC §7); and the same explanations.
///
/// # Errors
/// What differs.
pub fn a_set_comes_to_the_same_however_it_is_delivered(ops: &[VerifiedOp], plan: &Plan) -> Law {
    let mut plain = one_by_one(ops);
    let expect = Account::of(&mut plain);
    agrees_with_reference("one by one", &mut plain, &Reference::judge(ops.iter().cloned()))?;

    let mut host = delivered(ops, plan)?;
    expect.agrees("as planned", &Account::of(host.engine()))
}

/// `explain` names the same op as the one that struck, overruled or superseded another, and says the same of what that
/// rested on, however the set was delivered.
///
/// # Errors
/// What differs.
pub fn explanations_name_the_same_op_however_it_is_delivered(ops: &[VerifiedOp], plan: &Plan) -> Law {
    let plain = one_by_one(ops);
    let mut host = delivered(ops, plan)?;
    for op in ops {
        let (one, other) = (plain.explain(&op.id()), host.engine().explain(&op.id()));
        super::same(&format!("explanation of {}", op.id()), &one, &other)?;
    }
    Ok(())
}

/// A host that was given a set as planned.
///
/// # Errors
/// If what it was told on the way does not fit.
pub fn delivered(ops: &[VerifiedOp], plan: &Plan) -> Result<Host, String> {
    let mut host = Host::default();
    let line = plan.line_up(ops);
    let (mut rest, mut turn) = (&line[..], 0);
    while !rest.is_empty() {
        for (_, what) in plan.breaks.iter().filter(|(at, _)| *at == turn) {
            match what {
                Break::Restore => host.snapshot_and_restore()?,
                Break::Restart(at_a_time) => host.restart(*at_a_time)?,
                Break::Ask => super::state::the_hashes_are_those_of_the_state(&mut host)?,
            }
        }
        let size = plan.batches.get(turn % plan.batches.len().max(1)).copied().unwrap_or(1);
        let (now, later) = rest.split_at(size.clamp(1, rest.len()));
        let _ = host.deliver(now)?;
        (rest, turn) = (later, turn + 1);
    }
    Ok(host)
}

/// "Incremental equals from scratch after every op", and the reference agrees, each `every` ops and at the end.
///
/// # Errors
/// What differs.
pub fn incremental_equals_from_scratch_after_every_op(ops: &[VerifiedOp], every: usize) -> Law {
    let mut host = Host::default();
    let mut reference = Reference::default();
    for (at, op) in ops.iter().enumerate() {
        let _ = host.deliver(std::slice::from_ref(op))?;
        // From scratch: in another order each time.
        let mut so_far = ops[..=at].to_vec();
        match at % 3 {
            0 => so_far.sort_by_key(VerifiedOp::id),
            1 => so_far.reverse(),
            _ => {}
        }
        let mut scratch = if at % 2 == 0 { at_once(&so_far) } else { one_by_one(&so_far) };
        let incremental = Account::of(host.engine());
        incremental.agrees(&format!("after op {at}, from scratch"), &Account::of(&mut scratch))?;
        reference.add(op.clone());
        if at % every.max(1) == 0 || at + 1 == ops.len() {
            agrees_with_reference(&format!("after op {at}"), host.engine(), &reference.judgement())?;
        }
    }
    Ok(())
}

/// "A prefix's causal verdicts never change": what is fixed about an op at its admission (whether and why its causal
/// verdict is void, its basis, its depth) is the same whatever comes later.
///
/// # Errors
/// What changed.
pub fn what_is_fixed_at_admission_never_changes(ops: &[VerifiedOp]) -> Law {
    let mut engine = Engine::new();
    let mut fixed: BTreeMap<OpId, Explanation> = BTreeMap::new();
    for (at, op) in ops.iter().enumerate() {
        for new in engine.apply(op.clone()).durable() {
            let explained = engine.explain(&new.id()).ok_or("an admitted op is not explained")?;
            fixed.insert(new.id(), explained);
        }
        for (id, then) in &fixed {
            let now = engine.explain(id).ok_or("an admitted op is gone")?;
            let (verdict, by) = if then.causal { (then.verdict, then.by) } else { (now.verdict, now.by) };
            super::same(&format!("after op {at}, {id}"), &Explanation { verdict, by, ..then.clone() }, &now)?;
        }
    }
    Ok(())
}
