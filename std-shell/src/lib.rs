//! The shell of Folkmoot: the engine of `folkmoot-core` as a service inside a node.
//!
//! A [`ContextManager`] owns an engine and the file it is kept in; a [`ContextClient`], which anyone may clone, asks it.
//! What a request has changed is on disk when its answer comes, published after that, and told to listeners
//! ([`ContextClient::events`]).
//!
//! ```
//! use folkmoot::core::{Role, SigningKey};
//! use folkmoot::store::StoreOptions;
//! use folkmoot::{By, ContextManager, NewContext, NewNamespace, Setup};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("moot.folkmoot");
//! // Opens the store, or creates it, and recovers what was acknowledged.
//! let node = ContextManager::start(path, StoreOptions::default(), Setup::default()).await?;
//! let new = NewNamespace { alias: "Kitchen table".into(), ..NewNamespace::default() };
//! let namespace = node.create_namespace(new, None).await?;
//!
//! // As this node's identity; refused here, with the reason, if it would be void anywhere.
//! let bob = SigningKey::from_seed([2; 32]).public();
//! node.add_group_members(By::default(), namespace.into(), vec![(bob, Role::Member)]).await?;
//! let context = node.create_context(By::default(), namespace.into(), NewContext::default()).await?;
//!
//! // What an application did names the heads that its author knew.
//! let epoch = node.governance_epoch(context).await?;
//! assert!(node.may_execute(context, bob, epoch).await?.now);
//! node.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! A host brings what the shell has no business with: the way to peers ([`Publisher`]; what comes in is handed to
//! [`ContextClient::deliver`]), what moves a context to another application ([`Upgrader`]), a registry for [`Metrics`],
//! and a runtime: tokio with timers. [`network`] is a way to peers within the process, for tests and demos. The engine and
//! the disk have a thread of their own.
//!
//! [`store`] is the file: ops, the state they come to, and what is this node's own, in one transaction each.

// From the ground up. The store never knows the manager; a transport depends on the shell, never the other way round.
// What the manager's thread owns (`node`), what runs beside it (`propagator`), the thread itself (`manager`), the way in
// (`client`) and what may be asked (`requests`) know one another.
pub mod keys;
pub mod verify;
mod sign;
pub mod store;
mod link;
mod config;
mod error;
mod message;
mod publisher;
mod event;
mod metrics;
mod node;
mod propagator;
mod manager;
mod client;
mod requests;
pub mod network;

pub use client::ContextClient;
pub use config::{Clock, Config, ContextMove, Moved, NothingToMove, SystemClock, Upgrader};
pub use error::{Answer, Refusal, RequestError, StartError};
pub use event::{Event, Events, Notice};
pub use folkmoot_core as core;
pub use link::{InvitationLink, LinkError, MAX_LINK_CHARS};
pub use manager::{ContextManager, Setup, Starting};
pub use message::{MAX_MESSAGE_BYTES, MAX_OPS_BYTES, Message, NoMessage};
pub use metrics::{Metrics, OpLabels, UpgradeLabels};
pub use node::By;
pub use publisher::{NotTaken, Offline, PeerId, Publisher};
pub use requests::{
    AppliedOp, ContextMember, ContextStatus, ContextSummary, Equivocation, Execution, GroupSettings, GroupSummary,
    InvitationSummary, InvitationTerms, MAX_ISSUED_INVITATIONS, MAX_KEPT_KEYS, MAX_MEMBERS_AT_ONCE, NamespaceCounts,
    NamespaceSummary, NewContext, NewNamespace, Page, StateProof, TakenOps, Target, UpgradeStatus,
};
pub use sign::sign;

/// The page on embedding; what it shows compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
struct Embedding;
