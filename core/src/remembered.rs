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

/// A hash that two others come to.
#[derive(Debug, Clone, Copy)]
struct Pair {
    a: Digest,
    b: Digest,
    hash: Digest,
}

impl Pair {
    fn is_of(&self, a: &Digest, b: &Digest) -> bool {
        self.a == *a && self.b == *b
    }
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
    nodes: Vec<Pair>,
    /// Subtrees with one leaf that is another.
    with_leaf: Vec<Pair>,
    leaves: Vec<Leaf>,
}

/// The pair with these hashes, or what it takes the place of; all are empty at first, which no pair is: one of the two has a
/// hash at least.
fn place_of<'a>(pairs: &'a mut Vec<Pair>, a: &Digest, b: &Digest) -> Option<&'a mut Pair> {
    if pairs.is_empty() {
        pairs.resize(REMEMBERED_NODES, Pair { a: EMPTY, b: EMPTY, hash: EMPTY });
    }
    // Either may be empty, and the other is as good as random then.
    let some = |hash: &Digest| hash.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let at = (some(a) ^ some(b).rotate_left(1)) as usize % REMEMBERED_NODES;
    pairs.get_mut(at)
}

/// Where a leaf is remembered: states side by side may have several values for one entry, by several writers.
const fn place_of_leaf(entry: u32, value: &Cell) -> usize {
    let written = match value {
        Cell::Member(member) => member.writer.0.wrapping_add(member.alias_writer.0),
        _ => 0,
    };
    // Most entries have an even number.
    (entry.rotate_right(1) ^ written) as usize % REMEMBERED_LEAVES
}

impl Remembered {
    /// The hash of an inner node.
    pub(crate) fn node(&mut self, left: &Digest, right: &Digest, hash: impl FnOnce() -> Digest) -> Digest {
        let Some(known) = place_of(&mut self.nodes, left, right) else { return hash() };
        if !known.is_of(left, right) {
            *known = Pair { a: *left, b: *right, hash: hash() };
        }
        known.hash
    }

    /// The hash of a subtree in which one leaf is another, if it is remembered: by its hash, and by that of the leaf, which says
    /// where in the subtree it belongs.
    pub(crate) fn with_leaf(&mut self, subtree: &Digest, leaf: &Digest) -> Option<Digest> {
        let known = place_of(&mut self.with_leaf, subtree, leaf)?;
        known.is_of(subtree, leaf).then_some(known.hash)
    }

    /// Remembers such a hash.
    pub(crate) fn note_with_leaf(&mut self, subtree: &Digest, leaf: &Digest, hash: Digest) {
        if let Some(known) = place_of(&mut self.with_leaf, subtree, leaf) {
            *known = Pair { a: *subtree, b: *leaf, hash };
        }
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
        let Some(known) = self.leaves.get_mut(place_of_leaf(entry, value)) else { return hashed() };
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
        let far = u32::try_from(2 * REMEMBERED_LEAVES).expect("few");
        let cases = [(0, one, 1), (0, other, 2), (far, other, 3), (0, other, 4)];
        for (entry, value, hash) in cases {
            assert_eq!(remembered.leaf(entry, &value, || ([hash; 32], None)).0, [hash; 32], "nothing of it is known");
            assert_eq!(remembered.leaf(entry, &value, || ([99; 32], None)).0, [hash; 32], "all of it is");
        }
        assert_eq!(remembered.leaves.len(), REMEMBERED_LEAVES);
    }
}
