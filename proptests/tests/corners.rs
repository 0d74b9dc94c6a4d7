//! Corners of SPEC §3 to §5 that no conformance vector tells apart, by hand.

use folkmoot_core::group_op::GroupOp;
use folkmoot_core::group_op::capabilities::{CAN_CREATE_CONTEXT, CAN_CREATE_SUBGROUP, MANAGE_MEMBERS};
use folkmoot_core::{GroupInvitation, OpId, Role, SigningKey, Visibility};
use folkmoot_proptests::laws::{agrees_with_reference, one_by_one};
use folkmoot_proptests::reference::Verdict;
use folkmoot_proptests::script::Script;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;
const ERIN: usize = 4;
const FRANK: usize = 5;

fn add(script: &mut Script, on: OpId, signer: usize, who: usize, role: Role) -> OpId {
    let member = script.person(who);
    script.root_op(&[on], signer, GroupOp::MemberAdded { member, role })
}

fn grant(script: &mut Script, on: OpId, signer: usize, who: usize, capabilities: u32) -> OpId {
    let member = script.person(who);
    script.root_op(&[on], signer, GroupOp::CapabilitiesGranted { member, capabilities })
}

fn remove(script: &mut Script, on: OpId, signer: usize, who: usize) -> OpId {
    let member = script.person(who);
    script.root_op(&[on], signer, GroupOp::MemberRemoved { member })
}

fn name(script: &mut Script, on: OpId, signer: usize, who: usize, alias: &str) -> OpId {
    let member = script.person(who);
    script.root_op(&[on], signer, GroupOp::MemberAliasSet { member, alias: alias.to_owned() })
}

fn register(script: &mut Script, on: OpId, signer: usize) -> OpId {
    let op = GroupOp::ContextRegistered {
        application_id: [0; 32],
        blob_id: [0; 32],
        source: String::new(),
        service_name: None,
        visibility: None,
    };
    script.root_op(&[on], signer, op)
}

#[test]
fn a_readmitted_member_is_named_anew_whoever_named_it_before() {
    let mut s = Script::new(3);
    let p = s.genesis();
    let p = add(&mut s, p, ALICE, BOB, Role::Admin);
    let p = add(&mut s, p, ALICE, CAROL, Role::Member);
    let by_alice = name(&mut s, p, ALICE, CAROL, "alice's");
    let out = remove(&mut s, p, BOB, CAROL);
    let back = add(&mut s, out, BOB, CAROL, Role::Member);
    let by_bob = name(&mut s, back, BOB, CAROL, "bob's");
    assert_eq!(s.verdict(&by_alice), "Effective");
    assert_eq!(s.verdict(&by_bob), "Effective");
}

#[test]
fn a_seniors_claim_does_not_hold_against_a_juniors_removal() {
    let mut s = Script::new(4);
    let p = s.genesis();
    let p = add(&mut s, p, ALICE, BOB, Role::Admin);
    let p = add(&mut s, p, ALICE, DAVE, Role::Member);
    // Dave leaves, and is invited back by alice; bob, who has not seen either, removes him.
    let left = remove(&mut s, p, DAVE, DAVE);
    let removed = remove(&mut s, p, BOB, DAVE);
    let bearer = SigningKey::from_seed([99; 32]);
    let invitation = GroupInvitation {
        namespace_id: s.genesis().into(),
        group_id: s.root(),
        inviter: s.person(ALICE),
        bearer: bearer.public(),
        invitee: None,
        role: Role::Member,
        max_uses: 1,
        expires_at: None,
    };
    let signature = invitation.sign(s.key(ALICE));
    let dave = s.person(DAVE);
    let back = s.root_op(&[left], DAVE, invitation.claim(signature, &bearer, &dave, 0));
    assert_eq!(s.verdict(&removed), "Effective");
    assert_eq!(s.verdict(&left), "AuthorityLost");
    assert_eq!(s.verdict(&back), "SubjectReduced");
}

#[test]
fn who_acts_from_a_group_below_is_struck_by_a_removal_above() {
    let mut s = Script::new(4);
    let p = s.genesis();
    let p = add(&mut s, p, ALICE, BOB, Role::Member);
    let p = grant(&mut s, p, ALICE, BOB, CAN_CREATE_SUBGROUP);
    let below =
        s.root_op(&[p], BOB, GroupOp::SubgroupCreated { alias: "below".to_owned(), visibility: Visibility::Open });
    let dave = s.person(DAVE);
    let guest = s.op(&[below], BOB, below.into(), GroupOp::MemberAdded { member: dave, role: Role::Admin });
    let idle = s.root_op(&[below], ALICE, GroupOp::Noop);
    let idle = s.root_op(&[idle], ALICE, GroupOp::Noop);
    remove(&mut s, idle, ALICE, BOB);
    // The fold comes to it while bob is still there.
    assert_eq!(s.verdict(&guest), "AuthorityLost");
}

#[test]
fn the_lower_of_two_lowerings_holds() {
    let mut s = Script::new(3);
    let p = s.genesis();
    let p = add(&mut s, p, ALICE, BOB, Role::Admin);
    let p = add(&mut s, p, ALICE, CAROL, Role::Admin);
    let member = s.person(CAROL);
    let reader = s.root_op(&[p], ALICE, GroupOp::MemberRoleSet { member, role: Role::ReadOnly });
    let detour = s.root_op(&[p], BOB, GroupOp::Noop);
    let lowered = s.root_op(&[detour], BOB, GroupOp::MemberRoleSet { member, role: Role::Member });
    assert_eq!((s.verdict(&reader), s.verdict(&lowered)), ("Effective".to_owned(), "Effective".to_owned()));
    let view = s.reference().past_view(&[reader, lowered]).expect("heads");
    let root = s.root();
    assert_eq!(view.state().record(&root, &member).map(|record| record.role), Some(Role::ReadOnly));
}

#[test]
fn the_roots_only_admin_is_not_lowered_by_an_admission_that_overwrites() {
    let mut s = Script::new(6);
    let p = s.genesis();
    let p = add(&mut s, p, ALICE, CAROL, Role::Admin);
    // Carol lets in erin as Admin and manager, and leaves; erin takes her time.
    let erin = add(&mut s, p, CAROL, ERIN, Role::Admin);
    let trusted = grant(&mut s, erin, CAROL, ERIN, MANAGE_MEMBERS);
    let mut late = remove(&mut s, trusted, CAROL, CAROL);
    for _ in 0..12 {
        late = s.root_op(&[late], ERIN, GroupOp::Noop);
    }
    // Alice has erin as a Member, which prevails: erin keeps the bit and no more. Dave makes bob an Admin, and all
    // others go.
    let mut q = p;
    for _ in 0..3 {
        q = s.root_op(&[q], ALICE, GroupOp::Noop);
    }
    let q = add(&mut s, q, ALICE, ERIN, Role::Member);
    let q = add(&mut s, q, ALICE, DAVE, Role::Admin);
    let q = add(&mut s, q, DAVE, BOB, Role::Admin);
    let q = remove(&mut s, q, ALICE, ALICE);
    let left = remove(&mut s, q, DAVE, DAVE);
    assert_eq!(s.verdict(&left), "Effective");
    // Erin, who outranked dave where she stood, lets in bob as a Member.
    let lowers = add(&mut s, late, ERIN, BOB, Role::Member);
    assert_eq!(s.verdict(&lowers), "LastAdmin");
    let other = add(&mut s, late, ERIN, FRANK, Role::Member);
    assert_eq!(s.verdict(&other), "Effective");
}

/// SPEC says "m is not the root's last Admin" whatever group the op is about; what is protected is the root's record.
#[test]
fn the_roots_only_admin_may_leave_a_group_below() {
    let mut s = Script::new(2);
    let p = s.genesis();
    let create = GroupOp::SubgroupCreated { alias: "below".to_owned(), visibility: Visibility::Open };
    let below = s.root_op(&[p], ALICE, create);
    let alice = s.person(ALICE);
    let there = s.op(&[below], ALICE, below.into(), GroupOp::MemberAdded { member: alice, role: Role::Member });
    let leave = s.op(&[there], ALICE, below.into(), GroupOp::MemberRemoved { member: alice });
    assert_eq!(s.verdict(&leave), "Effective");
    let leave = s.root_op(&[there], ALICE, GroupOp::MemberRemoved { member: alice });
    assert_eq!(s.verdict(&leave), "LastAdmin");
}

/// SPEC asks for the needs "in S": where the context is gone, nobody registered it, and the other need is asked for.
#[test]
fn who_registered_a_context_that_is_gone_needs_what_anybody_needs() {
    let mut s = Script::new(3);
    let p = s.genesis();
    let p = add(&mut s, p, ALICE, BOB, Role::Member);
    let p = grant(&mut s, p, ALICE, BOB, CAN_CREATE_CONTEXT);
    let context = register(&mut s, p, BOB);
    let context_id = context.into();
    let by_alice = s.root_op(&[context], ALICE, GroupOp::ContextDetached { context_id });
    let by_bob = s.root_op(&[context], BOB, GroupOp::ContextDetached { context_id });
    assert_eq!(s.verdict(&by_alice), "Effective");
    assert_eq!(s.verdict(&by_bob), "AuthorityLost");
    let again = s.root_op(&[by_alice], BOB, GroupOp::ContextDetached { context_id });
    assert_eq!(s.verdict(&again), "Unauthorized");
    let admin = s.root_op(&[by_alice], ALICE, GroupOp::ContextDetached { context_id });
    assert_eq!(s.verdict(&admin), "NoSuchContext");
}

/// SPEC §3 promises that "leaving out an op that is void … for `AuthorityLost` changes nothing else". It does not hold
/// for an op that overrules a reduction and loses its ground in the fold alone: what became of the bit that it rests on
/// is no matter of its chain. §3 grants that such an op overrules "even if the fold then voids it for another reason".
#[test]
fn an_op_that_loses_its_bit_in_the_fold_alone_overrules_all_the_same() {
    let mut s = Script::new(5);
    let p = s.genesis();
    let p = add(&mut s, p, ALICE, BOB, Role::Admin);
    let p = add(&mut s, p, ALICE, DAVE, Role::Member);
    let p = add(&mut s, p, ALICE, ERIN, Role::Member);
    let context = register(&mut s, p, ALICE);
    // Bob lets in carol and makes her a manager; she gives erin something.
    let guest = add(&mut s, context, BOB, CAROL, Role::Member);
    let trusted = grant(&mut s, guest, BOB, CAROL, MANAGE_MEMBERS);
    let erin = s.person(ERIN);
    let gift = s.root_op(
        &[trusted],
        CAROL,
        GroupOp::ContextCapabilityGranted { context_id: context.into(), member: erin, capabilities: 1 },
    );
    // Dave becomes a manager later than carol, and removes erin.
    let wait = s.root_op(&[context], ALICE, GroupOp::Noop);
    let wait = s.root_op(&[wait], ALICE, GroupOp::Noop);
    let manager = grant(&mut s, wait, ALICE, DAVE, MANAGE_MEMBERS);
    let removal = remove(&mut s, manager, DAVE, ERIN);
    assert_eq!(s.verdict(&gift), "Effective");
    assert_eq!(s.verdict(&removal), "Overruled");
    // Alice had carol as a reader. That prevails, and the bit is gone.
    let reader = add(&mut s, wait, ALICE, CAROL, Role::ReadOnly);
    assert_eq!(s.verdict(&reader), "Effective");
    assert_eq!(s.verdict(&gift), "AuthorityLost");
    assert_eq!(s.verdict(&removal), "Overruled");
    let without = s.judgement_without(&gift);
    assert_eq!(without.verdict(&removal), Some(Verdict::Effective));
}

/// Bob has carol manage members while erin, his senior, removes him: what he gave is void, and so is what rests on it.
fn carol_manages_by_bobs_word() -> (Script, OpId) {
    let mut s = Script::new(5);
    let p = s.genesis();
    let p = add(&mut s, p, ALICE, ERIN, Role::Admin);
    let p = add(&mut s, p, ALICE, BOB, Role::Admin);
    let p = add(&mut s, p, ALICE, CAROL, Role::Member);
    let p = add(&mut s, p, ALICE, DAVE, Role::Member);
    remove(&mut s, p, ERIN, BOB);
    let by_bob = grant(&mut s, p, BOB, CAROL, MANAGE_MEMBERS);
    (s, by_bob)
}

fn engine_agrees(script: &Script) {
    let mut engine = one_by_one(script.ops());
    assert_eq!(agrees_with_reference("the engine", &mut engine, &script.judgement()), Ok(()));
}

#[test]
fn a_bit_that_is_held_is_not_given_anew_by_another_grant() {
    let (mut s, by_bob) = carol_manages_by_bobs_word();
    let again = grant(&mut s, by_bob, ALICE, CAROL, MANAGE_MEMBERS);
    let removal = remove(&mut s, again, CAROL, DAVE);
    assert_eq!([by_bob, again, removal].map(|id| s.verdict(&id)), ["AuthorityLost", "Effective", "AuthorityLost"]);
    engine_agrees(&s);
}

#[test]
fn a_bit_that_was_taken_is_given_anew() {
    let (mut s, by_bob) = carol_manages_by_bobs_word();
    let member = s.person(CAROL);
    let taken = s.root_op(&[by_bob], ALICE, GroupOp::CapabilitiesRevoked { member, capabilities: MANAGE_MEMBERS });
    let again = grant(&mut s, taken, ALICE, CAROL, MANAGE_MEMBERS);
    let removal = remove(&mut s, again, CAROL, DAVE);
    assert_eq!([by_bob, again, removal].map(|id| s.verdict(&id)), ["AuthorityLost", "Effective", "Effective"]);
    engine_agrees(&s);
}
