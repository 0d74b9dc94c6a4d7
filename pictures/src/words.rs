//! What ops do and why they came to nothing, in words.

use crate::text::{quoted, short};
use folkmoot_core::group_op::capabilities::NAMES;
use folkmoot_core::{
    ContextId, Engine, Explanation, GroupOp, OpId, PublicKey, RejectReason, RestsOn, Role, SignableGroupOp,
    UpgradePolicy, Verdict, Visibility, VoidReason,
};

/// Who is called what.
pub(crate) trait Call {
    /// The name of a person.
    fn person(&self, key: &PublicKey) -> String;
    /// The name of a context, in quotation marks, or the beginning of its id.
    fn context(&self, id: &ContextId) -> String;
}

/// What an op does, said of its signer: `admits mallory as Admin`.
pub(crate) fn deed(signable: &SignableGroupOp, call: &impl Call) -> String {
    let who = |key: &PublicKey| call.person(key);
    match &signable.op {
        GroupOp::Noop => "joins the branches".into(),
        GroupOp::NamespaceCreated { alias, .. } => format!("founds {}", quoted(alias)),
        GroupOp::SubgroupCreated { alias, visibility } => {
            format!("creates the {} group {}", access(*visibility), quoted(alias))
        }
        GroupOp::GroupDeleted => "deletes the group".into(),
        GroupOp::MemberAdded { member, role: to } => format!("admits {} as {}", who(member), role(*to)),
        GroupOp::MemberRemoved { member } if *member == signable.signer => "leaves".into(),
        GroupOp::MemberRemoved { member } => format!("removes {}", who(member)),
        GroupOp::MemberRoleSet { member, role: to } => format!("makes {} {}", who(member), role(*to)),
        GroupOp::CapabilitiesGranted { member, capabilities } => {
            format!("grants {} {}", who(member), bits(*capabilities))
        }
        GroupOp::CapabilitiesRevoked { member, capabilities } => {
            format!("revokes {} of {}", bits(*capabilities), who(member))
        }
        GroupOp::DefaultCapabilitiesSet { capabilities } => format!("gives new members {}", bits(*capabilities)),
        GroupOp::DefaultVisibilitySet { visibility } => format!("makes new contexts {}", access(*visibility)),
        GroupOp::GroupVisibilitySet { visibility } => format!("makes the group {}", access(*visibility)),
        GroupOp::UpgradePolicySet { policy: how } => format!("sets upgrades to {}", policy(how)),
        GroupOp::TargetApplicationSet { application_id, .. } => {
            format!("sets the application to {}", short(application_id))
        }
        GroupOp::ContextRegistered { source, .. } => format!("registers a context from {}", quoted(source)),
        GroupOp::ContextDetached { context_id } => format!("detaches the context {}", call.context(context_id)),
        GroupOp::GroupAliasSet { alias } => format!("names the group {}", quoted(alias)),
        GroupOp::MemberAliasSet { member, alias } => format!("names {} {}", who(member), quoted(alias)),
        GroupOp::ContextAliasSet { context_id, alias } => {
            format!("names the context {} {}", short(context_id.as_bytes()), quoted(alias))
        }
        GroupOp::ContextCapabilityGranted { context_id, member, capabilities } => {
            format!("grants {} {capabilities:#010b} in {}", who(member), call.context(context_id))
        }
        GroupOp::ContextCapabilityRevoked { context_id, member, capabilities } => {
            format!("revokes {capabilities:#010b} of {} in {}", who(member), call.context(context_id))
        }
        GroupOp::JoinWithInvitationClaim { invitation, .. } => {
            format!("joins as {}, invited by {}", role(invitation.role), who(&invitation.inviter))
        }
        GroupOp::InvitationRevoked { invitation_id } => {
            format!("revokes the invitation {}", short(invitation_id.as_bytes()))
        }
    }
}

/// Whom an op is about, if it is about a person.
pub(crate) const fn subject(op: &GroupOp) -> Option<PublicKey> {
    match op {
        GroupOp::MemberAdded { member, .. }
        | GroupOp::MemberRemoved { member }
        | GroupOp::MemberRoleSet { member, .. }
        | GroupOp::CapabilitiesGranted { member, .. }
        | GroupOp::CapabilitiesRevoked { member, .. }
        | GroupOp::MemberAliasSet { member, .. }
        | GroupOp::ContextCapabilityGranted { member, .. }
        | GroupOp::ContextCapabilityRevoked { member, .. } => Some(*member),
        _ => None,
    }
}

/// A role.
pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "Admin",
        Role::Member => "Member",
        Role::ReadOnly => "ReadOnly",
    }
}

/// Who may come in.
pub(crate) const fn access(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Open => "Open",
        Visibility::Restricted => "Restricted",
    }
}

/// Capability bits, in their order.
pub(crate) fn bits(mask: u32) -> String {
    let named: Vec<&str> = named_bits(mask).collect();
    if named.is_empty() { "no capability".into() } else { named.join(", ") }
}

/// The names of capability bits, in their order.
pub fn named_bits(mask: u32) -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().enumerate().filter(move |(bit, _)| mask >> bit & 1 == 1).map(|(_, name)| name)
}

/// An upgrade policy.
pub fn policy(policy: &UpgradePolicy) -> String {
    match policy {
        UpgradePolicy::Automatic => "Automatic".into(),
        UpgradePolicy::LazyOnAccess => "LazyOnAccess".into(),
        UpgradePolicy::Coordinated { deadline_secs: None } => "Coordinated, no deadline".into(),
        UpgradePolicy::Coordinated { deadline_secs: Some(secs) } => format!("Coordinated within {secs} s"),
    }
}

/// What about a record an op rests on.
pub(crate) fn rests_on(rests: RestsOn) -> String {
    match rests {
        RestsOn::Admin => "the Admin role".into(),
        RestsOn::Capability(bit) => {
            NAMES.get(usize::from(bit)).map_or_else(|| format!("bit {bit}"), |&name| name.into())
        }
        RestsOn::Record => "the member record".into(),
    }
}

/// A verdict, in words.
pub fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Effective => "took effect".into(),
        Verdict::Idle(reason) => format!("stands but finds nothing to take: {}", void(reason)),
        Verdict::Void(reason) => format!("no effect: {}", void(reason)),
    }
}

/// Why an op has no effect, in words.
pub const fn void(reason: VoidReason) -> &'static str {
    match reason {
        VoidReason::StateHashMismatch => "it was not signed against the state of its own past",
        VoidReason::NoSuchGroup => "the group has been deleted",
        VoidReason::Unauthorized => "nothing in its own past authorizes it",
        VoidReason::TooDeep => "the new group would lie too far below the root",
        VoidReason::RootGroup => "not for the root group",
        VoidReason::AlreadyMember => "already a member of this group",
        VoidReason::NoSuchMember => "not a member of this group",
        VoidReason::Outranked => "the member is not outranked by what the op rests on",
        VoidReason::LastAdmin => "the root would be left without an Admin",
        VoidReason::ReadOnlyMember => "a ReadOnly member may hold no such capability",
        VoidReason::NoSuchContext => "no such context in this group",
        VoidReason::BadInvitation => "the invitation does not fit, does not verify or has expired",
        VoidReason::InvitationRevoked => "the invitation has been revoked",
        VoidReason::InvitationUsedUp => "the invitation has had all its uses",
        VoidReason::Barred => "the signer was removed by another and has not been admitted again",
        VoidReason::AuthorityLost => "what it rests on was taken by a concurrent op",
        VoidReason::Overruled => "a more senior concurrent op gives back what it takes",
        VoidReason::SubjectReduced => "what it gives was taken by a concurrent op",
        VoidReason::Superseded => "a concurrent write of the same setting prevails",
    }
}

/// The op that gave what this one rests on, if it is void itself, so that this one falls with it and nothing else
/// struck it.
pub fn falls_with(engine: &Engine, why: &Explanation) -> Option<OpId> {
    let falls = why.verdict == Verdict::Void(VoidReason::AuthorityLost) && why.by.is_none();
    let giver = why.basis?.given_by;
    (falls && matches!(engine.verdict(&giver), Some(Verdict::Void(_)))).then_some(giver)
}

/// Why an op has no place in the graph, in words.
pub const fn rejection(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::ParentRejected => "it is built on an op that was rejected or ignored",
        RejectReason::WrongNamespace => "a parent belongs to another namespace",
        RejectReason::RedundantParent => "a parent is in the past of another parent",
        RejectReason::UnknownGroup => "no op of its past created the group",
        RejectReason::NonceGap => "its nonce skips one",
        RejectReason::NotParticipant => "its signer was a member of nothing, or its claim does not hold",
    }
}
