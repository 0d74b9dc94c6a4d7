//! What the reference came to, in shapes that can be compared with an engine's report and with the vectors.

use crate::reference::{Admission, Causal, Context, Folded, Group, Reference, Verdict, fold};
use folkmoot_core::group_op::UpgradePolicy;
use folkmoot_core::{GroupId, Hash, NamespaceId, OpId, VerifiedOp};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

/// What a set of ops comes to.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The namespaces with an admitted op.
    pub namespaces: BTreeMap<NamespaceId, NamespaceJudgement>,
    /// The ops with no place in a DAG, and why.
    pub not_admitted: BTreeMap<OpId, Admission>,
}

/// What a namespace comes to.
#[derive(Debug, Clone)]
pub struct NamespaceJudgement {
    /// The admitted ops without children.
    pub heads: BTreeSet<OpId>,
    /// F of all admitted ops, and their verdicts.
    pub folded: Folded,
    /// The state hash of each live group.
    pub state_hashes: BTreeMap<GroupId, Hash>,
    /// The namespace digest.
    pub digest: Hash,
    /// The causal verdict of each op, with seniority and ground.
    pub causal: BTreeMap<OpId, Causal>,
}

impl NamespaceJudgement {
    /// What an op comes to.
    pub fn verdict(&self, id: &OpId) -> Option<Verdict> {
        self.folded.verdicts.get(id).copied()
    }
}

impl Reference {
    /// Judges a set of ops; in what order they come, and how often, cannot matter.
    pub fn judge(ops: impl IntoIterator<Item = VerifiedOp>) -> Judgement {
        let mut reference = Self::default();
        for op in ops {
            reference.add(op);
        }
        reference.judgement()
    }

    /// All that was added, judged.
    pub fn judgement(&self) -> Judgement {
        let namespaces: BTreeSet<NamespaceId> = self.admitted.values().map(|node| node.namespace).collect();
        let pending = self.pending.keys().map(|id| (*id, Admission::Pending));
        let refused = self.refused.iter().map(|(id, why)| (*id, *why));
        Judgement {
            namespaces: namespaces.into_iter().map(|namespace| (namespace, self.judgement_of(&namespace))).collect(),
            not_admitted: pending.chain(refused).collect(),
        }
    }

    fn judgement_of(&self, namespace: &NamespaceId) -> NamespaceJudgement {
        let all = || self.admitted.values().filter(|node| node.namespace == *namespace);
        let folded = fold(all().map(|node| &**node));
        NamespaceJudgement {
            heads: self.heads(namespace),
            state_hashes: folded.state.groups.iter().map(|(id, group)| (*id, group.state_hash(id))).collect(),
            digest: folded.state.digest(namespace),
            causal: all().map(|node| (node.id, node.causal.clone())).collect(),
            folded,
        }
    }
}

impl Judgement {
    /// What an admitted op comes to, in whichever namespace it is.
    pub fn verdict(&self, id: &OpId) -> Option<Verdict> {
        self.namespaces.values().find_map(|namespace| namespace.verdict(id))
    }

    /// In the shape of the vectors' `expect`.
    pub fn to_json(&self) -> Value {
        let namespaces = object(self.namespaces.iter().map(|(id, judged)| (id.to_string(), judged.to_json(id))));
        let not_admitted = object(self.not_admitted.iter().map(|(id, why)| (id.to_string(), json!(why.to_string()))));
        json!({ "namespaces": namespaces, "not_admitted": not_admitted })
    }
}

impl NamespaceJudgement {
    fn to_json(&self, id: &NamespaceId) -> Value {
        let groups = self.folded.state.groups.iter();
        let ops = self.folded.verdicts.iter();
        json!({
            "namespace_id": id.to_string(),
            "digest": self.digest.to_string(),
            "heads": self.heads.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "groups": object(groups.map(|(id, group)| (id.to_string(), group.to_json(id)))),
            "ops": object(ops.map(|(id, verdict)| (id.to_string(), json!(verdict.to_string())))),
        })
    }
}

impl Group {
    fn to_json(&self, id: &GroupId) -> Value {
        let members = self.members.iter().map(|(member, record)| {
            let role = format!("{:?}", record.role);
            (member.to_string(), json!({ "role": role, "capabilities": record.mask(), "alias": record.alias }))
        });
        let invitations = self.invitations.iter().map(|(id, invitation)| {
            (id.to_string(), json!({ "uses": invitation.uses, "revoked": invitation.revoked }))
        });
        json!({
            "parent": self.parent.map(|parent| parent.to_string()),
            "alias": self.alias,
            "state_hash": self.state_hash(id).to_string(),
            "visibility": format!("{:?}", self.visibility),
            "default_capabilities": self.default_capabilities,
            "default_visibility": format!("{:?}", self.default_visibility),
            "app_key": hex(&self.app_key),
            "application_id": hex(&self.application_id),
            "migration": self.migration,
            "upgrade_policy": policy(self.policy),
            "members": object(members),
            "contexts": object(self.contexts.iter().map(|(id, context)| (id.to_string(), context.to_json()))),
            "invitations": object(invitations),
            "barred": self.barred.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

impl Context {
    fn to_json(&self) -> Value {
        let capabilities = self.capabilities.iter().map(|(member, mask)| (member.to_string(), json!(mask)));
        json!({
            "application_id": hex(&self.application_id),
            "blob_id": hex(&self.blob_id),
            "source": self.source,
            "service_name": self.service_name,
            "visibility": format!("{:?}", self.visibility),
            "alias": self.alias,
            "registered_by": self.registered_by.to_string(),
            "capabilities": object(capabilities),
        })
    }
}

fn policy(policy: UpgradePolicy) -> Value {
    match policy {
        UpgradePolicy::Automatic => json!("Automatic"),
        UpgradePolicy::LazyOnAccess => json!("LazyOnAccess"),
        UpgradePolicy::Coordinated { deadline_secs } => json!({ "Coordinated": { "deadline_secs": deadline_secs } }),
    }
}

fn object(entries: impl Iterator<Item = (String, Value)>) -> Value {
    Value::Object(entries.collect::<Map<_, _>>())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effective => f.write_str("Effective"),
            Self::Void(reason) => write!(f, "{reason:?}"),
            Self::Idle(reason) => write!(f, "Idle: {reason:?}"),
        }
    }
}

impl fmt::Display for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admitted => f.write_str("admitted"),
            Self::Pending => f.write_str("pending"),
            Self::Ignored => f.write_str("ignored"),
            Self::Rejected(rejection) => write!(f, "rejected: {rejection:?}"),
        }
    }
}
