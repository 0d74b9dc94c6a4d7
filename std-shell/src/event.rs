//! What a node tells its host, after it is durable.

use crate::publisher::PeerId;
use folkmoot_core::{ContextId, Effect, GroupId, Hash, NamespaceId, PublicKey};
use tokio::sync::broadcast;

/// Something happened. All that it tells of is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they hold")]
pub enum Event {
    /// The state changed: what can be read is another.
    Changed(Effect),
    /// This node takes part in a context.
    ContextJoined { context: ContextId, identity: PublicKey },
    /// It no longer does: it left, or may not any more.
    ContextLeft { context: ContextId, identity: PublicKey },
    /// A context runs its group's target application on this node now.
    ContextUpgraded { group: GroupId, context: ContextId },
    /// A context's upgrade was given up until somebody retries it.
    ContextUpgradeFailed { group: GroupId, context: ContextId, error: String },
    /// All that this peer has of a namespace is here.
    Synced { namespace: NamespaceId, peer: PeerId },
    /// A peer with the same heads has another digest: one of the two is broken, or lies. To be looked into.
    Diverged { namespace: NamespaceId, peer: PeerId, ours: Hash, theirs: Hash },
    /// The manager failed to commit, and came back from disk.
    Recovered,
}

/// What a listener hears next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and nearly always an event")]
pub enum Notice {
    /// An event.
    Event(Event),
    /// The listener was too slow, and missed so many. Whoever keeps a copy of the state reads it anew.
    Gap {
        /// How many.
        missed: u64,
    },
}

/// A listener to events. Each hears all from when it was made on.
#[derive(Debug)]
pub struct Events(pub(crate) broadcast::Receiver<Event>);

impl Events {
    /// The next notice; `None` once the manager is shut down and all has been heard.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.0.recv().await {
            Ok(event) => Some(Notice::Event(event)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Notice::Gap { missed }),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
