//! What `doctor` and `verify` look at, and what they find.

use crate::exchange::progress;
use crate::failure::Exit;
use crate::output::{Table, Told, bad, bold, dim, good, warn};
use folkmoot::store::{Fault, Store};
use folkmoot::verify::verify_ops;
use folkmoot_core::{Engine, Hash, NamespaceId, Status};
use serde::Serialize;
use std::io::{self, Write};

/// Ops that are read at a time.
const PAGE: usize = 1_024;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Broken, or dangerous.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    check: &'static str,
    state: State,
    found: String,
    /// What to do.
    next: Option<String>,
}

/// All that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Checks {
    database: String,
    sound: bool,
    checks: Vec<Check>,
}

impl Checks {
    pub(crate) const fn of(database: String) -> Self {
        Self { database, sound: true, checks: Vec::new() }
    }

    pub(crate) fn good(&mut self, check: &'static str, found: impl Into<String>) {
        self.checks.push(Check { check, state: State::Good, found: found.into(), next: None });
    }

    pub(crate) fn note(&mut self, check: &'static str, found: impl Into<String>, next: Option<&str>) {
        self.checks.push(Check { check, state: State::Note, found: found.into(), next: next.map(str::to_owned) });
    }

    pub(crate) fn bad(&mut self, check: &'static str, found: impl Into<String>, next: impl Into<String>) {
        self.sound = false;
        self.checks.push(Check { check, state: State::Bad, found: found.into(), next: Some(next.into()) });
    }

    /// Good if it holds, bad if not.
    pub(crate) fn holds(&mut self, check: &'static str, holds: bool, found: impl Into<String>, next: &str) {
        if holds { self.good(check, found) } else { self.bad(check, found, next) }
    }
}

impl Told for Checks {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", dim(&format!("database {}", self.database)))?;
        let mut table = Table::default();
        for Check { check, state, found, next } in &self.checks {
            let mark = match state {
                State::Good => good("good"),
                State::Note => warn("note"),
                State::Bad => bad("BAD"),
            };
            table.row([mark, bold(check), found.clone()]);
            if let Some(next) = next {
                table.row([String::new(), String::new(), format!("next: {next}")]);
            }
        }
        table.write("  ", out)?;
        writeln!(out, "{}", if self.sound { good("All is well.") } else { bad("Something is wrong.") })
    }

    fn exit(&self) -> Option<Exit> {
        (!self.sound).then_some(Exit::Unsound)
    }
}

/// All ops of a namespace as they are stored, in order.
pub(crate) fn stored_ops(store: &Store, namespace: &NamespaceId) -> Result<Vec<Vec<u8>>, Fault> {
    let (mut ops, mut after) = (Vec::new(), Some(0));
    while let Some(from) = after {
        let page = store.ops_page(namespace, from, PAGE)?;
        ops.extend(page.ops.into_iter().map(|op| op.bytes));
        after = page.next;
    }
    Ok(ops)
}

/// The digest that ops come to in an engine of their own, whatever is stored of it; none if any is not admitted.
pub(crate) fn replayed(namespace: &NamespaceId, ops: &[Vec<u8>]) -> Option<Hash> {
    let mut engine = Engine::new();
    let bar = progress("replaying", ops.len());
    for batch in ops.chunks(PAGE) {
        let verified = verify_ops(batch).into_iter().collect::<Result<Vec<_>, _>>().ok()?;
        let outcome = engine.apply_batch(verified);
        if !outcome.statuses().iter().all(|(_, status)| matches!(status, Status::Admitted(_))) {
            return None;
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    engine.digest(namespace)
}
