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

/// The op in a row's wire bytes.
///
/// # Errors
/// [`Fault::Damaged`].
pub(crate) fn decode_wire(sequence: u64, wire: &[u8]) -> Result<SignedGroupOp, Fault> {
    SignedGroupOp::decode(wire).map_err(|_| Fault::damaged(format!("op number {sequence}")))
}

/// The op in a row, its id checked against its bytes and its signature against its signer.
///
/// # Errors
/// [`Fault::Damaged`].
pub(crate) fn verified(sequence: u64, row: &[u8]) -> Result<VerifiedOp, Fault> {
    let damaged = || Fault::damaged(format!("op number {sequence}"));
    let (id, wire) = decode(sequence, row)?;
    let op = decode_wire(sequence, wire)?.verify().map_err(|_| damaged())?;
    if op.id() == id { Ok(op) } else { Err(damaged()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use folkmoot_core::{Engine, SigningKey};

    fn row() -> (VerifiedOp, Vec<u8>) {
        let alice = SigningKey::from_seed([1; 32]);
        let op = Engine::genesis(alice.public(), [7; 32], "Kitchen", [0; 32], [0; 32]).sign(&alice).expect("her key");
        let mut row = Vec::new();
        encode(&mut row, 5, &op);
        (op, row)
    }

    #[test]
    fn an_op_comes_back_under_its_number_only() {
        let (op, row) = row();
        assert_eq!(verified(5, &row).expect("its number"), op);
        assert_eq!(decode(5, &row).expect("its number"), (op.id(), &op.signed().encode()[..]));
        assert!(verified(6, &row).is_err());
    }

    #[test]
    fn no_changed_or_missing_byte_goes_unnoticed() {
        let (_, whole) = row();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(decode(5, &changed).is_err(), "byte {at}");
            assert!(decode(5, &whole[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn an_id_that_is_not_of_the_bytes_is_damage_even_with_a_good_checksum() {
        let (_, whole) = row();
        let mut changed = whole[..whole.len() - CHECKSUM_BYTES].to_vec();
        changed[0] ^= 1;
        let checksum = checksum(5, &changed);
        changed.extend_from_slice(&checksum);
        assert!(decode(5, &changed).is_ok());
        assert!(verified(5, &changed).is_err());
    }

    #[test]
    fn the_longest_row_is_read_and_no_longer_one() {
        let sealed = |len: usize| {
            let mut row = vec![7; len - CHECKSUM_BYTES];
            let checksum = checksum(5, &row);
            row.extend_from_slice(&checksum);
            row
        };
        assert!(decode(5, &sealed(MAX_OP_ROW_BYTES)).is_ok());
        assert!(decode(5, &sealed(MAX_OP_ROW_BYTES + 1)).is_err());
    }
}
