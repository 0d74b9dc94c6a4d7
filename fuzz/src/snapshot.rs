//! Bytes as a snapshot: as they are, and sealed with the beginning and the checksum that a snapshot has.

use folkmoot_core::report::Report;
use folkmoot_core::sync::{CatchUp, Comparison};
use folkmoot_core::{Engine, GroupOp, NamespaceId, PendingLimits};
use sha2::{Digest, Sha256};

/// What every snapshot begins with.
pub const BEGINNING: &[u8] = b"folkmoot/snapshot/v1";
/// What it ends with: so many bytes of checksum.
pub const CHECKSUM_BYTES: usize = 32;

/// The snapshot that has this body. Whoever can write to the disk can make it, and so can a broken disk by chance.
pub fn sealed(body: &[u8]) -> Vec<u8> {
    let mut out = [BEGINNING, body].concat();
    let checksum: [u8; CHECKSUM_BYTES] = Sha256::digest(&out).into();
    out.extend(checksum);
    out
}

/// The body of a snapshot.
pub fn body(snapshot: &[u8]) -> &[u8] {
    &snapshot[BEGINNING.len()..snapshot.len() - CHECKSUM_BYTES]
}

/// Nothing panics or takes memory out of proportion; what restores is written down as the same bytes, and answers
/// every question. Returns whether the bytes, sealed, restore.
pub fn run(data: &[u8]) -> bool {
    restores(data);
    restores(&sealed(data))
}

fn restores(bytes: &[u8]) -> bool {
    let Ok(mut engine) = Engine::restore(bytes, PendingLimits::default()) else { return false };
    let first = Report::of(&mut engine);
    let written = engine.snapshot();
    assert!(written == bytes, "what was restored is written down as other bytes");
    let mut again = Engine::restore(&written, PendingLimits::default()).expect("an engine wrote it");
    assert_eq!(Report::of(&mut again), first, "restored once more, it is another");
    answers(&mut engine, &mut again);
    true
}

/// All questions, whatever the answers are; and an engine that goes on living.
fn answers(engine: &mut Engine, other: &mut Engine) {
    let namespaces: Vec<NamespaceId> = engine.namespaces().collect();
    for namespace in namespaces {
        let ops: Vec<_> = engine.ops(&namespace).map(|(id, _)| id).collect();
        for id in &ops {
            assert!(engine.explain(id).is_some(), "{id} is admitted");
            assert_eq!(engine.refusal(id), None, "{id} is admitted and was refused");
        }
        let summary = other.summary(&namespace).expect("it is there");
        assert_eq!(engine.compare(&summary), Comparison::Equal);
        let mut page = CatchUp::begin(&Engine::new(), &namespace).request().clone();
        page.have.extend(ops.first());
        assert!(engine.page(&page).expect("it is there").ops.len() < ops.len().max(1));
        let groups = engine.groups(&namespace);
        for group in &groups {
            let members = engine.view(&namespace, group).map(|view| view.members).unwrap_or_default();
            for member in members.keys() {
                let _ = engine.draft(&namespace, group, member, GroupOp::GroupDeleted);
                let _ = engine.draft(&namespace, group, member, GroupOp::Noop);
            }
        }
    }
    let founder = crate::signing::person(0);
    let genesis = Engine::genesis(founder, [0x77; 32], "later", [0; 32], [0; 32]);
    let op = crate::signing::signed(genesis, 0).expect("well-formed");
    let _ = engine.apply(op);
}
