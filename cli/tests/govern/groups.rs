//! `group`: a tree of groups, and its settings.

use crate::common::{Stick, assert_tells};

#[test]
fn groups_are_a_tree_and_named_by_alias_or_the_beginning_of_an_id() {
    let stick = Stick::new();
    let alice = stick.alices();
    let cellar = alice.json(&["group", "create", "Cellar"])["created"].as_str().unwrap().to_owned();
    alice.ok(&["group", "create", "Shelf", "--group", &cellar[..10], "--visibility", "restricted"]);
    alice.ok(&["group", "create", "Attic"]);
    let list = alice.ok(&["group", "list"]);
    let names: Vec<&str> = list.lines().map(|line| line.split("  ").find(|part| !part.is_empty()).unwrap()).collect();
    assert_eq!(names, ["\"Kitchen\"", "\"Attic\"", "\"Cellar\"", "\"Shelf\""]);
    assert_tells(&list, &["    \"Shelf\""]);
    let shown = alice.json(&["group", "show", "shelf"]);
    assert_eq!((&shown["visibility"], &shown["parent"]["name"]), (&"Restricted".into(), &"Cellar".into()));
    assert_tells(&alice.ok(&["group", "show", "Cellar"]), &[&cellar, "under             \"Kitchen\"", "0 members"]);
}

#[test]
fn where_there_are_two_groups_one_has_to_be_named() {
    let stick = Stick::new();
    let alice = stick.alices();
    alice.ok(&["group", "create", "Cellar"]);
    for args in [&["member", "remove", "alice"][..], &["group", "show"], &["invite", "create"]] {
        assert_eq!(alice.code(3, args), "group_needed", "{args:?}");
    }
    assert_tells(
        &alice.fails(3, &["group", "show"]),
        &["Cellar  ", "under \"Kitchen\"", "Kitchen  ", "the root group"],
    );
    assert_eq!(alice.code(3, &["group", "show", "Attic"]), "unknown_name");
}

#[test]
fn two_groups_of_one_name_are_told_apart_by_their_ids() {
    let stick = Stick::new();
    let alice = stick.alices();
    let one = alice.json(&["group", "create", "Cellar"])["created"].as_str().unwrap().to_owned();
    alice.ok(&["group", "create", "Cellar"]);
    let error = alice.error(3, &["group", "delete", "Cellar"]);
    assert_eq!((&error["code"], error["candidates"].as_array().unwrap().len()), (&"ambiguous".into(), 2));
    assert_eq!(alice.json(&["group", "delete", &one])["group"]["id"], one);
    alice.ok(&["group", "delete", "Cellar"]);
    assert_eq!(alice.json(&["group", "list"])["groups"].as_array().unwrap().len(), 1);
}

#[test]
fn the_root_is_not_deleted_and_nothing_is_changed() {
    let stick = Stick::new();
    let alice = stick.alices();
    let before = alice.digest();
    assert_tells(&alice.fails(4, &["group", "delete", "Kitchen"]), &["RootGroup", "Nothing was changed."]);
    assert_eq!(alice.digest(), before);
}

#[test]
fn settings_are_changed_together_and_only_where_they_differ() {
    let stick = Stick::new();
    let alice = stick.alices();
    alice.ok(&["group", "create", "Cellar"]);
    let set = ["group", "set", "--group", "Cellar", "--name", "Vault", "--visibility", "restricted"];
    let more = ["--default-capabilities", "invite-members,create-context", "--default-visibility", "restricted"];
    assert_eq!(alice.json(&[&set[..], &more].concat())["ops"].as_array().unwrap().len(), 4);
    let shown = alice.json(&["group", "show", "Vault"]);
    assert_eq!(shown["default_capabilities"], serde_json::json!(["CAN_CREATE_CONTEXT", "CAN_INVITE_MEMBERS"]));
    let again = ["group", "set", "--group", "Vault", "--name", "Vault", "--visibility", "restricted"];
    assert_eq!(alice.code(5, &again), "nothing_to_do");
    alice.ok(&["group", "set", "--group", "Vault", "--default-capabilities", "none"]);
    assert_eq!(alice.json(&["group", "show", "Vault"])["default_capabilities"], serde_json::json!([]));
}

#[test]
fn a_member_without_authority_creates_and_deletes_nothing() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("member");
    alice.ok(&["group", "create", "Cellar"]);
    for machine in [&alice, &bob] {
        machine.ok(&["sync", "moot.ops"]);
    }
    for args in [&["group", "create", "Shelf"][..], &["group", "delete", "Cellar"]] {
        let said = bob.fails(4, args);
        assert_tells(&said, &["Unauthorized: nothing in its own past authorizes it", "folkmoot member grant"]);
    }
    alice.ok(&["member", "grant", "bob", "create-subgroup", "--group", "Kitchen"]);
    for machine in [&alice, &bob] {
        machine.ok(&["sync", "moot.ops"]);
    }
    bob.ok(&["group", "create", "Shelf"]);
}
