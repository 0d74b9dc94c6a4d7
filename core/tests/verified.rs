//! Ops that were verified before, and ops that are verified together.

mod common;

use common::{Moot, key};
use folkmoot_core::crypto::OneByOne;
use folkmoot_core::{NotAsVerified, ReceiveError, Role, SignedGroupOp, VerifiedBefore, VerifiedOp};

/// alice founds, invites, and bob claims; then a claim whose bearer did not sign it.
fn ops() -> Vec<VerifiedOp> {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Role::Member);
    let claims = [invitation.claimed_by("bob"), invitation.claimed_with("bob", invitation.inviter(), &key("bob"))];
    let claims = claims.map(|claim| moot.by("bob").forge(claim).sign(&key("bob")).expect("his"));
    [moot.sent(), &claims].concat()
}

#[test]
fn what_was_verified_before_is_the_same_op_again() {
    for op in ops() {
        let (before, encoded) = (VerifiedBefore::of(&op), op.signed().encode());
        let again = VerifiedBefore::from_own_storage(before.id(), before.claim_verified());
        assert_eq!(again.restore(&encoded), Ok(op));
    }
    let verified: Vec<bool> = ops().iter().map(VerifiedOp::claim_verified).collect();
    assert_eq!(verified, [true, true, false], "the claim without its bearer's signature");
}

#[test]
fn no_other_signed_byte_is_taken_for_what_was_verified_and_none_too_many() {
    for op in ops() {
        let (before, encoded) = (VerifiedBefore::of(&op), op.signed().encode());
        for at in 0..encoded.len() - 64 {
            let mut changed = encoded.clone();
            changed[at] ^= 1;
            assert_eq!(before.restore(&changed), Err(NotAsVerified), "byte {at}");
        }
        for at in 0..encoded.len() {
            assert_eq!(before.restore(&encoded[..at]), Err(NotAsVerified), "cut at {at}");
        }
        assert_eq!(before.restore(&[&encoded[..], &[0]].concat()), Err(NotAsVerified));
    }
}

#[test]
fn ops_received_together_are_each_as_they_are_alone() {
    let mut encoded: Vec<Vec<u8>> = ops().iter().map(|op| op.signed().encode()).collect();
    let mut forged = encoded[1].clone();
    if let Some(last) = forged.last_mut() {
        *last ^= 1;
    }
    let cut = encoded[0][..70].to_vec();
    encoded.extend([forged, cut, Vec::new(), encoded[2].clone()]);
    let alone = |bytes: &Vec<u8>| -> Result<VerifiedOp, ReceiveError> { Ok(SignedGroupOp::decode(bytes)?.verify()?) };
    for rotation in 0..encoded.len() {
        encoded.rotate_left(1);
        let together = VerifiedOp::receive_all::<ReceiveError>(&encoded, &mut OneByOne);
        assert_eq!(together, encoded.iter().map(alone).collect::<Vec<_>>(), "{rotation}");
    }
    assert_eq!(VerifiedOp::receive_all::<ReceiveError>(&[] as &[Vec<u8>], &mut OneByOne), []);
}
