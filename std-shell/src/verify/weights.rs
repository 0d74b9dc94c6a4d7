//! The weights of a batch, by hash from the batch itself.

use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha256};

const SEED_DOMAIN: &[u8] = b"folkmoot/verify/batch/v1";
const WEIGHT_DOMAIN: &[u8] = b"folkmoot/verify/weight/v1";

/// Takes in a batch, signature by signature.
pub(super) struct Transcript(Sha256);

impl Transcript {
    pub(super) fn new() -> Self {
        Self(Sha256::new_with_prefix(SEED_DOMAIN))
    }

    /// Takes in all that the equation of one signature consists of: A, R, k and s. k stands for the message.
    pub(super) fn add(&mut self, key: &[u8; 32], r: &[u8; 32], k: &Scalar, s: &Scalar) {
        for part in [key, r, k.as_bytes(), s.as_bytes()] {
            self.0.update(part);
        }
    }

    /// The weights of the first signature, the second and so on: 128 bits each, and none is 0.
    pub(super) fn weights(self) -> impl Iterator<Item = Scalar> {
        let seed = self.0.finalize();
        (0u64..).flat_map(move |pair| {
            let hash = Sha256::new_with_prefix(WEIGHT_DOMAIN).chain_update(seed).chain_update(pair.to_le_bytes());
            let mut halves = [[0; 16]; 2];
            halves.as_flattened_mut().copy_from_slice(&hash.finalize());
            halves.map(|half| Scalar::from(u128::from_le_bytes(half).max(1)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(parts: [[u8; 32]; 4]) -> Vec<Scalar> {
        let mut transcript = Transcript::new();
        let [key, r, k, s] = parts;
        transcript.add(&key, &r, &Scalar::from_bytes_mod_order(k), &Scalar::from_bytes_mod_order(s));
        transcript.weights().take(4).collect()
    }

    #[test]
    fn weights_have_128_bits_differ_and_depend_on_every_part() {
        let batch = [[1; 32], [2; 32], [3; 32], [4; 32]];
        let first = weights(batch);
        assert_eq!(first, weights(batch));
        for part in 0..4 {
            let mut other = batch;
            other[part][7] ^= 1;
            assert!(weights(other).iter().all(|weight| !first.contains(weight)), "part {part}");
        }
        for (at, weight) in first.iter().enumerate() {
            let (low, high) = weight.as_bytes().split_at(16);
            assert!(low.iter().any(|byte| *byte != 0) && high.iter().all(|byte| *byte == 0));
            assert!(!first[..at].contains(weight));
        }
    }
}
