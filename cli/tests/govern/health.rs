//! `doctor`, `verify`, `bench`.

use crate::common::{Stick, assert_tells, meet, stranger, text};
use serde_json::Value;

fn checks(value: &Value) -> Vec<(&str, &str)> {
    let list = value["checks"].as_array().unwrap();
    list.iter().map(|check| (check["check"].as_str().unwrap(), check["state"].as_str().unwrap())).collect()
}

#[test]
fn doctor_and_verify_find_a_sound_database_sound() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("admin");
    for machine in [&alice, &bob] {
        for command in ["doctor", "verify"] {
            let found = machine.json(&[command]);
            assert_eq!(found["sound"], true);
            assert!(checks(&found).iter().all(|(_, state)| *state == "good"), "{found}");
            assert_tells(&machine.ok(&[command]), &["All is well."]);
        }
    }
    let looked_at = alice.json(&["verify"]);
    let names: Vec<&str> = checks(&looked_at).into_iter().map(|(check, _)| check).collect();
    assert_eq!(names, ["pages", "log", "signatures", "replay", "backwards", "snapshot", "aside", "keys"]);
}

#[test]
fn doctor_notes_a_database_with_nothing_in_it() {
    let stick = Stick::new();
    let alice = stick.ready("alice");
    assert_tells(&alice.ok(&["doctor"]), &["note  namespaces", "none yet", "All is well."]);
    alice.ok(&["verify"]);
}

#[test]
fn a_fork_is_noted_with_the_pair_of_ops() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("admin");
    // A copied database: alice signs on two machines.
    std::fs::copy(&alice.db, stick.path("copy.folkmoot")).unwrap();
    let copy = stick.machine("copy");
    alice.ok(&["member", "add", &stranger(0xab)]);
    copy.ok(&["member", "add", &stranger(0xcd)]);
    meet(&alice, &copy);
    meet(&alice, &bob);
    let found = bob.json(&["doctor"]);
    assert!(checks(&found).contains(&("fork", "note")), "{found}");
    assert_eq!(found["sound"], true, "evidence is no damage");
    assert_tells(&bob.ok(&["doctor"]), &[" signed ", " side by side", "a copied key, two devices, or a liar"]);
}

#[test]
fn damage_is_found_wherever_it_is() {
    let stick = Stick::new();
    let alice = stick.alices();
    let whole = std::fs::read(&alice.db).unwrap();
    let found: Vec<usize> = whole.windows(7).enumerate().filter(|(_, at)| at == b"Kitchen").map(|(at, _)| at).collect();
    assert!(!found.is_empty(), "the name is in the file");
    let mut noticed = 0;
    for at in found {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&alice.db, &damaged).unwrap();
        for command in ["doctor", "verify"] {
            let output = alice.run_with(&[command], b"");
            // A page that is not in use any more may be damaged without harm.
            let code = output.status.code().unwrap();
            noticed += code;
            let said = text(&output.stdout);
            assert!(code == 6 && said.contains("BAD") || code == 0 && said.contains("All is well."), "{code} {said}");
        }
    }
    assert!(noticed > 0, "the name is in a page that is in use");
    std::fs::write(&alice.db, &whole[..whole.len() / 2]).unwrap();
    let output = alice.run_with(&["verify"], b"");
    assert!(matches!(output.status.code(), Some(2 | 6)), "{}", text(&output.stderr));
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let stick = Stick::new();
    let alice = stick.machine("alice");
    std::fs::write(&alice.db, "Dear Alice").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&alice.db, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    for args in [&["whoami"][..], &["verify"], &["op", "log"]] {
        assert_eq!(alice.code(2, args), "not_a_database");
    }
    assert_eq!(std::fs::read_to_string(&alice.db).unwrap(), "Dear Alice");
}

#[test]
fn bench_measures_and_leaves_nothing_behind() {
    let stick = Stick::new();
    let nobody = stick.machine("nobody");
    let bench = nobody.json(&["bench", "--ops", "100"]);
    let results = bench["results"].as_array().unwrap();
    assert!(results.len() >= 7);
    assert!(results.iter().all(|result| result["per_second"].as_f64().unwrap() > 0.0));
    assert_tells(&nobody.ok(&["bench", "--ops", "100"]), &["100 ops", "commit, op by op", " a second"]);
    assert_eq!(std::fs::read_dir(stick.path("")).unwrap().count(), 0);
}
