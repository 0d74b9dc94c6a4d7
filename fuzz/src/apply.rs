//! Histories of a few people, delivered in some order, rhythm and number of times, with what never comes.

use crate::lawful;
use crate::plan::Case;
use crate::signing;
use folkmoot_core::VerifiedOp;
use folkmoot_proptests::laws::order::delivered;
use folkmoot_proptests::laws::state::{
    every_state_is_in_order, questions_are_answered_as_the_state_says, the_hashes_are_those_of_the_state,
};
use folkmoot_proptests::laws::traces::{what_is_missing_is_what_waiting_ops_lack, what_is_refused_leaves_no_trace};
use folkmoot_proptests::laws::{Account, one_by_one, same};

/// The same set comes to the same, with the same reasons. On the way a host that keeps its copy of the state by effects
/// has what the engine shows; hashes and answers are those of that copy; the root has an Admin; what is refused leaves
/// no trace. Returns whether an op came after the genesis.
pub fn run(data: &[u8]) -> bool {
    let case = Case::read(data);
    let ops = case.delivery.without_missing(case.ops());
    comes_to_the_same(&ops, &case);
    lawful(what_is_refused_leaves_no_trace(&ops, u64::from(case.delivery.order)));
    lawful(what_is_missing_is_what_waiting_ops_lack(&ops));
    ops.len() > 1
}

fn comes_to_the_same(ops: &[VerifiedOp], case: &Case) {
    let mut plain = one_by_one(ops);
    let mut host = lawful(delivered(ops, &case.delivery.plan(ops.len())));
    lawful(Account::of(&mut plain).agrees("as delivered", &Account::of(host.engine())));
    for op in ops {
        let (ours, theirs) = (plain.explain(&op.id()), host.engine().explain(&op.id()));
        lawful(same(&format!("explanation of {}", op.id()), &ours, &theirs));
    }
    lawful(every_state_is_in_order(&mut host));
    lawful(the_hashes_are_those_of_the_state(&mut host));
    lawful(questions_are_answered_as_the_state_says(&mut host, &signing::people()));
}
