//! Rows with a checksum of their own.
//!
//! ```text
//! row = value ‖ first 8 bytes of SHA-256(table ‖ key ‖ value)
//! ```
//!
//! redb verifies its pages only when it repairs or is told to check. The checksum covers the key, so a row that got into
//! another's place is damage as well. It guards against disks, not against people who can write to the file.

use super::error::Fault;
use super::limits::MAX_ROW_BYTES;
use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest, Sha256};

const CHECKSUM_BYTES: usize = 8;

fn checksum(table: &str, key: &[u8], value: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash = Sha256::new().chain_update(table).chain_update([0]).chain_update(key).chain_update(value).finalize();
    let mut out = [0; CHECKSUM_BYTES];
    out.iter_mut().zip(hash).for_each(|(slot, byte)| *slot = byte);
    out
}

/// Encodes a row into `out`, which is emptied first.
pub(crate) fn seal(out: &mut Vec<u8>, table: &str, key: &[u8], value: &impl BorshSerialize) {
    out.clear();
    // Writing to a Vec does not fail.
    let _ = value.serialize(out);
    let checksum = checksum(table, key, out);
    out.extend_from_slice(&checksum);
}

/// Decodes a row.
///
/// # Errors
/// [`Fault::Damaged`] if it is not what [`seal`] wrote for this key.
pub(crate) fn unseal<T: BorshDeserialize>(table: &str, key: &[u8], row: &[u8]) -> Result<T, Fault> {
    let damaged = || Fault::damaged(format!("a row of table {table}"));
    if row.len() > MAX_ROW_BYTES {
        return Err(damaged());
    }
    let (value, stored) = row.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(damaged)?;
    if checksum(table, key, value) != *stored {
        return Err(damaged());
    }
    borsh::from_slice(value).map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(len: usize) -> Vec<u8> {
        let mut out = Vec::new();
        // Four bytes of length, eight of checksum.
        seal(&mut out, "local", b"key", &vec![7u8; len - 12]);
        assert_eq!(out.len(), len);
        out
    }

    #[test]
    fn the_longest_row_is_read_and_no_longer_one() {
        let longest = unseal::<Vec<u8>>("local", b"key", &row(MAX_ROW_BYTES)).expect("the longest");
        assert_eq!(longest.len(), MAX_ROW_BYTES - 12);
        assert!(unseal::<Vec<u8>>("local", b"key", &row(MAX_ROW_BYTES + 1)).is_err());
    }

    #[test]
    fn a_row_is_good_in_its_own_place_only() {
        let mut out = Vec::new();
        seal(&mut out, "local", b"key", &7u32);
        assert_eq!(unseal::<u32>("local", b"key", &out).expect("its place"), 7);
        assert!(unseal::<u32>("local", b"kez", &out).is_err());
        assert!(unseal::<u32>("state", b"key", &out).is_err());
    }

    #[test]
    fn no_changed_or_missing_byte_goes_unnoticed() {
        let whole = row(40);
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(unseal::<Vec<u8>>("local", b"key", &changed).is_err(), "byte {at}");
            assert!(unseal::<Vec<u8>>("local", b"key", &whole[..at]).is_err(), "cut at {at}");
        }
    }
}
