//! `folkmoot replay --json` against the conformance vectors, through the real binary.

use crate::common::{
    Folder, History, command, hex, histories, history_named, replay_json, shuffled, stdout_of, str_of, text, vector,
};
use folkmoot_core::limits::MAX_OP_BYTES;
use std::io::Write;
use std::path::Path;

#[test]
fn every_history_as_its_vector_file_gives_what_the_vector_expects() {
    for History { name, path, expect, .. } in histories() {
        assert_eq!(replay_json(&[&path], b""), expect, "{name}");
    }
}

#[test]
fn every_history_backwards_as_text_gives_the_same() {
    let folder = Folder::new();
    for History { name, mut ops, expect, .. } in histories() {
        ops.reverse();
        let file = folder.file("backwards.txt", ops.join("\n"));
        assert_eq!(replay_json(&[&file], b""), expect, "{name}");
    }
}

#[test]
fn every_history_shuffled_and_spread_over_files_and_stdin_gives_the_same() {
    let folder = Folder::new();
    for (seed, History { name, ops, expect, .. }) in (1..).zip(histories()) {
        let ops = shuffled(&ops, seed);
        let third = ops.len().div_ceil(3);
        let mut parts = ops.chunks(third);
        let as_json = serde_json::json!({ "ops": parts.next() }).to_string();
        let as_text = parts.next().map(|part| part.join("\r\n")).unwrap_or_default();
        let on_stdin = parts.next().map(|part| part.join("\n\n# a note\n  ")).unwrap_or_default();
        let (first, second) = (folder.file("first", as_json), folder.file("second", as_text));
        let got = replay_json(&[&first, Path::new("-"), &second], on_stdin.as_bytes());
        assert_eq!(got, expect, "{name}, shuffled by {seed}");
    }
}

#[test]
fn json_is_the_same_text_at_every_run_and_in_every_order() {
    let History { ops, .. } = history_named("random_9001");
    let one = stdout_of(&["replay", "--json", "-"], ops.join("\n").as_bytes());
    let other = stdout_of(&["replay", "--json", "-"], shuffled(&ops, 5).join("\n").as_bytes());
    assert_eq!(one, other);
    assert!(one.ends_with("}\n"));
}

#[test]
fn a_vector_file_may_come_on_stdin() {
    let History { path, expect, .. } = history_named("mutual_removal");
    assert_eq!(replay_json(&[Path::new("-")], &std::fs::read(path).unwrap()), expect);
}

#[test]
fn upper_case_digits_count_as_lower_case_ones() {
    let History { ops, expect, .. } = history_named("mutual_removal");
    assert_eq!(replay_json(&[Path::new("-")], ops.join("\n").to_uppercase().as_bytes()), expect);
}

#[test]
fn input_without_any_op_is_an_empty_report() {
    let empty = serde_json::json!({ "namespaces": {}, "not_admitted": {} });
    assert_eq!(replay_json(&[Path::new("-")], b""), empty);
    assert_eq!(replay_json(&[Path::new("-")], b"# nothing yet\n\n"), empty);
    assert_eq!(replay_json(&[Path::new("-")], b"{\"ops\": []}"), empty);
}

#[test]
fn malformed_and_badly_signed_ops_leave_no_trace_in_json() {
    let History { ops, expect, .. } = history_named("mutual_removal");
    let bad = refused_by_the_wire_vectors();
    assert!(bad.len() > 20);
    let mixed: Vec<&str> = bad.iter().chain(&ops).chain(&bad).map(String::as_str).collect();
    assert_eq!(replay_json(&[Path::new("-")], mixed.join("\n").as_bytes()), expect);
    let as_json = serde_json::json!({ "ops": mixed }).to_string();
    assert_eq!(replay_json(&[Path::new("-")], as_json.as_bytes()), expect);
}

#[test]
fn malformed_and_badly_signed_ops_are_counted_and_named_in_the_account() {
    let History { mut ops, .. } = history_named("mutual_removal");
    let last = ops.last_mut().unwrap();
    let flipped = if last.ends_with('0') { "1" } else { "0" };
    last.replace_range(last.len() - 1.., flipped);
    ops.insert(0, "00ff".into());
    let account = stdout_of(&["replay", "-"], ops.join("\n").as_bytes());
    assert!(account.contains("2 refused, without trace\n"), "{account}");
    assert!(account.contains("  stdin: line 1: malformed: the bytes do not decode as one whole op\n"), "{account}");
    assert!(account.contains(&format!("  stdin: line {}: the signature does not verify\n", ops.len())), "{account}");
}

#[test]
fn a_line_longer_than_any_op_is_refused_like_a_malformed_one() {
    let History { ops, expect, .. } = history_named("mutual_removal");
    let huge = "ab".repeat(4 * MAX_OP_BYTES);
    let with_it = [ops.join("\n"), huge].join("\n");
    assert_eq!(replay_json(&[Path::new("-")], with_it.as_bytes()), expect);
    let account = stdout_of(&["replay", "-"], with_it.as_bytes());
    let refused = format!("line {}: malformed: {} bytes are more than an op may have", ops.len() + 1, 4 * MAX_OP_BYTES);
    assert!(account.contains(&refused), "{account}");
}

#[test]
fn an_op_one_byte_too_long_and_one_of_the_longest_length_are_both_malformed_not_broken() {
    for length in [MAX_OP_BYTES, MAX_OP_BYTES + 1] {
        let account = stdout_of(&["replay", "-"], hex(&vec![1; length]).as_bytes());
        assert!(account.contains("1 refused"), "{account}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_replay_quietly() {
    let History { ops, .. } = history_named("random_9001");
    for args in [["replay", "-"].as_slice(), &["replay", "--json", "-"]] {
        let mut child = command(args).spawn().unwrap();
        drop(child.stdout.take());
        child.stdin.take().unwrap().write_all(ops.join("\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(text(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_exits_with_1() {
    let full = std::fs::File::create("/dev/full").unwrap();
    let History { path, .. } = history_named("mutual_removal");
    let output = command(&["replay", str_of(&path)]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.starts_with("folkmoot: stdout cannot be written: "), "{said}");
    assert_eq!(said.lines().count(), 1);
}

fn refused_by_the_wire_vectors() -> Vec<String> {
    let wire = vector("wire.json");
    let cases = wire["cases"].as_array().unwrap().iter();
    cases.filter(|case| case["verdict"] != "Ok").map(|case| case["bytes"].as_str().unwrap().to_owned()).collect()
}
