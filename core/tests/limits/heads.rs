//! A draft merges at most 64 heads; with more, those of greatest (depth, id), and none is ever dropped.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::limits::MAX_PARENTS;
use folkmoot_core::{DraftError, OpId, Role::*};

/// So many concurrent ops on the founder's genesis and its first op.
fn with_heads(count: usize) -> Moot {
    let mut moot = Moot::founded_by("alice");
    let base = moot.heads();
    for number in 0..count {
        moot.by("alice").on(&base).does(add(&format!("guest {number}"), Member));
    }
    assert_eq!(moot.heads().len(), count);
    moot
}

#[test]
fn sixty_four_heads_are_merged_by_one_draft() {
    let mut moot = with_heads(MAX_PARENTS);
    let heads = moot.heads();
    let joined = moot.by("alice").does(NOOP);
    assert_eq!(moot.op(joined).signable().parent_op_hashes, heads);
    assert_eq!(moot.heads(), [joined]);
}

#[test]
fn of_more_heads_the_sixty_four_of_greatest_depth_and_id_are_merged() {
    let mut moot = with_heads(MAX_PARENTS + 1);
    let heads = moot.heads();
    // One of them, not the greatest, grows deeper.
    let deeper = moot.by("alice").on(&heads[3..4]).does(NOOP);
    let mut expected: Vec<OpId> = heads.iter().copied().filter(|head| *head != heads[3]).collect();
    let left = expected.remove(0);
    expected.push(deeper);
    expected.sort_unstable();
    assert_eq!(expected.len(), MAX_PARENTS);
    let (id, root) = (moot.id(), moot.root());
    let draft = moot.engine.draft(&id, &root, &crate::common::who("alice"), NOOP).unwrap();
    assert_eq!(draft.parent_op_hashes, expected);
    let (joined, _) = moot.send(draft, "alice");
    let mut heads = vec![left, joined];
    heads.sort_unstable();
    assert_eq!(moot.heads(), heads, "the smallest of the shallow is left, and stays a head");
}

#[test]
fn no_head_is_ever_dropped() {
    let mut moot = with_heads(2 * MAX_PARENTS + 3);
    let all: Vec<OpId> = moot.sent().iter().map(|op| op.id()).collect();
    let (id, root) = (moot.id(), moot.root());
    for expected in [MAX_PARENTS + 4, 5, 1] {
        let draft = moot.engine.draft(&id, &root, &crate::common::who("alice"), NOOP).unwrap();
        moot.send(draft, "alice");
        assert_eq!(moot.heads().len(), expected);
    }
    assert!(all.iter().all(|op| moot.engine.contains(op)));
    assert_eq!(moot.view(root).members.len(), 2 * MAX_PARENTS + 4);
}

#[test]
fn no_draft_is_made_on_more_parents() {
    let mut moot = with_heads(MAX_PARENTS + 1);
    let (id, root, alice) = (moot.id(), moot.root(), crate::common::who("alice"));
    let heads = moot.heads();
    let refused = moot.engine.draft_on(&id, &root, &alice, NOOP, &heads);
    assert_eq!(refused, Err(DraftError::Parents));
    let made = moot.engine.draft_on(&id, &root, &alice, NOOP, &heads[1..]).unwrap();
    assert_eq!(made.parent_op_hashes, heads[1..]);
}
