//! Ops that have no place in the log yet, or never will: those that wait for parents, and those that were refused lately.
//!
//! A node forgets them at a restart, and has its peers send what it misses again. Who has no peers to ask, but files that
//! come one after the other, puts them aside.

use super::Store;
use super::error::{CommitError, Fault};
use super::schema::ASIDE;
use folkmoot_core::{OpId, SignedGroupOp, VerifiedOp};
use redb::ReadableTable;
use std::collections::{BTreeMap, BTreeSet};

impl Store {
    /// Has just these ops lie aside, those that lay there before and are not among them forgotten. Writes only what
    /// differs.
    ///
    /// # Errors
    /// [`CommitError`].
    pub fn set_aside(&mut self, ops: &BTreeMap<OpId, Vec<u8>>) -> Result<(), CommitError> {
        let before: BTreeSet<OpId> = self.aside_ids().map_err(CommitError::NotWritten)?;
        if before.iter().eq(ops.keys()) {
            return Ok(());
        }
        self.transact(|txn, _| {
            let mut table = txn.open_table(ASIDE)?;
            for gone in before.iter().filter(|id| !ops.contains_key(id)) {
                table.remove(&gone.0[..])?;
            }
            for (id, bytes) in ops.iter().filter(|(id, _)| !before.contains(id)) {
                table.insert(&id.0[..], &bytes[..])?;
            }
            Ok(())
        })
    }

    /// The ops that lie aside, each checked against its id and its signature, ascending by id.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn aside(&self) -> Result<Vec<VerifiedOp>, Fault> {
        let damaged = || Fault::damaged("an op that lies aside");
        self.read(|txn| {
            let table = match txn.open_table(ASIDE) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                table => table?,
            };
            let mut out = Vec::new();
            for row in table.iter()? {
                let (key, value) = row?;
                let op =
                    SignedGroupOp::decode(value.value()).map_err(|_| damaged())?.verify().map_err(|_| damaged())?;
                if op.id().0[..] != *key.value() {
                    return Err(damaged());
                }
                out.push(op);
            }
            Ok(out)
        })
    }

    fn aside_ids(&self) -> Result<BTreeSet<OpId>, Fault> {
        self.read(|txn| {
            let table = match txn.open_table(ASIDE) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(BTreeSet::new()),
                table => table?,
            };
            let id = |key: &[u8]| key.try_into().map(OpId).map_err(|_| Fault::damaged("an op that lies aside"));
            table.iter()?.map(|row| id(row?.0.value())).collect()
        })
    }
}
