//! `durable()`: what was admitted, in an order that leads back to the same engine.

use crate::common::ops::*;
use crate::common::{Moot, shuffled};
use folkmoot_core::report::Report;
use folkmoot_core::{Engine, OpId, Role::*, SignedGroupOp, Status, VerifiedOp};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Applies ops so many at a time; the engine, and all that it said must be durable.
fn run(ops: &[VerifiedOp], at_a_time: usize) -> (Engine, Vec<VerifiedOp>) {
    let mut engine = Engine::new();
    let mut log = Vec::new();
    for batch in ops.chunks(at_a_time) {
        log.extend_from_slice(engine.apply_batch(batch.to_vec()).durable());
    }
    (engine, log)
}

/// The log of an engine, replayed one by one and at once, leads to an engine with the same namespaces.
#[track_caller]
fn assert_replays(ops: &[VerifiedOp], at_a_time: usize) {
    let (mut engine, log) = run(ops, at_a_time);
    let expected = Report::of(&mut engine).namespaces;
    let mut seen: BTreeSet<OpId> = BTreeSet::new();
    let mut again = Engine::new();
    for op in &log {
        assert!(op.signable().parent_op_hashes.iter().all(|parent| seen.contains(parent)), "parents first");
        assert!(seen.insert(op.id()), "once");
        let outcome = again.apply(op.clone());
        assert!(matches!(outcome.statuses(), [(_, Status::Admitted(_))]));
        assert_eq!(outcome.durable(), std::slice::from_ref(op));
    }
    assert_eq!(Report::of(&mut again).namespaces, expected);
    let admitted: BTreeSet<OpId> = expected.values().flat_map(|namespace| namespace.ops.keys().copied()).collect();
    assert_eq!(seen, admitted, "all that was admitted, and nothing else");
    let (mut at_once, _) = run(&log, log.len());
    assert_eq!(Report::of(&mut at_once).namespaces, expected);
    let ids =
        |engine: &Engine| expected.keys().map(|id| engine.ops(id).map(|(op, _)| op).collect()).collect::<Vec<Vec<_>>>();
    assert_eq!(ids(&again), ids(&engine), "in the order of admission");
}

#[test]
fn the_log_of_a_moot_replays_in_whatever_order_its_ops_came() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    moot.by("bob").on(&base).does(remove("erin"));
    moot.by("carol").on(&base).does(grant("erin", INVITE));
    moot.by("erin").on(&base).does(member_alias("erin", "E"));
    moot.by("carol").on(&base).cannot(remove("bob"), folkmoot_core::VoidReason::Outranked);
    moot.by("alice").creates("sub");
    moot.by("alice").on(&base).does(grant("erin", METADATA));
    for seed in 0..20 {
        let ops = shuffled(moot.sent(), seed);
        for at_a_time in [1, 2, 5, ops.len()] {
            assert_replays(&ops, at_a_time);
        }
    }
}

/// The ops of a conformance vector.
fn vector(name: &str) -> Vec<VerifiedOp> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    let value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let ops = value["ops"].as_array().unwrap().iter().filter_map(|op| {
        let text = op.as_str().unwrap();
        let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..text.len()).step_by(2).map(byte).collect();
        SignedGroupOp::decode(&bytes).ok()?.verify().ok()
    });
    ops.collect()
}

#[test]
fn the_logs_of_conformance_vectors_replay() {
    let names = [
        "mutual_removal.json",
        "nonce_rules.json",
        "pending_for_good.json",
        "outsiders_and_wrong_hashes.json",
        "pinned_164.json",
        "random_9000.json",
        "random_9015.json",
        "random_9038.json",
    ];
    for name in names {
        let ops = vector(name);
        assert!(ops.len() > 5, "{name}");
        for seed in 0..3 {
            let ops = shuffled(&ops, seed);
            for at_a_time in [1, 7] {
                assert_replays(&ops, at_a_time);
            }
        }
    }
}

#[test]
fn what_is_durable_can_be_written_and_read_as_bytes() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.by("bob").does(add("erin", Member));
    let (_, log) = run(moot.sent(), 2);
    let bytes: Vec<Vec<u8>> = log.iter().map(|op| op.signed().encode()).collect();
    let mut engine = Engine::new();
    for bytes in bytes {
        let _ = engine.receive(&bytes).unwrap();
    }
    assert_eq!(Report::of(&mut engine), moot.report());
}
