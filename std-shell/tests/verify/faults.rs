//! What the adversarial signatures would notice: verifiers with a fault planted in them are found out.

use crate::adversarial::wrong_with_seed;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, IsIdentity};
use folkmoot::core::{SignatureCheck, VerifySignatures};
use sha2::{Digest, Sha512};

/// What is wrong with a verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The equation without 8, of single signatures and in batches.
    Cofactorless,
    /// The same in batches only, as common libraries have it.
    CofactorlessBatch,
    /// No weights.
    Unweighted,
    /// Points of small order are taken.
    SmallOrder,
    /// Points of small order are known by their canonical encodings, and other encodings are not refused.
    OtherEncodings,
    /// s is taken modulo L.
    LargeS,
    /// Keys are remembered without their sign.
    KeyWithoutSign,
    /// A batch with a bad signature is bad.
    AllBlamed,
    /// The one beside the bad one is blamed.
    NextBlamed,
}

/// A plain verifier: a batch holds, or each is looked at.
struct Plain(Fault);

struct Parts {
    a: EdwardsPoint,
    r: EdwardsPoint,
    k: Scalar,
    s: Scalar,
}

impl Parts {
    fn error(&self) -> EdwardsPoint {
        ED25519_BASEPOINT_POINT * self.s - self.r - self.a * self.k
    }
}

impl Plain {
    fn point(&self, bytes: [u8; 32]) -> Option<EdwardsPoint> {
        let point = CompressedEdwardsY(bytes).decompress()?;
        let known_as_small = match self.0 {
            Fault::SmallOrder => false,
            Fault::OtherEncodings => EIGHT_TORSION.iter().any(|small| small.compress().0 == bytes),
            _ => point.is_small_order() || point.compress().0 != bytes,
        };
        (!known_as_small).then_some(point)
    }

    fn parts(&self, check: &SignatureCheck<'_>) -> Option<Parts> {
        let (r_bytes, s) = check.signature.split_at(32);
        let (r_bytes, s): ([u8; 32], [u8; 32]) = (r_bytes.try_into().ok()?, s.try_into().ok()?);
        let s = match self.0 {
            Fault::LargeS => Scalar::from_bytes_mod_order(s),
            _ => Option::from(Scalar::from_canonical_bytes(s))?,
        };
        let mut key = check.signer.0;
        key[31] &= if self.0 == Fault::KeyWithoutSign { 0x7f } else { 0xff };
        let (a, r) = (self.point(key)?, self.point(r_bytes)?);
        let hash = Sha512::new().chain_update(r_bytes).chain_update(check.signer.0).chain_update(check.message);
        Some(Parts { a, r, k: Scalar::from_bytes_mod_order_wide(&hash.finalize().into()), s })
    }

    fn holds(&self, error: EdwardsPoint, batch: bool) -> bool {
        match self.0 {
            Fault::Cofactorless => error.is_identity(),
            Fault::CofactorlessBatch if batch => error.is_identity(),
            _ => error.mul_by_cofactor().is_identity(),
        }
    }

    fn all_hold(&self, parts: &[Parts]) -> bool {
        let weight = |at: usize| match self.0 {
            Fault::Unweighted => Scalar::ONE,
            // Not to be guessed by tests that do not know of it; no more is needed here.
            _ => Scalar::from_bytes_mod_order_wide(&Sha512::digest(at.to_le_bytes()).into()),
        };
        let sum = |sum, (at, parts): (usize, &Parts)| sum + parts.error() * weight(at);
        self.holds(parts.iter().enumerate().fold(EdwardsPoint::identity(), sum), true)
    }
}

impl VerifySignatures for Plain {
    fn verify(&mut self, checks: &[SignatureCheck<'_>]) -> Vec<bool> {
        let each: Vec<Option<Parts>> = checks.iter().map(|check| self.parts(check)).collect();
        let in_order = each.iter().all(Option::is_some);
        let (good, batch): (Vec<bool>, Vec<Parts>) = each
            .into_iter()
            .map(|parts| match parts {
                Some(parts) => (self.holds(parts.error(), false), parts),
                None => (
                    false,
                    Parts {
                        a: EdwardsPoint::identity(),
                        r: EdwardsPoint::identity(),
                        k: Scalar::ZERO,
                        s: Scalar::ZERO,
                    },
                ),
            })
            .unzip();
        if in_order && self.all_hold(&batch) {
            return vec![true; checks.len()];
        }
        match self.0 {
            Fault::CofactorlessBatch if checks.len() > 1 && good.iter().all(|good| *good) => vec![false; checks.len()],
            Fault::AllBlamed => vec![false; checks.len()],
            Fault::NextBlamed => {
                let mut next = good;
                next.rotate_right(1);
                next
            }
            _ => good,
        }
    }
}

/// The first seed that finds a fault.
fn found_by(fault: Fault) -> Option<u64> {
    // Small batches do, and the plain verifier is slow.
    let small = (0..414u64).filter(|seed| seed % 69 < 12);
    small.into_iter().find(|seed| wrong_with_seed(&mut Plain(fault), *seed).is_err())
}

#[test]
fn a_plain_verifier_without_a_fault_has_nothing_to_be_found() {
    assert_eq!(found_by(Fault::None), None);
}

#[test]
fn every_planted_fault_is_found() {
    let all = [
        Fault::Cofactorless,
        Fault::CofactorlessBatch,
        Fault::Unweighted,
        Fault::SmallOrder,
        Fault::OtherEncodings,
        Fault::LargeS,
        Fault::KeyWithoutSign,
        Fault::AllBlamed,
        Fault::NextBlamed,
    ];
    let missed: Vec<Fault> = all.into_iter().filter(|fault| found_by(*fault).is_none()).collect();
    assert_eq!(missed, []);
}
