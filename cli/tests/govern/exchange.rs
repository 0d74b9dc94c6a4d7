//! `op export`, `op import`, `sync`: what one machine has reaches the other, whatever the way.

use crate::common::{Machine, Stick, assert_tells, meet, stranger, text};
use serde_json::Value;
use std::path::Path;

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// alice, who added three.
fn busy(stick: &Stick) -> Machine {
    let alice = stick.alices();
    for byte in [0xab, 0xcd, 0xef] {
        alice.ok(&["member", "add", &stranger(byte), "--name", &format!("member {byte}")]);
    }
    alice
}

#[test]
fn what_is_exported_is_imported_once_and_then_here_already() {
    let stick = Stick::new();
    let (alice, bob) = (busy(&stick), stick.ready("bob"));
    assert_tells(&alice.ok(&["op", "export", "out.ops"]), &["8 ops of 1 namespace written to out.ops"]);
    let first = bob.json(&["op", "import", "out.ops"]);
    assert_eq!((&first["read"], &first["admitted"], &first["duplicates"]), (&8.into(), &8.into(), &0.into()));
    assert_tells(&bob.ok(&["op", "import", "out.ops"]), &["8 ops read: 0 new, 8 here already, 0 waiting"]);
    assert_eq!(alice.digest(), bob.digest());
}

#[test]
fn export_goes_to_stdout_too_and_as_json_it_is_what_replay_reads() {
    let stick = Stick::new();
    let (alice, bob) = (busy(&stick), stick.ready("bob"));
    let exported = alice.ok(&["op", "export"]);
    bob.ok_with(&["op", "import", "-"], exported.as_bytes());
    assert_eq!(alice.digest(), bob.digest());
    let as_json = alice.json(&["op", "export", "--namespace", "Kitchen"]);
    assert_eq!(as_json["ops"].as_array().unwrap().len(), 8);
    let replayed = alice.ok_with(&["replay", "--json", "-"], as_json.to_string().as_bytes());
    let replayed: Value = serde_json::from_str(&replayed).unwrap();
    let namespace = replayed["namespaces"].as_object().unwrap().values().next().unwrap();
    assert_eq!(namespace["digest"], alice.digest());
}

#[test]
fn ops_that_come_before_their_parents_wait_over_runs_and_nothing_is_lost() {
    let stick = Stick::new();
    let (alice, bob) = (busy(&stick), stick.ready("bob"));
    alice.ok(&["op", "export", "all.ops"]);
    let all = lines(&stick.path("all.ops"));
    let write = |name: &str, ops: &[String]| std::fs::write(stick.path(name), ops.join("\n")).unwrap();
    write("late.ops", &all[5..]);
    write("middle.ops", &all[3..5]);
    write("early.ops", &all[..3]);
    let late = bob.json(&["op", "import", "late.ops"]);
    assert_eq!((&late["admitted"], &late["waiting"]), (&0.into(), &3.into()));
    assert_eq!(late["missing"].as_array().unwrap().len(), 1, "what the rest waits for");
    let waiting = bob.ok(&["op", "import", "late.ops"]);
    assert_tells(&waiting, &["3 ops wait for what is not here: ", "folkmoot sync FILE"]);
    assert_tells(&bob.ok(&["doctor"]), &["note  waiting", "3 ops for what is not here"]);
    bob.ok(&["op", "import", "middle.ops"]);
    let early = bob.json(&["op", "import", "early.ops"]);
    assert_eq!((&early["admitted"], &early["waiting"]), (&8.into(), &0.into()));
    assert_eq!(alice.digest(), bob.digest());
    assert_tells(&bob.ok(&["doctor"]), &["good  waiting      nothing"]);
}

#[test]
fn an_op_that_waits_is_asked_about_by_why() {
    let stick = Stick::new();
    let (alice, bob) = (busy(&stick), stick.ready("bob"));
    alice.ok(&["op", "export", "all.ops"]);
    let all = lines(&stick.path("all.ops"));
    std::fs::write(stick.path("late.ops"), &all[7]).unwrap();
    bob.ok(&["op", "import", "late.ops"]);
    assert_tells(&bob.ok(&["why", &alice.latest_op()[..8]]), &["is waiting: it waits for what it was built on"]);
}

#[test]
fn import_and_replay_keep_what_waits_in_one_place() {
    let stick = Stick::new();
    let (alice, bob) = (busy(&stick), stick.ready("bob"));
    alice.ok(&["op", "export", "all.ops"]);
    let all = lines(&stick.path("all.ops"));
    std::fs::write(stick.path("early.ops"), all[..4].join("\n")).unwrap();
    std::fs::write(stick.path("late.ops"), all[4..].join("\n")).unwrap();
    bob.ok(&["op", "import", "late.ops"]);
    bob.ok(&["replay", "--db", "bob.folkmoot", "early.ops"]);
    assert_eq!(bob.digest(), alice.digest());
}

#[test]
fn bytes_that_are_no_op_are_told_with_their_place_and_the_rest_is_taken() {
    let stick = Stick::new();
    let (alice, bob) = (busy(&stick), stick.ready("bob"));
    alice.ok(&["op", "export", "all.ops"]);
    let mut all = lines(&stick.path("all.ops"));
    let forged = all[7].len() - 1;
    let last = if all[7].ends_with('0') { "1" } else { "0" };
    all[7].replace_range(forged.., last);
    all.insert(0, "00ff".to_owned());
    std::fs::write(stick.path("bad.ops"), all.join("\n")).unwrap();
    let imported = bob.json(&["op", "import", "bad.ops"]);
    assert_eq!(imported["admitted"], 7);
    let places: Vec<&str> =
        imported["refused"].as_array().unwrap().iter().map(|refused| refused["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["bad.ops: line 1", "bad.ops: line 9"]);
    std::fs::write(stick.path("broken.ops"), "no hex").unwrap();
    assert_tells(&bob.fails(2, &["op", "import", "broken.ops"]), &["broken.ops: line 1, column 1: 'n' is no hex"]);
    assert_eq!(bob.code(2, &["op", "import", "missing.ops"]), "input");
}

#[test]
fn two_databases_exchange_what_the_other_misses_and_end_the_same() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("admin");
    alice.ok(&["member", "add", &stranger(0xab), "--name", "carol"]);
    bob.ok(&["member", "add", &stranger(0xcd), "--name", "dave"]);
    let synced = alice.json(&["sync", "bob.folkmoot"]);
    assert_eq!((&synced["with"][0]["got"]["admitted"], &synced["with"][0]["gave"]), (&2.into(), &2.into()));
    assert_eq!((&synced["with"][0]["kind"], &synced["namespaces"][0]["agrees"]), (&"database".into(), &true.into()));
    assert_eq!(alice.digest(), bob.digest());
    assert_eq!(alice.members("Kitchen"), bob.members("Kitchen"));
    assert_tells(&bob.ok(&["sync", "alice.folkmoot"]), &["alice.folkmoot: got 0 ops, gave 0", "up to date"]);
}

#[test]
fn what_waits_in_one_database_reaches_the_other_once_its_parents_come() {
    let stick = Stick::new();
    let (alice, bob, carol) = (busy(&stick), stick.ready("bob"), stick.ready("carol"));
    alice.ok(&["op", "export", "all.ops"]);
    let all = lines(&stick.path("all.ops"));
    std::fs::write(stick.path("early.ops"), all[..4].join("\n")).unwrap();
    std::fs::write(stick.path("late.ops"), all[4..].join("\n")).unwrap();
    bob.ok(&["op", "import", "late.ops"]);
    carol.ok(&["op", "import", "early.ops"]);
    bob.ok(&["sync", "carol.folkmoot"]);
    assert_eq!(bob.digest(), alice.digest());
    assert_eq!(carol.digest(), alice.digest());
}

#[test]
fn a_folder_with_databases_and_files_brings_all_together() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("admin");
    let carol = stick.ready("carol");
    alice.ok(&["member", "add", &stranger(0xab), "--name", "dave"]);
    bob.ok(&["member", "add", &stranger(0xcd), "--name", "erin"]);
    std::fs::write(stick.path("notes.txt"), "milk, eggs").unwrap();
    // The folder has the databases of all three, and the file by which alice and bob met.
    let synced = carol.json(&["sync", "."]);
    let kinds: Vec<&str> =
        synced["with"].as_array().unwrap().iter().map(|with| with["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["database", "database", "ops"]);
    assert_eq!([alice.digest(), bob.digest()], [carol.digest(), carol.digest()]);
    assert_eq!(lines(&stick.path("moot.ops")).len(), carol.json(&["op", "log"])["total"].as_u64().unwrap() as usize);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_in_a_folder_is_told_and_the_rest_is_brought_together() {
    use std::os::unix::fs::PermissionsExt;

    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("admin");
    let carol = stick.ready("carol");
    alice.ok(&["member", "add", &stranger(0xab), "--name", "dave"]);
    bob.ok(&["member", "add", &stranger(0xcd), "--name", "erin"]);
    let [broken, letter, circle] = ["aaa.folkmoot", "letter.ops", "moot.circle"];
    std::fs::write(stick.path(broken), b"redb, but for what should follow").unwrap();
    std::fs::set_permissions(stick.path(broken), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(stick.path(letter), "Dear Bob").unwrap();
    std::os::unix::fs::symlink(circle, stick.path(circle)).unwrap();

    let output = carol.run_with(&["--json", "sync", "."], b"");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), ""));
    assert_eq!([alice.digest(), bob.digest()], [carol.digest(), carol.digest()]);
    let synced: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(synced["with"].as_array().unwrap().len(), 3, "alice, bob and the file by which they met");
    let unread: Vec<_> = synced["unread"].as_array().unwrap().iter().collect();
    let paths: Vec<&str> = unread.iter().map(|unread| unread["path"].as_str().unwrap()).collect();
    assert_eq!(paths, [broken, letter, circle].map(|name| format!("./{name}")));
    let codes: Vec<&str> = unread.iter().map(|unread| unread["error"]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["not_a_database", "input", "input"]);

    let output = carol.run_with(&["sync", "."], b"");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), ""));
    let said = text(&output.stdout);
    assert_tells(&said, &["aaa.folkmoot: cannot be read, and is passed over\n  ./aaa.folkmoot: no folkmoot database"]);
    assert_tells(&said, &["letter.ops: cannot be read, and is passed over\n  ./letter.ops: line 1, column 4"]);
    assert_tells(&said, &["moot.circle: cannot be read, and is passed over\n  ./moot.circle cannot be read: "]);
    assert_tells(&said, &["./bob.folkmoot: got 0 ops, gave 0", "up to date"]);

    // A file that is named is no chance find: the command ends at it.
    alice.ok(&["member", "add", &stranger(0xef), "--name", "frank"]);
    assert_tells(&carol.fails(2, &["sync", letter, "alice.folkmoot"]), &["letter.ops: line 1, column 4"]);
    assert_ne!(carol.digest(), alice.digest());
}

#[test]
fn a_file_of_ops_is_given_no_namespace_that_it_is_not_about() {
    let stick = Stick::new();
    let alice = stick.alices();
    alice.ok(&["sync", "kitchen.ops"]);
    alice.ok(&["namespace", "create", "Secret garden"]);
    let said = alice.ok(&["sync", "kitchen.ops"]);
    assert_tells(&said, &["gave 0", "1 namespace of this database not given"]);
    alice.ok(&["sync", "kitchen.ops", "--namespace", "Secret garden"]);
    assert_eq!(lines(&stick.path("kitchen.ops")).len(), 3);
    // A new file has what is asked for and no more.
    alice.ok(&["sync", "garden.ops", "--namespace", "Secret garden"]);
    assert_eq!(lines(&stick.path("garden.ops")).len(), 1);
}

#[test]
fn a_file_of_ops_keeps_what_stood_in_it() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("admin");
    let path = stick.path("moot.ops");
    let before = std::fs::read_to_string(&path).unwrap();
    bob.ok(&["member", "add", &stranger(0xab), "--name", "carol"]);
    bob.ok(&["sync", "moot.ops"]);
    let after = std::fs::read_to_string(&path).unwrap();
    assert!(after.starts_with(&before) && after.len() > before.len());
    meet(&alice, &bob);
    assert_eq!(alice.digest(), bob.digest());
}

#[test]
fn what_cannot_be_synced_with_is_told() {
    let stick = Stick::new();
    let alice = stick.alices();
    std::fs::create_dir(stick.path("empty")).unwrap();
    std::fs::write(stick.path("letter.txt"), "Dear Bob").unwrap();
    for (what, code, said) in [
        ("missing.folkmoot", "input", "there is nothing at missing.folkmoot"),
        ("empty", "input", "there is no database and no file of ops in empty"),
        ("letter.txt", "input", "letter.txt: line 1, column 4"),
        ("alice.folkmoot", "itself", "alice.folkmoot is the database itself"),
    ] {
        assert_eq!(alice.code(2, &["sync", what]), code);
        assert_tells(&alice.fails(2, &["sync", what]), &[said]);
    }
    assert_eq!(std::fs::read_to_string(stick.path("letter.txt")).unwrap(), "Dear Bob");
}

#[test]
fn a_command_waits_for_another_that_has_the_database() {
    let stick = Stick::new();
    let alice = stick.alices();
    let bytes: Vec<String> = ["carol", "dave", "erin", "frank"].map(str::to_owned).into();
    let children: Vec<_> = bytes
        .iter()
        .enumerate()
        .map(|(at, name)| alice.command(&["member", "add", &stranger(at as u8 + 1), "--name", name]).spawn().unwrap())
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    assert_eq!(alice.members("Kitchen"), ["alice", "carol", "dave", "erin", "frank"]);
}
