//! One real op of each kind, and what encoding and signing make of it.

use crate::common::ops::*;
use crate::common::{Moot, key, who};
use folkmoot_core::crypto::{self, SignError};
use folkmoot_core::{
    Engine, OpId, PublicKey, Role::*, SignedGroupOp, SigningKey, UpgradePolicy, VerifiedOp, Visibility::*,
};

/// A moot in which every kind of op happens, and who signed them.
pub(crate) fn every_kind() -> Moot {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("alice").registers();
    let invitation = moot.invitation_by("bob", ReadOnly).with(|terms| terms.expires_at = Some(2_000));
    moot.by("gwen").does(invitation.claimed_by("gwen"));
    for op in [
        NOOP,
        set_role("bob", Admin),
        grant("erin", INVITE),
        revoke("erin", INVITE),
        defaults(INVITE),
        default_visibility(Restricted),
        policy(UpgradePolicy::Coordinated { deadline_secs: Some(60) }),
        target(7, Some("migrate")),
        group_alias("an alias"),
        member_alias("erin", "Erin"),
        context_alias(context, "a context"),
        grant_in(context, "erin", 0x81),
        revoke_in(context, "erin", 0x80),
        detach(context),
        invitation.revoked(),
        remove("erin"),
    ] {
        moot.by("alice").does(op);
    }
    moot.by("alice").within(sub).does(visibility(Restricted));
    moot.by("alice").within(sub).does(GROUP_DELETED);
    moot
}

/// One op of each kind, by its number.
pub(crate) fn one_of_each() -> Vec<VerifiedOp> {
    let moot = every_kind();
    let of_kind = |kind: u8| moot.sent().iter().find(|op| op.signable().op.number() == kind).unwrap().clone();
    (0..=22).map(of_kind).collect()
}

/// The name of who signed an op of [`every_kind`].
pub(crate) fn signer_of(op: &VerifiedOp) -> &'static str {
    ["alice", "bob", "gwen"].into_iter().find(|name| who(name) == op.signable().signer).unwrap()
}

#[test]
fn what_is_encoded_decodes_to_the_same_op_and_back_to_the_same_bytes() {
    for op in one_of_each() {
        let bytes = op.signed().encode();
        let back = SignedGroupOp::decode(&bytes).unwrap();
        assert_eq!(&back, op.signed());
        assert_eq!(back.encode(), bytes);
        assert_eq!(back.verify().unwrap(), op);
        assert_eq!(op.encoded_len(), bytes.len());
    }
}

#[test]
fn the_bytes_on_the_wire_are_the_signable_fields_and_the_signature() {
    for op in one_of_each() {
        let signable = op.signable().signable_bytes();
        let without_domain = signable.strip_prefix(b"folkmoot/op/v1").unwrap();
        assert_eq!(op.signed().encode(), [without_domain, &op.signed().signature].concat());
        assert_eq!(without_domain[0], 1, "the version comes first");
    }
}

#[test]
fn the_signature_is_no_part_of_the_id() {
    let op = one_of_each().remove(0);
    let mut other = op.signed().clone();
    other.signature = [0; 64];
    assert_eq!(other.signable.id(), op.id());
}

#[test]
fn ids_come_from_ops() {
    let mut moot = Moot::founded_by("alice");
    assert_eq!((OpId(moot.id().0), OpId(moot.root().0)), (moot.genesis(), moot.genesis()));
    let sub = moot.by("alice").does(subgroup("sub"));
    let context = moot.by("alice").does(register());
    assert!(moot.exists(sub.into()) && moot.context(context.into()).is_some());
    assert_eq!(moot.view(sub.into()).info.parent, Some(moot.root()), "the group it was created in, for good");
}

#[test]
fn two_genesis_ops_with_another_salt_found_two_namespaces() {
    let (one, two) = (crate::common::genesis("alice", "one"), crate::common::genesis("alice", "two"));
    assert_ne!(one.id(), two.id());
}

#[test]
fn only_the_signers_own_key_signs() {
    let op = one_of_each().remove(4);
    let signed = op.signable().clone().sign(&key("mallory"));
    assert_eq!(signed, Err(SignError::WrongKey { signer: op.signable().signer, key: who("mallory") }));
    let right = op.signable().clone().sign(&key(signer_of(&op))).unwrap();
    assert_eq!(right, op, "signing is deterministic");
}

#[test]
fn a_seed_of_zeros_is_no_key_and_signs_nothing_that_verifies() {
    let nobody = SigningKey::from_seed([0; 32]);
    assert_eq!(nobody.public(), PublicKey::ZERO);
    assert!(crypto::verify(&nobody.public(), b"anything", &nobody.sign(b"anything")).is_err());
    let op = Engine::genesis(nobody.public(), [1; 32], "Kitchen", [1; 32], [2; 32]);
    assert_eq!(op.sign(&nobody).map(|_| ()), Err(SignError::NoKey));
    let real = SigningKey::from_seed([1; 32]);
    let op = Engine::genesis(real.public(), [1; 32], "Kitchen", [1; 32], [2; 32]);
    assert_eq!(op.sign(&nobody).map(|_| ()), Err(SignError::NoKey));
}
