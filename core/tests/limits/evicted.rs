//! What had to stop waiting is missing like any other op, can be fetched again, and leads to the same result.

use crate::common::ops::*;
use crate::common::{Moot, report_of};
use folkmoot_core::report::Report;
use folkmoot_core::{Engine, OpId, PendingLimits, Role::*, VerifiedOp};
use std::collections::BTreeMap;

fn at_most(ops: usize) -> PendingLimits {
    PendingLimits { signer_ops: ops, ..PendingLimits::default() }
}

#[test]
fn an_evicted_op_that_another_waits_for_is_missing() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["bob", "carol", "dave"], Member);
    let [_, bob, carol, dave] = moot.sent() else { panic!("four ops") };
    let mut engine = Engine::with_pending_limits(at_most(1));
    let _ = engine.apply(carol.clone());
    assert_eq!(engine.missing(&moot.id()), [bob.id()]);
    let outcome = engine.apply(dave.clone());
    assert_eq!(outcome.evicted(), [carol.id()]);
    assert_eq!(engine.missing(&moot.id()), [carol.id()]);
    assert_eq!(engine.pending(&moot.id()), [dave.id()]);
}

/// A history of some width and length.
fn a_history() -> Moot {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    for round in 0..12 {
        let base = moot.heads();
        for name in ["alice", "bob", "carol"] {
            moot.by(name).on(&base).does(add(&format!("guest {round} of {name}"), Member));
        }
    }
    moot.by("alice").does(remove("carol"));
    moot
}

/// Fetches what is missing until nothing is; how many were fetched.
fn fetch(engine: &mut Engine, moot: &Moot) -> usize {
    let all: BTreeMap<OpId, &VerifiedOp> = moot.sent().iter().map(|op| (op.id(), op)).collect();
    let mut fetched = 0;
    loop {
        let missing = engine.missing(&moot.id());
        if missing.is_empty() {
            return fetched;
        }
        for id in missing {
            let _ = engine.apply(all[&id].clone());
            fetched += 1;
        }
        assert!(fetched < 10_000, "it gets nearer each time");
    }
}

#[test]
fn what_was_evicted_is_fetched_again_and_leads_to_the_same_result() {
    let mut moot = a_history();
    for limit in [1, 2, 5, 20] {
        let mut engine = Engine::with_pending_limits(at_most(limit));
        let mut gone = 0;
        for op in moot.sent().iter().rev() {
            gone += engine.apply(op.clone()).evicted().len();
            let (waiting, _) = engine.pending_load();
            assert!(waiting <= 3 * limit);
        }
        assert!(gone > 0 || limit == 20);
        fetch(&mut engine, &moot);
        // Heads that went while nothing waited for them are told of by others again.
        for op in moot.sent() {
            let _ = engine.apply(op.clone());
        }
        assert_eq!(Report::of(&mut engine), moot.report(), "at most {limit} wait");
    }
}

#[test]
fn an_evicted_op_is_not_held_against_anybody() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let [genesis, bob, carol] = moot.sent().to_vec().try_into().unwrap();
    let mut engine = Engine::with_pending_limits(at_most(0));
    assert_eq!(engine.apply(carol.clone()).evicted(), [carol.id()]);
    assert_eq!(engine.refusal(&carol.id()), None);
    for op in [genesis, bob, carol] {
        let _ = engine.apply(op);
    }
    assert_eq!(Report::of(&mut engine), moot.report());
    assert_eq!(report_of(moot.sent(), 1), moot.report());
}
