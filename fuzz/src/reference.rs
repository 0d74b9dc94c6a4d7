//! The engine against the reference implementation of `proptests`, which shares no code with it but the wire types.
//!
//! The first byte says where the history comes from: even, from steps as in [`crate::plan`]; odd, from the generator of
//! hard histories, whose seed and knobs are the bytes.

use crate::choices::Choices;
use crate::lawful;
use crate::plan::{Case, DELIVERY_BYTES, Delivery, MAX_STEPS};
use folkmoot_core::{Engine, VerifiedOp};
use folkmoot_proptests::history::{History, Profile};
use folkmoot_proptests::laws::{agrees_with_reference, at_once, one_by_one};
use folkmoot_proptests::reference::Reference;

/// Verdicts, refusals, states, hashes and digests are those of the reference. Returns whether an op came after the
/// genesis.
pub fn run(data: &[u8]) -> bool {
    let Some((source, rest)) = data.split_first() else { return false };
    let (delivery, ops) = if source.is_multiple_of(2) { steps(rest) } else { generated(rest) };
    let ops = delivery.without_missing(ops);
    let judgement = Reference::judge(ops.iter().cloned());
    lawful(agrees_with_reference("one by one", &mut one_by_one(&ops), &judgement));
    lawful(agrees_with_reference("in one batch", &mut at_once(&ops), &judgement));
    let backwards: Vec<VerifiedOp> = ops.iter().rev().cloned().collect();
    lawful(agrees_with_reference("backwards", &mut one_by_one(&backwards), &judgement));
    let line = delivery.plan(ops.len()).line_up(&ops);
    let mut engine = Engine::new();
    for batch in line.chunks(1 + usize::from(delivery.batches[0] % 8)) {
        let _ = engine.apply_batch(batch.to_vec());
    }
    lawful(agrees_with_reference("as delivered", &mut engine, &judgement));
    ops.len() > 1
}

fn steps(data: &[u8]) -> (Delivery, Vec<VerifiedOp>) {
    let case = Case::read(data);
    (case.delivery, case.ops())
}

fn generated(data: &[u8]) -> (Delivery, Vec<VerifiedOp>) {
    let (head, rest) = data.split_at(DELIVERY_BYTES.min(data.len()));
    let delivery = Case::read(head).delivery;
    let mut choices = Choices::new(rest);
    let seed = choices.long();
    (delivery, History::generate(seed, &profile(&mut choices)).ops)
}

/// One of the profiles, and what the bytes say otherwise: 0 leaves a knob as it is.
fn profile(choices: &mut Choices<'_>) -> Profile {
    let mut profile = Profile::ALL[choices.below(Profile::ALL.len())].clone();
    profile.deep_tree = false;
    let most = 8 + choices.below(MAX_STEPS - 7);
    profile.ops = (most / 2, most);
    profile.people = (3, 4 + choices.below(4));
    let Profile { admins, managers, merges, syncs, answers, backdated, scenes, noise, careless, .. } = &mut profile;
    for share in [admins, managers, merges, syncs, answers, backdated, scenes, noise, careless] {
        match u32::from(choices.byte()) {
            0 => {}
            said => *share = said % 101,
        }
    }
    match choices.below(9) {
        0 => {}
        said => profile.branches = said,
    }
    for (at, weight) in profile.weights.iter_mut().enumerate() {
        // A second namespace is the generator's own affair.
        match choices.byte() {
            said if said > 0 && at != 1 => *weight = u32::from(said),
            _ => {}
        }
    }
    profile
}
