//! Signing, and the one accept set of signatures (SPEC §8).

use crate::codec::{Malformed, OP_DOMAIN, claim_bytes};
use crate::group_op::{GroupInvitation, GroupOp, SignableGroupOp, SignatureBytes, SignedGroupOp};
use crate::hashing::sha256_parts;
use crate::ids::{OpId, PublicKey};
use alloc::boxed::Box;
use alloc::vec::Vec;
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

/// A signature to be checked: `signature` is `signer`'s over `message`, or it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureCheck<'a> {
    /// A.
    pub signer: PublicKey,
    /// M.
    pub message: &'a [u8],
    /// R and s.
    pub signature: SignatureBytes,
}

/// Another verifier than [`verify`], one that is faster on many signatures at once.
///
/// It must accept just the signatures that [`verify`] accepts, those of SPEC §8, whatever else it is asked about at the
/// same time and was asked before. One that accepts other signatures parts this replica from all others for good.
pub trait VerifySignatures {
    /// Whether each signature verifies, in the order of `checks`. What an answer is missing for does not.
    fn verify(&mut self, checks: &[SignatureCheck<'_>]) -> Vec<bool>;
}

/// [`verify`], one signature after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OneByOne;

impl VerifySignatures for OneByOne {
    fn verify(&mut self, checks: &[SignatureCheck<'_>]) -> Vec<bool> {
        checks.iter().map(|check| verify(&check.signer, check.message, &check.signature).is_ok()).collect()
    }
}

/// A secret Ed25519 key. Wiped when dropped; never printed.
#[derive(Clone)]
pub struct SigningKey {
    seed: [u8; 32],
    public: PublicKey,
}

impl SigningKey {
    /// The key of a 32-byte seed, which the host draws from its randomness.
    ///
    /// A seed of zeros was never drawn, and is no key: its public half is [`PublicKey::ZERO`], for which nothing verifies,
    /// and no op is signed with it ([`SignError::NoKey`]).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let public = KeyPair::try_from_seed(Seed::new(seed)).map_or(PublicKey::ZERO, |pair| PublicKey(*pair.pk));
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

    /// Signs, deterministically as RFC 8032 has it. What is no key signs with zeros, which verify for nobody.
    pub fn sign(&self, message: &[u8]) -> SignatureBytes {
        KeyPair::try_from_seed(Seed::new(self.seed)).map_or([0; 64], |pair| *pair.sk.sign(message, None))
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
/// [`SignedGroupOp::verify`], by [`VerifiedOp::verify_all`] and by [`SignableGroupOp::sign_by`], and made again by
/// [`VerifiedBefore::restore`] of what one of these made on this node; nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedOp {
    id: OpId,
    /// Boxed: some payloads are long, and an op is handed on many times between the wire and the disk.
    op: Box<SignedGroupOp>,
    /// Both signatures of the claim verify; true for ops that are no claims.
    claim_verified: bool,
    /// No op has more bytes than fit; so that an op that waits takes less room.
    encoded_len: u32,
}

impl VerifiedOp {
    /// An op whose signature verifies over `signed`, the bytes of its signable part.
    fn new(op: SignedGroupOp, signed: &[u8], claim_verified: bool) -> Self {
        let id = OpId(sha256_parts(&[signed]));
        let encoded_len = signed.len().saturating_sub(OP_DOMAIN.len()).saturating_add(64);
        Self { id, op: Box::new(op), claim_verified, encoded_len: length(encoded_len) }
    }

    /// Checks the signatures of many ops at once, those inside claims with them. Each comes out, in order, as
    /// [`SignedGroupOp::verify`] has it; [`BadSignature`] is of that op alone.
    pub fn verify_all(
        ops: Vec<SignedGroupOp>,
        verifier: &mut impl VerifySignatures,
    ) -> Vec<Result<Self, BadSignature>> {
        let messages: Vec<Messages> = ops.iter().map(|op| Messages::of(&op.signable)).collect();
        let mut checks = Vec::with_capacity(ops.len());
        for (op, messages) in ops.iter().zip(&messages) {
            checks.push(SignatureCheck {
                signer: op.signable.signer,
                message: &messages.signed,
                signature: op.signature,
            });
            checks.extend(messages.claim.iter().flat_map(ClaimMessages::checks));
        }
        let mut answers = verifier.verify(&checks).into_iter();
        let mut next = || answers.next().unwrap_or(false);
        let verdicts = messages.iter().map(|messages| {
            let signed = next();
            // Both answers are taken, whatever the first is.
            let claim_verified = messages.claim.is_none() || (next() & next());
            (signed, claim_verified)
        });
        let verdicts: Vec<(bool, bool)> = verdicts.collect();
        let verified = |((op, messages), (signed, claim_verified)): ((SignedGroupOp, &Messages), (bool, bool))| {
            if signed { Ok(Self::new(op, &messages.signed, claim_verified)) } else { Err(BadSignature) }
        };
        ops.into_iter().zip(&messages).zip(verdicts).map(verified).collect()
    }

    /// Decodes many ops and checks their signatures at once. Each comes out, in order, as [`SignedGroupOp::decode`] and
    /// [`SignedGroupOp::verify`] have it; what is wrong is wrong with that op alone.
    pub fn receive_all<E: From<Malformed> + From<BadSignature>>(
        encoded: &[impl AsRef<[u8]>],
        verifier: &mut impl VerifySignatures,
    ) -> Vec<Result<Self, E>> {
        let bytes: usize = encoded.iter().map(|bytes| bytes.as_ref().len().saturating_add(OP_DOMAIN.len())).sum();
        // What was signed of all that is well-formed, one after the other; and what is made of it if the signature is good.
        let (mut signed, mut ends) = (Vec::with_capacity(bytes), Vec::with_capacity(encoded.len()));
        let mut out: Vec<Result<Self, E>> = Vec::with_capacity(encoded.len());
        for bytes in encoded.iter().map(AsRef::as_ref) {
            out.push(SignedGroupOp::decode_boxed(bytes).map_err(E::from).map(|op| {
                let begin = signed.len();
                signed.extend_from_slice(OP_DOMAIN);
                // Canonical: what was signed is what came, but for the signature.
                signed.extend_from_slice(bytes.split_last_chunk::<64>().map_or(bytes, |(signable, _)| signable));
                ends.push(signed.len());
                let id = OpId(sha256_parts(&[signed.get(begin..).unwrap_or_default()]));
                Self { id, op, claim_verified: true, encoded_len: length(bytes.len()) }
            }));
        }
        // Few ops are claims: these are, by their places.
        let claim =
            |(at, op): (usize, &Result<Self, E>)| Some((at, ClaimMessages::of(&op.as_ref().ok()?.op.signable)?));
        let claims: Vec<(usize, ClaimMessages)> = out.iter().enumerate().filter_map(claim).collect();
        let begins = core::iter::once(0).chain(ends.iter().copied());
        let mut checks = Vec::with_capacity(ends.len());
        let mut due = claims.iter().peekable();
        let good = out.iter().enumerate().filter_map(|(at, op)| Some((at, op.as_ref().ok()?)));
        for (((at, op), begin), end) in good.zip(begins).zip(&ends) {
            let message = signed.get(begin..*end).unwrap_or_default();
            checks.push(SignatureCheck { signer: op.op.signable.signer, message, signature: op.op.signature });
            checks.extend(due.next_if(|(of, _)| *of == at).into_iter().flat_map(|(_, claim)| claim.checks()));
        }
        let mut answers = verifier.verify(&checks).into_iter();
        let mut next = || answers.next().unwrap_or(false);
        let mut due = claims.iter().peekable();
        for (at, slot) in out.iter_mut().enumerate() {
            let Ok(op) = slot else { continue };
            let good = next();
            // Both answers are taken, whatever the first is.
            op.claim_verified = due.next_if(|(of, _)| *of == at).is_none() || (next() & next());
            if !good {
                *slot = Err(BadSignature.into());
            }
        }
        out
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
        self.encoded_len as usize
    }
}

/// The length of an encoded op, which is bounded (SPEC §1).
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A host's word that this node verified an op before: which one, and what came of the signatures in its claim.
///
/// A host writes it down beside the op's bytes when it stores a [`VerifiedOp`], and reads both back after a restart, so
/// that no signature is checked twice. Nobody but the store that wrote it may read one back ([`Self::from_own_storage`]),
/// and only from storage that others cannot write to, under a checksum that covers the op's *signature* too: the id
/// pins every byte that was signed, and nothing else here looks at the signature. What goes wrong otherwise:
///
/// - said of an op that nobody verified, it makes a forgery a member's op on this replica, which then parts from all
///   others for good and passes the forgery on to peers who refuse it;
/// - with damaged signature bytes that no checksum covered, this replica is as it should be, but hands peers an op that
///   they refuse, and with it all that is built on it.
///
/// A host that has doubts about its storage verifies again, with [`SignedGroupOp::verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it is only good for restoring the op that it is about"]
pub struct VerifiedBefore {
    id: OpId,
    claim_verified: bool,
}

/// Stored bytes that are not those of the op that was verified. The disk's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the bytes are not those of the op that was verified")]
pub struct NotAsVerified;

impl VerifiedBefore {
    /// What to write down beside an op.
    pub const fn of(op: &VerifiedOp) -> Self {
        Self { id: op.id, claim_verified: op.claim_verified }
    }

    /// What this very host wrote down when it had the [`VerifiedOp`] in its hands.
    pub const fn from_own_storage(id: OpId, claim_verified: bool) -> Self {
        Self { id, claim_verified }
    }

    /// The op's id.
    pub const fn id(&self) -> OpId {
        self.id
    }

    /// Whether both signatures inside its claim verified; true for every op that is no claim.
    pub const fn claim_verified(&self) -> bool {
        self.claim_verified
    }

    /// The op again, from the bytes that were stored with this. Their hash must be its id, so whatever was signed is as it
    /// was; the signature itself is taken as it is.
    ///
    /// # Errors
    /// [`NotAsVerified`] if these are other bytes.
    pub fn restore(self, encoded: &[u8]) -> Result<VerifiedOp, NotAsVerified> {
        let (signable, _) = encoded.split_last_chunk::<64>().ok_or(NotAsVerified)?;
        if encoded.len() > crate::limits::MAX_OP_BYTES {
            return Err(NotAsVerified);
        }
        // What has this hash was checked against all of SPEC §1 when it was verified.
        if sha256_parts(&[OP_DOMAIN, signable]) != self.id.0 {
            return Err(NotAsVerified);
        }
        let op: Box<SignedGroupOp> = borsh::from_slice(encoded).map_err(|_| NotAsVerified)?;
        Ok(VerifiedOp { id: self.id, op, claim_verified: self.claim_verified, encoded_len: length(encoded.len()) })
    }
}

/// What the signatures of an op are over.
struct Messages {
    signed: Vec<u8>,
    claim: Option<ClaimMessages>,
}

impl Messages {
    fn of(signable: &SignableGroupOp) -> Self {
        Self { signed: signable.signable_bytes(), claim: ClaimMessages::of(signable) }
    }
}

/// The two signatures inside a claim, and what they are over.
struct ClaimMessages {
    inviter: (PublicKey, Vec<u8>, SignatureBytes),
    bearer: (PublicKey, Vec<u8>, SignatureBytes),
}

impl ClaimMessages {
    /// Those of a claim; `None` of any other op.
    fn of(signable: &SignableGroupOp) -> Option<Self> {
        let GroupOp::JoinWithInvitationClaim { invitation, inviter_signature, bearer_signature, .. } = &signable.op
        else {
            return None;
        };
        let claimed = claim_bytes(&invitation.id(), &signable.signer);
        Some(Self {
            inviter: (invitation.inviter, invitation.invitation_bytes(), *inviter_signature),
            bearer: (invitation.bearer, claimed, *bearer_signature),
        })
    }

    fn checks(&self) -> [SignatureCheck<'_>; 2] {
        [&self.inviter, &self.bearer].map(|(signer, message, signature)| SignatureCheck {
            signer: *signer,
            message,
            signature: *signature,
        })
    }
}

/// Whether both signatures inside a claim verify; true for every other op.
pub(crate) fn claim_verifies(signable: &SignableGroupOp) -> bool {
    let verifies = |check: SignatureCheck<'_>| verify(&check.signer, check.message, &check.signature).is_ok();
    ClaimMessages::of(signable).is_none_or(|claim| claim.checks().into_iter().all(verifies))
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
        let claim_verified = claim_verifies(&self.signable);
        Ok(VerifiedOp::new(self, &bytes, claim_verified))
    }
}

impl SignableGroupOp {
    /// Signs with a key whose public half must be `signer`; what comes out is verified by construction.
    ///
    /// # Errors
    /// [`SignError`] if the key is another's, or the op is malformed.
    pub fn sign(self, key: &SigningKey) -> Result<VerifiedOp, SignError> {
        self.sign_by(key, SigningKey::sign)
    }

    /// As [`Self::sign`], with a host's own way to sign: a faster library, or a device. Nobody looks at what it makes; if
    /// it is not the key's signature over these bytes, this replica has an op that all others refuse.
    ///
    /// # Errors
    /// [`SignError`] if the key is another's, or the op is malformed.
    pub fn sign_by(
        self,
        key: &SigningKey,
        sign: impl FnOnce(&SigningKey, &[u8]) -> SignatureBytes,
    ) -> Result<VerifiedOp, SignError> {
        if key.public() == PublicKey::ZERO {
            return Err(SignError::NoKey);
        }
        if key.public() != self.signer {
            return Err(SignError::WrongKey { signer: self.signer, key: key.public() });
        }
        self.check()?;
        let bytes = self.signable_bytes();
        let signature = sign(key, &bytes);
        let claim_verified = claim_verifies(&self);
        let op = VerifiedOp::new(SignedGroupOp { signable: self, signature }, &bytes, claim_verified);
        if op.encoded_len() > crate::limits::MAX_OP_BYTES {
            return Err(Malformed::TooLong(op.encoded_len()).into());
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
    /// The key was made of a seed of zeros.
    #[error("a seed of zeros is no key")]
    NoKey,
    /// Nobody would accept it.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}
