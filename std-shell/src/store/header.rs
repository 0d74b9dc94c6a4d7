//! What a file says about itself.
//!
//! ```text
//! "folkmoot/store" ‖ schema (u32) ‖ what the schema says follows ‖ first 8 bytes of SHA-256 of all before
//! ```
//!
//! The first two fields and the checksum are the same in every schema to come, so that a newer file is told from a
//! damaged one.

use super::error::{Fault, OpenError};
use super::limits::SCHEMA_VERSION;
use crate::keys::VaultRow;
use borsh::BorshSerialize;
use sha2::{Digest, Sha256};

const MAGIC: &[u8] = b"folkmoot/store";
const CHECKSUM_BYTES: usize = 8;

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut out = [0; CHECKSUM_BYTES];
    out.iter_mut().zip(Sha256::digest(bytes)).for_each(|(slot, byte)| *slot = byte);
    out
}

pub(crate) fn encode(vault: &VaultRow) -> Vec<u8> {
    let mut out = Vec::from(MAGIC);
    // Writing to a Vec does not fail.
    let _ = (SCHEMA_VERSION, vault).serialize(&mut out);
    let checksum = checksum(&out);
    out.extend_from_slice(&checksum);
    out
}

/// # Errors
/// [`OpenError::NotFolkmoot`], [`OpenError::NewerSchema`], or damage.
pub(crate) fn decode(row: &[u8]) -> Result<VaultRow, OpenError> {
    let damaged = || OpenError::Fault(Fault::damaged("what it says about itself"));
    let body = row.strip_prefix(MAGIC).ok_or(OpenError::NotFolkmoot("a database of something else"))?;
    let (sealed, stored) = row.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(damaged)?;
    if checksum(sealed) != *stored {
        return Err(damaged());
    }
    let body = body.get(..body.len().saturating_sub(CHECKSUM_BYTES)).ok_or_else(damaged)?;
    let (schema, body) = body.split_first_chunk().ok_or_else(damaged)?;
    match u32::from_le_bytes(*schema) {
        0 => Err(damaged()),
        SCHEMA_VERSION => borsh::from_slice(body).map_err(|_| damaged()),
        found => Err(OpenError::NewerSchema { found }),
    }
}
