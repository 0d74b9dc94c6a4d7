//! A state in the making: what an op looks at, and what it writes.

use crate::arena::{CellIx, ContextIx, GroupIx, InvitationIx, OpIx, PersonIx};
use crate::authority::Read;
use crate::cells::{
    Cell, Cells, ContextCell, GroupCell, GroupRegister, InvitationCell, MemberCell, Parts, State, part,
};
use crate::facts::History;
use crate::group_op::Role;
use crate::touched::Look;
use alloc::vec::Vec;

/// The cells that a fold writes, with what was in each before, in order, for whoever keeps a view up to date.
pub(crate) type Tape = Vec<(CellIx, Cell)>;

/// So many looks back are searched for the same one: an op looks at few things, and at most of them again and again.
const LOOKED_AT_LAST: usize = 4;

/// A state in the making.
pub(crate) struct Work<'a> {
    pub(crate) history: &'a History,
    pub(crate) cells: &'a mut Cells,
    pub(crate) state: &'a mut State,
    pub(crate) tape: &'a mut Tape,
    /// What is looked at, for whoever wants to know.
    pub(crate) looks: Option<&'a mut Vec<Look>>,
}

impl Work<'_> {
    /// Notes what is looked at.
    pub(crate) fn look(&mut self, look: Look) {
        if let Some(looks) = &mut self.looks
            && !looks.iter().rev().take(LOOKED_AT_LAST).any(|known| *known == look)
        {
            looks.push(look);
        }
    }

    /// Writes a cell, and says what was in it; that it was not so before was looked at, too.
    pub(crate) fn set(&mut self, at: CellIx, value: Cell) -> Cell {
        if !matches!(value, Cell::Group(_)) {
            self.look(Look::Cell(at));
        }
        let old = self.cells.get(self.state, at);
        if old != value {
            self.tape.push((at, old));
            self.cells.set(self.state, at, value);
        }
        old
    }

    pub(crate) fn set_member(&mut self, group: GroupIx, person: PersonIx, value: MemberCell) {
        let at = self.history.directory.member_cell(group, person);
        let old = self.set(at, Cell::Member(value));
        let is_admin = |cell: &MemberCell| cell.present && cell.role == Role::Admin;
        let was_admin = matches!(old, Cell::Member(old) if is_admin(&old));
        if was_admin != is_admin(&value)
            && let Some(mut cell) = self.group_parts(group, part::ADMINS)
        {
            cell.admins = if is_admin(&value) { cell.admins.saturating_add(1) } else { cell.admins.saturating_sub(1) };
            self.set(self.history.directory.group_cell(group), Cell::Group(cell));
        }
    }

    pub(crate) fn update_group(&mut self, group: GroupIx, update: impl FnOnce(&mut GroupCell)) {
        // What it leaves as it is, it does not look at.
        if let Some(mut cell) = self.group_parts(group, 0) {
            update(&mut cell);
            self.set(self.history.directory.group_cell(group), Cell::Group(cell));
        }
    }

    pub(crate) fn write_register(
        &mut self,
        group: GroupIx,
        register: GroupRegister,
        op: OpIx,
        update: impl FnOnce(&mut GroupCell),
    ) {
        self.update_group(group, |cell| {
            update(cell);
            if let Some(writer) = cell.writers.get_mut(register as usize) {
                *writer = op;
            }
        });
    }

    pub(crate) fn update_context(&mut self, context: ContextIx, update: impl FnOnce(&mut ContextCell)) {
        let at = self.history.directory.context_cell(context);
        if let Cell::Context(mut cell) = self.cell(at) {
            update(&mut cell);
            self.set(at, Cell::Context(cell));
        }
    }

    pub(crate) fn update_invitation(&mut self, invitation: InvitationIx, update: impl FnOnce(&mut InvitationCell)) {
        let at = self.history.directory.invitation_cell(invitation);
        let mut cell = if let Cell::Invitation(known) = self.cell(at) { known } else { InvitationCell::default() };
        update(&mut cell);
        self.set(at, Cell::Invitation(cell));
    }
}

impl Read for Work<'_> {
    fn history(&self) -> &History {
        self.history
    }

    fn cell(&mut self, cell: CellIx) -> Cell {
        self.look(Look::Cell(cell));
        self.cells.get(self.state, cell)
    }

    fn group_cell(&mut self, group: GroupIx, parts: Parts) -> Cell {
        self.look(Look::Group(group, parts));
        self.cells.get(self.state, self.history.directory.group_cell(group))
    }

    fn look_at_person(&mut self, person: PersonIx) {
        self.look(Look::Person(person));
    }
}
