//! The shell of Folkmoot: the engine of `folkmoot-core` as a service inside a node.
//!
//! A [`ContextManager`] owns an engine and the file it is kept in; a [`ContextClient`], which anyone may clone, asks it.
//! [`store`] keeps ops, the state they come to, and what is this node's own in one file, and brings the engine back
//! from it. A host brings a [`Publisher`], the way out to peers, and hands over what comes in by
//! [`ContextClient::deliver`]; [`network`] is one within the process.

// The rooms, from the ground up: each knows those above it. The store never knows the manager, and a transport depends on
// the shell, never the other way round.
pub mod keys;
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
pub use manager::{ContextManager, Setup};
pub use message::{MAX_MESSAGE_BYTES, MAX_OPS_BYTES, Message, NoMessage};
pub use metrics::{Metrics, OpLabels, UpgradeLabels};
pub use node::By;
pub use publisher::{NotTaken, Offline, PeerId, Publisher};
pub use requests::{
    AppliedOp, ContextMember, ContextStatus, ContextSummary, Equivocation, Execution, GroupSettings, GroupSummary,
    InvitationSummary, InvitationTerms, MAX_ISSUED_INVITATIONS, MAX_KEPT_KEYS, MAX_MEMBERS_AT_ONCE, NamespaceCounts,
    NamespaceSummary, NewContext, NewNamespace, Page, StateProof, Target, UpgradeStatus,
};
