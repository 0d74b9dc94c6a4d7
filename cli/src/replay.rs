//! `folkmoot replay`: the ops of some files through an engine, in the order given.

use crate::account::Account;
use crate::failure::Failure;
use crate::input::{self, GivenOp, Input};
use crate::kept::Kept;
use crate::words::People;
use folkmoot_core::report::Report;
use folkmoot_core::{Engine, ReceiveError, SignedGroupOp, VerifiedOp};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// How many ops are applied at a time. Any number leads to the same report (SPEC §7); this one keeps what the engine
/// hands back about them small.
const BATCH: usize = 1_024;

/// An op that is none, or that nobody signed: it leaves no trace in the engine (SPEC §2.1), only in the account.
#[derive(Debug)]
pub(crate) struct RefusedOp {
    /// Where it stands, in words.
    pub(crate) place: String,
    /// Why it is refused.
    pub(crate) why: ReceiveError,
}

/// Replays the ops of `files`, on top of what the store at `db` holds if there is one, and writes the report: as JSON, or
/// as an account for people to read.
pub(crate) fn replay(
    files: &[PathBuf],
    db: Option<&Path>,
    stdin: impl Read,
    json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let inputs = input::read_all(files, stdin)?;
    let mut people = People::default();
    for (name, key) in inputs.iter().flat_map(|input| &input.people) {
        people.name(*key, name);
    }
    let input_count = inputs.len();
    // Nothing is stored before all input has been read.
    let (ops, refused) = decode(inputs);
    let (mut kept, mut engine) = match db {
        Some(path) => Kept::open(path).map(|(kept, engine)| (Some(kept), engine))?,
        None => (None, Engine::new()),
    };
    let stored = match &kept {
        Some(kept) if !json => kept.ops()?,
        _ => Vec::new(),
    };
    for batch in ops.chunks(BATCH) {
        match &mut kept {
            Some(kept) => kept.apply(&mut engine, batch)?,
            // There is no store and nobody to tell: what is left is in the report.
            None => drop(engine.apply_batch(batch.iter().cloned())),
        }
    }
    if let Some(kept) = kept {
        kept.close(&mut engine)?;
    }
    let report = Report::of(&mut engine);
    if json {
        write_json(&report, out)?;
    } else {
        Account::new(&engine, &report, &people, [&stored, &ops], &refused).write(input_count, out)?;
    }
    Ok(())
}

/// Decodes and verifies, each op by itself.
fn decode(inputs: Vec<Input>) -> (Vec<VerifiedOp>, Vec<RefusedOp>) {
    let (mut ops, mut refused) = (Vec::new(), Vec::new());
    for Input { name, ops: given, .. } in inputs {
        for GivenOp { place, bytes } in given {
            match verified(bytes) {
                Ok(op) => ops.push(op),
                Err(why) => refused.push(RefusedOp { place: format!("{name}: {place}"), why }),
            }
        }
    }
    (ops, refused)
}

fn verified(bytes: Result<Vec<u8>, folkmoot_core::codec::Malformed>) -> Result<VerifiedOp, ReceiveError> {
    Ok(SignedGroupOp::decode(&bytes?)?.verify()?)
}

/// The shape of the conformance vectors' `expect`; keys ascending, so the same report is the same text.
fn write_json(report: &Report, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}
