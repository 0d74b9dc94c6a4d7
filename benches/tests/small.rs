//! Every scenario does what it says, on a small scale: each checks at its end how many ops were admitted, which heads
//! there are and what the verdicts came to.

use std::process::Command;

/// Runs the binary, and gives what it printed.
fn run(arguments: &[&str]) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_folkmoot-bench")).args(arguments).arg("--json").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_scenario_does_what_it_says() {
    let scenarios: [&[&str]; 23] = [
        &["linear"],
        &["toggle"],
        &["late"],
        &["late-commuting"],
        &["late-removed"],
        &["branches"],
        &["branches", "--branches", "8"],
        &["branches-batches", "--branches", "8"],
        &["branches-same"],
        &["lag"],
        &["lag", "--signers", "10", "--rounds", "2"],
        &["forks"],
        &["wide"],
        &["wide", "--signers", "1"],
        &["forge"],
        &["backwards"],
        &["hash"],
        &["memory"],
        &["verify"],
        &["ingest", "--signers", "3"],
        &["sync", "--signers", "3"],
        &["commit"],
        &["restart"],
    ];
    for scenario in scenarios {
        let account = run(&[scenario, &["--ops", "200", "--runs", "1"]].concat());
        assert_eq!(account["scenario"], scenario[0]);
        assert!(account["cpu_ns_per_op"].as_f64().is_some_and(|ns| ns > 0.0), "{account}");
        assert!(account["peak_rss_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{account}");
    }
}

#[test]
fn the_table_holds_what_is_measured_against_the_bars() {
    let table = run(&["all", "--ops", "300", "--only", "toggle", "--only", "branches"]);
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row["met"].is_string() && row["measured"].is_number()), "{table}");
}

#[test]
fn the_table_holds_what_is_durable_against_the_bars_too() {
    let table = run(&["all", "--ops", "100", "--only", "ingest", "--only", "sync", "--only", "restart"]);
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 7);
    assert!(rows.iter().all(|row| row["measured"].as_f64().is_some_and(|measured| measured > 0.0)), "{table}");
}

#[test]
fn a_run_that_takes_too_long_is_a_row_that_misses_its_bar() {
    let table = run(&["all", "--ops", "1000000", "--only", "linear", "--limit", "0"]);
    assert!(table["rows"].as_array().unwrap().iter().all(|row| row["met"] == "MISSED"), "{table}");
}
