//! Canonical bytes (SPEC §1): what decodes, encodes back to the same bytes, or it is malformed.

use crate::group_op::{GroupInvitation, GroupOp, SignableGroupOp, SignedGroupOp, capabilities};
use crate::hashing::sha256_parts;
use crate::ids::{InvitationId, OpId};
use crate::limits::{MAX_NAME_BYTES, MAX_OP_BYTES, MAX_PARENTS, MAX_SOURCE_BYTES, PROTOCOL_VERSION};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What an op's signable bytes begin with.
pub const OP_DOMAIN: &[u8] = b"folkmoot/op/v1";
/// What an invitation's bytes begin with.
pub const INVITATION_DOMAIN: &[u8] = b"folkmoot/invitation/v1";
/// What the bytes begin with that a bearer signs.
pub const CLAIM_DOMAIN: &[u8] = b"folkmoot/claim/v1";

/// Which rule of SPEC §1 some bytes break. Always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Malformed {
    /// More than [`MAX_OP_BYTES`].
    #[error("{0} bytes are more than an op may have (65,536)")]
    TooLong(usize),
    /// Not the borsh encoding of an op, or something trails it.
    #[error("the bytes do not decode as one whole op")]
    Undecodable,
    /// The bytes decode, but are not what the op encodes to.
    #[error("the bytes are not the canonical encoding of their op")]
    NotCanonical,
    /// A version other than 1.
    #[error("version {0} is not 1")]
    Version(u8),
    /// Parents out of order, twice, too many, none, or some in a NamespaceCreated.
    #[error("the parents are not 1 to 64 strictly ascending ids (none in NamespaceCreated)")]
    Parents,
    /// A string longer than its bound.
    #[error("a string is longer than its bound")]
    StringTooLong,
    /// A capability bit that does not exist, an empty mask, or bit 3 among the defaults.
    #[error("a capability mask has a bit it may not have, or is empty")]
    Capabilities,
    /// An invitation good for no use.
    #[error("an invitation with max_uses 0")]
    MaxUses,
    /// A NamespaceCreated whose ids or state hash are not zero or whose nonce is not 1.
    #[error("a NamespaceCreated with a namespace, group, state hash or nonce of its own")]
    Genesis,
}

fn encode<T: borsh::BorshSerialize>(value: &T, capacity: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(capacity);
    // Writing to a Vec does not fail.
    let _ = value.serialize(&mut out);
    out
}

/// Takes what is written as long as these bytes begin with it, and keeps the rest of them.
struct Same<'a>(&'a [u8]);

impl borsh::io::Write for Same<'_> {
    fn write(&mut self, written: &[u8]) -> borsh::io::Result<usize> {
        let other = || borsh::io::Error::from(borsh::io::ErrorKind::InvalidData);
        self.0 = self.0.strip_prefix(written).ok_or_else(other)?;
        Ok(written.len())
    }

    fn flush(&mut self) -> borsh::io::Result<()> {
        Ok(())
    }
}

fn name(text: &str) -> Result<(), Malformed> {
    if text.len() > MAX_NAME_BYTES { Err(Malformed::StringTooLong) } else { Ok(()) }
}

fn source(text: &str) -> Result<(), Malformed> {
    if text.len() > MAX_SOURCE_BYTES { Err(Malformed::StringTooLong) } else { Ok(()) }
}

fn mask(bits: u32) -> Result<(), Malformed> {
    if bits == 0 { Err(Malformed::Capabilities) } else { known_bits(bits) }
}

fn known_bits(bits: u32) -> Result<(), Malformed> {
    if bits & !capabilities::ALL != 0 { Err(Malformed::Capabilities) } else { Ok(()) }
}

impl GroupOp {
    /// Checks the bounds on this payload's own fields (SPEC §1).
    fn check(&self) -> Result<(), Malformed> {
        match self {
            Self::NamespaceCreated { alias, .. }
            | Self::SubgroupCreated { alias, .. }
            | Self::GroupAliasSet { alias }
            | Self::MemberAliasSet { alias, .. }
            | Self::ContextAliasSet { alias, .. } => name(alias),
            Self::CapabilitiesGranted { capabilities, .. } | Self::CapabilitiesRevoked { capabilities, .. } => {
                mask(*capabilities)
            }
            Self::DefaultCapabilitiesSet { capabilities } => {
                if capabilities & capabilities::MANAGE_MEMBERS != 0 {
                    return Err(Malformed::Capabilities);
                }
                known_bits(*capabilities)
            }
            Self::TargetApplicationSet { migration, .. } => migration.as_deref().map_or(Ok(()), source),
            Self::ContextRegistered { source: from, service_name, .. } => {
                source(from)?;
                service_name.as_deref().map_or(Ok(()), name)
            }
            Self::ContextCapabilityGranted { capabilities, .. }
            | Self::ContextCapabilityRevoked { capabilities, .. } => {
                if *capabilities == 0 {
                    Err(Malformed::Capabilities)
                } else {
                    Ok(())
                }
            }
            Self::JoinWithInvitationClaim { invitation, .. } => {
                if invitation.max_uses == 0 {
                    Err(Malformed::MaxUses)
                } else {
                    Ok(())
                }
            }
            Self::Noop
            | Self::GroupDeleted
            | Self::MemberAdded { .. }
            | Self::MemberRemoved { .. }
            | Self::MemberRoleSet { .. }
            | Self::DefaultVisibilitySet { .. }
            | Self::GroupVisibilitySet { .. }
            | Self::UpgradePolicySet { .. }
            | Self::ContextDetached { .. }
            | Self::InvitationRevoked { .. } => Ok(()),
        }
    }
}

impl SignableGroupOp {
    /// Checks every rule of SPEC §1 that does not need the signature or other ops.
    pub fn check(&self) -> Result<(), Malformed> {
        if self.version != PROTOCOL_VERSION {
            return Err(Malformed::Version(self.version));
        }
        let parents = &self.parent_op_hashes;
        if matches!(self.op, GroupOp::NamespaceCreated { .. }) {
            if !parents.is_empty() {
                return Err(Malformed::Parents);
            }
            if !self.namespace_id.is_zero() || !self.group_id.is_zero() || !self.state_hash.is_zero() || self.nonce != 1
            {
                return Err(Malformed::Genesis);
            }
        } else if parents.is_empty() || parents.len() > MAX_PARENTS || !parents.is_sorted_by(|a, b| a < b) {
            return Err(Malformed::Parents);
        }
        self.op.check()
    }

    /// The bytes that are signed and hashed: the domain, then borsh.
    pub fn signable_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(OP_DOMAIN);
        let _ = borsh::BorshSerialize::serialize(self, &mut out);
        out
    }

    /// The op's id: the hash of its signable bytes. The signature is not part of it.
    pub fn id(&self) -> OpId {
        OpId(sha256_parts(&[&self.signable_bytes()]))
    }
}

impl SignedGroupOp {
    /// Decodes one op from exactly these bytes, at most [`MAX_OP_BYTES`] of them.
    ///
    /// # Errors
    /// [`Malformed`], with the rule of SPEC §1 that the bytes break.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::decode_boxed(bytes).map(|op| *op)
    }

    /// As [`Self::decode`]; the op is not moved again, which for many takes as long as to decode them.
    pub(crate) fn decode_boxed(bytes: &[u8]) -> Result<Box<Self>, Malformed> {
        if bytes.len() > MAX_OP_BYTES {
            return Err(Malformed::TooLong(bytes.len()));
        }
        let op: Box<Self> = borsh::from_slice(bytes).map_err(|_| Malformed::Undecodable)?;
        op.signable.check()?;
        let mut rest = Same(bytes);
        if borsh::BorshSerialize::serialize(&op, &mut rest).is_err() || !rest.0.is_empty() {
            return Err(Malformed::NotCanonical);
        }
        Ok(op)
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(self, 512)
    }
}

impl GroupInvitation {
    /// The bytes that the inviter signs.
    pub fn invitation_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(INVITATION_DOMAIN);
        let _ = borsh::BorshSerialize::serialize(self, &mut out);
        out
    }

    /// The invitation's id: the hash of its bytes.
    pub fn id(&self) -> InvitationId {
        InvitationId(sha256_parts(&[&self.invitation_bytes()]))
    }
}

/// The bytes that a bearer signs to let `signer` claim an invitation.
pub fn claim_bytes(invitation_id: &InvitationId, signer: &crate::ids::PublicKey) -> Vec<u8> {
    let mut out = Vec::with_capacity(CLAIM_DOMAIN.len().saturating_add(64));
    out.extend_from_slice(CLAIM_DOMAIN);
    out.extend_from_slice(invitation_id.as_bytes());
    out.extend_from_slice(signer.as_bytes());
    out
}
