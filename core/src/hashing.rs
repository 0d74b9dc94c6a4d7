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

/// SHA-256 of a byte and two hashes: what every node of a trie is, so the places of all bytes are known beforehand.
pub(crate) fn sha256_tagged_pair(tag: u8, left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    const BITS: u16 = 8 * (1 + 2 * 32);
    let mut blocks = [[0u8; BLOCK_BYTES]; 2];
    let [first, second] = &mut blocks;
    let (right_in_first, right_in_second) = right.split_at(BLOCK_BYTES - 33);
    first[0] = tag;
    first[1..33].copy_from_slice(left);
    first[33..].copy_from_slice(right_in_first);
    second[..1].copy_from_slice(right_in_second);
    second[1] = 0x80;
    second[BLOCK_BYTES - 2..].copy_from_slice(&BITS.to_be_bytes());
    let mut state = START;
    compress256(&mut state, &blocks);
    to_bytes(state)
}

fn to_bytes(state: [u32; 8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (bytes, word) in out.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    out
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
    Some(to_bytes(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_tagged_pair_hashes_as_its_bytes_do() {
        for tag in 0..=2 {
            let (left, right) = (core::array::from_fn(|at| at as u8), core::array::from_fn(|at| 200 - at as u8));
            assert_eq!(sha256_tagged_pair(tag, &left, &right), sha256_parts(&[&[tag], &left, &right]));
        }
    }

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
