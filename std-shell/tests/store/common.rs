//! A store and its engine, driven together.

use folkmoot::store::{Applied, Commit, CommitReceipt, LocalChange, Store, StoreOptions};
use folkmoot_core::{Engine, Outcome, PendingLimits, VerifiedOp};
use redb::backends::InMemoryBackend;
use std::path::PathBuf;
use tempfile::TempDir;

/// A store without a file.
pub(crate) fn in_memory() -> Store {
    Store::on_backend(InMemoryBackend::new(), &StoreOptions::default()).expect("an empty store")
}

/// Commits one outcome.
pub(crate) fn commit(
    store: &mut Store,
    engine: &mut Engine,
    outcome: &Outcome,
    local: &[LocalChange],
) -> CommitReceipt {
    let applied = [Applied { outcome, publish: true }];
    store.commit(engine, &Commit { applied: &applied, local }).expect("it follows from what is stored")
}

/// Applies an op and commits what comes of it.
pub(crate) fn apply(store: &mut Store, engine: &mut Engine, op: VerifiedOp) -> Outcome {
    let outcome = engine.apply(op);
    let _ = commit(store, engine, &outcome, &[]);
    outcome
}

/// The engine that a store recovers.
pub(crate) fn recovered(store: &Store) -> Engine {
    store.recover(PendingLimits::default()).expect("what was committed comes back").engine
}

/// Small caches, for there are many stores.
pub(crate) fn test_options() -> StoreOptions {
    StoreOptions { cache_bytes: 1 << 20, ..StoreOptions::default() }
}

/// A path in a directory that goes with it.
pub(crate) struct StoreFile {
    directory: TempDir,
}

impl StoreFile {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().expect("a directory") }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("moot.folkmoot")
    }

    /// Where the store is while it is made.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.directory.path().join("moot.folkmoot.new")
    }
}
