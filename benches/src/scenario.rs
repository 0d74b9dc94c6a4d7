//! The scenarios: what each is, how its ops are delivered, and what must have come of them.

use crate::Fallible;
use std::collections::BTreeMap;

/// A scenario of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// One admin adds N members.
    Linear,
    /// 10 members, N role changes.
    Toggle,
    /// Ops concurrent with the last N, each of which something in those N conflicts with; each is timed alone
    Late,
    /// The same, but nobody touched what they write.
    LateCommuting,
    /// The same, of admins who were removed at the beginning or at the end of the N.
    LateRemoved,
    /// N ops on `--branches` branches, one of each in turn, then merged.
    Branches,
    /// The same, one branch after the other, in batches of 10,000.
    BranchesBatches,
    /// One of each in turn, and all branches toggle the same 10 members.
    BranchesSame,
    /// `--signers` signers, each `--rounds` rounds behind the others, N ops in all.
    Lag,
    /// 1,000 ops from random old points of N, in one batch.
    Forks,
    /// N ops from one point, by `--signers` signers, then merges of 64 until there is one head.
    Wide,
    /// N ops, then N forged ones: half by a removed Admin, half by those it let in.
    Forge,
    /// N ops, newest first.
    Backwards,
    /// The digest after one change among N members.
    Hash,
    /// What N ops and N members take in memory.
    Memory,
    /// N signatures of `--signers` signers: one by one, and in batches.
    Verify,
    /// N ops of `--signers` signers, from bytes to disk, beside verifying and storing them alone.
    Ingest,
    /// A fresh node catches up with another that has the ops of `ingest`.
    Sync,
    /// N ops made here, each in a commit of its own, beside bare commits of one row.
    Commit,
    /// N ops in the file of a process that was killed: opened by another.
    Restart,
}

/// How large a scenario is. What it does not use does not matter to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// N.
    pub(crate) ops: usize,
    /// Branches.
    pub(crate) branches: usize,
    /// Signers.
    pub(crate) signers: usize,
    /// Rounds that each is behind.
    pub(crate) rounds: usize,
}

/// How ops are given to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// One by one, timed together.
    OneByOne,
    /// One by one, each timed alone.
    Each,
    /// In batches of so many.
    Batches(usize),
    /// One by one, untimed; the digest after each is timed.
    Digests,
}

/// How many old points `forks` forks from, and how many changes `hash` makes.
pub(crate) const THOUSAND: usize = 1_000;
/// How many chains of forged ops `forge` has, each from an old point of its own.
pub(crate) const FORGED_CHAINS: usize = 10;

/// What came of a run, for the scenario to look at.
#[derive(Debug, Clone)]
pub(crate) struct Findings {
    /// Measured ops.
    pub(crate) measured: usize,
    /// Heads at the end.
    pub(crate) heads: usize,
    /// The verdicts of the measured ops at the end, counted.
    pub(crate) verdicts: BTreeMap<String, usize>,
}

impl Findings {
    fn count(&self, verdict: &str) -> usize {
        self.verdicts.get(verdict).copied().unwrap_or(0)
    }
}

impl Scenario {
    /// N, if nobody says.
    pub(crate) const fn default_ops(self) -> usize {
        match self {
            Self::Wide | Self::Forge | Self::Verify => 10_000,
            Self::Memory | Self::Restart => 1_000_000,
            Self::Commit => 300,
            _ => 100_000,
        }
    }

    /// Signers, if nobody says.
    pub(crate) const fn default_signers(self) -> usize {
        match self {
            Self::Wide => 100,
            Self::Verify | Self::Ingest | Self::Sync | Self::Commit | Self::Restart => 64,
            _ => 3,
        }
    }

    /// The name, as it is typed.
    pub(crate) fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// How its measured ops are given.
    pub(crate) const fn delivery(self) -> Delivery {
        match self {
            Self::Late | Self::LateCommuting | Self::LateRemoved => Delivery::Each,
            Self::BranchesBatches => Delivery::Batches(10_000),
            Self::Forks => Delivery::Batches(THOUSAND),
            Self::Hash => Delivery::Digests,
            _ => Delivery::OneByOne,
        }
    }

    /// Whether the run did what the scenario says.
    pub(crate) fn check(self, size: Size, findings: &Findings) -> Fallible<()> {
        let all = findings.measured;
        let heads = match self {
            Self::Late | Self::LateCommuting | Self::LateRemoved => all + 1,
            Self::Lag => size.signers,
            Self::Forks => THOUSAND + 1,
            Self::Forge => FORGED_CHAINS + 1,
            _ => 1,
        };
        let effective = findings.count("Effective");
        let verdicts = match self {
            Self::LateRemoved | Self::Forge => findings.count("AuthorityLost") == all,
            Self::Late => findings.verdicts.len() > 1 && effective > 0,
            Self::BranchesSame => effective > 0,
            Self::Lag | Self::Forks => effective > all / 2,
            _ => effective == all,
        };
        if findings.heads != heads || !verdicts {
            return Err(format!("{} did not do what it says: {heads} heads expected; {findings:?}", self.name()).into());
        }
        Ok(())
    }
}
