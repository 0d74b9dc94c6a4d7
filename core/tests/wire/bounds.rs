//! Every rule of SPEC §1 at its limit and one past it.

use crate::common::ops::*;
use crate::common::{Moot, genesis};
use folkmoot_core::codec::Malformed;
use folkmoot_core::crypto::SignError;
use folkmoot_core::limits::{MAX_NAME_BYTES, MAX_OP_BYTES, MAX_PARENTS, MAX_SOURCE_BYTES};
use folkmoot_core::{
    ContextId, DraftError, GroupOp, Hash, OpId, ReceiveError, Role::*, SignableGroupOp, SignedGroupOp, Visibility,
};

/// A Noop of the founder on its genesis.
fn noop() -> SignableGroupOp {
    Moot::founded_by("alice").by("alice").forge(NOOP)
}

fn with_op(op: GroupOp) -> SignableGroupOp {
    SignableGroupOp { op, ..noop() }
}

/// Which rule breaks, by the check alone, by signing, and by decoding the bytes: all three must agree.
#[track_caller]
fn check(signable: SignableGroupOp) -> Result<(), Malformed> {
    let found = signable.check();
    let key = crate::common::key("alice");
    assert_eq!(signable.clone().sign(&key).map(|_| ()), found.map_err(SignError::from));
    let signed = SignedGroupOp { signable, signature: [0; 64] };
    assert_eq!(SignedGroupOp::decode(&signed.encode()).map(|_| ()), found);
    found
}

#[track_caller]
fn check_op(op: GroupOp) -> Result<(), Malformed> {
    check(with_op(op))
}

#[test]
fn the_version_is_one() {
    assert_eq!(check(noop()), Ok(()));
    for version in [0, 2, 3, 255] {
        assert_eq!(check(SignableGroupOp { version, ..noop() }), Err(Malformed::Version(version)));
    }
}

/// So many different parents, ascending.
fn parents(count: usize) -> Vec<OpId> {
    (0..count).map(|at| OpId([u8::try_from(at).unwrap(); 32])).collect()
}

#[test]
fn an_op_has_one_to_sixty_four_parents() {
    let with = |count| check(SignableGroupOp { parent_op_hashes: parents(count), ..noop() });
    assert_eq!(with(0), Err(Malformed::Parents));
    assert_eq!(with(1), Ok(()));
    assert_eq!(with(MAX_PARENTS), Ok(()));
    assert_eq!(with(MAX_PARENTS + 1), Err(Malformed::Parents));
    assert_eq!(MAX_PARENTS, 64);
}

#[test]
fn parents_are_strictly_ascending() {
    let with = |order: &[u8]| {
        let parent_op_hashes = order.iter().map(|byte| OpId([*byte; 32])).collect();
        check(SignableGroupOp { parent_op_hashes, ..noop() })
    };
    assert_eq!(with(&[1, 2, 3]), Ok(()));
    assert_eq!(with(&[1, 3, 2]), Err(Malformed::Parents));
    assert_eq!(with(&[1, 1]), Err(Malformed::Parents));
    assert_eq!(with(&[0x7f, 0x80]), Ok(()), "as byte strings: unsigned");
    assert_eq!(with(&[0x80, 0x7f]), Err(Malformed::Parents));
    let mut later = [0; 32];
    later[31] = 1;
    let by_last_byte = vec![OpId::ZERO, OpId(later)];
    assert_eq!(check(SignableGroupOp { parent_op_hashes: by_last_byte, ..noop() }), Ok(()));
}

#[test]
fn names_have_at_most_128_bytes() {
    assert_eq!(MAX_NAME_BYTES, 128);
    let context = ContextId([1; 32]);
    let kinds: [&dyn Fn(&str) -> GroupOp; 5] =
        [&subgroup, &group_alias, &|name| member_alias("alice", name), &|name| context_alias(context, name), &|name| {
            GroupOp::ContextRegistered {
                application_id: [0; 32],
                blob_id: [0; 32],
                source: String::new(),
                service_name: Some(name.to_owned()),
                visibility: None,
            }
        }];
    for kind in kinds {
        for (name, expected) in [
            ("x".repeat(128), Ok(())),
            ("x".repeat(129), Err(Malformed::StringTooLong)),
            ("é".repeat(64), Ok(())),
            ("é".repeat(64) + "x", Err(Malformed::StringTooLong)),
            (String::new(), Ok(())),
        ] {
            assert_eq!(check_op(kind(&name)), expected);
        }
    }
}

#[test]
fn the_alias_of_a_namespace_has_at_most_128_bytes() {
    for (length, expected) in [(128, Ok(())), (129, Err(Malformed::StringTooLong))] {
        let op = folkmoot_core::Engine::genesis(noop().signer, [0; 32], &"x".repeat(length), [0; 32], [0; 32]);
        assert_eq!(check(op), expected);
    }
}

#[test]
fn sources_and_migrations_have_at_most_1024_bytes() {
    assert_eq!(MAX_SOURCE_BYTES, 1_024);
    let registered = |source: &str| GroupOp::ContextRegistered {
        application_id: [0; 32],
        blob_id: [0; 32],
        source: source.to_owned(),
        service_name: None,
        visibility: Some(Visibility::Open),
    };
    for (length, expected) in [(1_024, Ok(())), (1_025, Err(Malformed::StringTooLong))] {
        let text = "x".repeat(length);
        assert_eq!(check_op(target(0, Some(&text))), expected);
        assert_eq!(check_op(registered(&text)), expected);
    }
}

#[test]
fn masks_have_known_bits_and_are_not_empty() {
    for bit in 0..32 {
        let expected = if bit < 7 { Ok(()) } else { Err(Malformed::Capabilities) };
        assert_eq!(check_op(grant("bob", 1 << bit)), expected);
        assert_eq!(check_op(revoke("bob", 1 << bit)), expected);
        let as_default = if bit == 3 { Err(Malformed::Capabilities) } else { expected };
        assert_eq!(check_op(defaults(1 << bit)), as_default);
    }
    assert_eq!(check_op(grant("bob", 0x7f)), Ok(()));
    assert_eq!(check_op(grant("bob", 0xff)), Err(Malformed::Capabilities));
    assert_eq!(check_op(grant("bob", 0)), Err(Malformed::Capabilities));
    assert_eq!(check_op(revoke("bob", 0)), Err(Malformed::Capabilities));
    assert_eq!(check_op(defaults(0)), Ok(()), "new members may get nothing");
    assert_eq!(check_op(defaults(0x7f & !MANAGE_MEMBERS)), Ok(()));
}

#[test]
fn all_masks_in_a_context_are_legal_but_the_empty_one() {
    let context = ContextId([1; 32]);
    for mask in 0..=255 {
        let expected = if mask == 0 { Err(Malformed::Capabilities) } else { Ok(()) };
        assert_eq!(check_op(grant_in(context, "bob", mask)), expected);
        assert_eq!(check_op(revoke_in(context, "bob", mask)), expected);
    }
}

#[test]
fn an_invitation_is_good_for_at_least_one_use() {
    let moot = Moot::founded_by("alice");
    for (max_uses, expected) in [(0, Err(Malformed::MaxUses)), (1, Ok(())), (u32::MAX, Ok(()))] {
        let invitation = moot.invitation_by("alice", Member).with(|terms| terms.max_uses = max_uses);
        assert_eq!(check_op(invitation.claimed_by("alice")), expected);
    }
}

#[test]
fn a_genesis_names_nothing() {
    let good = genesis("alice", "salt").signable().clone();
    assert_eq!(check(good.clone()), Ok(()));
    let bad = [
        SignableGroupOp { namespace_id: [1; 32].into(), ..good.clone() },
        SignableGroupOp { group_id: [1; 32].into(), ..good.clone() },
        SignableGroupOp { state_hash: Hash([1; 32]), ..good.clone() },
        SignableGroupOp { nonce: 0, ..good.clone() },
        SignableGroupOp { nonce: 2, ..good.clone() },
    ];
    for op in bad {
        assert_eq!(check(op), Err(Malformed::Genesis));
    }
    assert_eq!(check(SignableGroupOp { parent_op_hashes: parents(1), ..good }), Err(Malformed::Parents));
}

#[test]
fn other_ops_may_name_anything_and_have_any_nonce() {
    for nonce in [0, 1, u64::MAX] {
        let op = SignableGroupOp { namespace_id: [0; 32].into(), group_id: [0; 32].into(), nonce, ..noop() };
        assert_eq!(check(op), Ok(()));
    }
}

#[test]
fn an_op_has_at_most_65536_bytes() {
    assert_eq!(MAX_OP_BYTES, 65_536);
    let of_length = |length: usize| {
        let empty = SignedGroupOp { signable: with_op(group_alias("")), signature: [0; 64] }.encode().len();
        let op = with_op(group_alias(&"x".repeat(length - empty)));
        SignedGroupOp { signable: op, signature: [0; 64] }.encode()
    };
    let (at, past) = (of_length(65_536), of_length(65_537));
    assert_eq!((at.len(), past.len()), (65_536, 65_537));
    assert_eq!(SignedGroupOp::decode(&at), Err(Malformed::StringTooLong));
    assert_eq!(SignedGroupOp::decode(&past), Err(Malformed::TooLong(65_537)));
    assert_eq!(SignedGroupOp::decode(&vec![0; 65_537]), Err(Malformed::TooLong(65_537)));
    assert_eq!(SignedGroupOp::decode(&vec![0; 65_536]), Err(Malformed::Undecodable));
}

#[test]
fn the_largest_op_there_is_fits() {
    let op = with_op(GroupOp::ContextRegistered {
        application_id: [1; 32],
        blob_id: [1; 32],
        source: "x".repeat(MAX_SOURCE_BYTES),
        service_name: Some("x".repeat(MAX_NAME_BYTES)),
        visibility: Some(Visibility::Open),
    });
    assert_eq!(check(SignableGroupOp { parent_op_hashes: parents(MAX_PARENTS), ..op }), Ok(()));
}

#[test]
fn nothing_trails_an_op() {
    for op in crate::kinds::one_of_each() {
        let mut bytes = op.signed().encode();
        bytes.push(0);
        assert_eq!(SignedGroupOp::decode(&bytes), Err(Malformed::Undecodable));
    }
}

/// The place of a field in the bytes of an op on one parent: 1 version, 32 namespace, 32 group, 4 count of parents, 32
/// parent, 32 state hash, 32 signer, 8 nonce.
const OP_AT: usize = 1 + 32 + 32 + 4 + 32 + 32 + 32 + 8;

fn decode_with(op: GroupOp, changes: &[(usize, u8)]) -> Result<(), Malformed> {
    let mut bytes = SignedGroupOp { signable: with_op(op), signature: [0; 64] }.encode();
    for (at, value) in changes {
        bytes[*at] = *value;
    }
    SignedGroupOp::decode(&bytes).map(|_| ())
}

#[test]
fn numbers_of_variants_that_do_not_exist_do_not_decode() {
    assert_eq!(decode_with(NOOP, &[]), Ok(()));
    for kind in [23, 24, 255] {
        assert_eq!(decode_with(NOOP, &[(OP_AT, kind)]), Err(Malformed::Undecodable));
    }
    for role in [3, 255] {
        assert_eq!(decode_with(add("bob", Admin), &[(OP_AT + 33, role)]), Err(Malformed::Undecodable));
    }
    let visibility = default_visibility(Visibility::Open);
    assert_eq!(decode_with(visibility, &[(OP_AT + 1, 2)]), Err(Malformed::Undecodable));
    let coordinated = policy(folkmoot_core::UpgradePolicy::Coordinated { deadline_secs: None });
    assert_eq!(decode_with(coordinated.clone(), &[(OP_AT + 1, 3)]), Err(Malformed::Undecodable));
    assert_eq!(decode_with(coordinated, &[(OP_AT + 2, 2)]), Err(Malformed::Undecodable));
}

#[test]
fn text_is_utf_8() {
    assert_eq!(decode_with(group_alias("x"), &[(OP_AT + 5, 0xff)]), Err(Malformed::Undecodable));
    assert_eq!(decode_with(group_alias("xx"), &[(OP_AT + 5, 0xc3), (OP_AT + 6, 0xa9)]), Ok(()));
}

#[test]
fn lengths_that_promise_more_than_there_is_do_not_decode() {
    for at in [65, OP_AT + 1] {
        for value in [0x7f, 0xff] {
            let changes = [(at, 0xff), (at + 1, 0xff), (at + 2, 0xff), (at + 3, value)];
            assert_eq!(decode_with(group_alias("x"), &changes), Err(Malformed::Undecodable));
        }
    }
}

#[test]
fn a_draft_that_nobody_would_accept_is_not_made() {
    let mut moot = Moot::founded_by("alice");
    let (id, root, signer) = (moot.id(), moot.root(), noop().signer);
    let long = group_alias(&"x".repeat(129));
    let refused = moot.engine.draft(&id, &root, &signer, long);
    assert_eq!(refused, Err(DraftError::Malformed(Malformed::StringTooLong)));
    moot.by("alice").does(group_alias(&"x".repeat(128)));
}

#[test]
fn malformed_bytes_leave_no_trace() {
    let mut moot = Moot::founded_by("alice");
    let before = moot.report();
    let signed = SignedGroupOp { signable: with_op(grant("alice", 0)), signature: [0; 64] };
    let refused = moot.engine.receive(&signed.encode()).map(|_| ());
    assert_eq!(refused, Err(ReceiveError::Malformed(Malformed::Capabilities)));
    let unsigned = SignedGroupOp { signable: noop(), signature: [0; 64] };
    let refused = moot.engine.receive(&unsigned.encode()).map(|_| ());
    assert!(matches!(refused, Err(ReceiveError::BadSignature(_))));
    assert_eq!(moot.report(), before);
    assert!(moot.engine.refusals().is_empty());
}
