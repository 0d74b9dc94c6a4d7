//! The state of a merge by one of many who go on side by side: what all of them have is folded and hashed once, and on it the
//! author's own last ops (SPEC §2, §4). Every op's state hash is checked by an engine that has nothing but the op's past; so one
//! is wrong as soon as a state is.

#[path = "common/mod.rs"]
mod common;

use common::{Moot, key, merges_of_a_replica, ops, who};
use folkmoot_core::group_op::capabilities::{CAN_CREATE_CONTEXT, CAN_INVITE_MEMBERS};
use folkmoot_core::limits::{MAX_CELLS_BESIDE_TRUNK, MAX_OPS_BESIDE_TRUNK, MAX_TRUNK_CREDIT, REMEMBERED_NODES};
use folkmoot_core::{GroupId, GroupOp, Hash, OpId, Role, UpgradePolicy, Visibility};

const PEOPLE: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "frank"];

/// Six Admins, and two members.
fn six() -> Moot {
    let mut moot = Moot::with_admins("alice", &PEOPLE[1..]);
    moot.let_in("alice", &["grace", "heidi"], Role::Member);
    moot
}

/// Each goes on so many rounds, hearing of the others as late as `behind` says; `act` does the op of a round on its parents.
fn side_by_side(
    moot: &mut Moot,
    rounds: usize,
    behind: impl Fn(usize) -> usize,
    mut act: impl FnMut(&mut Moot, &str, usize, &[OpId]) -> OpId,
) {
    let tip = moot.heads()[0];
    let mut past: Vec<Vec<OpId>> = vec![vec![tip; PEOPLE.len()]];
    for round in 0..rounds {
        let mut made = Vec::new();
        for (at, person) in PEOPLE.iter().enumerate() {
            let mut parents = vec![past[round][at]];
            if let Some(heard) = (round + 1).checked_sub(behind(at)).filter(|round| *round > 0) {
                let others = past[heard].iter().enumerate().filter(|(other, _)| *other != at);
                parents.extend(others.map(|(_, op)| *op));
            }
            made.push(act(moot, person, round, &parents));
        }
        past.push(made);
    }
}

fn adds(moot: &mut Moot, person: &str, round: usize, parents: &[OpId]) -> OpId {
    moot.by(person).on(parents).does(ops::add(&format!("{person}'s {round}"), Role::Member))
}

/// Who may not, in what it has heard, does nothing.
fn does_if_it_may(moot: &mut Moot, person: &str, group: GroupId, parents: &[OpId], op: GroupOp) -> OpId {
    if moot.by(person).within(group).on(parents).may(&op) {
        moot.by(person).within(group).on(parents).does(op)
    } else {
        moot.by(person).on(parents).does(GroupOp::Noop)
    }
}

#[test]
fn many_who_go_on_side_by_side_share_what_all_have() {
    for behind in [2, 3, 5] {
        let mut moot = six();
        side_by_side(&mut moot, 16, |_| behind, adds);
        let merges = merges_of_a_replica(&mut moot);
        assert!(merges.beside >= 60 && merges.folded <= 2, "{behind} behind: {merges:?}");
    }
}

#[test]
fn who_hears_later_than_others_takes_what_all_have_back_and_they_take_it_forward() {
    let mut moot = six();
    side_by_side(&mut moot, 20, |at| 1 + at, adds);
    let merges = merges_of_a_replica(&mut moot);
    assert!(merges.beside > 20, "{merges:?}");
}

#[test]
fn a_large_group_hashes_for_many_as_for_one() {
    let mut moot = six();
    for number in 0..REMEMBERED_NODES / 2 + 50 {
        let member = ops::add(&format!("guest {number}"), Role::Member);
        let draft = moot.engine.draft(&moot.id(), &moot.root(), &who("alice"), member).expect("she may");
        moot.deliver(draft.sign(&key("alice")).expect("her key"));
    }
    side_by_side(
        &mut moot,
        9,
        |_| 2,
        |moot, person, round, parents| {
            let turn = round + person.len();
            let guest = format!("guest {}", turn * 7);
            let op = match turn % 4 {
                0 => ops::add(&format!("{person}'s {round}"), Role::Member),
                1 => ops::set_role(&guest, if round % 2 == 0 { Role::Member } else { Role::ReadOnly }),
                2 => ops::member_alias(&guest, person),
                _ => ops::remove(&format!("guest {}", round * 31 + person.len())),
            };
            moot.by(person).on(parents).does(op)
        },
    );
    let merges = merges_of_a_replica(&mut moot);
    assert!(merges.beside > 30, "{merges:?}");
}

#[test]
fn what_is_decided_otherwise_in_a_merge_is_so_in_its_state() {
    // All raise and lower grace and heidi: whoever has not heard of who struck or overruled an op has it effective.
    for behind in [2, 3, 4, 6] {
        let mut moot = six();
        side_by_side(
            &mut moot,
            14,
            |_| behind,
            |moot, person, round, parents| {
                let turn = round * 5 + person.len() * 3;
                let subject = if turn % 2 == 0 { "grace" } else { "heidi" };
                let op = match turn % 7 {
                    0 => ops::set_role(subject, Role::Member),
                    1 | 4 => ops::set_role(subject, Role::ReadOnly),
                    2 => ops::grant(subject, CAN_INVITE_MEMBERS),
                    3 => ops::revoke(subject, CAN_INVITE_MEMBERS),
                    5 => ops::member_alias(subject, person),
                    _ => ops::add(&format!("{person}'s {round}"), Role::Member),
                };
                does_if_it_may(moot, person, moot.root(), parents, op)
            },
        );
        let merges = merges_of_a_replica(&mut moot);
        assert!(merges.beside > 30, "{behind} behind: {merges:?}");
    }
}

#[test]
fn admins_who_come_and_go_and_settings_that_overwrite_each_other_are_as_in_each_ones_past() {
    for behind in [2, 4] {
        let mut moot = six();
        let below = moot.by("alice").creates("below");
        side_by_side(
            &mut moot,
            12,
            |_| behind,
            |moot, person, round, parents| {
                let turn = round * 3 + person.len();
                let group = if turn % 3 == 0 { below } else { moot.root() };
                let op = match turn % 8 {
                    0 => ops::set_role("grace", Role::Admin),
                    1 => ops::set_role("grace", Role::Member),
                    2 => ops::group_alias(&format!("{person} {round}")),
                    3 => ops::defaults(if round % 2 == 0 { CAN_CREATE_CONTEXT } else { CAN_INVITE_MEMBERS }),
                    4 => ops::policy(UpgradePolicy::Coordinated { deadline_secs: Some(round as u64) }),
                    5 => ops::visibility(if round % 2 == 0 { Visibility::Restricted } else { Visibility::Open }),
                    6 => ops::remove("heidi"),
                    _ => ops::add("heidi", Role::Member),
                };
                does_if_it_may(moot, person, group, parents, op)
            },
        );
        let merges = merges_of_a_replica(&mut moot);
        assert!(merges.beside > 10, "{behind} behind: {merges:?}");
    }
}

#[test]
fn groups_and_contexts_that_some_have_not_heard_of_are_in_nobody_elses_state() {
    let mut moot = six();
    side_by_side(
        &mut moot,
        10,
        |_| 3,
        |moot, person, round, parents| match (round + person.len()) % 3 {
            0 => moot.by(person).on(parents).does(ops::subgroup(&format!("{person}'s {round}"))),
            1 => moot.by(person).on(parents).does(ops::register()),
            _ => adds(moot, person, round, parents),
        },
    );
    let merges = merges_of_a_replica(&mut moot);
    assert!(merges.beside > 20, "{merges:?}");
}

/// Bob, an Admin, creates a group, and carol, who hears of it early, another in it, with zed in that. Alice, who has not heard of
/// any, makes bob a Member. Says in how many of alice's next merges the inner group is there although bob's was struck.
fn rounds_in_which_an_inner_group_outlives_its_struck_parent(moot: &mut Moot) -> usize {
    const CREATED: usize = 8;
    const BEHIND: usize = 4;
    let (mut below, mut deeper): (Option<OpId>, Option<GroupId>) = (None, None);
    let mut wrong = 0;
    let tip = moot.heads()[0];
    let mut past: Vec<Vec<OpId>> = vec![vec![tip; PEOPLE.len()]];
    for round in 0..16 {
        let mut made = Vec::new();
        for (at, person) in PEOPLE.iter().enumerate() {
            let mut parents = vec![past[round][at]];
            let then = (round + 1).checked_sub(BEHIND).filter(|then| *then > 0);
            for other in (0..PEOPLE.len()).filter(|other| *other != at) {
                match (*person, PEOPLE[other], below) {
                    ("carol", "bob", Some(below)) if round == CREATED + 1 => parents.push(below),
                    // She has heard of it.
                    ("carol", "bob", _) if round > CREATED && round <= CREATED + BEHIND => {}
                    _ => parents.extend(then.map(|then| past[then][other])),
                }
            }
            let root = moot.root();
            let (group, op) = match (*person, round.checked_sub(CREATED)) {
                ("bob", Some(0)) => (root, ops::subgroup("below")),
                ("carol", Some(1)) => (below.expect("bob's").into(), ops::subgroup("deeper")),
                ("carol", Some(2)) => (deeper.expect("her own"), ops::add("zed", Role::Member)),
                ("alice", Some(3)) => (root, ops::set_role("bob", Role::Member)),
                ("bob", _) => (root, GroupOp::Noop),
                _ => (root, ops::add(&format!("{person}'s {round}"), Role::Member)),
            };
            if let ("alice", Some(deeper)) = (*person, deeper.filter(|_| round > CREATED + 3)) {
                let is_there =
                    moot.by("alice").within(deeper).on(&parents).forge(GroupOp::Noop).state_hash != Hash::ZERO;
                wrong += usize::from(moot.by("alice").within(deeper).on(&parents).may(&GroupOp::Noop) != is_there);
            }
            let id = moot.by(person).within(group).on(&parents).does(op);
            match (*person, round) {
                ("bob", CREATED) => below = Some(id),
                ("carol", round) if round == CREATED + 1 => deeper = Some(id.into()),
                _ => {}
            }
            made.push(id);
        }
        past.push(made);
    }
    wrong
}

#[test]
fn with_a_group_that_a_merge_strikes_goes_all_that_was_done_in_it() {
    let mut moot = six();
    assert_eq!(rounds_in_which_an_inner_group_outlives_its_struck_parent(&mut moot), 0);
    assert!(merges_of_a_replica(&mut moot).beside > 50);
}

#[test]
fn an_op_from_an_old_place_belongs_to_what_all_have_once_it_is_heard_of() {
    let mut moot = six();
    let old = moot.heads();
    let mut late = None;
    side_by_side(
        &mut moot,
        14,
        |_| 2,
        |moot, person, round, parents| {
            let mut parents = parents.to_vec();
            if round == 6 && person == "carol" {
                late = Some(moot.by("grace").on(&old).does(ops::member_alias("grace", "Grace")));
            }
            if let Some(late) = late.filter(|_| round == 9) {
                parents.push(late);
            }
            adds(moot, person, round, &parents)
        },
    );
    let merges = merges_of_a_replica(&mut moot);
    assert!(merges.beside > 30, "before and after: {merges:?}");
    assert_eq!(moot.member("grace").map(|member| member.alias), Some("Grace".into()));
}

#[test]
fn who_goes_on_alone_after_a_merge_may_change_more_cells_than_are_hashed_beside() {
    let mut moot = six();
    side_by_side(&mut moot, 5, |_| 2, adds);
    let [tip] = moot.heads()[..1] else { panic!("there are heads") };
    let mut tip = tip;
    for number in 0..MAX_CELLS_BESIDE_TRUNK + 8 {
        tip = moot.by("bob").on(&[tip]).does(ops::add(&format!("guest {number}"), Role::Member));
    }
    assert!(merges_of_a_replica(&mut moot).beside > 0);
}

#[test]
fn who_merged_goes_on_alone_from_there_and_nothing_is_folded_anew() {
    let mut moot = six();
    // Every third op of each is a merge.
    side_by_side(
        &mut moot,
        18,
        |_| 3,
        |moot, person, round, parents| {
            let parents = if round % 3 == 0 { parents } else { &parents[..1] };
            adds(moot, person, round, parents)
        },
    );
    let merges = merges_of_a_replica(&mut moot);
    assert!(merges.beside > 20 && merges.folded <= 3, "{merges:?}");
}

#[test]
fn after_a_long_time_alone_beside_a_straggler_many_share_again_what_all_have() {
    let mut moot = six();
    side_by_side(&mut moot, 6, |_| 2, adds);
    // Nobody hears of it.
    let point = moot.by("alice").does(GroupOp::Noop);
    moot.by("grace").on(&[point]).does(GroupOp::Noop);
    let mut tip = point;
    for _ in 0..MAX_TRUNK_CREDIT + 50 {
        let (id, root) = (moot.id(), moot.root());
        let draft = moot.engine.draft_on(&id, &root, &who("alice"), GroupOp::Noop, &[tip]).expect("she may");
        let noop = draft.sign(&key("alice")).expect("her key");
        tip = noop.id();
        moot.deliver(noop);
    }
    let before = moot.engine.counts(&moot.id()).expect("the namespace").merges.beside;
    // Of grace's op they hear now, or it would lie between.
    let all = moot.heads();
    moot.by("bob").on(&all).does(GroupOp::Noop);
    side_by_side(&mut moot, 10, |_| 2, |moot, person, round, parents| adds(moot, person, round + 100, parents));
    let after = moot.engine.counts(&moot.id()).expect("the namespace").merges.beside;
    assert!(after - before > 20, "{before} before, {after} after");
}

/// Where all have gone on side by side, and then have one head: bob hears of so many ops of alice's, and has made so many himself
/// that are no less deep than one of carol's, of which he has not heard. How many merges were folded on what all have.
fn bob_hears(alice: usize, own: usize) -> u64 {
    let mut moot = six();
    side_by_side(&mut moot, 8, |_| 2, adds);
    let point = [moot.by("alice").does(GroupOp::Noop)];
    let alices = moot.by("alice").on(&point).noops(alice);
    let before = moot.by("bob").on(&point).noops(alice);
    moot.by("carol").on(&[alices]).noops(1);
    let bobs = moot.by("bob").on(&[before]).noops(own);
    moot.by("bob").on(&[bobs, alices]).does(ops::add("ivan", Role::Member));
    merges_of_a_replica(&mut moot).beside
}

#[test]
fn a_merge_with_24_ops_of_its_own_is_folded_on_what_all_have_and_one_with_25_is_not() {
    let before = bob_hears(1, 1);
    let few = MAX_OPS_BESIDE_TRUNK;
    assert_eq!([bob_hears(few, few), bob_hears(few, few + 1)], [before + 1, before]);
    // Two for each op that it brings but the first two.
    assert_eq!([bob_hears(5, 6), bob_hears(5, 7), bob_hears(2, 1)], [before + 1, before, before]);
}
