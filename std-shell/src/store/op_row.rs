//! Rows of table `ops`.
//!
//! ```text
//! id (32) ‖ flags (1) ‖ the op as it travels ‖ first 8 bytes of SHA-256(sequence number ‖ all before)
//! ```
//!
//! The id covers what was signed; the checksum covers the signature too, and that the row is in its place.

use super::error::Fault;
use super::limits::{MAX_OP_ROW_BYTES, OP_HEADER_BYTES};
use borsh::BorshSerialize;
use folkmoot_core::{OpId, SignedGroupOp, VerifiedOp};
use sha2::{Digest, Sha256};

const CHECKSUM_BYTES: usize = 8;
/// Both signatures inside a claim verified when the op came in. Set for every op that is no claim.
const CLAIM_VERIFIED: u8 = 1;

fn checksum(sequence: u64, row: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash = Sha256::new().chain_update(sequence.to_le_bytes()).chain_update(row).finalize();
    let mut out = [0; CHECKSUM_BYTES];
    out.iter_mut().zip(hash).for_each(|(slot, byte)| *slot = byte);
    out
}

/// Encodes a row into `out`, which is emptied first.
pub(crate) fn encode(out: &mut Vec<u8>, sequence: u64, op: &VerifiedOp) {
    out.clear();
    out.extend_from_slice(&op.id().0);
    out.push(if op.claim_verified() { CLAIM_VERIFIED } else { 0 });
    // Writing to a Vec does not fail.
    let _ = op.signed().serialize(out);
    let checksum = checksum(sequence, out);
    out.extend_from_slice(&checksum);
}

/// The id and the wire bytes in a row.
///
/// # Errors
/// [`Fault::Damaged`] if it is not what [`encode`] wrote under this number.
pub(crate) fn decode(sequence: u64, row: &[u8]) -> Result<(OpId, &[u8]), Fault> {
    let damaged = || Fault::damaged(format!("op number {sequence}"));
    if row.len() > MAX_OP_ROW_BYTES {
        return Err(damaged());
    }
    let (sealed, stored) = row.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(damaged)?;
    if checksum(sequence, sealed) != *stored {
        return Err(damaged());
    }
    let (id, _) = sealed.split_first_chunk().ok_or_else(damaged)?;
    let wire = sealed.get(OP_HEADER_BYTES..).ok_or_else(damaged)?;
    Ok((OpId(*id), wire))
}

/// The op in a row, its id checked against its bytes and its signature against its signer.
///
/// # Errors
/// [`Fault::Damaged`].
pub(crate) fn verified(sequence: u64, row: &[u8]) -> Result<VerifiedOp, Fault> {
    let damaged = || Fault::damaged(format!("op number {sequence}"));
    let (id, wire) = decode(sequence, row)?;
    let op = SignedGroupOp::decode(wire).map_err(|_| damaged())?.verify().map_err(|_| damaged())?;
    if op.id() == id { Ok(op) } else { Err(damaged()) }
}
