//! Who may come in: invitations, and what a group gives to those who do.

use crate::common::{
    Home, ME, Moot, NOW, by, eventually, is_malformed, is_member, is_nothing_to_do, is_revoked, key, ops, refused,
    void, who,
};
use folkmoot::core::group_op::capabilities::{
    CAN_CREATE_CONTEXT, CAN_INVITE_MEMBERS, CAN_JOIN_OPEN_CONTEXTS, MANAGE_MEMBERS,
};
use folkmoot::core::{
    DraftError, GroupId, GroupInvitation, InvitationId, PendingLimits, Role, SigningKey, Verdict, Visibility,
    VoidReason,
};
use folkmoot::network::Network;
use folkmoot::store::{Applied, Commit, IssuedInvitation, LocalChange, Store, StoreOptions};
use folkmoot::{ContextClient, InvitationLink, InvitationTerms, MAX_ISSUED_INVITATIONS, PeerId, Refusal, RequestError};

const ONCE: InvitationTerms = InvitationTerms::once(Role::Member);

async fn invite(moot: &Moot, terms: InvitationTerms) -> InvitationLink {
    moot.alice.create_group_invitation(ME, moot.root, terms).await.expect("alice invites")
}

/// As it arrives with who was invited.
fn handed_over(link: &InvitationLink) -> InvitationLink {
    link.to_string().parse().expect("a link")
}

// create_group_invitation

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_no_op_and_has_a_bearer_of_its_own() {
    let moot = Moot::alone().await;
    let terms = InvitationTerms { role: Role::ReadOnly, max_uses: 3, expires_at: Some(NOW), invitee: Some(who("bob")) };
    let (one, other) = (invite(&moot, terms).await, invite(&moot, terms).await);
    let invitation = one.invitation();
    assert_eq!((invitation.namespace_id, invitation.group_id), (moot.namespace, moot.root));
    assert_eq!((invitation.inviter, invitation.invitee), (who("alice"), Some(who("bob"))));
    assert_eq!((invitation.role, invitation.max_uses, invitation.expires_at), (Role::ReadOnly, 3, Some(NOW)));
    assert_ne!(invitation.bearer, other.invitation().bearer);
    assert_eq!(ops(&moot.alice, moot.namespace).await, 1, "only the founding");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_capability_invites_members_and_no_admins() {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_INVITE_MEMBERS).await;
    let invite = |by, role| moot.alice.create_group_invitation(by, moot.root, InvitationTerms::once(role));
    for role in [Role::Member, Role::ReadOnly] {
        let link = invite(by("bob"), role).await.expect("bob may");
        assert_eq!(link.invitation().inviter, who("bob"));
    }
    assert_eq!(void(invite(by("bob"), Role::Admin).await), VoidReason::Unauthorized);
    invite(ME, Role::Admin).await.expect("alice may");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_invites() {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_CREATE_CONTEXT | MANAGE_MEMBERS).await;
    moot.alice.keep_signing_key(moot.root, key("mallory")).await.expect("there is room");
    moot.add(moot.root, "carol", Role::Admin, 0).await;
    let invite = |by, group| moot.alice.create_group_invitation(by, group, ONCE);
    assert_eq!(void(invite(by("bob"), moot.root).await), VoidReason::Unauthorized);
    let stranger = Refusal::Draft(DraftError::NotParticipant(who("mallory")));
    assert_eq!(refused(invite(by("mallory"), moot.root).await), stranger);
    let (group, requester) = (moot.root, who("carol"));
    assert_eq!(refused(invite(by("carol"), moot.root).await), Refusal::NoSigningKey { group, requester });
    let nowhere = GroupId([9; 32]);
    assert_eq!(refused(invite(ME, nowhere).await), Refusal::NoSuchGroup(nowhere));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_nobody_could_claim_is_not_issued() {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Member, 0).await;
    moot.add(moot.root, "carol", Role::Member, 0).await;
    moot.alice.remove_group_members(ME, moot.root, vec![who("carol")]).await.expect("removed");
    let invite = |terms| moot.alice.create_group_invitation(ME, moot.root, terms);
    assert!(is_malformed(invite(InvitationTerms { max_uses: 0, ..ONCE }).await));
    let expired = InvitationTerms { expires_at: Some(NOW - 1), ..ONCE };
    assert_eq!(refused(invite(expired).await), Refusal::Expired(NOW - 1));
    let member = InvitationTerms { invitee: Some(who("bob")), ..ONCE };
    assert_eq!(void(invite(member).await), VoidReason::AlreadyMember);
    let barred = InvitationTerms { invitee: Some(who("carol")), ..ONCE };
    assert_eq!(void(invite(barred).await), VoidReason::Barred);
    assert_eq!(moot.alice.group_invitations(moot.root, None, 10).await.expect("asked").entries, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_refused_if_the_group_changed_since_the_inviter_looked() {
    let moot = Moot::alone().await;
    let looked = moot.alice.group_info(moot.root).await.expect("the root").state_hash;
    moot.add(moot.root, "bob", Role::Member, 0).await;
    let invited = moot.alice.create_group_invitation(ME.if_state_is(looked), moot.root, ONCE).await;
    assert!(matches!(refused(invited), Refusal::StateChanged { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_can_be_had_again_after_a_restart() {
    let mut moot = Moot::alone().await;
    let link = invite(&moot, ONCE).await;
    moot.restart().await;
    let again = moot.alice.invitation_link(link.id()).await.expect("it was kept");
    assert_eq!(again.to_string(), link.to_string());
    let none = InvitationId([9; 32]);
    assert_eq!(refused(moot.alice.invitation_link(none).await), Refusal::NoSuchInvitation(none));
}

/// Has a node that is stopped keep open invitations, the first issued first: their ids.
fn keep_invitations(moot: &Moot, count: usize) -> Vec<InvitationId> {
    let issued = (0..count as u64).map(|number| {
        let mut bearer = [0xb5; 32];
        bearer[..8].copy_from_slice(&number.to_le_bytes());
        let bearer = SigningKey::from_seed(bearer);
        let invitation = GroupInvitation {
            namespace_id: moot.namespace,
            group_id: moot.root,
            inviter: who("alice"),
            bearer: bearer.public(),
            invitee: None,
            role: Role::Member,
            max_uses: 1,
            expires_at: None,
        };
        let issued = IssuedInvitation { invitation, inviter_signature: [0; 64], issued_at: NOW + number };
        LocalChange::KeepInvitation { issued: Box::new(issued), bearer }
    });
    let local: Vec<LocalChange> = issued.collect();
    let mut store = Store::open(moot.home.store(), &StoreOptions::default()).expect("nobody has it open");
    store.commit_local(&local).expect("written");
    store.close().expect("closed");
    let id = |change: &LocalChange| match change {
        LocalChange::KeepInvitation { issued, .. } => issued.invitation.id(),
        other => panic!("{other:?}"),
    };
    local.iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_invitations_are_open_as_may_be_and_a_revoked_one_makes_room() {
    let mut moot = Moot::alone().await;
    moot.alice.shutdown().await;
    let kept = keep_invitations(&moot, MAX_ISSUED_INVITATIONS - 1);
    moot.alice = moot.home.start().await;
    let invite = || moot.alice.create_group_invitation(ME, moot.root, ONCE);
    invite().await.expect("there is room for one");
    assert!(is_malformed(invite().await));
    for revoked in [kept[7], kept[3]] {
        moot.alice.revoke_invitation(ME, revoked).await.expect("alice may");
    }
    invite().await.expect("there is room");
    // The older one went.
    assert_eq!(refused(moot.alice.invitation_link(kept[3]).await), Refusal::NoSuchInvitation(kept[3]));
    moot.alice.invitation_link(kept[7]).await.expect("it is kept");
}

// join_group

#[tokio::test(flavor = "multi_thread")]
async fn bob_joins_by_a_link_from_a_node_with_nothing_on_it() {
    let network = Network::new(1);
    let moot = Moot::at(Home::in_network(&network, "alice")).await;
    let home = Home::in_network(&network, "bob");
    let bob = home.start().await;
    let link = handed_over(&invite(&moot, ONCE).await);
    let claim = bob.join_group(link, None).await.expect("bob is invited");
    assert_eq!(bob.explain(claim).await.expect("admitted").verdict, Verdict::Effective);
    let identity = bob.identity(moot.namespace).await.expect("asked").expect("made for it");
    assert_eq!(bob.member_info(moot.root, identity).await.expect("a member").role, Role::Member);
    let heard = || async { moot.alice.member_info(moot.root, identity).await.is_ok() };
    eventually("alice hears of it", heard).await;
    // Identity and key are there after a restart.
    bob.shutdown().await;
    let bob = home.start().await;
    assert_eq!(bob.identity(moot.namespace).await.expect("asked"), Some(identity));
    bob.set_member_alias(ME, moot.root, identity, "Bob".to_owned()).await.expect("its key was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_identity_joins_as_that_and_who_brings_a_key_as_its_owner() {
    let network = Network::new(2);
    let moot = Moot::at(Home::in_network(&network, "alice")).await;
    let link = invite(&moot, InvitationTerms { max_uses: 3, ..ONCE }).await;
    let homes = [Home::in_network(&network, "bob"), Home::in_network(&network, "carol")];
    let (bob, carol) = (homes[0].start().await, homes[1].start().await);
    let before = bob.create_identity(moot.namespace).await.expect("a fresh key");
    bob.join_group(handed_over(&link), None).await.expect("invited");
    assert_eq!(bob.identity(moot.namespace).await.expect("asked"), Some(before));
    assert!(bob.member_info(moot.root, before).await.is_ok());
    carol.create_identity(moot.namespace).await.expect("a fresh key");
    carol.join_group(handed_over(&link), Some(key("carol"))).await.expect("invited");
    assert_eq!(carol.identity(moot.namespace).await.expect("asked"), Some(who("carol")));
    assert!(is_member(&carol, moot.root, "carol").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_to_one_person_is_claimed_by_nobody_else() {
    let moot = Moot::alone().await;
    let terms = InvitationTerms { invitee: Some(who("bob")), max_uses: 5, ..ONCE };
    let link = invite(&moot, terms).await;
    let join = |key| moot.alice.join_group(handed_over(&link), key);
    assert_eq!(refused(join(Some(key("mallory"))).await), Refusal::InvitationForAnother(who("bob")));
    let (group, requester) = (moot.root, who("bob"));
    assert_eq!(refused(join(None).await), Refusal::NoSigningKey { group, requester });
    join(Some(key("bob"))).await.expect("bob is invited");
    assert!(moot.is_member(moot.root, "bob").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_invitee_joins_by_a_key_that_is_kept() {
    let moot = Moot::alone().await;
    let link = invite(&moot, InvitationTerms { invitee: Some(who("bob")), ..ONCE }).await;
    moot.alice.keep_signing_key(moot.root, key("bob")).await.expect("there is room");
    moot.alice.join_group(link, None).await.expect("bob is invited");
    assert_eq!(moot.alice.identity(moot.namespace).await.expect("asked"), Some(who("bob")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lets_the_inviter_invite_is_fetched_if_it_is_not_known() {
    let network = Network::new(5);
    let moot = Moot::at(Home::in_network(&network, "alice")).await;
    let home = Home::in_network(&network, "bob");
    let bob = home.start().await;
    bob.sync_namespace(moot.namespace).await.expect("alice is there");
    network.divide(PeerId(who("alice").0), PeerId(who("bob").0));
    let moot = moot.with("carol", Role::Member, CAN_INVITE_MEMBERS).await;
    let link = moot.alice.create_group_invitation(by("carol"), moot.root, ONCE).await.expect("carol may");
    network.heal();
    assert!(!is_member(&bob, moot.root, "carol").await, "bob has not heard of carol");
    bob.join_group(link, Some(key("bob"))).await.expect("invited");
    assert!(is_member(&bob, moot.root, "bob").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_invitation_is_not_claimed_and_not_even_looked_for() {
    let moot = Moot::alone().await;
    let link = invite(&moot, InvitationTerms { expires_at: Some(NOW + 10), max_uses: 2, ..ONCE }).await;
    moot.home.clock.set(NOW + 10);
    moot.alice.join_group(handed_over(&link), Some(key("bob"))).await.expect("this second is the last");
    moot.home.clock.set(NOW + 11);
    let expired = Refusal::Expired(NOW + 10);
    assert_eq!(refused(moot.alice.join_group(handed_over(&link), Some(key("carol"))).await), expired);
    let elsewhere = Home::alone();
    elsewhere.clock.set(NOW + 11);
    assert_eq!(refused(elsewhere.start().await.join_group(link, None).await), expired);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_peer_nobody_joins_what_is_not_here() {
    let moot = Moot::alone().await;
    let link = invite(&moot, ONCE).await;
    let home = Home::alone();
    let bob = home.start().await;
    let error = bob.join_group(link, None).await.expect_err("nobody is there");
    assert!(matches!(error, RequestError::NobodyAnswered(asked) if asked == moot.namespace), "{error}");
    assert_eq!(bob.identity(moot.namespace).await.expect("asked"), None, "nothing was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_would_be_void_is_not_made() {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_INVITE_MEMBERS).await;
    let many = InvitationTerms { max_uses: 9, ..ONCE };
    let (link, bobs) =
        (invite(&moot, many).await, moot.alice.create_group_invitation(by("bob"), moot.root, many).await);
    let bobs = bobs.expect("bob may invite");
    let join = |link: &InvitationLink, name| moot.alice.join_group(handed_over(link), Some(key(name)));
    assert_eq!(void(join(&link, "bob").await), VoidReason::AlreadyMember);
    // Who was removed by another does not come back by invitation.
    moot.alice.remove_group_members(by("alice"), moot.root, vec![who("bob")]).await.expect("removed");
    assert_eq!(void(join(&link, "bob").await), VoidReason::Barred);
    // Bob invites nobody any more.
    assert_eq!(void(join(&bobs, "carol").await), VoidReason::Unauthorized);
    moot.alice.revoke_invitation(ME, link.id()).await.expect("alice may");
    assert_eq!(void(join(&link, "carol").await), VoidReason::InvitationRevoked);
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    let below = moot.alice.create_group_invitation(ME, cellar, ONCE).await.expect("alice may");
    moot.alice.delete_group(ME, cellar).await.expect("deleted");
    assert_eq!(refused(join(&below, "carol").await), Refusal::NoSuchGroup(cellar));
}

// revoke_invitation

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_revoked_once() {
    let moot = Moot::alone().await;
    let link = invite(&moot, ONCE).await;
    moot.alice.revoke_invitation(ME, link.id()).await.expect("alice may");
    assert!(is_revoked(&moot.alice, moot.root, link.id()).await);
    assert!(is_nothing_to_do(moot.alice.revoke_invitation(ME, link.id()).await));
    let none = InvitationId([9; 32]);
    assert_eq!(refused(moot.alice.revoke_invitation(ME, none).await), Refusal::NoSuchInvitation(none));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_invitation_is_revoked_by_who_may_invite_and_by_nobody_else() {
    let moot =
        Moot::alone().await.with("bob", Role::Member, CAN_INVITE_MEMBERS).await.with("carol", Role::Member, 0).await;
    let link = invite(&moot, ONCE).await;
    let revoke = |by, invitation| moot.alice.revoke_group_invitation(by, moot.root, invitation);
    assert_eq!(void(revoke(by("carol"), link.id()).await), VoidReason::Unauthorized);
    assert_eq!(void(moot.alice.revoke_invitation(by("carol"), link.id()).await), VoidReason::Unauthorized);
    revoke(by("bob"), link.id()).await.expect("bob may");
    assert!(is_nothing_to_do(revoke(ME, link.id()).await));
    // Known or not.
    let unknown = InvitationId([9; 32]);
    revoke(ME, unknown).await.expect("alice may");
    assert!(is_revoked(&moot.alice, moot.root, unknown).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_invitation_is_revoked_by_the_node_that_issued_it() {
    let network = Network::new(3);
    let moot = Moot::at(Home::in_network(&network, "alice")).await;
    let link = invite(&moot, InvitationTerms { max_uses: 2, ..ONCE }).await;
    let homes = [Home::in_network(&network, "bob"), Home::in_network(&network, "carol")];
    let (bob, carol) = (homes[0].start().await, homes[1].start().await);
    bob.join_group(handed_over(&link), Some(key("bob"))).await.expect("invited");
    eventually("alice hears of bob", || moot.is_member(moot.root, "bob")).await;
    assert!(!is_revoked(&moot.alice, moot.root, link.id()).await, "one use is left");
    carol.join_group(handed_over(&link), Some(key("carol"))).await.expect("invited");
    eventually("alice's node revokes it", || is_revoked(&moot.alice, moot.root, link.id())).await;
    eventually("bob hears of that", || is_revoked(&bob, moot.root, link.id())).await;
    // Once: two claims and one revocation.
    assert_eq!(ops(&moot.alice, moot.namespace).await, 4);
    assert!(is_member(&bob, moot.root, "bob").await && moot.is_member(moot.root, "carol").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_used_up_while_its_issuer_was_away_is_revoked_when_it_is_back() {
    let network = Network::new(4);
    let mut moot = Moot::at(Home::in_network(&network, "alice")).await;
    let link = invite(&moot, ONCE).await;
    let home = Home::in_network(&network, "bob");
    let bob = home.start().await;
    bob.sync_namespace(moot.namespace).await.expect("alice is there");
    network.detach(&PeerId(who("alice").0));
    moot.alice.shutdown().await;
    bob.join_group(handed_over(&link), Some(key("bob"))).await.expect("invited");
    moot.restart().await;
    moot.alice.sync_group(moot.root).await.expect("bob is there");
    eventually("alice's node revokes it", || is_revoked(&bob, moot.root, link.id())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_whose_last_claim_was_committed_right_before_a_crash_is_revoked_after_it() {
    let mut moot = Moot::alone().await;
    let link = invite(&moot, ONCE).await;
    moot.alice.shutdown().await;
    let mut store = Store::open(moot.home.store(), &StoreOptions::default()).expect("nobody has it open");
    let mut engine = store.recover(PendingLimits::default()).expect("recovered").engine;
    let (issued, bearer) = store.issued_invitation(&link.id()).expect("read").expect("it was kept");
    let claim = issued.invitation.claim(issued.inviter_signature, &bearer, &who("bob"), NOW);
    let claim = engine.draft(&moot.namespace, &moot.root, &who("bob"), claim).expect("bob is invited");
    let outcome = engine.apply(claim.sign(&key("bob")).expect("well formed"));
    let applied = [Applied { outcome: &outcome, publish: true }];
    let _ = store.commit(&mut engine, &Commit { applied: &applied, local: &[] }).expect("written");
    store.close().expect("closed");
    moot.alice = moot.home.start().await;
    eventually("alice's node revokes it", || is_revoked(&moot.alice, moot.root, link.id())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_invitation_is_revoked_at_the_next_heartbeat_used_or_not() {
    let moot = Moot::alone().await;
    let (open, expiring) = (
        invite(&moot, ONCE).await,
        invite(&moot, InvitationTerms { expires_at: Some(NOW + 10), max_uses: 2, ..ONCE }).await,
    );
    for (now, revoked) in [(NOW + 10, false), (NOW + 11, true)] {
        moot.home.clock.set(now);
        moot.alice.heartbeat().await.expect("it beats");
        assert_eq!(is_revoked(&moot.alice, moot.root, expiring.id()).await, revoked);
    }
    assert!(!is_revoked(&moot.alice, moot.root, open.id()).await);
    let before = ops(&moot.alice, moot.namespace).await;
    moot.alice.heartbeat().await.expect("it beats");
    assert_eq!(ops(&moot.alice, moot.namespace).await, before, "it is revoked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_this_node_may_no_longer_revoke_is_left_until_it_may() {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_INVITE_MEMBERS).await;
    let expiring = InvitationTerms { expires_at: Some(NOW + 10), ..ONCE };
    let link = moot.alice.create_group_invitation(by("bob"), moot.root, expiring).await.expect("bob may");
    // Nor may whoever this node is.
    moot.alice.set_member_capabilities(ME, moot.root, who("bob"), 0).await.expect("alice may");
    moot.alice.import_identity(moot.namespace, key("bob")).await.expect("bob's key");
    moot.home.clock.set(NOW + 11);
    moot.alice.heartbeat().await.expect("what may not be done is left");
    assert!(!is_revoked(&moot.alice, moot.root, link.id()).await);
    moot.alice.import_identity(moot.namespace, key("alice")).await.expect("alice's key");
    moot.alice.heartbeat().await.expect("it beats");
    assert!(is_revoked(&moot.alice, moot.root, link.id()).await, "as alice, who is Admin");
}

// set_default_capabilities, set_default_visibility, set_group_visibility

#[tokio::test(flavor = "multi_thread")]
async fn new_members_hold_the_default_capabilities() {
    let moot = Moot::alone().await.with("carol", Role::Member, 0).await;
    let set = |by, capabilities| moot.alice.set_default_capabilities(by, moot.root, capabilities);
    let defaults = CAN_CREATE_CONTEXT | CAN_INVITE_MEMBERS;
    set(ME, defaults).await.expect("alice may");
    moot.add(moot.root, "bob", Role::Member, defaults).await;
    assert_eq!(moot.member(moot.root, "carol").await.capabilities, 0);
    assert!(is_nothing_to_do(set(ME, defaults).await));
    assert_eq!(void(set(by("carol"), 0).await), VoidReason::Unauthorized);
    // Nobody becomes a manager by default, and there are seven bits.
    for none in [MANAGE_MEMBERS, 1 << 7] {
        assert!(is_malformed(set(ME, none).await));
    }
    assert_eq!(moot.alice.group_info(moot.root).await.expect("the root").info.default_capabilities, defaults);
}

/// Whether somebody may join a context.
async fn may_join(node: &ContextClient, context: folkmoot::core::ContextId, name: &str) -> bool {
    let (members, _) = node.context_members(context, None, 10).await.expect("the context");
    members.iter().any(|member| member.member == who(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn new_contexts_have_the_default_visibility() {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_JOIN_OPEN_CONTEXTS).await;
    let set = |by, visibility| moot.alice.set_default_visibility(by, moot.root, visibility);
    let open = moot.context(moot.root).await;
    set(ME, Visibility::Restricted).await.expect("alice may");
    let restricted = moot.context(moot.root).await;
    assert!(may_join(&moot.alice, open, "bob").await && !may_join(&moot.alice, restricted, "bob").await);
    assert!(is_nothing_to_do(set(ME, Visibility::Restricted).await));
    assert_eq!(void(set(by("bob"), Visibility::Open).await), VoidReason::Unauthorized);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_group_inherits_no_standing_and_the_root_is_not_restricted() {
    let moot = Moot::alone().await.with("bob", Role::Member, 0).await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    let set = |by, group, visibility| moot.alice.set_group_visibility(by, group, visibility);
    let standing = || moot.alice.standing(cellar, who("bob"));
    assert_eq!(standing().await.expect("asked"), Some(Role::Member));
    set(ME, cellar, Visibility::Restricted).await.expect("alice may");
    assert_eq!(standing().await.expect("asked"), None);
    assert!(is_nothing_to_do(set(ME, cellar, Visibility::Restricted).await));
    assert_eq!(void(set(by("bob"), cellar, Visibility::Open).await), VoidReason::Unauthorized);
    assert_eq!(void(set(ME, moot.root, Visibility::Restricted).await), VoidReason::RootGroup);
}
