//! Upgrades: a group's contexts move to its target application, each node its own.
//!
//! A new target is written down in the commit that brings it. What moves when is the group's policy: at once, at a
//! context's next use, or by agreement until a deadline. One propagator a group asks the manager for the next step, has
//! the host move one context, and reports; all that it knows is on disk, so that whoever asks after a crash goes on where
//! it was.

use super::Node;
use crate::config::ContextMove;
use crate::error::Answer;
use crate::event::Event;
use crate::propagator::propagate;
use crate::store::{ContextUpgrade, Fault, LocalChange, UpgradeProgress};
use folkmoot_core::{ContextId, Effect, GroupId, GroupInfo, Outcome, UpgradePolicy};
use std::collections::{BTreeMap, BTreeSet};

/// What a propagator does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Has this context moved.
    Move(ContextMove),
    /// Asks again after so many seconds.
    Wait(u64),
    /// Ends: another begins when there is something to do.
    End,
}

/// The target of an upgrade, by which a report is known to be about it.
type Target = ([u8; 32], [u8; 32]);

impl UpgradeProgress {
    fn target(&self) -> Target {
        (self.app_key, self.application_id)
    }

    /// When what is left moves by itself, in unix seconds; `None` if only at a use or by agreement.
    fn due_at(&self) -> Option<u64> {
        match self.policy {
            UpgradePolicy::Automatic => Some(0),
            UpgradePolicy::LazyOnAccess => None,
            UpgradePolicy::Coordinated { deadline_secs } => {
                deadline_secs.map(|seconds| self.started_at.saturating_add(seconds))
            }
        }
    }
}

impl Node {
    // What follows from effects, before they are committed.

    /// A group's data changed: if its target did, an upgrade begins; if its policy did, one under way goes by the new one.
    pub(crate) fn group_changed(
        &mut self,
        group: &GroupId,
        info: &GroupInfo,
        local: &mut Vec<LocalChange>,
    ) -> Result<(), Fault> {
        let Some(before) = self.store.group_info(group)? else { return Ok(()) };
        let target = |info: &GroupInfo| (info.app_key, info.application_id, info.migration.clone());
        if target(&before) != target(info) {
            // What each context runs by now is kept; how far the upgrade before had come is not.
            let rows = self.context_upgrades(group)?;
            local.push(LocalChange::ForgetUpgrade { group: *group });
            for (context, row) in rows {
                let progress = ContextUpgrade { runs: row.runs, ..ContextUpgrade::default() };
                local.push(LocalChange::SetContextUpgrade { group: *group, context, progress });
            }
            let upgrade = UpgradeProgress {
                app_key: info.app_key,
                application_id: info.application_id,
                migration: info.migration.clone(),
                policy: info.upgrade_policy,
                started_at: self.host.clock.now(),
                finished_at: None,
            };
            local.push(LocalChange::SetUpgrade { group: *group, upgrade });
        } else if before.upgrade_policy != info.upgrade_policy
            && let Some(upgrade) = self.store.upgrade(group)?.filter(|upgrade| upgrade.finished_at.is_none())
        {
            let upgrade = UpgradeProgress { policy: info.upgrade_policy, ..upgrade };
            local.push(LocalChange::SetUpgrade { group: *group, upgrade });
        }
        Ok(())
    }

    /// A group is gone, and its upgrade with it.
    pub(crate) fn group_deleted(&mut self, group: &GroupId, local: &mut Vec<LocalChange>) -> Result<(), Fault> {
        if self.store.upgrade(group)?.is_some() {
            local.push(LocalChange::ForgetUpgrade { group: *group });
        }
        Ok(())
    }

    // What runs by itself.

    /// Starts propagators for what was just committed.
    pub(crate) fn tend_upgrades(&mut self, outcomes: &[Outcome]) {
        for effect in outcomes.iter().flat_map(Outcome::after_commit) {
            if let Effect::GroupChanged { group, .. } = effect
                && self.unfinished.contains(group)
            {
                self.ensure_propagator(*group);
            }
        }
    }

    /// Starts propagators for all that is not finished; those with nothing to do end at once.
    pub(crate) fn tend_all_upgrades(&mut self) {
        for group in self.unfinished.clone() {
            self.ensure_propagator(group);
        }
    }

    /// Goes on with upgrades where they were.
    pub(crate) fn recover_in_progress_upgrades(&mut self) -> Result<(), Fault> {
        let mut after: Option<GroupId> = None;
        loop {
            let page = self.store.upgrades(after)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            let unfinished = page.iter().filter(|(_, upgrade)| upgrade.finished_at.is_none());
            self.unfinished.extend(unfinished.map(|(group, _)| *group));
        }
        self.tend_all_upgrades();
        Ok(())
    }

    /// One propagator a group.
    pub(crate) fn ensure_propagator(&self, group: GroupId) {
        if let Some(running) = self.host.propagating.begin(group) {
            let (mailbox, upgrader) = (self.host.mailbox.clone(), self.host.upgrader.clone());
            self.host.runtime.spawn(propagate(mailbox, upgrader, running));
        }
    }

    // Steps.

    /// What a group's propagator does next.
    pub(crate) fn next_upgrade_step(&mut self, group: &GroupId) -> Answer<Step> {
        let Some(upgrade) = self.store.upgrade(group)?.filter(|upgrade| upgrade.finished_at.is_none()) else {
            return Ok(Step::End);
        };
        let (now, due_at) = (self.host.clock.now(), upgrade.due_at());
        let rows = self.context_upgrades(group)?;
        let (mut left, mut wake): (bool, Option<u64>) = (false, None);
        for context in self.contexts_joined_in(group) {
            let row = rows.get(&context).cloned().unwrap_or_default();
            let Some(from_application) = self.to_be_moved(&context, &row, &upgrade) else { continue };
            if row.tries >= self.host.config.upgrade_tries {
                continue;
            }
            left = true;
            // By itself at its time; at a use, or by agreement, at once.
            let time = if self.touched.contains(&context) { Some(0) } else { due_at };
            let Some(time) = time.map(|time| time.max(row.not_before)) else { continue };
            if time > now {
                wake = Some(wake.map_or(time, |wake| wake.min(time)));
                continue;
            }
            return Ok(Step::Move(ContextMove {
                group: *group,
                context,
                from_application,
                app_key: upgrade.app_key,
                application_id: upgrade.application_id,
                migration: upgrade.migration,
            }));
        }
        if !left {
            let upgrade = UpgradeProgress { finished_at: Some(now), ..upgrade };
            self.commit_local(vec![LocalChange::SetUpgrade { group: *group, upgrade }])?;
        }
        Ok(wake.map_or(Step::End, |wake| Step::Wait(wake.saturating_sub(now))))
    }

    /// What the host came to with a context.
    pub(crate) fn note_move(&mut self, step: &ContextMove, result: Result<(), String>) -> Answer<()> {
        let ContextMove { group, context, .. } = *step;
        let upgrade = self.store.upgrade(&group)?;
        let same = upgrade.is_some_and(|upgrade| upgrade.target() == (step.app_key, step.application_id));
        let mut row = self.context_upgrades(&group)?.remove(&context).unwrap_or_default();
        match result {
            Ok(()) => {
                // It runs that now, whatever the target has become meanwhile.
                row = ContextUpgrade { runs: Some(step.application_id), done: same, ..ContextUpgrade::default() };
            }
            // A failed move to what is no longer the target says nothing.
            Err(_) if !same => return Ok(()),
            Err(error) => {
                let pause = self.host.config.upgrade_backoff.saturating_mul(1u64 << row.tries.min(32));
                row.tries = row.tries.saturating_add(1);
                row.not_before = self.host.clock.now().saturating_add(pause.min(self.host.config.upgrade_backoff_max));
                row.last_error = Some(error);
            }
        }
        let given_up = row.tries >= self.host.config.upgrade_tries;
        self.commit_local(vec![LocalChange::SetContextUpgrade { group, context, progress: row.clone() }])?;
        match row.last_error {
            None => {
                self.touched.remove(&context);
                self.host.metrics.count_upgrade("moved");
                self.emit(Event::ContextUpgraded { group, context });
            }
            Some(error) if given_up => {
                self.touched.remove(&context);
                self.host.metrics.count_upgrade("given_up");
                self.emit(Event::ContextUpgradeFailed { group, context, error });
            }
            Some(_) => self.host.metrics.count_upgrade("failed"),
        }
        Ok(())
    }

    // Questions.

    /// How far each context of a group is.
    pub(crate) fn context_upgrades(&self, group: &GroupId) -> Result<BTreeMap<ContextId, ContextUpgrade>, Fault> {
        let mut all = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.store.context_upgrades(group, after)?;
            let Some((last, _)) = page.last() else { return Ok(all) };
            after = Some(*last);
            all.extend(page);
        }
    }

    /// The contexts of a group that this node takes part in.
    pub(crate) fn contexts_joined_in(&self, group: &GroupId) -> BTreeSet<ContextId> {
        let joined = self.joins.iter().filter(|((context, _), namespace)| {
            self.engine.context(namespace, context).is_some_and(|(registered, _)| registered == *group)
        });
        joined.map(|((context, _), _)| *context).collect()
    }

    /// The application that a context runs on this node.
    pub(crate) fn runs(&self, context: &ContextId, row: &ContextUpgrade) -> Option<[u8; 32]> {
        let namespace = self.namespace_of_context(context)?;
        let (_, info) = self.engine.context(&namespace, context)?;
        Some(row.runs.unwrap_or(info.application_id))
    }

    /// What a context runs, if it is to run something else.
    pub(crate) fn to_be_moved(
        &self,
        context: &ContextId,
        row: &ContextUpgrade,
        upgrade: &UpgradeProgress,
    ) -> Option<[u8; 32]> {
        self.runs(context, row).filter(|runs| !row.done && *runs != upgrade.application_id)
    }

    /// Has a context moved at its use, if its group's upgrade has not come to it: whether somebody is to wait for that.
    pub(crate) fn touch_context(&mut self, group: &GroupId, context: &ContextId) -> Answer<bool> {
        if !self.unfinished.contains(group) || !self.joins.keys().any(|(joined, _)| joined == context) {
            return Ok(false);
        }
        let Some(upgrade) = self.store.upgrade(group)? else { return Ok(false) };
        let row = self.context_upgrades(group)?.remove(context).unwrap_or_default();
        let given_up = row.tries >= self.host.config.upgrade_tries;
        if given_up || self.to_be_moved(context, &row, &upgrade).is_none() {
            return Ok(false);
        }
        self.touched.insert(*context);
        self.ensure_propagator(*group);
        Ok(true)
    }
}
