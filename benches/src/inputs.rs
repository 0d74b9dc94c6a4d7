//! The input of each scenario: authors make it, and it is written to a file.

mod branches;
mod conflicts;
mod durable;
mod late;
mod straight;

use crate::Fallible;
use crate::files::Writer;
use crate::scenario::{Scenario, Size};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Writes the input of a scenario.
pub(crate) fn write(scenario: Scenario, size: Size, path: &Path) -> Fallible<()> {
    let mut writer = Writer::create(path)?;
    let out = &mut writer;
    match scenario {
        Scenario::Linear => straight::linear(size, out)?,
        Scenario::Toggle => straight::toggle(size, out)?,
        Scenario::Backwards => straight::backwards(size, out)?,
        Scenario::Hash => straight::hash(size, out)?,
        Scenario::Late => late::conflicting(size, out)?,
        Scenario::LateCommuting => late::commuting(size, out)?,
        Scenario::LateRemoved => late::removed(size, out)?,
        Scenario::Branches => branches::interleaved(size, branches::add_own, out)?,
        Scenario::BranchesBatches => branches::one_after_the_other(size, out)?,
        Scenario::BranchesSame => branches::interleaved(size, branches::toggle_the_same, out)?,
        Scenario::Lag => branches::lag(size, out)?,
        Scenario::Forks => conflicts::forks(size, out)?,
        Scenario::Wide => conflicts::wide(size, out)?,
        Scenario::Forge => conflicts::forge(size, out)?,
        Scenario::Ingest => durable::ingest(size, out)?,
        Scenario::Memory | Scenario::Verify | Scenario::Sync | Scenario::Commit | Scenario::Restart => {
            return Err("its ops are made as it goes".into());
        }
    }
    writer.finish()
}

/// A file of input; removed in the end, unless it is to be kept.
#[derive(Debug)]
pub(crate) struct Input {
    /// Where it is.
    pub(crate) path: PathBuf,
    kept: bool,
}

impl Input {
    /// Has a process of its own write the input of a scenario, unless `kept_in` has it.
    pub(crate) fn made(scenario: Scenario, size: Size, kept_in: Option<&Path>) -> Fallible<Self> {
        let Size { ops, branches, signers, rounds } = size;
        let name = format!("{}-{ops}-{branches}-{signers}-{rounds}.ops", scenario.name());
        let (path, kept) = match kept_in {
            Some(folder) => (folder.join(name), true),
            None => (std::env::temp_dir().join(format!("folkmoot-bench-{}-{name}", std::process::id())), false),
        };
        if kept && path.exists() {
            return Ok(Self { path, kept });
        }
        let unfinished = path.with_extension("part");
        let status = Command::new(std::env::current_exe()?)
            .arg(scenario.name())
            .args(["--ops", &ops.to_string(), "--branches", &branches.to_string()])
            .args(["--signers", &signers.to_string(), "--rounds", &rounds.to_string()])
            .arg("--write")
            .arg(&unfinished)
            .status()?;
        if !status.success() {
            let _ = std::fs::remove_file(&unfinished);
            return Err(format!("the input of {} could not be made", scenario.name()).into());
        }
        std::fs::rename(&unfinished, &path)?;
        Ok(Self { path, kept })
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
