//! Signatures in company: what a verifier says of each, alone and with others, against ed25519-compact.

use folkmoot::core::{PublicKey, SignatureCheck, SigningKey, VerifySignatures, crypto};
use folkmoot_proptests::ed25519::cases::{Case, Class};
use folkmoot_proptests::rng::Rng;
use std::sync::LazyLock;

/// A signature as verifiers are asked about it.
pub(crate) fn check(case: &Case) -> SignatureCheck<'_> {
    SignatureCheck { signer: PublicKey(case.key), message: &case.message, signature: case.signature }
}

/// What ed25519-compact says, of each alone.
pub(crate) fn compact(cases: &[Case]) -> Vec<bool> {
    let verdict = |case: &Case| crypto::verify(&PublicKey(case.key), &case.message, &case.signature).is_ok();
    cases.iter().map(verdict).collect()
}

/// Signatures of a few people, in order.
pub(crate) static HONEST: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let honest = |n: u8| {
        let key = SigningKey::from_seed([n % 16 + 1; 32]);
        let message = vec![n; usize::from(n)];
        Case { class: Class::Honest, key: key.public().0, signature: key.sign(&message), message }
    };
    (0..=255).map(honest).collect()
});

/// Tries these in company: in a batch of `size` with honest ones, if there is room for any, in any order. What the
/// verifier is wrong about, if it is.
pub(crate) fn wrong_in_company(
    verifier: &mut impl VerifySignatures,
    cases: &[Case],
    size: usize,
    rng: &mut Rng,
) -> Result<(), String> {
    let mut batch = cases.to_vec();
    let honest = |_| HONEST[rng.below(HONEST.len())].clone();
    batch.extend((cases.len()..size).map(honest).collect::<Vec<_>>());
    rng.shuffle(&mut batch);
    wrong(verifier, &batch)
}

/// Tries these, as one batch.
pub(crate) fn wrong(verifier: &mut impl VerifySignatures, batch: &[Case]) -> Result<(), String> {
    let found = verifier.verify(&batch.iter().map(check).collect::<Vec<_>>());
    let expected = compact(batch);
    if found.len() != expected.len() {
        return Err(format!("{} answers to {} questions", found.len(), expected.len()));
    }
    match batch
        .iter()
        .zip(found.iter().zip(&expected))
        .enumerate()
        .find(|(_, (_, (found, expected)))| found != expected)
    {
        None => Ok(()),
        Some((at, (case, (found, _)))) => Err(format!("number {at} of {}: {found} of {case:02x?}", batch.len())),
    }
}
