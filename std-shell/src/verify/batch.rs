//! SPEC §8 on many signatures at once.
//!
//! # Why a batch has the verdicts that its signatures have alone
//!
//! A signature is good if `s` < L, `A` and `R` are canonical and not of small order, and 8·E = 0, where E is
//! s·B − R − k·A. The first two are looked at signature by signature. Of those that are left, a batch asks for
//!
//! ```text
//! 8·Σ z·E = 8·((Σ z·s)·B − Σ z·R − Σ (Σ z·k)·A) = 0        the sum in front of A over all signatures of that signer
//! ```
//!
//! with a weight z for each signature, 0 < z < 2¹²⁸ < L.
//!
//! - *If all are good, it holds*, whatever the weights. That 8 is in front of it is what makes this so: the equation sees
//!   nothing of a part of small order, so coefficients can be added up modulo L although such parts do not have order L,
//!   and two errors of small order have nothing to cancel. Of the equation without it neither is true, and batches then
//!   part from single signatures.
//! - *If one is bad, it fails*, but for a chance of 2⁻¹²⁷ in the choice of its weight: 8·E is then one of the L − 1 other
//!   multiples of 8·B, and whatever the other weights are, at most one z modulo L brings the sum to 0.
//!
//! The weights are a hash of the batch (Fiat–Shamir): of A, R, s and of k, which is a hash of R, A and the message. Whoever
//! makes a batch fixes every E before learning a weight, and every other batch that they try has all other weights. So a
//! wrong verdict takes about 2¹²⁷ tries with hashes, no less than a forged signature takes. Random numbers would do no better,
//! and could fail; and so the same signatures have the same verdicts on every machine, every time.

use super::keys::{Keys, decode};
use super::weights::Transcript;
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use folkmoot_core::{SignatureCheck, VerifySignatures};
use sha2::{Digest, Sha512};
use std::collections::BTreeMap;

/// More signatures than this are several batches, so that one takes no more than some 3 MB; larger ones are hardly cheaper.
pub const MAX_BATCH: usize = 4_096;
/// Where a batch fails, no more than this are taken together again.
const SINGLES: usize = 8;
/// What failed is split and tried again in batches until so many times the whole was tried; what is left is checked one by
/// one. So bad signatures, however many, cost about twice what they would alone (`folkmoot-bench verify` measures it).
const TRIES: usize = 6;

/// A verifier on curve25519-dalek. It accepts just what SPEC §8 does, and remembers signers' keys.
#[derive(Debug, Clone, Default)]
pub struct BatchVerifier {
    keys: Keys,
    /// Room for those of a batch, empty between batches. It is kept, for fresh memory costs more than what is written to it.
    room: Vec<Equation>,
}

impl BatchVerifier {
    /// One that has not met anybody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether this signature verifies, with one look at its signer's key and none at any other signature.
    pub fn verify_one(&mut self, check: &SignatureCheck<'_>) -> bool {
        Equation::of(check, &mut self.keys).is_some_and(|equation| equation.holds())
    }
}

impl VerifySignatures for BatchVerifier {
    fn verify(&mut self, checks: &[SignatureCheck<'_>]) -> Vec<bool> {
        let mut verdicts = vec![false; checks.len()];
        let mut equations = std::mem::take(&mut self.room);
        for (checks, verdicts) in checks.chunks(MAX_BATCH).zip(verdicts.chunks_mut(MAX_BATCH)) {
            equations.clear();
            equations.reserve_exact(checks.len());
            let mut open = Vec::with_capacity(checks.len());
            for (check, verdict) in checks.iter().zip(verdicts) {
                if let Some(equation) = Equation::of(check, &mut self.keys) {
                    equations.push(equation);
                    open.push(verdict);
                }
            }
            let mut tries = equations.len().saturating_mul(TRIES);
            settle(&equations, &mut open, &mut tries, false);
        }
        equations.clear();
        self.room = equations;
        verdicts
    }
}

/// What is left to be asked of a signature whose parts are in order: whether 8·(s·B − R − k·A) = 0.
#[derive(Debug, Clone)]
struct Equation {
    key: [u8; 32],
    r_bytes: [u8; 32],
    a: EdwardsPoint,
    r: EdwardsPoint,
    k: Scalar,
    s: Scalar,
}

impl Equation {
    /// `None` if s, R or A is not what SPEC §8 asks for.
    fn of(check: &SignatureCheck<'_>, keys: &mut Keys) -> Option<Self> {
        let key = check.signer.0;
        let (r_bytes, s) = (*check.signature.first_chunk()?, *check.signature.last_chunk()?);
        let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s))?;
        let a = keys.point(&key)?;
        let r = decode(&r_bytes)?;
        let hash = Sha512::new().chain_update(r_bytes).chain_update(key).chain_update(check.message).finalize();
        Some(Self { key, r_bytes, a, r, k: Scalar::from_bytes_mod_order_wide(&hash.into()), s })
    }

    fn holds(&self) -> bool {
        let error = EdwardsPoint::vartime_double_scalar_mul_basepoint(&-self.k, &self.a, &self.s) - self.r;
        error.mul_by_cofactor().is_identity()
    }
}

/// Whether all of these hold.
fn all_hold(equations: &[Equation]) -> bool {
    let mut transcript = Transcript::new();
    for equation in equations {
        transcript.add(&equation.key, &equation.r_bytes, &equation.k, &equation.s);
    }
    let weights: Vec<Scalar> = transcript.weights().take(equations.len()).collect();
    let mut base = Scalar::ZERO;
    let mut signers: BTreeMap<&[u8; 32], (Scalar, &EdwardsPoint)> = BTreeMap::new();
    for (Equation { key, a, k, s, .. }, z) in equations.iter().zip(&weights) {
        base -= z * s;
        signers.entry(key).or_insert((Scalar::ZERO, a)).0 += z * k;
    }
    let scalars = weights.iter().chain(signers.values().map(|(sum, _)| sum)).chain([&base]);
    let points = equations.iter().map(|equation| &equation.r).chain(signers.values().map(|(_, a)| *a));
    let error = EdwardsPoint::vartime_multiscalar_mul(scalars, points.chain([&ED25519_BASEPOINT_POINT]));
    error.mul_by_cofactor().is_identity()
}

/// Finds out which of these hold, and whether all do. `one_fails` says that one is known not to; so deep, and no deeper
/// than there are halves of [`MAX_BATCH`], does this call itself.
fn settle(equations: &[Equation], verdicts: &mut [&mut bool], tries: &mut usize, one_fails: bool) -> bool {
    let left = tries.checked_sub(equations.len()).filter(|_| equations.len() > 1);
    match left {
        Some(left) if !one_fails => {
            *tries = left;
            if all_hold(equations) {
                verdicts.iter_mut().for_each(|verdict| **verdict = true);
                return true;
            }
        }
        Some(_) => {}
        None => return one_by_one(equations, verdicts),
    }
    if equations.len() <= SINGLES {
        return one_by_one(equations, verdicts);
    }
    let middle = equations.len().div_ceil(2);
    let (first, second) = equations.split_at(middle);
    let (first_verdicts, second_verdicts) = verdicts.split_at_mut(middle);
    let first_holds = settle(first, first_verdicts, tries, false);
    let second_holds = settle(second, second_verdicts, tries, first_holds);
    first_holds && second_holds
}

fn one_by_one(equations: &[Equation], verdicts: &mut [&mut bool]) -> bool {
    for (equation, verdict) in equations.iter().zip(verdicts.iter_mut()) {
        **verdict = equation.holds();
    }
    verdicts.iter().all(|verdict| **verdict)
}
