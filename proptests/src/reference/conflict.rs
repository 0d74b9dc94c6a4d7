//! SPEC §3: what concurrent ops do to one another.

use super::Reason;
use super::authority::{Rests, bit};
use super::dag::{Basis, Dag, Node, OpSet};
use super::preconditions::only_bit_2;
use folkmoot_core::group_op::{GroupOp, capabilities};
use folkmoot_core::{GroupId, Role};
use std::collections::{BTreeMap, BTreeSet};

/// By which of the two ways a reduction strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strike {
    /// (i): the op rests on what is taken.
    RestsOnIt,
    /// (ii): the op gives back what is taken.
    GivesBack,
}

const BIT_2: u8 = bit(capabilities::CAN_JOIN_OPEN_CONTEXTS);

/// The column "x rests on what r takes", for sound ops.
fn rests_on_what_it_takes(r: &Node, x: &Node) -> bool {
    let (Some(basis), Some(rests_on)) = (x.basis(), x.rests_on()) else { return false };
    let ground: Option<GroupId> = basis.ground.map(|ground| ground.group);
    let g = r.group;
    match r.payload() {
        // "principal m, g in path(ground)"
        GroupOp::MemberRemoved { member } => basis.principal == *member && x.ground_path.contains(&g),
        // "principal m and ground g, and one of: x rests on the Admin role; r gives ReadOnly and x rests on a bit other
        // than 2; x is a MemberRemoved of m signed by m (in whichever group), and r's signer is not m"
        GroupOp::MemberRoleSet { member, role } => {
            let bit_lost = *role == Role::ReadOnly && matches!(rests_on, Rests::Bit(bit) if bit != BIT_2);
            let own_leave = matches!(x.payload(), GroupOp::MemberRemoved { member: m } if m == member)
                && x.signer() == *member
                && r.signer() != *member;
            basis.principal == *member && ground == Some(g) && (rests_on == Rests::Admin || bit_lost || own_leave)
        }
        // "principal m, ground g, resting on one of the bits"
        GroupOp::CapabilitiesRevoked { member, capabilities } => {
            basis.principal == *member
                && ground == Some(g)
                && matches!(rests_on, Rests::Bit(bit) if capabilities & (1 << bit) != 0)
        }
        // "a claim of that invitation in g"
        GroupOp::InvitationRevoked { invitation_id } => match x.payload() {
            GroupOp::JoinWithInvitationClaim { invitation, .. } => x.group == g && invitation.id() == *invitation_id,
            _ => false,
        },
        _ => false,
    }
}

/// The column "x gives back what r takes (x does not lower; its subject is m)", for sound ops.
fn gives_back_what_it_takes(r: &Node, x: &Node) -> bool {
    if x.lowers() || x.subject_of_grant().is_none() || x.subject_of_grant() != r.member() {
        return false;
    }
    let g = r.group;
    match r.payload() {
        // "any grant to m with g in path(x.group_id)"
        GroupOp::MemberRemoved { .. } => x.path.contains(&g),
        // "MemberAdded, MemberRoleSet or claim in g; if r gives ReadOnly, also CapabilitiesGranted in g of a bit other
        // than 2"
        GroupOp::MemberRoleSet { role, .. } => {
            x.group == g
                && match x.payload() {
                    GroupOp::MemberAdded { .. }
                    | GroupOp::MemberRoleSet { .. }
                    | GroupOp::JoinWithInvitationClaim { .. } => true,
                    GroupOp::CapabilitiesGranted { capabilities, .. } => {
                        *role == Role::ReadOnly && !only_bit_2(*capabilities)
                    }
                    _ => false,
                }
        }
        // "CapabilitiesGranted in g of one of the bits"
        GroupOp::CapabilitiesRevoked { capabilities: taken, .. } => {
            x.group == g
                && matches!(x.payload(), GroupOp::CapabilitiesGranted { capabilities, .. } if capabilities & taken != 0)
        }
        // "ContextCapabilityGranted in g, same context, one of the bits"
        GroupOp::ContextCapabilityRevoked { context_id: context, capabilities: taken, .. } => {
            x.group == g
                && matches!(x.payload(), GroupOp::ContextCapabilityGranted { context_id, capabilities, .. }
                    if context_id == context && capabilities & taken != 0)
        }
        _ => false,
    }
}

/// "strictly more senior", of two sound ops.
pub(super) fn outranks(a: &Basis, b: &Basis) -> bool {
    a.seniority < b.seniority
}

/// The reductions of a set of ops, taken in turn.
#[derive(Debug)]
pub(super) struct Reductions<'a> {
    dag: &'a Dag,
    /// X, without the ops that are void by their causal verdict.
    sound: Vec<usize>,
    standing: Vec<usize>,
    refused: BTreeMap<usize, Reason>,
    /// For each InvitationRevoked that stands, the claims that seniors have built on.
    spared: BTreeMap<usize, BTreeSet<usize>>,
}

impl<'a> Reductions<'a> {
    /// "Which reductions stand in X: take them by (seniority, those of the signer itself first, depth, op_id)
    /// ascending."
    pub(super) fn of(dag: &'a Dag, x: &OpSet) -> Self {
        let sound: Vec<usize> = x.iter().filter(|&at| dag.node(at).basis().is_some()).collect();
        let mut in_turn: Vec<usize> = sound.iter().copied().filter(|&at| dag.node(at).is_reduction()).collect();
        in_turn.sort_by_key(|&at| {
            let node = dag.node(at);
            (node.basis().map(|basis| basis.seniority), !node.is_of_the_signer_itself(), node.depth, node.id)
        });
        let mut all = Self { dag, sound, standing: Vec::new(), refused: BTreeMap::new(), spared: BTreeMap::new() };
        for r in in_turn {
            if all.breaks(r) {
                all.refused.insert(r, Reason::AuthorityLost);
            } else if all.is_overruled(r) {
                all.refused.insert(r, Reason::Overruled);
            } else {
                let spared = all.claims_that_it_spares(r);
                all.spared.insert(r, spared);
                all.standing.push(r);
            }
        }
        all
    }

    /// Why a reduction does not stand, if it does not.
    pub(super) fn refusal(&self, r: usize) -> Option<Reason> {
        self.refused.get(&r).copied()
    }

    /// The standing reductions that strike an op, and how.
    pub(super) fn that_strike(&self, x: usize) -> Vec<(usize, Strike)> {
        self.standing.iter().filter_map(|&r| Some((r, self.strikes(r, x)?))).collect()
    }

    /// "r strikes x", for a reduction that stands. What both (i) and (ii) strike counts as struck by (i).
    fn strikes(&self, r: usize, x: usize) -> Option<Strike> {
        if !self.dag.concurrent(r, x) || self.spared.get(&r).is_some_and(|claims| claims.contains(&x)) {
            return None;
        }
        let (red, other) = (self.dag.node(r), self.dag.node(x));
        let senior = outranks(other.basis()?, red.basis()?);
        // "(i) if x rests on what r takes, unless x is strictly more senior than r and x's principal is not r's signer"
        if rests_on_what_it_takes(red, other) && !(senior && other.basis()?.principal != red.signer()) {
            return Some(Strike::RestsOnIt);
        }
        // "(ii) if x gives back what r takes, unless x is strictly more senior than r, is no claim, and r is not of the
        // signer itself"
        let held = senior && !other.is_claim() && !red.is_of_the_signer_itself();
        (gives_back_what_it_takes(red, other) && !held).then_some(Strike::GivesBack)
    }

    /// "x is broken by some reductions", those that stand so far.
    fn breaks(&self, x: usize) -> bool {
        // "if one of them strikes x"
        if self.standing.iter().any(|&r| self.strikes(r, x).is_some()) {
            return true;
        }
        self.dag.node(x).chain.iter().any(|&a| {
            // "or one of them, q ∥ x, strikes an op of its chain"
            let struck = |&q: &usize| self.dag.concurrent(q, x) && self.strikes(q, a).is_some();
            // "or an op a of its chain is outdone"
            self.standing.iter().any(struck) || self.is_outdone(a, x)
        })
    }

    /// "a gives a role …, and a sound op b that gives one too, to the same member in the same group, concurrent with a
    /// and with x, strictly more senior than a and than x, and not broken itself, gives a lower one."
    fn is_outdone(&self, a: usize, x: usize) -> bool {
        let (giver, built) = (self.dag.node(a), self.dag.node(x));
        let (Some(role), Some(basis), Some(built)) = (giver.role_given(), giver.basis(), built.basis()) else {
            return false;
        };
        self.sound.iter().any(|&b| {
            let other = self.dag.node(b);
            let (Some(given), Some(senior)) = (other.role_given(), other.basis()) else { return false };
            given > role
                && other.group == giver.group
                && other.subject_of_grant() == giver.subject_of_grant()
                && outranks(senior, basis)
                && outranks(senior, built)
                && self.dag.concurrent(b, a)
                && self.dag.concurrent(b, x)
                && !self.breaks(b)
        })
    }

    /// "or, where it is not of the signer itself, some x ∥ r that is strictly more senior, no claim, and not broken,
    /// gives back what r takes (`Overruled`)"
    fn is_overruled(&self, r: usize) -> bool {
        let red = self.dag.node(r);
        let Some(basis) = red.basis() else { return false };
        !red.is_of_the_signer_itself()
            && self.sound.iter().any(|&x| {
                let other = self.dag.node(x);
                gives_back_what_it_takes(red, other)
                    && !other.is_claim()
                    && other.basis().is_some_and(|senior| outranks(senior, basis))
                    && self.dag.concurrent(x, r)
                    && !self.breaks(x)
            })
    }

    /// "An InvitationRevoked r does not strike … a claim c that a senior has built on: there is a sound grant y ∥ r to
    /// c's signer, no claim and not lowering, with c in past(y) and c's group in path(y.group_id), strictly more senior
    /// than r and not broken by the reductions that stood before r was taken."
    fn claims_that_it_spares(&self, r: usize) -> BTreeSet<usize> {
        let red = self.dag.node(r);
        let Some(basis) = red.basis().filter(|_| matches!(red.payload(), GroupOp::InvitationRevoked { .. })) else {
            return BTreeSet::new();
        };
        let claims = self.sound.iter().copied().filter(|&c| {
            let claim = self.dag.node(c);
            self.dag.concurrent(c, r) && rests_on_what_it_takes(red, claim)
        });
        claims
            .filter(|&c| {
                let claim = self.dag.node(c);
                self.sound.iter().any(|&y| {
                    let grant = self.dag.node(y);
                    grant.subject_of_grant() == Some(claim.signer())
                        && !grant.is_claim()
                        && !grant.lowers()
                        && self.dag.precedes(c, y)
                        && grant.path.contains(&claim.group)
                        && self.dag.concurrent(y, r)
                        && grant.basis().is_some_and(|senior| outranks(senior, basis))
                        && !self.breaks(y)
                })
            })
            .collect()
    }
}
