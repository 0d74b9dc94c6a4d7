//! The ids of the newest ops, in memory.
//!
//! An id is a random key, so in a large index of ids nearly each of them is in a page of its own, which a commit would
//! write anew. So ids come to the index many at a time: with a snapshot, or when there are [`MAX_RECENT_IDS`] of them.
//! Nothing is lost with the process, for an op's row begins with its id.

use super::error::Fault;
use super::limits::MAX_RECENT_IDS;
use super::op_row;
use super::schema::{IDS, OPS, id_key};
use folkmoot_core::OpId;
use redb::{ReadTransaction, WriteTransaction};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// So many keys are taken in all at once; fewer are cheaper one by one.
const MANY_KEYS: usize = MAX_RECENT_IDS / 16;

/// Keys of table `ids` that are not in it yet.
#[derive(Debug, Default)]
pub(crate) struct RecentIds(BTreeSet<u128>);

impl RecentIds {
    /// The ids of the ops after this sequence number.
    pub(crate) fn read(txn: &ReadTransaction, indexed: u64) -> Result<Self, Fault> {
        let ops = txn.open_table(OPS)?;
        let mut keys = Vec::new();
        for row in ops.range(indexed.saturating_add(1)..)? {
            let (sequence, row) = row?;
            keys.push(id_key(&op_row::id(sequence.value(), row.value())?, sequence.value()));
        }
        Ok(Self(keys.into_iter().collect()))
    }

    /// Whether so many more are too many to be kept in memory.
    pub(crate) fn is_full_with(&self, more: usize) -> bool {
        self.0.len().saturating_add(more) > MAX_RECENT_IDS
    }

    pub(crate) fn contains(&self, key: u128) -> bool {
        self.0.contains(&key)
    }

    /// The sequence numbers of ops that may have this id, the lowest first.
    pub(crate) fn find(&self, id: &OpId) -> impl Iterator<Item = u64> + '_ {
        self.0.range(places(id)).map(|key| sequence(*key))
    }

    /// Writes all of them to the index, and these, which are ascending.
    pub(crate) fn merge(&self, txn: &WriteTransaction, with: &[u128]) -> Result<(), Fault> {
        let mut keys: Vec<u128> = self.0.iter().chain(with).copied().collect();
        // In their order, so that each page is visited once. A stable sort takes two ascending runs as what they are.
        keys.sort();
        let mut ids = txn.open_table(IDS)?;
        for key in keys {
            ids.insert(key, ())?;
        }
        Ok(())
    }

    /// Takes in keys that are ascending.
    pub(crate) fn extend(&mut self, keys: Vec<u128>) {
        if keys.len() < MANY_KEYS {
            self.0.extend(keys);
        } else {
            // The whole is made anew from two ascending rows, which is dearer than a few insertions and far cheaper than
            // many.
            self.0.append(&mut keys.into_iter().collect());
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Where ops may be that have this id.
pub(crate) fn places(id: &OpId) -> RangeInclusive<u128> {
    id_key(id, 0)..=id_key(id, u64::MAX)
}

/// The sequence number in a key of table `ids`.
pub(crate) fn sequence(key: u128) -> u64 {
    u64::try_from(key & u128::from(u64::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_keys_come_in_as_few_do() {
        let keys =
            |from: u128, step: usize, count: usize| -> Vec<u128> { (from..).step_by(step).take(count).collect() };
        for count in [MANY_KEYS - 1, MANY_KEYS, MANY_KEYS + 1] {
            let mut recent = RecentIds::default();
            recent.extend(keys(7, 3, 100));
            recent.extend(keys(8, 2, count));
            let all: BTreeSet<u128> = keys(7, 3, 100).into_iter().chain(keys(8, 2, count)).collect();
            assert_eq!(recent.0, all, "{count}");
        }
    }
}
