//! `invite` and `join`: two machines and no network.

use crate::common::{Stick, assert_tells, meet, stranger};

#[test]
fn bob_joins_with_a_link_and_a_file_and_alice_hears_of_it() {
    let stick = Stick::new();
    let (alice, bob) = (stick.alices(), stick.ready("bob"));
    let said = alice.ok(&["invite", "create", "--role", "admin"]);
    assert_tells(&said, &["to \"Kitchen\", as Admin, 1 use.", "folkmoot sync moot.ops", "folkmoot join LINK --via"]);
    let link = said.lines().find(|line| line.starts_with("folkmoot:")).unwrap();
    alice.ok(&["sync", "moot.ops"]);
    let said = bob.ok(&["join", link, "--via", "moot.ops", "--me", "bob"]);
    assert_tells(
        &said,
        &["moot.ops: got 2 ops, gave 0\n", "moot.ops: got 0 ops, gave 2\n", "is an Admin in \"Kitchen\""],
    );
    alice.ok(&["sync", "moot.ops"]);
    assert_eq!(alice.members("Kitchen"), ["alice", "bob"]);
    bob.ok(&["sync", "moot.ops"]);
    assert_eq!(alice.digest(), bob.digest());
}

#[test]
fn a_link_alone_is_not_enough_and_bob_is_told_what_is() {
    let stick = Stick::new();
    let (alice, bob) = (stick.alices(), stick.ready("bob"));
    let link = alice.link(&[]);
    let said = bob.fails(4, &["join", &link]);
    assert_tells(&said, &["are not here", "folkmoot sync moot.ops", "folkmoot join LINK --via moot.ops"]);
    // A file that is there, and of another namespace.
    let carol = stick.ready("carol");
    carol.ok(&["namespace", "create", "Garden"]);
    carol.ok(&["sync", "garden.ops"]);
    assert_tells(&bob.fails(4, &["join", &link, "--via", "garden.ops"]), &["folkmoot sync garden.ops"]);
    assert_eq!(bob.json(&["namespace", "list"])["namespaces"].as_array().unwrap().len(), 0, "nothing else came in");
    alice.ok(&["op", "export", "kitchen.ops"]);
    bob.ok(&["op", "import", "kitchen.ops"]);
    assert_tells(&bob.ok(&["join", &link]), &["is a Member in \"Kitchen\" now", "folkmoot sync FILE"]);
}

#[test]
fn a_link_can_come_on_stdin() {
    let stick = Stick::new();
    let (alice, bob) = (stick.alices(), stick.ready("bob"));
    let link = alice.link(&[]);
    alice.ok(&["sync", "moot.ops"]);
    bob.ok_with(&["join", "-", "--via", "moot.ops", "--me", "bob"], format!("  {link}\n").as_bytes());
}

#[test]
#[cfg(unix)]
fn a_link_can_go_by_a_file_that_only_its_owner_may_read_and_is_not_printed() {
    use std::os::unix::fs::PermissionsExt;
    let stick = Stick::new();
    let (alice, bob) = (stick.alices(), stick.ready("bob"));
    let said = alice.ok(&["invite", "create", "--to", "bob.link"]);
    assert_tells(&said, &["The link is in bob.link."]);
    assert!(!said.contains("folkmoot:"));
    let file = stick.path("bob.link");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(alice.code(1, &["invite", "create", "--to", "bob.link"]), "not_written", "one that is there stays");
    alice.ok(&["sync", "moot.ops"]);
    bob.ok(&["join", "bob.link", "--via", "moot.ops", "--me", "bob"]);
    assert_eq!(bob.members("Kitchen"), ["alice", "bob"]);
}

#[test]
fn what_is_no_link_is_refused_before_anything_is_done() {
    let stick = Stick::new();
    let (alice, bob) = (stick.alices(), stick.ready("bob"));
    let link = alice.link(&[]);
    for wrong in ["https://example.org", "folkmoot:abc", &link[..link.len() - 1]] {
        assert_eq!(bob.code(2, &["join", wrong, "--via", "moot.ops"]), "bad_link", "{wrong}");
    }
    assert!(!stick.path("moot.ops").exists());
    // The error does not repeat what may be most of a secret.
    assert!(!bob.all_said().contains(&link[200..260]));
}

#[test]
fn an_invitation_is_good_for_its_uses_and_then_revoked() {
    let stick = Stick::new();
    let (alice, bob, carol) = (stick.alices(), stick.ready("bob"), stick.ready("carol"));
    let link = alice.link(&["--uses", "1"]);
    alice.ok(&["sync", "moot.ops"]);
    bob.ok(&["join", &link, "--via", "moot.ops", "--me", "bob"]);
    let error = carol.error(4, &["join", &link, "--via", "moot.ops"]);
    assert_tells(error["message"].as_str().unwrap(), &["4 ops came in, but: InvitationUsedUp"]);
    assert_eq!(error["half_done"], true);
    assert_tells(&carol.fails(4, &["join", &link, "--via", "moot.ops"]), &["InvitationUsedUp", "another invitation"]);
    alice.ok(&["sync", "moot.ops"]);
    let shown = alice.json(&["invite", "show"]);
    assert_eq!((&shown["invitations"][0]["uses"], &shown["invitations"][0]["revoked"]), (&1.into(), &true.into()));
    let error = carol.error(4, &["join", &link, "--via", "moot.ops"]);
    assert_tells(error["message"].as_str().unwrap(), &["InvitationRevoked"]);
}

#[test]
fn a_revoked_invitation_lets_nobody_in() {
    let stick = Stick::new();
    let (alice, bob) = (stick.alices(), stick.ready("bob"));
    let made = alice.json(&["invite", "create", "--uses", "5", "--expires", "7d"]);
    let (id, link) = (made["id"].as_str().unwrap(), made["link"].as_str().unwrap());
    assert_tells(&alice.ok(&["invite", "show"]), &["as Member, 5 uses, until 20", " UTC", "used 0 times"]);
    alice.ok(&["invite", "revoke", &id[..8]]);
    assert_eq!(alice.code(5, &["invite", "revoke", &id[..8]]), "nothing_to_do");
    assert_eq!(alice.code(3, &["invite", "revoke", "ffff"]), "unknown_name");
    alice.ok(&["sync", "moot.ops"]);
    let error = bob.error(4, &["join", link, "--via", "moot.ops"]);
    assert_tells(error["message"].as_str().unwrap(), &["InvitationRevoked"]);
}

#[test]
fn a_link_is_shown_again_only_when_it_is_asked_for() {
    let stick = Stick::new();
    let alice = stick.alices();
    let made = alice.json(&["invite", "create"]);
    let (id, link) = (made["id"].as_str().unwrap(), made["link"].as_str().unwrap());
    assert!(!alice.ok(&["invite", "show", &id[..8]]).contains("folkmoot:"));
    assert!(alice.json(&["invite", "show"])["invitations"][0]["link"].is_null());
    assert!(alice.ok(&["invite", "show", &id[..8], "--link"]).contains(link));
    let output = alice.run_with(&["invite", "show", "--link"], b"");
    assert_eq!(output.status.code(), Some(2), "all links at once");
}

#[test]
fn an_invitation_for_one_person_is_of_no_use_to_another() {
    let stick = Stick::new();
    let (alice, bob) = (stick.alices(), stick.ready("bob"));
    let link = alice.link(&["--for", &stranger(0xab)]);
    alice.ok(&["sync", "moot.ops"]);
    assert_eq!(bob.code(4, &["join", &link, "--via", "moot.ops"]), "no_key");
    let namespace = bob.json(&["namespace", "list"])["namespaces"][0]["id"].as_str().unwrap().to_owned();
    let me = bob.json(&["whoami", "--create", "--namespace", &namespace]);
    let key = me["identities"][0]["key"].as_str().unwrap();
    let link = alice.link(&["--for", key]);
    bob.ok(&["join", &link, "--me", "bob"]);
    meet(&alice, &bob);
    assert_eq!(alice.members("Kitchen"), ["alice", "bob"]);
}

#[test]
fn who_was_removed_cannot_come_back_by_an_invitation() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("member");
    let link = alice.link(&[]);
    alice.ok(&["member", "remove", "bob"]);
    meet(&alice, &bob);
    assert_tells(&bob.fails(4, &["join", &link]), &["Barred", "folkmoot member add"]);
}

#[test]
fn who_may_not_invite_makes_no_link() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("member");
    assert_tells(&bob.fails(4, &["invite", "create"]), &["Unauthorized"]);
    alice.ok(&["member", "grant", "bob", "invite-members"]);
    meet(&alice, &bob);
    bob.link(&[]);
    assert_eq!(bob.code(4, &["invite", "create", "--role", "admin"]), "void", "only an Admin makes Admins");
    let output = bob.run_with(&["invite", "create", "--uses", "0"], b"");
    assert_eq!(output.status.code(), Some(2));
}
