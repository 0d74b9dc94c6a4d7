//! `folkmoot graph`: a picture of what happened.

use crate::failure::Failure;
use crate::node::Node;
use crate::output::{Answered, Told, answer};
use crate::pictured::Pictured;
use clap::ValueEnum;
use folkmoot_pictures::{Folding, Form, History, Names, dot, html, mermaid, svg};
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;

/// Draws what happened in a namespace: who did what, what became of it, and what struck what.
///
/// The picture goes to stdout, or to a file. The page (html) is one file that needs no network: hover or tap an op for
/// its explanation, drag through the history to watch members and roles change, search for a member.
#[derive(Debug, clap::Args)]
pub(crate) struct GraphArgs {
    /// The namespace, by name or the beginning of its id. Not needed where there is only one.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// Only ops about this group and those below it, and what decided them.
    #[arg(short, long, value_name = "GROUP")]
    group: Option<String>,
    /// The format. By default what the output's name ends in says, or svg.
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Writes to this file, and not to stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Whether straight runs of one signer become one node; by default in long histories.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    fold: Fold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// An image, light or dark as the reader's system is.
    Svg,
    /// A page to explore.
    Html,
    /// For Graphviz.
    Dot,
    /// For Mermaid.
    Mermaid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fold {
    /// In long histories.
    Auto,
    /// Wherever there is a run.
    Always,
    /// Nowhere.
    Never,
}

/// A picture, or where it was written.
#[derive(Debug, Serialize)]
struct Graph {
    format: Format,
    /// How many ops are in it.
    ops: usize,
    /// How many of them have no effect.
    without_effect: usize,
    /// The file that was written.
    output: Option<PathBuf>,
    /// The picture, if it was written to no file.
    document: Option<String>,
}

impl Told for Graph {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        match (&self.document, &self.output) {
            (Some(document), _) => out.write_all(document.as_bytes()),
            (None, Some(file)) => writeln!(out, "{} ops in {}", self.ops, file.display()),
            (None, None) => Ok(()),
        }
    }
}

pub(crate) async fn run(args: &GraphArgs, node: &Node) -> Answered {
    let pictured = Pictured::of(node, args.namespace.as_deref(), args.group.as_deref()).await?;
    let Pictured { engine, namespace, group, ops } = &pictured;
    let history = History::of(engine, namespace, ops, &Names::new(), group.as_ref());
    let folding = match args.fold {
        Fold::Auto => Folding::Auto,
        Fold::Always => Folding::Always,
        Fold::Never => Folding::Never,
    };
    let format = args.format.or_else(|| by_ending(args.output.as_ref()?)).unwrap_or(Format::Svg);
    let document = match format {
        Format::Svg => svg(&history, Form::Auto, folding),
        Format::Html => html(&history, folding),
        Format::Dot => dot(&history, folding),
        Format::Mermaid => mermaid(&history, folding),
    };
    let (ops, without_effect) = (history.ops.len(), history.without_effect());
    let document = match &args.output {
        None => Some(document),
        Some(file) => {
            let lost = |error| Failure::Lost(format!("{} cannot be written: {error}", file.display()));
            std::fs::write(file, document).map_err(lost)?;
            None
        }
    };
    answer(Graph { format, ops, without_effect, output: args.output.clone(), document })
}

/// The format that a file's name asks for.
fn by_ending(file: &std::path::Path) -> Option<Format> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "svg" => Some(Format::Svg),
        "html" | "htm" => Some(Format::Html),
        "dot" | "gv" => Some(Format::Dot),
        "mmd" | "mermaid" => Some(Format::Mermaid),
        _ => None,
    }
}
