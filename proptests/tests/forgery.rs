//! SPEC §3: "a member removed by someone who outranks every rank it ever held changes nothing by forging ops from
//! before, and neither does anyone such ops let in". Asked of the engine, op by op, and of the reference.
//!
//! `FOLKMOOT_FROM` and `FOLKMOOT_SEEDS` say on which histories.

use folkmoot_core::group_op::GroupOp;
use folkmoot_core::{
    Engine, GroupId, OpId, PendingLimits, PublicKey, Role, SignableGroupOp, SigningKey, VerifiedOp, Visibility,
};
use folkmoot_proptests::budget::{seeds, tried};
use folkmoot_proptests::history::History;
use folkmoot_proptests::laws::{Account, at_once};
use folkmoot_proptests::reference::{Admission, Rank, Reference, Verdict, View};
use folkmoot_proptests::rng::Rng;
use std::collections::BTreeSet;

/// Somebody who is to be out for good, and the pasts in which it still stood.
struct Outcast {
    key: SigningKey,
    pasts: Vec<Vec<OpId>>,
}

/// What can be tried in a group by somebody who means harm.
fn mischief(view: &View, group: GroupId, own: &PublicKey, puppet: &PublicKey, rng: &mut Rng) -> GroupOp {
    let members: Vec<PublicKey> =
        view.state().groups.get(&group).map_or_else(Vec::new, |group| group.members.keys().copied().collect());
    let member = rng.pick(&members).unwrap_or(*own);
    match rng.below(14) {
        0..3 => GroupOp::MemberAdded { member: *puppet, role: Role::Admin },
        3 => GroupOp::MemberAdded { member: *puppet, role: Role::Member },
        4 | 5 => GroupOp::MemberRemoved { member },
        6 => GroupOp::MemberRoleSet { member, role: Role::Admin },
        7 => GroupOp::MemberRoleSet { member, role: Role::ReadOnly },
        8 => GroupOp::CapabilitiesGranted { member, capabilities: 0b1010 },
        9 => GroupOp::CapabilitiesRevoked { member, capabilities: 0b111_1111 },
        10 => GroupOp::SubgroupCreated { alias: "den".to_owned(), visibility: Visibility::Open },
        11 => GroupOp::GroupAliasSet { alias: "ours".to_owned() },
        12 => GroupOp::GroupDeleted,
        _ => GroupOp::MemberRemoved { member: *own },
    }
}

fn publish(
    reference: &mut Reference,
    parents: &[OpId],
    key: &SigningKey,
    group: GroupId,
    op: GroupOp,
) -> Option<VerifiedOp> {
    if reference.would_be(parents, group, key.public(), &op)?.is_err() {
        return None;
    }
    let view = reference.past_view(parents)?;
    let mut parent_op_hashes = parents.to_vec();
    parent_op_hashes.sort();
    let signable = SignableGroupOp {
        version: 1,
        namespace_id: view.namespace(),
        group_id: group,
        parent_op_hashes,
        state_hash: view.state_hash(&group),
        signer: key.public(),
        nonce: view.next_nonce(&key.public()),
        op,
    };
    let op: VerifiedOp = signable.sign(key).ok()?;
    let id = op.id();
    (reference.admission(&id).is_none() && reference.add(op.clone()) == Admission::Admitted).then_some(op)
}

/// Those whom the history removed from the root for good, as the promise has it.
fn outcasts(history: &History, reference: &mut Reference) -> Vec<Outcast> {
    let judgement = reference.judgement();
    let judged = &judgement.namespaces[&history.namespace];
    let root: GroupId = history.namespace.into();
    let pasts: Vec<Vec<OpId>> = history
        .ops
        .iter()
        .map(|op| op.signable().parent_op_hashes.clone())
        .filter(|parents| reference.past_view(parents).is_some_and(|view| view.namespace() == history.namespace))
        .collect();
    let heads: Vec<OpId> = judged.heads.iter().copied().collect();
    let mut found = Vec::new();
    for op in &history.ops {
        let GroupOp::MemberRemoved { member } = op.signable().op else { continue };
        let removal = op.id();
        let effective = judged.verdict(&removal) == Some(Verdict::Effective);
        if !effective || op.signable().group_id != root || op.signable().signer == member {
            continue;
        }
        let Some(Ok(basis)) = reference.causal(&removal).cloned() else {
            continue;
        };
        // Every rank it ever held, in any past.
        let mut ranks: Vec<Rank> = Vec::new();
        let mut before = Vec::new();
        for past in pasts.iter().chain([&heads]) {
            let Some(view) = reference.past_view(past) else { continue };
            let held: Vec<Rank> = view.state().groups.keys().filter_map(|group| view.rank(group, &member)).collect();
            let has_seen = past.iter().any(|id| *id == removal || reference.is_ancestor(&removal, id));
            if !held.is_empty() && !has_seen {
                before.push(past.clone());
            }
            ranks.extend(held);
        }
        let key = history.people.iter().find(|person| person.public() == member).map(|person| person.key.clone());
        if let (true, Some(key)) = (ranks.iter().all(|rank| basis.seniority < *rank), key) {
            before.dedup();
            found.push(Outcast { key, pasts: before });
        }
    }
    found
}

/// What an engine has come to, but for these ops.
fn account_without(engine: &mut Engine, ours: &BTreeSet<OpId>) -> Account {
    let mut account = Account::of(engine).admitted_only();
    for namespace in account.namespaces.values_mut() {
        namespace.ops.retain(|id, _| !ours.contains(id));
        namespace.heads.clear();
    }
    account.explanations.retain(|id, _| !ours.contains(id));
    account.forks.clear();
    account
}

#[test]
fn whom_a_senior_removed_changes_nothing_by_forging_from_before_nor_do_its_puppets() {
    let (mut forged, mut outcasts_met) = (0, 0);
    let seeds = seeds(150);
    println!("seeds {seeds:?}");
    for seed in seeds.clone() {
        let history = History::of_seed(seed);
        let mut reference = Reference::default();
        for op in &history.ops {
            reference.add(op.clone());
        }
        let judgement = reference.judgement();
        let judged = &judgement.namespaces[&history.namespace];
        let mut engine = at_once(&history.ops);
        let before = account_without(&mut engine, &BTreeSet::new());
        for (number, outcast) in outcasts(&history, &mut reference).into_iter().enumerate() {
            outcasts_met += 1;
            let mut rng = Rng::new(seed << 8 | u64::try_from(number).unwrap_or(0));
            let puppet = SigningKey::from_seed(rng.bytes32());
            let mut after = reference.clone();
            let mut ours: BTreeSet<OpId> = BTreeSet::new();
            // The engine meets the forged ops one by one as they are made, the reference all of them at the end.
            let mut engine = Engine::restore(&engine.snapshot(), PendingLimits::default()).expect("its own snapshot");
            for _ in 0..40 {
                // From before, or on what was forged already.
                let on_ours: Vec<OpId> = ours.iter().copied().collect();
                let parents = match rng.pick(&on_ours) {
                    Some(id) if rng.percent(50) => vec![id],
                    _ if outcast.pasts.is_empty() => continue,
                    _ => outcast.pasts[rng.below(outcast.pasts.len())].clone(),
                };
                let Some(view) = after.past_view(&parents) else { continue };
                let groups: Vec<GroupId> = view.state().groups.keys().copied().collect();
                let Some(group) = rng.pick(&groups) else { continue };
                let key = if rng.percent(50) { &outcast.key } else { &puppet };
                let op = mischief(&view, group, &key.public(), &puppet.public(), &mut rng);
                if let Some(op) = publish(&mut after, &parents, key, group, op) {
                    ours.insert(op.id());
                    let _ = engine.apply(op);
                }
            }
            let same = before.agrees("without and with forged ops", &account_without(&mut engine, &ours));
            assert_eq!(same, Ok(()), "seed {seed}, outcast {number}");
            forged += u64::try_from(ours.len()).unwrap_or(u64::MAX);
            let now = after.judgement();
            let now = &now.namespaces[&history.namespace];
            for (id, verdict) in &judged.folded.verdicts {
                assert_eq!(now.verdict(id), Some(*verdict), "seed {seed}, outcast {number}: {id}");
            }
            assert_eq!(now.digest, judged.digest, "seed {seed}, outcast {number}");
        }
    }
    tried(outcasts_met, "people removed for good");
    tried(forged, "ops that they forged");
    let many = seeds.end - seeds.start;
    assert!(many < 50 || outcasts_met > many / 3 && forged > many * 3, "{outcasts_met} outcasts, {forged} forged ops");
}
