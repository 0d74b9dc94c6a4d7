//! `member`: granted and refused.

use crate::common::{Stick, assert_tells, meet, stranger, text};
use serde_json::json;

#[test]
fn members_are_added_named_raised_and_removed() {
    let stick = Stick::new();
    let alice = stick.alices();
    let said = alice.ok(&["member", "add", &stranger(0xab), "--name", "carol"]);
    assert_tells(&said, &["carol is a Member in \"Kitchen\" now\n", "ops "]);
    alice.ok(&["member", "add", &stranger(0xcd), &stranger(0xef), "--role", "read-only"]);
    alice.ok(&["member", "alias", "cdcd", "dave"]);
    assert_eq!(alice.members("Kitchen"), ["alice", "carol", "dave", "-"]);
    alice.ok(&["member", "role", "dave", "admin"]);
    assert_eq!(alice.member("Kitchen", "dave")["role"], "Admin");
    let removed = alice.json(&["member", "remove", "carol", "efef"]);
    assert_eq!(removed["ops"].as_array().unwrap().len(), 2);
    assert_eq!(alice.members("Kitchen"), ["alice", "dave"]);
    assert_tells(&alice.ok(&["member", "list"]), &["\"Kitchen\"\n", "  alice  ", "  dave   cdcdcdcd  Admin"]);
}

#[test]
fn capabilities_are_granted_and_revoked_one_by_one() {
    let stick = Stick::new();
    let alice = stick.alices();
    alice.ok(&["member", "add", &stranger(0xab), "--name", "carol"]);
    alice.ok(&["member", "grant", "carol", "invite-members", "MANAGE_MEMBERS"]);
    let held = json!(["CAN_INVITE_MEMBERS", "CAN_JOIN_OPEN_CONTEXTS", "MANAGE_MEMBERS"]);
    assert_eq!(alice.member("Kitchen", "carol")["capabilities"], held);
    let said = alice.ok(&["member", "revoke", "carol", "manage-members"]);
    assert_tells(&said, &["carol abababab holds in \"Kitchen\": CAN_INVITE_MEMBERS CAN_JOIN_OPEN_CONTEXTS"]);
    assert_eq!(alice.code(5, &["member", "revoke", "carol", "manage-members"]), "nothing_to_do");
    assert_eq!(alice.code(5, &["member", "grant", "carol", "invite-members"]), "nothing_to_do");
    let output = alice.run_with(&["member", "grant", "carol", "fly"], b"");
    assert_eq!(output.status.code(), Some(2), "there is no such capability");
}

#[test]
fn whoever_is_a_member_already_or_not_yet_is_told_of() {
    let stick = Stick::new();
    let alice = stick.alices();
    alice.ok(&["member", "add", &stranger(0xab), "--name", "carol"]);
    assert_tells(&alice.fails(4, &["member", "add", "carol"]), &["AlreadyMember", "folkmoot member role WHO ROLE"]);
    assert_eq!(alice.code(3, &["member", "role", &stranger(9), "admin"]), "no_such_member");
    assert_eq!(alice.code(4, &["member", "remove", &stranger(9)]), "void");
    assert_eq!(alice.code(5, &["member", "role", "carol", "member"]), "nothing_to_do");
    let two = ["member", "add", &stranger(1), &stranger(2), "--name", "one"];
    assert_eq!(alice.code(2, &two), "usage", "one name for two people");
}

#[test]
fn what_is_half_done_is_told_as_such() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("member");
    alice.ok(&["member", "grant", "bob", "manage-members"]);
    meet(&alice, &bob);
    // He may add, and may not name.
    let error = bob.error(4, &["member", "add", &stranger(0xab), "--name", "carol"]);
    assert_eq!((&error["code"], &error["half_done"]), (&"void".into(), &true.into()));
    assert_tells(error["message"].as_str().unwrap(), &["abababab is a Member in \"Kitchen\", but: Unauthorized"]);
    assert_eq!(bob.members("Kitchen"), ["alice", "bob", "-"]);
    let output = bob.run_with(&["member", "add", &stranger(0xcd), "--name", "dave"], b"");
    assert!(!text(&output.stderr).contains("Nothing was changed"));
}

#[test]
fn who_is_meant_is_never_guessed() {
    let stick = Stick::new();
    let alice = stick.alices();
    alice.ok(&["member", "add", &stranger(0xab), "--name", "carol"]);
    alice.ok(&["member", "add", &stranger(0xcd), "--name", "carol"]);
    // A name that is the beginning of another's key.
    alice.ok(&["member", "add", &stranger(0xef), "--name", "abab"]);
    for name in ["carol", "abab"] {
        let error = alice.error(3, &["member", "remove", name]);
        assert_eq!((&error["code"], error["candidates"].as_array().unwrap().len()), (&"ambiguous".into(), 2), "{name}");
    }
    let error = alice.error(3, &["member", "remove", "bob"]);
    assert_eq!((&error["code"], error["candidates"].as_array().unwrap().len()), (&"unknown_name".into(), 4));
    alice.ok(&["member", "remove", "ababa"]);
    assert_eq!(alice.members("Kitchen"), ["alice", "abab", "carol"]);
}

#[test]
fn the_last_admin_stays_and_nobody_removes_a_senior() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("admin");
    assert_tells(&bob.fails(4, &["member", "remove", "alice"]), &["Outranked", "Nothing was changed."]);
    alice.ok(&["member", "remove", "bob"]);
    assert_tells(&alice.fails(4, &["member", "remove", "alice"]), &["LastAdmin", "member role WHO admin"]);
    meet(&alice, &bob);
    assert_eq!(bob.code(4, &["member", "add", &stranger(1)]), "not_participant");
    assert_eq!(bob.members("Kitchen"), ["alice"]);
}

#[test]
fn who_acts_can_be_chosen_where_the_key_is_here() {
    let stick = Stick::new();
    let alice = stick.alices();
    let link = alice.link(&["--role", "member"]);
    let joined = alice.json(&["join", &link, "--new-key", "--me", "bob"]);
    assert_eq!(joined["identity"]["name"], "bob");
    // The new one acts now, and may not do this; alice may.
    assert_eq!(alice.code(4, &["member", "add", &stranger(1)]), "void");
    alice.ok(&["member", "add", &stranger(1), "--name", "carol", "--as", "alice"]);
    assert_tells(&alice.ok(&["whoami"]), &["alice in \"Kitchen\", by --as", "bob in \"Kitchen\"\n"]);
    let said = alice.fails(4, &["member", "alias", "carol", "Caroline", "--as", "carol"]);
    assert_tells(&said, &["the key of carol 01010101 is not in this database", "    alice ", "    bob "]);
}

#[test]
fn names_from_outside_can_neither_steer_the_terminal_nor_forge_a_line() {
    let stick = Stick::new();
    let alice = stick.alices();
    let nasty = "\u{1b}[2J\n  alice\u{202e}";
    alice.ok(&["member", "add", &stranger(0xab), "--name", nasty]);
    alice.ok(&["group", "create", nasty]);
    for args in [&["member", "list"][..], &["group", "list"], &["op", "log"], &["group", "show", "Kitchen"]] {
        let said = alice.ok(args);
        assert!(said.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{said:?}");
    }
    let said = alice.fails(3, &["member", "remove", "nobody", "--group", "Kitchen"]);
    assert!(said.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{said:?}");
}
