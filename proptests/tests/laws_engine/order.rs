//! A verdict depends on the set and nothing else; admission on the past and nothing else; refusals on nothing at all.

use crate::case::{cases, hold};
use folkmoot_proptests::laws::{drafts, order, past, traces};
use folkmoot_proptests::rng::Rng;
use std::cell::Cell;

#[test]
fn a_set_comes_to_the_same_in_any_order_and_batches_with_duplicates_snapshots_and_restarts() {
    hold("any order", 150, cases(), |case| {
        order::a_set_comes_to_the_same_however_it_is_delivered(&case.ops(), &case.plan)
    });
}

#[test]
fn explanations_are_the_same_in_any_order_and_name_the_same_op() {
    hold("explained", 150, cases(), |case| {
        order::explanations_name_the_same_op_however_it_is_delivered(&case.ops(), &case.plan)
    });
}

#[test]
fn incremental_equals_from_scratch_and_the_reference_after_every_op_in_any_order() {
    hold("scratch", 40, cases(), |case| {
        let ops = case.plan.line_up(&case.ops());
        let every = if ops.len() <= 60 { 1 } else { 6 };
        order::incremental_equals_from_scratch_after_every_op(&ops, every)
    });
}

#[test]
fn what_is_fixed_at_admission_causal_verdict_basis_and_depth_never_changes() {
    hold("fixed", 60, cases(), |case| order::what_is_fixed_at_admission_never_changes(&case.plan.line_up(&case.ops())));
}

#[test]
fn admission_and_the_causal_verdict_depend_on_an_ops_past_alone() {
    hold("past alone", 60, cases(), |case| past::admission_depends_on_the_past_alone(&case.ops()));
}

#[test]
fn what_is_refused_or_comes_again_leaves_no_trace_byte_for_byte() {
    let refused = Cell::new(0);
    hold("refused", 60, cases(), |case| {
        refused.set(refused.get() + traces::what_is_refused_leaves_no_trace(&case.ops(), case.draw)?);
        Ok(())
    });
    println!("{} ops were refused", refused.get());
    assert!(refused.get() > 50, "only {} ops were refused", refused.get());
}

#[test]
fn what_is_missing_is_what_waiting_ops_lack() {
    hold("missing", 100, cases(), |case| {
        let mut ops = case.ops();
        Rng::new(case.draw).shuffle(&mut ops);
        traces::what_is_missing_is_what_waiting_ops_lack(&ops)
    });
}

#[test]
fn a_draft_is_sound_or_refused_with_its_reason_and_changes_nothing() {
    let (made, refused) = (Cell::new(0), Cell::new(0));
    hold("drafts", 60, cases(), |case| {
        let history = case.history();
        let (ops, people) = (&history.ops, &history.people);
        let done = drafts::a_draft_is_sound_or_refused_with_its_reason(ops, history.namespace, people, 30, case.draw)?;
        made.set(made.get() + done.0);
        refused.set(refused.get() + done.1);
        Ok(())
    });
    println!("{} drafts, {} refused", made.get(), refused.get());
    assert!(made.get() > 100 && refused.get() > 100, "{} drafts, {} refused", made.get(), refused.get());
}

#[test]
fn a_sound_op_with_nothing_concurrent_is_effective() {
    let met = Cell::new(0);
    hold("alone", 150, cases(), |case| {
        met.set(met.get() + past::a_sound_op_with_nothing_concurrent_is_effective(&case.ops())?);
        Ok(())
    });
    assert!(met.get() > 500, "only {} such ops", met.get());
}

#[test]
fn just_those_who_forked_are_reported_with_a_fork_as_evidence() {
    hold("forks", 100, cases(), |case| {
        let mut ops = case.ops();
        Rng::new(case.draw).shuffle(&mut ops);
        past::just_those_who_forked_are_reported(&ops)
    });
}
