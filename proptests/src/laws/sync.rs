//! Two engines that hold different parts of a history catch up with each other.

use super::host::Host;
use super::{Graph, Law, holds, same};
use folkmoot_core::limits::{MAX_SYNC_HEADS, MAX_SYNC_PAGE_BYTES, MAX_SYNC_PAGE_OPS};
use folkmoot_core::sync::{CatchUp, Comparison, PageMessage, PageRequest, Summary};
use folkmoot_core::{NamespaceId, OpId, SignedGroupOp, VerifiedOp};
use std::collections::{BTreeMap, BTreeSet};

/// What it took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Sessions that were needed, one in each direction counting as two.
    pub sessions: usize,
    /// Pages in all of them.
    pub pages: usize,
    /// Ops that travelled.
    pub ops: usize,
}

/// One session: `behind` asks `ahead` until no page follows. All travels as bytes. The answering host finds the bytes of
/// the ops that it admitted first, so many of them: what it has not written down yet it cannot send.
///
/// # Errors
/// If something does not travel, pages are out of bounds, or ops come that are no news or lack a parent.
pub fn one_session(
    behind: &mut Host,
    ahead: &mut Host,
    namespace: &NamespaceId,
    written: usize,
    effort: &mut Effort,
) -> Law {
    effort.sessions += 1;
    let had: BTreeSet<OpId> = behind.log().iter().map(VerifiedOp::id).collect();
    let store: BTreeMap<OpId, Vec<u8>> =
        ahead.log().iter().take(written).map(|op| (op.id(), op.signed().encode())).collect();
    let mut came = BTreeSet::new();
    let mut cut_short = false;
    let few_heads = behind.engine().heads(namespace).len() <= MAX_SYNC_HEADS / 2;
    let mut session = CatchUp::begin(behind.engine(), namespace);
    loop {
        let request = PageRequest::decode(&session.request().encode()).map_err(|error| error.to_string())?;
        let page = ahead.engine().page(&request).map_err(|error| error.to_string())?;
        holds(page.ops.len() <= MAX_SYNC_PAGE_OPS, || format!("a page of {} ops", page.ops.len()))?;
        let asked = page.ops.len();
        let message = page.fill(|id| store.get(id).cloned());
        cut_short |= message.ops.len() < asked;
        let message = PageMessage::decode(&message.encode()).map_err(|error| error.to_string())?;
        let bytes: usize = message.ops.iter().map(Vec::len).sum();
        holds(bytes <= MAX_SYNC_PAGE_BYTES, || format!("a page of {bytes} bytes"))?;
        (effort.pages, effort.ops) = (effort.pages + 1, effort.ops + message.ops.len());
        let mut ops = Vec::new();
        for bytes in &message.ops {
            let op = SignedGroupOp::decode(bytes).map_err(|error| error.to_string())?;
            ops.push(op.verify().map_err(|error| error.to_string())?);
        }
        // Who does not know what the other one has may send too much, never too little.
        let knows = few_heads && request.have.iter().all(|head| ahead.engine().contains(head));
        for op in &ops {
            holds(came.insert(op.id()), || format!("{} came twice in a session", op.id()))?;
            holds(!knows || !had.contains(&op.id()), || format!("{} was here before", op.id()))?;
        }
        let _ = behind.deliver(&ops)?;
        if !cut_short {
            let missing: Vec<OpId> =
                ops.iter().map(VerifiedOp::id).filter(|id| !behind.engine().contains(id)).collect();
            same("ops that came without their parents", &missing, &Vec::new())?;
        }
        match session.next(&message).map_err(|error| error.to_string())? {
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

/// How two hosts compare, each asked about the other's summary.
///
/// # Errors
/// If a summary does not travel.
fn compare(one: &mut Host, other: &mut Host, namespace: &NamespaceId) -> Result<Comparison, String> {
    let Some(theirs) = other.engine().summary(namespace) else { return Ok(Comparison::Ahead) };
    let theirs = Summary::decode(&theirs.encode()).map_err(|error| error.to_string())?;
    Ok(one.engine().compare(&theirs))
}

/// What the sets say of how two hosts compare; with more heads than can be named, who is not equal may be behind.
fn expected(one: &Host, other: &mut Host, namespace: &NamespaceId, all: &BTreeMap<OpId, NamespaceId>) -> Comparison {
    let all_named = other.engine().heads(namespace).len() <= MAX_SYNC_HEADS;
    let held = |host: &Host| -> BTreeSet<OpId> {
        host.log().iter().map(VerifiedOp::id).filter(|id| all.get(id) == Some(namespace)).collect()
    };
    let (ours, theirs) = (held(one), held(other));
    if ours == theirs {
        Comparison::Equal
    } else if theirs.is_subset(&ours) && all_named {
        Comparison::Ahead
    } else {
        Comparison::Behind
    }
}

/// Two hosts, each with a part of the ops, catch up in turns until they are equal. It takes no more sessions than one in
/// each direction, and one more for whatever waited; where waiting ops hang on each other across the two, each pair of
/// sessions brings them on. Each host has written down `writes` ops more with every session.
///
/// # Errors
/// If they do not come to be equal; else what it took.
pub fn two_parts_catch_up(ops: &[VerifiedOp], parts: &[u8], writes: usize) -> Result<Effort, String> {
    let part = |which: u8| -> Vec<VerifiedOp> {
        let mine = |at: usize| parts.get(at % parts.len().max(1)).is_none_or(|part| part & which != 0);
        ops.iter().enumerate().filter(|(at, _)| mine(*at)).map(|(_, op)| op.clone()).collect()
    };
    catch_up(&part(1), &part(2), writes)
}

/// As [`two_parts_catch_up`]; each of the two holds all that lies before some of the ops, so nothing waits that the other
/// one could release.
///
/// # Errors
/// If they do not come to be equal, or it takes more than one session in each direction.
pub fn two_pasts_catch_up(ops: &[VerifiedOp], ends: [&[usize]; 2]) -> Result<Effort, String> {
    let graph = Graph::of(ops);
    let past = |ends: &[usize]| -> Vec<VerifiedOp> {
        let ends = ends.iter().filter_map(|&at| ops.get(at)).map(VerifiedOp::id);
        let mut held: BTreeSet<OpId> = BTreeSet::new();
        for end in ends {
            if let Some(past) = graph.past(&end) {
                held.extend(past.iter().copied());
                held.insert(end);
            }
        }
        ops.iter().filter(|op| held.contains(&op.id())).cloned().collect()
    };
    let effort = catch_up(&past(ends[0]), &past(ends[1]), usize::MAX)?;
    // One pair of sessions for each namespace, and histories have two at most.
    holds(effort.sessions <= 4, || format!("two closed parts took {effort:?}"))?;
    Ok(effort)
}

fn catch_up(one: &[VerifiedOp], other: &[VerifiedOp], writes: usize) -> Result<Effort, String> {
    let (mut left, mut right) = (Host::default(), Host::default());
    let _ = left.deliver(one)?;
    let _ = right.deliver(other)?;
    let namespace_of = |op: &VerifiedOp| {
        let named = op.signable().namespace_id;
        if named.is_zero() { NamespaceId(op.id().0) } else { named }
    };
    let all: BTreeMap<OpId, NamespaceId> = one.iter().chain(other).map(|op| (op.id(), namespace_of(op))).collect();
    let namespaces: BTreeSet<NamespaceId> = left.engine().namespaces().chain(right.engine().namespaces()).collect();
    let mut effort = Effort::default();
    for namespace in namespaces {
        // Every pair of sessions admits something somewhere, or they are equal.
        for _ in 0..=all.len() * 2 + 2 {
            let comparison = compare(&mut left, &mut right, &namespace)?;
            same("how they compare", &comparison, &expected(&left, &mut right, &namespace, &all))?;
            if comparison == Comparison::Equal {
                break;
            }
            let before = left.log().len() + right.log().len();
            let held = |host: &mut Host| host.engine().counts(&namespace).is_some();
            let written = (effort.sessions + 1).saturating_mul(writes);
            if held(&mut right) {
                one_session(&mut left, &mut right, &namespace, written, &mut effort)?;
            }
            if compare(&mut right, &mut left, &namespace)? != Comparison::Equal && held(&mut left) {
                one_session(&mut right, &mut left, &namespace, written, &mut effort)?;
            }
            let after = left.log().len() + right.log().len();
            holds(after > before || written < all.len(), || {
                format!("neither learnt anything: {comparison:?}, {effort:?}")
            })?;
        }
        same("at last", &compare(&mut left, &mut right, &namespace)?, &Comparison::Equal)?;
        same("the other way", &compare(&mut right, &mut left, &namespace)?, &Comparison::Equal)?;
    }
    let reports =
        (super::Account::of(left.engine()).admitted_only(), super::Account::of(right.engine()).admitted_only());
    reports.0.agrees("caught up", &reports.1)?;
    Ok(effort)
}
