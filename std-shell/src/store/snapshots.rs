//! Snapshots of the engine, so that a restart replays the log's tail only.

use super::Store;
use super::commit::put;
use super::effects::WriteError;
use super::error::{CommitError, Fault};
use super::limits::{KEPT_SNAPSHOTS, MAX_SNAPSHOT_BYTES, SNAPSHOT_PIECE_BYTES, SNAPSHOT_PIECE_BYTES_WRITTEN};
use super::schema::{INDEX, Index, SNAPSHOTS, Tally};
use folkmoot_core::Engine;
use redb::ReadableTable;
use std::collections::BTreeSet;

impl Store {
    /// Stores a snapshot of the engine, which must be as it was after the last commit; all but the newest
    /// [`KEPT_SNAPSHOTS`] go. The ids of the ops come into the index of ids with it. Costs time in proportion to all ops.
    ///
    /// # Errors
    /// [`CommitError`].
    pub fn save_snapshot(&mut self, engine: &mut Engine) -> Result<(), CommitError> {
        self.db().map_err(CommitError::NotWritten)?;
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
        let tally = Tally { indexed: covers, ..self.tally };
        self.transact(|txn, store| {
            if tally != store.tally {
                store.recent.merge(txn, &[])?;
                put(&mut txn.open_table(INDEX)?, &mut Vec::new(), &Index::Tally, &tally)?;
            }
            let mut table = txn.open_table(SNAPSHOTS)?;
            table.retain_in((covers, 0)..=(covers, u32::MAX), |_, _| false)?;
            for (piece, bytes) in bytes.chunks(SNAPSHOT_PIECE_BYTES_WRITTEN).enumerate() {
                let piece = u32::try_from(piece).map_err(|_| WriteError::TooLarge("the snapshot"))?;
                table.insert((covers, piece), bytes)?;
            }
            if let Some(oldest) = kept(&table)?.iter().rev().nth(KEPT_SNAPSHOTS.saturating_sub(1)) {
                table.retain_in(..(*oldest, 0), |_, _| false)?;
            }
            Ok(())
        })?;
        self.tally = tally;
        self.recent.clear();
        Ok(())
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
            let mut pieces = Pieces::with_most(MAX_SNAPSHOT_BYTES);
            let last = table.range((covers, 0)..=(covers, u32::MAX))?.next_back().transpose()?;
            let count = last.map_or(0, |(key, _)| u64::from(key.value().1).saturating_add(1));
            pieces.make_room(count);
            for row in table.range((covers, 0)..=(covers, u32::MAX))? {
                let (key, piece) = row?;
                pieces.take(key.value().1, piece.value())?;
            }
            Ok(pieces.bytes)
        })
    }
}

/// A snapshot that is put together.
struct Pieces {
    bytes: Vec<u8>,
    next: u32,
    most: u64,
}

impl Pieces {
    const fn with_most(most: u64) -> Self {
        Self { bytes: Vec::new(), next: 0, most }
    }

    /// For so many pieces, if they are not more than there may be.
    fn make_room(&mut self, count: u64) {
        let bytes = count.saturating_mul(SNAPSHOT_PIECE_BYTES as u64).min(self.most);
        // Without the room at once, it is made piece by piece.
        let _ = self.bytes.try_reserve(usize::try_from(bytes).unwrap_or(0));
    }

    fn take(&mut self, number: u32, piece: &[u8]) -> Result<(), Fault> {
        let size = (self.bytes.len() as u64).saturating_add(piece.len() as u64);
        if number != self.next || piece.len() > SNAPSHOT_PIECE_BYTES || size > self.most {
            return Err(Fault::damaged("the pieces of a snapshot"));
        }
        self.next = self.next.saturating_add(1);
        self.bytes.extend_from_slice(piece);
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use redb::backends::InMemoryBackend;
    use redb::{Database, ReadableTableMetadata};

    #[test]
    fn pieces_come_in_order_and_up_to_their_bounds() {
        let piece = vec![7; SNAPSHOT_PIECE_BYTES];
        let most = 2 * SNAPSHOT_PIECE_BYTES as u64;
        let mut pieces = Pieces::with_most(most);
        pieces.take(0, &piece).expect("the longest piece");
        pieces.take(1, &piece).expect("the longest snapshot");
        assert!(pieces.take(2, &[7]).is_err(), "one byte past the longest snapshot");
        assert!(Pieces::with_most(most).take(0, &vec![7; SNAPSHOT_PIECE_BYTES + 1]).is_err(), "past the longest piece");
        assert!(Pieces::with_most(most).take(1, &piece).is_err(), "the first is not there");
    }

    #[test]
    fn a_piece_as_it_is_written_fills_its_page() {
        let db = Database::builder().create_with_backend(InMemoryBackend::new()).expect("in memory");
        let txn = db.begin_write().expect("begun");
        let mut table = txn.open_table(SNAPSHOTS).expect("opened");
        let piece = vec![7; SNAPSHOT_PIECE_BYTES_WRITTEN];
        for number in 0..8 {
            table.insert((1, number), &piece[..]).expect("inserted");
        }
        let stats = table.stats().expect("counted");
        let (stored, wasted) = (stats.stored_bytes(), stats.fragmented_bytes());
        assert!(wasted < stored / 20, "{wasted} bytes beside {stored}");
    }
}
