//! What a replica still has after a crash: its log of encoded ops, and its last snapshot.

use folkmoot_core::OpId;
use std::collections::BTreeMap;

/// A disk. What was appended is synced; what was not is nowhere.
#[derive(Debug, Clone, Default)]
pub struct Store {
    log: Vec<Vec<u8>>,
    places: BTreeMap<OpId, usize>,
    snapshot: Option<(Vec<u8>, usize)>,
}

impl Store {
    /// Writes ops at the end of the log, all or none, and syncs.
    pub fn append(&mut self, ops: impl IntoIterator<Item = (OpId, Vec<u8>)>) {
        for (id, bytes) in ops {
            self.places.insert(id, self.log.len());
            self.log.push(bytes);
        }
    }

    /// Puts a snapshot of all that the log holds in the place of the one before.
    pub fn put_snapshot(&mut self, bytes: Vec<u8>) {
        self.snapshot = Some((bytes, self.log.len()));
    }

    /// Damages the snapshot, as a disk may.
    pub fn damage_snapshot(&mut self, how: impl FnOnce(&mut Vec<u8>)) {
        if let Some((bytes, _)) = &mut self.snapshot {
            how(bytes);
        }
    }

    /// The snapshot, and how many ops of the log it covers.
    pub fn snapshot(&self) -> Option<(&[u8], usize)> {
        self.snapshot.as_ref().map(|(bytes, covers)| (bytes.as_slice(), *covers))
    }

    /// The encoded ops, in the order in which they were written.
    pub fn log(&self) -> &[Vec<u8>] {
        &self.log
    }

    /// The bytes of an op.
    pub fn bytes_of(&self, id: &OpId) -> Option<Vec<u8>> {
        self.places.get(id).and_then(|at| self.log.get(*at)).cloned()
    }

    /// The ids of all ops in the log.
    pub fn ids(&self) -> impl Iterator<Item = &OpId> {
        self.places.keys()
    }

    /// Whether an op is in the log.
    pub fn contains(&self, id: &OpId) -> bool {
        self.places.contains_key(id)
    }
}
