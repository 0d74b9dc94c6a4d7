//! Nodes with a store in a directory of their own, and people by name.

use folkmoot::core::{
    DraftError, GroupId, InvitationId, MemberInfo, NamespaceId, OpId, PublicKey, Role, SigningKey, Visibility,
    VoidReason,
};
use folkmoot::network::Network;
use folkmoot::store::StoreOptions;
use folkmoot::{
    Answer, By, Clock, Config, ContextClient, ContextManager, NewContext, NewNamespace, PeerId, Refusal, RequestError,
    Setup,
};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// What the clock of a test shows at first, in unix seconds.
pub(crate) const NOW: u64 = 1_800_000_000;

/// As this node's identity.
pub(crate) const ME: By = By { requester: None, expected_state_hash: None };

/// The key of a person. Not secret from anybody: it is made of the name alone.
pub(crate) fn key(name: &str) -> SigningKey {
    let mut seed = [b'.'; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    SigningKey::from_seed(seed)
}

/// The public key of a person.
pub(crate) fn who(name: &str) -> PublicKey {
    key(name).public()
}

/// As this person.
pub(crate) fn by(name: &str) -> By {
    By::requester(who(name))
}

/// A clock that a test sets.
#[derive(Debug, Clone)]
pub(crate) struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub(crate) fn set(&self, now: u64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Where a node lives: its directory, and what it works with.
pub(crate) struct Home {
    directory: TempDir,
    pub(crate) setup: Setup,
    pub(crate) clock: TestClock,
    network: Option<(Network, PeerId)>,
}

impl Home {
    /// Without peers. Heartbeats come when the test says so.
    pub(crate) fn alone() -> Self {
        let clock = TestClock(Arc::new(AtomicU64::new(NOW)));
        let config = Config {
            heartbeat: Duration::from_secs(3_600),
            sync_timeout: Duration::from_millis(100),
            ..Config::default()
        };
        let setup = Setup { config, clock: Arc::new(clock.clone()), ..Setup::default() };
        Self { directory: TempDir::new().expect("a directory"), setup, clock, network: None }
    }

    /// With peers.
    pub(crate) fn in_network(network: &Network, name: &str) -> Self {
        let (mut home, name) = (Self::alone(), PeerId(who(name).0));
        home.setup.config.sync_timeout = Duration::from_secs(10);
        home.setup.publisher = network.publisher(name);
        home.network = Some((network.clone(), name));
        home
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.directory.path().join("moot.folkmoot")
    }

    /// Starts the node, the first time or again.
    pub(crate) async fn start(&self) -> ContextClient {
        let options = StoreOptions { cache_bytes: 1 << 20, ..StoreOptions::default() };
        let client = ContextManager::start(self.store(), options, self.setup.clone()).await.expect("it starts");
        if let Some((network, name)) = &self.network {
            network.attach(*name, client.clone());
        }
        client
    }
}

/// A namespace, on the node of alice, who founded it.
pub(crate) struct Moot {
    pub(crate) home: Home,
    pub(crate) alice: ContextClient,
    pub(crate) namespace: NamespaceId,
    pub(crate) root: GroupId,
}

impl Moot {
    /// On a node without peers.
    pub(crate) async fn alone() -> Self {
        Self::at(Home::alone()).await
    }

    pub(crate) async fn at(home: Home) -> Self {
        let alice = home.start().await;
        let namespace = alice.create_namespace(kitchen(), Some(key("alice"))).await.expect("alice founds");
        Self { home, alice, namespace, root: namespace.into() }
    }

    /// The node stops and starts again.
    pub(crate) async fn restart(&mut self) {
        self.alice.shutdown().await;
        self.alice = self.home.start().await;
    }

    /// Adds somebody to the root, whose key is kept here besides, so that requests can be made as them.
    pub(crate) async fn with(self, name: &str, role: Role, capabilities: u32) -> Self {
        self.add(self.root, name, role, capabilities).await;
        self.alice.keep_signing_key(self.root, key(name)).await.expect("there is room");
        self
    }

    /// Adds somebody to a group, with these capabilities and no others.
    pub(crate) async fn add(&self, group: GroupId, name: &str, role: Role, capabilities: u32) {
        self.alice.add_group_members(ME, group, vec![(who(name), role)]).await.expect("alice adds");
        if self.member(group, name).await.capabilities != capabilities {
            let set = self.alice.set_member_capabilities(ME, group, who(name), capabilities).await;
            set.expect("alice sets capabilities");
        }
    }

    pub(crate) async fn member(&self, group: GroupId, name: &str) -> MemberInfo {
        self.alice.member_info(group, who(name)).await.expect("a member")
    }

    pub(crate) async fn is_member(&self, group: GroupId, name: &str) -> bool {
        is_member(&self.alice, group, name).await
    }

    pub(crate) async fn subgroup(&self, parent: GroupId, alias: &str) -> GroupId {
        let made = self.alice.create_group_in_namespace(ME, parent, alias.to_owned(), Visibility::Open).await;
        made.expect("alice makes a group")
    }

    pub(crate) async fn context(&self, group: GroupId) -> folkmoot::core::ContextId {
        self.alice.create_context(ME, group, NewContext::default()).await.expect("alice registers a context")
    }
}

pub(crate) fn kitchen() -> NewNamespace {
    NewNamespace { alias: "Kitchen".to_owned(), app_key: [1; 32], application_id: [2; 32] }
}

pub(crate) async fn is_member(client: &ContextClient, group: GroupId, name: &str) -> bool {
    match client.member_info(group, who(name)).await {
        Ok(_) => true,
        Err(RequestError::Refused(Refusal::NoSuchMember { .. })) => false,
        Err(error) => panic!("{error}"),
    }
}

/// Whether the state has an invitation as revoked.
pub(crate) async fn is_revoked(client: &ContextClient, group: GroupId, invitation: InvitationId) -> bool {
    let all = client.group_invitations(group, None, 1_024).await.expect("the group is there");
    all.entries.iter().any(|(id, summary)| *id == invitation && summary.info.revoked)
}

pub(crate) async fn ops(client: &ContextClient, namespace: NamespaceId) -> usize {
    client.counts(namespace).await.expect("it is here").ops
}

/// Why a request was refused.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Answer<T>) -> Refusal {
    match answer {
        Err(RequestError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// Why an op was not drafted: it would have been void.
pub(crate) fn void<T: std::fmt::Debug>(answer: Answer<T>) -> VoidReason {
    match refused(answer) {
        Refusal::Draft(DraftError::Void(reason)) => reason,
        other => panic!("not void: {other:?}"),
    }
}

pub(crate) fn is_nothing_to_do<T: std::fmt::Debug>(answer: Answer<T>) -> bool {
    matches!(refused(answer), Refusal::NothingToDo(_))
}

pub(crate) fn is_malformed<T: std::fmt::Debug>(answer: Answer<T>) -> bool {
    matches!(refused(answer), Refusal::Malformed(_) | Refusal::Draft(DraftError::Malformed(_)))
}

/// Waits until something holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..2_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never: {what}");
}

/// The ops of a namespace, as they travel.
pub(crate) async fn log(client: &ContextClient, namespace: NamespaceId) -> Vec<(OpId, Vec<u8>)> {
    let page = client.op_log(namespace, 0, 1_024).await.expect("it is here");
    assert_eq!(page.next, None, "one page tells it all");
    page.ops.into_iter().map(|op| (op.id, op.bytes)).collect()
}
