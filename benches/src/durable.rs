//! What durable work costs: ops from bytes to a file on disk, and back from there. Files are on the disk that has the
//! folder for temporary files, or the one that input is kept in, and are removed in the end.

mod bare;
mod commit;
mod ingest;
mod restart;
mod sync;

pub(crate) use commit::measure as commit;
pub(crate) use ingest::measure as ingest;
pub(crate) use restart::{Step, measure as restart, step};
pub(crate) use sync::measure as sync;

use crate::Fallible;
use folkmoot::store::{Applied, Commit, Store};
use folkmoot_core::{Engine, Outcome};
use std::path::{Path, PathBuf};

/// Ops of a large commit.
const BATCH: usize = 10_000;

/// A folder that is removed with all that is in it.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Fallible<Self> {
        let path = std::env::temp_dir().join(format!("folkmoot-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Commits what came of some ops: how many.
fn commit_all(store: &mut Store, engine: &mut Engine, outcomes: &[Outcome]) -> Fallible<usize> {
    let applied: Vec<Applied<'_>> = outcomes.iter().map(|outcome| Applied { outcome, publish: false }).collect();
    let receipt = store.commit(engine, &Commit { applied: &applied, local: &[] })?;
    Ok(usize::try_from(receipt.sequences.end.saturating_sub(receipt.sequences.start))?)
}

/// The size of a file in bytes.
fn len(path: &Path) -> Fallible<u64> {
    Ok(std::fs::metadata(path)?.len())
}

/// The middle one of some measurements.
fn median(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}
