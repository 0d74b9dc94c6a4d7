//! What reductions take, and what they strike: the table of SPEC §3, and where to look for candidates.
//!
//! Only ops that are concurrent can conflict. The index keeps the ops that concern a person by run and position, so
//! that those concurrent with an op are one contiguous range of each run.

use crate::arena::{InvitationIx, OpIx, PersonIx, RunIx, Table};
use crate::authority::JOIN_OPEN;
use crate::dag::Dag;
use crate::facts::{Action, Fact, History, Rests};
use crate::group_op::Role;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// How a reduction strikes an op (SPEC §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strike {
    /// (i): the op rests on what the reduction takes.
    Rests,
    /// (ii): the op gives back what the reduction takes.
    GivesBack,
}

/// Whether `x` rests on what `r` takes: the table's second column.
fn rests_on(history: &History, r: &Fact, x: &Fact) -> bool {
    let of_member = |member: PersonIx| member.is_some() && x.principal() == member;
    let bit_of = |mask: u8| match x.basis.rests {
        Rests::Capability(bit) => mask & 1u8.checked_shl(u32::from(bit)).unwrap_or(0) != 0,
        _ => false,
    };
    match r.action {
        Action::MemberRemoved { member } => of_member(member) && history.directory.is_in_path(r.group, x.basis.ground),
        Action::MemberRoleSet { member, role, .. } => {
            of_member(member)
                && x.basis.ground == r.group
                && (x.basis.rests == Rests::Admin
                    || (role == Role::ReadOnly && bit_of(!JOIN_OPEN))
                    || (x.action == Action::MemberRemoved { member } && x.signer == member && r.signer != member))
        }
        Action::CapabilitiesRevoked { member, bits } => of_member(member) && x.basis.ground == r.group && bit_of(bits),
        Action::InvitationRevoked { invitation } => match x.action {
            Action::Claim { invitation: claimed, .. } => claimed == invitation && x.group == r.group,
            _ => false,
        },
        _ => false,
    }
}

/// Whether `x` gives back what `r` takes: the table's third column.
pub(crate) fn gives_back(history: &History, r: &Fact, x: &Fact) -> bool {
    let member = r.reduced_member();
    if member.is_none() || x.granted_to() != member {
        return false;
    }
    match r.action {
        Action::MemberRemoved { .. } => history.directory.is_in_path(r.group, x.group),
        Action::MemberRoleSet { role, .. } => {
            x.group == r.group
                && match x.action {
                    Action::CapabilitiesGranted { bits, .. } => role == Role::ReadOnly && bits & !JOIN_OPEN != 0,
                    _ => x.gives_role().is_some(),
                }
        }
        Action::CapabilitiesRevoked { bits, .. } => {
            x.group == r.group
                && matches!(x.action, Action::CapabilitiesGranted { bits: given, .. } if given & bits != 0)
        }
        Action::ContextCapabilityRevoked { context, bits, .. } => {
            x.group == r.group
                && matches!(x.action, Action::ContextCapabilityGranted { context: where_, bits: given, .. }
                    if where_ == context && given & bits != 0)
        }
        _ => false,
    }
}

/// How `r` strikes `x`, given that they are concurrent and both sound, but for claims that a senior built on.
pub(crate) fn strike(history: &History, r: &Fact, x: &Fact) -> Option<Strike> {
    let senior = || history.is_senior(x, r);
    if rests_on(history, r, x) && !(x.principal() != r.signer && senior()) {
        return Some(Strike::Rests);
    }
    if gives_back(history, r, x) && !(!x.is_claim() && !r.is_of_signer() && senior()) {
        return Some(Strike::GivesBack);
    }
    None
}

/// Ops by run, in the order of their positions. Most people have one op or none to list.
#[derive(Debug, Clone, Default)]
enum RunLists {
    #[default]
    Empty,
    One(OpIx),
    Many(Box<ByRun>),
}

/// Ascending by run; within a run, by position.
#[derive(Debug, Clone, Default)]
struct ByRun(Vec<(RunIx, Vec<OpIx>)>);

impl ByRun {
    fn push(&mut self, dag: &Dag, op: OpIx) {
        let (run, _) = dag.run_and_position(op);
        match self.0.binary_search_by_key(&run, |(run, _)| *run) {
            Ok(at) => {
                if let Some((_, ops)) = self.0.get_mut(at) {
                    ops.push(op);
                }
            }
            Err(at) => self.0.insert(at, (run, Vec::from([op]))),
        }
    }
}

impl RunLists {
    fn push(&mut self, dag: &Dag, op: OpIx) {
        match self {
            Self::Empty => *self = Self::One(op),
            Self::One(first) => {
                let mut lists = ByRun::default();
                lists.push(dag, *first);
                lists.push(dag, op);
                *self = Self::Many(Box::new(lists));
            }
            Self::Many(lists) => lists.push(dag, op),
        }
    }

    /// Calls `found` for those concurrent with `op` until it says to stop; says whether it did.
    fn any_concurrent(&self, dag: &Dag, op: OpIx, mut found: impl FnMut(OpIx) -> bool) -> bool {
        match self {
            Self::Empty => false,
            Self::One(only) => dag.concurrent(*only, op) && found(*only),
            Self::Many(lists) => {
                let past = dag.past(op);
                lists.0.iter().any(|(run, ops)| {
                    let have = dag.count_in(&past, *run);
                    let from = ops.partition_point(|other| dag.run_and_position(*other).1 < have);
                    ops.get(from..)
                        .unwrap_or_default()
                        .iter()
                        .take_while(|other| **other != op && !dag.is_before(op, **other))
                        .any(|other| found(*other))
                })
            }
        }
    }
}

/// Most people are only ever admitted; who does more has a longer entry.
#[derive(Debug, Clone, Default)]
struct OfPerson {
    /// Sound grants to the person that do not lower.
    grants: RunLists,
    more: Option<Box<MoreOfPerson>>,
}

#[derive(Debug, Clone, Default)]
struct MoreOfPerson {
    /// Sound ops whose principal the person is.
    by_principal: RunLists,
    /// Reductions of the person.
    reductions: RunLists,
    /// Claims that the person signed.
    claims: Vec<OpIx>,
}

#[derive(Debug, Clone, Default)]
struct OfInvitation {
    claims: RunLists,
    revocations: RunLists,
}

/// Where to look for what may conflict with an op. Holds sound ops only.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConflictIndex {
    people: Table<OfPerson>,
    invitations: Table<OfInvitation>,
    reductions: Vec<OpIx>,
}

fn entry<T: Default>(table: &mut Table<T>, at: usize) -> Option<&mut T> {
    while table.len() <= at {
        table.push(T::default());
    }
    table.get_mut(at)
}

impl ConflictIndex {
    /// Lists a sound op that was admitted last.
    pub(crate) fn add(&mut self, history: &History, op: OpIx) {
        let Some(fact) = history.fact(op) else { return };
        let dag = &history.dag;
        if let Some(list) = self.more_mut(fact.principal()) {
            list.by_principal.push(dag, op);
        }
        if let Some(list) = self.person_mut(fact.granted_to()) {
            list.grants.push(dag, op);
        }
        if fact.is_reduction() {
            self.reductions.push(op);
            if let Some(list) = self.more_mut(fact.reduced_member()) {
                list.reductions.push(dag, op);
            }
        }
        match fact.action {
            Action::Claim { invitation, .. } => {
                if let Some(list) = entry(&mut self.invitations, invitation.at()) {
                    list.claims.push(dag, op);
                }
                if let Some(list) = self.more_mut(fact.signer) {
                    list.claims.push(op);
                }
            }
            Action::InvitationRevoked { invitation } => {
                if let Some(list) = entry(&mut self.invitations, invitation.at()) {
                    list.revocations.push(dag, op);
                }
            }
            _ => {}
        }
    }

    fn person_mut(&mut self, person: PersonIx) -> Option<&mut OfPerson> {
        if person.is_none() { None } else { entry(&mut self.people, person.at()) }
    }

    fn more_mut(&mut self, person: PersonIx) -> Option<&mut MoreOfPerson> {
        self.person_mut(person).map(|of| &mut **of.more.get_or_insert_default())
    }

    fn more(&self, person: PersonIx) -> Option<&MoreOfPerson> {
        self.people.get(person.at()).and_then(|of| of.more.as_deref())
    }

    /// All reductions, in the order of their admission.
    pub(crate) fn all_reductions(&self) -> &[OpIx] {
        &self.reductions
    }

    /// The sound claims that a person signed.
    pub(crate) fn claims_by(&self, person: PersonIx) -> &[OpIx] {
        self.more(person).map_or(&[], |of| &of.claims)
    }

    pub(crate) fn any_reduction_of(
        &self,
        dag: &Dag,
        person: PersonIx,
        op: OpIx,
        found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        self.more(person).is_some_and(|of| of.reductions.any_concurrent(dag, op, found))
    }

    pub(crate) fn any_grant_to(&self, dag: &Dag, person: PersonIx, op: OpIx, found: impl FnMut(OpIx) -> bool) -> bool {
        self.people.get(person.at()).is_some_and(|of| of.grants.any_concurrent(dag, op, found))
    }

    pub(crate) fn any_by_principal(
        &self,
        dag: &Dag,
        person: PersonIx,
        op: OpIx,
        found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        self.more(person).is_some_and(|of| of.by_principal.any_concurrent(dag, op, found))
    }

    pub(crate) fn any_claim_of(
        &self,
        dag: &Dag,
        invitation: InvitationIx,
        op: OpIx,
        found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        self.invitations.get(invitation.at()).is_some_and(|of| of.claims.any_concurrent(dag, op, found))
    }

    pub(crate) fn any_revocation_of(
        &self,
        dag: &Dag,
        invitation: InvitationIx,
        op: OpIx,
        found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        self.invitations.get(invitation.at()).is_some_and(|of| of.revocations.any_concurrent(dag, op, found))
    }

    /// Calls `found` for each standing-or-not reduction concurrent with `x` that could strike it by what it concerns,
    /// until told to stop: those of its principal, of its invitation, of whom it grants to, in this order.
    pub(crate) fn any_candidate(
        &self,
        history: &History,
        op: OpIx,
        x: &Fact,
        mut found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        let dag = &history.dag;
        if self.any_reduction_of(dag, x.principal(), op, &mut found) {
            return true;
        }
        if let Action::Claim { invitation, .. } = x.action
            && self.any_revocation_of(dag, invitation, op, &mut found)
        {
            return true;
        }
        let granted_to = x.granted_to();
        granted_to.is_some() && granted_to != x.principal() && self.any_reduction_of(dag, granted_to, op, &mut found)
    }

    /// Calls `found` for each op concurrent with the reduction that it could strike by what it concerns.
    pub(crate) fn each_target(&self, history: &History, op: OpIx, r: &Fact, mut found: impl FnMut(OpIx)) {
        let dag = &history.dag;
        if let Action::InvitationRevoked { invitation } = r.action {
            self.any_claim_of(dag, invitation, op, |x| {
                found(x);
                false
            });
            return;
        }
        let member = r.reduced_member();
        if !matches!(r.action, Action::ContextCapabilityRevoked { .. }) {
            self.any_by_principal(dag, member, op, |x| {
                found(x);
                false
            });
        }
        self.any_grant_to(dag, member, op, |x| {
            found(x);
            false
        });
    }
}
