//! Rank of a record: (level, tier, depth, id), the smaller the more senior. Shown by who may remove whom.

use crate::common::ops::*;
use crate::common::{Moot, who};
use folkmoot_core::{Role::*, VoidReason::*};

/// The first may remove the second, and not the other way round.
#[track_caller]
fn assert_outranks(moot: &mut Moot, senior: &str, junior: &str) {
    let base = moot.heads();
    moot.by(junior).on(&base).cannot(remove(senior), Outranked);
    moot.by(senior).on(&base).does(remove(junior));
}

#[test]
fn of_two_admins_the_one_admitted_earlier_outranks_the_other() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    assert_outranks(&mut moot, "bob", "carol");
}

#[test]
fn the_founder_outranks_everybody() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("bob").on(&base).cannot(set_role("alice", Member), Outranked);
    moot.by("bob").on(&base).cannot(revoke("alice", INVITE), Outranked);
    assert_outranks(&mut moot, "alice", "bob");
}

#[test]
fn a_record_nearer_the_root_outranks_an_earlier_one_further_down() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["dana"], Member);
    moot.by("alice").does(grant("dana", CREATE_SUBGROUP));
    let sub = moot.by("dana").creates("dana's");
    moot.let_in("alice", &["bob"], Admin);
    moot.by("bob").within(sub).does(remove("dana"));
    assert_eq!(moot.member_of(sub, "dana"), None);
}

#[test]
fn within_a_group_an_earlier_record_of_that_group_outranks_a_later_one() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("dana", Admin));
    moot.by("alice").within(sub).does(add("erin", Admin));
    let base = moot.heads();
    moot.by("erin").within(sub).on(&base).cannot(remove("dana"), Outranked);
    moot.by("dana").within(sub).on(&base).does(remove("erin"));
}

#[test]
fn an_admin_outranks_a_manager_who_came_earlier() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["mona"], Member);
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    moot.let_in("alice", &["bob"], Admin);
    assert_outranks(&mut moot, "bob", "mona");
}

#[test]
fn a_manager_outranks_a_member_who_came_earlier() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin", "mona"], Member);
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    moot.by("mona").does(remove("erin"));
    assert_eq!(moot.member("erin"), None);
}

#[test]
fn between_managers_the_earlier_capability_counts_and_not_the_earlier_record() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin", "mona"], Member);
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    moot.by("alice").does(grant("erin", MANAGE_MEMBERS));
    assert_outranks(&mut moot, "mona", "erin");
}

#[test]
fn of_admins_admitted_at_the_same_depth_the_smaller_id_outranks() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let carol = moot.by("alice").on(&base).does(add("carol", Admin));
    let dave = moot.by("bob").on(&base).does(add("dave", Admin));
    moot.by("alice").does(folkmoot_core::GroupOp::Noop);
    let (senior, junior) = if carol < dave { ("carol", "dave") } else { ("dave", "carol") };
    assert_outranks(&mut moot, senior, junior);
}

#[test]
fn a_role_lost_and_given_again_ranks_by_the_later_op() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.by("alice").does(set_role("bob", Member));
    moot.by("alice").does(set_role("bob", Admin));
    assert_outranks(&mut moot, "carol", "bob");
}

#[test]
fn a_role_that_stays_the_same_is_not_given_anew() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.by("alice").does(set_role("bob", Admin));
    assert_outranks(&mut moot, "bob", "carol");
}

#[test]
fn a_capability_already_held_is_not_given_anew() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["mona", "nick"], Member);
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    moot.by("alice").does(grant("nick", MANAGE_MEMBERS));
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    assert_outranks(&mut moot, "mona", "nick");
}

#[test]
fn a_capability_lost_and_given_again_ranks_by_the_later_op() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["mona", "nick"], Member);
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    moot.by("alice").does(grant("nick", MANAGE_MEMBERS));
    moot.by("alice").does(revoke("mona", MANAGE_MEMBERS));
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    assert_outranks(&mut moot, "nick", "mona");
}

#[test]
fn what_anybody_grants_ranks_below_the_granter() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("bob", &["carol"], Admin);
    assert_outranks(&mut moot, "bob", "carol");
}

#[test]
fn nobody_who_was_let_in_by_a_manager_outranks_it_as_a_manager() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["mona"], Member);
    moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    moot.let_in("mona", &["nick"], Member);
    moot.by("alice").does(grant("nick", MANAGE_MEMBERS));
    assert_outranks(&mut moot, "mona", "nick");
}

#[test]
fn seniority_is_the_rank_of_the_record_that_is_the_ground() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let given_to_bob = moot.heads()[0];
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("bob", Admin));
    let op = moot.by("bob").within(sub).does(group_alias("bob's"));
    let basis = moot.engine.explain(&op).unwrap().basis.unwrap();
    assert_eq!((basis.ground, basis.level, basis.tier), (moot.root(), 0, 0));
    assert_eq!((basis.given_by, basis.ranked_by), (given_to_bob, given_to_bob));
}

#[test]
fn a_claim_has_the_seniority_of_the_inviter() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let given_to_bob = moot.heads()[0];
    let invitation = moot.invitation_by("bob", Member);
    let claim = moot.by("erin").does(invitation.claimed_by("erin"));
    let explanation = moot.engine.explain(&claim).unwrap();
    assert_eq!((explanation.signer, explanation.principal), (who("erin"), who("bob")));
    assert_eq!(explanation.basis.unwrap().ranked_by, given_to_bob);
}
