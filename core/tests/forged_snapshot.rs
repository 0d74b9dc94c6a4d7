//! Snapshots that no engine wrote, sealed with a good checksum: "what it says cannot be" is an error
//! (`SnapshotError::Inconsistent`), and what restores is written down as the same bytes.

use folkmoot_core::{Engine, PendingLimits, SigningKey, SnapshotError, VerifiedOp};
use sha2::{Digest, Sha256};

const BEGINNING: &[u8] = b"folkmoot/snapshot/v1";

fn sealed(body: &[u8]) -> Vec<u8> {
    let mut out = [BEGINNING, body].concat();
    let checksum: [u8; 32] = Sha256::digest(&out).into();
    out.extend(checksum);
    out
}

fn number(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap().to_le_bytes()
}

/// A body: namespaces as they are encoded, ops that wait, ids that were refused and why.
fn body(namespaces: &[Vec<u8>], pending: &[Vec<u8>], refused: &[([u8; 32], u8)]) -> Vec<u8> {
    let mut out = number(namespaces.len()).to_vec();
    namespaces.iter().for_each(|namespace| out.extend(namespace));
    out.extend(number(pending.len()));
    for op in pending {
        out.extend(number(op.len()));
        out.extend(op);
    }
    out.extend(number(refused.len()));
    for (id, why) in refused {
        out.extend(id);
        out.push(*why);
    }
    out
}

fn genesis(seed: u8) -> VerifiedOp {
    let alice = SigningKey::from_seed([seed; 32]);
    Engine::genesis(alice.public(), [seed; 32], "Kitchen", [1; 32], [2; 32]).sign(&alice).unwrap()
}

/// A namespace as a snapshot has it.
fn namespace(genesis: VerifiedOp) -> Vec<u8> {
    let mut engine = Engine::new();
    let _ = engine.apply(genesis);
    let bytes = engine.snapshot();
    // The number of namespaces before it; none that wait, none refused, and the checksum after it.
    bytes[BEGINNING.len() + 4..bytes.len() - 4 - 4 - 32].to_vec()
}

/// An op of alice's that waits for a parent that nobody has.
fn waiting() -> Vec<u8> {
    let alice = SigningKey::from_seed([1; 32]);
    let mut engine = Engine::new();
    let founded = genesis(1);
    let id = founded.id();
    let _ = engine.apply(founded);
    let noop = folkmoot_core::GroupOp::Noop;
    let draft = engine.draft(&id.into(), &id.into(), &alice.public(), noop).unwrap();
    draft.sign(&alice).unwrap().signed().encode()
}

#[track_caller]
fn assert_inconsistent(body: &[u8]) {
    let bytes = sealed(body);
    match Engine::restore(&bytes, PendingLimits::default()) {
        Err(why) => assert_eq!(why, SnapshotError::Inconsistent),
        Ok(mut engine) => {
            let same = engine.snapshot() == bytes;
            panic!("it restores, and is written down as {} bytes", if same { "the same" } else { "other" });
        }
    }
}

#[test]
fn what_is_sealed_here_is_what_an_engine_writes() {
    let good = sealed(&body(&[namespace(genesis(1))], &[], &[([7; 32], 1)]));
    let mut engine = Engine::restore(&good, PendingLimits::default()).unwrap();
    assert_eq!(engine.snapshot(), good);
    let good = sealed(&body(&[], &[waiting()], &[]));
    let mut engine = Engine::restore(&good, PendingLimits::default()).unwrap();
    assert_eq!(engine.snapshot(), good);
}

#[test]
fn an_op_that_was_refused_twice_is_inconsistent() {
    assert_inconsistent(&body(&[], &[], &[([7; 32], 1), ([7; 32], 1)]));
}

#[test]
fn an_op_that_waits_twice_is_inconsistent() {
    assert_inconsistent(&body(&[], &[waiting(), waiting()], &[]));
}

#[test]
fn an_op_that_waits_for_nothing_is_inconsistent() {
    assert_inconsistent(&body(&[], &[genesis(1).signed().encode()], &[]));
}

#[test]
fn an_op_that_waits_and_is_admitted_is_inconsistent() {
    assert_inconsistent(&body(&[namespace(genesis(1))], &[genesis(1).signed().encode()], &[]));
}

#[test]
fn an_op_that_was_refused_and_is_admitted_is_inconsistent() {
    let founded = genesis(1);
    let id = founded.id().0;
    assert_inconsistent(&body(&[namespace(founded)], &[], &[(id, 1)]));
}

#[test]
fn namespaces_out_of_order_are_inconsistent() {
    let mut both = [genesis(1), genesis(2)];
    both.sort_by_key(|op| std::cmp::Reverse(op.id()));
    assert_inconsistent(&body(&both.map(namespace), &[], &[]));
}
