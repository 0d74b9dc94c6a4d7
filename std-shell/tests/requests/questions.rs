//! Questions, about what is here and what is not.

use crate::common::{Home, ME, Moot, NOW, by, key, log, refused, who};
use folkmoot::core::group_op::capabilities::CAN_INVITE_MEMBERS;
use folkmoot::core::{
    ContextId, EntryKey, GroupId, GroupOp, Hash, NamespaceId, OpId, RestsOn, Role, SignableGroupOp, Verdict, Visibility,
};
use folkmoot::{InvitationTerms, Page, Refusal};
use std::fmt::Debug;

const NO_GROUP: GroupId = GroupId([9; 32]);
const NO_CONTEXT: ContextId = ContextId([9; 32]);
const NO_NAMESPACE: NamespaceId = NamespaceId([9; 32]);

/// Two pages of three entries, the first of two: what they tell.
fn two_pages<K: Copy + PartialEq + Debug, V: Debug>(first: Page<K, V>, second: Page<K, V>) -> Vec<(K, V)> {
    assert_eq!((first.entries.len(), second.entries.len()), (2, 1));
    assert_eq!(first.next, first.entries.last().map(|(key, _)| *key));
    assert_eq!(second.next, None, "that was the last");
    first.entries.into_iter().chain(second.entries).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_not_here_is_asked_about_in_vain() {
    let moot = Moot::alone().await;
    let node = &moot.alice;
    let no_group = Refusal::NoSuchGroup(NO_GROUP);
    assert_eq!(refused(node.group_info(NO_GROUP).await), no_group);
    assert_eq!(refused(node.subgroups(NO_GROUP, None, 10).await), no_group);
    assert_eq!(refused(node.group_members(NO_GROUP, None, 10).await), no_group);
    assert_eq!(refused(node.member_info(NO_GROUP, who("alice")).await), no_group);
    assert_eq!(refused(node.member_capabilities(NO_GROUP, who("alice")).await), no_group);
    assert_eq!(refused(node.standing(NO_GROUP, who("alice")).await), no_group);
    assert_eq!(refused(node.group_contexts(NO_GROUP, None, 10).await), no_group);
    assert_eq!(refused(node.group_invitations(NO_GROUP, None, 10).await), no_group);
    assert_eq!(refused(node.state_proof(NO_GROUP, EntryKey::Group).await), no_group);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_a_context_an_op_and_a_member_that_are_not_here_are_asked_about_in_vain() {
    let moot = Moot::alone().await;
    let node = &moot.alice;
    let no_namespace = Refusal::NoSuchNamespace(NO_NAMESPACE);
    assert_eq!(refused(node.heads(NO_NAMESPACE).await), no_namespace);
    assert_eq!(refused(node.digest(NO_NAMESPACE).await), no_namespace);
    assert_eq!(refused(node.counts(NO_NAMESPACE).await), no_namespace);
    assert_eq!(refused(node.op_log(NO_NAMESPACE, 0, 10).await), no_namespace);
    assert_eq!(refused(node.equivocations(NO_NAMESPACE, 0, 10).await), no_namespace);
    assert_eq!(node.identity(NO_NAMESPACE).await.expect("asked"), None);
    assert_eq!(refused(node.group_of_context(NO_CONTEXT).await), Refusal::NoSuchContext(NO_CONTEXT));
    assert_eq!(refused(node.governance_epoch(NO_CONTEXT).await), Refusal::NoSuchContext(NO_CONTEXT));
    let no_op = OpId([9; 32]);
    assert_eq!(refused(node.explain(no_op).await), Refusal::NoSuchOp(no_op));
    let (group, member) = (moot.root, who("mallory"));
    assert_eq!(refused(node.member_info(group, member).await), Refusal::NoSuchMember { group, member });
    assert_eq!(node.standing(group, member).await.expect("asked"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_in_pages() {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Member, CAN_INVITE_MEMBERS).await;
    moot.add(moot.root, "carol", Role::ReadOnly, 0).await;
    let first = moot.alice.group_members(moot.root, None, 2).await.expect("asked");
    let second = moot.alice.group_members(moot.root, first.next, 2).await.expect("asked");
    let all = two_pages(first, second);
    let mut expected = [who("alice"), who("bob"), who("carol")];
    expected.sort_unstable();
    assert_eq!(all.iter().map(|(member, _)| *member).collect::<Vec<_>>(), expected);
    let bob = all.iter().find(|(member, _)| *member == who("bob")).map(|(_, info)| (info.role, info.capabilities));
    assert_eq!(bob, Some((Role::Member, CAN_INVITE_MEMBERS)));
    assert_eq!(moot.alice.member_capabilities(moot.root, who("bob")).await.expect("a member"), CAN_INVITE_MEMBERS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_at_least_one_entry_whatever_is_asked_for() {
    let moot = Moot::alone().await;
    let page = moot.alice.group_members(moot.root, None, 0).await.expect("asked");
    assert_eq!(page.entries.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn contexts_come_in_pages_and_know_their_group() {
    let moot = Moot::alone().await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    let mut contexts = [moot.context(moot.root).await, moot.context(moot.root).await, moot.context(moot.root).await];
    contexts.sort_unstable();
    let below = moot.context(cellar).await;
    let first = moot.alice.group_contexts(moot.root, None, 2).await.expect("asked");
    let second = moot.alice.group_contexts(moot.root, first.next, 2).await.expect("asked");
    let all = two_pages(first, second);
    assert_eq!(all.iter().map(|(context, _)| *context).collect::<Vec<_>>(), contexts);
    assert!(all.iter().all(|(_, info)| info.registered_by == who("alice")));
    assert_eq!(moot.alice.group_of_context(below).await.expect("here"), cellar);
    assert_eq!(moot.alice.group_of_context(contexts[0]).await.expect("here"), moot.root);
}

#[tokio::test(flavor = "multi_thread")]
async fn subgroups_are_those_right_below() {
    let moot = Moot::alone().await;
    let mut below = [GroupId::ZERO; 3];
    for (slot, alias) in below.iter_mut().zip(["Attic", "Cellar", "Hall"]) {
        *slot = moot.subgroup(moot.root, alias).await;
    }
    let further = moot.subgroup(below[0], "Chest").await;
    let first = moot.alice.subgroups(moot.root, None, 2).await.expect("asked");
    let second = moot.alice.subgroups(moot.root, first.next, 2).await.expect("asked");
    let all = two_pages(first, second);
    let leaf = moot.alice.subgroups(below[0], None, 10).await.expect("asked");
    assert_eq!(leaf.entries.iter().map(|(group, _)| *group).collect::<Vec<_>>(), [further]);
    below.sort_unstable();
    assert_eq!(all.iter().map(|(group, _)| *group).collect::<Vec<_>>(), below);
}

#[tokio::test(flavor = "multi_thread")]
async fn standing_is_inherited_and_a_record_is_not() {
    let moot = Moot::alone().await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    moot.add(moot.root, "bob", Role::Member, 0).await;
    moot.add(cellar, "carol", Role::ReadOnly, 0).await;
    let standing = |group, name| moot.alice.standing(group, who(name));
    assert_eq!(standing(cellar, "alice").await.expect("asked"), Some(Role::Admin));
    assert_eq!(standing(cellar, "bob").await.expect("asked"), Some(Role::Member));
    assert_eq!(standing(cellar, "carol").await.expect("asked"), Some(Role::ReadOnly));
    assert_eq!(standing(moot.root, "carol").await.expect("asked"), None);
    let (group, member) = (cellar, who("bob"));
    assert_eq!(refused(moot.alice.member_info(group, member).await), Refusal::NoSuchMember { group, member });
}

#[tokio::test(flavor = "multi_thread")]
async fn namespaces_are_told_with_this_nodes_identity_in_each() {
    let mut moot = Moot::alone().await;
    let founded = moot.alice.create_namespace(crate::common::kitchen(), Some(key("bob"))).await.expect("founded");
    let elsewhere = moot.alice.create_identity(NO_NAMESPACE).await.expect("a fresh key");
    let mut expected =
        [(moot.namespace, Some(who("alice")), 1), (founded, Some(who("bob")), 1), (NO_NAMESPACE, Some(elsewhere), 0)];
    expected.sort_unstable();
    for _ in 0..2 {
        let first = moot.alice.namespaces(None, 2).await.expect("asked");
        let second = moot.alice.namespaces(first.next, 2).await.expect("asked");
        let all = two_pages(first, second);
        assert!(all.iter().all(|(_, summary)| summary.followed));
        let all: Vec<_> = all.into_iter().map(|(id, summary)| (id, summary.identity, summary.ops)).collect();
        assert_eq!(all, expected);
        moot.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_comes_in_pages_and_in_the_order_of_arrival() {
    let mut moot = Moot::alone().await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    let deleted = moot.alice.delete_group(ME, cellar).await.expect("deleted");
    moot.restart().await;
    let first = moot.alice.op_log(moot.namespace, 0, 2).await.expect("held");
    assert_eq!(first.next, Some(2));
    let second = moot.alice.op_log(moot.namespace, 2, 2).await.expect("held");
    assert_eq!(second.next, None);
    let ids: Vec<OpId> = first.ops.iter().chain(&second.ops).map(|op| op.id).collect();
    assert_eq!(ids, [OpId(moot.namespace.0), OpId(cellar.0), deleted]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_op_is_explained() {
    let moot = Moot::alone().await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    let explanation = moot.alice.explain(OpId(cellar.0)).await.expect("admitted");
    assert_eq!((explanation.verdict, explanation.kind), (Verdict::Effective, "SubgroupCreated"));
    assert_eq!((explanation.signer, explanation.group), (who("alice"), moot.root));
    assert_eq!(explanation.basis.map(|basis| basis.rests_on), Some(RestsOn::Admin));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_proved_to_who_holds_the_state_hash_alone() {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Member, 0).await;
    let state_hash = moot.alice.group_info(moot.root).await.expect("the root").state_hash;
    let bob = EntryKey::Member(who("bob"));
    let proved = moot.alice.state_proof(moot.root, bob).await.expect("asked").expect("bob is a member");
    assert_eq!(proved.state_hash, state_hash);
    assert!(proved.proof.verify(&moot.root, &bob, &state_hash));
    assert!(!proved.proof.verify(&moot.root, &EntryKey::Member(who("carol")), &state_hash));
    assert_eq!(moot.alice.state_proof(moot.root, EntryKey::Member(who("carol"))).await.expect("asked"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_epoch_of_a_context_is_the_heads_of_its_namespace() {
    let moot = Moot::alone().await;
    let context = moot.context(moot.root).await;
    assert_eq!(moot.alice.governance_epoch(context).await.expect("here"), [OpId(context.0)]);
    let renamed = moot.alice.set_group_alias(ME, moot.root, "Pantry".to_owned()).await.expect("alice may");
    assert_eq!(moot.alice.governance_epoch(context).await.expect("here"), [renamed]);
    assert_eq!(moot.alice.heads(moot.namespace).await.expect("held"), [renamed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_digest_changes_with_the_state_and_not_with_a_restart() {
    let mut moot = Moot::alone().await;
    let digest = moot.alice.digest(moot.namespace).await.expect("held");
    moot.restart().await;
    assert_eq!(moot.alice.digest(moot.namespace).await.expect("held"), digest);
    moot.subgroup(moot.root, "Cellar").await;
    let changed = moot.alice.digest(moot.namespace).await.expect("held");
    assert!(changed != digest && changed != Hash::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_are_told_of_whoever_issued_them() {
    let moot = Moot::alone().await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    let terms = InvitationTerms { role: Role::Member, max_uses: 2, expires_at: None, invitee: None };
    let mut links = Vec::new();
    for group in [moot.root, moot.root, cellar] {
        links.push(moot.alice.create_group_invitation(ME, group, terms).await.expect("alice invites"));
    }
    let others = folkmoot::core::InvitationId([9; 32]);
    moot.alice.revoke_group_invitation(ME, moot.root, others).await.expect("known or not");
    moot.alice.join_group(links[0].clone(), Some(key("bob"))).await.expect("bob is invited");
    let first = moot.alice.group_invitations(moot.root, None, 2).await.expect("asked");
    let second = moot.alice.group_invitations(moot.root, first.next, 2).await.expect("asked");
    let told: Vec<_> = two_pages(first, second)
        .into_iter()
        .map(|(id, told)| (id, told.info.uses, told.info.revoked, told.issued))
        .collect();
    let mut expected = [
        (links[0].id(), 1, false, Some(&links[0])),
        (links[1].id(), 0, false, Some(&links[1])),
        (others, 0, true, None),
    ];
    expected.sort_unstable_by_key(|(id, ..)| *id);
    assert_eq!(told.len(), expected.len());
    for ((id, uses, revoked, issued), expected) in told.into_iter().zip(expected) {
        assert_eq!((id, uses, revoked), (expected.0, expected.1, expected.2));
        let invitation = issued.map(|issued| (issued.invitation, issued.issued_at));
        assert_eq!(invitation, expected.3.map(|link| (link.invitation().clone(), NOW)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forks_are_counted_and_told_with_their_evidence() {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Admin, 0).await;
    // Two devices of bob's, which know nothing of one another.
    let home = Home::alone();
    let device = home.start().await;
    device.import_identity(moot.namespace, key("bob")).await.expect("bob's key");
    for (_, bytes) in log(&moot.alice, moot.namespace).await {
        device.apply_signed_group_op(bytes).await.expect("an op");
    }
    moot.alice.keep_signing_key(moot.root, key("bob")).await.expect("there is room");
    let a = moot.alice.set_group_alias(by("bob"), moot.root, "One".to_owned()).await.expect("bob may");
    let b = device.set_group_alias(ME, moot.root, "Other".to_owned()).await.expect("bob may");
    let other = log(&device, moot.namespace).await.pop().expect("its last op").1;
    moot.alice.apply_signed_group_op(other).await.expect("an op");
    let forks = moot.alice.equivocations(moot.namespace, 0, 10).await.expect("held");
    let [fork] = forks[..] else { panic!("{forks:?}") };
    assert_eq!(fork.signer, who("bob"));
    assert!([fork.a, fork.b] == [a, b] || [fork.a, fork.b] == [b, a]);
    assert_eq!(moot.alice.equivocations(moot.namespace, 1, 10).await.expect("held"), []);
    let counts = moot.alice.counts(moot.namespace).await.expect("held");
    assert_eq!((counts.ops, counts.heads, counts.pending, counts.missing, counts.forks), (4, 2, 0, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_counted_though_nothing_of_its_namespace_is_here() {
    let home = Home::alone();
    let node = home.start().await;
    let (absent, alice) = (OpId([3; 32]), who("alice"));
    let op = SignableGroupOp {
        version: 1,
        namespace_id: NO_NAMESPACE,
        group_id: NO_GROUP,
        parent_op_hashes: vec![absent],
        state_hash: Hash::ZERO,
        signer: alice,
        nonce: 1,
        op: GroupOp::GroupVisibilitySet { visibility: Visibility::Open },
    };
    let op = op.sign(&key("alice")).expect("well formed");
    node.apply_signed_group_op(op.signed().encode()).await.expect("an op");
    let counts = node.counts(NO_NAMESPACE).await.expect("something waits");
    assert_eq!((counts.ops, counts.pending, counts.missing), (0, 1, 1));
}
