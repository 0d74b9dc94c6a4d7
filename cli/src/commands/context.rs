//! `folkmoot context`: instances of applications.

use crate::changed::{Changed, VisibilityArg, hash_arg, name_arg, source_arg};
use crate::node::Node;
use crate::output::{Answered, Table, Told, answer, bold, dim};
use crate::sight::{Named, Only, Scope, Sight, quoted};
use crate::words::{on_one_line, short};
use clap::Subcommand;
use folkmoot::{By, NewContext};
use folkmoot_core::{ContextId, ContextInfo, OpId};
use serde::Serialize;
use std::io::{self, Write};

/// Registers, lists and detaches contexts: instances of the application that a group runs.
#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommand {
    /// Registers a context in a group. Who registers it takes part in it at once, if it may.
    Register {
        /// What to call it.
        #[arg(value_parser = name_arg)]
        name: String,
        /// Where its code comes from.
        #[arg(long, default_value = "", value_parser = source_arg)]
        source: String,
        /// The application, in 64 hexadecimal digits; else the group's.
        #[arg(long, value_name = "ID", value_parser = hash_arg)]
        application: Option<[u8; 32]>,
        /// Its code, in 64 hexadecimal digits.
        #[arg(long, value_name = "ID", value_parser = hash_arg)]
        blob: Option<[u8; 32]>,
        /// The service, if the application has several.
        #[arg(long, value_name = "NAME", value_parser = name_arg)]
        service: Option<String>,
        /// Who may join without being asked; else as the group has it for new contexts.
        #[arg(long, value_enum)]
        visibility: Option<VisibilityArg>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Takes a context out of its group, for everybody.
    Detach {
        /// Which, by name or the beginning of its id.
        context: String,
        /// The namespace it is in.
        #[arg(short, long)]
        namespace: Option<String>,
        /// Acts as this person, whose key is in the database.
        #[arg(long = "as", value_name = "WHO")]
        requester: Option<String>,
    },
    /// Lists contexts: of one group, or of all.
    List(Only),
}

#[derive(Debug, Serialize)]
struct Listed {
    namespace: Named,
    group: Named,
    id: ContextId,
    #[serde(flatten)]
    info: ContextInfo,
    #[serde(skip)]
    by: String,
}

#[derive(Debug, Serialize)]
struct List {
    contexts: Vec<Listed>,
}

impl Told for List {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.contexts.is_empty() {
            return writeln!(out, "No context yet. Register one:  folkmoot context register NAME");
        }
        let mut table = Table::default();
        for context in &self.contexts {
            let group = quoted(context.group.name.as_deref().unwrap_or(&context.group.id));
            table.row([
                bold(&quoted(&context.info.alias)),
                dim(&short(&context.id.0)),
                format!("in {group}"),
                format!("{:?}", context.info.visibility),
                format!("application {}", short(&context.info.application_id)),
                format!("by {}", on_one_line(&context.by)),
            ]);
        }
        table.write("", out)
    }
}

pub(crate) async fn run(command: &ContextCommand, node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    match command {
        ContextCommand::Register { name, source, application, blob, service, visibility, scope } => {
            let new = NewContext {
                application_id: *application,
                blob_id: blob.unwrap_or_default(),
                source: source.clone(),
                service_name: service.clone(),
                visibility: visibility.map(Into::into),
            };
            let spot = sight.spot(scope)?;
            let made = node.client.create_context(spot.by, spot.group, new).await;
            let context = made.map_err(|error| sight.trouble(error))?;
            let named = node.client.set_context_alias(spot.by, context, name.clone()).await;
            let ops = vec![OpId(context.0), named.map_err(|error| sight.trouble(error))?];
            let group = spot.namespace.group_named(&spot.group);
            let place = spot.namespace.group_words(&spot.group);
            let changed = Changed::new("context register", spot.namespace.named(), Some(group), ops)
                .created(&context.0)
                .line(format!("{} {} is registered in {place}", bold(&quoted(name)), short(&context.0)));
            answer(changed)
        }
        ContextCommand::Detach { context, namespace, requester } => {
            let ns = sight.namespace(namespace.as_deref())?;
            let (group, id) = ns.context(context)?;
            let requester = requester.as_deref().map(|wanted| ns.signer(wanted)).transpose()?;
            let by = By { requester, expected_state_hash: None };
            let done = node.client.detach_context_from_group(by, group, id).await;
            let op = done.map_err(|error| sight.trouble(error))?;
            let line = format!("context {} is taken out of {}", short(&id.0), ns.group_words(&group));
            answer(Changed::new("context detach", ns.named(), Some(ns.group_named(&group)), vec![op]).line(line))
        }
        ContextCommand::List(only) => list(only, &sight),
    }
}

fn list(only: &Only, sight: &Sight) -> Answered {
    let mut contexts = Vec::new();
    for (ns, group, seen) in sight.groups(only)? {
        contexts.extend(seen.contexts.iter().map(|(id, info)| Listed {
            namespace: ns.named(),
            group: ns.group_named(&group),
            id: *id,
            info: info.clone(),
            by: ns.people.who(&info.registered_by),
        }));
    }
    answer(List { contexts })
}
