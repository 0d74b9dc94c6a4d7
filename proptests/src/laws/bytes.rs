//! Encode and decode are each other's inverse on all bytes that are accepted.

use super::{Law, holds, one_by_one};
use crate::rng::Rng;
use folkmoot_core::sync::{CatchUp, PageMessage, PageRequest, Summary};
use folkmoot_core::{Engine, NamespaceId, PendingLimits, SignedGroupOp, VerifiedOp};

/// Bytes that decode encode back to themselves. Says whether they decode.
///
/// # Errors
/// If they encode to others.
pub fn what_decodes_encodes_to_the_same(bytes: &[u8]) -> Result<bool, String> {
    let Ok(op) = SignedGroupOp::decode(bytes) else { return Ok(false) };
    holds(op.encode() == bytes, || format!("{bytes:02x?} decode to {op:?}, which encodes to others"))?;
    let again = SignedGroupOp::decode(&op.encode());
    holds(again.as_ref() == Ok(&op), || format!("{op:?} does not decode to itself but {again:?}"))?;
    Ok(true)
}

/// As [`what_decodes_encodes_to_the_same`], of the messages of a catch-up.
///
/// # Errors
/// If they encode to others.
pub fn what_decodes_as_a_message_encodes_to_the_same(bytes: &[u8]) -> Law {
    let back = [
        Summary::decode(bytes).map(|message| message.encode()),
        PageRequest::decode(bytes).map(|message| message.encode()),
        PageMessage::decode(bytes).map(|message| message.encode()),
    ];
    for other in back.into_iter().flatten() {
        holds(other == bytes, || format!("{bytes:02x?} encode to others"))?;
    }
    Ok(())
}

/// These bytes, damaged in some way.
pub fn damaged(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.between(1, 2) {
        let at = rng.below(bytes.len());
        match rng.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.bytes32()[0]),
            2 if !bytes.is_empty() => drop(bytes.remove(at)),
            // Small numbers are what lengths and discriminants are.
            3 if !bytes.is_empty() => bytes[at] = rng.bytes32()[0] % 4,
            4 => bytes.push(rng.bytes32()[0]),
            _ if !bytes.is_empty() => bytes[at] ^= 1 << rng.below(8),
            _ => {}
        }
    }
    bytes
}

/// Of each op: its own bytes decode to it and verify, and damaged ones either are refused or are what they encode to; an
/// engine that receives them is as it was or has admitted an op that its signer signed.
///
/// # Errors
/// What does not; else how many damaged ones were tried, and how many of those decode.
pub fn ops_travel_unchanged(ops: &[VerifiedOp], damages: usize, seed: u64) -> Result<(usize, usize), String> {
    let mut rng = Rng::new(seed);
    let (mut tried, mut decoded) = (0, 0);
    for op in ops {
        let bytes = op.signed().encode();
        holds(bytes.len() == op.encoded_len(), || format!("{} is {} bytes long", op.id(), bytes.len()))?;
        holds(what_decodes_encodes_to_the_same(&bytes)?, || format!("{} does not decode", op.id()))?;
        let back = SignedGroupOp::decode(&bytes).map_err(|error| error.to_string())?;
        let back = back.verify().map_err(|error| error.to_string())?;
        super::same("what travelled", &back, op)?;
        for _ in 0..damages {
            let other = damaged(&bytes, &mut rng);
            tried += 1;
            if other == bytes || !what_decodes_encodes_to_the_same(&other)? {
                continue;
            }
            decoded += 1;
            // Nobody but the signer can have made these, and the signer did not.
            let mut engine = Engine::new();
            holds(engine.receive(&other).is_err(), || format!("{other:02x?} is accepted"))?;
        }
    }
    Ok((tried, decoded))
}

/// A snapshot reads back and writes the same bytes; a damaged one is an error.
///
/// # Errors
/// If it is not so.
pub fn a_damaged_snapshot_is_an_error(ops: &[VerifiedOp], damages: usize, seed: u64) -> Law {
    let mut rng = Rng::new(seed);
    let bytes = one_by_one(ops).snapshot();
    let mut back = Engine::restore(&bytes, PendingLimits::default()).map_err(|error| error.to_string())?;
    holds(back.snapshot() == bytes, || "the snapshot of what was restored is another".to_owned())?;
    for _ in 0..damages {
        let other = damaged(&bytes, &mut rng);
        let restored = Engine::restore(&other, PendingLimits::default());
        holds(other == bytes || restored.is_err(), || "a damaged snapshot is restored".to_owned())?;
    }
    Ok(())
}

/// The messages of a catch-up over this history travel unchanged, and damaged ones are refused or are what they say.
///
/// # Errors
/// If it is not so.
pub fn messages_travel_unchanged(
    ops: &[VerifiedOp],
    namespace: &NamespaceId,
    damages: usize,
    seed: u64,
) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    let mut engine = one_by_one(ops);
    let mut messages = vec![CatchUp::begin(&Engine::new(), namespace).request().encode()];
    messages.push(CatchUp::begin(&engine, namespace).request().encode());
    messages.extend(engine.summary(namespace).map(|summary| summary.encode()));
    let bytes_of = |id: &_| ops.iter().find(|op| op.id() == *id).map(|op| op.signed().encode());
    let request = PageRequest { namespace: *namespace, have: Vec::new(), after: 0 };
    messages.extend(engine.page(&request).map(|page| page.fill(bytes_of).encode()));
    for bytes in messages {
        what_decodes_as_a_message_encodes_to_the_same(&bytes)?;
        for _ in 0..damages {
            what_decodes_as_a_message_encodes_to_the_same(&damaged(&bytes, &mut rng))?;
        }
    }
    Ok(())
}
