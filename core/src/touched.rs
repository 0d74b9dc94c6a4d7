//! What ops of the fold looked at and changed, so that a late one which has nothing to do with those after it takes its
//! effect at the end: nobody folds again what cannot come out otherwise.
//!
//! Of each cell the last op, in the order of the fold, that wrote it is known, and the last that read or wrote it. A
//! late op commutes with all after its place if none of them wrote what it read, nor read or wrote what it wrote. What
//! is noted may be more than there is, never less: decisions and late ops can make an op read less than it once did.

use crate::arena::{CellIx, ContextIx, GroupIx, OpIx, PersonIx, Table};
use crate::cells::{Cell, Parts, part};
use crate::directory::{CellKey, Directory};
use crate::facts::History;
use hashbrown::HashMap;

/// Something that an op looked at as it was folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// A cell that is no group's.
    Cell(CellIx),
    /// Some parts of a group's cell.
    Group(GroupIx, Parts),
    /// All cells of a person, or one that is not there yet.
    Person(PersonIx),
    /// All capabilities in a context.
    Context(ContextIx),
}

impl Look {
    /// The cell that was looked at, if it is one.
    pub(crate) fn cell(&self, history: &History) -> Option<CellIx> {
        match *self {
            Self::Cell(cell) => Some(cell),
            Self::Group(group, _) => Some(history.directory.group_cell(group)),
            Self::Person(_) | Self::Context(_) => None,
        }
    }
}

/// The last op that wrote, and the last that read or wrote.
#[derive(Debug, Clone, Copy, Default)]
struct Last {
    wrote: OpIx,
    touched: OpIx,
}

/// Whatever can be read of a state, with who was the last to do so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Touched {
    cells: Table<Last>,
    groups: Table<[Last; Parts::BITS as usize]>,
    people: HashMap<PersonIx, OpIx>,
    contexts: HashMap<ContextIx, OpIx>,
}

/// The parts in which two values of a group's cell differ: all, where there was no group.
fn parts_changed(old: &Cell, new: &Cell) -> Parts {
    match (old, new) {
        (Cell::Group(old), Cell::Group(new)) => old.parts_unlike(new),
        _ => part::ALL,
    }
}

/// `base` with the parts in which `new` differs from `old`: what a commuting op makes of another state.
pub(crate) fn changed_as(base: Cell, old: &Cell, new: &Cell) -> Cell {
    match (base, new) {
        (Cell::Group(mut base), Cell::Group(new_cell)) => {
            base.take_parts(parts_changed(old, new), new_cell);
            Cell::Group(base)
        }
        _ => *new,
    }
}

/// Calls `each` for every part that is set, by its number.
fn each_part(parts: Parts, mut each: impl FnMut(usize)) {
    let mut left = parts;
    while left != 0 {
        each(left.trailing_zeros() as usize);
        left &= left.wrapping_sub(1);
    }
}

impl Touched {
    /// Notes what an op looked at and wrote (`tape`, and `now` for what it wrote), as the last to do so, or, if `last` is
    /// not set, among those noted before.
    pub(crate) fn note(
        &mut self,
        history: &History,
        op: OpIx,
        looks: &[Look],
        tape: &[(CellIx, Cell)],
        now: impl Fn(CellIx) -> Cell,
        last: bool,
    ) {
        let later = |known: OpIx| last || known.is_none() || history.compare_fold_order(known, op).is_lt();
        for look in looks {
            match *look {
                Look::Cell(cell) => {
                    if let Some(known) = self.cells.entry(cell.at()).filter(|known| later(known.touched)) {
                        known.touched = op;
                    }
                }
                Look::Group(group, parts) => {
                    let Some(known) = self.groups.entry(group.at()) else { continue };
                    each_part(parts, |number| {
                        if let Some(known) = known.get_mut(number).filter(|known| later(known.touched)) {
                            known.touched = op;
                        }
                    });
                }
                Look::Person(person) => keep_later(&mut self.people, person, op, later),
                Look::Context(context) => keep_later(&mut self.contexts, context, op, later),
            }
        }
        let both = |known: &mut Last| {
            if later(known.wrote) {
                known.wrote = op;
            }
            if later(known.touched) {
                known.touched = op;
            }
        };
        for (cell, old) in tape {
            let new = now(*cell);
            match history.directory.cell_key(*cell) {
                Some(CellKey::Group(group)) => {
                    let Some(known) = self.groups.entry(group.at()) else { continue };
                    each_part(parts_changed(old, &new), |number| {
                        if let Some(known) = known.get_mut(number) {
                            both(known);
                        }
                    });
                }
                _ => {
                    if let Some(known) = self.cells.entry(cell.at()) {
                        both(known);
                    }
                }
            }
        }
    }

    /// Forgets who had to do with a cell, of a group's with these parts, after one who did: all of them will be noted anew.
    pub(crate) fn forget_after(&mut self, history: &History, op: OpIx, cell: CellIx, parts: Parts) {
        let forget = |known: &mut OpIx| {
            if known.is_some() && history.compare_fold_order(op, *known).is_lt() {
                *known = op;
            }
        };
        let forget_both = |known: &mut Last| {
            forget(&mut known.wrote);
            forget(&mut known.touched);
        };
        let key = history.directory.cell_key(cell);
        match key {
            Some(CellKey::Group(group)) => {
                let Some(known) = self.groups.get_mut(group.at()) else { return };
                // Whoever let an Admin go from above may have had to do with how many there are.
                each_part(parts & !part::ADMINS, |number| {
                    if let Some(known) = known.get_mut(number) {
                        forget_both(known);
                    }
                });
            }
            _ => {
                if let Some(known) = self.cells.get_mut(cell.at()) {
                    forget_both(known);
                }
            }
        }
        match key {
            Some(CellKey::Member(_, person)) => self.people.get_mut(&person).into_iter().for_each(forget),
            Some(CellKey::Context(context)) => self.contexts.get_mut(&context).into_iter().for_each(forget),
            _ => {}
        }
    }

    /// Whether an op that looked at this and wrote that on the state of the end would have done the same in its own
    /// place, and nobody after that place would have done otherwise.
    pub(crate) fn commutes(
        &self,
        history: &History,
        op: OpIx,
        looks: &[Look],
        tape: &[(CellIx, Cell)],
        now: impl Fn(CellIx) -> Cell,
    ) -> bool {
        let before = |known: OpIx| known.is_none() || history.compare_fold_order(known, op).is_le();
        let looks_fit = looks.iter().all(|look| match *look {
            Look::Cell(cell) => self.cells.get(cell.at()).is_none_or(|known| before(known.wrote)),
            Look::Group(group, parts) => self.parts_fit(group, parts, |known| before(known.wrote)),
            // Each cell that was there was looked at, and others are written by ops that come later.
            Look::Person(_) | Look::Context(_) => true,
        });
        looks_fit
            && tape.iter().all(|(cell, old)| {
                self.looked_up_before(&history.directory, *cell, before)
                    && match history.directory.cell_key(*cell) {
                        Some(CellKey::Group(group)) => {
                            // Whoever went through the groups below a group has changed that one, which who creates
                            // a group has looked at.
                            self.parts_fit(group, parts_changed(old, &now(*cell)), |known| before(known.touched))
                        }
                        _ => self.cells.get(cell.at()).is_none_or(|known| before(known.touched)),
                    }
            })
    }

    fn parts_fit(&self, group: GroupIx, parts: Parts, fits: impl Fn(&Last) -> bool) -> bool {
        let Some(known) = self.groups.get(group.at()) else { return true };
        let mut all = true;
        each_part(parts, |number| all &= known.get(number).is_none_or(&fits));
        all
    }

    /// Whether nobody after the op went through the lists that a cell is in.
    fn looked_up_before(&self, directory: &Directory, cell: CellIx, before: impl Fn(OpIx) -> bool) -> bool {
        let of_person = |person: PersonIx| self.people.get(&person).is_none_or(|known| before(*known));
        match directory.cell_key(cell) {
            Some(CellKey::Member(_, person)) => of_person(person),
            Some(CellKey::ContextCapability(context, person)) => {
                of_person(person) && self.contexts.get(&context).is_none_or(|known| before(*known))
            }
            _ => true,
        }
    }
}

fn keep_later<K: Eq + core::hash::Hash>(known: &mut HashMap<K, OpIx>, key: K, op: OpIx, later: impl Fn(OpIx) -> bool) {
    let known = known.entry(key).or_insert(op);
    if later(*known) {
        *known = op;
    }
}
