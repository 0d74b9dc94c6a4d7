//! `commit`: one op made here, from draft to disk, beside a bare commit of one row of its size. All three kinds take
//! turns, so that what the disk does at the time falls on all of them.

use super::{Scratch, bare, commit_all, median};
use crate::Fallible;
use crate::author::{adds, key};
use crate::meters::{cpu_ns, resident};
use crate::scenario::Size;
use folkmoot::store::{Applied, Commit, Store, StoreOptions};
use folkmoot_core::{Engine, GroupOp, NamespaceId, Role, SigningKey};
use redb::{Database, TableDefinition, WriteTransaction};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

/// Ops that the store has before.
const BEFORE: usize = 10_000;
const ROWS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("ops");

/// What each took: on the clock, and of the CPU.
#[derive(Debug, Default)]
struct Times {
    wall: Vec<u64>,
    cpu: Vec<u64>,
}

impl Times {
    fn take<T>(&mut self, work: impl FnOnce() -> Fallible<T>) -> Fallible<T> {
        let (cpu, wall) = (cpu_ns(), Instant::now());
        let out = work()?;
        self.wall.push(u64::try_from(wall.elapsed().as_nanos())?);
        self.cpu.push(cpu_ns() - cpu);
        Ok(out)
    }

    fn medians(self) -> (u64, u64) {
        (median(self.wall), median(self.cpu))
    }
}

/// A node as far as it is needed: its engine, its file, and who makes ops on it.
struct Here {
    engine: Engine,
    store: Store,
    namespace: NamespaceId,
    founder: SigningKey,
}

impl Here {
    fn founded(path: &Path, admins: usize) -> Fallible<Self> {
        let founder = key("founder", 0);
        let genesis = Engine::genesis(founder.public(), [7; 32], "bench", [1; 32], [2; 32]).sign(&founder)?;
        let namespace = NamespaceId::from(genesis.id());
        let mut engine = Engine::new();
        let mut outcomes = Vec::from([engine.apply(genesis)]);
        for number in 0..BEFORE {
            let op = match number < admins {
                true => GroupOp::MemberAdded { member: key("admin", number).public(), role: Role::Admin },
                false => adds("before", number),
            };
            let op = folkmoot::sign(engine.draft(&namespace, &namespace.into(), &founder.public(), op)?, &founder)?;
            outcomes.push(engine.apply(op));
        }
        let mut store = Store::create(path, &StoreOptions::default())?;
        commit_all(&mut store, &mut engine, &outcomes)?;
        Ok(Self { engine, store, namespace, founder })
    }

    /// As a node does it: the op goes into the outbox too. How long its row is.
    fn make(&mut self, number: usize) -> Fallible<usize> {
        let root = self.namespace.into();
        let draft = self.engine.draft(&self.namespace, &root, &self.founder.public(), adds("made", number))?;
        let op = folkmoot::sign(draft, &self.founder)?;
        let len = op.encoded_len();
        let outcome = self.engine.apply(op);
        let applied = [Applied { outcome: &outcome, publish: true }];
        let receipt = self.store.commit(&mut self.engine, &Commit { applied: &applied, local: &[] })?;
        if receipt.sequences.is_empty() { Err("nothing was committed".into()) } else { Ok(len) }
    }
}

fn one_row(txn: WriteTransaction, number: usize, row: &[u8]) -> Fallible<()> {
    txn.open_table(ROWS)?.insert(number as u64, row)?;
    Ok(txn.commit()?)
}

/// A bare file with as many rows as the store.
fn bare_file(path: &Path) -> Fallible<Database> {
    let db = bare::create(path)?;
    let txn = bare::begin(&db)?;
    {
        let mut table = txn.open_table(ROWS)?;
        for number in 0..=BEFORE {
            table.insert(number as u64, &[7; 300][..])?;
        }
    }
    txn.commit()?;
    Ok(db)
}

/// Measures it.
pub(crate) fn measure(size: Size) -> Fallible<Value> {
    let scratch = Scratch::new("commit")?;
    let mut here = Here::founded(&scratch.file("store"), size.signers)?;
    let same = bare_file(&scratch.file("same"))?;
    let default = bare_file(&scratch.file("default"))?;
    let (mut ours, mut likewise, mut plain) = (Times::default(), Times::default(), Times::default());
    for number in 0..size.ops {
        let len = ours.take(|| here.make(number))?;
        let (at, row) = (BEFORE + 1 + number, vec![7; len + 41]);
        likewise.take(|| one_row(bare::begin(&same)?, at, &row))?;
        plain.take(|| one_row(default.begin_write()?, at, &row))?;
    }
    let ((ours_wall, ours_cpu), (same_wall, same_cpu), (plain_wall, plain_cpu)) =
        (ours.medians(), likewise.medians(), plain.medians());
    Ok(json!({
        "scenario": "commit",
        "ops": size.ops,
        "cpu_ns_per_op": ours_cpu,
        "peak_rss_bytes": resident()?.peak,
        "wall_ns": ours_wall,
        "bare_two_phase_quick_repair_wall_ns": same_wall,
        "bare_two_phase_quick_repair_cpu_ns": same_cpu,
        "bare_default_wall_ns": plain_wall,
        "bare_default_cpu_ns": plain_cpu,
        "times_bare_wall": ours_wall as f64 / same_wall as f64,
        "times_bare_cpu": ours_cpu as f64 / same_cpu as f64,
        "times_bare_default_wall": ours_wall as f64 / plain_wall as f64,
    }))
}
