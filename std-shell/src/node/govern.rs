//! One way to govern: preflight, then sign, apply, commit and publish.

use super::Node;
use crate::error::{Answer, Refusal};
use crate::sign::sign;
use crate::store::LocalChange;
use folkmoot_core::{
    GroupId, GroupOp, Hash, NamespaceId, OpId, Outcome, PublicKey, SignableGroupOp, SigningKey, VerifiedOp,
};

/// As whom, and on what condition, something is asked for. The default: as this node's identity in the namespace, on no
/// condition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct By {
    /// Who asks; a signing key of this identity has to be kept here. This node's identity in the namespace if `None`.
    pub requester: Option<PublicKey>,
    /// Refused unless the group has this state hash still: an optimistic lock for a person who decides by what is shown.
    /// What is signed commits to the op's own past in any case.
    pub expected_state_hash: Option<Hash>,
}

impl By {
    /// As this identity.
    pub const fn requester(requester: PublicKey) -> Self {
        Self { requester: Some(requester), expected_state_hash: None }
    }

    /// Only while the group has this state hash.
    #[must_use]
    pub const fn if_state_is(mut self, expected: Hash) -> Self {
        self.expected_state_hash = Some(expected);
        self
    }
}

/// An op that may be signed: its signer has the authority and its key is here.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) namespace: NamespaceId,
    draft: SignableGroupOp,
}

impl Prepared {
    fn sign(self, key: &SigningKey) -> Answer<VerifiedOp> {
        Ok(sign(self.draft, key).map_err(|error| Refusal::BadOp(error.to_string()))?)
    }
}

impl Node {
    /// Who asks, in a namespace.
    pub(crate) fn requester(&self, namespace: &NamespaceId, by: &By) -> Answer<PublicKey> {
        let identity = by.requester.or_else(|| self.identities.get(namespace).copied());
        Ok(identity.ok_or(Refusal::NoIdentity(*namespace))?)
    }

    /// The namespace of a group that exists.
    pub(crate) fn namespace_of_group(&self, group: &GroupId) -> Answer<NamespaceId> {
        let namespace = self.engine.namespace_of_group(group).ok_or(Refusal::NoSuchGroup(*group))?;
        // What is stored is as the engine has it.
        self.store.group_info(group)?.ok_or(Refusal::NoSuchGroup(*group))?;
        Ok(namespace)
    }

    /// Who asks, in which namespace, and that the group exists and is as expected. Requests that compare what is asked with
    /// what is begin with it.
    pub(crate) fn asked(&mut self, by: &By, group: &GroupId) -> Answer<(NamespaceId, PublicKey)> {
        let namespace = self.namespace_of_group(group)?;
        let requester = self.requester(&namespace, by)?;
        if let Some(expected) = by.expected_state_hash {
            let found = self.engine.state_hash(&namespace, group).unwrap_or(Hash::ZERO);
            if found != expected {
                return Err(Refusal::StateChanged { group: *group, expected, found }.into());
            }
        }
        Ok((namespace, requester))
    }

    /// Everything that has to hold before an op is signed: who asks, that the group exists and is as expected, that the
    /// op would not be void, and that there is a key.
    pub(crate) fn governance_preflight(&mut self, by: &By, group: &GroupId, op: GroupOp) -> Answer<Prepared> {
        let (namespace, requester) = self.asked(by, group)?;
        let draft = self.engine.draft(&namespace, group, &requester, op)?;
        self.signing_key(group, &requester)?;
        Ok(Prepared { namespace, draft })
    }

    /// The preflight of somebody whose key is not kept yet, because it is to be kept with this very op.
    pub(crate) fn newcomers_preflight(&mut self, key: &SigningKey, group: &GroupId, op: GroupOp) -> Answer<VerifiedOp> {
        let (namespace, requester) = self.asked(&By::requester(key.public()), group)?;
        let draft = self.engine.draft(&namespace, group, &requester, op)?;
        Prepared { namespace, draft }.sign(key)
    }

    /// The key of an identity, by the walk up from a group.
    pub(crate) fn signing_key(&self, group: &GroupId, identity: &PublicKey) -> Answer<&SigningKey> {
        let key = self.engine.resolve_signing_key(&self.keys, group, identity);
        Ok(key.ok_or(Refusal::NoSigningKey { group: *group, requester: *identity })?)
    }

    /// Signs what was prepared. Nothing may have been applied in between.
    pub(crate) fn sign(&self, prepared: Prepared) -> Answer<VerifiedOp> {
        let key = self.signing_key(&prepared.draft.group_id, &prepared.draft.signer)?;
        prepared.sign(key)
    }

    /// Signs, applies, makes durable together with `local`, then publishes: the op's id.
    pub(crate) fn sign_apply_and_publish(&mut self, prepared: Prepared, local: Vec<LocalChange>) -> Answer<OpId> {
        let op = self.sign(prepared)?;
        let id = op.id();
        let _ = self.take_in(vec![op], local, true)?;
        Ok(id)
    }

    /// Preflight and all that comes after it.
    pub(crate) fn govern(&mut self, by: &By, group: &GroupId, op: GroupOp) -> Answer<OpId> {
        let prepared = self.governance_preflight(by, group, op)?;
        self.sign_apply_and_publish(prepared, Vec::new())
    }

    /// Several ops of one group as one: all are found good before the first is signed, each is drafted on those before
    /// it, and one commit makes them durable together.
    pub(crate) fn govern_all(&mut self, by: &By, group: &GroupId, ops: Vec<GroupOp>) -> Answer<Vec<OpId>> {
        for op in &ops {
            self.governance_preflight(by, group, op.clone())?;
        }
        // The condition holds for the whole; the first op changes the hash.
        let by = By { expected_state_hash: None, ..*by };
        let (mut ids, mut outcomes): (Vec<OpId>, Vec<Outcome>) = (Vec::new(), Vec::new());
        let mut failed = None;
        for op in ops {
            match self.governance_preflight(&by, group, op).and_then(|prepared| self.sign(prepared)) {
                Ok(op) => {
                    ids.push(op.id());
                    outcomes.push(self.engine.apply(op));
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        // What is applied is made durable, whatever came of the rest.
        self.commit(&outcomes, Vec::new(), true)?;
        failed.map_or(Ok(ids), Err)
    }
}
