//! This node's own signing keys, by group and identity, and the walk up the group tree that finds one.

use crate::crypto::SigningKey;
use crate::ids::{GroupId, PublicKey};
use crate::limits::{MAX_PATH_GROUPS, MAX_SIGNING_KEYS};
use alloc::collections::BTreeMap;

/// A ring of signing keys. Keys are wiped when they leave it, and never printed. A key kept for a namespace's root
/// serves every group below it; taken away there, it is gone everywhere it was not kept by itself.
#[derive(Debug, Default)]
pub struct SigningKeys {
    keys: BTreeMap<(GroupId, PublicKey), SigningKey>,
}

/// The ring is full. The host's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ring holds {MAX_SIGNING_KEYS} signing keys already")]
pub struct RingFull;

impl SigningKeys {
    /// An empty ring.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a key for a group, and for all groups below it that have none of their own for the same identity.
    ///
    /// # Errors
    /// [`RingFull`] at [`MAX_SIGNING_KEYS`] keys.
    pub fn insert(&mut self, group: GroupId, key: SigningKey) -> Result<(), RingFull> {
        let place = (group, key.public());
        if self.keys.len() >= MAX_SIGNING_KEYS && !self.keys.contains_key(&place) {
            return Err(RingFull);
        }
        self.keys.insert(place, key);
        Ok(())
    }

    /// Takes a key away from a group; says whether there was one.
    pub fn remove(&mut self, group: &GroupId, identity: &PublicKey) -> bool {
        self.keys.remove(&(*group, *identity)).is_some()
    }

    /// Which identities have a key kept for this very group, ascending.
    pub fn identities(&self, group: &GroupId) -> impl Iterator<Item = PublicKey> + '_ {
        let all = (*group, PublicKey::ZERO)..=(*group, PublicKey([0xff; 32]));
        self.keys.range(all).map(|((_, identity), _)| *identity)
    }

    /// How many keys it holds.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key of `identity` kept for the first group of `path`: a group, its parent, and so on up to the root, of
    /// which at most [`MAX_PATH_GROUPS`] are looked at. [`crate::Engine::resolve_signing_key`] knows the path.
    pub fn resolve(&self, path: impl IntoIterator<Item = GroupId>, identity: &PublicKey) -> Option<&SigningKey> {
        path.into_iter().take(MAX_PATH_GROUPS).find_map(|group| self.keys.get(&(group, *identity)))
    }
}
