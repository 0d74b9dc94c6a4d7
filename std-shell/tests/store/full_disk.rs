//! A disk that is really full: a small tmpfs, for those who may mount one.

use crate::common::{StoreFile, commit, test_options};
use folkmoot::store::{Applied, Commit, CommitError, Fault, OpenError, Store};
use folkmoot_core::{Engine, GroupId, GroupOp, PendingLimits, SigningKey};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A file system of a given size; unmounted when dropped.
struct SmallDisk {
    directory: TempDir,
}

impl SmallDisk {
    /// `None`, and a note, if this user may not mount.
    fn mount(size: &str) -> Option<Self> {
        let directory = TempDir::new().expect("a directory");
        let size = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path()).output();
        if mounted.is_ok_and(|done| done.status.success()) {
            return Some(Self { directory });
        }
        println!("not run: a tmpfs takes the right to mount one");
        None
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let grown = Command::new("mount").args(["-o", &options]).arg(self.directory.path()).status();
        assert!(grown.is_ok_and(|status| status.success()), "remounted");
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("moot.folkmoot")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.directory.path()).status();
    }
}

fn alice() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

/// Founds a namespace in a new store.
fn found(path: &Path) -> (Store, Engine) {
    let (mut store, mut engine) = (Store::create(path, &test_options()).expect("created"), Engine::new());
    let genesis = Engine::genesis(alice().public(), [7; 32], "Kitchen", [0; 32], [0; 32]);
    let outcome = engine.apply(genesis.sign(&alice()).expect("her key"));
    let _ = commit(&mut store, &mut engine, &outcome, &[]);
    (store, engine)
}

/// One more op, of a kilobyte.
fn append(store: &mut Store, engine: &mut Engine) -> Result<(), CommitError> {
    let namespace = engine.namespaces().next().expect("founded");
    let op =
        GroupOp::TargetApplicationSet { app_key: [1; 32], application_id: [2; 32], migration: Some("x".repeat(1_024)) };
    let draft = engine.draft(&namespace, &GroupId(namespace.0), &alice().public(), op).expect("alice may");
    let outcome = engine.apply(draft.sign(&alice()).expect("her key"));
    let applied = [Applied { outcome: &outcome, publish: true }];
    store.commit(engine, &Commit { applied: &applied, local: &[] }).map(|_| ())
}

fn is_no_space(fault: &Fault) -> bool {
    matches!(fault, Fault::Io(error) if error.kind() == std::io::ErrorKind::StorageFull)
}

#[test]
fn a_full_disk_is_an_error_that_says_so_and_nothing_acknowledged_is_lost() {
    let Some(disk) = SmallDisk::mount("700k") else { return };
    let (mut store, mut engine) = found(&disk.path());
    let failed = loop {
        if let Err(error) = append(&mut store, &mut engine) {
            break error;
        }
        assert!(store.last_sequence() < 10_000, "it is not that large");
    };
    match &failed {
        CommitError::Unknown(fault) | CommitError::NotWritten(fault) => assert!(is_no_space(fault), "{failed}"),
        other => panic!("a full disk is no {other:?}"),
    }
    let told = store.last_sequence();
    assert!(told > 10, "{told} ops fitted");
    assert!(store.needs_reopen());
    assert!(matches!(append(&mut store, &mut engine), Err(CommitError::NotWritten(Fault::NeedsReopen))));
    drop(store);

    // Reading needs no space.
    let reopened = Store::open(disk.path(), &test_options());
    if let Ok(store) = &reopened {
        assert!((told..=told + 1).contains(&store.last_sequence()));
    }
    drop(reopened);

    disk.grow("4m");
    let mut store = Store::open(disk.path(), &test_options()).expect("opened");
    assert!((told..=told + 1).contains(&store.last_sequence()), "{told} were told");
    let mut engine = store.recover(PendingLimits::default()).expect("recovered").engine;
    append(&mut store, &mut engine).expect("there is space again");
}

#[test]
fn no_room_to_create_leaves_no_file_of_the_name() {
    let Some(disk) = SmallDisk::mount("16k") else { return };
    let failed = Store::create(disk.path(), &test_options()).expect_err("no room");
    assert!(matches!(&failed, OpenError::Fault(fault) if is_no_space(fault)), "{failed}");
    assert!(!disk.path().exists());
    disk.grow("4m");
    Store::create(disk.path(), &test_options()).expect("created");
}

#[test]
fn a_directory_that_is_not_there_is_an_io_error() {
    let file = StoreFile::new();
    let failed = Store::create(file.path().join("below/it"), &test_options()).expect_err("no directory");
    assert!(matches!(failed, OpenError::Fault(Fault::Io(_))), "{failed}");
}
