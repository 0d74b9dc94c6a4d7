//! The account of an engine, in the shape of the conformance vectors' `expect` and of `folkmoot replay --json`.

use crate::effect::Status;
use crate::engine::Engine;
use crate::ids::{GroupId, Hash, NamespaceId, OpId};
use crate::verdict::Verdict;
use crate::view::GroupView;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Everything that replicas which hold the same ops agree on, and what was not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Report {
    /// Each namespace.
    pub namespaces: BTreeMap<NamespaceId, NamespaceReport>,
    /// Ops that wait, or were refused and are still remembered: `pending`, `ignored`, `rejected: <reason>`.
    pub not_admitted: BTreeMap<OpId, String>,
}

/// One namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NamespaceReport {
    /// Its id.
    pub namespace_id: NamespaceId,
    /// The digest of its state (SPEC §6).
    pub digest: Hash,
    /// The ops without children, ascending.
    pub heads: Vec<OpId>,
    /// The groups that exist.
    pub groups: BTreeMap<GroupId, GroupReport>,
    /// Every admitted op with its verdict.
    #[cfg_attr(feature = "serde", serde(serialize_with = "verdicts"))]
    pub ops: BTreeMap<OpId, Verdict>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GroupReport {
    /// The hash of its state (SPEC §6).
    pub state_hash: Hash,
    /// What can be read.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub view: GroupView,
}

#[cfg(feature = "serde")]
fn verdicts<S: serde::Serializer>(ops: &BTreeMap<OpId, Verdict>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(ops.iter().map(|(op, verdict)| (op, verdict.to_string())))
}

impl Report {
    /// The account of all that an engine holds.
    pub fn of(engine: &mut Engine) -> Self {
        let ids: Vec<NamespaceId> = engine.namespaces().collect();
        let namespaces = ids.into_iter().map(|id| (id, NamespaceReport::of(engine, id))).collect();
        let mut not_admitted = BTreeMap::new();
        for namespace in engine.namespaces_waited_for() {
            not_admitted.extend(engine.pending(&namespace).into_iter().map(|id| (id, "pending".to_string())));
        }
        for (id, status) in engine.refusals() {
            let text = match status {
                Status::Rejected(reason) => alloc::format!("rejected: {reason}"),
                _ => "ignored".to_string(),
            };
            not_admitted.insert(id, text);
        }
        Self { namespaces, not_admitted }
    }
}

impl NamespaceReport {
    fn of(engine: &mut Engine, id: NamespaceId) -> Self {
        let mut groups = BTreeMap::new();
        for group in engine.groups(&id) {
            let state_hash = engine.state_hash(&id, &group).unwrap_or(Hash::ZERO);
            if let Some(view) = engine.view(&id, &group) {
                groups.insert(group, GroupReport { state_hash, view });
            }
        }
        Self {
            namespace_id: id,
            digest: engine.digest(&id).unwrap_or(Hash::ZERO),
            heads: engine.heads(&id),
            groups,
            ops: engine.ops(&id).collect(),
        }
    }
}
