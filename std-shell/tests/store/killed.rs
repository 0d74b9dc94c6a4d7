//! A real process, killed with SIGKILL in the middle of whatever it does, many times.
//!
//! The process is this test binary, told by its environment to append.

use crate::common::{StoreFile, test_options};
use folkmoot::store::{Applied, Commit, Store};
use folkmoot_core::{Engine, GroupId, GroupOp, NamespaceId, PendingLimits, SigningKey};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const APPEND_TO: &str = "FOLKMOOT_TEST_APPEND_TO";
/// Ops of one commit, by its number: mostly one.
const BATCHES: [usize; 4] = [1, 1, 7, 1];

fn alice() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

/// Founds the namespace, or goes on where the log ends, and says after each commit up to where it is durable.
fn append_for_ever(path: &Path) {
    let mut store = Store::open_or_create(path, &test_options()).expect("opened");
    let mut engine = store.recover(PendingLimits::default()).expect("recovered").engine;
    let mut out = std::io::stdout();
    for round in 0.. {
        let mut outcomes = Vec::new();
        for _ in 0..BATCHES[round % BATCHES.len()] {
            outcomes.push(next(&mut engine));
        }
        let applied: Vec<Applied<'_>> = outcomes.iter().map(|outcome| Applied { outcome, publish: true }).collect();
        let _ = store.commit(&mut engine, &Commit { applied: &applied, local: &[] }).expect("committed");
        writeln!(out, "durable {}", store.last_sequence()).and_then(|()| out.flush()).expect("the parent listens");
        if round % 50 == 49 {
            store.save_snapshot(&mut engine).expect("saved");
        }
    }
}

/// The next op of alice's.
fn next(engine: &mut Engine) -> folkmoot_core::Outcome {
    let alice = alice();
    let namespace = engine.namespaces().next();
    let signable = match namespace {
        None => Engine::genesis(alice.public(), [7; 32], "Kitchen", [0; 32], [0; 32]),
        Some(namespace) => {
            let alias = format!("Kitchen {}", engine.counts(&namespace).map_or(0, |counts| counts.ops));
            let op = GroupOp::GroupAliasSet { alias };
            engine.draft(&namespace, &GroupId(namespace.0), &alice.public(), op).expect("alice may")
        }
    };
    engine.apply(signable.sign(&alice).expect("her key"))
}

#[test]
#[ignore = "the process that is killed: started by the tests below, with a path in its environment"]
fn append() {
    append_for_ever(Path::new(&env::var_os(APPEND_TO).expect("a path")));
}

fn spawn(path: &Path) -> Child {
    Command::new(env::current_exe().expect("this binary"))
        .args(["killed::append", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(APPEND_TO, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started")
}

/// Lets a process append until it has told of so many commits, waits a little, and kills it. Says what was told last.
fn kill_after(path: &Path, commits: usize, then: Duration) -> u64 {
    let mut child = spawn(path);
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut told = 0;
    let mut take = |line: std::io::Result<String>| {
        // The harness of the test binary writes lines of its own.
        if let Some(number) = line.ok().and_then(|line| line.split_once("durable ")?.1.trim().parse().ok()) {
            told = number;
            true
        } else {
            false
        }
    };
    let mut seen = 0;
    while seen < commits {
        let line = lines.next().expect("the process goes on until it is killed");
        seen += usize::from(take(line));
    }
    let until = Instant::now() + then;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    // What it said before it was killed counts as well.
    for line in lines {
        take(line);
    }
    told
}

#[test]
fn a_killed_process_comes_back_with_all_it_acknowledged() {
    let file = StoreFile::new();
    let mut before = 0;
    for round in 0..40u32 {
        let then = Duration::from_micros(u64::from(round) * 97 % 3_000);
        let told = kill_after(&file.path(), 1 + (round as usize * 5) % 23, then);
        let store = Store::open(file.path(), &test_options()).expect("opened");
        let last = store.last_sequence();
        let most = told + *BATCHES.iter().max().expect("some") as u64;
        assert!(told > before && (told..=most).contains(&last), "round {round}: told {told}, found {last}");
        let recovered = store.recover(PendingLimits::default()).expect("recovered");
        let namespace = recovered.engine.namespaces().next().expect("alice's");
        assert_eq!(recovered.engine.counts(&namespace).expect("it is there").ops as u64, last);
        assert_names_fit(&store, &namespace, last);
        before = last;
    }
}

/// Each op named the group after the number of ops before it.
fn assert_names_fit(store: &Store, namespace: &NamespaceId, last: u64) {
    let info = store.group_info(&GroupId(namespace.0)).expect("readable").expect("the root");
    let expected = if last == 1 { "Kitchen".to_owned() } else { format!("Kitchen {}", last - 1) };
    assert_eq!(info.alias, expected);
    assert_eq!(store.outbox_len().expect("readable"), last, "nothing applied is left unpublished");
}

#[test]
fn a_process_killed_while_it_creates_leaves_nothing_or_a_whole_store() {
    let mut created = 0;
    for round in 0..40u64 {
        let file = StoreFile::new();
        let mut child = spawn(&file.path());
        let until = Instant::now() + Duration::from_micros(round * 800);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
        if file.path().exists() {
            created += 1;
            Store::open(file.path(), &test_options()).expect("a whole store");
        }
        let store = Store::open_or_create(file.path(), &test_options()).expect("opened or created");
        store.recover(PendingLimits::default()).expect("recovered");
    }
    assert!(created > 0, "some were late enough");
}
