//! Proofs for a light client: it holds 32 bytes, and no ops and no engine, and cannot be told anything that is not so.

use folkmoot_core::{
    Engine, EntryKey, GroupId, GroupOp, Hash, InclusionProof, NamespaceId, PublicKey, Role, SigningKey,
};
use folkmoot_examples::{claim, key};
use std::error::Error;

/// What a door, a watch or a web page may hold of a group: its state hash, from somebody it trusts (SPEC §6).
struct LightClient {
    group: GroupId,
    state_hash: Hash,
}

impl LightClient {
    /// The role that somebody has in the group, if these bytes prove that the group's state says so.
    fn role_of(&self, member: PublicKey, proof: &[u8]) -> Option<Role> {
        let proof: InclusionProof = borsh::from_slice(proof).ok()?;
        if !proof.verify(&self.group, &EntryKey::Member(member), &self.state_hash) {
            return None;
        }
        // The entry of a member: role, capabilities, alias.
        let (role, _, _): (Role, u32, String) = borsh::from_slice(&proof.value).ok()?;
        Some(role)
    }
}

/// A full node, which holds everything and may lie.
struct FullNode {
    engine: Engine,
    namespace: NamespaceId,
    founder: SigningKey,
}

impl FullNode {
    fn founded() -> Result<Self, Box<dyn Error>> {
        let founder = key("alice");
        let genesis = Engine::genesis(founder.public(), [7; 32], "Kitchen table", [0; 32], [0; 32]).sign(&founder)?;
        let mut node = Self { namespace: genesis.id().into(), engine: Engine::new(), founder };
        let _ = node.engine.apply(genesis);
        Ok(node)
    }

    fn root(&self) -> GroupId {
        self.namespace.into()
    }

    fn does(&mut self, op: GroupOp) -> Result<(), Box<dyn Error>> {
        let (namespace, root, founder) = (self.namespace, self.root(), self.founder.public());
        let op = self.engine.draft(&namespace, &root, &founder, op)?.sign(&self.founder)?;
        let _ = self.engine.apply(op);
        Ok(())
    }

    fn state_hash(&mut self) -> Result<Hash, Box<dyn Error>> {
        let (namespace, root) = (self.namespace, self.root());
        Ok(self.engine.state_hash(&namespace, &root).ok_or("the root is always there")?)
    }

    /// The bytes of a proof of somebody's membership; none if there is no such entry.
    fn prove(&mut self, member: PublicKey) -> Option<InclusionProof> {
        let (namespace, root) = (self.namespace, self.root());
        self.engine.prove(&namespace, &root, &EntryKey::Member(member))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (bob, mallory) = (key("bob").public(), key("mallory").public());
    let mut node = FullNode::founded()?;

    println!("1. A full node has a group of 1,001 members, bob among them.");
    node.does(GroupOp::MemberAdded { member: bob, role: Role::Member })?;
    for n in 0..999 {
        let member = key(&format!("member {n}")).public();
        node.does(GroupOp::MemberAdded { member, role: Role::ReadOnly })?;
    }
    let mut client = LightClient { group: node.root(), state_hash: node.state_hash()? };
    let proof = node.prove(bob).ok_or("bob is a member")?;
    let bytes = borsh::to_vec(&proof)?;
    println!("   the client holds 32 bytes; the proof has {} hashes, {} bytes", proof.siblings.len(), bytes.len());
    claim("the client learns that bob is a Member", client.role_of(bob, &bytes) == Some(Role::Member))?;

    println!("2. The node lies.");
    let mut promoted = proof.clone();
    promoted.value = borsh::to_vec(&(Role::Admin, 0u32, ""))?;
    claim("a proof with another role is none", client.role_of(bob, &borsh::to_vec(&promoted)?).is_none())?;
    claim("bob's proof proves nothing of mallory", client.role_of(mallory, &bytes).is_none())?;
    let all_bits = (0..bytes.len() * 8).all(|bit| {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        client.role_of(bob, &flipped).is_none()
    });
    claim("no bit of it can be flipped", all_bits)?;
    claim("and for mallory there is no proof to be had", node.prove(mallory).is_none())?;

    println!("3. bob is removed, and the client is given the new hash.");
    node.does(GroupOp::MemberRemoved { member: bob })?;
    claim("who holds the old hash is not told", client.role_of(bob, &bytes) == Some(Role::Member))?;
    client.state_hash = node.state_hash()?;
    claim("with the new one the old proof is none", client.role_of(bob, &bytes).is_none())?;
    claim("and there is no new one", node.prove(bob).is_none())
}
