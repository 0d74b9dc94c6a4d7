//! Files: created whole or not at all, and told apart from what they are not.

use crate::common::{StoreFile, commit, test_options};
use folkmoot::store::limits::SCHEMA_VERSION;
use folkmoot::store::{Fault, OpenError, Store, StoreOptions};
use folkmoot_core::Engine;
use folkmoot_proptests::history::History;
use redb::{Database, TableDefinition};
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::fs::OpenOptionsExt;

/// Writes a file that nobody else may read.
fn write(file: &StoreFile, bytes: &[u8]) {
    use std::io::Write as _;
    let mut options = fs::OpenOptions::new();
    let mut written = options.write(true).create(true).truncate(true).mode(0o600).open(file.path()).expect("made");
    written.write_all(bytes).expect("written");
}

fn private(file: &StoreFile) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).expect("set");
}

/// Puts a file row of the test's own in place of the store's.
fn rewrite_header(file: &StoreFile, change: impl FnOnce(&[u8]) -> Vec<u8>) {
    const FILE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("folkmoot");
    let db = Database::open(file.path()).expect("a database");
    let txn = db.begin_write().expect("a transaction");
    {
        let mut table = txn.open_table(FILE).expect("the table");
        let row = table.remove(&b"file"[..]).expect("removed").expect("the row").value().to_vec();
        table.insert(&b"file"[..], &change(&row)[..]).expect("inserted");
    }
    txn.commit().expect("committed");
}

#[test]
fn a_store_that_is_not_there_is_not_found() {
    let file = StoreFile::new();
    assert!(matches!(Store::open(file.path(), &test_options()), Err(OpenError::NotFound(path)) if path == file.path()));
}

#[test]
fn creating_does_not_touch_what_is_there() {
    let file = StoreFile::new();
    write(&file, b"a letter");
    assert!(matches!(Store::create(file.path(), &test_options()), Err(OpenError::AlreadyExists(_))));
    assert_eq!(fs::read(file.path()).expect("readable"), b"a letter");
}

#[test]
fn open_or_create_does_the_one_and_then_the_other() {
    let file = StoreFile::new();
    let (mut store, mut engine) =
        (Store::open_or_create(file.path(), &test_options()).expect("created"), Engine::new());
    let outcome = engine.apply_batch(History::of_seed(1).ops);
    let _ = commit(&mut store, &mut engine, &outcome, &[]);
    let last = store.last_sequence();
    drop(store);
    let store = Store::open_or_create(file.path(), &test_options()).expect("opened");
    assert_eq!(store.last_sequence(), last);
    assert!(!file.scratch().exists(), "nothing is left beside it");
}

#[test]
fn a_creation_that_crashed_is_taken_over_by_the_next() {
    let whole = StoreFile::new();
    drop(Store::create(whole.path(), &test_options()).expect("created"));
    let bytes = fs::read(whole.path()).expect("readable");
    for kept in [0, 1, 100, 4_096, bytes.len() / 2, bytes.len()] {
        let file = StoreFile::new();
        fs::write(file.scratch(), &bytes[..kept]).expect("written");
        assert!(matches!(Store::open(file.path(), &test_options()), Err(OpenError::NotFound(_))), "not there yet");
        let store = Store::open_or_create(file.path(), &test_options()).expect("created");
        assert_eq!(store.last_sequence(), 0);
        assert!(!file.scratch().exists());
    }
}

#[test]
fn two_who_create_at_once_do_not_get_in_each_others_way() {
    let file = StoreFile::new();
    let outcomes: Vec<Result<Store, OpenError>> = std::thread::scope(|scope| {
        let creators: Vec<_> =
            (0..8).map(|_| scope.spawn(|| Store::open_or_create(file.path(), &test_options()))).collect();
        creators.into_iter().map(|creator| creator.join().expect("no panic")).collect()
    });
    let opened = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(opened, 1, "one has it: {outcomes:?}");
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(OpenError::Locked))), "{outcomes:?}");
    drop(outcomes);
    Store::open(file.path(), &test_options()).expect("a whole store");
}

#[test]
fn a_store_that_is_open_is_locked() {
    let file = StoreFile::new();
    let store = Store::create(file.path(), &test_options()).expect("created");
    assert!(matches!(Store::open(file.path(), &test_options()), Err(OpenError::Locked)));
    assert!(matches!(Store::open_or_create(file.path(), &test_options()), Err(OpenError::Locked)));
    store.close().expect("closed");
    Store::open(file.path(), &test_options()).expect("free again");
}

#[test]
fn what_is_no_store_is_said_to_be_none_and_left_as_it_is() {
    for bytes in [&b""[..], b"a letter", &[0; 8_192], b"SQLite format 3\0 and more"] {
        let file = StoreFile::new();
        write(&file, bytes);
        let opened = Store::open(file.path(), &test_options());
        assert!(matches!(opened, Err(OpenError::NotFolkmoot(_))), "{bytes:?}: {opened:?}");
        assert_eq!(fs::read(file.path()).expect("readable"), bytes);
    }
    let directory = StoreFile::new();
    fs::create_dir(directory.path()).expect("made");
    assert!(Store::open(directory.path(), &test_options()).is_err());
}

#[test]
fn somebody_elses_database_is_said_to_be_none() {
    let file = StoreFile::new();
    let db = Database::create(file.path()).expect("created");
    let txn = db.begin_write().expect("a transaction");
    txn.open_table(TableDefinition::<u64, u64>::new("theirs")).expect("a table").insert(1, 1).expect("inserted");
    txn.commit().expect("committed");
    drop(db);
    private(&file);
    assert!(matches!(Store::open(file.path(), &test_options()), Err(OpenError::NotFolkmoot(_))));
}

#[test]
fn another_schema_is_told_from_damage() {
    for other in [1u32, SCHEMA_VERSION + 1] {
        let file = StoreFile::new();
        drop(Store::create(file.path(), &test_options()).expect("created"));
        rewrite_header(&file, |_| {
            let mut row = [&b"folkmoot/store"[..], &other.to_le_bytes(), b"who knows what"].concat();
            let checksum = Sha256::digest(&row);
            row.extend_from_slice(&checksum[..8]);
            row
        });
        assert!(
            matches!(Store::open(file.path(), &test_options()), Err(OpenError::NewerSchema { found }) if found == other)
        );
    }
}

#[test]
fn a_header_that_its_checksum_does_not_fit_is_damage() {
    for at in 14..20 {
        let file = StoreFile::new();
        drop(Store::create(file.path(), &test_options()).expect("created"));
        rewrite_header(&file, |row| {
            let mut row = row.to_vec();
            row[at] ^= 0x10;
            row
        });
        let opened = Store::open(file.path(), &test_options());
        assert!(matches!(opened, Err(OpenError::Fault(Fault::Damaged(_)))), "byte {at}: {opened:?}");
    }
}

#[test]
fn errors_say_what_to_do() {
    let texts = [
        OpenError::NewerSchema { found: 9 }.to_string(),
        OpenError::NewerSchema { found: 1 }.to_string(),
        OpenError::Locked.to_string(),
        OpenError::KeysTooOpen { mode: 0o644 }.to_string(),
        OpenError::NotFolkmoot("no database").to_string(),
        OpenError::WrongPassphrase.to_string(),
        Fault::Damaged("op number 3".to_owned()).to_string(),
    ];
    let advice = [
        "use a newer one",
        "use the one that wrote it",
        "close the other handle",
        "chmod 600",
        "choose another path",
        "give the right one",
        "backup",
    ];
    for (text, advice) in texts.iter().zip(advice) {
        assert!(text.contains(advice), "{text}");
    }
}

#[test]
fn a_verified_open_recovers_the_same() {
    let file = StoreFile::new();
    let (mut store, mut engine) = (Store::create(file.path(), &test_options()).expect("created"), Engine::new());
    let outcome = engine.apply_batch(History::of_seed(2).ops);
    let _ = commit(&mut store, &mut engine, &outcome, &[]);
    store.save_snapshot(&mut engine).expect("saved");
    drop(store);
    let options = StoreOptions { verify_on_open: true, ..test_options() };
    let store = Store::open(file.path(), &options).expect("opened");
    let recovered = store.recover(Default::default()).expect("recovered");
    assert_eq!(recovered.from_snapshot, None, "whoever trusts nothing replays all");
    assert_eq!(recovered.replayed, store.last_sequence());
}
