//! Ops in few words.

use super::{key, who};
use folkmoot_core::group_op::capabilities;
use folkmoot_core::{
    ContextId, GroupId, GroupInvitation, GroupOp, InvitationId, NamespaceId, PublicKey, Role, SigningKey,
    UpgradePolicy, Visibility,
};

pub(crate) const CREATE_CONTEXT: u32 = capabilities::CAN_CREATE_CONTEXT;
pub(crate) const INVITE: u32 = capabilities::CAN_INVITE_MEMBERS;
pub(crate) const JOIN_OPEN: u32 = capabilities::CAN_JOIN_OPEN_CONTEXTS;
pub(crate) const MANAGE_MEMBERS: u32 = capabilities::MANAGE_MEMBERS;
pub(crate) const MANAGE_APPLICATION: u32 = capabilities::MANAGE_APPLICATION;
pub(crate) const CREATE_SUBGROUP: u32 = capabilities::CAN_CREATE_SUBGROUP;
pub(crate) const METADATA: u32 = capabilities::CAN_MANAGE_METADATA;

/// An open subgroup.
pub(crate) fn subgroup(alias: &str) -> GroupOp {
    GroupOp::SubgroupCreated { alias: alias.to_owned(), visibility: Visibility::Open }
}

pub(crate) fn restricted_subgroup(alias: &str) -> GroupOp {
    GroupOp::SubgroupCreated { alias: alias.to_owned(), visibility: Visibility::Restricted }
}

pub(crate) fn add(member: &str, role: Role) -> GroupOp {
    GroupOp::MemberAdded { member: who(member), role }
}

pub(crate) fn remove(member: &str) -> GroupOp {
    GroupOp::MemberRemoved { member: who(member) }
}

pub(crate) fn set_role(member: &str, role: Role) -> GroupOp {
    GroupOp::MemberRoleSet { member: who(member), role }
}

pub(crate) fn grant(member: &str, capabilities: u32) -> GroupOp {
    GroupOp::CapabilitiesGranted { member: who(member), capabilities }
}

pub(crate) fn revoke(member: &str, capabilities: u32) -> GroupOp {
    GroupOp::CapabilitiesRevoked { member: who(member), capabilities }
}

pub(crate) fn defaults(capabilities: u32) -> GroupOp {
    GroupOp::DefaultCapabilitiesSet { capabilities }
}

pub(crate) fn default_visibility(visibility: Visibility) -> GroupOp {
    GroupOp::DefaultVisibilitySet { visibility }
}

pub(crate) fn visibility(visibility: Visibility) -> GroupOp {
    GroupOp::GroupVisibilitySet { visibility }
}

pub(crate) fn policy(policy: UpgradePolicy) -> GroupOp {
    GroupOp::UpgradePolicySet { policy }
}

/// A target application that is told from others by a number.
pub(crate) fn target(number: u8, migration: Option<&str>) -> GroupOp {
    GroupOp::TargetApplicationSet {
        app_key: [number; 32],
        application_id: [number.wrapping_add(100); 32],
        migration: migration.map(str::to_owned),
    }
}

/// A context with the group's default visibility, which is Open unless it was set.
pub(crate) fn register() -> GroupOp {
    register_as(None)
}

pub(crate) fn register_as(visibility: Option<Visibility>) -> GroupOp {
    GroupOp::ContextRegistered {
        application_id: [3; 32],
        blob_id: [4; 32],
        source: "https://example.org/app".to_owned(),
        service_name: Some("service".to_owned()),
        visibility,
    }
}

pub(crate) fn detach(context_id: ContextId) -> GroupOp {
    GroupOp::ContextDetached { context_id }
}

pub(crate) fn group_alias(alias: &str) -> GroupOp {
    GroupOp::GroupAliasSet { alias: alias.to_owned() }
}

pub(crate) fn member_alias(member: &str, alias: &str) -> GroupOp {
    GroupOp::MemberAliasSet { member: who(member), alias: alias.to_owned() }
}

pub(crate) fn context_alias(context_id: ContextId, alias: &str) -> GroupOp {
    GroupOp::ContextAliasSet { context_id, alias: alias.to_owned() }
}

pub(crate) fn grant_in(context_id: ContextId, member: &str, capabilities: u8) -> GroupOp {
    GroupOp::ContextCapabilityGranted { context_id, member: who(member), capabilities }
}

pub(crate) fn revoke_in(context_id: ContextId, member: &str, capabilities: u8) -> GroupOp {
    GroupOp::ContextCapabilityRevoked { context_id, member: who(member), capabilities }
}

/// An invitation with all that it takes to claim it.
#[derive(Clone)]
pub(crate) struct Invitation {
    pub(crate) terms: GroupInvitation,
    inviter: SigningKey,
    bearer: SigningKey,
}

impl Invitation {
    /// Somebody's invitation into a group, good for many uses, for ever, for everybody.
    pub(crate) fn new(namespace_id: NamespaceId, group_id: GroupId, inviter: &str, role: Role) -> Self {
        let bearer = key(&format!("the bearer of an invitation by {inviter} into {group_id} as {role:?}"));
        let terms = GroupInvitation {
            namespace_id,
            group_id,
            inviter: who(inviter),
            bearer: bearer.public(),
            invitee: None,
            role,
            max_uses: 100,
            expires_at: None,
        };
        Self { terms, inviter: key(inviter), bearer }
    }

    /// With other terms, signed by the same inviter.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut GroupInvitation)) -> Self {
        change(&mut self.terms);
        self
    }

    /// Another one on the same terms, for another bearer.
    pub(crate) fn again(mut self, number: u8) -> Self {
        self.bearer = key(&format!("bearer {number}"));
        self.terms.bearer = self.bearer.public();
        self
    }

    pub(crate) fn id(&self) -> InvitationId {
        self.terms.id()
    }

    /// What this person signs to claim it, at a moment of its own.
    pub(crate) fn claimed_by_at(&self, name: &str, claimed_at: u64) -> GroupOp {
        self.terms.clone().claim(self.terms.sign(&self.inviter), &self.bearer, &who(name), claimed_at)
    }

    pub(crate) fn claimed_by(&self, name: &str) -> GroupOp {
        self.claimed_by_at(name, 1_000)
    }

    /// A claim for this person, with what somebody else signed in the place of the inviter or of the bearer.
    pub(crate) fn claimed_with(&self, name: &str, inviter: &SigningKey, bearer: &SigningKey) -> GroupOp {
        let signer: PublicKey = who(name);
        self.terms.clone().claim(self.terms.sign(inviter), bearer, &signer, 1_000)
    }

    pub(crate) fn bearer(&self) -> &SigningKey {
        &self.bearer
    }

    pub(crate) fn inviter(&self) -> &SigningKey {
        &self.inviter
    }

    /// What ends it.
    pub(crate) fn revoked(&self) -> GroupOp {
        GroupOp::InvitationRevoked { invitation_id: self.id() }
    }
}

pub(crate) const NOOP: GroupOp = GroupOp::Noop;
pub(crate) const GROUP_DELETED: GroupOp = GroupOp::GroupDeleted;
