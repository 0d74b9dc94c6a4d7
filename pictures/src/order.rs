//! The order in which a history is drawn, and who is whose ancestor.
//!
//! Parents come first. Among what could come next, a branch is followed to its end, and what strikes others waits as
//! long as it can: so one sees what was done before one sees it struck. The order depends on the ops and their verdicts
//! alone, never on the order in which they came.

use folkmoot_core::OpId;
use std::collections::{BTreeMap, BTreeSet};

/// One op, as far as its place matters.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) id: OpId,
    pub(crate) signer: usize,
    pub(crate) depth: u32,
    /// Places of the parents.
    pub(crate) parents: Vec<usize>,
    /// Whether other ops have no effect because of it.
    pub(crate) strikes: bool,
}

/// The places in the order in which they are drawn.
pub(crate) fn drawn_order(places: &[Place]) -> Vec<usize> {
    let mut lacking: Vec<usize> = places.iter().map(|place| place.parents.len()).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); places.len()];
    for (at, place) in places.iter().enumerate() {
        for parent in &place.parents {
            children[*parent].push(at);
        }
    }
    let key = |at: usize| (places[at].strikes, places[at].depth, places[at].id, at);
    let mut ready: BTreeSet<_> = (0..places.len()).filter(|at| lacking[*at] == 0).map(key).collect();
    let mut order: Vec<usize> = Vec::with_capacity(places.len());
    while let Some(first) = ready.first().copied() {
        let going_on = order.last().and_then(|last| {
            let mut next: Vec<usize> = children[*last].clone();
            next.retain(|child| lacking[*child] == 0 && !places[*child].strikes);
            next.into_iter().min_by_key(|child| (places[*child].signer != places[*last].signer, places[*child].id))
        });
        let next = going_on.unwrap_or(first.3);
        ready.remove(&key(next));
        order.push(next);
        for child in &children[next] {
            lacking[*child] -= 1;
            if lacking[*child] == 0 {
                ready.insert(key(*child));
            }
        }
    }
    order
}

/// For each op the set of its ancestors: a bit for each op.
#[derive(Debug)]
pub(crate) struct Ancestors {
    words: usize,
    bits: Vec<u64>,
}

impl Ancestors {
    /// The ancestors of ops whose parents come before them.
    pub(crate) fn of(parents: &[Vec<usize>]) -> Self {
        let words = parents.len().div_ceil(64);
        let mut all = Self { words, bits: Vec::with_capacity(words * parents.len()) };
        for above in parents {
            all.push(above);
        }
        all
    }

    /// None yet, with room for so many.
    pub(crate) fn with_room_for(ops: usize) -> Self {
        Self { words: ops.div_ceil(64), bits: Vec::new() }
    }

    /// The next op.
    pub(crate) fn push(&mut self, parents: &[usize]) {
        let start = self.bits.len();
        self.bits.resize(start + self.words, 0);
        let (before, own) = self.bits.split_at_mut(start);
        for parent in parents {
            let theirs = &before[parent * self.words..(parent + 1) * self.words];
            own.iter_mut().zip(theirs).for_each(|(word, their)| *word |= their);
            own[parent / 64] |= 1 << (parent % 64);
        }
    }

    /// Whether `a` is an ancestor of `b`.
    pub(crate) fn is_before(&self, a: usize, b: usize) -> bool {
        self.bits[b * self.words + a / 64] >> (a % 64) & 1 == 1
    }
}

/// For each kept op its nearest kept ancestors, by their numbers among the kept.
pub(crate) fn nearest_kept(parents: &[Vec<usize>], is_kept: &[bool]) -> BTreeMap<usize, Vec<usize>> {
    let mut number = vec![usize::MAX; parents.len()];
    let mut ancestors = Ancestors::with_room_for(is_kept.iter().filter(|kept| **kept).count());
    let mut frontier: Vec<Vec<usize>> = Vec::with_capacity(parents.len());
    let mut out = BTreeMap::new();
    for (at, above) in parents.iter().enumerate() {
        let mut near: BTreeSet<usize> = BTreeSet::new();
        for parent in above {
            if is_kept[*parent] {
                near.insert(number[*parent]);
            } else {
                near.extend(&frontier[*parent]);
            }
        }
        let all: Vec<usize> = near.iter().copied().collect();
        let near: Vec<usize> =
            all.iter().copied().filter(|a| !all.iter().any(|b| a < b && ancestors.is_before(*a, *b))).collect();
        if is_kept[at] {
            number[at] = out.len();
            ancestors.push(&near);
            out.insert(at, near);
            frontier.push(Vec::new());
        } else {
            frontier.push(near);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u8, signer: usize, parents: &[usize], strikes: bool) -> Place {
        Place {
            id: OpId([number; 32]),
            signer,
            depth: parents.len().try_into().unwrap(),
            parents: parents.to_vec(),
            strikes,
        }
    }

    #[test]
    fn a_branch_is_followed_to_its_end_and_what_strikes_comes_late() {
        let places = [
            place(0, 0, &[], false),
            place(1, 0, &[0], true),
            place(9, 1, &[0], false),
            place(3, 2, &[0], false),
            place(4, 1, &[2], false),
        ];
        assert_eq!(drawn_order(&places), [0, 3, 2, 4, 1]);
    }

    #[test]
    fn an_ancestor_is_found_through_others_and_nothing_else_is() {
        let ancestors = Ancestors::of(&[vec![], vec![0], vec![0], vec![1]]);
        assert!(ancestors.is_before(0, 3) && ancestors.is_before(1, 3));
        assert!(!ancestors.is_before(2, 3) && !ancestors.is_before(3, 1) && !ancestors.is_before(3, 3));
    }

    #[test]
    fn the_nearest_kept_ancestors_skip_what_is_left_out_and_name_nothing_twice() {
        // 0 ─ 1 ─ 2 ─ 4, 0 ─ 3 ─ 4, without 1, 3: 4 has 2 above it, and not 0 besides.
        let parents = [vec![], vec![0], vec![1], vec![0], vec![2, 3]];
        let kept = nearest_kept(&parents, &[true, false, true, false, true]);
        assert_eq!(kept[&2], [0]);
        assert_eq!(kept[&4], [1]);
    }
}
