//! What follows from §3, and what is not stopped: the section's last paragraph, sentence by sentence.

use crate::common::ops::*;
use crate::common::{Moot, report_of, who};
use folkmoot_core::report::Report;
use folkmoot_core::{OpId, Role::*, Verdict::*, VerifiedOp, VoidReason::*};
use std::collections::BTreeMap;

#[test]
fn what_one_gives_up_oneself_is_given_up_in_all_branches() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let leave = moot.by("bob").on(&base).later().does(remove("bob"));
    let branches = [add("frank", Member), remove("carol"), grant("carol", INVITE), group_alias("bob's")];
    let branches = branches.map(|op| moot.by("bob").on(&base).does(op));
    moot.expect(leave, Effective);
    for op in branches {
        moot.expect(op, Void(AuthorityLost));
    }
}

#[test]
fn a_removed_member_changes_nothing_by_forging_ops_from_before() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["frank"], Member);
    let base = moot.heads();
    moot.by("alice").on(&base).does(remove("bob"));
    moot.by("carol").does(add("erin", Member));
    let before = moot.digest();
    let mallory = moot.by("bob").on(&base).does(add("mallory", Admin));
    moot.by("bob").on(&[mallory]).does(remove("carol"));
    moot.by("mallory").on(&[mallory]).does(add("trent", Admin));
    let invitation = moot.invitation_by("bob", Admin);
    let oscar = moot.by("oscar").on(&base).does(invitation.claimed_by("oscar"));
    moot.by("oscar").on(&[oscar]).does(remove("frank"));
    moot.by("oscar").on(&[oscar]).does(group_alias("oscar's"));
    let deep = moot.by("mallory").on(&[mallory]).noops(5);
    moot.by("mallory").on(&[deep]).does(remove("frank"));
    assert_eq!(moot.digest(), before);
}

#[test]
fn who_enters_by_an_open_invitation_of_somebody_else_is_no_forger() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("alice", Member);
    let base = moot.heads();
    moot.by("alice").on(&base).does(remove("bob"));
    let claim = moot.by("puppet").on(&base).does(invitation.claimed_by("puppet"));
    moot.expect(claim, Effective);
    moot.by("alice").on(&base).does(invitation.revoked());
    moot.expect(claim, Void(InvitationRevoked));
}

/// Verdicts of all ops but one, and the readable state.
fn without(report: &Report, id: OpId) -> (BTreeMap<OpId, String>, String) {
    let (_, namespace) = report.namespaces.first_key_value().unwrap();
    let ops = namespace.ops.iter().filter(|(op, _)| **op != id);
    (ops.map(|(op, verdict)| (*op, verdict.to_string())).collect(), format!("{:?}", namespace.groups))
}

/// Leaving this op out changes nothing else. (Nothing is built on it.)
#[track_caller]
fn assert_changes_nothing(moot: &mut Moot, id: OpId) {
    let rest: Vec<VerifiedOp> = moot.sent().iter().filter(|op| op.id() != id).cloned().collect();
    assert_eq!(without(&report_of(&rest, 1), id), without(&moot.report(), id));
}

#[test]
fn leaving_out_an_op_that_is_void_by_its_causal_verdict_changes_nothing_else() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let void = moot.by("carol").on(&base).cannot(remove("bob"), Outranked);
    moot.by("bob").on(&base).does(set_role("erin", Admin));
    moot.by("carol").on(&base).does(remove("erin"));
    assert_changes_nothing(&mut moot, void);
}

#[test]
fn leaving_out_an_op_that_is_void_for_lost_authority_changes_nothing_else() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol", "dave"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    moot.by("alice").on(&base).does(remove("bob"));
    let removal = moot.by("bob").on(&base).does(remove("carol"));
    let given = moot.by("bob").on(&base).does(grant("erin", INVITE));
    moot.by("carol").on(&base).does(remove("erin"));
    moot.by("dave").on(&base).does(grant("carol", INVITE));
    for void in [removal, given] {
        moot.expect(void, Void(AuthorityLost));
        assert_changes_nothing(&mut moot, void);
    }
}

#[test]
fn a_member_in_good_standing_can_back_date_a_reduction() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let addition = moot.by("carol").on(&base).does(add("erin", Member));
    moot.by("bob").does(add("frank", Member));
    let removal = moot.by("bob").on(&base).does(remove("carol"));
    moot.expect(removal, Effective);
    moot.expect(addition, Void(AuthorityLost));
    let forked: Vec<_> = moot.engine.equivocations(&moot.id()).into_iter().map(|(signer, ..)| signer).collect();
    assert_eq!(forked, [who("bob")], "which is evidence");
}

#[test]
fn ones_own_leave_can_be_back_dated_even_after_one_has_left_and_takes_those_one_let_in() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let addition = moot.by("bob").on(&base).does(add("frank", Member));
    moot.by("frank").does(member_alias("frank", "F"));
    moot.by("bob").does(remove("bob"));
    assert_eq!(moot.role("frank"), Some(Member));
    let earlier = moot.by("bob").on(&base).does(remove("bob"));
    moot.expect(earlier, Effective);
    moot.expect(addition, Void(AuthorityLost));
    assert_eq!(moot.member("frank"), None);
}

#[test]
fn the_deletion_of_a_group_one_governs_can_be_back_dated() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    let base = moot.heads();
    let before = moot.by("alice").within(sub).on(&base).noops(1);
    let addition = moot.by("alice").within(sub).on(&[before]).does(add("erin", Member));
    let deletion = moot.by("bob").within(sub).on(&base).does(GROUP_DELETED);
    moot.expect(deletion, Effective);
    moot.expect(addition, Void(NoSuchGroup));
    assert!(!moot.exists(sub));
}
