//! All scenarios, each in a process of its own, and the bars that are set for them.

use crate::Fallible;
use crate::cli::subprocess;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// What is held against the bar.
#[derive(Debug, Clone, Copy)]
enum Reading {
    /// CPU time an op.
    Cpu,
    /// The engine's peak memory, from when it was empty.
    Peak,
    /// Bytes of the graph for each op.
    Graph,
    /// Bytes of the state for each entry.
    State,
    /// A number of times: where it is in the account, and of what.
    Times(&'static str, &'static str),
    /// Milliseconds on the clock: where they are in the account, and what for.
    Clock(&'static str, &'static str),
    /// CPU time an op: where it is in the account, and what for.
    CpuOf(&'static str, &'static str),
}

/// The most that a reading may be.
#[derive(Debug, Clone)]
enum Bar {
    /// Nanoseconds or bytes.
    Most(f64),
    /// So many times the same reading of another command.
    Times(f64, String),
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    command: String,
    reading: Reading,
    bar: Bar,
}

fn cpu(command: String, bar: Bar) -> Row {
    Row { command, reading: Reading::Cpu, bar }
}

fn micros(most: f64) -> Bar {
    Bar::Most(most * 1_000.0)
}

/// The engine's part of the bars.
fn rows(large: usize) -> Vec<Row> {
    let linear = |ops: usize| format!("linear --ops {ops}");
    let mut rows = Vec::from([
        cpu(linear(1_000), micros(4.0)),
        cpu(linear(large), micros(7.0)),
        cpu("toggle --ops 1000".into(), micros(3.0)),
        cpu(format!("toggle --ops {large}"), Bar::Times(1.3, "toggle --ops 1000".into())),
    ]);
    for ops in [1_000, large] {
        rows.push(cpu(format!("late --ops {ops}"), Bar::Most(200.0 * ops as f64 + 50_000.0)));
        rows.push(cpu(format!("late-commuting --ops {ops}"), micros(100.0)));
        rows.push(cpu(format!("late-removed --ops {ops}"), micros(100.0)));
    }
    for (name, times) in [("branches", 2.0), ("branches-batches", 2.0), ("branches-same", 4.0)] {
        for ops in [400, large] {
            for branches in [2, 8] {
                let command = format!("{name} --ops {ops} --branches {branches}");
                rows.push(cpu(command, Bar::Times(times, linear(ops))));
            }
        }
    }
    for (signers, rounds) in [(3, 2), (3, 10), (10, 2), (10, 10)] {
        rows.push(cpu(format!("lag --ops {large} --signers {signers} --rounds {rounds}"), micros(20.0)));
    }
    let peak = |command: &str, ops: usize| Row {
        command: command.into(),
        reading: Reading::Peak,
        bar: Bar::Times(2.0, linear(ops)),
    };
    let forks = format!("forks --ops {large}");
    rows.extend([cpu(forks.clone(), micros(100.0)), peak(&forks, large)]);
    for signers in [1, 100, 10_000] {
        let wide = format!("wide --ops 10000 --signers {signers}");
        rows.extend([cpu(wide.clone(), micros(50.0)), peak(&wide, 10_000)]);
    }
    let memory = format!("memory --ops {}", large.saturating_mul(10));
    rows.extend([
        cpu("forge --ops 10000".into(), Bar::Times(2.5, linear(10_000))),
        cpu(format!("backwards --ops {large}"), Bar::Times(1.5, linear(large))),
        cpu(format!("hash --ops {large}"), micros(3.0)),
        Row { command: memory.clone(), reading: Reading::Graph, bar: Bar::Most(140.0) },
        Row { command: memory, reading: Reading::State, bar: Bar::Most(250.0) },
    ]);
    rows.extend(durable_rows(large));
    rows
}

/// The part of the bars that is about disks.
fn durable_rows(large: usize) -> Vec<Row> {
    let ingest = format!("ingest --ops {large}");
    let restart = format!("restart --ops {}", large.saturating_mul(10));
    let most =
        |command: &str, reading: Reading, most: f64| Row { command: command.into(), reading, bar: Bar::Most(most) };
    Vec::from([
        most(&ingest, Reading::Times("/times_verify_and_redb_alone", " (verifying + redb alone)"), 1.4),
        most(&ingest, Reading::Times("/part_of_one_by_one", " (verifying one by one)"), 1.0 / 3.0),
        most(&format!("sync --ops {large}"), Reading::Times("/times_ingest", " (ingest)"), 1.2),
        most("commit", Reading::Times("/times_bare_wall", " (a bare commit, on the clock)"), 1.3),
        most(&restart, Reading::Clock("/first/first_read_ms", " (first read)"), 100.0),
        most(&restart, Reading::Clock("/first/first_write_ms", " (first write)"), 1_000.0),
        most(&restart, Reading::CpuOf("/trust/cpu_ns_per_op", " (stored verdicts trusted)"), 2_000.0),
        most(&restart, Reading::CpuOf("/judge/cpu_ns_per_op", " (judged anew)"), 8_000.0),
    ])
}

fn read(account: &Value, reading: Reading) -> f64 {
    let field = match reading {
        Reading::Cpu => "/cpu_ns_per_op",
        Reading::Peak => "/engine_and_setup_rss_bytes",
        Reading::Graph => "/graph_bytes_per_op",
        Reading::State => "/state_bytes_per_entry",
        Reading::Times(field, _) | Reading::Clock(field, _) | Reading::CpuOf(field, _) => field,
    };
    account.pointer(field).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

fn written(value: f64, reading: Reading) -> String {
    match reading {
        Reading::Cpu | Reading::CpuOf(..) if value < 1_000_000.0 => format!("{:.2} µs", value / 1_000.0),
        Reading::Cpu | Reading::CpuOf(..) => format!("{:.2} ms", value / 1_000_000.0),
        Reading::Times(..) => format!("{value:.2} ×"),
        Reading::Clock(..) => format!("{value:.1} ms"),
        Reading::Peak => format!("{:.1} MB", value / 1_000_000.0),
        Reading::Graph | Reading::State => format!("{value:.0} B"),
    }
}

const fn what(reading: Reading) -> &'static str {
    match reading {
        Reading::Cpu => "",
        Reading::Peak => " (peak memory)",
        Reading::Graph => " (graph, an op)",
        Reading::State => " (state, an entry)",
        Reading::Times(_, what) | Reading::Clock(_, what) | Reading::CpuOf(_, what) => what,
    }
}

/// What the table is to be like.
#[derive(Debug)]
pub(crate) struct Wishes<'a> {
    /// The large N.
    pub(crate) large: usize,
    /// Where input is kept.
    pub(crate) inputs: Option<&'a Path>,
    /// Only rows whose command begins with one of these; all, if there are none.
    pub(crate) only: &'a [String],
    /// How long a run may take.
    pub(crate) limit: Duration,
    /// Print JSON, in the end.
    pub(crate) json: bool,
}

impl Wishes<'_> {
    fn want(&self, command: &str) -> bool {
        let begins = |name: &String| command == name || command.starts_with(&format!("{name} "));
        self.only.is_empty() || self.only.iter().any(begins)
    }
}

/// Runs processes, each command once, and remembers what they account for.
struct Accounts<'a> {
    wishes: &'a Wishes<'a>,
    known: BTreeMap<String, Value>,
}

impl Accounts<'_> {
    fn of(&mut self, command: &str) -> Fallible<&Value> {
        if !self.known.contains_key(command) {
            eprintln!("{command}");
            let folder = self.wishes.inputs.map(|folder| folder.display().to_string());
            let mut arguments: Vec<&str> = command.split(' ').collect();
            arguments.extend(folder.iter().flat_map(|folder| ["--inputs", folder.as_str()]));
            // A run that fails is a row of the table, not the end of it.
            let account =
                subprocess(&arguments, self.wishes.limit).unwrap_or_else(|error| json!({ "error": error.to_string() }));
            self.known.insert(command.into(), account);
        }
        self.known.get(command).ok_or_else(|| "no account".into())
    }
}

/// Prints the table; in JSON, the accounts with it.
pub(crate) fn print(wishes: &Wishes<'_>) -> Fallible<()> {
    let mut accounts = Accounts { wishes, known: BTreeMap::new() };
    let mut lines = Vec::new();
    if !wishes.json {
        println!("| scenario | measured | bar | |\n| --- | --- | --- | --- |");
    }
    for Row { command, reading, bar } in rows(wishes.large).into_iter().filter(|row| wishes.want(&row.command)) {
        let account = accounts.of(&command)?;
        let measured = read(account, reading);
        let shown = account["error"].as_str().map_or_else(|| written(measured, reading), str::to_owned);
        let (most, told) = match bar {
            Bar::Most(most) => (most, written(most, reading)),
            Bar::Times(times, other) => {
                let most = times * read(accounts.of(&other)?, reading);
                (most, format!("{} ({times} × {other})", written(most, reading)))
            }
        };
        let met = if measured <= most { "met" } else { "MISSED" };
        if !wishes.json {
            println!("| {command}{} | {shown} | ≤ {told} | {met} |", what(reading));
        }
        lines.push(json!({ "command": command, "of": what(reading), "measured": measured, "most": most, "met": met }));
    }
    if wishes.json {
        println!("{}", json!({ "rows": lines, "accounts": accounts.known }));
    }
    Ok(())
}
