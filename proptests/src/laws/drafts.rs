//! Drafts: refused with the reason the op would be void for, and else never void (SPEC §7).

use super::{Law, holds, one_by_one, same};
use crate::history::Person;
use crate::reference::{Reason, Reference, View};
use crate::rng::Rng;
use folkmoot_core::group_op::{UpgradePolicy, capabilities};
use folkmoot_core::{
    ContextId, DraftError, Engine, GroupId, GroupInvitation, GroupOp, InvitationId, NamespaceId, OpId, PendingLimits,
    PublicKey, Role, SignableGroupOp, SigningKey, Status, Verdict, VerifiedOp, Visibility,
};

/// Everybody drafts, on all there is and on any point of the past: what comes out is what the reference has of the same
/// past, signed it is admitted and sound, on all there is also effective; what is refused is refused for the reason that
/// the reference foretells; and drafting changes nothing.
///
/// # Errors
/// What differs; else how many drafts were made and how many refused.
pub fn a_draft_is_sound_or_refused_with_its_reason(
    ops: &[VerifiedOp],
    namespace: NamespaceId,
    people: &[Person],
    drafts: usize,
    seed: u64,
) -> Result<(usize, usize), String> {
    let mut reference = Reference::default();
    for op in ops {
        reference.add(op.clone());
    }
    drafts_of_an_engine(&mut one_by_one(ops), &mut reference, namespace, people, drafts, seed)
}

/// As [`a_draft_is_sound_or_refused_with_its_reason`], of an engine that holds what the reference holds.
///
/// # Errors
/// What differs; else how many drafts were made and how many refused.
pub fn drafts_of_an_engine(
    engine: &mut Engine,
    reference: &mut Reference,
    namespace: NamespaceId,
    people: &[Person],
    drafts: usize,
    seed: u64,
) -> Result<(usize, usize), String> {
    let mut rng = Rng::new(seed);
    let bytes = engine.snapshot();
    let admitted: Vec<OpId> =
        reference.admitted().into_iter().filter(|id| engine_has(engine, &namespace, id)).collect();
    let (mut made, mut refused) = (0, 0);
    for _ in 0..drafts {
        let heads = engine.heads(&namespace);
        let parents = if rng.percent(40) { heads.clone() } else { any_past(reference, &admitted, &mut rng) };
        let Some(view) = reference.past_view(&parents) else { continue };
        let groups: Vec<GroupId> = view.state().groups.keys().copied().collect();
        let group = rng.pick(&groups).unwrap_or_default();
        // Mostly somebody who may do something there.
        let governs = |person: &&Person| view.is_admin(&group, &person.public());
        let able: Vec<&Person> = people.iter().filter(governs).collect();
        let anybody = &people[rng.below(people.len())];
        let person = if rng.percent(60) { rng.pick(&able).unwrap_or(anybody) } else { anybody };
        let signer = person.public();
        let op = anything(&view, group, people, &signer, &mut rng);
        let draft = if parents == heads {
            engine.draft(&namespace, &group, &signer, op.clone())
        } else {
            engine.draft_on(&namespace, &group, &signer, op.clone(), &parents)
        };
        holds(engine.snapshot() == bytes, || "drafting left a trace".to_owned())?;
        let takes_part = matches!(op, GroupOp::JoinWithInvitationClaim { .. })
            || view.state().groups.values().any(|group| group.members.contains_key(&signer));
        let foretold = reference.would_be(&parents, group, signer, &op).ok_or("nothing foretold")?;
        match (draft, foretold) {
            (Ok(draft), Ok(_)) if takes_part => {
                let mut parent_op_hashes = parents.clone();
                parent_op_hashes.sort();
                let expect = SignableGroupOp {
                    version: 1,
                    namespace_id: namespace,
                    group_id: group,
                    parent_op_hashes,
                    state_hash: view.state_hash(&group),
                    signer,
                    nonce: view.next_nonce(&signer),
                    op,
                };
                same("a draft", &draft, &expect)?;
                let signed = draft.sign(&person.key).map_err(|error| error.to_string())?;
                signed_it_is_sound(&bytes, signed, parents == heads)?;
                made += 1;
            }
            (Err(DraftError::NotParticipant(who)), _) if who == signer && !takes_part => refused += 1,
            (Err(DraftError::UnknownGroup(who)), Err(Reason::NoSuchGroup)) if who == group => refused += 1,
            (Err(DraftError::Void(reason)), Err(expect)) if format!("{expect:?}") == reason.to_string() => refused += 1,
            (draft, foretold) => {
                return Err(format!("on {parents:?}: a draft by {signer} is {draft:?}, foretold: {foretold:?}"));
            }
        }
    }
    Ok((made, refused))
}

fn signed_it_is_sound(bytes: &[u8], op: VerifiedOp, on_all: bool) -> Law {
    let mut engine = Engine::restore(bytes, PendingLimits::default()).map_err(|error| error.to_string())?;
    let id = op.id();
    if engine.contains(&id) {
        return Ok(());
    }
    let outcome = engine.apply(op);
    let status = outcome.status_of(&id).cloned();
    let Some(Status::Admitted(verdict)) = status else { return Err(format!("a draft, signed, is {status:?}")) };
    let causal = engine.explain(&id).map(|explained| explained.causal);
    same("whether the causal verdict of a draft is void", &causal, &Some(false))?;
    holds(!on_all || verdict == Verdict::Effective, || format!("a draft on all there is comes to {verdict}"))
}

fn engine_has(engine: &Engine, namespace: &NamespaceId, id: &OpId) -> bool {
    engine.ops(namespace).any(|(op, _)| op == *id)
}

/// One to three ops of which none has seen another.
fn any_past(reference: &Reference, admitted: &[OpId], rng: &mut Rng) -> Vec<OpId> {
    let some: Vec<OpId> = (0..rng.between(1, 3)).filter_map(|_| rng.pick(admitted)).collect();
    let mut kept: Vec<OpId> =
        some.iter().filter(|id| !some.iter().any(|other| reference.is_ancestor(id, other))).copied().collect();
    kept.sort();
    kept.dedup();
    kept
}

/// Any op about a group.
fn anything(view: &View, group: GroupId, people: &[Person], signer: &PublicKey, rng: &mut Rng) -> GroupOp {
    let here = &view.state().groups[&group];
    let members: Vec<PublicKey> = here.members.keys().copied().collect();
    let anybody = people[rng.below(people.len())].public();
    let member = if rng.percent(70) { rng.pick(&members).unwrap_or(anybody) } else { anybody };
    let contexts: Vec<ContextId> = here.contexts.keys().copied().collect();
    let context_id = rng.pick(&contexts).unwrap_or(ContextId(rng.bytes32()));
    let invitations: Vec<InvitationId> = here.invitations.keys().copied().collect();
    let role = [Role::Admin, Role::Member, Role::ReadOnly][rng.below(3)];
    let visibility = if rng.percent(50) { Visibility::Open } else { Visibility::Restricted };
    let bit = 1 << rng.below(7);
    let alias = "drafted".to_owned();
    match rng.below(22) {
        0 => GroupOp::Noop,
        1 => GroupOp::SubgroupCreated { alias, visibility },
        2 => GroupOp::GroupDeleted,
        3 => GroupOp::MemberAdded { member: anybody, role },
        4 => GroupOp::MemberRemoved { member },
        5 => GroupOp::MemberRoleSet { member, role },
        6 => GroupOp::CapabilitiesGranted { member, capabilities: bit },
        7 => GroupOp::CapabilitiesRevoked { member, capabilities: bit },
        8 => GroupOp::DefaultCapabilitiesSet { capabilities: bit & !capabilities::MANAGE_MEMBERS },
        9 => GroupOp::DefaultVisibilitySet { visibility },
        10 => GroupOp::GroupVisibilitySet { visibility },
        11 => GroupOp::UpgradePolicySet { policy: UpgradePolicy::Automatic },
        12 => GroupOp::TargetApplicationSet { app_key: [3; 32], application_id: [4; 32], migration: None },
        13 => GroupOp::ContextRegistered {
            application_id: [0; 32],
            blob_id: [0; 32],
            source: String::new(),
            service_name: None,
            visibility: None,
        },
        14 => GroupOp::ContextDetached { context_id },
        15 => GroupOp::GroupAliasSet { alias },
        16 => GroupOp::MemberAliasSet { member, alias },
        17 => GroupOp::ContextAliasSet { context_id, alias },
        18 => GroupOp::ContextCapabilityGranted { context_id, member, capabilities: 1 },
        19 => GroupOp::ContextCapabilityRevoked { context_id, member, capabilities: 1 },
        20 => GroupOp::InvitationRevoked { invitation_id: rng.pick(&invitations).unwrap_or_default() },
        _ => claim(view, group, people, signer, role, rng),
    }
}

/// A claim of an invitation by anybody, with good signatures: the reference, asked what would be, takes them to be good.
fn claim(view: &View, group: GroupId, people: &[Person], signer: &PublicKey, role: Role, rng: &mut Rng) -> GroupOp {
    let inviter = &people[rng.below(people.len())];
    let bearer = SigningKey::from_seed(rng.bytes32());
    let invitation = GroupInvitation {
        namespace_id: view.namespace(),
        group_id: group,
        inviter: inviter.public(),
        bearer: bearer.public(),
        invitee: None,
        role,
        max_uses: 1,
        expires_at: None,
    };
    let signature = invitation.sign(&inviter.key);
    invitation.claim(signature, &bearer, signer, 0)
}
