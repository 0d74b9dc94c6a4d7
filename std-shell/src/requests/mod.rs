//! What a client may ask: one room a subject, each with the request and what the node does for it.

mod access;
mod configuration;
mod contexts;
mod files;
mod governance;
mod identity;
mod questions;
mod sync;
mod upgrades;

pub use access::{InvitationTerms, MAX_ISSUED_INVITATIONS};
pub use configuration::GroupSettings;
pub use contexts::{ContextMember, ContextSummary, Execution, NewContext};
pub use files::TakenOps;
pub use governance::{AppliedOp, MAX_MEMBERS_AT_ONCE, NewNamespace};
pub use identity::MAX_KEPT_KEYS;
pub use questions::{
    Equivocation, GroupSummary, InvitationSummary, NamespaceCounts, NamespaceSummary, Page, StateProof,
};
pub use upgrades::{ContextStatus, Target, UpgradeStatus};
