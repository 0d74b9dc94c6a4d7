//! Ops in few words.

use crate::people::{key, who};
use folkmoot_core::{
    ContextId, Engine, GroupId, GroupInvitation, GroupOp, InvitationId, NamespaceId, PublicKey, Role, SigningKey,
    UpgradePolicy, VerifiedOp, Visibility,
};

/// The op with which this person founds a namespace; another salt, another namespace.
pub fn genesis(founder: &str, salt: [u8; 32]) -> VerifiedOp {
    let draft = Engine::genesis(who(founder), salt, "root", [1; 32], [2; 32]);
    draft.sign(&key(founder)).expect("a genesis is well-formed")
}

/// Lets somebody in.
pub const fn add(member: PublicKey, role: Role) -> GroupOp {
    GroupOp::MemberAdded { member, role }
}

/// Throws somebody out.
pub const fn remove(member: PublicKey) -> GroupOp {
    GroupOp::MemberRemoved { member }
}

/// Raises or lowers somebody.
pub const fn set_role(member: PublicKey, role: Role) -> GroupOp {
    GroupOp::MemberRoleSet { member, role }
}

/// Gives capabilities.
pub const fn grant(member: PublicKey, capabilities: u32) -> GroupOp {
    GroupOp::CapabilitiesGranted { member, capabilities }
}

/// Takes capabilities.
pub const fn revoke(member: PublicKey, capabilities: u32) -> GroupOp {
    GroupOp::CapabilitiesRevoked { member, capabilities }
}

/// A group below.
pub fn subgroup(alias: &str, visibility: Visibility) -> GroupOp {
    GroupOp::SubgroupCreated { alias: alias.to_owned(), visibility }
}

/// What new members get.
pub const fn defaults(capabilities: u32) -> GroupOp {
    GroupOp::DefaultCapabilitiesSet { capabilities }
}

/// A policy with a deadline.
pub const fn policy(deadline: u64) -> GroupOp {
    GroupOp::UpgradePolicySet { policy: UpgradePolicy::Coordinated { deadline_secs: Some(deadline) } }
}

/// A target application that is told from others by a number.
pub fn target(number: u8) -> GroupOp {
    GroupOp::TargetApplicationSet {
        app_key: [number; 32],
        application_id: [number.wrapping_add(100); 32],
        migration: Some("migrate".to_owned()),
    }
}

/// A context.
pub fn register(visibility: Option<Visibility>) -> GroupOp {
    GroupOp::ContextRegistered {
        application_id: [3; 32],
        blob_id: [4; 32],
        source: "https://example.org/app".to_owned(),
        service_name: None,
        visibility,
    }
}

/// Takes a context away.
pub const fn detach(context_id: ContextId) -> GroupOp {
    GroupOp::ContextDetached { context_id }
}

/// Names the group.
pub fn group_alias(alias: &str) -> GroupOp {
    GroupOp::GroupAliasSet { alias: alias.to_owned() }
}

/// Names a member.
pub fn member_alias(member: PublicKey, alias: &str) -> GroupOp {
    GroupOp::MemberAliasSet { member, alias: alias.to_owned() }
}

/// Names a context.
pub fn context_alias(context_id: ContextId, alias: &str) -> GroupOp {
    GroupOp::ContextAliasSet { context_id, alias: alias.to_owned() }
}

/// Gives what an application lets do.
pub const fn grant_in(context_id: ContextId, member: PublicKey, capabilities: u8) -> GroupOp {
    GroupOp::ContextCapabilityGranted { context_id, member, capabilities }
}

/// Takes it.
pub const fn revoke_in(context_id: ContextId, member: PublicKey, capabilities: u8) -> GroupOp {
    GroupOp::ContextCapabilityRevoked { context_id, member, capabilities }
}

/// An invitation with all that it takes to claim it: it is handed over outside of the network.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// What the inviter signed.
    pub terms: GroupInvitation,
    inviter: SigningKey,
    bearer: SigningKey,
}

impl Invitation {
    /// Somebody's invitation into a group; `number` tells it from others.
    pub fn new(
        namespace_id: NamespaceId,
        group_id: GroupId,
        inviter: &SigningKey,
        role: Role,
        max_uses: u32,
        number: u64,
    ) -> Self {
        let bearer = key(&format!("bearer {number} of {}", inviter.public()));
        let terms = GroupInvitation {
            namespace_id,
            group_id,
            inviter: inviter.public(),
            bearer: bearer.public(),
            invitee: None,
            role,
            max_uses,
            expires_at: None,
        };
        Self { terms, inviter: inviter.clone(), bearer }
    }

    /// Its id.
    pub fn id(&self) -> InvitationId {
        self.terms.id()
    }

    /// What this person signs to claim it.
    pub fn claimed_by(&self, person: &PublicKey) -> GroupOp {
        self.terms.clone().claim(self.terms.sign(&self.inviter), &self.bearer, person, 1_000)
    }

    /// What ends it.
    pub fn revoked(&self) -> GroupOp {
        GroupOp::InvitationRevoked { invitation_id: self.id() }
    }
}
