//! Crash and restart: a node is killed in the middle of its work, and what it had acknowledged is there.
//!
//! The example starts itself once more as the victim, which lets members in as fast as it can and says of each answer that
//! it got it; then kills it, without a word to it, and opens its file.

use folkmoot::core::{Engine, Hash, NamespaceId, OpId, Role};
use folkmoot::store::{LoggedOp, StoreOptions};
use folkmoot::{By, ContextClient, ContextManager, NewNamespace, Setup};
use folkmoot_examples::{claim, key};
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// After so many acknowledged ops the victim is killed.
const WORK: usize = 25;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Some(path) = std::env::args().nth(1) {
        return victim(Path::new(&path)).await;
    }
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("moot.folkmoot");

    println!("1. A node founds a namespace, lets members in one after the other, and is killed while it does.");
    let mut node = Command::new(std::env::current_exe()?).arg(&path).stdout(Stdio::piped()).spawn()?;
    let mut heard = BufReader::new(node.stdout.take().ok_or("the node has a stdout")?).lines();
    let mut acknowledged: Vec<String> = heard.by_ref().take(WORK).collect::<Result<_, _>>()?;
    node.kill()?; // SIGKILL: nothing is closed, flushed or tidied up
    node.wait()?;
    // What it said before it died, and nobody had read yet. Death may have cut a line short, but not the lines before.
    acknowledged.extend(heard.map_while(Result::ok).filter(|line| line.len() == LINE));
    println!("   it had answered {} requests", acknowledged.len());
    claim("it was killed in the middle", acknowledged.len() >= WORK)?;

    println!("2. Its file is opened again.");
    let node = ContextManager::start(&path, StoreOptions::default(), Setup::default()).await?;
    let namespaces = node.namespaces(None, 2).await?.entries;
    let (namespace, _) = *namespaces.first().ok_or("the namespace is there")?;
    let log = log(&node, namespace).await?;
    println!("   {} ops are on disk", log.len());
    // The last one or so may be on disk though nobody was told: a crash can come between the two, but never before.
    let on_disk = |line: &String| log.iter().any(|op| said(op.id, &Hash::ZERO)[..64] == line[..64]);
    claim("every op that was acknowledged is on disk", acknowledged.iter().all(on_disk))?;

    // The truth is the log: whoever replays it with a fresh engine must come to what was said at each point.
    let mut engine = Engine::new();
    let mut replayed = Vec::new();
    for op in &log {
        let _ = engine.receive(&op.bytes)?;
        let digest = engine.digest(&namespace).ok_or("the namespace is in the log")?;
        replayed.push(said(op.id, &digest));
    }
    claim("with the digest that it had then", acknowledged.iter().all(|line| replayed.contains(line)))?;
    let digest = node.digest(namespace).await?;
    claim("the recovered node has the digest of a replay", engine.digest(&namespace) == Some(digest))?;

    println!("3. The node goes on: its key is there, and its next nonce is the right one.");
    let dave = key("dave").public();
    node.add_group_members(By::default(), namespace.into(), vec![(dave, Role::Admin)]).await?;
    node.shutdown().await;
    let again = ContextManager::start(&path, StoreOptions::default(), Setup::default()).await?;
    claim("dave is an Admin after one more restart", {
        again.standing(namespace.into(), dave).await? == Some(Role::Admin)
    })?;
    claim("nobody has forked", again.equivocations(namespace, 0, 1).await?.is_empty())
}

/// The length of a line of the victim's: an id, a space, a digest.
const LINE: usize = 64 + 1 + 64;

fn said(op: OpId, digest: &Hash) -> String {
    format!("{op} {digest}")
}

/// Governs until it is killed, and says so after each answer, as a peer or a person would be told.
async fn victim(path: &Path) -> Result<(), Box<dyn Error>> {
    let node = ContextManager::start(path, StoreOptions::default(), Setup::default()).await?;
    let namespace = node.create_namespace(NewNamespace::default(), None).await?;
    for n in 0u64.. {
        let member = key(&format!("member {n}")).public();
        let ops = node.add_group_members(By::default(), namespace.into(), vec![(member, Role::Member)]).await?;
        let digest = node.digest(namespace).await?;
        for op in ops {
            println!("{}", said(op, &digest));
        }
    }
    Ok(())
}

/// All of a namespace's log, page by page.
async fn log(node: &ContextClient, namespace: NamespaceId) -> Result<Vec<LoggedOp>, Box<dyn Error>> {
    let mut ops = Vec::new();
    let mut after = 0;
    loop {
        let page = node.op_log(namespace, after, 100).await?;
        ops.extend(page.ops);
        match page.next {
            Some(next) => after = next,
            None => return Ok(ops),
        }
    }
}
