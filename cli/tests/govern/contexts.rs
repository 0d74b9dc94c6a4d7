//! `context`: registered, listed, detached.

use crate::common::{Stick, assert_tells, stranger};

#[test]
fn a_context_is_registered_listed_and_detached_by_name() {
    let stick = Stick::new();
    let alice = stick.alices();
    assert_tells(&alice.ok(&["context", "list"]), &["No context yet."]);
    let register = ["context", "register", "recipes", "--source", "https://example.org/recipes", "--visibility"];
    let made = alice.json(&[&register[..], &["restricted", "--application", &stranger(0x22)]].concat());
    assert_eq!(made["ops"].as_array().unwrap().len(), 2, "the context, and its name");
    let list = alice.json(&["context", "list"]);
    let context = &list["contexts"][0];
    assert_eq!((&context["id"], &context["alias"]), (&made["created"], &"recipes".into()));
    assert_eq!((&context["visibility"], &context["application_id"]), (&"Restricted".into(), &stranger(0x22).into()));
    assert_tells(&alice.ok(&["context", "list"]), &["\"recipes\"  ", "in \"Kitchen\"  Restricted", "by alice "]);
    assert_tells(&alice.ok(&["group", "show"]), &["1 context\n  \"recipes\"", "https://example.org/recipes"]);
    alice.ok(&["context", "detach", "recipes"]);
    assert_eq!(alice.code(3, &["context", "detach", "recipes"]), "unknown_name");
}

#[test]
fn a_member_who_may_not_registers_and_detaches_nothing() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("member");
    alice.ok(&["context", "register", "recipes"]);
    alice.ok(&["sync", "moot.ops"]);
    bob.ok(&["sync", "moot.ops"]);
    assert_tells(&bob.fails(4, &["context", "register", "mine"]), &["Unauthorized"]);
    assert_tells(&bob.fails(4, &["context", "detach", "recipes"]), &["Unauthorized"]);
    let output = alice.run_with(&["context", "register", "x", "--application", "22"], b"");
    assert_eq!(output.status.code(), Some(2), "no 64 digits");
}
