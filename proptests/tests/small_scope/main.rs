//! Small scope, exhausted: whatever up to four ops of three signers do to one another after a setup, engine and
//! reference agree on every verdict with its reason, on what is refused, on heads and on the digest.
//!
//! There are three setups ([`world`]), each with the same three signers and an alphabet of 11 kinds of op, which makes 33
//! letters: a kind and who signs it. Every op may be built on every antichain of the ops before it, or on the setup; nonce
//! and state hash are those of its past, so one signer forks wherever it signs twice without having seen itself. Each
//! *set* of ops is met once ([`scope`]) and given to engines in all its orders of arrival. An op that is refused has no
//! place, so nothing is built on it but the next history.
//!
//! | setup | 1 op | 2 ops | 3 ops | 4 ops, one of some 200 | 4 ops of the chosen letters |
//! | --- | --- | --- | --- | --- | --- |
//! | offices | 33 | 1,615 | 105,602 | 46,730 | 26,122 of 8 letters |
//! | invitations | 33 | 1,013 | 40,214 | 11,390 | 21,496 of 9 letters |
//! | groups | 33 | 1,617 | 107,412 | 48,060 | 42,650 of 9 letters |
//!
//! By default all histories of up to three ops are tried, in every order; of four ops, a fixed sample (what every 14th
//! candidate of four makes of what every 14th candidate of three makes: one in some 200 of about nine, two and nine
//! million), and all over eight or nine chosen letters, in all orders that have parents first, and in the reverse of one
//! of those. With `FOLKMOOT_LONG=1` all of four ops are tried, and all of five ops over the chosen letters.
//! `FOLKMOOT_STRIDE` is another step than 14.

mod scope;
mod world;

use folkmoot_proptests::budget::{is_long, number};
use scope::{Counts, Scope, explore};
use world::World;

/// Of the candidates for histories of three ops, and of four, every so manieth is gone on from and tried by default.
const STRIDE: u64 = 14;

fn up_to_three(world: &World, histories: [u64; 3]) {
    let counts = explore(world, Scope { depth: 3, strides: [1, 1], judge_from: 1, few: false, any_order: 3 });
    assert_eq!(counts.histories[1..4], histories, "what the first page of this test says");
}

/// Those of four ops: a sample of all, or all; and all that the chosen letters make.
fn of_four(world: &World, sampled: u64, chosen: u64) {
    let stride = number("FOLKMOOT_STRIDE", if is_long() { 1 } else { STRIDE });
    let scope = Scope { depth: 4, strides: [stride; 2], judge_from: 4, few: false, any_order: 0 };
    let counts: Counts = explore(world, scope);
    assert!(stride != STRIDE || counts.histories[4] == sampled, "the first page says {sampled}: {counts:?}");
    let counts = explore(world, Scope { strides: [1, 1], few: true, ..scope });
    assert_eq!(counts.histories[4], chosen, "what the first page of this test says");
}

fn of_five(world: &World) {
    if is_long() {
        explore(world, Scope { depth: 5, strides: [1, 1], judge_from: 5, few: true, any_order: 0 });
    } else {
        println!("{}: all of five ops are tried with FOLKMOOT_LONG=1", world.name);
    }
}

#[test]
fn all_of_up_to_three_ops_of_an_admin_and_a_manager_and_the_founder_agree_with_the_reference() {
    up_to_three(&world::offices(), [33, 1_615, 105_602]);
}

#[test]
fn all_of_up_to_three_ops_around_invitations_agree_with_the_reference() {
    up_to_three(&world::invitations(), [33, 1_013, 40_214]);
}

#[test]
fn all_of_up_to_three_ops_in_and_above_a_group_below_agree_with_the_reference() {
    up_to_three(&world::groups(), [33, 1_617, 107_412]);
}

#[test]
fn histories_of_four_ops_of_an_admin_and_a_manager_and_the_founder_agree_with_the_reference() {
    of_four(&world::offices(), 46_730, 26_122);
}

#[test]
fn histories_of_four_ops_around_invitations_agree_with_the_reference() {
    of_four(&world::invitations(), 11_390, 21_496);
}

#[test]
fn histories_of_four_ops_in_and_above_a_group_below_agree_with_the_reference() {
    of_four(&world::groups(), 48_060, 42_650);
}

#[test]
fn histories_of_five_ops_of_a_few_kinds_agree_with_the_reference_in_the_long_run() {
    for world in [world::offices(), world::invitations(), world::groups()] {
        of_five(&world);
    }
}
