//! The column "preconditions" of SPEC §5, in its order.

use super::Reason;
use super::authority::{Draft, Ground};
use super::dag::Dag;
use super::state::{Group, State};
use folkmoot_core::group_op::{GroupOp, capabilities};
use folkmoot_core::{GroupId, PublicKey, Role};

/// When a precondition is looked at.
enum Moment<'a> {
    /// In the op's own past, with its ground there.
    Past(&'a Ground),
    /// In the fold; those marked † are not looked at again.
    Fold,
}

/// §2: "`NoSuchGroup` (deleted), `Unauthorized` (§5), and the op's preconditions in the order of §5", for an op whose
/// state hash is right. What comes out is the ground.
pub(super) fn causal(dag: &Dag, past: &State, draft: &Draft<'_>) -> Result<Ground, Reason> {
    let group = past.groups.get(&draft.group).ok_or(Reason::NoSuchGroup)?;
    let ground = draft.ground(dag, past).ok_or(Reason::Unauthorized)?;
    check(dag, past, draft, group, draft.lowers(past), &Moment::Past(&ground))?;
    Ok(ground)
}

/// §4.6: "Precondition (§5) again in S, those marked † excepted", for an op whose group exists in S.
pub(super) fn again(dag: &Dag, s: &State, draft: &Draft<'_>, group: &Group, lowers: bool) -> Result<(), Reason> {
    check(dag, s, draft, group, lowers, &Moment::Fold)
}

fn check(
    dag: &Dag,
    state: &State,
    draft: &Draft<'_>,
    group: &Group,
    lowers: bool,
    moment: &Moment<'_>,
) -> Result<(), Reason> {
    let fold = matches!(moment, Moment::Fold);
    let must = |holds: bool, reason: Reason| if holds { Ok(()) } else { Err(reason) };
    let here = |member: &PublicKey| group.members.get(member);
    match draft.op {
        // "the new group is at most 16 edges below the root": with it, its path has at most 17 groups.
        GroupOp::SubgroupCreated { .. } => must(dag.path(&draft.group).len() < 17, Reason::TooDeep),
        GroupOp::GroupDeleted | GroupOp::GroupVisibilitySet { .. } => must(group.parent.is_some(), Reason::RootGroup),
        GroupOp::MemberAdded { member, .. } => must(fold || here(member).is_none(), Reason::AlreadyMember),
        GroupOp::MemberRemoved { member } => {
            must(here(member).is_some(), Reason::NoSuchMember)?;
            rank_rule(dag, state, draft, member, moment)?;
            must(!is_last_admin_of_the_root(state, &draft.group, member), Reason::LastAdmin)
        }
        GroupOp::MemberRoleSet { member, role } => {
            // "But MemberRoleSet that does not lower … need no record of m here" (§4.6)
            must((fold && !lowers) || here(member).is_some(), Reason::NoSuchMember)?;
            if lowers {
                rank_rule(dag, state, draft, member, moment)?;
            }
            let last = is_last_admin_of_the_root(state, &draft.group, member);
            must(*role == Role::Admin || !last, Reason::LastAdmin)
        }
        GroupOp::CapabilitiesGranted { member, capabilities } => {
            // "and CapabilitiesGranted" (§4.6)
            must(fold || here(member).is_some(), Reason::NoSuchMember)?;
            let reader = here(member).is_some_and(|record| record.role == Role::ReadOnly);
            must(!reader || only_bit_2(*capabilities), Reason::ReadOnlyMember)
        }
        GroupOp::CapabilitiesRevoked { member, .. } => {
            must(here(member).is_some(), Reason::NoSuchMember)?;
            rank_rule(dag, state, draft, member, moment)
        }
        GroupOp::ContextDetached { context_id }
        | GroupOp::ContextAliasSet { context_id, .. }
        | GroupOp::ContextCapabilityRevoked { context_id, .. } => {
            must(group.contexts.contains_key(context_id), Reason::NoSuchContext)
        }
        GroupOp::ContextCapabilityGranted { context_id, member, .. } => {
            must(group.contexts.contains_key(context_id), Reason::NoSuchContext)?;
            must(here(member).is_some(), Reason::NoSuchMember)
        }
        GroupOp::MemberAliasSet { member, .. } => must(here(member).is_some(), Reason::NoSuchMember),
        // "† all"
        GroupOp::JoinWithInvitationClaim { .. } if fold => Ok(()),
        GroupOp::JoinWithInvitationClaim { .. } => claim(dag, state, draft, group),
        GroupOp::Noop
        | GroupOp::NamespaceCreated { .. }
        | GroupOp::DefaultCapabilitiesSet { .. }
        | GroupOp::DefaultVisibilitySet { .. }
        | GroupOp::UpgradePolicySet { .. }
        | GroupOp::TargetApplicationSet { .. }
        | GroupOp::ContextRegistered { .. }
        | GroupOp::GroupAliasSet { .. }
        | GroupOp::InvitationRevoked { .. } => Ok(()),
    }
}

/// Whether a mask has bit 2 and no other.
pub(super) const fn only_bit_2(mask: u32) -> bool {
    mask & !capabilities::CAN_JOIN_OPEN_CONTEXTS == 0
}

/// "† Rank rule: signer = m, or the rank of the ground's record is strictly senior to the rank of m's record."
fn rank_rule(
    dag: &Dag,
    past: &State,
    draft: &Draft<'_>,
    member: &PublicKey,
    moment: &Moment<'_>,
) -> Result<(), Reason> {
    let Moment::Past(ground) = moment else { return Ok(()) };
    let own = dag.rank(past, &ground.group, &draft.principal());
    let theirs = dag.rank(past, &draft.group, member);
    if draft.signer == *member || own < theirs { Ok(()) } else { Err(Reason::Outranked) }
}

/// "m is not the root's last Admin (`LastAdmin`)": the record that `group` holds is the root's, and the last of an
/// Admin there. In a group below, a record of the same person is like any other.
pub(super) fn is_last_admin_of_the_root(state: &State, group: &GroupId, m: &PublicKey) -> bool {
    let Some(root) = state.groups.get(group).filter(|group| group.parent.is_none()) else { return false };
    let mut admins = root.members.iter().filter(|(_, record)| record.role == Role::Admin).map(|(member, _)| member);
    admins.next() == Some(m) && admins.next().is_none()
}

fn claim(dag: &Dag, past: &State, draft: &Draft<'_>, group: &Group) -> Result<(), Reason> {
    let GroupOp::JoinWithInvitationClaim { invitation, claimed_at, .. } = draft.op else { return Ok(()) };
    // "the invitation names this namespace and group, both signatures verify (§8), the invitee is absent or the signer,
    // claimed_at ≤ expires_at (`BadInvitation`)"
    let good = invitation.namespace_id == draft.namespace
        && invitation.group_id == draft.group
        && draft.claim_verified
        && invitation.invitee.is_none_or(|invitee| invitee == draft.signer)
        && invitation.expires_at.is_none_or(|expires_at| *claimed_at <= expires_at);
    if !good {
        return Err(Reason::BadInvitation);
    }
    let known = group.invitations.get(&invitation.id()).copied().unwrap_or_default();
    if known.revoked {
        return Err(Reason::InvitationRevoked);
    }
    if known.uses >= invitation.max_uses {
        return Err(Reason::InvitationUsedUp);
    }
    // "signer barred on no group of path(g) (`Barred`)"
    let bars = |group| past.groups.get(group).is_some_and(|group| group.barred.contains(&draft.signer));
    if dag.path(&draft.group).iter().any(bars) {
        return Err(Reason::Barred);
    }
    if group.members.contains_key(&draft.signer) {
        return Err(Reason::AlreadyMember);
    }
    Ok(())
}
