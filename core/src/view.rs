//! What can be read: groups, members, contexts, invitations, and the questions a host asks (SPEC §5, §6).

use crate::arena::{ContextIx, GroupIx, PersonIx};
use crate::authority::{JOIN_OPEN, Need, Read, ground};
use crate::cells::{Cell, GroupCell, MemberCell};
use crate::directory::CellKey;
use crate::group_op::{Role, UpgradePolicy, Visibility};
use crate::ids::{ContextId, GroupId, InvitationId, PublicKey};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

/// A group's own data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GroupInfo {
    /// The group above; none for the root.
    pub parent: Option<GroupId>,
    /// Its name.
    pub alias: String,
    /// Whether standing is inherited from above.
    pub visibility: Visibility,
    /// What new members get.
    pub default_capabilities: u32,
    /// What new contexts get.
    pub default_visibility: Visibility,
    /// When contexts are upgraded.
    pub upgrade_policy: UpgradePolicy,
    /// The key of the application it runs.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::ids::hex"))]
    pub app_key: [u8; 32],
    /// The application it runs.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::ids::hex"))]
    pub application_id: [u8; 32],
    /// How contexts get there.
    pub migration: Option<String>,
}

/// A member's record in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MemberInfo {
    /// The role.
    pub role: Role,
    /// The capability bits ([`crate::group_op::capabilities`]).
    pub capabilities: u32,
    /// The name in this group.
    pub alias: String,
}

/// A context registered in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ContextInfo {
    /// The application.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::ids::hex"))]
    pub application_id: [u8; 32],
    /// Its code.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::ids::hex"))]
    pub blob_id: [u8; 32],
    /// Where that comes from.
    pub source: String,
    /// The service, if the application has several.
    pub service_name: Option<String>,
    /// Who may join without being asked.
    pub visibility: Visibility,
    /// Its name.
    pub alias: String,
    /// Who registered it.
    pub registered_by: PublicKey,
    /// What the application lets members do.
    pub capabilities: BTreeMap<PublicKey, u8>,
}

/// An invitation that was used or revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct InvitationInfo {
    /// How often it was claimed.
    pub uses: u32,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Everything readable about one group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GroupView {
    /// The group's own data.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub info: GroupInfo,
    /// Its members.
    pub members: BTreeMap<PublicKey, MemberInfo>,
    /// Its contexts.
    pub contexts: BTreeMap<ContextId, ContextInfo>,
    /// Invitations that were used or revoked.
    pub invitations: BTreeMap<InvitationId, InvitationInfo>,
    /// Who was removed by another and may not come back by invitation.
    pub barred: BTreeSet<PublicKey>,
}

pub(crate) fn group_info(reader: &impl Read, group: GroupIx, cell: &GroupCell) -> GroupInfo {
    let directory = &reader.history().directory;
    let parent = directory.parent(group);
    let application = directory.application(cell.target);
    GroupInfo {
        parent: parent.is_some().then(|| directory.group_id(parent)),
        alias: directory.text(cell.alias).into(),
        visibility: cell.visibility,
        default_capabilities: cell.default_capabilities.into(),
        default_visibility: cell.default_visibility,
        upgrade_policy: directory.policy(cell.policy),
        app_key: application.map_or([0; 32], |application| application.app_key),
        application_id: application.map_or([0; 32], |application| application.application_id),
        migration: application.filter(|_| cell.migrates).and_then(|application| application.migration.clone()),
    }
}

pub(crate) fn member_info(reader: &impl Read, cell: &MemberCell) -> MemberInfo {
    MemberInfo {
        role: cell.role,
        capabilities: cell.capabilities.into(),
        alias: reader.history().directory.text(cell.alias).into(),
    }
}

/// The context, if it is registered in a group that exists.
pub(crate) fn context_info(reader: &mut impl Read, context: ContextIx) -> Option<(GroupIx, ContextInfo)> {
    let directory = &reader.history().directory;
    let facts = directory.context(context)?.clone();
    let registered_by = directory.person(facts.registered_by);
    let at = directory.context_cell(context);
    let held: Vec<_> = directory.capabilities_of(context).collect();
    reader.group(facts.group)?;
    let Cell::Context(cell) = reader.cell(at) else { return None };
    if !cell.present {
        return None;
    }
    let mut capabilities = BTreeMap::new();
    for (at, key) in held {
        if let (Cell::ContextCapability(bits), CellKey::ContextCapability(_, person)) = (reader.cell(at), key) {
            capabilities.insert(reader.history().directory.person(person), bits);
        }
    }
    let info = ContextInfo {
        application_id: facts.application_id,
        blob_id: facts.blob_id,
        source: facts.source,
        service_name: facts.service_name,
        visibility: cell.visibility,
        alias: reader.history().directory.text(cell.alias).into(),
        registered_by,
        capabilities,
    };
    Some((facts.group, info))
}

/// Everything readable about a group, if it exists.
pub(crate) fn group_view(reader: &mut impl Read, group: GroupIx) -> Option<GroupView> {
    let cell = reader.group(group)?;
    let mut view = GroupView {
        info: group_info(reader, group, &cell),
        members: BTreeMap::new(),
        contexts: BTreeMap::new(),
        invitations: BTreeMap::new(),
        barred: BTreeSet::new(),
    };
    let cells: Vec<_> = reader.history().directory.cells_of_group(group).collect();
    // A map is made faster at once than entry by entry.
    let mut members = Vec::new();
    for (at, key) in cells {
        match (key, reader.cell(at)) {
            (CellKey::Member(_, person), Cell::Member(cell)) => {
                let key = reader.history().directory.person(person);
                if cell.present {
                    members.push((key, member_info(reader, &cell)));
                }
                if cell.barred {
                    view.barred.insert(key);
                }
            }
            (CellKey::Context(context), _) => {
                if let Some((_, info)) = context_info(reader, context)
                    && let Some(facts) = reader.history().directory.context(context)
                {
                    view.contexts.insert(facts.id, info);
                }
            }
            (CellKey::Invitation(invitation), Cell::Invitation(cell)) => {
                let (_, id) = reader.history().directory.invitation(invitation);
                view.invitations.insert(id, InvitationInfo { uses: cell.uses, revoked: cell.revoked });
            }
            _ => {}
        }
    }
    view.members = members.into_iter().collect();
    Some(view)
}

/// The role of a person's record at its ground for need *any* (SPEC §5).
pub(crate) fn standing(reader: &mut impl Read, group: GroupIx, person: PersonIx) -> Option<Role> {
    reader.group(group)?;
    ground(reader, Need::Any, group, person).map(|ground| ground.record.role)
}

/// Whether a person may join a context (SPEC §5).
pub(crate) fn may_join(reader: &mut impl Read, context: ContextIx, person: PersonIx) -> bool {
    let directory = &reader.history().directory;
    let Some(group) = directory.context(context).map(|facts| facts.group) else { return false };
    let capability = directory.capability_cell(context, person);
    let at = directory.context_cell(context);
    let Cell::Context(cell) = reader.cell(at) else { return false };
    if !cell.present || reader.group(group).is_none() {
        return false;
    }
    if ground(reader, Need::Admin, group, person).is_some() {
        return true;
    }
    if cell.visibility == Visibility::Open {
        let may = match reader.record(group, person) {
            Some(record) => record.capabilities & JOIN_OPEN != 0,
            None => ground(reader, Need::Any, group, person).is_some(),
        };
        if may {
            return true;
        }
    }
    matches!(reader.cell(capability), Cell::ContextCapability(bits) if bits != 0)
}

/// Whether a person may write in a context (SPEC §5).
pub(crate) fn may_write(reader: &mut impl Read, context: ContextIx, person: PersonIx) -> bool {
    let Some(group) = reader.history().directory.context(context).map(|facts| facts.group) else { return false };
    may_join(reader, context, person) && standing(reader, group, person).is_some_and(|role| role != Role::ReadOnly)
}
