//! Every conformance vector through the library, in every order and rhythm that must not matter (SPEC §7).

use folkmoot_core::report::Report;
use folkmoot_core::sync::{CatchUp, Comparison, PageMessage};
use folkmoot_core::{Engine, PendingLimits, SignedGroupOp, VerifiedOp};
use serde_json::Value;
use std::path::PathBuf;

fn vectors() -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ext| ext == "json") {
            let value: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            out.push((path.file_stem().unwrap().to_string_lossy().into_owned(), value));
        }
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

struct History {
    name: String,
    ops: Vec<VerifiedOp>,
    expect: Value,
}

fn histories() -> Vec<History> {
    let with_ops = vectors().into_iter().filter(|(_, value)| value.get("ops").is_some());
    let out: Vec<History> = with_ops
        .map(|(name, value)| {
            let ops = value["ops"].as_array().unwrap().iter();
            let ops = ops.filter_map(|op| {
                let bytes = unhex(op.as_str().unwrap());
                SignedGroupOp::decode(&bytes).ok()?.verify().ok()
            });
            History { ops: ops.collect(), expect: value["expect"].clone(), name }
        })
        .collect();
    assert!(out.len() > 90, "the vectors are all there");
    out
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn report(engine: &mut Engine) -> Value {
    serde_json::to_value(Report::of(engine)).unwrap()
}

/// Fisher-Yates with a fixed generator: the same shuffles at every run.
fn shuffled(ops: &[VerifiedOp], seed: u64) -> Vec<VerifiedOp> {
    let mut ops = ops.to_vec();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for at in (1..ops.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ops.swap(at, (state % (at as u64 + 1)) as usize);
    }
    ops
}

#[track_caller]
fn assert_same(name: &str, how: &str, engine: &mut Engine, expect: &Value) {
    let got = report(engine);
    if got != *expect {
        for (id, expected) in expect["namespaces"].as_object().unwrap() {
            let found = &got["namespaces"][id];
            for (op, verdict) in expected["ops"].as_object().unwrap() {
                if found["ops"][op] != *verdict {
                    eprintln!("{op}: expected {verdict}, found {}", found["ops"][op]);
                }
            }
            for (group, expected) in expected["groups"].as_object().unwrap() {
                if found["groups"][group] != *expected {
                    eprintln!("expected {expected:#}\nfound {:#}", found["groups"][group]);
                }
            }
        }
        eprintln!("not admitted: expected {:#}\nfound {:#}", expect["not_admitted"], got["not_admitted"]);
        panic!("{name}, {how}: not as expected");
    }
}

#[test]
fn every_history_in_the_given_order_one_by_one() {
    for History { name, ops, expect } in histories() {
        let mut engine = Engine::new();
        for op in ops {
            let _ = engine.apply(op);
        }
        assert_same(&name, "given order", &mut engine, &expect);
    }
}

#[test]
fn every_history_in_one_batch() {
    for History { name, ops, expect } in histories() {
        let mut engine = Engine::new();
        let _ = engine.apply_batch(ops);
        assert_same(&name, "one batch", &mut engine, &expect);
    }
}

#[test]
fn every_history_reversed() {
    for History { name, ops, expect } in histories() {
        let mut engine = Engine::new();
        for op in ops.iter().rev() {
            let _ = engine.apply(op.clone());
        }
        assert_same(&name, "reversed", &mut engine, &expect);
        let mut engine = Engine::new();
        let _ = engine.apply_batch(ops.into_iter().rev());
        assert_same(&name, "reversed, in one batch", &mut engine, &expect);
    }
}

#[test]
fn every_history_shuffled_and_in_batches_of_every_size() {
    for History { name, ops, expect } in histories() {
        for seed in 1..6 {
            let ops = shuffled(&ops, seed);
            for size in [1, 2, 3, 7, 20] {
                let mut engine = Engine::new();
                for batch in ops.chunks(size) {
                    let _ = engine.apply_batch(batch.to_vec());
                }
                assert_same(&name, &format!("shuffled by {seed}, batches of {size}"), &mut engine, &expect);
            }
        }
    }
}

#[test]
fn every_history_twice_over() {
    for History { name, ops, expect } in histories() {
        let mut engine = Engine::new();
        let again = shuffled(&ops, 9);
        for op in ops.into_iter().chain(again) {
            let _ = engine.apply(op);
        }
        assert_same(&name, "twice", &mut engine, &expect);
    }
}

#[test]
fn every_history_with_a_snapshot_and_restore_at_every_tenth_op() {
    for History { name, ops, expect } in histories() {
        for (how, ops) in [("given", ops.clone()), ("shuffled", shuffled(&ops, 3))] {
            let mut engine = Engine::new();
            let mut replayed = Engine::new();
            for (at, op) in ops.into_iter().enumerate() {
                let _ = engine.apply(op.clone());
                let _ = replayed.apply(op);
                if at % 10 == 9 {
                    let bytes = engine.snapshot();
                    engine = Engine::restore(&bytes, PendingLimits::default()).unwrap();
                    assert_eq!(engine.snapshot(), bytes, "{name}: a restored engine is written down the same");
                    assert_eq!(report(&mut engine), report(&mut replayed), "{name}: restored equals replayed");
                    for (id, _) in replayed.namespaces().flat_map(|id| replayed.ops(&id)) {
                        assert_eq!(engine.explain(&id), replayed.explain(&id), "{name}: and explains the same");
                    }
                }
            }
            assert_same(&name, &format!("{how}, restored on the way"), &mut engine, &expect);
        }
    }
}

/// Two replicas, each with half of the history, catch up from each other in pages.
#[test]
fn every_history_by_catching_up() {
    for History { name, ops, expect } in histories() {
        let mut all = std::collections::HashMap::new();
        let mut engines = [Engine::new(), Engine::new()];
        for (at, op) in ops.into_iter().enumerate() {
            all.insert(op.id(), op.signed().encode());
            let _ = engines[at / 3 % 2].apply(op);
        }
        // What waits on one side for what waits on the other is let go a step at a time.
        for round in 0..64 {
            let (to, from) = (round % 2, (round + 1) % 2);
            let namespaces: Vec<_> = engines[from].namespaces().collect();
            for namespace in namespaces {
                let mut session = CatchUp::begin(&engines[to], &namespace);
                loop {
                    let page = engines[from].page(session.request()).unwrap();
                    let message = page.fill(|id| all.get(id).cloned());
                    let message = PageMessage::decode(&message.encode()).unwrap();
                    let ops = message.ops.iter().map(|op| SignedGroupOp::decode(op).unwrap().verify().unwrap());
                    let _ = engines[to].apply_batch(ops);
                    if session.next(&message).unwrap().is_none() {
                        break;
                    }
                }
            }
        }
        let [mut a, mut b] = engines;
        for namespace in a.namespaces().collect::<Vec<_>>() {
            assert_eq!(a.compare(&b.summary(&namespace).unwrap()), Comparison::Equal, "{name}");
        }
        let expect: Value = expect["namespaces"].clone();
        assert_eq!(report(&mut a)["namespaces"], expect, "{name}");
        assert_eq!(report(&mut b)["namespaces"], expect, "{name}");
    }
}
