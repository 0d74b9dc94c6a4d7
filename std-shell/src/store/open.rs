//! Creating and opening.

use super::error::{Fault, OpenError};
use super::guard::{abandon, guarded};
use super::limits::{DEFAULT_CACHE_BYTES, DEFAULT_CHECK_PAGES_UP_TO};
use super::recent::RecentIds;
use super::runs::{last_run, unpublished};
use super::schema::{
    FILE, FILE_KEY, IDS, INDEX, INDEX_NAME, Index, KEYS, LOCAL, NAMESPACE, OPS, SNAPSHOTS, STATE, Tally,
};
use super::seal::unseal;
use super::{NamespaceRow, Store, file, header, rows_from};
use crate::keys::{Passphrase, Vault, VaultRow};
use folkmoot_core::NamespaceId;
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageBackend};
use std::collections::BTreeMap;
use std::path::Path;

/// How a store is created and opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Encrypts this node's secret keys. Chosen when the store is created, and given each time it is opened.
    pub passphrase: Option<Passphrase>,
    /// Trusts nothing: opening checks every page, and recovering replays the whole log and checks every id, signature and
    /// index, whatever snapshots there are.
    pub verify_on_open: bool,
    /// Opening checks every page of a file up to this size, in bytes; a larger one is opened at once, even after a crash.
    /// On a page that nobody checked, damage is an error when it is read, but for a page that is an older one of its own;
    /// and redb may panic twice, and so abort the process, as it writes to a file whose own tables are damaged. Whoever
    /// does not trust the disk below a larger file checks it.
    pub check_pages_up_to: u64,
    /// Memory for the file's pages, in bytes.
    pub cache_bytes: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            passphrase: None,
            verify_on_open: false,
            check_pages_up_to: DEFAULT_CHECK_PAGES_UP_TO,
            cache_bytes: DEFAULT_CACHE_BYTES,
        }
    }
}

impl StoreOptions {
    /// Opens the database on some storage; says whether it was empty.
    fn database(&self, backend: impl StorageBackend) -> Result<(Database, bool), OpenError> {
        let len = backend.len()?;
        let check = len > 0 && (self.verify_on_open || len <= self.check_pages_up_to);
        let mut builder = Database::builder();
        builder.set_cache_size(self.cache_bytes).set_check_integrity_on_open(check);
        Ok((builder.create_with_backend(backend)?, len == 0))
    }
}

impl Store {
    /// Creates a store: whole and durable when this returns, or not there at all.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::AlreadyExists`] if there is a file.
    pub fn create(path: impl AsRef<Path>, options: &StoreOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let backend = file::begin(path)?;
        let store = guarded(|| {
            let (db, _) = options.database(backend)?;
            Self::initialize(db, options)
        })?;
        file::finish(path)?;
        Ok(store)
    }

    /// Opens a store.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub fn open(path: impl AsRef<Path>, options: &StoreOptions) -> Result<Self, OpenError> {
        let backend = file::existing(path.as_ref())?;
        guarded(|| {
            let (db, _) = options.database(backend)?;
            Self::load(db, options)
        })
    }

    /// Opens a store, or creates it if there is none.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_or_create(path: impl AsRef<Path>, options: &StoreOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        match Self::open(path, options) {
            Err(OpenError::NotFound(_)) => match Self::create(path, options) {
                // Somebody else was faster.
                Err(OpenError::AlreadyExists(_)) => Self::open(path, options),
                created => created,
            },
            opened => opened,
        }
    }

    /// Opens a store on storage of the host's own, or creates it there if that is empty. Permissions and creation beside
    /// the name are then the host's to see to.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn on_backend(backend: impl StorageBackend, options: &StoreOptions) -> Result<Self, OpenError> {
        guarded(|| {
            let (db, empty) = options.database(backend)?;
            if empty { Self::initialize(db, options) } else { Self::load(db, options) }
        })
    }

    /// The first commit: all tables, and what the file is.
    fn initialize(db: Database, options: &StoreOptions) -> Result<Self, OpenError> {
        let (row, vault) = Vault::create(options.passphrase.as_ref())?;
        let store = Self::with(db, vault, options);
        let txn = store.begin()?;
        let tables = || -> Result<(), Fault> {
            txn.open_table(FILE)?.insert(FILE_KEY, &header::encode(&row)[..])?;
            txn.open_table(OPS)?;
            txn.open_table(IDS)?;
            txn.open_table(INDEX)?;
            txn.open_table(STATE)?;
            txn.open_table(LOCAL)?;
            txn.open_table(KEYS)?;
            txn.open_table(SNAPSHOTS)?;
            Ok(())
        };
        tables()?;
        txn.commit().map_err(Fault::from)?;
        Ok(store)
    }

    fn load(db: Database, options: &StoreOptions) -> Result<Self, OpenError> {
        match Stored::read(&db, options) {
            Ok(Stored { vault, last, namespaces, tally, recent }) => {
                let mut store = Self::with(db, vault, options);
                (store.last, store.namespaces, store.tally, store.recent) = (last, namespaces, tally, recent);
                Ok(store)
            }
            Err(error) => {
                if matches!(error, OpenError::Fault(_)) {
                    abandon(db);
                }
                Err(error)
            }
        }
    }
}

/// What a store has of its file in memory.
struct Stored {
    vault: Vault,
    last: u64,
    namespaces: BTreeMap<NamespaceId, NamespaceRow>,
    tally: Tally,
    recent: RecentIds,
}

impl Stored {
    fn read(db: &Database, options: &StoreOptions) -> Result<Self, OpenError> {
        let txn = db.begin_read().map_err(Fault::from)?;
        let vault = Vault::open(&file_row(&txn)?, options.passphrase.as_ref())?;
        let (namespaces, tally) = (namespace_rows(&txn)?, tally_row(&txn)?);
        let last = last_sequence(&txn, &namespaces, &tally)?;
        let recent = RecentIds::read(&txn, tally.indexed)?;
        Ok(Self { vault, last, namespaces, tally, recent })
    }
}

fn file_row(txn: &ReadTransaction) -> Result<VaultRow, OpenError> {
    let table = match txn.open_table(FILE) {
        Ok(table) => table,
        Err(redb::TableError::Storage(error)) => return Err(OpenError::Fault(error.into())),
        Err(_) => return Err(OpenError::NotFolkmoot("a database of something else")),
    };
    let row = table.get(FILE_KEY).map_err(Fault::from)?;
    row.map_or(Err(OpenError::NotFolkmoot("a database of something else")), |row| header::decode(row.value()))
}

fn namespace_rows(txn: &ReadTransaction) -> Result<BTreeMap<NamespaceId, NamespaceRow>, Fault> {
    let table = txn.open_table(INDEX)?;
    let mut out = BTreeMap::new();
    for row in rows_from(&table, &[NAMESPACE], None)? {
        let (key, value) = row?;
        let id = key.value().last_chunk().ok_or_else(|| Fault::damaged("the key of a namespace"))?;
        out.insert(NamespaceId(*id), unseal(INDEX_NAME, key.value(), value.value())?);
    }
    Ok(out)
}

fn tally_row(txn: &ReadTransaction) -> Result<Tally, Fault> {
    let key = Index::Tally.key();
    let row = txn.open_table(INDEX)?.get(&key[..])?;
    row.map_or(Ok(Tally::default()), |row| unseal(INDEX_NAME, &key, row.value()))
}

/// The last sequence number, as all who count ops have it.
fn last_sequence(
    txn: &ReadTransaction,
    namespaces: &BTreeMap<NamespaceId, NamespaceRow>,
    tally: &Tally,
) -> Result<u64, Fault> {
    let (ops, index) = (txn.open_table(OPS)?, txn.open_table(INDEX)?);
    let last = ops.last()?.map_or(0, |(sequence, _)| sequence.value());
    let counted = namespaces.values().fold(0u64, |sum, row| sum.saturating_add(u64::from(row.ops)));
    let home = namespaces.values().find(|row| row.number == tally.home);
    let logged = match (home, last_run(&index, tally.home)?) {
        (Some(home), Some(run)) => run.sequence_of(home.ops).unwrap_or(0),
        _ => 0,
    };
    let mut waiting = 0u64;
    for range in unpublished(&index, 0)? {
        let range = range?;
        waiting = waiting.saturating_add(range.end.saturating_sub(range.start));
    }
    let counts = (ops.len()?, counted, logged, txn.open_table(IDS)?.len()?, waiting);
    if counts == (last, last, last, tally.indexed, tally.unpublished) && tally.indexed <= last {
        Ok(last)
    } else {
        Err(Fault::damaged("its counts of ops differ"))
    }
}
