//! `op log`, `op show`, `why`.

use crate::common::{Machine, Stick, assert_tells, meet, stranger};
use serde_json::Value;
use std::collections::BTreeMap;

/// alice removes bob while bob, who has not heard, lets mallory in; then they meet.
fn betrayed(stick: &Stick) -> (Machine, Machine, String, String) {
    let (alice, bob) = stick.alices_and_bobs("admin");
    alice.ok(&["member", "remove", "bob"]);
    let removal = alice.latest_op();
    let added = bob.json(&["member", "add", &stranger(0xcd), "--role", "admin"]);
    let addition = added["ops"][0].as_str().unwrap().to_owned();
    meet(&alice, &bob);
    (alice, bob, removal, addition)
}

#[test]
fn the_log_tells_each_op_with_names_and_verdicts() {
    let stick = Stick::new();
    let (alice, _, removal, addition) = betrayed(&stick);
    let log = alice.ok(&["op", "log"]);
    let line = |id: &str| log.lines().find(|line| line.contains(&id[..8])).unwrap();
    assert_tells(line(&removal), &["alice ", "MemberRemoved bob ", "Effective"]);
    // bob is gone, and was called so in his time.
    assert_tells(line(&addition), &["bob ", "MemberAdded cdcdcdcd as Admin", "AuthorityLost"]);
    let void = alice.json(&["op", "log", "--void"]);
    assert_eq!((&void["total"], &void["ops"][0]["id"]), (&1.into(), &addition.as_str().into()));
    assert_eq!((&void["ops"][0]["by"], &void["ops"][0]["signer"]["name"]), (&removal.as_str().into(), &"bob".into()));
    assert_eq!(alice.json(&["op", "log", "--by", "alice"])["total"], 4);
    let some = alice.ok(&["op", "log", "--limit", "2"]);
    assert_tells(&some, &["the latest 2 of "]);
    assert_eq!(some.lines().count(), 3);
    alice.ok(&["group", "create", "Cellar"]);
    alice.ok(&["context", "register", "wine", "--group", "Cellar"]);
    assert_eq!(alice.json(&["op", "log", "--group", "Cellar"])["total"], 2);
}

#[test]
fn an_op_is_shown_whole() {
    let stick = Stick::new();
    let (alice, bob, removal, _) = betrayed(&stick);
    let shown = alice.json(&["op", "show", &removal[..8]]);
    assert_eq!(shown["id"], removal);
    assert_eq!(shown["signature"].as_str().unwrap().len(), 128);
    assert_tells(&alice.ok(&["op", "show", &removal]), &[&removal, "MemberRemoved bob", "parent", "bytes"]);
    // Its bytes are the op: another machine takes them.
    let carol = stick.ready("carol");
    let imported = carol.ok_with(&["op", "import", "-"], shown["bytes"].as_str().unwrap().as_bytes());
    assert_tells(&imported, &["1 op read: 0 new, 0 here already, 1 waiting"]);
    assert_eq!(bob.code(3, &["op", "show", "ffff0000"]), "unknown_name");
    let all: Vec<String> = alice.json(&["op", "log"])["ops"].as_array().unwrap().iter().map(id).collect();
    assert!(all.len() < 16, "an op for each first digit would do");
    assert_eq!(alice.code(3, &["op", "show", "f"]), "unknown_name", "one digit is no beginning");
}

fn id(op: &Value) -> String {
    op["id"].as_str().unwrap().to_owned()
}

/// The payload of each op of a vector, by the op's name.
fn payloads(stick: &Stick, vector: &str) -> BTreeMap<String, Value> {
    let machine = stick.ready(vector);
    let path = format!("{}/../core/tests/vectors/{vector}.json", env!("CARGO_MANIFEST_DIR"));
    machine.ok(&["op", "import", &path]);
    let log = machine.json(&["op", "log", "--limit", "0"]);
    let ops = log["ops"].as_array().unwrap().iter();
    ops.map(|op| {
        let shown = machine.json(&["op", "show", op["id"].as_str().unwrap()]);
        (op["kind"].as_str().unwrap().to_owned(), shown["payload"].clone())
    })
    .collect()
}

#[test]
fn an_op_is_told_field_by_field_as_the_protocol_names_them() {
    let stick = Stick::new();
    let contexts = payloads(&stick, "context_capabilities");
    let fields = |payloads: &BTreeMap<String, Value>, kind: &str| {
        let fields: Vec<String> = payloads[kind].as_object().unwrap().keys().cloned().collect();
        fields.join(" ")
    };
    assert_eq!(fields(&contexts, "NamespaceCreated"), "alias app_key application_id salt");
    assert_eq!(fields(&contexts, "ContextCapabilityGranted"), "capabilities context_id member");
    assert_eq!(fields(&contexts, "ContextRegistered"), "application_id blob_id service_name source visibility");
    let invitations = payloads(&stick, "invitations_revoked_expired_forged_and_barred");
    assert_eq!(
        fields(&invitations, "JoinWithInvitationClaim"),
        "bearer_signature claimed_at invitation inviter_signature"
    );
    assert_eq!(
        invitations["JoinWithInvitationClaim"]["invitation"]["max_uses"].as_u64().map(|uses| uses > 0),
        Some(true)
    );
    assert_eq!(fields(&invitations, "InvitationRevoked"), "invitation_id");
}

#[test]
fn why_tells_what_struck_an_op_what_it_rested_on_and_since_when() {
    let stick = Stick::new();
    let (alice, bob, removal, addition) = betrayed(&stick);
    let said = bob.ok(&["why", &addition[..8]]);
    assert_tells(
        &said,
        &[
            "by bob ",
            "MemberAdded cdcdcdcd as Admin in \"Kitchen\"\n",
            "AuthorityLost: what it rests on was taken by a concurrent op",
            &format!("struck by  {} by alice", &removal[..8]),
            "the role of Admin that bob had in \"Kitchen\", given by ",
            "the role of Admin that alice had in \"Kitchen\", given by ",
            &format!("since      {} by alice", &removal[..8]),
            "before     Effective since ",
        ],
    );
    let why = bob.json(&["why", &addition[..8]]);
    assert_eq!((&why["verdict"], &why["by"]["id"]), (&"AuthorityLost".into(), &removal.as_str().into()));
    let history: Vec<&str> =
        why["history"].as_array().unwrap().iter().map(|since| since["verdict"].as_str().unwrap()).collect();
    assert_eq!(history, ["Effective", "AuthorityLost"]);
    assert_eq!(why["rests_on"].as_array().unwrap().len(), 2, "up to the founding");
    // alice had removed him when it came.
    let why = alice.json(&["why", &addition[..8]]);
    assert_eq!(why["history"].as_array().unwrap().len(), 1);
    assert_tells(&alice.ok(&["why", &addition[..8]]), &["since      it came here, as number "]);
}

#[test]
fn why_of_an_op_with_its_effect_and_of_the_founding() {
    let stick = Stick::new();
    let (alice, _, removal, _) = betrayed(&stick);
    let why = alice.json(&["why", &removal[..8]]);
    assert_eq!((&why["verdict"], &why["by"]), (&"Effective".into(), &Value::Null));
    let founding = alice.json(&["namespace", "list"])["namespaces"][0]["id"].as_str().unwrap().to_owned();
    let said = alice.ok(&["why", &founding[..8]]);
    assert_tells(&said, &["NamespaceCreated \"Kitchen\"", "verdict  Effective", "it came here, as number 1"]);
    assert_eq!(alice.code(3, &["why", "ffff0000"]), "unknown_name");
}

#[test]
fn why_of_a_verdict_that_its_own_past_decided_says_so() {
    let stick = Stick::new();
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/tests/vectors/context_capabilities.json");
    let alice = stick.ready("alice");
    alice.ok(&["op", "import", vectors]);
    let void = alice.json(&["op", "log", "--void"]);
    let causal = void["ops"].as_array().unwrap().iter().find(|op| op["causal"] == true).unwrap();
    let said = alice.ok(&["why", causal["id"].as_str().unwrap()]);
    assert_tells(&said, &["since    it was made: decided by its own past, for good"]);
}
