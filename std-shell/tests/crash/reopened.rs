//! What must hold of a store that is opened after a crash.

use crate::disk::{Disk, Event};
use crate::enumerate::{Counts, Crash, Effort, crashes};
use crate::workload::{Recording, StepState, checking, digests, ids, options};
use folkmoot::store::{LocalChange, Store};
use folkmoot_core::{ContextId, Hash, PendingLimits, PublicKey};
use std::collections::BTreeSet;

/// Judges crashed disks of one recording.
pub(crate) struct Judge<'r> {
    recording: &'r Recording,
    /// States of which the engine was recovered and compared: what it does depends on the rows, which these are all of.
    recovered: BTreeSet<Hash>,
}

impl<'r> Judge<'r> {
    pub(crate) fn new(recording: &'r Recording) -> Self {
        Self { recording, recovered: BTreeSet::new() }
    }

    fn allowed(&self, crash: &Crash<'_>) -> Option<&'r [StepState]> {
        let first = crash.acknowledged?;
        let last = crash.begun.unwrap_or(first).max(first);
        self.recording.states.get(first..=last)
    }

    /// Opens a crashed disk: it must hold all that was acknowledged, and at most what was in flight besides.
    pub(crate) fn judge(&mut self, crash: &Crash<'_>) -> Result<(), String> {
        let opened = Store::on_backend(Disk::holding(crash.image.to_vec()), &options());
        // Before the store was created, a typed error will do: a path has no file then.
        let Some(allowed) = self.allowed(crash) else { return Ok(()) };
        let store = opened.map_err(|error| error.to_string())?;
        let found = store.fingerprint().map_err(|error| error.to_string())?;
        let Some(state) = allowed.iter().find(|state| state.fingerprint == found) else {
            let ops = store.last_sequence();
            let expected: Vec<u64> = allowed.iter().map(|state| state.ops).collect();
            return Err(format!("a state that was never committed, or lost: {ops} ops, expected {expected:?}"));
        };
        if self.recovered.insert(found) {
            self.recover(&store, state)?;
        }
        Ok(())
    }

    /// The engine must be what a fresh one makes of the same prefix.
    fn recover(&self, store: &Store, state: &StepState) -> Result<(), String> {
        let recovered = store.recover(PendingLimits::default()).map_err(|error| error.to_string())?;
        let mut engine = recovered.engine;
        let prefix = usize::try_from(state.ops).map_err(|_| "too many ops".to_owned())?;
        let prefix = self.recording.log.get(..prefix).ok_or("more ops than were written")?;
        let found: Vec<_> = store.ops_bytes(&ids(prefix)).map_err(|error| error.to_string())?;
        if !found.iter().zip(prefix).all(|(bytes, op)| *bytes == op.signed().encode()) || found.len() != prefix.len() {
            return Err("the log is not the prefix that was committed".to_owned());
        }
        for (namespace, digest) in digests(prefix) {
            if engine.digest(&namespace) != Some(digest) {
                return Err(format!("another digest of namespace {namespace}"));
            }
        }
        Ok(())
    }

    /// Crashes while a crashed disk is opened, and in the first commit after.
    pub(crate) fn crash_again(&self, crash: &Crash<'_>, effort: Effort, seed: u64) -> Result<Counts, String> {
        // Checking every page writes besides, which may be crashed as well.
        let options = if seed.is_multiple_of(2) { options() } else { checking() };
        let Some(allowed) = self.allowed(crash) else { return Ok(Counts::default()) };
        let mut states: Vec<Hash> = allowed.iter().map(|state| state.fingerprint).collect();
        let disk = Disk::recording(crash.image.to_vec());
        disk.note(Event::Acknowledged(0));
        disk.note(Event::Begun(states.len() - 1));
        let mut store = Store::on_backend(disk.clone(), &options).map_err(|error| error.to_string())?;
        let found = store.fingerprint().map_err(|error| error.to_string())?;
        let found = states.iter().position(|state| *state == found).ok_or("a state that was never committed")?;
        // Whoever opened it has seen this state.
        disk.note(Event::Acknowledged(found));
        disk.note(Event::Begun(states.len()));
        let join = LocalChange::Join { context: ContextId([42; 32]), identity: PublicKey([43; 32]) };
        store.commit_local(&[join]).map_err(|error| error.to_string())?;
        states.push(store.fingerprint().map_err(|error| error.to_string())?);
        disk.note(Event::Acknowledged(states.len() - 1));
        store.close().map_err(|error| error.to_string())?;
        crashes(crash.image, &disk.events(), effort, seed, &mut |again| {
            let store = Store::on_backend(Disk::holding(again.image.to_vec()), &options)
                .map_err(|error| format!("crashed again: {error}"))?;
            let found = store.fingerprint().map_err(|error| error.to_string())?;
            let (first, last) = (again.acknowledged.unwrap_or(0), again.begun.unwrap_or(0));
            let allowed = states.get(first..=last.max(first)).unwrap_or_default();
            if allowed.contains(&found) { Ok(()) } else { Err("crashed again: acknowledged, and lost".to_owned()) }
        })
    }
}
