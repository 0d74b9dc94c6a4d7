//! Where stories are played: people by name, and ops on the parents that the story says.

use crate::names::Names;
use folkmoot_core::{
    DraftError, Engine, GroupId, GroupInvitation, GroupOp, InvitationId, NamespaceId, OpId, PublicKey, Role, SignError,
    SigningKey, Status, Verdict, VerifiedOp, VoidReason,
};

/// Everybody who ever acts in a story.
const CAST: [&str; 7] = ["alice", "bob", "carol", "dave", "erin", "mallory", "oscar"];

/// A story that cannot be told: a mistake of this crate's, not of whoever plays it.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// An op could not be drafted.
    #[error("the story has an op that cannot be drafted")]
    Draft(#[from] DraftError),
    /// An op could not be signed.
    #[error("the story has an op that cannot be signed")]
    Sign(#[from] SignError),
    /// It does not come out as it says.
    #[error("the story says {said} of an op that is {found}")]
    Otherwise {
        /// What the story says.
        said: String,
        /// What the engine says.
        found: String,
    },
}

/// What a story says of one of its ops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is admitted, with this verdict.
    Is(Verdict),
    /// It has no place in the graph, for this reason.
    Refused(Status),
}

/// A story that was played.
#[derive(Debug, Clone)]
pub struct Play {
    /// The namespace.
    pub namespace: NamespaceId,
    /// Its ops, parents first, but for those that are to be refused.
    pub ops: Vec<VerifiedOp>,
    /// Who is who.
    pub names: Names,
    /// What it says of its ops.
    pub claims: Vec<(OpId, Claim)>,
}

impl Play {
    /// An engine that holds its ops.
    pub fn engine(&self) -> Engine {
        let mut engine = Engine::new();
        for op in &self.ops {
            let _ = engine.apply(op.clone());
        }
        engine
    }

    /// Whether all is as the story says.
    ///
    /// # Errors
    /// [`PlayError::Otherwise`] for the first op that is not.
    pub fn check(&self) -> Result<(), PlayError> {
        let engine = self.engine();
        for (op, said) in &self.claims {
            let found = match (engine.verdict(op), engine.refusal(op)) {
                (Some(verdict), _) => Some(Claim::Is(verdict)),
                (None, refusal) => refusal.map(Claim::Refused),
            };
            if found.as_ref() != Some(said) {
                return Err(PlayError::Otherwise { said: format!("{said:?}"), found: format!("{found:?}") });
            }
        }
        Ok(())
    }
}

/// A namespace that alice founded, and the people who act in it.
pub(super) struct Stage {
    engine: Engine,
    namespace: NamespaceId,
    ops: Vec<VerifiedOp>,
    claims: Vec<(OpId, Claim)>,
}

/// The key of a person: of the name alone, so that the story is the same every time. Secret from nobody.
pub(super) fn key(name: &str) -> SigningKey {
    let mut seed = [0; 32];
    seed.iter_mut().zip(name.bytes()).for_each(|(slot, byte)| *slot = byte);
    SigningKey::from_seed(seed)
}

/// The public key of a person.
pub(super) fn who(name: &str) -> PublicKey {
    key(name).public()
}

impl Stage {
    pub(super) fn founded() -> Result<Self, PlayError> {
        let genesis = Engine::genesis(who("alice"), [1; 32], "Kitchen table", [0; 32], [0; 32]).sign(&key("alice"))?;
        let namespace = genesis.id().into();
        let mut stage = Self { engine: Engine::new(), namespace, ops: Vec::new(), claims: Vec::new() };
        stage.take(genesis);
        Ok(stage)
    }

    pub(super) fn into_play(self) -> Play {
        let names = CAST.iter().map(|name| (who(name), *name)).collect();
        Play { namespace: self.namespace, ops: self.ops, names, claims: self.claims }
    }

    pub(super) const fn namespace(&self) -> NamespaceId {
        self.namespace
    }

    pub(super) fn root(&self) -> GroupId {
        self.namespace.into()
    }

    pub(super) fn heads(&self) -> Vec<OpId> {
        self.engine.heads(&self.namespace)
    }

    /// Alice admits people as Admins, one after the other: each is junior to the one before.
    pub(super) fn admins(&mut self, people: &[&str]) -> Result<Vec<OpId>, PlayError> {
        people.iter().map(|person| self.does("alice", add(person, Role::Admin))).collect::<Result<Vec<_>, _>>()?;
        Ok(self.heads())
    }

    /// Somebody acts in the root, having seen everything.
    pub(super) fn does(&mut self, name: &str, op: GroupOp) -> Result<OpId, PlayError> {
        let heads = self.heads();
        self.after(&heads, name, op)
    }

    /// Somebody acts in the root, having seen these ops and all before them.
    pub(super) fn after(&mut self, parents: &[OpId], name: &str, op: GroupOp) -> Result<OpId, PlayError> {
        self.within(self.root(), parents, name, op)
    }

    /// Somebody acts in a group.
    pub(super) fn within(
        &mut self,
        group: GroupId,
        parents: &[OpId],
        name: &str,
        op: GroupOp,
    ) -> Result<OpId, PlayError> {
        let draft = self.engine.draft_on(&self.namespace, &group, &who(name), op, parents)?;
        Ok(self.take(draft.sign(&key(name))?))
    }

    /// Somebody signs by hand what the engine would not draft.
    pub(super) fn forges(&mut self, parents: &[OpId], name: &str, op: GroupOp) -> Result<OpId, PlayError> {
        let mut draft = self.engine.draft_on(&self.namespace, &self.root(), &who(name), GroupOp::Noop, parents)?;
        draft.op = op;
        Ok(self.take(draft.sign(&key(name))?))
    }

    /// Somebody signs with a nonce of one's own choice.
    pub(super) fn numbers(&mut self, parents: &[OpId], name: &str, nonce: u64, op: GroupOp) -> Result<OpId, PlayError> {
        let mut draft = self.engine.draft_on(&self.namespace, &self.root(), &who(name), op, parents)?;
        draft.nonce = nonce;
        Ok(self.take(draft.sign(&key(name))?))
    }

    /// Somebody who is a member of nothing signs what a member drafted.
    pub(super) fn intrudes(&mut self, member: &str, stranger: &str, op: GroupOp) -> Result<OpId, PlayError> {
        let mut draft = self.engine.draft(&self.namespace, &self.root(), &who(member), GroupOp::Noop)?;
        (draft.signer, draft.nonce, draft.op) = (who(stranger), 1, op);
        Ok(self.take(draft.sign(&key(stranger))?))
    }

    fn take(&mut self, op: VerifiedOp) -> OpId {
        let id = op.id();
        self.ops.push(op.clone());
        let _ = self.engine.apply(op);
        id
    }

    /// The story says: these took effect.
    pub(super) fn effective(&mut self, ops: &[OpId]) {
        self.claims.extend(ops.iter().map(|op| (*op, Claim::Is(Verdict::Effective))));
    }

    /// The story says: this is void.
    pub(super) fn void(&mut self, op: OpId, reason: VoidReason) {
        self.claims.push((op, Claim::Is(Verdict::Void(reason))));
    }

    /// The story says: this stands and finds nothing to take.
    pub(super) fn idle(&mut self, op: OpId, reason: VoidReason) {
        self.claims.push((op, Claim::Is(Verdict::Idle(reason))));
    }

    /// The story says: this has no place in the graph.
    pub(super) fn refused(&mut self, op: OpId, status: Status) {
        self.claims.push((op, Claim::Refused(status)));
    }
}

/// An invitation, and the secret that goes with it.
pub(super) struct Invitation {
    terms: GroupInvitation,
    inviter: SigningKey,
    bearer: SigningKey,
}

impl Invitation {
    pub(super) fn new(namespace_id: NamespaceId, inviter: &str, max_uses: u32) -> Self {
        let bearer = key(&format!("a bearer's key, {inviter}"));
        let terms = GroupInvitation {
            namespace_id,
            group_id: namespace_id.into(),
            inviter: who(inviter),
            bearer: bearer.public(),
            invitee: None,
            role: Role::Member,
            max_uses,
            expires_at: None,
        };
        Self { terms, inviter: key(inviter), bearer }
    }

    pub(super) fn id(&self) -> InvitationId {
        self.terms.id()
    }

    pub(super) fn claimed_by(&self, name: &str) -> GroupOp {
        self.terms.clone().claim(self.terms.sign(&self.inviter), &self.bearer, &who(name), 1_000)
    }
}

pub(super) fn add(member: &str, role: Role) -> GroupOp {
    GroupOp::MemberAdded { member: who(member), role }
}

pub(super) fn remove(member: &str) -> GroupOp {
    GroupOp::MemberRemoved { member: who(member) }
}

pub(super) fn set_role(member: &str, role: Role) -> GroupOp {
    GroupOp::MemberRoleSet { member: who(member), role }
}

pub(super) fn grant(member: &str, capabilities: u32) -> GroupOp {
    GroupOp::CapabilitiesGranted { member: who(member), capabilities }
}

pub(super) fn revoke(member: &str, capabilities: u32) -> GroupOp {
    GroupOp::CapabilitiesRevoked { member: who(member), capabilities }
}

pub(super) fn name_group(alias: &str) -> GroupOp {
    GroupOp::GroupAliasSet { alias: alias.into() }
}

pub(super) fn name_member(member: &str, alias: &str) -> GroupOp {
    GroupOp::MemberAliasSet { member: who(member), alias: alias.into() }
}

pub(super) fn context(source: &str) -> GroupOp {
    GroupOp::ContextRegistered {
        application_id: [3; 32],
        blob_id: [4; 32],
        source: source.into(),
        service_name: None,
        visibility: None,
    }
}
