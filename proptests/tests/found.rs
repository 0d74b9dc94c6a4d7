//! What the laws found in the engine, each as small as it could be made.

use folkmoot_core::group_op::GroupOp;
use folkmoot_core::group_op::capabilities::{CAN_JOIN_OPEN_CONTEXTS, MANAGE_MEMBERS};
use folkmoot_core::{Effect, Engine, Explanation, OpId, Role, VerifiedOp};
use folkmoot_proptests::script::Script;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;
const ERIN: usize = 4;

fn add(script: &mut Script, on: &[OpId], signer: usize, who: usize, role: Role) -> OpId {
    let member = script.person(who);
    script.root_op(on, signer, GroupOp::MemberAdded { member, role })
}

fn grant(script: &mut Script, on: &[OpId], signer: usize, who: usize, capabilities: u32) -> OpId {
    let member = script.person(who);
    script.root_op(on, signer, GroupOp::CapabilitiesGranted { member, capabilities })
}

fn remove(script: &mut Script, on: &[OpId], signer: usize, who: usize) -> OpId {
    let member = script.person(who);
    script.root_op(on, signer, GroupOp::MemberRemoved { member })
}

fn explained(ops: &[VerifiedOp], id: &OpId) -> Explanation {
    let mut engine = Engine::new();
    for op in ops {
        let _ = engine.apply(op.clone());
    }
    engine.explain(id).expect("admitted")
}

/// How an op is explained where the last ops of a script, of which none has seen another, come in each of their orders.
fn explained_in_every_order(script: &Script, last: usize, id: &OpId) -> Vec<Explanation> {
    let (first, last) = script.ops().split_at(script.ops().len() - last);
    orders(last).into_iter().map(|last| explained(&[first, &last[..]].concat(), id)).collect()
}

fn orders(of: &[VerifiedOp]) -> Vec<Vec<VerifiedOp>> {
    let [first, rest @ ..] = of else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in orders(rest) {
        for at in 0..=order.len() {
            let mut order = order.clone();
            order.insert(at, first.clone());
            all.push(order);
        }
    }
    all
}

fn assert_all_the_same(explained: &[Explanation]) {
    let by: Vec<_> = explained.iter().map(|one| one.by).collect();
    assert!(explained.windows(2).all(|pair| pair[0] == pair[1]), "it is void by another op in each order: {by:?}");
}

/// `Explanation::by`: "what struck or overruled it, or came before it in its register: the first in the order of SPEC §3".
#[test]
fn of_two_ops_that_overrule_a_removal_every_replica_names_the_same() {
    let mut s = Script::new(4);
    let p = s.genesis();
    let p = add(&mut s, &[p], ALICE, DAVE, Role::Admin);
    let p = add(&mut s, &[p], ALICE, BOB, Role::Member);
    let p = add(&mut s, &[p], ALICE, CAROL, Role::Member);
    let p = grant(&mut s, &[p], ALICE, BOB, MANAGE_MEMBERS);
    let removal = remove(&mut s, &[p], BOB, CAROL);
    grant(&mut s, &[p], ALICE, CAROL, CAN_JOIN_OPEN_CONTEXTS);
    grant(&mut s, &[p], DAVE, CAROL, CAN_JOIN_OPEN_CONTEXTS);
    assert_eq!(s.verdict(&removal), "Overruled");
    assert_all_the_same(&explained_in_every_order(&s, 3, &removal));
}

#[test]
fn of_two_ops_that_strike_a_reduction_every_replica_names_the_same() {
    let mut s = Script::new(4);
    let p = s.genesis();
    let p = add(&mut s, &[p], ALICE, DAVE, Role::Admin);
    let p = add(&mut s, &[p], ALICE, BOB, Role::Admin);
    let p = add(&mut s, &[p], ALICE, CAROL, Role::Member);
    let removal = remove(&mut s, &[p], BOB, CAROL);
    remove(&mut s, &[p], ALICE, BOB);
    remove(&mut s, &[p], DAVE, BOB);
    assert_eq!(s.verdict(&removal), "AuthorityLost");
    assert_all_the_same(&explained_in_every_order(&s, 3, &removal));
}

#[test]
fn of_two_ops_that_strike_down_whoever_let_somebody_in_every_replica_names_the_same() {
    let mut s = Script::new(5);
    let p = s.genesis();
    let p = add(&mut s, &[p], ALICE, DAVE, Role::Admin);
    let p = add(&mut s, &[p], ALICE, BOB, Role::Admin);
    let first = remove(&mut s, &[p], ALICE, BOB);
    let second = remove(&mut s, &[p], DAVE, BOB);
    // Bob, who has seen neither, lets in erin; she acts.
    let guest = add(&mut s, &[p], BOB, ERIN, Role::Admin);
    let act = s.root_op(&[guest], ERIN, GroupOp::GroupAliasSet { alias: "erin's".to_owned() });
    assert_eq!((s.verdict(&guest), s.verdict(&act)), ("AuthorityLost".to_owned(), "AuthorityLost".to_owned()));
    let ops = s.ops();
    let at = |id: &OpId| ops.iter().find(|op| op.id() == *id).cloned().expect("written");
    let mut before: Vec<VerifiedOp> = ops.to_vec();
    before.retain(|op| op.id() != first && op.id() != second);
    let both = [[at(&first), at(&second)], [at(&second), at(&first)]];
    let explained = both.map(|both| explained(&[&before[..], &both[..]].concat(), &act));
    assert_all_the_same(&explained);
}

#[test]
fn of_two_ops_that_outdo_what_let_somebody_in_every_replica_names_the_same() {
    let mut s = Script::new(5);
    let p = s.genesis();
    let p = add(&mut s, &[p], ALICE, DAVE, Role::Admin);
    let p = add(&mut s, &[p], ALICE, BOB, Role::Admin);
    let p = add(&mut s, &[p], ALICE, CAROL, Role::Member);
    // Bob lets in erin as an Admin, and she acts; alice and dave have her as a Member.
    let guest = add(&mut s, &[p], BOB, ERIN, Role::Admin);
    let removal = remove(&mut s, &[guest], ERIN, CAROL);
    let first = add(&mut s, &[p], ALICE, ERIN, Role::Member);
    let second = add(&mut s, &[p], DAVE, ERIN, Role::ReadOnly);
    assert_eq!(s.verdict(&removal), "AuthorityLost");
    let ops = s.ops();
    let at = |id: &OpId| ops.iter().find(|op| op.id() == *id).cloned().expect("written");
    let mut before: Vec<VerifiedOp> = ops.to_vec();
    before.retain(|op| op.id() != first && op.id() != second);
    let both = [[at(&first), at(&second)], [at(&second), at(&first)]];
    let explained = both.map(|both| explained(&[&before[..], &both[..]].concat(), &removal));
    assert_all_the_same(&explained);
}

#[test]
fn an_effect_tells_which_ops_are_void_and_the_explanation_names_what_voided_them() {
    let mut s = Script::new(5);
    let p = s.genesis();
    let p = add(&mut s, &[p], ALICE, BOB, Role::Admin);
    let guest = add(&mut s, &[p], BOB, ERIN, Role::Admin);
    let act = s.root_op(&[guest], ERIN, GroupOp::GroupAliasSet { alias: "erin's".to_owned() });
    let removal = remove(&mut s, &[p], ALICE, BOB);
    let mut engine = Engine::new();
    let mut told = Vec::new();
    for op in s.ops() {
        let outcome = engine.apply(op.clone());
        told.extend(outcome.after_commit().iter().filter_map(|effect| match effect {
            Effect::OpVoided { op, .. } => Some(*op),
            _ => None,
        }));
    }
    told.sort();
    let mut explained = vec![(guest, Some(removal)), (act, Some(removal))];
    explained.sort();
    for (op, by) in &explained {
        assert_eq!(engine.explain(op).expect("admitted").by, *by, "explained");
    }
    let void: Vec<OpId> = explained.into_iter().map(|(op, _)| op).collect();
    assert_eq!(told, void, "told, and explained");
}

#[test]
fn of_an_op_whose_group_is_gone_and_whose_signer_was_removed_twice_every_replica_says_the_same() {
    let mut s = Script::new(4);
    let p = s.genesis();
    let p = add(&mut s, &[p], ALICE, DAVE, Role::Admin);
    let p = add(&mut s, &[p], ALICE, BOB, Role::Admin);
    let create = GroupOp::SubgroupCreated { alias: "below".to_owned(), visibility: folkmoot_core::Visibility::Open };
    let below = s.root_op(&[p], ALICE, create);
    let act = s.op(&[below], BOB, below.into(), GroupOp::GroupAliasSet { alias: "bob's".to_owned() });
    let delete = s.op(&[below], ALICE, below.into(), GroupOp::GroupDeleted);
    remove(&mut s, &[delete], ALICE, BOB);
    remove(&mut s, &[below], DAVE, BOB);
    assert_eq!(s.verdict(&act), "NoSuchGroup");
    assert_all_the_same(&explained_in_every_order(&s, 3, &act));
}
