//! A [trie](crate::trie) made at once of sorted entries: each branch is hashed when it is complete, and never touched again.

use crate::trie::{Branch, Child, Digest, EMPTY, TYPICAL_DEPTH, Trie, Tries, bit_at, node_hash};
use alloc::vec::Vec;

/// How many branches the ways to two keys share: one more than they have leading bits in common.
fn common_branches(a: &Digest, b: &Digest) -> usize {
    let mut bits = 0usize;
    for (a, b) in a.iter().zip(b) {
        let unlike = (a ^ b).leading_zeros() as usize;
        bits = bits.saturating_add(unlike);
        if unlike < 8 {
            break;
        }
    }
    bits.saturating_add(1)
}

/// Gives a child the place on the way to a key: in the lowest branch of the way, or at the top.
fn hang(trie: &mut Trie, way: &mut [Branch], key: &Digest, child: Child, hash: Digest) {
    let depth = u16::try_from(way.len().saturating_sub(1)).unwrap_or(u16::MAX);
    match way.last_mut() {
        Some(branch) => branch.set_side(bit_at(key, depth), child, hash),
        None => *trie = Trie { top: child, hash },
    }
}

impl Tries {
    /// A trie of these entries, whose keys ascend, hashed throughout. Each is a hashed key, the entry, and its leaf's hash.
    pub(crate) fn of_sorted(&mut self, entries: &[(Digest, u32, Digest)]) -> Trie {
        let mut trie = Trie::EMPTY;
        // The branches on the way to the leaf before, from the top down: none of them is complete.
        let mut way: Vec<Branch> = Vec::with_capacity(TYPICAL_DEPTH);
        let (mut before, mut shared_before) = (EMPTY, 0);
        for (at, (key, entry, hash)) in entries.iter().enumerate() {
            let next = entries.get(at.saturating_add(1));
            let shared_after = next.map_or(0, |(next, ..)| common_branches(key, next));
            self.complete(&mut trie, &mut way, &before, shared_before);
            way.resize(shared_before.max(shared_after), Branch::EMPTY);
            hang(&mut trie, &mut way, key, Child::of_entry(*entry), *hash);
            (before, shared_before) = (*key, shared_after);
        }
        self.complete(&mut trie, &mut way, &before, 0);
        trie
    }

    /// Leaves all but the first so many branches of the way to a key that nothing is added to any more, and hashes them.
    fn complete(&mut self, trie: &mut Trie, way: &mut Vec<Branch>, key: &Digest, kept: usize) {
        while way.len() > kept
            && let Some(branch) = way.pop()
        {
            let [left, right] = &branch.hashes;
            let hash = node_hash(left, right);
            let child = self.add_branch(branch);
            hang(trie, way, key, child, hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::sha256_parts;
    use crate::trie::key_with_a_common_beginning as key_of;

    #[test]
    fn a_trie_made_at_once_is_the_one_that_grows_entry_by_entry() {
        for count in (0..20).chain([60, 500]) {
            let mut tries = Tries::default();
            let mut grown = Trie::EMPTY;
            let mut entries = Vec::new();
            for entry in 0..count {
                let (key, hash) = (key_of(entry), sha256_parts(&[&entry.to_be_bytes()]));
                tries.put(&mut grown, &key, entry, hash, key_of);
                entries.push((key, entry, hash));
            }
            entries.sort_unstable();
            let mut made = tries.of_sorted(&entries);
            assert_eq!(made.hash(), tries.rehash(&mut grown, false), "{count} entries");
            for entry in 0..count {
                let key = key_of(entry);
                assert_eq!(tries.siblings(&made, &key, entry), tries.siblings(&grown, &key, entry));
            }
            for entry in 0..count {
                tries.remove(&mut made, &key_of(entry), entry);
            }
            tries.release(grown);
            assert_eq!((made.hash(), tries.live()), (EMPTY, 0));
        }
    }
}
