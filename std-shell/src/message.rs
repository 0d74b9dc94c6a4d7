//! What nodes say to one another, as bytes.

use borsh::{BorshDeserialize, BorshSerialize};
use folkmoot_core::NamespaceId;
use folkmoot_core::limits::{MAX_OP_BYTES, MAX_SYNC_PAGE_BYTES, MAX_SYNC_PAGE_OPS};
use folkmoot_core::sync::{MAX_SYNC_MESSAGE_BYTES, PageMessage, PageRequest, Summary};

/// Longest message in bytes: a page of ops, with a few bytes around it.
pub const MAX_MESSAGE_BYTES: usize = MAX_SYNC_MESSAGE_BYTES + 64;

/// Most bytes of ops in one [`Message::Ops`].
pub const MAX_OPS_BYTES: usize = MAX_SYNC_PAGE_BYTES;

/// A message of one node to another, or to all who follow a namespace.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Message {
    /// New ops.
    Ops(Vec<Vec<u8>>),
    /// Heads and digest of a namespace.
    Heartbeat(Summary),
    /// Whoever has this namespace is asked to say so, by a heartbeat to the sender.
    Wanted(NamespaceId),
    /// Asks for a page of what is missing.
    Request {
        /// The asking side's number, which the page repeats.
        number: u64,
        /// What for.
        request: PageRequest,
    },
    /// A page.
    Page {
        /// The number of the request.
        number: u64,
        /// The ops.
        page: PageMessage,
    },
}

/// Bytes that are no message. The peer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no message")]
pub struct NoMessage;

impl Message {
    /// The bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        // Writing to a Vec does not fail.
        let _ = self.serialize(&mut out);
        out
    }

    /// A message from bytes.
    ///
    /// # Errors
    /// [`NoMessage`] if they are none, or it is larger than it may be.
    pub fn decode(bytes: &[u8]) -> Result<Self, NoMessage> {
        if bytes.len() > MAX_MESSAGE_BYTES {
            return Err(NoMessage);
        }
        let message: Self = borsh::from_slice(bytes).map_err(|_| NoMessage)?;
        let fits = match &message {
            Self::Ops(ops) => ops.len() <= MAX_SYNC_PAGE_OPS && ops.iter().all(|op| op.len() <= MAX_OP_BYTES),
            Self::Heartbeat(summary) => Summary::decode(&summary.encode()).is_ok(),
            Self::Wanted(_) => true,
            Self::Request { request, .. } => PageRequest::decode(&request.encode()).is_ok(),
            Self::Page { page, .. } => PageMessage::decode(&page.encode()).is_ok(),
        };
        if fits { Ok(message) } else { Err(NoMessage) }
    }
}
