//! An op's signable bytes made again from its facts, to learn from its id whether a hash was in them.

use crate::arena::{GroupIx, OpIx, PersonIx};
use crate::facts::{Action, Fact, History};
use crate::group_op::{GroupOp, SignableGroupOp};
use crate::ids::{Hash, NamespaceId};
use crate::limits::PROTOCOL_VERSION;
use alloc::vec::Vec;

impl History {
    /// Whether `hash` is the state hash of `group` in the past that `parent` heads, as a sound op with that very past
    /// has proven; `None` if none has that can be asked. Its id commits to the hash it was signed over.
    pub(crate) fn same_state_hash_as_sibling(
        &self,
        namespace: &NamespaceId,
        parent: OpIx,
        group: GroupIx,
        hash: &Hash,
    ) -> Option<bool> {
        let (run, position) = self.dag.run_and_position(parent);
        let next = usize::try_from(position).ok()?.saturating_add(1);
        let sibling = *self.dag.run(run).get(next)?;
        let fact = self.fact(sibling)?;
        if self.dag.only_parent(sibling) != Some(parent) || fact.causal.is_some() || fact.group != group {
            return None;
        }
        let signable = SignableGroupOp {
            version: PROTOCOL_VERSION,
            namespace_id: *namespace,
            group_id: self.directory.group_id(group),
            parent_op_hashes: Vec::from([self.dag.id(parent)]),
            state_hash: *hash,
            signer: self.directory.person(fact.signer),
            nonce: u64::from(fact.nonce),
            op: self.payload(fact)?,
        };
        Some(signable.id() == self.dag.id(sibling))
    }

    /// The payload of a sound op; `None` where facts do not keep all of it (NamespaceCreated, claims).
    fn payload(&self, fact: &Fact) -> Option<GroupOp> {
        let directory = &self.directory;
        let person = |at: PersonIx| directory.person(at);
        let text = |at| directory.text(at).into();
        Some(match fact.action {
            Action::NamespaceCreated { .. } | Action::Claim { .. } => return None,
            Action::Noop => GroupOp::Noop,
            Action::SubgroupCreated { alias, visibility, .. } => {
                GroupOp::SubgroupCreated { alias: text(alias), visibility }
            }
            Action::GroupDeleted => GroupOp::GroupDeleted,
            Action::MemberAdded { member, role } => GroupOp::MemberAdded { member: person(member), role },
            Action::MemberRemoved { member } => GroupOp::MemberRemoved { member: person(member) },
            Action::MemberRoleSet { member, role, .. } => GroupOp::MemberRoleSet { member: person(member), role },
            Action::CapabilitiesGranted { member, bits } => {
                GroupOp::CapabilitiesGranted { member: person(member), capabilities: bits.into() }
            }
            Action::CapabilitiesRevoked { member, bits } => {
                GroupOp::CapabilitiesRevoked { member: person(member), capabilities: bits.into() }
            }
            Action::DefaultCapabilitiesSet { bits } => GroupOp::DefaultCapabilitiesSet { capabilities: bits.into() },
            Action::DefaultVisibilitySet { visibility } => GroupOp::DefaultVisibilitySet { visibility },
            Action::GroupVisibilitySet { visibility } => GroupOp::GroupVisibilitySet { visibility },
            Action::UpgradePolicySet { policy } => GroupOp::UpgradePolicySet { policy: directory.policy(policy) },
            Action::TargetApplicationSet { target } => {
                let application = directory.application(target)?;
                GroupOp::TargetApplicationSet {
                    app_key: application.app_key,
                    application_id: application.application_id,
                    migration: application.migration.clone(),
                }
            }
            Action::ContextRegistered { context, visibility } => {
                let facts = directory.context(context)?;
                GroupOp::ContextRegistered {
                    application_id: facts.application_id,
                    blob_id: facts.blob_id,
                    source: facts.source.clone(),
                    service_name: facts.service_name.clone(),
                    visibility,
                }
            }
            Action::ContextDetached { context } => {
                GroupOp::ContextDetached { context_id: directory.context(context)?.id }
            }
            Action::GroupAliasSet { alias } => GroupOp::GroupAliasSet { alias: text(alias) },
            Action::MemberAliasSet { member, alias } => {
                GroupOp::MemberAliasSet { member: person(member), alias: text(alias) }
            }
            Action::ContextAliasSet { context, alias } => {
                GroupOp::ContextAliasSet { context_id: directory.context(context)?.id, alias: text(alias) }
            }
            Action::ContextCapabilityGranted { context, member, bits } => GroupOp::ContextCapabilityGranted {
                context_id: directory.context(context)?.id,
                member: person(member),
                capabilities: bits,
            },
            Action::ContextCapabilityRevoked { context, member, bits } => GroupOp::ContextCapabilityRevoked {
                context_id: directory.context(context)?.id,
                member: person(member),
                capabilities: bits,
            },
            Action::InvitationRevoked { invitation } => {
                GroupOp::InvitationRevoked { invitation_id: directory.invitation(invitation).1 }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::arena::OpIx;
    use crate::group_op::{GroupOp, SignedGroupOp};
    use crate::{Engine, NamespaceId};
    use alloc::string::String;
    use alloc::vec::Vec;
    use std::collections::BTreeMap;

    fn vector_files() -> Vec<Vec<Vec<u8>>> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");
        let mut out = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let value: serde_json::Value = match serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap())
            {
                Ok(value) => value,
                Err(_) => continue,
            };
            let Some(ops) = value["ops"].as_array() else { continue };
            let unhex = |text: &str| {
                (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
            };
            out.push(ops.iter().map(|op| unhex(op.as_str().unwrap())).collect());
        }
        out
    }

    #[test]
    fn the_payload_of_every_sound_op_comes_out_of_its_facts_as_it_went_in() {
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for file in vector_files() {
            let mut engine = Engine::new();
            let mut payloads: BTreeMap<crate::OpId, GroupOp> = BTreeMap::new();
            for bytes in file {
                let Some(op) = SignedGroupOp::decode(&bytes).ok().and_then(|op| op.verify().ok()) else { continue };
                payloads.insert(op.id(), op.signable().op.clone());
                let _ = engine.apply(op);
            }
            let ids: Vec<NamespaceId> = engine.namespaces().collect();
            for id in ids {
                let history = &engine.namespace(&id).unwrap().history;
                for op in (0..history.dag.len()).map(OpIx::new) {
                    let fact = history.fact(op).unwrap();
                    if fact.causal.is_some() {
                        continue;
                    }
                    let original = &payloads[&history.dag.id(op)];
                    match history.payload(fact) {
                        Some(again) => {
                            assert_eq!(again, *original);
                            *kinds.entry(original.name().into()).or_default() += 1;
                        }
                        None => assert!(matches!(
                            original,
                            GroupOp::NamespaceCreated { .. } | GroupOp::JoinWithInvitationClaim { .. }
                        )),
                    }
                }
            }
        }
        // The vectors have no effective DefaultVisibilitySet; it is written like GroupVisibilitySet.
        assert_eq!(kinds.len(), 20, "every kind but those: {kinds:?}");
    }
}
