//! What commands answer, and how it is shown: as text for people, or as JSON for programs.
//!
//! A command makes one answer, which can be shown both ways, so that neither knows more than the other. Styles are put
//! on here; a stdout that is no terminal takes them off again (`anstream`, which heeds `NO_COLOR` too).

use crate::failure::Exit;
use anstyle::{AnsiColor, Style};
use folkmoot_core::Verdict;
use serde::Serialize;
use std::io::{self, Write};

/// What a command has to say.
pub(crate) trait Told {
    /// Says it in words.
    fn tell(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Whether it is no answer at all: all that there was to say is written already.
    fn is_silent(&self) -> bool {
        false
    }

    /// With which exit code the command ends though it did what it could; with 0 if there is none.
    fn exit(&self) -> Option<Exit> {
        None
    }
}

/// An answer of any command.
pub(crate) trait Answer: Told {
    /// Writes it as JSON.
    fn json(&self, out: &mut dyn Write) -> io::Result<()>;
}

impl<T: Told + Serialize> Answer for T {
    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }
}

/// An answer that is already written, or needs no words.
#[derive(Debug, Serialize)]
pub(crate) struct Silent {}

impl Told for Silent {
    fn tell(&self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn is_silent(&self) -> bool {
        true
    }
}

/// Whatever a command has come to.
pub(crate) type Answered = Result<Box<dyn Answer>, crate::failure::Failure>;

pub(crate) fn answer(answer: impl Told + Serialize + 'static) -> Answered {
    Ok(Box::new(answer))
}

// Styles.

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const WARN: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// What matters less: ids, notes.
pub(crate) fn dim(text: &str) -> String {
    styled(DIM, text)
}

/// What a line is about.
pub(crate) fn bold(text: &str) -> String {
    styled(BOLD, text)
}

pub(crate) fn good(text: &str) -> String {
    styled(GOOD, text)
}

pub(crate) fn warn(text: &str) -> String {
    styled(WARN, text)
}

pub(crate) fn bad(text: &str) -> String {
    styled(BAD, text)
}

/// A verdict in its colour.
pub(crate) fn verdict(verdict: Verdict) -> String {
    let text = verdict.to_string();
    match verdict {
        Verdict::Effective => good(&text),
        Verdict::Idle(_) => warn(&text),
        Verdict::Void(_) => bad(&text),
    }
}

/// Text in columns.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Adds a row. Cells may be styled.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Writes it, each column as wide as its widest cell, after `indent`.
    pub(crate) fn write(&self, indent: &str, out: &mut dyn Write) -> io::Result<()> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max();
        let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
        for row in &self.rows {
            let mut line = indent.to_owned();
            let last = row.iter().rposition(|cell| !cell.is_empty());
            for (column, cell) in row.iter().enumerate().take_while(|(column, _)| Some(*column) <= last) {
                line.push_str(cell);
                if Some(column) < last {
                    let pad = widths.get(column).copied().unwrap_or(0).saturating_sub(width(cell));
                    line.push_str(&" ".repeat(pad + 2));
                }
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

/// How many characters are seen of a text.
fn width(cell: &str) -> usize {
    anstream::adapter::strip_str(cell).to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_seen_in_them() {
        let mut table = Table::default();
        table.row(["a".to_owned(), bold("bb"), String::new()]);
        table.row(["aaa".to_owned(), "b".to_owned(), "c".to_owned()]);
        let mut out = Vec::new();
        table.write("  ", &mut out).expect("a Vec takes all");
        let seen = anstream::adapter::strip_str(std::str::from_utf8(&out).expect("text")).to_string();
        assert_eq!(seen, "  a    bb\n  aaa  b   c\n");
    }
}
