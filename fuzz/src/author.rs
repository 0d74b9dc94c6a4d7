//! Makes the ops of a case: each on the parents that its step names, with the nonce and state hash of that past.

use crate::plan::{Fault, Step};
use crate::signing;
use folkmoot_core::group_op::SignatureBytes;
use folkmoot_core::{
    ContextId, Engine, GroupId, GroupInvitation, GroupOp, Hash, InvitationId, NamespaceId, OpId, PublicKey, Role,
    SignableGroupOp, UpgradePolicy, VerifiedOp, Visibility,
};

/// What nothing is called.
const NOTHING: [u8; 32] = [0xee; 32];
/// The bit of [`Step::value`] that names an invitee.
const INVITEE: u8 = 0x10;
/// The bit that has it be another than the signer.
const ANOTHER_INVITEE: u8 = 0x20;
/// The bit that has the invitation expire.
const EXPIRES: u8 = 0x40;
/// The bit that has it be claimed after that.
const EXPIRED: u8 = 0x80;

/// The value of a claim's step.
pub(crate) fn value_of_claim(terms: &GroupInvitation, signer: &PublicKey, claimed_at: u64) -> u8 {
    let uses = u8::try_from(terms.max_uses.clamp(1, 3) - 1).unwrap_or(0);
    let mut value = terms.role as u8 + 3 * uses;
    if let Some(invitee) = terms.invitee {
        value |= INVITEE;
        if invitee != *signer {
            value |= ANOTHER_INVITEE;
        }
    }
    if let Some(expires_at) = terms.expires_at {
        value |= EXPIRES;
        if claimed_at > expires_at {
            value |= EXPIRED;
        }
    }
    value
}

/// The ops of these steps, parents first, after a genesis by the first person.
pub(crate) fn ops(steps: &[Step]) -> Vec<VerifiedOp> {
    let mut author = Author::default();
    author.make_genesis(0, 255);
    for step in steps {
        author.make(step);
    }
    author.made.into_iter().map(|made| made.op).collect()
}

/// One op that was made.
struct Made {
    op: VerifiedOp,
    namespace: NamespaceId,
    /// The ops before it, and itself, a bit each by their places.
    past: u64,
}

#[derive(Default)]
struct Author {
    /// Has taken in everything, and says what state hashes are.
    engine: Engine,
    /// Parents first, each op once.
    made: Vec<Made>,
    groups: Vec<(GroupId, NamespaceId)>,
    contexts: Vec<ContextId>,
    claimed: Vec<InvitationId>,
}

fn text(value: u8) -> String {
    format!("n{value}")
}

const fn role(value: u8) -> Role {
    match value % 3 {
        0 => Role::Admin,
        1 => Role::Member,
        _ => Role::ReadOnly,
    }
}

const fn visibility(value: u8) -> Visibility {
    if value.is_multiple_of(2) { Visibility::Open } else { Visibility::Restricted }
}

impl Author {
    fn make_genesis(&mut self, signer: u8, value: u8) {
        let founder = signing::person(signer.into());
        let genesis = Engine::genesis(founder, [value; 32], &text(value), [1; 32], [2; 32]);
        if let Some(op) = signing::signed(genesis, signer.into()) {
            let namespace = NamespaceId::from(op.id());
            self.add(op, namespace, 0);
        }
    }

    fn add(&mut self, op: VerifiedOp, namespace: NamespaceId, past: u64) {
        let id = op.id();
        // Steps that say the same make one op. That it may come twice is a matter of its delivery.
        if self.made.iter().any(|made| made.op.id() == id) {
            return;
        }
        match &op.signable().op {
            GroupOp::NamespaceCreated { .. } | GroupOp::SubgroupCreated { .. } => {
                self.groups.push((id.into(), namespace));
            }
            GroupOp::ContextRegistered { .. } => self.contexts.push(id.into()),
            GroupOp::JoinWithInvitationClaim { invitation, .. } => self.claimed.push(invitation.id()),
            _ => {}
        }
        let _ = self.engine.apply(op.clone());
        self.made.push(Made { op, namespace, past: past | 1 << self.made.len() });
    }

    fn make(&mut self, step: &Step) {
        if step.kind == 1 {
            return self.make_genesis(step.signer, step.value);
        }
        let (group, home) = self.groups[usize::from(step.group) % self.groups.len()];
        let places = self.parents(step, home);
        let namespace = places.first().map_or(home, |at| self.made[*at].namespace);
        let past = places.iter().fold(0, |past, at| past | self.made[*at].past);
        let mut parents: Vec<OpId> = places.iter().map(|at| self.made[*at].op.id()).collect();
        parents.sort_unstable();
        let group = if step.fault == Fault::UnknownGroup { GroupId(NOTHING) } else { group };
        let mut state_hash = self.state_hash(namespace, group, &parents);
        if step.fault == Fault::StateHash {
            state_hash.0[0] ^= 1;
        }
        if step.fault == Fault::MissingParent {
            parents.push(OpId(NOTHING));
            parents.sort_unstable();
        }
        let signer = signing::person(step.signer.into());
        let seen =
            self.made.iter().enumerate().filter(|(at, _)| past & (1 << at) != 0).map(|(_, made)| made.op.signable());
        let seen = seen.filter(|op| op.signer == signer).map(|op| op.nonce).max().unwrap_or(0);
        let nonce = match step.fault {
            Fault::NonceGap => seen + 2,
            Fault::NonceSeen => seen,
            _ => seen + 1,
        };
        let named = if step.fault == Fault::Namespace { NamespaceId(NOTHING) } else { namespace };
        let signable = SignableGroupOp {
            version: 1,
            namespace_id: named,
            group_id: group,
            parent_op_hashes: parents,
            state_hash,
            signer,
            nonce,
            op: self.payload(step, namespace, group),
        };
        if let Some(op) = signing::signed(signable, step.signer.into()) {
            self.add(op, namespace, past);
        }
    }

    /// The places of a step's parents, none in the past of another but by fault.
    fn parents(&self, step: &Step, home: NamespaceId) -> Vec<usize> {
        let mut places: Vec<usize> = if step.named == 0 {
            let admitted = |at: &usize| self.engine.contains(&self.made[*at].op.id());
            (0..self.made.len()).filter(|at| self.made[*at].namespace == home).filter(admitted).collect()
        } else {
            let back = step.back.iter().take(step.named.into());
            back.map(|back| self.made.len() - 1 - usize::from(*back) % self.made.len()).collect()
        };
        places.sort_unstable();
        places.dedup();
        let all = places.clone();
        places.retain(|at| !all.iter().any(|other| other != at && self.made[*other].past & (1 << at) != 0));
        if step.fault == Fault::RedundantParent
            && let Some(first) = places.first()
        {
            let oldest = usize::try_from(self.made[*first].past.trailing_zeros()).unwrap_or(0);
            if !places.contains(&oldest) {
                places.push(oldest);
            }
        }
        places
    }

    /// The state hash of a group after these ops; zero if it is not there, or they have no place in one DAG.
    fn state_hash(&mut self, namespace: NamespaceId, group: GroupId, parents: &[OpId]) -> Hash {
        // A draft knows it. The root has an Admin, who may draft a Noop in every group that exists.
        for person in 0..signing::PEOPLE {
            let signer = signing::person(person);
            if let Ok(draft) = self.engine.draft_on(&namespace, &group, &signer, GroupOp::Noop, parents) {
                return draft.state_hash;
            }
        }
        Hash::ZERO
    }

    fn context(&self, step: &Step) -> ContextId {
        let at = usize::from(step.other) % self.contexts.len().max(1);
        self.contexts.get(at).copied().unwrap_or(ContextId(NOTHING))
    }

    fn payload(&self, step: &Step, namespace: NamespaceId, group: GroupId) -> GroupOp {
        let Step { value, other, .. } = *step;
        let member = signing::person(step.subject.into());
        let mask = u32::from(value & 0x7f).max(1);
        match step.kind {
            2 => GroupOp::SubgroupCreated { alias: text(other), visibility: visibility(value) },
            3 => GroupOp::GroupDeleted,
            4 => GroupOp::MemberAdded { member, role: role(value) },
            5 => GroupOp::MemberRemoved { member },
            6 => GroupOp::MemberRoleSet { member, role: role(value) },
            7 => GroupOp::CapabilitiesGranted { member, capabilities: mask },
            8 => GroupOp::CapabilitiesRevoked { member, capabilities: mask },
            9 => GroupOp::DefaultCapabilitiesSet { capabilities: u32::from(value & 0x77) },
            10 => GroupOp::DefaultVisibilitySet { visibility: visibility(value) },
            11 => GroupOp::GroupVisibilitySet { visibility: visibility(value) },
            12 => GroupOp::UpgradePolicySet { policy: policy(value) },
            13 => GroupOp::TargetApplicationSet {
                app_key: [value; 32],
                application_id: [other; 32],
                migration: (value % 2 == 1).then(|| text(other)),
            },
            14 => GroupOp::ContextRegistered {
                application_id: [other; 32],
                blob_id: [value; 32],
                source: text(value),
                service_name: (value & 8 != 0).then(|| text(other)),
                visibility: (!value.is_multiple_of(3)).then(|| visibility(value)),
            },
            15 => GroupOp::ContextDetached { context_id: self.context(step) },
            16 => GroupOp::GroupAliasSet { alias: text(value) },
            17 => GroupOp::MemberAliasSet { member, alias: text(value) },
            18 => GroupOp::ContextAliasSet { context_id: self.context(step), alias: text(value) },
            19 => {
                GroupOp::ContextCapabilityGranted { context_id: self.context(step), member, capabilities: value.max(1) }
            }
            20 => {
                GroupOp::ContextCapabilityRevoked { context_id: self.context(step), member, capabilities: value.max(1) }
            }
            21 => claim(step, namespace, group),
            22 => GroupOp::InvitationRevoked { invitation_id: self.invitation(step, namespace, group) },
            _ => GroupOp::Noop,
        }
    }

    /// One that was claimed; else the one that such a step would claim.
    fn invitation(&self, step: &Step, namespace: NamespaceId, group: GroupId) -> InvitationId {
        let at = usize::from(step.other) % self.claimed.len().max(1);
        self.claimed.get(at).copied().unwrap_or_else(|| invitation(step, namespace, group).id())
    }
}

const fn policy(value: u8) -> UpgradePolicy {
    match value % 4 {
        0 => UpgradePolicy::Automatic,
        1 => UpgradePolicy::LazyOnAccess,
        2 => UpgradePolicy::Coordinated { deadline_secs: None },
        _ => UpgradePolicy::Coordinated { deadline_secs: Some(value as u64) },
    }
}

fn invitation(step: &Step, namespace: NamespaceId, group: GroupId) -> GroupInvitation {
    let value = step.value;
    let another = u8::from(value & ANOTHER_INVITEE != 0);
    GroupInvitation {
        namespace_id: namespace,
        group_id: group,
        inviter: signing::person(step.subject.into()),
        bearer: signing::bearer(step.other.into()),
        invitee: (value & INVITEE != 0).then(|| signing::person(usize::from(step.signer) + usize::from(another))),
        role: role(value % 16),
        max_uses: 1 + u32::from(value % 16 / 3 % 3),
        expires_at: (value & EXPIRES != 0).then_some(100),
    }
}

fn claim(step: &Step, namespace: NamespaceId, group: GroupId) -> GroupOp {
    let invitation = invitation(step, namespace, group);
    let inviter = usize::from(step.subject) + usize::from(step.fault == Fault::InviterSignature);
    let bearer = usize::from(step.other) + usize::from(step.fault == Fault::BearerSignature);
    let signer = signing::person(step.signer.into());
    let inviter_signature: SignatureBytes = signing::sign_as(inviter, &invitation.invitation_bytes());
    let bearer_signature =
        signing::sign_as_bearer(bearer, &folkmoot_core::codec::claim_bytes(&invitation.id(), &signer));
    let claimed_at = if step.value & EXPIRED != 0 { 101 } else { 50 };
    GroupOp::JoinWithInvitationClaim { invitation, inviter_signature, bearer_signature, claimed_at }
}
