//! `upgrade`: a group's application, and this machine's contexts on their way to it.

use crate::common::{Machine, Stick, assert_tells, stranger, text};

fn with_context(stick: &Stick) -> Machine {
    let alice = stick.alices();
    alice.ok(&["context", "register", "recipes", "--application", &stranger(0x11)]);
    alice
}

fn start<'a>(application: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["upgrade", "start", "--application", application], more].concat()
}

#[test]
fn an_automatic_upgrade_moves_contexts_at_once() {
    let stick = Stick::new();
    let alice = with_context(&stick);
    let target = stranger(0x22);
    let started = alice.json(&start(&target, &["--policy", "automatic", "--migration", "v2"]));
    assert_eq!((&started["contexts"][0]["state"], &started["migration"]), (&"moved".into(), &"v2".into()));
    assert_eq!(started["ops"].as_array().unwrap().len(), 2, "the policy and the target");
    assert_eq!(alice.code(5, &start(&target, &["--migration", "v2"])), "nothing_to_do");
    assert_tells(&alice.ok(&["upgrade", "status"]), &["\"Kitchen\" runs application 22222222, upgrades Automatic"]);
    assert_eq!(alice.code(5, &["upgrade", "retry"]), "nothing_to_do");
}

#[test]
fn a_lazy_upgrade_waits_until_it_is_said_to_move() {
    let stick = Stick::new();
    let alice = with_context(&stick);
    let target = stranger(0x22);
    let said = alice.ok(&start(&target, &["--policy", "lazy"]));
    assert_tells(&said, &["\"recipes\"", "waits", "folkmoot upgrade retry"]);
    // Nothing else moves it in passing.
    alice.ok(&["context", "list"]);
    assert_eq!(alice.json(&["upgrade", "status"])["contexts"][0]["state"], "waiting");
    let moved = alice.json(&["upgrade", "retry", "--run", "echo $FOLKMOOT_FROM $FOLKMOOT_TO > moved"]);
    assert_eq!(moved["contexts"][0]["state"], "moved");
    let ran = std::fs::read_to_string(stick.path("moved")).unwrap();
    assert_eq!(ran, format!("{} {target}\n", stranger(0x11)));
}

#[test]
fn a_mover_that_fails_is_told_and_tried_again_when_that_is_said() {
    let stick = Stick::new();
    let alice = with_context(&stick);
    let target = stranger(0x22);
    let args = start(&target, &["--policy", "automatic", "--run", "echo no room >&2; exit 1"]);
    let output = alice.run_with(&args, b"");
    assert_eq!(output.status.code(), Some(6));
    assert_tells(&text(&output.stdout), &["given up", "no room", "folkmoot upgrade retry"]);
    alice.ok(&["upgrade", "retry", "--run", "true"]);
    assert_eq!(alice.json(&["upgrade", "status"])["contexts"][0]["state"], "moved");
}

#[test]
fn without_an_upgrade_or_the_authority_there_is_nothing_to_see_or_start() {
    let stick = Stick::new();
    let (_alice, bob) = stick.alices_and_bobs("member");
    assert_eq!(bob.code(5, &["upgrade", "status"]), "no_upgrade");
    assert_eq!(bob.code(5, &["upgrade", "retry"]), "no_upgrade");
    assert_eq!(bob.code(4, &start(&stranger(0x22), &[])), "void");
    let output = bob.run_with(&start("22", &[]), b"");
    assert_eq!(output.status.code(), Some(2));
}
