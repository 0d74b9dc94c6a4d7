//! `folkmoot tree`: the groups there are, with their members and contexts.

use crate::node::Node;
use crate::output::{Answered, Told, answer};
use crate::pictured::Pictured;
use folkmoot_pictures::{Names, Tree, TreeStyle};
use serde::Serialize;
use std::io::{self, Write};

/// Draws the groups as a tree, with members, roles, capabilities and contexts.
#[derive(Debug, clap::Args)]
pub(crate) struct TreeArgs {
    /// The namespace, by name or the beginning of its id. Not needed where there is only one.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// Only this group and those below it.
    #[arg(short, long, value_name = "GROUP")]
    group: Option<String>,
    /// Draws with ASCII lines, where a terminal has no others.
    #[arg(long)]
    ascii: bool,
}

#[derive(Debug, Serialize)]
struct Drawn {
    #[serde(flatten)]
    tree: Tree,
    #[serde(skip)]
    style: TreeStyle,
}

impl Told for Drawn {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{}", self.tree.text(self.style))
    }
}

pub(crate) async fn run(args: &TreeArgs, node: &Node) -> Answered {
    let pictured = Pictured::of(node, args.namespace.as_deref(), args.group.as_deref()).await?;
    let Pictured { engine, namespace, group, ops } = &pictured;
    let tree = Tree::of(engine, namespace, ops, &Names::new(), group.as_ref());
    let style = if args.ascii { TreeStyle::Ascii } else { TreeStyle::Boxes };
    answer(Drawn { tree, style })
}
