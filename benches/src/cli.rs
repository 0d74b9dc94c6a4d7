//! The command line.

use crate::scenario::{Scenario, Size};
use crate::{Fallible, durable, growth, guard, inputs, measure, memory, table, verify};
use clap::{Parser, ValueEnum};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Measures what the engine costs: CPU time an op, and peak memory.
#[derive(Debug, Parser)]
#[command(name = "folkmoot-bench")]
struct Arguments {
    /// What to measure: one scenario in this process; `all`, for the table with the bars; `growth`, for drawings of how cost
    /// grows; `guard`, to compare instruction counts with those on record
    #[arg(value_parser = scenario)]
    scenario: Choice,
    /// N; for `all`, the large N
    #[arg(long)]
    ops: Option<usize>,
    /// How many branches
    #[arg(long, default_value_t = 2)]
    branches: usize,
    /// How many signers
    #[arg(long)]
    signers: Option<usize>,
    /// How many rounds each signer is behind the others
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// How often to run; as often as it takes, if not given
    #[arg(long)]
    runs: Option<usize>,
    /// Keep the input in this folder, and use what is there. Empty it whenever the protocol changes
    #[arg(long, value_name = "DIR")]
    inputs: Option<PathBuf>,
    /// For `all`: give up on a run after so many seconds
    #[arg(long, default_value_t = 1_200)]
    limit: u64,
    /// For `all`: only rows whose command begins with one of these
    #[arg(long, value_name = "SCENARIO")]
    only: Vec<String>,
    /// For `growth`: the folder that the drawings go into
    #[arg(long, value_name = "DIR", default_value = "docs/performance")]
    output: PathBuf,
    /// For `guard`: put what is counted on record
    #[arg(long)]
    record: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write the input to this file, and do nothing else
    #[arg(long, hide = true, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Grow one history, and do nothing else
    #[arg(long, hide = true)]
    part: Option<memory::Part>,
    /// One step of `restart`, in a process of its own
    #[arg(long, hide = true)]
    step: Option<durable::Step>,
    /// The file of that step
    #[arg(long, hide = true, value_name = "FILE")]
    store: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
enum Choice {
    All,
    Growth,
    Guard,
    One(Scenario),
}

fn scenario(name: &str) -> Result<Choice, String> {
    match name {
        "all" => return Ok(Choice::All),
        "growth" => return Ok(Choice::Growth),
        "guard" => return Ok(Choice::Guard),
        _ => {}
    }
    Scenario::from_str(name, false).map(Choice::One).map_err(|_| {
        let names: Vec<String> = Scenario::value_variants().iter().map(|one| one.name()).collect();
        format!("there are: all, growth, guard, {}", names.join(", "))
    })
}

/// Does what the command line says.
pub(crate) fn run() -> Fallible<()> {
    let arguments = Arguments::parse();
    let inputs = arguments.inputs.as_deref();
    if let Some(folder) = inputs {
        std::fs::create_dir_all(folder)?;
    }
    let scenario = match arguments.scenario {
        Choice::All => return table::print(&arguments.table()),
        Choice::Growth => return growth::draw(&arguments.output, inputs, Duration::from_secs(arguments.limit)),
        Choice::Guard => return guard::guard(arguments.record, inputs),
        Choice::One(scenario) => scenario,
    };
    let size = Size {
        ops: arguments.ops.unwrap_or(scenario.default_ops()).max(1),
        branches: arguments.branches.clamp(1, folkmoot_core::limits::MAX_PARENTS),
        signers: arguments.signers.unwrap_or(scenario.default_signers()).max(1),
        rounds: arguments.rounds,
    };
    if let Some(path) = &arguments.write {
        return inputs::write(scenario, size, path);
    }
    if let (Some(step), Some(store)) = (arguments.step, &arguments.store) {
        return durable::step(step, size, store);
    }
    let account = match (scenario, arguments.part) {
        (Scenario::Memory, Some(part)) => memory::part(size, part)?,
        (Scenario::Memory, None) => memory::measure(size)?,
        (Scenario::Verify, _) => verify::measure(size)?,
        (Scenario::Ingest, _) => durable::ingest(size, inputs)?,
        (Scenario::Sync, _) => durable::sync(size, inputs)?,
        (Scenario::Commit, _) => durable::commit(size)?,
        (Scenario::Restart, _) => durable::restart(size, inputs)?,
        _ => measure::measure(scenario, size, arguments.runs, inputs)?,
    };
    if arguments.json || arguments.part.is_some() {
        println!("{account}");
    } else {
        print_plainly(&account);
    }
    Ok(())
}

impl Arguments {
    fn table(&self) -> table::Wishes<'_> {
        table::Wishes {
            large: self.ops.unwrap_or(100_000),
            inputs: self.inputs.as_deref(),
            only: &self.only,
            limit: Duration::from_secs(self.limit),
            json: self.json,
        }
    }
}

fn print_plainly(account: &Value) {
    for (name, value) in account.as_object().into_iter().flatten() {
        match value {
            Value::Array(list) => {
                for entry in list {
                    println!("{name}: {entry}");
                }
            }
            Value::Number(number) if number.is_f64() => println!("{name}: {:.1}", number.as_f64().unwrap_or(0.0)),
            other => println!("{name}: {other}"),
        }
    }
}

/// What this program accounts for, in JSON, when it is run with these arguments in a process of its own.
///
/// # Errors
/// If it fails, or takes longer than the limit; it is ended then.
pub(crate) fn subprocess(arguments: &[&str], limit: Duration) -> Fallible<Value> {
    let mut command = Command::new(std::env::current_exe()?);
    // A process group of its own, so that whoever makes its input ends with it.
    let mut child = command.args(arguments).arg("--json").stdout(Stdio::piped()).process_group(0).spawn()?;
    let begin = Instant::now();
    // An account fits into a pipe, so nobody need read it before the end.
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begin.elapsed() > limit {
            kill_process_group(Pid::from_child(&child), Signal::KILL)?;
            child.wait()?;
            return Err(format!("more than {} s", limit.as_secs()).into());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if !status.success() {
        return Err("failed".into());
    }
    Ok(serde_json::from_reader(child.stdout.take().ok_or("no output")?)?)
}
