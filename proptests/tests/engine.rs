//! The engine against the reference: every verdict, reason, state, hash and digest, in several orders.
//!
//! `FOLKMOOT_SEEDS` histories are tried from `FOLKMOOT_FROM` on, 300 from 0 by default. One that fails is made small and
//! told, with the command that replays it.

use folkmoot_core::VerifiedOp;
use folkmoot_core::group_op::GroupOp;
use folkmoot_proptests::budget::{seeds, smallest_failure, tried};
use folkmoot_proptests::history::History;
use folkmoot_proptests::laws::{Law, agrees_with_reference, at_once, host::Host, one_by_one};
use folkmoot_proptests::reference::Reference;
use folkmoot_proptests::rng::Rng;
use folkmoot_proptests::shrink::{smallest, tell, unhex};
use std::sync::atomic::{AtomicUsize, Ordering};

/// These ops in some order that a number stands for, each in its turn however many of them there are.
fn shuffled(ops: &[VerifiedOp], order: u64) -> Vec<VerifiedOp> {
    let mut ops = ops.to_vec();
    ops.sort_by_cached_key(|op| {
        let id = op.id().0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Rng::new(order << 32 ^ id).next()
    });
    // Some come twice.
    let again: Vec<VerifiedOp> = ops.iter().step_by(9).cloned().collect();
    ops.extend(again);
    ops
}

/// Engine and reference agree on a set, in every order that is tried.
fn agree(ops: &[VerifiedOp]) -> Law {
    let judgement = Reference::judge(ops.iter().cloned());
    agrees_with_reference("one by one", &mut one_by_one(ops), &judgement)?;
    agrees_with_reference("in one batch", &mut at_once(ops), &judgement)?;
    let reversed: Vec<VerifiedOp> = ops.iter().rev().cloned().collect();
    agrees_with_reference("reversed", &mut one_by_one(&reversed), &judgement)?;
    for order in 0..3 {
        let ops = shuffled(ops, order);
        agrees_with_reference("shuffled, one by one", &mut one_by_one(&ops), &judgement)?;
        let mut host = Host::default();
        for ops in ops.chunks(3 + usize::try_from(order).unwrap_or(0) * 5) {
            let _ = host.deliver(ops)?;
        }
        agrees_with_reference("shuffled, in batches", host.engine(), &judgement)?;
    }
    Ok(())
}

/// Agreement, or what is wrong with the smallest part of these ops that shows it.
fn agree_or_tell(ops: &[VerifiedOp], judge: impl Fn(&[VerifiedOp]) -> Law) -> Result<(), (String, Vec<VerifiedOp>)> {
    let Err(why) = judge(ops) else { return Ok(()) };
    let few = smallest(ops, |ops| judge(ops).is_err());
    Err((judge(&few).err().unwrap_or(why), few))
}

fn replay(seed: u64) -> String {
    format!("FOLKMOOT_FROM={seed} FOLKMOOT_SEEDS=1 cargo test --release -p folkmoot-proptests --test engine")
}

#[test]
fn the_engine_agrees_with_the_reference_on_every_hard_history_in_every_order() {
    let seeds = seeds(300);
    println!("seeds {seeds:?}");
    let ops = AtomicUsize::new(0);
    let failure = smallest_failure(seeds.clone(), |seed| {
        let history = History::of_seed(seed);
        ops.fetch_add(history.ops.len(), Ordering::Relaxed);
        agree_or_tell(&history.ops, agree)
    });
    if let Some((seed, (why, few))) = failure {
        let history = History::of_seed(seed);
        let told = tell(&few, &history.names());
        panic!("seed {seed}, made small, {} ops: {why}\n{told}replay: {}", few.len(), replay(seed));
    }
    tried(seeds.end - seeds.start, "hard histories, engine against reference in nine orders");
    tried(ops.into_inner(), "ops of hard histories");
}

/// What makes failures small is put to the test with one of its own: two removals of one person that nobody has seen.
#[test]
fn a_failing_history_is_made_as_small_as_it_can_be_and_can_be_replayed_from_what_is_told() {
    let two_removals = |ops: &[VerifiedOp]| {
        let removed: Vec<_> = ops
            .iter()
            .filter_map(|op| match op.signable().op {
                GroupOp::MemberRemoved { member } => Some(member),
                _ => None,
            })
            .collect();
        let twice = removed.iter().any(|member| removed.iter().filter(|other| *other == member).count() > 1);
        if twice { Err("two removals".to_owned()) } else { Ok(()) }
    };
    let history = History::of_seed(1);
    let (why, few) = agree_or_tell(&history.ops, two_removals).expect_err("there are two in this history");
    assert_eq!((why.as_str(), few.len()), ("two removals", 2));
    let told = tell(&few, &history.names());
    let back = told.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix("\","));
    let back =
        back.map(|hex| folkmoot_core::SignedGroupOp::decode(&unhex(hex)).expect("an op").verify().expect("signed"));
    assert_eq!(back.collect::<Vec<_>>(), few);
    assert!(replay(7).starts_with("FOLKMOOT_FROM=7 FOLKMOOT_SEEDS=1 cargo test"));
}
