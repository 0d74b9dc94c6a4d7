//! The engine, from disk.
//!
//! 1. The newest snapshot that is sound, if any: what waited in it is forgotten, for it was never in the log.
//! 2. The log after it, in order; each op's id is checked against its bytes, and its row's checksum covers the rest. Its
//!    signature was verified before the row was written, and is verified again only for those who trust nothing.
//! 3. Digest, number of ops, heads and state rows, compared with what is stored. If they differ, from an older snapshot;
//!    at last from the log alone.

use super::error::{Fault, RecoverError};
use super::limits::REPLAY_BATCH_OPS;
use super::schema::OPS;
use super::{Store, op_row};
use crate::verify::{ahead, verify_here};
use folkmoot_core::{Engine, GroupId, GroupView, OpId, PendingLimits, Status, VerifiedOp};
use std::collections::{BTreeMap, BTreeSet};
use std::thread::ScopedJoinHandle;

/// An engine that was brought back.
#[derive(Debug)]
pub struct Recovered {
    /// The engine.
    pub engine: Engine,
    /// Up to which sequence number a snapshot was used; `None` if the log alone was.
    pub from_snapshot: Option<u64>,
    /// How many ops of the log were applied.
    pub replayed: u64,
}

/// What is stored of the state.
struct StoredState {
    groups: BTreeMap<GroupId, GroupView>,
    /// Groups that have contexts which are said to be in others.
    misplaced: BTreeSet<GroupId>,
}

/// What is stored of the state, while somebody reads it; `None` if nobody does.
struct Reading<'s>(Option<ScopedJoinHandle<'s, Result<StoredState, Fault>>>);

/// Nothing may wait: used to strip what did.
const NOTHING_WAITS: PendingLimits = PendingLimits {
    signer_ops: 0,
    signer_bytes: 0,
    namespace_ops: 0,
    namespace_bytes: 0,
    total_ops: 0,
    total_bytes: 0,
};

impl Store {
    /// Brings the engine back: all that was committed, and nothing else.
    ///
    /// # Errors
    /// [`RecoverError`].
    pub fn recover(&self, limits: PendingLimits) -> Result<Recovered, RecoverError> {
        self.with_reading(|reading| self.recover_beside(limits, reading))
    }

    /// Brings the engine back from the log alone, whatever snapshots there are: every op is judged anew. Signatures are
    /// verified again only with [`StoreOptions::verify_on_open`](super::StoreOptions::verify_on_open).
    ///
    /// # Errors
    /// [`RecoverError`].
    pub fn replay_log(&self, limits: PendingLimits) -> Result<Recovered, RecoverError> {
        self.with_reading(|reading| self.replay(Engine::with_pending_limits(limits), None, reading))
    }

    /// Has what is stored of the state read beside the work, if there may be much of it.
    fn with_reading<T>(&self, work: impl FnOnce(&mut Reading<'_>) -> T) -> T {
        if self.last <= REPLAY_BATCH_OPS as u64 {
            return work(&mut Reading(None));
        }
        std::thread::scope(|scope| work(&mut Reading(Some(scope.spawn(|| self.read_stored_state())))))
    }

    fn recover_beside(&self, limits: PendingLimits, reading: &mut Reading<'_>) -> Result<Recovered, RecoverError> {
        // Who trusts nothing replays all.
        let (snapshots, mut first) = match if self.verify { Ok(Vec::new()) } else { self.snapshots() } {
            Ok(snapshots) => (snapshots, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        for covers in snapshots.into_iter().rev().filter(|covers| *covers <= self.last) {
            match self.restore(covers, limits) {
                Ok(Some(engine)) => {
                    if let Ok(recovered) = self.replay(engine, Some(covers), reading) {
                        return Ok(recovered);
                    }
                }
                Ok(None) => {}
                Err(fault) => first = first.or(Some(fault)),
            }
        }
        match (self.replay(Engine::with_pending_limits(limits), None, reading), first) {
            // What went wrong first is what is wrong; the database only says that something was.
            (Err(RecoverError::Fault(Fault::NeedsReopen)), Some(first)) => Err(first.into()),
            (replayed, _) => replayed,
        }
    }

    /// A snapshot's engine, with nothing waiting; `None` if it is not sound.
    fn restore(&self, covers: u64, limits: PendingLimits) -> Result<Option<Engine>, Fault> {
        let bytes = self.snapshot_bytes(covers)?;
        let Ok(engine) = Engine::restore(&bytes, limits) else { return Ok(None) };
        if engine.pending_load().0 == 0 {
            return Ok(Some(engine));
        }
        let Ok(mut settled) = Engine::restore(&bytes, NOTHING_WAITS) else { return Ok(None) };
        Ok(Engine::restore(&settled.snapshot(), limits).ok())
    }

    fn replay(
        &self,
        mut engine: Engine,
        from_snapshot: Option<u64>,
        reading: &mut Reading<'_>,
    ) -> Result<Recovered, RecoverError> {
        let first = from_snapshot.unwrap_or(0).saturating_add(1);
        let replayed = self.last.saturating_add(1).saturating_sub(first);
        let batch = REPLAY_BATCH_OPS as u64;
        let parts = usize::try_from(replayed.div_ceil(batch)).unwrap_or(usize::MAX);
        let first_of = |part: usize| first.saturating_add(batch.saturating_mul(part as u64));
        // The next ops are read while these are applied.
        let read = |part: usize| (first_of(part), self.read_batch(first_of(part)));
        ahead(parts, read, |(first, ops)| {
            let ops = ops?;
            let outcome = engine.apply_batch(ops);
            let fits = |(_, status): &(OpId, Status)| matches!(status, Status::Admitted(_));
            if outcome.statuses().iter().all(fits) {
                Ok(())
            } else {
                Err(Fault::damaged(format!("the log after op number {}", first.saturating_sub(1))))
            }
        })?;
        self.compare(&mut engine, reading)?;
        if self.verify {
            self.check_indexes()?;
        }
        Ok(Recovered { engine, from_snapshot, replayed })
    }

    /// The ops from this number on, as many as a batch has, without a gap.
    fn read_batch(&self, first: u64) -> Result<Vec<VerifiedOp>, Fault> {
        let last = first.saturating_add(REPLAY_BATCH_OPS as u64).saturating_sub(1).min(self.last);
        self.read(|txn| {
            let table = txn.open_table(OPS)?;
            let (mut rows, mut ops) = (Vec::new(), Vec::new());
            let mut expected = first;
            for row in table.range(first..=last)? {
                let (sequence, row) = row?;
                if sequence.value() != expected {
                    return Err(Fault::damaged(format!("op number {expected} is not there")));
                }
                if self.verify {
                    rows.push((expected, row.value().to_vec()));
                } else {
                    ops.push(op_row::restored(expected, row.value())?);
                }
                expected = expected.saturating_add(1);
            }
            if expected <= last {
                return Err(Fault::damaged(format!("op number {expected} is not there")));
            }
            if self.verify { verify_all(&rows) } else { Ok(ops) }
        })
    }

    /// Compares an engine with all that is stored of its state.
    fn compare(&self, engine: &mut Engine, reading: &mut Reading<'_>) -> Result<(), RecoverError> {
        if !engine.namespaces().eq(self.namespaces.keys().copied()) {
            return Err(Fault::damaged("the log has other namespaces").into());
        }
        let mut stored = match reading.0.take().map(ScopedJoinHandle::join) {
            Some(Ok(stored)) => stored?,
            Some(Err(_)) | None => self.read_stored_state()?,
        };
        for (id, row) in &self.namespaces {
            let diverged = |what| RecoverError::Diverged { namespace: *id, what };
            if engine.counts(id).map(|counts| counts.ops as u64) != Some(u64::from(row.ops)) {
                return Err(diverged("the number of ops"));
            }
            if engine.digest(id) != Some(row.digest) {
                return Err(diverged("the digest"));
            }
            if engine.heads(id) != self.heads(id)? {
                return Err(diverged("the heads"));
            }
            for group in engine.groups(id) {
                let view = stored.groups.remove(&group);
                if view.is_none() || view != engine.view(id, &group) {
                    return Err(diverged("a group"));
                }
                if stored.misplaced.contains(&group) {
                    return Err(diverged("the group of a context"));
                }
            }
        }
        if stored.groups.is_empty() { Ok(()) } else { Err(Fault::damaged("a group of no namespace").into()) }
    }

    fn read_stored_state(&self) -> Result<StoredState, Fault> {
        let (mut groups, mut misplaced, mut after) = (BTreeMap::new(), BTreeSet::new(), None);
        loop {
            let page = self.groups(after)?;
            let Some(last) = page.last() else { return Ok(StoredState { groups, misplaced }) };
            after = Some(*last);
            for group in page {
                // What has no row of its own is no group, though it has others.
                let Some(view) = self.group(&group)? else { return Err(Fault::damaged("a group without its own row")) };
                for context in view.contexts.keys() {
                    if self.group_of_context(context)? != Some(group) {
                        misplaced.insert(group);
                    }
                }
                groups.insert(group, view);
            }
        }
    }
}

/// Verifies ops again.
fn verify_all(rows: &[(u64, Vec<u8>)]) -> Result<Vec<VerifiedOp>, Fault> {
    // What is damaged is named by looking at each.
    let one_by_one = || rows.iter().map(|(sequence, row)| op_row::verified(*sequence, row)).collect();
    verify_together(rows).unwrap_or_else(one_by_one)
}

/// Ops whose signatures are checked together; `None` if anything is wrong with any of them.
fn verify_together(rows: &[(u64, Vec<u8>)]) -> Option<Result<Vec<VerifiedOp>, Fault>> {
    let (mut ids, mut ops) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for (sequence, row) in rows {
        let (id, wire) = op_row::decode(*sequence, row).ok()?;
        ids.push(id);
        ops.push(op_row::decode_wire(*sequence, wire).ok()?);
    }
    let right = |(op, id): (Result<VerifiedOp, _>, OpId)| op.ok().filter(|op| op.id() == id);
    verify_here(ops).into_iter().zip(ids).map(right).collect::<Option<Vec<_>>>().map(Ok)
}
