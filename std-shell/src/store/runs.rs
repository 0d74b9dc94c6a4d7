//! Numbers that follow each other, in one row together: the logs of namespaces, and the outbox.

use super::error::Fault;
use super::rows_from;
use super::schema::{Bytes, INDEX_NAME, Index, UNPUBLISHED, last_number, run_prefix};
use super::seal::{seal, unseal};
use redb::{ReadableTable, Table};
use std::ops::Range;

/// Some ops of a namespace that follow each other in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// The number of the first, in the namespace.
    pub(crate) first: u32,
    /// Its sequence number.
    pub(crate) sequence: u64,
}

impl Run {
    fn read(key: &[u8], row: &[u8]) -> Result<Self, Fault> {
        let first = last_number(key).map(u32::from_be_bytes).ok_or_else(|| Fault::damaged("the key of a run"))?;
        Ok(Self { first, sequence: unseal(INDEX_NAME, key, row)? })
    }

    /// The sequence number of the op of this number in the namespace, if the run goes on up to it.
    pub(crate) fn sequence_of(&self, number: u32) -> Option<u64> {
        self.sequence.checked_add(u64::from(number.checked_sub(self.first)?))
    }
}

/// The runs of a namespace that have ops from this number on, ascending.
pub(crate) fn runs(
    index: &impl ReadableTable<Bytes, Bytes>,
    namespace: u32,
    from: u32,
) -> Result<impl Iterator<Item = Result<Run, Fault>>, Fault> {
    let (begin, end) = (Index::Run(namespace, 0).key(), Index::Run(namespace, u32::MAX).key());
    let before = index.range::<&[u8]>(&begin[..]..=&Index::Run(namespace, from).key()[..])?.next_back().transpose()?;
    let start = before.map_or(begin, |(key, _)| key.value().to_vec());
    let rows = index.range::<&[u8]>(&start[..]..=&end[..])?;
    Ok(rows.map(|row| {
        let (key, row) = row?;
        Run::read(key.value(), row.value())
    }))
}

/// The last run of a namespace.
pub(crate) fn last_run(index: &impl ReadableTable<Bytes, Bytes>, namespace: u32) -> Result<Option<Run>, Fault> {
    let row = rows_from(index, &run_prefix(namespace), None)?.next_back().transpose()?;
    row.map(|(key, row)| Run::read(key.value(), row.value())).transpose()
}

/// What is to be published, ascending, from the range on that has this sequence number or is the first after it.
pub(crate) fn unpublished(
    index: &impl ReadableTable<Bytes, Bytes>,
    from: u64,
) -> Result<impl Iterator<Item = Result<Range<u64>, Fault>>, Fault> {
    let (begin, end) = (Index::Unpublished(0).key(), Index::Unpublished(u64::MAX).key());
    let at = Index::Unpublished(from).key();
    let before = index.range::<&[u8]>(&begin[..]..=&at[..])?.next_back().transpose()?;
    let start = before.map_or(begin, |(key, _)| key.value().to_vec());
    Ok(index.range::<&[u8]>(&start[..]..=&end[..])?.map(|row| {
        let (key, row) = row?;
        range(key.value(), row.value())
    }))
}

/// Adds sequence numbers that are higher than all that are there.
pub(crate) fn publish(index: &mut Table<'_, Bytes, Bytes>, new: Range<u64>) -> Result<(), Fault> {
    let last = rows_from(index, &[UNPUBLISHED], None)?.next_back().transpose()?;
    let last = last.map(|(key, row)| range(key.value(), row.value())).transpose()?;
    let first = last.filter(|last| last.end == new.start).map_or(new.start, |last| last.start);
    put(index, first..new.end)
}

/// Takes sequence numbers out, as far as they are there: how many were.
pub(crate) fn published(index: &mut Table<'_, Bytes, Bytes>, done: Range<u64>) -> Result<u64, Fault> {
    let overlap = |range: &Range<u64>| range.start < done.end && done.start < range.end;
    let mut found = Vec::new();
    for range in unpublished(index, done.start)? {
        let range = range?;
        if range.start >= done.end {
            break;
        }
        found.extend(Some(range).filter(overlap));
    }
    let mut count = 0u64;
    for range in found {
        index.remove(&Index::Unpublished(range.start).key()[..])?;
        let taken = range.start.max(done.start)..range.end.min(done.end);
        count = count.saturating_add(taken.end.saturating_sub(taken.start));
        for rest in [range.start..taken.start, taken.end..range.end] {
            if !rest.is_empty() {
                put(index, rest)?;
            }
        }
    }
    Ok(count)
}

fn put(index: &mut Table<'_, Bytes, Bytes>, range: Range<u64>) -> Result<(), Fault> {
    let (key, mut row) = (Index::Unpublished(range.start).key(), Vec::new());
    seal(&mut row, INDEX_NAME, &key, &range.end);
    index.insert(&key[..], &row[..])?;
    Ok(())
}

fn range(key: &[u8], row: &[u8]) -> Result<Range<u64>, Fault> {
    let damaged = || Fault::damaged("a row of the outbox");
    let first = last_number(key).map(u64::from_be_bytes).ok_or_else(damaged)?;
    let end: u64 = unseal(INDEX_NAME, key, row)?;
    if first < end { Ok(first..end) } else { Err(damaged()) }
}

/// Numbers as ranges of those that follow each other, ascending, each of them once.
pub(crate) fn ranges(mut numbers: Vec<u64>) -> Vec<Range<u64>> {
    numbers.sort_unstable();
    numbers.dedup();
    let mut out: Vec<Range<u64>> = Vec::new();
    for number in numbers {
        match out.last_mut() {
            Some(last) if last.end == number => last.end = number.saturating_add(1),
            _ => out.push(number..number.saturating_add(1)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::INDEX;
    use redb::backends::InMemoryBackend;
    use redb::{Database, WriteTransaction};
    use std::collections::BTreeSet;

    fn transaction() -> WriteTransaction {
        let db = Database::builder().create_with_backend(InMemoryBackend::new()).expect("created");
        db.begin_write().expect("a transaction")
    }

    #[test]
    fn the_outbox_is_a_set_of_numbers_whatever_comes_and_goes() {
        let txn = transaction();
        let mut index = txn.open_table(INDEX).expect("a table");
        index.insert(&[UNPUBLISHED - 1, 255][..], &[][..]).expect("a neighbour");
        index.insert(&[UNPUBLISHED + 1][..], &[][..]).expect("a neighbour");
        let mut rng = fastrand::Rng::with_seed(7);
        let (mut model, mut next) = (BTreeSet::new(), 1u64);
        for step in 0..2_000 {
            if rng.bool() {
                next += rng.u64(0..3);
                let new = next..next + rng.u64(1..6);
                publish(&mut index, new.clone()).expect("written");
                next = new.end;
                model.extend(new);
            } else {
                let first = rng.u64(next.saturating_sub(40)..next + 2);
                let done = first..first + rng.u64(1..12);
                let there = done.clone().filter(|number| model.remove(number)).count();
                assert_eq!(published(&mut index, done).expect("written"), there as u64);
            }
            let all: Vec<Range<u64>> =
                unpublished(&index, 0).expect("read").map(|range| range.expect("sound")).collect();
            assert!(all.iter().cloned().flatten().eq(model.iter().copied()), "step {step}");
            let from = rng.u64(0..next + 2);
            let rest = unpublished(&index, from).expect("read").flat_map(|range| range.expect("sound"));
            assert!(rest.filter(|number| *number >= from).eq(model.range(from..).copied()), "step {step}");
        }
        assert!(model.len() > 20, "{}", model.len());
        assert_eq!(index.iter().expect("read").count(), 2 + unpublished(&index, 0).expect("read").count());
    }

    #[test]
    fn numbers_that_follow_each_other_are_one_range() {
        assert_eq!(ranges(vec![9, 3, 2, 2, 4, 7, 8]), [2..5, 7..10]);
        assert_eq!(ranges(Vec::new()), []);
    }

    #[test]
    fn an_op_is_found_in_the_run_that_has_it_and_in_no_other_namespace() {
        let txn = transaction();
        let mut index = txn.open_table(INDEX).expect("a table");
        for (namespace, first, sequence) in [(1, 1, 1u64), (1, 4, 9), (2, 1, 4), (2, 6, 20)] {
            let (key, mut row) = (Index::Run(namespace, first).key(), Vec::new());
            seal(&mut row, INDEX_NAME, &key, &sequence);
            index.insert(&key[..], &row[..]).expect("written");
        }
        let of = |namespace, from| -> Vec<(u32, u64)> {
            let runs = runs(&index, namespace, from).expect("read").map(|run| run.expect("sound"));
            runs.map(|run| (run.first, run.sequence)).collect()
        };
        assert_eq!(of(1, 1), [(1, 1), (4, 9)]);
        assert_eq!(of(1, 3), [(1, 1), (4, 9)]);
        assert_eq!(of(1, 4), [(4, 9)]);
        assert_eq!(of(2, u32::MAX), [(6, 20)]);
        assert_eq!(of(3, 1), []);
        assert_eq!(last_run(&index, 1).expect("read"), Some(Run { first: 4, sequence: 9 }));
        assert_eq!(last_run(&index, 3).expect("read"), None);
        assert_eq!(Run { first: 4, sequence: 9 }.sequence_of(6), Some(11));
        assert_eq!(Run { first: 4, sequence: 9 }.sequence_of(3), None);
    }
}
