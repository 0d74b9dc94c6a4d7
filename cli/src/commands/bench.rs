//! `folkmoot bench`: a short self-test of speed, on this machine.

use crate::failure::{Exit, Failure, Trouble};
use crate::output::{Answered, Table, Told, answer, bold, dim};
use folkmoot::store::{Applied, Commit, Store, StoreOptions};
use folkmoot::verify::verify_ops;
use folkmoot_core::{Engine, GroupOp, NamespaceId, PendingLimits, PublicKey, SigningKey, VerifiedOp};
use serde::Serialize;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Commits that are measured, each of one op.
const COMMITS: usize = 50;

/// Measures how fast this machine signs, verifies, applies, commits and recovers. Nothing of the database is used.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// How many ops to work with.
    #[arg(long, default_value = "2000", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(100..=200_000))]
    ops: u32,
}

#[derive(Debug, Serialize)]
struct Measured {
    what: &'static str,
    /// So many in a second.
    per_second: f64,
    /// Microseconds for each.
    micros: f64,
}

#[derive(Debug, Serialize)]
struct Bench {
    ops: usize,
    results: Vec<Measured>,
}

impl Told for Bench {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", dim(&format!("{} ops, this build, this machine, once", self.ops)))?;
        let mut table = Table::default();
        for Measured { what, per_second, micros } in &self.results {
            table.row([bold(what), format!("{per_second:>12.0} a second"), format!("{micros:>10.1} \u{b5}s each")]);
        }
        table.write("  ", out)
    }
}

impl Bench {
    fn add(&mut self, what: &'static str, count: usize, took: Duration) {
        let (count, seconds) = (count as f64, took.as_secs_f64().max(1e-9));
        self.results.push(Measured { what, per_second: count / seconds, micros: seconds * 1e6 / count });
    }
}

pub(crate) fn run(args: &BenchArgs) -> Answered {
    let wrong = |error: &dyn std::error::Error| Failure::from(Trouble::new("bench", Exit::Failed, error.to_string()));
    let count = usize::try_from(args.ops).unwrap_or(usize::MAX);
    let mut bench = Bench { ops: count, results: Vec::new() };
    let founder = SigningKey::from_seed([7; 32]);
    let mut engine = Engine::new();
    let genesis = Engine::genesis(founder.public(), [1; 32], "bench", [0; 32], [0; 32]).sign(&founder);
    let genesis = genesis.map_err(|error| wrong(&error))?;
    let namespace = NamespaceId::from(genesis.id());
    let mut ops: Vec<VerifiedOp> = vec![genesis.clone()];
    let _ = engine.apply(genesis);

    let started = Instant::now();
    for number in 1..count {
        let draft = engine.draft(&namespace, &namespace.into(), &founder.public(), deed(number));
        let op = draft.map_err(|error| wrong(&error))?.sign(&founder).map_err(|error| wrong(&error))?;
        let _ = engine.apply(op.clone());
        ops.push(op);
    }
    bench.add("draft, sign and apply", count - 1, started.elapsed());

    let bytes: Vec<Vec<u8>> = ops.iter().map(|op| op.signed().encode()).collect();
    let started = Instant::now();
    black_box(verify_ops(&bytes));
    bench.add("verify, many together", count, started.elapsed());
    let few = bytes.get(..count.min(500)).unwrap_or_default();
    let started = Instant::now();
    for op in few {
        let _ = black_box(folkmoot_core::SignedGroupOp::decode(op).map(|op| op.verify()));
    }
    bench.add("verify, one by one", few.len(), started.elapsed());
    let started = Instant::now();
    let mut second = Engine::new();
    let _ = second.apply_batch(ops.iter().cloned());
    let digest = second.digest(&namespace);
    bench.add("apply, many together", count, started.elapsed());
    if digest != engine.digest(&namespace) {
        return Err(Failure::Disagree("the bench's two engines"));
    }
    let started = Instant::now();
    let snapshot = engine.snapshot();
    let restored = Engine::restore(&snapshot, PendingLimits::default()).map_err(|error| wrong(&error))?;
    bench.add("snapshot and restore", count, started.elapsed());
    drop(restored);
    on_disk(&ops, &mut bench)?;
    answer(bench)
}

/// Ops as they come: names, and members now and then.
fn deed(number: usize) -> GroupOp {
    if number.is_multiple_of(4) {
        let mut member = [0; 32];
        member.iter_mut().zip(number.to_le_bytes()).for_each(|(slot, byte)| *slot = byte);
        GroupOp::MemberAdded { member: PublicKey(member), role: folkmoot_core::Role::Member }
    } else {
        GroupOp::GroupAliasSet { alias: format!("bench {number}") }
    }
}

/// A file for the bench, gone after it.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn on_disk(ops: &[VerifiedOp], bench: &mut Bench) -> Result<(), Failure> {
    let scratch = Scratch(std::env::temp_dir().join(format!("folkmoot-bench-{}.folkmoot", std::process::id())));
    let wrong = |error: &dyn std::error::Error| {
        let what = format!("{}: {error}", scratch.0.display());
        Failure::from(Trouble::new("bench", Exit::Failed, what).next("give it another folder:  TMPDIR=FOLDER"))
    };
    let options = StoreOptions::default();
    let mut store = Store::create(&scratch.0, &options).map_err(|error| wrong(&error))?;
    let mut engine = store.recover(PendingLimits::default()).map_err(|error| wrong(&error))?.engine;
    let (single, rest) = ops.split_at(COMMITS.min(ops.len()));
    let started = Instant::now();
    for op in single {
        let outcome = engine.apply(op.clone());
        let applied = [Applied { outcome: &outcome, publish: false }];
        let _receipt =
            store.commit(&mut engine, &Commit { applied: &applied, local: &[] }).map_err(|error| wrong(&error))?;
    }
    bench.add("commit, op by op", single.len(), started.elapsed());
    let started = Instant::now();
    for batch in rest.chunks(1_024) {
        let outcome = engine.apply_batch(batch.iter().cloned());
        let applied = [Applied { outcome: &outcome, publish: false }];
        let _receipt =
            store.commit(&mut engine, &Commit { applied: &applied, local: &[] }).map_err(|error| wrong(&error))?;
    }
    bench.add("apply and commit, many together", rest.len(), started.elapsed());
    store.close().map_err(|error| wrong(&error))?;
    let started = Instant::now();
    let store = Store::open(&scratch.0, &options).map_err(|error| wrong(&error))?;
    let recovered = store.recover(PendingLimits::default()).map_err(|error| wrong(&error))?;
    bench.add("open and recover", ops.len(), started.elapsed());
    drop(recovered);
    store.close().map_err(|error| wrong(&error))
}
