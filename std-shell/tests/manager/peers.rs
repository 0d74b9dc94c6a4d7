//! What peers send, and what they are sent.

use crate::common::{Home, ME, Moot, eventually, key, kitchen, ops, who};
use folkmoot::core::sync::Summary;
use folkmoot::core::{Hash, NamespaceId, Role};
use folkmoot::network::Network;
use folkmoot::{Event, Message, Metrics, NotTaken, Notice, PeerId, Publisher};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PEER: PeerId = PeerId([7; 32]);

/// Notes what is published, and takes it or not.
#[derive(Debug, Default)]
struct Recorder {
    published: Mutex<Vec<Message>>,
    refuses: AtomicBool,
}

impl Recorder {
    /// How many ops were published.
    fn ops(&self) -> usize {
        let published = self.published.lock().expect("nobody panics with it");
        published.iter().map(|message| if let Message::Ops(ops) = message { ops.len() } else { 0 }).sum()
    }

    fn heartbeats(&self) -> usize {
        let published = self.published.lock().expect("nobody panics with it");
        published.iter().filter(|message| matches!(message, Message::Heartbeat(_))).count()
    }
}

impl Publisher for Recorder {
    fn subscribe(&self, _: &NamespaceId) {}

    fn unsubscribe(&self, _: &NamespaceId) {}

    fn publish(&self, _: &NamespaceId, bytes: &[u8]) -> Result<(), NotTaken> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(NotTaken);
        }
        let message = Message::decode(bytes).expect("nodes say what nodes understand");
        self.published.lock().expect("nobody panics with it").push(message);
        Ok(())
    }

    fn send(&self, _: &PeerId, _: &[u8]) -> Result<(), NotTaken> {
        Ok(())
    }
}

fn recorded() -> (Arc<Recorder>, Home) {
    let recorder = Arc::new(Recorder::default());
    let mut home = Home::alone();
    home.setup.publisher = recorder.clone();
    (recorder, home)
}

fn counted(registry: &Registry, line: &str) -> bool {
    let mut text = String::new();
    encode(&mut text, registry).expect("text");
    text.lines().any(|found| found == line)
}

#[tokio::test]
async fn what_is_applied_is_published_once() {
    let (recorder, home) = recorded();
    let mut moot = Moot::at(home).await;
    moot.add(moot.root, "bob", Role::Member, 4).await;
    let made = ops(&moot.alice, moot.namespace).await;
    moot.alice.heartbeat().await.expect("it beats");
    moot.restart().await;
    moot.alice.heartbeat().await.expect("it beats");
    assert_eq!(recorder.ops(), made);
}

#[tokio::test]
async fn what_the_transport_did_not_take_is_offered_again_at_the_heartbeat_and_after_a_restart() {
    let (recorder, home) = recorded();
    recorder.refuses.store(true, Ordering::SeqCst);
    let mut moot = Moot::at(home).await;
    moot.alice.set_group_alias(ME, moot.root, "Pantry".to_owned()).await.expect("alice names it");
    moot.alice.heartbeat().await.expect("it beats");
    assert_eq!(recorder.ops(), 0);
    moot.restart().await;
    assert_eq!(recorder.ops(), 0);
    recorder.refuses.store(false, Ordering::SeqCst);
    moot.alice.heartbeat().await.expect("it beats");
    assert_eq!(recorder.ops(), 2);
    recorder.refuses.store(true, Ordering::SeqCst);
    moot.alice.set_group_alias(ME, moot.root, "Larder".to_owned()).await.expect("alice names it");
    recorder.refuses.store(false, Ordering::SeqCst);
    moot.restart().await;
    assert_eq!(recorder.ops(), 3, "recovery tends the outbox");
}

#[tokio::test]
async fn the_heart_beats_by_itself() {
    let (recorder, mut home) = recorded();
    home.setup.config.heartbeat = Duration::from_millis(5);
    let moot = Moot::at(home).await;
    eventually("it beats", || async { recorder.heartbeats() >= 3 }).await;
    drop(moot);
}

#[tokio::test]
async fn a_peer_with_the_same_heads_and_another_digest_is_reported_loudly() {
    let mut registry = Registry::default();
    let mut home = Home::alone();
    home.setup.metrics = Metrics::register(&mut registry);
    let moot = Moot::at(home).await;
    let mut events = moot.alice.events();
    let heads = moot.alice.heads(moot.namespace).await.expect("it is here");
    let ours = moot.alice.digest(moot.namespace).await.expect("it is here");
    let theirs = Hash([5; 32]);
    let summary = Summary { namespace: moot.namespace, digest: theirs, ops: 1, head_count: 1, heads };
    moot.alice.deliver(PEER, Message::Heartbeat(summary).encode());
    let told = events.next().await;
    let namespace = moot.namespace;
    assert_eq!(told, Some(Notice::Event(Event::Diverged { namespace, peer: PEER, ours, theirs })));
    assert!(counted(&registry, "folkmoot_heartbeat_divergence_total 1"));
}

#[tokio::test]
async fn what_is_no_message_no_op_or_of_no_namespace_that_is_followed_is_counted_and_changes_nothing() {
    let mut registry = Registry::default();
    let mut home = Home::alone();
    home.setup.metrics = Metrics::register(&mut registry);
    let moot = Moot::at(home).await;
    let before = moot.alice.digest(moot.namespace).await.expect("it is here");
    let elsewhere = Moot::alone().await;
    let foreign = crate::common::log(&elsewhere.alice, elsewhere.namespace).await;
    moot.alice.deliver(PEER, b"garbage".to_vec());
    moot.alice.deliver(PEER, Message::Ops(vec![b"no op".to_vec()]).encode());
    let mut damaged = foreign[0].1.clone();
    *damaged.last_mut().expect("bytes") ^= 1;
    moot.alice.deliver(PEER, Message::Ops(vec![damaged]).encode());
    let new = Message::Ops(foreign.into_iter().map(|(_, bytes)| bytes).collect());
    moot.alice.deliver(PEER, new.encode());
    assert_eq!(moot.alice.digest(moot.namespace).await.expect("it is here"), before);
    assert_eq!(moot.alice.namespaces(None, 10).await.expect("a page").entries.len(), 1);
    assert!(counted(&registry, "folkmoot_malformed_messages_total 1"));
    assert!(counted(&registry, "folkmoot_ops_total{status=\"malformed\"} 2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_op_that_waits_for_its_parents_has_them_fetched_before_the_next_heartbeat() {
    let network = Network::new(3);
    let (alices, bobs) = (Home::in_network(&network, "alice"), Home::in_network(&network, "bob"));
    let (alice, bob) = (alices.start().await, bobs.start().await);
    let namespace = alice.create_namespace(kitchen(), Some(key("alice"))).await.expect("alice founds");
    bob.sync_namespace(namespace).await.expect("alice answers");
    let (a, b) = (PeerId(who("alice").0), PeerId(who("bob").0));
    network.divide(a, b);
    alice.set_group_alias(ME, namespace.into(), "unheard".to_owned()).await.expect("alice names it");
    network.heal();
    assert_eq!(ops(&bob, namespace).await, 1);
    alice.set_group_alias(ME, namespace.into(), "heard".to_owned()).await.expect("alice names it");
    eventually("bob has both", || async { ops(&bob, namespace).await == 3 }).await;
}
