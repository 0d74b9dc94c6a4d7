//! Authors: they make ops as clients would, each with an engine that knows what that author has seen.

use crate::Fallible;
use crate::files::Writer;
use folkmoot_core::{
    Engine, GroupId, GroupOp, NamespaceId, OpId, PublicKey, Role, SignableGroupOp, SigningKey, Status, VerifiedOp,
};
use sha2::{Digest, Sha256};

/// The name of somebody who never signs.
pub(crate) fn person(kind: &str, number: usize) -> PublicKey {
    PublicKey(seed(kind, number))
}

/// The key of somebody who does.
pub(crate) fn key(kind: &str, number: usize) -> SigningKey {
    SigningKey::from_seed(seed(kind, number))
}

fn seed(kind: &str, number: usize) -> [u8; 32] {
    Sha256::digest(format!("folkmoot-bench/{kind}/{number}")).into()
}

/// Admits somebody nobody has heard of.
pub(crate) fn adds(kind: &str, number: usize) -> GroupOp {
    GroupOp::MemberAdded { member: person(kind, number), role: Role::Member }
}

/// Sets a role.
pub(crate) fn sets(member: PublicKey, role: Role) -> GroupOp {
    GroupOp::MemberRoleSet { member, role }
}

/// The role a toggled member gets the next time: each round the other one.
pub(crate) const fn toggled(round: usize) -> Role {
    if round.is_multiple_of(2) { Role::ReadOnly } else { Role::Member }
}

/// One who makes ops.
#[derive(Debug)]
pub(crate) struct Author {
    engine: Engine,
    namespace: NamespaceId,
    root: GroupId,
}

impl Author {
    fn founded(genesis: &VerifiedOp) -> Fallible<Self> {
        let namespace = NamespaceId::from(genesis.id());
        let mut author = Self { engine: Engine::new(), namespace, root: namespace.into() };
        author.hear(genesis)?;
        Ok(author)
    }

    /// Takes in an op of somebody's.
    pub(crate) fn hear(&mut self, op: &VerifiedOp) -> Fallible<()> {
        let outcome = self.engine.apply(op.clone());
        match outcome.status_of(&op.id()) {
            Some(Status::Admitted(_)) => Ok(()),
            other => Err(format!("an author's op was not admitted: {other:?}").into()),
        }
    }

    /// Takes in many at once.
    pub(crate) fn hear_all(&mut self, ops: &[VerifiedOp]) -> Fallible<()> {
        let outcome = self.engine.apply_batch(ops.iter().cloned());
        if outcome.durable().len() != ops.len() {
            return Err("some of the authors' ops were not admitted".into());
        }
        Ok(())
    }

    /// Makes an op on all that this author knows, and takes it in.
    pub(crate) fn make(&mut self, key: &SigningKey, op: GroupOp) -> Fallible<VerifiedOp> {
        let op = folkmoot::sign(self.engine.draft(&self.namespace, &self.root, &key.public(), op)?, key)?;
        self.hear(&op)?;
        Ok(op)
    }

    /// Makes a first op of somebody's on the only parent of another op, whose state hash it takes: drafting on a point
    /// far back would make that state anew.
    pub(crate) fn make_beside(other: &VerifiedOp, key: &SigningKey, op: GroupOp) -> Fallible<VerifiedOp> {
        let beside = other.signable().clone();
        Ok(folkmoot::sign(SignableGroupOp { signer: key.public(), nonce: 1, op, ..beside }, key)?)
    }

    /// Makes an op on parents of one's choice. It is not taken in.
    pub(crate) fn make_on(&mut self, key: &SigningKey, op: GroupOp, parents: &[OpId]) -> Fallible<VerifiedOp> {
        let draft = self.engine.draft_on(&self.namespace, &self.root, &key.public(), op, parents)?;
        Ok(folkmoot::sign(draft, key)?)
    }
}

/// A namespace with its founder, some Admins and some members: what every scenario begins with.
#[derive(Debug)]
pub(crate) struct World {
    /// The founder's key.
    pub(crate) founder: SigningKey,
    /// An author who has seen everything so far.
    pub(crate) author: Author,
    /// The Admins' keys, the most senior first.
    pub(crate) admins: Vec<SigningKey>,
    /// The members.
    pub(crate) members: Vec<PublicKey>,
    ops: Vec<VerifiedOp>,
}

impl World {
    /// Founds a namespace with so many Admins and members.
    pub(crate) fn new(admins: usize, members: usize) -> Fallible<Self> {
        let founder = key("founder", 0);
        let genesis = Engine::genesis(founder.public(), [7; 32], "bench", [1; 32], [2; 32]).sign(&founder)?;
        let author = Author::founded(&genesis)?;
        let ops = Vec::from([genesis]);
        let mut world = Self { founder, author, admins: Vec::new(), members: Vec::new(), ops };
        for number in 0..admins {
            let admin = key("admin", number);
            world.founds(GroupOp::MemberAdded { member: admin.public(), role: Role::Admin })?;
            world.admins.push(admin);
        }
        for number in 0..members {
            world.founds(adds("member", number))?;
            world.members.push(person("member", number));
        }
        Ok(world)
    }

    fn founds(&mut self, op: GroupOp) -> Fallible<()> {
        let op = self.author.make(&self.founder, op)?;
        self.ops.push(op);
        Ok(())
    }

    /// Writes what was made so far, as setup.
    pub(crate) fn write(&self, writer: &mut Writer) -> Fallible<()> {
        self.ops.iter().try_for_each(|op| writer.setup(op))
    }

    /// The ops made so far.
    pub(crate) fn ops(&self) -> &[VerifiedOp] {
        &self.ops
    }

    /// The last op made so far.
    pub(crate) fn tip(&self) -> OpId {
        self.ops.last().map_or(OpId::ZERO, VerifiedOp::id)
    }

    /// Another author who knows this beginning.
    pub(crate) fn another_author(&self) -> Fallible<Author> {
        let (genesis, rest) = self.ops.split_first().ok_or("a world without a beginning")?;
        let mut author = Author::founded(genesis)?;
        author.hear_all(rest)?;
        Ok(author)
    }
}
