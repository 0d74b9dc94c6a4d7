//! Histories that others wrote, as cases: the same ops by people of ours, on the same parents.

use crate::author::value_of_claim;
use crate::plan::{Case, Delivery, Fault, MAX_STEPS, NAMED_PARENTS, Step};
use folkmoot_core::group_op::UpgradePolicy;
use folkmoot_core::{
    ContextId, Engine, GroupId, GroupOp, InvitationId, OpId, PublicKey, RejectReason, Status, Verdict, VerifiedOp,
    VoidReason,
};
use std::collections::BTreeSet;

/// The case that comes closest to a history: of more ops than a case may have the first ones, parents first. Whoever or
/// whatever there is too much of shares a number with another.
pub(crate) fn case(ops: &[VerifiedOp], delivery: Delivery) -> Case {
    let mut engine = Engine::new();
    for op in ops {
        let _ = engine.apply(op.clone());
    }
    let mut numbers = Numbers::default();
    let mut steps = Vec::new();
    let ops = parents_first(ops);
    let first_is_genesis = ops.first().is_some_and(|op| matches!(op.signable().op, GroupOp::NamespaceCreated { .. }));
    for (at, op) in ops.iter().take(MAX_STEPS + 1).enumerate() {
        let step = numbers.step(op, &engine);
        numbers.note(op);
        // The first one comes by itself.
        if at > 0 || !first_is_genesis {
            steps.push(step);
        }
    }
    steps.truncate(MAX_STEPS);
    Case { delivery, steps }
}

/// The ops, each after its parents; those whose parents are not here last.
fn parents_first(ops: &[VerifiedOp]) -> Vec<VerifiedOp> {
    let all: BTreeSet<OpId> = ops.iter().map(VerifiedOp::id).collect();
    let (mut out, mut placed): (Vec<VerifiedOp>, BTreeSet<OpId>) = (Vec::new(), BTreeSet::new());
    let mut rest = ops.to_vec();
    while !rest.is_empty() {
        let ready = |op: &VerifiedOp, strict: bool| {
            let parents = &op.signable().parent_op_hashes;
            parents.iter().all(|parent| placed.contains(parent) || (!strict && !all.contains(parent)))
        };
        let at = rest.iter().position(|op| ready(op, true)).or_else(|| rest.iter().position(|op| ready(op, false)));
        let op = rest.remove(at.unwrap_or(0));
        placed.insert(op.id());
        out.push(op);
    }
    out
}

/// Who and what was met so far, in that order.
#[derive(Default)]
struct Numbers {
    people: Vec<PublicKey>,
    bearers: Vec<PublicKey>,
    made: Vec<OpId>,
    groups: Vec<GroupId>,
    contexts: Vec<ContextId>,
    claimed: Vec<InvitationId>,
}

/// The number of something, which is new if it was not met.
fn number<T: PartialEq + Copy>(of: &mut Vec<T>, what: &T) -> u8 {
    let at = of.iter().position(|known| known == what).unwrap_or_else(|| {
        of.push(*what);
        of.len() - 1
    });
    u8::try_from(at).unwrap_or(0)
}

/// The place of something, or the next one if it is not there.
fn place<T: PartialEq>(of: &[T], what: &T) -> u8 {
    u8::try_from(of.iter().position(|known| known == what).unwrap_or(of.len())).unwrap_or(0)
}

fn fault(op: &VerifiedOp, engine: &Engine) -> Fault {
    match engine.refusal(&op.id()) {
        Some(Status::Rejected(RejectReason::NonceGap)) => return Fault::NonceGap,
        Some(Status::Rejected(RejectReason::RedundantParent)) => return Fault::RedundantParent,
        Some(Status::Rejected(RejectReason::UnknownGroup)) => return Fault::UnknownGroup,
        Some(Status::Rejected(RejectReason::WrongNamespace)) => return Fault::Namespace,
        Some(Status::Ignored) => return Fault::NonceSeen,
        _ => {}
    }
    match engine.explain(&op.id()).map(|explained| explained.verdict) {
        Some(Verdict::Void(VoidReason::StateHashMismatch)) => Fault::StateHash,
        _ if !op.claim_verified() => Fault::InviterSignature,
        _ => Fault::None,
    }
}

impl Numbers {
    fn step(&mut self, op: &VerifiedOp, engine: &Engine) -> Step {
        let signable = op.signable();
        let mut step = Step {
            kind: signable.op.number(),
            signer: number(&mut self.people, &signable.signer),
            group: place(&self.groups, &signable.group_id),
            subject: 0,
            value: 0,
            other: 0,
            fault: fault(op, engine),
            named: 0,
            back: [0; NAMED_PARENTS],
        };
        let places: Vec<Option<usize>> =
            signable.parent_op_hashes.iter().map(|id| self.made.iter().position(|known| known == id)).collect();
        if places.contains(&None) {
            step.fault = Fault::MissingParent;
        }
        let places: Vec<usize> = places.into_iter().flatten().collect();
        if places.len() <= NAMED_PARENTS {
            step.named = u8::try_from(places.len()).unwrap_or(0);
            for (slot, at) in step.back.iter_mut().zip(&places) {
                *slot = u8::try_from(self.made.len() - 1 - at).unwrap_or(0);
            }
        }
        self.payload(op, &mut step);
        step
    }

    fn payload(&mut self, op: &VerifiedOp, step: &mut Step) {
        let named = |text: &String| text.bytes().fold(0u8, u8::wrapping_add);
        match &op.signable().op {
            GroupOp::Noop | GroupOp::GroupDeleted | GroupOp::NamespaceCreated { .. } => {}
            GroupOp::SubgroupCreated { visibility, alias } => {
                (step.value, step.other) = (*visibility as u8, named(alias))
            }
            GroupOp::MemberAdded { member, role } | GroupOp::MemberRoleSet { member, role } => {
                (step.subject, step.value) = (number(&mut self.people, member), *role as u8);
            }
            GroupOp::MemberRemoved { member } => step.subject = number(&mut self.people, member),
            GroupOp::CapabilitiesGranted { member, capabilities }
            | GroupOp::CapabilitiesRevoked { member, capabilities } => {
                (step.subject, step.value) = (number(&mut self.people, member), *capabilities as u8);
            }
            GroupOp::DefaultCapabilitiesSet { capabilities } => step.value = *capabilities as u8,
            GroupOp::DefaultVisibilitySet { visibility } | GroupOp::GroupVisibilitySet { visibility } => {
                step.value = *visibility as u8;
            }
            GroupOp::UpgradePolicySet { policy } => {
                step.value = match policy {
                    UpgradePolicy::Automatic => 0,
                    UpgradePolicy::LazyOnAccess => 1,
                    UpgradePolicy::Coordinated { deadline_secs: None } => 2,
                    UpgradePolicy::Coordinated { deadline_secs: Some(_) } => 3,
                };
            }
            GroupOp::TargetApplicationSet { app_key, migration, .. } => {
                step.value = app_key[0] & !1 | u8::from(migration.is_some());
            }
            GroupOp::ContextRegistered { visibility, service_name, .. } => {
                let visibility = match visibility {
                    None => 0,
                    Some(folkmoot_core::Visibility::Open) => 4,
                    Some(folkmoot_core::Visibility::Restricted) => 1,
                };
                // 24 is a multiple of 2 and of 3, and has the bit that asks for a service name.
                step.value = visibility + if service_name.is_some() { 24 } else { 0 };
            }
            GroupOp::ContextDetached { context_id } => step.other = place(&self.contexts, context_id),
            GroupOp::GroupAliasSet { alias } => step.value = named(alias),
            GroupOp::MemberAliasSet { member, alias } => {
                (step.subject, step.value) = (number(&mut self.people, member), named(alias));
            }
            GroupOp::ContextAliasSet { context_id, alias } => {
                (step.other, step.value) = (place(&self.contexts, context_id), named(alias));
            }
            GroupOp::ContextCapabilityGranted { context_id, member, capabilities }
            | GroupOp::ContextCapabilityRevoked { context_id, member, capabilities } => {
                step.other = place(&self.contexts, context_id);
                (step.subject, step.value) = (number(&mut self.people, member), *capabilities);
            }
            GroupOp::JoinWithInvitationClaim { invitation, claimed_at, .. } => {
                step.subject = number(&mut self.people, &invitation.inviter);
                step.other = number(&mut self.bearers, &invitation.bearer);
                step.value = value_of_claim(invitation, &op.signable().signer, *claimed_at);
            }
            GroupOp::InvitationRevoked { invitation_id } => step.other = place(&self.claimed, invitation_id),
        }
    }

    fn note(&mut self, op: &VerifiedOp) {
        let id = op.id();
        self.made.push(id);
        match &op.signable().op {
            GroupOp::NamespaceCreated { .. } | GroupOp::SubgroupCreated { .. } => self.groups.push(id.into()),
            GroupOp::ContextRegistered { .. } => self.contexts.push(id.into()),
            GroupOp::JoinWithInvitationClaim { invitation, .. } => self.claimed.push(invitation.id()),
            _ => {}
        }
    }
}
