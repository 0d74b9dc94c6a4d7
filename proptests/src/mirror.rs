//! A host's copy of everything readable, kept by effects alone.
//!
//! A host that shows groups to people holds just this, so effects must say all there is to say, no more and no less:
//! each must be a change of the copy as it is, and after each outcome the copy must be what the engine shows.

use crate::reference;
use folkmoot_core::group_op::capabilities::CAN_JOIN_OPEN_CONTEXTS;
use folkmoot_core::{
    ContextId, ContextInfo, Effect, Engine, GroupId, GroupView, Hash, MemberInfo, NamespaceId, OpId, Outcome,
    PublicKey, Role, Status, Verdict, Visibility,
};
use std::collections::{BTreeMap, BTreeSet};

/// The copy.
#[derive(Debug, Default, Clone)]
pub struct Mirror {
    namespaces: BTreeSet<NamespaceId>,
    groups: BTreeMap<GroupId, GroupView>,
    verdicts: BTreeMap<OpId, Verdict>,
    forks: BTreeSet<(NamespaceId, PublicKey, OpId, OpId)>,
    /// Who may join what.
    access: BTreeSet<Pair>,
}

/// A context and a person.
type Pair = (ContextId, PublicKey);

impl Mirror {
    /// Takes in what came of an application.
    ///
    /// # Errors
    /// What is wrong with the effects: one that changes nothing or what is not there, a verdict that changed or did not,
    /// a loss of access that was not told or did not happen.
    pub fn take(&mut self, outcome: &Outcome) -> Result<(), String> {
        let mut lost = BTreeSet::new();
        let mut turned = BTreeSet::new();
        for effect in outcome.after_commit() {
            let wrong = |why: &str| format!("{why}: {effect:?}");
            match effect {
                Effect::ContextAccessRevoked { group, context, member } => {
                    if !lost.insert((*group, *context, *member)) {
                        return Err(wrong("told twice"));
                    }
                }
                Effect::OpVoided { op, reason, .. } => {
                    self.turn(&mut turned, *op, Verdict::Void(*reason)).map_err(|why| wrong(&why))?;
                }
                Effect::OpRestored { op, verdict } => {
                    if matches!(verdict, Verdict::Void(_)) {
                        return Err(wrong("restored as void"));
                    }
                    self.turn(&mut turned, *op, *verdict).map_err(|why| wrong(&why))?;
                }
                other => self.change(other).map_err(|why| wrong(&why))?,
            }
        }
        for (id, status) in outcome.statuses() {
            let Status::Admitted(verdict) = status else { continue };
            if self.verdicts.insert(*id, *verdict).is_some() {
                return Err(format!("{id} was admitted twice"));
            }
        }
        if outcome.after_commit().is_empty() {
            return Ok(());
        }
        let could_join = std::mem::take(&mut self.access);
        self.access = self.all_access();
        let expected: BTreeSet<(GroupId, ContextId, PublicKey)> = could_join
            .difference(&self.access)
            .filter_map(|(context, member)| Some((self.home_of(context)?, *context, *member)))
            .collect();
        if lost != expected {
            return Err(format!("lost access to contexts that are still there: {expected:?}, told: {lost:?}"));
        }
        Ok(())
    }

    /// An op that was here before this outcome has another verdict.
    fn turn(&mut self, turned: &mut BTreeSet<OpId>, op: OpId, verdict: Verdict) -> Result<(), String> {
        let Some(before) = self.verdicts.insert(op, verdict) else { return Err("not an op that was here".to_owned()) };
        if before == verdict {
            return Err("the verdict it had".to_owned());
        }
        if turned.insert(op) { Ok(()) } else { Err("turned twice".to_owned()) }
    }

    fn group(&mut self, id: &GroupId) -> Result<&mut GroupView, String> {
        self.groups.get_mut(id).ok_or_else(|| "no such group".to_owned())
    }

    fn member(&mut self, group: &GroupId, member: &PublicKey) -> Result<&mut MemberInfo, String> {
        self.group(group)?.members.get_mut(member).ok_or_else(|| "no such member".to_owned())
    }

    fn context(&mut self, group: &GroupId, context: &ContextId) -> Result<&mut ContextInfo, String> {
        self.group(group)?.contexts.get_mut(context).ok_or_else(|| "no such context".to_owned())
    }

    /// Applies an effect that changes what can be read.
    fn change(&mut self, effect: &Effect) -> Result<(), String> {
        let changes = |changes: bool| if changes { Ok(()) } else { Err("changes nothing".to_owned()) };
        match effect.clone() {
            Effect::NamespaceCreated { namespace } => changes(self.namespaces.insert(namespace)),
            Effect::GroupCreated { group, info } => {
                let view = GroupView {
                    info,
                    members: BTreeMap::new(),
                    contexts: BTreeMap::new(),
                    invitations: BTreeMap::new(),
                    barred: BTreeSet::new(),
                };
                changes(self.groups.insert(group, view).is_none())
            }
            Effect::GroupChanged { group, info } => replace(&mut self.group(&group)?.info, info),
            Effect::GroupDeleted { group } => changes(self.groups.remove(&group).is_some()),
            Effect::MemberAdded { group, member, info } => {
                changes(self.group(&group)?.members.insert(member, info).is_none())
            }
            Effect::MemberRemoved { group, member } => changes(self.group(&group)?.members.remove(&member).is_some()),
            Effect::RoleChanged { group, member, from, to } => {
                let record = self.member(&group, &member)?;
                changes(record.role == from)?;
                replace(&mut record.role, to)
            }
            Effect::CapabilitiesChanged { group, member, from, to } => {
                let record = self.member(&group, &member)?;
                changes(record.capabilities == from)?;
                replace(&mut record.capabilities, to)
            }
            Effect::MemberAliasChanged { group, member, alias } => {
                replace(&mut self.member(&group, &member)?.alias, alias)
            }
            Effect::MemberBarred { group, member } => changes(self.group(&group)?.barred.insert(member)),
            Effect::BarLifted { group, member } => changes(self.group(&group)?.barred.remove(&member)),
            Effect::ContextRegistered { group, context, info } => {
                changes(self.group(&group)?.contexts.insert(context, info).is_none())
            }
            Effect::ContextDetached { group, context } => {
                changes(self.group(&group)?.contexts.remove(&context).is_some())
            }
            Effect::ContextChanged { group, context, visibility, alias } => {
                let info = self.context(&group, &context)?;
                let before = (info.visibility, info.alias.clone());
                changes(before != (visibility, alias.clone()))?;
                (info.visibility, info.alias) = (visibility, alias);
                Ok(())
            }
            Effect::ContextCapabilitiesChanged { group, context, member, capabilities } => {
                let held = &mut self.context(&group, &context)?.capabilities;
                let before = if capabilities == 0 { held.remove(&member) } else { held.insert(member, capabilities) };
                changes(before.unwrap_or(0) != capabilities)
            }
            Effect::InvitationChanged { group, invitation, info } => {
                let known = &mut self.group(&group)?.invitations;
                let before = match info {
                    Some(info) => known.insert(invitation, info),
                    None => known.remove(&invitation),
                };
                changes(before != info)
            }
            Effect::EquivocationFound { namespace, signer, a, b } => {
                changes(self.forks.insert((namespace, signer, a, b)))
            }
            Effect::ContextAccessRevoked { .. } | Effect::OpVoided { .. } | Effect::OpRestored { .. } => Ok(()),
        }
    }

    /// Compares the copy with what the engine shows.
    ///
    /// # Errors
    /// The first difference.
    pub fn check(&self, engine: &mut Engine) -> Result<(), String> {
        let namespaces: BTreeSet<NamespaceId> = engine.namespaces().collect();
        same("namespaces", &self.namespaces, &namespaces)?;
        let (mut groups, mut verdicts, mut forks) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        for namespace in namespaces {
            for group in engine.groups(&namespace) {
                groups.extend(engine.view(&namespace, &group).map(|view| (group, view)));
            }
            verdicts.extend(engine.ops(&namespace));
            forks.extend(engine.equivocations(&namespace).into_iter().map(|(signer, a, b)| (namespace, signer, a, b)));
        }
        same("groups", &self.groups, &groups)?;
        same("verdicts", &self.verdicts, &verdicts)?;
        same("forks", &self.forks, &forks)
    }

    /// Compares what the copy hashes to, computed whole, with the engine's hashes (SPEC §6).
    ///
    /// # Errors
    /// The first difference.
    pub fn check_hashes(&self, engine: &mut Engine) -> Result<(), String> {
        for namespace in &self.namespaces {
            let state = self.state_of(namespace);
            for (id, group) in &state.groups {
                same(&format!("state hash of {id}"), &Some(group.state_hash(id)), &engine.state_hash(namespace, id))?;
            }
            same("digest", &Some(state.digest(namespace)), &engine.digest(namespace))?;
        }
        Ok(())
    }

    /// Compares the questions of SPEC §5 that a host asks with the engine's answers.
    ///
    /// # Errors
    /// The first difference.
    pub fn check_questions(&self, engine: &Engine, people: &[PublicKey]) -> Result<(), String> {
        for (id, view) in &self.groups {
            let namespace = self.namespace_of(id);
            for person in people {
                let ours = self.standing(id, person);
                same(&format!("standing of {person} in {id}"), &ours, &engine.standing(&namespace, id, person))?;
                for context in view.contexts.keys() {
                    let ours = self.may_join(context, person);
                    let theirs = engine.may_join_context(&namespace, context, person);
                    same(&format!("whether {person} may join {context}"), &ours, &theirs)?;
                    let ours = ours && self.standing(id, person) != Some(Role::ReadOnly);
                    let theirs = engine.may_write_context(&namespace, context, person);
                    same(&format!("whether {person} may write in {context}"), &ours, &theirs)?;
                }
            }
            for (context, info) in &view.contexts {
                let theirs = engine.context(&namespace, context);
                same(&format!("context {context}"), &Some((*id, info.clone())), &theirs)?;
            }
        }
        Ok(())
    }

    /// The groups of the copy.
    pub const fn groups(&self) -> &BTreeMap<GroupId, GroupView> {
        &self.groups
    }

    /// The groups from this one up to its root.
    fn path(&self, group: &GroupId) -> Vec<(GroupId, &GroupView)> {
        let mut path = Vec::new();
        let mut at = Some(*group);
        while let Some(here) = at {
            let Some(view) = self.groups.get(&here) else { break };
            path.push((here, view));
            at = view.info.parent;
        }
        path
    }

    fn namespace_of(&self, group: &GroupId) -> NamespaceId {
        self.path(group).last().map_or(NamespaceId::ZERO, |(root, _)| NamespaceId(root.0))
    }

    fn is_admin(&self, group: &GroupId, person: &PublicKey) -> bool {
        self.path(group).iter().any(|(_, view)| is_admin_here(view, person))
    }

    /// "standing(g, p) = the role of p's record at its ground for need any".
    pub fn standing(&self, group: &GroupId, person: &PublicKey) -> Option<Role> {
        if self.is_admin(group, person) {
            return Some(Role::Admin);
        }
        for (_, view) in self.path(group) {
            if let Some(record) = view.members.get(person) {
                return Some(record.role);
            }
            if view.info.visibility == Visibility::Restricted {
                return None;
            }
        }
        None
    }

    fn home_of(&self, context: &ContextId) -> Option<GroupId> {
        self.groups.iter().find(|(_, view)| view.contexts.contains_key(context)).map(|(id, _)| *id)
    }

    /// "p has an Admin ground; or the context is Open and p has a record here with bit 2, or standing inherited from
    /// above; or p holds any context capability of c."
    pub fn may_join(&self, context: &ContextId, person: &PublicKey) -> bool {
        let Some(home) = self.home_of(context) else { return false };
        let Some(view) = self.groups.get(&home) else { return false };
        let Some(info) = view.contexts.get(context) else { return false };
        let open = || match view.members.get(person) {
            Some(record) => record.capabilities & CAN_JOIN_OPEN_CONTEXTS != 0,
            None => self.standing(&home, person).is_some(),
        };
        self.is_admin(&home, person)
            || (info.visibility == Visibility::Open && open())
            || info.capabilities.contains_key(person)
    }

    /// Who may join what.
    fn all_access(&self) -> BTreeSet<Pair> {
        let people: BTreeSet<PublicKey> = self.groups.values().flat_map(|view| view.members.keys().copied()).collect();
        let contexts = self.groups.values().flat_map(|view| view.contexts.keys());
        let pairs = contexts.flat_map(|context| people.iter().map(|person| (*context, *person)));
        pairs.filter(|(context, person)| self.may_join(context, person)).collect()
    }

    /// The state of one namespace, as the reference hashes it. Who gave what is no part of a hash.
    fn state_of(&self, namespace: &NamespaceId) -> reference::State {
        let ours = self.groups.iter().filter(|(id, _)| self.namespace_of(id) == *namespace);
        reference::State { groups: ours.map(|(id, view)| (*id, hashable(view))).collect() }
    }

    /// The digest of a namespace, computed whole from the copy.
    pub fn digest(&self, namespace: &NamespaceId) -> Hash {
        self.state_of(namespace).digest(namespace)
    }
}

fn is_admin_here(view: &GroupView, person: &PublicKey) -> bool {
    view.members.get(person).is_some_and(|record| record.role == Role::Admin)
}

fn replace<T: PartialEq>(place: &mut T, with: T) -> Result<(), String> {
    if *place == with {
        return Err("changes nothing".to_owned());
    }
    *place = with;
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: by effects {ours:?}, engine {theirs:?}")) }
}

fn hashable(view: &GroupView) -> reference::Group {
    let nobody = (0, OpId::ZERO);
    let record = |info: &MemberInfo| reference::Record {
        role: info.role,
        role_by: nobody,
        capabilities: (0..7)
            .map(|at| 1 << at)
            .filter(|bit| info.capabilities & bit != 0)
            .map(|bit| (bit, nobody))
            .collect(),
        alias: info.alias.clone(),
    };
    let context = |info: &ContextInfo| reference::Context {
        application_id: info.application_id,
        blob_id: info.blob_id,
        source: info.source.clone(),
        service_name: info.service_name.clone(),
        visibility: info.visibility,
        alias: info.alias.clone(),
        registered_by: info.registered_by,
        capabilities: info.capabilities.clone(),
    };
    let info = &view.info;
    reference::Group {
        parent: info.parent,
        alias: info.alias.clone(),
        visibility: info.visibility,
        default_capabilities: info.default_capabilities,
        default_visibility: info.default_visibility,
        policy: info.upgrade_policy,
        app_key: info.app_key,
        application_id: info.application_id,
        migration: info.migration.clone(),
        members: view.members.iter().map(|(member, info)| (*member, record(info))).collect(),
        contexts: view.contexts.iter().map(|(id, info)| (*id, context(info))).collect(),
        invitations: view
            .invitations
            .iter()
            .map(|(id, info)| (*id, reference::Invitation { uses: info.uses, revoked: info.revoked }))
            .collect(),
        barred: view.barred.clone(),
        writers: BTreeMap::new(),
    }
}
