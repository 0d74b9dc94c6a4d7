//! Which ops a late op or a changed decision can reach: those that look at what it writes, those that look at what these
//! write, and so on. Nobody else comes out otherwise, so these alone are folded again, with the ops that wrote what they
//! look at.
//!
//! What an op looks at and writes is taken from what it says and not from a state. It may be more than it does, never
//! less, but for one thing: how many Admins a group has is nobody's to read here. That is asked of the root alone, and to
//! learn whether an Admin is its last; while somebody is its *steady* Admin, whom no op writes, nobody else is.

use crate::arena::{CellIx, ContextIx, GroupIx, InvitationIx, OpIx, PersonIx};
use crate::cells::{Cell, Cells, Parts, State, part};
use crate::directory::{CellKey, Directory};
use crate::facts::{Action, Fact, History, Rests};
use crate::group_op::Role;
use crate::limits::MAX_STEADY_ADMINS;
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};

/// The op that founded the namespace: the first that is admitted, and the first that is folded.
pub(crate) const FOUNDING: OpIx = OpIx(0);

/// More Admins than ever go.
const MANY_ADMINS: u32 = u32::MAX / 2;

/// Something of a state that is looked at and written apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thing {
    /// All records of a person.
    Records(PersonIx),
    /// Some parts of a group's cell.
    Parts(GroupIx, Parts),
    /// A context and all capabilities in it.
    Context(ContextIx),
    Invitation(InvitationIx),
}

/// So many bits say at once of most people that they are not in a set.
const GLANCE_BITS: usize = 4_096;
const WORD_BITS: usize = u64::BITS as usize;

/// A set of things.
#[derive(Debug)]
struct Things {
    people_at_a_glance: [u64; GLANCE_BITS / WORD_BITS],
    people: HashSet<PersonIx>,
    groups: HashMap<GroupIx, Parts>,
    /// All parts that are in it of any group.
    parts: Parts,
    contexts: HashSet<ContextIx>,
    invitations: HashSet<InvitationIx>,
}

impl Default for Things {
    fn default() -> Self {
        Self {
            people_at_a_glance: [0; GLANCE_BITS / WORD_BITS],
            people: HashSet::new(),
            groups: HashMap::new(),
            parts: 0,
            contexts: HashSet::new(),
            invitations: HashSet::new(),
        }
    }
}

/// Where a person's bit is: the word, and the bit in it.
const fn glance(person: PersonIx) -> (usize, u64) {
    let bit = person.at() % GLANCE_BITS;
    (bit / WORD_BITS, 1 << (bit % WORD_BITS))
}

impl Things {
    fn has(&self, thing: Thing) -> bool {
        match thing {
            Thing::Records(person) => self.may_have_records(person) && self.people.contains(&person),
            Thing::Parts(group, parts) => self.parts & parts != 0 && self.parts_of(group) & parts != 0,
            Thing::Context(context) => self.contexts.contains(&context),
            Thing::Invitation(invitation) => self.invitations.contains(&invitation),
        }
    }

    /// Takes in what is not in it yet; says what that is.
    fn add(&mut self, thing: Thing) -> Option<Thing> {
        let is_new = match thing {
            Thing::Records(person) => {
                let (word, bit) = glance(person);
                if let Some(word) = self.people_at_a_glance.get_mut(word) {
                    *word |= bit;
                }
                self.people.insert(person)
            }
            Thing::Parts(group, parts) => {
                self.parts |= parts;
                let known = self.groups.entry(group).or_insert(0);
                let new = parts & !*known;
                *known |= parts;
                return (new != 0).then_some(Thing::Parts(group, new));
            }
            Thing::Context(context) => self.contexts.insert(context),
            Thing::Invitation(invitation) => self.invitations.insert(invitation),
        };
        is_new.then_some(thing)
    }

    fn parts_of(&self, group: GroupIx) -> Parts {
        self.groups.get(&group).copied().unwrap_or(0)
    }

    /// Whether the records of a person may be in the set: asked of most ops, and no for most.
    fn may_have_records(&self, person: PersonIx) -> bool {
        let (word, bit) = glance(person);
        self.people_at_a_glance.get(word).is_some_and(|word| word & bit != 0)
    }

    fn is_of_records_and_groups(&self) -> bool {
        self.contexts.is_empty() && self.invitations.is_empty()
    }
}

/// A cell that ops which are reached may have written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) cell: CellIx,
    /// Of a group's cell, which parts.
    pub(crate) parts: Parts,
    /// The first of these ops: all after it that have to do with the cell are reached, too.
    pub(crate) since: OpIx,
}

/// Lists the cells that a thing is in.
fn list_cells(directory: &Directory, thing: Thing, since: OpIx, list: &mut Vec<Written>) {
    let whole = |cell| Written { cell, parts: part::ALL, since };
    match thing {
        Thing::Records(person) => {
            let records = directory.cells_of_person(person).filter(|(_, key)| matches!(key, CellKey::Member(..)));
            list.extend(records.map(|(cell, _)| whole(cell)));
        }
        Thing::Parts(group, parts) => list.push(Written { cell: directory.group_cell(group), parts, since }),
        Thing::Context(context) => {
            list.push(whole(directory.context_cell(context)));
            list.extend(directory.capabilities_of(context).map(|(cell, _)| whole(cell)));
        }
        Thing::Invitation(invitation) => list.push(whole(directory.invitation_cell(invitation))),
    }
}

/// Whose record an op may write.
const fn written_person(fact: &Fact) -> PersonIx {
    match fact.action {
        Action::MemberAdded { member, .. }
        | Action::MemberRemoved { member }
        | Action::MemberRoleSet { member, .. }
        | Action::CapabilitiesGranted { member, .. }
        | Action::CapabilitiesRevoked { member, .. }
        | Action::MemberAliasSet { member, .. } => member,
        Action::Claim { .. } | Action::NamespaceCreated { .. } => fact.signer,
        Action::SubgroupCreated { .. } if !matches!(fact.basis.rests, Rests::Admin) => fact.signer,
        _ => PersonIx::NONE,
    }
}

/// The parts of a group's cell that an op may write, of its own group or of another.
const fn parts_written(action: &Action) -> Parts {
    match action {
        Action::NamespaceCreated { .. } | Action::SubgroupCreated { .. } => part::ALL,
        Action::GroupDeleted => part::ALIVE,
        Action::DefaultCapabilitiesSet { .. } => part::DEFAULT_CAPABILITIES,
        Action::DefaultVisibilitySet { .. } => part::DEFAULT_VISIBILITY,
        Action::GroupVisibilitySet { .. } => part::VISIBILITY,
        Action::UpgradePolicySet { .. } => part::POLICY,
        Action::TargetApplicationSet { .. } => part::TARGET,
        Action::GroupAliasSet { .. } => part::ALIAS,
        _ => 0,
    }
}

/// The context that an op is about, and may write.
const fn context(action: &Action) -> ContextIx {
    match action {
        Action::ContextRegistered { context, .. }
        | Action::ContextDetached { context }
        | Action::ContextAliasSet { context, .. }
        | Action::ContextCapabilityGranted { context, .. }
        | Action::ContextCapabilityRevoked { context, .. } => *context,
        _ => ContextIx::NONE,
    }
}

/// Whether an op may write one of these: a quick answer that may be yes where [`any_written`] says no.
fn may_write_some(fact: &Fact, things: &Things) -> bool {
    let writes_more = || {
        context(&fact.action).is_some()
            || matches!(
                fact.action,
                Action::MemberRemoved { .. } | Action::Claim { .. } | Action::InvitationRevoked { .. }
            )
    };
    things.may_have_records(written_person(fact))
        || parts_written(&fact.action) & things.parts != 0
        || (!things.is_of_records_and_groups() && writes_more())
}

/// Calls `found` for each thing that an op may write until it says to stop; says whether it did.
fn any_written(directory: &Directory, fact: &Fact, mut found: impl FnMut(Thing) -> bool) -> bool {
    let person = written_person(fact);
    if person.is_some() && found(Thing::Records(person)) {
        return true;
    }
    let context = context(&fact.action);
    if context.is_some() {
        return found(Thing::Context(context));
    }
    match fact.action {
        Action::SubgroupCreated { group: new, .. } => found(Thing::Parts(new, part::ALL)),
        Action::GroupDeleted => {
            directory.subtree(fact.group).into_iter().any(|below| found(Thing::Parts(below, part::ALIVE)))
        }
        Action::MemberRemoved { member } => directory.cells_of_person(member).any(|(_, key)| match key {
            CellKey::ContextCapability(context, _) => found(Thing::Context(context)),
            _ => false,
        }),
        Action::Claim { invitation, .. } | Action::InvitationRevoked { invitation } => {
            found(Thing::Invitation(invitation))
        }
        _ => {
            let parts = parts_written(&fact.action);
            parts != 0 && found(Thing::Parts(fact.group, parts))
        }
    }
}

/// The parts that an op may look at of its group and of all above it: that they are there, and where any record is ground
/// enough, whether they are open.
const fn parts_on_the_way_up(action: &Action) -> Parts {
    match action {
        Action::Noop
        | Action::MemberRemoved { .. }
        | Action::MemberAliasSet { .. }
        | Action::ContextDetached { .. }
        | Action::ContextAliasSet { .. } => part::ALIVE | part::VISIBILITY,
        _ => part::ALIVE,
    }
}

/// The parts that an op may look at of its own group, besides.
const fn parts_here(action: &Action) -> Parts {
    match action {
        Action::SubgroupCreated { .. } => part::DEFAULT_CAPABILITIES | part::DEFAULT_VISIBILITY | part::TARGET,
        Action::MemberAdded { .. }
        | Action::MemberRoleSet { .. }
        | Action::CapabilitiesGranted { .. }
        | Action::Claim { .. } => part::DEFAULT_CAPABILITIES,
        Action::ContextRegistered { .. } => part::DEFAULT_VISIBILITY,
        _ => 0,
    }
}

/// Whether an op may look at one of these, or write it: a quick answer that may be yes where [`touches`] says no.
fn may_touch_some(fact: &Fact, things: &Things) -> bool {
    let parts = parts_here(&fact.action) | parts_on_the_way_up(&fact.action);
    things.may_have_records(fact.principal())
        || parts & things.parts != 0
        || may_write_some(fact, things)
        || things.may_have_records(capable_member(&fact.action))
}

/// The member whose capability in a context an op gives or takes.
const fn capable_member(action: &Action) -> PersonIx {
    match action {
        Action::ContextCapabilityGranted { member, .. } | Action::ContextCapabilityRevoked { member, .. } => *member,
        _ => PersonIx::NONE,
    }
}

/// Calls `found` for each thing that an op may look at until it says to stop; says whether it did. What it may write
/// is not among them.
fn any_only_read(directory: &Directory, fact: &Fact, mut found: impl FnMut(Thing) -> bool) -> bool {
    let member = capable_member(&fact.action);
    if found(Thing::Records(fact.principal())) || (member.is_some() && found(Thing::Records(member))) {
        return true;
    }
    // Whether the groups below are there, in which a member who goes has records.
    if let Action::MemberRemoved { member } = fact.action
        && directory.cells_of_person(member).any(|(_, key)| match key {
            CellKey::Member(group, _) => found(Thing::Parts(group, part::ALIVE)),
            _ => false,
        })
    {
        return true;
    }
    let up = parts_on_the_way_up(&fact.action);
    found(Thing::Parts(fact.group, parts_here(&fact.action)))
        || directory.path(fact.group).any(|above| found(Thing::Parts(above, up)))
}

/// Whether an op may look at, or write, one of these.
fn touches(directory: &Directory, fact: &Fact, things: &Things) -> bool {
    may_touch_some(fact, things)
        && (any_only_read(directory, fact, |thing| things.has(thing))
            || any_written(directory, fact, |thing| things.has(thing)))
}

/// An op that is folded again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) op: OpIx,
    /// What comes of it may be something else; if not, it is folded for what it writes and others look at.
    pub(crate) reached: bool,
}

/// What a change can reach.
#[derive(Debug)]
pub(crate) struct Reach {
    /// Ops to fold again, in the fold's order.
    pub(crate) again: Vec<Again>,
    /// All that those which are reached may write: everything else comes out as it was.
    things: Things,
    /// The cells that it is in.
    pub(crate) written: Vec<Written>,
}

/// People of whom one has to be the root's Admin all along.
pub(crate) type Steady = heapless::Vec<PersonIx, MAX_STEADY_ADMINS>;

impl Reach {
    /// What can be reached, among these `ops`, by those `pending`, both in the fold's order; `None` if none of these
    /// Admins is steady, or if more than so many ops, at `most`, were to be folded again.
    pub(crate) fn of(
        history: &History,
        ops: &[OpIx],
        pending: &[OpIx],
        mut steady: Steady,
        most: usize,
    ) -> Option<Self> {
        let directory = &history.directory;
        let (mut things, mut written) = (Things::default(), Vec::new());
        let mut reached = Vec::new();
        let mut pending = pending.iter().peekable();
        for (at, op) in ops.iter().enumerate() {
            let Some(fact) = history.fact(*op) else { continue };
            let person = written_person(fact);
            if person.is_some() && steady.contains(&person) {
                steady.retain(|other| *other != person);
            }
            if pending.next_if_eq(&op).is_some() || touches(directory, fact, &things) {
                any_written(directory, fact, |thing| {
                    if let Some(new) = things.add(thing) {
                        list_cells(directory, new, *op, &mut written);
                    }
                    false
                });
                reached.push(at);
                if steady.is_empty() || reached.len() > most {
                    return None;
                }
            }
        }
        // An op that is pending and not among these would be forgotten.
        if steady.is_empty() || pending.next().is_some() {
            return None;
        }
        let again = with_who_wrote_for_them(history, ops, reached, most)?;
        Some(Self { again, things, written })
    }

    /// To so many states it is brought over in about the time that it takes to fold again.
    pub(crate) fn worth_bringing_over(&self) -> usize {
        self.again.len().checked_div(self.written.len()).unwrap_or(usize::MAX)
    }

    /// Brings over all that may have been written from a state that has it right to one that has all else right; tells
    /// `told` of each cell that changes, with what was in it and what is.
    pub(crate) fn bring_over(
        &self,
        history: &History,
        cells: &mut Cells,
        from: &State,
        to: &mut State,
        mut told: impl FnMut(CellIx, Cell, Cell),
    ) {
        let directory = &history.directory;
        for Written { cell: at, parts, .. } in &self.written {
            let (old, there) = (cells.get(to, *at), cells.get(from, *at));
            let key = directory.cell_key(*at);
            let new = match (old, there) {
                (Cell::Group(mut kept), Cell::Group(there)) => {
                    kept.take_parts(*parts, &there);
                    Cell::Group(kept)
                }
                _ => there,
            };
            if old == new {
                continue;
            }
            cells.set(to, *at, new);
            told(*at, old, new);
            if let Some(CellKey::Member(group, _)) = key
                && is_admin(&old) != is_admin(&new)
                // A group that is brought over whole has its Admins counted.
                && self.things.parts_of(group) & part::ADMINS == 0
            {
                let at = directory.group_cell(group);
                let Cell::Group(mut cell) = cells.get(to, at) else { continue };
                let old = Cell::Group(cell);
                cell.admins =
                    if is_admin(&new) { cell.admins.saturating_add(1) } else { cell.admins.saturating_sub(1) };
                cells.set(to, at, Cell::Group(cell));
                told(at, old, Cell::Group(cell));
            }
        }
    }
}

/// The ops that are reached, by their places, and those that may have written what these look at, and so on; `None` if
/// there are more than `most`.
fn with_who_wrote_for_them(
    history: &History,
    ops: &[OpIx],
    mut reached: Vec<usize>,
    most: usize,
) -> Option<Vec<Again>> {
    let directory = &history.directory;
    let mut looked_at = Things::default();
    let mut again = Vec::with_capacity(reached.len());
    for (at, op) in ops.iter().enumerate().rev() {
        let Some(fact) = history.fact(*op) else { continue };
        let is_reached = reached.last() == Some(&at);
        if is_reached {
            reached.pop();
        }
        let is_needed =
            || may_write_some(fact, &looked_at) && any_written(directory, fact, |thing| looked_at.has(thing));
        if is_reached || is_needed() {
            any_only_read(directory, fact, |thing| {
                looked_at.add(thing);
                false
            });
            any_written(directory, fact, |thing| {
                looked_at.add(thing);
                false
            });
            again.push(Again { op: *op, reached: is_reached });
            if again.len() > most {
                return None;
            }
        }
    }
    again.reverse();
    Some(again)
}

pub(crate) fn is_admin(cell: &Cell) -> bool {
    matches!(cell, Cell::Member(member) if member.present && member.role == Role::Admin)
}

/// Has the root seem to have many Admins in a state in which not all ops are folded: none is the last as long as another
/// is steady, but how many there are is not known there.
pub(crate) fn have_many_admins(history: &History, cells: &mut Cells, state: &mut State) {
    let Some(founding) = history.fact(FOUNDING) else { return };
    let at = history.directory.group_cell(founding.group);
    if let Cell::Group(mut root) = cells.get(state, at) {
        root.admins = MANY_ADMINS;
        cells.set(state, at, Cell::Group(root));
    }
}
