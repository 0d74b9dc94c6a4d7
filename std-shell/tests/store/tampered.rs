//! Rows that are whole pages to the database and wrong all the same: written by somebody else, or lost by a disk.

use crate::common::{StoreFile, apply, commit, test_options};
use folkmoot::store::limits::{MAX_COMMIT_OPS, REPLAY_BATCH_OPS};
use folkmoot::store::{Applied, Commit, CommitError, Fault, OpenError, RecoverError, Store, StoreOptions};
use folkmoot_core::{Engine, GroupId, GroupOp, NamespaceId, PendingLimits, SigningKey};
use folkmoot_proptests::history::{History, Profile};
use redb::{Database, ReadableTable, Table, TableDefinition, WriteTransaction};
use sha2::{Digest, Sha256};

type Bytes = &'static [u8];
const OPS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("ops");
const IDS: TableDefinition<'_, u128, ()> = TableDefinition::new("ids");
const SNAPSHOTS: TableDefinition<'_, (u64, u32), Bytes> = TableDefinition::new("snapshots");

fn table(name: &str) -> TableDefinition<'_, Bytes, Bytes> {
    TableDefinition::new(name)
}

/// A store of a history, with a snapshot in the middle and one at its end, closed.
fn stored() -> StoreFile {
    let file = StoreFile::new();
    let (mut store, mut engine) = (Store::create(file.path(), &test_options()).expect("created"), Engine::new());
    let ops = History::generate(2, &Profile::groups_and_contexts()).ops;
    for (number, op) in ops.iter().enumerate() {
        let _ = apply(&mut store, &mut engine, op.clone());
        if number == ops.len() / 2 || number + 1 == ops.len() {
            store.save_snapshot(&mut engine).expect("saved");
        }
    }
    file
}

/// The same, without any snapshot.
fn stored_without_snapshot() -> StoreFile {
    let file = StoreFile::new();
    let (mut store, mut engine) = (Store::create(file.path(), &test_options()).expect("created"), Engine::new());
    for op in History::generate(2, &Profile::groups_and_contexts()).ops {
        let _ = apply(&mut store, &mut engine, op);
    }
    file
}

/// Changes rows as somebody would who knows redb and not Folkmoot.
fn tamper(file: &StoreFile, change: impl FnOnce(&WriteTransaction)) {
    let db = Database::open(file.path()).expect("a database");
    let txn = db.begin_write().expect("a transaction");
    change(&txn);
    txn.commit().expect("committed");
}

fn keys(table: &Table<'_, Bytes, Bytes>) -> Vec<Vec<u8>> {
    table.iter().expect("readable").map(|row| row.expect("readable").0.value().to_vec()).collect()
}

fn verifying() -> StoreOptions {
    StoreOptions { verify_on_open: true, ..test_options() }
}

/// Why a store does not open or recover.
fn refusal(file: &StoreFile, options: &StoreOptions) -> Option<String> {
    match Store::open(file.path(), options) {
        Err(OpenError::Fault(Fault::Damaged(what))) => Some(what),
        Err(other) => panic!("damage is no {other:?}"),
        Ok(store) => match store.recover(PendingLimits::default()) {
            Ok(_) => None,
            Err(RecoverError::Diverged { what, .. }) => Some(what.to_owned()),
            Err(RecoverError::Fault(Fault::Damaged(what))) => Some(what),
            Err(other) => panic!("damage is no {other:?}"),
        },
    }
}

#[test]
fn a_row_of_the_state_that_is_gone_is_found() {
    let file = stored();
    tamper(&file, |txn| {
        let mut state = txn.open_table(table("state")).expect("a table");
        let last = keys(&state).pop().expect("a row");
        state.remove(&last[..]).expect("removed");
    });
    assert!(refusal(&file, &test_options()).is_some());
}

#[test]
fn a_row_in_the_place_of_another_is_found() {
    let file = stored();
    tamper(&file, |txn| {
        let mut state = txn.open_table(table("state")).expect("a table");
        let keys = keys(&state);
        let row = state.get(&keys[0][..]).expect("readable").expect("a row").value().to_vec();
        state.insert(&keys[1][..], &row[..]).expect("inserted");
    });
    assert!(refusal(&file, &test_options()).is_some());
}

#[test]
fn every_row_of_the_index_that_is_gone_is_found_by_who_verifies() {
    let file = stored();
    let mut rows = Vec::new();
    tamper(&file, |txn| rows = keys(&txn.open_table(table("index")).expect("a table")));
    assert!((1..=7).all(|kind| rows.iter().any(|row| row[0] == kind)), "rows of every kind");
    for gone in rows {
        let file = stored();
        tamper(&file, |txn| {
            txn.open_table(table("index")).expect("a table").remove(&gone[..]).expect("removed");
        });
        assert!(refusal(&file, &verifying()).is_some(), "kind {}", gone[0]);
    }
}

#[test]
fn an_op_that_is_gone_or_in_the_place_of_another_is_found() {
    let gone = stored();
    tamper(&gone, |txn| {
        txn.open_table(OPS).expect("a table").remove(3).expect("removed");
    });
    assert!(refusal(&gone, &test_options()).is_some());

    let swapped = stored();
    tamper(&swapped, |txn| {
        let mut ops = txn.open_table(OPS).expect("a table");
        let row = ops.get(4).expect("readable").expect("a row").value().to_vec();
        ops.insert(3, &row[..]).expect("inserted");
    });
    assert!(refusal(&swapped, &verifying()).is_some());
    let store = Store::open(swapped.path(), &test_options()).expect("opened");
    let namespace = store.namespaces().next().expect("one");
    assert!(matches!(store.ops_page(&namespace, 0, 10), Err(Fault::Damaged(_))), "and it is not handed out");
}

#[test]
fn indexes_that_lead_elsewhere_are_found_by_who_verifies() {
    let ids = stored();
    tamper(&ids, |txn| {
        let mut ids = txn.open_table(IDS).expect("a table");
        let first = ids.first().expect("readable").expect("a row").0.value();
        ids.remove(first).expect("removed");
        ids.insert(first ^ (1 << 100), ()).expect("inserted");
    });
    assert!(refusal(&ids, &verifying()).is_some_and(|what| what.contains("index")));

    // The ids of the newest ops are read from the ops themselves.
    let recent = stored_without_snapshot();
    tamper(&recent, |txn| {
        let mut ids = txn.open_table(IDS).expect("a table");
        assert!(ids.first().expect("readable").is_none());
        ids.insert(1, ()).expect("inserted");
    });
    assert!(refusal(&recent, &test_options()).is_some());
}

/// A row of the index as the store would seal it.
fn sealed(key: &[u8], value: &[u8]) -> Vec<u8> {
    let hash = Sha256::new().chain_update(b"index\0").chain_update(key).chain_update(value).finalize();
    [value, &hash[..8]].concat()
}

#[test]
fn a_log_that_leads_elsewhere_is_found_by_who_verifies() {
    let runs = |file: &StoreFile| {
        let mut rows = Vec::new();
        tamper(file, |txn| rows = keys(&txn.open_table(table("index")).expect("a table")));
        rows.retain(|row| row[0] == 5);
        rows
    };
    let insert = |file: &StoreFile, key: &[u8], sequence: u64| {
        tamper(file, |txn| {
            let row = sealed(key, &sequence.to_le_bytes());
            txn.open_table(table("index")).expect("a table").insert(key, &row[..]).expect("inserted");
        });
    };
    let first = runs(&stored()).remove(0);
    let same = stored();
    insert(&same, &first, 1);
    assert_eq!(refusal(&same, &verifying()), None, "the row that it had");
    let elsewhere = stored();
    insert(&elsewhere, &first, 2);
    assert!(refusal(&elsewhere, &verifying()).is_some());
    // A second run that begins within the first.
    let within = stored();
    let key = [&first[..5], &2u32.to_be_bytes()].concat();
    insert(&within, &key, 3);
    assert!(refusal(&within, &verifying()).is_some());
}

#[test]
fn a_damaged_snapshot_gives_way_to_the_one_before_and_that_to_the_log() {
    let file = stored();
    let [first, second]: [u64; 2] = {
        let store = Store::open(file.path(), &test_options()).expect("opened");
        store.snapshots().expect("readable").try_into().expect("two")
    };
    let recovered = |file: &StoreFile| {
        let store = Store::open(file.path(), &test_options()).expect("opened");
        let recovered = store.recover(PendingLimits::default()).expect("recovered");
        (recovered.from_snapshot, recovered.replayed)
    };
    assert_eq!(recovered(&file), (Some(second), 0));
    let damage = |covers: u64| {
        tamper(&file, |txn| {
            let mut snapshots = txn.open_table(SNAPSHOTS).expect("a table");
            let mut piece = snapshots.get((covers, 0)).expect("readable").expect("a piece").value().to_vec();
            piece[50] ^= 1;
            snapshots.insert((covers, 0), &piece[..]).expect("inserted");
        });
    };
    damage(second);
    assert_eq!(recovered(&file), (Some(first), second - first));
    damage(first);
    assert_eq!(recovered(&file), (None, second));
}

#[test]
fn a_snapshot_of_something_else_gives_way_to_the_log() {
    let file = stored();
    let last = Store::open(file.path(), &test_options()).expect("opened").last_sequence();
    let alice = SigningKey::from_seed([1; 32]);
    let mut other = Engine::new();
    let genesis = Engine::genesis(alice.public(), [9; 32], "Garden", [0; 32], [0; 32]).sign(&alice).expect("her key");
    let _ = other.apply(genesis);
    let bytes = other.snapshot();
    tamper(&file, |txn| {
        let mut snapshots = txn.open_table(SNAPSHOTS).expect("a table");
        snapshots.retain(|_, _| false).expect("emptied");
        snapshots.insert((last, 0), &bytes[..]).expect("inserted");
        snapshots.insert((last + 7, 0), &bytes[..]).expect("inserted");
    });
    let store = Store::open(file.path(), &test_options()).expect("opened");
    let recovered = store.recover(PendingLimits::default()).expect("recovered");
    assert_eq!((recovered.from_snapshot, recovered.replayed), (None, last));
}

#[test]
fn a_log_of_more_than_one_batch_is_replayed_whole() {
    let alice = SigningKey::from_seed([1; 32]);
    let file = StoreFile::new();
    let (mut store, mut engine) = (Store::create(file.path(), &test_options()).expect("created"), Engine::new());
    let genesis = Engine::genesis(alice.public(), [7; 32], "Kitchen", [0; 32], [0; 32]).sign(&alice).expect("her key");
    let namespace: NamespaceId = genesis.id().into();
    let _ = apply(&mut store, &mut engine, genesis);
    for part in [REPLAY_BATCH_OPS - 1, 1] {
        let outcomes: Vec<_> = (0..part)
            .map(|_| {
                let draft = engine.draft(&namespace, &GroupId(namespace.0), &alice.public(), GroupOp::Noop);
                engine.apply(draft.expect("alice may").sign(&alice).expect("her key"))
            })
            .collect();
        let applied: Vec<Applied<'_>> = outcomes.iter().map(|outcome| Applied { outcome, publish: false }).collect();
        let _ = store.commit(&mut engine, &Commit { applied: &applied, local: &[] }).expect("committed");
        let recovered = store.recover(PendingLimits::default()).expect("recovered");
        assert_eq!((recovered.from_snapshot, recovered.replayed), (None, store.last_sequence()));
    }
    assert_eq!(store.last_sequence(), REPLAY_BATCH_OPS as u64 + 1);
}

#[test]
fn a_commit_has_as_many_ops_as_it_may_and_no_more() {
    let alice = SigningKey::from_seed([1; 32]);
    let file = StoreFile::new();
    let (mut store, mut engine) = (Store::create(file.path(), &test_options()).expect("created"), Engine::new());
    let genesis = Engine::genesis(alice.public(), [7; 32], "Kitchen", [0; 32], [0; 32]).sign(&alice).expect("her key");
    let outcome = engine.apply(genesis);
    let many = vec![Applied { outcome: &outcome, publish: false }; MAX_COMMIT_OPS + 1];
    // The same op again and again is refused for what it is, once the number is not the reason.
    let at = store.commit(&mut engine, &Commit { applied: &many[1..], local: &[] }).expect_err("not new");
    assert!(matches!(at, CommitError::DoesNotFollow(_)), "{at}");
    let past = store.commit(&mut engine, &Commit { applied: &many, local: &[] }).expect_err("one too many");
    assert!(matches!(past, CommitError::TooLarge(_)), "{past}");
    let _ = commit(&mut store, &mut engine, &outcome, &[]);
}

#[test]
fn pages_are_checked_of_files_up_to_the_size_that_the_host_says() {
    let file = stored();
    let bytes = std::fs::read(file.path()).expect("readable");
    let len = bytes.len() as u64;
    // An op before the newest snapshot: nobody reads its page, unless all are.
    let wire = {
        let store = Store::open(file.path(), &test_options()).expect("opened");
        let namespace = store.namespaces().next().expect("one");
        store.ops_page(&namespace, 0, 1).expect("readable").ops.remove(0).bytes
    };
    let places: Vec<usize> =
        bytes.windows(wire.len()).enumerate().filter(|(_, at)| *at == wire).map(|(place, _)| place).collect();
    assert!(!places.is_empty());
    let mut damaged = bytes;
    places.iter().for_each(|place| damaged[place + 40] ^= 1);
    std::fs::write(file.path(), &damaged).expect("written");
    let up_to = |bytes| StoreOptions { check_pages_up_to: bytes, ..test_options() };
    assert!(matches!(Store::open(file.path(), &up_to(len)), Err(OpenError::Fault(Fault::Damaged(_)))));
    Store::open(file.path(), &up_to(len - 1)).expect("not looked at");
}
