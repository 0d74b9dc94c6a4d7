//! A guard against getting slower unnoticed: instructions an op, counted by valgrind, which do not depend on what else
//! the machine does, against those on record.

use crate::Fallible;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The parts that are guarded: runs that take a second or a few under valgrind.
const PARTS: [&str; 11] = [
    "linear --ops 1000",
    "toggle --ops 1000",
    "late --ops 1000",
    "late-commuting --ops 1000",
    "late-removed --ops 1000",
    "branches --ops 400",
    "branches-same --ops 400",
    "lag --ops 600 --signers 10",
    "wide --ops 400",
    "forge --ops 400",
    "backwards --ops 1000",
];

/// More than this above the record is a regression: hash tables are seeded anew in each run, and compilers change.
const MARGIN: f64 = 1.10;

fn record_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.json")
}

/// Counts, and compares with the record, or writes it.
///
/// # Errors
/// If a part needs more instructions than the record and the margin allow, or cannot be measured.
pub(crate) fn guard(write: bool, inputs: Option<&Path>) -> Fallible<()> {
    let counted = PARTS.iter().map(|part| Ok((*part, counted(part, inputs)?))).collect::<Fallible<BTreeMap<_, _>>>()?;
    if write {
        std::fs::write(record_path(), format!("{:#}\n", json!(counted)))?;
        return Ok(());
    }
    let record: Value = serde_json::from_slice(&std::fs::read(record_path())?)?;
    let mut slower = Vec::new();
    println!("| part | instructions an op | on record | |\n| --- | --- | --- | --- |");
    for (part, now) in counted {
        let known = record[part].as_u64().ok_or_else(|| format!("{part} is not on record: run `guard --write`"))?;
        let ratio = now as f64 / known.max(1) as f64;
        println!("| {part} | {now} | {known} | {ratio:.2} |");
        if ratio > MARGIN {
            slower.push(part);
        }
    }
    if slower.is_empty() {
        return Ok(());
    }
    let slower = slower.join(", ");
    Err(format!("slower than on record by more than the margin: {slower}; if it must be, run `guard --write`").into())
}

/// Instructions an op in the measured part of a run.
fn counted(part: &str, inputs: Option<&Path>) -> Fallible<u64> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--collect-atstart=no", "--callgrind-out-file=/dev/null"])
        .args(["--toggle-collect=*measure*one_by_one*", "--toggle-collect=*measure*one_batch*"])
        .arg(std::env::current_exe()?)
        .args(part.split(' '))
        .args(["--runs", "1", "--json"]);
    if let Some(folder) = inputs {
        command.arg("--inputs").arg(folder);
    }
    let output =
        command.output().map_err(|error| format!("valgrind: {error}; install it (apt-get install valgrind)"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{part}: {told}").into());
    }
    let account: Value = serde_json::from_slice(&output.stdout)?;
    let ops = account["ops"].as_u64().filter(|ops| *ops > 0).ok_or("no ops were measured")?;
    instructions(&told).map(|all| all / ops).ok_or_else(|| format!("{part}: valgrind counted nothing").into())
}

/// What valgrind says that it collected.
fn instructions(told: &str) -> Option<u64> {
    let line = told.lines().find_map(|line| line.split_once("Collected : "))?.1;
    line.trim().parse().ok().filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_valgrind_says_is_read_and_nothing_is_no_count() {
        assert_eq!(instructions("==1== \n==1== Collected : 651234\n==1==\n"), Some(651_234));
        assert_eq!(instructions("==1== Collected : 0\n"), None);
        assert_eq!(instructions("valgrind: no such program"), None);
    }

    #[test]
    fn every_part_is_on_record() {
        let record: BTreeMap<String, u64> =
            serde_json::from_slice(&std::fs::read(record_path()).expect("the record")).expect("instructions by part");
        assert_eq!(record.keys().map(String::as_str).collect::<Vec<_>>(), {
            let mut parts = PARTS.to_vec();
            parts.sort_unstable();
            parts
        });
    }
}
