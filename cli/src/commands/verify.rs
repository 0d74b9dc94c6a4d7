//! `folkmoot verify`: everything from bytes up, and nothing trusted.

use super::doctor::RESTORE;
use crate::checks::{Checks, replayed, stored_ops};
use crate::exchange::progress;
use crate::node::{Place, not_opened, open_patiently, shown};
use crate::output::{Answered, answer};
use crate::words::{count, short};
use folkmoot::store::{Fault, OpenError, Store, StoreOptions};
use folkmoot_core::limits::MAX_PENDING_OPS_PER_SIGNER;
use folkmoot_core::{Engine, Hash, NamespaceId, OpId, PendingLimits, SignedGroupOp};
use std::collections::BTreeSet;

pub(crate) fn run(place: &Place) -> Answered {
    let path = place.path()?;
    // Every page is checked as it is opened; every id, signature and index as it is recovered.
    let options = StoreOptions { verify_on_open: true, ..place.options()? };
    let mut checks = Checks::of(shown(&path));
    let store = match open_patiently(&path, &options) {
        Ok(store) => store,
        Err(OpenError::Fault(fault)) => {
            checks.bad("pages", fault.to_string(), RESTORE);
            return answer(checks);
        }
        Err(error) => return Err(not_opened(&path, &error)),
    };
    checks.good("pages", "every page has its checksum");
    if let Err(fault) = look_at_all(&store, &mut checks) {
        checks.bad("reading", fault.to_string(), RESTORE);
    }
    answer(checks)
}

fn look_at_all(store: &Store, checks: &mut Checks) -> Result<(), Fault> {
    let mut engine = match store.recover(PendingLimits::default()) {
        Ok(recovered) => recovered.engine,
        Err(error) => {
            checks.bad("log", error.to_string(), RESTORE);
            return Ok(());
        }
    };
    checks.good("log", "ids, signatures, indexes, state and digests fit one another");
    let namespaces: Vec<NamespaceId> = store.namespaces().collect();
    for namespace in &namespaces {
        let ops = stored_ops(store, namespace)?;
        let stored = store.digest(namespace);
        one_by_one(namespace, &ops, checks);
        let digest = replayed(namespace, &ops);
        checks.holds("replay", digest == stored, compared(namespace, digest, stored), RESTORE);
        // What waits is bounded, so a long log cannot come backwards.
        if ops.len() <= MAX_PENDING_OPS_PER_SIGNER {
            let digest = backwards(namespace, &ops);
            let words = compared(namespace, digest, stored);
            checks.holds("backwards", digest == stored, words, "this is a bug of folkmoot: report it, with the ops");
        }
    }
    snapshot(&namespaces, &mut engine, checks);
    let aside = store.aside()?.len();
    checks.good("aside", format!("{} aside, signed", count(aside, "op")));
    checks.good("keys", format!("{}, each its identity's", count(store.signing_keys()?.len(), "signing key")));
    Ok(())
}

fn compared(namespace: &NamespaceId, digest: Option<Hash>, stored: Option<Hash>) -> String {
    let namespace = short(&namespace.0);
    match (digest, stored) {
        (Some(digest), Some(stored)) if digest == stored => format!("{namespace} comes to {}", short(&digest.0)),
        (digest, stored) => format!("{namespace} comes to {digest:?}, and {stored:?} is stored"),
    }
}

/// Each op by itself: its bytes are canonical, its signature verifies, its parents came before it.
fn one_by_one(namespace: &NamespaceId, ops: &[Vec<u8>], checks: &mut Checks) {
    let (mut before, bar) = (BTreeSet::<OpId>::new(), progress("verifying", ops.len()));
    for (at, bytes) in ops.iter().enumerate() {
        let wrong = match SignedGroupOp::decode(bytes).map(|op| (op.encode() == *bytes, op.verify())) {
            Err(error) => Some(error.to_string()),
            Ok((false, _)) => Some("its bytes are not canonical".to_owned()),
            Ok((true, Err(error))) => Some(error.to_string()),
            Ok((true, Ok(op))) => {
                let orphan = op.signable().parent_op_hashes.iter().any(|parent| !before.contains(parent));
                before.insert(op.id());
                orphan.then(|| "a parent comes after it".to_owned())
            }
        };
        if let Some(wrong) = wrong {
            checks.bad("signatures", format!("op {} of {}: {wrong}", at + 1, short(&namespace.0)), RESTORE);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    checks.good("signatures", format!("{} of {}, one by one", count(ops.len(), "op"), short(&namespace.0)));
}

/// The digest that ops come to as they come in the wrong order.
fn backwards(namespace: &NamespaceId, ops: &[Vec<u8>]) -> Option<Hash> {
    let mut engine = Engine::new();
    let verified = folkmoot::verify::verify_ops(ops).into_iter().rev().collect::<Result<Vec<_>, _>>().ok()?;
    let _ = engine.apply_batch(verified);
    engine.digest(namespace)
}

/// An engine survives being written and read.
fn snapshot(namespaces: &[NamespaceId], engine: &mut Engine, checks: &mut Checks) {
    let bytes = engine.snapshot();
    let same = match Engine::restore(&bytes, PendingLimits::default()) {
        Ok(mut restored) => namespaces.iter().all(|ns| restored.digest(ns) == engine.digest(ns)),
        Err(_) => false,
    };
    checks.holds("snapshot", same, format!("{} bytes, and back", bytes.len()), "this is a bug of folkmoot: report it");
}
