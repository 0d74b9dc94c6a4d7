//! Ops that come in files, in parts, in any order.

use crate::common::{Home, ME, Moot, is_malformed, key, log, refused, who};
use folkmoot::core::{GroupId, NamespaceId, OpId, Role, Status};
use folkmoot::{ContextClient, Refusal};
use std::collections::BTreeMap;

/// What alice has done: she founded, and added two.
async fn history() -> (Moot, Vec<(OpId, Vec<u8>)>) {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Admin, 0).await;
    moot.add(moot.root, "carol", Role::Admin, 0).await;
    let ops = log(&moot.alice, moot.namespace).await;
    (moot, ops)
}

fn bytes(ops: &[(OpId, Vec<u8>)]) -> Vec<Vec<u8>> {
    ops.iter().map(|(_, bytes)| bytes.clone()).collect()
}

async fn aside(node: &ContextClient) -> usize {
    node.ops_aside().await.expect("asked").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_are_taken_in_any_order_and_what_is_no_op_is_told_by_its_place() {
    let (moot, ops) = history().await;
    let bob = Home::alone().start().await;
    let mut given = bytes(&ops);
    given.reverse();
    given.insert(1, vec![7]);
    let taken = bob.take_ops(given).await.expect("taken");
    let admitted = taken.taken.iter().filter(|op| matches!(op.status, Status::Admitted(_))).count();
    assert_eq!((admitted, taken.refused.len(), taken.refused[0].0), (3, 1, 1));
    assert_eq!(bob.digest(moot.namespace).await.ok(), moot.alice.digest(moot.namespace).await.ok());
    let again = bob.take_ops(bytes(&ops)).await.expect("taken");
    assert!(again.taken.iter().all(|op| op.status == Status::Duplicate));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_ops_than_a_request_may_bring_are_refused() {
    let (moot, ops) = history().await;
    assert!(is_malformed(moot.alice.take_ops(vec![ops[0].1.clone(); 1_025]).await));
    assert!(moot.alice.take_ops(vec![ops[0].1.clone(); 1_024]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_lies_aside_over_a_restart_until_its_parents_come() {
    let (moot, ops) = history().await;
    let home = Home::alone();
    let bob = home.start().await;
    bob.take_ops(bytes(&ops[2..])).await.expect("taken");
    let all: BTreeMap<OpId, Vec<u8>> = ops.iter().cloned().collect();
    // Of all that is offered, only what waits.
    assert_eq!(bob.set_ops_aside(all.clone()).await.expect("kept"), 1);
    bob.shutdown().await;
    let bob = home.start().await;
    assert_eq!(aside(&bob).await, 1);
    let early = [bob.ops_aside().await.expect("asked"), bytes(&ops[..2])].concat();
    bob.take_ops(early).await.expect("taken");
    assert_eq!(bob.digest(moot.namespace).await.ok(), moot.alice.digest(moot.namespace).await.ok());
    assert_eq!(bob.set_ops_aside(all).await.expect("kept"), 0);
    assert_eq!(aside(&bob).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_groups_of_a_namespace_come_in_pages() {
    let moot = Moot::alone().await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    let shelf = moot.subgroup(cellar, "Shelf").await;
    let first = moot.alice.groups(moot.namespace, None, 2).await.expect("asked");
    let second = moot.alice.groups(moot.namespace, first.next, 2).await.expect("asked");
    let mut found: Vec<GroupId> = first.entries.iter().chain(&second.entries).map(|(group, _)| *group).collect();
    let mut expected = vec![moot.root, cellar, shelf];
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!((found, second.next), (expected, None));
    let nowhere = NamespaceId([9; 32]);
    assert_eq!(refused(moot.alice.groups(nowhere, None, 2).await), Refusal::NoSuchNamespace(nowhere));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_can_sign_in_a_group_are_those_whose_keys_are_kept_there_or_above() {
    let moot = Moot::alone().await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    moot.alice.keep_signing_key(cellar, key("bob")).await.expect("there is room");
    let mut both = vec![who("alice"), who("bob")];
    both.sort_unstable();
    assert_eq!(moot.alice.signing_identities(cellar).await.ok(), Some(both));
    assert_eq!(moot.alice.signing_identities(moot.root).await.ok(), Some(vec![who("alice")]));
    moot.alice.delete_group(ME, cellar).await.expect("alice deletes");
    assert_eq!(refused(moot.alice.signing_identities(cellar).await), Refusal::NoSuchGroup(cellar));
}
