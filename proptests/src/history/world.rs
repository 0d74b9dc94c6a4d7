//! The people, their views, and what they do next.

use super::{History, Person, Profile};
use crate::reference::{Admission, Reference, View};
use crate::rng::Rng;
use folkmoot_core::group_op::capabilities::MANAGE_MEMBERS;
use folkmoot_core::group_op::{GroupInvitation, GroupOp, SignatureBytes};
use folkmoot_core::limits::MAX_PARENTS;
use folkmoot_core::{
    ContextId, GroupId, Hash, InvitationId, NamespaceId, OpId, PublicKey, Role, SignableGroupOp, SigningKey, VerifiedOp,
};

const NAMES: [&str; 7] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];
const PUPPETS: usize = 6;

/// An invitation that was handed out, with the secret that makes it good.
#[derive(Debug, Clone)]
pub(super) struct Slip {
    pub(super) invitation: GroupInvitation,
    pub(super) signature: SignatureBytes,
    pub(super) bearer: SigningKey,
}

/// What an op was about, for those that answer it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hint {
    pub(super) signer: Option<usize>,
    pub(super) group: Option<GroupId>,
    pub(super) subject: Option<PublicKey>,
    pub(super) context: Option<ContextId>,
    pub(super) invitation: Option<InvitationId>,
}

/// An op without its parents: who, where, what.
pub(super) type Plan = (usize, GroupId, GroupOp);

pub(super) struct World<'a> {
    pub(super) rng: Rng,
    pub(super) profile: &'a Profile,
    pub(super) reference: Reference,
    pub(super) namespace: NamespaceId,
    /// The people, the puppets, and last an outsider.
    pub(super) people: Vec<Person>,
    /// How many of them are no puppets.
    pub(super) regulars: usize,
    pub(super) next_puppet: usize,
    pub(super) ops: Vec<VerifiedOp>,
    /// The places of the ops that were admitted.
    pub(super) admitted: Vec<OpId>,
    pub(super) refused: Vec<OpId>,
    /// What each view has for heads.
    pub(super) views: Vec<Vec<OpId>>,
    pub(super) slips: Vec<Slip>,
    /// Every group and context that an op was meant to create.
    pub(super) groups: Vec<GroupId>,
    pub(super) contexts: Vec<(GroupId, ContextId)>,
    pub(super) seed: u64,
}

impl<'a> World<'a> {
    pub(super) fn new(seed: u64, profile: &'a Profile) -> Self {
        let mut rng = Rng::new(seed);
        let regulars = rng.between(profile.people.0, profile.people.1).clamp(1, NAMES.len());
        let names = NAMES[..regulars].iter().map(ToString::to_string);
        let puppets = (1..=PUPPETS).map(|number| format!("puppet {number}"));
        let people = names
            .chain(puppets)
            .chain(["outsider".to_owned()])
            .map(|name| Person { name, key: SigningKey::from_seed(rng.bytes32()) })
            .collect();
        Self {
            rng,
            profile,
            reference: Reference::default(),
            namespace: NamespaceId::ZERO,
            people,
            regulars,
            next_puppet: 0,
            ops: Vec::new(),
            admitted: Vec::new(),
            refused: Vec::new(),
            views: Vec::new(),
            slips: Vec::new(),
            groups: Vec::new(),
            contexts: Vec::new(),
            seed,
        }
    }

    pub(super) fn play(mut self) -> History {
        let length = self.rng.between(self.profile.ops.0, self.profile.ops.1);
        self.found();
        // Steps may come to nothing.
        for _ in 0..length * 4 {
            if self.ops.len() >= length {
                break;
            }
            if self.profile.behind.1 > 0 {
                self.play_rounds(length);
            }
            self.step();
        }
        if self.rng.percent(50) {
            self.close();
        }
        History { seed: self.seed, namespace: self.namespace, ops: self.ops, people: self.people }
    }

    /// The founder, and whom the founder lets in.
    fn found(&mut self) {
        let genesis = GroupOp::NamespaceCreated {
            salt: self.rng.bytes32(),
            alias: "root".to_owned(),
            app_key: self.rng.bytes32(),
            application_id: self.rng.bytes32(),
        };
        let Some(id) = self.publish_genesis(0, genesis) else { return };
        self.namespace = id.into();
        self.views.push(vec![id]);
        let mut trusted = Vec::new();
        for at in 1..self.regulars {
            let role = if self.rng.percent(self.profile.admins) {
                Role::Admin
            } else if self.rng.percent(75) {
                Role::Member
            } else {
                Role::ReadOnly
            };
            // Some are left for others to let in.
            if at == 1 || self.rng.percent(75) {
                let member = self.people[at].public();
                self.advance(0, (0, self.namespace.into(), GroupOp::MemberAdded { member, role }));
                if role == Role::Member && self.rng.percent(75) {
                    trusted.push(member);
                }
            }
        }
        // In another order than that in which they came.
        self.rng.shuffle(&mut trusted);
        for member in trusted {
            let mut capabilities = self.some_capabilities();
            if self.rng.percent(self.profile.managers) {
                capabilities |= MANAGE_MEMBERS;
            }
            self.advance(0, (0, self.namespace.into(), GroupOp::CapabilitiesGranted { member, capabilities }));
        }
        if self.profile.deep_tree {
            self.plant_deep_tree();
        }
    }

    pub(super) fn step(&mut self) {
        let shares = [self.profile.noise, self.profile.scenes, self.profile.answers, self.profile.backdated];
        let rest = 100u32.saturating_sub(shares.iter().sum());
        match self.rng.weighted(&[shares[0], shares[1], shares[2], shares[3], rest]) {
            0 => self.make_noise(),
            1 => self.play_scene(),
            2 => self.answer(),
            3 => {
                let parents = self.any_past();
                if let Some(id) = self.act(&parents, Hint::default()) {
                    self.follow(id);
                }
            }
            _ => self.go_on(),
        }
    }

    /// Somebody acts on a view, perhaps after merging another into it.
    fn go_on(&mut self) {
        let at = self.rng.below(self.views.len());
        if self.rng.percent(self.profile.syncs) {
            self.views[at] = self.maximal(&self.admitted);
        } else if self.rng.percent(self.profile.merges) {
            let other = self.rng.below(self.views.len());
            let mut merged = self.views[at].clone();
            merged.extend(self.views[other].iter().copied());
            self.views[at] = self.maximal(&merged);
            if other != at && self.rng.percent(50) {
                self.views[other] = self.views[at].clone();
            }
        }
        let parents = self.views[at].clone();
        let hint = self.recent().map_or_else(Hint::default, |id| self.hint_of(&id));
        let hint = if self.rng.percent(50) { hint } else { Hint::default() };
        if let Some(id) = self.act(&parents, Hint { signer: None, ..hint }) {
            if self.views.len() < self.profile.branches && self.rng.percent(25) {
                self.views.push(vec![id]);
            } else {
                self.views[at] = vec![id];
            }
        }
    }

    /// Somebody acts on what a recent op was about, without having seen it.
    fn answer(&mut self) {
        let Some(answered) = self.recent() else { return };
        let mut parents = self.parents_of(&answered);
        if self.rng.percent(25)
            && let Some(parent) = self.rng.pick(&parents)
            && !self.parents_of(&parent).is_empty()
        {
            parents = self.parents_of(&parent);
        }
        if parents.is_empty() {
            return;
        }
        let mut hint = self.hint_of(&answered);
        // Whoever the op was about, or signed it, often has something to say.
        let subject = hint.subject.and_then(|subject| self.person(&subject));
        hint.signer = match self.rng.below(100) {
            0..30 => subject,
            30..40 => hint.signer,
            _ => None,
        };
        // A detour makes the answer come later, without having seen more.
        if self.rng.percent(25) {
            let steps = self.rng.between(1, 2);
            parents = self.dawdle(&parents, steps);
        }
        if let Some(id) = self.act(&parents, hint) {
            self.follow(id);
        }
    }

    /// These parents, with some ops on them that do nothing.
    pub(super) fn dawdle(&mut self, parents: &[OpId], steps: usize) -> Vec<OpId> {
        let mut last = parents.to_vec();
        let root: GroupId = self.namespace.into();
        for _ in 0..steps {
            let Some(view) = self.view(&last) else { break };
            let present: Vec<usize> = (0..self.people.len())
                .filter(|&at| view.standing(&root, &self.people[at].public()).is_some())
                .collect();
            let Some(idler) = self.rng.pick(&present) else { break };
            if let Some(id) = self.publish(&last, &(idler, root, GroupOp::Noop)) {
                last = vec![id];
            }
        }
        last
    }

    /// Perhaps an op off the beaten track becomes a view of its own, or joins one.
    pub(super) fn follow(&mut self, id: OpId) {
        match self.rng.below(100) {
            0..40 if self.views.len() < self.profile.branches => self.views.push(vec![id]),
            0..40 => {
                let at = self.rng.below(self.views.len());
                self.views[at] = vec![id];
            }
            40..75 => {
                let at = self.rng.below(self.views.len());
                let mut merged = self.views[at].clone();
                merged.push(id);
                self.views[at] = self.maximal(&merged);
            }
            _ => {}
        }
    }

    /// Somebody who still can joins all heads.
    fn close(&mut self) {
        let heads = self.maximal(&self.admitted);
        let Some(view) = self.reference.past_view(&heads) else { return };
        let root = self.namespace.into();
        let Some(at) = (0..self.people.len()).find(|&at| view.standing(&root, &self.people[at].public()).is_some())
        else {
            return;
        };
        self.publish(&heads, &(at, root, GroupOp::Noop));
    }

    /// Finds something to do on these parents, and does it.
    pub(super) fn act(&mut self, parents: &[OpId], hint: Hint) -> Option<OpId> {
        let view = self.reference.past_view(parents)?;
        let careless = self.rng.percent(self.profile.careless);
        for _ in 0..16 {
            let Some(plan) = self.propose(&view, hint) else { continue };
            if careless || self.is_sound(parents, &plan) {
                return self.publish(parents, &plan);
            }
        }
        None
    }

    pub(super) fn is_sound(&mut self, parents: &[OpId], (signer, group, op): &Plan) -> bool {
        let signer = self.people[*signer].public();
        self.reference.would_be(parents, *group, signer, op).is_some_and(|verdict| verdict.is_ok())
    }

    /// Signs and publishes an op with the right state hash and nonce; its id if it was admitted.
    pub(super) fn publish(&mut self, parents: &[OpId], plan: &Plan) -> Option<OpId> {
        let signable = self.draft(parents, plan)?;
        self.publish_signable(signable, plan.0)
    }

    /// An op with the right state hash and nonce.
    pub(super) fn draft(&mut self, parents: &[OpId], (signer, group, op): &Plan) -> Option<SignableGroupOp> {
        let view = self.reference.past_view(parents)?;
        let signer = self.people[*signer].public();
        let mut parent_op_hashes = parents.to_vec();
        parent_op_hashes.sort();
        Some(SignableGroupOp {
            version: 1,
            namespace_id: view.namespace(),
            group_id: *group,
            parent_op_hashes,
            state_hash: view.state_hash(group),
            signer,
            nonce: view.next_nonce(&signer),
            op: op.clone(),
        })
    }

    pub(super) fn publish_genesis(&mut self, founder: usize, op: GroupOp) -> Option<OpId> {
        let signable = SignableGroupOp {
            version: 1,
            namespace_id: NamespaceId::ZERO,
            group_id: GroupId::ZERO,
            parent_op_hashes: Vec::new(),
            state_hash: Hash::ZERO,
            signer: self.people[founder].public(),
            nonce: 1,
            op,
        };
        self.publish_signable(signable, founder)
    }

    pub(super) fn publish_signable(&mut self, signable: SignableGroupOp, signer: usize) -> Option<OpId> {
        let op = signable.sign(&self.people[signer].key).ok()?;
        let id = op.id();
        if self.reference.admission(&id).is_some() {
            return None;
        }
        self.ops.push(op.clone());
        match self.reference.add(op.clone()) {
            Admission::Admitted => {
                let ours = self.namespace.is_zero() || op.signable().namespace_id == self.namespace;
                if ours {
                    self.admitted.push(id);
                    self.remember(&op);
                }
                Some(id)
            }
            Admission::Pending => None,
            Admission::Ignored | Admission::Rejected(_) => {
                self.refused.push(id);
                None
            }
        }
    }

    fn remember(&mut self, op: &VerifiedOp) {
        match op.signable().op {
            GroupOp::NamespaceCreated { .. } | GroupOp::SubgroupCreated { .. } => self.groups.push(op.id().into()),
            GroupOp::ContextRegistered { .. } => self.contexts.push((op.signable().group_id, op.id().into())),
            _ => {}
        }
    }

    /// Publishes on a view, which then has seen it.
    pub(super) fn advance(&mut self, at: usize, plan: Plan) -> Option<OpId> {
        let parents = self.views[at].clone();
        let id = self.publish(&parents, &plan)?;
        self.views[at] = vec![id];
        Some(id)
    }

    /// Those of some ops that are no ancestors of others, at most 64.
    pub(super) fn maximal(&self, of: &[OpId]) -> Vec<OpId> {
        let mut kept: Vec<OpId> =
            of.iter().filter(|id| !of.iter().any(|other| self.reference.is_ancestor(id, other))).copied().collect();
        kept.sort();
        kept.dedup();
        kept.truncate(MAX_PARENTS);
        kept
    }

    /// Any point of the past: one to three ops of which none has seen another.
    pub(super) fn any_past(&mut self) -> Vec<OpId> {
        let some: Vec<OpId> = (0..self.rng.between(1, 3)).filter_map(|_| self.rng.pick(&self.admitted)).collect();
        self.maximal(&some)
    }

    /// One of the last dozen ops.
    pub(super) fn recent(&mut self) -> Option<OpId> {
        let from = self.admitted.len().saturating_sub(12);
        self.rng.pick(&self.admitted[from..])
    }

    pub(super) fn parents_of(&self, id: &OpId) -> Vec<OpId> {
        self.reference.op(id).map_or_else(Vec::new, |op| op.signable().parent_op_hashes.clone())
    }

    pub(super) fn person(&self, key: &PublicKey) -> Option<usize> {
        self.people.iter().position(|person| person.public() == *key)
    }

    /// A puppet that was not used yet, as long as there is one.
    pub(super) fn fresh_puppet(&mut self) -> usize {
        let at = self.regulars + self.next_puppet % PUPPETS;
        self.next_puppet += 1;
        at
    }

    /// The view of some parents, which were admitted.
    pub(super) fn view(&mut self, parents: &[OpId]) -> Option<View> {
        self.reference.past_view(parents)
    }
}
