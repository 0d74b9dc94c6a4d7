//! The command `folkmoot`: arguments in, an exit code out. The only crate of the workspace that prints.
//!
//! This file has the arguments and sends each command to its family in `commands/`. What they share: the node on the
//! database (`node`), what is in it by name (`sight`, `naming`), what is answered (`output`, `changed`) and what goes
//! wrong (`failure`, `refusals`).

mod account;
mod changed;
mod checks;
mod commands;
mod demo;
mod exchange;
mod failure;
mod input;
mod kept;
mod ledger;
mod mover;
mod naming;
mod node;
mod opsfile;
mod output;
mod payload;
mod pictured;
mod refusals;
mod replay;
mod sight;
mod words;

use clap::{CommandFactory, Parser, Subcommand};
use commands::{bench, context, doctor, generate, graph, group, init, invite, join, member, namespace, op};
use commands::{demo as told, sync, tree, upgrade, verify, whoami, why};
use failure::Failure;
use node::{Node, Place};
use output::{Answered, Silent, answer};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What `--help` says after all else. docs/cli.md has the same table.
const EXIT_CODES: &str = "\
Exit codes:
  0  done, or the reader of stdout has gone away
  1  it failed while it was done: the disk, stdout, a demo that does not hold
  2  wrong arguments, or input or a database that cannot be read
  3  a name that nothing has, or that several have
  4  the rules refuse it: no authority, no key, or it would have no effect
  5  nothing would change: it is so already
  6  done, and what was looked at is not sound (doctor, verify, sync, upgrade)

An error is told on stderr: what happened, to what, and what to do next; with --json as one line of JSON.
Invitations of this database that are used up or expired are revoked by the next command that opens it.";

/// Govern groups by signed operations, without a server: found namespaces, invite people, exchange ops by files, and ask
/// why each op has the effect it has.
#[derive(Debug, Parser)]
#[command(name = "folkmoot", version, after_long_help = EXIT_CODES, after_help = "Exit codes and more: --help")]
struct Cli {
    #[command(flatten)]
    place: Place,
    /// Answers with JSON.
    #[arg(long, global = true, help_heading = "Everywhere")]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes an empty database.
    Init,
    /// Shows whose keys are in the database, and their roles.
    Whoami(whoami::WhoamiArgs),
    /// Founds and lists namespaces.
    #[command(subcommand)]
    Namespace(namespace::NamespaceCommand),
    /// Creates, shows, sets up and deletes groups.
    #[command(subcommand)]
    Group(group::GroupCommand),
    /// Adds and removes members, and changes what they may do.
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// Registers, lists and detaches contexts: instances of applications.
    #[command(subcommand)]
    Context(context::ContextCommand),
    /// Makes, revokes and shows invitations.
    #[command(subcommand)]
    Invite(invite::InviteCommand),
    /// Joins a group by an invitation.
    Join(join::JoinArgs),
    /// Sets a group's application, and moves contexts to it.
    #[command(subcommand)]
    Upgrade(upgrade::UpgradeCommand),
    /// Lists, shows, exports and imports ops.
    #[command(subcommand)]
    Op(op::OpCommand),
    /// Exchanges ops with another database, a file of ops, or a folder of either.
    Sync(sync::SyncArgs),
    /// Tells why an op has the effect it has, or has none.
    Why(why::WhyArgs),
    /// Draws what happened: the ops, who signed them, what became of them, and what struck what.
    Graph(graph::GraphArgs),
    /// Draws the groups as a tree, with members, roles, capabilities and contexts.
    Tree(tree::TreeArgs),
    /// Looks at the database: file, digest against a replay, forks, what waits, keys and their permissions.
    Doctor,
    /// Checks everything from bytes up, every signature included, and trusts nothing that is stored.
    Verify,
    /// Measures how fast this machine does what folkmoot does.
    Bench(bench::BenchArgs),
    /// Feeds the ops of some files to an engine, in the order given, and tells what came of them.
    ///
    /// Whatever the order, the same state comes of it. Ops that are malformed or badly signed leave no trace: they are
    /// counted and named in the account, and absent from the JSON. Input in which no ops can be made out (not
    /// hexadecimal, not JSON, no `ops`, not UTF-8, unreadable) is an error: one line on stderr, exit code 2, and nothing
    /// is replayed.
    ///
    /// With --json: the shape of the conformance vectors' `expect`. With --db: goes on from the database at this path, and
    /// adds to it; creates it if there is none. Stopped anywhere and run again, or continued with other files, it comes to
    /// the same. No other database is looked for.
    Replay(ReplayArgs),
    Demo(told::DemoArgs),
    /// Completes the command's arguments in a shell.
    Completions(generate::CompletionsArgs),
    /// Writes manual pages.
    Man(generate::ManArgs),
}

#[derive(Debug, clap::Args)]
struct ReplayArgs {
    /// Vector files (a JSON object with `ops`, an array of hexadecimal strings), or text with one hexadecimal op a
    /// line (blank lines and lines that start with # are skipped); `-` is stdin. Without files, but with --db: tells what
    /// is in the database.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Replay(ReplayArgs { files }) = &cli.command
        && files.is_empty()
        && cli.place.db.is_none()
    {
        let missing = clap::error::ErrorKind::MissingRequiredArgument;
        Cli::command().error(missing, "name a FILE, or a database with --db").exit();
    }
    let mut out = BufWriter::new(anstream::stdout().lock());
    let done = run(&cli, &mut out).and_then(|exit| Ok(out.flush().map(|()| exit)?));
    match done {
        Ok(exit) => exit,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // What the replicas said, if anything, comes before the verdict on it; there is nobody to tell of a
            // stderr that cannot be written.
            let _ = out.flush();
            let mut err = anstream::stderr().lock();
            // What `replay` refuses is one line in either form.
            let is_line = |command: &Command| match command {
                Command::Replay(_) => true,
                Command::Demo(args) => args.is_long(),
                _ => false,
            };
            let as_json = cli.json && !is_line(&cli.command);
            let _ = if as_json { failure.tell_json(&mut err) } else { failure.tell(&mut err) };
            failure.exit().into()
        }
    }
}

fn run(cli: &Cli, mut out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let answered = match &cli.command {
        Command::Replay(ReplayArgs { files }) => {
            replay::replay(files, cli.place.db.as_deref(), io::stdin().lock(), cli.json, &mut out)?;
            answer(Silent {})
        }
        Command::Demo(args) => told::run(args, out),
        Command::Completions(args) => generate::completions(args, Cli::command(), out),
        Command::Man(args) => generate::man(args, Cli::command(), out),
        Command::Bench(args) => bench::run(args),
        Command::Doctor => doctor::run(&cli.place),
        Command::Verify => verify::run(&cli.place),
        Command::Init => init::run(&cli.place),
        command => with_runtime(command, &cli.place),
    }?;
    if cli.json && !answered.is_silent() {
        answered.json(out)?
    } else {
        answered.tell(out)?
    }
    Ok(answered.exit().map_or(ExitCode::SUCCESS, ExitCode::from))
}

/// Runs a command that asks a node.
fn with_runtime(command: &Command, place: &Place) -> Answered {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        if let Command::Upgrade(command) = command {
            return upgrade::run(command, place).await;
        }
        let node = Node::open(place).await?;
        let answered = with_node(command, &node).await;
        node.close().await;
        answered
    })
}

async fn with_node(command: &Command, node: &Node) -> Answered {
    match command {
        Command::Whoami(args) => whoami::run(args, node).await,
        Command::Namespace(command) => namespace::run(command, node).await,
        Command::Group(command) => group::run(command, node).await,
        Command::Member(command) => member::run(command, node).await,
        Command::Context(command) => context::run(command, node).await,
        Command::Invite(command) => invite::run(command, node).await,
        Command::Join(args) => join::run(args, node).await,
        Command::Op(command) => op::run(command, node).await,
        Command::Sync(args) => sync::run(args, node).await,
        Command::Why(args) => why::run(args, node).await,
        Command::Graph(args) => graph::run(args, node).await,
        Command::Tree(args) => tree::run(args, node).await,
        // Those that need no node are dealt with before.
        _ => answer(Silent {}),
    }
}
