//! What can go wrong between a host and its engine, and whose fault it is.

use crate::codec::Malformed;
use crate::crypto::BadSignature;
use crate::ids::{GroupId, NamespaceId, OpId, PublicKey};
use crate::limits::{MAX_PARENTS, MAX_SYNC_HEADS};
use crate::verdict::VoidReason;

/// Why bytes from a peer did not become an op. The peer's fault; such bytes have no id and leave no trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// They break a rule of SPEC §1.
    #[error("malformed: {0}")]
    Malformed(#[from] Malformed),
    /// The signer did not sign this.
    #[error(transparent)]
    BadSignature(#[from] BadSignature),
}

/// Why an op was not drafted. The host's fault: nobody has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// No such namespace here.
    #[error("there is no namespace {0} here")]
    UnknownNamespace(NamespaceId),
    /// No op of the draft's past created this group.
    #[error("there is no group {0} in the past of this draft")]
    UnknownGroup(GroupId),
    /// A parent that is not admitted in this namespace.
    #[error("the parent {0} is not admitted in this namespace")]
    UnknownParent(OpId),
    /// No parents, more than [`MAX_PARENTS`], or one in the past of another.
    #[error("the parents must be 1 to {MAX_PARENTS} ops, none in the past of another")]
    Parents,
    /// The signer is a member of nothing.
    #[error("{0} is a member of no group in the past of this draft")]
    NotParticipant(PublicKey),
    /// It would be void, for this reason.
    #[error("it would be void: {0}")]
    Void(VoidReason),
    /// A payload that nobody would accept.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Why a question about an epoch has no answer. The fault of whoever named the epoch, but for the first two it may be
/// that ops are still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EpochError {
    /// No such namespace here.
    #[error("there is no namespace {0} here")]
    UnknownNamespace(NamespaceId),
    /// An op that is not admitted in this namespace. Ask again when it has come.
    #[error("the op {0} is not admitted in this namespace")]
    UnknownOp(OpId),
    /// No ops, more than [`MAX_SYNC_HEADS`], or one in the past of another: these were never all the heads of a replica.
    #[error("an epoch is 1 to {MAX_SYNC_HEADS} ops, none in the past of another")]
    NoHeads,
}
