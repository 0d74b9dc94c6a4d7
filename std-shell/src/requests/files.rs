//! Requests of a host whose peers are files: ops that come in bulk, one file after the other, with nobody to ask for what
//! is missing.

use crate::client::ContextClient;
use crate::error::{Answer, Refusal};
use crate::node::{Node, namespace_of};
use crate::store::limits::MAX_PAGE_ROWS;
use crate::verify::verify_ops;
use folkmoot_core::{GroupId, OpId, PublicKey, ReceiveError, Status};
use std::collections::{BTreeMap, BTreeSet};

use super::governance::AppliedOp;

/// What became of ops that were taken together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TakenOps {
    /// Each op that was given, in their order, and each that had waited and got its verdict by it.
    pub taken: Vec<AppliedOp>,
    /// What was no op, or signed by nobody: its place among those given, and why. The fault of whoever wrote it.
    pub refused: Vec<(usize, ReceiveError)>,
}

impl ContextClient {
    /// Takes up to [`MAX_PAGE_ROWS`] ops that others made, as they travel, in any order and of any namespaces, which are
    /// followed from now on: what became of each. One commit makes them durable; they are not published, for whoever
    /// keeps them in files passes these on.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for more at once. Ops that are refused, or wait, are no error.
    pub async fn take_ops(&self, ops: Vec<Vec<u8>>) -> Answer<TakenOps> {
        self.ask(move |node| node.take_ops(&ops)).await
    }

    /// The ops that lie aside in the store, as they travel: see [`ContextClient::set_ops_aside`]. They are not part of
    /// the engine until they are taken ([`ContextClient::take_ops`]).
    ///
    /// # Errors
    /// Those of every request.
    pub async fn ops_aside(&self) -> Answer<Vec<Vec<u8>>> {
        self.ask(|node| Ok(node.store.aside()?.iter().map(|op| op.signed().encode()).collect())).await
    }

    /// Has those of these ops lie aside in the store that wait for parents or were refused lately, and no others, so that a
    /// history that comes in parts, with restarts between, is judged as if it had come at once: how many.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn set_ops_aside(&self, ops: BTreeMap<OpId, Vec<u8>>) -> Answer<usize> {
        self.ask(move |node| node.set_ops_aside(ops)).await
    }

    /// The identities whose signing keys are kept here for a group or one above it, and that can be named as requester
    /// there, ascending.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`].
    pub async fn signing_identities(&self, group: GroupId) -> Answer<Vec<PublicKey>> {
        self.ask(move |node| node.signing_identities(&group)).await
    }
}

impl Node {
    fn take_ops(&mut self, ops: &[Vec<u8>]) -> Answer<TakenOps> {
        if ops.len() > MAX_PAGE_ROWS {
            return Err(Refusal::Malformed("more ops than one request may bring").into());
        }
        let (mut verified, mut refused) = (Vec::with_capacity(ops.len()), Vec::new());
        for (place, op) in verify_ops(ops).into_iter().enumerate() {
            match op {
                Ok(op) => verified.push(op),
                Err(why) => refused.push((place, why)),
            }
        }
        for op in &verified {
            self.follow(&namespace_of(op));
        }
        let outcome = self.take_in(verified, Vec::new(), false)?;
        let taken = outcome.statuses().iter().map(|(op, status)| AppliedOp { op: *op, status: status.clone() });
        Ok(TakenOps { taken: taken.collect(), refused })
    }

    fn set_ops_aside(&mut self, mut ops: BTreeMap<OpId, Vec<u8>>) -> Answer<usize> {
        let engine = &self.engine;
        let waiting: BTreeSet<OpId> =
            engine.namespaces_waited_for().flat_map(|namespace| engine.pending(&namespace)).collect();
        let refused = |id: &OpId| matches!(engine.refusal(id), Some(Status::Ignored | Status::Rejected(_)));
        ops.retain(|id, _| waiting.contains(id) || refused(id));
        self.store.set_aside(&ops).map_err(|error| self.fail(error))?;
        Ok(ops.len())
    }

    fn signing_identities(&self, group: &GroupId) -> Answer<Vec<PublicKey>> {
        self.namespace_of_group(group)?;
        let (mut all, mut at) = (BTreeSet::new(), Some(*group));
        // Up to the root, which lies at most 16 groups above.
        while let Some(group) = at {
            all.extend(self.keys.identities(&group));
            at = self.store.group_info(&group)?.and_then(|info| info.parent);
        }
        Ok(all.into_iter().collect())
    }
}
