//! What a search begins with: made from the conformance vectors, so that nothing of it has to be kept.

use crate::plan::{Case, Delivery};
use crate::{snapshot, sync, translate};
use folkmoot_core::sync::{CatchUp, PageRequest};
use folkmoot_core::{Engine, SignedGroupOp, VerifiedOp};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};

/// The seeds of a target, by name; none for one that is not known.
pub fn of(target: &str) -> Vec<(String, Vec<u8>)> {
    match target {
        "decode" => decode(),
        "identity" => identity(),
        "apply" => cases(&[]),
        "reference" => reference(),
        "snapshot" => snapshots(),
        "sync" => messages(),
        "invitation" => invitations(),
        _ => Vec::new(),
    }
}

/// Writes the seeds of a target into a folder, which is made if it is not there; how many there are.
///
/// # Errors
/// If a file cannot be written.
pub fn write(target: &str, into: &Path) -> io::Result<usize> {
    std::fs::create_dir_all(into)?;
    let seeds = of(target);
    for (name, bytes) in &seeds {
        std::fs::write(into.join(name), bytes)?;
    }
    Ok(seeds.len())
}

/// Inputs that once broke something, by target: `found/TARGET/NAME`.
///
/// # Panics
/// If a file cannot be read.
pub fn found(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("found").join(target);
    files(&folder, |_| true)
}

fn files(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| wanted(path)).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), bytes)
    };
    paths.into_iter().map(read).collect()
}

/// The vectors, by name.
fn vectors() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/vectors");
    let all = files(&folder, |path| path.extension().is_some_and(|extension| extension == "json"));
    let parse = |bytes: &[u8]| serde_json::from_slice(bytes).expect("vectors are JSON");
    all.into_iter().map(|(name, bytes)| (name, parse(&bytes))).collect()
}

/// The ops of each history, as they are given; those that do not verify are left out.
fn histories() -> Vec<(String, Vec<VerifiedOp>)> {
    let with_ops = vectors().into_iter().filter(|(_, vector)| vector.get("ops").is_some());
    let ops = |vector: &Value| -> Vec<VerifiedOp> {
        let ops = vector["ops"].as_array().into_iter().flatten().filter_map(Value::as_str);
        ops.filter_map(|op| SignedGroupOp::decode(&unhex(op)).ok()?.verify().ok()).collect()
    };
    with_ops.map(|(name, vector)| (name, ops(&vector))).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    folkmoot_proptests::shrink::unhex(text)
}

/// Every case of the wire, each op of a small history, and what ops are made of.
fn decode() -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    for (_, vector) in vectors() {
        let cases = vector.get("cases").and_then(Value::as_array).into_iter().flatten();
        for bytes in cases.filter_map(|case| case.get("bytes")?.as_str()) {
            out.push((format!("wire_{}", out.len()), unhex(bytes)));
        }
    }
    for (name, ops) in histories() {
        if name.starts_with("random") || name.starts_with("pinned") {
            continue;
        }
        for (at, op) in ops.iter().enumerate() {
            let bytes = op.signed().encode();
            out.push((format!("{name}_{at}"), bytes));
        }
        let payloads = ops.iter().filter_map(|op| borsh::to_vec(&op.signable().op).ok());
        out.extend(payloads.enumerate().map(|(at, bytes)| (format!("{name}_{at}_payload"), bytes)));
    }
    out
}

/// Bytes that look random: any are an op to `arbitrary`, if they are enough.
fn identity() -> Vec<(String, Vec<u8>)> {
    let bytes = |seed: u32, blocks: u32| -> Vec<u8> {
        (0..blocks).flat_map(|block| Sha256::digest([seed.to_le_bytes(), block.to_le_bytes()].concat())).collect()
    };
    (0..96).map(|seed| (format!("noise_{seed}"), bytes(seed, 4 + seed % 12))).collect()
}

/// Deliveries that differ in every way.
fn delivery(number: usize) -> Delivery {
    let noise: [u8; 32] = Sha256::digest(number.to_le_bytes()).into();
    let [order, batches, more, again, one, two, miss, ..] = noise;
    Delivery { order, batches: [batches, more], again, breaks: [one, two], missing: [miss % 8, 0] }
}

/// The vectors as cases, each in the order given and in one other way; in front of each what is to be there.
fn cases(front: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    for (number, (name, ops)) in histories().iter().enumerate() {
        let case = translate::case(ops, Delivery::default());
        out.push((format!("{name}_as_given"), [front, &case.write()].concat()));
        let case = Case { delivery: delivery(number), ..case };
        out.push((format!("{name}_otherwise"), [front, &case.write()].concat()));
    }
    out
}

/// The same cases, and some of the generator's, a few with each of its profiles.
fn reference() -> Vec<(String, Vec<u8>)> {
    let mut out = cases(&[0]);
    for seed in 0..36u8 {
        let mut bytes = vec![1; 1];
        delivery(seed.into()).write(&mut bytes);
        bytes.extend(u64::from(seed).to_le_bytes());
        bytes.extend([seed % 9, 24]);
        out.push((format!("generated_{seed}"), bytes));
    }
    out
}

/// The bodies of snapshots: after each history, and after half of it backwards, when much waits.
fn snapshots() -> Vec<(String, Vec<u8>)> {
    let body = |ops: &mut dyn Iterator<Item = &VerifiedOp>| {
        let mut engine = Engine::new();
        let _ = engine.apply_batch(ops.cloned());
        snapshot::body(&engine.snapshot()).to_vec()
    };
    let mut out = vec![("empty".to_owned(), body(&mut [].iter()))];
    for (name, ops) in histories() {
        out.push((format!("{name}_whole"), body(&mut ops.iter())));
        out.push((format!("{name}_half"), body(&mut ops.iter().rev().take(ops.len() / 2))));
    }
    out
}

/// Real messages of every kind; and askers and answerers who choose.
fn messages() -> Vec<(String, Vec<u8>)> {
    let mut all = sync::with_small(|world| {
        let summary = world.engine.summary(&world.namespace).expect("it is there");
        let first = CatchUp::begin(&Engine::new(), &world.namespace).request().clone();
        let whole = CatchUp::begin(&world.engine, &world.namespace).request().clone();
        let some = PageRequest { have: world.ops.iter().step_by(9).map(VerifiedOp::id).collect(), ..first.clone() };
        let page = world.engine.page(&some).expect("it is there");
        let page = page.fill(|id| world.ops.iter().find(|op| op.id() == *id).map(|op| op.signed().encode()));
        vec![summary.encode(), first.encode(), whole.encode(), some.encode(), page.encode()]
    });
    for (_, ops) in histories() {
        let mut engine = Engine::new();
        let _ = engine.apply_batch(ops);
        let namespaces: Vec<_> = engine.namespaces().collect();
        all.extend(namespaces.iter().filter_map(|namespace| Some(engine.summary(namespace)?.encode())));
    }
    let mut out: Vec<(String, Vec<u8>)> = all
        .into_iter()
        .map(|bytes| [&[0], &bytes[..]].concat())
        .enumerate()
        .map(|(at, bytes)| (format!("message_{at}"), bytes))
        .collect();
    let noise = |seed: u8, len: usize| -> Vec<u8> { Sha256::digest([seed]).into_iter().cycle().take(len).collect() };
    for seed in 0..16u8 {
        let asks = [&[1, seed % 3], &noise(seed, usize::from(seed) * 3)[..]].concat();
        out.push((format!("asks_{seed}"), asks));
        let answers = [&[2], &noise(seed, 30 + usize::from(seed) * 6)[..]].concat();
        out.push((format!("answers_{seed}"), answers));
    }
    // Four ops a page: somebody honest, and somebody whose pages end where the ones before did.
    for (what, further) in [("honestly", 4), ("in_circles", 0)] {
        let page = |at: u8| vec![8, further, 4, at, 0, 0, at + 1, 0, 0, at + 2, 0, 0, at + 3, 0, 0];
        out.push((format!("answers_{what}"), [2, 8].into_iter().chain((8..32).step_by(4).flat_map(page)).collect()));
    }
    out
}

/// Claims that are good, one for each way to be, and for each way to sign one that is not.
fn invitations() -> Vec<(String, Vec<u8>)> {
    // signer, group, terms of its own, namespace, group, inviter, bearer, invitee, role, uses, no expiry, claimed at 7.
    let good = [6, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0];
    let mut out = vec![("good".to_owned(), good.to_vec())];
    for (what, at, byte) in [
        ("by_bob", 5, 1),
        ("by_carol", 5, 2),
        ("into_the_group_below", 1, 1),
        ("into_no_group", 1, 2),
        ("by_dave_who_is_barred", 0, 3),
        ("by_carol_who_is_there", 0, 2),
        ("used_up", 2, 1),
        ("revoked", 2, 2),
        ("of_another_namespace", 3, 1),
        ("by_the_neutral_point", 5, 8),
        ("for_the_neutral_point", 6, 4),
        ("for_the_signer", 7, 2),
        ("for_another", 7, 3),
        ("as_admin", 8, 1),
        ("as_reader", 8, 2),
        ("for_no_use", 9, 3),
    ] {
        let mut bytes = good.to_vec();
        bytes[at] = byte;
        out.push((what.to_owned(), bytes));
    }
    // Expires at 6 or 7, claimed at 7.
    for expires_at in [6, 7] {
        let bytes = [&good[..10], &[1], &u64::to_le_bytes(expires_at)[..], &[0]].concat();
        out.push((format!("expires_at_{expires_at}"), bytes));
    }
    for how in 1..8 {
        out.push((format!("inviter_signs_{how}"), [&good[..], &[how, 0]].concat()));
        out.push((format!("bearer_signs_{how}"), [&good[..], &[0, how]].concat()));
    }
    for at in [1u8, 33, 65, 97, 130, 131] {
        out.push((format!("damaged_{at}"), [&good[..], &[0, 0, at, 0, 1]].concat()));
    }
    out
}
