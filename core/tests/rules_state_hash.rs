//! SPEC §6: what the state hash covers, byte by byte, inclusion proofs, and the digest of a namespace.
//!
//! The hashes are computed here a second time, from the readable state and by the simplest recursion.

mod common;

use common::ops::*;
use common::{Moot, report_of, sha256, who};
use folkmoot_core::report::Report;
use folkmoot_core::{
    ContextId, EntryKey, GroupId, Hash, InclusionProof, OpId, PublicKey, Role, Role::*, UpgradePolicy, Visibility,
    Visibility::*,
};
use std::collections::BTreeMap;

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

fn borsh(value: &impl borsh::BorshSerialize) -> Vec<u8> {
    borsh::to_vec(value).unwrap()
}

/// The root of a trie over hashed keys, by SPEC §6. `depth` bits are shared already.
fn root(entries: &[([u8; 32], [u8; 32])], depth: usize) -> [u8; 32] {
    match entries {
        [] => [0; 32],
        [(key, value)] => sha256(&[&[0][..], key, value].concat()),
        _ => {
            let bit = |key: &[u8; 32]| key[depth / 8] >> (7 - depth % 8) & 1 == 1;
            let (right, left): (Vec<_>, Vec<_>) = entries.iter().partition(|(key, _)| bit(key));
            sha256(&[&[1][..], &root(&left, depth + 1), &root(&right, depth + 1)].concat())
        }
    }
}

fn root_of(entries: &Entries) -> [u8; 32] {
    let hashed: Vec<_> = entries.iter().map(|(key, value)| (sha256(key), sha256(value))).collect();
    root(&hashed, 0)
}

fn state_hash(group: GroupId, entries: &Entries) -> Hash {
    Hash(sha256(&[&b"folkmoot/state/v1"[..], &group.0, &root_of(entries)].concat()))
}

/// The entries of a group, from what can be read.
fn entries(moot: &Moot, group: GroupId) -> Entries {
    let view = moot.view(group);
    let info = view.info;
    let own = (
        (info.parent, info.alias, info.visibility, info.default_capabilities, info.default_visibility),
        (info.upgrade_policy, info.app_key, info.application_id, info.migration),
    );
    let mut all = Entries::from([(vec![0], borsh(&own))]);
    for (member, info) in view.members {
        all.insert([&[1][..], &member.0].concat(), borsh(&(info.role, info.capabilities, info.alias)));
    }
    for (context, info) in view.contexts {
        let value = (
            (info.application_id, info.blob_id, info.source, info.service_name),
            (info.visibility, info.alias, info.registered_by),
        );
        all.insert([&[2][..], &context.0].concat(), borsh(&value));
        for (member, bits) in info.capabilities {
            all.insert([&[3][..], &context.0, &member.0].concat(), vec![bits]);
        }
    }
    for (invitation, info) in view.invitations {
        all.insert([&[4][..], &invitation.0].concat(), borsh(&(info.uses, info.revoked)));
    }
    for member in view.barred {
        all.insert([&[5][..], &member.0].concat(), Vec::new());
    }
    all
}

/// The group's state hash is the one computed here.
#[track_caller]
fn assert_hash(moot: &mut Moot, group: GroupId) {
    let expected = state_hash(group, &entries(moot, group));
    assert_eq!(moot.state_hash(group), expected);
}

/// A root with an entry of every kind, and a group below it.
struct Place {
    moot: Moot,
    sub: GroupId,
    context: ContextId,
    invitation: Invitation,
}

fn place() -> Place {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin", "frank"], Member);
    moot.by("alice").does(member_alias("erin", "Erin"));
    let context = moot.by("alice").does(register_as(Some(Restricted))).into();
    moot.by("alice").does(context_alias(context, "a context"));
    moot.by("alice").does(grant_in(context, "erin", 0x81));
    let invitation = moot.invitation_by("bob", ReadOnly);
    moot.by("gwen").does(invitation.claimed_by("gwen"));
    moot.by("bob").does(remove("frank"));
    moot.by("alice").does(target(7, Some("migrate")));
    moot.by("alice").does(policy(UpgradePolicy::Coordinated { deadline_secs: Some(60) }));
    let sub = moot.by("alice").creates("sub");
    Place { moot, sub, context, invitation }
}

/// The proof of an entry, which must verify and have this value.
#[track_caller]
fn prove(moot: &mut Moot, group: GroupId, key: &EntryKey, value: &[u8]) -> InclusionProof {
    let id = moot.id();
    let proof = moot.engine.prove(&id, &group, key).expect("an entry that is there");
    assert_eq!(proof.value, value, "{key:?}");
    assert!(proof.verify(&group, key, &moot.state_hash(group)), "{key:?}");
    proof
}

#[test]
fn the_state_hash_of_every_group_is_what_the_spec_says() {
    let Place { mut moot, sub, .. } = place();
    let root = moot.root();
    assert_hash(&mut moot, root);
    assert_hash(&mut moot, sub);
}

#[test]
fn the_state_hash_follows_every_op() {
    let mut moot = Moot::founded_by("alice");
    let root = moot.root();
    for number in 0..20 {
        moot.by("alice").does(add(&format!("person {number}"), Member));
        assert_hash(&mut moot, root);
    }
    for number in (0..20).rev() {
        moot.by("alice").does(remove(&format!("person {number}")));
        assert_hash(&mut moot, root);
        moot.by("alice").does(group_alias(&format!("{number}")));
        assert_hash(&mut moot, root);
    }
}

#[test]
fn an_entry_for_the_group_itself() {
    let Place { mut moot, sub, .. } = place();
    let root = moot.root();
    let of_root = (
        (None::<GroupId>, "root", Open, JOIN_OPEN, Open),
        (UpgradePolicy::Coordinated { deadline_secs: Some(60) }, [7u8; 32], [107u8; 32], Some("migrate")),
    );
    prove(&mut moot, root, &EntryKey::Group, &borsh(&of_root));
    let of_sub = (
        (Some(root), "sub", Open, JOIN_OPEN, Open),
        (UpgradePolicy::LazyOnAccess, [7u8; 32], [107u8; 32], None::<String>),
    );
    prove(&mut moot, sub, &EntryKey::Group, &borsh(&of_sub));
}

#[test]
fn an_entry_for_each_member() {
    let Place { mut moot, .. } = place();
    let root = moot.root();
    let expected: [(&str, (Role, u32, &str)); 4] = [
        ("alice", (Admin, 0, "")),
        ("bob", (Admin, 0, "")),
        ("erin", (Member, JOIN_OPEN, "Erin")),
        ("gwen", (ReadOnly, JOIN_OPEN, "")),
    ];
    for (name, value) in expected {
        prove(&mut moot, root, &EntryKey::Member(who(name)), &borsh(&value));
    }
}

#[test]
fn an_entry_for_each_context_and_for_capabilities_in_it() {
    let Place { mut moot, context, .. } = place();
    let root = moot.root();
    let value = (
        ([3u8; 32], [4u8; 32], "https://example.org/app", Some("service")),
        (Visibility::Restricted, "a context", who("alice")),
    );
    prove(&mut moot, root, &EntryKey::Context(context), &borsh(&value));
    prove(&mut moot, root, &EntryKey::ContextCapability(context, who("erin")), &[0x81]);
}

#[test]
fn an_entry_for_each_invitation_used_or_revoked() {
    let Place { mut moot, invitation, .. } = place();
    let root = moot.root();
    prove(&mut moot, root, &EntryKey::Invitation(invitation.id()), &[1, 0, 0, 0, 0]);
    moot.by("alice").does(invitation.revoked());
    prove(&mut moot, root, &EntryKey::Invitation(invitation.id()), &[1, 0, 0, 0, 1]);
}

#[test]
fn an_empty_entry_for_each_who_is_barred() {
    let Place { mut moot, .. } = place();
    let root = moot.root();
    prove(&mut moot, root, &EntryKey::Barred(who("frank")), &[]);
}

#[test]
fn nothing_is_proved_that_is_not_there() {
    let Place { mut moot, sub, context, invitation } = place();
    let (id, root) = (moot.id(), moot.root());
    let absent = [
        EntryKey::Member(who("frank")),
        EntryKey::Member(who("nobody")),
        EntryKey::Barred(who("erin")),
        EntryKey::Context(ContextId([1; 32])),
        EntryKey::ContextCapability(context, who("bob")),
        EntryKey::ContextCapability(ContextId([1; 32]), who("erin")),
        EntryKey::Invitation(invitation.again(9).id()),
    ];
    for key in absent {
        assert_eq!(moot.engine.prove(&id, &root, &key), None, "{key:?}");
    }
    assert_eq!(moot.engine.prove(&id, &sub, &EntryKey::Member(who("erin"))), None);
    assert_eq!(moot.engine.prove(&id, &sub, &EntryKey::Context(context)), None, "it is in the group above");
    assert_eq!(moot.engine.prove(&id, &GroupId([1; 32]), &EntryKey::Group), None);
    moot.by("alice").within(sub).does(GROUP_DELETED);
    assert_eq!(moot.engine.prove(&id, &sub, &EntryKey::Group), None);
}

#[test]
fn a_proof_that_was_altered_is_refused() {
    let Place { mut moot, sub, .. } = place();
    let root = moot.root();
    let hash = moot.state_hash(root);
    let key = EntryKey::Member(who("erin"));
    let proof = prove(&mut moot, root, &key, &borsh(&(Member, JOIN_OPEN, "Erin")));
    assert!(!proof.siblings.is_empty());
    let altered = |change: &dyn Fn(&mut InclusionProof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        proof.verify(&root, &key, &hash)
    };
    assert!(altered(&|_| {}));
    for at in 0..proof.value.len() {
        assert!(!altered(&|proof| proof.value[at] ^= 1));
    }
    for at in 0..proof.siblings.len() {
        assert!(!altered(&|proof| proof.siblings[at].0[31] ^= 1));
        assert!(!altered(&|proof| _ = proof.siblings.remove(at)));
    }
    assert!(!altered(&|proof| proof.value.push(0)));
    assert!(!altered(&|proof| proof.siblings.push(Hash::ZERO)));
    assert!(!altered(&|proof| proof.siblings.insert(0, Hash::ZERO)));
    assert!(!altered(&|proof| proof.siblings.reverse()) || proof.siblings.len() == 1);
    assert!(!proof.verify(&sub, &key, &hash), "for another group");
    assert!(!proof.verify(&root, &EntryKey::Member(who("bob")), &hash), "for another member");
    assert!(!proof.verify(&root, &EntryKey::Barred(who("erin")), &hash), "for another kind of entry");
    assert!(!proof.verify(&root, &key, &Hash::ZERO), "in another state");
    moot.by("alice").does(member_alias("bob", "B"));
    assert!(!proof.verify(&root, &key, &moot.state_hash(root)), "in a later state");
}

#[test]
fn a_proof_has_at_most_as_many_siblings_as_a_hash_has_bits() {
    let mut moot = Moot::founded_by("alice");
    let root = moot.root();
    for count in [256, 257, 100_000] {
        let proof = InclusionProof { value: Vec::new(), siblings: vec![Hash::ZERO; count] };
        assert!(!proof.verify(&root, &EntryKey::Group, &moot.state_hash(root)));
    }
}

#[test]
fn a_proof_travels_as_bytes() {
    let Place { mut moot, .. } = place();
    let root = moot.root();
    let key = EntryKey::Member(who("bob"));
    let proof = prove(&mut moot, root, &key, &borsh(&(Admin, 0u32, "")));
    let back: InclusionProof = borsh::from_slice(&borsh(&proof)).unwrap();
    assert_eq!(back, proof);
}

#[test]
fn keys_are_a_number_and_what_is_named() {
    let (person, context) = (PublicKey([1; 32]), ContextId([2; 32]));
    let invitation = folkmoot_core::InvitationId([3; 32]);
    let (ones, twos, threes) = ([1u8; 32], [2u8; 32], [3u8; 32]);
    let keys: [(EntryKey, Vec<u8>); 6] = [
        (EntryKey::Group, vec![0]),
        (EntryKey::Member(person), [&[1][..], &ones].concat()),
        (EntryKey::Context(context), [&[2][..], &twos].concat()),
        (EntryKey::ContextCapability(context, person), [&[3][..], &twos, &ones].concat()),
        (EntryKey::Invitation(invitation), [&[4][..], &threes].concat()),
        (EntryKey::Barred(person), [&[5][..], &ones].concat()),
    ];
    for (key, bytes) in keys {
        assert_eq!(key.to_bytes(), bytes);
    }
}

#[test]
fn the_digest_covers_the_state_hashes_of_the_live_groups() {
    let Place { mut moot, sub, .. } = place();
    let gone = moot.by("alice").creates("gone");
    moot.by("alice").within(gone).does(GROUP_DELETED);
    let groups = [moot.root(), sub];
    let entries = groups.map(|group| (group.0.to_vec(), moot.state_hash(group).0.to_vec()));
    let root = root_of(&entries.into());
    let expected = Hash(sha256(&[&b"folkmoot/namespace/v1"[..], &moot.id().0, &root].concat()));
    assert_eq!(moot.digest(), expected);
}

#[test]
fn a_deleted_group_has_the_hash_zero_and_is_not_in_the_digest() {
    let mut moot = Moot::founded_by("alice");
    let before = moot.digest();
    let sub = moot.by("alice").creates("sub");
    assert_ne!(moot.digest(), before);
    moot.by("alice").within(sub).does(GROUP_DELETED);
    assert_eq!((moot.state_hash(sub), moot.digest()), (Hash::ZERO, before));
}

/// States and digest, without the ops that led there.
fn states(mut report: Report) -> String {
    for namespace in report.namespaces.values_mut() {
        namespace.ops.clear();
        namespace.heads.clear();
    }
    format!("{report:?}")
}

#[test]
fn the_digest_depends_on_the_state_and_not_on_the_way_there() {
    let mut one = Moot::with_admins("alice", &["bob"]);
    one.let_in("alice", &["erin"], Member);
    one.by("alice").does(set_role("erin", ReadOnly));
    let mut two = Moot::founded_by("alice");
    two.by("alice").does(add("erin", Member));
    two.by("alice").does(add("bob", Member));
    let detour = two.by("alice").creates("detour");
    two.by("alice").within(detour).does(add("frank", Admin));
    two.by("alice").within(detour).does(GROUP_DELETED);
    two.by("erin").does(remove("erin"));
    two.by("alice").does(add("erin", ReadOnly));
    two.by("alice").does(set_role("bob", Admin));
    two.by("alice").does(revoke("bob", JOIN_OPEN));
    assert_eq!(one.view(one.root()), two.view(two.root()));
    assert_eq!(one.digest(), two.digest());
    assert_eq!(states(one.report()), states(two.report()));
}

#[test]
fn neither_ranks_nor_writers_nor_nonces_show() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let before = moot.digest();
    moot.by("bob").does(NOOP);
    moot.by("alice").does(set_role("bob", Member));
    moot.by("alice").does(set_role("bob", Admin));
    moot.by("alice").does(group_alias("another"));
    moot.by("alice").does(group_alias("root"));
    assert_eq!(moot.digest(), before);
}

#[test]
fn an_engine_that_is_asked_never_and_one_that_is_asked_always_agree() {
    let Place { mut moot, .. } = place();
    let base: Vec<OpId> = moot.heads();
    moot.by("alice").on(&base).does(remove("erin"));
    moot.by("bob").on(&base).does(grant("erin", INVITE));
    assert_eq!(report_of(moot.sent(), moot.sent().len()), moot.report());
    for prefix in 1..moot.sent().len() {
        let ops = &moot.sent()[..prefix];
        assert_eq!(report_of(ops, 1), report_of(ops, prefix), "the first {prefix} ops");
    }
}
