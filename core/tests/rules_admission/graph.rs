//! Depth, heads, and forks.

use crate::common::ops::*;
use crate::common::{Moot, genesis, who};
use folkmoot_core::{Effect, OpId, Role::*, Status::*, Verdict::*};

fn depth(moot: &Moot, op: OpId) -> u32 {
    moot.engine.explain(&op).unwrap().depth
}

#[test]
fn a_genesis_is_admitted_and_founds_its_namespace() {
    let mut moot = Moot::founded_by("alice");
    let second = genesis("alice", "another salt");
    assert_eq!(moot.deliver(second.clone()), Admitted(Effective));
    assert_eq!(moot.engine.heads(&second.id().into()), [second.id()]);
    assert_eq!(moot.engine.namespaces().count(), 2);
    assert_eq!(moot.heads(), [moot.genesis()]);
}

#[test]
fn the_depth_is_one_more_than_that_of_the_deepest_parent() {
    let mut moot = Moot::founded_by("alice");
    let genesis = moot.genesis();
    let long = moot.by("alice").noops(3);
    let short = moot.by("alice").on(&[genesis]).does(group_alias("short"));
    let both = moot.by("alice").does(NOOP);
    assert_eq!([genesis, short, long, both].map(|op| depth(&moot, op)), [0, 1, 3, 4]);
}

#[test]
fn the_heads_are_the_admitted_ops_without_children() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let one = moot.by("alice").on(&base).does(NOOP);
    let two = moot.by("bob").on(&base).does(NOOP);
    let mut both = vec![one, two];
    both.sort_unstable();
    assert_eq!(moot.heads(), both);
    let joined = moot.by("bob").does(NOOP);
    assert_eq!(moot.op(joined).signable().parent_op_hashes, both);
    assert_eq!(moot.heads(), [joined]);
}

#[test]
fn a_void_op_is_a_head_like_any_other() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["erin"], Member);
    let void = moot.by("erin").cannot(remove("alice"), folkmoot_core::VoidReason::Unauthorized);
    assert_eq!(moot.heads(), [void]);
    moot.by("erin").does(NOOP);
}

#[test]
fn two_concurrent_ops_of_one_signer_are_a_fork_which_is_kept_as_evidence() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let one = moot.by("bob").on(&base).does(add("erin", Member));
    assert!(moot.engine.equivocations(&moot.id()).is_empty());
    let two = moot.by("bob").on(&base).forge(add("frank", Member)).sign(&crate::common::key("bob")).unwrap();
    let id = two.id();
    let outcome = moot.engine.apply(two.clone());
    let found = Effect::EquivocationFound { namespace: moot.id(), signer: who("bob"), a: one, b: id };
    assert!(outcome.after_commit().contains(&found), "{:?}", outcome.after_commit());
    assert_eq!(moot.engine.equivocations(&moot.id()), [(who("bob"), one, id)]);
    assert_eq!(moot.deliver(two), Duplicate);
    moot.expect(one, Effective);
    moot.expect(id, Effective);
    assert_eq!(moot.engine.counts(&moot.id()).unwrap().forks, 1);
}

#[test]
fn branches_of_different_signers_are_no_fork() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("alice").on(&base).does(NOOP);
    moot.by("bob").on(&base).does(NOOP);
    assert!(moot.engine.equivocations(&moot.id()).is_empty());
}

#[test]
fn a_fork_further_on_is_found_too() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("bob").on(&base).noops(2);
    let other = moot.by("bob").on(&base).does(group_alias("another branch"));
    moot.by("bob").on(&[other]).noops(2);
    let forks = moot.engine.equivocations(&moot.id());
    assert!(!forks.is_empty());
    for (signer, a, b) in forks {
        let nonce = |op| moot.op(op).signable().nonce;
        assert_eq!((signer, nonce(a)), (who("bob"), nonce(b)));
        assert_ne!(a, b);
    }
}
