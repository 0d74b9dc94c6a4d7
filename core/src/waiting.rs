//! Who waits for whom: ops in places that are used again, a list of waiters for each id that is waited for, and a queue
//! for each holder. All lists run through the places themselves, so to come or go costs the same however many wait.

use crate::arena::{HolderIx, Pool, WaitIx, WaiterIx};
use crate::crypto::VerifiedOp;
use crate::ids::OpId;
use core::hash::{BuildHasher, Hasher};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

/// What is known of an id.
#[derive(Debug, Clone, Default)]
enum Known {
    /// Its place is free.
    #[default]
    Nothing,
    /// It is waited for, and does not wait itself.
    Lacking(OpId),
    /// It waits; others may wait for it.
    Waits(VerifiedOp),
}

/// The place of an id that waits or is waited for: where the lists that it is in go on.
#[derive(Debug, Clone, Default)]
struct Place {
    known: Known,
    /// When it came, among all that wait.
    arrival: u64,
    holder: HolderIx,
    /// Its neighbours among its holder's ops.
    older: WaiterIx,
    newer: WaiterIx,
    /// One of the parents that it waits for; the others follow.
    waits: WaitIx,
    /// Who waits for it, the first to come and the last.
    first: WaitIx,
    last: WaitIx,
}

impl Place {
    const fn id(&self) -> OpId {
        match &self.known {
            Known::Nothing => OpId::ZERO,
            Known::Lacking(id) => *id,
            Known::Waits(op) => op.id(),
        }
    }

    const fn op(&self) -> Option<&VerifiedOp> {
        if let Known::Waits(op) = &self.known { Some(op) } else { None }
    }
}

/// That an op waits for a parent.
#[derive(Debug, Clone, Default)]
struct Wait {
    waiter: WaiterIx,
    parent: WaiterIx,
    /// Its neighbours among those that wait for the same parent.
    before: WaitIx,
    after: WaitIx,
    /// The next parent that the same op waits for.
    next: WaitIx,
}

/// The waiting ops of one holder, by arrival.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Queue {
    oldest: WaiterIx,
    newest: WaiterIx,
}

impl Queue {
    pub(crate) const fn oldest(&self) -> WaiterIx {
        self.oldest
    }
}

/// All that wait, and what they wait for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting {
    places: Pool<Place>,
    index: HashTable<WaiterIx>,
    hasher: DefaultHashBuilder,
    waits: Pool<Wait>,
}

/// Anybody may name any parents, so all of an id counts, and not only its first bytes.
fn hash_of(hasher: &DefaultHashBuilder, id: &OpId) -> u64 {
    let (words, _) = id.as_bytes().as_chunks::<8>();
    let mut state = hasher.build_hasher();
    words.iter().for_each(|word| state.write_u64(u64::from_le_bytes(*word)));
    state.finish()
}

impl Waiting {
    /// The place of an id, made if it has none: for one that is about to wait, or to be waited for.
    pub(crate) fn place_of(&mut self, id: OpId) -> WaiterIx {
        let (places, hasher) = (&self.places, &self.hasher);
        let of = |at: &WaiterIx| places.get(at.0).map_or(OpId::ZERO, Place::id);
        match self.index.entry(hash_of(hasher, &id), |at| of(at) == id, |at| hash_of(hasher, &of(at))) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let at = WaiterIx(self.places.insert(Place { known: Known::Lacking(id), ..Place::default() }));
                entry.insert(at);
                at
            }
        }
    }

    /// Has an op wait at the place of its id, at the end of its holder's queue.
    pub(crate) fn enter(&mut self, at: WaiterIx, op: VerifiedOp, arrival: u64, holder: HolderIx, queue: &mut Queue) {
        let older = core::mem::replace(&mut queue.newest, at);
        match self.places.get_mut(older.0) {
            Some(before) => before.newer = at,
            None => queue.oldest = at,
        }
        if let Some(place) = self.places.get_mut(at.0) {
            (place.known, place.arrival) = (Known::Waits(op), arrival);
            (place.holder, place.older, place.newer) = (holder, older, WaiterIx::NONE);
        }
    }

    /// Has an op wait for a parent; says whether that waits, too.
    pub(crate) fn wait_for(&mut self, waiter: WaiterIx, parent: &OpId) -> bool {
        let parent = self.place_of(*parent);
        let (Some(before), Some(next)) = (self.places.get(parent.0), self.places.get(waiter.0)) else { return false };
        let (before, next) = (before.last, next.waits);
        let wait = WaitIx(self.waits.insert(Wait { waiter, parent, before, after: WaitIx::NONE, next }));
        if let Some(before) = self.waits.get_mut(before.0) {
            before.after = wait;
        }
        if let Some(place) = self.places.get_mut(waiter.0) {
            place.waits = wait;
        }
        let Some(place) = self.places.get_mut(parent.0) else { return false };
        place.last = wait;
        if place.first.is_none() {
            place.first = wait;
        }
        place.op().is_some()
    }

    /// The first of those that wait for the id at a place waits for it no longer; says which it is.
    pub(crate) fn next_released(&mut self, parent: WaiterIx) -> Option<WaiterIx> {
        let wait = self.places.get(parent.0)?.first;
        let waiter = self.waits.get(wait.0)?.waiter;
        self.pass_over(waiter, wait);
        self.end(wait);
        Some(waiter)
    }

    /// Takes out the op at a place, and out of its holder's queue.
    pub(crate) fn leave(&mut self, at: WaiterIx, queue: &mut Queue) -> Option<VerifiedOp> {
        let place = self.places.get_mut(at.0)?;
        let id = place.op()?.id();
        let Known::Waits(op) = core::mem::replace(&mut place.known, Known::Lacking(id)) else { return None };
        let mut wait = core::mem::take(&mut place.waits);
        let (older, newer) = (core::mem::take(&mut place.older), core::mem::take(&mut place.newer));
        let waited_for = place.first.is_some();
        match self.places.get_mut(older.0) {
            Some(before) => before.newer = newer,
            None => queue.oldest = newer,
        }
        match self.places.get_mut(newer.0) {
            Some(after) => after.older = older,
            None => queue.newest = older,
        }
        while let Some(next) = self.waits.get(wait.0).map(|wait| wait.next) {
            self.end(wait);
            wait = next;
        }
        if !waited_for {
            self.forget(at);
        }
        Some(op)
    }

    // What only looks.

    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The place of an id that waits or is waited for.
    pub(crate) fn find(&self, id: &OpId) -> Option<WaiterIx> {
        let is = |at: &WaiterIx| self.places.get(at.0).is_some_and(|place| place.id() == *id);
        self.index.find(hash_of(&self.hasher, id), is).copied()
    }

    /// The op that waits at a place.
    pub(crate) fn op(&self, at: WaiterIx) -> Option<&VerifiedOp> {
        self.places.get(at.0).and_then(Place::op)
    }

    /// Whose queue an op is in.
    pub(crate) fn holder(&self, at: WaiterIx) -> HolderIx {
        self.places.get(at.0).map_or(HolderIx::NONE, |place| place.holder)
    }

    /// The ops of a queue, by arrival.
    pub(crate) fn queue(&self, queue: Queue) -> impl Iterator<Item = &VerifiedOp> {
        let next = |at: WaiterIx| self.places.get(at.0);
        core::iter::successors(next(queue.oldest), move |place| next(place.newer)).filter_map(Place::op)
    }

    /// All that wait, each with its arrival.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u64, &VerifiedOp)> {
        self.places.iter().filter_map(|place| Some((place.arrival, place.op()?)))
    }

    // Lists.

    /// Takes a wait out of those of its op, which are as many as an op has parents at most.
    fn pass_over(&mut self, waiter: WaiterIx, over: WaitIx) {
        let Some(after) = self.waits.get(over.0).map(|wait| wait.next) else { return };
        let Some(place) = self.places.get_mut(waiter.0) else { return };
        if place.waits == over {
            place.waits = after;
            return;
        }
        let mut at = place.waits;
        while let Some(wait) = self.waits.get_mut(at.0) {
            if wait.next == over {
                wait.next = after;
                return;
            }
            at = wait.next;
        }
    }

    /// Takes a wait out of those for its parent, and forgets a parent that nobody waits for and that does not wait.
    fn end(&mut self, wait: WaitIx) {
        let Some(Wait { parent, before, after, .. }) = self.waits.take(wait.0) else { return };
        if let Some(before) = self.waits.get_mut(before.0) {
            before.after = after;
        }
        if let Some(after) = self.waits.get_mut(after.0) {
            after.before = before;
        }
        let Some(place) = self.places.get_mut(parent.0) else { return };
        if place.first == wait {
            place.first = after;
        }
        if place.last == wait {
            place.last = before;
        }
        if place.first.is_none() && place.op().is_none() {
            self.forget(parent);
        }
    }

    fn forget(&mut self, at: WaiterIx) {
        let Some(place) = self.places.take(at.0) else { return };
        if let Ok(entry) = self.index.find_entry(hash_of(&self.hasher, &place.id()), |other| *other == at) {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_waiting_op_stays_small() {
        assert!(size_of::<Place>() <= 80 && size_of::<Wait>() <= 20);
    }
}
