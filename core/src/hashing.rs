//! SHA-256, the one hash there is.

use sha2::{Digest, Sha256};

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
