//! What reductions take, and what they strike: the table of SPEC §3, and where to look for candidates.
//!
//! Only ops that are concurrent can conflict. The index keeps the ops that concern a person by run and position, so
//! that those concurrent with an op are one contiguous range of each run.

use crate::arena::{InvitationIx, NodeIx, OpIx, PersonIx, RunIx, Table};
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
            // The number stands for the group and the invitation's id.
            Action::Claim { invitation: claimed, .. } => claimed == invitation,
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

/// Ascending by run.
#[derive(Debug, Clone, Default)]
struct ByRun(Vec<RunList>);

/// Some ops of one run, by position.
#[derive(Debug, Clone)]
struct RunList {
    run: RunIx,
    ops: Vec<OpIx>,
    /// The most senior op that was ever in it, and the least.
    senior: OpIx,
    junior: OpIx,
    /// All before this place are closed: see [`ConflictIndex::close`].
    first_open: usize,
    /// Some op that was ever in it gave a ground.
    has_givers: bool,
}

/// Which ops of a list are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Among<'a> {
    All,
    /// Those not known to be closed.
    Open,
    /// Lists that hold some op strictly more senior than this one.
    SeniorTo(&'a Fact),
    /// Lists that hold some op that this one is strictly more senior than.
    JuniorTo(&'a Fact),
    /// Of those, lists that hold some op that gave a ground.
    GiversJuniorTo(&'a Fact),
}

impl RunList {
    fn new(history: &History, run: RunIx, op: OpIx) -> Self {
        let has_givers = history.fact(op).is_some_and(|fact| fact.gave_ground);
        Self { run, ops: Vec::from([op]), senior: op, junior: op, first_open: 0, has_givers }
    }

    fn place(&self, dag: &Dag, op: OpIx) -> usize {
        let (_, position) = dag.run_and_position(op);
        // Most come at the end, and a search touches many ops.
        if self.ops.last().is_none_or(|last| dag.run_and_position(*last).1 < position) {
            return self.ops.len();
        }
        self.ops.partition_point(|other| dag.run_and_position(*other).1 < position)
    }

    fn insert(&mut self, history: &History, op: OpIx) {
        let at = self.place(&history.dag, op);
        if self.ops.get(at) == Some(&op) {
            return;
        }
        self.ops.insert(at, op);
        self.first_open = self.first_open.min(at);
        let (Some(fact), Some(senior), Some(junior)) =
            (history.fact(op), history.fact(self.senior), history.fact(self.junior))
        else {
            return;
        };
        self.has_givers |= fact.gave_ground;
        if history.is_senior(fact, senior) {
            self.senior = op;
        } else if history.is_senior(junior, fact) {
            self.junior = op;
        }
    }

    fn remove(&mut self, dag: &Dag, op: OpIx) {
        let at = self.place(dag, op);
        if self.ops.get(at) == Some(&op) {
            self.ops.remove(at);
            self.first_open = self.first_open.min(at);
        }
    }

    fn may_hold(&self, history: &History, among: Among<'_>) -> bool {
        match among {
            Among::All | Among::Open => true,
            Among::SeniorTo(fact) => history.fact(self.senior).is_some_and(|other| history.is_senior(other, fact)),
            Among::GiversJuniorTo(_) if !self.has_givers => false,
            Among::JuniorTo(fact) | Among::GiversJuniorTo(fact) => {
                history.fact(self.junior).is_some_and(|other| history.is_senior(fact, other))
            }
        }
    }
}

impl RunLists {
    fn insert(&mut self, history: &History, op: OpIx) {
        match self {
            Self::Empty => *self = Self::One(op),
            Self::One(first) if *first == op => {}
            Self::One(first) => {
                let mut lists = ByRun::default();
                lists.insert(history, *first);
                lists.insert(history, op);
                *self = Self::Many(Box::new(lists));
            }
            Self::Many(lists) => lists.insert(history, op),
        }
    }

    fn remove(&mut self, dag: &Dag, op: OpIx) {
        match self {
            Self::One(only) if *only == op => *self = Self::Empty,
            Self::Empty | Self::One(_) => {}
            Self::Many(lists) => {
                if let Some(list) = lists.of_run(dag, op) {
                    list.remove(dag, op);
                }
            }
        }
    }

    /// The list that holds an op, if there are lists.
    fn list_of(&mut self, dag: &Dag, op: OpIx) -> Option<&mut RunList> {
        match self {
            Self::Many(lists) => lists.of_run(dag, op),
            Self::Empty | Self::One(_) => None,
        }
    }

    /// Calls `found` for those concurrent with `op` until it says to stop; says whether it did.
    fn any_concurrent(
        &self,
        history: &History,
        op: OpIx,
        among: Among<'_>,
        mut found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        let dag = &history.dag;
        match self {
            Self::Empty => false,
            Self::One(only) => dag.concurrent(*only, op) && found(*only),
            Self::Many(lists) => {
                let past = dag.past(op);
                lists.0.iter().filter(|list| list.may_hold(history, among)).any(|list| {
                    let have = dag.count_in(&past, list.run);
                    let mut from = list.ops.partition_point(|other| dag.run_and_position(*other).1 < have);
                    if matches!(among, Among::Open) {
                        from = from.max(list.first_open);
                    }
                    list.ops
                        .get(from..)
                        .unwrap_or_default()
                        .iter()
                        .take_while(|other| **other != op && !dag.is_before(op, **other))
                        .any(|other| found(*other))
                })
            }
        }
    }
}

impl ByRun {
    fn insert(&mut self, history: &History, op: OpIx) {
        let (run, _) = history.dag.run_and_position(op);
        match self.0.binary_search_by_key(&run, |list| list.run) {
            Ok(at) => {
                if let Some(list) = self.0.get_mut(at) {
                    list.insert(history, op);
                }
            }
            Err(at) => self.0.insert(at, RunList::new(history, run, op)),
        }
    }

    fn of_run(&mut self, dag: &Dag, op: OpIx) -> Option<&mut RunList> {
        let (run, _) = dag.run_and_position(op);
        let at = self.0.binary_search_by_key(&run, |list| list.run).ok()?;
        self.0.get_mut(at)
    }
}

/// Most people are only ever admitted; who does more has a longer entry.
#[derive(Debug, Clone, Default)]
struct OfPerson {
    /// The one sound grant to the person that does not lower, while there is no more to list.
    granted: OpIx,
    /// Where the longer entry is.
    more: NodeIx,
}

#[derive(Debug, Clone, Default)]
struct MoreOfPerson {
    /// Sound grants to the person that do not lower.
    grants: RunLists,
    /// Sound ops whose principal the person is.
    by_principal: RunLists,
    /// Reductions of the person that stand.
    reductions: RunLists,
    /// Claims that the person signed.
    claims: Vec<OpIx>,
}

#[derive(Debug, Clone, Default)]
struct OfInvitation {
    claims: RunLists,
    /// Every InvitationRevoked of it: there are few, and one that is overlooked would have to be found again.
    revocations: RunLists,
}

/// Where to look for what may conflict with an op. Holds sound ops only.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConflictIndex {
    people: Table<OfPerson>,
    more_of_people: Table<MoreOfPerson>,
    invitations: Table<OfInvitation>,
    reductions: Vec<OpIx>,
}

impl ConflictIndex {
    /// Lists a sound op that was admitted last.
    pub(crate) fn add(&mut self, history: &History, op: OpIx) {
        let Some(fact) = history.fact(op) else { return };
        if let Some(of) = self.more_mut(fact.principal()) {
            of.by_principal.insert(history, op);
        }
        self.add_grant(history, fact.granted_to(), op);
        if fact.is_reduction() {
            self.reductions.push(op);
        }
        match fact.action {
            Action::Claim { invitation, .. } => {
                if let Some(of) = self.invitations.entry(invitation.at()) {
                    of.claims.insert(history, op);
                }
                if let Some(of) = self.more_mut(fact.signer) {
                    of.claims.push(op);
                }
            }
            Action::InvitationRevoked { invitation } => {
                if let Some(of) = self.invitations.entry(invitation.at()) {
                    of.revocations.insert(history, op);
                }
            }
            _ => {}
        }
    }

    /// Lists a reduction among those that stand, or takes it out.
    pub(crate) fn set_standing(&mut self, history: &History, op: OpIx, stands: bool) {
        let Some(fact) = history.fact(op) else { return };
        let Some(of) = self.more_mut(fact.reduced_member()) else { return };
        if stands { of.reductions.insert(history, op) } else { of.reductions.remove(&history.dag, op) }
    }

    /// A grant whose decision another strike can change no more, nor anything that hangs on it, is closed: lists note
    /// how many of their first ops are, so that nobody looks at them again and again.
    pub(crate) fn close(&mut self, history: &History, op: OpIx, is_closed: impl Fn(OpIx) -> bool) {
        let Some(list) = self.grants_beside(history, op) else { return };
        while list.ops.get(list.first_open).is_some_and(|first| is_closed(*first)) {
            list.first_open = list.first_open.saturating_add(1);
        }
    }

    /// A grant is closed no longer; it may be one that gave a ground only now.
    pub(crate) fn open(&mut self, history: &History, op: OpIx) {
        let gave_ground = history.fact(op).is_some_and(|fact| fact.gave_ground);
        if let Some(list) = self.grants_beside(history, op) {
            let at = list.place(&history.dag, op);
            list.first_open = list.first_open.min(at);
            list.has_givers |= gave_ground;
        }
    }

    fn add_grant(&mut self, history: &History, person: PersonIx, op: OpIx) {
        let Some(of) = self.people.entry(person.at()) else { return };
        if of.more.is_none() && of.granted.is_none() {
            of.granted = op;
        } else if let Some(more) = self.more_mut(person) {
            more.grants.insert(history, op);
        }
    }

    /// The longer entry of a person, made if there is none.
    fn more_mut(&mut self, person: PersonIx) -> Option<&mut MoreOfPerson> {
        let of = self.people.entry(person.at())?;
        if of.more.is_none() {
            let grants = if of.granted.is_some() { RunLists::One(of.granted) } else { RunLists::Empty };
            of.more = NodeIx::new(self.more_of_people.push(MoreOfPerson { grants, ..MoreOfPerson::default() }));
            of.granted = OpIx::NONE;
        }
        self.more_of_people.get_mut(of.more.at())
    }

    fn more(&self, person: PersonIx) -> Option<&MoreOfPerson> {
        self.more_of_people.get(self.people.get(person.at())?.more.at())
    }

    /// The grants to a person of the run that `op` is in, if there are lists of them.
    fn grants_beside(&mut self, history: &History, op: OpIx) -> Option<&mut RunList> {
        let person = history.fact(op).map(Fact::granted_to)?;
        let more = self.people.get(person.at())?.more;
        self.more_of_people.get_mut(more.at())?.grants.list_of(&history.dag, op)
    }

    /// All reductions, in the order of their admission.
    pub(crate) fn all_reductions(&self) -> &[OpIx] {
        &self.reductions
    }

    /// The sound claims that a person signed.
    pub(crate) fn claims_by(&self, person: PersonIx) -> &[OpIx] {
        self.more(person).map_or(&[], |of| &of.claims)
    }

    /// Calls `found` for each reduction of a person that stands and is concurrent with `op`, until told to stop.
    pub(crate) fn any_reduction_of(
        &self,
        history: &History,
        person: PersonIx,
        op: OpIx,
        among: Among<'_>,
        found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        self.more(person).is_some_and(|of| of.reductions.any_concurrent(history, op, among, found))
    }

    pub(crate) fn any_grant_to(
        &self,
        history: &History,
        person: PersonIx,
        op: OpIx,
        among: Among<'_>,
        mut found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        let Some(of) = self.people.get(person.at()) else { return false };
        match self.more_of_people.get(of.more.at()) {
            Some(more) => more.grants.any_concurrent(history, op, among, found),
            None => of.granted.is_some() && history.dag.concurrent(of.granted, op) && found(of.granted),
        }
    }

    pub(crate) fn any_claim_of(
        &self,
        history: &History,
        invitation: InvitationIx,
        op: OpIx,
        found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        let of = self.invitations.get(invitation.at());
        of.is_some_and(|of| of.claims.any_concurrent(history, op, Among::All, found))
    }

    pub(crate) fn any_revocation_of(
        &self,
        history: &History,
        invitation: InvitationIx,
        op: OpIx,
        found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        let of = self.invitations.get(invitation.at());
        of.is_some_and(|of| of.revocations.any_concurrent(history, op, Among::All, found))
    }

    /// Calls `found` for each reduction concurrent with `x` that could strike it by what it concerns, until told to
    /// stop: those of its principal, of its invitation, of whom it grants to, in this order. All of them stand, but
    /// for an InvitationRevoked.
    pub(crate) fn any_candidate(
        &self,
        history: &History,
        op: OpIx,
        x: &Fact,
        mut found: impl FnMut(OpIx) -> bool,
    ) -> bool {
        if self.any_reduction_of(history, x.principal(), op, Among::All, &mut found) {
            return true;
        }
        if let Action::Claim { invitation, .. } = x.action
            && self.any_revocation_of(history, invitation, op, &mut found)
        {
            return true;
        }
        let granted_to = x.granted_to();
        granted_to.is_some()
            && granted_to != x.principal()
            && self.any_reduction_of(history, granted_to, op, Among::All, &mut found)
    }

    /// Calls `found` for each op concurrent with the reduction that it could strike by what it concerns, and whose
    /// decision, or that of an op that hangs on it, this could change.
    pub(crate) fn each_target(&self, history: &History, op: OpIx, r: &Fact, mut found: impl FnMut(OpIx)) {
        let mut each = |x| {
            found(x);
            false
        };
        if let Action::InvitationRevoked { invitation } = r.action {
            self.any_claim_of(history, invitation, op, each);
            return;
        }
        let member = r.reduced_member();
        if !matches!(r.action, Action::ContextCapabilityRevoked { .. })
            && let Some(of) = self.more(member)
        {
            of.by_principal.any_concurrent(history, op, Among::All, &mut each);
        }
        self.any_grant_to(history, member, op, Among::Open, each);
    }
}
