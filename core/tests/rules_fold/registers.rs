//! Step 5: who writes a register without having seen its last writer prevails if strictly more senior, and is
//! superseded if not; a reduction is never superseded.

use crate::common::Moot;
use crate::common::ops::*;
use folkmoot_core::{
    ContextId, GroupId, GroupOp, OpId, Role::*, UpgradePolicy, Verdict, Verdict::*, Visibility, VoidReason::*,
};

/// Alice founded, Bob and Carol are Admins, Erin is a Member: in the root and in a group below. A context is there.
struct Place {
    moot: Moot,
    sub: GroupId,
    context: ContextId,
    base: Vec<OpId>,
}

fn place() -> Place {
    let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
    moot.let_in("alice", &["erin"], Member);
    let sub = moot.by("alice").creates("sub");
    moot.by("alice").within(sub).does(add("erin", Member));
    let context = moot.by("alice").within(sub).does(register()).into();
    let base = moot.heads();
    Place { moot, sub, context, base }
}

/// Two values for each register that is not a member's.
type Pair = fn(ContextId) -> [GroupOp; 2];
const SETTINGS: [(&str, Pair); 8] = [
    ("default capabilities", |_| [defaults(INVITE), defaults(METADATA)]),
    ("default visibility", |_| [Visibility::Open, Visibility::Restricted].map(default_visibility)),
    ("group visibility", |_| [Visibility::Open, Visibility::Restricted].map(visibility)),
    ("upgrade policy", |_| {
        [UpgradePolicy::Automatic, UpgradePolicy::Coordinated { deadline_secs: Some(60) }].map(policy)
    }),
    ("target application", |_| [target(5, None), target(6, Some("migrate"))]),
    ("group alias", |_| ["one", "two"].map(group_alias)),
    ("alias of a member", |_| ["one", "two"].map(|alias| member_alias("erin", alias))),
    ("alias of a context", |context| ["one", "two"].map(|alias| context_alias(context, alias))),
];

/// The first writes at once, the second a step later and without having seen it; both verdicts.
fn write(place: &mut Place, first: (&str, GroupOp), second: (&str, GroupOp)) -> (Verdict, Verdict) {
    let Place { moot, sub, base, .. } = place;
    let one = moot.by(first.0).within(*sub).on(base).does(first.1);
    let later = moot.by(second.0).on(base).noops(1);
    let two = moot.by(second.0).within(*sub).on(&[later]).does(second.1);
    (moot.verdict(one), moot.verdict(two))
}

/// The readable state of the group, which shows what its registers hold.
fn shown(place: &Place) -> String {
    format!("{:?}", place.moot.view(place.sub))
}

/// What is readable when one person alone has written this.
fn alone(name: &str, op: GroupOp) -> String {
    let mut place = place();
    let Place { moot, sub, .. } = &mut place;
    moot.by(name).within(*sub).does(op);
    shown(&place)
}

#[test]
fn every_setting_of_a_junior_is_superseded_by_a_seniors_that_came_first() {
    for (register, values) in SETTINGS {
        let mut place = place();
        let [one, two] = values(place.context);
        let verdicts = write(&mut place, ("bob", one.clone()), ("carol", two));
        assert_eq!(verdicts, (Effective, Void(Superseded)), "{register}");
        assert_eq!(shown(&place), alone("bob", one), "{register}");
    }
}

#[test]
fn every_setting_of_a_senior_prevails_over_a_juniors_that_came_first() {
    for (register, values) in SETTINGS {
        let mut place = place();
        let [one, two] = values(place.context);
        let verdicts = write(&mut place, ("carol", one), ("bob", two.clone()));
        assert_eq!(verdicts, (Effective, Effective), "{register}");
        assert_eq!(shown(&place), alone("bob", two), "{register}");
    }
}

#[test]
fn of_every_setting_that_one_person_makes_twice_the_first_counts() {
    for (register, values) in SETTINGS {
        let mut place = place();
        let [one, two] = values(place.context);
        let verdicts = write(&mut place, ("carol", one.clone()), ("carol", two));
        assert_eq!(verdicts, (Effective, Void(Superseded)), "{register}");
        assert_eq!(shown(&place), alone("carol", one), "{register}");
    }
}

#[test]
fn every_setting_may_be_written_by_who_has_seen_the_last_writer() {
    for (register, values) in SETTINGS {
        let mut place = place();
        let [one, two] = values(place.context);
        let Place { moot, sub, .. } = &mut place;
        moot.by("bob").within(*sub).does(one);
        moot.by("carol").within(*sub).does(two.clone());
        assert_eq!(shown(&place), alone("carol", two), "{register}");
    }
}

#[test]
fn registers_of_different_kinds_groups_members_and_contexts_are_different() {
    let Place { mut moot, sub, context, base } = place();
    let other = moot.by("alice").within(sub).on(&base).does(register()).into();
    let base = moot.heads();
    let root = moot.root();
    let all: [(GroupId, GroupOp); 9] = [
        (sub, group_alias("x")),
        (root, group_alias("x")),
        (sub, member_alias("erin", "x")),
        (root, member_alias("erin", "x")),
        (sub, context_alias(context, "x")),
        (sub, context_alias(other, "x")),
        (sub, defaults(INVITE)),
        (root, defaults(INVITE)),
        (sub, visibility(Visibility::Restricted)),
    ];
    for (at, (group, op)) in all.into_iter().enumerate() {
        let signer = if at % 2 == 0 { "bob" } else { "carol" };
        let op = moot.by(signer).within(group).on(&base).does(op);
        moot.expect(op, Effective);
    }
}

#[test]
fn the_last_writer_is_the_last_effective_one_and_not_the_most_senior() {
    let Place { mut moot, base, .. } = place();
    let by_alice = moot.by("alice").on(&base).does(group_alias("alice's"));
    moot.by("carol").on(&[by_alice]).does(group_alias("carol's"));
    let later = moot.by("bob").on(&base).noops(2);
    let by_bob = moot.by("bob").on(&[later]).does(group_alias("bob's"));
    moot.expect(by_bob, Effective);
    assert_eq!(moot.view(moot.root()).info.alias, "bob's", "Carol, whom Bob outranks, wrote last");
}

#[test]
fn a_claim_counts_with_the_seniority_of_the_inviter() {
    for (inviter, adder, claim_counts) in [("bob", "carol", true), ("carol", "bob", false)] {
        let mut moot = Moot::with_admins("alice", &["bob", "carol"]);
        let invitation = moot.invitation_by(inviter, ReadOnly);
        let base = moot.heads();
        let addition = moot.by(adder).on(&base).does(add("frank", Member));
        let later = moot.by("alice").on(&base).noops(1);
        let claim = moot.by("frank").on(&[later]).does(invitation.claimed_by("frank"));
        moot.expect(addition, Effective);
        moot.expect(claim, if claim_counts { Effective } else { Void(Superseded) });
        assert_eq!(moot.role("frank"), Some(if claim_counts { ReadOnly } else { Member }));
        assert_eq!(moot.invitation(&invitation).is_some(), claim_counts);
    }
}

#[test]
fn additions_claims_and_roles_of_a_member_share_a_register() {
    let Place { mut moot, base, .. } = place();
    let by_bob = moot.by("bob").on(&base).does(set_role("erin", Admin));
    let later = moot.by("carol").on(&base).noops(1);
    let by_carol = moot.by("carol").on(&[later]).does(set_role("erin", Member));
    moot.expect(by_bob, Effective);
    moot.expect(by_carol, Void(Superseded));
    let frank = moot.by("bob").on(&base).does(add("frank", ReadOnly));
    let again = moot.by("carol").on(&[later]).does(add("frank", Admin));
    moot.expect(frank, Effective);
    moot.expect(again, Void(Superseded));
}

#[test]
fn a_reduction_is_never_superseded() {
    let Place { mut moot, base, .. } = place();
    let lowering = moot.by("bob").on(&base).does(set_role("erin", ReadOnly));
    let later = moot.by("carol").on(&base).noops(1);
    let removal = moot.by("carol").on(&[later]).does(remove("erin"));
    moot.expect(lowering, Effective);
    moot.expect(removal, Effective);
    assert_eq!(moot.member("erin"), None);
}

#[test]
fn a_record_made_anew_has_no_last_writer_of_its_alias() {
    let Place { mut moot, base, .. } = place();
    moot.by("alice").on(&base).does(member_alias("erin", "alice's Erin"));
    let later = moot.by("carol").on(&base).noops(4);
    let naming = moot.by("carol").on(&[later]).does(member_alias("erin", "carol's Erin"));
    moot.expect(naming, Void(Superseded));

    let Place { mut moot, base, .. } = place();
    let named = moot.by("alice").on(&base).does(member_alias("erin", "alice's Erin"));
    let removed = moot.by("alice").on(&[named]).does(remove("erin"));
    moot.by("alice").on(&[removed]).does(add("erin", Member));
    assert_eq!(moot.member("erin").unwrap().alias, "");
    let later = moot.by("carol").on(&base).noops(4);
    let naming = moot.by("carol").on(&[later]).does(member_alias("erin", "carol's Erin"));
    moot.expect(naming, Effective);
    assert_eq!(moot.member("erin").unwrap().alias, "carol's Erin");
}

#[test]
fn the_registers_that_come_with_a_group_have_no_last_writer() {
    let mut moot = Moot::with_admins("alice", &["bob"]);
    let sub = moot.by("alice").creates("sub");
    let naming = moot.by("bob").within(sub).does(group_alias("bob's"));
    let of_root = moot.by("bob").does(group_alias("bob's"));
    moot.expect(naming, Effective);
    moot.expect(of_root, Effective);
}
