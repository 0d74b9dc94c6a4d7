//! `folkmoot upgrade`: which application a group's contexts run.

use crate::changed::{hash_arg, source_arg};
use crate::failure::Exit;
use crate::mover::ByCommand;
use crate::node::{Node, Place};
use crate::output::{Answered, Table, Told, answer, bad, bold, dim, good, warn};
use crate::sight::{Named, Scope, Sight, Spot, plain, quoted};
use crate::words::{on_one_line, policy, short, time};
use clap::{Subcommand, ValueEnum};
use folkmoot::{ContextStatus, Refusal, RequestError, Target, UpgradeStatus};
use folkmoot_core::{ContextId, Hash, OpId, UpgradePolicy};
use serde::Serialize;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether contexts have moved.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Sets a group's application, and moves the contexts that this database takes part in.
#[derive(Debug, Subcommand)]
pub(crate) enum UpgradeCommand {
    /// Sets the application that a group's contexts are to run. With the policy `automatic` this database's contexts move
    /// at once.
    Start {
        /// The application, in 64 hexadecimal digits.
        #[arg(long, value_name = "ID", value_parser = hash_arg)]
        application: [u8; 32],
        /// Its key, in 64 hexadecimal digits; else as it is.
        #[arg(long, value_name = "KEY", value_parser = hash_arg)]
        app_key: Option<[u8; 32]>,
        /// How contexts get there, in words that the application knows.
        #[arg(long, value_name = "TEXT", value_parser = source_arg)]
        migration: Option<String>,
        /// When contexts move; else as it is.
        #[arg(long, value_enum)]
        policy: Option<PolicyArg>,
        /// With `--policy coordinated`: seconds that members have.
        #[arg(long, value_name = "SECONDS", requires = "policy")]
        deadline: Option<u64>,
        #[command(flatten)]
        mover: Mover,
        #[command(flatten)]
        scope: Scope,
    },
    /// Shows how far this database's contexts have come.
    Status {
        #[command(flatten)]
        scope: Scope,
    },
    /// Moves now what waits, or was given up because moving it failed.
    Retry {
        #[command(flatten)]
        mover: Mover,
        #[command(flatten)]
        scope: Scope,
    },
}

/// What moves a context.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Mover {
    /// A command for the shell that moves one context; it failed if its exit code is not 0. It finds FOLKMOOT_CONTEXT,
    /// FOLKMOOT_FROM, FOLKMOOT_TO and FOLKMOOT_MIGRATION in its environment. Without it a context counts as moved.
    #[arg(long, value_name = "COMMAND")]
    run: Option<String>,
}

/// When contexts move, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PolicyArg {
    /// At once.
    Automatic,
    /// At their next use.
    Lazy,
    /// By agreement.
    Coordinated,
}

/// A context on its way.
#[derive(Debug, Serialize)]
struct Moving {
    id: ContextId,
    name: Option<String>,
    /// `moved`, `waiting` or `given_up`.
    state: &'static str,
    tries: u32,
    last_error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Status {
    namespace: Named,
    group: Named,
    app_key: Hash,
    application_id: Hash,
    migration: Option<String>,
    policy: UpgradePolicy,
    started_at: u64,
    finished_at: Option<u64>,
    contexts: Vec<Moving>,
    /// The ops that this command made.
    ops: Vec<OpId>,
}

impl Told for Status {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let group = quoted(self.group.name.as_deref().unwrap_or(&self.group.id));
        let application = bold(&short(&self.application_id.0));
        writeln!(out, "{group} runs application {application}, upgrades {}", policy(&self.policy))?;
        writeln!(out, "{}", dim(&format!("begun here {}", time(self.started_at))))?;
        if self.contexts.is_empty() {
            writeln!(out, "This database takes part in no context of the group.")?;
        }
        let mut table = Table::default();
        for context in &self.contexts {
            let name = context.name.as_deref().map_or_else(|| "(no name)".to_owned(), quoted);
            let state = match context.state {
                "moved" => good("moved"),
                "waiting" => warn("waits"),
                _ => bad("given up"),
            };
            let error = context.last_error.as_deref().map(on_one_line).unwrap_or_default();
            table.row([bold(&name), dim(&short(&context.id.0)), state, error]);
        }
        table.write("  ", out)?;
        if self.contexts.iter().any(|context| context.state != "moved") {
            writeln!(out, "Move now what waits or failed:  folkmoot upgrade retry")?;
        }
        Ok(())
    }

    fn exit(&self) -> Option<Exit> {
        self.contexts.iter().any(|context| context.state == "given_up").then_some(Exit::Unsound)
    }
}

pub(crate) async fn run(command: &UpgradeCommand, place: &Place) -> Answered {
    let node = match command {
        UpgradeCommand::Start { mover, .. } | UpgradeCommand::Retry { mover, .. } => {
            Node::open_moving(place, Arc::new(ByCommand(mover.run.clone()))).await?
        }
        UpgradeCommand::Status { .. } => Node::open(place).await?,
    };
    let answered = with_node(command, &node).await;
    node.close().await;
    answered
}

async fn with_node(command: &UpgradeCommand, node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    match command {
        UpgradeCommand::Start { application, app_key, migration, policy, deadline, scope, .. } => {
            let spot = sight.spot(scope)?;
            let before = spot.namespace.groups.get(&spot.group).map(|group| group.info.app_key).unwrap_or_default();
            let policy = policy.map(|policy| match policy {
                PolicyArg::Automatic => UpgradePolicy::Automatic,
                PolicyArg::Lazy => UpgradePolicy::LazyOnAccess,
                PolicyArg::Coordinated => UpgradePolicy::Coordinated { deadline_secs: *deadline },
            });
            let target = Target {
                app_key: app_key.unwrap_or(before),
                application_id: *application,
                migration: migration.clone(),
                policy,
            };
            let done = node.client.upgrade_group(spot.by, spot.group, target).await;
            let ops = done.map_err(|error| sight.trouble(error))?;
            let mut status = look(&spot, node).await?;
            if status.as_ref().is_some_and(|status| status.upgrade.policy == UpgradePolicy::Automatic) {
                status = settled(&spot, node).await?;
            }
            told(&sight, &spot, status, ops)
        }
        UpgradeCommand::Status { scope } => {
            let spot = sight.spot(scope)?;
            let status = node.client.get_group_upgrade_status(spot.group).await;
            told(&sight, &spot, Some(status.map_err(|error| sight.trouble(error))?), Vec::new())
        }
        UpgradeCommand::Retry { scope, .. } => {
            let spot = sight.spot(scope)?;
            retry(&sight, &spot, node).await
        }
    }
}

async fn retry(sight: &Sight, spot: &Spot<'_>, node: &Node) -> Answered {
    let status = node.client.get_group_upgrade_status(spot.group).await.map_err(|error| sight.trouble(error))?;
    let left: Vec<ContextId> = status
        .contexts
        .iter()
        .filter(|(_, status)| !matches!(status, ContextStatus::Moved))
        .map(|(context, _)| *context)
        .collect();
    if left.is_empty() {
        let refusal = Refusal::NothingToDo("no context waits");
        return Err(sight.trouble(RequestError::Refused(refusal)));
    }
    for context in left {
        match node.client.update_application(context).await {
            Ok(_) | Err(RequestError::Refused(Refusal::NothingToDo(_))) => {}
            Err(error) => return Err(sight.trouble(error)),
        }
    }
    told(sight, spot, settled(spot, node).await?, Vec::new())
}

async fn look(spot: &Spot<'_>, node: &Node) -> Result<Option<UpgradeStatus>, crate::failure::Failure> {
    match node.client.get_group_upgrade_status(spot.group).await {
        Ok(status) => Ok(Some(status)),
        // Only the policy was set.
        Err(RequestError::Refused(Refusal::NoUpgrade(_))) => Ok(None),
        Err(error) => Err(plain(error)),
    }
}

/// The status when each context has moved, or was given up.
async fn settled(spot: &Spot<'_>, node: &Node) -> Result<Option<UpgradeStatus>, crate::failure::Failure> {
    loop {
        let status = look(spot, node).await?;
        let waits = |status: &UpgradeStatus| {
            status.contexts.values().any(|context| matches!(context, ContextStatus::Waiting(_)))
        };
        if !status.as_ref().is_some_and(waits) {
            return Ok(status);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn told(sight: &Sight, spot: &Spot<'_>, status: Option<UpgradeStatus>, ops: Vec<OpId>) -> Answered {
    let Some(UpgradeStatus { upgrade, contexts }) = status else {
        return Err(sight.trouble(RequestError::Refused(Refusal::NoUpgrade(spot.group))));
    };
    let ns = spot.namespace;
    let infos = ns.groups.get(&spot.group).map(|group| &group.contexts);
    let moving = contexts.into_iter().map(|(id, status)| {
        let (state, row) = match status {
            ContextStatus::Moved => ("moved", None),
            ContextStatus::Waiting(row) => ("waiting", Some(row)),
            ContextStatus::GivenUp(row) => ("given_up", Some(row)),
        };
        let name = infos.and_then(|infos| infos.get(&id)).map(|info| info.alias.clone());
        let tries = row.as_ref().map_or(0, |row| row.tries);
        Moving { id, name, state, tries, last_error: row.and_then(|row| row.last_error) }
    });
    answer(Status {
        namespace: ns.named(),
        group: ns.group_named(&spot.group),
        app_key: Hash(upgrade.app_key),
        application_id: Hash(upgrade.application_id),
        migration: upgrade.migration,
        policy: upgrade.policy,
        started_at: upgrade.started_at,
        finished_at: upgrade.finished_at,
        contexts: moving.collect(),
        ops,
    })
}
