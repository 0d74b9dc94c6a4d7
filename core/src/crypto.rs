//! Signing, and the one accept set of signatures (SPEC §8).

use crate::codec::claim_bytes;
use crate::group_op::{GroupInvitation, GroupOp, SignableGroupOp, SignatureBytes, SignedGroupOp};
use crate::hashing::sha256_parts;
use crate::ids::{OpId, PublicKey};
use core::fmt;
use ed25519_compact::{KeyPair, Seed, Signature};
use zeroize::Zeroize;

/// A signature that does not verify under SPEC §8. The sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

/// Whether `signature` is `signer`'s over `message`, under SPEC §8: `s` < L, canonical `A` and `R` not of small order,
/// the cofactored equation.
///
/// # Errors
/// [`BadSignature`] if it is not.
pub fn verify(signer: &PublicKey, message: &[u8], signature: &SignatureBytes) -> Result<(), BadSignature> {
    ed25519_compact::PublicKey::new(signer.0).verify(message, &Signature::new(*signature)).map_err(|_| BadSignature)
}

/// A secret Ed25519 key. Wiped when dropped; never printed.
#[derive(Clone)]
pub struct SigningKey {
    seed: [u8; 32],
    public: PublicKey,
}

impl SigningKey {
    /// The key of a 32-byte seed, which the host draws from its randomness.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let public = PublicKey(*KeyPair::from_seed(Seed::new(seed)).pk);
        Self { seed, public }
    }

    /// The public half.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// The seed, for a host that stores keys. Handle it like the secret it is.
    pub const fn expose_seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Signs, deterministically as RFC 8032 has it.
    pub fn sign(&self, message: &[u8]) -> SignatureBytes {
        *KeyPair::from_seed(Seed::new(self.seed)).sk.sign(message, None)
    }
}

impl Drop for SigningKey {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {}, secret redacted)", self.public)
    }
}

/// An op whose form and signature are good: the only thing that [`crate::Engine::apply`] takes. It is made by
/// [`SignedGroupOp::verify`] and by [`SignableGroupOp::sign`], and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedOp {
    id: OpId,
    op: SignedGroupOp,
    /// Both signatures of the claim verify; true for ops that are no claims.
    claim_verified: bool,
    encoded_len: usize,
}

impl VerifiedOp {
    fn new(op: SignedGroupOp, id: OpId, signable_len: usize) -> Self {
        let claim_verified = claim_verifies(&op.signable);
        let encoded_len = signable_len.saturating_sub(crate::codec::OP_DOMAIN.len()).saturating_add(64);
        Self { id, op, claim_verified, encoded_len }
    }

    /// The op's id.
    pub const fn id(&self) -> OpId {
        self.id
    }

    /// The op as it travels.
    pub const fn signed(&self) -> &SignedGroupOp {
        &self.op
    }

    /// What was signed.
    pub const fn signable(&self) -> &SignableGroupOp {
        &self.op.signable
    }

    /// Whether both signatures inside a claim verify (SPEC §8); true for every other op.
    pub const fn claim_verified(&self) -> bool {
        self.claim_verified
    }

    /// How many bytes it has on the wire.
    pub const fn encoded_len(&self) -> usize {
        self.encoded_len
    }
}

/// Whether both signatures inside a claim verify; true for every other op.
pub(crate) fn claim_verifies(signable: &SignableGroupOp) -> bool {
    let GroupOp::JoinWithInvitationClaim { invitation, inviter_signature, bearer_signature, .. } = &signable.op else {
        return true;
    };
    verify(&invitation.inviter, &invitation.invitation_bytes(), inviter_signature).is_ok()
        && verify(&invitation.bearer, &claim_bytes(&invitation.id(), &signable.signer), bearer_signature).is_ok()
}

impl SignedGroupOp {
    /// Checks the signature, and those inside a claim.
    ///
    /// # Errors
    /// [`BadSignature`] if `signer` did not sign this. A claim's inner signatures do not fail here: they are a matter
    /// of its verdict (`BadInvitation`, SPEC §5).
    pub fn verify(self) -> Result<VerifiedOp, BadSignature> {
        let bytes = self.signable.signable_bytes();
        verify(&self.signable.signer, &bytes, &self.signature)?;
        let id = OpId(sha256_parts(&[&bytes]));
        Ok(VerifiedOp::new(self, id, bytes.len()))
    }
}

impl SignableGroupOp {
    /// Signs with a key whose public half must be `signer`; what comes out is verified by construction.
    ///
    /// # Errors
    /// [`SignError`] if the key is another's, or the op is malformed.
    pub fn sign(self, key: &SigningKey) -> Result<VerifiedOp, SignError> {
        if key.public() != self.signer {
            return Err(SignError::WrongKey { signer: self.signer, key: key.public() });
        }
        self.check()?;
        let bytes = self.signable_bytes();
        let signature = key.sign(&bytes);
        let id = OpId(sha256_parts(&[&bytes]));
        let op = VerifiedOp::new(SignedGroupOp { signable: self, signature }, id, bytes.len());
        if op.encoded_len > crate::limits::MAX_OP_BYTES {
            return Err(crate::codec::Malformed::TooLong(op.encoded_len).into());
        }
        Ok(op)
    }
}

impl GroupInvitation {
    /// The inviter's signature, to be handed over with the invitation and the bearer's secret.
    pub fn sign(&self, inviter: &SigningKey) -> SignatureBytes {
        inviter.sign(&self.invitation_bytes())
    }

    /// The payload with which `signer`, who holds the bearer's secret, claims this invitation.
    pub fn claim(
        self,
        inviter_signature: SignatureBytes,
        bearer: &SigningKey,
        signer: &PublicKey,
        claimed_at: u64,
    ) -> GroupOp {
        let bearer_signature = bearer.sign(&claim_bytes(&self.id(), signer));
        GroupOp::JoinWithInvitationClaim { invitation: self, inviter_signature, bearer_signature, claimed_at }
    }
}

/// Why an op was not signed. The host's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key is not the signer's.
    #[error("the op names {signer} as its signer, the key is of {key}")]
    WrongKey {
        /// Who the op says signs.
        signer: PublicKey,
        /// Whose key was given.
        key: PublicKey,
    },
    /// Nobody would accept it.
    #[error(transparent)]
    Malformed(#[from] crate::codec::Malformed),
}
