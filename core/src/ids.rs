//! Newtypes for the 32-byte names of things. They compare as byte strings (SPEC, notation).

use borsh::{BorshDeserialize, BorshSerialize};
use core::fmt;

/// Why a hexadecimal id could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// Not 64 hexadecimal digits.
    #[error("expected 64 hexadecimal digits, found {0} bytes")]
    Length(usize),
    /// A character that is no hexadecimal digit.
    #[error("character {0} is no hexadecimal digit")]
    Digit(usize),
}

fn nibble(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn parse_hex(text: &str) -> Result<[u8; 32], ParseIdError> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return Err(ParseIdError::Length(text.len()));
    }
    let mut out = [0u8; 32];
    for (at, (slot, [high, low])) in out.iter_mut().zip(pairs).enumerate() {
        let high = nibble(*high).ok_or(ParseIdError::Digit(at.saturating_mul(2)))?;
        let low = nibble(*low).ok_or(ParseIdError::Digit(at.saturating_mul(2).saturating_add(1)))?;
        *slot = (high << 4) | low;
    }
    Ok(out)
}

/// Serialises bytes that are no id of ours as ids are: in hexadecimal.
#[cfg(feature = "serde")]
pub(crate) fn hex<S: serde::Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Hash(*bytes))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// 32 zero bytes: what the wire writes where there is nothing to name.
            pub const ZERO: Self = Self([0; 32]);

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Whether all bytes are zero.
            pub fn is_zero(&self) -> bool {
                *self == Self::ZERO
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        impl core::str::FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_hex(text).map(Self)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <alloc::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// An op's id: SHA-256 of its signable bytes (SPEC §1).
    OpId
);
id!(
    /// A group's id: the id of the op that created it (SPEC §1).
    GroupId
);
id!(
    /// A namespace's id: the id of its NamespaceCreated, which is the id of its root group too.
    NamespaceId
);
id!(
    /// A context's id: the id of its ContextRegistered.
    ContextId
);
id!(
    /// An invitation's id: SHA-256 of the invitation's bytes.
    InvitationId
);
id!(
    /// An Ed25519 public key: a person, as far as the protocol knows.
    PublicKey
);
id!(
    /// A SHA-256 hash: of a group's readable state, or of a namespace's (SPEC §6).
    Hash
);

impl From<OpId> for GroupId {
    fn from(id: OpId) -> Self {
        Self(id.0)
    }
}

impl From<OpId> for NamespaceId {
    fn from(id: OpId) -> Self {
        Self(id.0)
    }
}

impl From<OpId> for ContextId {
    fn from(id: OpId) -> Self {
        Self(id.0)
    }
}

impl From<NamespaceId> for GroupId {
    fn from(id: NamespaceId) -> Self {
        Self(id.0)
    }
}
