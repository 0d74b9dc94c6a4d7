//! What happened, line by line, and a running hash over all of it: one seed twice must give one hash.

use std::collections::VecDeque;
use std::fmt::{self, Write};

/// How many of the last lines are kept for the account of a failure.
const LAST_LINES: usize = 40;

/// All that happened in one simulation.
#[derive(Debug)]
pub struct Trace {
    hash: u128,
    lines: u64,
    last: VecDeque<String>,
    prints: bool,
}

impl Trace {
    /// An empty trace. With `prints`, each line goes to standard error as it is noted.
    pub fn new(prints: bool) -> Self {
        Self { hash: 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, lines: 0, last: VecDeque::new(), prints }
    }

    /// Notes what happened at a moment of virtual time.
    pub fn note(&mut self, at: u64, what: fmt::Arguments<'_>) {
        let mut line = String::new();
        // Writing to a String does not fail.
        let _ = write!(line, "{:>4}.{:03} {what}", at / 1_000, at % 1_000);
        // FNV-1a of 128 bits.
        for byte in line.bytes().chain([b'\n']) {
            self.hash = (self.hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        self.lines += 1;
        if self.prints {
            eprintln!("{line}");
        }
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// The hash of all lines so far.
    pub const fn hash(&self) -> u128 {
        self.hash
    }

    /// How many lines there are.
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// The last lines.
    pub fn last(&self) -> String {
        self.last.iter().fold(String::new(), |text, line| text + "    " + line + "\n")
    }
}
