//! The answer of every command that changes something, and the arguments that many share.

use crate::output::{Told, dim};
use crate::sight::Named;
use crate::words::short;
use clap::ValueEnum;
use folkmoot_core::group_op::capabilities::NAMES;
use folkmoot_core::limits::{MAX_NAME_BYTES, MAX_SOURCE_BYTES};
use folkmoot_core::{OpId, Role, Visibility};
use serde::Serialize;
use std::io::{self, Write};

/// What was done, and by which ops.
#[derive(Debug, Serialize)]
pub(crate) struct Changed {
    done: &'static str,
    namespace: Named,
    group: Option<Named>,
    /// The id of what there is now and was not before.
    created: Option<String>,
    ops: Vec<OpId>,
    #[serde(skip)]
    lines: Vec<String>,
}

impl Changed {
    pub(crate) fn new(done: &'static str, namespace: Named, group: Option<Named>, ops: Vec<OpId>) -> Self {
        Self { done, namespace, group, created: None, ops, lines: Vec::new() }
    }

    /// Names what was made.
    #[must_use]
    pub(crate) fn created(mut self, id: &[u8; 32]) -> Self {
        self.created = Some(crate::naming::hex(id));
        self
    }

    /// Adds a line for people.
    #[must_use]
    pub(crate) fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }
}

impl Told for Changed {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        for line in &self.lines {
            writeln!(out, "{line}")?;
        }
        if self.ops.is_empty() {
            return Ok(());
        }
        let ops: Vec<String> = self.ops.iter().map(|op| short(&op.0)).collect();
        let noun = if ops.len() == 1 { "op" } else { "ops" };
        writeln!(out, "{}", dim(&format!("{noun} {}", ops.join(" "))))
    }
}

/// A role, as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// May do everything, here and in the groups below.
    Admin,
    /// Takes part, with capabilities that are given one by one.
    Member,
    /// Reads.
    ReadOnly,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Member => Self::Member,
            RoleArg::ReadOnly => Self::ReadOnly,
        }
    }
}

/// Who may come in without being asked, as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VisibilityArg {
    /// Members of the groups above have standing here.
    Open,
    /// Only the group's own members have.
    Restricted,
}

impl From<VisibilityArg> for Visibility {
    fn from(visibility: VisibilityArg) -> Self {
        match visibility {
            VisibilityArg::Open => Self::Open,
            VisibilityArg::Restricted => Self::Restricted,
        }
    }
}

/// A name that fits into an op.
pub(crate) fn name_arg(text: &str) -> Result<String, String> {
    at_most(text, MAX_NAME_BYTES)
}

/// A source or migration that fits into an op.
pub(crate) fn source_arg(text: &str) -> Result<String, String> {
    at_most(text, MAX_SOURCE_BYTES)
}

fn at_most(text: &str, most: usize) -> Result<String, String> {
    if text.len() > most { Err(format!("{} bytes are more than {most}", text.len())) } else { Ok(text.to_owned()) }
}

/// 32 bytes in hexadecimal: an application, a key of one, a blob.
pub(crate) fn hash_arg(text: &str) -> Result<[u8; 32], String> {
    text.parse().map(|hash: folkmoot_core::Hash| hash.0).map_err(|error| error.to_string())
}

/// A capability by its name, in whatever case, with or without `CAN_`: its bit.
pub(crate) fn capability_arg(text: &str) -> Result<u32, String> {
    let wanted = text.to_ascii_uppercase().replace('-', "_");
    let found = NAMES.iter().position(|name| *name == wanted || name.strip_prefix("CAN_") == Some(&wanted));
    found.map(|bit| 1 << bit).ok_or_else(|| format!("there is no such capability; there are {}", capability_names()))
}

/// The names of all capabilities, as arguments.
pub(crate) fn capability_names() -> String {
    let kebab = |name: &&str| name.trim_start_matches("CAN_").to_ascii_lowercase().replace('_', "-");
    NAMES.iter().map(kebab).collect::<Vec<_>>().join(", ")
}

/// The names of the bits that are set.
pub(crate) fn capability_list(mask: u32) -> Vec<&'static str> {
    NAMES.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_in_any_case_with_and_without_can() {
        for text in ["CAN_INVITE_MEMBERS", "invite-members", "can-invite-members"] {
            assert_eq!(capability_arg(text), Ok(2));
        }
        assert_eq!(capability_arg("manage-members"), Ok(8));
        assert!(capability_arg("fly").expect_err("nobody can").contains("manage-members"));
    }

    #[test]
    fn names_are_as_long_as_an_op_takes_and_no_longer() {
        assert!(name_arg(&"x".repeat(MAX_NAME_BYTES)).is_ok());
        assert!(name_arg(&"x".repeat(MAX_NAME_BYTES + 1)).is_err());
    }
}
