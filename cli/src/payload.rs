//! What an op says, as JSON: the fields of SPEC §1, by name.

use crate::changed::capability_list;
use crate::naming::hex;
use folkmoot_core::{GroupInvitation, GroupOp};
use serde_json::{Value, json};

/// The fields of an op. Ids, keys and signatures are in hexadecimal, capabilities are names.
pub(crate) fn payload(op: &GroupOp) -> Value {
    match op {
        GroupOp::Noop | GroupOp::GroupDeleted => json!({}),
        GroupOp::NamespaceCreated { salt, alias, app_key, application_id } => json!({
            "salt": hex(salt), "alias": alias, "app_key": hex(app_key), "application_id": hex(application_id),
        }),
        GroupOp::SubgroupCreated { alias, visibility } => json!({ "alias": alias, "visibility": visibility }),
        GroupOp::MemberAdded { member, role } | GroupOp::MemberRoleSet { member, role } => {
            json!({ "member": member, "role": role })
        }
        GroupOp::MemberRemoved { member } => json!({ "member": member }),
        GroupOp::CapabilitiesGranted { member, capabilities }
        | GroupOp::CapabilitiesRevoked { member, capabilities } => {
            json!({ "member": member, "capabilities": capability_list(*capabilities) })
        }
        GroupOp::DefaultCapabilitiesSet { capabilities } => json!({ "capabilities": capability_list(*capabilities) }),
        GroupOp::DefaultVisibilitySet { visibility } | GroupOp::GroupVisibilitySet { visibility } => {
            json!({ "visibility": visibility })
        }
        GroupOp::UpgradePolicySet { policy } => json!({ "policy": policy }),
        GroupOp::TargetApplicationSet { app_key, application_id, migration } => json!({
            "app_key": hex(app_key), "application_id": hex(application_id), "migration": migration,
        }),
        GroupOp::ContextRegistered { application_id, blob_id, source, service_name, visibility } => json!({
            "application_id": hex(application_id), "blob_id": hex(blob_id), "source": source,
            "service_name": service_name, "visibility": visibility,
        }),
        GroupOp::GroupAliasSet { alias } => json!({ "alias": alias }),
        GroupOp::MemberAliasSet { member, alias } => json!({ "member": member, "alias": alias }),
        GroupOp::ContextDetached { context_id } => json!({ "context_id": context_id }),
        GroupOp::ContextAliasSet { context_id, alias } => json!({ "context_id": context_id, "alias": alias }),
        // The application's own bits: they have no names here.
        GroupOp::ContextCapabilityGranted { context_id, member, capabilities }
        | GroupOp::ContextCapabilityRevoked { context_id, member, capabilities } => {
            json!({ "context_id": context_id, "member": member, "capabilities": capabilities })
        }
        GroupOp::JoinWithInvitationClaim { invitation, inviter_signature, bearer_signature, claimed_at } => json!({
            "invitation": terms(invitation), "inviter_signature": hex(inviter_signature),
            "bearer_signature": hex(bearer_signature), "claimed_at": claimed_at,
        }),
        GroupOp::InvitationRevoked { invitation_id } => json!({ "invitation_id": invitation_id }),
    }
}

fn terms(invitation: &GroupInvitation) -> Value {
    let GroupInvitation { namespace_id, group_id, inviter, bearer, invitee, role, max_uses, expires_at } = invitation;
    json!({
        "namespace_id": namespace_id, "group_id": group_id, "inviter": inviter, "bearer": bearer, "invitee": invitee,
        "role": role, "max_uses": max_uses, "expires_at": expires_at,
    })
}
