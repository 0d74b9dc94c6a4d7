//! Decoding and verifying, once for the same bytes: replicas of one simulation share a memory for signatures, as all of
//! them would come to the same answer. Nothing else is shared.

use folkmoot_core::{SignedGroupOp, VerifiedOp};
use std::collections::BTreeMap;

/// The memory.
#[derive(Debug, Default)]
pub struct Verifier {
    seen: BTreeMap<Vec<u8>, Option<VerifiedOp>>,
}

impl Verifier {
    /// The op that these bytes are, if they are one that its signer signed.
    pub fn verify(&mut self, bytes: &[u8]) -> Option<VerifiedOp> {
        if let Some(known) = self.seen.get(bytes) {
            return known.clone();
        }
        let verified = SignedGroupOp::decode(bytes).ok().and_then(|op| op.verify().ok());
        self.seen.insert(bytes.to_vec(), verified.clone());
        verified
    }
}
