//! Questions about ops: their bytes, pages of a namespace's log, heads, nonces.

use super::error::Fault;
use super::limits::MAX_PAGE_ROWS;
use super::recent::{places, sequence};
use super::runs::runs;
use super::schema::{HEAD, IDS, INDEX, INDEX_NAME, Index, OPS, join};
use super::seal::unseal;
use super::{Store, op_row, rows_from};
use folkmoot_core::limits::MAX_SYNC_PAGE_BYTES;
use folkmoot_core::{Hash, NamespaceId, OpId, PublicKey};
use redb::ReadTransaction;

/// An op in a namespace's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOp {
    /// Its number in the namespace, from 1, in the order of arrival at this node.
    pub number: u64,
    /// Its number in the store, from 1.
    pub sequence: u64,
    /// Its id.
    pub id: OpId,
    /// The op as it travels.
    pub bytes: Vec<u8>,
}

/// Some ops of a namespace's log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpPage {
    /// The ops, in the order of arrival.
    pub ops: Vec<LoggedOp>,
    /// What to ask after for the next page; `None` if this was the last.
    pub next: Option<u64>,
}

impl Store {
    /// The sequence number of the last op; 0 if there is none. Numbers begin with 1 and leave none out.
    pub const fn last_sequence(&self) -> u64 {
        self.last
    }

    /// The namespaces that ops are stored of, ascending.
    pub fn namespaces(&self) -> impl Iterator<Item = NamespaceId> + '_ {
        self.namespaces.keys().copied()
    }

    /// The digest that a namespace's ops came to when the last of them was committed.
    pub fn digest(&self, namespace: &NamespaceId) -> Option<Hash> {
        self.namespaces.get(namespace).map(|row| row.digest)
    }

    /// How many ops of a namespace are stored.
    pub fn op_count(&self, namespace: &NamespaceId) -> u64 {
        self.namespaces.get(namespace).map_or(0, |row| u64::from(row.ops))
    }

    /// The ops of a namespace without children, ascending.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn heads(&self, namespace: &NamespaceId) -> Result<Vec<OpId>, Fault> {
        self.read(|txn| {
            let table = txn.open_table(INDEX)?;
            let mut out = Vec::new();
            for row in rows_from(&table, &join(HEAD, &[&namespace.0]), None)? {
                let (key, value) = row?;
                unseal::<()>(INDEX_NAME, key.value(), value.value())?;
                let id = key.value().last_chunk().ok_or_else(|| Fault::damaged("the key of a head"))?;
                out.push(OpId(*id));
            }
            Ok(out)
        })
    }

    /// The highest nonce of a signer in a namespace; 0 if there is none.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn nonce(&self, namespace: &NamespaceId, signer: &PublicKey) -> Result<u64, Fault> {
        let key = Index::Nonce(*namespace, *signer).key();
        self.read(|txn| match txn.open_table(INDEX)?.get(&key[..])? {
            Some(row) => unseal(INDEX_NAME, &key, row.value()),
            None => Ok(0),
        })
    }

    /// The bytes of an op, as it travels.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn op_bytes(&self, id: &OpId) -> Result<Option<Vec<u8>>, Fault> {
        self.read(|txn| Ok(self.find(txn, id)?.map(|(_, bytes)| bytes)))
    }

    /// The sequence number of an op.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn sequence_of(&self, id: &OpId) -> Result<Option<u64>, Fault> {
        self.read(|txn| Ok(self.find(txn, id)?.map(|(sequence, _)| sequence)))
    }

    /// The bytes of some ops in their order, up to the first that is not here: what `sync::Page::fill` takes.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn ops_bytes(&self, ids: &[OpId]) -> Result<Vec<Vec<u8>>, Fault> {
        self.read(|txn| {
            let mut out = Vec::with_capacity(ids.len());
            for id in ids {
                let Some((_, bytes)) = self.find(txn, id)? else { break };
                out.push(bytes);
            }
            Ok(out)
        })
    }

    /// Some ops of a namespace's log: those after number `after` (0: from the first), at most `limit` and at most
    /// [`MAX_PAGE_ROWS`] of them, of at most [`MAX_SYNC_PAGE_BYTES`] together.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn ops_page(&self, namespace: &NamespaceId, after: u64, limit: usize) -> Result<OpPage, Fault> {
        let Some(row) = self.namespaces.get(namespace) else { return Ok(OpPage::default()) };
        let Some(first) = u32::try_from(after).ok().and_then(|after| after.checked_add(1)) else {
            return Ok(OpPage::default());
        };
        self.read(|txn| {
            let (index, ops) = (txn.open_table(INDEX)?, txn.open_table(OPS)?);
            let (mut page, mut size) = (OpPage::default(), 0usize);
            let mut runs = runs(&index, row.number, first)?.peekable();
            let mut run = runs.next().transpose()?;
            for number in first..=row.ops {
                // What cannot be read is an error now.
                if runs.peek().is_some_and(|next| next.as_ref().map_or(true, |next| next.first <= number)) {
                    run = runs.next().transpose()?;
                }
                let sequence = run.and_then(|run| run.sequence_of(number));
                let sequence = sequence.ok_or_else(|| Fault::damaged("a log names no op"))?;
                let row = ops.get(sequence)?.ok_or_else(|| Fault::damaged("a log names no op"))?;
                let (id, bytes) = op_row::decode(sequence, row.value())?;
                size = size.saturating_add(bytes.len());
                if page.ops.len() >= limit.clamp(1, MAX_PAGE_ROWS) || size > MAX_SYNC_PAGE_BYTES {
                    page.next = page.ops.last().map(|op| op.number);
                    break;
                }
                page.ops.push(LoggedOp { number: u64::from(number), sequence, id, bytes: bytes.to_vec() });
            }
            Ok(page)
        })
    }

    /// An op's sequence number and bytes.
    fn find(&self, txn: &ReadTransaction, id: &OpId) -> Result<Option<(u64, Vec<u8>)>, Fault> {
        let (ids, ops) = (txn.open_table(IDS)?, txn.open_table(OPS)?);
        let indexed = ids.range(places(id))?.map(|row| row.map(|(key, _)| sequence(key.value())));
        for sequence in self.recent.find(id).map(Ok).chain(indexed) {
            let sequence = sequence?;
            let row = ops.get(sequence)?.ok_or_else(|| Fault::damaged("an index names no op"))?;
            let (found, bytes) = op_row::decode(sequence, row.value())?;
            if found == *id {
                return Ok(Some((sequence, bytes.to_vec())));
            }
        }
        Ok(None)
    }
}
