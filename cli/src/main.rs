//! The command `folkmoot`: arguments in, an exit code out. The only crate of the workspace that prints.
//!
//! | exit code | meaning |
//! | --- | --- |
//! | 0 | done, or the reader of stdout has gone away |
//! | 1 | the demo's replicas do not agree, or stdout or a store could not be written |
//! | 2 | wrong arguments, or input or a store that could not be read; stdout is then empty |

mod account;
mod demo;
mod failure;
mod input;
mod kept;
mod replay;
mod words;

use clap::{Parser, Subcommand};
use failure::Failure;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Replays signed group operations, and shows how replicas that were cut off come to agree.
#[derive(Debug, Parser)]
#[command(name = "folkmoot", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Feeds the ops of some files to an engine, in the order given, and tells what came of them.
    ///
    /// Whatever the order, the same state comes of it. Ops that are malformed or badly signed leave no trace: they are
    /// counted and named in the account, and absent from the JSON. Input in which no ops can be made out (not
    /// hexadecimal, not JSON, no `ops`, not UTF-8, unreadable) is an error: one line on stderr, exit code 2, and nothing
    /// is replayed.
    Replay(ReplayArgs),
    /// Three replicas of one group, cut off from each other, one of them betrayed: watch them come to one answer.
    ///
    /// The same every time: no randomness, no clock, no network. Exits with 1 if the replicas do not agree.
    Demo,
}

#[derive(Debug, clap::Args)]
struct ReplayArgs {
    /// Prints JSON in the shape of the conformance vectors' `expect`, and nothing else.
    #[arg(long)]
    json: bool,
    /// Goes on from the store at this path, and adds to it; creates it if there is none. Stopped anywhere and run again,
    /// or continued with other files, it comes to the same. Without files: tells what is in it.
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
    /// Vector files (a JSON object with `ops`, an array of hexadecimal strings), or text with one hexadecimal op a
    /// line (blank lines and lines that start with # are skipped); `-` is stdin.
    #[arg(value_name = "FILE", required_unless_present = "db")]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = BufWriter::new(io::stdout().lock());
    let done = run(&cli.command, &mut out).and_then(|()| Ok(out.flush()?));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // What the replicas said, if anything, comes before the verdict on it; there is nobody to tell of a
            // stderr that cannot be written.
            let _ = out.flush();
            let _ = writeln!(io::stderr(), "folkmoot: {failure}");
            failure.exit_code()
        }
    }
}

fn run(command: &Command, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        Command::Replay(ReplayArgs { json, db, files }) => {
            replay::replay(files, db.as_deref(), io::stdin().lock(), *json, out)
        }
        Command::Demo => demo::demo(out),
    }
}
