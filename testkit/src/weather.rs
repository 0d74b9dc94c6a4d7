//! Things going wrong, and clearing up.

use crate::checks::{self, Wrong};
use crate::cluster::{Cluster, HEARTBEAT};
use crate::faults::Faults;
use crate::message::Message;
use crate::network::Event;
use crate::node::CrashPoint;
use crate::people::short;
use crate::verifier::Verifier;

/// One fault, of those that there may be.
pub fn strike(cluster: &mut Cluster) {
    if !cluster.stormy {
        return;
    }
    let faults = cluster.network.faults;
    let honest: Vec<usize> = (0..cluster.nodes.len()).filter(|node| cluster.is_honest(*node)).collect();
    let node = cluster.rng.pick(&honest).unwrap_or(0);
    let name = cluster.nodes[node].name.clone();
    let weights = [faults.partitions, faults.one_way, faults.pauses, faults.crashes, faults.wipes];
    if weights.contains(&true) {
        match cluster.rng.weighted(&weights.map(u32::from)) {
            kind @ 0..=1 => divide(cluster, kind == 0),
            2 => {
                let milliseconds = cluster.rng.within(500..=5_000);
                cluster.paused[node] = cluster.network.now() + milliseconds;
                cluster.happened[3] += 1;
                cluster.note(format_args!("{name} stops for {milliseconds} ms"));
            }
            3 => match cluster.rng.below(3) {
                0 => crash(cluster, node),
                1 => cluster.nodes[node].crash_at = Some(CrashPoint::BeforeWrite),
                _ => cluster.nodes[node].crash_at = Some(CrashPoint::BeforeNews),
            },
            _ => {
                let others = honest.iter().any(|other| *other != node && !cluster.nodes[*other].store.log().is_empty());
                if others && !cluster.down.contains(&node) {
                    crash(cluster, node);
                    cluster.lost.extend(cluster.nodes[node].store.ids());
                    cluster.nodes[node].wipe();
                    cluster.happened[1] += 1;
                    cluster.note(format_args!("{name} has lost everything"));
                }
            }
        }
    }
    let next = cluster.rng.within(500..=2_500);
    cluster.network.after(next, Event::Fault);
}

fn divide(cluster: &mut Cluster, both: bool) {
    let all: Vec<usize> = (0..cluster.nodes.len()).collect();
    let (here, there): (Vec<usize>, Vec<usize>) = all.into_iter().partition(|_| cluster.rng.percent(50));
    cluster.network.cut(&here, &there, both);
    cluster.happened[2] += 1;
    let how = if both { "and" } else { "no longer reach" };
    cluster.note(format_args!("the network is divided: {here:?} {how} {there:?}"));
    let milliseconds = cluster.rng.within(1_000..=6_000);
    cluster.network.after(milliseconds, Event::Reconnect);
}

/// A replica loses all but its disk, and comes back later.
pub fn crash(cluster: &mut Cluster, node: usize) {
    if !cluster.down.insert(node) {
        return;
    }
    cluster.nodes[node].crash();
    cluster.lives[node] += 1;
    cluster.happened[0] += 1;
    if cluster.network.faults.damaged_snapshots && cluster.rng.percent(40) {
        let rng = &mut cluster.rng;
        cluster.nodes[node].store.damage_snapshot(|bytes| crate::forgery::corrupt(bytes, rng));
    }
    let milliseconds = cluster.rng.within(200..=4_000);
    cluster.network.after(milliseconds, Event::Restart { node });
    let name = cluster.nodes[node].name.clone();
    cluster.note(format_args!("{name} crashes, for {milliseconds} ms"));
}

/// A replica comes back from its disk.
///
/// # Errors
/// What it has lost.
pub fn restart(cluster: &mut Cluster, node: usize) -> Result<(), Wrong> {
    if !cluster.down.remove(&node) {
        return Ok(());
    }
    let with_snapshot = cluster.nodes[node].restart(&mut cluster.verifier);
    cluster.restarts[usize::from(!with_snapshot)] += 1;
    let (name, how) = (cluster.nodes[node].name.clone(), if with_snapshot { "its snapshot" } else { "its log" });
    cluster.note(format_args!("{name} starts again from {how}"));
    checks::nothing_vanished(&cluster.nodes[node])?;
    let life = cluster.lives[node];
    let milliseconds = cluster.rng.within(0..=HEARTBEAT);
    cluster.network.after(milliseconds, Event::Heartbeat { node, life });
    Ok(())
}

/// Nothing goes wrong from now on, and liars say what they hid, unless they keep it for ever.
pub fn clear_up(cluster: &mut Cluster) {
    cluster.note(format_args!("it clears up"));
    cluster.stormy = false;
    cluster.network.faults = Faults::NONE;
    cluster.network.reconnect();
    cluster.paused.fill(0);
    for node in cluster.down.clone() {
        cluster.network.after(0, Event::Restart { node });
    }
    for node in &mut cluster.nodes {
        node.crash_at = None;
    }
    let liars: Vec<usize> = cluster.liars.keys().copied().collect();
    for node in liars {
        let mut out = Vec::new();
        if let Some(liar) = cluster.liars.get_mut(&node) {
            if cluster.config.secrets_are_kept {
                liar.keep_secrets();
            } else {
                liar.reveal_all(&cluster.nodes[node], &mut out);
            }
        }
        // Past its own meddling: what it says now, it says.
        for deed in out {
            if let crate::node::Deed::Send { to, bytes } = deed {
                cluster.network.send(node, to, bytes);
            }
        }
    }
}

/// A message, for people to read.
pub fn describe(bytes: &[u8], verifier: &mut Verifier) -> String {
    match Message::decode(bytes) {
        None => format!("{} bytes that say nothing", bytes.len()),
        Some(Message::Op(bytes)) => match verifier.verify(&bytes) {
            None => format!("{} bytes that nobody signed", bytes.len()),
            Some(op) => format!("op {} {}", short(op.id().as_bytes()), op.signable().op.name()),
        },
        Some(Message::Summary(summary)) => {
            format!("summary of {} ops, {}", summary.ops, short(summary.digest.as_bytes()))
        }
        Some(Message::Request(number, request)) => {
            format!("request {number} with {} heads, after {}", request.have.len(), request.after)
        }
        Some(Message::Page(number, page)) => format!("page {number} with {} ops, next {:?}", page.ops.len(), page.next),
    }
}
