//! `init`, `namespace`, `whoami`: where the database is, and who is in it.

use crate::common::{Stick, assert_tells, str_of, text};
use std::path::Path;

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
#[cfg(unix)]
fn init_makes_a_database_that_only_its_owner_may_read() {
    let stick = Stick::new();
    let alice = stick.machine("alice");
    assert_tells(&alice.ok(&["init"]), &["An empty database is at ", "folkmoot namespace create"]);
    assert_eq!(mode(&alice.db), 0o600);
}

#[test]
#[cfg(unix)]
fn without_db_the_database_is_in_the_folder_of_the_users_data() {
    let stick = Stick::new();
    let alice = stick.machine("alice");
    for (variable, value, expected) in [
        ("HOME", stick.path("home"), stick.path("home/.local/share/folkmoot/moot.folkmoot")),
        ("XDG_DATA_HOME", stick.path("data"), stick.path("data/folkmoot/moot.folkmoot")),
    ] {
        let output = alice.command(&["init"]).env_remove("FOLKMOOT_DB").env(variable, value).output().unwrap();
        assert_eq!(text(&output.stderr), "");
        assert_eq!(mode(&expected), 0o600);
        assert_eq!(mode(expected.parent().unwrap()), 0o700, "a folder that had to be made");
    }
}

#[test]
fn db_goes_before_the_environment() {
    let stick = Stick::new();
    let alice = stick.machine("alice");
    let other = stick.path("other.folkmoot");
    let made = alice.json(&["init", "--db", str_of(&other)]);
    assert_eq!(made["database"], str_of(&other));
    assert!(other.exists() && !alice.db.exists());
}

#[test]
fn init_leaves_a_database_that_is_there_alone() {
    let stick = Stick::new();
    let alice = stick.alices();
    assert_eq!(alice.code(5, &["init"]), "exists");
    assert_tells(&alice.fails(5, &["init"]), &["there is a database at "]);
    assert_eq!(alice.json(&["namespace", "list"])["namespaces"].as_array().unwrap().len(), 1);
}

#[test]
fn no_command_but_init_makes_a_database() {
    let stick = Stick::new();
    let nobody = stick.machine("nobody");
    let whole = "ab".repeat(32);
    for args in [
        &["whoami"][..],
        &["namespace", "create", "Kitchen"],
        &["namespace", "list"],
        &["member", "list"],
        &["op", "log"],
        &["sync", "moot.ops"],
        &["doctor"],
        &["verify"],
        &["why", &whole],
        &["upgrade", "status"],
    ] {
        assert_eq!(nobody.code(2, args), "no_database", "{args:?}");
        assert_tells(&nobody.fails(2, args), &["next: make one:  folkmoot init"]);
        assert!(!nobody.db.exists(), "{args:?}");
    }
}

#[test]
fn a_founder_is_the_admin_of_the_root() {
    let stick = Stick::new();
    let alice = stick.ready("alice");
    let founded = alice.json(&["namespace", "create", "Kitchen", "--me", "alice"]);
    assert_eq!(founded["done"], "namespace create");
    assert_eq!(founded["created"], founded["namespace"]["id"]);
    assert_eq!(founded["ops"].as_array().unwrap().len(), 2, "the founding, and her name");
    let me = alice.json(&["whoami"]);
    assert_eq!(me["identities"][0]["name"], "alice");
    assert_eq!(me["identities"][0]["roles"][0]["role"], "Admin");
    assert_eq!(me["identities"][0]["acts"], true);
    assert_tells(&alice.ok(&["namespace", "list"]), &["\"Kitchen\"  ", "as alice", "1 group", "2 ops", "digest "]);
}

#[test]
fn names_that_no_op_takes_are_refused_before_anything_is_done() {
    let stick = Stick::new();
    let alice = stick.ready("alice");
    let long = "x".repeat(129);
    for args in [&["namespace", "create", &long][..], &["namespace", "create", "Kitchen", "--me", &long]] {
        let output = alice.run_with(args, b"");
        assert_eq!(output.status.code(), Some(2));
        assert_tells(&text(&output.stderr), &["129 bytes are more than 128"]);
    }
    assert_eq!(alice.json(&["namespace", "list"])["namespaces"].as_array().unwrap().len(), 0);
}

#[test]
fn where_there_are_two_namespaces_one_has_to_be_named() {
    let stick = Stick::new();
    let alice = stick.alices();
    alice.ok(&["namespace", "create", "Garden", "--me", "ally"]);
    let error = alice.error(3, &["member", "add", &"ab".repeat(32)]);
    assert_eq!(error["code"], "namespace_needed");
    assert_eq!(error["candidates"].as_array().unwrap().len(), 2);
    alice.ok(&["member", "add", &"ab".repeat(32), "--name", "carol", "--namespace", "Garden"]);
    // A group's name says which namespace is meant.
    alice.ok(&["member", "add", &"cd".repeat(32), "--name", "dave", "--group", "kitchen"]);
    assert_eq!(alice.members("Garden"), ["ally", "carol"]);
    assert_eq!(alice.members("Kitchen"), ["alice", "dave"]);
}

#[test]
fn an_identity_is_made_for_a_namespace_of_which_nothing_is_here() {
    let stick = Stick::new();
    let (alice, bob) = (stick.alices(), stick.ready("bob"));
    let namespace = alice.json(&["namespace", "list"])["namespaces"][0]["id"].as_str().unwrap().to_owned();
    let me = bob.json(&["whoami", "--create", "--namespace", &namespace]);
    let key = me["identities"][0]["key"].as_str().unwrap();
    assert_eq!(bob.code(5, &["whoami", "--create", "--namespace", &namespace]), "nothing_to_do");
    assert_eq!(bob.code(3, &["member", "list", "--group", "Kitchen"]), "unknown_name");
    alice.ok(&["member", "add", key, "--name", "bob", "--role", "admin"]);
    alice.ok(&["sync", "moot.ops"]);
    bob.ok(&["sync", "moot.ops"]);
    assert_tells(&bob.ok(&["whoami"]), &["bob in \"Kitchen\"", "Admin in \"Kitchen\"", key]);
    bob.ok(&["member", "alias", "bob", "Bobby"]);
}

#[test]
fn a_database_with_encrypted_keys_is_opened_with_its_passphrase_and_no_other() {
    let stick = Stick::new();
    let alice = stick.machine("alice");
    std::fs::write(stick.path("pass"), "correct horse\nbattery\n").unwrap();
    std::fs::write(stick.path("wrong"), "incorrect\n").unwrap();
    std::fs::write(stick.path("empty"), "\n").unwrap();
    assert_eq!(alice.json(&["init", "--passphrase-file", "pass"])["encrypted"], true);
    alice.ok(&["namespace", "create", "Kitchen", "--passphrase-file", "pass"]);
    assert_eq!(alice.code(2, &["whoami"]), "passphrase");
    for file in ["wrong", "empty", "missing"] {
        assert_eq!(alice.code(2, &["whoami", "--passphrase-file", file]), "passphrase", "{file}");
    }
    assert_tells(&alice.ok(&["doctor", "--passphrase-file", "pass"]), &["keys encrypted", "All is well."]);
}

#[test]
#[cfg(unix)]
fn a_database_that_others_may_read_is_not_opened() {
    use std::os::unix::fs::PermissionsExt;
    let stick = Stick::new();
    let alice = stick.alices();
    std::fs::set_permissions(&alice.db, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_tells(&alice.fails(2, &["whoami"]), &["others may read the secret keys in it (mode 644)", "chmod 600"]);
    let said = alice.run_with(&["doctor"], b"");
    assert_eq!(said.status.code(), Some(6));
    assert_tells(&text(&said.stdout), &["BAD   permissions  mode 644", "chmod 600", "Something is wrong."]);
}
