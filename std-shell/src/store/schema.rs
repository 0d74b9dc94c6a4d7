//! The tables of the file.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | `folkmoot` | `"file"` | what the file is, its schema, and how keys are encrypted |
//! | `ops` | sequence number, from 1 | id ‖ flags ‖ the op as it travels |
//! | `ids` | first 8 bytes of the id ‖ sequence number | |
//! | `index` | kind ‖ … ([`Index`]) | namespaces, heads, nonces, the group of a context, logs, outbox |
//! | `state` | group ‖ entry key (SPEC §6) | the entry's value (SPEC §6) |
//! | `local` | kind ‖ … ([`Local`]) | what is this node's own, and no secret |
//! | `keys` | kind ‖ … | this node's secrets |
//! | `aside` | id | an op that has no place in the log, as it travels; only where somebody put one |
//! | `snapshots` | last sequence number covered, piece | the snapshot's bytes |
//!
//! A page is what a commit pays for: each table that it writes to is a tree of pages of its own, and each random key is
//! another page. So an op that is made here writes to the end of `ops`, to the entry of the state that it changes and to
//! `index`, most often one page.
//!
//! - `ops` grows at its end, for a random key for each op would be several times slower.
//! - `ids` gets the ids of many ops at a time ([`super::recent`]). Ids that share their first 8 bytes lie side by side,
//!   and the op's row tells them apart.
//! - A namespace's log is written as runs: ops of one namespace that follow each other have one row together, and so have
//!   sequence numbers in the outbox.
//!
//! Values of `folkmoot`, `index`, `state`, `local` and `keys` carry a checksum ([`super::seal`]).

use borsh::{BorshDeserialize, BorshSerialize};
use folkmoot_core::{ContextId, EntryKey, GroupId, NamespaceId, OpId, PublicKey};
use redb::TableDefinition;

pub(crate) type Bytes = &'static [u8];

pub(crate) const FILE: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new(FILE_NAME);
pub(crate) const OPS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("ops");
pub(crate) const IDS: TableDefinition<'_, u128, ()> = TableDefinition::new("ids");
pub(crate) const INDEX: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new(INDEX_NAME);
pub(crate) const STATE: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new(STATE_NAME);
pub(crate) const LOCAL: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new(LOCAL_NAME);
pub(crate) const KEYS: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new(KEYS_NAME);
pub(crate) const ASIDE: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("aside");
pub(crate) const SNAPSHOTS: TableDefinition<'_, (u64, u32), Bytes> = TableDefinition::new("snapshots");

pub(crate) const FILE_NAME: &str = "folkmoot";
pub(crate) const INDEX_NAME: &str = "index";
pub(crate) const STATE_NAME: &str = "state";
pub(crate) const LOCAL_NAME: &str = "local";
pub(crate) const KEYS_NAME: &str = "keys";

/// The only key of table `folkmoot`.
pub(crate) const FILE_KEY: &[u8] = b"file";

/// Keys of table `index`.
pub(crate) enum Index {
    /// A namespace.
    Namespace(NamespaceId),
    /// An op of a namespace that has no children.
    Head(NamespaceId, OpId),
    /// The highest nonce of a signer in a namespace.
    Nonce(NamespaceId, PublicKey),
    /// The group that a context is registered in.
    Context(ContextId),
    /// The first of some ops that follow each other, in the namespace of this number and in the store: its number there.
    Run(u32, u32),
    /// The first of some sequence numbers to be published: the first after them.
    Unpublished(u64),
    /// What is counted of the other rows ([`Tally`]).
    Tally,
}

pub(crate) const NAMESPACE: u8 = 1;
pub(crate) const HEAD: u8 = 2;
pub(crate) const NONCE: u8 = 3;
pub(crate) const CONTEXT: u8 = 4;
pub(crate) const RUN: u8 = 5;
pub(crate) const UNPUBLISHED: u8 = 6;
const TALLY: u8 = 7;

/// What is counted of other rows, so that one that is gone is missed. All 0 in a new file, which has no row of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Tally {
    /// The ops up to this sequence number are in `ids`, and no others.
    pub(crate) indexed: u64,
    /// How many ops are to be published.
    pub(crate) unpublished: u64,
    /// The number of the namespace that the last op is of: its last run goes on.
    pub(crate) home: u32,
}

impl Index {
    pub(crate) fn key(&self) -> Vec<u8> {
        match self {
            Self::Namespace(namespace) => join(NAMESPACE, &[&namespace.0]),
            Self::Head(namespace, op) => join(HEAD, &[&namespace.0, &op.0]),
            Self::Nonce(namespace, signer) => join(NONCE, &[&namespace.0, &signer.0]),
            Self::Context(context) => join(CONTEXT, &[&context.0]),
            Self::Run(namespace, op) => [&run_prefix(*namespace)[..], &op.to_be_bytes()].concat(),
            Self::Unpublished(first) => [&[UNPUBLISHED][..], &first.to_be_bytes()].concat(),
            Self::Tally => vec![TALLY],
        }
    }
}

/// Kinds of keys of table `local`.
pub(crate) enum Local {
    /// A context that this node takes part in, and as whom.
    Join(ContextId, PublicKey),
    /// This node's identity in a namespace.
    Identity(NamespaceId),
    /// The upgrade of a group.
    Upgrade(GroupId),
    /// Where a context is in its group's upgrade.
    ContextUpgrade(GroupId, ContextId),
    /// An invitation that this node issued.
    Invitation(folkmoot_core::InvitationId),
}

pub(crate) const JOIN: u8 = 1;
pub(crate) const IDENTITY: u8 = 2;
pub(crate) const UPGRADE: u8 = 3;
pub(crate) const CONTEXT_UPGRADE: u8 = 4;
pub(crate) const INVITATION: u8 = 5;

impl Local {
    pub(crate) fn key(&self) -> Vec<u8> {
        match self {
            Self::Join(context, identity) => join(JOIN, &[&context.0, &identity.0]),
            Self::Identity(namespace) => join(IDENTITY, &[&namespace.0]),
            Self::Upgrade(group) => join(UPGRADE, &[&group.0]),
            Self::ContextUpgrade(group, context) => join(CONTEXT_UPGRADE, &[&group.0, &context.0]),
            Self::Invitation(invitation) => join(INVITATION, &[&invitation.0]),
        }
    }
}

/// Kinds of keys of table `keys`.
pub(crate) enum Secret {
    /// The signing key kept for a group and an identity.
    Signing(GroupId, PublicKey),
    /// The bearer's key of an invitation that this node issued.
    Bearer(folkmoot_core::InvitationId),
}

pub(crate) const SIGNING: u8 = 1;
pub(crate) const BEARER: u8 = 2;

impl Secret {
    pub(crate) fn key(&self) -> Vec<u8> {
        match self {
            Self::Signing(group, identity) => join(SIGNING, &[&group.0, &identity.0]),
            Self::Bearer(invitation) => join(BEARER, &[&invitation.0]),
        }
    }
}

/// The key of an entry of a group's state.
pub(crate) fn state_key(group: &GroupId, entry: &EntryKey) -> Vec<u8> {
    let mut key = Vec::with_capacity(97);
    key.extend_from_slice(&group.0);
    key.extend_from_slice(&entry.to_bytes());
    key
}

pub(crate) fn join(kind: u8, parts: &[&[u8; 32]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(65);
    key.push(kind);
    parts.iter().for_each(|part| key.extend_from_slice(*part));
    key
}

/// The key in `ids` of an op with this sequence number.
pub(crate) fn id_key(id: &OpId, sequence: u64) -> u128 {
    (u128::from(id_prefix(id)) << 64) | u128::from(sequence)
}

fn id_prefix(id: &OpId) -> u64 {
    id.0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// What the keys of a namespace's runs begin with.
pub(crate) fn run_prefix(namespace: u32) -> [u8; 5] {
    let [a, b, c, d] = namespace.to_be_bytes();
    [RUN, a, b, c, d]
}

/// The number at the end of a key: of the first op of a run, or the first sequence number to be published.
pub(crate) fn last_number<const N: usize>(key: &[u8]) -> Option<[u8; N]> {
    key.last_chunk().copied()
}

/// The least key that comes after all that begin with `prefix`; none if there is no such key.
pub(crate) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last.saturating_add(1));
            return Some(end);
        }
    }
    None
}
