//! Steps 2 to 6: every reason to reject, what is ignored, and which of several reasons is named.

use crate::common::ops::*;
use crate::common::{Moot, genesis, key, who};
use folkmoot_core::{
    GroupId, NamespaceId, OpId, RejectReason, RejectReason::*, Role::*, SignableGroupOp, Status, Status::*, Verdict::*,
    VoidReason,
};

/// The op, changed before it is signed, is refused with this status, and nothing changes.
#[track_caller]
fn assert_refused(moot: &mut Moot, name: &str, forged: SignableGroupOp, status: Status) -> OpId {
    let before = (moot.digest(), moot.heads(), moot.engine.counts(&moot.id()));
    let (id, found) = moot.send(forged, name);
    assert_eq!(found, status);
    assert_eq!((moot.digest(), moot.heads(), moot.engine.counts(&moot.id())), before);
    assert!(!moot.engine.contains(&id));
    assert_eq!(moot.engine.refusal(&id), Some(status));
    id
}

/// A Noop on this parent, changed by nobody.
fn noop_on(moot: &mut Moot, name: &str, parents: &[OpId], nonce: u64) -> SignableGroupOp {
    let mut parent_op_hashes = parents.to_vec();
    parent_op_hashes.sort_unstable();
    let genesis = moot.genesis();
    SignableGroupOp { parent_op_hashes, nonce, ..moot.by(name).on(&[genesis]).forge(NOOP) }
}

fn rejected(reason: RejectReason) -> Status {
    Rejected(reason)
}

/// A second namespace in the same engine; the id of its first op.
fn second_namespace(moot: &mut Moot) -> OpId {
    let genesis = genesis("olga", "another");
    let id = genesis.id();
    assert_eq!(moot.deliver(genesis), Admitted(Effective));
    id
}

#[test]
fn what_is_built_on_a_rejected_op_is_rejected() {
    let mut moot = Moot::founded_by("alice");
    let stranger = moot.by("sybil").forge(NOOP);
    let bad = assert_refused(&mut moot, "sybil", stranger, rejected(NotParticipant));
    let child = noop_on(&mut moot, "alice", &[bad], 2);
    let child = assert_refused(&mut moot, "alice", child, rejected(ParentRejected));
    let grandchild = noop_on(&mut moot, "alice", &[child], 3);
    assert_refused(&mut moot, "alice", grandchild, rejected(ParentRejected));
}

#[test]
fn what_is_built_on_an_ignored_op_is_rejected() {
    let mut moot = Moot::founded_by("alice");
    let first = moot.by("alice").does(NOOP);
    let ignored = noop_on(&mut moot, "alice", &[first], 2);
    let ignored = assert_refused(&mut moot, "alice", ignored, Ignored);
    let child = noop_on(&mut moot, "alice", &[ignored], 3);
    assert_refused(&mut moot, "alice", child, rejected(ParentRejected));
}

#[test]
fn a_rejected_parent_rejects_even_while_another_is_missing() {
    let mut moot = Moot::founded_by("alice");
    let stranger = moot.by("sybil").forge(NOOP);
    let bad = assert_refused(&mut moot, "sybil", stranger, rejected(NotParticipant));
    let child = noop_on(&mut moot, "alice", &[bad, OpId([9; 32])], 2);
    assert_refused(&mut moot, "alice", child, rejected(ParentRejected));
}

#[test]
fn a_parent_of_another_namespace_rejects() {
    let mut moot = Moot::founded_by("alice");
    let other = second_namespace(&mut moot);
    let genesis = moot.genesis();
    let both = noop_on(&mut moot, "alice", &[genesis, other], 2);
    assert_refused(&mut moot, "alice", both, rejected(WrongNamespace));
    let only = noop_on(&mut moot, "alice", &[other], 2);
    assert_refused(&mut moot, "alice", only, rejected(WrongNamespace));
}

#[test]
fn a_namespace_that_is_not_that_of_the_parents_rejects() {
    let mut moot = Moot::founded_by("alice");
    let other = second_namespace(&mut moot);
    for namespace_id in [NamespaceId::from(other), NamespaceId([7; 32]), NamespaceId::ZERO] {
        let forged = SignableGroupOp { namespace_id, ..moot.by("alice").forge(NOOP) };
        assert_refused(&mut moot, "alice", forged, rejected(WrongNamespace));
    }
}

#[test]
fn a_parent_that_is_an_ancestor_of_another_rejects() {
    let mut moot = Moot::founded_by("alice");
    let genesis = moot.genesis();
    let first = moot.by("alice").does(NOOP);
    let second = moot.by("alice").does(NOOP);
    for (parents, nonce) in [([genesis, first], 3), ([genesis, second], 4), ([first, second], 4)] {
        let forged = noop_on(&mut moot, "alice", &parents, nonce);
        assert_refused(&mut moot, "alice", forged, rejected(RedundantParent));
    }
}

#[test]
fn a_group_that_nobody_created_rejects() {
    let mut moot = Moot::founded_by("alice");
    let context = moot.by("alice").registers();
    let other = second_namespace(&mut moot);
    for group_id in [GroupId([5; 32]), GroupId::ZERO, GroupId(context.0), GroupId::from(other)] {
        let forged = SignableGroupOp { group_id, ..moot.by("alice").forge(NOOP) };
        assert_refused(&mut moot, "alice", forged, rejected(UnknownGroup));
    }
}

#[test]
fn a_group_that_was_created_concurrently_rejects() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let sub = moot.by("alice").on(&base).creates("sub");
    let forged = SignableGroupOp { group_id: sub, ..moot.by("bob").on(&base).forge(NOOP) };
    assert_refused(&mut moot, "bob", forged, rejected(UnknownGroup));
}

#[test]
fn a_nonce_that_the_past_has_seen_is_ignored() {
    let mut moot = Moot::founded_by("alice");
    moot.by("alice").does(NOOP);
    let head = moot.by("alice").does(NOOP);
    for nonce in [1, 2, 3] {
        let forged = noop_on(&mut moot, "alice", &[head], nonce);
        assert_refused(&mut moot, "alice", forged, Ignored);
    }
}

/// No nonce is below 0, so every past has "seen" it, even that of somebody who has signed nothing.
#[test]
fn a_nonce_of_zero_is_ignored() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let head = moot.heads()[0];
    for name in ["alice", "bob", "sybil"] {
        let forged = noop_on(&mut moot, name, &[head], 0);
        assert_refused(&mut moot, name, forged, Ignored);
    }
}

#[test]
fn a_nonce_that_skips_one_rejects() {
    let mut moot = Moot::founded_by("alice");
    let head = moot.by("alice").does(NOOP);
    for nonce in [4, 5, u64::from(u32::MAX) + 3, u64::MAX] {
        let forged = noop_on(&mut moot, "alice", &[head], nonce);
        assert_refused(&mut moot, "alice", forged, rejected(NonceGap));
    }
    moot.by("alice").does(NOOP);
}

#[test]
fn only_the_nonces_of_the_ops_own_past_count() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("bob").on(&base).noops(3);
    let again = moot.by("bob").on(&base).does(group_alias("another branch"));
    assert_eq!(moot.op(again).signable().nonce, 1);
    let both = moot.by("bob").does(NOOP);
    assert_eq!(moot.op(both).signable().nonce, 4);
}

#[test]
fn the_nonces_of_void_ops_and_of_who_left_count_too() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("erin").cannot(remove("alice"), VoidReason::Unauthorized);
    let leave = moot.by("erin").does(remove("erin"));
    moot.by("alice").does(add("erin", Member));
    let back = moot.by("erin").does(NOOP);
    assert_eq!((moot.op(leave).signable().nonce, moot.op(back).signable().nonce), (2, 3));
}

#[test]
fn who_is_a_member_of_nothing_is_rejected() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let stranger = moot.by("sybil").forge(add("sybil", Admin));
    assert_refused(&mut moot, "sybil", stranger, rejected(NotParticipant));
    moot.by("alice").does(remove("erin"));
    let removed = moot.by("erin").forge(NOOP);
    assert_refused(&mut moot, "erin", removed, rejected(NotParticipant));
}

#[test]
fn who_was_a_member_of_a_deleted_group_alone_is_rejected() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("erin").within(sub).does(NOOP);
    moot.by("alice").within(sub).does(GROUP_DELETED);
    let forged = moot.by("erin").forge(NOOP);
    assert_refused(&mut moot, "erin", forged, rejected(NotParticipant));
}

#[test]
fn who_is_a_member_of_any_group_has_a_place_in_all() {
    let mut moot = Moot::founded_by("alice");
    let (one, two) = (moot.by("alice").creates("one"), moot.by("alice").creates("two"));
    moot.by("alice").within(one).does(add("erin", Member));
    moot.by("erin").within(two).cannot(NOOP, VoidReason::Unauthorized);
    moot.by("erin").cannot(NOOP, VoidReason::Unauthorized);
}

#[test]
fn who_was_removed_concurrently_has_a_place_all_the_same() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    moot.by("alice").on(&base).does(remove("erin"));
    let late = moot.by("erin").on(&base).does(NOOP);
    assert_eq!(moot.status(late), Admitted(Void(VoidReason::AuthorityLost)));
}

#[test]
fn a_sound_claim_of_a_stranger_is_admitted() {
    let mut moot = Moot::founded_by("alice");
    let invitation = moot.invitation_by("alice", Member);
    moot.by("erin").does(invitation.claimed_by("erin"));
    assert_eq!(moot.role("erin"), Some(Member));
}

#[test]
fn a_void_claim_is_rejected_whoever_signed_it() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let invitation = moot.invitation_by("erin", Member);
    moot.by("sybil").cannot(invitation.claimed_by("sybil"), VoidReason::Unauthorized);
    moot.by("alice").cannot(invitation.claimed_by("alice"), VoidReason::Unauthorized);
    let good = moot.invitation_by("alice", Member);
    let forged = moot.by("sybil").forge(good.claimed_by("sybil"));
    let forged = SignableGroupOp { state_hash: folkmoot_core::Hash([1; 32]), ..forged };
    assert_refused(&mut moot, "sybil", forged, rejected(NotParticipant));
}

#[test]
fn an_op_that_is_admitted_already_is_a_duplicate() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    for op in moot.sent().to_vec() {
        let before = moot.report();
        assert_eq!(moot.deliver(op), Duplicate);
        assert_eq!(moot.report(), before);
    }
}

#[test]
fn the_same_op_with_another_good_signature_is_a_duplicate() {
    let mut moot = Moot::founded_by("alice");
    let id = moot.by("alice").does(NOOP);
    let mut op = moot.op(id).signed().clone();
    let pair = ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new(*key("alice").expose_seed()));
    let noise = ed25519_compact::Noise::new([5; 16]);
    let other = *pair.sk.sign(op.signable.signable_bytes(), Some(noise));
    assert_ne!(other, op.signature);
    op.signature = other;
    assert_eq!(moot.deliver(op.verify().unwrap()), Duplicate);
}

#[test]
fn of_several_reasons_the_first_is_named() {
    let mut moot = Moot::founded_by("alice");
    let other = second_namespace(&mut moot);
    let genesis = moot.genesis();
    moot.let_in("alice", &["erin"], Member);
    moot.by("erin").does(remove("erin"));
    let head = moot.by("alice").does(NOOP);
    let group_id = GroupId([5; 32]);
    let cases: [(&str, Vec<OpId>, bool, u64, Status); 6] = [
        ("alice", vec![genesis, head, other], false, 9, rejected(WrongNamespace)),
        ("alice", vec![genesis, head], false, 9, rejected(RedundantParent)),
        ("alice", vec![head], false, 1, rejected(UnknownGroup)),
        ("sybil", vec![head], false, 2, rejected(UnknownGroup)),
        ("sybil", vec![head], true, 2, rejected(NonceGap)),
        ("erin", vec![head], true, 1, Ignored),
    ];
    for (name, parents, known, nonce, status) in cases {
        let mut forged = noop_on(&mut moot, name, &parents, nonce);
        forged.signer = who(name);
        if !known {
            forged.group_id = group_id;
        }
        assert_refused(&mut moot, name, forged, status);
    }
}

#[test]
fn what_was_refused_is_refused_again_and_remembered() {
    let mut moot = Moot::founded_by("alice");
    let stranger = moot.by("sybil").forge(NOOP);
    let id = assert_refused(&mut moot, "sybil", stranger, rejected(NotParticipant));
    let op = moot.op(id).clone();
    assert_eq!(moot.deliver(op), rejected(NotParticipant));
    assert_eq!(moot.engine.refusals().into_iter().collect::<Vec<_>>(), [(id, rejected(NotParticipant))]);
}
