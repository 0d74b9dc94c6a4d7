//! MemberRemoved.

use crate::common::ops::*;
use crate::common::{Moot, who};
use folkmoot_core::{Role::*, VoidReason::*};

#[test]
fn a_removed_member_is_gone_and_barred_here() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(remove("erin"));
    assert_eq!(moot.member("erin"), None);
    assert_eq!(moot.view(moot.root()).barred, [who("erin")].into());
}

#[test]
fn who_leaves_is_gone_and_not_barred() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], ReadOnly);
    moot.by("erin").does(remove("erin"));
    assert_eq!(moot.member("erin"), None);
    assert!(!moot.barred("erin"));
}

#[test]
fn a_removal_reaches_all_groups_below_and_bars_here_alone() {
    let mut moot = Moot::founded_by("alice");
    let one = moot.by("alice").creates("one");
    let two = moot.by("alice").within(one).does(restricted_subgroup("two")).into();
    let beside = moot.by("alice").creates("beside");
    moot.let_in("alice", &["erin"], Member);
    for group in [one, two, beside] {
        moot.by("alice").within(group).does(add("erin", Admin));
    }
    moot.by("alice").within(one).does(remove("erin"));
    let left = [moot.root(), one, two, beside].map(|group| moot.member_of(group, "erin").is_some());
    assert_eq!(left, [true, false, false, true]);
    let barred = [moot.root(), one, two, beside].map(|group| moot.barred_in(group, "erin"));
    assert_eq!(barred, [false, true, false, false]);
}

#[test]
fn a_removal_takes_the_context_capabilities_here_and_below() {
    let mut moot = Moot::founded_by("alice");
    let one = moot.by("alice").creates("one");
    let two = moot.by("alice").within(one).creates("two");
    moot.let_in("alice", &["erin"], Member);
    moot.let_in("alice", &["frank"], Member);
    let groups = [moot.root(), one, two];
    let contexts = groups.map(|group| {
        let context = moot.by("alice").within(group).registers();
        for name in ["erin", "frank"] {
            if group != moot.root() {
                moot.by("alice").within(group).does(add(name, Member));
            }
            moot.by("alice").within(group).does(grant_in(context, name, 5));
        }
        context
    });
    moot.by("alice").within(one).does(remove("erin"));
    let held = contexts.map(|context| moot.context(context).unwrap().capabilities.into_keys().collect::<Vec<_>>());
    let mut both = vec![who("erin"), who("frank")];
    both.sort_unstable();
    assert_eq!(held, [both, vec![who("frank")], vec![who("frank")]]);
    moot.by("alice").within(two).does(add("erin", Member));
    assert!(!moot.context(contexts[2]).unwrap().capabilities.contains_key(&who("erin")), "nor do they come back");
}

#[test]
fn what_a_removed_member_registered_stays() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    moot.by("alice").does(grant("erin", CREATE_CONTEXT));
    let context = moot.by("erin").registers();
    moot.by("alice").does(remove("erin"));
    assert_eq!(moot.context(context).unwrap().registered_by, who("erin"));
}

#[test]
fn a_removal_takes_a_record_here() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").cannot(remove("nobody"), NoSuchMember);
    moot.by("alice").within(sub).cannot(remove("bob"), NoSuchMember);
    moot.by("bob").within(sub).cannot(remove("bob"), NoSuchMember);
}

#[test]
fn a_removal_takes_somebody_who_outranks_the_record() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.by("carol").cannot(remove("bob"), Outranked);
    moot.by("bob").cannot(remove("alice"), Outranked);
    moot.by("bob").does(remove("carol"));
    assert_eq!(moot.member("carol"), None);
}

#[test]
fn everybody_outranks_its_own_record() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("bob", Admin));
    moot.by("bob").within(sub).does(remove("bob"));
    moot.by("bob").does(remove("bob"));
    assert_eq!(moot.member("bob"), None);
}

#[test]
fn the_rank_rule_comes_before_the_last_admin() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["mona"], Member);
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    moot.by("mona").cannot(remove("alice"), Outranked);
}

#[test]
fn the_roots_last_admin_does_not_leave() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.by("alice").does(remove("alice"));
    moot.by("bob").cannot(remove("bob"), LastAdmin);
    assert_eq!(moot.role("bob"), Some(Admin));
}

#[test]
fn the_last_admin_of_a_subgroup_leaves_like_any_other() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["dana"], Member);
    moot.by("alice").does(grant("dana", CREATE_SUBGROUP));
    let sub = moot.by("dana").creates("dana's");
    moot.by("dana").within(sub).does(remove("dana"));
    assert!(moot.view(sub).members.is_empty());
}

#[test]
fn the_roots_last_admin_leaves_groups_below() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("alice", Admin));
    moot.by("alice").within(sub).does(remove("alice"));
    assert!(moot.view(sub).members.is_empty());
}

#[test]
fn who_is_added_again_starts_afresh() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Admin);
    moot.by("alice").does(grant("erin", INVITE));
    moot.by("alice").does(remove("erin"));
    moot.by("alice").does(add("erin", Member));
    assert_eq!((moot.role("erin"), moot.capabilities("erin")), (Some(Member), JOIN_OPEN));
}
