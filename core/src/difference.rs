//! From cells that changed to effects: the difference of two states, in words a host can act on.

use crate::arena::{CellIx, ContextIx, GroupIx, OpIx, PersonIx};
use crate::authority::{Glance, Read};
use crate::cells::{Cell, ContextCell, GroupCell, MemberCell, Parts};
use crate::directory::CellKey;
use crate::effect::Effect;
use crate::facts::History;
use crate::fold::Difference;
use crate::namespace::Namespace;
use crate::verdict::Verdict;
use crate::view::{InvitationInfo, context_info, group_info, may_join, member_info};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The state as it was: what changed, over what did not.
struct Old<'a> {
    now: Glance<'a>,
    changed: &'a Changed,
}

/// Cells that changed as they were, ascending.
struct Changed(Vec<(CellIx, Cell)>);

impl Changed {
    /// Of several values of one cell, the first is the oldest.
    fn of(mut cells: Vec<(CellIx, Cell)>, now: Glance<'_>) -> Self {
        cells.sort_by_key(|(cell, _)| *cell);
        cells.dedup_by_key(|(cell, _)| *cell);
        cells.retain(|(cell, old)| { now }.cell(*cell) != *old);
        Self(cells)
    }

    fn get(&self, cell: CellIx) -> Option<&Cell> {
        let at = self.0.binary_search_by_key(&cell, |(cell, _)| *cell).ok()?;
        self.0.get(at).map(|(_, old)| old)
    }

    fn iter(&self) -> impl Iterator<Item = (CellIx, &Cell)> {
        self.0.iter().map(|(cell, old)| (*cell, old))
    }
}

impl Read for Old<'_> {
    fn history(&self) -> &History {
        self.now.history
    }

    fn cell(&mut self, cell: CellIx) -> Cell {
        self.changed.get(cell).copied().unwrap_or_else(|| self.now.cell(cell))
    }

    fn group_cell(&mut self, group: GroupIx, _: Parts) -> Cell {
        let cell = self.now.history.directory.group_cell(group);
        self.cell(cell)
    }
}

/// The effects of what changed. Ops from `first_new` on are new: their verdicts are told by their statuses.
pub(crate) fn effects(namespace: &Namespace, difference: Difference, first_new: OpIx, out: &mut Vec<Effect>) {
    let now = namespace.glance();
    let before = Changed::of(difference.cells, now);
    let mut teller = Teller { now, before: &before, out };
    teller.tell_cells();
    teller.tell_lost_access();
    tell_verdicts(namespace, difference.verdicts, first_new, out);
}

fn tell_verdicts(namespace: &Namespace, changed: Vec<(OpIx, Verdict)>, first_new: OpIx, out: &mut Vec<Effect>) {
    let history = &namespace.history;
    let mut before = BTreeMap::new();
    for (op, old) in changed {
        if op < first_new {
            before.entry(op).or_insert(old);
        }
    }
    for (op, old) in before {
        let Some(fact) = history.fact(op) else { continue };
        let id = history.dag.id(op);
        match (old, fact.verdict) {
            (old, new) if old == new => {}
            (_, Verdict::Void(reason)) => {
                let by = namespace.fold.decided_by(op);
                let by = by.is_some().then(|| history.dag.id(by));
                out.push(Effect::OpVoided { op: id, by, reason });
            }
            (_, verdict) => out.push(Effect::OpRestored { op: id, verdict }),
        }
    }
}

struct Teller<'a, 'b> {
    now: Glance<'a>,
    before: &'a Changed,
    out: &'b mut Vec<Effect>,
}

impl Teller<'_, '_> {
    fn tell_cells(&mut self) {
        let directory = &self.now.history.directory;
        // Groups first: what is in a group that came or went is told with it.
        let mut turned = BTreeSet::new();
        for (cell, old) in self.before.iter() {
            if let Some(CellKey::Group(group)) = directory.cell_key(cell)
                && self.tell_group(group, old)
            {
                turned.insert(group);
            }
        }
        for (cell, old) in self.before.iter() {
            let Some(key) = directory.cell_key(cell) else { continue };
            let group = match key {
                CellKey::Group(_) => continue,
                CellKey::Member(group, _) => group,
                CellKey::Context(context) | CellKey::ContextCapability(context, _) => {
                    directory.context(context).map_or(GroupIx::NONE, |facts| facts.group)
                }
                CellKey::Invitation(invitation) => directory.invitation(invitation).0,
            };
            if !turned.contains(&group) && self.now.lives(group) {
                self.tell_cell(cell, key, group, old);
            }
        }
    }

    /// Says whether the group came into being or ceased to be.
    fn tell_group(&mut self, group: GroupIx, old: &Cell) -> bool {
        let id = self.now.history.directory.group_id(group);
        let old = if let Cell::Group(cell @ GroupCell { alive: true, .. }) = old { Some(*cell) } else { None };
        match (old, self.now.group(group)) {
            (None, None) => false,
            (Some(_), None) => {
                self.out.push(Effect::GroupDeleted { group: id });
                true
            }
            (Some(old), Some(cell)) => {
                let (from, info) = (group_info(&self.now, group, &old), group_info(&self.now, group, &cell));
                if from != info {
                    self.out.push(Effect::GroupChanged { group: id, info });
                }
                false
            }
            (None, Some(cell)) => {
                self.out.push(Effect::GroupCreated { group: id, info: group_info(&self.now, group, &cell) });
                let directory = &self.now.history.directory;
                for (cell, key) in directory.cells_of_group(group) {
                    self.tell_cell(cell, key, group, &Cell::Empty);
                }
                true
            }
        }
    }

    fn tell_cell(&mut self, cell: CellIx, key: CellKey, group: GroupIx, old: &Cell) {
        let new = self.now.cell(cell);
        match key {
            CellKey::Member(_, person) => {
                let of = |cell: &Cell| if let Cell::Member(member) = cell { *member } else { MemberCell::default() };
                self.tell_member(group, person, &of(old), &of(&new));
            }
            CellKey::Context(context) => {
                let of = |cell: &Cell| match cell {
                    Cell::Context(cell @ ContextCell { present: true, .. }) => Some(*cell),
                    _ => None,
                };
                self.tell_context(group, context, of(old), of(&new));
            }
            CellKey::ContextCapability(context, person) => {
                let bits = if let Cell::ContextCapability(bits) = new { bits } else { 0 };
                self.tell_capability(group, context, person, bits);
            }
            CellKey::Invitation(invitation) => {
                let info = match new {
                    Cell::Invitation(cell) => Some(InvitationInfo { uses: cell.uses, revoked: cell.revoked }),
                    _ => None,
                };
                if new == *old {
                    return;
                }
                let directory = &self.now.history.directory;
                let (group, invitation) = (directory.group_id(group), directory.invitation(invitation).1);
                self.out.push(Effect::InvitationChanged { group, invitation, info });
            }
            CellKey::Group(_) => {}
        }
    }

    fn tell_member(&mut self, group: GroupIx, person: PersonIx, old: &MemberCell, new: &MemberCell) {
        let directory = &self.now.history.directory;
        let (group, member) = (directory.group_id(group), directory.person(person));
        let (from, to) = (member_info(&self.now, old), member_info(&self.now, new));
        match (old.present, new.present) {
            (false, true) => self.out.push(Effect::MemberAdded { group, member, info: to }),
            (true, false) => self.out.push(Effect::MemberRemoved { group, member }),
            (false, false) => {}
            (true, true) => {
                if from.role != to.role {
                    self.out.push(Effect::RoleChanged { group, member, from: from.role, to: to.role });
                }
                if from.capabilities != to.capabilities {
                    let (from, to) = (from.capabilities, to.capabilities);
                    self.out.push(Effect::CapabilitiesChanged { group, member, from, to });
                }
                if from.alias != to.alias {
                    self.out.push(Effect::MemberAliasChanged { group, member, alias: to.alias });
                }
            }
        }
        match (old.barred, new.barred) {
            (false, true) => self.out.push(Effect::MemberBarred { group, member }),
            (true, false) => self.out.push(Effect::BarLifted { group, member }),
            _ => {}
        }
    }

    fn tell_context(&mut self, group: GroupIx, context: ContextIx, old: Option<ContextCell>, new: Option<ContextCell>) {
        let directory = &self.now.history.directory;
        let Some(facts) = directory.context(context) else { return };
        let (group, id) = (directory.group_id(group), facts.id);
        match (old, new) {
            (None, None) => {}
            (Some(_), None) => self.out.push(Effect::ContextDetached { group, context: id }),
            (None, Some(_)) => {
                if let Some((_, info)) = context_info(&mut self.now, context) {
                    self.out.push(Effect::ContextRegistered { group, context: id, info });
                }
            }
            (Some(old), Some(new)) => {
                let alias = directory.text(new.alias);
                if old.visibility != new.visibility || directory.text(old.alias) != alias {
                    let (visibility, alias) = (new.visibility, alias.into());
                    self.out.push(Effect::ContextChanged { group, context: id, visibility, alias });
                }
            }
        }
    }

    fn tell_capability(&mut self, group: GroupIx, context: ContextIx, person: PersonIx, bits: u8) {
        let directory = &self.now.history.directory;
        // Those of a context that came or went were told with it.
        let at = directory.context_cell(context);
        let is_there = |cell: Cell| matches!(cell, Cell::Context(ContextCell { present: true, .. }));
        let was_there = self.before.get(at).is_none_or(|old| is_there(*old));
        if !was_there || !is_there(self.now.cell(at)) {
            return;
        }
        let Some(facts) = directory.context(context) else { return };
        self.out.push(Effect::ContextCapabilitiesChanged {
            group: directory.group_id(group),
            context: facts.id,
            member: directory.person(person),
            capabilities: bits,
        });
    }

    /// Who could join a context that is still there, and no longer can.
    fn tell_lost_access(&mut self) {
        let mut old = Old { now: self.now, changed: self.before };
        for (context, person) in self.may_have_lost_access() {
            if may_join(&mut old, context, person) && !may_join(&mut self.now, context, person) {
                let directory = &self.now.history.directory;
                let Some(facts) = directory.context(context) else { continue };
                if context_info(&mut { self.now }, context).is_none() {
                    continue;
                }
                self.out.push(Effect::ContextAccessRevoked {
                    group: directory.group_id(facts.group),
                    context: facts.id,
                    member: directory.person(person),
                });
            }
        }
    }

    /// The pairs whose access hangs on a cell that changed for the worse.
    fn may_have_lost_access(&self) -> BTreeSet<(ContextIx, PersonIx)> {
        let directory = &self.now.history.directory;
        let mut pairs = BTreeSet::new();
        for (cell, old) in self.before.iter() {
            let new = { self.now }.cell(cell);
            match (directory.cell_key(cell), old, &new) {
                (Some(CellKey::Member(group, person)), Cell::Member(old), new) if old.present => {
                    let worse = match new {
                        Cell::Member(new) => {
                            !new.present || new.role > old.role || old.capabilities & !new.capabilities != 0
                        }
                        _ => true,
                    };
                    if worse {
                        pairs.extend(self.contexts_below(group).map(|context| (context, person)));
                    }
                }
                // A record that appears can hide a better one further up.
                (Some(CellKey::Member(group, person)), _, Cell::Member(new))
                    if new.present && directory.parent(group).is_some() =>
                {
                    pairs.extend(self.contexts_below(group).map(|context| (context, person)));
                }
                (Some(CellKey::ContextCapability(context, person)), _, _) => {
                    pairs.insert((context, person));
                }
                (Some(CellKey::Group(group)), Cell::Group(old), Cell::Group(new))
                    if old.visibility != new.visibility && new.alive =>
                {
                    for context in self.contexts_below(group) {
                        let path: Vec<GroupIx> = directory.path(group).collect();
                        for above in path {
                            pairs.extend(self.members_of(above).map(|person| (context, person)));
                        }
                    }
                }
                (Some(CellKey::Context(context)), Cell::Context(old), Cell::Context(new))
                    if old.visibility != new.visibility =>
                {
                    let group = directory.context(context).map_or(GroupIx::NONE, |facts| facts.group);
                    for above in directory.path(group) {
                        pairs.extend(self.members_of(above).map(|person| (context, person)));
                    }
                }
                _ => {}
            }
        }
        pairs
    }

    fn contexts_below(&self, group: GroupIx) -> impl Iterator<Item = ContextIx> + '_ {
        let directory = &self.now.history.directory;
        directory.subtree(group).into_iter().flat_map(|group| directory.contexts_of(group))
    }

    fn members_of(&self, group: GroupIx) -> impl Iterator<Item = PersonIx> + '_ {
        self.now.history.directory.cells_of_group(group).filter_map(|(_, key)| match key {
            CellKey::Member(_, person) => Some(person),
            _ => None,
        })
    }
}
