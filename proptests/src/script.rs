//! Histories by hand: ops with the right state hash and nonce, on the parents that one names.

use crate::reference::{Judgement, Reference, Verdict};
use folkmoot_core::group_op::GroupOp;
use folkmoot_core::{GroupId, Hash, NamespaceId, OpId, PublicKey, SignableGroupOp, SigningKey, VerifiedOp};

/// The ops of a namespace, as they are written down.
#[derive(Debug)]
pub struct Script {
    reference: Reference,
    ops: Vec<VerifiedOp>,
    keys: Vec<SigningKey>,
    genesis: OpId,
}

impl Script {
    /// A namespace with so many people, who are called by their numbers: 0 founds it.
    ///
    /// # Panics
    /// With more than 255 people, or none.
    pub fn new(people: u8) -> Self {
        let keys: Vec<SigningKey> = (1..=people).map(|number| SigningKey::from_seed([number; 32])).collect();
        let genesis = SignableGroupOp {
            version: 1,
            namespace_id: NamespaceId::ZERO,
            group_id: GroupId::ZERO,
            parent_op_hashes: Vec::new(),
            state_hash: Hash::ZERO,
            signer: keys[0].public(),
            nonce: 1,
            op: GroupOp::NamespaceCreated {
                salt: [0; 32],
                alias: "root".to_owned(),
                app_key: [1; 32],
                application_id: [2; 32],
            },
        };
        let genesis = genesis.sign(&keys[0]).unwrap_or_else(|error| panic!("the genesis: {error}"));
        let mut script = Self { reference: Reference::default(), ops: Vec::new(), keys, genesis: genesis.id() };
        script.add(genesis);
        script
    }

    /// The first op.
    pub const fn genesis(&self) -> OpId {
        self.genesis
    }

    /// The root group.
    pub fn root(&self) -> GroupId {
        self.genesis.into()
    }

    /// A person's key.
    pub fn person(&self, number: usize) -> PublicKey {
        self.keys[number].public()
    }

    /// A person's secret key.
    pub fn key(&self, number: usize) -> &SigningKey {
        &self.keys[number]
    }

    /// What was written so far, parents first.
    pub fn ops(&self) -> &[VerifiedOp] {
        &self.ops
    }

    /// The reference that has seen it.
    pub const fn reference(&mut self) -> &mut Reference {
        &mut self.reference
    }

    /// Writes down an op about the root.
    ///
    /// # Panics
    /// If SPEC §2 gives it no place.
    pub fn root_op(&mut self, parents: &[OpId], signer: usize, op: GroupOp) -> OpId {
        self.op(parents, signer, self.root(), op)
    }

    /// Writes down an op about a group.
    ///
    /// # Panics
    /// If SPEC §2 gives it no place.
    pub fn op(&mut self, parents: &[OpId], signer: usize, group: GroupId, op: GroupOp) -> OpId {
        let view = self.reference.past_view(parents).unwrap_or_else(|| panic!("unknown parents {parents:?}"));
        let mut parent_op_hashes = parents.to_vec();
        parent_op_hashes.sort();
        let signable = SignableGroupOp {
            version: 1,
            namespace_id: view.namespace(),
            group_id: group,
            parent_op_hashes,
            state_hash: view.state_hash(&group),
            signer: self.keys[signer].public(),
            nonce: view.next_nonce(&self.keys[signer].public()),
            op,
        };
        let op = signable.sign(&self.keys[signer]).unwrap_or_else(|error| panic!("not signed: {error}"));
        self.add(op)
    }

    fn add(&mut self, op: VerifiedOp) -> OpId {
        let id = op.id();
        self.ops.push(op.clone());
        let admission = self.reference.add(op);
        assert_eq!(admission.to_string(), "admitted", "{id}");
        id
    }

    /// What it comes to.
    pub fn judgement(&self) -> Judgement {
        self.reference.judgement()
    }

    /// What it comes to without one op, and what is built on that.
    pub fn judgement_without(&self, id: &OpId) -> Judgement {
        Reference::judge(self.ops.iter().filter(|op| op.id() != *id).cloned())
    }

    /// What an op comes to, as the vectors write it.
    pub fn verdict(&self, id: &OpId) -> String {
        self.judgement().verdict(id).map_or_else(|| "not admitted".to_owned(), |verdict: Verdict| verdict.to_string())
    }
}
