//! SPEC §6, computed whole: the state hashes and the digest that the reference and a host's copy are compared by.

use crate::reference::{Group, State};
use borsh::BorshSerialize;
use folkmoot_core::{GroupId, Hash, NamespaceId};
use sha2::{Digest, Sha256};

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

fn borsh(value: &impl BorshSerialize) -> Vec<u8> {
    borsh::to_vec(value).unwrap_or_else(|error| unreachable!("a Vec takes what it is given: {error}"))
}

/// An entry of a trie: H(key) and its leaf.
struct Entry {
    key: [u8; 32],
    leaf: [u8; 32],
}

impl Entry {
    /// "leaf = H(0x00 ‖ H(key) ‖ H(value))"
    fn new(key: &[u8], value: &[u8]) -> Self {
        let key = sha256(&[key]);
        Self { key, leaf: sha256(&[&[0], &key, &sha256(&[value])]) }
    }

    /// "the bits of H(key), most significant bit first"
    fn bit(&self, at: usize) -> bool {
        (self.key[at / 8] >> (7 - at % 8)) & 1 == 1
    }
}

/// "node = H(0x01 ‖ left ‖ right), an empty subtree is 32 zero bytes, and a subtree that holds one entry is that leaf
/// itself"
fn root(entries: &[Entry], bit: usize) -> [u8; 32] {
    match entries {
        [] => [0; 32],
        [only] => only.leaf,
        _ => {
            let split = entries.partition_point(|entry| !entry.bit(bit));
            let (left, right) = entries.split_at(split);
            sha256(&[&[1], &root(left, bit + 1), &root(right, bit + 1)])
        }
    }
}

fn trie(mut entries: Vec<Entry>) -> [u8; 32] {
    entries.sort_by_key(|entry| entry.key);
    root(&entries, 0)
}

fn key(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![tag];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

impl Group {
    fn entries(&self) -> Vec<Entry> {
        let settings = (
            self.parent,
            &self.alias,
            self.visibility,
            self.default_capabilities,
            self.default_visibility,
            self.policy,
            self.app_key,
            self.application_id,
            &self.migration,
        );
        let mut entries = vec![Entry::new(&key(0, &[]), &borsh(&settings))];
        for (member, record) in &self.members {
            let value = (record.role, record.mask(), &record.alias);
            entries.push(Entry::new(&key(1, &[&member.0]), &borsh(&value)));
        }
        for (id, context) in &self.contexts {
            let value = (
                context.application_id,
                context.blob_id,
                &context.source,
                &context.service_name,
                context.visibility,
                &context.alias,
                context.registered_by,
            );
            entries.push(Entry::new(&key(2, &[&id.0]), &borsh(&value)));
            for (member, mask) in &context.capabilities {
                entries.push(Entry::new(&key(3, &[&id.0, &member.0]), &borsh(mask)));
            }
        }
        for (id, invitation) in &self.invitations {
            entries.push(Entry::new(&key(4, &[&id.0]), &borsh(&(invitation.uses, invitation.revoked))));
        }
        for member in &self.barred {
            entries.push(Entry::new(&key(5, &[&member.0]), &[]));
        }
        entries
    }

    /// "state_hash(g) = H("folkmoot/state/v1" ‖ g ‖ root of g's trie)"
    pub fn state_hash(&self, id: &GroupId) -> Hash {
        Hash(sha256(&[b"folkmoot/state/v1", &id.0, &trie(self.entries())]))
    }
}

impl State {
    /// The state hash of a group; zero for a deleted one (SPEC §2).
    pub fn state_hash(&self, id: &GroupId) -> Hash {
        self.groups.get(id).map_or(Hash::ZERO, |group| group.state_hash(id))
    }

    /// "namespace_digest = H("folkmoot/namespace/v1" ‖ namespace_id ‖ root of the trie over (key g, value
    /// state_hash(g)) of all live groups)"
    pub fn digest(&self, namespace: &NamespaceId) -> Hash {
        let groups = self.groups.iter().map(|(id, group)| Entry::new(&id.0, &group.state_hash(id).0));
        Hash(sha256(&[b"folkmoot/namespace/v1", &namespace.0, &trie(groups.collect())]))
    }
}
