//! `folkmoot namespace`: founding, and what is here.

use crate::changed::{Changed, hash_arg, name_arg};
use crate::node::Node;
use crate::output::{Answered, Table, Told, answer, bold, dim};
use crate::sight::{Named, Sight, plain, quoted};
use crate::words::{count, short};
use clap::Subcommand;
use folkmoot::{By, NewNamespace};
use folkmoot_core::{Hash, NamespaceId};
use serde::Serialize;
use std::io::{self, Write};

/// Founds and lists namespaces.
#[derive(Debug, Subcommand)]
pub(crate) enum NamespaceCommand {
    /// Founds a namespace with its root group. Its founder, whose key is made here, is its first and most senior Admin.
    Create {
        /// What to call it.
        #[arg(value_parser = name_arg)]
        name: String,
        /// What the founder is called in it.
        #[arg(long, value_name = "NAME", value_parser = name_arg)]
        me: Option<String>,
        /// The application that its contexts run: 64 hexadecimal digits.
        #[arg(long, value_name = "ID", value_parser = hash_arg)]
        application: Option<[u8; 32]>,
        /// The key of that application: 64 hexadecimal digits.
        #[arg(long, value_name = "KEY", value_parser = hash_arg)]
        app_key: Option<[u8; 32]>,
    },
    /// Lists the namespaces in the database.
    List,
}

/// A namespace.
#[derive(Debug, Serialize)]
struct Listed {
    id: NamespaceId,
    name: Option<String>,
    /// As whom the database acts there.
    identity: Option<Named>,
    groups: usize,
    ops: u64,
    heads: usize,
    pending: usize,
    forks: usize,
    /// The same on all replicas that have the same ops; null if nothing is here yet.
    digest: Option<Hash>,
}

/// All namespaces.
#[derive(Debug, Serialize)]
struct List {
    namespaces: Vec<Listed>,
}

impl Told for List {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.namespaces.is_empty() {
            return writeln!(out, "No namespace yet. Found one:  folkmoot namespace create NAME");
        }
        let mut table = Table::default();
        for namespace in &self.namespaces {
            let name = namespace.name.as_deref().map_or_else(|| "(nothing of it is here yet)".into(), quoted);
            let who = namespace.identity.as_ref().map_or_else(
                || "as nobody".into(),
                |identity| {
                    let name = identity.name.clone().map(|name| crate::words::on_one_line(&name));
                    format!("as {}", name.unwrap_or_else(|| identity.id.chars().take(8).collect()))
                },
            );
            let digest = namespace.digest.map_or_else(String::new, |digest| format!("digest {}", short(&digest.0)));
            table.row([
                bold(&name),
                dim(&short(&namespace.id.0)),
                who,
                count(namespace.groups, "group"),
                count(usize::try_from(namespace.ops).unwrap_or(usize::MAX), "op"),
                digest,
            ]);
        }
        table.write("", out)
    }
}

pub(crate) async fn run(command: &NamespaceCommand, node: &Node) -> Answered {
    match command {
        NamespaceCommand::Create { name, me, application, app_key } => {
            let new = NewNamespace {
                alias: name.clone(),
                app_key: app_key.unwrap_or_default(),
                application_id: application.unwrap_or_default(),
            };
            create(new, me.as_deref(), node).await
        }
        NamespaceCommand::List => list(node).await,
    }
}

async fn create(new: NewNamespace, me: Option<&str>, node: &Node) -> Answered {
    let (client, name) = (&node.client, new.alias.clone());
    let namespace = client.create_namespace(new, None).await.map_err(plain)?;
    let identity = client.identity(namespace).await.map_err(plain)?;
    let mut ops = vec![folkmoot_core::OpId(namespace.0)];
    if let (Some(me), Some(identity)) = (me, identity) {
        let named = client.set_member_alias(By::default(), namespace.into(), identity, me.to_owned()).await;
        ops.push(named.map_err(plain)?);
    }
    let sight = Sight::of(client).await?;
    let named = Named::new(&namespace.0, Some(&name));
    let people = sight.namespaces.get(&namespace).map(|found| &found.people);
    let founder = identity.zip(people).map(|(identity, people)| people.who(&identity)).unwrap_or_default();
    let changed = Changed::new("namespace create", named.clone(), Some(named), ops)
        .created(&namespace.0)
        .line(format!("{} {} is founded by {founder}", bold(&quoted(&name)), short(&namespace.0)))
        .line("Invite somebody:  folkmoot invite create");
    answer(changed)
}

async fn list(node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    let mut namespaces = Vec::new();
    for (id, seen) in &sight.namespaces {
        let here = seen.ops > 0;
        let counts = if here { node.client.counts(*id).await.map_err(plain)? } else { Default::default() };
        let digest = if here { Some(node.client.digest(*id).await.map_err(plain)?) } else { None };
        namespaces.push(Listed {
            id: *id,
            name: here.then(|| seen.name().to_owned()),
            identity: seen.identity.map(|identity| seen.person_named(&identity)),
            groups: seen.groups.len(),
            ops: seen.ops,
            heads: counts.heads,
            pending: counts.pending,
            forks: counts.forks,
            digest,
        });
    }
    answer(List { namespaces })
}
