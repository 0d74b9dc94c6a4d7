//! The reference against the conformance vectors.

use folkmoot_core::{SignedGroupOp, VerifiedOp};
use folkmoot_proptests::reference::Reference;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

struct Vector {
    name: String,
    ops: Vec<VerifiedOp>,
    expect: Value,
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()).expect("hex")).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Every file of the vectors that holds a history. Bytes that do not decode or verify leave no trace (SPEC §2.1).
fn histories() -> Vec<Vector> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../core/tests/vectors");
    let mut files: Vec<_> = fs::read_dir(&folder).expect("vectors").map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    let mut histories = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ext| ext == "json")) {
        let text = fs::read_to_string(file).expect("file");
        let json: Value = serde_json::from_str(&text).expect("json");
        if json.get("expect").is_none() {
            continue;
        }
        let encoded = json["ops"].as_array().expect("ops").iter().map(|op| bytes(op.as_str().expect("op")));
        let ops = encoded.filter_map(|bytes| SignedGroupOp::decode(&bytes).ok()?.verify().ok()).collect();
        let name = file.file_stem().expect("stem").to_string_lossy().into_owned();
        histories.push(Vector { name, ops, expect: json["expect"].clone() });
    }
    assert!(histories.len() > 100, "only {} histories found in {}", histories.len(), folder.display());
    histories
}

/// Where two values differ, for reading.
fn differences(path: &str, got: &Value, expect: &Value, out: &mut Vec<String>) {
    match (got, expect) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let short = &key[..key.len().min(8)];
                let null = Value::Null;
                differences(&format!("{path}/{short}"), a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null), out);
            }
        }
        _ if got != expect => out.push(format!("{path}: {got} instead of {expect}")),
        _ => {}
    }
}

fn check(name: &str, order: &str, ops: Vec<VerifiedOp>, expect: &Value, failures: &mut Vec<String>) {
    let mut found = Vec::new();
    differences("", &Reference::judge(ops).to_json(), expect, &mut found);
    if !found.is_empty() {
        found.truncate(12);
        failures.push(format!("{name} ({order}):\n  {}", found.join("\n  ")));
    }
}

#[test]
fn every_history_of_the_vectors_comes_to_what_they_expect() {
    let mut failures = Vec::new();
    for Vector { name, ops, expect } in histories() {
        check(&name, "as given", ops.clone(), &expect, &mut failures);
        check(&name, "reversed", ops.into_iter().rev().collect(), &expect, &mut failures);
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn ops_added_one_by_one_come_to_what_the_set_comes_to() {
    for Vector { name, ops, expect } in histories() {
        let mut reference = Reference::default();
        for op in ops {
            reference.add(op);
        }
        assert_eq!(reference.judgement().to_json(), expect, "{name}");
    }
}
