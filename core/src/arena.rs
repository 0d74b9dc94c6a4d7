//! Where everything lives: tables that only grow, slabs that count references, and the indexes into both.
//!
//! All access is total: an index that names nothing reads as the caller's default. Indexes are 32 bits wide; a table
//! holds fewer than `u32::MAX` items, which memory ends long before.

use alloc::boxed::Box;
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
        pub(crate) struct $name(pub(crate) u32);

        #[allow(dead_code, reason = "not every index is asked every question")]
        impl $name {
            /// Names nothing.
            pub(crate) const NONE: Self = Self(u32::MAX);

            pub(crate) const fn is_none(self) -> bool {
                self.0 == u32::MAX
            }

            pub(crate) const fn is_some(self) -> bool {
                !self.is_none()
            }

            pub(crate) const fn at(self) -> usize {
                self.0 as usize
            }

            pub(crate) fn new(at: usize) -> Self {
                Self(u32::try_from(at).unwrap_or(u32::MAX))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::NONE
            }
        }
    };
}

index!(
    /// An admitted op, by order of admission.
    OpIx
);
index!(
    /// A public key that some admitted op names.
    PersonIx
);
index!(
    /// A group that some admitted op created.
    GroupIx
);
index!(
    /// A context that some admitted op registered.
    ContextIx
);
index!(
    /// An invitation id as one group knows it.
    InvitationIx
);
index!(
    /// A cell of state.
    CellIx
);
index!(
    /// A string, a policy or an application that some admitted op brought along.
    PayloadIx
);
index!(
    /// A run of ops, each a child of the one before.
    RunIx
);
index!(
    /// A node of a persistent structure.
    NodeIx
);
index!(
    /// An id that waits for parents, or is waited for, or both.
    WaiterIx
);
index!(
    /// That one op waits for one parent.
    WaitIx
);
index!(
    /// Whoever signed ops that wait in one namespace.
    HolderIx
);
index!(
    /// A namespace that waiting ops claim.
    AwaitedIx
);

const CHUNK_BITS: u32 = 10;
const CHUNK: usize = 1 << CHUNK_BITS;

/// A table that only grows. It never moves what it holds, so growing costs no copy and wastes at most one chunk.
#[derive(Debug, Clone)]
pub(crate) struct Table<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<T> Table<T> {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, value: T) -> usize {
        let at = self.len;
        if at & (CHUNK - 1) == 0 {
            // The first chunk grows as it needs to, so that small namespaces stay small.
            self.chunks.push(if at == 0 { Vec::new() } else { Vec::with_capacity(CHUNK) });
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(value);
            self.len = at.saturating_add(1);
        }
        at
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at >> CHUNK_BITS)?.get(at & (CHUNK - 1))
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.chunks.get_mut(at >> CHUNK_BITS)?.get_mut(at & (CHUNK - 1))
    }

    /// The item at a place, with default ones up to it; `None` for a place that an index names which names nothing.
    pub(crate) fn entry(&mut self, at: usize) -> Option<&mut T>
    where
        T: Default,
    {
        if at >= self.len {
            self.grow(at);
        }
        self.get_mut(at)
    }

    #[cold]
    fn grow(&mut self, at: usize)
    where
        T: Default,
    {
        while self.len <= at && at < u32::MAX as usize {
            self.push(T::default());
        }
    }

    /// Forgets all items from `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.len = len;
        self.chunks.truncate(len.div_ceil(CHUNK));
        let rest = len & (CHUNK - 1);
        if rest != 0
            && let Some(chunk) = self.chunks.last_mut()
        {
            chunk.truncate(rest);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }
}

/// Ops of which most have no other to name: only stretches of ops of which one has take memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct SparseOps {
    stretches: Vec<Option<Box<[OpIx; STRETCH]>>>,
}

const STRETCH: usize = 64;

impl SparseOps {
    /// What an op names; [`OpIx::NONE`] if it names nothing.
    pub(crate) fn get(&self, op: OpIx) -> OpIx {
        let stretch = self.stretches.get(op.at() / STRETCH).and_then(Option::as_deref);
        stretch.and_then(|named| named.get(op.at() % STRETCH)).copied().unwrap_or_default()
    }

    /// Has an op name another, or nothing.
    pub(crate) fn set(&mut self, op: OpIx, named: OpIx) {
        let at = op.at() / STRETCH;
        if at >= self.stretches.len() {
            if named.is_none() || op.is_none() {
                return;
            }
            self.stretches.resize_with(at.saturating_add(1), || None);
        }
        let Some(stretch) = self.stretches.get_mut(at) else { return };
        if stretch.is_none() && named.is_none() {
            return;
        }
        let stretch = stretch.get_or_insert_with(|| Box::new([OpIx::NONE; STRETCH]));
        if let Some(place) = stretch.get_mut(op.at() % STRETCH) {
            *place = named;
        }
    }
}

/// A table whose places are used again: an item that is taken out leaves its place to the next.
#[derive(Debug, Clone)]
pub(crate) struct Pool<T> {
    items: Table<T>,
    free: Vec<u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { items: Table::default(), free: Vec::new() }
    }
}

impl<T> Pool<T> {
    /// Puts an item in; says where it is.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(at) = self.free.pop()
            && let Some(place) = self.items.get_mut(at as usize)
        {
            *place = value;
            return at;
        }
        u32::try_from(self.items.push(value)).unwrap_or(u32::MAX)
    }

    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        self.items.get(at as usize)
    }

    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.items.get_mut(at as usize)
    }

    /// Takes out the item at a place that holds one.
    pub(crate) fn take(&mut self, at: u32) -> Option<T>
    where
        T: Default,
    {
        let value = core::mem::take(self.items.get_mut(at as usize)?);
        self.free.push(at);
        Some(value)
    }

    /// Has the next item take a place; what is in it stays until then.
    fn leave(&mut self, at: u32) {
        self.free.push(at);
    }

    /// All places, those that are free with default items.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }
}

/// A pool whose items are shared by counting; an item nobody holds is freed and its place used again.
#[derive(Debug, Clone)]
pub(crate) struct Slab<T> {
    items: Pool<(T, u32)>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { items: Pool::default() }
    }
}

impl<T> Slab<T> {
    /// How many places for items there are.
    pub(crate) const fn len(&self) -> usize {
        self.items.items.len()
    }

    /// Stores an item that has one holder.
    pub(crate) fn insert(&mut self, value: T) -> NodeIx {
        NodeIx(self.items.insert((value, 1)))
    }

    pub(crate) fn get(&self, at: NodeIx) -> Option<&T> {
        self.items.get(at.0).map(|(value, _)| value)
    }

    pub(crate) fn get_mut(&mut self, at: NodeIx) -> Option<&mut T> {
        self.items.get_mut(at.0).map(|(value, _)| value)
    }

    /// Whether exactly one holder is left, so that it may change in place.
    pub(crate) fn is_unique(&self, at: NodeIx) -> bool {
        self.items.get(at.0).is_some_and(|(_, count)| *count == 1)
    }

    /// One more holder.
    pub(crate) fn share(&mut self, at: NodeIx) {
        if let Some((_, count)) = self.items.get_mut(at.0) {
            *count = count.saturating_add(1);
        }
    }

    /// One holder fewer; the item if that was the last, with its place freed.
    pub(crate) fn release(&mut self, at: NodeIx) -> Option<T>
    where
        T: Clone,
    {
        let (value, count) = self.items.get_mut(at.0)?;
        *count = count.saturating_sub(1);
        if *count > 0 {
            return None;
        }
        let value = value.clone();
        self.items.leave(at.0);
        Some(value)
    }

    /// How many items are held.
    pub(crate) fn live(&self) -> usize {
        self.len().saturating_sub(self.items.free.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_pool_is_used_again() {
        let mut pool = Pool::default();
        let places = [1, 2, 3].map(|value| pool.insert(value));
        assert_eq!(pool.take(places[1]), Some(2));
        assert_eq!(pool.insert(4), places[1]);
        assert_eq!(pool.iter().copied().collect::<Vec<u8>>(), [1, 4, 3]);
        assert_eq!(pool.take(99), None);
        assert_eq!(pool.get(99), None);
    }

    #[test]
    fn ops_that_name_nothing_take_no_memory_and_others_are_found_again() {
        let mut named = SparseOps::default();
        named.set(OpIx(7), OpIx::NONE);
        assert!(named.stretches.is_empty());
        for op in [0, 63, 64, 1_000] {
            named.set(OpIx(op), OpIx(op + 1));
        }
        assert_eq!([0, 63, 64, 1_000].map(|op| named.get(OpIx(op)).0), [1, 64, 65, 1_001]);
        assert!([1, 62, 65, 999, 100_000].iter().all(|op| named.get(OpIx(*op)).is_none()));
        named.set(OpIx(64), OpIx::NONE);
        assert!(named.get(OpIx(64)).is_none() && named.get(OpIx::NONE).is_none());
        named.set(OpIx::NONE, OpIx(1));
        assert_eq!(named.stretches.len(), 16);
    }

    #[test]
    fn a_table_grows_to_an_entry_and_has_none_for_what_names_nothing() {
        let mut table = Table::<u8>::default();
        assert!(table.entry(OpIx::NONE.at()).is_none());
        assert_eq!(table.len(), 0);
        assert_eq!(table.entry(2_000), Some(&mut 0));
        assert_eq!(table.len(), 2_001);
    }
}
