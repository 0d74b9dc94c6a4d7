//! This node's identities and keys.

use crate::common::{Home, ME, Moot, by, is_malformed, is_nothing_to_do, key, refused, void, who};
use folkmoot::core::{GroupId, NamespaceId, Role, Visibility, VoidReason};
use folkmoot::{By, Refusal};

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_made_before_anything_of_the_namespace_is_here() {
    let home = Home::alone();
    let node = home.start().await;
    let namespace = NamespaceId([5; 32]);
    let identity = node.create_identity(namespace).await.expect("a fresh key");
    assert_eq!(node.identity(namespace).await.expect("asked"), Some(identity));
    let page = node.namespaces(None, 10).await.expect("asked");
    let [(named, summary)] = page.entries[..] else { panic!("{page:?}") };
    assert_eq!((named, summary.identity, summary.followed, summary.ops), (namespace, Some(identity), true, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fresh_identity_is_another() {
    let node = Home::alone();
    let node = node.start().await;
    let one = node.create_identity(NamespaceId([5; 32])).await.expect("a fresh key");
    let other = node.create_identity(NamespaceId([6; 32])).await.expect("a fresh key");
    assert_ne!(one, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_an_identity_makes_no_other() {
    let moot = Moot::alone().await;
    assert!(is_nothing_to_do(moot.alice.create_identity(moot.namespace).await));
    assert_eq!(moot.alice.identity(moot.namespace).await.expect("asked"), Some(who("alice")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_identity_takes_the_place_of_the_one_before_whose_key_stays() {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Member, 0).await;
    let identity = moot.alice.import_identity(moot.namespace, key("bob")).await.expect("bob's key");
    assert_eq!(identity, who("bob"));
    let rename = |by: By, alias: &str| moot.alice.set_group_alias(by, moot.root, alias.to_owned());
    assert_eq!(void(rename(ME, "Bob's").await), VoidReason::Unauthorized);
    rename(by("alice"), "Alice's").await.expect("alice's key is here still");
    assert!(is_nothing_to_do(moot.alice.import_identity(moot.namespace, key("bob")).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_identity_asks_for_nothing_but_its_key_does() {
    let moot = Moot::alone().await;
    moot.alice.forget_identity(moot.namespace).await.expect("there is one");
    let no_identity = Refusal::NoIdentity(moot.namespace);
    assert_eq!(refused(moot.alice.forget_identity(moot.namespace).await), no_identity);
    let rename = |by: By| moot.alice.set_group_alias(by, moot.root, "Pantry".to_owned());
    assert_eq!(refused(rename(ME).await), no_identity);
    rename(by("alice")).await.expect("the key is here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_kept_for_a_group_serves_those_below_and_no_others() {
    let moot = Moot::alone().await;
    let above = moot.subgroup(moot.root, "Above").await;
    let below = moot.subgroup(above, "Below").await;
    moot.add(moot.root, "bob", Role::Admin, 0).await;
    moot.alice.keep_signing_key(above, key("bob")).await.expect("there is room");
    let rename = |group: GroupId| moot.alice.set_group_alias(by("bob"), group, "Bob's".to_owned());
    rename(below).await.expect("by the key of the group above");
    let (group, requester) = (moot.root, who("bob"));
    assert_eq!(refused(rename(moot.root).await), Refusal::NoSigningKey { group, requester });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_kept_once_and_for_groups_that_are_here() {
    let moot = Moot::alone().await;
    assert!(is_nothing_to_do(moot.alice.keep_signing_key(moot.root, key("alice")).await));
    let nowhere = GroupId([9; 32]);
    assert_eq!(refused(moot.alice.keep_signing_key(nowhere, key("bob")).await), Refusal::NoSuchGroup(nowhere));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_key_signs_nothing_after_a_restart_either() {
    let mut moot = Moot::alone().await;
    moot.alice.forget_signing_key(moot.root, who("alice")).await.expect("it is kept");
    let (group, requester) = (moot.root, who("alice"));
    let no_key = Refusal::NoSigningKey { group, requester };
    assert_eq!(refused(moot.alice.forget_signing_key(group, requester).await), no_key);
    for _ in 0..2 {
        assert_eq!(refused(moot.alice.set_group_alias(ME, moot.root, "Pantry".to_owned()).await), no_key);
        moot.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_and_keys_are_there_after_a_restart() {
    let mut moot = Moot::alone().await.with("bob", Role::Admin, 0).await;
    let elsewhere = NamespaceId([5; 32]);
    let identity = moot.alice.create_identity(elsewhere).await.expect("a fresh key");
    moot.restart().await;
    assert_eq!(moot.alice.identity(elsewhere).await.expect("asked"), Some(identity));
    assert_eq!(moot.alice.identity(moot.namespace).await.expect("asked"), Some(who("alice")));
    for by in [ME, by("bob")] {
        let made = moot.alice.create_group_in_namespace(by, moot.root, "Cellar".to_owned(), Visibility::Open).await;
        made.expect("its key is here");
    }
}

#[tokio::test]
async fn a_seed_of_zeros_is_kept_for_nobody() {
    let moot = Moot::alone().await;
    let nobody = || folkmoot::core::SigningKey::from_seed([0; 32]);
    assert!(is_malformed(moot.alice.keep_signing_key(moot.root, nobody()).await));
    assert!(is_malformed(moot.alice.import_identity(moot.namespace, nobody()).await));
}
