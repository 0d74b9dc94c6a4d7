//! What every test of the rules needs: people by name, a moot that they act in, and the check that replicas agree.
//!
//! A [`Moot`] keeps every op that it was sent. When it goes out of scope, all of them are delivered to fresh engines in
//! other orders and rhythms, and each must come to the same [`Report`] and the same explanations: so every test that uses
//! one ends with the check that what it showed does not depend on the order of arrival (SPEC §7).
#![allow(dead_code, reason = "every test binary uses a part of it")]

pub(crate) mod ops;

use folkmoot_core::report::Report;
use folkmoot_core::{
    ContextId, ContextInfo, DraftError, Effect, Engine, Explanation, GroupId, GroupOp, GroupView, Hash, InvitationInfo,
    MemberInfo, MergeCounts, NamespaceId, OpId, PublicKey, RejectReason, Role, SignableGroupOp, SigningKey, Status,
    Verdict, VerifiedOp, VoidReason,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The key of a person, who is known by name in all tests.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(sha256(format!("folkmoot tests: {name}").as_bytes()))
}

/// The public key of a person.
pub(crate) fn who(name: &str) -> PublicKey {
    key(name).public()
}

/// A namespace, what was sent to it, and the replica that the tests look at.
pub(crate) struct Moot {
    pub(crate) engine: Engine,
    id: NamespaceId,
    sent: Vec<VerifiedOp>,
    statuses: BTreeMap<OpId, Status>,
    effects: Vec<Effect>,
}

impl Moot {
    /// A namespace whose founder is this person.
    pub(crate) fn founded_by(founder: &str) -> Self {
        let genesis = genesis(founder, "moot");
        let id = genesis.id().into();
        let mut moot =
            Self { engine: Engine::new(), id, sent: Vec::new(), statuses: BTreeMap::new(), effects: Vec::new() };
        assert_eq!(moot.deliver(genesis), Status::Admitted(Verdict::Effective));
        moot
    }

    /// A namespace whose founder added these Admins one after the other: each is junior to the one before.
    pub(crate) fn with_admins(founder: &str, admins: &[&str]) -> Self {
        let mut moot = Self::founded_by(founder);
        moot.let_in(founder, admins, Role::Admin);
        moot
    }

    /// Somebody adds people to the root, one after the other.
    pub(crate) fn let_in(&mut self, by: &str, people: &[&str], role: Role) {
        for person in people {
            self.by(by).does(ops::add(person, role));
        }
    }

    pub(crate) const fn id(&self) -> NamespaceId {
        self.id
    }

    pub(crate) fn root(&self) -> GroupId {
        self.id.into()
    }

    /// The op that founded the namespace.
    pub(crate) fn genesis(&self) -> OpId {
        OpId(self.id.0)
    }

    pub(crate) fn heads(&self) -> Vec<OpId> {
        self.engine.heads(&self.id)
    }

    /// Everything that was sent, in the order in which it was.
    pub(crate) fn sent(&self) -> &[VerifiedOp] {
        &self.sent
    }

    /// One of the ops that were sent.
    pub(crate) fn op(&self, id: OpId) -> &VerifiedOp {
        self.sent.iter().find(|op| op.id() == id).expect("an op that was sent")
    }

    /// Somebody is about to act: in the root and on the heads, unless told otherwise.
    pub(crate) fn by(&mut self, name: &str) -> By<'_> {
        By { name: name.to_owned(), group: self.root(), parents: None, moot: self }
    }

    /// Sends an op as it is, and says what became of it.
    pub(crate) fn deliver(&mut self, op: VerifiedOp) -> Status {
        let id = op.id();
        self.sent.push(op.clone());
        let outcome = self.engine.apply(op);
        for (id, status) in outcome.statuses() {
            self.statuses.insert(*id, status.clone());
        }
        self.effects = outcome.after_commit().to_vec();
        self.statuses[&id].clone()
    }

    /// Signs what was forged, and sends it.
    pub(crate) fn send(&mut self, signable: SignableGroupOp, name: &str) -> (OpId, Status) {
        let op = signable.sign(&key(name)).expect("well-formed");
        (op.id(), self.deliver(op))
    }

    /// The last status that an op was given.
    pub(crate) fn status(&self, id: OpId) -> Status {
        self.statuses[&id].clone()
    }

    /// What the last op that was sent changed.
    pub(crate) fn effects(&self) -> &[Effect] {
        &self.effects
    }

    pub(crate) fn verdict(&self, id: OpId) -> Verdict {
        self.engine.verdict(&id).expect("an admitted op")
    }

    /// The op's verdict is this one.
    #[track_caller]
    pub(crate) fn expect(&self, id: OpId, verdict: Verdict) {
        assert_eq!(self.verdict(id), verdict, "{} {id}", self.op(id).signable().op.name());
    }

    pub(crate) fn view(&self, group: GroupId) -> GroupView {
        self.engine.view(&self.id, &group).expect("a group that exists")
    }

    pub(crate) fn exists(&self, group: GroupId) -> bool {
        self.engine.view(&self.id, &group).is_some()
    }

    /// A person's record in the root.
    pub(crate) fn member(&self, name: &str) -> Option<MemberInfo> {
        self.member_of(self.root(), name)
    }

    pub(crate) fn member_of(&self, group: GroupId, name: &str) -> Option<MemberInfo> {
        self.view(group).members.get(&who(name)).cloned()
    }

    /// A person's role in the root.
    pub(crate) fn role(&self, name: &str) -> Option<Role> {
        self.member(name).map(|member| member.role)
    }

    /// A person's capabilities in the root.
    pub(crate) fn capabilities(&self, name: &str) -> u32 {
        self.member(name).expect("a member").capabilities
    }

    /// Whether a person is barred in the root.
    pub(crate) fn barred(&self, name: &str) -> bool {
        self.barred_in(self.root(), name)
    }

    pub(crate) fn barred_in(&self, group: GroupId, name: &str) -> bool {
        self.view(group).barred.contains(&who(name))
    }

    pub(crate) fn context(&self, context: ContextId) -> Option<ContextInfo> {
        self.engine.context(&self.id, &context).map(|(_, info)| info)
    }

    /// Somebody's invitation into the root, good for many uses, for ever, for everybody.
    pub(crate) fn invitation_by(&self, inviter: &str, role: Role) -> ops::Invitation {
        ops::Invitation::new(self.id, self.root(), inviter, role)
    }

    /// What is known of an invitation.
    pub(crate) fn invitation(&self, invitation: &ops::Invitation) -> Option<InvitationInfo> {
        self.view(invitation.terms.group_id).invitations.get(&invitation.id()).copied()
    }

    pub(crate) fn state_hash(&mut self, group: GroupId) -> Hash {
        self.engine.state_hash(&self.id, &group).expect("a group that was created")
    }

    pub(crate) fn report(&mut self) -> Report {
        Report::of(&mut self.engine)
    }

    /// Admitted ops and their verdicts aside, what a report says: the states.
    pub(crate) fn digest(&mut self) -> Hash {
        self.engine.digest(&self.id).expect("the namespace")
    }

    /// All ancestors of an op with these parents, in the order in which they were sent.
    fn past(&self, parents: &[OpId]) -> Vec<&VerifiedOp> {
        let mut wanted: BTreeSet<OpId> = parents.iter().copied().collect();
        let mut past: Vec<&VerifiedOp> = Vec::new();
        let mut work = parents.to_vec();
        while let Some(id) = work.pop() {
            let new = self.op(id).signable().parent_op_hashes.iter().filter(|parent| wanted.insert(**parent));
            work.extend(new.copied());
        }
        past.extend(self.sent.iter().filter(|op| wanted.remove(&op.id())));
        past
    }

    /// Nonce and state hash of an op to come, from an engine that has seen just its past.
    fn nonce_and_hash(&self, parents: &[OpId], group: GroupId, signer: PublicKey) -> (u64, Hash) {
        let past = self.past(parents);
        let of_signer = past.iter().map(|op| op.signable()).filter(|op| op.signer == signer);
        let nonce = of_signer.map(|op| op.nonce).max().unwrap_or(0) + 1;
        let mut engine = Engine::new();
        let _ = engine.apply_batch(past.into_iter().cloned());
        (nonce, engine.state_hash(&self.id, &group).unwrap_or(Hash::ZERO))
    }
}

/// The op with which this person founds a namespace.
pub(crate) fn genesis(founder: &str, salt: &str) -> VerifiedOp {
    let genesis = Engine::genesis(who(founder), sha256(salt.as_bytes()), "root", [1; 32], [2; 32]);
    genesis.sign(&key(founder)).expect("well-formed")
}

/// Somebody about to act.
pub(crate) struct By<'m> {
    moot: &'m mut Moot,
    name: String,
    group: GroupId,
    parents: Option<Vec<OpId>>,
}

impl By<'_> {
    /// In this group rather than in the root.
    pub(crate) fn within(mut self, group: GroupId) -> Self {
        self.group = group;
        self
    }

    /// On these parents rather than on the heads.
    pub(crate) fn on(mut self, parents: &[OpId]) -> Self {
        self.parents = Some(parents.to_vec());
        self
    }

    /// A step further down: after a Noop of the same person. What comes later is folded later.
    pub(crate) fn later(mut self) -> Self {
        let noop = self.forge(GroupOp::Noop).sign(&key(&self.name)).expect("well-formed");
        let id = noop.id();
        if !self.moot.engine.contains(&id) {
            assert!(matches!(self.moot.deliver(noop), Status::Admitted(_)));
        }
        self.parents = Some(vec![id]);
        self
    }

    /// Drafts the op, signs it and sends it. It must be admitted, sound in its own past, and, on the heads, effective.
    #[track_caller]
    pub(crate) fn does(self, op: GroupOp) -> OpId {
        let forged = self.forge(op);
        let Self { moot, name, group, parents } = self;
        let drafted = match &parents {
            None => moot.engine.draft(&moot.id, &group, &who(&name), forged.op.clone()),
            Some(parents) => moot.engine.draft_on(&moot.id, &group, &who(&name), forged.op.clone(), parents),
        };
        assert_eq!(drafted.as_ref(), Ok(&forged), "{name}: {:?}", forged.op);
        let on_heads = forged.parent_op_hashes == moot.heads();
        let (id, status) = moot.send(forged, &name);
        match status {
            Status::Admitted(verdict) => assert!(!on_heads || verdict == Verdict::Effective, "{verdict}"),
            other => panic!("{name}: {other:?}"),
        }
        id
    }

    /// The op would be void in its own past for this reason: no draft is made. It is forged and sent all the same, is
    /// void for good (a claim is rejected), and changes nothing.
    #[track_caller]
    pub(crate) fn cannot(self, op: GroupOp, reason: VoidReason) -> OpId {
        let forged = self.forge(op);
        let Self { moot, name, group, .. } = self;
        let parents = forged.parent_op_hashes.clone();
        let drafted = moot.engine.draft_on(&moot.id, &group, &who(&name), forged.op.clone(), &parents);
        assert_eq!(drafted, Err(DraftError::Void(reason)), "{name}: {:?}", forged.op);
        let is_claim = matches!(forged.op, GroupOp::JoinWithInvitationClaim { .. });
        let before = moot.digest();
        let (id, status) = moot.send(forged, &name);
        if is_claim {
            assert_eq!(status, Status::Rejected(RejectReason::NotParticipant));
        } else {
            assert_eq!(status, Status::Admitted(Verdict::Void(reason)));
            let explanation = moot.engine.explain(&id).expect("an admitted op");
            assert!(explanation.causal && explanation.basis.is_none());
        }
        assert_eq!(moot.digest(), before, "what is void has no effect");
        id
    }

    /// Whether a draft of the op would be made.
    pub(crate) fn may(&mut self, op: &GroupOp) -> bool {
        let parents = self.parents.clone().unwrap_or_else(|| self.moot.heads());
        let (id, group) = (self.moot.id, self.group);
        self.moot.engine.draft_on(&id, &group, &who(&self.name), op.clone(), &parents).is_ok()
    }

    /// The op as it should be signed, whether or not anybody would draft it.
    pub(crate) fn forge(&self, op: GroupOp) -> SignableGroupOp {
        let mut parents = self.parents.clone().unwrap_or_else(|| self.moot.heads());
        parents.sort_unstable();
        let (nonce, state_hash) = self.moot.nonce_and_hash(&parents, self.group, who(&self.name));
        SignableGroupOp {
            version: 1,
            namespace_id: self.moot.id,
            group_id: self.group,
            parent_op_hashes: parents,
            state_hash,
            signer: who(&self.name),
            nonce,
            op,
        }
    }

    /// Says nothing so many times, to get further down; the last of these ops.
    #[track_caller]
    pub(crate) fn noops(self, count: usize) -> OpId {
        let Self { moot, name, group, parents } = self;
        let mut parents = parents.unwrap_or_else(|| moot.heads());
        for _ in 0..count {
            parents = vec![moot.by(&name).within(group).on(&parents).does(GroupOp::Noop)];
        }
        parents[0]
    }

    /// Creates an open group; its id.
    #[track_caller]
    pub(crate) fn creates(self, alias: &str) -> GroupId {
        self.does(ops::subgroup(alias)).into()
    }

    /// Registers an open context; its id.
    #[track_caller]
    pub(crate) fn registers(self) -> ContextId {
        self.does(ops::register()).into()
    }
}

/// Fisher-Yates with a fixed generator: the same shuffles at every run.
pub(crate) fn shuffled<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut items = items.to_vec();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for at in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        items.swap(at, (state % (at as u64 + 1)) as usize);
    }
    items
}

/// A fresh engine to which ops came in this order, so many at a time.
pub(crate) fn engine_of(ops: &[VerifiedOp], at_a_time: usize) -> Engine {
    let mut engine = Engine::new();
    for batch in ops.chunks(at_a_time.max(1)) {
        let _ = engine.apply_batch(batch.to_vec());
    }
    engine
}

/// What merges took a replica that hears all ops as they were sent and makes none; it comes to the same as the moot.
pub(crate) fn merges_of_a_replica(moot: &mut Moot) -> MergeCounts {
    let mut replica = Engine::new();
    for op in moot.sent().to_vec() {
        let _ = replica.apply(op);
    }
    let id = moot.id();
    assert_eq!(replica.digest(&id), Some(moot.digest()));
    for op in moot.sent() {
        assert_eq!(replica.verdict(&op.id()), moot.engine.verdict(&op.id()));
    }
    replica.counts(&id).expect("the namespace").merges
}

/// What a fresh engine makes of ops that come in this order, so many at a time.
pub(crate) fn report_of(ops: &[VerifiedOp], at_a_time: usize) -> Report {
    Report::of(&mut engine_of(ops, at_a_time))
}

/// What an engine says about each of these ops.
pub(crate) fn explanations(engine: &Engine, ops: &[VerifiedOp]) -> Vec<Option<Explanation>> {
    ops.iter().map(|op| engine.explain(&op.id())).collect()
}

impl Drop for Moot {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let expected = self.report();
        let ops = &self.sent;
        let explained = explanations(&self.engine, ops);
        let reversed: Vec<VerifiedOp> = ops.iter().rev().cloned().collect();
        let twice: Vec<VerifiedOp> = ops.iter().chain(&reversed).cloned().collect();
        let mut orders = vec![("as sent", ops.clone()), ("reversed", reversed), ("twice", twice)];
        orders.extend((1..5).map(|seed| ("shuffled", shuffled(ops, seed))));
        for (how, order) in orders {
            for at_a_time in [1, 3, order.len()] {
                let mut engine = engine_of(&order, at_a_time);
                assert_eq!(Report::of(&mut engine), expected, "{how}, {at_a_time} at a time");
                assert_eq!(explanations(&engine, ops), explained, "{how}, {at_a_time} at a time");
            }
        }
    }
}
