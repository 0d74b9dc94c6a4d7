//! Snapshots: what they keep, and that damage is an error, never a wrong answer.

mod common;

use common::{Moot, genesis, key, ops, who};
use folkmoot_core::limits::MAX_REMEMBERED_REJECTIONS;
use folkmoot_core::report::Report;
use folkmoot_core::{Engine, GroupOp, PendingLimits, Role, SnapshotError, Status};
use sha2::{Digest, Sha256};

/// alice and bob differ over carol; a stranger was refused; something waits.
fn lived_in() -> Engine {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let namespace = moot.engine.namespaces().next().unwrap();
    let heads = moot.engine.heads(&namespace);
    let root = namespace.into();
    let mut draft = |name: &str, op| {
        let draft = moot.engine.draft_on(&namespace, &root, &who(name), op, &heads).unwrap();
        draft.sign(&key(name)).unwrap()
    };
    let gives = draft("alice", GroupOp::MemberAdded { member: who("carol"), role: Role::Member });
    let other = draft("bob", GroupOp::MemberAdded { member: who("carol"), role: Role::Admin });
    let mut stranger = draft("alice", GroupOp::Noop).signable().clone();
    stranger.signer = who("mallory");
    stranger.nonce = 1;
    let stranger = stranger.sign(&key("mallory")).unwrap();
    let mut waits = draft("bob", GroupOp::GroupAliasSet { alias: "later".into() }).signable().clone();
    waits.parent_op_hashes = vec![genesis("carol", "unheard of").id()];
    let waits = waits.sign(&key("bob")).unwrap();
    let mut engine = Engine::new();
    let ops = moot.engine.snapshot();
    let _ = std::mem::replace(&mut engine, Engine::restore(&ops, PendingLimits::default()).unwrap());
    for op in [gives, other, stranger, waits] {
        let _ = engine.apply(op);
    }
    engine
}

#[test]
fn a_restored_engine_holds_what_waited_and_what_was_refused() {
    let mut engine = lived_in();
    let bytes = engine.snapshot();
    let mut restored = Engine::restore(&bytes, PendingLimits::default()).unwrap();
    let report = Report::of(&mut engine);
    assert_eq!(report.not_admitted.len(), 2, "one waits, one was refused");
    assert_eq!(Report::of(&mut restored), report);
    assert_eq!(restored.snapshot(), bytes);
    let namespace = engine.namespaces().next().unwrap();
    assert_eq!(restored.equivocations(&namespace), engine.equivocations(&namespace));
    assert_eq!(restored.counts(&namespace).unwrap().ops, engine.counts(&namespace).unwrap().ops);
    let draft =
        |engine: &mut Engine| engine.draft(&namespace, &namespace.into(), &who("alice"), GroupOp::Noop).unwrap();
    assert_eq!(draft(&mut restored), draft(&mut engine), "and goes on alike");
}

#[test]
fn every_truncation_and_every_flipped_bit_is_an_error() {
    let bytes = lived_in().snapshot();
    for len in 0..bytes.len() {
        assert!(Engine::restore(&bytes[..len], PendingLimits::default()).is_err(), "{len} bytes");
    }
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Engine::restore(&bytes, PendingLimits::default()).is_err(), "bit {bit}");
    }
}

/// What comes of a snapshot with each byte changed in three ways, under a checksum that fits.
fn each_flip(bytes: &[u8], mut comes: impl FnMut(Option<Engine>)) {
    let body = &bytes[..bytes.len() - 32];
    for at in 0..body.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = body.to_vec();
            bytes[at] ^= flip;
            let checksum = Sha256::digest(&bytes);
            bytes.extend_from_slice(&checksum);
            comes(Engine::restore(&bytes, PendingLimits::default()).ok());
        }
    }
}

/// Whoever can write the file can fit the checksum: then the answer is an error or a state that holds together, and
/// never a panic.
#[test]
fn a_flipped_byte_under_a_checksum_that_fits_never_panics() {
    let bytes = lived_in().snapshot();
    let (mut refused, mut taken) = (0, 0);
    each_flip(&bytes, |restored| match restored {
        Some(mut engine) => {
            let _ = Report::of(&mut engine);
            taken += 1;
        }
        None => refused += 1,
    });
    assert!(refused > taken, "{refused} refused, {taken} taken: most of what is changed shows in the digest");
}

/// What ops that came alone left for later is made from what the snapshot says, too.
#[test]
fn after_a_flipped_byte_an_op_that_is_concurrent_with_others_never_panics() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let heads = moot.heads();
    let root = moot.root();
    let late =
        moot.engine.draft_on(&moot.id(), &root, &who("bob"), GroupOp::MemberRemoved { member: who("bob") }, &heads);
    let late = late.unwrap().sign(&key("bob")).unwrap();
    let kitchen = moot.by("alice").creates("kitchen");
    let context = moot.by("bob").registers();
    moot.by("alice").within(kitchen).does(ops::add("carol", Role::Member));
    moot.by("bob").does(ops::add("carol", Role::ReadOnly));
    moot.by("bob").does(GroupOp::ContextDetached { context_id: context });
    moot.by("alice").does(ops::remove("carol"));
    let bytes = moot.engine.snapshot();
    let mut voided = 0;
    each_flip(&bytes, |restored| {
        if let Some(mut engine) = restored {
            voided += engine.apply(late.clone()).after_commit().len();
            let _ = (Report::of(&mut engine), engine.snapshot());
        }
    });
    assert!(voided > 0, "some of what restores has what bob's leaving voids");
}

#[test]
fn bytes_that_are_something_else_are_told_apart() {
    let restore = |bytes: &[u8]| Engine::restore(bytes, PendingLimits::default()).map(|_| ());
    assert_eq!(restore(b""), Err(SnapshotError::NotASnapshot));
    assert_eq!(restore(b"SQLite format 3"), Err(SnapshotError::NotASnapshot));
    let mut bytes = lived_in().snapshot();
    let version = b"folkmoot/snapshot/".len();
    bytes[version + 1] = b'2';
    assert_eq!(restore(&bytes), Err(SnapshotError::UnknownVersion));
    let mut bytes = lived_in().snapshot();
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(restore(&bytes), Err(SnapshotError::Damaged));
}

#[test]
fn the_oldest_refusal_is_forgotten_and_no_more_than_may_be_are_restored() {
    // How many are remembered at most is tested in limits/; here, that a restored engine refuses the same ops.
    assert_eq!(MAX_REMEMBERED_REJECTIONS, 65_536);
    let mut engine = lived_in();
    let refused: Vec<_> = engine.refusals().into_iter().collect();
    let restored = Engine::restore(&engine.snapshot(), PendingLimits::default()).unwrap();
    for (id, status) in refused {
        assert!(matches!(status, Status::Rejected(_)));
        assert_eq!(restored.refusal(&id), Some(status));
    }
}
