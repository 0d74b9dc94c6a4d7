//! `ingest`: ops from bytes to disk, beside verifying their signatures alone and storing their rows alone.

use super::{BATCH, Scratch, bare, commit_all, len};
use crate::Fallible;
use crate::files::Reader;
use crate::inputs::Input;
use crate::meters::{cpu_ns, resident, thread_ns};
use crate::scenario::{Scenario, Size};
use folkmoot::store::{Store, StoreOptions};
use folkmoot::verify::{BatchVerifier, MAX_BATCH, Received, verify_ahead};
use folkmoot_core::{Engine, SignatureCheck, SignedGroupOp, VerifySignatures};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

/// So many are verified one by one; the rest is taken to cost the same.
const SAMPLE: usize = 10_000;

/// CPU time of the whole process, of the thread that owns the engine in its two steps, and the time on the clock.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    whole: u64,
    apply: u64,
    commit: u64,
    wall: u64,
}

/// The shell's way in, in commits of [`BATCH`].
pub(super) fn ingest(path: &Path, wires: &[Vec<u8>]) -> Fallible<()> {
    spend(path, wires).map(|_| ())
}

fn spend(path: &Path, wires: &[Vec<u8>]) -> Fallible<Spent> {
    let mut store = Store::create(path, &StoreOptions::default())?;
    let mut engine = Engine::new();
    let mut spent = Spent::default();
    let (start, begin) = (cpu_ns(), Instant::now());
    let mut stored = 0;
    for batch in wires.chunks(BATCH) {
        let mut outcomes = Vec::new();
        verify_ahead(batch, |received: Received| {
            let start = thread_ns();
            // Whatever is wrong with one shows in the number that is stored.
            outcomes.push(engine.apply_batch(received.into_iter().flatten()));
            spent.apply += thread_ns() - start;
            Ok::<(), std::convert::Infallible>(())
        })?;
        let start = thread_ns();
        stored += commit_all(&mut store, &mut engine, &outcomes)?;
        drop(outcomes);
        spent.commit += thread_ns() - start;
    }
    (spent.whole, spent.wall) = (cpu_ns() - start, u64::try_from(begin.elapsed().as_nanos())?);
    if stored == wires.len() { Ok(spent) } else { Err(format!("{stored} of {} ops were stored", wires.len()).into()) }
}

/// CPU time of verifying all signatures in the largest batches, with nothing else.
fn verify_alone(ops: &[SignedGroupOp]) -> Fallible<u64> {
    let messages: Vec<Vec<u8>> = ops.iter().map(|op| op.signable.signable_bytes()).collect();
    let checks: Vec<SignatureCheck<'_>> = ops.iter().zip(&messages).map(|(op, message)| check(op, message)).collect();
    let start = cpu_ns();
    let mut verifier = BatchVerifier::new();
    let good = checks.chunks(MAX_BATCH).flat_map(|batch| verifier.verify(batch)).filter(|good| *good).count();
    let took = cpu_ns() - start;
    if good == ops.len() { Ok(took) } else { Err("a signature does not verify".into()) }
}

fn check<'a>(op: &SignedGroupOp, message: &'a [u8]) -> SignatureCheck<'a> {
    SignatureCheck { signer: op.signable.signer, message, signature: op.signature }
}

/// CPU time of each of some signatures, verified one by one with ed25519-compact.
fn one_by_one(ops: &[SignedGroupOp]) -> Fallible<f64> {
    let sample = ops.get(..SAMPLE.min(ops.len())).unwrap_or_default();
    let messages: Vec<Vec<u8>> = sample.iter().map(|op| op.signable.signable_bytes()).collect();
    let start = cpu_ns();
    for (op, message) in sample.iter().zip(&messages) {
        folkmoot_core::crypto::verify(&op.signable.signer, message, &op.signature)?;
    }
    Ok((cpu_ns() - start) as f64 / sample.len().max(1) as f64)
}

/// Measures it.
pub(crate) fn measure(size: Size, kept_in: Option<&Path>) -> Fallible<Value> {
    let input = Input::made(Scenario::Ingest, size, kept_in)?;
    let wires = Reader::open(&input.path)?.rest()?;
    let scratch = Scratch::new("ingest")?;
    let (store, bare_file) = (scratch.file("store"), scratch.file("bare"));
    let before = resident()?;
    let spent = spend(&store, &wires)?;
    let peak = resident()?;
    let ops = wires.iter().map(|wire| SignedGroupOp::decode(wire)).collect::<Result<Vec<_>, _>>()?;
    let verify = verify_alone(&ops)?;
    let one_by_one = one_by_one(&ops)?;
    drop(ops);
    let rows = bare::batches(&store, BATCH)?;
    let start = cpu_ns();
    bare::write(&bare_file, &rows)?;
    let redb = cpu_ns() - start;
    let each = |ns: u64| ns as f64 / wires.len() as f64;
    Ok(json!({
        "scenario": "ingest",
        "ops": wires.len(),
        "n": size.ops,
        "signers": size.signers,
        "commits": rows.len(),
        "cpu_ns_per_op": each(spent.whole),
        "peak_rss_bytes": peak.peak,
        "rss_growth_bytes": peak.peak.saturating_sub(before.now),
        "wall_ns_per_op": each(spent.wall),
        "decode_and_verify_ns": each(spent.whole - spent.apply - spent.commit),
        "apply_ns": each(spent.apply),
        "commit_ns": each(spent.commit),
        "verify_alone_ns": each(verify),
        "redb_alone_ns": each(redb),
        "compact_one_by_one_ns": one_by_one,
        "compact_one_by_one_sample": SAMPLE.min(wires.len()),
        "times_verify_and_redb_alone": spent.whole as f64 / (verify + redb) as f64,
        "part_of_one_by_one": each(spent.whole) / one_by_one,
        "file_bytes": len(&store)?,
        "bare_file_bytes": len(&bare_file)?,
    }))
}
