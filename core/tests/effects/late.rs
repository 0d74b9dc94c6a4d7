//! An op that comes late changes what held before: OpVoided, OpRestored, and the state with them.

use crate::assert_told;
use crate::common::ops::*;
use crate::common::{Moot, key, who};
use folkmoot_core::{
    Effect, Effect::*, InvitationInfo, MemberInfo, OpId, Role, Role::*, Verdict, Verdict::*, VoidReason, VoidReason::*,
};

fn voided(op: OpId, by: OpId, reason: VoidReason) -> Effect {
    OpVoided { op, by: Some(by), reason }
}

fn restored(op: OpId, verdict: Verdict) -> Effect {
    OpRestored { op, verdict }
}

fn info(role: Role, capabilities: u32) -> MemberInfo {
    MemberInfo { role, capabilities, alias: String::new() }
}

#[test]
fn a_late_removal_voids_what_the_member_did_meanwhile() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let addition = moot.by("bob").on(&base).does(add("frank", Member));
    let removal = moot.by("alice").on(&base).does(remove("bob"));
    let (group, bob, frank) = (moot.root(), who("bob"), who("frank"));
    let expected = [
        MemberRemoved { group, member: bob },
        MemberBarred { group, member: bob },
        MemberRemoved { group, member: frank },
        voided(addition, removal, AuthorityLost),
    ];
    assert_told(&moot, &expected);
}

#[test]
fn a_late_op_of_a_removed_member_is_void_by_its_status_and_tells_nothing() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    moot.by("alice").on(&base).does(remove("bob"));
    let addition = moot.by("bob").on(&base).does(add("frank", Member));
    assert_eq!(moot.status(addition), folkmoot_core::Status::Admitted(Void(AuthorityLost)));
    assert_told(&moot, &[]);
}

#[test]
fn a_late_removal_takes_back_a_grant() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let given = moot.by("bob").on(&base).does(grant("erin", INVITE));
    let removal = moot.by("alice").on(&base).does(remove("erin"));
    let (group, member) = (moot.root(), who("erin"));
    let removed = [MemberRemoved { group, member }, MemberBarred { group, member }];
    assert_told(&moot, &[&removed[..], &[voided(given, removal, SubjectReduced)]].concat());
}

#[test]
fn a_late_revocation_undoes_a_claim() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    let revocation = moot.by("alice").on(&base).does(invitation.revoked());
    let (group, member) = (moot.root(), who("erin"));
    let info = Some(InvitationInfo { uses: 0, revoked: true });
    let expected = [
        MemberRemoved { group, member },
        InvitationChanged { group, invitation: invitation.id(), info },
        voided(claim, revocation, InvitationRevoked),
    ];
    assert_told(&moot, &expected);
}

#[test]
fn a_claim_that_is_void_leaves_nothing_known_of_its_invitation() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let invitation = moot.invitation_by("bob", Member);
    let base = moot.heads();
    let claim = moot.by("erin").on(&base).does(invitation.claimed_by("erin"));
    let removal = moot.by("alice").on(&base).does(remove("bob"));
    let group = moot.root();
    let unknown = InvitationChanged { group, invitation: invitation.id(), info: None };
    assert!(moot.effects().contains(&unknown), "{:?}", moot.effects());
    assert!(moot.effects().contains(&voided(claim, removal, AuthorityLost)));
}

#[test]
fn a_late_setting_of_a_senior_supersedes_a_juniors() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let by_bob = moot.by("bob").on(&base).does(group_alias("bob's"));
    let by_alice = moot.by("alice").on(&base).does(group_alias("alice's"));
    let group = moot.root();
    let changed = GroupChanged { group, info: moot.view(group).info };
    assert_told(&moot, &[changed, voided(by_bob, by_alice, Superseded)]);
}

#[test]
fn a_late_grant_of_a_senior_overrules_a_removal_and_restores_what_it_struck() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let removal = moot.by("bob").on(&base).does(remove("erin"));
    let naming = moot.by("erin").on(&base).does(member_alias("erin", "E"));
    moot.expect(naming, Void(AuthorityLost));
    let given = moot.by("alice").on(&base).does(grant("erin", INVITE));
    let (group, member) = (moot.root(), who("erin"));
    let there = MemberInfo { alias: "E".to_owned(), ..info(Member, JOIN_OPEN | INVITE) };
    let expected = [
        MemberAdded { group, member, info: there },
        BarLifted { group, member },
        voided(removal, given, Overruled),
        restored(naming, Effective),
    ];
    assert_told(&moot, &expected);
}

#[test]
fn a_late_deletion_voids_what_was_done_in_the_group() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    let base = moot.heads();
    let addition = moot.by("bob").within(sub).on(&base).does(add("erin", Member));
    moot.by("alice").within(sub).on(&base).does(GROUP_DELETED);
    assert_told(&moot, &[GroupDeleted { group: sub }, OpVoided { op: addition, by: None, reason: NoSuchGroup }]);
}

#[test]
fn a_deletion_that_is_undone_brings_all_back() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("erin", Member));
    moot.by("alice").within(sub).does(add("frank", Member));
    moot.by("alice").within(sub).does(remove("frank"));
    let context = moot.by("alice").within(sub).registers();
    let base = moot.heads();
    let deletion = moot.by("bob").within(sub).on(&base).does(GROUP_DELETED);
    let removal = moot.by("alice").on(&base).does(remove("bob"));
    let (root, view) = (moot.root(), moot.view(sub));
    let expected = [
        MemberRemoved { group: root, member: who("bob") },
        MemberBarred { group: root, member: who("bob") },
        GroupCreated { group: sub, info: view.info.clone() },
        MemberAdded { group: sub, member: who("erin"), info: info(Member, JOIN_OPEN) },
        MemberBarred { group: sub, member: who("frank") },
        ContextRegistered { group: sub, context, info: view.contexts[&context].clone() },
        voided(deletion, removal, AuthorityLost),
    ];
    assert_told(&moot, &expected);
}

#[test]
fn a_reduction_that_stands_again_may_be_idle() {
    let mut moot = Moot::with_admins("alice", &["zoe", "bob", "carol"]);
    let base = moot.heads();
    let erin = moot.by("bob").on(&base).does(add("erin", Member));
    moot.by("alice").on(&base).does(remove("bob"));
    let removal = moot.by("carol").on(&[erin]).does(remove("erin"));
    moot.expect(removal, Idle(NoSuchMember));
    let of_carol = moot.by("zoe").on(&base).does(remove("carol"));
    assert!(moot.effects().contains(&voided(removal, of_carol, AuthorityLost)), "an idle op no longer stands");
    let (group, member) = (moot.root(), who("erin"));
    assert!(moot.effects().contains(&BarLifted { group, member }));
    moot.by("alice").on(&base).does(remove("zoe"));
    assert!(moot.effects().contains(&restored(removal, Idle(NoSuchMember))));
    assert!(moot.effects().contains(&MemberBarred { group, member }));
}

#[test]
fn a_reduction_that_finds_nothing_any_more_is_told_to_stand_idle() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    moot.let_in("alice", &["erin"], Member);
    let base = moot.heads();
    let by_bob = moot.by("bob").on(&base).does(remove("erin"));
    moot.by("alice").on(&base).does(remove("erin"));
    moot.expect(by_bob, Idle(NoSuchMember));
    assert_told(&moot, &[restored(by_bob, Idle(NoSuchMember))]);
}

/// Two removals strike the same op. The effect names one of them, the first that was met; `explain` names the same
/// everywhere.
#[test]
fn an_op_that_two_strike_is_told_to_be_void_by_one_of_them() {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    let base = moot.heads();
    let addition = moot.by("carol").on(&base).does(add("frank", Member));
    let before = moot.sent().to_vec();
    let removals = ["bob", "alice"].map(|name| moot.by(name).on(&base).does(remove("carol")));
    for order in [removals, [removals[1], removals[0]]] {
        let mut engine = folkmoot_core::Engine::new();
        let _ = engine.apply_batch(before.clone());
        let outcome = engine.apply_batch(order.map(|id| moot.op(id).clone()));
        assert_eq!(engine.explain(&addition).unwrap().by, Some(removals[1]), "the more senior's is taken first");
        let told = removals.map(|by| OpVoided { op: addition, by: Some(by), reason: AuthorityLost });
        assert!(outcome.after_commit().iter().any(|effect| told.contains(effect)), "{:?}", outcome.after_commit());
    }
}

#[test]
fn a_fork_is_told_with_its_two_ops() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let base = moot.heads();
    let one = moot.by("bob").on(&base).does(add("erin", Member));
    let two = moot.by("bob").on(&base).does(add("frank", Member));
    let group = moot.root();
    let found = EquivocationFound { namespace: moot.id(), signer: who("bob"), a: one, b: two };
    let added = MemberAdded { group, member: who("frank"), info: info(Member, JOIN_OPEN) };
    assert_told(&moot, &[added, found]);
}

/// Effects are the difference between before and after the whole batch, not those of each op in it.
#[test]
fn a_batch_tells_the_difference_that_it_made_as_a_whole() {
    let mut moot = Moot::founded_by("alice");
    let genesis = moot.sent().to_vec();
    moot.by("alice").does(add("erin", Member));
    moot.by("alice").does(remove("erin"));
    moot.by("alice").does(add("erin", Admin));
    let mut engine = folkmoot_core::Engine::new();
    let _ = engine.apply_batch(genesis);
    let outcome = engine.apply_batch(moot.sent()[1..].iter().rev().cloned());
    let expected = MemberAdded { group: moot.root(), member: who("erin"), info: info(Admin, 0) };
    assert_eq!(outcome.after_commit(), [expected]);
    assert_eq!(outcome.durable().len(), 3);
}

#[test]
fn ops_of_two_namespaces_in_one_batch_tell_both() {
    let one = Moot::founded_by("alice");
    let other = crate::common::genesis("olga", "another");
    let mut engine = folkmoot_core::Engine::new();
    let outcome = engine.apply_batch([one.sent()[0].clone(), other.clone()]);
    let created = |namespace| outcome.after_commit().contains(&NamespaceCreated { namespace });
    assert!(created(one.id()) && created(other.id().into()));
    let joined = engine.draft(&one.id(), &one.root(), &who("alice"), NOOP).unwrap().sign(&key("alice")).unwrap();
    assert!(engine.apply(joined).after_commit().is_empty());
}
