//! `folkmoot why`: why an op has the effect it has, in words.

use crate::exchange::{progress, whole_log};
use crate::failure::{Exit, Failure, Trouble};
use crate::ledger::{Entry, Ledger, explained, seen};
use crate::node::Node;
use crate::output::{Answered, Table, Told, answer, bold, dim, verdict};
use crate::sight::{Named, NamespaceSight, Sight, plain};
use crate::words::{self, short};
use folkmoot::verify::verify_ops;
use folkmoot_core::{Engine, Explanation, OpId, RestsOn, Status, Verdict, VoidReason};
use serde::Serialize;
use std::io::{self, Write};

/// The longest chain of grounds that is told.
const MAX_CHAIN: usize = 32;

/// Tells why an op has the effect it has, or has none: what it rests on, what struck it, and since when.
#[derive(Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// Which, by the beginning of its id.
    op: String,
}

/// Another op that matters.
#[derive(Debug, Clone, Serialize)]
struct Other {
    id: OpId,
    /// Its number in the namespace, in the order of arrival here.
    number: u64,
    signer: Named,
    deed: String,
    #[serde(skip)]
    words: String,
}

/// What an op rests on: a link of the chain up to the founding.
#[derive(Debug, Serialize)]
struct Link {
    /// Whose authority.
    principal: Named,
    /// `Admin`, a capability's name, or `member`.
    what: String,
    group: Named,
    given_by: Other,
    #[serde(skip)]
    words: String,
}

/// A verdict that the op had for a while, as ops came here.
#[derive(Debug, Serialize)]
struct Since {
    verdict: String,
    /// The op with whose arrival here it began.
    since: Other,
    #[serde(skip)]
    said: Verdict,
}

#[derive(Debug, Serialize)]
struct Why {
    op: Other,
    namespace: Named,
    group: Named,
    verdict: String,
    meaning: String,
    /// Decided by the op's own past, for good.
    causal: bool,
    /// What struck it, overruled it, or came before it.
    by: Option<Other>,
    /// The op that gave what it rests on, where that has no effect either.
    falls_with: Option<Other>,
    rests_on: Vec<Link>,
    history: Vec<Since>,
    #[serde(skip)]
    said: Verdict,
    #[serde(skip)]
    place: String,
}

impl Told for Why {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} in {}", bold(&self.op.words), self.place)?;
        let mut table = Table::default();
        let meaning = if self.said == Verdict::Effective { String::new() } else { format!(": {}", self.meaning) };
        table.row([dim("verdict"), format!("{}{meaning}", verdict(self.said))]);
        if let Some(by) = &self.by {
            table.row([dim(struck(self.said)), by.words.clone()]);
        }
        if let Some(giver) = &self.falls_with {
            table.row([dim("falls with"), giver.words.clone()]);
        }
        for (link, label) in self.rests_on.iter().zip(std::iter::once("rests on").chain(std::iter::repeat(""))) {
            table.row([dim(label), format!("{}, given by {}", link.words, link.given_by.words)]);
        }
        table.row([dim("since"), self.since()]);
        for before in self.history.iter().rev().skip(1) {
            let words = format!("{} since {} came here", before.verdict, before.since.words);
            table.row([dim("before"), words]);
        }
        table.write("  ", out)
    }
}

impl Why {
    fn since(&self) -> String {
        match self.history.last() {
            _ if self.causal => "it was made: decided by its own past, for good".to_owned(),
            Some(last) if last.since.id != self.op.id => format!("{} came here", last.since.words),
            _ => format!("it came here, as number {}", self.op.number),
        }
    }
}

const fn struck(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Void(VoidReason::Overruled) => "overruled by",
        Verdict::Void(VoidReason::Superseded) => "prevails",
        _ => "struck by",
    }
}

/// An op that has no place in the log.
#[derive(Debug, Serialize)]
struct Aside {
    id: OpId,
    /// `waiting`, `ignored` or `rejected`.
    status: &'static str,
    reason: String,
    missing: Vec<OpId>,
}

impl Told for Aside {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} is {}: {}", bold(&short(&self.id.0)), self.status, self.reason)?;
        self.missing.iter().try_for_each(|op| writeln!(out, "  {}", short(&op.0)))
    }
}

pub(crate) async fn run(args: &WhyArgs, node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    let ledger = Ledger::read(&node.client, &sight, None).await?;
    let entry = match ledger.find(&args.op) {
        Ok(entry) => entry,
        Err(failure) => return aside(&args.op, node).await?.map_or(Err(failure), answer),
    };
    let ns = seen(&sight, entry)?;
    let why = explained(&node.client, entry.id).await?;
    let other = |id: &OpId| ledger.get(id).map(|entry| other(entry, &ledger));
    let engine = Replayed::of(entry, node).await?;
    let history = engine.history.iter().filter_map(|(verdict, since)| {
        Some(Since { verdict: verdict.to_string(), since: other(since)?, said: *verdict })
    });
    let history: Vec<Since> = history.collect();
    if history.last().is_some_and(|last| last.said != why.verdict) {
        // Two ways to one answer; if they differ, the database or the engine is broken.
        let what = format!("a replay of the log has {} as {}", short(&entry.id.0), why.verdict);
        return Err(Trouble::new("diverged", Exit::Unsound, what)
            .next("look at the database:  folkmoot verify")
            .into());
    }
    let meaning = match why.verdict {
        Verdict::Effective => "it has the effect that it says".to_owned(),
        Verdict::Idle(reason) | Verdict::Void(reason) => words::void(reason).to_owned(),
    };
    let group = ledger.group(entry);
    let falls_with = words::falls_with(&engine.engine, &why).and_then(|giver| other(&giver));
    let by = why.by.and_then(|by| other(&by));
    answer(Why {
        op: self::other(entry, &ledger),
        namespace: ns.named(),
        group: ns.group_named(&group),
        verdict: why.verdict.to_string(),
        meaning,
        causal: why.causal,
        by,
        falls_with,
        rests_on: chain(&why, &ledger, ns, node).await?,
        history,
        said: why.verdict,
        place: ns.group_words(&group),
    })
}

fn other(entry: &Entry, ledger: &Ledger) -> Other {
    let signer = entry.op.signable.signer;
    let name = ledger.people(&entry.namespace).and_then(|people| people.name_of(&signer));
    let deed = ledger.deed(entry);
    let words = format!("{} by {}: {deed}", short(&entry.id.0), ledger.signer(entry));
    Other { id: entry.id, number: entry.number, signer: Named::new(&signer.0, name), deed, words }
}

/// What the op rests on, what gave that rests on, and so on up to the founding.
async fn chain(why: &Explanation, ledger: &Ledger, ns: &NamespaceSight, node: &Node) -> Result<Vec<Link>, Failure> {
    let (mut links, mut at) = (Vec::new(), why.clone());
    while let Some(basis) = at.basis
        && links.len() < MAX_CHAIN
    {
        let Some(giver) = ledger.get(&basis.given_by) else { break };
        let people = ledger.people(&ns.id);
        let who = people.map_or_else(|| short(&at.principal.0), |people| people.called(&at.principal));
        let (what, words) = match basis.rests_on {
            RestsOn::Admin => ("Admin".to_owned(), "the role of Admin".to_owned()),
            RestsOn::Capability(bit) => {
                let name = words::bits(1u32.checked_shl(bit.into()).unwrap_or(0));
                (name.clone(), format!("the capability {name}"))
            }
            RestsOn::Record => ("member".to_owned(), "being a member".to_owned()),
        };
        let principal = Named::new(&at.principal.0, people.and_then(|people| people.name_of(&at.principal)));
        links.push(Link {
            principal,
            what,
            group: ns.group_named(&basis.ground),
            given_by: other(giver, ledger),
            words: format!("{words} that {who} had in {}", ns.group_words(&basis.ground)),
        });
        at = explained(&node.client, basis.given_by).await?;
    }
    Ok(links)
}

/// A second engine, which saw the ops come one by one.
struct Replayed {
    engine: Engine,
    /// The verdicts that the op had, each with the op with whose arrival it began.
    history: Vec<(Verdict, OpId)>,
}

impl Replayed {
    async fn of(entry: &Entry, node: &Node) -> Result<Self, Failure> {
        let log = whole_log(&node.client, entry.namespace).await?;
        let ids: Vec<OpId> = log.iter().map(|op| op.id).collect();
        let bytes: Vec<Vec<u8>> = log.into_iter().map(|op| op.bytes).collect();
        let mut ops = verify_ops(&bytes).into_iter().zip(ids);
        let mut engine = Engine::new();
        let early = ops.by_ref().take(usize::try_from(entry.number).unwrap_or(usize::MAX));
        let _ = engine.apply_batch(early.filter_map(|(op, _)| op.ok()));
        let mut history: Vec<(Verdict, OpId)> = Vec::new();
        history.extend(engine.verdict(&entry.id).map(|verdict| (verdict, entry.id)));
        let bar = progress("ops", ops.len());
        for (op, id) in ops {
            if let Ok(op) = op {
                let _ = engine.apply(op);
            }
            let now = engine.verdict(&entry.id);
            if now != history.last().map(|(verdict, _)| *verdict) {
                history.extend(now.map(|verdict| (verdict, id)));
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(Self { engine, history })
    }
}

/// An op that lies aside: why it does.
async fn aside(wanted: &str, node: &Node) -> Result<Option<Aside>, Failure> {
    let ops = node.client.ops_aside().await.map_err(plain)?;
    let wanted = wanted.to_ascii_lowercase();
    let mut found = None;
    for batch in ops.chunks(1_024) {
        let taken = node.client.take_ops(batch.to_vec()).await.map_err(plain)?.taken;
        let mut named = taken.into_iter().filter(|op| wanted.len() > 1 && op.op.to_string().starts_with(&wanted));
        found = named.next_back().or(found);
    }
    Ok(found.and_then(|op| match op.status {
        Status::Pending { missing } => {
            let reason = "it waits for what it was built on, which is not here".to_owned();
            Some(Aside { id: op.op, status: "waiting", reason, missing })
        }
        Status::Ignored => {
            let reason = "its own past has seen its signer's nonce".to_owned();
            Some(Aside { id: op.op, status: "ignored", reason, missing: Vec::new() })
        }
        Status::Rejected(reason) => {
            let reason = format!("{reason}: {}", words::rejection(reason));
            Some(Aside { id: op.op, status: "rejected", reason, missing: Vec::new() })
        }
        Status::Admitted(_) | Status::Duplicate => None,
    }))
}
