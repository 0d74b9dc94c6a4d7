//! The check of every index against the log, for those who trust nothing.

use super::Store;
use super::commit::namespace_of;
use super::error::Fault;
use super::schema::{Bytes, IDS, INDEX, INDEX_NAME, Index, NONCE, OPS, RUN, id_key, join};
use super::seal::unseal;
use super::{op_row, rows_from};
use borsh::BorshDeserialize;
use folkmoot_core::{NamespaceId, PublicKey};
use redb::ReadableTable;
use std::collections::BTreeMap;

/// The highest nonces of some signers, and how many ops each namespace has so far.
type Nonces = BTreeMap<(NamespaceId, PublicKey), u64>;

impl Store {
    /// Checks that every op is found by its id, has its place in its namespace's log, and that nonces are the highest.
    /// The index of ids has as many rows as it should (that is looked at when the file is opened), so it has no others.
    pub(crate) fn check_indexes(&self) -> Result<(), Fault> {
        self.read(|txn| {
            let (ops, ids, index) = (txn.open_table(OPS)?, txn.open_table(IDS)?, txn.open_table(INDEX)?);
            let (mut home, mut runs) = (None, 0usize);
            let (mut nonces, mut counts) = (Nonces::new(), BTreeMap::<NamespaceId, u32>::new());
            for row in ops.iter()? {
                let (sequence, row) = row?;
                let sequence = sequence.value();
                let (id, wire) = op_row::decode(sequence, row.value())?;
                let op = op_row::decode_wire(sequence, wire)?;
                let namespace = namespace_of(&id, &op.signable);
                let count = counts.entry(namespace).or_default();
                *count = count.saturating_add(1);
                let key = id_key(&id, sequence);
                let found =
                    if sequence > self.tally.indexed { self.recent.contains(key) } else { ids.get(key)?.is_some() };
                let mut logged = true;
                if home != Some(namespace) {
                    (home, runs) = (Some(namespace), runs.saturating_add(1));
                    let number = self.namespaces.get(&namespace).map_or(0, |row| row.number);
                    logged = row_of::<u64>(&index, &Index::Run(number, *count).key())? == Some(sequence);
                }
                if !found || !logged {
                    return Err(Fault::damaged(format!("the indexes of op number {sequence}")));
                }
                let highest = nonces.entry((namespace, op.signable.signer)).or_default();
                *highest = op.signable.nonce.max(*highest);
            }
            if count_rows(&index, RUN)? != runs {
                return Err(Fault::damaged("the logs have other runs"));
            }
            check_nonces(&index, &nonces)
        })
    }
}

fn row_of<T: BorshDeserialize>(index: &impl ReadableTable<Bytes, Bytes>, key: &[u8]) -> Result<Option<T>, Fault> {
    index.get(key)?.map(|row| unseal(INDEX_NAME, key, row.value())).transpose()
}

fn count_rows(index: &impl ReadableTable<Bytes, Bytes>, kind: u8) -> Result<usize, Fault> {
    let mut count = 0usize;
    for row in rows_from(index, &[kind], None)? {
        let _ = row?;
        count = count.saturating_add(1);
    }
    Ok(count)
}

fn check_nonces(index: &impl ReadableTable<Bytes, Bytes>, nonces: &Nonces) -> Result<(), Fault> {
    for ((namespace, signer), nonce) in nonces {
        if row_of(index, &join(NONCE, &[&namespace.0, &signer.0]))? != Some(*nonce) {
            return Err(Fault::damaged("the nonces"));
        }
    }
    if count_rows(index, NONCE)? == nonces.len() { Ok(()) } else { Err(Fault::damaged("the nonces")) }
}
