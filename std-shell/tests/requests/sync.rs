//! Catching up with peers.

use crate::common::{Home, ME, Moot, eventually, is_nothing_to_do, key, ops, refused, who};
use folkmoot::core::{GroupId, NamespaceId, Role};
use folkmoot::network::Network;
use folkmoot::{NotTaken, PeerId, Publisher, Refusal, RequestError};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Alice founds on her node; bob has one, with nothing on it.
async fn alice_and_bob(network: &Network) -> (Moot, Home) {
    let moot = Moot::at(Home::in_network(network, "alice")).await;
    moot.add(moot.root, "bob", Role::Member, 0).await;
    (moot, Home::in_network(network, "bob"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synced_namespace_is_as_the_peer_has_it() {
    let network = Network::new(1);
    let (moot, home) = alice_and_bob(&network).await;
    let bob = home.start().await;
    assert_eq!(refused(bob.sync_group(moot.root).await), Refusal::NoSuchGroup(moot.root));
    bob.sync_namespace(moot.namespace).await.expect("alice is there");
    let digest = moot.alice.digest(moot.namespace).await.expect("held");
    assert_eq!(bob.digest(moot.namespace).await.expect("synced"), digest);
    // By any group of it, from now on; again though nothing is new.
    bob.sync_group(moot.root).await.expect("alice is there");
    bob.sync_group(moot.root).await.expect("alice is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_did_meanwhile_comes_with_a_sync_by_group() {
    let network = Network::new(2);
    let (moot, home) = alice_and_bob(&network).await;
    let bob = home.start().await;
    bob.sync_namespace(moot.namespace).await.expect("alice is there");
    let (alice, away) = (PeerId(who("alice").0), PeerId(who("bob").0));
    network.divide(alice, away);
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    network.heal();
    assert_eq!(refused(bob.group_info(cellar).await), Refusal::NoSuchGroup(cellar));
    bob.sync_group(moot.root).await.expect("alice is there");
    assert_eq!(bob.group_info(cellar).await.expect("synced").info.alias, "Cellar");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_and_lost_is_asked_for_again() {
    let network = Network::new(3);
    let (moot, home) = alice_and_bob(&network).await;
    let bob = home.start().await;
    network.divide(PeerId(who("alice").0), PeerId(who("bob").0));
    let healed = network.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        healed.heal();
    });
    bob.sync_namespace(moot.namespace).await.expect("the second question arrives");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_peers_nobody_answers_and_asking_again_may_help() {
    let mut home = Home::alone();
    home.setup.config.sync_timeout = Duration::from_millis(30);
    let node = home.start().await;
    let namespace = NamespaceId([5; 32]);
    let error = node.sync_namespace(namespace).await.expect_err("nobody is there");
    assert!(matches!(error, RequestError::NobodyAnswered(asked) if asked == namespace), "{error}");
    assert!(error.ask_again());
    let founded = node.create_namespace(crate::common::kitchen(), Some(key("alice"))).await.expect("founded");
    let error = node.sync_group(founded.into()).await.expect_err("nobody is there");
    assert!(matches!(error, RequestError::NobodyAnswered(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_ends_when_the_node_is_shut_down() {
    let mut home = Home::alone();
    home.setup.config.sync_timeout = Duration::from_secs(60);
    let node = home.start().await;
    let asking = node.clone();
    let sync = tokio::spawn(async move { asking.sync_namespace(NamespaceId([5; 32])).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    node.shutdown().await;
    assert!(matches!(sync.await.expect("it ends"), Err(RequestError::Closed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_not_followed_is_not_taken_from_peers() {
    let network = Network::new(4);
    let (moot, home) = alice_and_bob(&network).await;
    let bob = home.start().await;
    bob.sync_namespace(moot.namespace).await.expect("alice is there");
    assert!(is_nothing_to_do(bob.follow_namespace(moot.namespace).await));
    bob.unfollow_namespace(moot.namespace).await.expect("it was followed");
    assert!(is_nothing_to_do(bob.unfollow_namespace(moot.namespace).await));
    let before = ops(&bob, moot.namespace).await;
    moot.alice.set_group_alias(ME, moot.root, "Pantry".to_owned()).await.expect("renamed");
    moot.alice.heartbeat().await.expect("alice tells all who listen");
    assert_eq!(ops(&bob, moot.namespace).await, before);
    bob.follow_namespace(moot.namespace).await.expect("again");
    moot.alice.heartbeat().await.expect("alice tells all who listen");
    eventually("bob catches up", || async { ops(&bob, moot.namespace).await == before + 1 }).await;
}

/// A transport that takes nothing, and knows which topics the node takes part in.
#[derive(Debug, Default)]
struct Topics(Mutex<BTreeSet<NamespaceId>>);

impl Topics {
    fn all(&self) -> Vec<NamespaceId> {
        self.0.lock().expect("nobody panicked").iter().copied().collect()
    }
}

impl Publisher for Topics {
    fn subscribe(&self, namespace: &NamespaceId) {
        self.0.lock().expect("nobody panicked").insert(*namespace);
    }

    fn unsubscribe(&self, namespace: &NamespaceId) {
        self.0.lock().expect("nobody panicked").remove(namespace);
    }

    fn publish(&self, _: &NamespaceId, _: &[u8]) -> Result<(), NotTaken> {
        Err(NotTaken)
    }

    fn send(&self, _: &PeerId, _: &[u8]) -> Result<(), NotTaken> {
        Err(NotTaken)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transport_takes_part_in_the_topics_of_what_is_followed() {
    let (mut home, topics) = (Home::alone(), Arc::new(Topics::default()));
    home.setup.publisher = topics.clone();
    let mut moot = Moot::at(home).await;
    let other = NamespaceId([0; 32]);
    moot.alice.follow_namespace(other).await.expect("not yet followed");
    assert_eq!(topics.all(), [other, moot.namespace]);
    for namespace in [other, moot.namespace] {
        moot.alice.unfollow_namespace(namespace).await.expect("it was followed");
    }
    assert_eq!(topics.all(), []);
    // What is here is followed again after a restart.
    moot.restart().await;
    assert_eq!(topics.all(), [moot.namespace]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_followed_namespace_comes_with_the_next_heartbeat() {
    let network = Network::new(5);
    let (moot, home) = alice_and_bob(&network).await;
    let bob = home.start().await;
    bob.follow_namespace(moot.namespace).await.expect("not yet followed");
    moot.alice.heartbeat().await.expect("alice tells all who listen");
    let held = || async { bob.group_info(GroupId::from(moot.namespace)).await.is_ok() };
    eventually("bob has it", held).await;
}
