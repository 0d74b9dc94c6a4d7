//! `folkmoot op`: the signed operations themselves.

use super::transfer::{ExportArgs, ImportArgs, export, import};
use crate::ledger::{Entry, Ledger, explained, seen};
use crate::naming::hex;
use crate::node::Node;
use crate::output::{Answered, Table, Told, answer, bold, dim, verdict};
use crate::payload::payload;
use crate::sight::{Named, Sight};
use crate::words::{self, short};
use clap::Subcommand;
use folkmoot_core::{Explanation, OpId, PublicKey, Verdict};
use serde::Serialize;
use std::io::{self, Write};

/// Lists, shows, exports and imports ops.
#[derive(Debug, Subcommand)]
pub(crate) enum OpCommand {
    /// Lists ops in the order of their arrival here, the latest last.
    Log {
        /// Only this namespace.
        #[arg(short, long)]
        namespace: Option<String>,
        /// Only ops about this group.
        #[arg(short, long)]
        group: Option<String>,
        /// Only ops of this person.
        #[arg(long, value_name = "WHO")]
        by: Option<String>,
        /// Only ops without effect.
        #[arg(long)]
        void: bool,
        /// At most so many, the latest; 0 is all.
        #[arg(short, long, default_value = "50", value_name = "NUMBER")]
        limit: usize,
    },
    /// Shows an op whole.
    Show {
        /// Which, by the beginning of its id.
        op: String,
    },
    Export(ExportArgs),
    Import(ImportArgs),
}

/// An op in a list.
#[derive(Debug, Serialize)]
struct Listed {
    id: OpId,
    /// Its number in its namespace, in the order of arrival here.
    number: u64,
    namespace: Named,
    group: Named,
    signer: Named,
    /// The op's name, as the protocol has it.
    kind: &'static str,
    /// What it does, in words.
    deed: String,
    /// `Effective`, `Idle: <reason>`, or the reason for which it is void.
    verdict: String,
    /// Whether the verdict is for good: decided by the op's own past.
    causal: bool,
    depth: u32,
    nonce: u64,
    /// The op that struck it, overruled it, or came before it.
    by: Option<OpId>,
    #[serde(skip)]
    said: (Verdict, String),
}

impl Listed {
    fn new(entry: &Entry, why: &Explanation, ledger: &Ledger, sight: &Sight) -> Result<Self, crate::failure::Failure> {
        let ns = seen(sight, entry)?;
        let signer = entry.op.signable.signer;
        Ok(Self {
            id: entry.id,
            number: entry.number,
            namespace: ns.named(),
            group: ns.group_named(&ledger.group(entry)),
            signer: person(ledger, entry, &signer),
            kind: entry.op.signable.op.name(),
            deed: ledger.deed(entry),
            verdict: why.verdict.to_string(),
            causal: why.causal,
            depth: why.depth,
            nonce: why.nonce,
            by: why.by,
            said: (why.verdict, ledger.signer(entry)),
        })
    }
}

/// A person, by the name it has or had.
fn person(ledger: &Ledger, entry: &Entry, key: &PublicKey) -> Named {
    Named::new(&key.0, ledger.people(&entry.namespace).and_then(|people| people.name_of(key)))
}

#[derive(Debug, Serialize)]
struct Log {
    ops: Vec<Listed>,
    /// How many there are that fit, listed or not.
    total: usize,
}

impl Told for Log {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.ops.is_empty() {
            return writeln!(out, "No op fits.");
        }
        let mut table = Table::default();
        for op in &self.ops {
            let number = dim(&format!("{:>4}", op.number));
            table.row([number, short(&op.id.0), bold(&op.said.1), op.deed.clone(), verdict(op.said.0)]);
        }
        table.write("", out)?;
        if self.total > self.ops.len() {
            writeln!(out, "{}", dim(&format!("the latest {} of {}; all: --limit 0", self.ops.len(), self.total)))?;
        }
        Ok(())
    }
}

/// All of an op.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    listed: Listed,
    /// The fields of the op, by the names that the protocol has for them.
    payload: serde_json::Value,
    parents: Vec<OpId>,
    state_hash: folkmoot_core::Hash,
    signature: String,
    /// As it travels.
    bytes: String,
}

impl Told for Shown {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let op = &self.listed;
        writeln!(out, "{}", bold(&op.id.to_string()))?;
        let mut table = Table::default();
        let name = |named: &Named| {
            let name = named.name.as_deref().map(|name| format!("{} ", words::on_one_line(name))).unwrap_or_default();
            format!("{name}{}", named.id)
        };
        table.row([dim("what"), op.deed.clone()]);
        table.row([dim("verdict"), words::verdict(op.said.0)]);
        table.row([dim("signer"), name(&op.signer)]);
        table.row([dim("group"), name(&op.group)]);
        table.row([dim("namespace"), name(&op.namespace)]);
        table.row([dim("place"), format!("depth {}, nonce {}, number {} here", op.depth, op.nonce, op.number)]);
        for parent in &self.parents {
            table.row([dim("parent"), parent.to_string()]);
        }
        table.row([dim("state hash"), self.state_hash.to_string()]);
        table.row([dim("signature"), self.signature.clone()]);
        table.row([dim("bytes"), self.bytes.clone()]);
        table.write("  ", out)
    }
}

pub(crate) async fn run(command: &OpCommand, node: &Node) -> Answered {
    match command {
        OpCommand::Log { namespace, group, by, void, limit } => {
            let filter = Filter { namespace: namespace.as_deref(), group: group.as_deref(), by: by.as_deref() };
            log(&filter, *void, *limit, node).await
        }
        OpCommand::Show { op } => show(op, node).await,
        OpCommand::Export(args) => export(args, node).await,
        OpCommand::Import(args) => import(args, node).await,
    }
}

struct Filter<'a> {
    namespace: Option<&'a str>,
    group: Option<&'a str>,
    by: Option<&'a str>,
}

async fn log(filter: &Filter<'_>, void: bool, limit: usize, node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    let group = match filter.group {
        Some(_) => Some(sight.group(filter.namespace, filter.group)?),
        None => None,
    };
    let only = match (filter.namespace, &group) {
        (Some(_), _) => Some(sight.namespace(filter.namespace)?),
        (None, Some((ns, _))) => Some(*ns),
        (None, None) => None,
    };
    let signer = match filter.by {
        Some(by) => Some(match only {
            Some(ns) => ns.person(by)?,
            None => sight.namespace(None)?.person(by)?,
        }),
        None => None,
    };
    let ledger = Ledger::read(&node.client, &sight, only.map(|ns| ns.id)).await?;
    let fits = |entry: &&Entry| {
        group.as_ref().is_none_or(|(_, group)| ledger.group(entry) == *group)
            && signer.is_none_or(|signer| entry.op.signable.signer == signer)
    };
    let mut ops = Vec::new();
    for entry in ledger.entries.iter().filter(fits) {
        let why = explained(&node.client, entry.id).await?;
        if !void || matches!(why.verdict, Verdict::Void(_)) {
            ops.push(Listed::new(entry, &why, &ledger, &sight)?);
        }
    }
    let total = ops.len();
    if limit > 0 {
        ops.drain(..total.saturating_sub(limit));
    }
    answer(Log { ops, total })
}

async fn show(wanted: &str, node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    let ledger = Ledger::read(&node.client, &sight, None).await?;
    let entry = ledger.find(wanted)?;
    let why = explained(&node.client, entry.id).await?;
    answer(Shown {
        listed: Listed::new(entry, &why, &ledger, &sight)?,
        payload: payload(&entry.op.signable.op),
        parents: entry.op.signable.parent_op_hashes.clone(),
        state_hash: entry.op.signable.state_hash,
        signature: hex(&entry.op.signature),
        bytes: hex(&entry.op.encode()),
    })
}
