//! Three managers over a network that loses, delays and divides.

use crate::common::{Home, ME, eventually, is_member, key, kitchen, who};
use folkmoot::core::{Hash, NamespaceId, Role};
use folkmoot::network::{Network, Weather};
use folkmoot::{By, ContextClient, PeerId};
use std::time::Duration;

fn peer(name: &str) -> PeerId {
    PeerId(who(name).0)
}

fn home(network: &Network, name: &str) -> Home {
    let mut home = Home::in_network(network, name);
    home.setup.config.heartbeat = Duration::from_millis(20);
    home.setup.config.page_timeout = Duration::from_millis(60);
    home.setup.config.session_pages = 4;
    home
}

/// Alice, bob and carol, all Admins of one namespace, each on a node of their own.
struct Three {
    network: Network,
    homes: Vec<Home>,
    nodes: Vec<ContextClient>,
    namespace: NamespaceId,
}

const NAMES: [&str; 3] = ["alice", "bob", "carol"];

impl Three {
    async fn new(seed: u64) -> Self {
        let network = Network::new(seed);
        let homes: Vec<Home> = NAMES.iter().map(|name| home(&network, name)).collect();
        let mut nodes = Vec::new();
        for home in &homes {
            nodes.push(home.start().await);
        }
        let namespace = nodes[0].create_namespace(kitchen(), Some(key("alice"))).await.expect("alice founds");
        let admins = vec![(who("bob"), Role::Admin), (who("carol"), Role::Admin)];
        nodes[0].add_group_members(ME, namespace.into(), admins).await.expect("alice adds");
        for (node, name) in nodes.iter().zip(NAMES).skip(1) {
            node.import_identity(namespace, key(name)).await.expect("a key of their own");
            node.sync_namespace(namespace).await.expect("alice answers");
        }
        let three = Self { network, homes, nodes, namespace };
        three.agree().await;
        three
    }

    async fn digests(&self) -> Vec<Option<Hash>> {
        let mut digests = Vec::new();
        for node in &self.nodes {
            digests.push(node.digest(self.namespace).await.ok());
        }
        digests
    }

    /// All come to the same, with nothing left waiting.
    async fn agree(&self) {
        eventually("all agree", || async {
            let mut heads = Vec::new();
            for node in &self.nodes {
                let counts = node.counts(self.namespace).await;
                if !counts.is_ok_and(|counts| counts.pending == 0) {
                    return false;
                }
                heads.push(node.heads(self.namespace).await.ok());
            }
            heads.windows(2).all(|pair| pair[0] == pair[1])
        })
        .await;
        let digests = self.digests().await;
        assert!(digests.windows(2).all(|pair| pair[0].is_some() && pair[0] == pair[1]), "{digests:?}");
    }

    async fn restart(&mut self, at: usize) {
        self.network.detach(&peer(NAMES[at]));
        self.nodes[at].shutdown().await;
        self.nodes[at] = self.homes[at].start().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_come_to_the_same_through_loss_delay_division_and_restarts() {
    let mut three = Three::new(1).await;
    let root = three.namespace.into();
    let weather = Weather { loss_percent: 30, twice_percent: 20, delay: Duration::from_millis(8) };
    three.network.set_weather(weather);
    for round in 0..6 {
        match round {
            1 => three.network.divide(peer("alice"), peer("bob")),
            2 => three.network.divide(peer("alice"), peer("carol")),
            3 => three.restart(1).await,
            4 => three.network.heal(),
            5 => three.restart(2).await,
            _ => {}
        }
        for (node, name) in three.nodes.iter().zip(NAMES) {
            for number in 0..3 {
                let member = who(&format!("{name}'s {round} {number}"));
                node.add_group_members(ME, root, vec![(member, Role::Member)]).await.expect("an Admin adds");
            }
            node.set_group_alias(ME, root, format!("{name} {round}")).await.expect("an Admin names it");
        }
    }
    three.network.set_weather(Weather::default());
    three.agree().await;
    for node in &three.nodes {
        for (round, name) in (0..6).flat_map(|round| NAMES.map(|name| (round, name))) {
            assert!(is_member(node, root, &format!("{name}'s {round} 2")).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_admins_node_that_keeps_publishing_changes_nothing() {
    let three = Three::new(2).await;
    let root = three.namespace.into();
    let [alice, bob, carol] = &three.nodes[..] else { panic!("three") };
    // Carol is cut off, and does not hear that she is removed.
    three.network.divide(peer("alice"), peer("carol"));
    three.network.divide(peer("bob"), peer("carol"));
    alice.remove_group_members(ME, root, vec![who("carol")]).await.expect("alice removes carol");
    eventually("bob hears of it", || async { !is_member(bob, root, "carol").await }).await;
    let before = alice.digest(three.namespace).await.expect("it is here");
    for number in 0..5 {
        let puppet = who(&format!("puppet {number}"));
        carol.add_group_members(ME, root, vec![(puppet, Role::Admin)]).await.expect("she thinks she may");
        carol.keep_signing_key(root, key(&format!("puppet {number}"))).await.expect("there is room");
        let by = By::requester(puppet);
        let more = who(&format!("puppet's {number}"));
        carol.add_group_members(by, root, vec![(more, Role::Admin)]).await.expect("so does her puppet");
    }
    carol.set_group_alias(ME, root, "Carol's".to_owned()).await.expect("she thinks she may");
    three.network.heal();
    three.agree().await;
    assert_eq!(alice.digest(three.namespace).await.expect("it is here"), before, "nothing has changed");
    for node in &three.nodes {
        assert!(is_member(node, root, "alice").await && !is_member(node, root, "puppet 0").await);
        assert!(!is_member(node, root, "carol").await, "she knows it herself by now");
    }
    carol.set_group_alias(ME, root, "Carol's again".to_owned()).await.expect_err("she may no longer");
}
