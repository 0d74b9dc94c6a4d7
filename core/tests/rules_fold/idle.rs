//! A standing reduction that finds nothing to take is idle: not void, but no writer either.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{OpId, Role::*, Verdict::*, VoidReason::*};

/// Bob, who is about to be removed, lets Dave in as an Admin and Erin as a Member. What Dave does falls with Bob, what
/// others do to Erin stands, but does not find her. The op after which Erin is there.
fn erin_is_never_there() -> (Moot, OpId) {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let erin = moot.by("bob").on(&base).does(add("erin", Member));
    moot.by("alice").on(&base).does(remove("bob"));
    moot.expect(erin, Void(AuthorityLost));
    (moot, erin)
}

#[test]
fn a_removal_that_finds_no_record_is_idle_and_bars_the_member_all_the_same() {
    let (mut moot, erin) = erin_is_never_there();
    let removal = moot.by("carol").on(&[erin]).does(remove("erin"));
    moot.expect(removal, Idle(NoSuchMember));
    assert_eq!(moot.member("erin"), None);
    assert!(moot.barred("erin"));
    let invitation = moot.invitation_by("alice", Member);
    moot.by("erin").cannot(invitation.claimed_by("erin"), Barred);
}

#[test]
fn an_idle_leave_bars_nobody() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let above = moot.by("alice").creates("above");
    let below = moot.by("alice").within(above).creates("below");
    for group in [above, below] {
        moot.by("alice").within(group).does(add("bob", Member));
    }
    let base = moot.heads();
    let from_both = moot.by("bob").within(above).on(&base).does(remove("bob"));
    let later = moot.by("bob").on(&base).noops(1);
    let from_below = moot.by("bob").within(below).on(&[later]).does(remove("bob"));
    moot.expect(from_both, Effective);
    moot.expect(from_below, Idle(NoSuchMember));
    assert!(!moot.barred_in(above, "bob") && !moot.barred_in(below, "bob"));
}

#[test]
fn other_reductions_that_find_no_record_are_idle_and_bar_nobody() {
    let (mut moot, erin) = erin_is_never_there();
    for reduction in [set_role("erin", ReadOnly), revoke("erin", JOIN_OPEN)] {
        let reduction = moot.by("carol").on(&[erin]).does(reduction);
        moot.expect(reduction, Idle(NoSuchMember));
    }
    assert!(!moot.barred("erin"));
    assert_eq!(moot.member("erin"), None);
}

#[test]
fn a_second_removal_is_idle() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let by_alice = moot.by("alice").on(&base).does(remove("erin"));
    let by_bob = moot.by("bob").on(&base).does(remove("erin"));
    moot.expect(by_alice, Effective);
    moot.expect(by_bob, Idle(NoSuchMember));
}

#[test]
fn a_reduction_in_a_deleted_group_is_idle_and_bars_nobody() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("erin", Member));
    let context = moot.by("alice").within(sub).registers();
    moot.by("alice").within(sub).does(grant_in(context, "erin", 1));
    let invitation = Invitation::new(moot.id(), sub, "alice", Member);
    let base = moot.heads();
    moot.by("alice").within(sub).on(&base).does(GROUP_DELETED);
    let kinds = [
        remove("erin"),
        set_role("erin", ReadOnly),
        revoke("erin", JOIN_OPEN),
        revoke_in(context, "erin", 1),
        invitation.revoked(),
    ];
    for kind in kinds {
        let reduction = moot.by("bob").within(sub).on(&base).does(kind);
        moot.expect(reduction, Idle(NoSuchGroup));
    }
    assert!(!moot.exists(sub));
}

#[test]
fn a_revocation_in_a_context_that_was_detached_is_idle() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("alice").registers();
    moot.by("alice").does(grant_in(context, "erin", 1));
    let base = moot.heads();
    moot.by("alice").on(&base).does(detach(context));
    let revocation = moot.by("bob").on(&base).does(revoke_in(context, "erin", 1));
    moot.expect(revocation, Idle(NoSuchContext));
}

#[test]
fn of_the_last_admins_who_leave_together_the_second_stays() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let by_alice = moot.by("alice").on(&base).does(remove("alice"));
    let by_bob = moot.by("bob").on(&base).does(remove("bob"));
    moot.expect(by_alice, Effective);
    moot.expect(by_bob, Idle(LastAdmin));
    assert_eq!((moot.member("alice"), moot.role("bob")), (None, Some(Admin)));
    assert!(!moot.barred("bob"));
}

#[test]
fn of_the_last_admins_who_step_down_together_the_second_stays() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("alice").on(&base).does(set_role("alice", Member));
    let by_bob = moot.by("bob").on(&base).does(set_role("bob", ReadOnly));
    moot.expect(by_bob, Idle(LastAdmin));
    assert_eq!((moot.role("alice"), moot.role("bob")), (Some(Member), Some(Admin)));
}

/// Erin is the root's last Admin when Bob's removal of her comes. He is no Admin any more himself: Carol removed him, who
/// had heard that he was lowered and raised again, by Zoe, who was removed. But nothing takes what his own op rests on.
#[test]
fn a_removal_that_is_idle_for_the_last_admin_bars_nobody() {
    let mut moot = Moot::with_admins("alice", &["zoe", "bob", "carol", "erin"]);
    let base = moot.heads();
    let lowered = moot.by("zoe").on(&base).does(set_role("bob", Member));
    let raised = moot.by("alice").on(&[lowered]).does(set_role("bob", Admin));
    let of_bob = moot.by("carol").on(&[raised]).does(remove("bob"));
    let carol_left = moot.by("carol").on(&[of_bob]).does(remove("carol"));
    let of_zoe = moot.by("alice").on(&base).does(remove("zoe"));
    let alice_left = moot.by("alice").on(&[carol_left, of_zoe]).does(remove("alice"));
    let before = moot.by("bob").on(&base).noops(6);
    let of_erin = moot.by("bob").on(&[before]).does(remove("erin"));
    for (op, verdict) in [
        (lowered, Void(AuthorityLost)),
        (of_bob, Effective),
        (carol_left, Effective),
        (alice_left, Effective),
        (of_erin, Idle(LastAdmin)),
    ] {
        moot.expect(op, verdict);
    }
    assert_eq!(moot.role("erin"), Some(Admin));
    assert!(!moot.barred("erin"));
}

#[test]
fn an_idle_reduction_strikes_like_any_that_stands() {
    let (mut moot, erin) = erin_is_never_there();
    let removal = moot.by("alice").on(&[erin]).does(remove("erin"));
    let given = moot.by("carol").on(&[erin]).does(grant("erin", INVITE));
    moot.expect(removal, Idle(NoSuchMember));
    moot.expect(given, Void(SubjectReduced));
    assert_eq!(moot.member("erin"), None);
}

#[test]
fn an_idle_reduction_takes_effect_once_there_is_something_to_take() {
    let (mut moot, erin) = erin_is_never_there();
    let given = moot.by("alice").on(&[erin]).does(grant("erin", INVITE));
    let revocation = moot.by("carol").on(&[given]).does(revoke("erin", INVITE));
    moot.expect(revocation, Effective);
    assert_eq!(moot.capabilities("erin"), JOIN_OPEN);
}

#[test]
fn revoking_what_is_not_held_is_effective_and_not_idle() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let context = moot.by("alice").registers();
    let base = moot.heads();
    for reduction in [revoke("erin", INVITE), revoke_in(context, "erin", 1)] {
        let by_alice = moot.by("alice").on(&base).does(reduction.clone());
        let by_bob = moot.by("bob").on(&base).does(reduction);
        moot.expect(by_alice, Effective);
        moot.expect(by_bob, Effective);
    }
}
