//! Rows of table `ops`.
//!
//! ```text
//! id (32) ‖ flags (1) ‖ the op as it travels ‖ first 8 bytes of SHA-256(sequence number ‖ id ‖ flags ‖ signature)
//! ```
//!
//! The id covers all that was signed; the checksum covers the id and what else there is: the signature, and that the row is
//! in its place. Only ops that this node verified get a row, so a row that is as it was written is an op whose signature
//! need not be checked again.

use super::error::Fault;
use super::limits::{MAX_OP_ROW_BYTES, OP_HEADER_BYTES};
use borsh::BorshSerialize;
use folkmoot_core::codec::OP_DOMAIN;
use folkmoot_core::{OpId, SignedGroupOp, VerifiedBefore, VerifiedOp};
use sha2::{Digest, Sha256};

const CHECKSUM_BYTES: usize = 8;
/// Both signatures inside a claim verified when the op came in. Set for every op that is no claim.
const CLAIM_VERIFIED: u8 = 1;

/// The bytes of a signature, at the end of an op as it travels.
const SIGNATURE_BYTES: usize = 64;

fn checksum(sequence: u64, header: &[u8; OP_HEADER_BYTES], signature: &[u8; SIGNATURE_BYTES]) -> [u8; CHECKSUM_BYTES] {
    let hash =
        Sha256::new().chain_update(sequence.to_le_bytes()).chain_update(header).chain_update(signature).finalize();
    let mut out = [0; CHECKSUM_BYTES];
    out.iter_mut().zip(hash).for_each(|(slot, byte)| *slot = byte);
    out
}

/// Encodes a row into `out`, which is emptied first.
pub(crate) fn encode(out: &mut Vec<u8>, sequence: u64, op: &VerifiedOp) {
    out.clear();
    let verified = VerifiedBefore::of(op);
    let mut header = [0; OP_HEADER_BYTES];
    let [id @ .., flags] = &mut header;
    (*id, *flags) = (verified.id().0, if verified.claim_verified() { CLAIM_VERIFIED } else { 0 });
    out.extend_from_slice(&header);
    // Writing to a Vec does not fail.
    let _ = op.signed().serialize(out);
    out.extend_from_slice(&checksum(sequence, &header, &op.signed().signature));
}

/// The id and the wire bytes in a row.
///
/// # Errors
/// [`Fault::Damaged`] if it is not what [`encode`] wrote under this number.
pub(crate) fn decode(sequence: u64, row: &[u8]) -> Result<(OpId, &[u8]), Fault> {
    let (verified, wire) = unseal(sequence, row)?;
    let (signable, _) = wire.split_last_chunk::<SIGNATURE_BYTES>().unwrap_or((wire, &[0; SIGNATURE_BYTES]));
    let hash: [u8; 32] = Sha256::new().chain_update(OP_DOMAIN).chain_update(signable).finalize().into();
    if hash == verified.id().0 {
        Ok((verified.id(), wire))
    } else {
        Err(Fault::damaged(format!("op number {sequence}")))
    }
}

/// The id that a row says it is of; nothing of it is checked.
///
/// # Errors
/// [`Fault::Damaged`] if it is too short to have one.
pub(crate) fn id(sequence: u64, row: &[u8]) -> Result<OpId, Fault> {
    row.first_chunk().map(|id| OpId(*id)).ok_or_else(|| Fault::damaged(format!("op number {sequence}")))
}

/// What a row says: that this node verified an op, and the op as it travels, of which only the signature is looked at.
fn unseal(sequence: u64, row: &[u8]) -> Result<(VerifiedBefore, &[u8]), Fault> {
    let damaged = || Fault::damaged(format!("op number {sequence}"));
    if row.len() > MAX_OP_ROW_BYTES {
        return Err(damaged());
    }
    let (sealed, stored) = row.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(damaged)?;
    let (header, wire) = sealed.split_first_chunk::<OP_HEADER_BYTES>().ok_or_else(damaged)?;
    let signature = wire.last_chunk().ok_or_else(damaged)?;
    if checksum(sequence, header, signature) != *stored {
        return Err(damaged());
    }
    let [id @ .., flags] = header;
    Ok((VerifiedBefore::from_own_storage(OpId(*id), flags & CLAIM_VERIFIED != 0), wire))
}

/// The op in a row, as it was verified when it came in. Its id is checked against its bytes, and no signature.
///
/// # Errors
/// [`Fault::Damaged`].
pub(crate) fn restored(sequence: u64, row: &[u8]) -> Result<VerifiedOp, Fault> {
    let (verified, wire) = unseal(sequence, row)?;
    verified.restore(wire).map_err(|_| Fault::damaged(format!("op number {sequence}")))
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

    /// A row with this body, and the checksum that fits.
    fn resealed(sequence: u64, mut body: Vec<u8>) -> Vec<u8> {
        let (header, signature) = (body.first_chunk().expect("one"), body.last_chunk().expect("one"));
        let checksum = checksum(sequence, header, signature);
        body.extend_from_slice(&checksum);
        body
    }

    #[test]
    fn an_op_comes_back_under_its_number_only() {
        let (op, row) = row();
        assert_eq!(verified(5, &row).expect("its number"), op);
        assert_eq!(restored(5, &row).expect("its number"), op);
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
        let changed = resealed(5, changed);
        assert!(unseal(5, &changed).is_ok());
        assert!(decode(5, &changed).is_err());
        assert!(verified(5, &changed).is_err());
        assert!(restored(5, &changed).is_err());
    }

    #[test]
    fn no_changed_byte_is_restored_that_of_the_signature_included() {
        let (_, whole) = row();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(restored(5, &changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn rows_of_this_table_are_the_only_ops_that_are_taken_as_verified() {
        fn sources(folder: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
            for entry in std::fs::read_dir(folder).expect("the sources") {
                let path = entry.expect("the sources").path();
                if path.is_dir() { sources(&path, out) } else { out.push(path) }
            }
        }
        let mut all = Vec::new();
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for folder in ["src", "../cli/src", "../testkit/src"] {
            sources(&here.join(folder), &mut all);
        }
        let door = ["from_own", "storage("].join("_");
        let users = all.into_iter().filter(|path| std::fs::read_to_string(path).is_ok_and(|text| text.contains(&door)));
        let users: Vec<_> = users.map(|path| path.strip_prefix(here).expect("ours").to_owned()).collect();
        assert_eq!(users, [std::path::Path::new("src/store/op_row.rs")]);
    }

    #[test]
    fn the_longest_row_is_read_and_no_longer_one() {
        let sealed = |len: usize| {
            let mut row = vec![7; len - CHECKSUM_BYTES];
            let signed = &row[OP_HEADER_BYTES..row.len() - SIGNATURE_BYTES];
            let id = Sha256::new().chain_update(OP_DOMAIN).chain_update(signed).finalize();
            row[..32].copy_from_slice(&id);
            resealed(5, row)
        };
        assert!(decode(5, &sealed(MAX_OP_ROW_BYTES)).is_ok());
        assert!(decode(5, &sealed(MAX_OP_ROW_BYTES + 1)).is_err());
    }
}
