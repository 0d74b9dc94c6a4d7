//! What ops bring along and cannot be derived: names and payloads, as an op says them and a snapshot writes them.

use crate::arena::{GroupIx, PersonIx};
use crate::group_op::UpgradePolicy;
use crate::ids::{ContextId, InvitationId, PublicKey};
use alloc::string::String;
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// A context's unchanging data.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct ContextFacts {
    pub(crate) id: ContextId,
    pub(crate) group: GroupIx,
    pub(crate) registered_by: PersonIx,
    pub(crate) application_id: [u8; 32],
    pub(crate) blob_id: [u8; 32],
    pub(crate) source: String,
    pub(crate) service_name: Option<String>,
}

/// Which application a group runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub(crate) struct Application {
    pub(crate) app_key: [u8; 32],
    pub(crate) application_id: [u8; 32],
    pub(crate) migration: Option<String>,
}

/// The part of a directory that cannot be derived from the facts of ops.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct NameTables {
    pub(crate) people: Vec<PublicKey>,
    pub(crate) contexts: Vec<ContextFacts>,
    pub(crate) invitations: Vec<(GroupIx, InvitationId)>,
    pub(crate) texts: Vec<String>,
    pub(crate) policies: Vec<UpgradePolicy>,
    pub(crate) applications: Vec<Application>,
}
