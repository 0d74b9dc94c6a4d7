//! What every state must show, and what it hashes to (SPEC §5, §6).

use super::host::Host;
use super::{Law, holds, same};
use crate::rng::Rng;
use borsh::BorshSerialize;
use folkmoot_core::limits::{MAX_NAMESPACE_DEPTH, MAX_PROOF_SIBLINGS};
use folkmoot_core::{
    ContextId, Engine, EntryKey, GroupId, GroupView, Hash, InclusionProof, InvitationId, NamespaceId, PublicKey, Role,
    VerifiedOp,
};

/// The root always has an Admin; no group lies more than 16 edges below it, and every group's parent exists; ReadOnly
/// members hold no capability but bit 2, and nobody a context capability without a record there.
///
/// # Errors
/// What is not so.
pub fn every_state_is_in_order(host: &mut Host) -> Law {
    let engine = host.engine();
    let namespaces: Vec<NamespaceId> = engine.namespaces().collect();
    for namespace in namespaces {
        let groups = engine.groups(&namespace);
        let root: GroupId = namespace.0.into();
        for id in &groups {
            let view = engine.view(&namespace, id).ok_or_else(|| format!("{id} exists and cannot be seen"))?;
            let mut edges = 0;
            let mut at = view.info.parent;
            while let Some(above) = at {
                edges += 1;
                holds(edges <= MAX_NAMESPACE_DEPTH, || format!("{id} is deeper than {MAX_NAMESPACE_DEPTH}"))?;
                let parent = engine.view(&namespace, &above);
                at = parent.ok_or_else(|| format!("{above}, above {id}, does not exist"))?.info.parent;
            }
            holds((edges == 0) == (*id == root), || format!("{id} is a second root"))?;
            if *id == root {
                let admins = view.members.values().filter(|member| member.role == Role::Admin);
                holds(admins.count() > 0, || "the root has no Admin".to_owned())?;
            }
            for (member, info) in &view.members {
                let reader = info.role == Role::ReadOnly;
                holds(!reader || info.capabilities & !0b100 == 0, || format!("{member} reads and holds {info:?}"))?;
            }
            for (context, info) in &view.contexts {
                let strange =
                    info.capabilities.iter().find(|(who, bits)| !view.members.contains_key(who) || **bits == 0);
                holds(strange.is_none(), || format!("{strange:?} in {context} without a record"))?;
            }
        }
    }
    Ok(())
}

/// The state hash of each group, and the digest, are those of the state that effects tell, computed whole.
///
/// # Errors
/// What differs.
pub fn the_hashes_are_those_of_the_state(host: &mut Host) -> Law {
    let mirror = host.mirror().clone();
    mirror.check_hashes(host.engine())
}

/// `standing`, `may_join_context` and `may_write_context` answer as SPEC §5 has it of what can be read.
///
/// # Errors
/// What differs.
pub fn questions_are_answered_as_the_state_says(host: &mut Host, people: &[PublicKey]) -> Law {
    let mirror = host.mirror().clone();
    mirror.check_questions(host.engine(), people)
}

/// A host that was given these ops one by one; after each, every state is in order and hashes to what it is.
///
/// # Errors
/// What is not so.
pub fn at_all_times(ops: &[VerifiedOp], people: &[PublicKey]) -> Result<Host, String> {
    let mut host = Host::default();
    for op in ops {
        let _ = host.deliver(std::slice::from_ref(op))?;
        every_state_is_in_order(&mut host)?;
        the_hashes_are_those_of_the_state(&mut host)?;
        questions_are_answered_as_the_state_says(&mut host, people)?;
    }
    Ok(host)
}

/// Every entry of a group, with the bytes that SPEC §6 gives it.
fn entries(view: &GroupView) -> Vec<(EntryKey, Vec<u8>)> {
    fn bytes(value: &impl BorshSerialize) -> Vec<u8> {
        borsh::to_vec(value).expect("a Vec takes what it is given")
    }
    let info = &view.info;
    let settings = (
        info.parent,
        &info.alias,
        info.visibility,
        info.default_capabilities,
        info.default_visibility,
        info.upgrade_policy,
        info.app_key,
        info.application_id,
        &info.migration,
    );
    let mut out = vec![(EntryKey::Group, bytes(&settings))];
    for (member, info) in &view.members {
        out.push((EntryKey::Member(*member), bytes(&(info.role, info.capabilities, &info.alias))));
    }
    for (context, info) in &view.contexts {
        let value = (
            info.application_id,
            info.blob_id,
            &info.source,
            &info.service_name,
            info.visibility,
            &info.alias,
            info.registered_by,
        );
        out.push((EntryKey::Context(*context), bytes(&value)));
        for (member, bits) in &info.capabilities {
            out.push((EntryKey::ContextCapability(*context, *member), bytes(bits)));
        }
    }
    for (invitation, info) in &view.invitations {
        out.push((EntryKey::Invitation(*invitation), bytes(&(info.uses, info.revoked))));
    }
    out.extend(view.barred.iter().map(|member| (EntryKey::Barred(*member), Vec::new())));
    out
}

/// "Inclusion proofs verify, and no altered one does": for every entry of every group, with every kind of alteration.
/// What is no entry has no proof.
///
/// # Errors
/// Which proof misleads; else how many were tried, and how many alterations of them.
pub fn proofs_verify_and_no_altered_one_does(engine: &mut Engine, seed: u64) -> Result<(usize, usize), String> {
    let mut rng = Rng::new(seed);
    let (mut proofs, mut alterations) = (0, 0);
    let namespaces: Vec<NamespaceId> = engine.namespaces().collect();
    for namespace in namespaces {
        for group in engine.groups(&namespace) {
            let view = engine.view(&namespace, &group).ok_or_else(|| format!("no view of {group}"))?;
            let hash = engine.state_hash(&namespace, &group).ok_or_else(|| format!("no hash of {group}"))?;
            let all = entries(&view);
            for (key, value) in &all {
                let proof = engine.prove(&namespace, &group, key).ok_or_else(|| format!("no proof of {key:?}"))?;
                same(&format!("value of {key:?}"), &proof.value, value)?;
                holds(proof.verify(&group, key, &hash), || format!("the proof of {key:?} does not verify"))?;
                let bytes = borsh::to_vec(&proof).map_err(|error| error.to_string())?;
                let back: InclusionProof = borsh::from_slice(&bytes).map_err(|error| error.to_string())?;
                same("the proof that travelled", &back, &proof)?;
                proofs += 1;
                let place = Place { group, key: *key, hash };
                alterations += no_altered_one_verifies(&proof, &place, &all, &mut rng)?;
            }
            for stranger in strangers(&all, &mut rng) {
                let proof = engine.prove(&namespace, &group, &stranger);
                holds(proof.is_none(), || format!("{stranger:?} is no entry of {group} and has a proof"))?;
            }
        }
    }
    Ok((proofs, alterations))
}

/// What a proof is of.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    group: GroupId,
    key: EntryKey,
    hash: Hash,
}

fn flip(bytes: &mut [u8], rng: &mut Rng) {
    let at = rng.below(bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << rng.below(8);
    }
}

fn no_altered_one_verifies(
    proof: &InclusionProof,
    place: &Place,
    all: &[(EntryKey, Vec<u8>)],
    rng: &mut Rng,
) -> Result<usize, String> {
    let mut altered: Vec<(&str, InclusionProof, Place)> = Vec::new();
    let mut alter = |what, change: &mut dyn FnMut(&mut InclusionProof, &mut Place, &mut Rng)| {
        let (mut proof, mut place) = (proof.clone(), *place);
        change(&mut proof, &mut place, rng);
        altered.push((what, proof, place));
    };
    alter("a bit of the value", &mut |proof, _, rng| flip(&mut proof.value, rng));
    alter("a shorter value", &mut |proof, _, _| proof.value.truncate(proof.value.len().saturating_sub(1)));
    alter("a longer value", &mut |proof, _, rng| proof.value.push(rng.bytes32()[0]));
    for at in 0..proof.siblings.len() {
        alter("a bit of a sibling", &mut |proof, _, rng| flip(&mut proof.siblings[at].0, rng));
        alter("no such sibling", &mut |proof, _, _| {
            proof.siblings.remove(at);
        });
        alter("an empty sibling", &mut |proof, _, _| proof.siblings[at] = Hash::ZERO);
        alter("that sibling twice", &mut |proof, _, _| proof.siblings.insert(at, proof.siblings[at]));
        alter("siblings in another order", &mut |proof, _, _| proof.siblings.swap(0, at));
    }
    alter("a sibling more", &mut |proof, _, rng| proof.siblings.push(Hash(rng.bytes32())));
    alter("an empty sibling more", &mut |proof, _, _| proof.siblings.push(Hash::ZERO));
    alter("as many siblings as may be", &mut |proof, _, _| proof.siblings.resize(MAX_PROOF_SIBLINGS, Hash::ZERO));
    alter("more siblings than may be", &mut |proof, _, _| proof.siblings.resize(MAX_PROOF_SIBLINGS + 1, Hash::ZERO));
    alter("no siblings", &mut |proof, _, _| proof.siblings.clear());
    alter("a bit of the group", &mut |_, place, rng| flip(&mut place.group.0, rng));
    alter("a bit of the hash", &mut |_, place, rng| flip(&mut place.hash.0, rng));
    alter("the zero hash", &mut |_, place, _| place.hash = Hash::ZERO);
    for (key, value) in all {
        alter("another key", &mut |_, place, _| place.key = *key);
        alter("another value", &mut |proof, _, _| proof.value.clone_from(value));
        alter("another entry", &mut |proof, place, _| {
            place.key = *key;
            proof.value.clone_from(value);
        });
    }
    let mut tried = 0;
    for (what, other, at) in altered {
        if other == *proof && at == *place {
            continue;
        }
        tried += 1;
        let misleads = other.verify(&at.group, &at.key, &at.hash);
        holds(!misleads, || format!("a proof of {:?} with {what} verifies: {other:?}", place.key))?;
    }
    Ok(tried)
}

/// Keys that are no entries, though some name what others have.
fn strangers(all: &[(EntryKey, Vec<u8>)], rng: &mut Rng) -> Vec<EntryKey> {
    let mut ids = vec![rng.bytes32()];
    for (key, _) in all {
        match key {
            EntryKey::Group => {}
            EntryKey::Member(member) | EntryKey::Barred(member) => ids.push(member.0),
            EntryKey::Context(context) | EntryKey::ContextCapability(context, _) => ids.push(context.0),
            EntryKey::Invitation(invitation) => ids.push(invitation.0),
        }
    }
    let mut out = Vec::new();
    for id in &ids {
        let person = PublicKey(*id);
        let of_one = [
            EntryKey::Member(person),
            EntryKey::Context(ContextId(*id)),
            EntryKey::Invitation(InvitationId(*id)),
            EntryKey::Barred(person),
        ];
        out.extend(of_one);
        out.extend(ids.iter().map(|other| EntryKey::ContextCapability(ContextId(*id), PublicKey(*other))));
    }
    out.retain(|key| all.iter().all(|(known, _)| known != key));
    out
}
