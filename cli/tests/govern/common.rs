//! Machines: each a database in a folder that is gone after the test, and a home that is nobody's.

use serde_json::Value;
use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder that several machines share, as they would a stick.
pub(crate) struct Stick(TempDir);

impl Stick {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A machine whose database does not exist yet.
    pub(crate) fn machine(&self, owner: &str) -> Machine {
        let db = self.path(&format!("{owner}.folkmoot"));
        Machine { folder: self.0.path().to_owned(), db, said: RefCell::default() }
    }

    /// A machine with an empty database.
    pub(crate) fn ready(&self, owner: &str) -> Machine {
        let machine = self.machine(owner);
        machine.ok(&["init"]);
        machine
    }

    /// alice's machine, on which she founded a namespace called Kitchen.
    pub(crate) fn alices(&self) -> Machine {
        let alice = self.ready("alice");
        alice.ok(&["namespace", "create", "Kitchen", "--me", "alice"]);
        alice
    }

    /// The machines of alice, who founded, and bob, whom she invited with this role; both up to date.
    pub(crate) fn alices_and_bobs(&self, role: &str) -> (Machine, Machine) {
        let (alice, bob) = (self.alices(), self.ready("bob"));
        let link = alice.link(&["--role", role]);
        alice.ok(&["sync", "moot.ops"]);
        bob.ok(&["join", &link, "--via", "moot.ops", "--me", "bob"]);
        meet(&alice, &bob);
        (alice, bob)
    }
}

/// Two machines exchange what they have by a file, until neither has anything new.
pub(crate) fn meet(one: &Machine, other: &Machine) {
    for machine in [one, other, one, other] {
        machine.ok(&["sync", "moot.ops"]);
    }
}

/// A database, and all that the command ever said about it.
pub(crate) struct Machine {
    folder: PathBuf,
    pub(crate) db: PathBuf,
    said: RefCell<String>,
}

impl Machine {
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
        command.args(args).current_dir(&self.folder).env_clear();
        command.env("HOME", self.folder.join("home")).env("FOLKMOOT_DB", &self.db).env("PATH", "/usr/bin:/bin");
        command.env("TMPDIR", &self.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run_with(&self, args: &[&str], stdin: &[u8]) -> Output {
        let mut child = self.command(args).spawn().unwrap();
        // A command that ends before it has read everything closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(!said.contains('\u{1b}'), "no terminal, no escape codes: {said:?}");
        self.said.borrow_mut().push_str(&said);
        output
    }

    /// All that was said on this machine.
    pub(crate) fn all_said(&self) -> String {
        self.said.borrow().clone()
    }

    /// The stdout of a run that does what it is to do.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        self.ok_with(args, b"")
    }

    #[track_caller]
    pub(crate) fn ok_with(&self, args: &[&str], stdin: &[u8]) -> String {
        let output = self.run_with(args, stdin);
        assert_eq!(text(&output.stderr), "", "{args:?}");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        text(&output.stdout)
    }

    /// The JSON of a run that does what it is to do.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let said = self.ok(&[&["--json"], args].concat());
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error} in {said}"))
    }

    /// What a run that fails with this exit code says on stderr. It says nothing on stdout, and the same as JSON.
    #[track_caller]
    pub(crate) fn fails(&self, exit: i32, args: &[&str]) -> String {
        let error = self.error(exit, args);
        let output = self.run_with(args, b"");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{said}");
        assert_eq!(text(&output.stdout), "");
        let message = error["message"].as_str().unwrap();
        assert!(said.starts_with(&format!("folkmoot: {message}\n")), "{said} is not about {message}");
        for next in error["next"].as_array().unwrap() {
            assert!(said.contains(&format!("  next: {}\n", next.as_str().unwrap())), "{said} lacks {next}");
        }
        said
    }

    /// The error, as JSON, of a run that fails with this exit code.
    #[track_caller]
    pub(crate) fn error(&self, exit: i32, args: &[&str]) -> Value {
        let output = self.run_with(&[&["--json"], args].concat(), b"");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{args:?}: {said}{}", text(&output.stdout));
        assert_eq!(text(&output.stdout), "");
        assert_eq!(said.lines().count(), 1, "{said}");
        let value: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(value["error"]["exit_code"], exit);
        value["error"].clone()
    }

    /// The code of the error of a run that fails.
    #[track_caller]
    pub(crate) fn code(&self, exit: i32, args: &[&str]) -> String {
        self.error(exit, args)["code"].as_str().unwrap().to_owned()
    }

    /// The link of a new invitation.
    #[track_caller]
    pub(crate) fn link(&self, args: &[&str]) -> String {
        self.json(&[&["invite", "create"], args].concat())["link"].as_str().unwrap().to_owned()
    }

    /// The digest of the only namespace.
    #[track_caller]
    pub(crate) fn digest(&self) -> String {
        self.json(&["namespace", "list"])["namespaces"][0]["digest"].as_str().unwrap().to_owned()
    }

    /// The names of the members of a group.
    #[track_caller]
    pub(crate) fn members(&self, group: &str) -> Vec<String> {
        let list = self.json(&["member", "list", "--group", group]);
        let members = list["groups"][0]["members"].as_array().unwrap();
        members.iter().map(|member| member["name"].as_str().unwrap_or("-").to_owned()).collect()
    }

    /// What the member is in a group: its entry in the list.
    #[track_caller]
    pub(crate) fn member(&self, group: &str, name: &str) -> Value {
        let list = self.json(&["member", "list", "--group", group]);
        let members = list["groups"][0]["members"].as_array().unwrap();
        members.iter().find(|member| member["name"] == name).unwrap_or_else(|| panic!("no {name} in {list}")).clone()
    }

    /// The id of the latest op.
    #[track_caller]
    pub(crate) fn latest_op(&self) -> String {
        let log = self.json(&["op", "log", "--limit", "1"]);
        log["ops"][0]["id"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn str_of(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A key that nobody here has, as people would paste it.
pub(crate) fn stranger(byte: u8) -> String {
    format!("{byte:02x}").repeat(32)
}

#[track_caller]
pub(crate) fn assert_tells(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
}
