//! One measurement: ops from a file, given to an engine.

use crate::Fallible;
use crate::files::{Part, Reader};
use crate::inputs::Input;
use crate::meters::{clock_overhead_ns, cpu_ns, resident};
use crate::scenario::{Delivery, Findings, Scenario, Size};
use folkmoot_core::{Engine, Hash, NamespaceId, OpId, VerifiedOp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// So many ops are read ahead, and their signatures checked, before the engine gets them.
const PIECE: usize = 1_000;
/// Small scenarios are run again until about so many ops were measured in all, but not more often than this.
const ENOUGH_OPS: usize = 20_000;
const MOST_RUNS: usize = 20;

/// What one run measured.
struct Run {
    ops: usize,
    cpu_ns: u64,
    /// Where each op was timed alone: its id, and how long it took.
    each: Vec<(OpId, u64)>,
    digest_ns: u64,
    peak_rss: u64,
    /// Growth to the peak since before the measured part, and since the engine was empty.
    engine_rss: u64,
    whole_rss: u64,
    engine: Engine,
    namespace: NamespaceId,
    digest: Hash,
    /// Ops that only prepared the engine.
    setup: usize,
}

impl Run {
    fn ns_per_op(&self) -> f64 {
        self.cpu_ns as f64 / self.ops.max(1) as f64
    }
}

/// Measures a scenario, as often as it takes to be sure, and accounts for it in JSON. `cpu_ns_per_op` is the median of
/// the runs; where each op is timed alone, the slowest of the median run. Memory is that of the first run.
pub(crate) fn measure(scenario: Scenario, size: Size, runs: Option<usize>, kept_in: Option<&Path>) -> Fallible<Value> {
    let input = Input::made(scenario, size, kept_in)?;
    let runs = runs.unwrap_or((ENOUGH_OPS / size.ops.max(1)).clamp(1, MOST_RUNS));
    let first = run(scenario, &input.path)?;
    let findings = findings(&first);
    scenario.check(size, &findings)?;
    let counts = first.engine.counts(&first.namespace).unwrap_or_default();
    let (folds, merges) = (counts.folds, counts.merges);
    let names = names(&first);
    let digest = first.digest;
    let mut all = Vec::from([summary(&first, &names)]);
    let (ops, peak_rss, engine_rss, whole_rss) = (first.ops, first.peak_rss, first.engine_rss, first.whole_rss);
    drop(first);
    for _ in 1..runs {
        let again = run(scenario, &input.path)?;
        if again.digest != digest {
            return Err("two runs on the same ops ended with different digests".into());
        }
        all.push(summary(&again, &names));
    }
    let first_ns = all[0].ns_per_op;
    all.sort_by(|a, b| a.ns_per_op.total_cmp(&b.ns_per_op));
    let median = &all[all.len() / 2];
    Ok(json!({
        "scenario": scenario.name(),
        "ops": ops,
        "n": size.ops,
        "branches": size.branches,
        "signers": size.signers,
        "rounds": size.rounds,
        "cpu_ns_per_op": median.ns_per_op,
        "peak_rss_bytes": peak_rss,
        "engine_rss_bytes": engine_rss,
        "engine_and_setup_rss_bytes": whole_rss,
        "runs": runs,
        "first_run_cpu_ns_per_op": first_ns,
        "best_run_cpu_ns_per_op": all[0].ns_per_op,
        "digest_afterwards_ns": median.digest_ns,
        "each": median.each,
        "heads": findings.heads,
        "verdicts": findings.verdicts,
        "refolds": folds.refolds,
        "merges_beside": merges.beside,
        "merges_moved": merges.moved,
        "merges_folded": merges.folded,
        "refolded": folds.refolded,
    }))
}

struct Summary {
    ns_per_op: f64,
    digest_ns: u64,
    each: Value,
}

fn summary(run: &Run, names: &BTreeMap<OpId, String>) -> Summary {
    let slowest = run.each.iter().map(|(_, ns)| *ns).max();
    let each = run.each.iter().map(|(id, ns)| json!({ "op": names.get(id), "cpu_ns": ns })).collect();
    Summary {
        ns_per_op: slowest.map_or_else(|| run.ns_per_op(), |ns| ns as f64),
        digest_ns: run.digest_ns,
        each: Value::Array(each),
    }
}

/// The kinds and final verdicts of the ops that were timed alone.
fn names(run: &Run) -> BTreeMap<OpId, String> {
    let name = |id: &OpId| run.engine.explain(id).map(|why| format!("{}: {}", why.kind, why.verdict));
    run.each.iter().map(|(id, _)| (*id, name(id).unwrap_or_default())).collect()
}

fn findings(run: &Run) -> Findings {
    let mut verdicts = BTreeMap::new();
    for (_, verdict) in run.engine.ops(&run.namespace).skip(run.setup) {
        *verdicts.entry(verdict.to_string()).or_insert(0) += 1;
    }
    Findings { measured: run.ops, heads: run.engine.heads(&run.namespace).len(), verdicts }
}

/// One run, in a new engine. Every op must be admitted.
fn run(scenario: Scenario, path: &Path) -> Fallible<Run> {
    let overhead = clock_overhead_ns();
    let mut reader = Reader::open(path)?;
    let mut engine = Engine::new();
    let mut setup = 0;
    // Here and below, a piece is read before memory is looked at, so that pieces do not count for the engine.
    let mut piece = reader.take(Part::Setup, PIECE)?;
    let empty = resident()?;
    while !piece.is_empty() {
        setup += prepare(&mut engine, piece);
        piece = reader.take(Part::Setup, PIECE)?;
    }
    let delivery = scenario.delivery();
    let piece_of = if let Delivery::Batches(size) = delivery { size } else { PIECE };
    let (mut ops, mut admitted, mut spent) = (0, 0, 0u64);
    let mut each = Vec::new();
    let mut piece = reader.take(Part::Measured, piece_of)?;
    let before = resident()?;
    while !piece.is_empty() {
        ops += piece.len();
        match delivery {
            Delivery::OneByOne => {
                let start = cpu_ns();
                admitted += one_by_one(&mut engine, piece);
                spent += cpu_ns().saturating_sub(start).saturating_sub(overhead);
            }
            Delivery::Batches(_) => {
                let start = cpu_ns();
                admitted += one_batch(&mut engine, piece);
                spent += cpu_ns().saturating_sub(start).saturating_sub(overhead);
            }
            Delivery::Each => {
                for op in piece {
                    let id = op.id();
                    let start = cpu_ns();
                    admitted += one_by_one(&mut engine, Vec::from([op]));
                    let took = cpu_ns().saturating_sub(start).saturating_sub(overhead);
                    each.push((id, took));
                    spent += took;
                }
            }
            Delivery::Digests => {
                for op in piece {
                    admitted += prepare(&mut engine, Vec::from([op]));
                    let namespace = engine.namespaces().next().unwrap_or_default();
                    let start = cpu_ns();
                    let digest = engine.digest(&namespace);
                    spent += cpu_ns().saturating_sub(start).saturating_sub(overhead);
                    std::hint::black_box(digest);
                }
            }
        }
        piece = reader.take(Part::Measured, piece_of)?;
    }
    let after = resident()?;
    if admitted != ops {
        return Err(format!("{admitted} of {ops} ops were admitted").into());
    }
    let namespace = engine.namespaces().next().unwrap_or_default();
    let start = cpu_ns();
    let digest = engine.digest(&namespace).unwrap_or_default();
    let digest_ns = cpu_ns().saturating_sub(start).saturating_sub(overhead);
    let engine_rss = after.peak.saturating_sub(before.now);
    let whole_rss = after.peak.saturating_sub(empty.now);
    let peak_rss = after.peak;
    Ok(Run { ops, cpu_ns: spent, each, digest_ns, peak_rss, engine_rss, whole_rss, engine, namespace, digest, setup })
}

/// Work that is not measured, and not to be found under the names of that which is.
#[inline(never)]
fn prepare(engine: &mut Engine, ops: Vec<VerifiedOp>) -> usize {
    ops.into_iter().map(|op| std::hint::black_box(engine.apply(op)).durable().len()).sum()
}

/// The measured work, with a name that a profiler can be told: how many ops were admitted.
#[inline(never)]
fn one_by_one(engine: &mut Engine, ops: Vec<VerifiedOp>) -> usize {
    ops.into_iter().map(|op| engine.apply(op).durable().len()).sum()
}

/// The same in one batch.
#[inline(never)]
fn one_batch(engine: &mut Engine, ops: Vec<VerifiedOp>) -> usize {
    engine.apply_batch(ops).durable().len()
}
