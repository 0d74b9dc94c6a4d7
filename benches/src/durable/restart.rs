//! `restart`: a file whose process was killed, opened by another.
//!
//! One process makes the file, or writes to one that is there, and is killed with SIGKILL. Each reading is then made by a
//! fresh process: the first answer and the first op of a node, and the ways of getting the engine back.

use super::{BATCH, Scratch, bare, commit_all, len, median};
use crate::Fallible;
use crate::author::{adds, key, person, sets, toggled};
use crate::cli::subprocess;
use crate::meters::{cpu_ns, resident, thread_ns};
use crate::scenario::Size;
use folkmoot::store::{Commit, LocalChange, Store, StoreOptions};
use folkmoot::{By, ContextManager, Setup};
use folkmoot_core::{Engine, GroupOp, NamespaceId, Outcome, PendingLimits, Role, SigningKey};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// So many ops came after the last snapshot: half of what a node lets come.
const TAIL: usize = 25_000;
/// One op in so many adds a member, the others change roles.
const MEMBER_EVERY: usize = 10;

/// What a process of its own does with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Step {
    /// Makes it if it is not there, writes to it, and waits to be killed.
    Write,
    /// The first answer and the first op of a node.
    First,
    /// The engine from the snapshot and what was stored after it.
    Trust,
    /// The engine from the log, every op judged anew.
    Judge,
    /// The same, and every signature verified.
    Verify,
    /// Large commits to a file of this size; it grows by them.
    Grow,
}

/// Does one step, and prints its account.
pub(crate) fn step(step: Step, size: Size, path: &Path) -> Fallible<()> {
    let account = match step {
        Step::Write => return write(size, path),
        Step::First => first(path)?,
        Step::Trust => recover(path, &StoreOptions::default(), false)?,
        Step::Judge => recover(path, &StoreOptions::default(), true)?,
        Step::Grow => grow(path)?,
        Step::Verify => recover(path, &StoreOptions { verify_on_open: true, ..StoreOptions::default() }, false)?,
    };
    println!("{account}");
    Ok(())
}

fn write(size: Size, path: &Path) -> Fallible<()> {
    let mut store = Store::open_or_create(path, &StoreOptions::default())?;
    let mut engine = store.recover(PendingLimits::default())?.engine;
    if store.last_sequence() == 0 {
        fill(&mut store, &mut engine, size)?;
    } else {
        let namespace = engine.namespaces().next().ok_or("no namespace")?;
        let founder = key("founder", 0);
        let number = usize::try_from(store.last_sequence())?;
        let op =
            engine.draft(&namespace, &namespace.into(), &founder.public(), adds("later", number))?.sign(&founder)?;
        let outcome = engine.apply(op);
        commit_all(&mut store, &mut engine, &[outcome])?;
    }
    // Whoever waits for this line kills this process.
    println!("written");
    std::thread::sleep(Duration::from_secs(3_600));
    Err("nobody killed the process".into())
}

/// Ops of many Admins in turn, each on the one before.
fn fill(store: &mut Store, engine: &mut Engine, size: Size) -> Fallible<()> {
    let founder = key("founder", 0);
    let genesis = Engine::genesis(founder.public(), [7; 32], "bench", [1; 32], [2; 32]).sign(&founder)?;
    let namespace = NamespaceId::from(genesis.id());
    let keep = [
        LocalChange::SetIdentity { namespace, identity: founder.public() },
        LocalChange::KeepKey { group: namespace.into(), key: founder.clone() },
    ];
    let outcome = engine.apply(genesis);
    commit_all(store, engine, &[outcome])?;
    let _ = store.commit(engine, &Commit { applied: &[], local: &keep })?;
    let admins: Vec<SigningKey> = (0..size.signers).map(|number| key("admin", number)).collect();
    let mut outcomes: Vec<Outcome> = Vec::new();
    for number in 0..size.ops.saturating_sub(1) {
        let (signer, op) = match (number.checked_sub(admins.len()), admins.get(number)) {
            (None, Some(admin)) => (&founder, GroupOp::MemberAdded { member: admin.public(), role: Role::Admin }),
            (number, _) => {
                let number = number.unwrap_or(0);
                (admins.get(number % admins.len()).unwrap_or(&founder), change(number))
            }
        };
        let op = folkmoot::sign(engine.draft(&namespace, &namespace.into(), &signer.public(), op)?, signer)?;
        outcomes.push(engine.apply(op));
        if outcomes.len() == BATCH {
            commit_all(store, engine, &std::mem::take(&mut outcomes))?;
        }
        if number + 1 + TAIL == size.ops.saturating_sub(1) {
            commit_all(store, engine, &std::mem::take(&mut outcomes))?;
            store.save_snapshot(engine)?;
        }
    }
    commit_all(store, engine, &outcomes)?;
    Ok(())
}

/// One op in some adds a member; the others walk through all that are there.
fn change(number: usize) -> GroupOp {
    let members = number / MEMBER_EVERY;
    if number.is_multiple_of(MEMBER_EVERY) || members == 0 {
        return adds("added", number);
    }
    sets(person("added", number.wrapping_mul(7_919) % members * MEMBER_EVERY), toggled(number))
}

/// A node from start to its first answer and its first op.
fn first(path: &Path) -> Fallible<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (cpu, begin) = (cpu_ns(), Instant::now());
        let file = path.to_owned();
        let open = move || Store::open(&file, &StoreOptions::default());
        let starting = ContextManager::begin_with(open, Setup::default()).await?;
        let ask = |store: &Store| {
            let namespace = store.namespaces().next()?;
            Some((namespace, store.member(&namespace.into(), &person("added", 0)).ok()??))
        };
        let early = starting.read(ask);
        let (early_read, early_cpu) = (begin.elapsed(), cpu_ns() - cpu);
        let client = starting.ready().await?;
        let started = begin.elapsed();
        let namespace = client.namespaces(None, 1).await?.entries.first().ok_or("no namespace")?.0;
        let member = client.member_info(namespace.into(), person("added", 0)).await?;
        let (read, read_cpu) = match early {
            Some(answer) if answer == Some((namespace, member)) => (early_read, early_cpu),
            Some(_) => return Err("the file and the engine do not agree".into()),
            // A small engine is back before anybody can ask.
            None => (begin.elapsed(), cpu_ns() - cpu),
        };
        let newcomer = person("first", usize::try_from(std::process::id())?);
        client.add_group_members(By::default(), namespace.into(), vec![(newcomer, Role::Member)]).await?;
        let (wrote, wrote_cpu) = (begin.elapsed(), cpu_ns() - cpu);
        // The file stays as it was but for this op; nothing is closed in order.
        let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
        Ok(json!({
            "started_ms": milliseconds(started),
            "first_read_ms": milliseconds(read),
            "first_read_cpu_ms": read_cpu as f64 / 1e6,
            "first_write_ms": milliseconds(wrote),
            "first_write_cpu_ms": wrote_cpu as f64 / 1e6,
            "peak_rss_bytes": resident()?.peak,
        }))
    })
}

fn recover(path: &Path, options: &StoreOptions, anew: bool) -> Fallible<Value> {
    let (cpu, begin) = (cpu_ns(), Instant::now());
    let store = Store::open(path, options)?;
    let (opened, opened_cpu) = (begin.elapsed(), cpu_ns() - cpu);
    let namespace = store.namespaces().next().ok_or("no namespace")?;
    let member = store.member(&namespace.into(), &person("added", 0))?;
    let read = begin.elapsed();
    let limits = PendingLimits::default();
    let mut recovered = if anew { store.replay_log(limits)? } else { store.recover(limits)? };
    let (wall, cpu) = (begin.elapsed(), cpu_ns() - cpu);
    if member.is_none() || recovered.engine.digest(&namespace) != store.digest(&namespace) {
        return Err("it came back as something else".into());
    }
    let each = |ns: f64| ns / store.last_sequence() as f64;
    Ok(json!({
        "ops": store.last_sequence(),
        "from_snapshot": recovered.from_snapshot,
        "replayed": recovered.replayed,
        "open_ms": opened.as_secs_f64() * 1_000.0,
        "open_cpu_ms": opened_cpu as f64 / 1e6,
        "first_read_ms": read.as_secs_f64() * 1_000.0,
        "cpu_ns_per_op": each(cpu as f64),
        "wall_ns_per_op": each(wall.as_nanos() as f64),
        "peak_rss_bytes": resident()?.peak,
    }))
}

/// What commits of [`BATCH`] cost the thread that makes them; and the same rows of the id index alone, in a bare table
/// with as many random ids as there are ops.
fn grow(path: &Path) -> Fallible<Value> {
    let store = &mut Store::open(path, &StoreOptions::default())?;
    let mut engine = store.recover(PendingLimits::default())?.engine;
    let namespace = engine.namespaces().next().ok_or("no namespace")?;
    let (founder, before) = (key("founder", 0), usize::try_from(store.last_sequence())?);
    let (mut commits, mut ids) = (Vec::new(), Vec::new());
    for round in 0..3 {
        let mut outcomes = Vec::new();
        for number in 0..BATCH {
            let op = adds("grown", before + round * BATCH + number);
            let op = folkmoot::sign(engine.draft(&namespace, &namespace.into(), &founder.public(), op)?, &founder)?;
            outcomes.push(engine.apply(op));
        }
        let start = thread_ns();
        commit_all(store, &mut engine, &outcomes)?;
        commits.push(thread_ns() - start);
    }
    let scratch = Scratch::new("ids")?;
    let file = scratch.file("ids");
    let db = bare::create(&file)?;
    bare::insert_ids(&db, 0..before)?;
    for round in 0..3 {
        let first = before + round * BATCH;
        let start = thread_ns();
        bare::insert_ids(&db, first..first + BATCH)?;
        ids.push(thread_ns() - start);
    }
    let each = |all: Vec<u64>| median(all) as f64 / BATCH as f64;
    Ok(json!({ "ops": before, "commit_ns_per_op": each(commits), "ids_alone_ns_per_op": each(ids) }))
}

/// Has a process write to the file, and kills it.
fn write_and_kill(size: Size, path: &Path) -> Fallible<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["restart", "--ops", &size.ops.to_string(), "--signers", &size.signers.to_string()])
        .args(["--step", "write", "--store"])
        .arg(path)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let said = BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line);
    child.kill()?;
    child.wait()?;
    said?;
    if line.trim() == "written" { Ok(()) } else { Err("the file could not be written".into()) }
}

/// Measures it.
pub(crate) fn measure(size: Size, kept_in: Option<&Path>) -> Fallible<Value> {
    let scratch = Scratch::new("restart")?;
    let name = format!("restart-{}-{}.folkmoot", size.ops, size.signers);
    let path = kept_in.map_or_else(|| scratch.file(&name), |folder| folder.join(&name));
    let on = |path: &Path, step: &str| -> Fallible<Value> {
        subprocess(&["restart", "--step", step, "--store", &path.display().to_string()], Duration::MAX)
    };
    let in_process = |step: &str| on(&path, step);
    write_and_kill(size, &path)?;
    let first = in_process("first")?;
    // The last process closed nothing, and yet it was not killed.
    write_and_kill(size, &path)?;
    let (trust, judge, verify) = (in_process("trust")?, in_process("judge")?, in_process("verify")?);
    let copy = scratch.file("copy");
    std::fs::copy(&path, &copy)?;
    let grow = on(&copy, "grow")?;
    Ok(json!({
        "scenario": "restart",
        "ops": trust["ops"],
        "n": size.ops,
        "signers": size.signers,
        "file_bytes": len(&path)?,
        "cpu_ns_per_op": trust["cpu_ns_per_op"],
        "peak_rss_bytes": trust["peak_rss_bytes"],
        "first": first,
        "trust": trust,
        "judge": judge,
        "verify": verify,
        "grow": grow,
    }))
}
