//! `folkmoot sync`: exchanging ops with another database, a file of ops, or a folder of either.
//!
//! A file of ops is how machines without a network meet: it holds no secret, grows by what each of them adds, and can lie on
//! a stick, in a shared folder, or in a mail.

use crate::exchange::{Intake, Tally, copy, heads, held, progress, whole_log};
use crate::failure::{Exit, Failure, Trouble};
use crate::node::{Node, shown};
use crate::opsfile::{self, Kind};
use crate::output::{Answered, Told, answer, bad, bold, dim, good, warn};
use crate::sight::{Sight, plain, quoted};
use crate::words::{count, short};
use folkmoot::store::StoreOptions;
use folkmoot_core::{Hash, NamespaceId, OpId, SignedGroupOp};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Rounds of exchange with one partner. What one round brings may make a node act (it revokes an invitation that is used
/// up), so a second may bring something; more are not needed.
const MAX_ROUNDS: usize = 4;

/// What ends the name of a file of ops that may be made.
const OPS_EXTENSION: &str = "ops";

/// Exchanges ops until both sides have the same.
#[derive(Debug, clap::Args)]
pub(crate) struct SyncArgs {
    /// Another database; a file of ops, which is made if its name ends in .ops; or a folder of such files.
    #[arg(value_name = "FILE-OR-FOLDER", required = true)]
    partners: Vec<PathBuf>,
    /// Only this namespace. A file of ops that holds some namespaces is given ops of those alone unless this says otherwise.
    #[arg(short, long)]
    namespace: Option<String>,
}

/// With whom, and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Partner {
    path: String,
    /// `database` or `ops`.
    kind: &'static str,
    gave: usize,
    got: Tally,
    #[serde(skip)]
    notes: Vec<String>,
}

/// A file in a folder that cannot be read, and why.
#[derive(Debug, Serialize)]
struct Unread {
    path: String,
    error: Value,
    #[serde(skip)]
    why: Failure,
}

/// A namespace afterwards.
#[derive(Debug, Serialize)]
struct Reached {
    id: NamespaceId,
    name: String,
    ops: u64,
    heads: Vec<OpId>,
    digest: Hash,
    /// Whether all databases that took part have the same digest.
    agrees: bool,
}

#[derive(Debug, Serialize)]
struct Synced {
    with: Vec<Partner>,
    unread: Vec<Unread>,
    namespaces: Vec<Reached>,
}

impl Told for Synced {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        for partner in &self.with {
            partner.tell(out)?;
        }
        for Unread { path, why, .. } in &self.unread {
            writeln!(out, "{}: {}", bold(path), bad("cannot be read, and is passed over"))?;
            writeln!(out, "  {why}")?;
            for step in why.next() {
                writeln!(out, "  {} {step}", bold("next:"))?;
            }
        }
        for namespace in &self.namespaces {
            let ops = count(usize::try_from(namespace.ops).unwrap_or(usize::MAX), "op");
            let digest = dim(&format!("digest {}", short(&namespace.digest.0)));
            let agrees = if namespace.agrees { good("up to date") } else { bad("the digests differ") };
            writeln!(out, "{} has {ops}, {digest}: {agrees}", bold(&quoted(&namespace.name)))?;
        }
        if self.differs() {
            writeln!(out, "The same ops must have one digest: one of the two databases is broken.")?;
            writeln!(out, "Look at both:  folkmoot verify")?;
        }
        Ok(())
    }

    fn exit(&self) -> Option<Exit> {
        let unread = self.unread.first().map(|unread| unread.why.exit());
        if self.differs() { Some(Exit::Unsound) } else { unread }
    }
}

impl Synced {
    fn differs(&self) -> bool {
        self.namespaces.iter().any(|namespace| !namespace.agrees)
    }
}

impl Partner {
    /// How many ops came.
    pub(crate) const fn got(&self) -> usize {
        self.got.admitted
    }

    /// A line, and remarks.
    pub(crate) fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let (got, gave) = (count(self.got.admitted, "op"), self.gave);
        writeln!(out, "{}: got {got}, gave {gave}", bold(&self.path))?;
        for line in self.got.remarks().iter().chain(&self.notes) {
            writeln!(out, "  {}", warn(line))?;
        }
        Ok(())
    }
}

/// A file to exchange with.
#[derive(Debug)]
struct Found {
    path: PathBuf,
    /// Whether it was found in a folder, and not named.
    in_folder: bool,
}

/// Where databases that took part do not agree.
type Differing = BTreeSet<NamespaceId>;

pub(crate) async fn run(args: &SyncArgs, node: &Node) -> Answered {
    let only = match &args.namespace {
        Some(wanted) => Some(only(wanted, node).await?),
        None => None,
    };
    let mut found = Vec::new();
    for partner in &args.partners {
        found.extend(partners(partner, node)?);
    }
    let mut differing = Differing::new();
    let (mut with, mut unread) = (BTreeMap::<&Path, Partner>::new(), BTreeMap::<&Path, Failure>::new());
    // What the last brings is news to the first.
    for round in 0..2 {
        let mut moved = 0;
        for Found { path, in_folder } in &found {
            if unread.contains_key(path.as_path()) {
                continue;
            }
            let partner = match exchange(path, only, node, &mut differing).await {
                Err(why) if *in_folder && why.exit() == Exit::Usage => {
                    unread.insert(path, why);
                    continue;
                }
                partner => partner?,
            };
            moved += partner.gave + partner.got.admitted;
            match with.get_mut(path.as_path()) {
                None => drop(with.insert(path, partner)),
                Some(before) => {
                    before.gave += partner.gave;
                    before.got.admitted += partner.got.admitted;
                }
            }
        }
        if found.len() < 2 || round == 0 && moved == 0 {
            break;
        }
    }
    let with = found.iter().filter_map(|found| with.remove(found.path.as_path())).collect();
    let unread = unread.into_iter().map(|(path, why)| Unread { path: shown(path), error: why.json(), why }).collect();
    answer(Synced { with, unread, namespaces: reached(node, only, &differing).await? })
}

/// The namespace to be exchanged: one that is here, or any by its whole id.
async fn only(wanted: &str, node: &Node) -> Result<NamespaceId, Failure> {
    match crate::naming::whole_id(wanted) {
        Some(id) => Ok(NamespaceId(id)),
        None => Ok(Sight::of(&node.client).await?.namespace(Some(wanted))?.id),
    }
}

/// The files to exchange with.
fn partners(path: &Path, node: &Node) -> Result<Vec<Found>, Failure> {
    let named = || Ok(vec![Found { path: path.to_owned(), in_folder: false }]);
    match opsfile::kind(path)? {
        Kind::Database | Kind::Ops => named(),
        Kind::Nothing if path.extension().is_some_and(|extension| extension == OPS_EXTENSION) => named(),
        Kind::Nothing => Err(Trouble::new("input", Exit::Usage, format!("there is nothing at {}", shown(path)))
            .next("to make a file of ops there, have its name end in .ops")
            .into()),
        Kind::Folder => in_folder(path, node),
    }
}

/// The databases and files of ops in a folder, by name. What is neither is passed over; what cannot be looked at may be
/// either, and the exchange with it says why not.
fn in_folder(folder: &Path, node: &Node) -> Result<Vec<Found>, Failure> {
    let unreadable =
        |error: io::Error| Trouble::new("input", Exit::Usage, format!("{} cannot be read: {error}", shown(folder)));
    let ours = std::fs::canonicalize(&node.path).ok();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_ops = path.extension().is_some_and(|extension| extension == OPS_EXTENSION);
        match opsfile::kind(&path) {
            Ok(Kind::Database) if std::fs::canonicalize(&path).ok() != ours => found.push(path),
            Ok(Kind::Ops) if is_ops => found.push(path),
            Err(_) => found.push(path),
            Ok(_) => {}
        }
    }
    found.sort();
    if found.is_empty() {
        let what = format!("there is no database and no file of ops in {}", shown(folder));
        let file = shown(&folder.join("moot.ops"));
        return Err(Trouble::new("input", Exit::Usage, what).next(format!("make one:  folkmoot sync {file}")).into());
    }
    Ok(found.into_iter().map(|path| Found { path, in_folder: true }).collect())
}

/// Exchanges ops with one file.
pub(crate) async fn exchange(
    path: &Path,
    only: Option<NamespaceId>,
    node: &Node,
    differing: &mut BTreeSet<NamespaceId>,
) -> Result<Partner, Failure> {
    let same = |other: &Path| std::fs::canonicalize(other).ok() == std::fs::canonicalize(&node.path).ok();
    match opsfile::kind(path)? {
        Kind::Database if same(path) => {
            let what = format!("{} is the database itself", shown(path));
            Err(Trouble::new("itself", Exit::Usage, what).next("name another database, or a file of ops").into())
        }
        Kind::Database => with_database(path, only, node, differing).await,
        _ => with_ops(path, only, node).await,
    }
}

async fn with_database(
    path: &Path,
    only: Option<NamespaceId>,
    node: &Node,
    differing: &mut Differing,
) -> Result<Partner, Failure> {
    // Either database may be encrypted, or both, with the passphrase that was given.
    let other = match Node::open_other(path, StoreOptions::default()).await {
        Err(Failure::Trouble(trouble)) if trouble.code == "passphrase" => {
            Node::open_other(path, node.options.clone()).await?
        }
        other => other?,
    };
    let done = between(node, &other, only, differing).await;
    other.close().await;
    let (got, gave) = done?;
    Ok(Partner { path: shown(path), kind: "database", gave: gave.admitted, got, notes: Vec::new() })
}

/// Exchanges ops between two databases until neither brings the other anything.
async fn between(
    ours: &Node,
    theirs: &Node,
    only: Option<NamespaceId>,
    differing: &mut Differing,
) -> Result<(Tally, Tally), Failure> {
    let (mut to_us, mut to_them) = (Intake::begin(&ours.client).await?, Intake::begin(&theirs.client).await?);
    for _ in 0..MAX_ROUNDS {
        let before = (to_us.admitted(), to_them.admitted());
        for namespace in wanted(&held(&theirs.client).await?, only) {
            copy(&theirs.client, &mut to_us, namespace).await?;
        }
        for namespace in wanted(&held(&ours.client).await?, only) {
            copy(&ours.client, &mut to_them, namespace).await?;
        }
        if before == (to_us.admitted(), to_them.admitted()) {
            break;
        }
    }
    for namespace in wanted(&held(&ours.client).await?, only) {
        let digests = (ours.client.digest(namespace).await.ok(), theirs.client.digest(namespace).await.ok());
        let heads = (heads(&ours.client, namespace).await?, heads(&theirs.client, namespace).await?);
        if digests.0 != digests.1 || heads.0 != heads.1 {
            differing.insert(namespace);
        }
    }
    Ok((to_us.end().await?, to_them.end().await?))
}

fn wanted(all: &BTreeSet<NamespaceId>, only: Option<NamespaceId>) -> Vec<NamespaceId> {
    all.iter().filter(|namespace| only.is_none_or(|only| only == **namespace)).copied().collect()
}

async fn with_ops(path: &Path, only: Option<NamespaceId>, node: &Node) -> Result<Partner, Failure> {
    let given = match opsfile::kind(path)? {
        Kind::Nothing => opsfile::GivenOps::default(),
        _ => opsfile::read(&[path.to_owned()], io::empty())?,
    };
    let (mut there, mut namespaces) = (HashSet::new(), BTreeSet::new());
    let (mut ops, mut places) = (Vec::new(), Vec::new());
    for (bytes, place) in given.ops.into_iter().zip(given.places) {
        if let Ok(op) = SignedGroupOp::decode(&bytes) {
            let namespace = namespace_of(&op);
            there.insert(op.signable.id());
            namespaces.insert(namespace);
            if only.is_some_and(|only| only != namespace) {
                continue;
            }
        }
        ops.push(bytes);
        places.push(place);
    }
    let mut intake = Intake::begin(&node.client).await?;
    let bar = progress("ops", ops.len());
    intake.take(ops, |at| places.get(at).cloned().unwrap_or_default(), &bar).await?;
    bar.finish_and_clear();
    let got = intake.end().await?;
    let mut notes: Vec<String> = given.too_long.iter().map(|(place, why)| format!("{place}: {why}")).collect();

    let here = held(&node.client).await?;
    let chosen = match only {
        Some(only) => wanted(&here, Some(only)),
        None if namespaces.is_empty() => wanted(&here, None),
        None => {
            let left = here.difference(&namespaces).count();
            if left > 0 {
                let left = count(left, "namespace");
                notes.push(format!(
                    "{left} of this database not given, as the file is of others (--namespace gives it)"
                ));
            }
            here.intersection(&namespaces).copied().collect()
        }
    };
    let mut lacking = Vec::new();
    for namespace in chosen {
        let log = whole_log(&node.client, namespace).await?;
        lacking.extend(log.into_iter().filter(|op| !there.contains(&op.id)).map(|op| op.bytes));
    }
    let mut gave = lacking.len();
    if path.extension().is_some_and(|extension| extension == "json") {
        if gave > 0 {
            notes.push("a JSON file is only read; to give ops, name a file that ends in .ops".to_owned());
        }
        gave = 0;
    } else if gave > 0 {
        opsfile::append(path, lacking.iter().map(Vec::as_slice))?;
    }
    Ok(Partner { path: shown(path), kind: "ops", gave, got, notes })
}

/// The namespace that an op is in.
fn namespace_of(op: &SignedGroupOp) -> NamespaceId {
    let claimed = op.signable.namespace_id;
    if claimed.is_zero() { op.signable.id().into() } else { claimed }
}

async fn reached(node: &Node, only: Option<NamespaceId>, differing: &Differing) -> Result<Vec<Reached>, Failure> {
    let sight = Sight::of(&node.client).await?;
    let mut all = Vec::new();
    for namespace in wanted(&held(&node.client).await?, only) {
        let Some(seen) = sight.namespaces.get(&namespace) else { continue };
        all.push(Reached {
            id: namespace,
            name: seen.name().to_owned(),
            ops: seen.ops,
            heads: heads(&node.client, namespace).await?,
            digest: node.client.digest(namespace).await.map_err(plain)?,
            agrees: !differing.contains(&namespace),
        });
    }
    Ok(all)
}
