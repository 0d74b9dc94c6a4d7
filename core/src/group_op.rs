//! What an op says: the payloads of SPEC §1, in borsh's variant order.

use crate::ids::{ContextId, GroupId, Hash, InvitationId, NamespaceId, OpId, PublicKey};
use alloc::string::String;
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

/// A 64-byte Ed25519 signature.
pub type SignatureBytes = [u8; 64];

/// A member's role. `Admin` is the highest, `ReadOnly` the lowest; smaller compares as higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Role {
    /// May do everything here and below.
    Admin = 0,
    /// Takes part, with the capabilities it was given.
    Member = 1,
    /// Reads.
    ReadOnly = 2,
}

/// Who may come in without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Visibility {
    /// Standing is inherited from the groups above.
    Open = 0,
    /// Only its own members.
    Restricted = 1,
}

/// When a context moves to the group's target application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum UpgradePolicy {
    /// At once.
    Automatic,
    /// At its next use.
    LazyOnAccess,
    /// By agreement.
    Coordinated {
        /// Seconds that members have, if there is a deadline.
        deadline_secs: Option<u64>,
    },
}

/// Capability bits of a member (SPEC §1).
pub mod capabilities {
    /// May register contexts.
    pub const CAN_CREATE_CONTEXT: u32 = 1;
    /// May invite members.
    pub const CAN_INVITE_MEMBERS: u32 = 1 << 1;
    /// May join open contexts.
    pub const CAN_JOIN_OPEN_CONTEXTS: u32 = 1 << 2;
    /// May add and remove members.
    pub const MANAGE_MEMBERS: u32 = 1 << 3;
    /// May set the target application.
    pub const MANAGE_APPLICATION: u32 = 1 << 4;
    /// May create subgroups.
    pub const CAN_CREATE_SUBGROUP: u32 = 1 << 5;
    /// May change aliases.
    pub const CAN_MANAGE_METADATA: u32 = 1 << 6;
    /// All bits there are; any other is malformed.
    pub const ALL: u32 = (1 << 7) - 1;
    /// Their names, by bit.
    pub const NAMES: [&str; 7] = [
        "CAN_CREATE_CONTEXT",
        "CAN_INVITE_MEMBERS",
        "CAN_JOIN_OPEN_CONTEXTS",
        "MANAGE_MEMBERS",
        "MANAGE_APPLICATION",
        "CAN_CREATE_SUBGROUP",
        "CAN_MANAGE_METADATA",
    ];
}

/// An invitation (SPEC §1). Whoever holds the bearer's secret may claim it; if `invitee` is named, only that person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct GroupInvitation {
    /// The namespace it leads into.
    pub namespace_id: NamespaceId,
    /// The group it admits to.
    pub group_id: GroupId,
    /// Who invites; the claim rests on this person's authority.
    pub inviter: PublicKey,
    /// A fresh key, made for this invitation alone.
    pub bearer: PublicKey,
    /// The only person who may claim, if named.
    pub invitee: Option<PublicKey>,
    /// The role it gives.
    pub role: Role,
    /// How many claims it is good for; never 0.
    pub max_uses: u32,
    /// Until when it may be claimed, in unix seconds.
    pub expires_at: Option<u64>,
}

/// What an op does (SPEC §1 and §5).
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[allow(missing_docs, reason = "the fields are those of SPEC §1, by name")]
pub enum GroupOp {
    /// Joins heads, changes nothing.
    Noop,
    /// Founds a namespace and its root group; the signer becomes its Admin.
    NamespaceCreated { salt: [u8; 32], alias: String, app_key: [u8; 32], application_id: [u8; 32] },
    /// Creates a group under `group_id`.
    SubgroupCreated { alias: String, visibility: Visibility },
    /// Deletes the group and all below it.
    GroupDeleted,
    /// Admits a member.
    MemberAdded { member: PublicKey, role: Role },
    /// Removes a member here and below, and bars it unless it left by itself.
    MemberRemoved { member: PublicKey },
    /// Raises or lowers a member's role.
    MemberRoleSet { member: PublicKey, role: Role },
    /// Gives capabilities.
    CapabilitiesGranted { member: PublicKey, capabilities: u32 },
    /// Takes capabilities.
    CapabilitiesRevoked { member: PublicKey, capabilities: u32 },
    /// What new members get.
    DefaultCapabilitiesSet { capabilities: u32 },
    /// What new contexts get.
    DefaultVisibilitySet { visibility: Visibility },
    /// Opens or restricts the group.
    GroupVisibilitySet { visibility: Visibility },
    /// When contexts are upgraded.
    UpgradePolicySet { policy: UpgradePolicy },
    /// Which application the group's contexts run.
    TargetApplicationSet { app_key: [u8; 32], application_id: [u8; 32], migration: Option<String> },
    /// Registers an application instance.
    ContextRegistered {
        application_id: [u8; 32],
        blob_id: [u8; 32],
        source: String,
        service_name: Option<String>,
        visibility: Option<Visibility>,
    },
    /// Takes a context out of the group.
    ContextDetached { context_id: ContextId },
    /// Names the group.
    GroupAliasSet { alias: String },
    /// Names a member.
    MemberAliasSet { member: PublicKey, alias: String },
    /// Names a context.
    ContextAliasSet { context_id: ContextId, alias: String },
    /// Gives application capabilities in a context.
    ContextCapabilityGranted { context_id: ContextId, member: PublicKey, capabilities: u8 },
    /// Takes application capabilities in a context.
    ContextCapabilityRevoked { context_id: ContextId, member: PublicKey, capabilities: u8 },
    /// The signer joins by an invitation.
    JoinWithInvitationClaim {
        invitation: GroupInvitation,
        inviter_signature: SignatureBytes,
        bearer_signature: SignatureBytes,
        claimed_at: u64,
    },
    /// Ends an invitation, known or not.
    InvitationRevoked { invitation_id: InvitationId },
}

impl GroupOp {
    /// The variant's number, as the wire writes it.
    pub const fn number(&self) -> u8 {
        match self {
            Self::Noop => 0,
            Self::NamespaceCreated { .. } => 1,
            Self::SubgroupCreated { .. } => 2,
            Self::GroupDeleted => 3,
            Self::MemberAdded { .. } => 4,
            Self::MemberRemoved { .. } => 5,
            Self::MemberRoleSet { .. } => 6,
            Self::CapabilitiesGranted { .. } => 7,
            Self::CapabilitiesRevoked { .. } => 8,
            Self::DefaultCapabilitiesSet { .. } => 9,
            Self::DefaultVisibilitySet { .. } => 10,
            Self::GroupVisibilitySet { .. } => 11,
            Self::UpgradePolicySet { .. } => 12,
            Self::TargetApplicationSet { .. } => 13,
            Self::ContextRegistered { .. } => 14,
            Self::ContextDetached { .. } => 15,
            Self::GroupAliasSet { .. } => 16,
            Self::MemberAliasSet { .. } => 17,
            Self::ContextAliasSet { .. } => 18,
            Self::ContextCapabilityGranted { .. } => 19,
            Self::ContextCapabilityRevoked { .. } => 20,
            Self::JoinWithInvitationClaim { .. } => 21,
            Self::InvitationRevoked { .. } => 22,
        }
    }

    /// The variant's name, as the spec writes it.
    pub const fn name(&self) -> &'static str {
        variant_name(self.number())
    }
}

/// The name of the variant with this number; `"Unknown"` past the last.
pub const fn variant_name(number: u8) -> &'static str {
    match number {
        0 => "Noop",
        1 => "NamespaceCreated",
        2 => "SubgroupCreated",
        3 => "GroupDeleted",
        4 => "MemberAdded",
        5 => "MemberRemoved",
        6 => "MemberRoleSet",
        7 => "CapabilitiesGranted",
        8 => "CapabilitiesRevoked",
        9 => "DefaultCapabilitiesSet",
        10 => "DefaultVisibilitySet",
        11 => "GroupVisibilitySet",
        12 => "UpgradePolicySet",
        13 => "TargetApplicationSet",
        14 => "ContextRegistered",
        15 => "ContextDetached",
        16 => "GroupAliasSet",
        17 => "MemberAliasSet",
        18 => "ContextAliasSet",
        19 => "ContextCapabilityGranted",
        20 => "ContextCapabilityRevoked",
        21 => "JoinWithInvitationClaim",
        22 => "InvitationRevoked",
        _ => "Unknown",
    }
}

/// An op as it is signed (SPEC §1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct SignableGroupOp {
    /// The protocol version, 1.
    pub version: u8,
    /// The namespace whose DAG it joins; zero in NamespaceCreated.
    pub namespace_id: NamespaceId,
    /// The group it is about; zero in NamespaceCreated.
    pub group_id: GroupId,
    /// Its parents, strictly ascending, 1 to 64; none in NamespaceCreated.
    pub parent_op_hashes: Vec<OpId>,
    /// The state hash of `group_id` in the op's own past (SPEC §6); zero in NamespaceCreated and for a deleted group.
    pub state_hash: Hash,
    /// Who signs.
    pub signer: PublicKey,
    /// One more than the highest nonce of the signer in the op's past.
    pub nonce: u64,
    /// What it does.
    pub op: GroupOp,
}

/// An op as it travels: the same fields, and the signature.
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct SignedGroupOp {
    /// What was signed.
    pub signable: SignableGroupOp,
    /// Ed25519 by `signable.signer` over the signable bytes.
    pub signature: SignatureBytes,
}
