//! Ops, the state they come to and what is this node's own, in one file with one writer.
//!
//! ```no_run
//! # use folkmoot::store::{Applied, Commit, Store, StoreOptions};
//! # use folkmoot_core::{Engine, PendingLimits, VerifiedOp};
//! # fn next_op(_: &mut Engine) -> VerifiedOp { unimplemented!() }
//! let mut store = Store::open_or_create("moot.folkmoot", &StoreOptions::default())?;
//! let mut engine = store.recover(PendingLimits::default())?.engine;
//! let op = next_op(&mut engine);
//! let outcome = engine.apply(op);
//! let applied = [Applied { outcome: &outcome, publish: true }];
//! store.commit(&mut engine, &Commit { applied: &applied, local: &[] })?; // durable from here on
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - Each commit is one transaction: ops, indexes, heads, nonces, state rows, outbox and local changes, all or nothing,
//!   in two phases (redb's checksum alone is not trusted, for values come from strangers), with what is needed to open
//!   the file after a crash without scanning it.
//! - A commit that fails leaves the engine ahead of the disk, perhaps. Drop both, open, recover: what is there is there.
//! - State rows are kept by effects alone, and answer questions before there is an engine. [`Store::recover`] compares
//!   them with the engine, so that damage is found.
//! - What waits for parents is not stored, and fetched again after a restart.
//!
//! Blocking calls throughout; a host with an async runtime gives the store a thread.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

// As in the core: a room knows those above it in this list.
pub mod limits;
mod error;
mod guard;
mod seal;
mod schema;
mod file;
mod header;
mod op_row;
mod state_rows;
mod effects;
mod local;
mod recent;
mod runs;
mod open;
mod read_ops;
mod read_state;
mod commit;
mod outbox;
mod aside;
mod snapshots;
mod check;
mod recover;
mod fingerprint;

pub use commit::{Applied, Commit, CommitReceipt};
pub use error::{CommitError, CompactError, Fault, OpenError, RecoverError};
pub use local::{ContextUpgrade, IssuedInvitation, LocalChange, UpgradeProgress};
pub use open::StoreOptions;
pub use outbox::Unpublished;
pub use read_ops::{LoggedOp, OpPage};
pub use recover::Recovered;

use crate::keys::Vault;
use folkmoot_core::{Hash, NamespaceId};
use guard::guarded;
use recent::RecentIds;
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, Table};
use schema::{Bytes, Tally, after_prefix};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

/// What is stored of a namespace as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub(crate) struct NamespaceRow {
    /// Its number in this file, from 1: the order in which namespaces came.
    number: u32,
    /// How many ops it has.
    ops: u32,
    /// The digest that they come to.
    digest: Hash,
}

/// An open store. One handle a file, in all processes.
pub struct Store {
    /// `None` only while it is dropped.
    db: Option<Database>,
    vault: Vault,
    verify: bool,
    /// The sequence number of the last op; 0 if there is none.
    last: u64,
    namespaces: BTreeMap<NamespaceId, NamespaceRow>,
    tally: Tally,
    /// The ids of the ops that the index of ids does not have yet.
    recent: RecentIds,
    /// An operation failed in a way after which only opening again helps.
    broken: bool,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("last_sequence", &self.last).field("needs_reopen", &self.broken).finish()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // A database that is damaged may panic as it is closed, too. What is committed is on disk already.
        let db = self.db.take();
        let _: Result<(), Fault> = guarded(|| {
            drop(db);
            Ok(())
        });
    }
}

impl Store {
    /// Closes the store in order, so that the next to open it has nothing to repair. Dropping does the same, silently.
    ///
    /// # Errors
    /// [`Fault`]; all that was committed is on disk all the same.
    pub fn close(mut self) -> Result<(), Fault> {
        let Some(db) = self.db.take() else { return Ok(()) };
        guarded(|| match db.close() {
            Ok(()) => Ok(()),
            Err(redb::DatabaseError::Storage(error)) => Err(error.into()),
            Err(other) => Err(Fault::damaged(other.to_string())),
        })
    }

    /// Whether an operation failed after which the store has to be opened again.
    pub const fn needs_reopen(&self) -> bool {
        self.broken
    }

    /// Makes the file as small as it can be. Blocks for as long as that takes; other processes cannot read meanwhile
    /// anyway.
    ///
    /// # Errors
    /// [`CompactError`].
    pub fn compact(&mut self) -> Result<(), CompactError> {
        let Some(db) = self.db.as_mut().filter(|_| !self.broken) else { return Err(Fault::NeedsReopen.into()) };
        let done = guarded(|| match db.compact() {
            Ok(_) => Ok(()),
            Err(redb::CompactionError::TransactionInProgress) => Err(CompactError::Busy),
            Err(redb::CompactionError::Storage(error)) => Err(CompactError::Fault(error.into())),
            Err(other) => Err(CompactError::Fault(Fault::damaged(other.to_string()))),
        });
        self.broken |= matches!(done, Err(CompactError::Fault(_)));
        done
    }

    fn with(db: Database, vault: Vault, options: &StoreOptions) -> Self {
        let verify = options.verify_on_open;
        let (namespaces, tally, recent) = (BTreeMap::new(), Tally::default(), RecentIds::default());
        Self { db: Some(db), vault, verify, last: 0, namespaces, tally, recent, broken: false }
    }

    fn vault(&self) -> &Vault {
        &self.vault
    }

    fn db(&self) -> Result<&Database, Fault> {
        self.db.as_ref().filter(|_| !self.broken).ok_or(Fault::NeedsReopen)
    }

    fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>) -> Result<T, Fault> {
        let db = self.db()?;
        guarded(|| work(&db.begin_read()?))
    }
}

/// The rows whose keys begin with `prefix`, ascending; from the first after `after` if that is given.
fn rows_from<'r>(
    table: &'r impl ReadableTable<Bytes, Bytes>,
    prefix: &[u8],
    after: Option<&[u8]>,
) -> Result<redb::Range<'r, Bytes, Bytes>, Fault> {
    let end = after_prefix(prefix);
    let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
    let to = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    Ok(table.range::<&[u8]>((from, to))?)
}

/// Removes all rows whose keys begin with `prefix`.
fn remove_prefix(table: &mut Table<'_, Bytes, Bytes>, prefix: &[u8]) -> Result<(), Fault> {
    let end = after_prefix(prefix);
    let to = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    table.retain_in::<&[u8], _>((Bound::Included(prefix), to), |_, _| false)?;
    Ok(())
}
