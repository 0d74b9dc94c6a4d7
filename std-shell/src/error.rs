//! Why a request was not answered as asked, whose fault that is, and whether to ask again.

use crate::link::LinkError;
use crate::store::{CommitError, Fault, OpenError, RecoverError};
use folkmoot_core::{ContextId, DraftError, EpochError, GroupId, Hash, InvitationId, NamespaceId, OpId, PublicKey};

/// Why a request was not answered as asked. [`RequestError::ask_again`] says whether the same request may succeed later.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// More requests wait than the mailbox holds. Nothing was done.
    #[error("the manager is busy: ask again later")]
    Busy,
    /// The manager was shut down. Nothing was done.
    #[error("the manager is shut down")]
    Closed,
    /// The disk failed while this was committed. The manager recovers from what is on disk: the op is there or it is
    /// not. Look for it, then ask again.
    #[error("it is not known whether this is on disk ({0}): look for it, then ask again")]
    Unknown(String),
    /// The disk failed before anything of this was written. Ask again once the manager has recovered.
    #[error("the disk failed, and nothing was written ({0}): ask again later")]
    NotWritten(String),
    /// The manager cannot open its store, and goes on trying. Nothing was done.
    #[error("the store cannot be opened ({0}): mend that; the manager goes on trying")]
    Down(String),
    /// Reading from the disk failed. Nothing was done.
    #[error(transparent)]
    Disk(#[from] Fault),
    /// The requester's fault: it asks for what is not so, or not its to do. Asking again helps only if that changes.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No peer came up with what was needed in time. Ask again.
    #[error("no peer answered in time for namespace {0}: ask again when one is there")]
    NobodyAnswered(NamespaceId),
    /// The system gave no randomness, so no key could be made. Nothing was done.
    #[error("the system gave no randomness ({0}): ask again later")]
    NoRandomness(#[source] std::io::Error),
}

impl RequestError {
    /// Whether the same request may succeed later though nothing about it changes.
    pub const fn ask_again(&self) -> bool {
        !matches!(self, Self::Closed | Self::Refused(_))
    }
}

/// What a request asks that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such namespace here.
    #[error("there is no namespace {0} here: sync it first")]
    NoSuchNamespace(NamespaceId),
    /// No such group here, or it was deleted.
    #[error("there is no group {0} here")]
    NoSuchGroup(GroupId),
    /// No such context here, or it was detached.
    #[error("there is no context {0} here")]
    NoSuchContext(ContextId),
    /// No such member in this group.
    #[error("{member} is no member of group {group}")]
    NoSuchMember {
        /// Where.
        group: GroupId,
        /// Who.
        member: PublicKey,
    },
    /// No such op here.
    #[error("there is no op {0} here")]
    NoSuchOp(OpId),
    /// No invitation of this node's with this id.
    #[error("this node issued no invitation {0}")]
    NoSuchInvitation(InvitationId),
    /// No upgrade of this group has begun.
    #[error("no upgrade of group {0} has begun here")]
    NoUpgrade(GroupId),
    /// This node has no identity in the namespace, and no requester was named.
    #[error("this node has no identity in namespace {0}: name a requester, or join")]
    NoIdentity(NamespaceId),
    /// No signing key of the requester is kept for the group or one above it.
    #[error("no signing key of {requester} is kept for group {group} or one above it")]
    NoSigningKey {
        /// The group.
        group: GroupId,
        /// Whose key.
        requester: PublicKey,
    },
    /// The op would not be drafted: it would be void, or nobody would take it.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// What was named as an epoch is none, or is not here yet.
    #[error(transparent)]
    Epoch(#[from] EpochError),
    /// The group has changed since the caller looked.
    #[error("group {group} has changed: its state hash is {found}, not {expected}: look again")]
    StateChanged {
        /// The group.
        group: GroupId,
        /// What the caller expected.
        expected: Hash,
        /// What it is.
        found: Hash,
    },
    /// The person may not join the context.
    #[error("{identity} may not join context {context}")]
    MayNotJoin {
        /// Which context.
        context: ContextId,
        /// Who.
        identity: PublicKey,
    },
    /// The bytes are no op that anybody signed, or an op that no replica takes.
    #[error("this is no op that can be taken: {0}")]
    BadOp(String),
    /// The text is no invitation link.
    #[error("this is no invitation link: {0}")]
    BadLink(#[from] LinkError),
    /// The invitation is for somebody else.
    #[error("the invitation is for {0} alone")]
    InvitationForAnother(PublicKey),
    /// The invitation expired, by this node's clock.
    #[error("the invitation expired at {0} (unix seconds)")]
    Expired(u64),
    /// More than may be asked for at once, or a value that nothing can have.
    #[error("the request is not well formed: {0}")]
    Malformed(&'static str),
    /// The same change, to what is so already.
    #[error("nothing would change: {0}")]
    NothingToDo(&'static str),
}

/// A request's answer.
pub type Answer<T> = Result<T, RequestError>;

macro_rules! refused {
    ($($from:ty),*) => {$(
        impl From<$from> for RequestError {
            fn from(error: $from) -> Self {
                Self::Refused(error.into())
            }
        }
    )*};
}
refused!(DraftError, EpochError, LinkError);

impl From<CommitError> for RequestError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Unknown(fault) => Self::Unknown(fault.to_string()),
            CommitError::NotWritten(fault) => Self::NotWritten(fault.to_string()),
            other => Self::NotWritten(other.to_string()),
        }
    }
}

/// Why a manager did not start, or did not come back after a failure.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The engine was not brought back.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// Reading from the disk failed.
    #[error(transparent)]
    Disk(#[from] Fault),
    /// Writing failed while recovering.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The thread of the manager was not made. The host's fault, or its system's.
    #[error("the manager's thread was not made: {0}")]
    Thread(#[from] std::io::Error),
}
