//! Ops that others have not been told of yet. A row is written with its op, so nothing applied is ever left unpublished.

use super::commit::namespace_of;
use super::error::{CommitError, Fault};
use super::limits::MAX_PAGE_ROWS;
use super::schema::{OPS, OUTBOX};
use super::{Store, op_row};
use folkmoot_core::{NamespaceId, OpId};
use redb::{ReadableTable, ReadableTableMetadata};

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
            let (outbox, ops) = (txn.open_table(OUTBOX)?, txn.open_table(OPS)?);
            let mut out = Vec::new();
            for row in outbox.iter()?.take(limit.min(MAX_PAGE_ROWS)) {
                let sequence = row?.0.value();
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
        self.read(|txn| Ok(txn.open_table(OUTBOX)?.len()?))
    }

    /// Takes ops out of the outbox that have been published. If this is lost in a crash they are published again, which
    /// does no harm.
    ///
    /// # Errors
    /// [`CommitError`].
    pub fn outbox_done(&mut self, sequences: &[u64]) -> Result<(), CommitError> {
        self.transact(|txn, _| {
            let mut outbox = txn.open_table(OUTBOX)?;
            for sequence in sequences {
                outbox.remove(sequence)?;
            }
            Ok(())
        })
    }
}
