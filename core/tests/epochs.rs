//! Whether somebody might write in a context at an epoch: in the state of these heads and all before them.

mod common;

use common::ops::{add, remove, set_role};
use common::{Moot, who};
use folkmoot_core::limits::{MAX_PARENTS, MAX_SYNC_HEADS};
use folkmoot_core::{ContextId, EpochError, OpId, Role};

fn may_write(moot: &mut Moot, context: ContextId, name: &str, epoch: &[OpId]) -> Result<bool, EpochError> {
    let namespace = moot.id();
    moot.engine.may_write_context_at(&namespace, &context, &who(name), epoch)
}

#[test]
fn a_member_might_write_from_when_she_was_let_in_until_she_was_removed() {
    let mut moot = Moot::founded_by("alice");
    let context = moot.by("alice").registers();
    let before = moot.heads();
    let added = moot.by("alice").does(add("erin", Role::Member));
    let lowered = moot.by("alice").does(set_role("erin", Role::ReadOnly));
    let raised = moot.by("alice").does(set_role("erin", Role::Member));
    let removed = moot.by("alice").does(remove("erin"));
    let expect = [(&before[..], false), (&[added], true), (&[lowered], false), (&[raised], true), (&[removed], false)];
    for (epoch, may) in expect {
        assert_eq!(may_write(&mut moot, context, "erin", epoch), Ok(may), "{epoch:?}");
        assert_eq!(may_write(&mut moot, context, "alice", epoch), Ok(true), "{epoch:?}");
    }
}

#[test]
fn nobody_might_write_before_the_context_was_registered_or_with_no_such_context() {
    let mut moot = Moot::founded_by("alice");
    let before = moot.heads();
    let context = moot.by("alice").registers();
    let after = moot.heads();
    assert_eq!(may_write(&mut moot, context, "alice", &before), Ok(false));
    assert_eq!(may_write(&mut moot, context, "alice", &after), Ok(true));
    assert_eq!(may_write(&mut moot, ContextId([9; 32]), "alice", &after), Ok(false));
    assert_eq!(may_write(&mut moot, context, "nobody", &after), Ok(false));
}

#[test]
fn an_epoch_of_two_heads_is_their_merge_conflicts_settled() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let context = moot.by("alice").registers();
    let base = moot.heads();
    let added = moot.by("bob").on(&base).does(add("erin", Role::Member));
    let removed = moot.by("alice").on(&base).does(remove("bob"));
    assert_eq!(may_write(&mut moot, context, "erin", &[added]), Ok(true));
    assert_eq!(may_write(&mut moot, context, "bob", &[added]), Ok(true));
    for both in [[added, removed], [removed, added]] {
        assert_eq!(
            may_write(&mut moot, context, "erin", &both),
            Ok(false),
            "bob's authority is gone, and what it gave"
        );
        assert_eq!(may_write(&mut moot, context, "bob", &both), Ok(false));
    }
    // As a replica judges that has no more.
    let ops: Vec<_> = moot.sent().iter().filter(|op| op.id() != removed).cloned().collect();
    let other = common::engine_of(&ops, 1);
    assert!(other.may_write_context(&moot.id(), &context, &who("erin")));
}

#[test]
fn an_epoch_may_have_more_heads_than_an_op_has_parents() {
    let mut moot = Moot::founded_by("alice");
    let context = moot.by("alice").registers();
    let base = moot.heads();
    let guest = |at: usize| format!("guest {at}");
    let added: Vec<OpId> =
        (0..MAX_PARENTS + 3).map(|at| moot.by("alice").on(&base).does(add(&guest(at), Role::Member))).collect();
    for most in [MAX_PARENTS, MAX_PARENTS + 1, MAX_PARENTS + 2] {
        for at in 0..added.len() {
            assert_eq!(may_write(&mut moot, context, &guest(at), &added[..most]), Ok(at < most), "{at} of {most}");
        }
    }
}

#[test]
fn what_is_no_epoch_is_an_error_that_says_so() {
    let mut moot = Moot::founded_by("alice");
    let context = moot.by("alice").registers();
    let (first, last) = (moot.genesis(), moot.heads());
    assert_eq!(may_write(&mut moot, context, "alice", &[]), Err(EpochError::NoHeads));
    assert_eq!(may_write(&mut moot, context, "alice", &[first, last[0]]), Err(EpochError::NoHeads));
    let unknown = OpId([7; 32]);
    assert_eq!(may_write(&mut moot, context, "alice", &[unknown]), Err(EpochError::UnknownOp(unknown)));
    let nowhere = OpId([8; 32]).into();
    let asked = moot.engine.may_write_context_at(&nowhere, &context, &who("alice"), &last);
    assert_eq!(asked, Err(EpochError::UnknownNamespace(nowhere)));
}

#[test]
fn an_epoch_has_as_many_heads_as_a_message_may_name_and_no_more() {
    let mut moot = Moot::founded_by("alice");
    let context = moot.by("alice").registers();
    let base = moot.heads();
    let heads: Vec<OpId> = (0..=MAX_SYNC_HEADS)
        .map(|n| moot.by("alice").on(&base).does(common::ops::group_alias(&n.to_string())))
        .collect();
    assert_eq!(may_write(&mut moot, context, "alice", &heads[1..]), Ok(true));
    assert_eq!(may_write(&mut moot, context, "alice", &heads), Err(EpochError::NoHeads));
}

#[test]
fn asking_changes_nothing() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let context = moot.by("alice").registers();
    let base = moot.heads();
    let added = moot.by("bob").on(&base).does(add("erin", Role::Member));
    moot.by("alice").on(&base).does(remove("bob"));
    let before = moot.engine.snapshot();
    for epoch in [&base[..], &[added]] {
        let _ = may_write(&mut moot, context, "erin", epoch);
    }
    assert!(moot.engine.snapshot() == before);
}
