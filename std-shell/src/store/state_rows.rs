//! The values of table `state`: those of the entries that a state hash covers (SPEC §6), byte for byte.

use borsh::{BorshDeserialize, BorshSerialize};
use folkmoot_core::{
    ContextInfo, GroupId, GroupInfo, InvitationInfo, MemberInfo, PublicKey, Role, UpgradePolicy, Visibility,
};

#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct GroupRow {
    parent: Option<GroupId>,
    alias: String,
    visibility: Visibility,
    default_capabilities: u32,
    default_visibility: Visibility,
    policy: UpgradePolicy,
    app_key: [u8; 32],
    application_id: [u8; 32],
    migration: Option<String>,
}

impl From<&GroupInfo> for GroupRow {
    fn from(info: &GroupInfo) -> Self {
        Self {
            parent: info.parent,
            alias: info.alias.clone(),
            visibility: info.visibility,
            default_capabilities: info.default_capabilities,
            default_visibility: info.default_visibility,
            policy: info.upgrade_policy,
            app_key: info.app_key,
            application_id: info.application_id,
            migration: info.migration.clone(),
        }
    }
}

impl From<GroupRow> for GroupInfo {
    fn from(row: GroupRow) -> Self {
        Self {
            parent: row.parent,
            alias: row.alias,
            visibility: row.visibility,
            default_capabilities: row.default_capabilities,
            default_visibility: row.default_visibility,
            upgrade_policy: row.policy,
            app_key: row.app_key,
            application_id: row.application_id,
            migration: row.migration,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct MemberRow {
    pub(crate) role: Role,
    pub(crate) capabilities: u32,
    pub(crate) alias: String,
}

impl From<&MemberInfo> for MemberRow {
    fn from(info: &MemberInfo) -> Self {
        Self { role: info.role, capabilities: info.capabilities, alias: info.alias.clone() }
    }
}

impl From<MemberRow> for MemberInfo {
    fn from(row: MemberRow) -> Self {
        Self { role: row.role, capabilities: row.capabilities, alias: row.alias }
    }
}

/// A context but for its capabilities, which are entries of their own.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct ContextRow {
    application_id: [u8; 32],
    blob_id: [u8; 32],
    source: String,
    service_name: Option<String>,
    pub(crate) visibility: Visibility,
    pub(crate) alias: String,
    registered_by: PublicKey,
}

impl From<&ContextInfo> for ContextRow {
    fn from(info: &ContextInfo) -> Self {
        Self {
            application_id: info.application_id,
            blob_id: info.blob_id,
            source: info.source.clone(),
            service_name: info.service_name.clone(),
            visibility: info.visibility,
            alias: info.alias.clone(),
            registered_by: info.registered_by,
        }
    }
}

impl From<ContextRow> for ContextInfo {
    fn from(row: ContextRow) -> Self {
        Self {
            application_id: row.application_id,
            blob_id: row.blob_id,
            source: row.source,
            service_name: row.service_name,
            visibility: row.visibility,
            alias: row.alias,
            registered_by: row.registered_by,
            capabilities: std::collections::BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct InvitationRow {
    uses: u32,
    revoked: bool,
}

impl From<&InvitationInfo> for InvitationRow {
    fn from(info: &InvitationInfo) -> Self {
        Self { uses: info.uses, revoked: info.revoked }
    }
}

impl From<InvitationRow> for InvitationInfo {
    fn from(row: InvitationRow) -> Self {
        Self { uses: row.uses, revoked: row.revoked }
    }
}
