//! Any bytes, as all that a peer may send as bytes: an op, what it is made of, a proof.

use folkmoot_core::crypto::BadSignature;
use folkmoot_core::{
    Engine, EntryKey, GroupId, GroupInvitation, GroupOp, Hash, InclusionProof, ReceiveError, SignableGroupOp,
    SignedGroupOp, Status, Verdict,
};
use folkmoot_proptests::laws::bytes::what_decodes_encodes_to_the_same;
use std::fmt::Debug;

/// Nothing panics; what decodes encodes back to the same bytes; an engine takes what its signer signed and nothing else.
/// Returns whether the bytes are an op.
pub fn run(data: &[u8]) -> bool {
    encodes_back::<SignableGroupOp>(data);
    encodes_back::<GroupOp>(data);
    encodes_back::<GroupInvitation>(data);
    proof(data);
    op(data)
}

/// Borsh itself has one encoding for each value.
fn encodes_back<T: borsh::BorshSerialize + borsh::BorshDeserialize + Debug>(data: &[u8]) {
    if let Ok(value) = borsh::from_slice::<T>(data) {
        let back = borsh::to_vec(&value).expect("it was decoded from no more bytes");
        assert_eq!(back, data, "{value:?} encodes to other bytes than it was decoded from");
    }
}

/// A proof from a stranger misleads nobody: nobody knows one for a hash that says nothing.
fn proof(data: &[u8]) {
    encodes_back::<InclusionProof>(data);
    if let Ok(proof) = borsh::from_slice::<InclusionProof>(data) {
        for hash in [Hash::ZERO, Hash([7; 32])] {
            assert!(!proof.verify(&GroupId([1; 32]), &EntryKey::Group, &hash), "it proves what is not so");
        }
    }
}

fn op(data: &[u8]) -> bool {
    let mut engine = Engine::new();
    let received = engine.receive(data);
    if !crate::lawful(what_decodes_encodes_to_the_same(data)) {
        assert!(matches!(received, Err(ReceiveError::Malformed(_))), "received, but it does not decode");
        return false;
    }
    let op = SignedGroupOp::decode(data).expect("it did before");
    let id = op.signable.id();
    assert_eq!(op.signable.check(), Ok(()), "it decodes");
    let mut resigned = op.clone();
    resigned.signature[0] ^= 1;
    assert_eq!(resigned.signable.id(), id, "the signature is no part of the id");
    assert_ne!(resigned.encode(), data, "but it travels");
    match received {
        // It founds a namespace, or waits for its parents.
        Ok(outcome) => {
            let [(named, status)] = outcome.statuses() else { panic!("one op, one status: {:?}", outcome.statuses()) };
            assert_eq!(*named, id);
            let founds = op.signable.parent_op_hashes.is_empty();
            assert_eq!(matches!(status, Status::Admitted(Verdict::Effective)), founds, "{status:?}");
            assert_eq!(matches!(status, Status::Pending { .. }), !founds, "{status:?}");
        }
        Err(why) => assert_eq!(why, ReceiveError::BadSignature(BadSignature), "it decodes"),
    }
    true
}
