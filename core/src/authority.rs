//! May they, given this state, and through what? Grounds and ranks (SPEC §3, §5). It never asks about concurrency.

use crate::arena::{CellIx, GroupIx, OpIx, PersonIx};
use crate::cells::{Cell, Cells, GroupCell, MemberCell, Parts, State, part};
use crate::facts::{Action, Basis, History, Rests, Seniority};
use crate::group_op::{Role, Visibility};

/// The numbers of the capability bits that the rules ask for.
pub(crate) mod bit {
    pub(crate) const CREATE_CONTEXT: u8 = 0;
    pub(crate) const INVITE_MEMBERS: u8 = 1;
    pub(crate) const JOIN_OPEN_CONTEXTS: u8 = 2;
    pub(crate) const MANAGE_MEMBERS: u8 = 3;
    pub(crate) const MANAGE_APPLICATION: u8 = 4;
    pub(crate) const CREATE_SUBGROUP: u8 = 5;
    pub(crate) const MANAGE_METADATA: u8 = 6;
}

/// The mask of bit 2, the one capability that a ReadOnly member may hold.
pub(crate) const JOIN_OPEN: u8 = 1 << bit::JOIN_OPEN_CONTEXTS;
const MANAGE_MEMBERS: u8 = 1 << bit::MANAGE_MEMBERS;

/// What an op needs of its principal (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Admin,
    /// An Admin ground, else the record in the group itself with this bit.
    Capability(u8),
    Any,
}

/// A state that can be read. Whoever folds notes what is read; whoever only reads notes nothing.
pub(crate) trait Read {
    fn history(&self) -> &History;

    /// A cell that is no group's.
    fn cell(&mut self, cell: CellIx) -> Cell;

    /// A group's cell, of which only these parts will be looked at.
    fn group_cell(&mut self, group: GroupIx, parts: Parts) -> Cell;

    /// All cells of a person are looked at, or one that is not there.
    fn look_at_person(&mut self, _: PersonIx) {}

    /// The member's cell, with or without a record in it.
    fn member_cell(&mut self, group: GroupIx, person: PersonIx) -> MemberCell {
        let at = self.history().directory.member_cell(group, person);
        if at.is_none() {
            self.look_at_person(person);
            return MemberCell::default();
        }
        match self.cell(at) {
            Cell::Member(member) => member,
            _ => MemberCell::default(),
        }
    }

    /// The member's record, if there is one.
    fn record(&mut self, group: GroupIx, person: PersonIx) -> Option<MemberCell> {
        Some(self.member_cell(group, person)).filter(|member| member.present)
    }

    /// The group's cell, if the group exists; only these parts of it may be looked at.
    fn group_parts(&mut self, group: GroupIx, parts: Parts) -> Option<GroupCell> {
        match self.group_cell(group, parts | part::ALIVE) {
            Cell::Group(cell) if cell.alive => Some(cell),
            _ => None,
        }
    }

    /// The group's cell, if the group exists.
    fn group(&mut self, group: GroupIx) -> Option<GroupCell> {
        self.group_parts(group, part::ALL)
    }

    /// Whether the group exists.
    fn lives(&mut self, group: GroupIx) -> bool {
        self.group_parts(group, 0).is_some()
    }
}

/// A state, only to be read.
#[derive(Clone, Copy)]
pub(crate) struct Glance<'a> {
    pub(crate) history: &'a History,
    pub(crate) cells: &'a Cells,
    pub(crate) state: &'a State,
}

impl Read for Glance<'_> {
    fn history(&self) -> &History {
        self.history
    }

    fn cell(&mut self, cell: CellIx) -> Cell {
        self.cells.get(self.state, cell)
    }

    fn group_cell(&mut self, group: GroupIx, _: Parts) -> Cell {
        self.cells.get(self.state, self.history.directory.group_cell(group))
    }
}

/// Where a need is met: a record, and what about it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ground {
    pub(crate) group: GroupIx,
    pub(crate) rests: Rests,
    pub(crate) record: MemberCell,
}

impl Ground {
    fn giver(&self) -> OpIx {
        match self.rests {
            Rests::Admin | Rests::Record => self.record.role_giver,
            Rests::Capability(bit) => capability_giver(&self.record, bit),
        }
    }

    /// The basis of an op that stands on this ground.
    pub(crate) fn basis(&self, history: &History) -> Basis {
        let Seniority { level, tier, op: ranked_by } = rank(history, self.group, &self.record);
        Basis { ground: self.group, giver: self.giver(), ranked_by, level, tier, rests: self.rests }
    }
}

fn capability_giver(record: &MemberCell, bit: u8) -> OpIx {
    record.capability_givers.get(usize::from(bit)).copied().unwrap_or_default()
}

/// The rank of a record (SPEC §3).
pub(crate) fn rank(history: &History, group: GroupIx, record: &MemberCell) -> Seniority {
    let level = history.directory.level(group);
    if record.role == Role::Admin {
        Seniority { level, tier: 0, op: record.role_giver }
    } else if record.capabilities & MANAGE_MEMBERS != 0 {
        Seniority { level, tier: 1, op: capability_giver(record, bit::MANAGE_MEMBERS) }
    } else {
        Seniority { level, tier: 2, op: record.role_giver }
    }
}

/// The groups from here up to the root, on the stack: a reader cannot lend its directory while it reads.
fn path(reader: &impl Read, group: GroupIx) -> heapless::Vec<GroupIx, { crate::limits::MAX_PATH_GROUPS }> {
    reader.history().directory.path(group).collect()
}

/// The topmost group of the path where the person has an Admin record.
fn admin_ground(reader: &mut impl Read, group: GroupIx, person: PersonIx) -> Option<(GroupIx, MemberCell)> {
    path(reader, group).into_iter().rev().find_map(|above| {
        let record = reader.record(above, person)?;
        (record.role == Role::Admin).then_some((above, record))
    })
}

/// The ground of a person for a need in a group (SPEC §5).
pub(crate) fn ground(reader: &mut impl Read, need: Need, group: GroupIx, person: PersonIx) -> Option<Ground> {
    if person.is_none() {
        return None;
    }
    if let Some((group, record)) = admin_ground(reader, group, person) {
        let rests = if need == Need::Any { Rests::Record } else { Rests::Admin };
        return Some(Ground { group, rests, record });
    }
    match need {
        Need::Admin => None,
        Need::Capability(bit) => {
            let record = reader.record(group, person)?;
            let held = record.capabilities & 1u8.checked_shl(u32::from(bit)).unwrap_or(0) != 0;
            held.then_some(Ground { group, rests: Rests::Capability(bit), record })
        }
        Need::Any => {
            for above in path(reader, group) {
                if let Some(record) = reader.record(above, person) {
                    return Some(Ground { group: above, rests: Rests::Record, record });
                }
                if reader
                    .group_parts(above, part::VISIBILITY)
                    .is_none_or(|cell| cell.visibility == Visibility::Restricted)
                {
                    return None;
                }
            }
            None
        }
    }
}

/// Whether the person registered this context, and it is registered in this group still.
fn registered_it(reader: &mut impl Read, context: crate::arena::ContextIx, group: GroupIx, person: PersonIx) -> bool {
    let by = reader.history().directory.context(context).map(|facts| facts.registered_by);
    by == Some(person) && has_context(reader, context, group)
}

/// Whether the context is registered in this group, which must exist.
pub(crate) fn has_context(reader: &mut impl Read, context: crate::arena::ContextIx, group: GroupIx) -> bool {
    let directory = &reader.history().directory;
    let here = directory.context(context).is_some_and(|facts| facts.group == group);
    let cell = directory.context_cell(context);
    here && matches!(reader.cell(cell), Cell::Context(cell) if cell.present)
}

/// What an op needs, and in which group (SPEC §5).
pub(crate) fn need(reader: &mut impl Read, action: &Action, group: GroupIx, signer: PersonIx) -> (Need, GroupIx) {
    let member_need = |role: Role, bit: u8| if role == Role::Admin { Need::Admin } else { Need::Capability(bit) };
    let need = match *action {
        Action::Noop => Need::Any,
        Action::SubgroupCreated { .. } => Need::Capability(bit::CREATE_SUBGROUP),
        Action::GroupDeleted => {
            let parent = reader.history().directory.parent(group);
            return (Need::Admin, if parent.is_some() { parent } else { group });
        }
        Action::MemberAdded { role, .. } => member_need(role, bit::MANAGE_MEMBERS),
        Action::MemberRemoved { member } if member == signer => Need::Any,
        Action::MemberRemoved { .. }
        | Action::ContextCapabilityGranted { .. }
        | Action::ContextCapabilityRevoked { .. } => Need::Capability(bit::MANAGE_MEMBERS),
        Action::TargetApplicationSet { .. } => Need::Capability(bit::MANAGE_APPLICATION),
        Action::ContextRegistered { .. } => Need::Capability(bit::CREATE_CONTEXT),
        Action::GroupAliasSet { .. } => Need::Capability(bit::MANAGE_METADATA),
        Action::MemberAliasSet { member, .. } if member == signer => Need::Any,
        Action::MemberAliasSet { .. } => Need::Capability(bit::MANAGE_METADATA),
        Action::ContextDetached { context } => {
            if registered_it(reader, context, group, signer) {
                Need::Any
            } else {
                Need::Admin
            }
        }
        Action::ContextAliasSet { context, .. } => {
            if registered_it(reader, context, group, signer) {
                Need::Any
            } else {
                Need::Capability(bit::MANAGE_METADATA)
            }
        }
        Action::Claim { role, .. } => member_need(role, bit::INVITE_MEMBERS),
        Action::InvitationRevoked { .. } => Need::Capability(bit::INVITE_MEMBERS),
        Action::NamespaceCreated { .. }
        | Action::MemberRoleSet { .. }
        | Action::CapabilitiesGranted { .. }
        | Action::CapabilitiesRevoked { .. }
        | Action::DefaultCapabilitiesSet { .. }
        | Action::DefaultVisibilitySet { .. }
        | Action::GroupVisibilitySet { .. }
        | Action::UpgradePolicySet { .. } => Need::Admin,
    };
    (need, group)
}

/// Whether the person has a record in some group that exists (SPEC §2.5).
pub(crate) fn is_participant(glance: Glance<'_>, person: PersonIx) -> bool {
    let mut reader = glance;
    glance.history.directory.cells_of_person(person).any(|(cell, key)| {
        let crate::directory::CellKey::Member(group, _) = key else { return false };
        matches!(reader.cell(cell), Cell::Member(member) if member.present) && reader.lives(group)
    })
}
