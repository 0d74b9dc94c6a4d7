//! Requests about upgrades.

use crate::client::ContextClient;
use crate::error::{Answer, Refusal};
use crate::node::{By, Node};
use crate::store::{ContextUpgrade, LocalChange, UpgradeProgress};
use folkmoot_core::{ContextId, GroupId, GroupOp, OpId, UpgradePolicy};
use std::collections::{BTreeMap, BTreeSet};

/// A group's new target application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The key of the application.
    pub app_key: [u8; 32],
    /// The application.
    pub application_id: [u8; 32],
    /// How contexts get there, if they have to be migrated.
    pub migration: Option<String>,
    /// When they move; as it is if `None`.
    pub policy: Option<UpgradePolicy>,
}

/// How far a group's upgrade has come on this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpgradeStatus {
    /// Where it leads, by which policy, since when.
    pub upgrade: UpgradeProgress,
    /// The contexts of the group that this node takes part in, and how far each has come.
    pub contexts: BTreeMap<ContextId, ContextStatus>,
}

/// How far one context has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextStatus {
    /// It runs the target.
    Moved,
    /// It is still to be moved: at its time, at its next use, or by agreement; the tries so far are told.
    Waiting(ContextUpgrade),
    /// It was tried too often, and waits for [`ContextClient::retry_group_upgrade`].
    GivenUp(ContextUpgrade),
}

impl ContextClient {
    /// Sets a group's target application, and when contexts move there: one op, or two that are committed together. Each
    /// node then moves its own contexts.
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if the group has that target and policy; [`Refusal::Draft`] without the authority
    /// (SPEC §5, TargetApplicationSet and UpgradePolicySet).
    pub async fn upgrade_group(&self, by: By, group: GroupId, target: Target) -> Answer<Vec<OpId>> {
        self.ask(move |node| node.upgrade_group(&by, &group, target)).await
    }

    /// How far a group's upgrade has come on this node.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`], [`Refusal::NoUpgrade`] if none ever began.
    pub async fn get_group_upgrade_status(&self, group: GroupId) -> Answer<UpgradeStatus> {
        self.ask(move |node| node.upgrade_status(&group)).await
    }

    /// Tries contexts again that were given up, or wait for another try: how many.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`], [`Refusal::NoUpgrade`], [`Refusal::NothingToDo`] if there is none.
    pub async fn retry_group_upgrade(&self, group: GroupId) -> Answer<usize> {
        self.ask(move |node| node.retry_upgrade(&group)).await
    }
}

impl Node {
    fn upgrade_group(&mut self, by: &By, group: &GroupId, target: Target) -> Answer<Vec<OpId>> {
        let info = self.store.group_info(group)?.ok_or(Refusal::NoSuchGroup(*group))?;
        let Target { app_key, application_id, migration, policy } = target;
        let mut ops = Vec::new();
        if let Some(policy) = policy.filter(|policy| *policy != info.upgrade_policy) {
            ops.push(GroupOp::UpgradePolicySet { policy });
        }
        if (info.app_key, info.application_id, &info.migration) != (app_key, application_id, &migration) {
            ops.push(GroupOp::TargetApplicationSet { app_key, application_id, migration });
        }
        if ops.is_empty() {
            return Err(Refusal::NothingToDo("the group has this target and policy").into());
        }
        self.govern_all(by, group, ops)
    }

    fn upgrade_of(&self, group: &GroupId) -> Answer<UpgradeProgress> {
        self.namespace_of_group(group)?;
        Ok(self.store.upgrade(group)?.ok_or(Refusal::NoUpgrade(*group))?)
    }

    fn upgrade_status(&self, group: &GroupId) -> Answer<UpgradeStatus> {
        let upgrade = self.upgrade_of(group)?;
        let mut rows = self.context_upgrades(group)?;
        let mut contexts = BTreeMap::new();
        for context in self.contexts_joined_in(group) {
            let row = rows.remove(&context).unwrap_or_default();
            let status = if self.to_be_moved(&context, &row, &upgrade).is_none() {
                ContextStatus::Moved
            } else if row.tries >= self.host.config.upgrade_tries {
                ContextStatus::GivenUp(row)
            } else {
                ContextStatus::Waiting(row)
            };
            contexts.insert(context, status);
        }
        Ok(UpgradeStatus { upgrade, contexts })
    }

    fn retry_upgrade(&mut self, group: &GroupId) -> Answer<usize> {
        self.upgrade_of(group)?;
        let contexts = self.contexts_joined_in(group);
        let again = self.try_again(group, &contexts)?;
        if again == 0 {
            return Err(Refusal::NothingToDo("no context of the group waits for another try").into());
        }
        self.ensure_propagator(*group);
        Ok(again)
    }

    /// Forgets the failed tries of these contexts: of how many.
    pub(crate) fn try_again(&mut self, group: &GroupId, contexts: &BTreeSet<ContextId>) -> Answer<usize> {
        let Some(upgrade) = self.store.upgrade(group)? else { return Ok(0) };
        let mut local = Vec::new();
        for (context, row) in self.context_upgrades(group)? {
            if contexts.contains(&context) && row.tries > 0 && self.to_be_moved(&context, &row, &upgrade).is_some() {
                let progress = ContextUpgrade { runs: row.runs, ..ContextUpgrade::default() };
                local.push(LocalChange::SetContextUpgrade { group: *group, context, progress });
                // It was tried once, so its time has come.
                self.touched.insert(context);
            }
        }
        let again = local.len();
        if again > 0 || upgrade.finished_at.is_some() {
            let upgrade = UpgradeProgress { finished_at: None, ..upgrade };
            local.push(LocalChange::SetUpgrade { group: *group, upgrade });
            self.commit_local(local)?;
        }
        Ok(again)
    }
}
