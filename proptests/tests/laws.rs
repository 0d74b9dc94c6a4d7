//! What SPEC says follows from its rules, asked of the reference on hard histories. `FOLKMOOT_FROM` and `FOLKMOOT_SEEDS`
//! say on which ops are left out.

use folkmoot_core::{GroupOp, OpId, VerifiedOp};
use folkmoot_proptests::budget::{seeds, tried};
use folkmoot_proptests::history::History;
use folkmoot_proptests::laws::{agrees_with_reference, at_once};
use folkmoot_proptests::reference::{Judgement, Reason, Reference, Verdict};
use std::collections::BTreeMap;

/// What of a judgement everybody can see, but for one op: verdicts, states, and who is not admitted.
fn verdicts_but(judgement: &Judgement, but: &OpId) -> BTreeMap<OpId, String> {
    let namespaces = judgement.namespaces.values();
    let admitted = namespaces.flat_map(|judged| judged.folded.verdicts.iter().map(|(id, v)| (*id, v.to_string())));
    let refused = judgement.not_admitted.iter().map(|(id, why)| (*id, why.to_string()));
    admitted.chain(refused).filter(|(id, _)| id != but).collect()
}

/// The histories without their closing merge, so that there are heads to leave out.
fn open_ended(seed: u64) -> History {
    let mut history = History::of_seed(seed);
    let last = history.ops.last().map(VerifiedOp::signable);
    if last.is_some_and(|op| op.parent_op_hashes.len() > 1 && op.op == GroupOp::Noop) {
        history.ops.pop();
    }
    history
}

#[test]
fn leaving_out_a_head_that_is_void_or_was_struck_down_changes_nothing_else() {
    let mut heads = 0u64;
    let seeds = seeds(200);
    println!("seeds {seeds:?}");
    for seed in seeds.clone() {
        let history = open_ended(seed);
        let whole = Reference::judge(history.ops.clone());
        let judged = &whole.namespaces[&history.namespace];
        for head in &judged.heads {
            let void = judged.causal[head].is_err();
            if !void && judged.verdict(head) != Some(Verdict::Void(Reason::AuthorityLost)) {
                continue;
            }
            // What is pending or refused with it for a parent would have another reason without it.
            if history.ops.iter().any(|op| op.signable().parent_op_hashes.contains(head)) {
                continue;
            }
            heads += 1;
            let others: Vec<VerifiedOp> = history.ops.iter().filter(|op| op.id() != *head).cloned().collect();
            let rest = Reference::judge(others.iter().cloned());
            assert_eq!(verdicts_but(&rest, head), verdicts_but(&whole, head), "seed {seed}, without {head}");
            assert_eq!(rest.namespaces[&history.namespace].digest, judged.digest, "seed {seed}, without {head}");
            let mut engine = at_once(&others);
            let agreed = agrees_with_reference("an engine without it", &mut engine, &rest);
            assert_eq!(agreed, Ok(()), "seed {seed}, without {head}");
        }
    }
    tried(heads, "void ops left out");
    let many = seeds.end - seeds.start;
    assert!(many < 50 || heads > many * 2, "only {heads} such heads");
}

#[test]
fn a_sound_op_that_nothing_is_concurrent_to_is_effective() {
    let mut tried = 0;
    for seed in 0..300 {
        let history = History::of_seed(seed);
        let mut reference = Reference::default();
        for op in &history.ops {
            reference.add(op.clone());
        }
        let judgement = reference.judgement();
        let judged = &judgement.namespaces[&history.namespace];
        for (id, causal) in &judged.causal {
            let related = |other| reference.is_ancestor(id, other) || reference.is_ancestor(other, id);
            let alone = judged.causal.keys().all(|other| other == id || related(other));
            if alone && causal.is_ok() {
                tried += 1;
                assert_eq!(judged.verdict(id), Some(Verdict::Effective), "seed {seed}, {id}");
            }
        }
    }
    assert!(tried > 1_000, "only {tried} such ops");
}

#[test]
fn an_op_ranks_below_every_op_of_its_chain() {
    let mut tried = 0;
    for seed in 0..300 {
        let history = History::of_seed(seed);
        let judgement = Reference::judge(history.ops.clone());
        let judged = &judgement.namespaces[&history.namespace];
        for (id, causal) in &judged.causal {
            let Ok(basis) = causal else { continue };
            for giver in &basis.chain {
                let Ok(above) = &judged.causal[giver] else { panic!("a giver is sound") };
                tried += 1;
                assert!(above.seniority <= basis.seniority, "seed {seed}: {id} outranks its giver {giver}");
            }
        }
    }
    assert!(tried > 10_000, "only {tried} links");
}
