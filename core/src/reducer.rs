//! One op on one state: its place in the fold (SPEC §4) and its effects (SPEC §5).

use crate::arena::{CellIx, ContextIx, GroupIx, InvitationIx, OpIx, PayloadIx, PersonIx};
use crate::authority::{JOIN_OPEN, Read, ground, need};
use crate::cells::{
    Cell, Cells, ContextCell, GroupCell, GroupRegister, InvitationCell, MemberCell, Parts, State, part,
};
use crate::directory::CellKey;
use crate::facts::{Action, Fact, History, Rests};
use crate::group_op::{Role, Visibility};
use crate::preconditions::{Moment, keeps_an_admin, precondition};
use crate::touched::Look;
use crate::verdict::{Verdict, VoidReason};
use alloc::vec::Vec;

/// The cells that a fold writes, with what was in each before, in order, for whoever keeps a view up to date.
pub(crate) type Tape = Vec<(CellIx, Cell)>;

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
    fn look(&mut self, look: Look) {
        if let Some(looks) = &mut self.looks {
            looks.push(look);
        }
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

/// How somebody comes in.
#[derive(Debug, Clone, Copy)]
struct Admission {
    /// The op prevails over a concurrent writer of the register.
    prevailed: bool,
    /// The op is the register's last writer from here on.
    registers: bool,
}

/// What conflicts decided about an op before the fold reaches it (SPEC §3, §4.2, §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// Nothing takes what it rests on or gives.
    None,
    /// Void for this reason: a reduction that does not stand, or an op that one strikes.
    Void(VoidReason),
}

impl Work<'_> {
    /// Takes the next op of the fold's order (SPEC §4), and says what came of it and which op came before it in its
    /// register, if that is why it is void.
    pub(crate) fn fold(&mut self, op: OpIx, conflict: Conflict) -> (Verdict, OpIx) {
        let Some(fact) = self.history.fact(op) else { return (Verdict::Void(VoidReason::NoSuchGroup), OpIx::NONE) };
        match self.try_fold(op, fact, conflict) {
            Ok(verdict) => (verdict, OpIx::NONE),
            Err((reason, by)) => (Verdict::Void(reason), by),
        }
    }

    fn try_fold(&mut self, op: OpIx, fact: &Fact, conflict: Conflict) -> Result<Verdict, (VoidReason, OpIx)> {
        let void = |reason| (reason, OpIx::NONE);
        if let Some(reason) = fact.causal {
            return Err(void(reason));
        }
        if let Action::NamespaceCreated { alias, target } = fact.action {
            self.found(op, fact, alias, target);
            return Ok(Verdict::Effective);
        }
        let reduction = fact.is_reduction();
        if let Conflict::Void(reason) = conflict
            && reduction
        {
            return Err(void(reason));
        }
        if !self.lives(fact.group) {
            return if reduction {
                Ok(Verdict::Idle(VoidReason::NoSuchGroup))
            } else {
                Err(void(VoidReason::NoSuchGroup))
            };
        }
        if let Conflict::Void(reason) = conflict {
            return Err(void(reason));
        }
        if !reduction {
            let (need, needed_in) = need(self, &fact.action, fact.group, fact.signer);
            if ground(self, need, needed_in, fact.principal()).is_none() {
                return Err(void(VoidReason::AuthorityLost));
            }
        }
        let prevailed = self.register(op, fact)?;
        let moment = Moment::Fold { lowers: fact.lowers() };
        if let Err(reason) = precondition(self, &fact.action, fact.group, fact.signer, &moment) {
            if !reduction {
                return Err(void(reason));
            }
            self.bar_the_absent(fact, reason);
            return Ok(Verdict::Idle(reason));
        }
        self.apply(op, fact, prevailed).map_err(void)?;
        Ok(Verdict::Effective)
    }

    /// Applies a sound op to the state of its own past, where it is always effective (SPEC §2).
    pub(crate) fn extend(&mut self, op: OpIx) {
        let Some(fact) = self.history.fact(op) else { return };
        if fact.causal.is_some() {
            return;
        }
        if let Action::NamespaceCreated { alias, target } = fact.action {
            self.found(op, fact, alias, target);
        } else {
            // Nothing is concurrent, so nothing prevailed and nothing can fail.
            let _ = self.apply(op, fact, false);
        }
    }

    /// Writes a cell, and says what was in it; that it was not so before was looked at, too.
    fn set(&mut self, at: CellIx, value: Cell) -> Cell {
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

    /// The last writer of the register that an op writes; `None` if it writes none (SPEC §5).
    fn last_writer(&mut self, fact: &Fact) -> Option<OpIx> {
        let group_writer = |work: &mut Self, register: GroupRegister| {
            work.group_parts(fact.group, register.part()).and_then(|cell| cell.writers.get(register as usize).copied())
        };
        match fact.action {
            Action::MemberAdded { member, .. }
            | Action::MemberRemoved { member }
            | Action::MemberRoleSet { member, .. } => Some(self.member_cell(fact.group, member).writer),
            Action::Claim { .. } => Some(self.member_cell(fact.group, fact.signer).writer),
            Action::MemberAliasSet { member, .. } => Some(self.member_cell(fact.group, member).alias_writer),
            Action::ContextAliasSet { context, .. } => {
                let at = self.history.directory.context_cell(context);
                match self.cell(at) {
                    Cell::Context(cell) => Some(cell.alias_writer),
                    _ => None,
                }
            }
            Action::DefaultCapabilitiesSet { .. } => group_writer(self, GroupRegister::DefaultCapabilities),
            Action::DefaultVisibilitySet { .. } => group_writer(self, GroupRegister::DefaultVisibility),
            Action::GroupVisibilitySet { .. } => group_writer(self, GroupRegister::Visibility),
            Action::UpgradePolicySet { .. } => group_writer(self, GroupRegister::Policy),
            Action::TargetApplicationSet { .. } => group_writer(self, GroupRegister::Target),
            Action::GroupAliasSet { .. } => group_writer(self, GroupRegister::Alias),
            _ => None,
        }
    }

    /// SPEC §4.5: whether the op prevails over a concurrent writer of its register, or is superseded by it.
    fn register(&mut self, op: OpIx, fact: &Fact) -> Result<bool, (VoidReason, OpIx)> {
        let Some(writer) = self.last_writer(fact).filter(|writer| writer.is_some()) else { return Ok(false) };
        if self.history.dag.is_before(writer, op) {
            return Ok(false);
        }
        let senior = self.history.fact(writer).is_none_or(|other| self.history.is_senior(fact, other));
        if fact.is_reduction() || senior { Ok(true) } else { Err((VoidReason::Superseded, writer)) }
    }

    /// A standing removal bars whom it did not find, if another signed it (SPEC §4).
    fn bar_the_absent(&mut self, fact: &Fact, reason: VoidReason) {
        if let Action::MemberRemoved { member } = fact.action
            && reason == VoidReason::NoSuchMember
            && member != fact.signer
        {
            let mut cell = self.member_cell(fact.group, member);
            cell.barred = true;
            self.set_member(fact.group, member, cell);
        }
    }

    fn set_member(&mut self, group: GroupIx, person: PersonIx, value: MemberCell) {
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

    fn update_group(&mut self, group: GroupIx, update: impl FnOnce(&mut GroupCell)) {
        // What it leaves as it is, it does not look at.
        if let Some(mut cell) = self.group_parts(group, 0) {
            update(&mut cell);
            self.set(self.history.directory.group_cell(group), Cell::Group(cell));
        }
    }

    fn write_register(
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

    /// NamespaceCreated: the root, and the founder its Admin.
    fn found(&mut self, op: OpIx, fact: &Fact, alias: PayloadIx, target: PayloadIx) {
        let cell = GroupCell {
            alive: true,
            visibility: Visibility::Open,
            default_capabilities: JOIN_OPEN,
            default_visibility: Visibility::Open,
            alias,
            policy: PayloadIx::NONE,
            target,
            migrates: true,
            admins: 0,
            writers: [OpIx::NONE; 6],
        };
        self.set(self.history.directory.group_cell(fact.group), Cell::Group(cell));
        self.make_admin(op, fact.group, fact.signer);
    }

    fn make_admin(&mut self, op: OpIx, group: GroupIx, person: PersonIx) {
        let founder = MemberCell { present: true, role: Role::Admin, role_giver: op, ..MemberCell::default() };
        self.set_member(group, person, founder);
    }

    /// The effects of SPEC §5. Fails only where an admission in the fold would leave the root without an Admin.
    fn apply(&mut self, op: OpIx, fact: &Fact, prevailed: bool) -> Result<(), VoidReason> {
        let group = fact.group;
        match fact.action {
            Action::SubgroupCreated { group: new, alias, visibility } => {
                self.create_subgroup(op, fact, new, alias, visibility);
            }
            Action::GroupDeleted => self.delete_group(group),
            Action::MemberAdded { member, role } => {
                self.admit(op, group, member, role, Admission { prevailed, registers: true })?;
            }
            Action::Claim { invitation, role, .. } => {
                self.admit(op, group, fact.signer, role, Admission { prevailed, registers: true })?;
                self.update_invitation(invitation, |cell| cell.uses = cell.uses.saturating_add(1));
            }
            Action::MemberRemoved { member } => {
                self.remove(op, group, member, member != fact.signer);
            }
            Action::MemberRoleSet { member, role, lowers } => self.set_role(op, group, member, role, lowers)?,
            Action::CapabilitiesGranted { member, bits } => self.grant(op, group, member, bits)?,
            Action::CapabilitiesRevoked { member, bits } => {
                let mut cell = self.member_cell(group, member);
                keep_capabilities(&mut cell, !bits);
                self.set_member(group, member, cell);
            }
            Action::InvitationRevoked { invitation } => self.update_invitation(invitation, |cell| cell.revoked = true),
            Action::MemberAliasSet { member, alias } => {
                let mut cell = self.member_cell(group, member);
                cell.alias = alias;
                cell.alias_writer = op;
                self.set_member(group, member, cell);
            }
            Action::ContextRegistered { .. }
            | Action::ContextDetached { .. }
            | Action::ContextAliasSet { .. }
            | Action::ContextCapabilityGranted { .. }
            | Action::ContextCapabilityRevoked { .. } => self.apply_to_context(op, fact),
            _ => self.apply_setting(op, fact),
        }
        Ok(())
    }

    fn apply_setting(&mut self, op: OpIx, fact: &Fact) {
        let group = fact.group;
        match fact.action {
            Action::DefaultCapabilitiesSet { bits } => {
                self.write_register(group, GroupRegister::DefaultCapabilities, op, |cell| {
                    cell.default_capabilities = bits;
                });
            }
            Action::DefaultVisibilitySet { visibility } => {
                self.write_register(group, GroupRegister::DefaultVisibility, op, |cell| {
                    cell.default_visibility = visibility;
                });
            }
            Action::GroupVisibilitySet { visibility } => {
                self.write_register(group, GroupRegister::Visibility, op, |cell| cell.visibility = visibility);
            }
            Action::UpgradePolicySet { policy } => {
                self.write_register(group, GroupRegister::Policy, op, |cell| cell.policy = policy);
            }
            Action::TargetApplicationSet { target } => {
                self.write_register(group, GroupRegister::Target, op, |cell| {
                    cell.target = target;
                    cell.migrates = true;
                });
            }
            Action::GroupAliasSet { alias } => {
                self.write_register(group, GroupRegister::Alias, op, |cell| cell.alias = alias);
            }
            _ => {}
        }
    }

    fn apply_to_context(&mut self, op: OpIx, fact: &Fact) {
        let history = self.history;
        let directory = &history.directory;
        match fact.action {
            Action::ContextRegistered { context, visibility } => {
                let parts = part::DEFAULT_VISIBILITY;
                let default =
                    self.group_parts(fact.group, parts).map_or(Visibility::Open, |cell| cell.default_visibility);
                let cell = ContextCell {
                    present: true,
                    visibility: visibility.unwrap_or(default),
                    alias: PayloadIx::NONE,
                    alias_writer: OpIx::NONE,
                };
                self.set(directory.context_cell(context), Cell::Context(cell));
            }
            Action::ContextDetached { context } => {
                self.update_context(context, |cell| cell.present = false);
                self.look(Look::Context(context));
                for (at, _) in directory.capabilities_of(context) {
                    self.set(at, Cell::Empty);
                }
            }
            Action::ContextAliasSet { context, alias } => self.update_context(context, |cell| {
                cell.alias = alias;
                cell.alias_writer = op;
            }),
            Action::ContextCapabilityGranted { context, member, bits } => {
                let at = directory.capability_cell(context, member);
                let held = if let Cell::ContextCapability(held) = self.cell(at) { held } else { 0 };
                self.set(at, Cell::ContextCapability(held | bits));
            }
            Action::ContextCapabilityRevoked { context, member, bits } => {
                let at = directory.capability_cell(context, member);
                let held = if let Cell::ContextCapability(held) = self.cell(at) { held } else { 0 };
                let left = held & !bits;
                self.set(at, if left == 0 { Cell::Empty } else { Cell::ContextCapability(left) });
            }
            _ => {}
        }
    }

    fn update_context(&mut self, context: ContextIx, update: impl FnOnce(&mut ContextCell)) {
        let at = self.history.directory.context_cell(context);
        if let Cell::Context(mut cell) = self.cell(at) {
            update(&mut cell);
            self.set(at, Cell::Context(cell));
        }
    }

    fn update_invitation(&mut self, invitation: InvitationIx, update: impl FnOnce(&mut InvitationCell)) {
        let at = self.history.directory.invitation_cell(invitation);
        let mut cell = if let Cell::Invitation(known) = self.cell(at) { known } else { InvitationCell::default() };
        update(&mut cell);
        self.set(at, Cell::Invitation(cell));
    }

    fn create_subgroup(&mut self, op: OpIx, fact: &Fact, new: GroupIx, alias: PayloadIx, visibility: Visibility) {
        let inherited = part::DEFAULT_CAPABILITIES | part::DEFAULT_VISIBILITY | part::TARGET;
        let Some(above) = self.group_parts(fact.group, inherited) else { return };
        let cell = GroupCell {
            alive: true,
            visibility,
            default_capabilities: above.default_capabilities,
            default_visibility: above.default_visibility,
            alias,
            policy: PayloadIx::NONE,
            target: above.target,
            migrates: false,
            admins: 0,
            writers: [OpIx::NONE; 6],
        };
        self.set(self.history.directory.group_cell(new), Cell::Group(cell));
        if fact.basis.rests != Rests::Admin {
            self.make_admin(op, new, fact.signer);
        }
    }

    fn delete_group(&mut self, top: GroupIx) {
        for group in self.history.directory.subtree(top) {
            self.update_group(group, |cell| cell.alive = false);
        }
    }

    /// Admission of a member with a role (SPEC §5).
    fn admit(
        &mut self,
        op: OpIx,
        group: GroupIx,
        member: PersonIx,
        role: Role,
        admission: Admission,
    ) -> Result<(), VoidReason> {
        let defaults = self.group_parts(group, part::DEFAULT_CAPABILITIES).map_or(0, |cell| cell.default_capabilities);
        let brought = match role {
            Role::Admin => 0,
            Role::Member => defaults,
            Role::ReadOnly => defaults & JOIN_OPEN,
        };
        let mut cell = self.member_cell(group, member);
        let new_role = if !cell.present || admission.prevailed { role } else { role.min(cell.role) };
        if !cell.present {
            cell = MemberCell { writer: cell.writer, present: true, role, role_giver: op, ..MemberCell::default() };
        } else if new_role != cell.role {
            if new_role > cell.role {
                keeps_an_admin(self, group, &cell)?;
            }
            cell.role = new_role;
            cell.role_giver = op;
        }
        give_capabilities(&mut cell, brought, op);
        if cell.role == Role::ReadOnly {
            keep_capabilities(&mut cell, JOIN_OPEN);
        }
        cell.barred = false;
        if admission.registers {
            cell.writer = op;
        }
        self.set_member(group, member, cell);
        Ok(())
    }

    /// MemberRemoved: the record here and below, with the member's context capabilities there.
    fn remove(&mut self, op: OpIx, group: GroupIx, member: PersonIx, bar: bool) {
        let history = self.history;
        let directory = &history.directory;
        self.look(Look::Person(member));
        for (at, key) in directory.cells_of_person(member) {
            match key {
                CellKey::Member(place, _) if directory.is_in_path(group, place) => {
                    let mut cell = self.member_cell(place, member);
                    cell.barred |= bar && place == group;
                    let gone = MemberCell {
                        barred: cell.barred,
                        writer: if place == group { op } else { cell.writer },
                        alias_writer: cell.alias_writer,
                        ..MemberCell::default()
                    };
                    self.set_member(place, member, gone);
                }
                CellKey::ContextCapability(context, _)
                    if directory.context(context).is_some_and(|facts| directory.is_in_path(group, facts.group)) =>
                {
                    self.set(at, Cell::Empty);
                }
                _ => {}
            }
        }
    }

    fn set_role(
        &mut self,
        op: OpIx,
        group: GroupIx,
        member: PersonIx,
        role: Role,
        lowers: bool,
    ) -> Result<(), VoidReason> {
        let mut cell = self.member_cell(group, member);
        if cell.present {
            let new_role = if lowers { role.max(cell.role) } else { role };
            if new_role != cell.role {
                cell.role = new_role;
                cell.role_giver = op;
            }
            if cell.role == Role::ReadOnly {
                keep_capabilities(&mut cell, JOIN_OPEN);
            }
            cell.writer = op;
            self.set_member(group, member, cell);
            Ok(())
        } else {
            self.admit(op, group, member, role, Admission { prevailed: false, registers: true })
        }
    }

    fn grant(&mut self, op: OpIx, group: GroupIx, member: PersonIx, bits: u8) -> Result<(), VoidReason> {
        if self.record(group, member).is_none() {
            let role = if bits == JOIN_OPEN { Role::ReadOnly } else { Role::Member };
            self.admit(op, group, member, role, Admission { prevailed: false, registers: false })?;
        }
        let mut cell = self.member_cell(group, member);
        give_capabilities(&mut cell, bits, op);
        self.set_member(group, member, cell);
        Ok(())
    }
}

/// Sets bits; those already held are not given anew.
fn give_capabilities(cell: &mut MemberCell, bits: u8, op: OpIx) {
    for (bit, giver) in cell.capability_givers.iter_mut().enumerate() {
        let mask = 1u8.checked_shl(u32::try_from(bit).unwrap_or(u32::MAX)).unwrap_or(0);
        if bits & mask != 0 && cell.capabilities & mask == 0 {
            *giver = op;
        }
    }
    cell.capabilities |= bits;
}

/// Clears all bits but these.
fn keep_capabilities(cell: &mut MemberCell, bits: u8) {
    cell.capabilities &= bits;
    for (bit, giver) in cell.capability_givers.iter_mut().enumerate() {
        let mask = 1u8.checked_shl(u32::try_from(bit).unwrap_or(u32::MAX)).unwrap_or(0);
        if cell.capabilities & mask == 0 {
            *giver = OpIx::NONE;
        }
    }
}
