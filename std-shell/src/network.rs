//! A network within the process, for tests and demos: it loses, delays and divides as it is told.

use crate::client::ContextClient;
use crate::publisher::{NotTaken, PeerId, Publisher};
use folkmoot_core::NamespaceId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What goes wrong on the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weather {
    /// Of a hundred messages, so many are lost.
    pub loss_percent: u8,
    /// Of a hundred messages, so many arrive twice.
    pub twice_percent: u8,
    /// The longest that a message takes; each takes some part of it, so they overtake one another.
    pub delay: Duration,
}

#[derive(Default)]
struct Inner {
    nodes: BTreeMap<PeerId, ContextClient>,
    topics: BTreeMap<NamespaceId, BTreeSet<PeerId>>,
    weather: Weather,
    /// Between these two nothing passes; the smaller first.
    divided: BTreeSet<(PeerId, PeerId)>,
    random: fastrand::Rng,
    sent: u64,
    lost: u64,
}

/// The network. Clones are the same one.
#[derive(Clone)]
pub struct Network(Arc<Mutex<Inner>>);

impl Default for Network {
    fn default() -> Self {
        Self::new(0)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        let (nodes, sent, lost) = (inner.nodes.len(), inner.sent, inner.lost);
        f.debug_struct("Network").field("nodes", &nodes).field("sent", &sent).field("lost", &lost).finish()
    }
}

impl Network {
    /// A network in fair weather, whose luck comes from this seed.
    pub fn new(seed: u64) -> Self {
        let network = Self(Arc::default());
        network.lock().random.seed(seed);
        network
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way out for a node of this name.
    pub fn publisher(&self, name: PeerId) -> Arc<dyn Publisher> {
        Arc::new(Port { name, network: self.clone() })
    }

    /// From now on, what is sent to this name is delivered to this node. Another node may have had the name before.
    pub fn attach(&self, name: PeerId, client: ContextClient) {
        self.lock().nodes.insert(name, client);
    }

    /// Nothing is delivered to this name any more.
    pub fn detach(&self, name: &PeerId) {
        self.lock().nodes.remove(name);
    }

    /// Changes the weather.
    pub fn set_weather(&self, weather: Weather) {
        self.lock().weather = weather;
    }

    /// Lets nothing pass between two nodes.
    pub fn divide(&self, a: PeerId, b: PeerId) {
        self.lock().divided.insert((a.min(b), a.max(b)));
    }

    /// Lets everything pass again.
    pub fn heal(&self) {
        self.lock().divided.clear();
    }

    fn carry(&self, from: PeerId, to: PeerId, bytes: &[u8]) {
        let mut inner = self.lock();
        let weather = inner.weather;
        let copies = if inner.random.u8(..100) < weather.twice_percent { 2 } else { 1 };
        for _ in 0..copies {
            inner.sent = inner.sent.saturating_add(1);
            let lost = inner.random.u8(..100) < weather.loss_percent;
            if lost || inner.divided.contains(&(from.min(to), from.max(to))) {
                inner.lost = inner.lost.saturating_add(1);
                continue;
            }
            let longest = u64::try_from(weather.delay.as_micros()).unwrap_or(u64::MAX);
            if longest == 0 {
                if let Some(client) = inner.nodes.get(&to) {
                    client.deliver(from, bytes.to_vec());
                }
                continue;
            }
            let delay = Duration::from_micros(inner.random.u64(..longest));
            let (network, bytes) = (self.clone(), bytes.to_vec());
            // Whoever sends does so on the manager's thread, which belongs to a runtime.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move {
                    tokio::time::sleep(delay).await;
                    let client = network.lock().nodes.get(&to).cloned();
                    if let Some(client) = client {
                        client.deliver(from, bytes);
                    }
                });
            }
        }
    }
}

/// A node's way into the network.
#[derive(Debug)]
struct Port {
    name: PeerId,
    network: Network,
}

impl Publisher for Port {
    fn subscribe(&self, namespace: &NamespaceId) {
        self.network.lock().topics.entry(*namespace).or_default().insert(self.name);
    }

    fn unsubscribe(&self, namespace: &NamespaceId) {
        if let Some(nodes) = self.network.lock().topics.get_mut(namespace) {
            nodes.remove(&self.name);
        }
    }

    fn publish(&self, namespace: &NamespaceId, bytes: &[u8]) -> Result<(), NotTaken> {
        let mut others: Vec<PeerId> =
            self.network.lock().topics.get(namespace).into_iter().flatten().copied().collect();
        others.retain(|other| *other != self.name);
        for other in others {
            self.network.carry(self.name, other, bytes);
        }
        Ok(())
    }

    fn send(&self, to: &PeerId, bytes: &[u8]) -> Result<(), NotTaken> {
        self.network.carry(self.name, *to, bytes);
        Ok(())
    }
}
