//! A persistent binary trie over hashed keys (SPEC §6), hashed only where it changed and only when asked.
//!
//! A node's hash is all zero while it is stale; no SHA-256 that anybody knows is. A leaf names the entry it stands for,
//! so that keys need not be kept: whoever owns the trie can tell an entry's key.

use crate::arena::{NodeIx, Slab};
use crate::hashing::sha256_parts;
use crate::limits::REMEMBERED_NODES;
use crate::remembered::Remembered;
use alloc::vec::Vec;

/// A hash; all zero is the hash of an empty subtree, and marks a stale node.
pub(crate) type Digest = [u8; 32];

/// The hash of an empty subtree.
pub(crate) const EMPTY: Digest = [0; 32];

const LEAF: u32 = 1 << 31;
const BITS: u16 = 256;
/// Of a way from the root to a leaf among a billion.
const TYPICAL_DEPTH: usize = 32;

#[derive(Debug, Clone, Copy)]
struct TrieNode {
    hash: Digest,
    /// The left child; in a leaf, the entry with the highest bit set.
    left: u32,
    /// The right child; in a leaf, the root of a trie of its own, if it has one.
    right: u32,
}

impl TrieNode {
    const fn entry(&self) -> Option<u32> {
        if self.left != u32::MAX && self.left & LEAF != 0 { Some(self.left & !LEAF) } else { None }
    }

    /// An inner node whose hash is to be worked out.
    fn is_stale(&self) -> bool {
        self.hash == EMPTY && self.entry().is_none()
    }
}

/// All tries of one namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tries {
    nodes: Slab<TrieNode>,
    remembered: Remembered,
}

/// The bit of a hashed key at a depth, most significant first.
pub(crate) fn bit_at(key: &Digest, depth: u16) -> bool {
    let byte = key.get(usize::from(depth >> 3)).copied().unwrap_or(0);
    byte & (0x80u8 >> (depth & 7)) != 0
}

pub(crate) fn leaf_hash(key: &Digest, value: &[u8]) -> Digest {
    sha256_parts(&[&[0], key, &sha256_parts(&[value])])
}

pub(crate) fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256_parts(&[&[1], left, right])
}

impl Tries {
    fn node(&self, at: NodeIx) -> Option<&TrieNode> {
        self.nodes.get(at)
    }

    /// Another holder of the same trie.
    pub(crate) fn share(&mut self, root: NodeIx) -> NodeIx {
        self.nodes.share(root);
        root
    }

    /// Gives a trie back.
    pub(crate) fn release(&mut self, root: NodeIx) {
        let mut stack = Vec::from([root]);
        while let Some(at) = stack.pop() {
            if let Some(node) = self.nodes.release(at) {
                let children = if node.entry().is_some() { [u32::MAX, node.right] } else { [node.left, node.right] };
                stack.extend(children.into_iter().map(NodeIx).filter(|child| child.is_some()));
            }
        }
    }

    /// The node, or a copy of it that nobody else holds.
    fn own(&mut self, at: NodeIx) -> NodeIx {
        if at.is_none() || self.nodes.is_unique(at) {
            return at;
        }
        let Some(copy) = self.node(at).copied() else { return at };
        if copy.entry().is_none() {
            self.nodes.share(NodeIx(copy.left));
        }
        self.nodes.share(NodeIx(copy.right));
        self.nodes.release(at);
        self.nodes.insert(copy)
    }

    fn set_child(&mut self, parent: Option<(NodeIx, bool)>, root: &mut NodeIx, child: NodeIx) {
        match parent {
            None => *root = child,
            Some((parent, right)) => {
                if let Some(node) = self.nodes.get_mut(parent) {
                    *(if right { &mut node.right } else { &mut node.left }) = child.0;
                }
            }
        }
    }

    fn child(&self, at: NodeIx, right: bool) -> NodeIx {
        self.node(at).map_or(NodeIx::NONE, |node| NodeIx(if right { node.right } else { node.left }))
    }

    /// The leaf under this hashed key that stands for `entry`.
    pub(crate) fn find(&self, root: NodeIx, key: &Digest, entry: u32) -> Option<NodeIx> {
        let mut at = root;
        for depth in 0..BITS {
            match self.node(at)?.entry() {
                Some(found) => return (found == entry).then_some(at),
                None => at = self.child(at, bit_at(key, depth)),
            }
        }
        (self.node(at)?.entry()? == entry).then_some(at)
    }

    /// The leaf for `entry`, made if it is missing; the way to it is stale and held by nobody else from here on.
    /// `key_of` tells the hashed key of any entry in this trie.
    pub(crate) fn touch(
        &mut self,
        root: &mut NodeIx,
        key: &Digest,
        entry: u32,
        key_of: impl Fn(u32) -> Digest,
    ) -> NodeIx {
        let mut parent = None;
        let mut at = *root;
        for depth in 0..BITS {
            let owned = self.own(at);
            if owned != at || parent.is_none() {
                self.set_child(parent, root, owned);
            }
            at = owned;
            let Some(node) = self.nodes.get_mut(at) else { break };
            match node.entry() {
                Some(found) if found == entry => {
                    node.hash = EMPTY;
                    return at;
                }
                Some(found) => {
                    let theirs = key_of(found);
                    return self.split(parent, root, at, &theirs, key, entry, depth);
                }
                None => {
                    node.hash = EMPTY;
                    let right = bit_at(key, depth);
                    parent = Some((at, right));
                    at = NodeIx(if right { node.right } else { node.left });
                }
            }
        }
        let leaf = self.nodes.insert(TrieNode { hash: EMPTY, left: entry | LEAF, right: u32::MAX });
        self.set_child(parent, root, leaf);
        leaf
    }

    /// Puts a new leaf beside the leaf `other`, below as many nodes as their keys have bits in common from `depth` on.
    #[expect(clippy::too_many_arguments, reason = "the place, the leaf that is there, and the one to come")]
    fn split(
        &mut self,
        parent: Option<(NodeIx, bool)>,
        root: &mut NodeIx,
        other: NodeIx,
        theirs: &Digest,
        key: &Digest,
        entry: u32,
        depth: u16,
    ) -> NodeIx {
        let leaf = self.nodes.insert(TrieNode { hash: EMPTY, left: entry | LEAF, right: u32::MAX });
        let mut parent = parent;
        for depth in depth..BITS {
            let (ours, theirs) = (bit_at(key, depth), bit_at(theirs, depth));
            let mut node = TrieNode { hash: EMPTY, left: u32::MAX, right: u32::MAX };
            if ours != theirs {
                (node.left, node.right) = if ours { (other.0, leaf.0) } else { (leaf.0, other.0) };
            }
            let inner = self.nodes.insert(node);
            self.set_child(parent, root, inner);
            if ours != theirs {
                break;
            }
            parent = Some((inner, ours));
        }
        leaf
    }

    /// Takes the leaf of `entry` out; the way to it is stale.
    pub(crate) fn remove(&mut self, root: &mut NodeIx, key: &Digest, entry: u32) {
        if self.find(*root, key, entry).is_none() {
            return;
        }
        let mut way: Vec<(NodeIx, bool)> = Vec::new();
        let mut at = self.own(*root);
        *root = at;
        for depth in 0..BITS {
            if self.node(at).is_none_or(|node| node.entry().is_some()) {
                break;
            }
            if let Some(node) = self.nodes.get_mut(at) {
                node.hash = EMPTY;
            }
            let right = bit_at(key, depth);
            way.push((at, right));
            let owned = self.own(self.child(at, right));
            self.set_child(Some((at, right)), root, owned);
            at = owned;
        }
        self.release(at);
        let Some((above, right)) = way.pop() else {
            *root = NodeIx::NONE;
            return;
        };
        self.set_child(Some((above, right)), root, NodeIx::NONE);
        let sibling = self.child(above, !right);
        if self.node(sibling).is_none_or(|node| node.entry().is_none()) {
            return;
        }
        // A subtree that holds one entry is that leaf itself: it moves up past all that held nothing else.
        self.lift(root, way, above, sibling);
    }

    fn lift(&mut self, root: &mut NodeIx, mut way: Vec<(NodeIx, bool)>, above: NodeIx, leaf: NodeIx) {
        self.share(leaf);
        self.release(above);
        while let Some((parent, right)) = way.pop() {
            self.set_child(Some((parent, right)), root, NodeIx::NONE);
            if self.child(parent, !right).is_some() {
                self.set_child(Some((parent, right)), root, leaf);
                return;
            }
            self.release(parent);
        }
        *root = leaf;
    }

    /// What a leaf holds below it.
    pub(crate) fn subroot(&self, leaf: NodeIx) -> NodeIx {
        self.node(leaf).map_or(NodeIx::NONE, |node| NodeIx(node.right))
    }

    /// Hands a leaf the trie below it; what was there is not released.
    pub(crate) fn set_subroot(&mut self, leaf: NodeIx, subroot: NodeIx) {
        if let Some(node) = self.nodes.get_mut(leaf) {
            node.right = subroot.0;
        }
    }

    pub(crate) fn set_hash(&mut self, leaf: NodeIx, hash: Digest) {
        if let Some(node) = self.nodes.get_mut(leaf) {
            node.hash = hash;
        }
    }

    /// The hash as it is kept: all zero if stale.
    pub(crate) fn kept_hash(&self, at: NodeIx) -> Digest {
        self.node(at).map_or(EMPTY, |node| node.hash)
    }

    /// Where hashes are remembered, if there are so many nodes that this is worth its memory.
    pub(crate) fn remembered(&mut self) -> Option<&mut Remembered> {
        (self.nodes.len() >= REMEMBERED_NODES).then_some(&mut self.remembered)
    }

    /// The root's hash, with every stale node below it hashed once. Leaves must have been given theirs. `beside` says
    /// that tries which are much alike are hashed by others, too.
    pub(crate) fn rehash(&mut self, root: NodeIx, beside: bool) -> Digest {
        let mut stack = Vec::with_capacity(TYPICAL_DEPTH);
        stack.push(root);
        while let Some(at) = stack.last().copied() {
            let Some(node) = self.node(at).filter(|node| node.is_stale()) else {
                stack.pop();
                continue;
            };
            let (left, right) = (NodeIx(node.left), NodeIx(node.right));
            match (self.fresh_hash(left), self.fresh_hash(right)) {
                (Some(left), Some(right)) => {
                    let hash = match self.remembered().filter(|_| beside) {
                        Some(remembered) => remembered.node(&left, &right, || node_hash(&left, &right)),
                        None => node_hash(&left, &right),
                    };
                    self.set_hash(at, hash);
                    stack.pop();
                }
                (None, _) => stack.push(left),
                (_, None) => stack.push(right),
            }
        }
        self.kept_hash(root)
    }

    /// The hash of a node or of nothing, unless the node is an inner one and stale.
    fn fresh_hash(&self, at: NodeIx) -> Option<Digest> {
        match self.node(at) {
            Some(node) => (!node.is_stale()).then_some(node.hash),
            None => Some(EMPTY),
        }
    }

    /// The hashes beside the way from the root to the leaf of `entry`, the root's children first.
    pub(crate) fn siblings(&self, root: NodeIx, key: &Digest, entry: u32) -> Option<Vec<Digest>> {
        self.find(root, key, entry)?;
        let mut out = Vec::new();
        let mut at = root;
        for depth in 0..BITS {
            if self.node(at)?.entry().is_some() {
                break;
            }
            let right = bit_at(key, depth);
            out.push(self.kept_hash(self.child(at, !right)));
            at = self.child(at, right);
        }
        Some(out)
    }

    /// How many nodes are held.
    #[cfg(test)]
    pub(crate) fn live(&self) -> usize {
        self.nodes.live()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    fn key_of(entry: u32) -> Digest {
        // The first 20 bits of most keys agree, so that long common ways occur.
        let mut key = sha256_parts(&[&entry.to_le_bytes()]);
        if !entry.is_multiple_of(3) {
            key[0] = 0xaa;
            key[1] = 0x55;
            key[2] |= 0xf0;
        }
        key
    }

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
        let mut root = NodeIx::NONE;
        let mut expected = BTreeMap::new();
        let mut olds = Vec::new();
        let mut seed = 7u32;
        for step in 0..3_000u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let entry = (seed >> 8) % 60;
            let key = key_of(entry);
            if seed & 0x80 == 0 {
                let leaf = tries.touch(&mut root, &key, entry, key_of);
                let hash = leaf_hash(&key, &step.to_le_bytes());
                tries.set_hash(leaf, hash);
                expected.insert(key, hash);
            } else {
                tries.remove(&mut root, &key, entry);
                expected.remove(&key);
            }
            if step % 5 == 0 {
                assert_eq!(tries.rehash(root, false), whole(&expected, 0));
            }
            if step % 97 == 0 {
                tries.share(root);
                olds.push((root, tries.rehash(root, false)));
            }
        }
        for (old, hash) in olds {
            assert_eq!(tries.rehash(old, false), hash, "a shared trie keeps its hash");
            tries.release(old);
        }
        tries.release(root);
        assert_eq!(tries.live(), 0);
    }
}
