//! Whether an op may have its effect: the causal verdict but for the state hash (SPEC §2), and the preconditions of
//! SPEC §5, in its order, for the causal verdict and for the fold.

use crate::arena::{ContextIx, GroupIx, InvitationIx, PersonIx};
use crate::authority::{Glance, JOIN_OPEN, Read, ground, has_context, need, rank};
use crate::cells::{Cell, GroupCell, InvitationCell, MemberCell, part};
use crate::facts::{Action, Basis};
use crate::group_op::Role;
use crate::limits::{MAX_NAMESPACE_DEPTH, MAX_PATH_GROUPS};
use crate::verdict::VoidReason;

/// What a claim says that only its own past judges (SPEC §5: † all).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClaimTerms {
    /// It names this namespace and group, both signatures verify, the invitee may claim, it has not expired.
    pub(crate) fits: bool,
    pub(crate) max_uses: u32,
}

/// Whether preconditions are those of the causal verdict or of the fold, which excepts those marked † (SPEC §4.6).
pub(crate) enum Moment<'a> {
    Causal { basis: &'a Basis, terms: Option<ClaimTerms> },
    Fold { lowers: bool },
}

/// The causal verdict of an op but for its state hash (SPEC §2): its basis, or the first that fails.
pub(crate) fn judge(
    mut glance: Glance<'_>,
    action: &mut Action,
    group: GroupIx,
    signer: PersonIx,
    terms: Option<ClaimTerms>,
) -> Result<Basis, VoidReason> {
    if !glance.lives(group) {
        return Err(VoidReason::NoSuchGroup);
    }
    let principal = if let Action::Claim { inviter, .. } = action { *inviter } else { signer };
    let (need, needed_in) = need(&mut glance, action, group, signer);
    let ground = ground(&mut glance, need, needed_in, principal).ok_or(VoidReason::Unauthorized)?;
    let basis = ground.basis(glance.history);
    if let Action::MemberRoleSet { member, role, lowers } = action {
        *lowers = glance.record(group, *member).is_some_and(|record| *role > record.role);
    }
    precondition(&mut glance, action, group, signer, &Moment::Causal { basis: &basis, terms })?;
    Ok(basis)
}

/// The preconditions of SPEC §5, in its order.
pub(crate) fn precondition(
    reader: &mut impl Read,
    action: &Action,
    group: GroupIx,
    signer: PersonIx,
    moment: &Moment<'_>,
) -> Result<(), VoidReason> {
    match *action {
        Action::SubgroupCreated { .. } => {
            let above = usize::from(reader.history().directory.level(group));
            if above >= MAX_NAMESPACE_DEPTH { Err(VoidReason::TooDeep) } else { Ok(()) }
        }
        Action::GroupDeleted | Action::GroupVisibilitySet { .. } => {
            let is_root = reader.history().directory.parent(group).is_none();
            if is_root { Err(VoidReason::RootGroup) } else { Ok(()) }
        }
        Action::MemberAdded { member, .. } => match moment {
            Moment::Causal { .. } if reader.record(group, member).is_some() => Err(VoidReason::AlreadyMember),
            _ => Ok(()),
        },
        Action::MemberRemoved { member } => {
            let record = reader.record(group, member).ok_or(VoidReason::NoSuchMember)?;
            outranks(reader, group, &record, member == signer, moment)?;
            keeps_an_admin(reader, group, &record)
        }
        Action::MemberRoleSet { member, role, lowers } => {
            let Some(record) = reader.record(group, member) else {
                // What somebody with authority grants stands on that authority (SPEC §4.6).
                let needed = !matches!(moment, Moment::Fold { lowers: false });
                return if needed { Err(VoidReason::NoSuchMember) } else { Ok(()) };
            };
            if lowers {
                outranks(reader, group, &record, member == signer, moment)?;
            }
            if role == Role::Admin { Ok(()) } else { keeps_an_admin(reader, group, &record) }
        }
        Action::CapabilitiesGranted { member, bits } => match reader.record(group, member) {
            Some(record) if record.role == Role::ReadOnly && bits & !JOIN_OPEN != 0 => Err(VoidReason::ReadOnlyMember),
            Some(_) => Ok(()),
            None if matches!(moment, Moment::Fold { .. }) => Ok(()),
            None => Err(VoidReason::NoSuchMember),
        },
        Action::CapabilitiesRevoked { member, .. } => {
            let record = reader.record(group, member).ok_or(VoidReason::NoSuchMember)?;
            outranks(reader, group, &record, member == signer, moment)
        }
        Action::MemberAliasSet { member, .. } => {
            reader.record(group, member).map(|_| ()).ok_or(VoidReason::NoSuchMember)
        }
        Action::ContextDetached { context }
        | Action::ContextAliasSet { context, .. }
        | Action::ContextCapabilityRevoked { context, .. } => context_here(reader, context, group),
        Action::ContextCapabilityGranted { context, member, .. } => {
            context_here(reader, context, group)?;
            reader.record(group, member).map(|_| ()).ok_or(VoidReason::NoSuchMember)
        }
        Action::Claim { invitation, .. } => match moment {
            Moment::Causal { terms: Some(terms), .. } => claimable(reader, group, signer, invitation, terms),
            Moment::Causal { terms: None, .. } => Err(VoidReason::BadInvitation),
            Moment::Fold { .. } => Ok(()),
        },
        Action::Noop
        | Action::NamespaceCreated { .. }
        | Action::DefaultCapabilitiesSet { .. }
        | Action::DefaultVisibilitySet { .. }
        | Action::UpgradePolicySet { .. }
        | Action::TargetApplicationSet { .. }
        | Action::ContextRegistered { .. }
        | Action::GroupAliasSet { .. }
        | Action::InvitationRevoked { .. } => Ok(()),
    }
}

/// The rank rule: of the signer itself, or the ground's record strictly outranks the member's (SPEC §5, †).
fn outranks(
    reader: &mut impl Read,
    group: GroupIx,
    record: &MemberCell,
    of_signer: bool,
    moment: &Moment<'_>,
) -> Result<(), VoidReason> {
    let Moment::Causal { basis, .. } = moment else { return Ok(()) };
    let history = reader.history();
    let theirs = rank(history, group, record);
    if of_signer || history.compare_seniority(&basis.seniority(), &theirs).is_lt() {
        Ok(())
    } else {
        Err(VoidReason::Outranked)
    }
}

/// The record is not the root's last Admin's (SPEC §5).
pub(crate) fn keeps_an_admin(reader: &mut impl Read, group: GroupIx, record: &MemberCell) -> Result<(), VoidReason> {
    let is_root = reader.history().directory.parent(group).is_none();
    let is_last = |cell: GroupCell| cell.admins <= 1;
    if is_root && record.role == Role::Admin && reader.group_parts(group, part::ADMINS).is_none_or(is_last) {
        return Err(VoidReason::LastAdmin);
    }
    Ok(())
}

fn context_here(reader: &mut impl Read, context: ContextIx, group: GroupIx) -> Result<(), VoidReason> {
    if has_context(reader, context, group) { Ok(()) } else { Err(VoidReason::NoSuchContext) }
}

fn claimable(
    reader: &mut impl Read,
    group: GroupIx,
    signer: PersonIx,
    invitation: InvitationIx,
    terms: &ClaimTerms,
) -> Result<(), VoidReason> {
    if !terms.fits {
        return Err(VoidReason::BadInvitation);
    }
    let cell = reader.history().directory.invitation_cell(invitation);
    let known = if let Cell::Invitation(known) = reader.cell(cell) { known } else { InvitationCell::default() };
    if known.revoked {
        return Err(VoidReason::InvitationRevoked);
    }
    if known.uses >= terms.max_uses {
        return Err(VoidReason::InvitationUsedUp);
    }
    let path: heapless::Vec<GroupIx, MAX_PATH_GROUPS> = reader.history().directory.path(group).collect();
    if path.into_iter().any(|above| reader.member_cell(above, signer).barred) {
        return Err(VoidReason::Barred);
    }
    if reader.record(group, signer).is_some() { Err(VoidReason::AlreadyMember) } else { Ok(()) }
}
