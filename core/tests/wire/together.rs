//! Ops whose signatures are checked together: each has the verdict that it has alone, whatever checks them.

use crate::common::key;
use crate::kinds::{one_of_each, signer_of};
use folkmoot_core::crypto::OneByOne;
use folkmoot_core::{GroupOp, PublicKey, SignatureCheck, SignedGroupOp, VerifiedOp, VerifySignatures};

/// One of each kind, each with nothing wrong, with a wrong signature, and claims with a wrong signature inside.
fn ops() -> Vec<SignedGroupOp> {
    let mut ops = Vec::new();
    for op in one_of_each() {
        let signed = op.signed().clone();
        let mut damaged = signed.clone();
        damaged.signature[40] ^= 1;
        ops.extend([damaged, signed.clone()]);
        for (inviter, bearer) in [(1, 0), (0, 1), (1, 1)] {
            let mut inside = signed.signable.clone();
            if let GroupOp::JoinWithInvitationClaim { inviter_signature, bearer_signature, .. } = &mut inside.op {
                inviter_signature[40] ^= inviter;
                bearer_signature[40] ^= bearer;
                let key = key(signer_of(&op));
                ops.push(inside.sign(&key).expect("well-formed").signed().clone());
            }
        }
    }
    ops
}

#[test]
fn ops_that_are_verified_together_come_out_as_each_alone() {
    let ops = ops();
    let alone: Vec<_> = ops.iter().map(|op| op.clone().verify()).collect();
    assert!(alone.iter().filter(|verdict| verdict.is_err()).count() >= 20, "one of each kind is badly signed");
    let badly_claimed = |op: &VerifiedOp| !op.claim_verified();
    assert_eq!(alone.iter().flatten().filter(|op| badly_claimed(op)).count(), 3);
    assert_eq!(VerifiedOp::verify_all(ops, &mut OneByOne), alone);
    assert_eq!(VerifiedOp::verify_all(Vec::new(), &mut OneByOne), []);
}

/// What was asked, and so many answers: that all is well.
struct Credulous {
    asked: Vec<(PublicKey, Vec<u8>)>,
    answers: usize,
}

impl VerifySignatures for Credulous {
    fn verify(&mut self, checks: &[SignatureCheck<'_>]) -> Vec<bool> {
        self.asked.extend(checks.iter().map(|check| (check.signer, check.message.to_vec())));
        vec![true; self.answers]
    }
}

#[test]
fn every_signature_is_asked_about_and_what_has_no_answer_does_not_verify() {
    let ops = ops();
    let count = ops.len();
    let claims = ops.iter().filter(|op| matches!(op.signable.op, GroupOp::JoinWithInvitationClaim { .. })).count();
    assert!(claims >= 5);
    let mut verifier = Credulous { asked: Vec::new(), answers: count + 2 * claims + 7 };
    let all = VerifiedOp::verify_all(ops.clone(), &mut verifier);
    assert!(all.len() == count && all.iter().flatten().filter(|op| op.claim_verified()).count() == count);
    assert_eq!(verifier.asked.len(), count + 2 * claims);
    for op in &ops {
        assert!(verifier.asked.contains(&(op.signable.signer, op.signable.signable_bytes())));
    }
    let mut silent = Credulous { asked: Vec::new(), answers: 0 };
    assert!(VerifiedOp::verify_all(ops, &mut silent).iter().all(Result::is_err));
}
