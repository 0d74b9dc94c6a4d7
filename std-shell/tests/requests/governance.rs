//! Namespaces, groups and members.

use crate::common::{Home, ME, Moot, by, is_malformed, is_nothing_to_do, key, kitchen, log, ops, refused, void, who};
use folkmoot::core::group_op::capabilities::{
    CAN_CREATE_CONTEXT, CAN_CREATE_SUBGROUP, CAN_INVITE_MEMBERS, CAN_JOIN_OPEN_CONTEXTS, MANAGE_MEMBERS,
};
use folkmoot::core::limits::{MAX_NAME_BYTES, MAX_NAMESPACE_DEPTH};
use folkmoot::core::{
    DraftError, Engine, GroupId, GroupOp, PublicKey, RejectReason, Role, Status, Verdict, VerifiedOp, Visibility,
    VoidReason,
};
use folkmoot::{Event, MAX_MEMBERS_AT_ONCE, NewNamespace, Notice, Refusal, RequestError};

// create_namespace

#[tokio::test(flavor = "multi_thread")]
async fn who_founds_a_namespace_is_its_admin_and_this_nodes_identity() {
    let home = Home::alone();
    let node = home.start().await;
    let namespace = node.create_namespace(kitchen(), None).await.expect("founded");
    let root = GroupId::from(namespace);
    let identity = node.identity(namespace).await.expect("asked").expect("the founder's");
    assert_eq!(node.member_info(root, identity).await.expect("a member").role, Role::Admin);
    let group = node.group_info(root).await.expect("the root");
    assert_eq!((group.namespace, group.info.alias.as_str()), (namespace, "Kitchen"));
    assert_eq!((group.info.app_key, group.info.application_id), ([1; 32], [2; 32]));
    // The key is kept.
    node.set_group_alias(ME, root, "Pantry".to_owned()).await.expect("the founder signs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_founder_may_bring_a_key_and_found_twice() {
    let moot = Moot::alone().await;
    assert_eq!(moot.alice.identity(moot.namespace).await.expect("asked"), Some(who("alice")));
    let other = moot.alice.create_namespace(kitchen(), Some(key("alice"))).await.expect("founded");
    assert_ne!(other, moot.namespace, "each has a salt of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_name_founds_a_namespace_and_a_longer_one_nothing() {
    let home = Home::alone();
    let node = home.start().await;
    let named = |bytes: usize| NewNamespace { alias: "n".repeat(bytes), ..kitchen() };
    node.create_namespace(named(MAX_NAME_BYTES), None).await.expect("founded");
    assert!(is_malformed(node.create_namespace(named(MAX_NAME_BYTES + 1), None).await));
    assert_eq!(node.namespaces(None, 10).await.expect("asked").entries.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_governed_is_there_after_a_restart() {
    let mut moot = Moot::alone().await.with("bob", Role::Member, CAN_CREATE_SUBGROUP).await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    let before = (moot.alice.digest(moot.namespace).await.expect("held"), log(&moot.alice, moot.namespace).await);
    moot.restart().await;
    let after = (moot.alice.digest(moot.namespace).await.expect("held"), log(&moot.alice, moot.namespace).await);
    assert_eq!(before, after);
    assert_eq!(moot.alice.group_info(cellar).await.expect("the group").info.alias, "Cellar");
    assert_eq!(moot.member(moot.root, "bob").await.capabilities, CAN_CREATE_SUBGROUP);
}

// create_group_in_namespace

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_made_below_another_with_its_application() {
    let moot = Moot::alone().await;
    let made = moot.alice.create_group_in_namespace(ME, moot.root, "Cellar".to_owned(), Visibility::Restricted).await;
    let group = moot.alice.group_info(made.expect("made")).await.expect("the group");
    assert_eq!(group.info.parent, Some(moot.root));
    assert_eq!((group.info.alias.as_str(), group.info.visibility), ("Cellar", Visibility::Restricted));
    assert_eq!((group.namespace, group.info.application_id), (moot.namespace, [2; 32]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_made_by_nobody_without_the_capability_and_under_no_group_that_is_not_there() {
    let moot = Moot::alone().await.with("bob", Role::Member, CAN_CREATE_CONTEXT).await;
    moot.alice.keep_signing_key(moot.root, key("mallory")).await.expect("there is room");
    let make = |by, parent| moot.alice.create_group_in_namespace(by, parent, String::new(), Visibility::Open);
    assert_eq!(void(make(by("bob"), moot.root).await), VoidReason::Unauthorized);
    let stranger = Refusal::Draft(DraftError::NotParticipant(who("mallory")));
    assert_eq!(refused(make(by("mallory"), moot.root).await), stranger);
    let nowhere = GroupId([9; 32]);
    assert_eq!(refused(make(ME, nowhere).await), Refusal::NoSuchGroup(nowhere));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_made_down_to_the_deepest_level_and_no_further() {
    let moot = Moot::alone().await;
    let mut group = moot.root;
    for _ in 0..MAX_NAMESPACE_DEPTH {
        group = moot.subgroup(group, "Deeper").await;
    }
    let deeper = moot.alice.create_group_in_namespace(ME, group, String::new(), Visibility::Open).await;
    assert_eq!(void(deeper), VoidReason::TooDeep);
}

// delete_group

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_group_takes_all_below_it_along_and_joined_contexts_are_left() {
    let mut moot = Moot::alone().await;
    let above = moot.subgroup(moot.root, "Above").await;
    let below = moot.subgroup(above, "Below").await;
    let (gone, stays) = (moot.context(below).await, moot.context(moot.root).await);
    let mut events = moot.alice.events();
    moot.alice.delete_group(ME, above).await.expect("deleted");
    for group in [above, below] {
        assert_eq!(refused(moot.alice.group_info(group).await), Refusal::NoSuchGroup(group));
    }
    assert_eq!(refused(moot.alice.group_of_context(gone).await), Refusal::NoSuchContext(gone));
    let left = Notice::Event(Event::ContextLeft { context: gone, identity: who("alice") });
    while events.next().await.expect("the manager runs") != left {}
    for _ in 0..2 {
        let joined = moot.alice.joined_contexts(None, 10).await.expect("asked");
        assert_eq!(joined, [(stays, who("alice"))]);
        moot.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_is_not_deleted_nor_a_group_by_its_own_admin_nor_twice() {
    let moot = Moot::alone().await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    moot.add(cellar, "bob", Role::Admin, 0).await;
    moot.alice.keep_signing_key(moot.root, key("bob")).await.expect("there is room");
    assert_eq!(void(moot.alice.delete_group(ME, moot.root).await), VoidReason::RootGroup);
    // It takes an Admin of the parent.
    assert_eq!(void(moot.alice.delete_group(by("bob"), cellar).await), VoidReason::Unauthorized);
    moot.alice.delete_group(ME, cellar).await.expect("deleted");
    assert_eq!(refused(moot.alice.delete_group(ME, cellar).await), Refusal::NoSuchGroup(cellar));
}

// add_group_members

#[tokio::test(flavor = "multi_thread")]
async fn members_are_added_with_their_roles_by_an_op_each() {
    let moot = Moot::alone().await;
    let members = vec![(who("bob"), Role::Admin), (who("carol"), Role::Member), (who("dave"), Role::ReadOnly)];
    let added = moot.alice.add_group_members(ME, moot.root, members).await.expect("added");
    assert_eq!(added.len(), 3);
    for (name, role) in [("bob", Role::Admin), ("carol", Role::Member), ("dave", Role::ReadOnly)] {
        assert_eq!(moot.member(moot.root, name).await.role, role, "{name}");
    }
    let logged: Vec<_> = log(&moot.alice, moot.namespace).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(logged[1..], added[..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_one_of_several_may_not_be_added_none_is() {
    let moot = Moot::alone().await.with("bob", Role::Member, MANAGE_MEMBERS).await;
    let before = ops(&moot.alice, moot.namespace).await;
    let add = |by, members| moot.alice.add_group_members(by, moot.root, members);
    let known = vec![(who("carol"), Role::Member), (who("bob"), Role::Member)];
    assert_eq!(void(add(ME, known).await), VoidReason::AlreadyMember);
    // Who manages members makes no Admins.
    let higher = vec![(who("carol"), Role::Member), (who("dave"), Role::Admin)];
    assert_eq!(void(add(by("bob"), higher).await), VoidReason::Unauthorized);
    assert_eq!(ops(&moot.alice, moot.namespace).await, before);
    add(by("bob"), vec![(who("carol"), Role::Member)]).await.expect("bob manages members");
}

fn strangers(count: usize) -> Vec<PublicKey> {
    let numbered = |number: usize| {
        let mut key = [7; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        PublicKey(key)
    };
    (0..count).map(numbered).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_members_as_may_be_named_are_added_and_removed_and_one_more_is_refused() {
    let moot = Moot::alone().await;
    let many = strangers(MAX_MEMBERS_AT_ONCE + 1);
    let with_role = |members: &[PublicKey]| members.iter().map(|member| (*member, Role::Member)).collect();
    assert!(is_malformed(moot.alice.add_group_members(ME, moot.root, with_role(&many)).await));
    assert!(is_malformed(moot.alice.remove_group_members(ME, moot.root, many.clone()).await));
    let many = &many[1..];
    let added = moot.alice.add_group_members(ME, moot.root, with_role(many)).await.expect("added");
    assert_eq!(added.len(), MAX_MEMBERS_AT_ONCE);
    moot.alice.remove_group_members(ME, moot.root, many.to_vec()).await.expect("removed");
    assert_eq!(ops(&moot.alice, moot.namespace).await, 1 + 2 * MAX_MEMBERS_AT_ONCE);
}

#[tokio::test(flavor = "multi_thread")]
async fn naming_nobody_or_somebody_twice_is_refused() {
    let moot = Moot::alone().await.with("bob", Role::Member, 0).await;
    let twice = vec![(who("carol"), Role::Member), (who("carol"), Role::ReadOnly)];
    assert!(is_malformed(moot.alice.add_group_members(ME, moot.root, twice).await));
    assert!(is_malformed(moot.alice.add_group_members(ME, moot.root, Vec::new()).await));
    assert!(is_malformed(moot.alice.remove_group_members(ME, moot.root, vec![who("bob"); 2]).await));
    assert!(is_malformed(moot.alice.remove_group_members(ME, moot.root, Vec::new()).await));
    assert!(moot.is_member(moot.root, "bob").await && !moot.is_member(moot.root, "carol").await);
}

// remove_group_members

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_is_gone_below_and_has_left_the_contexts_that_this_node_joined_for_it() {
    let mut moot = Moot::alone().await.with("bob", Role::Member, CAN_JOIN_OPEN_CONTEXTS).await;
    let cellar = moot.subgroup(moot.root, "Cellar").await;
    moot.add(cellar, "bob", Role::Member, CAN_JOIN_OPEN_CONTEXTS).await;
    let (above, below) = (moot.context(moot.root).await, moot.context(cellar).await);
    for context in [above, below] {
        moot.alice.join_context(context, Some(who("bob"))).await.expect("bob may join");
    }
    moot.alice.remove_group_members(ME, moot.root, vec![who("bob")]).await.expect("removed");
    for group in [moot.root, cellar] {
        assert!(!moot.is_member(group, "bob").await);
    }
    for _ in 0..2 {
        let joined = moot.alice.joined_contexts(None, 10).await.expect("asked");
        assert_eq!(joined.len(), 2, "{joined:?}");
        assert!(joined.iter().all(|(_, identity)| *identity == who("alice")));
        moot.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_one_of_two_groups_stays_in_the_contexts_of_the_other() {
    let moot = Moot::alone().await;
    let (cellar, attic) = (moot.subgroup(moot.root, "Cellar").await, moot.subgroup(moot.root, "Attic").await);
    moot.alice.keep_signing_key(moot.root, key("bob")).await.expect("there is room");
    for group in [cellar, attic] {
        moot.add(group, "bob", Role::Member, CAN_JOIN_OPEN_CONTEXTS).await;
    }
    let (lost, kept) = (moot.context(cellar).await, moot.context(attic).await);
    for context in [lost, kept] {
        moot.alice.join_context(context, Some(who("bob"))).await.expect("bob may join");
    }
    moot.alice.remove_group_members(ME, cellar, vec![who("bob")]).await.expect("removed");
    let mut joined = moot.alice.joined_contexts(None, 10).await.expect("asked");
    joined.retain(|(_, identity)| *identity == who("bob"));
    assert_eq!(joined, [(kept, who("bob"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_removes_others_and_itself_goes_last() {
    let moot = Moot::alone().await.with("bob", Role::Admin, 0).await;
    moot.add(moot.root, "carol", Role::Member, 0).await;
    let removed = moot.alice.remove_group_members(by("bob"), moot.root, vec![who("bob"), who("carol")]).await;
    assert_eq!(removed.expect("both go").len(), 2);
    assert!(!moot.is_member(moot.root, "bob").await && !moot.is_member(moot.root, "carol").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_removed_by_those_it_outranks_nor_the_last_admin_nor_a_stranger() {
    let moot = Moot::alone().await.with("bob", Role::Admin, 0).await;
    moot.add(moot.root, "carol", Role::Member, 0).await;
    let remove = |by, names: &[&str]| {
        moot.alice.remove_group_members(by, moot.root, names.iter().map(|name| who(name)).collect())
    };
    assert_eq!(void(remove(by("bob"), &["carol", "alice"]).await), VoidReason::Outranked);
    assert_eq!(void(remove(ME, &["carol", "mallory"]).await), VoidReason::NoSuchMember);
    assert!(moot.is_member(moot.root, "carol").await, "if one may not go, none goes");
    remove(ME, &["bob"]).await.expect("alice outranks bob");
    assert_eq!(void(remove(ME, &["alice"]).await), VoidReason::LastAdmin);
}

// update_member_role

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_raised_and_lowered_and_that_is_there_after_a_restart() {
    let mut moot = Moot::alone().await.with("bob", Role::Member, CAN_INVITE_MEMBERS).await;
    let update = |role| moot.alice.update_member_role(ME, moot.root, who("bob"), role);
    update(Role::Admin).await.expect("raised");
    assert_eq!(moot.member(moot.root, "bob").await.role, Role::Admin);
    update(Role::ReadOnly).await.expect("lowered");
    moot.restart().await;
    let bob = moot.member(moot.root, "bob").await;
    assert_eq!((bob.role, bob.capabilities), (Role::ReadOnly, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_not_set_anew_nor_by_a_member_nor_for_a_stranger_nor_of_the_last_admin() {
    let moot = Moot::alone().await.with("bob", Role::Member, MANAGE_MEMBERS).await;
    let update = |by, name, role| moot.alice.update_member_role(by, moot.root, who(name), role);
    assert!(is_nothing_to_do(update(ME, "bob", Role::Member).await));
    assert_eq!(void(update(by("bob"), "bob", Role::Admin).await), VoidReason::Unauthorized);
    let (group, member) = (moot.root, who("mallory"));
    assert_eq!(refused(update(ME, "mallory", Role::Member).await), Refusal::NoSuchMember { group, member });
    assert_eq!(void(update(ME, "alice", Role::Member).await), VoidReason::LastAdmin);
}

// set_member_capabilities

#[tokio::test(flavor = "multi_thread")]
async fn capabilities_are_set_by_what_is_given_and_what_is_taken() {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Member, 0).await;
    let set = |capabilities| moot.alice.set_member_capabilities(ME, moot.root, who("bob"), capabilities);
    let (one, two, three) = (CAN_CREATE_CONTEXT, CAN_INVITE_MEMBERS, CAN_CREATE_SUBGROUP);
    for (target, ops) in [(one | two, 1), (two | three, 2), (two, 1), (0, 1)] {
        assert_eq!(set(target).await.expect("set").len(), ops, "to {target:#b}");
        let held = moot.alice.member_capabilities(moot.root, who("bob")).await;
        assert_eq!(held.expect("a member"), target);
    }
    assert!(is_nothing_to_do(set(0).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn capabilities_are_not_set_by_a_member_nor_for_a_stranger_or_reader_nor_unknown_ones() {
    let moot = Moot::alone().await.with("bob", Role::Member, MANAGE_MEMBERS).await;
    moot.add(moot.root, "carol", Role::ReadOnly, 0).await;
    let set = |by, name, capabilities| moot.alice.set_member_capabilities(by, moot.root, who(name), capabilities);
    assert_eq!(void(set(by("bob"), "bob", CAN_CREATE_CONTEXT).await), VoidReason::Unauthorized);
    let (group, member) = (moot.root, who("mallory"));
    assert_eq!(refused(set(ME, "mallory", 1).await), Refusal::NoSuchMember { group, member });
    assert_eq!(void(set(ME, "carol", CAN_CREATE_CONTEXT).await), VoidReason::ReadOnlyMember);
    assert!(is_malformed(set(ME, "bob", MANAGE_MEMBERS | 1 << 7).await));
    // What is to be taken stays if what is to be given cannot be.
    assert!(is_malformed(set(ME, "bob", 1 << 7).await));
    assert_eq!(moot.member(moot.root, "bob").await.capabilities, MANAGE_MEMBERS);
}

// apply_signed_group_op

/// An op of somebody whose node is elsewhere and has all that this one has.
async fn op_elsewhere(moot: &Moot, name: &str, op: GroupOp) -> VerifiedOp {
    let mut engine = Engine::new();
    for (_, bytes) in log(&moot.alice, moot.namespace).await {
        let _ = engine.receive(&bytes).expect("it was taken here");
    }
    let draft = engine.draft(&moot.namespace, &moot.root, &who(name), op).expect("it may be drafted");
    draft.sign(&key(name)).expect("it is well formed")
}

fn alias(alias: &str) -> GroupOp {
    GroupOp::GroupAliasSet { alias: alias.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_op_made_elsewhere_is_taken_once() {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Admin, 0).await;
    let op = op_elsewhere(&moot, "bob", alias("Bob's")).await;
    let bytes = op.signed().encode();
    let applied = moot.alice.apply_signed_group_op(bytes.clone()).await.expect("an op");
    assert_eq!((applied.op, applied.status), (op.id(), Status::Admitted(Verdict::Effective)));
    assert_eq!(moot.alice.group_info(moot.root).await.expect("the root").info.alias, "Bob's");
    let again = moot.alice.apply_signed_group_op(bytes).await.expect("an op");
    assert_eq!(again.status, Status::Duplicate);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_op_without_its_parents_waits_and_says_for_what() {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Admin, 0).await;
    let home = Home::alone();
    let carol = home.start().await;
    let parents = moot.alice.heads(moot.namespace).await.expect("held");
    let op = op_elsewhere(&moot, "bob", alias("Bob's")).await;
    let applied = carol.apply_signed_group_op(op.signed().encode()).await.expect("an op");
    assert_eq!(applied.status, Status::Pending { missing: parents });
    let counts = carol.counts(moot.namespace).await.expect("an op waits");
    assert_eq!((counts.ops, counts.pending, counts.missing), (0, 1, 1));
    // What it waits for comes; the answer is about the op that was given.
    let mut last = None;
    for (id, bytes) in log(&moot.alice, moot.namespace).await {
        let applied = carol.apply_signed_group_op(bytes).await.expect("an op");
        assert_eq!((applied.op, applied.status), (id, Status::Admitted(Verdict::Effective)));
        last = Some(carol.counts(moot.namespace).await.expect("held").pending);
    }
    assert_eq!(last, Some(0));
    assert_eq!(carol.group_info(moot.root).await.expect("the root").info.alias, "Bob's");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_op_that_has_no_place_is_rejected_or_ignored_and_no_error() {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Admin, 0).await;
    let mut signable = op_elsewhere(&moot, "bob", alias("Bob's")).await.signable().clone();
    signable.nonce = 2;
    let gap = signable.clone().sign(&key("bob")).expect("well formed").signed().encode();
    let applied = moot.alice.apply_signed_group_op(gap).await.expect("an op");
    assert_eq!(applied.status, Status::Rejected(RejectReason::NonceGap));
    (signable.nonce, signable.signer) = (1, who("alice"));
    let seen = signable.sign(&key("alice")).expect("well formed").signed().encode();
    let applied = moot.alice.apply_signed_group_op(seen).await.expect("an op");
    assert_eq!(applied.status, Status::Ignored);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_op_or_signed_by_nobody_is_refused() {
    let moot = Moot::alone().await;
    let mut bytes = op_elsewhere(&moot, "alice", alias("A")).await.signed().encode();
    assert!(matches!(refused(moot.alice.apply_signed_group_op(vec![1, 2, 3]).await), Refusal::BadOp(_)));
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    assert!(matches!(refused(moot.alice.apply_signed_group_op(bytes).await), Refusal::BadOp(_)));
    assert_eq!(ops(&moot.alice, moot.namespace).await, 1);
}

// What every mutation has in common.

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_changed_since_the_caller_looked_is_left_as_it_is() {
    let moot = Moot::alone().await.with("bob", Role::Member, 0).await;
    let looked = moot.alice.group_info(moot.root).await.expect("the root").state_hash;
    let careful = ME.if_state_is(looked);
    moot.alice.set_group_alias(careful, moot.root, "Pantry".to_owned()).await.expect("nothing changed");
    let found = moot.alice.group_info(moot.root).await.expect("the root").state_hash;
    let changed = Refusal::StateChanged { group: moot.root, expected: looked, found };
    let (node, root, bob) = (&moot.alice, moot.root, who("bob"));
    let before = ops(node, moot.namespace).await;
    // Even where nothing would change: what the caller saw is not what is.
    assert_eq!(refused(node.set_group_alias(careful, root, "Pantry".to_owned()).await), changed);
    assert_eq!(refused(node.update_member_role(careful, root, bob, Role::Member).await), changed);
    assert_eq!(refused(node.set_member_capabilities(careful, root, bob, 0).await), changed);
    assert_eq!(refused(node.remove_group_members(careful, root, vec![bob]).await), changed);
    assert_eq!(refused(node.add_group_members(careful, root, vec![(who("carol"), Role::Member)]).await), changed);
    assert_eq!(refused(node.delete_group(careful, root).await), changed);
    assert_eq!(ops(node, moot.namespace).await, before);
    // Several ops as one look at what was there before the first.
    let several = vec![(who("carol"), Role::Member), (who("dave"), Role::Member)];
    node.add_group_members(ME.if_state_is(found), root, several).await.expect("nothing changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_governs_without_an_identity_or_a_key() {
    let moot = Moot::alone().await;
    moot.add(moot.root, "bob", Role::Admin, 0).await;
    let remove = |by| moot.alice.remove_group_members(by, moot.root, vec![who("bob")]);
    let (group, requester) = (moot.root, who("bob"));
    assert_eq!(refused(remove(by("bob")).await), Refusal::NoSigningKey { group, requester });
    moot.alice.forget_identity(moot.namespace).await.expect("there is one");
    assert_eq!(refused(remove(ME).await), Refusal::NoIdentity(moot.namespace));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_shut_down_says_so() {
    let moot = Moot::alone().await;
    moot.alice.shutdown().await;
    let answer = moot.alice.delete_group(ME, moot.root).await;
    assert!(matches!(answer, Err(RequestError::Closed)), "{answer:?}");
    assert!(!RequestError::Closed.ask_again());
}
