//! Why a command ends early: what happened, to what, what to do next; and with which exit code.

use crate::output::{bad, bold, dim};
use folkmoot_core::crypto::SignError;
use folkmoot_core::{DraftError, ReceiveError};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::process::ExitCode;

/// How a command ended, as its exit code says. `folkmoot --help` and docs/cli.md have the same table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It failed while it was done: the disk, stdout, a demo that does not hold.
    Failed = 1,
    /// Wrong arguments, or input or a database that cannot be read.
    Usage = 2,
    /// A name that nothing has, or more than one.
    Name = 3,
    /// The rules refuse it: no authority, no key, it would be void.
    Refused = 4,
    /// Nothing would change.
    Nothing = 5,
    /// Done, and what was looked at is not sound.
    Unsound = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What went wrong with a command that asks a node.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// For programs: a word that stays the same.
    pub(crate) code: &'static str,
    /// How the command ends.
    pub(crate) exit: Exit,
    /// What happened, to what.
    pub(crate) what: String,
    /// What could have been meant.
    pub(crate) candidates: Vec<String>,
    /// What to do next.
    pub(crate) next: Vec<String>,
    /// Whether a part of what was asked for is done all the same.
    pub(crate) half_done: bool,
}

impl Trouble {
    pub(crate) fn new(code: &'static str, exit: Exit, what: impl Into<String>) -> Self {
        Self { code, exit, what: what.into(), candidates: Vec::new(), next: Vec::new(), half_done: false }
    }

    /// Adds something to do.
    #[must_use]
    pub(crate) fn next(mut self, step: impl Into<String>) -> Self {
        self.next.push(step.into());
        self
    }

    /// Says that a part is done all the same, and which.
    #[must_use]
    pub(crate) fn half_done(mut self, done: &str) -> Self {
        self.what = format!("{done}, but: {}", self.what);
        self.half_done = true;
        self
    }

    /// Adds what could have been meant.
    #[must_use]
    pub(crate) fn candidates(mut self, candidates: Vec<String>) -> Self {
        self.candidates = candidates;
        self
    }
}

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file that cannot be read, or holds no ops: which, where and why.
    #[error("{0}")]
    Input(String),
    /// A store that cannot be opened or read: which, why, and what to do.
    #[error("{0}")]
    Store(String),
    /// A store that could not be written: which, and why.
    #[error("{0}")]
    Lost(String),
    /// The account could not be written.
    #[error("stdout cannot be written: {0}")]
    Output(#[from] io::Error),
    /// The demo's replicas do not agree.
    #[error("the replicas do not agree: {0}")]
    Disagree(&'static str),
    /// The demo could not do what it tells.
    #[error("the demo could not go on: {0}")]
    Demo(String),
    /// Anything else.
    #[error("{}", .0.what)]
    Trouble(Box<Trouble>),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(Box::new(trouble))
    }
}

impl Failure {
    /// Says that a part is done all the same, and which.
    #[must_use]
    pub(crate) fn half_done(self, done: &str) -> Self {
        match self {
            Self::Trouble(trouble) => trouble.half_done(done).into(),
            other => other,
        }
    }

    /// How the command ends.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Input(_) | Self::Store(_) => Exit::Usage,
            Self::Output(_) | Self::Lost(_) | Self::Disagree(_) | Self::Demo(_) => Exit::Failed,
            Self::Trouble(trouble) => trouble.exit,
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Input(_) => "input",
            Self::Store(_) => "database",
            Self::Lost(_) => "not_written",
            Self::Output(_) => "output",
            Self::Disagree(_) | Self::Demo(_) => "demo",
            Self::Trouble(trouble) => trouble.code,
        }
    }

    /// Says it in words.
    pub(crate) fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}: {self}", bad("folkmoot"))?;
        let Self::Trouble(trouble) = self else { return Ok(()) };
        for candidate in &trouble.candidates {
            writeln!(out, "    {candidate}")?;
        }
        for step in &trouble.next {
            writeln!(out, "  {} {step}", bold("next:"))?;
        }
        if trouble.exit == Exit::Refused && !trouble.half_done {
            writeln!(out, "  {}", dim("Nothing was changed."))?;
        }
        Ok(())
    }

    /// What to do next.
    pub(crate) fn next(&self) -> &[String] {
        match self {
            Self::Trouble(trouble) => &trouble.next,
            _ => &[],
        }
    }

    /// Says it to a program: one line.
    pub(crate) fn tell_json(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", json!({ "error": self.json() }))
    }

    /// All of it, for programs.
    pub(crate) fn json(&self) -> Value {
        let (candidates, next, half_done) = match self {
            Self::Trouble(trouble) => (trouble.candidates.clone(), trouble.next.clone(), trouble.half_done),
            _ => (Vec::new(), Vec::new(), false),
        };
        let candidates: Vec<String> =
            candidates.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        json!({
            "code": self.code(),
            "exit_code": self.exit() as u8,
            "message": self.to_string(),
            "candidates": candidates,
            "next": next,
            "half_done": half_done,
        })
    }
}

impl From<DraftError> for Failure {
    fn from(error: DraftError) -> Self {
        Self::Demo(error.to_string())
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        Self::Demo(error.to_string())
    }
}

impl From<ReceiveError> for Failure {
    fn from(error: ReceiveError) -> Self {
        Self::Demo(error.to_string())
    }
}
