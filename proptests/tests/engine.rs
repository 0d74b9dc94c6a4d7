//! The engine against the reference: every verdict, reason, state, hash and digest, in several orders.

use folkmoot_core::Engine;
use folkmoot_core::VerifiedOp;
use folkmoot_core::report::Report;
use folkmoot_proptests::history::History;
use folkmoot_proptests::reference::Reference;
use serde_json::Value;

fn seeds() -> std::ops::Range<u64> {
    let from = std::env::var("FOLKMOOT_FROM").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let count = std::env::var("FOLKMOOT_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    from..from + count
}

fn report(engine: &mut Engine) -> Value {
    serde_json::to_value(Report::of(engine)).expect("a report serialises")
}

fn difference(expect: &Value, got: &Value, path: &str, out: &mut Vec<String>) {
    match (expect, got) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                difference(a, b, &format!("{path}/{}", &key[..key.len().min(12)]), out);
            }
        }
        _ if expect != got => out.push(format!("{path}: reference {expect}, engine {got}")),
        _ => {}
    }
}

fn check(seed: u64, how: &str, engine: &mut Engine, expect: &Value) {
    let got = report(engine);
    let mut differences = Vec::new();
    difference(expect, &got, "", &mut differences);
    assert!(differences.is_empty(), "seed {seed}, {how}:\n{}", differences.join("\n"));
}

fn apply(ops: &[VerifiedOp], batch: usize) -> Engine {
    let mut engine = Engine::new();
    for ops in ops.chunks(batch) {
        let _ = engine.apply_batch(ops.to_vec());
    }
    engine
}

#[test]
fn the_engine_agrees_with_the_reference_on_every_hard_history_in_every_order() {
    for seed in seeds() {
        let history = History::of_seed(seed);
        let expect = Reference::judge(history.ops.iter().cloned()).to_json();
        check(seed, "one by one", &mut apply(&history.ops, 1), &expect);
        check(seed, "in one batch", &mut apply(&history.ops, usize::MAX), &expect);
        let mut reversed = history.ops.clone();
        reversed.reverse();
        check(seed, "reversed", &mut apply(&reversed, 1), &expect);
        for order in 0..3 {
            let ops = history.shuffled(order);
            check(seed, "shuffled, one by one", &mut apply(&ops, 1), &expect);
            check(seed, "shuffled, in batches", &mut apply(&ops, 3 + order as usize * 5), &expect);
        }
    }
}
