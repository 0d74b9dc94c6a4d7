//! Ops that come in together have the verdicts that each has alone, on one core and on all.

use folkmoot::core::{Engine, GroupInvitation, GroupOp, ReceiveError, Role, SignedGroupOp, SigningKey, VerifiedOp};
use folkmoot::verify::{MIN_SHARE_OPS, verify_ops};
use folkmoot_proptests::rng::Rng;

fn key(name: &str) -> SigningKey {
    let mut seed = [0; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    SigningKey::from_seed(seed)
}

/// Alice founds, and lets people in: by name, and by an invitation that bob claims. His claim is good, or has an inner
/// signature that is not.
fn honest() -> Vec<VerifiedOp> {
    let (alice, bob, bearer) = (key("alice"), key("bob"), key("bearer"));
    let genesis = Engine::genesis(alice.public(), [7; 32], "Kitchen", [1; 32], [2; 32]).sign(&alice).expect("her key");
    let invitation = GroupInvitation {
        namespace_id: genesis.id().into(),
        group_id: genesis.id().into(),
        inviter: alice.public(),
        bearer: bearer.public(),
        role: Role::Member,
        invitee: None,
        max_uses: 3,
        expires_at: None,
    };
    let mut all = vec![genesis.clone()];
    let inviters = invitation.sign(&alice);
    let claims = [(inviters, &bearer), (invitation.sign(&bob), &bearer), (inviters, &bob)]
        .map(|(signature, bearer)| invitation.clone().claim(signature, bearer, &bob.public(), 5));
    let mut engine = Engine::new();
    let namespace = genesis.id().into();
    let _ = engine.apply(genesis);
    let add = GroupOp::MemberAdded { member: key("carol").public(), role: Role::Member };
    let draft = engine.draft(&namespace, &namespace.into(), &alice.public(), add).expect("she may");
    for (signer, key, op) in [(alice.public(), &alice, draft.op.clone())]
        .into_iter()
        .chain(claims.into_iter().map(|claim| (bob.public(), &bob, claim)))
    {
        let mut signable = draft.clone();
        (signable.signer, signable.op) = (signer, op);
        all.push(signable.sign(key).expect("the signer's key"));
    }
    all
}

/// One by one, by the engine's own verifier.
fn alone(encoded: &[Vec<u8>]) -> Vec<Result<VerifiedOp, ReceiveError>> {
    let verified = |bytes: &Vec<u8>| Ok(SignedGroupOp::decode(bytes)?.verify()?);
    encoded.iter().map(verified).collect()
}

#[test]
fn ops_have_the_verdicts_that_they_have_alone() {
    let honest = honest();
    let claims: Vec<bool> = honest.iter().map(VerifiedOp::claim_verified).collect();
    assert_eq!(claims, [true, true, true, false, false], "two claims have something wrong inside");
    let mut rng = Rng::new(3);
    for count in [0, 1, 2, 50, 2 * MIN_SHARE_OPS, 1_000] {
        let mut sent = |percent: u32| {
            let mut bytes = honest[rng.below(honest.len())].signed().encode();
            if rng.percent(percent) {
                let at = rng.below(bytes.len());
                bytes[at] ^= 1 << rng.below(8);
            }
            if rng.percent(percent) {
                bytes.truncate(rng.below(bytes.len()));
            }
            bytes
        };
        for percent in [0, 3, 60] {
            let sent: Vec<Vec<u8>> = (0..count).map(|_| sent(percent)).collect();
            assert_eq!(verify_ops(&sent), alone(&sent), "{count} ops, {percent} of a hundred damaged");
        }
    }
}
