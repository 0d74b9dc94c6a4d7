//! Requests about namespaces, groups and members.

use crate::client::ContextClient;
use crate::error::{Answer, Refusal, RequestError};
use crate::keys::fill_random;
use crate::node::{By, Node};
use crate::sign::sign;
use folkmoot_core::{
    DraftError, Engine, GroupId, GroupOp, NamespaceId, OpId, PublicKey, Role, SignError, SigningKey, Status, Visibility,
};
use std::collections::BTreeSet;

use super::identity::fresh_key;

/// Most members that one request adds or removes. They make one commit, which nothing else goes before.
pub const MAX_MEMBERS_AT_ONCE: usize = 256;

/// A namespace to be founded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewNamespace {
    /// Its root group's name, in at most [`MAX_NAME_BYTES`](folkmoot_core::limits::MAX_NAME_BYTES) bytes.
    pub alias: String,
    /// The key of the application that its contexts run.
    pub app_key: [u8; 32],
    /// The application that its contexts run.
    pub application_id: [u8; 32],
}

/// What became of an op that somebody made elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedOp {
    /// Its id.
    pub op: OpId,
    /// What became of it. A rejected or ignored one is no error of this node's.
    pub status: Status,
}

impl ContextClient {
    /// Founds a namespace (SPEC §5, NamespaceCreated): its id, which is its root group's too. The founder, whose key is
    /// made if none is given, becomes the root's Admin and this node's identity there; the key is kept for the root. All
    /// of that is one commit.
    ///
    /// # Errors
    /// [`Refusal::Draft`] if the alias is too long, [`Refusal::Malformed`] at [`MAX_KEPT_KEYS`](crate::MAX_KEPT_KEYS)
    /// keys.
    pub async fn create_namespace(&self, new: NewNamespace, founder: Option<SigningKey>) -> Answer<NamespaceId> {
        self.ask(move |node| node.create_namespace(&new, founder)).await
    }

    /// Creates a group below another: its id. It begins with its parent's defaults and application (SPEC §5,
    /// SubgroupCreated).
    ///
    /// # Errors
    /// [`Refusal::Draft`] without the authority, below the sixteenth level, or with an alias that is too long; those of
    /// every mutation.
    pub async fn create_group_in_namespace(
        &self,
        by: By,
        parent: GroupId,
        alias: String,
        visibility: Visibility,
    ) -> Answer<GroupId> {
        self.ask(move |node| {
            let op = node.govern(&by, &parent, GroupOp::SubgroupCreated { alias, visibility })?;
            Ok(GroupId::from(op))
        })
        .await
    }

    /// Deletes a group, all below it, and their contexts (SPEC §5, GroupDeleted). Contexts that this node takes part in
    /// are left in the same commit.
    ///
    /// # Errors
    /// [`Refusal::Draft`] if the group is the root, or without the authority in its parent.
    pub async fn delete_group(&self, by: By, group: GroupId) -> Answer<OpId> {
        self.ask(move |node| node.govern(&by, &group, GroupOp::GroupDeleted)).await
    }

    /// Adds members, each with a role, in one commit (SPEC §5, MemberAdded): an op for each, in their order.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] if none or more than [`MAX_MEMBERS_AT_ONCE`] are named, or one twice; [`Refusal::Draft`] if
    /// any of them is a member, or without the authority for its role: then none is added.
    pub async fn add_group_members(
        &self,
        by: By,
        group: GroupId,
        members: Vec<(PublicKey, Role)>,
    ) -> Answer<Vec<OpId>> {
        self.ask(move |node| node.add_group_members(&by, &group, members)).await
    }

    /// Removes members from a group and all below it, with their capabilities in contexts there, in one commit (SPEC §5,
    /// MemberRemoved): an op for each, the requester's own last. Contexts in which this node took part as one of them, and
    /// may no longer, are left in the same commit.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] if none or more than [`MAX_MEMBERS_AT_ONCE`] are named, or one twice; [`Refusal::Draft`] if
    /// any of them is no member, or may not be removed by the requester: then none is removed. Should removing all of them
    /// leave the root without an Admin, those before the last Admin are removed all the same.
    pub async fn remove_group_members(&self, by: By, group: GroupId, members: Vec<PublicKey>) -> Answer<Vec<OpId>> {
        self.ask(move |node| node.remove_group_members(&by, &group, members)).await
    }

    /// Gives a member another role (SPEC §5, MemberRoleSet).
    ///
    /// # Errors
    /// [`Refusal::NoSuchMember`], [`Refusal::NothingToDo`] if that is its role; [`Refusal::Draft`] without the authority,
    /// or if the root would be left without an Admin.
    pub async fn update_member_role(&self, by: By, group: GroupId, member: PublicKey, role: Role) -> Answer<OpId> {
        self.ask(move |node| node.update_member_role(&by, &group, member, role)).await
    }

    /// Has a member hold these capabilities ([`capabilities`](folkmoot_core::group_op::capabilities)) and no others: one op
    /// for what is taken, if anything is, and one for what is given, in one commit (SPEC §5, CapabilitiesRevoked and
    /// CapabilitiesGranted).
    ///
    /// # Errors
    /// [`Refusal::NoSuchMember`], [`Refusal::NothingToDo`] if it holds just these; [`Refusal::Draft`] without the
    /// authority, for bits that there are not, and for a ReadOnly member.
    pub async fn set_member_capabilities(
        &self,
        by: By,
        group: GroupId,
        member: PublicKey,
        capabilities: u32,
    ) -> Answer<Vec<OpId>> {
        self.ask(move |node| node.set_member_capabilities(&by, &group, member, capabilities)).await
    }

    /// Takes an op that somebody signed elsewhere, as it travels, and passes it on: what became of it. Its namespace is
    /// followed from now on.
    ///
    /// # Errors
    /// [`Refusal::BadOp`] if the bytes are no op, or nobody signed it.
    pub async fn apply_signed_group_op(&self, bytes: Vec<u8>) -> Answer<AppliedOp> {
        self.ask(move |node| node.apply_signed_group_op(&bytes)).await
    }
}

impl Node {
    fn create_namespace(&mut self, new: &NewNamespace, founder: Option<SigningKey>) -> Answer<NamespaceId> {
        let founder = match founder {
            Some(key) => key,
            None => fresh_key()?,
        };
        let mut salt = [0; 32];
        fill_random(&mut salt).map_err(RequestError::NoRandomness)?;
        let op = Engine::genesis(founder.public(), salt, &new.alias, new.app_key, new.application_id);
        let op = sign(op, &founder).map_err(|error| match error {
            SignError::Malformed(malformed) => Refusal::Draft(DraftError::Malformed(malformed)),
            other => Refusal::BadOp(other.to_string()),
        })?;
        let namespace = NamespaceId::from(op.id());
        let local = self.identity_changes(&namespace, founder)?;
        let _ = self.take_in(vec![op], local, true)?;
        Ok(namespace)
    }

    fn add_group_members(&mut self, by: &By, group: &GroupId, members: Vec<(PublicKey, Role)>) -> Answer<Vec<OpId>> {
        all_different(members.iter().map(|(member, _)| member))?;
        let ops = members.into_iter().map(|(member, role)| GroupOp::MemberAdded { member, role });
        self.govern_all(by, group, ops.collect())
    }

    fn remove_group_members(&mut self, by: &By, group: &GroupId, members: Vec<PublicKey>) -> Answer<Vec<OpId>> {
        all_different(&members)?;
        let (_, requester) = self.asked(by, group)?;
        // Who goes itself has no say afterwards.
        let (mut members, own): (Vec<_>, Vec<_>) = members.into_iter().partition(|member| *member != requester);
        members.extend(own);
        let ops = members.into_iter().map(|member| GroupOp::MemberRemoved { member });
        self.govern_all(by, group, ops.collect())
    }

    fn update_member_role(&mut self, by: &By, group: &GroupId, member: PublicKey, role: Role) -> Answer<OpId> {
        self.asked(by, group)?;
        if self.record(group, &member)?.role == role {
            return Err(Refusal::NothingToDo("the member has this role").into());
        }
        self.govern(by, group, GroupOp::MemberRoleSet { member, role })
    }

    fn set_member_capabilities(
        &mut self,
        by: &By,
        group: &GroupId,
        member: PublicKey,
        capabilities: u32,
    ) -> Answer<Vec<OpId>> {
        self.asked(by, group)?;
        let held = self.record(group, &member)?.capabilities;
        let (taken, given) = (held & !capabilities, capabilities & !held);
        let mut ops = Vec::new();
        if taken != 0 {
            ops.push(GroupOp::CapabilitiesRevoked { member, capabilities: taken });
        }
        if given != 0 {
            ops.push(GroupOp::CapabilitiesGranted { member, capabilities: given });
        }
        if ops.is_empty() {
            return Err(Refusal::NothingToDo("the member holds these capabilities").into());
        }
        self.govern_all(by, group, ops)
    }

    fn apply_signed_group_op(&mut self, bytes: &[u8]) -> Answer<AppliedOp> {
        let outcome = self.apply_signed(bytes)?;
        // The one that was given comes before those that waited for it.
        let (op, status) = outcome.statuses().first().cloned().ok_or(Refusal::BadOp("it has no status".to_owned()))?;
        Ok(AppliedOp { op, status })
    }
}

/// At least one, not too many, and none twice.
fn all_different<'m>(members: impl IntoIterator<Item = &'m PublicKey>) -> Answer<()> {
    let (mut seen, mut count) = (BTreeSet::new(), 0usize);
    for member in members {
        count += 1;
        if !seen.insert(member) {
            return Err(Refusal::Malformed("a member is named twice").into());
        }
    }
    match count {
        0 => Err(Refusal::Malformed("no member is named").into()),
        1..=MAX_MEMBERS_AT_ONCE => Ok(()),
        _ => Err(Refusal::Malformed("more members than one request may name").into()),
    }
}
