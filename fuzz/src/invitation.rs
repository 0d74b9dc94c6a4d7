//! Claims with any terms and signatures, by somebody who can sign as anybody but as the inviter and the bearer.

use crate::choices::Choices;
use crate::signing;
use folkmoot_core::codec::claim_bytes;
use folkmoot_core::group_op::SignatureBytes;
use folkmoot_core::group_op::capabilities::CAN_INVITE_MEMBERS;
use folkmoot_core::report::Report;
use folkmoot_core::{
    DraftError, Engine, GroupId, GroupInvitation, GroupOp, GroupView, NamespaceId, PendingLimits, PublicKey,
    RejectReason, Role, SignableGroupOp, Status, Verdict, VerifiedOp, Visibility,
};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;
const ERIN: usize = 4;
const FRANK: usize = 5;

/// L, the order of the group: a signature whose `s` has it added is another for the same message, and not accepted.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
/// The neutral point, whose signatures anybody can make where small orders are let pass.
const NEUTRAL: PublicKey = PublicKey({
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
});

/// Where claims are made: alice founded it and leads the restricted group below together with erin; bob may invite,
/// carol may not; dave was removed; frank came by an invitation that is used up, and another was revoked.
struct World {
    snapshot: Vec<u8>,
    namespace: NamespaceId,
    below: GroupId,
    ops: Vec<VerifiedOp>,
    used_up: GroupInvitation,
    revoked: GroupInvitation,
}

thread_local! {
    static WORLD: World = World::new();
}

/// Whoever claims is a member afterwards if the invitation is properly signed, open to them and good in every other
/// way, and else nothing changed. Returns whether somebody was let in.
pub fn run(data: &[u8]) -> bool {
    WORLD.with(|world| {
        let mut engine = Engine::restore(&world.snapshot, PendingLimits::default()).expect("an engine wrote it");
        let mut choices = Choices::new(data);
        let signer = choices.below(signing::PEOPLE);
        let group = world.group(&mut choices);
        let op = damaged(world.claim(signer, group, &mut choices), choices);
        // Damage may have made something else of it; other ops are for other targets.
        matches!(op, GroupOp::JoinWithInvitationClaim { .. }) && world.claimed(&mut engine, signer, group, op)
    })
}

impl World {
    fn new() -> Self {
        let genesis = Engine::genesis(signing::person(ALICE), [5; 32], "guests", [1; 32], [2; 32]);
        let genesis = genesis.sign(&signing::key(ALICE)).expect("well-formed");
        let namespace = NamespaceId::from(genesis.id());
        let root: GroupId = namespace.into();
        let mut engine = Engine::new();
        let mut ops = vec![genesis.clone()];
        let _ = engine.apply(genesis);
        let mut make = |signer: usize, group: GroupId, op: GroupOp| {
            let draft = engine.draft(&namespace, &group, &signing::person(signer), op).expect("allowed");
            let op = draft.sign(&signing::key(signer)).expect("well-formed");
            let id = op.id();
            ops.push(op.clone());
            let _ = engine.apply(op);
            GroupId::from(id)
        };
        for member in [BOB, CAROL, DAVE] {
            make(ALICE, root, GroupOp::MemberAdded { member: signing::person(member), role: Role::Member });
        }
        let (member, capabilities) = (signing::person(BOB), CAN_INVITE_MEMBERS);
        make(ALICE, root, GroupOp::CapabilitiesGranted { member, capabilities });
        make(ALICE, root, GroupOp::MemberRemoved { member: signing::person(DAVE) });
        let alias = "below".to_owned();
        let below = make(ALICE, root, GroupOp::SubgroupCreated { alias, visibility: Visibility::Restricted });
        make(ALICE, below, GroupOp::MemberAdded { member: signing::person(ERIN), role: Role::Admin });
        let terms = |number: usize| GroupInvitation {
            namespace_id: namespace,
            group_id: root,
            inviter: signing::person(ALICE),
            bearer: signing::bearer(number),
            invitee: None,
            role: Role::Member,
            max_uses: 1,
            expires_at: None,
        };
        let (used_up, revoked) = (terms(0), terms(1));
        make(FRANK, root, proper(&used_up, FRANK, 7));
        make(ALICE, root, GroupOp::InvitationRevoked { invitation_id: revoked.id() });
        Self { snapshot: engine.snapshot(), namespace, below, ops, used_up, revoked }
    }

    fn group(&self, choices: &mut Choices<'_>) -> GroupId {
        let all = [self.namespace.into(), self.below, GroupId([0xee; 32]), GroupId::ZERO];
        all[choices.below(all.len())]
    }

    /// Who a number stands for, strangers without a key among them.
    fn anybody(choices: &mut Choices<'_>) -> PublicKey {
        match choices.below(signing::PEOPLE + 3) {
            number if number < signing::PEOPLE => signing::person(number),
            8 => NEUTRAL,
            9 => PublicKey([0; 32]),
            _ => signing::bearer(0),
        }
    }

    fn terms(&self, signer: usize, group: GroupId, choices: &mut Choices<'_>) -> GroupInvitation {
        let namespace_id = if choices.byte() == 1 { NamespaceId([0xee; 32]) } else { self.namespace };
        let group_id = if choices.byte() == 1 { self.group(choices) } else { group };
        let inviter = Self::anybody(choices);
        let bearer = match choices.below(signing::BEARERS + 3) {
            number if number < signing::BEARERS => signing::bearer(number),
            4 => NEUTRAL,
            5 => PublicKey([0; 32]),
            _ => signing::person(signer),
        };
        let invitee = match choices.below(4) {
            0 | 1 => None,
            2 => Some(signing::person(signer)),
            _ => Some(Self::anybody(choices)),
        };
        let role = [Role::Member, Role::Admin, Role::ReadOnly][choices.below(3)];
        let max_uses = [1, 2, u32::MAX, 0][choices.below(4)];
        let expires_at = (choices.byte() % 2 == 1).then(|| choices.long());
        GroupInvitation { namespace_id, group_id, inviter, bearer, invitee, role, max_uses, expires_at }
    }

    fn claim(&self, signer: usize, group: GroupId, choices: &mut Choices<'_>) -> GroupOp {
        let invitation = match choices.byte() {
            1 => self.used_up.clone(),
            2 => self.revoked.clone(),
            _ => self.terms(signer, group, choices),
        };
        let claimed_at = if choices.byte() == 1 { choices.long() } else { 7 };
        let GroupOp::JoinWithInvitationClaim { inviter_signature, bearer_signature, .. } =
            proper(&invitation, signer, claimed_at)
        else {
            return GroupOp::Noop;
        };
        let id = invitation.id();
        let ours = claim_bytes(&id, &signing::person(signer));
        let inviter_signature = match choices.below(8) {
            1 => signing::sign_as(signer, &invitation.invitation_bytes()),
            2 => [0; 64],
            3 => signing::sign_as(person_of(&invitation.inviter).unwrap_or(signer), &ours),
            4 => other_half(inviter_signature),
            5 => choices.array(),
            6 => of_neutral(),
            7 => bearer_signature,
            _ => inviter_signature,
        };
        let bearer_signature = match choices.below(8) {
            1 => signing::sign_as(signer, &ours),
            2 => [0; 64],
            // Copied from somebody else's claim.
            3 => bearer_sign(&invitation.bearer, &claim_bytes(&id, &signing::person(signer + 1))),
            4 => other_half(bearer_signature),
            5 => choices.array(),
            6 => of_neutral(),
            7 => bearer_sign(&invitation.bearer, &invitation.invitation_bytes()),
            _ => bearer_signature,
        };
        GroupOp::JoinWithInvitationClaim { invitation, inviter_signature, bearer_signature, claimed_at }
    }

    /// Signs a claim as `signer`, has the engine take it, and compares with what is due.
    fn claimed(&self, engine: &mut Engine, signer: usize, group: GroupId, op: GroupOp) -> bool {
        let due = self.is_due(engine, signer, group, &op);
        let who = signing::person(signer);
        let before = Report::of(engine);
        let draft = engine.draft(&self.namespace, &group, &who, op.clone());
        assert_eq!(draft.is_ok(), due, "drafted: {draft:?}");
        let noop = engine.draft(&self.namespace, &group, &signing::person(ALICE), GroupOp::Noop);
        let nonce = self.ops.iter().filter(|op| op.signable().signer == who).count() as u64 + 1;
        let signable = SignableGroupOp {
            version: 1,
            namespace_id: self.namespace,
            group_id: group,
            parent_op_hashes: engine.heads(&self.namespace),
            state_hash: noop.map(|draft| draft.state_hash).unwrap_or_default(),
            signer: who,
            nonce,
            op: op.clone(),
        };
        let Some(signed) = signing::signed(signable, signer) else {
            assert!(matches!(draft, Err(DraftError::Malformed(_) | DraftError::UnknownGroup(_))), "{draft:?}");
            return false;
        };
        let id = signed.id();
        let outcome = engine.apply(signed);
        let status = outcome.status_of(&id).cloned();
        let mut after = Report::of(engine);
        if due {
            assert_eq!(status, Some(Status::Admitted(Verdict::Effective)), "{op:?}");
            self.is_let_in(signer, group, &op, &before, &after);
        } else {
            let unknown = status == Some(Status::Rejected(RejectReason::UnknownGroup));
            assert!(unknown || status == Some(Status::Rejected(RejectReason::NotParticipant)), "{status:?}: {op:?}");
            after.not_admitted.remove(&id);
            assert_eq!(after, before, "refused, but not without a trace");
        }
        due
    }

    /// Whether a claim is to be let in, from what can be read (SPEC §5) and from what the right keys would have signed.
    fn is_due(&self, engine: &Engine, signer: usize, group: GroupId, op: &GroupOp) -> bool {
        let GroupOp::JoinWithInvitationClaim { invitation, inviter_signature, bearer_signature, claimed_at } = op
        else {
            return false;
        };
        let Some(here) = engine.view(&self.namespace, &group) else { return false };
        let above = here.info.parent.and_then(|above| engine.view(&self.namespace, &above));
        let path: Vec<&GroupView> = [Some(&here), above.as_ref()].into_iter().flatten().collect();
        let (who, id) = (signing::person(signer), invitation.id());

        let names_this = invitation.namespace_id == self.namespace && invitation.group_id == group;
        let by_inviter = person_of(&invitation.inviter)
            .is_some_and(|inviter| signing::sign_as(inviter, &invitation.invitation_bytes()) == *inviter_signature);
        let by_bearer = has_key(&invitation.bearer)
            && bearer_sign(&invitation.bearer, &claim_bytes(&id, &who)) == *bearer_signature;
        let for_them = invitation.invitee.is_none_or(|invitee| invitee == who);
        let in_time = invitation.expires_at.is_none_or(|expires_at| *claimed_at <= expires_at);
        let known = here.invitations.get(&id).copied();
        let open = known.is_none_or(|known| !known.revoked && known.uses < invitation.max_uses);
        let welcome = !path.iter().any(|view| view.barred.contains(&who)) && !here.members.contains_key(&who);
        let is_admin = |view: &&GroupView| {
            view.members.get(&invitation.inviter).is_some_and(|inviter| inviter.role == Role::Admin)
        };
        let may_invite = here.members.get(&invitation.inviter).is_some_and(|inviter| inviter.capabilities & 2 != 0);
        let allowed = path.iter().any(is_admin) || (may_invite && invitation.role != Role::Admin);
        let uses = invitation.max_uses > 0;
        names_this && by_inviter && by_bearer && for_them && in_time && open && welcome && allowed && uses
    }

    /// One member more, with that role; one use more; nothing else.
    fn is_let_in(&self, signer: usize, group: GroupId, op: &GroupOp, before: &Report, after: &Report) {
        let GroupOp::JoinWithInvitationClaim { invitation, .. } = op else { return };
        let mut was = before.namespaces[&self.namespace].groups.clone();
        let is = &after.namespaces[&self.namespace].groups;
        let (old, new) = (was.get_mut(&group).expect("it is there"), &is[&group]);
        let member = new.view.members.get(&signing::person(signer)).expect("let in");
        assert_eq!(member.role, invitation.role);
        old.view.members.insert(signing::person(signer), member.clone());
        let uses = old.view.invitations.get(&invitation.id()).map_or(0, |known| known.uses);
        let known = new.view.invitations.get(&invitation.id()).expect("used");
        assert_eq!((known.uses, known.revoked), (uses + 1, false));
        old.view.invitations.insert(invitation.id(), *known);
        old.state_hash = new.state_hash;
        assert_eq!(was, *is, "a claim changed something else");
    }
}

/// A claim with both signatures as they should be, as far as there are keys.
fn proper(terms: &GroupInvitation, signer: usize, claimed_at: u64) -> GroupOp {
    let inviter = person_of(&terms.inviter);
    let inviter_signature = inviter.map_or([0; 64], |inviter| signing::sign_as(inviter, &terms.invitation_bytes()));
    let bearer_signature = bearer_sign(&terms.bearer, &claim_bytes(&terms.id(), &signing::person(signer)));
    GroupOp::JoinWithInvitationClaim { invitation: terms.clone(), inviter_signature, bearer_signature, claimed_at }
}

fn person_of(key: &PublicKey) -> Option<usize> {
    (0..signing::PEOPLE).find(|number| signing::person(*number) == *key)
}

fn has_key(bearer: &PublicKey) -> bool {
    person_of(bearer).is_some() || (0..signing::BEARERS).any(|number| signing::bearer(number) == *bearer)
}

/// A bearer's signature; zero for one without a key.
fn bearer_sign(bearer: &PublicKey, message: &[u8]) -> SignatureBytes {
    if let Some(number) = (0..signing::BEARERS).find(|number| signing::bearer(*number) == *bearer) {
        return signing::sign_as_bearer(number, message);
    }
    person_of(bearer).map_or([0; 64], |person| signing::sign_as(person, message))
}

/// The signature with L added to its `s`.
fn other_half(mut signature: SignatureBytes) -> SignatureBytes {
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    signature
}

/// What the neutral point "signs" for every message: R neutral, s zero.
fn of_neutral() -> SignatureBytes {
    let mut signature = [0; 64];
    signature[0] = 1;
    signature
}

/// The payload with a few bytes changed, if it still is one.
fn damaged(op: GroupOp, mut choices: Choices<'_>) -> GroupOp {
    let mut bytes = borsh::to_vec(&op).expect("writing to a Vec does not fail");
    for _ in 0..4 {
        let (at, change) = (usize::from(choices.short()) % bytes.len(), choices.byte());
        bytes[at] ^= change;
    }
    borsh::from_slice(&bytes).unwrap_or(op)
}
