//! SHA-256, the one hash there is.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

const BLOCK_BYTES: usize = 64;
/// The mark of the end and the length in bits (FIPS 180-4, 5.1.1).
const PADDING_BYTES: usize = 9;
/// The longest message that fits into two blocks with its padding: a trie's nodes and leaves do.
const SHORT_BYTES: usize = 2 * BLOCK_BYTES - PADDING_BYTES;
/// FIPS 180-4, 5.3.3.
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256_parts(parts: &[&[u8]]) -> [u8; 32] {
    short(parts).unwrap_or_else(|| {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize().into()
    })
}

/// The hash of a short message, put together and padded in place: most of what is hashed is a trie's nodes, for which
/// buffering costs as much as hashing. `None` if it is too long.
fn short(parts: &[&[u8]]) -> Option<[u8; 32]> {
    let mut blocks = [[0u8; BLOCK_BYTES]; 2];
    let message = blocks.as_flattened_mut();
    let mut len = 0usize;
    for part in parts {
        let end = len.checked_add(part.len()).filter(|end| *end <= SHORT_BYTES)?;
        message.get_mut(len..end)?.copy_from_slice(part);
        len = end;
    }
    *message.get_mut(len)? = 0x80;
    let used = if len.saturating_add(PADDING_BYTES) <= BLOCK_BYTES { 1 } else { 2 };
    let bits = (len as u64).saturating_mul(8).to_be_bytes();
    *blocks.get_mut(..used)?.as_flattened_mut().last_chunk_mut()? = bits;
    let mut state = START;
    compress256(&mut state, blocks.get(..used)?);
    let mut out = [0; 32];
    for (bytes, word) in out.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn messages_of_every_length_around_the_bounds_hash_as_the_library_has_it() {
        let message: Vec<u8> = (0..=255).cycle().take(300).collect();
        for len in 0..message.len() {
            let (whole, _) = message.split_at(len);
            let expected: [u8; 32] = Sha256::digest(whole).into();
            assert_eq!(short(&[whole]).is_some(), len <= SHORT_BYTES);
            for cut in [0, 1, len / 2, len] {
                let (left, right) = whole.split_at(cut.min(len));
                assert_eq!(sha256_parts(&[left, right]), expected, "{len} bytes, cut at {cut}");
            }
        }
    }
}
