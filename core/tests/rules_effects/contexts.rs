//! The rows about contexts.

use crate::common::ops::*;
use crate::common::{Moot, who};
use folkmoot_core::{ContextId, ContextInfo, GroupOp, Role::*, Visibility::*, VoidReason::*};
use std::collections::BTreeMap;

#[test]
fn a_context_is_what_its_registration_says() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", CREATE_CONTEXT));
    let op = moot.by("erin").does(register_as(Some(Restricted)));
    let expected = ContextInfo {
        application_id: [3; 32],
        blob_id: [4; 32],
        source: "https://example.org/app".to_owned(),
        service_name: Some("service".to_owned()),
        visibility: Restricted,
        alias: String::new(),
        registered_by: who("erin"),
        capabilities: BTreeMap::new(),
    };
    let context = ContextId::from(op);
    assert_eq!(moot.engine.context(&moot.id(), &context), Some((moot.root(), expected.clone())));
    assert_eq!(moot.view(moot.root()).contexts, BTreeMap::from([(context, expected)]));
}

#[test]
fn a_context_without_a_visibility_of_its_own_takes_the_groups_default() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(default_visibility(Restricted));
    let context = moot.by("alice").within(sub).registers();
    moot.by("alice").within(sub).does(default_visibility(Open));
    assert_eq!(moot.context(context).unwrap().visibility, Restricted);
}

#[test]
fn a_service_name_may_be_missing() {
    let mut moot = Moot::founded_by("alice");
    let op = GroupOp::ContextRegistered {
        application_id: [0; 32],
        blob_id: [0; 32],
        source: String::new(),
        service_name: None,
        visibility: None,
    };
    let context = moot.by("alice").does(op).into();
    assert_eq!(moot.context(context).unwrap().service_name, None);
}

#[test]
fn a_detached_context_is_gone_with_its_capabilities() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let (gone, stays) = (moot.by("alice").registers(), moot.by("alice").does(register_as(Some(Open))).into());
    for context in [gone, stays] {
        moot.by("alice").does(grant_in(context, "erin", 1));
    }
    moot.by("alice").does(detach(gone));
    assert_eq!(moot.context(gone), None);
    assert_eq!(moot.view(moot.root()).contexts.into_keys().collect::<Vec<_>>(), [stays]);
    assert_eq!(moot.context(stays).unwrap().capabilities.len(), 1);
}

#[test]
fn what_names_a_context_takes_one_that_is_registered_here() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    let below = moot.by("alice").within(sub).registers();
    let gone = moot.by("alice").registers();
    moot.by("alice").does(detach(gone));
    for context in [ContextId([9; 32]), below, gone, ContextId(moot.genesis().0)] {
        for op in
            [detach(context), context_alias(context, "x"), grant_in(context, "erin", 1), revoke_in(context, "erin", 1)]
        {
            moot.by("alice").cannot(op, NoSuchContext);
        }
    }
}

#[test]
fn a_context_is_named_and_named_again() {
    let mut moot = Moot::founded_by("alice");
    let context = moot.by("alice").registers();
    for alias in ["one", "two", ""] {
        moot.by("alice").does(context_alias(context, alias));
        assert_eq!(moot.context(context).unwrap().alias, alias);
    }
}

#[test]
fn context_capabilities_are_added_and_taken_bit_by_bit() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("alice").registers();
    let held = |moot: &Moot| moot.context(context).unwrap().capabilities.get(&who("erin")).copied();
    for (op, expected) in [
        (grant_in(context, "erin", 0x81), Some(0x81)),
        (grant_in(context, "erin", 0x03), Some(0x83)),
        (revoke_in(context, "erin", 0x81), Some(0x02)),
        (revoke_in(context, "erin", 0x10), Some(0x02)),
        (revoke_in(context, "erin", 0xff), None),
        (revoke_in(context, "erin", 0xff), None),
        (grant_in(context, "erin", 0xff), Some(0xff)),
    ] {
        moot.by("alice").does(op);
        assert_eq!(held(&moot), expected);
    }
}

#[test]
fn an_empty_mask_leaves_no_entry_behind() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("alice").registers();
    let before = moot.digest();
    moot.by("alice").does(grant_in(context, "erin", 1));
    assert_ne!(moot.digest(), before);
    moot.by("alice").does(revoke_in(context, "erin", 1));
    assert_eq!(moot.digest(), before);
}

#[test]
fn context_capabilities_are_given_to_members_here_and_taken_from_anybody() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    let context = moot.by("alice").within(sub).registers();
    moot.by("alice").within(sub).cannot(grant_in(context, "nobody", 1), NoSuchMember);
    moot.by("alice").within(sub).cannot(grant_in(context, "bob", 1), NoSuchMember);
    moot.by("alice").within(sub).does(revoke_in(context, "nobody", 1));
    moot.by("alice").within(sub).does(revoke_in(context, "bob", 1));
}

#[test]
fn a_missing_context_comes_before_a_missing_member() {
    let mut moot = Moot::founded_by("alice");
    moot.by("alice").cannot(grant_in(ContextId([9; 32]), "nobody", 1), NoSuchContext);
}

#[test]
fn context_capabilities_take_no_rank() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["mona"], Member);
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    let context = moot.by("alice").registers();
    moot.by("alice").does(grant_in(context, "alice", 3));
    moot.by("mona").does(revoke_in(context, "alice", 1));
    moot.by("mona").does(grant_in(context, "alice", 4));
    assert_eq!(moot.context(context).unwrap().capabilities, BTreeMap::from([(who("alice"), 6)]));
}
