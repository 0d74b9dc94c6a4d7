//! Contexts: registered, joined, left, used, deleted.

use crate::common::{ME, Moot, by, is_nothing_to_do, refused, void, who};
use folkmoot::core::group_op::capabilities::{CAN_CREATE_CONTEXT, CAN_JOIN_OPEN_CONTEXTS};
use folkmoot::core::{ContextId, Effect, EpochError, GroupId, OpId, Role, Visibility, VoidReason};
use folkmoot::{Event, Execution, NewContext, Notice, Refusal};

const NOWHERE: ContextId = ContextId([9; 32]);

#[tokio::test]
async fn a_context_is_registered_and_joined_by_whoever_made_it_and_listeners_hear_of_both() {
    let moot = Moot::alone().await;
    let mut events = moot.alice.events();
    let context = moot.context(moot.root).await;
    let summary = moot.alice.get_context(context).await.expect("it is there");
    assert_eq!((summary.namespace, summary.group), (moot.namespace, moot.root));
    assert_eq!(summary.joined_as, [who("alice")]);
    assert_eq!((summary.info.application_id, summary.runs), ([2; 32], [2; 32]), "the group's target");
    assert_eq!(summary.info.registered_by, who("alice"));
    let Some(Notice::Event(Event::ContextJoined { context: joined, identity })) = events.next().await else {
        panic!("joining is told");
    };
    assert_eq!((joined, identity), (context, who("alice")));
    let Some(Notice::Event(Event::Changed(Effect::ContextRegistered { context: told, .. }))) = events.next().await
    else {
        panic!("registering is told");
    };
    assert_eq!(told, context);
}

#[tokio::test]
async fn a_context_is_made_as_it_is_asked_for() {
    let moot = Moot::alone().await;
    let new = NewContext {
        application_id: Some([7; 32]),
        blob_id: [8; 32],
        source: "https://example.org/pot".to_owned(),
        service_name: Some("soup".to_owned()),
        visibility: Some(Visibility::Restricted),
    };
    let context = moot.alice.create_context(ME, moot.root, new).await.expect("alice registers");
    let info = moot.alice.get_context(context).await.expect("it is there").info;
    assert_eq!((info.application_id, info.blob_id, info.visibility), ([7; 32], [8; 32], Visibility::Restricted));
    assert_eq!((info.source.as_str(), info.service_name.as_deref()), ("https://example.org/pot", Some("soup")));
}

#[tokio::test]
async fn who_has_not_the_capability_registers_nothing() {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_JOIN_OPEN_CONTEXTS).await;
    let asked = moot.alice.create_context(by("bob"), moot.root, NewContext::default()).await;
    assert_eq!(void(asked), VoidReason::Unauthorized);
    let nowhere = moot.alice.create_context(ME, GroupId([9; 32]), NewContext::default()).await;
    assert_eq!(refused(nowhere), Refusal::NoSuchGroup(GroupId([9; 32])));
}

#[tokio::test]
async fn who_registers_a_restricted_context_by_a_capability_does_not_join_it() {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_CREATE_CONTEXT).await;
    let new = NewContext { visibility: Some(Visibility::Restricted), ..NewContext::default() };
    let context = moot.alice.create_context(by("bob"), moot.root, new).await.expect("bob registers");
    assert_eq!(moot.alice.get_context(context).await.expect("it is there").joined_as, []);
    let refusal = refused(moot.alice.join_context(context, Some(who("bob"))).await);
    assert_eq!(refusal, Refusal::MayNotJoin { context, identity: who("bob") });
}

#[tokio::test]
async fn a_context_is_joined_once_by_those_who_may_and_whose_key_is_here() {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_JOIN_OPEN_CONTEXTS).await;
    let context = moot.context(moot.root).await;
    assert_eq!(moot.alice.join_context(context, Some(who("bob"))).await.expect("bob may"), who("bob"));
    assert!(is_nothing_to_do(moot.alice.join_context(context, Some(who("bob"))).await));
    assert!(is_nothing_to_do(moot.alice.join_context(context, None).await), "alice is there already");
    let carol = refused(moot.alice.join_context(context, Some(who("carol"))).await);
    assert_eq!(carol, Refusal::NoSigningKey { group: moot.root, requester: who("carol") });
    assert_eq!(refused(moot.alice.join_context(NOWHERE, None).await), Refusal::NoSuchContext(NOWHERE));
    let page = moot.alice.joined_contexts(None, 1).await.expect("a page");
    let rest = moot.alice.joined_contexts(page.last().copied(), 10).await.expect("a page");
    assert_eq!((page.len(), rest.len()), (1, 1));
    let mut all = [page, rest].concat();
    all.sort();
    let mut expected = vec![(context, who("alice")), (context, who("bob"))];
    expected.sort();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn what_was_joined_is_joined_after_a_restart_and_what_was_left_is_not() {
    let mut moot = Moot::alone().await;
    let (kept, left) = (moot.context(moot.root).await, moot.context(moot.root).await);
    moot.alice.leave_context(left, None).await.expect("alice leaves");
    assert!(is_nothing_to_do(moot.alice.leave_context(left, None).await));
    moot.restart().await;
    assert_eq!(moot.alice.joined_contexts(None, 10).await.expect("a page"), [(kept, who("alice"))]);
    assert_eq!(moot.alice.get_context(left).await.expect("it is still there").joined_as, []);
}

#[tokio::test]
async fn a_deleted_context_is_gone_with_what_this_node_kept_of_it() {
    let mut moot = Moot::alone().await.with("bob", Role::Member, CAN_JOIN_OPEN_CONTEXTS).await;
    let context = moot.context(moot.root).await;
    moot.alice.join_context(context, Some(who("bob"))).await.expect("bob may");
    assert_eq!(void(moot.alice.delete_context(by("bob"), context).await), VoidReason::Unauthorized);
    moot.alice.delete_context(ME, context).await.expect("alice deletes");
    assert_eq!(refused(moot.alice.get_context(context).await), Refusal::NoSuchContext(context));
    assert_eq!(moot.alice.joined_contexts(None, 10).await.expect("a page"), []);
    moot.restart().await;
    assert_eq!(moot.alice.joined_contexts(None, 10).await.expect("a page"), []);
    assert_eq!(refused(moot.alice.delete_context(ME, context).await), Refusal::NoSuchContext(context));
}

#[tokio::test]
async fn who_is_removed_leaves_the_contexts_below_too() {
    let moot = Moot::alone().await.with("bob", Role::Admin, 0).await;
    let below = moot.subgroup(moot.root, "below").await;
    let contexts = [moot.context(moot.root).await, moot.context(below).await];
    for context in contexts {
        moot.alice.join_context(context, Some(who("bob"))).await.expect("bob may");
    }
    let mut events = moot.alice.events();
    moot.alice.remove_group_members(ME, moot.root, vec![who("bob")]).await.expect("alice removes bob");
    for context in contexts {
        assert_eq!(moot.alice.get_context(context).await.expect("it is there").joined_as, [who("alice")]);
    }
    let mut left = Vec::new();
    while left.len() < 2 {
        if let Some(Notice::Event(Event::ContextLeft { context, identity })) = events.next().await {
            assert_eq!(identity, who("bob"));
            left.push(context);
        }
    }
}

#[tokio::test]
async fn a_deleted_group_takes_its_contexts_along() {
    let moot = Moot::alone().await;
    let below = moot.subgroup(moot.root, "below").await;
    let deepest = moot.subgroup(below, "deepest").await;
    moot.context(deepest).await;
    let kept = moot.context(moot.root).await;
    moot.alice.delete_group(ME, below).await.expect("alice deletes");
    assert_eq!(moot.alice.joined_contexts(None, 10).await.expect("a page"), [(kept, who("alice"))]);
}

#[tokio::test]
async fn somebody_may_execute_at_the_epoch_when_she_was_a_member_and_no_longer_now() {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_JOIN_OPEN_CONTEXTS).await;
    let context = moot.context(moot.root).await;
    let epoch = moot.alice.governance_epoch(context).await.expect("it is there");
    let asked = moot.alice.may_execute(context, who("bob"), epoch.clone()).await.expect("an epoch");
    assert_eq!(asked, Execution { at_epoch: true, now: true });
    moot.alice.remove_group_members(ME, moot.root, vec![who("bob")]).await.expect("alice removes bob");
    let asked = moot.alice.may_execute(context, who("bob"), epoch).await.expect("an epoch");
    assert_eq!(asked, Execution { at_epoch: true, now: false });
    let epoch = moot.alice.governance_epoch(context).await.expect("it is there");
    let asked = moot.alice.may_execute(context, who("bob"), epoch).await.expect("an epoch");
    assert_eq!(asked, Execution { at_epoch: false, now: false });
}

#[tokio::test]
async fn what_is_no_epoch_is_refused() {
    let moot = Moot::alone().await;
    let context = moot.context(moot.root).await;
    let none = refused(moot.alice.may_execute(context, who("alice"), Vec::new()).await);
    assert_eq!(none, Refusal::Epoch(EpochError::NoHeads));
    let unknown = OpId([5; 32]);
    let refusal = refused(moot.alice.may_execute(context, who("alice"), vec![unknown]).await);
    assert_eq!(refusal, Refusal::Epoch(EpochError::UnknownOp(unknown)));
    let nowhere = refused(moot.alice.may_execute(NOWHERE, who("alice"), vec![unknown]).await);
    assert_eq!(nowhere, Refusal::NoSuchContext(NOWHERE));
}

#[tokio::test]
async fn the_members_of_a_context_are_those_of_its_group_who_may_join_page_by_page() {
    let moot = Moot::alone().await;
    for (name, role, capabilities) in [
        ("bob", Role::Admin, 0),
        ("carol", Role::Member, CAN_JOIN_OPEN_CONTEXTS),
        ("dave", Role::Member, 0),
        ("erin", Role::ReadOnly, CAN_JOIN_OPEN_CONTEXTS),
    ] {
        moot.add(moot.root, name, role, capabilities).await;
    }
    let context = moot.context(moot.root).await;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = moot.alice.context_members(context, after, 2).await.expect("a page");
        assert!(page.len() <= 2);
        found.extend(page.into_iter().map(|member| (member.member, member.may_write)));
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let mut expected = vec![(who("alice"), true), (who("bob"), true), (who("carol"), true), (who("erin"), false)];
    expected.sort();
    assert_eq!(found, expected, "dave may not join, erin may not write");
    assert_eq!(refused(moot.alice.context_members(NOWHERE, None, 2).await), Refusal::NoSuchContext(NOWHERE));
}
