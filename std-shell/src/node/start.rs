//! A node from disk, in the one order that is safe: the log first, then what runs by it, then the world.

use super::{Host, Measured, Node};
use crate::error::StartError;
use crate::store::{Recovered, Store};
use folkmoot_core::{ContextId, NamespaceId, PublicKey};
use std::collections::{BTreeMap, BTreeSet};

impl Node {
    /// The engine, from an open store.
    pub(crate) fn recover_engine(host: &Host, store: &Store) -> Result<Recovered, StartError> {
        let _span = tracing::info_span!("recover", ops = store.last_sequence()).entered();
        let recovered = store.recover(host.config.pending)?;
        tracing::info!(from_snapshot = ?recovered.from_snapshot, replayed = recovered.replayed, "the engine is back");
        Ok(recovered)
    }

    /// Recovers a node from an open store:
    ///
    /// 1. the engine, from the newest sound snapshot and the log's tail, compared with the stored digest;
    /// 2. keys, identities and contexts joined; those that may be joined no longer are left;
    /// 3. upgrades in progress;
    /// 4. the DAG of every namespace, followed from here on;
    /// 5. the outbox.
    ///
    /// The first of these is [`Node::recover_engine`], for the store may be read meanwhile. The heartbeat begins when this
    /// has returned.
    pub(crate) fn recover(host: Host, store: Store, recovered: Recovered) -> Result<Self, StartError> {
        let keys = store.signing_keys()?;
        let identities = all_identities(&store)?;
        let mut node = Self {
            host,
            since_snapshot: recovered.replayed,
            engine: recovered.engine,
            keys,
            identities,
            joins: BTreeMap::new(),
            followed: BTreeSet::new(),
            sessions: BTreeMap::new(),
            wanted: BTreeSet::new(),
            requests: 0,
            unfinished: BTreeSet::new(),
            touched: BTreeSet::new(),
            // What happened before a crash may not have been looked at.
            invitations_changed: true,
            published: Vec::new(),
            unpublished: store.outbox_len()? > 0,
            measured: Measured::default(),
            broken: None,
            store,
        };
        node.recover_joins()?;
        node.recover_in_progress_upgrades()?;
        node.follow_all();
        if let Err(error) = node.tend_outbox() {
            tracing::warn!(%error, "the outbox waits for the next heartbeat");
        }
        let held: Vec<NamespaceId> = node.engine.namespaces().collect();
        held.iter().for_each(|namespace| node.measure_namespace(namespace));
        node.measure(&[]);
        Ok(node)
    }

    /// Reads which contexts were joined. Each was allowed when it was written, and left in the commit that ended that.
    fn recover_joins(&mut self) -> Result<(), StartError> {
        let mut after: Option<(ContextId, PublicKey)> = None;
        loop {
            let page = self.store.joins(after)?;
            let Some(last) = page.last().copied() else { return Ok(()) };
            for (context, identity) in page {
                if let Some(namespace) = self.namespace_of_context(&context) {
                    self.joins.insert((context, identity), namespace);
                }
            }
            after = Some(last);
        }
    }

    fn follow_all(&mut self) {
        let held: Vec<NamespaceId> = self.engine.namespaces().chain(self.identities.keys().copied()).collect();
        for namespace in held {
            self.follow(&namespace);
        }
    }
}

fn all_identities(store: &Store) -> Result<BTreeMap<NamespaceId, PublicKey>, StartError> {
    let mut all = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.identities(after)?;
        let Some((last, _)) = page.last().copied() else { return Ok(all) };
        all.extend(page);
        after = Some(last);
    }
}
