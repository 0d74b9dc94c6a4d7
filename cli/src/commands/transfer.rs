//! `folkmoot op export` and `folkmoot op import`: ops out of a database, and into it.

use crate::exchange::{Intake, RefusedBytes, Tally, progress, whole_log};
use crate::failure::Failure;
use crate::naming::hex;
use crate::node::{Node, shown};
use crate::opsfile;
use crate::output::{Answered, Told, answer, bold, warn};
use crate::sight::Sight;
use crate::words::count;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

/// Writes ops of the database as they travel: signed, and without any secret.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// Where to; else stdout. A file that is there is replaced.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Only this namespace.
    #[arg(short, long)]
    namespace: Option<String>,
}

/// Takes ops in that came from elsewhere. Each is checked; those that are here already change nothing, those whose parents
/// are not here are kept until these come.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// Files of ops (text with a hexadecimal op a line, or JSON with `ops`); `-` is stdin.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Ops as JSON: the shape of a vector file, which `import` and `replay` read.
#[derive(Debug, Serialize)]
struct Exported {
    people: BTreeMap<String, String>,
    ops: Vec<String>,
}

impl Told for Exported {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{}", opsfile::HEADER)?;
        self.ops.iter().try_for_each(|op| writeln!(out, "{op}"))
    }
}

/// What was written where.
#[derive(Debug, Serialize)]
struct Written {
    file: String,
    ops: usize,
    namespaces: usize,
}

impl Told for Written {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let (ops, from) = (count(self.ops, "op"), count(self.namespaces, "namespace"));
        writeln!(out, "{ops} of {from} written to {}", bold(&self.file))
    }
}

pub(crate) async fn export(args: &ExportArgs, node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    let only = args.namespace.as_deref().map(|wanted| sight.namespace(Some(wanted))).transpose()?;
    let mut people = BTreeMap::new();
    let (mut ops, mut namespaces) = (Vec::new(), 0);
    for ns in sight.namespaces.values().filter(|ns| only.is_none_or(|only| only.id == ns.id)) {
        let log = whole_log(&node.client, ns.id).await?;
        namespaces += usize::from(!log.is_empty());
        ops.extend(log.iter().map(|op| hex(&op.bytes)));
        for key in ns.groups.values().flat_map(|group| group.members.keys()) {
            if let Some(name) = ns.people.name_of(key) {
                people.entry(name.to_owned()).or_insert_with(|| key.to_string());
            }
        }
    }
    let exported = Exported { people, ops };
    let Some(file) = &args.file else { return answer(exported) };
    let mut text = Vec::new();
    exported.tell(&mut text)?;
    opsfile::replace(file, &text)?;
    answer(Written { file: shown(file), ops: exported.ops.len(), namespaces })
}

/// What came of an import.
#[derive(Debug, Serialize)]
struct Imported {
    #[serde(flatten)]
    tally: Tally,
}

impl Told for Imported {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let Tally { read, admitted, duplicates, waiting, .. } = &self.tally;
        let read = count(*read, "op");
        writeln!(out, "{read} read: {admitted} new, {duplicates} here already, {waiting} waiting")?;
        self.tally.remarks().iter().try_for_each(|line| writeln!(out, "  {}", warn(line)))
    }
}

pub(crate) async fn import(args: &ImportArgs, node: &Node) -> Answered {
    // Nothing is taken before all has been read.
    let given = opsfile::read(&args.files, io::stdin().lock())?;
    let tally = take(given, node).await?;
    answer(Imported { tally })
}

async fn take(given: opsfile::GivenOps, node: &Node) -> Result<Tally, Failure> {
    let mut intake = Intake::begin(&node.client).await?;
    let bar = progress("ops", given.ops.len());
    let places = given.places;
    intake.take(given.ops, |at| places.get(at).cloned().unwrap_or_default(), &bar).await?;
    bar.finish_and_clear();
    let mut tally = intake.end().await?;
    tally.read += given.too_long.len();
    tally.refused.extend(given.too_long.into_iter().map(|(place, why)| RefusedBytes { place, why }));
    Ok(tally)
}
