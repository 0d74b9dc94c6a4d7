//! What a large history takes in memory. Nothing is held but the engine, which is the author as well: ops of one line
//! need nothing that it does not know.

use crate::Fallible;
use crate::author::{adds, key, person, sets, toggled};
use crate::meters::{cpu_ns, resident};
use crate::scenario::Size;
use folkmoot_core::{Engine, GroupOp, NamespaceId, SigningKey};
use serde_json::{Value, json};
use std::time::Duration;

struct Grown {
    cpu_ns: u64,
    peak: u64,
    end: u64,
}

fn made(engine: &mut Engine, namespace: NamespaceId, founder: &SigningKey, op: GroupOp) -> Fallible<u64> {
    let op = folkmoot::sign(engine.draft(&namespace, &namespace.into(), &founder.public(), op)?, founder)?;
    let start = cpu_ns();
    let admitted = engine.apply(op).durable().len();
    let took = cpu_ns().saturating_sub(start);
    if admitted == 1 { Ok(took) } else { Err("an op was not admitted".into()) }
}

/// How much the process grows by so many ops, after 10 members were added.
fn grow(ops: usize, op_of: impl Fn(usize) -> GroupOp) -> Fallible<Grown> {
    let founder = key("founder", 0);
    let genesis = Engine::genesis(founder.public(), [7; 32], "bench", [1; 32], [2; 32]).sign(&founder)?;
    let namespace = NamespaceId::from(genesis.id());
    let mut engine = Engine::new();
    drop(engine.apply(genesis));
    for number in 0..10 {
        made(&mut engine, namespace, &founder, adds("member", number))?;
    }
    let before = resident()?;
    let mut spent = 0;
    for number in 0..ops {
        spent += made(&mut engine, namespace, &founder, op_of(number))?;
    }
    let after = resident()?;
    if engine.counts(&namespace).is_none_or(|counts| counts.ops != ops + 11) {
        return Err("some ops are missing".into());
    }
    drop(engine);
    Ok(Grown { cpu_ns: spent, peak: after.peak.saturating_sub(before.now), end: after.now.saturating_sub(before.now) })
}

/// Which history is grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Role changes of 10 members: the graph grows, the state does not.
    Graph,
    /// Members added: both grow by one.
    Entries,
}

/// One history, alone in its process, as memory that was had once is not always given back.
pub(crate) fn part(size: Size, part: Part) -> Fallible<Value> {
    let grown = match part {
        Part::Graph => grow(size.ops, |number| sets(person("member", number % 10), toggled(number / 10)))?,
        Part::Entries => grow(size.ops, |number| adds("added", number))?,
    };
    let ops = size.ops.max(1) as f64;
    Ok(json!({
        "cpu_ns_per_op": grown.cpu_ns as f64 / ops,
        "peak_rss_bytes": resident()?.peak,
        "engine_rss_bytes": grown.peak,
        "bytes_per_op": grown.end as f64 / ops,
        "peak_bytes_per_op": grown.peak as f64 / ops,
    }))
}

/// Both histories, each in a process of its own.
pub(crate) fn measure(size: Size) -> Fallible<Value> {
    let ops = size.ops.to_string();
    let run = |part: &str| crate::cli::subprocess(&["memory", "--ops", &ops, "--part", part], Duration::MAX);
    let (graph, both) = (run("graph")?, run("entries")?);
    let number = |value: &Value, field: &str| value[field].as_f64().unwrap_or(f64::NAN);
    let graph_bytes = number(&graph, "bytes_per_op");
    Ok(json!({
        "scenario": "memory",
        "ops": size.ops,
        "n": size.ops,
        "cpu_ns_per_op": both["cpu_ns_per_op"],
        "peak_rss_bytes": both["peak_rss_bytes"],
        "engine_rss_bytes": both["engine_rss_bytes"],
        "graph_bytes_per_op": graph_bytes,
        "state_bytes_per_entry": number(&both, "bytes_per_op") - graph_bytes,
        "peak_graph_bytes_per_op": graph["peak_bytes_per_op"],
        "peak_bytes_per_op": both["peak_bytes_per_op"],
    }))
}
