//! The hash of a trie in which some entries are others, without the trie that would be: for states that are nearly the one a
//! trie was made for, and soon are no more. Nothing is copied, and what is hashed is remembered for a moment, as the next
//! such state shares most of it.

use crate::trie::{Child, Digest, EMPTY, MAX_DEPTH, TYPICAL_DEPTH, Trie, Tries, bit_at, node_hash};
use alloc::vec::Vec;

/// An entry that is another than in the trie: its hashed key, and its leaf's hash; `None` if it has no leaf.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Over {
    pub(crate) key: Digest,
    pub(crate) entry: u32,
    pub(crate) hash: Option<Digest>,
}

/// What a part of the trie comes to: a subtree with one entry is that leaf itself.
#[derive(Debug, Clone, Copy)]
enum Sum {
    Nothing,
    Leaf(Digest),
    Branch(Digest),
}

impl Sum {
    const fn hash(self) -> Digest {
        match self {
            Self::Nothing => EMPTY,
            Self::Leaf(hash) | Self::Branch(hash) => hash,
        }
    }
}

/// A part of the trie: what is there, and what is to be there instead.
#[derive(Debug, Clone, Copy)]
struct Piece<'a> {
    child: Child,
    hash: Digest,
    depth: u16,
    over: &'a [Over],
    /// Where nothing is there: a leaf from further up that shares the place, with its hashed key.
    beside: Option<(Digest, Digest)>,
}

/// What is waited for on the way back up.
#[derive(Debug)]
enum Waiting<'a> {
    /// The part on the right, once the left one is known.
    Right(Piece<'a>),
    /// The branch above, of which this side is known, and whether it is the right one.
    Above(Sum, bool),
    /// To remember what a subtree comes to with a leaf.
    WithLeaf(Digest, Digest),
}

impl Tries {
    /// The hash of a trie, which must be hashed throughout, with each of these entries as it says there; they ascend by key.
    /// `key_of` tells the hashed key of any entry in the trie.
    pub(crate) fn hash_with(&mut self, trie: &Trie, over: &[Over], key_of: impl Fn(u32) -> Digest) -> Digest {
        let mut waiting: Vec<Waiting<'_>> = Vec::with_capacity(TYPICAL_DEPTH);
        let mut part = Piece { child: trie.top, hash: trie.hash(), depth: 0, over, beside: None };
        loop {
            let Some(mut sum) = self.known(&mut part, &key_of) else {
                if let Some((subtree, leaf)) = only_leaf(&part) {
                    waiting.push(Waiting::WithLeaf(subtree, leaf));
                }
                let (left, right) = self.sides(&part);
                part = match (unchanged(&left), unchanged(&right)) {
                    (_, Some(sum)) => {
                        waiting.push(Waiting::Above(sum, true));
                        left
                    }
                    (Some(sum), None) => {
                        waiting.push(Waiting::Above(sum, false));
                        right
                    }
                    (None, None) => {
                        waiting.push(Waiting::Right(right));
                        left
                    }
                };
                continue;
            };
            part = loop {
                match waiting.pop() {
                    None => return sum.hash(),
                    Some(Waiting::Above(other, true)) => sum = self.joined(sum, other),
                    Some(Waiting::Above(other, false)) => sum = self.joined(other, sum),
                    Some(Waiting::WithLeaf(subtree, leaf)) => self.remember(&subtree, &leaf, sum),
                    Some(Waiting::Right(right)) => {
                        waiting.push(Waiting::Above(sum, false));
                        break right;
                    }
                }
            };
        }
    }

    /// What a part comes to, if that can be said without looking at its sides; a leaf that shares its place with others is
    /// beside them from here on.
    fn known(&mut self, part: &mut Piece<'_>, key_of: &impl Fn(u32) -> Digest) -> Option<Sum> {
        if let Some(sum) = unchanged(part) {
            return Some(sum);
        }
        if part.child.is_branch() {
            let (subtree, leaf) = only_leaf(part)?;
            return self.remembered()?.with_leaf(&subtree, &leaf).map(Sum::Branch);
        }
        if let Some(entry) = self.entry_of(part.child) {
            let is_other = part.over.iter().any(|over| over.entry == entry);
            part.beside = (!is_other).then(|| (key_of(entry), part.hash));
            (part.child, part.hash) = (Child::NONE, EMPTY);
        }
        let mut leaves = part.over.iter().filter_map(|over| over.hash).chain(part.beside.map(|(_, hash)| hash));
        match (leaves.next(), leaves.next()) {
            (None, _) => Some(Sum::Nothing),
            (Some(only), None) => Some(Sum::Leaf(only)),
            // No two keys agree in all their bits.
            _ => (usize::from(part.depth) >= MAX_DEPTH).then_some(Sum::Nothing),
        }
    }

    /// The two sides of a part.
    fn sides<'a>(&self, part: &Piece<'a>) -> (Piece<'a>, Piece<'a>) {
        let branch = self.branch(part.child);
        let side = |right: bool| {
            let (child, hash) = branch.map_or((Child::NONE, EMPTY), |branch| branch.side(right));
            part.side(right, child, hash)
        };
        (side(false), side(true))
    }

    /// What a subtree comes to with a leaf, if that is a branch; and it is, as it was one and the leaf adds to it.
    fn remember(&mut self, subtree: &Digest, leaf: &Digest, sum: Sum) {
        if let (Sum::Branch(hash), Some(remembered)) = (sum, self.remembered()) {
            remembered.note_with_leaf(subtree, leaf, hash);
        }
    }

    fn joined(&mut self, left: Sum, right: Sum) -> Sum {
        match (left, right) {
            (Sum::Nothing, one @ (Sum::Nothing | Sum::Leaf(_))) | (one @ Sum::Leaf(_), Sum::Nothing) => one,
            _ => {
                let (left, right) = (left.hash(), right.hash());
                let hash = || node_hash(&left, &right);
                Sum::Branch(match self.remembered() {
                    Some(remembered) => remembered.node(&left, &right, hash),
                    None => hash(),
                })
            }
        }
    }
}

impl Piece<'_> {
    /// A side of a part, with what is there.
    fn side(&self, right: bool, child: Child, hash: Digest) -> Self {
        let middle = self.over.partition_point(|over| !bit_at(&over.key, self.depth));
        let (left, rest) = self.over.split_at_checked(middle).unwrap_or_default();
        Piece {
            child,
            hash,
            depth: self.depth.saturating_add(1),
            over: if right { rest } else { left },
            beside: self.beside.filter(|(key, _)| bit_at(key, self.depth) == right),
        }
    }
}

/// The hashes of a branch and of the one leaf that is another below it, if it is just one.
fn only_leaf(part: &Piece<'_>) -> Option<(Digest, Digest)> {
    let [Over { hash: Some(leaf), .. }] = part.over else { return None };
    part.child.is_branch().then_some((part.hash, *leaf))
}

/// What a part comes to in which nothing is another.
fn unchanged(part: &Piece<'_>) -> Option<Sum> {
    if !part.over.is_empty() {
        return None;
    }
    Some(match part.beside {
        Some((_, hash)) => Sum::Leaf(hash),
        None if part.child.is_none() => Sum::Nothing,
        None if part.child.is_leaf() => Sum::Leaf(part.hash),
        None => Sum::Branch(part.hash),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::sha256_parts;
    use crate::trie::key_with_a_common_beginning as key_of;
    use alloc::collections::BTreeMap;

    #[test]
    fn a_trie_with_other_entries_has_the_hash_of_the_trie_that_would_be() {
        let mut seed = 11u32;
        let mut below = |bound: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % bound
        };
        let mut as_it_was = 0;
        for round in 0..600u32 {
            let mut tries = Tries::default();
            let mut trie = Trie::EMPTY;
            let hash_of = |entry: u32, turn: u32| sha256_parts(&[&entry.to_be_bytes(), &turn.to_be_bytes()]);
            for _ in 0..below(40) {
                let entry = below(40);
                tries.put(&mut trie, &key_of(entry), entry, hash_of(entry, 0), key_of);
            }
            tries.rehash(&mut trie, false);
            let mut over = BTreeMap::new();
            for _ in 0..below(if round % 2 == 0 { 4 } else { 40 }) {
                let entry = below(44);
                let hash = (below(3) > 0).then(|| hash_of(entry, 1));
                over.insert(key_of(entry), Over { key: key_of(entry), entry, hash });
            }
            let over: Vec<Over> = over.into_values().collect();
            let found = tries.hash_with(&trie, &over, key_of);
            as_it_was += u32::from(found == trie.hash() && !over.is_empty());
            for Over { key, entry, hash } in over {
                match hash {
                    Some(hash) => tries.put(&mut trie, &key, entry, hash, key_of),
                    None => tries.remove(&mut trie, &key, entry),
                }
            }
            assert_eq!(found, tries.rehash(&mut trie, false), "round {round}");
        }
        assert!(as_it_was > 0, "some take out what is not there");
    }
}
