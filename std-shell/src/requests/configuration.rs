//! Requests about names and settings.

use crate::client::ContextClient;
use crate::error::{Answer, Refusal};
use crate::node::{By, Node};
use folkmoot_core::{ContextId, GroupId, GroupInfo, GroupOp, MemberInfo, OpId, PublicKey, UpgradePolicy, Visibility};

/// Settings of a group to be changed; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupSettings {
    /// Its name.
    pub alias: Option<String>,
    /// Whether standing is inherited from above; not for the root.
    pub visibility: Option<Visibility>,
    /// What new members may do.
    pub default_capabilities: Option<u32>,
    /// Who may join contexts registered from now on.
    pub default_visibility: Option<Visibility>,
    /// When contexts are upgraded.
    pub upgrade_policy: Option<UpgradePolicy>,
}

impl ContextClient {
    /// Names a group (SPEC §5, GroupAliasSet).
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if that is its name; [`Refusal::Draft`] without the authority, or if it is longer than
    /// [`MAX_NAME_BYTES`](folkmoot_core::limits::MAX_NAME_BYTES).
    pub async fn set_group_alias(&self, by: By, group: GroupId, alias: String) -> Answer<OpId> {
        self.ask(move |node| {
            let changes = node.group_as_asked(&by, &group)?.alias != alias;
            node.govern_if(changes, &by, &group, GroupOp::GroupAliasSet { alias })
        })
        .await
    }

    /// Names a member in a group (SPEC §5, MemberAliasSet): anybody itself, others with CAN_MANAGE_METADATA.
    ///
    /// # Errors
    /// [`Refusal::NoSuchMember`], [`Refusal::NothingToDo`] if that is its name; [`Refusal::Draft`] without the authority,
    /// or if it is longer than [`MAX_NAME_BYTES`](folkmoot_core::limits::MAX_NAME_BYTES).
    pub async fn set_member_alias(&self, by: By, group: GroupId, member: PublicKey, alias: String) -> Answer<OpId> {
        self.ask(move |node| {
            node.asked(&by, &group)?;
            let changes = node.record(&group, &member)?.alias != alias;
            node.govern_if(changes, &by, &group, GroupOp::MemberAliasSet { member, alias })
        })
        .await
    }

    /// Names a context (SPEC §5, ContextAliasSet): whoever registered it, others with CAN_MANAGE_METADATA.
    ///
    /// # Errors
    /// [`Refusal::NoSuchContext`], [`Refusal::NothingToDo`] if that is its name; [`Refusal::Draft`] without the authority,
    /// or if it is longer than [`MAX_NAME_BYTES`](folkmoot_core::limits::MAX_NAME_BYTES).
    pub async fn set_context_alias(&self, by: By, context: ContextId, alias: String) -> Answer<OpId> {
        self.ask(move |node| node.set_context_alias(&by, context, alias)).await
    }

    /// Changes several settings of a group in one commit, with an op for each that is another than it was: their ids.
    /// Either all that differ are changed or, if one of them may not be, none.
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if none differs; [`Refusal::Draft`] as for each setting by itself.
    pub async fn update_group_settings(&self, by: By, group: GroupId, settings: GroupSettings) -> Answer<Vec<OpId>> {
        self.ask(move |node| node.update_group_settings(&by, &group, settings)).await
    }

    /// Takes a context out of its group, for all (SPEC §5, ContextDetached). If this node took part in it, it has left.
    ///
    /// # Errors
    /// [`Refusal::NoSuchContext`] if it is not registered in this group; [`Refusal::Draft`] without the authority.
    pub async fn detach_context_from_group(&self, by: By, group: GroupId, context: ContextId) -> Answer<OpId> {
        self.ask(move |node| node.detach_context_from_group(&by, &group, context)).await
    }
}

impl Node {
    fn set_context_alias(&mut self, by: &By, context_id: ContextId, alias: String) -> Answer<OpId> {
        let (group, info) = self.store.context(&context_id)?.ok_or(Refusal::NoSuchContext(context_id))?;
        self.asked(by, &group)?;
        self.govern_if(info.alias != alias, by, &group, GroupOp::ContextAliasSet { context_id, alias })
    }

    fn update_group_settings(&mut self, by: &By, group: &GroupId, settings: GroupSettings) -> Answer<Vec<OpId>> {
        let before = self.group_as_asked(by, group)?;
        let GroupSettings { alias, visibility, default_capabilities, default_visibility, upgrade_policy } = settings;
        let alias = alias.filter(|alias| *alias != before.alias);
        let visibility = visibility.filter(|new| *new != before.visibility);
        let default_capabilities = default_capabilities.filter(|new| *new != before.default_capabilities);
        let default_visibility = default_visibility.filter(|new| *new != before.default_visibility);
        let upgrade_policy = upgrade_policy.filter(|new| *new != before.upgrade_policy);
        let ops: Vec<GroupOp> = [
            alias.map(|alias| GroupOp::GroupAliasSet { alias }),
            visibility.map(|visibility| GroupOp::GroupVisibilitySet { visibility }),
            default_capabilities.map(|capabilities| GroupOp::DefaultCapabilitiesSet { capabilities }),
            default_visibility.map(|visibility| GroupOp::DefaultVisibilitySet { visibility }),
            upgrade_policy.map(|policy| GroupOp::UpgradePolicySet { policy }),
        ]
        .into_iter()
        .flatten()
        .collect();
        if ops.is_empty() {
            return Err(Refusal::NothingToDo("the group has these settings").into());
        }
        self.govern_all(by, group, ops)
    }

    fn detach_context_from_group(&mut self, by: &By, group: &GroupId, context_id: ContextId) -> Answer<OpId> {
        self.asked(by, group)?;
        if self.store.group_of_context(&context_id)? != Some(*group) {
            return Err(Refusal::NoSuchContext(context_id).into());
        }
        self.govern(by, group, GroupOp::ContextDetached { context_id })
    }

    // What other requests compare with, too.

    /// A group that is as who asks expects it.
    pub(super) fn group_as_asked(&mut self, by: &By, group: &GroupId) -> Answer<GroupInfo> {
        self.asked(by, group)?;
        Ok(self.store.group_info(group)?.ok_or(Refusal::NoSuchGroup(*group))?)
    }

    /// A member's record in a group.
    pub(super) fn record(&self, group: &GroupId, member: &PublicKey) -> Answer<MemberInfo> {
        let record = self.store.member(group, member)?;
        Ok(record.ok_or(Refusal::NoSuchMember { group: *group, member: *member })?)
    }

    /// An op, if anything would be another by it.
    pub(super) fn govern_if(&mut self, changes: bool, by: &By, group: &GroupId, op: GroupOp) -> Answer<OpId> {
        if changes { self.govern(by, group, op) } else { Err(Refusal::NothingToDo("it is so already").into()) }
    }
}
