//! A history replayed: who is a member of what after each op in the drawn order.
//!
//! A fresh engine is given the ops one by one; what changed is what its effects say, so the cost is that of applying
//! each op once, and what is kept is what changed.

use crate::history::History;
use crate::limits::{MAX_CHANGES, MAX_STEPS};
use crate::text;
use crate::words::role;
use folkmoot_core::{Effect, Engine, GroupId, OpId, PublicKey, Status, Verdict, VerifiedOp};
use serde::Serialize;
use std::collections::BTreeMap;

/// What changed by one step.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Step {
    /// How many of the drawn ops are there after it.
    #[serde(rename = "n")]
    pub(crate) drawn: usize,
    /// Members: group, person, role (none: no longer a member), capabilities.
    #[serde(rename = "m")]
    pub(crate) members: Vec<(usize, usize, Option<&'static str>, u32)>,
    /// Groups: group, name (none: deleted).
    #[serde(rename = "g")]
    pub(crate) groups: Vec<(usize, Option<String>)>,
    /// Drawn ops whose verdict is another than before: op, whether it has an effect.
    #[serde(rename = "v")]
    pub(crate) verdicts: Vec<(usize, bool)>,
}

/// A replayed history.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    /// Everybody who is ever a member, by key.
    pub(crate) people: Vec<PublicKey>,
    /// All groups there ever are, in the order of their appearance.
    pub(crate) groups: Vec<GroupId>,
    pub(crate) steps: Vec<Step>,
}

/// Replays a history in at most [`MAX_STEPS`] steps; in fewer where there are more than [`MAX_CHANGES`] changes.
pub(crate) fn replay(history: &History) -> Replayed {
    let mut at_once = history.replay.len().div_ceil(MAX_STEPS).max(1);
    loop {
        if let Some(replayed) = Replay::new(history).run(&history.replay, at_once) {
            return replayed;
        }
        at_once = at_once.saturating_mul(4);
    }
}

/// A replay on its way.
struct Replay {
    engine: Engine,
    drawn: BTreeMap<OpId, usize>,
    people: BTreeMap<PublicKey, usize>,
    groups: BTreeMap<GroupId, usize>,
    roles: BTreeMap<(usize, usize), (&'static str, u32)>,
    out: Replayed,
}

impl Replay {
    fn new(history: &History) -> Self {
        Self {
            engine: Engine::new(),
            drawn: history.ops.iter().enumerate().map(|(at, op)| (op.id, at)).collect(),
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
            roles: BTreeMap::new(),
            out: Replayed::default(),
        }
    }

    /// None if there are too many changes, unless there is only one step anyway.
    fn run(mut self, ops: &[VerifiedOp], at_once: usize) -> Option<Replayed> {
        let (total, mut drawn, mut changes) = (ops.len(), 0, 0);
        for ops in ops.chunks(at_once) {
            let new = ops.iter().filter(|op| self.drawn.contains_key(&op.id())).count();
            drawn += new;
            let outcome = self.engine.apply_batch(ops.iter().cloned());
            let mut step = Step { drawn, ..Step::default() };
            for (id, status) in outcome.statuses() {
                if let Status::Admitted(verdict) = status {
                    self.judged(id, *verdict, &mut step);
                }
            }
            for effect in outcome.after_commit() {
                self.take(effect, &mut step);
            }
            changes += step.members.len() + step.groups.len() + step.verdicts.len();
            if changes > MAX_CHANGES && at_once < total {
                return None;
            }
            self.out.steps.push(step);
        }
        Some(self.out)
    }

    fn judged(&self, id: &OpId, verdict: Verdict, step: &mut Step) {
        if let Some(op) = self.drawn.get(id) {
            step.verdicts.push((*op, !matches!(verdict, Verdict::Void(_))));
        }
    }

    fn person(&mut self, key: PublicKey) -> usize {
        let people = &mut self.out.people;
        *self.people.entry(key).or_insert_with(|| {
            people.push(key);
            people.len() - 1
        })
    }

    fn group(&mut self, id: GroupId) -> usize {
        let groups = &mut self.out.groups;
        *self.groups.entry(id).or_insert_with(|| {
            groups.push(id);
            groups.len() - 1
        })
    }

    fn member(&mut self, group: GroupId, member: PublicKey, now: Option<(&'static str, u32)>, step: &mut Step) {
        let place = (self.group(group), self.person(member));
        let (role, capabilities) = match now {
            Some((role, capabilities)) => (Some(role), capabilities),
            None => (None, 0),
        };
        match now {
            Some(now) => self.roles.insert(place, now),
            None => self.roles.remove(&place),
        };
        step.members.push((place.0, place.1, role, capabilities));
    }

    fn take(&mut self, effect: &Effect, step: &mut Step) {
        match effect {
            Effect::GroupCreated { group, info } | Effect::GroupChanged { group, info } => {
                let group = self.group(*group);
                step.groups.push((group, Some(text::name(&info.alias))));
            }
            Effect::GroupDeleted { group } => {
                let number = self.group(*group);
                let gone: Vec<_> = self.roles.range((number, 0)..(number + 1, 0)).map(|(place, _)| *place).collect();
                for place in gone {
                    self.roles.remove(&place);
                    step.members.push((place.0, place.1, None, 0));
                }
                step.groups.push((number, None));
            }
            Effect::MemberAdded { group, member, info } => {
                self.member(*group, *member, Some((role(info.role), info.capabilities)), step);
            }
            Effect::MemberRemoved { group, member } => self.member(*group, *member, None, step),
            Effect::RoleChanged { group, member, to, .. } => {
                let capabilities = self.held(*group, *member).map_or(0, |(_, capabilities)| capabilities);
                self.member(*group, *member, Some((role(*to), capabilities)), step);
            }
            Effect::CapabilitiesChanged { group, member, to, .. } => {
                if let Some((role, _)) = self.held(*group, *member) {
                    self.member(*group, *member, Some((role, *to)), step);
                }
            }
            Effect::OpVoided { op, .. } => self.voided(op, false, step),
            Effect::OpRestored { op, verdict } => self.voided(op, !matches!(verdict, Verdict::Void(_)), step),
            _ => {}
        }
    }

    fn held(&mut self, group: GroupId, member: PublicKey) -> Option<(&'static str, u32)> {
        let place = (self.group(group), self.person(member));
        self.roles.get(&place).copied()
    }

    fn voided(&self, op: &OpId, has_effect: bool, step: &mut Step) {
        if let Some(op) = self.drawn.get(op) {
            step.verdicts.push((*op, has_effect));
        }
    }
}
