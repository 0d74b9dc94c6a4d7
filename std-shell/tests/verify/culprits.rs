//! A batch with bad signatures in it names just those, wherever they stand and however many there are.

use crate::company::{HONEST, check};
use folkmoot::core::VerifySignatures;
use folkmoot::verify::{BatchVerifier, MAX_BATCH};
use folkmoot_proptests::ed25519::cases::Case;
use folkmoot_proptests::rng::Rng;

/// A batch of honest signatures, of which these are somebody else's.
fn batch(size: usize, culprits: &[usize]) -> Vec<Case> {
    let mut batch: Vec<Case> = HONEST.iter().cycle().take(size).cloned().collect();
    for culprit in culprits {
        batch[*culprit].message.push(1);
    }
    batch
}

fn found(verifier: &mut BatchVerifier, batch: &[Case]) -> Vec<usize> {
    let verdicts = verifier.verify(&batch.iter().map(check).collect::<Vec<_>>());
    assert_eq!(verdicts.len(), batch.len());
    (0..batch.len()).filter(|at| !verdicts[*at]).collect()
}

#[test]
fn one_culprit_is_found_at_every_place() {
    let mut verifier = BatchVerifier::new();
    for size in [1, 2, 3, 8, 9, 16, 17, 33, 64, 65] {
        for culprit in 0..size {
            assert_eq!(found(&mut verifier, &batch(size, &[culprit])), [culprit], "of {size}");
        }
    }
}

#[test]
fn any_number_of_culprits_is_found_in_batches_as_large_as_any_and_larger() {
    let mut verifier = BatchVerifier::new();
    let mut rng = Rng::new(5);
    for size in [64, 1_000, MAX_BATCH, MAX_BATCH + 1, 2 * MAX_BATCH + 100] {
        for bad in [0, 1, 2, 5, size / 10, size - 1, size] {
            let mut places: Vec<usize> = (0..size).collect();
            rng.shuffle(&mut places);
            places.truncate(bad);
            places.sort_unstable();
            assert_eq!(found(&mut verifier, &batch(size, &places)), places, "{bad} of {size}");
        }
    }
}
