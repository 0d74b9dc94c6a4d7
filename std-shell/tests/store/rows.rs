//! State rows, heads and nonces are what the engine says, after every op.

use crate::common::{apply, commit, in_memory, recovered};
use folkmoot::store::Store;
use folkmoot_core::{Engine, GroupId};
use folkmoot_proptests::history::History;
use std::collections::{BTreeMap, BTreeSet};

/// Compares everything readable in rows with the engine.
fn assert_rows_are_the_engines(store: &Store, engine: &mut Engine) {
    let mut all: BTreeSet<GroupId> = BTreeSet::new();
    let namespaces: Vec<_> = engine.namespaces().collect();
    assert!(store.namespaces().eq(namespaces.iter().copied()), "the same namespaces");
    for namespace in namespaces {
        assert_eq!(store.digest(&namespace), engine.digest(&namespace));
        assert_eq!(store.heads(&namespace).expect("heads"), engine.heads(&namespace));
        assert_eq!(store.op_count(&namespace), engine.counts(&namespace).map_or(0, |counts| counts.ops as u64));
        for group in engine.groups(&namespace) {
            let view = engine.view(&namespace, &group).expect("it exists");
            assert_eq!(store.group_info(&group).expect("info").as_ref(), Some(&view.info));
            assert_eq!(store.members(&group, None, 1_000).expect("members").len(), view.members.len());
            for (context, info) in &view.contexts {
                let stored = store.context(context).expect("a context");
                assert_eq!(stored, Some((group, info.clone())));
            }
            assert_eq!(store.group(&group).expect("a group"), Some(view));
            all.insert(group);
        }
    }
    let stored: BTreeSet<GroupId> = store.groups(None).expect("groups").into_iter().collect();
    assert_eq!(stored, all, "no other groups");
}

#[test]
fn rows_equal_the_engines_views_after_every_op() {
    for seed in 0..36 {
        let history = History::of_seed(seed);
        let (mut store, mut engine) = (in_memory(), Engine::new());
        for op in history.shuffled(seed) {
            let _ = apply(&mut store, &mut engine, op);
            assert_rows_are_the_engines(&store, &mut engine);
        }
        assert!(store.last_sequence() > 0, "seed {seed} has ops");
    }
}

#[test]
fn a_batch_leaves_the_rows_that_its_ops_leave_one_by_one() {
    for seed in 0..36 {
        let history = History::of_seed(seed);
        let (mut store, mut engine) = (in_memory(), Engine::new());
        for part in history.shuffled(seed).chunks(17) {
            let outcome = engine.apply_batch(part.iter().cloned());
            let _ = commit(&mut store, &mut engine, &outcome, &[]);
            assert_rows_are_the_engines(&store, &mut engine);
        }
    }
}

#[test]
fn nonces_are_the_highest_of_each_signer() {
    let history = History::of_seed(3);
    let (mut store, mut engine) = (in_memory(), Engine::new());
    let mut highest = BTreeMap::new();
    for op in history.shuffled(3) {
        let outcome = apply(&mut store, &mut engine, op);
        for op in outcome.durable().iter().filter(|op| !op.signable().namespace_id.is_zero()) {
            let nonce = highest.entry((op.signable().namespace_id, op.signable().signer)).or_insert(0);
            *nonce = op.signable().nonce.max(*nonce);
        }
    }
    assert!(highest.len() > 2, "several people sign");
    for ((namespace, signer), nonce) in highest {
        assert_eq!(store.nonce(&namespace, &signer).expect("a nonce"), nonce);
    }
}

#[test]
fn a_recovered_engine_is_the_one_that_was_committed() {
    for seed in 0..18 {
        let history = History::of_seed(seed);
        let (mut store, mut engine) = (in_memory(), Engine::new());
        for op in history.shuffled(seed) {
            let _ = apply(&mut store, &mut engine, op);
        }
        let mut again = recovered(&store);
        for namespace in engine.namespaces().collect::<Vec<_>>() {
            assert_eq!(again.digest(&namespace), engine.digest(&namespace));
            assert!(again.ops(&namespace).eq(engine.ops(&namespace)), "the same ops, verdicts and order");
        }
        assert_rows_are_the_engines(&store, &mut again);
    }
}
