//! A persistent binary trie over hashed keys (SPEC §6), hashed only where it changed and only when asked.
//!
//! A branch holds the hashes of its two children, so that who follows a way down and hashes it up again looks at the
//! branches on that way and at nothing beside them. A hash is all zero while it is stale; no SHA-256 that anybody knows is.
//! A leaf is no node but a number in its branch: that of the entry it stands for, so that keys need not be kept; whoever owns
//! the trie can tell an entry's key. A leaf that holds a trie of its own, as a group's does, has a node for that.

use crate::arena::{NodeIx, Slab};
use crate::hashing::{sha256_parts, sha256_tagged_pair};
use crate::limits::{MAX_PROOF_SIBLINGS, REMEMBERED_NODES, SPARE_TRIE_BRANCHES, TRIE_BRANCHES_A_CELL};
use crate::remembered::Remembered;
use alloc::vec::Vec;

/// A hash; all zero is the hash of an empty subtree, and marks a stale one.
pub(crate) type Digest = [u8; 32];

/// The hash of an empty subtree.
pub(crate) const EMPTY: Digest = [0; 32];

const LEAF_TAG: u8 = 0;
const BRANCH_TAG: u8 = 1;
/// Branches on a way from the top to a leaf, at most: one for each bit of a key.
pub(crate) const MAX_DEPTH: usize = MAX_PROOF_SIBLINGS;
/// Branches on a way to a leaf among a billion.
pub(crate) const TYPICAL_DEPTH: usize = 32;

/// What a place in a trie holds: nothing, a branch, the leaf of an entry, or a leaf with a trie of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Child(u32);

const ENTRY: u32 = 1 << 31;
const NEST: u32 = 1 << 30;

impl Child {
    pub(crate) const NONE: Self = Self(u32::MAX);

    pub(crate) const fn of_entry(entry: u32) -> Self {
        Self(entry | ENTRY)
    }

    const fn of_branch(at: NodeIx) -> Self {
        Self(at.0)
    }

    const fn of_nest(at: NodeIx) -> Self {
        Self(at.0 | NEST)
    }

    pub(crate) const fn is_none(self) -> bool {
        self.0 == u32::MAX
    }

    pub(crate) const fn is_branch(self) -> bool {
        self.0 & (ENTRY | NEST) == 0
    }

    pub(crate) const fn is_leaf(self) -> bool {
        !self.is_none() && self.0 & (ENTRY | NEST) != 0
    }

    const fn entry(self) -> Option<u32> {
        if !self.is_none() && self.0 & ENTRY != 0 { Some(self.0 & !ENTRY) } else { None }
    }

    const fn branch(self) -> Option<NodeIx> {
        if self.is_branch() { Some(NodeIx(self.0)) } else { None }
    }

    const fn nest(self) -> Option<NodeIx> {
        if self.0 & (ENTRY | NEST) == NEST { Some(NodeIx(self.0 & !NEST)) } else { None }
    }
}

/// An inner node: its children, left and right, and their hashes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Branch {
    pub(crate) hashes: [Digest; 2],
    children: [Child; 2],
}

impl Branch {
    pub(crate) const EMPTY: Self = Self { hashes: [EMPTY; 2], children: [Child::NONE; 2] };

    pub(crate) fn side(&self, right: bool) -> (Child, Digest) {
        let [left_hash, right_hash] = self.hashes;
        let [left, right_child] = self.children;
        if right { (right_child, right_hash) } else { (left, left_hash) }
    }

    pub(crate) fn set_side(&mut self, right: bool, child: Child, hash: Digest) {
        let [left_hash, right_hash] = &mut self.hashes;
        let [left, right_child] = &mut self.children;
        if right {
            (*right_child, *right_hash) = (child, hash);
        } else {
            (*left, *left_hash) = (child, hash);
        }
    }

    /// A child that is to be hashed before this, and its side.
    fn stale(&self) -> Option<(NodeIx, bool)> {
        let stale = |right: bool| {
            let (child, hash) = self.side(right);
            child.branch().filter(|_| hash == EMPTY).map(|at| (at, right))
        };
        stale(false).or_else(|| stale(true))
    }
}

/// A leaf with a trie of its own.
#[derive(Debug, Clone, Copy)]
struct Nest {
    entry: u32,
    trie: Trie,
}

/// One trie: what it begins with, and the hash of that. Who makes one gives it back to [`Tries::release`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trie {
    pub(crate) top: Child,
    pub(crate) hash: Digest,
}

impl Trie {
    pub(crate) const EMPTY: Self = Self { top: Child::NONE, hash: EMPTY };

    /// Its hash, all zero while it is stale.
    pub(crate) const fn hash(&self) -> Digest {
        self.hash
    }
}

/// A place that a child has.
#[derive(Debug, Clone, Copy)]
enum Place {
    Top,
    Below(NodeIx, bool),
}

/// All tries of one namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tries {
    branches: Slab<Branch>,
    nests: Slab<Nest>,
    remembered: Remembered,
}

/// The bit of a hashed key at a depth, most significant first.
pub(crate) fn bit_at(key: &Digest, depth: u16) -> bool {
    let byte = key.get(usize::from(depth >> 3)).copied().unwrap_or(0);
    byte & (0x80u8 >> (depth & 7)) != 0
}

pub(crate) fn leaf_hash(key: &Digest, value: &[u8]) -> Digest {
    sha256_tagged_pair(LEAF_TAG, key, &sha256_parts(&[value]))
}

pub(crate) fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256_tagged_pair(BRANCH_TAG, left, right)
}

impl Tries {
    /// Another holder of the same trie.
    pub(crate) fn share(&mut self, trie: &Trie) -> Trie {
        self.hold(trie.top);
        *trie
    }

    /// Gives a trie back.
    pub(crate) fn release(&mut self, trie: Trie) {
        let mut left = Vec::new();
        let mut next = Some(trie.top);
        while let Some(child) = next {
            if let Some(gone) = child.branch().and_then(|at| self.branches.release(at)) {
                left.extend(gone.children);
            } else if let Some(gone) = child.nest().and_then(|at| self.nests.release(at)) {
                left.push(gone.trie.top);
            }
            next = left.pop();
        }
    }

    fn hold(&mut self, child: Child) {
        if let Some(at) = child.branch() {
            self.branches.share(at);
        } else if let Some(at) = child.nest() {
            self.nests.share(at);
        }
    }

    /// A copy of a branch that nobody else holds, in place of the one that others hold too.
    #[cold]
    fn copy_branch(&mut self, at: NodeIx) -> NodeIx {
        let Some(copy) = self.branches.get(at).copied() else { return at };
        copy.children.into_iter().for_each(|child| self.hold(child));
        self.branches.release(at);
        self.branches.insert(copy)
    }

    /// The branch that a child is.
    pub(crate) fn branch(&self, child: Child) -> Option<&Branch> {
        self.branches.get(child.branch()?)
    }

    /// A branch more, for whoever gives it a place.
    pub(crate) fn add_branch(&mut self, branch: Branch) -> Child {
        Child::of_branch(self.branches.insert(branch))
    }

    fn at_place(&self, trie: &Trie, place: Place) -> (Child, Digest) {
        match place {
            Place::Top => (trie.top, trie.hash),
            Place::Below(at, right) => self.branches.get(at).map_or((Child::NONE, EMPTY), |branch| branch.side(right)),
        }
    }

    fn put_at(&mut self, trie: &mut Trie, place: Place, child: Child, hash: Digest) {
        match place {
            Place::Top => *trie = Trie { top: child, hash },
            Place::Below(at, right) => {
                if let Some(branch) = self.branches.get_mut(at) {
                    branch.set_side(right, child, hash);
                }
            }
        }
    }

    /// The entry that a leaf stands for.
    pub(crate) fn entry_of(&self, leaf: Child) -> Option<u32> {
        leaf.entry().or_else(|| Some(self.nests.get(leaf.nest()?)?.entry))
    }

    /// Where the leaf of `entry` is, and what it is.
    fn find(&self, trie: &Trie, key: &Digest, entry: u32) -> Option<(Place, Child)> {
        let (mut place, mut child) = (Place::Top, trie.top);
        let mut depth = 0u16;
        while let Some(at) = child.branch() {
            let right = bit_at(key, depth);
            (place, child) = (Place::Below(at, right), self.branches.get(at)?.side(right).0);
            depth = depth.saturating_add(1);
        }
        (self.entry_of(child)? == entry).then_some((place, child))
    }

    /// Follows a key down to a place that no branch has. The branches on the way are stale and held by nobody else from
    /// here on; `passed` is told of each. The depth is that of the place.
    fn descend(&mut self, trie: &mut Trie, key: &Digest, mut passed: impl FnMut(NodeIx, bool)) -> (Place, Child, u16) {
        let (mut place, mut depth) = (Place::Top, 0u16);
        let mut child = trie.top;
        while let Some(at) = child.branch() {
            let owned = if self.branches.is_unique(at) { at } else { self.copy_branch(at) };
            if owned != at || matches!(place, Place::Top) {
                self.put_at(trie, place, Child::of_branch(owned), EMPTY);
            }
            let Some(branch) = self.branches.get_mut(owned) else { break };
            let right = bit_at(key, depth);
            child = branch.side(right).0;
            if child.branch().is_some() {
                branch.set_side(right, child, EMPTY);
            }
            passed(owned, right);
            place = Place::Below(owned, right);
            depth = depth.saturating_add(1);
        }
        (place, child, depth)
    }

    /// Gives an entry its leaf's hash; the way to it is stale from here on. `key_of` tells the hashed key of any entry in
    /// this trie.
    pub(crate) fn put(
        &mut self,
        trie: &mut Trie,
        key: &Digest,
        entry: u32,
        hash: Digest,
        key_of: impl Fn(u32) -> Digest,
    ) {
        let (place, child, depth) = self.descend(trie, key, |_, _| {});
        match self.entry_of(child).filter(|found| *found != entry) {
            Some(other) => {
                let leaf = (Child::of_entry(entry), hash);
                self.split(trie, place, (&key_of(other), key), leaf, depth);
            }
            None => self.put_at(trie, place, Child::of_entry(entry), hash),
        }
    }

    /// The trie that the leaf of `entry` holds, to be changed and given to [`Self::put_nested`]: an empty one if there was
    /// no leaf. The way to the leaf, and the leaf itself, are stale and held by nobody else from here on.
    pub(crate) fn take_nested(
        &mut self,
        trie: &mut Trie,
        key: &Digest,
        entry: u32,
        key_of: impl Fn(u32) -> Digest,
    ) -> (NodeIx, Trie) {
        let (place, child, depth) = self.descend(trie, key, |_, _| {});
        let found = self.entry_of(child);
        if let Some(at) = child.nest().filter(|_| found == Some(entry)) {
            let below = self.nests.get(at).map_or(Trie::EMPTY, |nest| nest.trie);
            let owned = if self.nests.is_unique(at) {
                at
            } else {
                self.hold(below.top);
                self.nests.release(at);
                self.nests.insert(Nest { entry, trie: below })
            };
            self.put_at(trie, place, Child::of_nest(owned), EMPTY);
            return (owned, below);
        }
        let new = self.nests.insert(Nest { entry, trie: Trie::EMPTY });
        match found {
            Some(other) => self.split(trie, place, (&key_of(other), key), (Child::of_nest(new), EMPTY), depth),
            None => self.put_at(trie, place, Child::of_nest(new), EMPTY),
        }
        (new, Trie::EMPTY)
    }

    /// Hands a leaf the trie that was taken out of it.
    pub(crate) fn put_nested(&mut self, leaf: NodeIx, below: Trie) {
        if let Some(nest) = self.nests.get_mut(leaf) {
            nest.trie = below;
        }
    }

    /// Puts a new leaf beside the one that has its place, below as many branches as their keys have bits in common from
    /// `depth` on.
    fn split(
        &mut self,
        trie: &mut Trie,
        place: Place,
        (theirs, ours): (&Digest, &Digest),
        (leaf, hash): (Child, Digest),
        depth: u16,
    ) {
        let (other, other_hash) = self.at_place(trie, place);
        let mut end = depth;
        while bit_at(theirs, end) == bit_at(ours, end) && usize::from(end) < MAX_DEPTH {
            end = end.saturating_add(1);
        }
        let mut lowest = Branch::EMPTY;
        let right = bit_at(ours, end);
        lowest.set_side(!right, other, other_hash);
        lowest.set_side(right, leaf, hash);
        let mut child = Child::of_branch(self.branches.insert(lowest));
        for depth in (depth..end).rev() {
            let mut above = Branch::EMPTY;
            above.set_side(bit_at(ours, depth), child, EMPTY);
            child = Child::of_branch(self.branches.insert(above));
        }
        self.put_at(trie, place, child, EMPTY);
    }

    /// Takes the leaf of `entry` out; the way to it is stale.
    pub(crate) fn remove(&mut self, trie: &mut Trie, key: &Digest, entry: u32) {
        if self.find(trie, key, entry).is_none() {
            return;
        }
        let mut way: heapless::Vec<(NodeIx, bool), MAX_DEPTH> = heapless::Vec::new();
        let (place, leaf, _) = self.descend(trie, key, |at, right| {
            // No way is longer.
            let _ = way.push((at, right));
        });
        self.release(Trie { top: leaf, hash: EMPTY });
        self.put_at(trie, place, Child::NONE, EMPTY);
        let Some((above, right)) = way.pop() else { return };
        let (sibling, hash) = self.at_place(trie, Place::Below(above, !right));
        if self.entry_of(sibling).is_none() {
            return;
        }
        // A subtree that holds one entry is that leaf itself: it moves up past all that held nothing else.
        self.branches.release(above);
        while let Some((above, right)) = way.pop() {
            if !self.at_place(trie, Place::Below(above, !right)).0.is_none() {
                self.put_at(trie, Place::Below(above, right), sibling, hash);
                return;
            }
            self.branches.release(above);
        }
        *trie = Trie { top: sibling, hash };
    }

    /// The trie that the leaf of `entry` holds, hashed (`beside` as in [`Self::rehash`]); `None` if there is no such leaf.
    pub(crate) fn nested(&mut self, trie: &Trie, key: &Digest, entry: u32, beside: bool) -> Option<Trie> {
        let at = self.find(trie, key, entry)?.1.nest()?;
        let mut below = self.nests.get(at)?.trie;
        self.rehash(&mut below, beside);
        // Others that hold this leaf have the same trie, and need not hash it either.
        self.put_nested(at, below);
        Some(below)
    }

    /// Whether there is a leaf of `entry`.
    pub(crate) fn has(&self, trie: &Trie, key: &Digest, entry: u32) -> bool {
        self.find(trie, key, entry).is_some()
    }

    /// Whether there is a leaf of `entry` that has no hash yet, because what it holds has changed.
    pub(crate) fn is_stale_leaf(&self, trie: &Trie, key: &Digest, entry: u32) -> bool {
        self.find(trie, key, entry).is_some_and(|(place, _)| self.at_place(trie, place).1 == EMPTY)
    }

    /// Gives the leaf of `entry` its hash, where what it holds has changed: the way to it is stale already.
    pub(crate) fn set_leaf_hash(&mut self, trie: &mut Trie, key: &Digest, entry: u32, hash: Digest) {
        if let Some((place, leaf)) = self.find(trie, key, entry) {
            self.put_at(trie, place, leaf, hash);
        }
    }

    /// Where hashes are remembered, if there are so many nodes that this is worth its memory.
    pub(crate) fn remembered(&mut self) -> Option<&mut Remembered> {
        (self.branches.len() >= REMEMBERED_NODES / 2).then_some(&mut self.remembered)
    }

    /// Whether the tries of views take too much beside those of the whole, which has so many cells.
    pub(crate) fn are_many(&self, cells: usize) -> bool {
        self.branches.live() > cells.saturating_mul(TRIE_BRANCHES_A_CELL).saturating_add(SPARE_TRIE_BRANCHES)
    }

    /// The hash of the trie, with every stale branch hashed once. Leaves must have been given theirs. `beside` says that
    /// tries which are much alike are hashed by others, too.
    pub(crate) fn rehash(&mut self, trie: &mut Trie, beside: bool) -> Digest {
        let Some(top) = trie.top.branch().filter(|_| trie.hash == EMPTY) else { return trie.hash };
        // Of each branch that waits for one below it, the side on which that is.
        let mut way: heapless::Vec<(NodeIx, bool), MAX_DEPTH> = heapless::Vec::new();
        let mut at = top;
        while let Some(branch) = self.branches.get(at) {
            if let Some((below, right)) = branch.stale()
                && way.push((at, right)).is_ok()
            {
                at = below;
                continue;
            }
            let [left, right] = branch.hashes;
            let hash = match self.remembered().filter(|_| beside) {
                Some(remembered) => remembered.node(&left, &right, || node_hash(&left, &right)),
                None => node_hash(&left, &right),
            };
            let Some((above, side)) = way.pop() else {
                trie.hash = hash;
                break;
            };
            self.put_at(trie, Place::Below(above, side), Child::of_branch(at), hash);
            at = above;
        }
        trie.hash
    }

    /// The hashes beside the way from the top to the leaf of `entry`, the highest first.
    pub(crate) fn siblings(&self, trie: &Trie, key: &Digest, entry: u32) -> Option<Vec<Digest>> {
        self.find(trie, key, entry)?;
        let mut out = Vec::new();
        let mut child = trie.top;
        let mut depth = 0u16;
        while let Some(at) = child.branch() {
            let (branch, right) = (self.branches.get(at)?, bit_at(key, depth));
            out.push(branch.side(!right).1);
            child = branch.side(right).0;
            depth = depth.saturating_add(1);
        }
        Some(out)
    }

    /// How many nodes are held.
    #[cfg(test)]
    pub(crate) fn live(&self) -> usize {
        self.branches.live() + self.nests.live()
    }
}

/// For tests: the hashed key of an entry, the first 20 bits of which agree with most others', so that long common ways occur.
#[cfg(test)]
pub(crate) fn key_with_a_common_beginning(entry: u32) -> Digest {
    let mut key = sha256_parts(&[&entry.to_le_bytes()]);
    if !entry.is_multiple_of(3) {
        key[0] = 0xaa;
        key[1] = 0x55;
        key[2] |= 0xf0;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::key_with_a_common_beginning as key_of;
    use super::*;
    use alloc::collections::BTreeMap;

    /// SPEC §6, written down as it stands.
    fn whole(entries: &BTreeMap<Digest, Digest>, depth: u16) -> Digest {
        match entries.len() {
            0 => EMPTY,
            1 => *entries.values().next().unwrap(),
            _ => {
                let side = |right: bool| {
                    let part = entries.iter().filter(|(key, _)| bit_at(key, depth) == right);
                    whole(&part.map(|(key, hash)| (*key, *hash)).collect(), depth + 1)
                };
                node_hash(&side(false), &side(true))
            }
        }
    }

    #[test]
    fn any_order_of_insertions_and_removals_gives_the_hash_of_the_whole_and_leaks_nothing() {
        let mut tries = Tries::default();
        let mut root = Trie::EMPTY;
        let mut expected = BTreeMap::new();
        let mut olds = Vec::new();
        let mut seed = 7u32;
        for step in 0..3_000u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let entry = (seed >> 8) % 60;
            let key = key_of(entry);
            if seed & 0x80 == 0 {
                let hash = leaf_hash(&key, &step.to_le_bytes());
                tries.put(&mut root, &key, entry, hash, key_of);
                expected.insert(key, hash);
            } else {
                tries.remove(&mut root, &key, entry);
                expected.remove(&key);
            }
            if step % 5 == 0 {
                assert_eq!(tries.rehash(&mut root, false), whole(&expected, 0));
            }
            if step % 97 == 0 {
                let mut old = tries.share(&root);
                olds.push((old, tries.rehash(&mut old, false)));
            }
        }
        for (mut old, hash) in olds {
            assert_eq!(tries.rehash(&mut old, false), hash, "a shared trie keeps its hash");
            tries.release(old);
        }
        tries.release(root);
        assert_eq!(tries.live(), 0);
    }
}
