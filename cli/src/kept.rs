//! The store that a replay goes on from and adds to.
//!
//! Each batch is one transaction, so a replay that is stopped anywhere, and run again, goes on where it was: what is stored
//! already comes as a duplicate. Ops that wait for parents, and those that were refused, lie aside in the store, so that a
//! history that comes in parts, one run a part, is judged as if it had come at once.

use crate::failure::Failure;
use folkmoot::store::{Applied, Commit, Store, StoreOptions};
use folkmoot_core::{Engine, NamespaceId, OpId, PendingLimits, SignedGroupOp, VerifiedOp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How many ops are read from the store at a time.
const PAGE: usize = 1_024;

/// Writes a snapshot if a run added so many ops, so that the next need not replay them.
const SNAPSHOT_FROM: usize = 20_000;

/// A store, open.
#[derive(Debug)]
pub(crate) struct Kept {
    path: PathBuf,
    store: Store,
    /// Ops that wait or were refused.
    aside: BTreeMap<OpId, VerifiedOp>,
    added: usize,
}

impl Kept {
    /// Opens the store at a path, or creates it there, and brings its engine back.
    pub(crate) fn open(path: &Path) -> Result<(Self, Engine), Failure> {
        let wrong = |error: &dyn std::error::Error| Failure::Store(format!("{}: {error}", path.display()));
        let store = Store::open_or_create(path, &StoreOptions::default()).map_err(|error| wrong(&error))?;
        let mut engine = store.recover(PendingLimits::default()).map_err(|error| wrong(&error))?.engine;
        let aside = store.aside().map_err(|error| wrong(&error))?;
        let _ = engine.apply_batch(aside.iter().cloned());
        let aside = aside.into_iter().map(|op| (op.id(), op)).collect();
        Ok((Self { path: path.to_owned(), store, aside, added: 0 }, engine))
    }

    /// All ops that the store holds, those that lie aside included.
    pub(crate) fn ops(&self) -> Result<Vec<VerifiedOp>, Failure> {
        let mut ops: Vec<VerifiedOp> = self.aside.values().cloned().collect();
        let namespaces: Vec<NamespaceId> = self.store.namespaces().collect();
        for namespace in namespaces {
            let mut after = Some(0);
            while let Some(from) = after {
                let page = self.store.ops_page(&namespace, from, PAGE).map_err(|error| self.wrong(&error))?;
                for op in &page.ops {
                    let op = SignedGroupOp::decode(&op.bytes).map_err(|error| self.wrong(&error))?;
                    ops.push(op.verify().map_err(|error| self.wrong(&error))?);
                }
                after = page.next;
            }
        }
        Ok(ops)
    }

    /// Applies some ops and makes durable what came of them.
    pub(crate) fn apply(&mut self, engine: &mut Engine, ops: &[VerifiedOp]) -> Result<(), Failure> {
        let outcome = engine.apply_batch(ops.iter().cloned());
        self.added = self.added.saturating_add(outcome.durable().len());
        if !outcome.durable().is_empty() {
            let applied = [Applied { outcome: &outcome, publish: false }];
            let committed = self.store.commit(engine, &Commit { applied: &applied, local: &[] });
            let _receipt = committed.map_err(|error| self.lost(&error))?;
        }
        for op in ops {
            self.aside.entry(op.id()).or_insert_with(|| op.clone());
        }
        // What has its place now lies aside no longer, and neither does what the engine has forgotten.
        self.aside.retain(|id, _| !engine.contains(id));
        let waiting: BTreeSet<OpId> =
            engine.namespaces_waited_for().flat_map(|namespace| engine.pending(&namespace)).collect();
        self.aside.retain(|id, _| waiting.contains(id) || engine.refusal(id).is_some());
        let bytes = self.aside.iter().map(|(id, op)| (*id, op.signed().encode())).collect();
        self.store.set_aside(&bytes).map_err(|error| self.lost(&error))
    }

    /// Closes the store, with a snapshot if much was added.
    pub(crate) fn close(mut self, engine: &mut Engine) -> Result<(), Failure> {
        if self.added >= SNAPSHOT_FROM {
            self.store.save_snapshot(engine).map_err(|error| self.lost(&error))?;
        }
        let path = self.path;
        self.store.close().map_err(|error| Failure::Lost(format!("{}: {error}", path.display())))
    }

    fn wrong(&self, error: &dyn std::error::Error) -> Failure {
        Failure::Store(format!("{}: {error}", self.path.display()))
    }

    fn lost(&self, error: &dyn std::error::Error) -> Failure {
        Failure::Lost(format!("{}: {error}; run the same again", self.path.display()))
    }
}
