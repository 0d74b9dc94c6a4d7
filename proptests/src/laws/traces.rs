//! What was refused, or came a second time, leaves the engine as it was.

use super::{Account, Law, holds, one_by_one, same};
use crate::rng::Rng;
use folkmoot_core::{Effect, Engine, OpId, Outcome, Status, VerifiedOp};
use std::collections::BTreeSet;

/// The snapshot but for the refused ops that are remembered, which come last in it, and the checksum. Byte for byte, this
/// is all that an engine is: what it knows beyond it can be made anew from it.
fn all_but_refusals(engine: &mut Engine) -> Vec<u8> {
    let remembered = 4 + 33 * engine.refusals().len();
    let mut bytes = engine.snapshot();
    bytes.truncate(bytes.len().saturating_sub(remembered + 32));
    bytes
}

/// What an outcome says.
type Said = (Vec<(OpId, Status)>, Vec<OpId>, Vec<Effect>);

fn said(outcome: &Outcome) -> Said {
    let durable = outcome.durable().iter().map(VerifiedOp::id).collect();
    (outcome.statuses().to_vec(), durable, outcome.after_commit().to_vec())
}

/// "A rejected op leaves the engine as it was, byte for byte." Two engines take the same ops in the same order, parents
/// first; one of them is given what is refused, as well, and duplicates of everything, as often as it likes. After every
/// op the bytes of the two are the same, but for the refusals that the one remembers, and so is all they say from there
/// on.
///
/// # Errors
/// What differs; else how many ops were refused.
pub fn what_is_refused_leaves_no_trace(ops: &[VerifiedOp], seed: u64) -> Result<usize, String> {
    let mut rng = Rng::new(seed);
    let refused: BTreeSet<OpId> = one_by_one(ops).refusals().into_keys().collect();
    let (mut troubled, mut calm) = (Engine::new(), Engine::new());
    for (at, op) in ops.iter().enumerate() {
        let id = op.id();
        let before = all_but_refusals(&mut troubled);
        let outcome = said(&troubled.apply(op.clone()));
        if refused.contains(&id) {
            let status = outcome.0.first().map(|(_, status)| status.clone());
            let is_refusal = matches!(status, Some(Status::Ignored | Status::Rejected(_)));
            holds(is_refusal && outcome.0.len() == 1, || format!("op {at}, {id}: {:?}", outcome.0))?;
            holds(outcome.1.is_empty() && outcome.2.is_empty(), || format!("op {at}, {id} told {outcome:?}"))?;
            holds(all_but_refusals(&mut troubled) == before, || format!("op {at}, {id}, refused, left a trace"))?;
            same("what is remembered", &troubled.refusal(&id), &status)?;
        } else {
            let other = said(&calm.apply(op.clone()));
            same(&format!("what came of op {at}, {id}"), &outcome, &other)?;
        }
        // Anything that came before comes again.
        let again = &ops[rng.below(at + 1)];
        let bytes = troubled.snapshot();
        let outcome = said(&troubled.apply(again.clone()));
        let expect = match troubled.refusal(&again.id()) {
            Some(refusal) => refusal,
            None if troubled.contains(&again.id()) => Status::Duplicate,
            None => Status::Pending { missing: missing_of(&troubled, again) },
        };
        same(&format!("after op {at}, {} again", again.id()), &outcome, &(vec![(again.id(), expect)], vec![], vec![]))?;
        holds(troubled.snapshot() == bytes, || format!("after op {at}, {} again left a trace", again.id()))?;
        holds(all_but_refusals(&mut troubled) == all_but_refusals(&mut calm), || format!("after op {at}: others"))?;
    }
    let but_refusals = |mut account: Account| {
        account.not_admitted.retain(|id, _| !refused.contains(id));
        account
    };
    let (troubled, calm) = (Account::of(&mut troubled), Account::of(&mut calm));
    but_refusals(troubled).agrees("with and without what was refused", &but_refusals(calm))?;
    Ok(refused.len())
}

/// The parents that an op waits for and that do not wait themselves.
fn missing_of(engine: &Engine, op: &VerifiedOp) -> Vec<OpId> {
    let waiting: BTreeSet<OpId> = engine.namespaces_waited_for().flat_map(|of| engine.pending(&of)).collect();
    let parents = op.signable().parent_op_hashes.iter();
    parents.filter(|parent| !engine.contains(parent) && !waiting.contains(parent)).copied().collect()
}

/// What an engine says it misses is just the parents of what waits that are not here in any way.
///
/// # Errors
/// What differs.
pub fn what_is_missing_is_what_waiting_ops_lack(ops: &[VerifiedOp]) -> Law {
    let mut engine = Engine::new();
    for (at, op) in ops.iter().enumerate() {
        let _ = engine.apply(op.clone());
        let namespaces: Vec<_> = engine.namespaces_waited_for().collect();
        for namespace in namespaces {
            let waiting = engine.pending(&namespace);
            let of_those = ops[..=at].iter().filter(|op| waiting.contains(&op.id()));
            let lacking: BTreeSet<OpId> = of_those.flat_map(|op| missing_of(&engine, op)).collect();
            let missing: BTreeSet<OpId> = engine.missing(&namespace).into_iter().collect();
            same(&format!("after op {at}, missing"), &missing, &lacking)?;
        }
    }
    Ok(())
}
