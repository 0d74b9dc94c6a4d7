//! A store and its engine, driven together.

use folkmoot::store::{Applied, Commit, CommitReceipt, LocalChange, Store, StoreOptions};
use folkmoot_core::{Engine, Outcome, PendingLimits, VerifiedOp};
use redb::backends::InMemoryBackend;

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
