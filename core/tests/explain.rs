//! `explain`: why an op has the verdict it has, which op made it so, and what it rested on.

mod common;

use common::ops::*;
use common::{Moot, who};
use folkmoot_core::{
    ExplainedBasis, Explanation, OpId, RestsOn, Role::*, Verdict, Verdict::*, VoidReason, VoidReason::*,
};

#[track_caller]
fn explain(moot: &Moot, op: OpId) -> Explanation {
    let explanation = moot.engine.explain(&op).expect("an admitted op");
    assert_eq!(Some(explanation.verdict), moot.engine.verdict(&op));
    assert_eq!(explanation.kind, moot.op(op).signable().op.name());
    assert_eq!(explanation.signer, moot.op(op).signable().signer);
    assert_eq!(explanation.nonce, moot.op(op).signable().nonce);
    explanation
}

/// The op is void, not by its causal verdict, for this reason and by this op.
#[track_caller]
fn assert_void_by(moot: &Moot, op: OpId, reason: VoidReason, by: Option<OpId>) {
    let explanation = explain(moot, op);
    assert_eq!((explanation.verdict, explanation.causal, explanation.by), (Void(reason), false, by));
    assert!(explanation.basis.is_some(), "it rested on something in its own past");
}

#[test]
fn an_effective_op() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let given = moot.heads()[0];
    let sub = moot.by("alice").creates("sub");
    let op = moot.by("bob").within(sub).does(add("erin", Member));
    let basis = ExplainedBasis {
        ground: moot.root(),
        rests_on: RestsOn::Admin,
        given_by: given,
        level: 0,
        tier: 0,
        ranked_by: given,
    };
    let expected = Explanation {
        verdict: Effective,
        causal: false,
        by: None,
        kind: "MemberAdded",
        signer: who("bob"),
        principal: who("bob"),
        group: sub,
        basis: Some(basis),
        nonce: 1,
        depth: 3,
    };
    assert_eq!(explain(&moot, op), expected);
}

#[test]
fn a_genesis() {
    let moot = Moot::founded_by("alice");
    let explanation = explain(&moot, moot.genesis());
    assert_eq!((explanation.verdict, explanation.basis, explanation.depth), (Effective, None, 0));
    assert_eq!((explanation.group, explanation.nonce), (moot.root(), 1));
}

#[test]
fn an_op_that_is_not_admitted_has_no_explanation() {
    let mut moot = Moot::founded_by("alice");
    let forged = moot.by("sybil").forge(NOOP);
    let (id, _) = moot.send(forged, "sybil");
    assert_eq!(moot.engine.explain(&id), None);
    assert_eq!(moot.engine.explain(&OpId([1; 32])), None);
}

#[test]
fn a_capability_and_what_ranks_its_holder_may_come_from_different_ops() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["mona"], Member);
    let manager = moot.by("alice").does(grant("mona", MANAGE_MEMBERS));
    let creator = moot.by("alice").does(grant("mona", CREATE_CONTEXT));
    let op = moot.by("mona").does(register());
    let basis = explain(&moot, op).basis.unwrap();
    assert_eq!((basis.rests_on, basis.given_by), (RestsOn::Capability(0), creator));
    assert_eq!((basis.tier, basis.ranked_by), (1, manager));
}

#[test]
fn a_record_ranks_by_what_gave_its_role() {
    let mut moot = Moot::founded_by("alice");
    let sub = moot.by("alice").creates("sub");
    let addition = moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(grant("erin", METADATA));
    let op = moot.by("erin").within(sub).does(NOOP);
    let basis = explain(&moot, op).basis.unwrap();
    assert_eq!((basis.ground, basis.rests_on, basis.given_by), (sub, RestsOn::Record, addition));
    assert_eq!((basis.level, basis.tier, basis.ranked_by), (1, 2, addition));
}

#[test]
fn a_claim_rests_on_the_inviter() {
    let mut moot = Moot::founded_by("alice");
    moot.let_in("alice", &["ivan"], Member);
    let given = moot.by("alice").does(grant("ivan", INVITE));
    let invitation = moot.invitation_by("ivan", Member);
    let claim = moot.by("erin").does(invitation.claimed_by("erin"));
    let explanation = explain(&moot, claim);
    assert_eq!((explanation.signer, explanation.principal), (who("erin"), who("ivan")));
    let basis = explanation.basis.unwrap();
    assert_eq!((basis.rests_on, basis.given_by), (RestsOn::Capability(1), given));
}

#[test]
fn an_op_void_by_its_causal_verdict_rests_on_nothing() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let void = moot.by("bob").cannot(remove("alice"), Outranked);
    let explanation = explain(&moot, void);
    assert_eq!((explanation.verdict, explanation.causal), (Void(Outranked), true));
    assert_eq!((explanation.by, explanation.basis), (None, None));
    assert_eq!((explanation.principal, explanation.group), (who("bob"), moot.root()));
}

#[test]
fn an_op_that_lost_its_authority_names_the_reduction() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let addition = moot.by("bob").on(&base).does(add("frank", Member));
    let removal = moot.by("alice").on(&base).does(remove("bob"));
    assert_void_by(&moot, addition, AuthorityLost, Some(removal));
    assert_eq!(explain(&moot, removal).by, None);
    let basis = explain(&moot, addition).basis.unwrap();
    assert_eq!((basis.ground, basis.given_by), (moot.root(), base[0]));
}

#[test]
fn of_several_reductions_the_first_taken_is_named() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let addition = moot.by("carol").on(&base).does(add("frank", Member));
    let by_bob = moot.by("bob").on(&base).does(remove("carol"));
    assert_void_by(&moot, addition, AuthorityLost, Some(by_bob));
    let by_alice = moot.by("alice").on(&base).does(set_role("carol", Member));
    assert_void_by(&moot, addition, AuthorityLost, Some(by_alice));
}

#[test]
fn an_op_whose_subject_was_reduced_names_the_reduction() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let given = moot.by("bob").on(&base).does(grant("erin", INVITE));
    let removal = moot.by("alice").on(&base).does(remove("erin"));
    assert_void_by(&moot, given, SubjectReduced, Some(removal));
}

#[test]
fn a_claim_of_a_revoked_invitation_names_the_revocation() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    let revocation = moot.by("alice").on(&base).does(invitation.revoked());
    assert_void_by(&moot, claim, InvitationRevoked, Some(revocation));
}

#[test]
fn an_overruled_removal_names_what_overruled_it() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let removal = moot.by("bob").on(&base).does(remove("erin"));
    let given = moot.by("alice").on(&base).does(grant("erin", INVITE));
    assert_void_by(&moot, removal, Overruled, Some(given));
}

#[test]
fn a_superseded_setting_names_the_last_writer() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let by_alice = moot.by("alice").on(&base).does(group_alias("alice's"));
    let by_carol = moot.by("carol").on(&base).does(group_alias("carol's"));
    assert_void_by(&moot, by_carol, Superseded, Some(by_alice));
    assert_eq!(explain(&moot, by_alice).by, None);
}

#[test]
fn a_broken_reduction_names_what_struck_its_chain() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let dave = moot.by("bob").on(&base).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[dave]).does(remove("erin"));
    let of_bob = moot.by("alice").on(&base).does(remove("bob"));
    assert_void_by(&moot, removal, AuthorityLost, Some(of_bob));
    assert_eq!(explain(&moot, removal).basis.unwrap().given_by, dave);
}

#[test]
fn a_reduction_with_an_outdone_giver_names_what_outdid_it() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let admin = moot.by("carol").on(&base).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[admin]).does(remove("erin"));
    let member = moot.by("bob").on(&base).does(add("dave", Member));
    assert_void_by(&moot, removal, AuthorityLost, Some(member));
}

#[test]
fn an_op_that_finds_no_ground_anew_names_what_broke_its_chain() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let dave = moot.by("bob").on(&base).does(add("dave", Member));
    let noop = moot.by("dave").on(&[dave]).does(NOOP);
    let of_bob = moot.by("alice").on(&base).does(remove("bob"));
    assert_void_by(&moot, noop, AuthorityLost, Some(of_bob));
}

// Of several ops that would do, every replica names the same. (That all agree is checked at the end of every moot.)

/// The op is void for this reason and by one of these.
#[track_caller]
fn assert_void_by_one(moot: &Moot, op: OpId, reason: VoidReason, ops: [OpId; 3]) {
    let by = explain(moot, op).by.expect("somebody");
    assert!(ops.contains(&by));
    assert_void_by(moot, op, reason, Some(by));
}

#[test]
fn of_several_that_overrule_all_replicas_name_the_same() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol", "dave"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let removal = moot.by("dave").on(&base).does(remove("erin"));
    let ops = ["carol", "alice", "bob"].map(|name| moot.by(name).on(&base).does(grant("erin", INVITE)));
    assert_void_by_one(&moot, removal, Overruled, ops);
}

#[test]
fn of_several_that_break_a_chain_all_replicas_name_the_same() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol", "zoe"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let dave = moot.by("zoe").on(&base).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[dave]).does(remove("erin"));
    let ops = ["carol", "alice", "bob"].map(|name| moot.by(name).on(&base).does(remove("zoe")));
    assert_void_by_one(&moot, removal, AuthorityLost, ops);
}

#[test]
fn of_several_that_outdo_a_giver_all_replicas_name_the_same() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol", "zoe"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let dave = moot.by("zoe").on(&base).does(add("dave", Admin));
    let removal = moot.by("dave").on(&[dave]).does(remove("erin"));
    let ops = ["carol", "alice", "bob"].map(|name| moot.by(name).on(&base).does(add("dave", Member)));
    assert_void_by_one(&moot, removal, AuthorityLost, ops);
}

#[test]
fn of_several_that_take_back_a_grant_the_first_taken_is_named() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol", "zoe"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let given = moot.by("zoe").on(&base).does(grant("erin", INVITE));
    let [_, by_alice, _] = ["carol", "alice", "bob"].map(|name| moot.by(name).on(&base).does(remove("erin")));
    assert_void_by(&moot, given, SubjectReduced, Some(by_alice));
}

#[test]
fn what_came_too_late_for_its_group_names_nobody() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    let base = moot.heads();
    moot.by("alice").within(sub).on(&base).does(GROUP_DELETED);
    let addition = moot.by("bob").within(sub).on(&base).does(add("erin", Member));
    assert_void_by(&moot, addition, NoSuchGroup, None);
}

#[test]
fn an_idle_reduction_stands_and_names_nobody() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    moot.by("alice").on(&base).does(remove("erin"));
    let second = moot.by("bob").on(&base).does(remove("erin"));
    let explanation = explain(&moot, second);
    assert_eq!((explanation.verdict, explanation.causal, explanation.by), (Idle(NoSuchMember), false, None));
    assert!(explanation.basis.is_some());
}

#[test]
fn every_op_of_a_moot_has_an_explanation_that_says_its_verdict() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    for name in ["bob", "carol"] {
        moot.by(name).on(&base).does(group_alias(name));
        moot.by(name).on(&base).does(add("erin", Member));
    }
    moot.by("alice").on(&base).does(remove("bob"));
    for (op, verdict) in moot.engine.ops(&moot.id()).collect::<Vec<(OpId, Verdict)>>() {
        let explanation = explain(&moot, op);
        assert_eq!(explanation.verdict, verdict);
        assert_eq!(explanation.basis.is_none(), op == moot.genesis());
    }
}

#[test]
fn verdicts_are_written_as_the_vectors_write_them() {
    assert_eq!(Effective.to_string(), "Effective");
    assert_eq!(Idle(NoSuchMember).to_string(), "Idle: NoSuchMember");
    assert_eq!(Void(AuthorityLost).to_string(), "AuthorityLost");
}
