//! Requests about contexts.

use crate::client::ContextClient;
use crate::error::{Answer, Refusal};
use crate::event::{Event, Notice};
use crate::node::{By, Node};
use crate::store::limits::MAX_PAGE_ROWS;
use crate::store::{ContextUpgrade, LocalChange, UpgradeProgress};
use folkmoot_core::{ContextId, ContextInfo, GroupId, GroupOp, MemberInfo, NamespaceId, OpId, PublicKey, Visibility};
use std::collections::BTreeSet;
use tokio::time::{Instant, timeout_at};

/// A context to be registered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewContext {
    /// The application; the group's target if `None`.
    pub application_id: Option<[u8; 32]>,
    /// Its code.
    pub blob_id: [u8; 32],
    /// Where that comes from, in at most [`MAX_SOURCE_BYTES`](folkmoot_core::limits::MAX_SOURCE_BYTES) bytes.
    pub source: String,
    /// The service, if the application has several.
    pub service_name: Option<String>,
    /// Who may join without being asked; the group's default if `None`.
    pub visibility: Option<Visibility>,
}

/// A context, as it stands and as this node has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextSummary {
    /// The namespace.
    pub namespace: NamespaceId,
    /// The group that it is registered in.
    pub group: GroupId,
    /// What everybody agrees on.
    pub info: ContextInfo,
    /// As whom this node takes part.
    pub joined_as: Vec<PublicKey>,
    /// The application that it runs on this node.
    pub runs: [u8; 32],
    /// Where it is in its group's upgrade, if this node has tried to move it.
    pub upgrade: Option<ContextUpgrade>,
}

/// Whether somebody may execute in a context (SPEC §5: `may_write_context`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Execution {
    /// In the state of the epoch and all before it. The epoch is its author's word: who was removed since can name an old
    /// one.
    pub at_epoch: bool,
    /// In the present state.
    pub now: bool,
}

/// A member of a context's group who may join the context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextMember {
    /// Who.
    pub member: PublicKey,
    /// The record in the group.
    pub info: MemberInfo,
    /// Whether it may write there, too.
    pub may_write: bool,
}

impl ContextClient {
    /// Registers a context in a group; the requester joins it at once if it may. Listeners hear of it as
    /// [`Effect::ContextRegistered`](folkmoot_core::Effect::ContextRegistered).
    ///
    /// # Errors
    /// [`Refusal::Draft`] without the authority (SPEC §5, ContextRegistered); those of every mutation.
    pub async fn create_context(&self, by: By, group: GroupId, context: NewContext) -> Answer<ContextId> {
        self.ask(move |node| node.create_context(&by, &group, context)).await
    }

    /// Takes part in a context, as this node's identity in its namespace, or as another whose key is kept here.
    ///
    /// # Errors
    /// [`Refusal::NoSuchContext`], [`Refusal::MayNotJoin`], [`Refusal::NothingToDo`] if it does already,
    /// [`Refusal::NoSigningKey`] for somebody whose key is not kept here.
    pub async fn join_context(&self, context: ContextId, identity: Option<PublicKey>) -> Answer<PublicKey> {
        self.ask(move |node| node.join_context(&context, identity)).await
    }

    /// No longer takes part in a context. Nobody is told: it is this node's own affair.
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if it did not.
    pub async fn leave_context(&self, context: ContextId, identity: Option<PublicKey>) -> Answer<()> {
        self.ask(move |node| node.leave_context(&context, identity)).await
    }

    /// Detaches a context from its group, and clears what this node keeps of it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchContext`]; [`Refusal::Draft`] without the authority (SPEC §5, ContextDetached).
    pub async fn delete_context(&self, by: By, context: ContextId) -> Answer<OpId> {
        self.ask(move |node| node.delete_context(&by, &context)).await
    }

    /// A context, as it stands and as this node has it. This counts as a use of it: see
    /// [`UpgradePolicy::LazyOnAccess`](folkmoot_core::UpgradePolicy::LazyOnAccess).
    ///
    /// # Errors
    /// [`Refusal::NoSuchContext`].
    pub async fn get_context(&self, context: ContextId) -> Answer<ContextSummary> {
        self.use_context(context).await?;
        self.ask(move |node| node.get_context(&context)).await
    }

    /// Whether somebody may execute in a context: at the epoch that its author names, and now. This counts as a use of
    /// the context.
    ///
    /// # Errors
    /// [`Refusal::NoSuchContext`]; [`Refusal::Epoch`] if the epoch is none, or its ops are still to come.
    pub async fn may_execute(&self, context: ContextId, identity: PublicKey, epoch: Vec<OpId>) -> Answer<Execution> {
        self.use_context(context).await?;
        self.ask(move |node| node.may_execute(&context, &identity, &epoch)).await
    }

    /// Moves a context to its group's target application now, whatever the policy, as far as this node is concerned.
    ///
    /// # Errors
    /// [`Refusal::NoSuchContext`], [`Refusal::NoUpgrade`], [`Refusal::NothingToDo`] if it runs that already or this node
    /// takes no part in it.
    pub async fn update_application(&self, context: ContextId) -> Answer<ContextSummary> {
        self.ask(move |node| node.update_application(&context)).await?;
        self.use_context(context).await?;
        self.ask(move |node| node.get_context(&context)).await
    }

    /// The contexts that this node takes part in, and as whom: up to `limit` and to [`MAX_PAGE_ROWS`], ascending, from
    /// the first after `after`.
    ///
    /// # Errors
    /// Those of every request.
    pub async fn joined_contexts(
        &self,
        after: Option<(ContextId, PublicKey)>,
        limit: usize,
    ) -> Answer<Vec<(ContextId, PublicKey)>> {
        self.ask(move |node| {
            let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
            let page = node.joins.range((from, std::ops::Bound::Unbounded)).map(|(join, _)| *join);
            Ok(page.take(limit.min(MAX_PAGE_ROWS)).collect())
        })
        .await
    }

    /// The members of a context's group who may join it: of up to `limit` and [`MAX_PAGE_ROWS`] members of the group,
    /// ascending, from the first after `after`; and what to ask after for more, `None` at the end.
    ///
    /// # Errors
    /// [`Refusal::NoSuchContext`].
    pub async fn context_members(
        &self,
        context: ContextId,
        after: Option<PublicKey>,
        limit: usize,
    ) -> Answer<(Vec<ContextMember>, Option<PublicKey>)> {
        self.ask(move |node| node.context_members(&context, after, limit)).await
    }

    /// Uses a context: if its group's upgrade waits for that, it is moved first. Whatever comes of it, the use goes on.
    async fn use_context(&self, context: ContextId) -> Answer<()> {
        // Listening begins before the move does.
        let mut events = self.events();
        if !self.ask(move |node| node.use_context(&context)).await? {
            return Ok(());
        }
        let until = Instant::now() + self.sync_timeout;
        while let Ok(Some(notice)) = timeout_at(until, events.next()).await {
            let done = match notice {
                Notice::Event(
                    Event::ContextUpgraded { context: moved, .. } | Event::ContextUpgradeFailed { context: moved, .. },
                ) => moved == context,
                // It may have been among them.
                Notice::Gap { .. } => !self.ask(move |node| node.use_context(&context)).await?,
                Notice::Event(_) => false,
            };
            if done {
                break;
            }
        }
        Ok(())
    }
}

impl Node {
    fn located(&self, context: &ContextId) -> Answer<(NamespaceId, GroupId, ContextInfo)> {
        let namespace = self.namespace_of_context(context).ok_or(Refusal::NoSuchContext(*context))?;
        let (group, info) = self.engine.context(&namespace, context).ok_or(Refusal::NoSuchContext(*context))?;
        Ok((namespace, group, info))
    }

    fn create_context(&mut self, by: &By, group: &GroupId, context: NewContext) -> Answer<ContextId> {
        let application_id = match context.application_id {
            Some(application_id) => application_id,
            None => self.store.group_info(group)?.ok_or(Refusal::NoSuchGroup(*group))?.application_id,
        };
        let NewContext { blob_id, source, service_name, visibility, .. } = context;
        let op = GroupOp::ContextRegistered { application_id, blob_id, source, service_name, visibility };
        let prepared = self.governance_preflight(by, group, op)?;
        let namespace = prepared.namespace;
        let identity = self.requester(&namespace, by)?;
        let op = self.sign(prepared)?;
        let context = ContextId::from(op.id());
        let outcome = self.engine.apply(op);
        // Who registers a restricted context by a capability may not be let in itself.
        let may_join = self.engine.may_join_context(&namespace, &context, &identity);
        let local = if may_join { vec![LocalChange::Join { context, identity }] } else { Vec::new() };
        self.commit(&[outcome], local, true)?;
        Ok(context)
    }

    fn join_context(&mut self, context: &ContextId, identity: Option<PublicKey>) -> Answer<PublicKey> {
        let (namespace, group, info) = self.located(context)?;
        let identity = self.requester(&namespace, &By { requester: identity, expected_state_hash: None })?;
        if self.engine.resolve_signing_key(&self.keys, &group, &identity).is_none() {
            return Err(Refusal::NoSigningKey { group, requester: identity }.into());
        }
        if self.joins.contains_key(&(*context, identity)) {
            return Err(Refusal::NothingToDo("this node takes part in the context already").into());
        }
        if !self.engine.may_join_context(&namespace, context, &identity) {
            return Err(Refusal::MayNotJoin { context: *context, identity }.into());
        }
        let mut local = vec![LocalChange::Join { context: *context, identity }];
        // A finished upgrade goes on if this context has not been moved.
        if let Some(upgrade) = self.store.upgrade(&group)? {
            let row = self.context_upgrades(&group)?.remove(context).unwrap_or_default();
            let runs = row.runs.unwrap_or(info.application_id);
            if upgrade.finished_at.is_some() && runs != upgrade.application_id {
                let upgrade = UpgradeProgress { finished_at: None, ..upgrade };
                local.push(LocalChange::SetUpgrade { group, upgrade });
            }
        }
        self.commit_local(local)?;
        self.ensure_propagator(group);
        Ok(identity)
    }

    fn leave_context(&mut self, context: &ContextId, identity: Option<PublicKey>) -> Answer<()> {
        let of_context = self.joins.range((*context, PublicKey([0; 32]))..=(*context, PublicKey([0xff; 32])));
        let leaving: Vec<PublicKey> = of_context
            .map(|((_, joined), _)| *joined)
            .filter(|joined| identity.is_none_or(|identity| identity == *joined))
            .collect();
        if leaving.is_empty() {
            return Err(Refusal::NothingToDo("this node takes no part in the context").into());
        }
        let leave = |identity| LocalChange::Leave { context: *context, identity };
        self.commit_local(leaving.into_iter().map(leave).collect())
    }

    fn delete_context(&mut self, by: &By, context: &ContextId) -> Answer<OpId> {
        let (_, group, _) = self.located(context)?;
        self.govern(by, &group, GroupOp::ContextDetached { context_id: *context })
    }

    fn get_context(&mut self, context: &ContextId) -> Answer<ContextSummary> {
        let (namespace, group, info) = self.located(context)?;
        let upgrade = self.context_upgrades(&group)?.remove(context);
        let runs = upgrade.as_ref().and_then(|row| row.runs).unwrap_or(info.application_id);
        let joined_as = self.store.joins_of(context)?;
        Ok(ContextSummary { namespace, group, info, joined_as, runs, upgrade })
    }

    fn may_execute(&mut self, context: &ContextId, identity: &PublicKey, epoch: &[OpId]) -> Answer<Execution> {
        let (namespace, ..) = self.located(context)?;
        let at_epoch = self.engine.may_write_context_at(&namespace, context, identity, epoch)?;
        Ok(Execution { at_epoch, now: self.engine.may_write_context(&namespace, context, identity) })
    }

    /// Whether the context is being moved, and its use is to wait for that.
    fn use_context(&mut self, context: &ContextId) -> Answer<bool> {
        let (_, group, _) = self.located(context)?;
        let Some(upgrade) = self.store.upgrade(&group)? else { return Ok(false) };
        // Only with this policy is a use what moves a context; if somebody agreed on this one, its use waits, too.
        let lazily = upgrade.policy == folkmoot_core::UpgradePolicy::LazyOnAccess;
        if lazily || self.touched.contains(context) { self.touch_context(&group, context) } else { Ok(false) }
    }

    fn update_application(&mut self, context: &ContextId) -> Answer<()> {
        let (_, group, _) = self.located(context)?;
        if self.store.upgrade(&group)?.is_none() {
            return Err(Refusal::NoUpgrade(group).into());
        }
        self.try_again(&group, &BTreeSet::from([*context]))?;
        if self.touch_context(&group, context)? {
            Ok(())
        } else {
            Err(Refusal::NothingToDo("the context runs its group's target application, or is not joined here").into())
        }
    }

    fn context_members(
        &mut self,
        context: &ContextId,
        after: Option<PublicKey>,
        limit: usize,
    ) -> Answer<(Vec<ContextMember>, Option<PublicKey>)> {
        let (namespace, group, _) = self.located(context)?;
        let limit = limit.clamp(1, MAX_PAGE_ROWS);
        let page = self.store.members(&group, after, limit)?;
        let next = page.last().map(|(member, _)| *member).filter(|_| page.len() == limit);
        let engine = &self.engine;
        let may_join = page.into_iter().filter(|(member, _)| engine.may_join_context(&namespace, context, member));
        let members = may_join.map(|(member, info)| {
            let may_write = engine.may_write_context(&namespace, context, &member);
            ContextMember { member, info, may_write }
        });
        Ok((members.collect(), next))
    }
}
