//! The tables of the file.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | `folkmoot` | `"file"` | what the file is, its schema, and how keys are encrypted |
//! | `ops` | sequence number, from 1 | id ‖ flags ‖ the op as it travels |
//! | `ids` | first 8 bytes of the id ‖ sequence number | |
//! | `logs` | number of the namespace ‖ number of the op in it, from 1 | sequence number |
//! | `index` | kind ‖ … ([`Index`]) | namespaces, heads, nonces, the group of a context |
//! | `state` | group ‖ entry key (SPEC §6) | the entry's value (SPEC §6) |
//! | `outbox` | sequence number | |
//! | `local` | kind ‖ … ([`Local`]) | what is this node's own, and no secret |
//! | `keys` | kind ‖ … | this node's secrets |
//! | `aside` | id | an op that has no place in the log, as it travels; only where somebody put one |
//! | `snapshots` | last sequence number covered, piece | the snapshot's bytes |
//!
//! `ops` grows at its end, for a random key for each op would be several times slower; `ids` has the short keys it has
//! because its pages are what a batch writes most of. Ids that share their first 8 bytes lie side by side, and the op's
//! row tells them apart. Values of `folkmoot`, `index`, `state`, `local` and `keys` carry a checksum ([`super::seal`]).

use folkmoot_core::{ContextId, EntryKey, GroupId, NamespaceId, OpId, PublicKey};
use redb::TableDefinition;

pub(crate) type Bytes = &'static [u8];

pub(crate) const FILE: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new(FILE_NAME);
pub(crate) const OPS: TableDefinition<'_, u64, Bytes> = TableDefinition::new("ops");
pub(crate) const IDS: TableDefinition<'_, u128, ()> = TableDefinition::new("ids");
pub(crate) const LOGS: TableDefinition<'_, u64, u64> = TableDefinition::new("logs");
pub(crate) const INDEX: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new(INDEX_NAME);
pub(crate) const STATE: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new(STATE_NAME);
pub(crate) const OUTBOX: TableDefinition<'_, u64, ()> = TableDefinition::new("outbox");
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
}

pub(crate) const NAMESPACE: u8 = 1;
pub(crate) const HEAD: u8 = 2;
pub(crate) const NONCE: u8 = 3;
pub(crate) const CONTEXT: u8 = 4;

impl Index {
    pub(crate) fn key(&self) -> Vec<u8> {
        match self {
            Self::Namespace(namespace) => join(NAMESPACE, &[&namespace.0]),
            Self::Head(namespace, op) => join(HEAD, &[&namespace.0, &op.0]),
            Self::Nonce(namespace, signer) => join(NONCE, &[&namespace.0, &signer.0]),
            Self::Context(context) => join(CONTEXT, &[&context.0]),
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

/// The key in `logs` of the op of this number in a namespace of this number.
pub(crate) fn log_key(namespace: u32, op: u32) -> u64 {
    (u64::from(namespace) << 32) | u64::from(op)
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
