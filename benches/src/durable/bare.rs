//! The database alone: the rows of a store, written again into a bare file.

use crate::Fallible;
use folkmoot::store::limits::MAX_RECENT_IDS;
use folkmoot_core::{EntryKey, GroupOp, SignedGroupOp};
use redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

type Bytes = &'static [u8];

const OPS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("ops");
const IDS: TableDefinition<'_, u128, ()> = TableDefinition::new("ids");
const INDEX: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("index");
const STATE: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("state");

/// The cache that a store has.
const CACHE_BYTES: usize = 64 << 20;

/// A new file with a cache as a store has it.
pub(super) fn create(path: &Path) -> Fallible<Database> {
    Ok(Builder::new().set_cache_size(CACHE_BYTES).create(path)?)
}

/// A transaction that is as durable and as quickly repaired as a store's.
pub(super) fn begin(db: &Database) -> Fallible<WriteTransaction> {
    let mut txn = db.begin_write()?;
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    Ok(txn)
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// What one transaction writes, each table in the order of its keys.
#[derive(Debug, Default)]
pub(super) struct Batch {
    ops: Vec<(u64, Vec<u8>)>,
    ids: Vec<u128>,
    index: Rows,
    state: Rows,
}

/// The rows of a closed store as so many ops in each transaction write them. A row that several write has the same value
/// in each.
pub(super) fn batches(path: &Path, each: usize) -> Fallible<Vec<Batch>> {
    let db = Database::open(path)?;
    let txn = db.begin_read()?;
    let mut batches: Vec<Batch> = Vec::new();
    let mut touched: Vec<BTreeSet<Vec<u8>>> = Vec::new();
    for row in txn.open_table(OPS)?.iter()? {
        let (sequence, row) = row?;
        let (sequence, row) = (sequence.value(), row.value());
        if usize::try_from(sequence - 1)?.is_multiple_of(each) {
            batches.push(Batch::default());
            touched.push(BTreeSet::new());
        }
        let (Some(batch), Some(touched)) = (batches.last_mut(), touched.last_mut()) else { return Err("no op".into()) };
        batch.ops.push((sequence, row.to_vec()));
        // What is around the op in its row: an id and a flag before it, a checksum behind it.
        let wire = row.get(33..row.len() - 8).ok_or("a row that is too short")?;
        touched.extend(entry(wire)?);
    }
    let written = ids_written_in(&batches);
    for row in txn.open_table(IDS)?.iter()? {
        let key = row?.0.value();
        let batch = (usize::try_from(key & u128::from(u64::MAX))? - 1) / each;
        batches[written[batch].ok_or("an id that the store would not have written")?].ids.push(key);
    }
    let state: BTreeMap<Vec<u8>, Vec<u8>> = rows(&txn.open_table(STATE)?)?.into_iter().collect();
    let index = rows(&txn.open_table(INDEX)?)?;
    for (batch, touched) in batches.iter_mut().zip(touched) {
        batch.index.clone_from(&index);
        batch.state.extend(
            touched.into_iter().filter_map(|key| state.get_key_value(&key)).map(|(k, v)| (k.clone(), v.clone())),
        );
    }
    Ok(batches)
}

/// In which transaction the store writes the ids of each one's ops, if it did: when it would have too many in memory.
fn ids_written_in(batches: &[Batch]) -> Vec<Option<usize>> {
    let (mut written, mut recent) = (vec![None; batches.len()], 0..0);
    let mut count = 0;
    for (number, batch) in batches.iter().enumerate() {
        recent.end = number + 1;
        count += batch.ops.len();
        if count > MAX_RECENT_IDS {
            written[recent.clone()].fill(Some(number));
            (recent, count) = (number + 1..number + 1, 0);
        }
    }
    written
}

fn rows(table: &impl ReadableTable<Bytes, Bytes>) -> Fallible<Rows> {
    table
        .iter()?
        .map(|row| row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).map_err(Into::into))
        .collect()
}

/// The key of the state row that an op of these scenarios writes.
fn entry(wire: &[u8]) -> Fallible<Option<Vec<u8>>> {
    let op = SignedGroupOp::decode(wire)?.signable;
    let (GroupOp::MemberAdded { member, .. } | GroupOp::MemberRoleSet { member, .. }) = op.op else { return Ok(None) };
    Ok(Some([&op.group_id.0[..], &EntryKey::Member(member).to_bytes()].concat()))
}

/// Writes them into a new file, one transaction each.
pub(super) fn write(path: &Path, batches: &[Batch]) -> Fallible<()> {
    let db = create(path)?;
    for batch in batches {
        let txn = begin(&db)?;
        {
            let (mut ops, mut ids) = (txn.open_table(OPS)?, txn.open_table(IDS)?);
            for (sequence, row) in &batch.ops {
                ops.insert(sequence, &row[..])?;
            }
            for id in &batch.ids {
                ids.insert(id, ())?;
            }
            let (mut index, mut state) = (txn.open_table(INDEX)?, txn.open_table(STATE)?);
            for (key, row) in &batch.index {
                index.insert(&key[..], &row[..])?;
            }
            for (key, row) in &batch.state {
                state.insert(&key[..], &row[..])?;
            }
        }
        txn.commit()?;
    }
    Ok(())
}

/// Adds as many random ids to a table of ids, in one transaction and in their order.
pub(super) fn insert_ids(db: &Database, numbers: Range<usize>) -> Fallible<()> {
    let id = |number: usize| {
        let hash: [u8; 32] = Sha256::digest(number.to_le_bytes()).into();
        let first = hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
        (u128::from(first) << 64) | number as u128
    };
    let mut ids: Vec<u128> = numbers.map(id).collect();
    ids.sort_unstable();
    let txn = begin(db)?;
    {
        let mut table = txn.open_table(IDS)?;
        for id in ids {
            table.insert(id, ())?;
        }
    }
    Ok(txn.commit()?)
}
