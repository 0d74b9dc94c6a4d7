//! The engine, from disk.
//!
//! 1. The newest snapshot that is sound, if any: what waited in it is forgotten, for it was never in the log.
//! 2. The log after it, in order; each op's id is checked against its bytes, and its signature.
//! 3. Digest, number of ops, heads and state rows, compared with what is stored. If they differ, from an older snapshot;
//!    at last from the log alone.

use super::error::{Fault, RecoverError};
use super::limits::REPLAY_BATCH_OPS;
use super::read_state::group_view;
use super::schema::{OPS, STATE};
use super::{Store, op_row};
use crate::verify::{on_all_cores, verify_here};
use folkmoot_core::{Engine, OpId, PendingLimits, Status, VerifiedOp};

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
        // Who trusts nothing replays all.
        let (snapshots, mut first) = match if self.verify { Ok(Vec::new()) } else { self.snapshots() } {
            Ok(snapshots) => (snapshots, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        for covers in snapshots.into_iter().rev().filter(|covers| *covers <= self.last) {
            match self.restore(covers, limits) {
                Ok(Some(engine)) => {
                    if let Ok(recovered) = self.replay(engine, Some(covers)) {
                        return Ok(recovered);
                    }
                }
                Ok(None) => {}
                Err(fault) => first = first.or(Some(fault)),
            }
        }
        match (self.replay(Engine::with_pending_limits(limits), None), first) {
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

    fn replay(&self, mut engine: Engine, from_snapshot: Option<u64>) -> Result<Recovered, RecoverError> {
        let mut next = from_snapshot.unwrap_or(0).saturating_add(1);
        let mut replayed = 0u64;
        while next <= self.last {
            let batch = self.read_batch(next)?;
            let count = batch.len() as u64;
            let outcome = engine.apply_batch(batch);
            let fits = |status: &Status| matches!(status, Status::Admitted(_));
            if count == 0 || !outcome.statuses().iter().all(|(_, status)| fits(status)) {
                return Err(Fault::damaged(format!("the log after op number {}", next.saturating_sub(1))).into());
            }
            next = next.saturating_add(count);
            replayed = replayed.saturating_add(count);
        }
        self.compare(&mut engine)?;
        if self.verify {
            self.check_indexes()?;
        }
        Ok(Recovered { engine, from_snapshot, replayed })
    }

    /// The ops from this number on, without a gap.
    fn read_batch(&self, first: u64) -> Result<Vec<VerifiedOp>, Fault> {
        let rows = self.read(|txn| {
            let table = txn.open_table(OPS)?;
            let mut out = Vec::new();
            for (row, expected) in table.range(first..)?.zip(first..).take(REPLAY_BATCH_OPS) {
                let (sequence, row) = row?;
                if sequence.value() != expected {
                    return Err(Fault::damaged(format!("op number {expected} is not there")));
                }
                out.push((expected, row.value().to_vec()));
            }
            Ok(out)
        })?;
        verify_all(&rows)
    }

    /// Compares an engine with all that is stored of its state.
    fn compare(&self, engine: &mut Engine) -> Result<(), RecoverError> {
        if !engine.namespaces().eq(self.namespaces.keys().copied()) {
            return Err(Fault::damaged("the log has other namespaces").into());
        }
        let mut groups = 0usize;
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
                groups = groups.saturating_add(1);
                let view = engine.view(id, &group);
                let stored = self.read(|txn| group_view(&txn.open_table(STATE)?, &group))?;
                if stored.is_none() || stored != view {
                    return Err(diverged("a group"));
                }
                for context in view.iter().flat_map(|view| view.contexts.keys()) {
                    if self.group_of_context(context)? != Some(group) {
                        return Err(diverged("the group of a context"));
                    }
                }
            }
        }
        if self.count_groups()? == groups { Ok(()) } else { Err(Fault::damaged("a group of no namespace").into()) }
    }

    fn count_groups(&self) -> Result<usize, Fault> {
        let (mut count, mut after) = (0usize, None);
        loop {
            let page = self.groups(after)?;
            let Some(last) = page.last() else { return Ok(count) };
            count = count.saturating_add(page.len());
            after = Some(*last);
        }
    }
}

/// Verifies ops on all cores, for signatures are nearly all that a replay costs.
fn verify_all(rows: &[(u64, Vec<u8>)]) -> Result<Vec<VerifiedOp>, Fault> {
    let one_by_one = |rows: &[(u64, Vec<u8>)]| {
        rows.iter().map(|(sequence, row)| op_row::verified(*sequence, row)).collect::<Vec<_>>()
    };
    // What is damaged is named by looking at each.
    on_all_cores(rows, |part| verify_together(part).unwrap_or_else(|| one_by_one(part))).into_iter().collect()
}

/// Ops whose signatures are checked together; `None` if anything is wrong with any of them.
fn verify_together(rows: &[(u64, Vec<u8>)]) -> Option<Vec<Result<VerifiedOp, Fault>>> {
    let (mut ids, mut ops) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for (sequence, row) in rows {
        let (id, wire) = op_row::decode(*sequence, row).ok()?;
        ids.push(id);
        ops.push(op_row::decode_wire(*sequence, wire).ok()?);
    }
    let right = |(op, id): (Result<VerifiedOp, _>, OpId)| op.ok().filter(|op| op.id() == id).map(Ok);
    verify_here(ops).into_iter().zip(ids).map(right).collect()
}
