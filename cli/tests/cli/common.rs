//! The real binary, the conformance vectors, and a place for files.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs `folkmoot` with these arguments and this stdin.
pub(crate) fn folkmoot(args: &[&str], stdin: &[u8]) -> Output {
    let mut child = command(args).spawn().unwrap();
    // A command that ends before it has read everything closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

/// `folkmoot` with everything piped.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The stdout of a run that succeeded and said nothing on stderr.
#[track_caller]
pub(crate) fn stdout_of(args: &[&str], stdin: &[u8]) -> String {
    let output = folkmoot(args, stdin);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    text(&output.stdout)
}

/// `replay --json` of some files.
#[track_caller]
pub(crate) fn replay_json(files: &[&Path], stdin: &[u8]) -> Value {
    let args: Vec<&str> = ["replay", "--json"].into_iter().chain(files.iter().map(|file| str_of(file))).collect();
    serde_json::from_str(&stdout_of(&args, stdin)).unwrap()
}

pub(crate) fn str_of(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A conformance vector that is a history.
pub(crate) struct History {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) ops: Vec<String>,
    pub(crate) expect: Value,
}

/// All of them.
pub(crate) fn histories() -> Vec<History> {
    let mut out: Vec<History> = std::fs::read_dir(vector_folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(history)
        .collect();
    assert!(out.len() > 90, "the vectors are all there");
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

/// One of them.
pub(crate) fn history_named(name: &str) -> History {
    history(vector_folder().join(name).with_extension("json")).unwrap()
}

/// A vector file that is no history.
pub(crate) fn vector(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(vector_folder().join(name)).unwrap()).unwrap()
}

pub(crate) fn vector_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/vectors")
}

fn history(path: PathBuf) -> Option<History> {
    let value: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let ops = value.get("ops")?.as_array().unwrap().iter().map(|op| op.as_str().unwrap().to_owned()).collect();
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    Some(History { name, path, ops, expect: value["expect"].clone() })
}

/// A folder that is gone after the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("folkmoot-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Fisher-Yates with a fixed generator: the same shuffles at every run.
pub(crate) fn shuffled(ops: &[String], seed: u64) -> Vec<String> {
    let mut ops = ops.to_vec();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for at in (1..ops.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ops.swap(at, (state % (at as u64 + 1)) as usize);
    }
    ops
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
