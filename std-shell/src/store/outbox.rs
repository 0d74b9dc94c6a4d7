//! Ops that others have not been told of yet. A row is written with its op, so nothing applied is ever left unpublished.

use super::commit::{namespace_of, put};
use super::error::{CommitError, Fault};
use super::limits::MAX_PAGE_ROWS;
use super::runs::{published, ranges, unpublished};
use super::schema::{INDEX, Index, OPS, Tally};
use super::{Store, op_row};
use folkmoot_core::{NamespaceId, OpId};

/// An op to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpublished {
    /// Its sequence number, which takes it out of the outbox.
    pub sequence: u64,
    /// The namespace to publish it in.
    pub namespace: NamespaceId,
    /// Its id.
    pub id: OpId,
    /// The op as it travels.
    pub bytes: Vec<u8>,
}

impl Store {
    /// What is to be published, the oldest first: up to `limit` and up to [`MAX_PAGE_ROWS`] ops.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn outbox(&self, limit: usize) -> Result<Vec<Unpublished>, Fault> {
        self.read(|txn| {
            let (index, ops) = (txn.open_table(INDEX)?, txn.open_table(OPS)?);
            let mut sequences = Vec::new();
            for range in unpublished(&index, 0)? {
                let room = limit.min(MAX_PAGE_ROWS).saturating_sub(sequences.len());
                if room == 0 {
                    break;
                }
                sequences.extend(range?.take(room));
            }
            let mut out = Vec::with_capacity(sequences.len());
            for sequence in sequences {
                let row = ops.get(sequence)?.ok_or_else(|| Fault::damaged("the outbox names no op"))?;
                let (id, bytes) = op_row::decode(sequence, row.value())?;
                let namespace = namespace_of(&id, &op_row::decode_wire(sequence, bytes)?.signable);
                out.push(Unpublished { sequence, namespace, id, bytes: bytes.to_vec() });
            }
            Ok(out)
        })
    }

    /// How many ops are to be published.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn outbox_len(&self) -> Result<u64, Fault> {
        self.db().map(|_| self.tally.unpublished)
    }

    /// Takes ops out of the outbox that have been published. If this is lost in a crash they are published again, which
    /// does no harm.
    ///
    /// # Errors
    /// [`CommitError`].
    pub fn outbox_done(&mut self, sequences: &[u64]) -> Result<(), CommitError> {
        let tally = self.transact(|txn, store| {
            let mut index = txn.open_table(INDEX)?;
            let mut done = 0u64;
            for range in ranges(sequences.to_vec()) {
                done = done.saturating_add(published(&mut index, range)?);
            }
            let unpublished = store.tally.unpublished.saturating_sub(done);
            let tally = Tally { unpublished, ..store.tally };
            if tally != store.tally {
                put(&mut index, &mut Vec::new(), &Index::Tally, &tally)?;
            }
            Ok(tally)
        })?;
        self.tally = tally;
        Ok(())
    }
}
