//! A publisher of one's own: two nodes, and a wire between them that carries frames.
//!
//! The wire is a pipe within the process; put a TCP or Unix socket in its place, and the rest stays. A real one also says
//! truthfully who is at the other end, and encrypts: ops are signed, not secret.

use folkmoot::core::{NamespaceId, Role};
use folkmoot::store::StoreOptions;
use folkmoot::{
    By, ContextClient, ContextManager, MAX_MESSAGE_BYTES, NewNamespace, NotTaken, PeerId, Publisher, RequestError,
    Setup,
};
use folkmoot_examples::{claim, key};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::mpsc;

/// The way out: a bounded queue, for a publisher may not block. What does not fit is `NotTaken`: the node keeps it in its
/// outbox and offers it again.
#[derive(Debug)]
struct Queue(mpsc::Sender<Vec<u8>>);

impl Publisher for Queue {
    // One wire, one peer: all that is published goes there, and the peer drops what it does not follow.
    fn subscribe(&self, _: &NamespaceId) {}

    fn unsubscribe(&self, _: &NamespaceId) {}

    fn publish(&self, _: &NamespaceId, bytes: &[u8]) -> Result<(), NotTaken> {
        self.0.try_send(bytes.to_vec()).map_err(|_| NotTaken)
    }

    fn send(&self, _: &PeerId, bytes: &[u8]) -> Result<(), NotTaken> {
        self.0.try_send(bytes.to_vec()).map_err(|_| NotTaken)
    }
}

/// Writes what is in the queue to the wire: the length, then the bytes.
async fn write(mut wire: impl AsyncWrite + Unpin, mut queue: mpsc::Receiver<Vec<u8>>) -> std::io::Result<()> {
    while let Some(bytes) = queue.recv().await {
        wire.write_u32(u32::try_from(bytes.len()).map_err(std::io::Error::other)?).await?;
        wire.write_all(&bytes).await?;
    }
    Ok(())
}

/// Hands what comes over the wire to the node. The length is the peer's word, so it has a bound before it is believed.
async fn read(mut wire: impl AsyncRead + Unpin, peer: PeerId, node: ContextClient) -> std::io::Result<()> {
    loop {
        let length = wire.read_u32().await?;
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX_MESSAGE_BYTES);
        let mut bytes = vec![0; length.ok_or_else(|| std::io::Error::other("the frame is too long"))?];
        wire.read_exact(&mut bytes).await?;
        node.deliver(peer, bytes);
    }
}

/// A node, and its queue, which nobody empties yet.
async fn start(path: &Path) -> Result<(ContextClient, mpsc::Receiver<Vec<u8>>), Box<dyn Error>> {
    let (queue, waiting) = mpsc::channel(2); // so short that the outbox has something to do
    let setup = Setup { publisher: Arc::new(Queue(queue)), ..Setup::default() };
    Ok((ContextManager::start(path, StoreOptions::default(), setup).await?, waiting))
}

/// Connects a node to its end of the wire.
fn connect(node: &ContextClient, queue: mpsc::Receiver<Vec<u8>>, wire: DuplexStream, peer: PeerId) {
    let (incoming, outgoing) = split(wire);
    tokio::spawn(write(outgoing, queue));
    tokio::spawn(read(incoming, peer, node.clone()));
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let (alice, from_alice) = start(&directory.path().join("alice.folkmoot")).await?;
    let (bob, from_bob) = start(&directory.path().join("bob.folkmoot")).await?;

    println!("1. alice founds a namespace and lets in bob and three others. There is no wire yet.");
    let new = NewNamespace { alias: "Kitchen table".into(), ..NewNamespace::default() };
    let namespace = alice.create_namespace(new, None).await?;
    let bobs = bob.create_identity(namespace).await?;
    let others = ["carol", "dave", "erin"].map(|name| (key(name).public(), Role::Member));
    let members = [(bobs, Role::Admin)].into_iter().chain(others).collect();
    alice.add_group_members(By::default(), namespace.into(), members).await?;
    claim("bob has none of it", bob.digest(namespace).await.is_err())?;

    println!("2. The wire is there. bob asks for the namespace, which he was told of, and catches up.");
    let (here, there) = duplex(64 * 1024);
    connect(&alice, from_alice, here, PeerId([2; 32]));
    connect(&bob, from_bob, there, PeerId([1; 32]));
    bob.sync_namespace(namespace).await?;
    claim("he has the digest that alice has", bob.digest(namespace).await? == alice.digest(namespace).await?)?;
    let standing = bob.standing(namespace.into(), bobs).await?;
    claim("and sees that he is an Admin", standing == Some(Role::Admin))?;

    println!("3. bob lets frank in; alice hears of it as it happens.");
    let frank = key("frank").public();
    bob.add_group_members(By::default(), namespace.into(), vec![(frank, Role::Member)]).await?;
    claim("alice sees frank", soon(&alice, namespace, &bob).await?)?;
    claim("as a Member", alice.standing(namespace.into(), frank).await? == Some(Role::Member))
}

/// Whether two nodes have the same digest soon: there is no other moment to wait for.
async fn soon(one: &ContextClient, namespace: NamespaceId, other: &ContextClient) -> Result<bool, RequestError> {
    for _ in 0..500 {
        if one.digest(namespace).await? == other.digest(namespace).await? {
            return Ok(true);
        }
        other.heartbeat().await?; // comes by itself every 30 seconds; here one does not want to wait
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(false)
}
