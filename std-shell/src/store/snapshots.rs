//! Snapshots of the engine, so that a restart replays the log's tail only.

use super::Store;
use super::effects::WriteError;
use super::error::{CommitError, Fault};
use super::limits::{KEPT_SNAPSHOTS, MAX_SNAPSHOT_BYTES, SNAPSHOT_PIECE_BYTES};
use super::schema::SNAPSHOTS;
use folkmoot_core::Engine;
use redb::ReadableTable;
use std::collections::BTreeSet;

impl Store {
    /// Stores a snapshot of the engine, which must be as it was after the last commit; all but the newest
    /// [`KEPT_SNAPSHOTS`] go. Costs time in proportion to all ops.
    ///
    /// # Errors
    /// [`CommitError`].
    pub fn save_snapshot(&mut self, engine: &mut Engine) -> Result<(), CommitError> {
        let agree = self.namespaces.iter().all(|(id, row)| {
            engine.counts(id).map(|counts| counts.ops as u64) == Some(u64::from(row.ops))
                && engine.digest(id) == Some(row.digest)
        });
        if !agree || engine.namespaces().count() != self.namespaces.len() {
            return Err(CommitError::DoesNotFollow("the engine has other ops".to_owned()));
        }
        let bytes = engine.snapshot();
        if bytes.len() as u64 > MAX_SNAPSHOT_BYTES {
            return Err(CommitError::TooLarge("the snapshot"));
        }
        let covers = self.last;
        self.transact(|txn, _| {
            let mut table = txn.open_table(SNAPSHOTS)?;
            table.retain_in((covers, 0)..=(covers, u32::MAX), |_, _| false)?;
            for (piece, bytes) in bytes.chunks(SNAPSHOT_PIECE_BYTES).enumerate() {
                let piece = u32::try_from(piece).map_err(|_| WriteError::TooLarge("the snapshot"))?;
                table.insert((covers, piece), bytes)?;
            }
            if let Some(oldest) = kept(&table)?.iter().rev().nth(KEPT_SNAPSHOTS.saturating_sub(1)) {
                table.retain_in(..(*oldest, 0), |_, _| false)?;
            }
            Ok(())
        })
    }

    /// The sequence numbers up to which there are snapshots, ascending.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn snapshots(&self) -> Result<Vec<u64>, Fault> {
        self.read(|txn| Ok(kept(&txn.open_table(SNAPSHOTS)?)?.into_iter().collect()))
    }

    /// The bytes of a snapshot.
    pub(crate) fn snapshot_bytes(&self, covers: u64) -> Result<Vec<u8>, Fault> {
        self.read(|txn| {
            let table = txn.open_table(SNAPSHOTS)?;
            let mut out = Vec::new();
            for (row, expected) in table.range((covers, 0)..=(covers, u32::MAX))?.zip(0u32..) {
                let (key, bytes) = row?;
                let piece = bytes.value();
                let size = (out.len() as u64).saturating_add(piece.len() as u64);
                if key.value().1 != expected || piece.len() > SNAPSHOT_PIECE_BYTES || size > MAX_SNAPSHOT_BYTES {
                    return Err(Fault::damaged("the pieces of a snapshot"));
                }
                out.extend_from_slice(piece);
            }
            Ok(out)
        })
    }
}

fn kept(table: &impl ReadableTable<(u64, u32), &'static [u8]>) -> Result<BTreeSet<u64>, Fault> {
    let mut out = BTreeSet::new();
    let mut from = Some(0);
    while let Some(start) = from
        && let Some(row) = table.range((start, 0)..)?.next()
    {
        let covers = row?.0.value().0;
        out.insert(covers);
        from = covers.checked_add(1);
    }
    Ok(out)
}
