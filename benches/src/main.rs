//! `folkmoot-bench SCENARIO [--ops N] [--json]`: what the engine costs, measured in whole processes.
//!
//! Each run makes its input first, in a process of its own ([`inputs`]): authors with engines of their own draft and
//! sign every op, with the right state hash and nonce, and write it to a file. The measuring process ([`measure`])
//! reads that file a piece at a time and checks signatures, none of which is counted; only the engine's work on
//! verified ops is. So the peak memory of the measuring process is the engine's and little else, and no heap that
//! authors left behind helps or hinders it.
//!
//! What is durable ([`durable`]) is measured from bytes to disk, beside what it cannot be cheaper than.
//!
//! `folkmoot-bench all` runs every scenario so and prints a table with the bars that are set for them ([`table`]).
//! The input depends on the scenario and its sizes alone; with `--inputs DIR` it is kept there and used again.

mod author;
mod cli;
mod durable;
mod files;
mod growth;
mod guard;
mod inputs;
mod measure;
mod memory;
mod meters;
mod scenario;
mod table;
mod verify;

use std::process::ExitCode;

/// Whatever can go wrong here ends the run, with a message.
type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("folkmoot-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
