//! redb by itself, under a workload of the store's kind: what the positive control runs with an old redb, too.

use crate::disk::{Disk, Event};
use crate::enumerate::{Counts, Effort, crashes};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::panic::{AssertUnwindSafe, catch_unwind};

const OPS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("ops");
const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

fn op(number: u64) -> Vec<u8> {
    let len = usize::try_from(150 + number * 37 % 250).expect("small");
    number.to_le_bytes().into_iter().cycle().take(len).collect()
}

fn append(db: &Database, ops: std::ops::Range<u64>) {
    let mut txn = db.begin_write().expect("a transaction");
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    {
        let (mut table, mut rows) = (txn.open_table(OPS).expect("ops"), txn.open_table(ROWS).expect("rows"));
        for number in ops {
            table.insert(number, &op(number)[..]).expect("inserted");
            let key = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            rows.insert(&key[..], &number.to_le_bytes()[..]).expect("inserted");
        }
    }
    txn.commit().expect("committed");
}

/// Records the workload: how many ops there are after each commit, and what was done to the disk.
fn record() -> (Vec<u64>, Vec<Event>) {
    let disk = Disk::recording(Vec::new());
    let mut db = Database::builder().set_cache_size(1 << 20).create_with_backend(disk.clone()).expect("created");
    let mut states = vec![0u64];
    append(&db, 0..0);
    disk.note(Event::Acknowledged(0));
    for batch in [1u64, 1, 1, 20, 1, 400, 1, 2, 3_000, 1, 1, 40, 1, 1_500, 1] {
        let from = states.last().copied().unwrap_or(0);
        disk.note(Event::Begun(states.len()));
        append(&db, from..from + batch);
        disk.note(Event::Acknowledged(states.len()));
        states.push(from + batch);
    }
    db.compact().expect("compacted");
    (states, disk.events())
}

/// What a crashed image holds: how many ops, without a gap and unchanged.
fn read(image: &[u8]) -> Result<u64, String> {
    let opened = catch_unwind(AssertUnwindSafe(|| -> Result<u64, redb::Error> {
        let disk = Disk::holding(image.to_vec());
        let db = Database::builder().set_cache_size(1 << 20).create_with_backend(disk)?;
        let txn = db.begin_read()?;
        let (ops, rows) = (txn.open_table(OPS)?, txn.open_table(ROWS)?);
        let mut count = 0;
        for row in ops.iter()? {
            let (number, bytes) = row?;
            if number.value() != count || bytes.value() != op(count) {
                return Err(redb::Error::Corrupted(format!("op {count} is another")));
            }
            count += 1;
        }
        if rows.iter()?.count() as u64 == count { Ok(count) } else { Err(redb::Error::Corrupted("rows".to_owned())) }
    }));
    let panicked = |payload: Box<dyn std::any::Any + Send>| {
        format!("redb panicked: {}", payload.downcast_ref::<&str>().copied().unwrap_or("with a message of its own"))
    };
    opened.map_err(panicked)?.map_err(|error| error.to_string())
}

/// Crashes redb everywhere; the first state that is not what was acknowledged, or in flight, is an error.
pub(crate) fn crash_redb(effort: Effort) -> Result<Counts, String> {
    let (states, events) = record();
    crashes(&[], &events, effort, 1, &mut |crash| {
        // Before the first commit there is nothing to keep.
        let Some(acknowledged) = crash.acknowledged else { return Ok(()) };
        let found = read(crash.image)?;
        let allowed = &states[acknowledged..=crash.begun.unwrap_or(0).max(acknowledged)];
        if allowed.contains(&found) { Ok(()) } else { Err(format!("{found} ops, {allowed:?} may be there")) }
    })
}
