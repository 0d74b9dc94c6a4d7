//! `sync`: a fresh node catches up with another, by the messages of the shell, through a network in this process.

use super::{Scratch, ingest};
use crate::Fallible;
use crate::files::Reader;
use crate::inputs::Input;
use crate::meters::{cpu_ns, resident};
use crate::scenario::{Scenario, Size};
use folkmoot::network::Network;
use folkmoot::store::StoreOptions;
use folkmoot::{Config, ContextClient, ContextManager, PeerId, Setup};
use folkmoot_core::NamespaceId;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest that catching up may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// The threads of nodes in this process.
fn node_threads() -> Fallible<BTreeSet<String>> {
    let mut out = BTreeSet::new();
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if std::fs::read_to_string(task.join("comm"))?.trim() == "folkmoot" {
            out.insert(task.display().to_string());
        }
    }
    Ok(out)
}

/// CPU time of a thread, in nanoseconds.
fn spent_by(thread: &str) -> Fallible<u64> {
    let stat = std::fs::read_to_string(format!("{thread}/schedstat"))?;
    Ok(stat.split_whitespace().next().ok_or("no CPU time")?.parse()?)
}

async fn node(network: &Network, name: u8, file: &Path) -> Fallible<ContextClient> {
    let name = PeerId([name; 32]);
    // Nothing beats meanwhile: all that is sent is sent to catch up.
    let config = Config { heartbeat: PATIENCE, sync_timeout: PATIENCE, ..Config::default() };
    let setup = Setup { config, publisher: network.publisher(name), ..Setup::default() };
    let client = ContextManager::start(file, StoreOptions::default(), setup).await?;
    network.attach(name, client.clone());
    Ok(client)
}

/// Measures it.
pub(crate) fn measure(size: Size, kept_in: Option<&Path>) -> Fallible<Value> {
    let input = Input::made(Scenario::Ingest, size, kept_in)?;
    let scratch = Scratch::new("sync")?;
    let wires = Reader::open(&input.path)?.rest()?;
    let genesis = wires.first().ok_or("no ops")?;
    let namespace = NamespaceId::from(folkmoot_core::SignedGroupOp::decode(genesis)?.signable.id());
    let start = cpu_ns();
    ingest::ingest(&scratch.file("here"), &wires)?;
    let ingested = cpu_ns() - start;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(catch_up(&scratch, namespace, wires.len(), ingested))
}

async fn catch_up(scratch: &Scratch, namespace: NamespaceId, ops: usize, ingested: u64) -> Fallible<Value> {
    let network = Network::new(7);
    let here = node(&network, 1, &scratch.file("here")).await?;
    let server = node_threads()?.into_iter().next().ok_or("no thread of the node")?;
    let there = node(&network, 2, &scratch.file("there")).await?;
    let (start, served, begin) = (cpu_ns(), spent_by(&server)?, Instant::now());
    there.sync_namespace(namespace).await?;
    let (whole, wall) = (cpu_ns() - start, begin.elapsed());
    let served = spent_by(&server)? - served;
    let peak = resident()?.peak;
    let (ours, theirs) = (there.counts(namespace).await?, here.counts(namespace).await?);
    if ours.ops != ops || ours != theirs || there.digest(namespace).await? != here.digest(namespace).await? {
        return Err(format!("it did not catch up: {ours:?} and {theirs:?}").into());
    }
    here.shutdown().await;
    there.shutdown().await;
    let each = |ns: u64| ns as f64 / ops as f64;
    let own = whole.saturating_sub(served);
    Ok(json!({
        "scenario": "sync",
        "ops": ops,
        "cpu_ns_per_op": each(own),
        "peak_rss_bytes": peak,
        "serving_cpu_ns_per_op": each(served),
        "wall_ns_per_op": each(u64::try_from(wall.as_nanos())?),
        "ingest_cpu_ns_per_op": each(ingested),
        "times_ingest": own as f64 / ingested as f64,
    }))
}
