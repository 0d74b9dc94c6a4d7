//! The way out to other nodes. A host brings its own; [`crate::network`] is one for tests and demos.

use folkmoot_core::NamespaceId;
use std::fmt;

/// Another node, as the host's transport names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; 32]);

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "PeerId({a:02x}{b:02x}{c:02x}{d:02x})")
    }
}

/// The transport did not take a message. It is the transport's fault; what has to arrive is offered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the transport did not take the message")]
pub struct NotTaken;

/// Sends bytes to other nodes: a topic a namespace. What comes in, the host hands to
/// [`crate::ContextClient::deliver`].
///
/// No call may block. Messages may be lost, doubled and reordered on the way; nothing is trusted that arrives.
pub trait Publisher: fmt::Debug + Send + Sync + 'static {
    /// Takes part in a namespace's topic.
    fn subscribe(&self, namespace: &NamespaceId);

    /// Leaves it.
    fn unsubscribe(&self, namespace: &NamespaceId);

    /// Sends to all who take part.
    ///
    /// # Errors
    /// [`NotTaken`]; ops are then offered again at the next heartbeat.
    fn publish(&self, namespace: &NamespaceId, bytes: &[u8]) -> Result<(), NotTaken>;

    /// Sends to one node.
    ///
    /// # Errors
    /// [`NotTaken`].
    fn send(&self, to: &PeerId, bytes: &[u8]) -> Result<(), NotTaken>;
}

/// For a node without peers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

impl Publisher for Offline {
    fn subscribe(&self, _: &NamespaceId) {}

    fn unsubscribe(&self, _: &NamespaceId) {}

    fn publish(&self, _: &NamespaceId, _: &[u8]) -> Result<(), NotTaken> {
        Err(NotTaken)
    }

    fn send(&self, _: &PeerId, _: &[u8]) -> Result<(), NotTaken> {
        Err(NotTaken)
    }
}
