//! Folding: a straight run of one signer becomes one node, so that long histories stay readable.

use crate::history::History;
use crate::limits::{FOLD_ABOVE, FOLD_AT_LEAST};
use crate::text::count;
use std::collections::{BTreeMap, BTreeSet};

/// Whether straight runs become one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Folding {
    /// Where there are more than [`FOLD_ABOVE`] ops.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What is drawn as one: an op, or a folded run of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// The ops, parents first; one, unless it is folded.
    pub(crate) ops: Vec<usize>,
    /// The nodes above.
    pub(crate) parents: Vec<usize>,
}

impl Node {
    pub(crate) fn is_folded(&self) -> bool {
        self.ops.len() > 1
    }

    /// The first op.
    pub(crate) fn first(&self) -> usize {
        self.ops.first().copied().unwrap_or(0)
    }

    /// `12 ops`, and what they are: `9 MemberAdded, 3 GroupAliasSet`.
    pub(crate) fn sums(&self, history: &History) -> (String, String) {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for op in self.ops.iter().filter_map(|at| history.ops.get(*at)) {
            *kinds.entry(op.kind).or_default() += 1;
        }
        let mut kinds: Vec<(&str, usize)> = kinds.into_iter().collect();
        kinds.sort_by_key(|(kind, many)| (std::cmp::Reverse(*many), *kind));
        let kinds: Vec<String> = kinds.into_iter().map(|(kind, many)| format!("{many} {kind}")).collect();
        (count(self.ops.len(), "op"), kinds.join(", "))
    }
}

/// A history as nodes, in the drawn order.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) nodes: Vec<Node>,
    /// The node of each op.
    pub(crate) node_of: Vec<usize>,
}

/// Folds what is straight, effective and of no further interest: nothing in it strikes, forks, branches or merges, and
/// it does not found the namespace.
pub(crate) fn fold(history: &History, folding: Folding) -> Folded {
    let folds = match folding {
        Folding::Auto => history.ops.len() > FOLD_ABOVE,
        Folding::Always => true,
        Folding::Never => false,
    };
    let runs = if folds { runs(history) } else { (0..history.ops.len()).map(|at| vec![at]).collect() };
    let mut node_of = vec![0; history.ops.len()];
    for (number, run) in runs.iter().enumerate() {
        run.iter().for_each(|at| node_of[*at] = number);
    }
    let above = |first: usize| -> Vec<usize> {
        let parents: BTreeSet<usize> = history.ops[first].parents.iter().map(|parent| node_of[*parent]).collect();
        parents.into_iter().collect()
    };
    let nodes = runs.iter().map(|run| Node { parents: above(run[0]), ops: run.clone() }).collect();
    Folded { nodes, node_of }
}

fn runs(history: &History) -> Vec<Vec<usize>> {
    let ops = &history.ops;
    let mut children = vec![0; ops.len()];
    let mut is_pointed_at = vec![false; ops.len()];
    for op in ops {
        op.parents.iter().for_each(|parent| children[*parent] += 1);
        op.by.into_iter().chain(op.falls_with).for_each(|by| is_pointed_at[by] = true);
    }
    let is_plain = |at: usize| {
        let op = &ops[at];
        let plain = op.reason().is_none() && !op.is_forked && !op.has_earlier && !op.parents.is_empty();
        plain && !is_pointed_at[at]
    };
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for at in 0..ops.len() {
        let goes_on = runs.last().and_then(|run| run.last()).is_some_and(|last| {
            let (before, op) = (&ops[*last], &ops[at]);
            let straight = op.parents == [*last] && children[*last] == 1;
            straight && op.signer == before.signer && is_plain(at) && is_plain(*last)
        });
        match runs.last_mut() {
            Some(run) if goes_on => run.push(at),
            _ => runs.push(vec![at]),
        }
    }
    let unfold = |run: Vec<usize>| -> Vec<Vec<usize>> {
        if run.len() < FOLD_AT_LEAST { run.into_iter().map(|at| vec![at]).collect() } else { vec![run] }
    };
    runs.into_iter().flat_map(unfold).collect()
}
