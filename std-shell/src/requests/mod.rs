//! What a client may ask: one room a subject, each with the request and what the node does for it.

mod contexts;
mod upgrades;

pub use contexts::{ContextMember, ContextSummary, Execution, NewContext};
pub use upgrades::{ContextStatus, Target, UpgradeStatus};
