//! A hash over all that a store holds.

use super::Store;
use super::error::Fault;
use super::schema::{ASIDE, Bytes, FILE, IDS, INDEX, KEYS, LOCAL, OPS, SNAPSHOTS, STATE};
use folkmoot_core::Hash;
use redb::{ReadTransaction, ReadableTable, TableDefinition};
use sha2::{Digest, Sha256};

impl Store {
    /// A hash over every row of every table, secrets included: equal for a file and its copy, whatever their layout.
    /// Reads the whole store.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn fingerprint(&self) -> Result<Hash, Fault> {
        self.read(|txn| {
            let mut hash = Sha256::new();
            for table in [FILE, INDEX, STATE, LOCAL, KEYS] {
                add_rows(&mut hash, txn, table)?;
            }
            for row in txn.open_table(OPS)?.iter()? {
                let (sequence, value) = row?;
                add(&mut hash, &sequence.value().to_le_bytes(), value.value());
            }
            for row in txn.open_table(IDS)?.iter()? {
                add(&mut hash, &row?.0.value().to_le_bytes(), &[]);
            }
            for row in txn.open_table(SNAPSHOTS)?.iter()? {
                let (place, piece) = row?;
                let (covers, number) = place.value();
                add(&mut hash, &[covers, u64::from(number)].map(u64::to_le_bytes).concat(), piece.value());
            }
            // Only where somebody put something aside.
            match txn.open_table(ASIDE) {
                Err(redb::TableError::TableDoesNotExist(_)) => {}
                _ => add_rows(&mut hash, txn, ASIDE)?,
            }
            Ok(Hash(hash.finalize().into()))
        })
    }
}

fn add_rows(hash: &mut Sha256, txn: &ReadTransaction, table: TableDefinition<'_, Bytes, Bytes>) -> Result<(), Fault> {
    for row in txn.open_table(table)?.iter()? {
        let (key, value) = row?;
        add(hash, key.value(), value.value());
    }
    add(hash, b"end of table", &[]);
    Ok(())
}

fn add(hash: &mut Sha256, key: &[u8], value: &[u8]) {
    hash.update((key.len() as u64).to_le_bytes());
    hash.update(key);
    hash.update((value.len() as u64).to_le_bytes());
    hash.update(value);
}
