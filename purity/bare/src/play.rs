//! The vectors, and what an engine says of them.

use core::fmt::{Result, Write};
use folkmoot_core::Engine;
use folkmoot_core::report::Report;

/// Written by build.rs, which says how.
static VECTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/vectors.bin"));

/// One history of the vectors.
#[derive(Debug, Clone, Copy)]
pub struct History {
    /// The name of its file.
    pub name: &'static str,
    count: u32,
    ops: Reader,
}

/// All histories, in the order of their names.
pub fn histories() -> impl Iterator<Item = History> {
    let mut rest = Reader(VECTORS);
    core::iter::from_fn(move || {
        let name = core::str::from_utf8(rest.bytes()?).ok()?;
        let count = rest.number()?;
        let ops = rest;
        (0..count).try_for_each(|_| rest.bytes().map(drop))?;
        Some(History { name, count, ops })
    })
}

/// Gives an engine the ops of a history, one by one, and writes down all that replicas agree on, a line for each thing:
/// check.mjs makes the same lines from what the vector expects.
///
/// # Errors
/// Only those of `out`.
pub fn play(history: History, out: &mut impl Write) -> Result {
    let History { name, count, mut ops } = history;
    let mut engine = Engine::new();
    for op in (0..count).map_while(|_| ops.bytes()) {
        // Bytes that nobody signed leave no trace; some vectors have such.
        let _ = engine.receive(op);
    }
    let report = Report::of(&mut engine);
    for (namespace, found) in &report.namespaces {
        writeln!(out, "{name} {namespace} digest {}", found.digest)?;
        for head in &found.heads {
            writeln!(out, "{name} {namespace} head {head}")?;
        }
        for (group, found) in &found.groups {
            writeln!(out, "{name} {namespace} group {group} {}", found.state_hash)?;
        }
        for (op, verdict) in &found.ops {
            writeln!(out, "{name} {namespace} op {op} {verdict}")?;
        }
    }
    for (op, why) in &report.not_admitted {
        writeln!(out, "{name} not_admitted {op} {why}")?;
    }
    Ok(())
}

/// Takes things off the front of bytes.
#[derive(Debug, Clone, Copy)]
struct Reader(&'static [u8]);

impl Reader {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    fn bytes(&mut self) -> Option<&'static [u8]> {
        let len = self.number()?;
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(len).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }
}
