//! The state of a merge whose parents are not all the heads: somebody's own state goes back a little and comes forward with
//! what the merge brings, or is folded anew (SPEC §2, §4). Every op's state hash is checked by an engine that has nothing but
//! the op's past; so one is wrong as soon as a state is.

#[path = "common/mod.rs"]
mod common;

use common::{Moot, key, merges_of_a_replica, ops, who};
use folkmoot_core::group_op::capabilities::CAN_INVITE_MEMBERS;
use folkmoot_core::limits::{MAX_OPS_BEHIND, MAX_OPS_MOVED_OVER, MAX_RECENT_OPS, REMEMBERED_NODES};
use folkmoot_core::{GroupOp, MergeCounts, OpId, Role, UpgradePolicy, Verdict, VoidReason};

const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

/// Alice, bob and carol go on side by side, each `behind` the others by so many rounds.
fn side_by_side(behind: usize, rounds: usize, op_of: impl Fn(&str, usize) -> GroupOp) -> Moot {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["dave", "erin"], Role::Member);
    let tip = moot.heads()[0];
    go_side_by_side(&mut moot, tip, behind, rounds, op_of);
    moot
}

fn go_side_by_side(moot: &mut Moot, tip: OpId, behind: usize, rounds: usize, op_of: impl Fn(&str, usize) -> GroupOp) {
    let mut past: Vec<Vec<OpId>> = vec![vec![tip; PEOPLE.len()]];
    for round in 0..rounds {
        let mut made = Vec::new();
        for (at, person) in PEOPLE.iter().enumerate() {
            let mut parents = vec![past[round][at]];
            if let Some(heard) = past.get((round + 1).wrapping_sub(behind)).filter(|_| round + 1 > behind) {
                parents.extend(heard.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, op)| *op));
            }
            made.push(moot.by(person).on(&parents).does(op_of(person, round)));
        }
        past.push(made);
    }
}

#[test]
fn who_goes_on_beside_others_takes_in_what_they_do_and_nothing_is_folded_from_the_whole() {
    for behind in [2, 3, 5] {
        let mut moot = side_by_side(behind, 16, |person, round| ops::add(&format!("{person}'s {round}"), Role::Member));
        let merges = merges_of_a_replica(&mut moot);
        assert!(merges.folded <= 3, "the first of each: {merges:?}");
        assert!(merges.moved >= 30, "{merges:?}");
    }
}

#[test]
fn what_several_remember_of_a_large_group_is_what_each_would_have_hashed() {
    // Two nodes of a trie for each member: more than it takes to remember any.
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    for number in 0..REMEMBERED_NODES / 2 + 50 {
        let member = ops::add(&format!("guest {number}"), Role::Member);
        let draft = moot.engine.draft(&moot.id(), &moot.root(), &who("alice"), member).expect("she may");
        moot.deliver(draft.sign(&key("alice")).expect("her key"));
    }
    let tip = moot.heads()[0];
    go_side_by_side(&mut moot, tip, 2, 8, |person, round| match round % 3 {
        0 => ops::add(&format!("{person}'s {round}"), Role::Member),
        1 => ops::set_role(&format!("guest {}", round / 3), if round % 2 == 0 { Role::Member } else { Role::ReadOnly }),
        _ => ops::member_alias(&format!("guest {round}"), person),
    });
    assert!(merges_of_a_replica(&mut moot).moved > 10);
}

#[test]
fn what_comes_before_ones_own_ops_changes_what_they_come_to() {
    // Names and settings that overwrite each other, defaults that later members bring along.
    let mut moot = side_by_side(3, 14, |person, round| match round % 4 {
        0 => ops::group_alias(&format!("{person} {round}")),
        1 => ops::defaults(if person == "bob" { CAN_INVITE_MEMBERS } else { 0 }),
        2 => ops::add(&format!("{person}'s {round}"), Role::Member),
        _ => ops::policy(UpgradePolicy::Coordinated { deadline_secs: Some(round as u64) }),
    });
    let merges = merges_of_a_replica(&mut moot);
    assert!(merges.moved > merges.folded, "{merges:?}");
}

#[test]
fn decisions_that_a_merge_changes_are_those_of_the_merge() {
    // All three raise and lower dave; who comes late strikes, overrules and is overruled.
    for behind in [2, 3, 4] {
        let mut moot = side_by_side(behind, 15, |person, round| {
            let turn = round + person.len();
            match turn % 5 {
                0 | 3 => ops::set_role("dave", Role::Admin),
                1 => ops::set_role("dave", if turn % 2 == 0 { Role::ReadOnly } else { Role::Member }),
                2 => ops::add(&format!("{person}'s {round}"), Role::Member),
                _ => ops::set_role("erin", if turn % 2 == 0 { Role::ReadOnly } else { Role::Member }),
            }
        });
        let merges = merges_of_a_replica(&mut moot);
        assert!(merges.moved > 0, "{merges:?}");
    }
}

/// Bob has merged once; then alice does so much, and carol that, and bob hears of alice.
fn bob_hears_of(alice: usize, carol: usize) -> MergeCounts {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let point = moot.heads();
    let beside = moot.by("carol").on(&point).noops(1);
    let first = moot.by("alice").on(&point).noops(1);
    let own = moot.by("bob").on(&point).noops(1);
    let merged = moot.by("bob").on(&[own, first]).does(ops::add("dave", Role::Member));
    let last = moot.by("alice").on(&[first]).noops(alice);
    if carol > 1 {
        moot.by("carol").on(&[beside]).noops(carol - 1);
    }
    moot.by("bob").on(&[merged, last]).does(ops::add("erin", Role::Member));
    merges_of_a_replica(&mut moot)
}

#[test]
fn a_merge_that_brings_64_ops_moves_and_one_that_brings_65_is_folded() {
    assert_eq!(bob_hears_of(MAX_OPS_MOVED_OVER, 1), MergeCounts { beside: 0, moved: 1, folded: 1 });
    assert_eq!(bob_hears_of(MAX_OPS_MOVED_OVER + 1, 1), MergeCounts { beside: 0, moved: 0, folded: 2 });
}

#[test]
fn who_is_256_ops_behind_moves_and_who_is_257_behind_does_not() {
    assert_eq!(bob_hears_of(1, MAX_OPS_BEHIND), MergeCounts { beside: 0, moved: 1, folded: 1 });
    assert_eq!(bob_hears_of(1, MAX_OPS_BEHIND + 1), MergeCounts { beside: 0, moved: 0, folded: 2 });
}

#[test]
fn who_merges_far_behind_the_others_goes_on_from_there() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let point = moot.heads();
    moot.by("carol").on(&point).noops(MAX_OPS_BEHIND + 1);
    let first = moot.by("alice").on(&point).does(ops::add("dave", Role::Member));
    let own = moot.by("bob").on(&point).noops(1);
    // No view of this is kept: what follows makes it again.
    let merged = moot.by("bob").on(&[own, first]).does(ops::add("erin", Role::Member));
    let lowered = moot.by("bob").on(&[merged]).does(ops::set_role("dave", Role::ReadOnly));
    let beside = moot.by("alice").on(&[merged]).does(ops::member_alias("erin", "Erin"));
    let both = moot.by("bob").on(&[lowered, beside]).does(ops::grant("erin", CAN_INVITE_MEMBERS));
    moot.by("bob").on(&[both]).does(ops::add("frank", Role::Member));
    assert_eq!(moot.role("dave"), Some(Role::ReadOnly));
    assert_eq!(moot.capabilities("erin") & CAN_INVITE_MEMBERS, CAN_INVITE_MEMBERS);
    assert_eq!(moot.role("frank"), Some(Role::Member));
    assert_eq!(merges_of_a_replica(&mut moot), MergeCounts { beside: 0, moved: 0, folded: 2 });
}

/// Bob's state has what carol did, and then he hears that alice had lowered carol.
fn bob_hears_that_carol_was_lowered(alice_first: bool) {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["dave"], Role::Member);
    let point = moot.heads();
    let late = moot.by("alice").on(&point).noops(6);
    let later = moot.by("alice").on(&[late]).noops(1);
    let lower = |moot: &mut Moot| moot.by("alice").on(&[later]).does(ops::set_role("carol", Role::Member));
    let early = alice_first.then(|| lower(&mut moot));
    let carols = moot.by("carol").on(&point).does(ops::add("erin", Role::Member));
    let own = moot.by("bob").on(&point).noops(1);
    // A head of its own, so that the merge is not of all there is.
    moot.by("dave").on(&point).does(GroupOp::Noop);
    let merged = moot.by("bob").on(&[own, carols, late]).does(ops::add("frank", Role::Member));
    let merged = moot.by("bob").on(&[merged, later]).does(ops::add("heidi", Role::Member));
    let lowered = early.unwrap_or_else(|| lower(&mut moot));
    let last = moot.by("bob").on(&[merged, lowered]).does(ops::add("grace", Role::Member));
    moot.expect(carols, Verdict::Void(VoidReason::AuthorityLost));
    moot.expect(last, Verdict::Effective);
    assert_eq!(moot.role("erin"), None);
    assert_eq!(merges_of_a_replica(&mut moot), MergeCounts { beside: 0, moved: 2, folded: 1 });
}

#[test]
fn what_a_merge_strikes_before_its_own_place_is_struck_whether_or_not_the_whole_had_heard_of_it() {
    bob_hears_that_carol_was_lowered(false);
    bob_hears_that_carol_was_lowered(true);
}

#[test]
fn what_a_merge_takes_from_a_signer_was_what_the_signers_later_ops_rested_on() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["heidi", "ivan"], Role::Member);
    let below = moot.by("alice").creates("below");
    let point = moot.heads();
    // A head of its own, so that no merge is of all there is.
    moot.by("ivan").on(&point).does(GroupOp::Noop);
    let first = moot.by("alice").on(&point).noops(1);
    let own = moot.by("bob").on(&point).noops(1);
    let carol_is_in = moot.by("bob").on(&[own, first]).does(ops::add("carol", Role::Admin));
    let early = moot.by("carol").within(below).on(&[carol_is_in]).does(ops::add("dave", Role::Member));
    let late = moot.by("carol").within(below).on(&[early]).does(ops::add("erin", Role::Member));
    // Alice, who is senior, lets carol in with less, in a place between carol's two ops.
    let beside = moot.by("heidi").on(&[own, first]).noops(2);
    let less = moot.by("alice").on(&[beside]).does(ops::add("carol", Role::ReadOnly));
    let last = moot.by("bob").within(below).on(&[late, less]).does(ops::add("grace", Role::Member));
    moot.expect(early, Verdict::Effective);
    moot.expect(late, Verdict::Void(VoidReason::AuthorityLost));
    moot.expect(last, Verdict::Effective);
    assert!(moot.member_of(below, "dave").is_some() && moot.member_of(below, "erin").is_none());
    assert_eq!(merges_of_a_replica(&mut moot), MergeCounts { beside: 0, moved: 1, folded: 2 });
}

#[test]
fn what_belongs_before_all_recent_ops_has_the_merge_folded() {
    for (own, moved) in [(20, 1), (MAX_RECENT_OPS + 20, 0)] {
        let mut moot = Moot::with_admins("alice", &["bob"]);
        moot.let_in("alice", &["dave"], Role::Member);
        let point = moot.heads();
        moot.by("dave").on(&point).does(GroupOp::Noop);
        let first = moot.by("alice").on(&point).noops(1);
        let bobs = moot.by("bob").on(&point).noops(1);
        let mut bobs = moot.by("bob").on(&[bobs, first]).does(GroupOp::Noop);
        for number in 0..own {
            bobs = moot.by("bob").on(&[bobs]).does(ops::add(&format!("guest {number}"), Role::Member));
        }
        let defaults = moot.by("alice").on(&[first]).does(ops::defaults(CAN_INVITE_MEMBERS));
        moot.by("bob").on(&[bobs, defaults]).does(ops::group_alias("all have heard"));
        assert_eq!(moot.capabilities("guest 0"), CAN_INVITE_MEMBERS);
        assert_eq!(merges_of_a_replica(&mut moot).moved, moved, "{own}");
    }
}
