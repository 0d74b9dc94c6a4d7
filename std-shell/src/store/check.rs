//! The check of every index against the log, for those who trust nothing.

use super::Store;
use super::commit::namespace_of;
use super::error::Fault;
use super::schema::{IDS, INDEX, INDEX_NAME, LOGS, NONCE, OPS, id_key, join, log_key};
use super::seal::unseal;
use super::{op_row, rows_from};
use folkmoot_core::{NamespaceId, PublicKey};
use redb::ReadableTable;
use std::collections::BTreeMap;

/// The highest nonces of some signers, and how many ops each namespace has so far.
type Nonces = BTreeMap<(NamespaceId, PublicKey), u64>;

impl Store {
    /// Checks that every op is found by its id, has its place in its namespace's log, and that nonces are the highest.
    /// The tables have as many rows as there are ops (that is looked at when the file is opened), so they have no others.
    pub(crate) fn check_indexes(&self) -> Result<(), Fault> {
        self.read(|txn| {
            let (ops, ids, logs) = (txn.open_table(OPS)?, txn.open_table(IDS)?, txn.open_table(LOGS)?);
            let (mut nonces, mut counts) = (Nonces::new(), BTreeMap::<NamespaceId, u32>::new());
            for row in ops.iter()? {
                let (sequence, row) = row?;
                let sequence = sequence.value();
                let (id, wire) = op_row::decode(sequence, row.value())?;
                let op = op_row::decode_wire(sequence, wire)?;
                let namespace = namespace_of(&id, &op.signable);
                let count = counts.entry(namespace).or_default();
                *count = count.saturating_add(1);
                let place = self.namespaces.get(&namespace).map(|row| log_key(row.number, *count));
                let logged = place.map(|place| logs.get(place)).transpose()?.flatten().map(|logged| logged.value());
                if logged != Some(sequence) || ids.get(id_key(&id, sequence))?.is_none() {
                    return Err(Fault::damaged(format!("the indexes of op number {sequence}")));
                }
                let highest = nonces.entry((namespace, op.signable.signer)).or_default();
                *highest = op.signable.nonce.max(*highest);
            }
            check_nonces(&txn.open_table(INDEX)?, &nonces)
        })
    }
}

fn check_nonces(
    index: &impl ReadableTable<super::schema::Bytes, super::schema::Bytes>,
    nonces: &Nonces,
) -> Result<(), Fault> {
    let mut count = 0usize;
    for row in rows_from(index, &[NONCE], None)? {
        let _ = row?;
        count = count.saturating_add(1);
    }
    for ((namespace, signer), nonce) in nonces {
        let key = join(NONCE, &[&namespace.0, &signer.0]);
        let stored: Option<u64> = index.get(&key[..])?.map(|row| unseal(INDEX_NAME, &key, row.value())).transpose()?;
        if stored != Some(*nonce) {
            return Err(Fault::damaged("the nonces"));
        }
    }
    if count == nonces.len() { Ok(()) } else { Err(Fault::damaged("the nonces")) }
}
