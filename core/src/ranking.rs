//! Whoever holds most: a heap that finds the largest at once and takes every change of a load in logarithmic time, so
//! that a crowd of holders makes nothing dear.

use alloc::vec::Vec;

/// One that holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row<K> {
    bytes: usize,
    /// Tells apart those that hold the same; so there is one largest, whatever came first.
    key: K,
    /// What the owner of the ranking calls it.
    item: u32,
}

/// All that hold something, by bytes and then by key. No row is below one that it exceeds; its children are at twice
/// its place and one or two more.
///
/// Rows move, and whoever owns the ranking has to know where each is: every change tells `moved` the items that it moved
/// and their places.
#[derive(Debug, Clone)]
pub(crate) struct Ranking<K> {
    rows: Vec<Row<K>>,
}

impl<K> Default for Ranking<K> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<K: Copy + Ord> Ranking<K> {
    /// A new one, which holds nothing yet.
    pub(crate) fn enter(&mut self, key: K, item: u32, mut moved: impl FnMut(u32, usize)) {
        let place = self.rows.len();
        let row = Row { bytes: 0, key, item };
        self.rows.push(row);
        moved(item, place);
        self.rise(place, row, &mut moved);
    }

    /// The one at a place holds so much now.
    pub(crate) fn set(&mut self, place: usize, bytes: usize, moved: impl FnMut(u32, usize)) {
        let Some(row) = self.rows.get_mut(place) else { return };
        row.bytes = bytes;
        let row = *row;
        self.settle(place, row, moved);
    }

    /// Takes out the one at a place.
    pub(crate) fn leave(&mut self, place: usize, mut moved: impl FnMut(u32, usize)) {
        let Some(last) = self.rows.pop() else { return };
        if let Some(gap) = self.rows.get_mut(place) {
            *gap = last;
            moved(last.item, place);
            self.settle(place, last, moved);
        }
    }

    /// Whoever holds most.
    pub(crate) fn largest(&self) -> Option<u32> {
        self.rows.first().map(|row| row.item)
    }

    fn settle(&mut self, place: usize, row: Row<K>, mut moved: impl FnMut(u32, usize)) {
        let place = self.rise(place, row, &mut moved);
        self.sink(place, row, &mut moved);
    }

    fn rise(&mut self, mut place: usize, row: Row<K>, moved: &mut impl FnMut(u32, usize)) -> usize {
        while let Some(above) = place.checked_sub(1).map(|before| before / 2) {
            if self.rows.get(above).is_none_or(|other| *other >= row) {
                break;
            }
            self.change_places(above, place, moved);
            place = above;
        }
        place
    }

    fn sink(&mut self, mut place: usize, row: Row<K>, moved: &mut impl FnMut(u32, usize)) {
        loop {
            let left = place.saturating_mul(2).saturating_add(1);
            let right = left.saturating_add(1);
            let below = if self.rows.get(right) > self.rows.get(left) { right } else { left };
            if self.rows.get(below).is_none_or(|other| *other <= row) {
                return;
            }
            self.change_places(place, below, moved);
            place = below;
        }
    }

    fn change_places(&mut self, above: usize, below: usize, moved: &mut impl FnMut(u32, usize)) {
        let (Some(one), Some(other)) = (self.rows.get(above).copied(), self.rows.get(below).copied()) else { return };
        for (place, row) in [(above, other), (below, one)] {
            if let Some(slot) = self.rows.get_mut(place) {
                *slot = row;
                moved(row.item, place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// A ranking with its owner's book of places, and what each item should hold.
    #[derive(Default)]
    struct Owned {
        ranking: Ranking<u32>,
        places: BTreeMap<u32, usize>,
        holds: BTreeMap<u32, usize>,
        /// How many rows moved in the last change.
        moves: usize,
    }

    /// Keys go the other way than items.
    fn key(item: u32) -> u32 {
        1_000 - item
    }

    impl Owned {
        fn set(&mut self, item: u32, bytes: usize) {
            let Self { ranking, places, moves, .. } = self;
            *moves = 0;
            let mut moved = |item, place| {
                *moves += 1;
                places.insert(item, place);
            };
            if self.holds.insert(item, bytes).is_none() {
                ranking.enter(key(item), item, &mut moved);
            }
            let at = self.places[&item];
            self.ranking.set(at, bytes, |item, place| {
                self.moves += 1;
                self.places.insert(item, place);
            });
        }

        fn remove(&mut self, item: u32) {
            self.moves = 0;
            if self.holds.remove(&item).is_some() {
                let at = self.places.remove(&item).unwrap();
                self.ranking.leave(at, |item, place| {
                    self.moves += 1;
                    self.places.insert(item, place);
                });
            }
        }

        fn check(&self) {
            let largest = self.holds.iter().max_by_key(|(item, bytes)| (**bytes, key(**item)));
            assert_eq!(self.ranking.largest(), largest.map(|(item, _)| *item));
            assert_eq!(self.places.len(), self.holds.len());
            for (item, place) in &self.places {
                let row = self.ranking.rows[*place];
                assert_eq!((row.item, row.bytes), (*item, self.holds[item]));
            }
        }
    }

    #[test]
    fn of_those_who_hold_the_same_the_greatest_key_is_largest() {
        let mut owned = Owned::default();
        for item in [3, 1, 2] {
            owned.set(item, 7);
        }
        assert_eq!(owned.ranking.largest(), Some(1));
        owned.set(1, 6);
        assert_eq!(owned.ranking.largest(), Some(2));
    }

    #[test]
    fn whoever_holds_most_is_found_after_any_changes_and_all_are_where_their_owner_thinks() {
        let mut random = 1u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for crowd in [1, 2, 3, 10, 100] {
            let mut owned = Owned::default();
            for _ in 0..2_000 {
                let item = next(crowd) as u32;
                if next(3) == 0 {
                    owned.remove(item);
                } else {
                    owned.set(item, next(20) as usize);
                }
                owned.check();
            }
        }
    }

    #[test]
    fn in_a_crowd_a_change_moves_few() {
        let mut owned = Owned::default();
        for item in 0..1_000 {
            owned.set(item, item as usize);
            assert!(owned.moves <= 1 + 2 * 10, "a newcomer moved {} rows among {item}", owned.moves);
        }
        for bytes in [0, 2_000, 500] {
            let largest = owned.ranking.largest().unwrap();
            owned.set(largest, bytes);
            assert!(owned.moves <= 2 * 10);
            owned.set(7, bytes);
            assert!(owned.moves <= 2 * 10);
        }
        for item in (0..1_000).step_by(7) {
            owned.remove(item);
            assert!(owned.moves <= 1 + 2 * 10);
        }
        owned.check();
    }
}
