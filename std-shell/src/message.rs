//! What nodes say to one another, as bytes.

use borsh::{BorshDeserialize, BorshSerialize};
use folkmoot_core::NamespaceId;
use folkmoot_core::limits::MAX_SYNC_PAGE_BYTES;
use folkmoot_core::sync::{MAX_SYNC_MESSAGE_BYTES, PageMessage, PageRequest, Summary, check_ops};

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
        let checked = match &message {
            Self::Ops(ops) => check_ops(ops),
            Self::Heartbeat(summary) => summary.check(),
            Self::Wanted(_) => Ok(()),
            Self::Request { request, .. } => request.check(),
            Self::Page { page, .. } => page.check(),
        };
        checked.map(|()| message).map_err(|_| NoMessage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use folkmoot_core::limits::{MAX_OP_BYTES, MAX_SYNC_HEADS, MAX_SYNC_PAGE_OPS};
    use folkmoot_core::{Hash, OpId};

    fn is_taken(message: &Message) -> bool {
        let decoded = Message::decode(&message.encode());
        assert!(decoded.as_ref().is_err() || decoded.as_ref() == Ok(message), "another message");
        decoded.is_ok()
    }

    fn summary(heads: usize) -> Summary {
        let heads = vec![OpId([1; 32]); heads];
        let (namespace, digest) = (NamespaceId([2; 32]), Hash([3; 32]));
        Summary { namespace, digest, ops: 1, head_count: 1, heads }
    }

    #[test]
    fn as_many_heads_as_a_message_may_name_are_taken_and_one_more_is_not() {
        let request = |have| PageRequest { namespace: NamespaceId([2; 32]), have: vec![OpId([1; 32]); have], after: 0 };
        let page = |heads| PageMessage { ops: Vec::new(), next: None, summary: summary(heads) };
        for (heads, taken) in [(MAX_SYNC_HEADS, true), (MAX_SYNC_HEADS + 1, false)] {
            assert_eq!(is_taken(&Message::Heartbeat(summary(heads))), taken);
            assert_eq!(is_taken(&Message::Request { number: 7, request: request(heads) }), taken);
            assert_eq!(is_taken(&Message::Page { number: 7, page: page(heads) }), taken);
        }
    }

    #[test]
    fn as_many_ops_as_a_page_may_have_in_number_each_and_together_are_taken_and_one_more_is_not() {
        let whole = MAX_OPS_BYTES / MAX_OP_BYTES;
        let rest = MAX_OPS_BYTES - whole * MAX_OP_BYTES;
        let full = [vec![vec![0; MAX_OP_BYTES]; whole], vec![vec![0; rest]]].concat();
        let overfull = [full.clone(), vec![vec![0]]].concat();
        for (ops, taken) in [
            (vec![vec![0]; MAX_SYNC_PAGE_OPS], true),
            (vec![vec![0]; MAX_SYNC_PAGE_OPS + 1], false),
            (vec![vec![0; MAX_OP_BYTES]], true),
            (vec![vec![0; MAX_OP_BYTES + 1]], false),
            (full, true),
            (overfull, false),
        ] {
            let page = PageMessage { ops: ops.clone(), next: Some(1), summary: summary(MAX_SYNC_HEADS) };
            assert_eq!(is_taken(&Message::Ops(ops)), taken);
            assert_eq!(is_taken(&Message::Page { number: 7, page }), taken);
        }
    }

    #[test]
    fn what_is_longer_than_any_message_or_none_is_refused() {
        let longest = [Message::Wanted(NamespaceId([2; 32])).encode(), vec![0; MAX_MESSAGE_BYTES]].concat();
        for bytes in [&longest[..], &[], &[9], &Message::Wanted(NamespaceId([2; 32])).encode()[..32]] {
            assert_eq!(Message::decode(bytes), Err(NoMessage));
        }
    }
}
