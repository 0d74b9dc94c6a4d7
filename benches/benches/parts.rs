//! The parts on their own, by the clock: signatures, taking ops in, one hash, a snapshot back. For trends on one machine;
//! `folkmoot-bench` holds what is promised.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use folkmoot::verify::BatchVerifier;
use folkmoot_core::{Engine, GroupOp, NamespaceId, PendingLimits, Role, SignedGroupOp, SigningKey, VerifiedOp};
use std::hint::black_box;

const OPS: usize = 1_000;

/// Alice founds a moot and adds members, one after the other.
fn history() -> (NamespaceId, Vec<VerifiedOp>) {
    let alice = SigningKey::from_seed([1; 32]);
    let genesis = Engine::genesis(alice.public(), [2; 32], "bench", [3; 32], [4; 32]).sign(&alice);
    let genesis = genesis.expect("well-formed");
    let namespace: NamespaceId = genesis.id().into();
    let mut engine = Engine::new();
    let mut ops = vec![genesis.clone()];
    let _ = engine.apply(genesis);
    for number in 1..OPS {
        let mut seed = [5; 32];
        seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
        let member = SigningKey::from_seed(seed).public();
        let op = GroupOp::MemberAdded { member, role: Role::Member };
        let draft = engine.draft(&namespace, &namespace.into(), &alice.public(), op).expect("alice may");
        let op = draft.sign(&alice).expect("well-formed");
        let _ = engine.apply(op.clone());
        ops.push(op);
    }
    (namespace, ops)
}

fn whole(ops: &[VerifiedOp]) -> Engine {
    let mut engine = Engine::new();
    let _ = engine.apply_batch(ops.iter().cloned());
    engine
}

fn parts(criterion: &mut Criterion) {
    let (namespace, ops) = history();
    let signed: Vec<SignedGroupOp> = ops.iter().map(|op| op.signed().clone()).collect();

    let mut group = criterion.benchmark_group("signatures");
    group.throughput(Throughput::Elements(1)).sample_size(20);
    group.bench_function("one, ed25519-compact", |bench| bench.iter(|| black_box(signed[7].clone()).verify()));
    group.throughput(Throughput::Elements(OPS as u64));
    group.bench_function("a thousand at once", |bench| {
        bench.iter_batched(
            || signed.clone(),
            |ops| VerifiedOp::verify_all(ops, &mut BatchVerifier::new()),
            BatchSize::LargeInput,
        );
    });
    group.finish();

    let mut group = criterion.benchmark_group("engine");
    group.sample_size(20).throughput(Throughput::Elements(OPS as u64));
    group.bench_function("a thousand ops, one by one", |bench| {
        bench.iter_batched(
            || ops.clone(),
            |ops| {
                ops.into_iter().fold(Engine::new(), |mut engine, op| {
                    let _ = engine.apply(op);
                    engine
                })
            },
            BatchSize::LargeInput,
        );
    });
    let snapshot = whole(&ops).snapshot();
    group.bench_function("a snapshot of a thousand ops, back", |bench| {
        bench.iter(|| Engine::restore(black_box(&snapshot), PendingLimits::default()).expect("sound"));
    });
    group.throughput(Throughput::Elements(1));
    let last = ops.last().expect("ops").clone();
    group.bench_function("the digest after one change", |bench| {
        bench.iter_batched(
            || {
                let mut engine = whole(&ops[..OPS - 1]);
                let _ = engine.digest(&namespace);
                let _ = engine.apply(last.clone());
                engine
            },
            |mut engine| (engine.digest(&namespace), engine),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, parts);
criterion_main!(benches);
