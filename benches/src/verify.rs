//! What a signature costs to verify: one by one with ed25519-compact, and with the shell's batch verifier.

use crate::Fallible;
use crate::author::key;
use crate::meters::{cpu_ns, resident};
use crate::scenario::Size;
use folkmoot::verify::BatchVerifier;
use folkmoot_core::crypto::OneByOne;
use folkmoot_core::{PublicKey, SignatureCheck, SigningKey, VerifySignatures};
use serde_json::{Value, json};

/// What an op that adds a member has, about.
const MESSAGE_BYTES: usize = 200;

/// CPU time of each signature, in nanoseconds. All must verify.
fn measured(count: usize, verify: impl FnOnce() -> usize) -> Fallible<f64> {
    let start = cpu_ns();
    let good = verify();
    let took = cpu_ns().saturating_sub(start);
    if good == count { Ok(took as f64 / count.max(1) as f64) } else { Err("a signature does not verify".into()) }
}

fn good(verdicts: &[bool]) -> usize {
    verdicts.iter().filter(|verdict| **verdict).count()
}

/// A message with its signer and signature.
type Signed = (PublicKey, Vec<u8>, [u8; 64]);

/// So many signatures of so many signers, in turn.
fn signed(count: usize, signers: usize) -> Fallible<Vec<Signed>> {
    let signers: Vec<SigningKey> = (0..signers).map(|number| key("signer", number)).collect();
    let sign = |number: usize| -> Fallible<Signed> {
        let signer = signers.get(number % signers.len()).ok_or("no signers")?;
        let mut message = vec![0; MESSAGE_BYTES];
        message[..8].copy_from_slice(&number.to_le_bytes());
        Ok((signer.public(), message.clone(), signer.sign(&message)))
    };
    (0..count).map(sign).collect()
}

fn checks(signed: &[Signed]) -> Vec<SignatureCheck<'_>> {
    signed
        .iter()
        .map(|(signer, message, signature)| SignatureCheck { signer: *signer, message, signature: *signature })
        .collect()
}

/// A verifier that has checked so many signatures of as many signers together: what that takes in memory, it has.
pub(crate) fn warm(count: usize) -> Fallible<BatchVerifier> {
    let (signed, mut verifier) = (signed(count, count)?, BatchVerifier::new());
    if good(&verifier.verify(&checks(&signed))) < count {
        return Err("a signature does not verify".into());
    }
    Ok(verifier)
}

/// N signatures of so many signers, in turn. `cpu_ns_per_op` is that of the largest batches.
pub(crate) fn measure(size: Size) -> Fallible<Value> {
    let all = signed(size.ops, size.signers)?;
    let checks = checks(&all);
    // One that has met all signers, as it is in a node.
    let mut verifier = BatchVerifier::new();
    for check in checks.iter().take(size.signers) {
        verifier.verify_one(check);
    }
    let compact = measured(size.ops, || good(&OneByOne.verify(&checks)))?;
    let single = measured(size.ops, || checks.iter().filter(|check| verifier.verify_one(check)).count())?;
    let mut batches =
        |of: usize| measured(size.ops, || checks.chunks(of).map(|batch| good(&verifier.verify(batch))).sum());
    let (of_8, of_64, of_1_000, of_10_000) = (batches(8)?, batches(64)?, batches(1_000)?, batches(10_000)?);
    // Nobody signed any of it.
    let bad: Vec<SignatureCheck<'_>> = checks.iter().map(|check| SignatureCheck { message: b"", ..*check }).collect();
    let all_bad = measured(0, || good(&verifier.verify(&bad)))? / size.ops as f64;
    Ok(json!({
        "scenario": "verify",
        "ops": size.ops,
        "n": size.ops,
        "signers": size.signers,
        "cpu_ns_per_op": of_10_000,
        "peak_rss_bytes": resident()?.peak,
        "compact_one_by_one_ns": compact,
        "cached_keys_one_by_one_ns": single,
        "batches_of_8_ns": of_8,
        "batches_of_64_ns": of_64,
        "batches_of_1000_ns": of_1_000,
        "batches_of_10000_ns": of_10_000,
        "all_bad_in_batches_ns": all_bad,
    }))
}
