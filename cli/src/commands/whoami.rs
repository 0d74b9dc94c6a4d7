//! `folkmoot whoami`: as whom this database acts, and as whom it could.

use crate::naming::whole_id;
use crate::node::{Node, shown};
use crate::output::{Answered, Table, Told, answer, bold, dim};
use crate::sight::{Named, NamespaceSight, Sight, quoted};
use crate::words::on_one_line;
use folkmoot_core::{NamespaceId, PublicKey, Role};
use serde::Serialize;
use std::io::{self, Write};

/// Shows whose keys are in the database.
#[derive(Debug, clap::Args)]
pub(crate) struct WhoamiArgs {
    /// Only this namespace; by its whole id if nothing of it is here yet.
    #[arg(short, long)]
    namespace: Option<String>,
    /// Makes a key in the namespace, for somebody there to add (`folkmoot member add KEY`), and acts as it from then on.
    #[arg(long)]
    create: bool,
}

/// A role in a group.
#[derive(Debug, Serialize)]
struct Standing {
    group: Named,
    role: Role,
}

/// A key.
#[derive(Debug, Serialize)]
struct Identity {
    namespace: Named,
    key: PublicKey,
    name: Option<String>,
    /// Whether it is the one that acts where `--as` names no other.
    acts: bool,
    roles: Vec<Standing>,
}

#[derive(Debug, Serialize)]
struct Whoami {
    database: String,
    identities: Vec<Identity>,
}

impl Told for Whoami {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", dim(&format!("database {}", self.database)))?;
        if self.identities.is_empty() {
            return writeln!(out, "Nobody yet: a key is made as you found a namespace, or join one.");
        }
        for identity in &self.identities {
            let name = identity.name.as_deref().map_or_else(|| "(no name)".to_owned(), on_one_line);
            let namespace = quoted(identity.namespace.name.as_deref().unwrap_or(&identity.namespace.id));
            let other = if identity.acts { "" } else { ", by --as" };
            writeln!(out, "{} in {namespace}{other}", bold(&name))?;
            let mut table = Table::default();
            table.row([dim("key"), identity.key.to_string()]);
            for standing in &identity.roles {
                let group = quoted(standing.group.name.as_deref().unwrap_or(&standing.group.id));
                table.row([dim("is"), format!("{:?} in {group}", standing.role)]);
            }
            if identity.roles.is_empty() {
                table.row([dim("is"), "a member of no group, as far as is known here".to_owned()]);
            }
            table.write("  ", out)?;
        }
        Ok(())
    }
}

pub(crate) async fn run(args: &WhoamiArgs, node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    let only = match args.namespace.as_deref() {
        None if !args.create => None,
        None => Some(sight.namespace(None)?.id),
        Some(wanted) => Some(match whole_id(wanted) {
            Some(id) => NamespaceId(id),
            None => sight.namespace(Some(wanted))?.id,
        }),
    };
    let sight = match only.filter(|_| args.create) {
        Some(namespace) => {
            node.client.create_identity(namespace).await.map_err(|error| sight.trouble(error))?;
            Sight::of(&node.client).await?
        }
        None => sight,
    };
    let all = sight.namespaces.values().filter(|ns| only.is_none_or(|only| only == ns.id));
    let identities = all.flat_map(|ns| ns.keys.iter().map(|key| identity(ns, *key)));
    answer(Whoami { database: shown(&node.path), identities: identities.collect() })
}

fn identity(ns: &NamespaceSight, key: PublicKey) -> Identity {
    let records = ns.groups.iter().filter_map(|(id, group)| Some((id, group.members.get(&key)?)));
    Identity {
        namespace: ns.named(),
        key,
        name: ns.people.name_of(&key).map(str::to_owned),
        acts: ns.identity == Some(key),
        roles: records.map(|(id, member)| Standing { group: ns.group_named(id), role: member.role }).collect(),
    }
}
