//! What travels between replicas: an op, a summary, or a question for a page and its answer.

use folkmoot_core::limits::MAX_OP_BYTES;
use folkmoot_core::sync::{PageMessage, PageRequest, Summary};

/// One message, decoded. The number of a request comes back in its answer, so that a late or repeated page is not taken
/// for the one that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// An encoded op.
    Op(Vec<u8>),
    /// What the sender holds: the heartbeat.
    Summary(Summary),
    /// A question for a page.
    Request(u32, PageRequest),
    /// Its answer.
    Page(u32, PageMessage),
}

impl Message {
    /// The bytes that travel.
    pub fn encode(&self) -> Vec<u8> {
        let (tag, number, body) = match self {
            Self::Op(bytes) => (0, None, bytes.clone()),
            Self::Summary(summary) => (1, None, summary.encode()),
            Self::Request(number, request) => (2, Some(number), request.encode()),
            Self::Page(number, page) => (3, Some(number), page.encode()),
        };
        let mut out = vec![tag];
        out.extend(number.into_iter().flat_map(|number| number.to_le_bytes()));
        out.extend_from_slice(&body);
        out
    }

    /// A message from bytes, if they are one. An op's bytes are looked at later, where it is verified.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (tag, rest) = bytes.split_first()?;
        match tag {
            0 if rest.len() <= MAX_OP_BYTES => Some(Self::Op(rest.to_vec())),
            1 => Summary::decode(rest).ok().map(Self::Summary),
            2 | 3 => {
                let (number, body) = rest.split_first_chunk::<4>()?;
                let number = u32::from_le_bytes(*number);
                if *tag == 2 {
                    PageRequest::decode(body).ok().map(|request| Self::Request(number, request))
                } else {
                    PageMessage::decode(body).ok().map(|page| Self::Page(number, page))
                }
            }
            _ => None,
        }
    }
}
