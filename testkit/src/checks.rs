//! What must hold of honest replicas, at every moment and in the end. None of it needs a second implementation.

use crate::actor::World;
use crate::node::Node;
use crate::verifier::Verifier;
use folkmoot_core::report::{NamespaceReport, Report};
use folkmoot_core::sync::Comparison;
use folkmoot_core::{Engine, GroupId, NamespaceId, OpId, PublicKey, Role, VerifiedOp};
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong, in words.
pub type Wrong = String;

/// Everything that was told is still here.
///
/// # Errors
/// Which op is not.
pub fn nothing_vanished(node: &Node) -> Result<(), Wrong> {
    match node.acknowledged.iter().find(|id| !node.engine.contains(id)) {
        Some(id) => Err(format!("{} told of op {id} and does not have it any more", node.name)),
        None => Ok(()),
    }
}

/// A replica is what its log says, whatever it went through: the report of its engine.
///
/// # Errors
/// What differs.
pub fn is_its_log(node: &mut Node, verifier: &mut Verifier, reversed: bool) -> Result<Report, Wrong> {
    let namespaces: Vec<NamespaceId> = node.engine.namespaces().collect();
    let held: BTreeSet<OpId> =
        namespaces.iter().flat_map(|namespace| node.engine.ops(namespace)).map(|(id, _)| id).collect();
    let written: BTreeSet<OpId> = node.store.ids().copied().collect();
    if let Some(id) = held.symmetric_difference(&written).next() {
        let how = if held.contains(id) { "holds op and did not write it" } else { "wrote op and does not hold it" };
        return Err(format!("{}: {how}: {id}", node.name));
    }
    let mut log: Vec<VerifiedOp> = node.store.log().iter().filter_map(|bytes| verifier.verify(bytes)).collect();
    if log.len() != node.store.log().len() {
        return Err(format!("{}: the log has an op that nobody signed", node.name));
    }
    let mut fresh = Engine::new();
    if reversed {
        log.reverse();
        for op in log {
            let _ = fresh.apply(op);
        }
    } else {
        let _ = fresh.apply_batch(log);
    }
    let (ours, theirs) = (Report::of(&mut node.engine), Report::of(&mut fresh));
    if ours.namespaces != theirs.namespaces {
        return Err(format!("{}: a fresh engine makes something else of its log (reversed: {reversed})", node.name));
    }
    Ok(ours)
}

/// The founder, who never gives up, governs; who was never let in by anybody, or was thrown out for good, is nowhere.
///
/// # Errors
/// Who should not stand where they do.
pub fn nobody_gained(node: &Node, world: &World, outsiders: &[PublicKey], report: &Report) -> Result<(), Wrong> {
    let Some(known) = report.namespaces.get(&world.namespace) else { return Ok(()) };
    let root = known.groups.get(&GroupId::from(world.namespace));
    let Some(root) = root else { return Err(format!("{}: the root is gone", node.name)) };
    match root.view.members.get(&world.founder) {
        Some(founder) if founder.role == Role::Admin => {}
        other => return Err(format!("{}: the founder was unseated: {other:?}", node.name)),
    }
    for (group, report) in &known.groups {
        if let Some(outsider) = outsiders.iter().find(|outsider| report.view.members.contains_key(outsider)) {
            return Err(format!("{}: {outsider} has a record in {group}", node.name));
        }
    }
    Ok(())
}

/// Replicas with the same heads have the same state and the same verdicts.
///
/// # Errors
/// Which two have not.
pub fn same_ops_same_answer<'r>(reports: impl IntoIterator<Item = (&'r str, &'r Report)>) -> Result<(), Wrong> {
    let mut by_heads: BTreeMap<(NamespaceId, &[OpId]), (&str, &NamespaceReport)> = BTreeMap::new();
    for (name, report) in reports {
        for (namespace, known) in &report.namespaces {
            let (other, first) = *by_heads.entry((*namespace, &known.heads)).or_insert((name, known));
            if first != known {
                return Err(format!("{name} and {other} hold the same ops and differ in {namespace}"));
            }
        }
    }
    Ok(())
}

/// Nobody honest said of the same heads that they give another digest.
///
/// # Errors
/// Who did.
pub fn no_honest_divergence(node: &Node, honest: impl Fn(usize) -> bool) -> Result<(), Wrong> {
    match node.alarms.iter().find(|(from, ..)| honest(*from)) {
        Some((from, theirs, ours)) => {
            Err(format!("{} diverges from honest peer {from}: {theirs:?} against {ours:?}", node.name))
        }
        None => Ok(()),
    }
}

/// All of them agree, and nothing waits but what rests on ops that `never_shown` says nobody will see.
///
/// # Errors
/// What is not as it should be in the end.
pub fn all_agree(nodes: &mut [&mut Node], never_shown: &BTreeSet<OpId>) -> Result<(), Wrong> {
    for node in nodes.iter() {
        // An op may wait for one that claims another namespace and waits there: what both lack is asked for once.
        let waited_for: Vec<_> = node.engine.namespaces_waited_for().collect();
        let missing: BTreeSet<OpId> = waited_for.iter().flat_map(|namespace| node.engine.missing(namespace)).collect();
        if let Some(id) = missing.iter().find(|id| !never_shown.contains(id)) {
            return Err(format!("{} still waits for {id}", node.name));
        }
        if !waited_for.is_empty() && missing.is_empty() {
            return Err(format!("{} lets ops wait that lack nothing", node.name));
        }
    }
    for a in 0..nodes.len() {
        let namespaces: Vec<NamespaceId> = nodes[a].engine.namespaces().collect();
        let summaries: Vec<_> = namespaces.iter().filter_map(|id| nodes[a].engine.summary(id)).collect();
        let name = nodes[a].name.clone();
        for node in nodes.iter_mut() {
            if !node.engine.namespaces().eq(namespaces.iter().copied()) {
                return Err(format!("{} and {name} hold other namespaces", node.name));
            }
            for summary in &summaries {
                let found = node.engine.compare(summary);
                if found != Comparison::Equal {
                    let ours = node.engine.summary(&summary.namespace).map_or(0, |ours| ours.ops);
                    return Err(format!("{} against {name}: {found:?}, {ours} ops against {}", node.name, summary.ops));
                }
            }
        }
    }
    Ok(())
}
