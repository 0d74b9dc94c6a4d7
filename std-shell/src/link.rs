//! Invitation links: an invitation as text to hand over.
//!
//! ```text
//! folkmoot: base32( version ‖ terms ‖ inviter's signature ‖ bearer's secret ‖ checksum )
//! ```
//!
//! Terms are those of SPEC §1 in borsh, but for the bearer, whose key comes of the secret. Base32 is RFC 4648's, in lower
//! case and without padding; upper case is read too, for it makes smaller QR codes. The checksum is four bytes of SHA-256,
//! against slips of the hand; against forgers there is the signature, which is checked as a link is read.

use crate::store::{IssuedInvitation, LocalChange};
use borsh::{BorshDeserialize, BorshSerialize};
use folkmoot_core::group_op::SignatureBytes;
use folkmoot_core::{
    GroupId, GroupInvitation, GroupOp, InvitationId, NamespaceId, PublicKey, Role, SigningKey, crypto,
};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

const SCHEME: &str = "folkmoot:";
const VERSION: u8 = 1;
const CHECKSUM_DOMAIN: &[u8] = b"folkmoot/link/v1";
const CHECKSUM_BYTES: usize = 4;
const SECRET_BYTES: usize = 32;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Most bytes of a link before base32: version, three names, invitee, role, uses, expiry, signature, secret, checksum.
const MAX_LINK_BYTES: usize = 1 + 3 * 32 + 33 + 1 + 4 + 9 + 64 + SECRET_BYTES + CHECKSUM_BYTES;

/// Most characters of a link.
pub const MAX_LINK_CHARS: usize = SCHEME.len() + (MAX_LINK_BYTES * 8).div_ceil(5);

/// Why a text is no invitation link. The fault of whoever wrote or copied it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It begins with something else.
    #[error("it does not begin with {SCHEME}")]
    Scheme,
    /// More bytes than any link has.
    #[error("{0} bytes are more than a link has ({MAX_LINK_CHARS})")]
    TooLong(usize),
    /// The byte at this place is none of a link's characters.
    #[error("the byte at {0} is no character of a link")]
    Character(usize),
    /// A character is another, or some are missing.
    #[error("its checksum does not fit: a character is wrong, or some are missing")]
    Checksum,
    /// Another version's.
    #[error("it is of version {0}, and this folkmoot reads {VERSION}")]
    Version(u8),
    /// The checksum fits what is no invitation.
    #[error("what it says is no invitation")]
    Malformed,
    /// Whoever made it is not the inviter that it names.
    #[error("the inviter did not sign it")]
    Signature,
}

/// An invitation and all it takes to claim it: the inviter's signature and the bearer's secret. Whoever has the text can
/// join, or, if the invitation names an invitee, that person alone. Printing it is handing it over; `Debug` shows no secret.
#[derive(Clone)]
pub struct InvitationLink {
    invitation: GroupInvitation,
    inviter_signature: SignatureBytes,
    bearer: SigningKey,
}

/// What a link says of its invitation.
#[derive(BorshSerialize, BorshDeserialize)]
struct Terms {
    namespace_id: NamespaceId,
    group_id: GroupId,
    inviter: PublicKey,
    invitee: Option<PublicKey>,
    role: Role,
    max_uses: u32,
    expires_at: Option<u64>,
    inviter_signature: SignatureBytes,
}

impl InvitationLink {
    /// The bearer's key is that of the invitation, and the signature the inviter's.
    pub(crate) const fn new(
        invitation: GroupInvitation,
        inviter_signature: SignatureBytes,
        bearer: SigningKey,
    ) -> Self {
        Self { invitation, inviter_signature, bearer }
    }

    /// The invitation.
    pub const fn invitation(&self) -> &GroupInvitation {
        &self.invitation
    }

    /// The invitation's id, by which it is revoked.
    pub fn id(&self) -> InvitationId {
        self.invitation.id()
    }

    /// The payload with which somebody claims it at this time, in unix seconds.
    pub(crate) fn claim(&self, signer: &PublicKey, now: u64) -> GroupOp {
        self.invitation.clone().claim(self.inviter_signature, &self.bearer, signer, now)
    }

    /// Keeps it, as issued at this time, in unix seconds.
    pub(crate) fn to_keep(&self, issued_at: u64) -> LocalChange {
        let Self { invitation, inviter_signature, bearer } = self.clone();
        let issued = Box::new(IssuedInvitation { invitation, inviter_signature, issued_at });
        LocalChange::KeepInvitation { issued, bearer }
    }

    /// Reads what comes before the checksum.
    fn read(body: &[u8]) -> Result<Self, LinkError> {
        let (version, rest) = body.split_first().ok_or(LinkError::Malformed)?;
        if *version != VERSION {
            return Err(LinkError::Version(*version));
        }
        let (terms, secret) = rest.split_last_chunk::<SECRET_BYTES>().ok_or(LinkError::Malformed)?;
        let terms: Terms = borsh::from_slice(terms).map_err(|_| LinkError::Malformed)?;
        // There is no key of 32 zeros.
        if terms.max_uses == 0 || *secret == [0; SECRET_BYTES] {
            return Err(LinkError::Malformed);
        }
        let bearer = SigningKey::from_seed(*secret);
        let invitation = GroupInvitation {
            namespace_id: terms.namespace_id,
            group_id: terms.group_id,
            inviter: terms.inviter,
            bearer: bearer.public(),
            invitee: terms.invitee,
            role: terms.role,
            max_uses: terms.max_uses,
            expires_at: terms.expires_at,
        };
        crypto::verify(&invitation.inviter, &invitation.invitation_bytes(), &terms.inviter_signature)
            .map_err(|_| LinkError::Signature)?;
        Ok(Self::new(invitation, terms.inviter_signature, bearer))
    }
}

impl fmt::Debug for InvitationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InvitationLink({} into group {}, secret redacted)", self.id(), self.invitation.group_id)
    }
}

impl fmt::Display for InvitationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let invitation = &self.invitation;
        let terms = Terms {
            namespace_id: invitation.namespace_id,
            group_id: invitation.group_id,
            inviter: invitation.inviter,
            invitee: invitation.invitee,
            role: invitation.role,
            max_uses: invitation.max_uses,
            expires_at: invitation.expires_at,
            inviter_signature: self.inviter_signature,
        };
        // Room for all, so that no copy of the secret is left behind as it grows.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LINK_BYTES));
        bytes.push(VERSION);
        terms.serialize(&mut *bytes).map_err(|_| fmt::Error)?;
        bytes.extend_from_slice(self.bearer.expose_seed());
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        f.write_str(SCHEME)?;
        f.write_str(&base32(&bytes))
    }
}

impl FromStr for InvitationLink {
    type Err = LinkError;

    /// Reads a link, with or without white space around it.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        let text = text.trim().as_bytes();
        if text.len() > MAX_LINK_CHARS {
            return Err(LinkError::TooLong(text.len()));
        }
        let (scheme, rest) = text.split_at_checked(SCHEME.len()).ok_or(LinkError::Scheme)?;
        if !scheme.eq_ignore_ascii_case(SCHEME.as_bytes()) {
            return Err(LinkError::Scheme);
        }
        let bytes = from_base32(rest).map_err(|at| LinkError::Character(SCHEME.len() + at))?;
        let (body, sum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(LinkError::Checksum)?;
        if checksum(body) != *sum {
            return Err(LinkError::Checksum);
        }
        Self::read(body)
    }
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash: [u8; 32] = Sha256::new().chain_update(CHECKSUM_DOMAIN).chain_update(body).finalize().into();
    let [a, b, c, d, ..] = hash;
    [a, b, c, d]
}

/// Five bits a character; the last is filled up with zeros.
fn base32(bytes: &[u8]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity((bytes.len() * 8).div_ceil(5)));
    let (mut held, mut bits) = (0u32, 0u32);
    let mut push = |value: u32| out.push(char::from(ALPHABET[(value & 31) as usize]));
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(held >> bits);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        push(held << (5 - bits));
    }
    out
}

/// The bytes, or the place of the first character that does not belong. What is left of the last character must be zeros,
/// so that no two texts, but for their case, are one link.
fn from_base32(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, usize> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() * 5 / 8));
    let (mut held, mut bits) = (0u32, 0u32);
    for (at, character) in text.iter().enumerate() {
        let lower = character.to_ascii_lowercase();
        let value = match lower {
            b'a'..=b'z' => lower - b'a',
            b'2'..=b'7' => lower - b'2' + 26,
            _ => return Err(at),
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    if bits >= 5 || held != 0 { Err(text.len().saturating_sub(1)) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_seed([byte; 32])
    }

    fn link(invitee: Option<PublicKey>, expires_at: Option<u64>) -> InvitationLink {
        let (alice, bearer) = (key(1), key(0xb5));
        let invitation = GroupInvitation {
            namespace_id: NamespaceId([7; 32]),
            group_id: GroupId([8; 32]),
            inviter: alice.public(),
            bearer: bearer.public(),
            invitee,
            role: Role::Member,
            max_uses: 3,
            expires_at,
        };
        let signature = invitation.sign(&alice);
        InvitationLink::new(invitation, signature, bearer)
    }

    fn longest() -> InvitationLink {
        link(Some(key(2).public()), Some(u64::MAX))
    }

    /// The link of these bytes, with the checksum they come to.
    fn text_of(body: &[u8]) -> String {
        format!("{SCHEME}{}", *base32(&[body, &checksum(body)].concat()))
    }

    fn body_of(link: &InvitationLink) -> Vec<u8> {
        let text = link.to_string();
        let bytes = from_base32(&text.as_bytes()[SCHEME.len()..]).expect("base32");
        bytes[..bytes.len() - CHECKSUM_BYTES].to_vec()
    }

    fn refusal(text: &str) -> LinkError {
        text.parse::<InvitationLink>().expect_err("no link")
    }

    #[test]
    fn a_link_reads_back_with_its_secret() {
        for link in [link(None, None), link(None, Some(9)), link(Some(key(2).public()), None), longest()] {
            let read: InvitationLink = link.to_string().parse().expect("a link");
            assert_eq!(read.invitation(), link.invitation());
            assert_eq!(read.inviter_signature, link.inviter_signature);
            assert_eq!(read.bearer.expose_seed(), link.bearer.expose_seed());
        }
    }

    #[test]
    fn the_longest_link_has_as_many_characters_as_there_may_be_and_one_more_is_refused() {
        let text = longest().to_string();
        assert_eq!(text.len(), MAX_LINK_CHARS);
        assert_eq!(refusal(&format!("{text}a")), LinkError::TooLong(MAX_LINK_CHARS + 1));
    }

    #[test]
    fn case_and_space_around_do_not_matter() {
        let text = link(None, None).to_string();
        assert!(format!("\n {} \n", text.to_uppercase()).parse::<InvitationLink>().is_ok());
    }

    #[test]
    fn any_wrong_character_is_noticed() {
        let text = link(None, Some(9)).to_string();
        for at in SCHEME.len()..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[at] = if wrong[at] == b'q' { b'r' } else { b'q' };
            let wrong = String::from_utf8(wrong).expect("ASCII");
            // At the end, bits that mean nothing are no longer zero.
            assert!(matches!(refusal(&wrong), LinkError::Checksum | LinkError::Character(_)), "at {at}");
        }
    }

    #[test]
    fn every_shortened_link_is_refused() {
        let text = link(None, None).to_string();
        for end in 0..text.len() {
            assert!(text[..end].parse::<InvitationLink>().is_err(), "{end} characters");
        }
    }

    #[test]
    fn what_is_no_link_is_told_apart() {
        assert_eq!(refusal(""), LinkError::Scheme);
        assert_eq!(refusal("https://example.org/join"), LinkError::Scheme);
        assert_eq!(refusal("folkmoot:abc1"), LinkError::Character(SCHEME.len() + 3));
        assert_eq!(refusal("folkmoot:"), LinkError::Checksum);
        assert_eq!(refusal(&text_of(&[])), LinkError::Malformed);
        assert_eq!(refusal(&text_of(&[VERSION; 60])), LinkError::Malformed);
    }

    #[test]
    fn another_version_is_named() {
        let mut body = body_of(&longest());
        body[0] = 2;
        assert_eq!(refusal(&text_of(&body)), LinkError::Version(2));
    }

    #[test]
    fn something_trailing_is_refused() {
        let mut body = body_of(&link(None, None));
        body.insert(body.len() - SECRET_BYTES, 0);
        assert_eq!(refusal(&text_of(&body)), LinkError::Malformed);
    }

    #[test]
    fn an_invitation_that_its_inviter_did_not_sign_is_refused() {
        let mut body = body_of(&link(None, None));
        // Another bearer's secret, another signature, other terms.
        for at in [body.len() - 1, body.len() - SECRET_BYTES - 1, 1] {
            body[at] ^= 1;
            assert_eq!(refusal(&text_of(&body)), LinkError::Signature, "at {at}");
            body[at] ^= 1;
        }
    }

    #[test]
    fn an_invitation_for_no_use_is_refused() {
        let mut link = link(None, None);
        link.invitation.max_uses = 0;
        link.inviter_signature = link.invitation.sign(&key(1));
        assert_eq!(refusal(&link.to_string()), LinkError::Malformed);
    }

    #[test]
    fn a_secret_of_zeros_which_no_key_has_is_refused() {
        let mut body = body_of(&longest());
        let secret = body.len() - SECRET_BYTES;
        body[secret..].fill(0);
        assert_eq!(refusal(&text_of(&body)), LinkError::Malformed);
    }

    #[test]
    fn debug_shows_no_secret() {
        let (link, shown) = (longest(), format!("{:?}", longest()));
        assert!(shown.contains("redacted"), "{shown}");
        let secret: String = link.bearer.expose_seed().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!shown.contains(&secret[..16]), "{shown}");
        assert!(!shown.contains(&link.to_string()[200..220]), "{shown}");
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq")] {
            assert_eq!(*base32(bytes.as_bytes()), text);
            assert_eq!(*from_base32(text.as_bytes()).expect("base32"), bytes.as_bytes());
        }
        assert_eq!(*base32(b"foobar"), "mzxw6ytboi");
        // A character too many, and bits that mean nothing.
        assert_eq!(from_base32(b"mya").map(|bytes| bytes.len()), Err(2));
        assert_eq!(from_base32(b"mz").map(|bytes| bytes.len()), Err(1));
    }
}
