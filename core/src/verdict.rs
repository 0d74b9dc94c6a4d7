//! What becomes of an op: admission (SPEC §2), and its verdict (SPEC §2–§5).

use core::fmt;

/// Why an op has no effect (SPEC §2–§5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum VoidReason {
    /// The op was not signed against the state of its own past (§2).
    StateHashMismatch = 1,
    /// The group has been deleted (§2, §4.3).
    NoSuchGroup = 2,
    /// Nothing in the op's past lets its principal do this (§5).
    Unauthorized = 3,
    /// The new group would lie more than 16 edges below the root (§5).
    TooDeep = 4,
    /// Not for the root group (§5).
    RootGroup = 5,
    /// Already a member of this group (§5).
    AlreadyMember = 6,
    /// Not a member of this group (§5).
    NoSuchMember = 7,
    /// The record concerned is not outranked by the one the op rests on (§5).
    Outranked = 8,
    /// The root would be left without an Admin (§5).
    LastAdmin = 9,
    /// A ReadOnly member may hold no capability but bit 2 (§5).
    ReadOnlyMember = 10,
    /// No such context in this group (§5).
    NoSuchContext = 11,
    /// The invitation does not fit, does not verify, is another's, or has expired (§5).
    BadInvitation = 12,
    /// The invitation has been revoked (§3, §5).
    InvitationRevoked = 13,
    /// The invitation has had all its uses (§5).
    InvitationUsedUp = 14,
    /// The signer was removed by another and has not been admitted again (§5).
    Barred = 15,
    /// What the op rests on was taken by a concurrent op (§3, §4.4).
    AuthorityLost = 16,
    /// A reduction that a strictly more senior concurrent op gives back (§3).
    Overruled = 17,
    /// What the op gives was taken by a concurrent op (§3, §4.4).
    SubjectReduced = 18,
    /// A concurrent write of the same register came first (§4.5).
    Superseded = 19,
}

impl VoidReason {
    const ALL: [Self; 19] = [
        Self::StateHashMismatch,
        Self::NoSuchGroup,
        Self::Unauthorized,
        Self::TooDeep,
        Self::RootGroup,
        Self::AlreadyMember,
        Self::NoSuchMember,
        Self::Outranked,
        Self::LastAdmin,
        Self::ReadOnlyMember,
        Self::NoSuchContext,
        Self::BadInvitation,
        Self::InvitationRevoked,
        Self::InvitationUsedUp,
        Self::Barred,
        Self::AuthorityLost,
        Self::Overruled,
        Self::SubjectReduced,
        Self::Superseded,
    ];

    /// The reason with this number, as snapshots write it.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| *reason as u8 == number)
    }
}

impl fmt::Display for VoidReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What an admitted op came to in the state that all admitted ops fold to (SPEC §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It changed the state.
    Effective,
    /// A reduction that stands but found nothing to take, for this reason.
    Idle(VoidReason),
    /// It has no effect, for this reason.
    Void(VoidReason),
}

impl fmt::Display for Verdict {
    /// As conformance vectors write it: `Effective`, `Idle: NoSuchMember`, `AuthorityLost`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effective => f.write_str("Effective"),
            Self::Idle(reason) => write!(f, "Idle: {reason}"),
            Self::Void(reason) => write!(f, "{reason}"),
        }
    }
}

/// Why an op has no place in the DAG (SPEC §2). The peer's fault; the engine is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RejectReason {
    /// A parent was rejected or ignored.
    #[error("ParentRejected")]
    ParentRejected,
    /// A parent belongs to another namespace.
    #[error("WrongNamespace")]
    WrongNamespace,
    /// A parent is an ancestor of another parent.
    #[error("RedundantParent")]
    RedundantParent,
    /// The group was created by no op of the op's past.
    #[error("UnknownGroup")]
    UnknownGroup,
    /// The nonce skips one.
    #[error("NonceGap")]
    NonceGap,
    /// The signer is a member of nothing, or its claim does not hold.
    #[error("NotParticipant")]
    NotParticipant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_void_reason_reads_back_from_its_number_and_no_other_number_does() {
        for reason in VoidReason::ALL {
            assert_eq!(VoidReason::from_number(reason as u8), Some(reason));
        }
        assert_eq!(VoidReason::from_number(0), None);
        assert_eq!(VoidReason::from_number(20), None);
    }
}
