//! Views are kept in bounded number (`MAX_KEPT_VIEWS`, `RUN_VIEW_EVERY`, `CHECKPOINT_EVERY`): what is no longer kept is
//! made again, and comes out the same.

mod common;

use common::{genesis, key, who};
use folkmoot_core::limits::{CHECKPOINT_EVERY, FAR_AFTER_A_CHECKPOINT, MAX_KEPT_VIEWS, MAX_VIEW_WALK, RUN_VIEW_EVERY};
use folkmoot_core::report::Report;
use folkmoot_core::{Engine, GroupOp, NamespaceId, OpId, Role, Verdict, VerifiedOp};

/// alice adds somebody after these parents.
fn add(engine: &mut Engine, namespace: &NamespaceId, name: &str, parents: &[OpId]) -> VerifiedOp {
    add_by("alice", Role::Member, engine, namespace, name, parents)
}

fn add_by(
    signer: &str,
    role: Role,
    engine: &mut Engine,
    namespace: &NamespaceId,
    name: &str,
    parents: &[OpId],
) -> VerifiedOp {
    let op = GroupOp::MemberAdded { member: who(name), role };
    let signer = key(signer);
    let draft = engine.draft_on(namespace, &(*namespace).into(), &signer.public(), op, parents).unwrap();
    let op = draft.sign(&signer).unwrap();
    let _ = engine.apply(op.clone());
    op
}

/// Engines that make other views, and at other times, come to the same, and nothing is void.
fn assert_others_agree(engine: &mut Engine, ops: &[VerifiedOp]) {
    let expect = Report::of(engine);
    let reversed: Vec<VerifiedOp> = ops.iter().rev().cloned().collect();
    for ops in [ops, &reversed] {
        for batch in [1, 100, usize::MAX] {
            let mut other = Engine::new();
            for ops in ops.chunks(batch) {
                let _ = other.apply_batch(ops.to_vec());
            }
            assert_eq!(Report::of(&mut other), expect, "batches of {batch}");
        }
    }
    for namespace in expect.namespaces.values() {
        assert!(namespace.ops.values().all(|verdict| *verdict == Verdict::Effective));
        assert_eq!(namespace.ops.len(), ops.len());
    }
}

#[test]
fn branches_grow_on_whether_their_views_are_kept_or_one_too_many_to_be() {
    for branches in [MAX_KEPT_VIEWS, MAX_KEPT_VIEWS + 1, MAX_KEPT_VIEWS + 40] {
        let mut engine = Engine::new();
        let genesis = genesis("alice", "views");
        let namespace = genesis.id().into();
        let mut tips = vec![genesis.id(); branches];
        let mut ops = vec![genesis.clone()];
        let _ = engine.apply(genesis);
        for round in 0..3 {
            for (branch, tip) in tips.iter_mut().enumerate() {
                let op = add(&mut engine, &namespace, &format!("{branch} {round}"), &[*tip]);
                *tip = op.id();
                ops.push(op);
            }
        }
        assert_others_agree(&mut engine, &ops);
    }
}

#[test]
fn an_op_may_follow_any_old_one_however_far_back_the_next_kept_view_is() {
    let mut engine = Engine::new();
    let genesis = genesis("alice", "views");
    let namespace = genesis.id().into();
    let mut line = vec![genesis.clone()];
    let _ = engine.apply(genesis);
    let far = MAX_VIEW_WALK + RUN_VIEW_EVERY as usize + CHECKPOINT_EVERY;
    for at in 0..far {
        let tip = line[line.len() - 1].id();
        line.push(add(&mut engine, &namespace, &format!("line {at}"), &[tip]));
    }
    // A restored engine has kept no views at all.
    let bytes = engine.snapshot();
    let mut restored = Engine::restore(&bytes, Default::default()).unwrap();
    let every = RUN_VIEW_EVERY as usize;
    let spots =
        [0, 1, every - 2, every - 1, every, every + 1, MAX_VIEW_WALK - 1, MAX_VIEW_WALK, MAX_VIEW_WALK + 1, far - 1];
    for (fork, spot) in spots.into_iter().enumerate() {
        let parent = line[spot].id();
        let op = add(&mut engine, &namespace, &format!("fork {fork}"), &[parent]);
        let _ = restored.apply(op.clone());
        let next = add(&mut restored, &namespace, &format!("fork {fork}, next"), &[op.id()]);
        let _ = engine.apply(next.clone());
        line.extend([op, next]);
    }
    assert_eq!(Report::of(&mut restored), Report::of(&mut engine));
    assert_others_agree(&mut engine, &line);
}

#[test]
fn on_the_way_to_old_pasts_one_state_is_kept_however_many_they_are() {
    let mut engine = Engine::new();
    let genesis = genesis("alice", "on the way");
    let namespace = genesis.id().into();
    let mut ops = vec![genesis.clone()];
    let _ = engine.apply(genesis);
    for number in 0..4 * FAR_AFTER_A_CHECKPOINT {
        let tip = ops[ops.len() - 1].id();
        ops.push(add(&mut engine, &namespace, &format!("guest {number}"), &[tip]));
    }
    let kept = |engine: &Engine| engine.counts(&namespace).unwrap().folds.checkpoints;
    let before = kept(&engine);
    let mut most = 0;
    for at in (8..40).map(|part| part * FAR_AFTER_A_CHECKPOINT / 10) {
        // Two that fork off, and one that joins these: nobody has seen their past before.
        let point = ops[at].id();
        let forked = ["one", "another"].map(|name| add(&mut engine, &namespace, &format!("{name} {at}"), &[point]));
        let parents = forked.each_ref().map(VerifiedOp::id);
        ops.extend(forked);
        ops.push(add(&mut engine, &namespace, &format!("both {at}"), &parents));
        most = most.max(kept(&engine));
    }
    assert!(most <= before + 1, "{most} after {before}");
    assert_others_agree(&mut engine, &ops);
}

#[test]
fn what_is_far_after_a_checkpoint_is_kept_on_the_way_and_what_is_one_op_nearer_is_not() {
    let mut engine = Engine::new();
    let genesis = genesis("alice", "far");
    let namespace = genesis.id().into();
    let mut line = vec![genesis.clone()];
    let _ = engine.apply(genesis);
    // bob is alice's junior, so what he does beside her is folded after it.
    line.push(add_by("alice", Role::Admin, &mut engine, &namespace, "bob", &[line[0].id()]));
    // Engines that were restored make checkpoints when an op comes beside others: none in the first ninth of their ops.
    for number in 0..10 * FAR_AFTER_A_CHECKPOINT {
        let tip = line[line.len() - 1].id();
        line.push(add(&mut engine, &namespace, &format!("guest {number}"), &[tip]));
    }
    let bytes = engine.snapshot();
    let kept_with = |ops_before: usize| {
        let mut engine = Engine::restore(&bytes, Default::default()).unwrap();
        let point = line[ops_before - 1].id();
        let forked =
            ["one", "another"].map(|name| add_by("bob", Role::Member, &mut engine, &namespace, name, &[point]).id());
        add_by("bob", Role::Member, &mut engine, &namespace, "both", &forked);
        engine.counts(&namespace).unwrap().folds.checkpoints
    };
    assert_eq!(kept_with(FAR_AFTER_A_CHECKPOINT), kept_with(FAR_AFTER_A_CHECKPOINT - 1) + 1);
}
