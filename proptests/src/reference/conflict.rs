//! SPEC §3: what concurrent ops do to one another.

use super::Reason;
use super::authority::Rests;
use super::node::Node;
use folkmoot_core::Role::ReadOnly;
use folkmoot_core::group_op::GroupOp::*;
use folkmoot_core::group_op::capabilities::CAN_JOIN_OPEN_CONTEXTS as BIT_2;
use folkmoot_core::{OpId, PublicKey};
use std::collections::{BTreeMap, BTreeSet};

/// §3, the column "x rests on what r takes", of a sound x.
fn rests_on_what_it_takes(r: &Node, x: &Node) -> bool {
    let basis = x.basis();
    let Some(ground) = basis.ground else { return false };
    let g = r.group_id;
    let bit = if let Rests::Bit(bit) = ground.rests_on { bit } else { 0 };
    let is_of = |m: &PublicKey| basis.principal == *m && ground.group == g;
    match &r.op {
        MemberRemoved { member: m } => {
            basis.principal == *m && basis.path.iter().skip_while(|at| **at != ground.group).any(|at| *at == g)
        }
        MemberRoleSet { member: m, role } => {
            let bit_lost = *role == ReadOnly && bit & !BIT_2 != 0;
            let leave = matches!(x.op, MemberRemoved { member } if member == *m && x.signer == *m && r.signer != *m);
            is_of(m) && (ground.rests_on == Rests::Admin || bit_lost || leave)
        }
        CapabilitiesRevoked { member: m, capabilities } => is_of(m) && bit & capabilities != 0,
        InvitationRevoked { invitation_id: id } => {
            matches!(&x.op, JoinWithInvitationClaim { invitation, .. } if x.group_id == g && invitation.id() == *id)
        }
        _ => false,
    }
}

/// §3, the column "x gives back what r takes (x does not lower; its subject is m)", of a sound x.
fn gives_back_what_it_takes(r: &Node, x: &Node) -> bool {
    if x.basis().lowers || x.subject().is_none() || x.subject() != r.member() {
        return false;
    }
    match (&r.op, &x.op) {
        (MemberRemoved { .. }, _) => x.basis().path.contains(&r.group_id),
        _ if x.group_id != r.group_id => false,
        (MemberRoleSet { role: ReadOnly, .. }, CapabilitiesGranted { capabilities, .. }) => capabilities & !BIT_2 != 0,
        (MemberRoleSet { .. }, CapabilitiesGranted { .. } | ContextCapabilityGranted { .. }) => false,
        (MemberRoleSet { .. }, _) => true,
        (CapabilitiesRevoked { capabilities: r, .. }, CapabilitiesGranted { capabilities: x, .. }) => r & x != 0,
        (
            ContextCapabilityRevoked { context_id: context, capabilities: r, .. },
            ContextCapabilityGranted { context_id, capabilities: x, .. },
        ) => context_id == context && r & x != 0,
        _ => false,
    }
}

/// The reductions of a set of ops, taken in turn.
#[derive(Debug)]
pub(super) struct Reductions<'a> {
    /// The sound ops of X.
    sound: BTreeMap<OpId, &'a Node>,
    /// In turn, with the claims that each does not strike because a senior has built on them.
    standing: Vec<(&'a Node, BTreeSet<OpId>)>,
    pub(super) fallen: BTreeMap<OpId, Reason>,
}

impl<'a> Reductions<'a> {
    /// §3, "Which reductions stand in X".
    pub(super) fn of(x: &[&'a Node]) -> Self {
        let sound = x.iter().filter(|o| o.causal.is_ok()).map(|o| (o.id, *o)).collect();
        let mut in_turn: Vec<&Node> = x.iter().copied().filter(|o| o.is_reduction()).collect();
        in_turn.sort_by_key(|r| (r.basis().seniority, !r.is_of_the_signer_itself(), r.depth, r.id));
        let mut all = Self { sound, standing: Vec::new(), fallen: BTreeMap::new() };
        for r in in_turn {
            if all.is_broken(r) {
                all.fallen.insert(r.id, Reason::AuthorityLost);
            } else if all.is_overruled(r) {
                all.fallen.insert(r.id, Reason::Overruled);
            } else {
                let spared = all.claims_that_it_spares(r);
                all.standing.push((r, spared));
            }
        }
        all
    }

    /// §4.4: what x is void for if standing reductions strike it: the first of `AuthorityLost`, `InvitationRevoked` and
    /// `SubjectReduced`, which [`Reason`] lists in this order.
    pub(super) fn why_struck(&self, x: &Node) -> Option<Reason> {
        self.standing.iter().filter_map(|r| strikes(r, x)).min()
    }

    /// §3: whether x is broken by the reductions that stand so far.
    fn is_broken(&self, x: &Node) -> bool {
        self.standing.iter().any(|r| strikes(r, x).is_some())
            || x.basis().chain.iter().map(|a| self.sound[a]).any(|a| {
                self.standing.iter().any(|q| strikes(q, a).is_some() && q.0.concurrent(x)) || self.is_outdone(a, x)
            })
    }

    /// §3: whether an op a of the chain of x is outdone, by some b.
    fn is_outdone(&self, a: &Node, x: &Node) -> bool {
        let Some(role) = a.role_given() else { return false };
        self.sound.values().any(|b| {
            b.role_given().is_some_and(|lower| lower > role)
                && (b.subject(), b.group_id) == (a.subject(), a.group_id)
                && (b.concurrent(a) && b.concurrent(x))
                && (b.outranks(a) && b.outranks(x))
                && !self.is_broken(b)
        })
    }

    /// §3: whether some x overrules r.
    fn is_overruled(&self, r: &Node) -> bool {
        let overrules = |x: &&Node| {
            gives_back_what_it_takes(r, x) && (x.concurrent(r) && x.outranks(r)) && !x.is_claim() && !self.is_broken(x)
        };
        !r.is_of_the_signer_itself() && self.sound.values().any(overrules)
    }

    /// §3: the claims c that a senior has built on, by some y, so that an InvitationRevoked r does not strike them.
    fn claims_that_it_spares(&self, r: &Node) -> BTreeSet<OpId> {
        let builds_on = |y: &Node, c: &Node| {
            y.subject() == Some(c.signer)
                && (!y.is_claim() && !y.basis().lowers)
                && (y.past.contains(&c.id) && y.basis().path.contains(&c.group_id))
                && (y.concurrent(r) && y.outranks(r))
                && !self.is_broken(y)
        };
        let revokes = matches!(r.op, InvitationRevoked { .. });
        let is_spared = |c: &&&Node| revokes && c.is_claim() && self.sound.values().any(|y| builds_on(y, c));
        self.sound.values().filter(is_spared).map(|c| c.id).collect()
    }
}

/// §3: whether a standing r strikes a sound x, and what it is void for then.
fn strikes((r, spared): &(&Node, BTreeSet<OpId>), x: &Node) -> Option<Reason> {
    let senior = x.outranks(r);
    let i = rests_on_what_it_takes(r, x) && !(senior && x.basis().principal != r.signer);
    let ii = gives_back_what_it_takes(r, x) && !(senior && !x.is_claim() && !r.is_of_the_signer_itself());
    let why = match r.op {
        InvitationRevoked { .. } => Reason::InvitationRevoked,
        _ if i => Reason::AuthorityLost,
        _ => Reason::SubjectReduced,
    };
    ((i || ii) && r.concurrent(x) && !spared.contains(&x.id)).then_some(why)
}
