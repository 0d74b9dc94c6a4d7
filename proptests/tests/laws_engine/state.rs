//! Effects tell states, states are in order and hash to what they are, and every entry can be proved.

use crate::case::{cases, hold};
use folkmoot_core::Engine;
use folkmoot_proptests::laws::{self, holds, host::Host, state};
use folkmoot_proptests::mirror::Mirror;
use std::cell::Cell;

#[test]
fn effects_applied_to_the_old_view_give_the_new_view_verdicts_and_lost_access_included() {
    hold("effects", 200, cases(), |case| {
        let mut host = Host::default();
        let (line, batches) = (case.plan.line_up(&case.ops()), &case.plan.batches);
        let (mut rest, mut turn) = (&line[..], 0);
        while !rest.is_empty() {
            let size = batches.get(turn % batches.len().max(1)).copied().unwrap_or(1);
            let (now, later) = rest.split_at(size.clamp(1, rest.len()));
            // The host's copy takes the effects and nothing else, and is compared each time.
            let _ = host.deliver(now)?;
            (rest, turn) = (later, turn + 1);
        }
        Ok(())
    });
}

#[test]
fn the_root_has_an_admin_the_tree_is_no_deeper_than_it_may_be_and_hashes_are_those_of_the_whole_at_all_times() {
    hold("at all times", 60, cases(), |case| {
        let people = case.people();
        state::at_all_times(&case.plan.line_up(&case.ops()), &people).map(drop)
    });
}

#[test]
fn inclusion_proofs_of_all_entries_verify_and_no_altered_one_does() {
    let (proofs, alterations) = (Cell::new(0), Cell::new(0));
    hold("proofs", 120, cases(), |case| {
        let mut engine = laws::at_once(&case.ops());
        let tried = state::proofs_verify_and_no_altered_one_does(&mut engine, case.draw)?;
        proofs.set(proofs.get() + tried.0);
        alterations.set(alterations.get() + tried.1);
        Ok(())
    });
    println!("{} proofs, {} alterations", proofs.get(), alterations.get());
    assert!(proofs.get() > 200, "only {} proofs", proofs.get());
}

/// The copy itself is put to the test: effects that are left out or come twice do not go unnoticed.
#[test]
fn a_copy_that_misses_an_effect_or_takes_one_twice_is_found_out() {
    let found = Cell::new(0);
    hold("mirror", 20, cases(), |case| {
        let (mut engine, mut honest) = (Engine::new(), Mirror::default());
        for op in case.ops() {
            let before = honest.clone();
            let outcome = engine.apply(op);
            honest.take(&outcome)?;
            if outcome.after_commit().is_empty() {
                continue;
            }
            holds(before.check(&mut engine).is_err(), || "what was told is nothing that can be seen".to_owned())?;
            holds(honest.clone().take(&outcome).is_err(), || "effects can be taken twice".to_owned())?;
            found.set(found.get() + 1);
        }
        Ok(())
    });
    assert!(found.get() > 200, "only {} outcomes", found.get());
}
