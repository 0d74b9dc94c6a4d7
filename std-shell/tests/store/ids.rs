//! Ops are found by id, and logs and the outbox name what they should, in whichever rows all that is.

use crate::common::{StoreFile, apply, commit, in_memory, recovered, test_options};
use folkmoot::store::limits::{MAX_RECENT_IDS, OPS_AT_ONCE};
use folkmoot::store::{Applied, Commit, Store, StoreOptions};
use folkmoot_core::{Engine, GroupOp, NamespaceId, OpId, Outcome, SigningKey, VerifiedOp};
use redb::{Database, ReadableDatabase, ReadableTableMetadata, TableDefinition};
use std::collections::BTreeSet;

const IDS: TableDefinition<'_, u128, ()> = TableDefinition::new("ids");

fn alice() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

fn genesis(salt: u8) -> VerifiedOp {
    let genesis = Engine::genesis(alice().public(), [salt; 32], "Kitchen", [0; 32], [0; 32]);
    genesis.sign(&alice()).expect("her key")
}

fn noop(engine: &mut Engine, namespace: &NamespaceId) -> VerifiedOp {
    let draft = engine.draft(namespace, &(*namespace).into(), &alice().public(), GroupOp::Noop).expect("alice may");
    folkmoot::sign(draft, &alice()).expect("her key")
}

/// How many ids the file's own index has.
fn indexed(file: &StoreFile) -> u64 {
    let db = Database::open(file.path()).expect("a database");
    db.begin_read().expect("a transaction").open_table(IDS).expect("a table").len().expect("readable")
}

fn assert_found(store: &Store, ops: &[VerifiedOp]) {
    for (at, op) in ops.iter().enumerate() {
        assert_eq!(store.sequence_of(&op.id()).expect("readable"), Some(at as u64 + 1));
        assert_eq!(store.op_bytes(&op.id()).expect("readable"), Some(op.signed().encode()));
    }
    let missing = OpId([7; 32]);
    assert_eq!(store.op_bytes(&missing).expect("readable"), None);
}

#[test]
fn an_op_is_found_before_and_after_its_id_is_indexed_and_in_a_file_that_is_opened_again() {
    let file = StoreFile::new();
    let mut store = Store::create(file.path(), &test_options()).expect("created");
    let (mut engine, mut ops) = (Engine::new(), vec![genesis(7)]);
    let namespace = ops[0].id().into();
    let _ = apply(&mut store, &mut engine, ops[0].clone());
    for round in 0..6 {
        for _ in 0..5 {
            let op = noop(&mut engine, &namespace);
            let _ = apply(&mut store, &mut engine, op.clone());
            ops.push(op);
        }
        assert_found(&store, &ops);
        if round % 2 == 0 {
            store.save_snapshot(&mut engine).expect("saved");
            assert_found(&store, &ops);
        }
        let whole = store.fingerprint().expect("readable");
        drop(store);
        assert_eq!(indexed(&file), if round % 2 == 0 { ops.len() as u64 } else { ops.len() as u64 - 5 });
        store = Store::open(file.path(), &StoreOptions { verify_on_open: true, ..test_options() }).expect("opened");
        assert_found(&store, &ops);
        assert_eq!(store.fingerprint().expect("readable"), whole);
        let _ = store.recover(Default::default()).expect("nothing is missing");
    }
}

#[test]
fn a_commit_of_as_many_ops_as_are_written_at_a_time_comes_back_and_one_of_more() {
    for count in [OPS_AT_ONCE - 1, OPS_AT_ONCE, OPS_AT_ONCE + 1, 2 * OPS_AT_ONCE + 1] {
        let (mut store, mut engine, mut author) = (in_memory(), Engine::new(), Engine::new());
        let mut ops = vec![genesis(7)];
        let namespace = ops[0].id().into();
        let _ = author.apply(ops[0].clone());
        while ops.len() < count {
            let op = noop(&mut author, &namespace);
            let _ = author.apply(op.clone());
            ops.push(op);
        }
        let outcome = engine.apply_batch(ops.clone());
        let receipt = commit(&mut store, &mut engine, &outcome, &[]);
        assert_eq!(receipt.sequences, 1..count as u64 + 1);
        assert_found(&store, &ops);
        assert_eq!(recovered(&store).digest(&namespace), engine.digest(&namespace), "{count}");
    }
}

#[test]
fn as_many_ids_wait_for_the_index_as_may_and_no_more() {
    let file = StoreFile::new();
    let (mut engine, mut ops) = (Engine::new(), vec![genesis(7)]);
    let namespace = ops[0].id().into();
    let mut outcomes: Vec<Outcome> = vec![engine.apply(ops[0].clone())];
    while ops.len() < MAX_RECENT_IDS + 2 {
        let op = noop(&mut engine, &namespace);
        // The engine that a commit is given is as it is after the commit's ops.
        if ops.len() == MAX_RECENT_IDS || ops.len() == MAX_RECENT_IDS + 1 {
            commit_all(&file, &mut engine, &outcomes);
            assert_eq!(indexed(&file), if ops.len() == MAX_RECENT_IDS { 0 } else { ops.len() as u64 });
            outcomes.clear();
        }
        outcomes.push(engine.apply(op.clone()));
        ops.push(op);
    }
    commit_all(&file, &mut engine, &outcomes);
    assert_eq!(indexed(&file), MAX_RECENT_IDS as u64 + 1, "the next one waits again");
    let store = Store::open(file.path(), &test_options()).expect("opened");
    for at in [0, 1, MAX_RECENT_IDS - 1, MAX_RECENT_IDS, MAX_RECENT_IDS + 1] {
        assert_eq!(store.sequence_of(&ops[at].id()).expect("readable"), Some(at as u64 + 1));
    }
}

fn commit_all(file: &StoreFile, engine: &mut Engine, outcomes: &[Outcome]) {
    let mut store = Store::open_or_create(file.path(), &test_options()).expect("opened");
    let applied: Vec<Applied<'_>> = outcomes.iter().map(|outcome| Applied { outcome, publish: false }).collect();
    let _ = store.commit(engine, &Commit { applied: &applied, local: &[] }).expect("committed");
}

#[test]
fn what_is_to_be_published_is_so_still_in_a_file_that_is_opened_again_wherever_it_was_interrupted() {
    let file = StoreFile::new();
    let mut store = Store::create(file.path(), &test_options()).expect("created");
    let mut engine = Engine::new();
    let _ = apply(&mut store, &mut engine, genesis(7));
    let namespace = genesis(7).id().into();
    let mut waiting = BTreeSet::from([1u64]);
    for number in 2..=40u64 {
        let op = noop(&mut engine, &namespace);
        let outcome = engine.apply(op);
        // Every third one is another's.
        if number % 3 == 0 {
            let theirs = [Applied { outcome: &outcome, publish: false }];
            let _ = store.commit(&mut engine, &Commit { applied: &theirs, local: &[] }).expect("committed");
        } else {
            let _ = commit(&mut store, &mut engine, &outcome, &[]);
            waiting.insert(number);
        }
        if number % 7 == 0 {
            let done: Vec<u64> = [number, number / 2, number - 3, 1_000, number].to_vec();
            store.outbox_done(&done).expect("done");
            waiting.retain(|number| !done.contains(number));
        }
        drop(store);
        store = Store::open(file.path(), &test_options()).expect("opened");
        let outbox = store.outbox(1_000).expect("readable");
        assert!(outbox.iter().map(|op| op.sequence).eq(waiting.iter().copied()), "after op {number}");
        assert_eq!(store.outbox_len().expect("readable"), waiting.len() as u64);
        let some = store.outbox(3).expect("readable");
        assert_eq!(some[..], outbox[..outbox.len().min(3)]);
    }
    assert!(waiting.len() > 10);
}
