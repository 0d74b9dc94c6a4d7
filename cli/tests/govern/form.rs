//! The form of all that is said: JSON that parses, no secrets, pages and completions made from the command itself.

use crate::common::{Machine, Stick, assert_tells, meet, stranger, text};
use folkmoot::store::{Store, StoreOptions};
use serde_json::Value;
use std::collections::BTreeSet;

/// All secrets in a database, in hexadecimal, but those of invitations.
fn secrets(machine: &Machine) -> Vec<String> {
    let store = Store::open(&machine.db, &StoreOptions::default()).unwrap();
    let ring = store.signing_keys().unwrap();
    let identities = store.identities(None).unwrap();
    let key = |(namespace, identity): &(folkmoot::core::NamespaceId, _)| {
        let key = ring.resolve([(*namespace).into()], identity).unwrap();
        key.expose_seed().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    identities.iter().map(key).collect()
}

#[test]
fn every_command_answers_with_json_and_none_tells_a_secret() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("admin");
    let (carol, op) = (stranger(0xab), alice.latest_op());
    for args in [
        &["whoami"][..],
        &["namespace", "list"],
        &["namespace", "create", "Garden"],
        &["group", "create", "Cellar", "--namespace", "Kitchen"],
        &["group", "list"],
        &["group", "show", "Cellar"],
        &["group", "set", "--group", "Cellar", "--name", "Vault"],
        &["member", "add", &carol, "--name", "carol", "--group", "Kitchen"],
        &["member", "list"],
        &["member", "role", "carol", "admin", "--group", "Kitchen"],
        &["member", "grant", "carol", "manage-members", "--group", "Kitchen"],
        &["member", "revoke", "carol", "manage-members", "--group", "Kitchen"],
        &["member", "alias", "carol", "Caroline", "--group", "Kitchen"],
        &["member", "remove", "Caroline", "--group", "Kitchen"],
        &["context", "register", "recipes", "--group", "Kitchen"],
        &["context", "list"],
        &["context", "detach", "recipes", "--namespace", "Kitchen"],
        &["invite", "show"],
        &["upgrade", "start", "--application", &carol, "--group", "Kitchen"],
        &["upgrade", "status", "--group", "Kitchen"],
        &["op", "log"],
        &["op", "show", &op],
        &["op", "export", "all.ops"],
        &["op", "import", "all.ops"],
        &["sync", "moot.ops"],
        &["why", &op],
        &["doctor"],
        &["verify"],
        &["group", "delete", "Vault"],
        &["bench", "--ops", "100"],
        &["man", "pages"],
    ] {
        assert!(alice.json(args).is_object(), "{args:?}");
    }
    meet(&alice, &bob);
    let said = [alice.all_said(), bob.all_said(), std::fs::read_to_string(stick.path("all.ops")).unwrap()].concat();
    let secrets = [secrets(&alice), secrets(&bob)].concat();
    assert_eq!(secrets.len(), 3, "alice has one in each namespace");
    for secret in secrets {
        assert!(!said.contains(&secret[..32]) && !said.contains(&secret[32..]), "a secret is told");
    }
}

/// The row of docs/cli.md that has the shape of a command's JSON.
fn documented(command: &str) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md")).unwrap();
    let shapes = page.split("## JSON").nth(1).unwrap();
    let row = shapes.lines().find(|line| {
        let first = line.trim_start_matches("| ").split(" |").next().unwrap();
        first.contains(&format!("`{command}`"))
    });
    row.unwrap_or_else(|| panic!("docs/cli.md has no shape of {command}")).to_owned()
}

/// All keys in a value, at whatever depth, but those that are names or ids.
fn keys(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                into.insert(key.clone());
                if !["people", "payload", "capabilities", "upgrade_policy", "policy"].contains(&key.as_str()) {
                    keys(value, into);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, into)),
        _ => {}
    }
}

#[test]
fn the_shapes_of_json_are_documented_key_by_key() {
    let stick = Stick::new();
    let (alice, _bob) = stick.alices_and_bobs("admin");
    alice.ok(&["context", "register", "recipes"]);
    let op = alice.latest_op();
    let target = stranger(0x22);
    for (command, args) in [
        ("whoami", &["whoami"][..]),
        ("namespace list", &["namespace", "list"]),
        ("group list", &["group", "list"]),
        ("group show", &["group", "show"]),
        ("member list", &["member", "list"]),
        ("context list", &["context", "list"]),
        ("invite create", &["invite", "create"]),
        ("invite show", &["invite", "show"]),
        ("upgrade start", &["upgrade", "start", "--application", &target]),
        ("op log", &["op", "log"]),
        ("op show", &["op", "show", &op]),
        ("op export", &["op", "export"]),
        ("op import", &["op", "import", "moot.ops"]),
        ("sync", &["sync", "bob.folkmoot"]),
        ("why", &["why", &op]),
        ("doctor", &["doctor"]),
        ("verify", &["verify"]),
        ("bench", &["bench", "--ops", "100"]),
        ("man FOLDER", &["man", "pages"]),
    ] {
        let (row, mut found) = (documented(command), BTreeSet::new());
        keys(&alice.json(args), &mut found);
        for key in found {
            // What is named has an id and a name.
            let told = row.contains(&format!("\"{key}\"")) || key == "id" || key == "name";
            assert!(told || row.contains(&format!("{{{key}")), "{key:?} of {command} is not in {row}");
        }
    }
}

#[test]
fn every_changing_command_answers_in_one_shape() {
    let stick = Stick::new();
    let alice = stick.alices();
    let changed = alice.json(&["member", "add", &stranger(1), "--name", "bob"]);
    let keys: Vec<&str> = changed.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["created", "done", "group", "namespace", "ops"]);
    assert!(changed["created"].is_null());
    assert_eq!(changed["group"]["name"], "Kitchen");
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let stick = Stick::new();
    let alice = stick.alices();
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = alice.command(&["member", "list"]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        text(&output.stdout).contains('\u{1b}')
    };
    assert!(!coloured(&[]), "no terminal");
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("NO_COLOR", "1")]));
}

#[test]
fn help_has_the_exit_codes_and_where_the_database_is() {
    let stick = Stick::new();
    let help = stick.machine("nobody").ok(&["--help"]);
    assert_tells(&help, &["Exit codes:", "  5  nothing would change", "FOLKMOOT_DB", "moot.folkmoot"]);
}

#[test]
fn the_documented_exit_codes_are_those_of_help() {
    let stick = Stick::new();
    let help = stick.machine("nobody").ok(&["--help"]);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md")).unwrap();
    for line in help.lines().filter(|line| line.starts_with("  ") && line.as_bytes()[2].is_ascii_digit()) {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        assert_tells(&page, &[&format!("| {code} | {meaning} |")]);
    }
}

#[test]
fn completions_and_manual_pages_are_made_from_the_command() {
    let stick = Stick::new();
    let nobody = stick.machine("nobody");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert_tells(&nobody.ok(&["completions", shell]), &["passphrase-file", "namespace"]);
    }
    assert_tells(&nobody.ok(&["man"]), &[".TH folkmoot 1", "SUBCOMMANDS"]);
    assert_tells(&nobody.ok(&["man", "pages"]), &[" manual pages are in pages"]);
    for page in ["folkmoot.1", "folkmoot-member-add.1", "folkmoot-why.1"] {
        assert!(stick.path("pages").join(page).exists(), "{page}");
    }
    assert!(!nobody.db.exists());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let stick = Stick::new();
    let alice = stick.alices();
    let mut child = alice.command(&["op", "log", "--json"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}
