//! Hashes of tries that were worked out a moment ago: where several people go on side by side, the state of each takes in
//! what the others did, and most of what there is to hash is the same for all of them.
//!
//! Whoever asks for a hash names all that goes into it, so what is remembered can only save work.

use crate::cells::Cell;
use crate::limits::{REMEMBERED_LEAVES, REMEMBERED_NODES};
use alloc::vec::Vec;

type Digest = [u8; 32];

/// No hash that anybody knows.
const EMPTY: Digest = [0; 32];

/// An inner node.
#[derive(Debug, Clone, Copy)]
struct Node {
    left: Digest,
    right: Digest,
    hash: Digest,
}

/// An entry with its value: its hashed key and its leaf's hash, if the value is one that has a leaf.
#[derive(Debug, Clone, Copy)]
struct Leaf {
    entry: u32,
    value: Cell,
    hashed: (Digest, Option<Digest>),
}

/// What is remembered: each node and each leaf has one place, where the next one that comes takes over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remembered {
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
}

impl Remembered {
    /// The hash of an inner node.
    pub(crate) fn node(&mut self, left: &Digest, right: &Digest, hash: impl FnOnce() -> Digest) -> Digest {
        if self.nodes.is_empty() {
            self.nodes.resize(REMEMBERED_NODES, Node { left: EMPTY, right: EMPTY, hash: EMPTY });
        }
        // Either side may be empty, and the other is as good as random then.
        let some = |side: &Digest| side.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let at = (some(left) ^ some(right).rotate_left(1)) as usize % REMEMBERED_NODES;
        let Some(known) = self.nodes.get_mut(at) else { return hash() };
        // The first nodes of all are empty, which no node is: it has a hash on one side at least.
        if known.left != *left || known.right != *right {
            *known = Node { left: *left, right: *right, hash: hash() };
        }
        known.hash
    }

    /// The hashed key of an entry, and the hash of its leaf.
    pub(crate) fn leaf(
        &mut self,
        entry: u32,
        value: &Cell,
        hashed: impl FnOnce() -> (Digest, Option<Digest>),
    ) -> (Digest, Option<Digest>) {
        if self.leaves.is_empty() {
            self.leaves.resize(REMEMBERED_LEAVES, Leaf { entry: u32::MAX, value: Cell::Empty, hashed: (EMPTY, None) });
        }
        let Some(known) = self.leaves.get_mut(entry as usize % REMEMBERED_LEAVES) else { return hashed() };
        if known.entry != entry || known.value != *value {
            *known = Leaf { entry, value: *value, hashed: hashed() };
        }
        known.hashed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::sha256_parts;

    #[test]
    fn a_node_has_the_hash_of_its_sides_whatever_is_remembered() {
        let mut remembered = Remembered::default();
        let sides: Vec<Digest> = (0..=255).map(|n| [n; 32]).collect();
        for _ in 0..2 {
            for left in &sides {
                for right in sides.iter().filter(|right| **right != EMPTY || *left != EMPTY) {
                    let hash = || sha256_parts(&[left, right]);
                    assert_eq!(remembered.node(left, right, hash), hash());
                }
            }
        }
        assert_eq!(remembered.nodes.len(), REMEMBERED_NODES);
    }

    #[test]
    fn a_leaf_is_hashed_again_when_its_value_is_another() {
        let mut remembered = Remembered::default();
        let (one, other) = (Cell::ContextCapability(1), Cell::ContextCapability(2));
        let far = u32::try_from(REMEMBERED_LEAVES).expect("few");
        let cases = [(0, one, 1), (0, other, 2), (far, other, 3), (0, other, 4)];
        for (entry, value, hash) in cases {
            assert_eq!(remembered.leaf(entry, &value, || ([hash; 32], None)).0, [hash; 32], "nothing of it is known");
            assert_eq!(remembered.leaf(entry, &value, || ([99; 32], None)).0, [hash; 32], "all of it is");
        }
        assert_eq!(remembered.leaves.len(), REMEMBERED_LEAVES);
    }
}
