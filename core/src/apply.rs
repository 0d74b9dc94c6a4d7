//! What an op changes, once it may (SPEC §5).

use crate::arena::{GroupIx, OpIx, PayloadIx, PersonIx};
use crate::authority::{JOIN_OPEN, Read};
use crate::cells::{Cell, ContextCell, GroupCell, GroupRegister, MemberCell, part};
use crate::directory::CellKey;
use crate::facts::{Action, Fact, Rests};
use crate::group_op::{Role, Visibility};
use crate::preconditions::keeps_an_admin;
use crate::touched::Look;
use crate::verdict::VoidReason;
use crate::work::Work;

/// How somebody comes in.
#[derive(Debug, Clone, Copy)]
struct Admission {
    /// The op prevails over a concurrent writer of the register.
    prevailed: bool,
    /// The op is the register's last writer from here on.
    registers: bool,
}

impl Work<'_> {
    /// NamespaceCreated: the root, and the founder its Admin.
    pub(crate) fn found(&mut self, op: OpIx, fact: &Fact, alias: PayloadIx, target: PayloadIx) {
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
    pub(crate) fn apply(&mut self, op: OpIx, fact: &Fact, prevailed: bool) -> Result<(), VoidReason> {
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
