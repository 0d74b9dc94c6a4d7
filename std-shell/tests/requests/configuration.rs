//! Names and settings.

use crate::common::{ME, Moot, by, is_malformed, is_nothing_to_do, ops, refused, void, who};
use folkmoot::core::group_op::capabilities::{CAN_CREATE_CONTEXT, CAN_MANAGE_METADATA};
use folkmoot::core::limits::MAX_NAME_BYTES;
use folkmoot::core::{ContextId, Role, UpgradePolicy, Visibility, VoidReason};
use folkmoot::{GroupSettings, NewContext, Refusal};

/// Alice founds; bob may change names, carol may register contexts.
async fn moot() -> Moot {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_MANAGE_METADATA).await;
    moot.with("carol", Role::Member, CAN_CREATE_CONTEXT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_named_by_who_may_and_by_no_longer_name_than_there_may_be() {
    let mut moot = moot().await;
    let set = |by, alias: &str| moot.alice.set_group_alias(by, moot.root, alias.to_owned());
    let longest = "n".repeat(MAX_NAME_BYTES);
    set(by("bob"), &longest).await.expect("bob may");
    assert!(is_malformed(set(ME, &format!("{longest}n")).await));
    assert!(is_nothing_to_do(set(ME, &longest).await));
    assert_eq!(void(set(by("carol"), "Carol's").await), VoidReason::Unauthorized);
    moot.restart().await;
    assert_eq!(moot.alice.group_info(moot.root).await.expect("the root").info.alias, longest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_named_by_itself_and_by_who_may() {
    let moot = moot().await;
    let set = |by, name, alias: &str| moot.alice.set_member_alias(by, moot.root, who(name), alias.to_owned());
    set(by("carol"), "carol", "Carol").await.expect("carol names herself");
    set(by("bob"), "alice", "Alice").await.expect("bob may");
    assert_eq!(moot.member(moot.root, "carol").await.alias, "Carol");
    assert_eq!(moot.member(moot.root, "alice").await.alias, "Alice");
    assert_eq!(void(set(by("carol"), "alice", "A.").await), VoidReason::Unauthorized);
    assert!(is_nothing_to_do(set(ME, "carol", "Carol").await));
    assert!(is_malformed(set(ME, "carol", &"n".repeat(MAX_NAME_BYTES + 1)).await));
    let (group, member) = (moot.root, who("mallory"));
    assert_eq!(refused(set(ME, "mallory", "M.").await), Refusal::NoSuchMember { group, member });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_is_named_by_who_registered_it_and_by_who_may() {
    let moot = moot().await;
    let registered = moot.alice.create_context(by("carol"), moot.root, NewContext::default()).await;
    let (carols, alices) = (registered.expect("carol may"), moot.context(moot.root).await);
    let set = |by, context, alias: &str| moot.alice.set_context_alias(by, context, alias.to_owned());
    set(by("carol"), carols, "Stew").await.expect("carol registered it");
    set(by("bob"), alices, "Soup").await.expect("bob may");
    let contexts = moot.alice.group_contexts(moot.root, None, 10).await.expect("asked").entries;
    let alias_of = |wanted| contexts.iter().find(|(id, _)| *id == wanted).map(|(_, info)| info.alias.as_str());
    assert_eq!((alias_of(carols), alias_of(alices)), (Some("Stew"), Some("Soup")));
    assert_eq!(void(set(by("carol"), alices, "Mine").await), VoidReason::Unauthorized);
    assert!(is_nothing_to_do(set(ME, carols, "Stew").await));
    assert!(is_malformed(set(ME, carols, &"n".repeat(MAX_NAME_BYTES + 1)).await));
    let none = ContextId([9; 32]);
    assert_eq!(refused(set(ME, none, "None").await), Refusal::NoSuchContext(none));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_differ_are_changed_together_and_others_stay() {
    let mut moot = moot().await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    let deadline = UpgradePolicy::Coordinated { deadline_secs: Some(60) };
    let settings = GroupSettings {
        alias: Some("Cellar".to_owned()),
        visibility: Some(Visibility::Restricted),
        default_capabilities: Some(CAN_CREATE_CONTEXT),
        default_visibility: Some(Visibility::Restricted),
        upgrade_policy: Some(deadline),
    };
    let update = |settings: &GroupSettings| moot.alice.update_group_settings(ME, cellar, settings.clone());
    assert_eq!(update(&settings).await.expect("alice may").len(), 4, "its name is that already");
    assert!(is_nothing_to_do(update(&settings).await));
    assert!(is_nothing_to_do(update(&GroupSettings::default()).await));
    let renamed = GroupSettings { alias: Some("Vault".to_owned()), ..GroupSettings::default() };
    assert_eq!(update(&renamed).await.expect("alice may").len(), 1);
    moot.restart().await;
    let info = moot.alice.group_info(cellar).await.expect("the group").info;
    assert_eq!((info.alias.as_str(), info.visibility), ("Vault", Visibility::Restricted));
    assert_eq!((info.default_capabilities, info.default_visibility), (CAN_CREATE_CONTEXT, Visibility::Restricted));
    assert_eq!(info.upgrade_policy, deadline);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_one_setting_may_not_be_changed_none_is() {
    let moot = moot().await;
    let before = ops(&moot.alice, moot.namespace).await;
    let settings = GroupSettings {
        alias: Some("Pantry".to_owned()),
        visibility: Some(Visibility::Restricted),
        ..GroupSettings::default()
    };
    let update = |by, settings| moot.alice.update_group_settings(by, moot.root, settings);
    assert_eq!(void(update(ME, settings).await), VoidReason::RootGroup);
    // Bob may change names, and nothing else.
    let settings = GroupSettings {
        alias: Some("Bob's".to_owned()),
        upgrade_policy: Some(UpgradePolicy::Automatic),
        ..GroupSettings::default()
    };
    assert_eq!(void(update(by("bob"), settings).await), VoidReason::Unauthorized);
    let looked = moot.alice.group_info(moot.root).await.expect("the root").state_hash;
    moot.alice.set_group_alias(ME, moot.root, "Larder".to_owned()).await.expect("alice may");
    let settings = GroupSettings { alias: Some("Larder".to_owned()), ..GroupSettings::default() };
    assert!(matches!(refused(update(ME.if_state_is(looked), settings).await), Refusal::StateChanged { .. }));
    assert_eq!(ops(&moot.alice, moot.namespace).await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detached_context_is_gone_and_left() {
    let mut moot = moot().await;
    let (gone, stays) = (moot.context(moot.root).await, moot.context(moot.root).await);
    moot.alice.detach_context_from_group(ME, moot.root, gone).await.expect("alice registered it");
    for _ in 0..2 {
        assert_eq!(refused(moot.alice.group_of_context(gone).await), Refusal::NoSuchContext(gone));
        assert_eq!(moot.alice.joined_contexts(None, 10).await.expect("asked"), [(stays, who("alice"))]);
        moot.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_is_detached_from_its_own_group_by_who_may() {
    let moot = moot().await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    let context = moot.context(moot.root).await;
    let detach = |by, group| moot.alice.detach_context_from_group(by, group, context);
    assert_eq!(refused(detach(ME, cellar).await), Refusal::NoSuchContext(context));
    assert_eq!(void(detach(by("bob"), moot.root).await), VoidReason::Unauthorized);
    detach(ME, moot.root).await.expect("alice registered it");
    assert_eq!(refused(detach(ME, moot.root).await), Refusal::NoSuchContext(context));
}
