//! Short plays that random steps seldom come upon.

use super::world::{Hint, World};
use crate::reference::View;
use folkmoot_core::group_op::{GroupOp, capabilities};
use folkmoot_core::{GroupId, OpId, PublicKey, Role, Visibility};

impl World<'_> {
    /// Plays one of the scenes, on a view or somewhere in the past.
    pub(super) fn play_scene(&mut self) {
        let parents = if self.rng.percent(60) {
            let at = self.rng.below(self.views.len());
            self.views[at].clone()
        } else {
            self.any_past()
        };
        let Some(view) = self.view(&parents) else { return };
        let last = match self.rng.weighted(&[4, 4, 4, 8, 4, 5, 4, 3, 3, 1]) {
            0 => self.forge_with_a_puppet(&parents, &view),
            1 => self.remove_each_other(&parents, &view),
            2 => self.bring_guests(&parents, &view),
            3 => self.build_on_a_claim(&parents, &view),
            4 => self.step_down_and_forge(&parents, &view),
            5 => self.admit_twice(&parents, &view),
            6 => self.write_at_once(&parents, &view),
            7 => self.name_and_readmit(&parents, &view),
            8 => self.visit_below(&parents, &view),
            _ => self.all_leave(&parents, &view),
        };
        if let Some(id) = last {
            self.follow(id);
        }
    }

    fn admins(&self, view: &View, group: &GroupId) -> Vec<usize> {
        (0..self.people.len()).filter(|&at| view.is_admin(group, &self.people[at].public())).collect()
    }

    /// A group that lives, the root half of the time.
    fn stage(&mut self, view: &View) -> GroupId {
        let live: Vec<GroupId> = view.state().groups.keys().copied().collect();
        let root = self.namespace.into();
        if self.rng.percent(50) { root } else { self.rng.pick(&live).unwrap_or(root) }
    }

    fn public(&self, at: usize) -> PublicKey {
        self.people[at].public()
    }

    /// Somebody who could let others in then lets in a puppet now, which goes on to purge.
    fn forge_with_a_puppet(&mut self, parents: &[OpId], view: &View) -> Option<OpId> {
        let group = self.stage(view);
        let forger = self.rng.pick(&self.admins(view, &group))?;
        let puppet = self.fresh_puppet();
        let add = GroupOp::MemberAdded { member: self.public(puppet), role: Role::Admin };
        let last = self.publish(parents, &(forger, group, add))?;
        self.go_on_with(puppet, group, last, &[4, 5, 5, 6, 8, 22])
    }

    fn remove_each_other(&mut self, parents: &[OpId], view: &View) -> Option<OpId> {
        let group = self.stage(view);
        let mut admins = self.admins(view, &group);
        self.rng.shuffle(&mut admins);
        let (&a, &b) = (admins.first()?, admins.get(1)?);
        let (x, y) = (self.public(a), self.public(b));
        let lower = |member| GroupOp::MemberRoleSet { member, role: Role::Member };
        let remove = |member| GroupOp::MemberRemoved { member };
        let (first, second) = match self.rng.below(3) {
            0 => (remove(y), remove(x)),
            1 => (remove(y), lower(x)),
            _ => (lower(y), lower(x)),
        };
        // Only one of them outranks the other; the junior first lets in somebody who would come to help.
        let mut last = self.publish(parents, &(a, group, first));
        if self.rng.percent(40) {
            let guest = self.fresh_puppet();
            let add = GroupOp::MemberAdded { member: self.public(guest), role: Role::Admin };
            if let Some(added) = self.publish(parents, &(b, group, add)) {
                last = self.publish(&[added], &(b, group, second));
            }
        } else {
            last = self.publish(parents, &(b, group, second)).or(last);
        }
        last
    }

    /// Each guest brings the next, and the last one acts.
    fn bring_guests(&mut self, parents: &[OpId], view: &View) -> Option<OpId> {
        let group = self.stage(view);
        let mut host = self.rng.pick(&self.admins(view, &group))?;
        let mut last = parents.to_vec();
        for _ in 0..self.rng.between(2, 4) {
            let guest = self.fresh_puppet();
            let op = if self.rng.percent(50) {
                GroupOp::MemberAdded { member: self.public(guest), role: Role::Admin }
            } else {
                let slip = self.invite(host, group, Role::Admin, None, 1);
                self.claim_by(&slip, guest)
            };
            let signer = if matches!(op, GroupOp::MemberAdded { .. }) { host } else { guest };
            if !self.is_sound(&last, &(signer, group, op.clone())) {
                break;
            }
            last = vec![self.publish(&last, &(signer, group, op))?];
            // Sometimes the host is removed by the guest's back.
            host = guest;
        }
        last.first().copied()
    }

    /// Somebody joins by an invitation; it is revoked from before; a senior has given the joiner something meanwhile,
    /// and the joiner goes on with it.
    fn build_on_a_claim(&mut self, parents: &[OpId], view: &View) -> Option<OpId> {
        let group = self.stage(view);
        let mut hosts = self.admins(view, &group);
        let inviters = (0..self.people.len()).filter(|&at| {
            let record = view.state().record(&group, &self.people[at].public());
            record.is_some_and(|record| record.mask() & capabilities::CAN_INVITE_MEMBERS != 0)
        });
        hosts.extend(inviters);
        let inviter = self.rng.pick(&hosts)?;
        let guest = self.fresh_puppet();
        let role = self.some_role();
        let slip = self.invite(inviter, group, role, None, 2);
        let claim = self.claim_by(&slip, guest);
        if !self.is_sound(parents, &(guest, group, claim.clone())) {
            return None;
        }
        let joined = self.publish(parents, &(guest, group, claim))?;
        let given = self.give_to_a_guest(joined, group, guest)?;
        let revocation = GroupOp::InvitationRevoked { invitation_id: slip.invitation.id() };
        let revoker = if self.rng.percent(60) { inviter } else { self.rng.pick(&hosts)? };
        self.publish(parents, &(revoker, group, revocation));
        self.go_on_with(guest, group, given, &[2, 4, 5, 6, 8, 22])
    }

    /// Something that may count as built on a claim, or just does not.
    fn give_to_a_guest(&mut self, joined: OpId, group: GroupId, guest: usize) -> Option<OpId> {
        let view = self.view(&[joined])?;
        let member = self.public(guest);
        let senior = self.rng.pick(&self.admins(&view, &group))?;
        let groups = &view.state().groups;
        let below: Vec<GroupId> =
            groups.iter().filter(|(_, child)| child.parent == Some(group)).map(|(id, _)| *id).collect();
        let elsewhere = self.rng.pick(&below).filter(|_| self.rng.percent(70)).unwrap_or_else(|| self.stage(&view));
        let gift = match self.rng.below(7) {
            0 => (senior, group, GroupOp::MemberRoleSet { member, role: Role::Admin }),
            1 => (senior, group, GroupOp::MemberRoleSet { member, role: self.some_role() }),
            2 => (senior, group, GroupOp::CapabilitiesGranted { member, capabilities: self.some_capabilities() }),
            3 => {
                let capabilities = capabilities::CAN_JOIN_OPEN_CONTEXTS;
                (senior, group, GroupOp::CapabilitiesGranted { member, capabilities })
            }
            4 => (senior, elsewhere, GroupOp::MemberAdded { member, role: Role::Member }),
            5 => (senior, elsewhere, GroupOp::MemberAdded { member, role: Role::Admin }),
            _ => {
                let slip = self.invite(senior, elsewhere, Role::Member, None, 1);
                (guest, elsewhere, self.claim_by(&slip, guest))
            }
        };
        self.publish(&[joined], &gift)
    }

    /// Somebody does what it can on an op, once or twice; the last of that.
    fn go_on_with(&mut self, actor: usize, group: GroupId, from: OpId, kinds: &[usize]) -> Option<OpId> {
        let mut last = from;
        for _ in 0..self.rng.between(1, 2) {
            let view = self.view(&[last])?;
            for _ in 0..8 {
                let kind = self.rng.pick(kinds)?;
                let hint = Hint { signer: Some(actor), group: Some(group), ..Hint::default() };
                if let Some(plan) = self.propose_kind(kind, &view, hint)
                    && self.is_sound(&[last], &plan)
                {
                    last = self.publish(&[last], &plan)?;
                    break;
                }
            }
        }
        Some(last)
    }

    /// One names a member; another, who has not seen that, removes the member, lets it in again and names it too.
    fn name_and_readmit(&mut self, parents: &[OpId], view: &View) -> Option<OpId> {
        let group = self.stage(view);
        let admins = self.admins(view, &group);
        let (a, b) = (self.rng.pick(&admins)?, self.rng.pick(&admins)?);
        let members: Vec<PublicKey> = view.state().groups.get(&group)?.members.keys().copied().collect();
        let member = self.rng.pick(&members)?;
        let remove = (b, group, GroupOp::MemberRemoved { member });
        if !self.is_sound(parents, &remove) {
            return None;
        }
        let alias = self.some_name();
        self.publish(parents, &(a, group, GroupOp::MemberAliasSet { member, alias }));
        let mut last = self.publish(parents, &remove)?;
        let role = self.some_role();
        last = self.publish(&[last], &(b, group, GroupOp::MemberAdded { member, role }))?;
        let alias = self.some_name();
        self.publish(&[last], &(b, group, GroupOp::MemberAliasSet { member, alias }))
    }

    /// Somebody gives up what it has, and then acts as if it had not.
    fn step_down_and_forge(&mut self, parents: &[OpId], view: &View) -> Option<OpId> {
        let group = self.stage(view);
        let actor = self.rng.pick(&self.admins(view, &group))?;
        let member = self.public(actor);
        let give_up = match self.rng.below(3) {
            0 => GroupOp::MemberRemoved { member },
            1 => GroupOp::MemberRoleSet { member, role: Role::Member },
            _ => GroupOp::MemberRoleSet { member, role: Role::ReadOnly },
        };
        let down = self.publish(parents, &(actor, group, give_up))?;
        for _ in 0..self.rng.between(1, 2) {
            let hint = Hint { signer: Some(actor), group: Some(group), ..Hint::default() };
            if let Some(plan) = self.propose(view, hint)
                && self.is_sound(parents, &plan)
            {
                self.publish(parents, &plan);
            }
        }
        Some(down)
    }

    /// Two let in the same person with roles of their own, one later than the other and after the other's gifts; the
    /// person acts on the one it has seen.
    fn admit_twice(&mut self, parents: &[OpId], view: &View) -> Option<OpId> {
        let group = self.stage(view);
        let admins = self.admins(view, &group);
        let (a, b) = (self.rng.pick(&admins)?, self.rng.pick(&admins)?);
        let guest = self.fresh_puppet();
        let member = self.public(guest);
        let (role, other) = (self.some_role(), self.some_role());
        let mut first = self.publish(parents, &(a, group, GroupOp::MemberAdded { member, role }))?;
        if self.rng.percent(50) {
            let capabilities = self.some_capabilities();
            let gift = (a, group, GroupOp::CapabilitiesGranted { member, capabilities });
            if self.is_sound(&[first], &gift) {
                first = self.publish(&[first], &gift)?;
            }
        }
        let steps = self.rng.below(4);
        let late = self.dawdle(parents, steps);
        let second = self.publish(&late, &(b, group, GroupOp::MemberAdded { member, role: other }))?;
        let (first, seen) = if self.rng.percent(50) { (first, second) } else { (second, first) };
        let last = self.go_on_with(guest, group, seen, &[2, 4, 4, 5, 6, 8, 14, 22])?;
        // What a guest's guest does after it has seen both.
        let both = self.maximal(&[first, last]);
        let view = self.view(&both)?;
        let kind = [4, 5, 6][self.rng.below(3)];
        let hint = Hint { group: Some(group), ..Hint::default() };
        match self.propose_kind(kind, &view, hint) {
            Some(plan) if self.is_sound(&both, &plan) => self.publish(&both, &plan),
            _ => Some(last),
        }
    }

    /// Somebody who governs from above is let into a group below, and leaves it or is put out.
    fn visit_below(&mut self, parents: &[OpId], view: &View) -> Option<OpId> {
        let below: Vec<GroupId> =
            view.state().groups.iter().filter(|(_, group)| group.parent.is_some()).map(|(id, _)| *id).collect();
        let group = self.rng.pick(&below)?;
        let visitor = self.rng.pick(&self.admins(view, &self.namespace.into()))?;
        let member = self.public(visitor);
        let host = self.rng.pick(&self.admins(view, &group))?;
        let role = self.some_role();
        let add = (host, group, GroupOp::MemberAdded { member, role });
        let from = if self.is_sound(parents, &add) { vec![self.publish(parents, &add)?] } else { parents.to_vec() };
        let view = self.view(&from)?;
        let other = self.rng.pick(&self.admins(&view, &group))?;
        let who = if self.rng.percent(40) { visitor } else { other };
        let op = if self.rng.percent(60) {
            GroupOp::MemberRemoved { member }
        } else {
            GroupOp::MemberRoleSet { member, role: self.some_role() }
        };
        self.publish(&from, &(who, group, op))
    }

    /// Several write the same register without having seen each other, one after a detour.
    fn write_at_once(&mut self, parents: &[OpId], view: &View) -> Option<OpId> {
        let kind = [9, 10, 11, 12, 13, 16, 17, 18, 6][self.rng.below(9)];
        let mut hint = Hint::default();
        let mut last = None;
        for _ in 0..3 {
            for _ in 0..8 {
                let Some(plan) = self.propose_kind(kind, view, hint) else { break };
                if !self.is_sound(parents, &plan) {
                    continue;
                }
                let from = match (last, self.rng.percent(30)) {
                    (None, true) => self.publish(parents, &(plan.0, plan.1, GroupOp::Noop)).map(|id| vec![id]),
                    _ => None,
                };
                last = self.publish(from.as_deref().unwrap_or(parents), &plan).or(last);
                if let Some(id) = last {
                    hint = Hint { signer: None, ..self.hint_of(&id) };
                }
                break;
            }
        }
        last
    }

    /// All who govern the root leave it, each thinking that the others stay.
    fn all_leave(&mut self, parents: &[OpId], view: &View) -> Option<OpId> {
        let root: GroupId = self.namespace.into();
        let mut last = None;
        for actor in self.admins(view, &root) {
            let member = self.public(actor);
            let leave = if self.rng.percent(50) {
                GroupOp::MemberRemoved { member }
            } else {
                GroupOp::MemberRoleSet { member, role: Role::Member }
            };
            last = self.publish(parents, &(actor, root, leave)).or(last);
        }
        last
    }

    /// Groups in groups, down to the sixteenth edge, and one step too far.
    pub(super) fn plant_deep_tree(&mut self) {
        let mut group: GroupId = self.namespace.into();
        for edge in 1..=17 {
            let visibility = if edge % 5 == 4 { Visibility::Restricted } else { Visibility::Open };
            let create = GroupOp::SubgroupCreated { alias: format!("level {edge}"), visibility };
            let Some(id) = self.advance(0, (0, group, create)) else { return };
            if edge <= 16 {
                group = id.into();
            }
        }
    }
}
