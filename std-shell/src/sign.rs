//! Signing, with the faster library.
//!
//! With the feature `batch` (on by default) ed25519-dalek signs, which multiplies the base point from a table; without it the
//! core does. RFC 8032 leaves nothing to choose, so both give the same bytes.

use folkmoot_core::{SignError, SignableGroupOp, SigningKey, VerifiedOp};

/// Signs with a key whose public half must be the op's signer, as [`SignableGroupOp::sign`] does and in a small part of its
/// time.
///
/// # Errors
/// [`SignError`] if the key is another's, or the op is malformed.
pub fn sign(draft: SignableGroupOp, key: &SigningKey) -> Result<VerifiedOp, SignError> {
    draft.sign_by(key, signature)
}

#[cfg(not(feature = "batch"))]
fn signature(key: &SigningKey, message: &[u8]) -> [u8; 64] {
    key.sign(message)
}

#[cfg(feature = "batch")]
fn signature(key: &SigningKey, message: &[u8]) -> [u8; 64] {
    use ed25519_dalek::VerifyingKey;
    use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
    // A key of the core's is made of a seed alone, so its public half is the seed's. Dalek's own key would work that out
    // anew, which is half of what a signature takes. (Signed with another's public half, a signature gives the key away.)
    let Ok(public) = VerifyingKey::from_bytes(&key.public().0) else { return key.sign(message) };
    raw_sign::<sha2::Sha512>(&ExpandedSecretKey::from(key.expose_seed()), message, &public).to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use folkmoot_core::{Engine, GroupOp, NamespaceId, Role};
    use sha2::{Digest, Sha256};

    fn key(seed: u64) -> SigningKey {
        SigningKey::from_seed(Sha256::digest(seed.to_le_bytes()).into())
    }

    #[test]
    fn a_signature_is_the_cores_byte_for_byte() {
        for seed in 0..200 {
            let key = key(seed);
            let message: Vec<u8> = (0..seed * 7).map(|n| (n * seed) as u8).collect();
            assert_eq!(signature(&key, &message), key.sign(&message), "seed {seed}");
        }
    }

    #[test]
    fn rfc_8032_has_the_same_signatures() {
        // Test 3 of its section 7.1.
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
        };
        let seed = hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
        let key = SigningKey::from_seed(seed.try_into().expect("32 bytes"));
        let expected = hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
        assert_eq!(signature(&key, &[0xaf, 0x82])[..], expected);
    }

    #[test]
    fn an_op_is_signed_or_refused_as_the_core_does_it() {
        let (alice, bob) = (key(1), key(2));
        let genesis = || Engine::genesis(alice.public(), [7; 32], "Kitchen", [0; 32], [0; 32]);
        let signed = genesis().sign(&alice).expect("her key");
        assert_eq!(sign(genesis(), &alice).expect("her key"), signed);
        let mut engine = Engine::new();
        let _ = engine.apply(signed.clone());
        let namespace = NamespaceId::from(signed.id());
        let adds = GroupOp::MemberAdded { member: bob.public(), role: Role::Member };
        let draft = engine.draft(&namespace, &namespace.into(), &alice.public(), adds).expect("she may");
        assert_eq!(sign(draft.clone(), &alice), draft.clone().sign(&alice));

        assert_eq!(sign(draft.clone(), &bob), draft.clone().sign(&bob));
        assert!(matches!(sign(draft.clone(), &bob), Err(SignError::WrongKey { .. })));
        assert_eq!(sign(draft.clone(), &SigningKey::from_seed([0; 32])), Err(SignError::NoKey));
        let mut malformed = draft;
        malformed.version = 77;
        assert_eq!(sign(malformed.clone(), &alice), malformed.clone().sign(&alice));
        assert!(matches!(sign(malformed, &alice), Err(SignError::Malformed(_))));
    }

    #[test]
    fn what_is_inside_a_claim_is_verified_as_it_is_signed() {
        let (alice, bearer, carol) = (key(1), key(2), key(3));
        let genesis = Engine::genesis(alice.public(), [7; 32], "Kitchen", [0; 32], [0; 32]);
        let genesis = genesis.sign(&alice).expect("her key");
        let mut engine = Engine::new();
        let namespace = NamespaceId::from(genesis.id());
        let _ = engine.apply(genesis);
        let terms = folkmoot_core::GroupInvitation {
            namespace_id: namespace,
            group_id: namespace.into(),
            inviter: alice.public(),
            bearer: bearer.public(),
            invitee: None,
            role: Role::Member,
            max_uses: 1,
            expires_at: None,
        };
        for (inviters, verified) in [(terms.sign(&alice), true), (terms.sign(&carol), false)] {
            let claim = terms.clone().claim(inviters, &bearer, &carol.public(), 1);
            let mut draft = Engine::genesis(carol.public(), [0; 32], "", [0; 32], [0; 32]);
            draft.namespace_id = namespace;
            draft.group_id = namespace.into();
            draft.parent_op_hashes = engine.heads(&namespace);
            draft.op = claim;
            let op = sign(draft.clone(), &carol).expect("well-formed");
            assert_eq!(op.claim_verified(), verified);
            assert_eq!(Ok(op), draft.sign(&carol));
        }
    }
}
