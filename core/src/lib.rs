//! The pure engine of Folkmoot.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod codec;
pub mod crypto;
pub mod group_op;
pub mod ids;
pub mod limits;

mod arena;
mod authority;
mod cells;
mod clock;
mod conflict;
mod dag;
mod difference;
mod directory;
mod effect;
mod engine;
mod explain;
mod facts;
mod fold;
mod namespace;
mod order;
mod pending;
mod reducer;
pub mod report;
mod signing_keys;
mod snapshot;
mod standing;
mod state_hash;
pub mod sync;
mod trie;
mod verdict;
mod view;
mod views;

pub use crypto::{SigningKey, VerifiedOp};
pub use effect::{Effect, Outcome, Status};
pub use engine::{Counts, DraftError, Engine, ExplainedBasis, Explanation, ReceiveError, RestsOn};
pub use fold::FoldCounts;
pub use group_op::{GroupInvitation, GroupOp, Role, SignableGroupOp, SignedGroupOp, UpgradePolicy, Visibility};
pub use ids::{ContextId, GroupId, Hash, InvitationId, NamespaceId, OpId, PublicKey};
pub use pending::PendingLimits;
pub use signing_keys::{RingFull, SigningKeys};
pub use snapshot::SnapshotError;
pub use state_hash::{EntryKey, InclusionProof};
pub use verdict::{RejectReason, Verdict, VoidReason};
pub use view::{ContextInfo, GroupInfo, GroupView, InvitationInfo, MemberInfo};
