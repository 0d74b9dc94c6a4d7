//! What an op comes to in its own past is for its past alone to say.

use super::{Graph, Law, holds, one_by_one, same};
use folkmoot_core::{Status, Verdict, VerifiedOp};

/// "The verdict depends on the op and its causal past alone" (SPEC §2): an engine that holds the past of an op and
/// nothing else admits or refuses it as the one that holds everything, with the same causal verdict and basis.
///
/// # Errors
/// What differs.
pub fn admission_depends_on_the_past_alone(ops: &[VerifiedOp]) -> Law {
    let graph = Graph::of(ops);
    let mut whole = one_by_one(ops);
    for op in ops {
        let id = op.id();
        let Some(past) = graph.past(&id) else { continue };
        let past: Vec<VerifiedOp> = ops.iter().filter(|other| past.contains(&other.id())).cloned().collect();
        let mut alone = super::at_once(&past);
        let outcome = alone.apply(op.clone());
        let status = outcome.status_of(&id).cloned();
        if let Some(refusal) = whole.refusal(&id) {
            same(&format!("{id} after its past alone, and in the whole"), &status, &Some(refusal))?;
            continue;
        }
        let (Some(Status::Admitted(verdict)), Some(explained)) = (&status, whole.explain(&id)) else {
            return Err(format!("{id} after its past alone: {status:?}; in the whole: {:?}", whole.explain(&id)));
        };
        // Nothing is concurrent to it here, so it is void by its causal verdict or effective.
        holds(*verdict == Verdict::Effective || matches!(verdict, Verdict::Void(_)), || {
            format!("{id} after its past alone: {verdict}")
        })?;
        holds(explained.causal == matches!(verdict, Verdict::Void(_)), || {
            format!("{id} after its past alone: {verdict}, in the whole {explained:?}")
        })?;
        let mut then = alone.explain(&id).ok_or_else(|| format!("{id} is not explained"))?;
        if !explained.causal {
            (then.verdict, then.by) = (explained.verdict, explained.by);
        }
        same(&format!("{id} after its past alone, and in the whole"), &then, &explained)?;
    }
    // Kept until here so that asking did nothing to it.
    let again = one_by_one(ops).snapshot();
    holds(whole.snapshot() == again, || "explaining changed the engine".to_owned())
}

/// "A sound op with nothing concurrent to it is always effective" (SPEC §2).
///
/// # Errors
/// Which op is not; else how many there were.
pub fn a_sound_op_with_nothing_concurrent_is_effective(ops: &[VerifiedOp]) -> Result<usize, String> {
    let graph = Graph::of(ops);
    let engine = one_by_one(ops);
    let mut met = 0;
    for namespace in engine.namespaces() {
        let all: Vec<_> = engine.ops(&namespace).collect();
        for (id, verdict) in &all {
            let sound = engine.explain(id).is_some_and(|explained| !explained.causal);
            if sound && !all.iter().any(|(other, _)| graph.concurrent(id, other)) {
                met += 1;
                holds(*verdict == Verdict::Effective, || format!("{id} is sound, nothing is concurrent: {verdict}"))?;
            }
        }
    }
    Ok(met)
}

/// "Two concurrent ops of one signer are a fork" (SPEC §2): just those who made such ops are reported, with a pair of
/// such ops as evidence.
///
/// # Errors
/// Whom it accuses wrongly, or misses.
pub fn just_those_who_forked_are_reported(ops: &[VerifiedOp]) -> Law {
    let graph = Graph::of(ops);
    let engine = one_by_one(ops);
    for namespace in engine.namespaces() {
        let all: Vec<_> =
            engine.ops(&namespace).filter_map(|(id, _)| Some((id, graph.op(&id)?.signable().signer))).collect();
        let forked =
            all.iter().filter(|(a, signer)| all.iter().any(|(b, other)| signer == other && graph.concurrent(a, b)));
        let forked: std::collections::BTreeSet<_> = forked.map(|(_, signer)| *signer).collect();
        let mut reported = std::collections::BTreeSet::new();
        for (signer, a, b) in engine.equivocations(&namespace) {
            let theirs = |id| graph.op(id).is_some_and(|op| op.signable().signer == signer);
            holds(theirs(&a) && theirs(&b) && graph.concurrent(&a, &b), || format!("{a} and {b} are no fork"))?;
            reported.insert(signer);
        }
        same("who forked, and who is reported", &forked, &reported)?;
    }
    Ok(())
}
