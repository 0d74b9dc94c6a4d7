//! Requests about who may come in: invitations, and what a group gives to those who do.

use crate::client::ContextClient;
use crate::error::{Answer, Refusal, RequestError};
use crate::link::InvitationLink;
use crate::node::{By, Node};
use crate::store::limits::MAX_PAGE_ROWS;
use crate::store::{IssuedInvitation, LocalChange};
use folkmoot_core::{
    DraftError, EntryKey, GroupId, GroupInvitation, GroupOp, InvitationId, InvitationInfo, OpId, PublicKey, Role,
    SigningKey, Visibility, VoidReason,
};

use super::identity::fresh_key;

/// Most invitations of its own that a node keeps; past it, revoked ones make room for new ones.
pub const MAX_ISSUED_INVITATIONS: usize = 1_024;

// One page tells of them all.
const _: () = assert!(MAX_ISSUED_INVITATIONS <= MAX_PAGE_ROWS);

/// What an invitation is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationTerms {
    /// The role that it gives.
    pub role: Role,
    /// How many may claim it; never 0. Claims that know nothing of one another all count (SPEC §5).
    pub max_uses: u32,
    /// Until when it may be claimed, in unix seconds.
    pub expires_at: Option<u64>,
    /// The only person who may claim it; whoever has the link if `None`.
    pub invitee: Option<PublicKey>,
}

impl InvitationTerms {
    /// Good for one person, without an end.
    pub const fn once(role: Role) -> Self {
        Self { role, max_uses: 1, expires_at: None, invitee: None }
    }
}

impl ContextClient {
    /// Invites to a group: the link to hand over, which carries a fresh bearer's secret. Nobody is told; the claim of who
    /// comes in by it is an op. This node keeps the invitation, and revokes it once it is used up or expired, as long as
    /// the inviter may.
    ///
    /// # Errors
    /// [`Refusal::Draft`] if the requester may not invite to this role (SPEC §5: Admin, or CAN_INVITE_MEMBERS if the role is
    /// not Admin), if `max_uses` is 0, or if the invitee is barred or a member; [`Refusal::Expired`] if it would be at
    /// once; [`Refusal::Malformed`] if [`MAX_ISSUED_INVITATIONS`] are open.
    pub async fn create_group_invitation(
        &self,
        by: By,
        group: GroupId,
        terms: InvitationTerms,
    ) -> Answer<InvitationLink> {
        self.ask(move |node| node.create_group_invitation(&by, &group, terms)).await
    }

    /// The link of an invitation that this node issued, once more.
    ///
    /// # Errors
    /// [`Refusal::NoSuchInvitation`].
    pub async fn invitation_link(&self, invitation: InvitationId) -> Answer<InvitationLink> {
        self.ask(move |node| node.invitation_link(&invitation)).await
    }

    /// Joins a group by an invitation (SPEC §5, JoinWithInvitationClaim): the claim. If the group is not known here, or the
    /// inviter may not invite as far as this node knows, the namespace is synced first. Who joins is whose key is given; else the invitee, if one is named; else this node's
    /// identity in the namespace; else somebody new, whose key is made. In the commit of the claim the joiner becomes this
    /// node's identity there, and its key is kept for the namespace.
    ///
    /// # Errors
    /// [`Refusal::Expired`] by this node's clock; [`RequestError::NobodyAnswered`] if the namespace is not here and no peer
    /// has it; [`Refusal::InvitationForAnother`]; [`Refusal::NoSigningKey`] if it is for somebody whose key is neither given
    /// nor kept; [`Refusal::Draft`] if it was revoked or used up, or the joiner is barred or a member, or the inviter may no
    /// longer invite.
    pub async fn join_group(&self, link: InvitationLink, key: Option<SigningKey>) -> Answer<OpId> {
        let GroupInvitation { namespace_id, group_id, expires_at, .. } = *link.invitation();
        let known = self
            .ask(move |node| {
                node.not_expired(expires_at)?;
                Ok(node.engine.namespace_of_group(&group_id).is_some())
            })
            .await?;
        let mut refused = None;
        if known {
            let (link, key) = (link.clone(), key.clone());
            match self.ask(move |node| node.join_group(&link, key)).await {
                // What lets the inviter invite may not have come yet.
                Err(RequestError::Refused(why @ Refusal::Draft(DraftError::Void(VoidReason::Unauthorized)))) => {
                    refused = Some(why);
                }
                answer => return answer,
            }
        }
        match (self.sync_namespace(namespace_id).await, refused) {
            // There is no peer who knows more.
            (Err(RequestError::NobodyAnswered(_)), Some(why)) => return Err(why.into()),
            (synced, _) => synced?,
        }
        self.ask(move |node| node.join_group(&link, key)).await
    }

    /// Revokes an invitation that this node issued (SPEC §5, InvitationRevoked). Claims that know nothing of that are struck
    /// (SPEC §3).
    ///
    /// # Errors
    /// [`Refusal::NoSuchInvitation`], [`Refusal::NothingToDo`] if it is revoked; [`Refusal::Draft`] without the authority.
    pub async fn revoke_invitation(&self, by: By, invitation: InvitationId) -> Answer<OpId> {
        self.ask(move |node| {
            let group = node.invitation_link(&invitation)?.invitation().group_id;
            node.revoke_invitation(&by, &group, invitation)
        })
        .await
    }

    /// Revokes an invitation to a group, whoever issued it, known or not.
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if it is revoked; [`Refusal::Draft`] without the authority.
    pub async fn revoke_group_invitation(&self, by: By, group: GroupId, invitation: InvitationId) -> Answer<OpId> {
        self.ask(move |node| node.revoke_invitation(&by, &group, invitation)).await
    }

    /// Sets what new members of a group may do (SPEC §5, DefaultCapabilitiesSet).
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if they do already; [`Refusal::Draft`] without the authority, for bits that there are not,
    /// and for MANAGE_MEMBERS.
    pub async fn set_default_capabilities(&self, by: By, group: GroupId, capabilities: u32) -> Answer<OpId> {
        self.ask(move |node| {
            let changes = node.group_as_asked(&by, &group)?.default_capabilities != capabilities;
            node.govern_if(changes, &by, &group, GroupOp::DefaultCapabilitiesSet { capabilities })
        })
        .await
    }

    /// Sets who may join contexts that are registered in a group from now on (SPEC §5, DefaultVisibilitySet).
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if it is set so; [`Refusal::Draft`] without the authority.
    pub async fn set_default_visibility(&self, by: By, group: GroupId, visibility: Visibility) -> Answer<OpId> {
        self.ask(move |node| {
            let changes = node.group_as_asked(&by, &group)?.default_visibility != visibility;
            node.govern_if(changes, &by, &group, GroupOp::DefaultVisibilitySet { visibility })
        })
        .await
    }

    /// Opens a group to members of those above it, or restricts it to its own (SPEC §5, GroupVisibilitySet).
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if it is so; [`Refusal::Draft`] without the authority, or for the root.
    pub async fn set_group_visibility(&self, by: By, group: GroupId, visibility: Visibility) -> Answer<OpId> {
        self.ask(move |node| {
            let changes = node.group_as_asked(&by, &group)?.visibility != visibility;
            node.govern_if(changes, &by, &group, GroupOp::GroupVisibilitySet { visibility })
        })
        .await
    }
}

impl Node {
    fn create_group_invitation(&mut self, by: &By, group: &GroupId, terms: InvitationTerms) -> Answer<InvitationLink> {
        let (namespace, inviter) = self.asked(by, group)?;
        self.not_expired(terms.expires_at)?;
        let bearer = fresh_key()?;
        let InvitationTerms { role, max_uses, expires_at, invitee } = terms;
        let invitation = GroupInvitation {
            namespace_id: namespace,
            group_id: *group,
            inviter,
            bearer: bearer.public(),
            invitee,
            role,
            max_uses,
            expires_at,
        };
        // An invitation is no op, so the preflight is that of the op that ends it: who may not revoke an invitation (Admin,
        // or bit 1) may not invite either, and the host has to revoke it one day.
        self.governance_preflight(by, group, GroupOp::InvitationRevoked { invitation_id: invitation.id() })?;
        let inviter_signature = invitation.sign(self.signing_key(group, &inviter)?);
        let link = InvitationLink::new(invitation, inviter_signature, bearer);
        // And as inviting an Admin needs an Admin, a claim is tried: the invitee's, or a stranger's, for which the bearer's
        // own key serves, since nobody else has it.
        let claimant = invitee.unwrap_or(link.invitation().bearer);
        let now = self.host.clock.now();
        self.engine.draft(&namespace, group, &claimant, link.claim(&claimant, now))?;
        self.keep_invitation(&link, now)?;
        Ok(link)
    }

    fn keep_invitation(&mut self, link: &InvitationLink, now: u64) -> Answer<()> {
        let mut local: Vec<LocalChange> = self.room_for_invitation()?.into_iter().collect();
        local.push(link.to_keep(now));
        self.commit_local(local)
    }

    /// Of too many invitations the oldest that is revoked goes.
    fn room_for_invitation(&mut self) -> Answer<Option<LocalChange>> {
        let all = self.store.issued_invitations(None)?;
        if all.len() < MAX_ISSUED_INVITATIONS {
            return Ok(None);
        }
        let mut oldest: Option<(u64, InvitationId)> = None;
        for (id, issued) in all {
            let group = issued.invitation.group_id;
            let ended = self.store.group_info(&group)?.is_none() || self.invitation_info(&group, &id).revoked;
            if ended && oldest.is_none_or(|oldest| (issued.issued_at, id) < oldest) {
                oldest = Some((issued.issued_at, id));
            }
        }
        let full = Refusal::Malformed("as many invitations are open as a node may issue: revoke some");
        let (_, invitation) = oldest.ok_or(full)?;
        Ok(Some(LocalChange::ForgetInvitation { invitation }))
    }

    fn invitation_link(&self, invitation: &InvitationId) -> Answer<InvitationLink> {
        let kept = self.store.issued_invitation(invitation)?;
        let (IssuedInvitation { invitation, inviter_signature, .. }, bearer) =
            kept.ok_or(Refusal::NoSuchInvitation(*invitation))?;
        Ok(InvitationLink::new(invitation, inviter_signature, bearer))
    }

    fn not_expired(&self, expires_at: Option<u64>) -> Answer<()> {
        match expires_at {
            Some(expires_at) if self.host.clock.now() > expires_at => Err(Refusal::Expired(expires_at).into()),
            _ => Ok(()),
        }
    }

    fn join_group(&mut self, link: &InvitationLink, key: Option<SigningKey>) -> Answer<OpId> {
        let GroupInvitation { namespace_id: namespace, group_id: group, invitee, expires_at, .. } = *link.invitation();
        // It may have expired while a peer was looked for.
        self.not_expired(expires_at)?;
        let known = key.as_ref().map(SigningKey::public).or(invitee).or(self.identities.get(&namespace).copied());
        let (joiner, key) = match known {
            Some(joiner) => (joiner, key),
            None => {
                let key = fresh_key()?;
                (key.public(), Some(key))
            }
        };
        if let Some(invitee) = invitee.filter(|invitee| *invitee != joiner) {
            return Err(Refusal::InvitationForAnother(invitee).into());
        }
        let claim = link.claim(&joiner, self.host.clock.now());
        let (op, local) = match key {
            Some(key) => {
                let op = self.newcomers_preflight(&key, &group, claim)?;
                (op, self.identity_changes(&namespace, key)?)
            }
            None => {
                let prepared = self.governance_preflight(&By::requester(joiner), &group, claim)?;
                (self.sign(prepared)?, vec![LocalChange::SetIdentity { namespace, identity: joiner }])
            }
        };
        let id = op.id();
        let _ = self.take_in(vec![op], local, true)?;
        Ok(id)
    }

    fn revoke_invitation(&mut self, by: &By, group: &GroupId, invitation_id: InvitationId) -> Answer<OpId> {
        self.asked(by, group)?;
        if self.invitation_info(group, &invitation_id).revoked {
            return Err(Refusal::NothingToDo("the invitation is revoked").into());
        }
        self.govern(by, group, GroupOp::InvitationRevoked { invitation_id })
    }

    /// What the state says of an invitation; one that it does not know of has not been used.
    fn invitation_info(&mut self, group: &GroupId, invitation: &InvitationId) -> InvitationInfo {
        let entry = EntryKey::Invitation(*invitation);
        let namespace = self.engine.namespace_of_group(group);
        // A proof carries the entry's value (SPEC §6), and costs no more than the way to it; a view would be the whole group.
        let proof = namespace.and_then(|namespace| self.engine.prove(&namespace, group, &entry));
        let (uses, revoked) = proof.and_then(|proof| borsh::from_slice(&proof.value).ok()).unwrap_or_default();
        InvitationInfo { uses, revoked }
    }

    /// Revokes invitations of this node's that are used up or expired and not revoked yet, as the inviter, or as this
    /// node's identity in the namespace; where neither may, nothing is done.
    pub(crate) fn tend_invitations(&mut self) -> Answer<()> {
        self.invitations_changed = false;
        let now = self.host.clock.now();
        for (id, IssuedInvitation { invitation, .. }) in self.store.issued_invitations(None)? {
            let group = invitation.group_id;
            if self.store.group_info(&group)?.is_none() {
                continue;
            }
            let info = self.invitation_info(&group, &id);
            let over = info.uses >= invitation.max_uses || invitation.expires_at.is_some_and(|until| now > until);
            if over && !info.revoked {
                self.revoke_ended(&invitation, id)?;
            }
        }
        Ok(())
    }

    fn revoke_ended(&mut self, invitation: &GroupInvitation, id: InvitationId) -> Answer<()> {
        let identity = self.identities.get(&invitation.namespace_id).copied();
        for requester in [Some(invitation.inviter), identity].into_iter().flatten() {
            let op = GroupOp::InvitationRevoked { invitation_id: id };
            match self.govern(&By::requester(requester), &invitation.group_id, op) {
                Ok(_) => return Ok(()),
                Err(RequestError::Refused(reason)) => {
                    tracing::debug!(invitation = %id, %requester, %reason, "an invitation that is over is not revoked");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// After each request or message: looks after invitations if one was used.
    pub(crate) fn tend_changed_invitations(&mut self) -> Answer<()> {
        if self.invitations_changed && self.broken.is_none() { self.tend_invitations() } else { Ok(()) }
    }
}
