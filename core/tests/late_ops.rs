//! Late ops, whose place in the fold's order (SPEC §4) is before ops that are there already: what nobody after them has to
//! do with takes its effect at the end, and everything else is folded again.

#[path = "common/mod.rs"]
mod common;

use common::{Moot, explanations, ops};
use folkmoot_core::group_op::capabilities::{CAN_CREATE_CONTEXT, CAN_INVITE_MEMBERS, CAN_JOIN_OPEN_CONTEXTS};
use folkmoot_core::limits::{CHECKPOINT_EVERY, MAX_CHECKPOINTS_AFTER_LATE_OP, MAX_STEADY_ADMINS};
use folkmoot_core::report::Report;
use folkmoot_core::{
    Engine, FoldCounts, GroupOp, OpId, PendingLimits, Role, UpgradePolicy, Verdict, Visibility, VoidReason,
};

fn folds(moot: &Moot) -> FoldCounts {
    moot.engine.counts(&moot.id()).expect("the namespace").folds
}

/// Alice's moot with bob and carol for Admins, and the point that late ops are built on, and one halfway; alice goes on.
fn moot_that_went_on() -> (Moot, OpId, OpId) {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let point = moot.by("alice").does(ops::add("dave", Role::Member));
    let mut halfway = point;
    for number in 0..60 {
        let added = moot.by("alice").does(ops::add(&format!("guest {number}"), Role::Member));
        moot.by("alice").does(ops::group_alias(&format!("evening {number}")));
        halfway = if number == 40 { added } else { halfway };
    }
    (moot, point, halfway)
}

#[test]
fn a_late_op_that_nobody_since_has_to_do_with_takes_its_effect_at_the_end() {
    let (mut moot, point, _) = moot_that_went_on();
    moot.by("bob").on(&[point]).does(ops::add("erin", Role::Member));
    moot.by("carol").on(&[point]).does(ops::policy(UpgradePolicy::Automatic));
    let counts = folds(&moot);
    assert_eq!((counts.commuted, counts.refolds), (2, 0));
    assert_eq!(moot.role("erin"), Some(Role::Member));
    assert_eq!(moot.view(moot.root()).info.upgrade_policy, UpgradePolicy::Automatic);
    assert_eq!(moot.view(moot.root()).info.alias, "evening 59", "what else there is in the group stays");
}

#[test]
fn what_is_folded_again_later_is_folded_on_a_state_that_has_what_came_late_before_it() {
    let (mut moot, point, halfway) = moot_that_went_on();
    moot.by("bob").on(&[point]).does(ops::add("erin", Role::Member));
    moot.by("bob").on(&[point]).does(ops::policy(UpgradePolicy::Automatic));
    moot.by("carol").on(&[halfway]).does(ops::group_alias("carol's"));
    let counts = folds(&moot);
    assert!(counts.refolds == 1 && counts.refolded < 100, "from a state kept on the way: {counts:?}");
    assert_eq!(moot.role("erin"), Some(Role::Member));
    assert_eq!(moot.view(moot.root()).info.upgrade_policy, UpgradePolicy::Automatic);
    assert_eq!(moot.view(moot.root()).info.alias, "evening 59");
}

#[test]
fn who_read_a_record_is_folded_again_when_it_is_given_late() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let point = moot.by("alice").does(ops::add("dave", Role::Member));
    moot.by("alice").does(ops::remove("carol"));
    let let_in = moot.by("carol").on(&[point]).does(ops::add("erin", Role::Admin));
    let granted = moot.by("erin").on(&[let_in]).does(ops::grant("dave", CAN_CREATE_CONTEXT));
    moot.expect(granted, Verdict::Void(VoidReason::AuthorityLost));
    // Nobody has written erin's record yet; erin's own op looked at it.
    moot.by("bob").on(&[point]).does(ops::add("erin", Role::Admin));
    moot.expect(granted, Verdict::Effective);
}

#[test]
fn a_late_name_is_overwritten_by_those_after_it() {
    let (mut moot, point, _) = moot_that_went_on();
    moot.by("bob").on(&[point]).does(ops::group_alias("bob's"));
    assert_eq!((folds(&moot).commuted, folds(&moot).refolds), (0, 1));
    assert_eq!(moot.view(moot.root()).info.alias, "evening 59");
}

#[test]
fn late_defaults_are_those_of_members_who_came_after_their_place() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let point = moot.by("alice").does(ops::add("dave", Role::Member));
    moot.by("alice").later().does(ops::add("erin", Role::Member));
    moot.by("bob").on(&[point]).does(ops::defaults(CAN_INVITE_MEMBERS));
    assert_eq!(moot.capabilities("erin"), CAN_INVITE_MEMBERS);
}

#[test]
fn who_looked_for_a_record_that_was_not_there_is_folded_again_when_it_comes() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.by("alice").does(ops::add("dave", Role::Member));
    let cellar = moot.by("alice").creates("cellar");
    let point = OpId(cellar.0);
    moot.by("alice").within(cellar).on(&[point]).does(ops::visibility(Visibility::Restricted));
    let last = moot.by("dave").within(cellar).on(&[point]).noops(3);
    moot.expect(last, Verdict::Void(VoidReason::AuthorityLost));
    // In its place before all that dave did; no op had named the pair before.
    moot.by("bob").within(cellar).on(&[point]).does(ops::add("dave", Role::Member));
    moot.expect(last, Verdict::Effective);
}

#[test]
fn a_group_that_comes_late_goes_with_the_group_above() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let cellar = moot.by("alice").creates("cellar");
    let point = OpId(cellar.0);
    moot.by("bob").on(&[point]).later().within(cellar).does(GroupOp::GroupDeleted);
    let below = moot.by("carol").within(cellar).on(&[point]).creates("corner");
    assert!(!moot.exists(below));
}

#[test]
fn a_late_op_of_one_who_has_lost_the_right_since_costs_nobody_a_second_fold() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let point = moot.by("alice").does(ops::add("dave", Role::Member));
    moot.by("alice").does(ops::remove("bob"));
    moot.by("alice").noops(40);
    let let_in = moot.by("bob").on(&[point]).does(ops::add("mallory", Role::Admin));
    let granted = moot.by("mallory").on(&[let_in]).does(ops::grant("dave", CAN_CREATE_CONTEXT));
    moot.expect(let_in, Verdict::Void(VoidReason::AuthorityLost));
    moot.expect(granted, Verdict::Void(VoidReason::AuthorityLost));
    assert_eq!(folds(&moot).refolds, 0);
}

/// Bob's late op, where so many states are kept between its place and the end: how many are left.
fn kept_after_a_late_op(between: usize) -> u64 {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let point = moot.by("alice").does(ops::add("dave", Role::Member));
    while folds(&moot).checkpoints < between as u64 {
        moot.by("alice").noops(1);
    }
    moot.by("bob").on(&[point]).does(ops::add("erin", Role::Member));
    assert_eq!((folds(&moot).commuted, folds(&moot).refolds), (1, 0));
    folds(&moot).checkpoints
}

#[test]
fn of_the_states_after_a_late_op_the_last_four_are_kept() {
    let most = MAX_CHECKPOINTS_AFTER_LATE_OP as u64;
    assert_eq!(kept_after_a_late_op(MAX_CHECKPOINTS_AFTER_LATE_OP), most);
    assert_eq!(kept_after_a_late_op(MAX_CHECKPOINTS_AFTER_LATE_OP + 1), most);
}

#[test]
fn a_late_raise_overrules_every_lowering_however_many_there_are_and_what_they_struck_stands_again() {
    // Up to 16 ops that could strike one are looked through as they are; of more, a list is made.
    for lowerings in [15, 16, 17, 18, 40] {
        let mut moot = Moot::with_admins("alice", &["bob", "dave"]);
        let point = moot.by("alice").does(ops::add("erin", Role::Member));
        let mut lowered = Vec::new();
        for _ in 0..lowerings {
            lowered.push(moot.by("bob").does(ops::set_role("dave", Role::Member)));
            moot.by("bob").does(ops::set_role("dave", Role::Admin));
        }
        let removal = moot.by("dave").on(&[point]).does(ops::remove("erin"));
        moot.expect(removal, Verdict::Void(VoidReason::AuthorityLost));
        moot.by("alice").on(&[point]).does(ops::set_role("dave", Role::Admin));
        moot.expect(removal, Verdict::Effective);
        for op in lowered {
            moot.expect(op, Verdict::Void(VoidReason::Overruled));
        }
    }
}

/// Alice goes on: she adds guests and names the group, and halfway she does something else, too.
fn moot_with_something_halfway(admins: &[&str], halfway: GroupOp) -> (Moot, OpId, OpId) {
    let mut moot = Moot::with_admins("alice", admins);
    let point = moot.by("alice").does(ops::add("dave", Role::Member));
    let mut between = point;
    for number in 0..60 {
        moot.by("alice").does(ops::add(&format!("guest {number}"), Role::Member));
        moot.by("alice").does(ops::group_alias(&format!("evening {number}")));
        if number == 30 {
            between = moot.by("alice").does(halfway.clone());
        }
    }
    (moot, point, between)
}

#[test]
fn of_what_came_after_a_late_op_only_what_it_reaches_is_folded_again() {
    let (mut moot, point, _) = moot_that_went_on();
    moot.by("bob").on(&[point]).does(ops::add("guest 50", Role::Admin));
    let counts = folds(&moot);
    assert_eq!((counts.refolds, counts.refolded), (1, 3), "the two who add the same guest, and who let bob in");
    assert_eq!(moot.role("guest 50"), Some(Role::Member), "the senior's word");
    assert_eq!(moot.view(moot.root()).info.alias, "evening 59");
    moot.by("carol").on(&[point]).does(ops::group_alias("carol's"));
    let counts = folds(&moot);
    assert_eq!((counts.refolds, counts.refolded), (2, 3 + 62), "all who name the group, and who let carol in");
}

#[test]
fn what_is_reached_looks_at_what_others_wrote_in_between() {
    let (mut moot, point, _) = moot_with_something_halfway(&["bob"], ops::defaults(CAN_INVITE_MEMBERS));
    // Alice adds the same guest long after she has set other defaults.
    moot.by("bob").on(&[point]).does(ops::add("guest 50", Role::Member));
    assert_eq!((folds(&moot).refolds, folds(&moot).refolded), (1, 4));
    assert_eq!(
        moot.capabilities("guest 50"),
        CAN_INVITE_MEMBERS | CAN_JOIN_OPEN_CONTEXTS,
        "by bob's op, and by alice's"
    );
}

#[test]
fn who_rests_on_what_is_reached_is_reached_too() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let point = moot.by("alice").does(ops::add("dave", Role::Member));
    moot.by("alice").does(ops::remove("carol"));
    let erin = moot.by("carol").on(&[point]).does(ops::add("erin", Role::Admin));
    let frank = moot.by("erin").on(&[erin]).does(ops::add("frank", Role::Admin));
    let granted = moot.by("frank").on(&[frank]).does(ops::grant("dave", CAN_CREATE_CONTEXT));
    for number in 0..40 {
        moot.by("alice").on(&[granted]).later().does(ops::add(&format!("guest {number}"), Role::Member));
    }
    moot.expect(granted, Verdict::Void(VoidReason::AuthorityLost));
    let before = folds(&moot);
    moot.by("bob").on(&[point]).does(ops::add("erin", Role::Admin));
    let counts = folds(&moot);
    assert!(
        counts.refolds == before.refolds + 1 && counts.refolded - before.refolded < 10,
        "not the guests: {counts:?}"
    );
    moot.expect(granted, Verdict::Effective);
    assert_eq!(moot.role("frank"), Some(Role::Admin));
    assert_eq!(moot.capabilities("dave") & CAN_CREATE_CONTEXT, CAN_CREATE_CONTEXT);
}

#[test]
fn the_states_on_the_way_have_what_was_folded_again_before_them() {
    let (mut moot, point, between) = moot_with_something_halfway(&["bob", "carol"], GroupOp::Noop);
    // Reaches alice's op of the same, so it is folded again; what comes on top has its place halfway.
    let let_in = moot.by("bob").on(&[point]).does(ops::add("guest 50", Role::Admin));
    let named = moot.by("guest 50").on(&[let_in, between]).does(ops::group_alias("a guest's"));
    let kept = moot.by("carol").on(&[point]).does(ops::policy(UpgradePolicy::Automatic));
    let there = moot.by("guest 50").on(&[named, kept]).does(ops::policy(UpgradePolicy::LazyOnAccess));
    moot.expect(named, Verdict::Effective);
    moot.expect(there, Verdict::Effective);
    assert_eq!(moot.view(moot.root()).info.alias, "evening 59");
}

#[test]
fn an_op_that_would_come_after_many_but_for_a_late_one_has_nothing_to_do_with_them() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol", "dave"]);
    let point = moot.by("alice").noops(1);
    for number in 0..20 {
        moot.by("carol").does(ops::group_alias(&format!("evening {number}")));
        moot.by("alice").does(ops::add(&format!("guest {number}"), Role::Member));
    }
    // A senior's name prevails over all of these, so a junior's cannot matter to them, nor they to it.
    moot.by("bob").on(&[point]).does(ops::group_alias("bob's"));
    assert_eq!((folds(&moot).commuted, folds(&moot).refolds), (0, 1));
    let late = moot.by("dave").on(&[point]).does(ops::group_alias("dave's"));
    assert_eq!((folds(&moot).commuted, folds(&moot).refolds), (1, 1));
    moot.expect(late, Verdict::Void(VoidReason::Superseded));
    assert_eq!(moot.view(moot.root()).info.alias, "bob's");
}

/// Ops that had their place before the end, folded again, when these Admins name the group late, all at once, and alice has
/// meanwhile named some of them.
fn folded_again_with_named(named: &[&str]) -> u64 {
    let admins = ["bob", "carol", "dave", "erin"];
    let mut moot = Moot::with_admins("alice", &admins);
    // Past a state that is kept, in which they are Admins.
    let point = moot.by("alice").noops(CHECKPOINT_EVERY);
    for name in named.iter().chain(&["alice"]) {
        moot.by("alice").does(ops::member_alias(name, "somebody"));
    }
    for number in 0..40 {
        moot.by("alice").does(ops::add(&format!("guest {number}"), Role::Member));
    }
    moot.by("alice").does(ops::group_alias("evening"));
    let mut engine = common::engine_of(moot.sent(), usize::MAX);
    let late = admins.map(|name| {
        moot.by(name).on(&[point]).forge(ops::group_alias(name)).sign(&common::key(name)).expect("well-formed")
    });
    let _ = engine.apply_batch(late);
    let counts = engine.counts(&moot.id()).expect("the namespace").folds;
    assert_eq!(counts.refolds, 1);
    counts.refolded
}

#[test]
fn of_four_admins_one_may_be_steady_and_the_fifth_is_not_asked() {
    assert_eq!(MAX_STEADY_ADMINS, 4);
    // Dave is: the five who name the group, and who named bob and carol.
    assert_eq!(folded_again_with_named(&["bob", "carol"]), 7);
    assert!(folded_again_with_named(&["bob", "carol", "dave"]) > 40, "all: erin is not asked");
}

#[test]
fn nobody_goes_as_the_last_admin_whoever_else_went() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let point = moot.by("alice").noops(1);
    for number in 0..20 {
        moot.by("alice").does(ops::add(&format!("guest {number}"), Role::Member));
    }
    let carol = moot.by("alice").does(ops::remove("carol"));
    let left = moot.by("alice").does(ops::remove("alice"));
    // In its place before all that: he would have been the last.
    let bob = moot.by("bob").on(&[point]).does(ops::remove("bob"));
    for op in [carol, bob] {
        moot.expect(op, Verdict::Effective);
    }
    moot.expect(left, Verdict::Idle(VoidReason::LastAdmin));
    assert_eq!(moot.role("alice"), Some(Role::Admin));
}

/// What a restored engine and the moot's own make of the op that the moot was sent last.
#[track_caller]
fn assert_comes_alike(restored: &mut Engine, moot: &mut Moot, op: OpId) {
    let outcome = restored.apply(moot.op(op).clone());
    assert_eq!(outcome.status_of(&op), Some(&moot.status(op)));
    assert_eq!(outcome.after_commit(), moot.effects(), "and tells the same");
    assert_eq!(Report::of(restored), moot.report());
    let sent = moot.sent().to_vec();
    assert_eq!(explanations(restored, &sent), explanations(&moot.engine, &sent));
}

#[test]
fn after_a_restart_late_ops_come_to_what_they_would_have_come_to_without() {
    let (mut moot, point, halfway) = moot_that_went_on();
    moot.by("carol").does(ops::add("frank", Role::Member));
    moot.by("alice").does(ops::set_role("frank", Role::ReadOnly));
    let mut restored =
        Engine::restore(&moot.engine.snapshot(), PendingLimits::default()).expect("written by an engine");
    let counts = restored.counts(&moot.id()).expect("the namespace").folds;
    assert_eq!(counts.checkpoints, 0, "nobody has asked for more than the state yet: {counts:?}");
    let mut come = |moot: &mut Moot, op: &mut dyn FnMut(&mut Moot) -> OpId| {
        let op = op(moot);
        assert_comes_alike(&mut restored, moot, op);
    };
    come(&mut moot, &mut |moot| moot.by("alice").does(ops::group_alias("at the end")));
    come(&mut moot, &mut |moot| moot.by("carol").does(ops::set_role("frank", Role::Member)));
    come(&mut moot, &mut |moot| moot.by("bob").on(&[halfway]).does(ops::group_alias("halfway")));
    come(&mut moot, &mut |moot| moot.by("bob").on(&[point]).does(ops::remove("carol")));
    come(&mut moot, &mut |moot| moot.by("alice").does(ops::add("grace", Role::Member)));
    let counts = restored.counts(&moot.id()).expect("the namespace").folds;
    assert!(counts.checkpoints > 0, "what late ops are folded from is there: {counts:?}");
    assert_eq!(moot.role("frank"), None, "carol let him in, and was gone");
}

#[test]
fn a_restart_after_ops_that_conflicted_keeps_what_came_of_them_and_goes_on_alike() {
    let (mut moot, point, halfway) = moot_that_went_on();
    moot.by("carol").does(ops::add("frank", Role::Member));
    moot.by("bob").on(&[point]).does(ops::remove("carol"));
    for number in 0..40 {
        moot.by("alice").does(ops::add(&format!("later guest {number}"), Role::Member));
    }
    let mut restored =
        Engine::restore(&moot.engine.snapshot(), PendingLimits::default()).expect("written by an engine");
    assert_eq!(Report::of(&mut restored), moot.report());
    let mut come = |moot: &mut Moot, op: &mut dyn FnMut(&mut Moot) -> OpId| {
        let op = op(moot);
        assert_comes_alike(&mut restored, moot, op);
    };
    come(&mut moot, &mut |moot| moot.by("alice").does(ops::add("carol", Role::Member)));
    come(&mut moot, &mut |moot| moot.by("bob").on(&[halfway]).does(ops::add("later guest 7", Role::Admin)));
    come(&mut moot, &mut |moot| moot.by("alice").does(ops::remove("later guest 7")));
}
