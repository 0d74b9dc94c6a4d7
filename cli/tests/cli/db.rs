//! `replay --db`: a store that is gone on from, and added to.

use crate::common::{History, command, folkmoot, histories, history_named, str_of, text};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// A place for a store that is not there yet.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn db(&self) -> PathBuf {
        self.0.path().join("moot.folkmoot")
    }

    fn file(&self, name: &str, ops: &[String]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, ops.join("\n")).unwrap();
        path
    }
}

#[track_caller]
fn replayed(db: &Path, files: &[&Path]) -> Value {
    let mut args = vec!["replay", "--json", "--db", str_of(db)];
    args.extend(files.iter().map(|file| str_of(file)));
    let output = folkmoot(&args, b"");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn all_vectors_come_to_what_is_expected_in_one_run_and_again_from_the_store_alone() {
    for History { name, path, expect, .. } in histories() {
        let place = Place::new();
        assert_eq!(replayed(&place.db(), &[&path]), expect, "{name}");
        assert_eq!(replayed(&place.db(), &[]), expect, "{name}, from the store alone");
        assert_eq!(replayed(&place.db(), &[&path]), expect, "{name}, the same again");
    }
}

#[test]
fn a_history_that_comes_in_parts_one_run_a_part_in_any_order_comes_to_the_same() {
    for History { name, ops, expect, .. } in histories().into_iter().step_by(9) {
        let place = Place::new();
        // The last part first: nearly all of it waits.
        for (number, part) in ops.chunks(ops.len().div_ceil(3)).rev().enumerate() {
            let file = place.file(&format!("part {number}"), part);
            replayed(&place.db(), &[&file]);
        }
        assert_eq!(replayed(&place.db(), &[]), expect, "{name}");
    }
}

#[test]
fn a_replay_that_is_killed_goes_on_where_it_was() {
    let History { ops, expect, .. } = history_named("mutual_removal");
    let place = Place::new();
    let file = place.file("all", &ops);
    for millis in [0, 1, 2, 5, 10, 20, 40] {
        let args = ["replay", "--db", str_of(&place.db()), str_of(&file)].map(str::to_owned);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut child = command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(replayed(&place.db(), &[&file]), expect);
}

#[test]
fn the_account_counts_what_was_in_the_store() {
    let History { path, ops, .. } = history_named("mutual_removal");
    let place = Place::new();
    replayed(&place.db(), &[&path]);
    let output = folkmoot(&["replay", "--db", str_of(&place.db()), str_of(&path)], b"");
    let said = text(&output.stdout);
    let count = ops.len();
    let expected = format!("{count} ops from 1 input, ");
    assert!(said.starts_with(&expected) && said.contains(" from the store: "), "{said}");
    assert!(said.contains(&format!(", {count} duplicates")), "{said}");
}

#[test]
fn broken_input_leaves_no_store_behind() {
    let place = Place::new();
    let output = folkmoot(&["replay", "--db", str_of(&place.db()), "-"], b"this is no hexadecimal");
    assert_eq!(output.status.code(), Some(2));
    assert!(!place.db().exists());
}

#[test]
fn a_file_that_is_no_store_is_told_in_one_line_and_left_as_it_is() {
    let place = Place::new();
    let History { path, .. } = history_named("mutual_removal");
    let other = place.file("letter", &["Dear Alice".to_owned()]);
    let output = folkmoot(&["replay", "--db", str_of(&other), str_of(&path)], b"");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    let said = text(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("letter"), "{said}");
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "Dear Alice");
}
