//! Real ops with something wrong: every truncation, every flipped bit, and every flipped bit signed anew by its signer.

use crate::common::key;
use crate::kinds::{every_kind, one_of_each, signer_of};
use folkmoot_core::codec::Malformed;
use folkmoot_core::report::Report;
use folkmoot_core::{Engine, ReceiveError, SignableGroupOp, SignedGroupOp, VerifiedOp};

/// All that differ from these bytes by one bit.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..bytes.len() * 8).map(|bit| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    })
}

#[test]
fn no_truncated_op_decodes() {
    for op in one_of_each() {
        let bytes = op.signed().encode();
        for length in 0..bytes.len() {
            let found = SignedGroupOp::decode(&bytes[..length]);
            assert!(found.is_err(), "{} of {} bytes: {found:?}", length, op.signable().op.name());
        }
    }
}

#[test]
fn no_op_with_a_flipped_bit_is_taken() {
    for op in one_of_each() {
        let mut engine = Engine::new();
        let bytes = op.signed().encode();
        let mut badly_signed = 0;
        for damaged in flipped(&bytes) {
            match engine.receive(&damaged) {
                Err(ReceiveError::Malformed(Malformed::TooLong(_))) => panic!("of the same length"),
                Err(ReceiveError::Malformed(_)) => {}
                Err(ReceiveError::BadSignature(_)) => badly_signed += 1,
                Ok(outcome) => panic!("{}: {:?}", op.signable().op.name(), outcome.statuses()),
            }
        }
        assert!(badly_signed >= 64 * 8, "at least the bits of the signature");
        assert_eq!(engine.namespaces().count() + engine.pending_load().0 + engine.refusals().len(), 0);
    }
}

/// What its signer might have signed instead of this op, one bit apart.
fn signed_anew(op: &VerifiedOp) -> Vec<VerifiedOp> {
    let bytes = borsh::to_vec(op.signable()).unwrap();
    let key = key(signer_of(op));
    let read = flipped(&bytes).filter_map(|damaged| borsh::from_slice::<SignableGroupOp>(&damaged).ok());
    read.filter_map(|signable| signable.sign(&key).ok()).collect()
}

/// Somebody who signs strange things can do no more than that: everything has a status, in every order the same.
#[test]
fn every_flipped_bit_signed_anew_has_a_verdict() {
    let honest = every_kind().sent().to_vec();
    for op in one_of_each() {
        let strange = signed_anew(&op);
        assert!(strange.len() > 100, "{}", op.signable().op.name());
        let mut engine = Engine::new();
        for op in honest.iter().chain(&strange) {
            let outcome = engine.apply(op.clone());
            assert!(outcome.status_of(&op.id()).is_some());
        }
        let mut other = Engine::new();
        for part in [&strange, &honest] {
            let _ = other.apply_batch(part.iter().rev().cloned());
        }
        assert_eq!(Report::of(&mut other), Report::of(&mut engine), "{}", op.signable().op.name());
    }
}
