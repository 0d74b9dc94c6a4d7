//! Every example runs, says what it claims, and exits with 0.

use folkmoot_examples::claim;
use std::process::Command;

/// Runs an example, and returns what it says on stdout.
fn told(binary: &str) -> String {
    let ran = Command::new(binary).output().unwrap();
    let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    assert!(ran.status.success(), "{binary}: {}\n{out}\n{err}", ran.status);
    assert!(err.is_empty(), "{binary} says on stderr: {err}");
    out
}

/// What a story claims, line by line, without what differs from run to run.
fn claims(told: &str) -> Vec<&str> {
    told.lines().filter_map(|line| line.trim().strip_prefix("so it is: ")).collect()
}

#[test]
fn two_replicas_come_to_the_same_in_another_order() {
    let told = told(env!("CARGO_BIN_EXE_two_replicas"));
    assert!(told.contains("here: \"Kitchen & garden\", 3 members\n"), "{told}");
    assert!(told.contains("there: \"Kitchen & garden\", 3 members\n"), "{told}");
    assert!(claims(&told).contains(&"both have the same digest again"), "{told}");
}

#[test]
fn the_senior_wins_the_duel_and_the_junior_is_told_why() {
    let told = told(env!("CARGO_BIN_EXE_duel"));
    assert!(told.contains("bob would remove alice: it would be void: "), "{told}");
    assert!(told.contains("carol removes dave: Effective\n"), "{told}");
    assert!(told.contains("dave removes carol: AuthorityLost\n      rests on Admin, given by "), "{told}");
}

#[test]
fn a_node_that_is_killed_has_what_it_acknowledged() {
    let told = told(env!("CARGO_BIN_EXE_crash_and_restart"));
    assert!(claims(&told).contains(&"every op that was acknowledged is on disk"), "{told}");
    assert!(claims(&told).contains(&"nobody has forked"), "{told}");
}

#[test]
fn two_nodes_catch_up_over_a_wire_of_ones_own() {
    let told = told(env!("CARGO_BIN_EXE_custom_publisher"));
    assert!(claims(&told).contains(&"he has the digest that alice has"), "{told}");
    assert!(claims(&told).contains(&"alice sees frank"), "{told}");
}

#[test]
fn a_light_client_believes_what_is_proved_and_nothing_else() {
    let told = told(env!("CARGO_BIN_EXE_light_client"));
    assert!(claims(&told).contains(&"the client learns that bob is a Member"), "{told}");
    assert!(claims(&told).contains(&"no bit of it can be flipped"), "{told}");
}

#[test]
fn a_claim_that_is_not_so_is_an_error_and_an_error_ends_an_example_with_1() {
    assert!(claim("it rains upwards", false).is_err());
    assert!(claim("it rains downwards", true).is_ok());
    // The victim of a crash whose file cannot be made.
    let nowhere = tempfile::tempdir().unwrap().path().join("gone/moot.folkmoot");
    let ran = Command::new(env!("CARGO_BIN_EXE_crash_and_restart")).arg(nowhere).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
}
