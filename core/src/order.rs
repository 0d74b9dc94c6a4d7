//! The sound ops of a namespace in the order in which the fold takes them (SPEC §4): a list in blocks, so that a late
//! op moves a block's worth of neighbours and no more.

use crate::arena::OpIx;
use crate::facts::History;
use alloc::vec::Vec;

const BLOCK: usize = 512;

/// The ordered list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    blocks: Vec<Vec<OpIx>>,
}

impl Order {
    /// Where `op` is, or would be: the block, and the place in it.
    fn place(&self, history: &History, op: OpIx) -> (usize, usize) {
        let after = self
            .blocks
            .partition_point(|block| block.first().is_some_and(|first| history.compare_fold_order(*first, op).is_le()));
        let block = after.saturating_sub(1);
        let at = self
            .blocks
            .get(block)
            .map_or(0, |ops| ops.partition_point(|other| history.compare_fold_order(*other, op).is_lt()));
        (block, at)
    }

    /// The op that the fold takes last.
    pub(crate) fn last(&self) -> Option<OpIx> {
        self.blocks.last().and_then(|block| block.last()).copied()
    }

    pub(crate) fn insert(&mut self, history: &History, op: OpIx) {
        let (block, at) = if self.last().is_none_or(|last| history.compare_fold_order(last, op).is_lt()) {
            let block = self.blocks.len().saturating_sub(1);
            (block, self.blocks.last().map_or(0, Vec::len))
        } else {
            self.place(history, op)
        };
        match self.blocks.get_mut(block) {
            None => self.blocks.push(Vec::from([op])),
            Some(ops) if ops.len() < BLOCK => ops.insert(at.min(ops.len()), op),
            Some(ops) if at == ops.len() => {
                let mut next = Vec::with_capacity(BLOCK);
                next.push(op);
                self.blocks.insert(block.saturating_add(1), next);
            }
            Some(ops) => {
                let mut upper = Vec::with_capacity(BLOCK);
                upper.extend(ops.drain(BLOCK / 2..));
                match at.checked_sub(BLOCK / 2) {
                    Some(at) => upper.insert(at.min(upper.len()), op),
                    None => ops.insert(at, op),
                }
                self.blocks.insert(block.saturating_add(1), upper);
            }
        }
    }

    /// The ops after this one; all of them after [`OpIx::NONE`].
    pub(crate) fn after(&self, history: &History, op: OpIx) -> Vec<OpIx> {
        let (here, rest) = self.blocks_from(self.place_from(history, op));
        let here = if here.first() == Some(&op) { here.get(1..).unwrap_or_default() } else { here };
        let mut ops = Vec::with_capacity(here.len().saturating_add(rest.iter().map(Vec::len).sum()));
        ops.extend_from_slice(here);
        for block in rest {
            ops.extend_from_slice(block);
        }
        ops
    }

    /// The ops from the first that is not before `from`; all of them from [`OpIx::NONE`].
    pub(crate) fn iter_from(&self, history: &History, from: OpIx) -> impl Iterator<Item = OpIx> + '_ {
        let (here, rest) = self.blocks_from(self.place_from(history, from));
        here.iter().chain(rest.iter().flatten()).copied()
    }

    /// The ops of no less than a depth.
    pub(crate) fn of_depth(&self, history: &History, depth: u32) -> impl Iterator<Item = OpIx> + '_ {
        let (here, rest) = self.blocks_from(self.place_of_depth(history, depth));
        here.iter().chain(rest.iter().flatten()).copied()
    }

    /// How many ops are of no less than a depth, if there are no more than `most`.
    pub(crate) fn count_of_depth(&self, history: &History, depth: u32, most: usize) -> Option<usize> {
        let (here, rest) = self.blocks_from(self.place_of_depth(history, depth));
        let mut count = here.len();
        for block in rest {
            if count > most {
                break;
            }
            count = count.saturating_add(block.len());
        }
        (count <= most).then_some(count)
    }

    fn place_from(&self, history: &History, op: OpIx) -> (usize, usize) {
        if op.is_none() { (0, 0) } else { self.place(history, op) }
    }

    fn place_of_depth(&self, history: &History, depth: u32) -> (usize, usize) {
        let is_above = |op: &OpIx| history.dag.depth(*op) < depth;
        let block = self.blocks.partition_point(|block| block.first().is_some_and(is_above)).saturating_sub(1);
        (block, self.blocks.get(block).map_or(0, |ops| ops.partition_point(is_above)))
    }

    /// What is left of the block of a place, and the blocks after it.
    fn blocks_from(&self, (block, at): (usize, usize)) -> (&[OpIx], &[Vec<OpIx>]) {
        let here = self.blocks.get(block).and_then(|ops| ops.get(at..)).unwrap_or_default();
        (here, self.blocks.get(block.saturating_add(1)..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dag::Past;
    use crate::ids::OpId;

    #[test]
    fn the_ops_of_no_less_than_a_depth_are_found_and_counted_wherever_a_block_ends() {
        let (mut history, mut order) = (History::default(), Order::default());
        let ops = 3 * BLOCK + 7;
        let mut parents: Vec<OpIx> = Vec::new();
        for at in 0..ops {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&at.to_be_bytes());
            let past = if at == 0 { Past::EMPTY } else { history.dag.past_of(&parents) };
            let op = history.dag.insert(OpId(id), &parents, &past);
            order.insert(&history, op);
            parents = Vec::from([op]);
        }
        for depth in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK, ops - 1, ops, ops + 5] {
            let left = ops.saturating_sub(depth);
            let depth = u32::try_from(depth).expect("few");
            let found: Vec<OpIx> = order.of_depth(&history, depth).collect();
            assert_eq!((found.len(), found.first().map(|op| op.0)), (left, (left > 0).then_some(depth)));
            assert_eq!(order.count_of_depth(&history, depth, left), Some(left));
            if let Some(fewer) = left.checked_sub(1) {
                assert_eq!(order.count_of_depth(&history, depth, fewer), None, "depth {depth}");
            }
        }
    }
}
