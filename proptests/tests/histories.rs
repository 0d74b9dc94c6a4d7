//! What the generator makes, and that the reference judges it the same in any order.

use folkmoot_core::group_op::variant_name;
use folkmoot_proptests::history::{History, Profile};
use folkmoot_proptests::reference::{Admission, Judgement, Reference, Verdict};
use std::collections::BTreeMap;

const HISTORIES: u64 = 300;

#[derive(Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn count(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }

    fn require(&self, what: &[&str]) {
        let missing: Vec<_> = what.iter().filter(|what| !self.0.contains_key(**what)).collect();
        assert!(missing.is_empty(), "never met: {missing:?}");
    }
}

#[test]
fn the_histories_meet_every_verdict_and_every_op_takes_effect_somewhere() {
    let mut counts = Counts::default();
    let (mut ops, mut sound, mut admitted) = (0, 0, 0);
    for seed in 0..HISTORIES {
        let history = History::of_seed(seed);
        let mut reference = Reference::default();
        for op in &history.ops {
            reference.add(op.clone());
        }
        let judgement = reference.judgement();
        ops += history.ops.len();
        let profile = Profile::of_seed(seed).name;
        for op in &history.ops {
            let name = variant_name(op.signable().op.number());
            if let Some(verdict) = judgement.verdict(&op.id()) {
                admitted += 1;
                sound += usize::from(matches!(verdict, Verdict::Effective));
                counts.count(format!("verdict {verdict}"));
                counts.count(format!("{profile}: {}", if verdict == Verdict::Effective { "effective" } else { "not" }));
                counts.count(format!("op {name} {}", if verdict == Verdict::Effective { "Effective" } else { "not" }));
            }
            if let Some(admission) = judgement.not_admitted.get(&op.id()) {
                counts.count(format!("not admitted: {admission}"));
            }
            if let Some(reason) = reference.void_claim(op) {
                counts.count(format!("claim {reason:?}"));
            }
        }
    }
    for (what, count) in &counts.0 {
        println!("{count:6} {what}");
    }
    println!("{ops} ops, {admitted} admitted, {sound} effective");
    let verdicts = [
        "Effective",
        "StateHashMismatch",
        "NoSuchGroup",
        "Unauthorized",
        "TooDeep",
        "RootGroup",
        "AlreadyMember",
        "NoSuchMember",
        "Outranked",
        "LastAdmin",
        "ReadOnlyMember",
        "NoSuchContext",
        "AuthorityLost",
        "SubjectReduced",
        "InvitationRevoked",
        "Superseded",
        "Overruled",
        "Idle: NoSuchGroup",
        "Idle: NoSuchMember",
        "Idle: LastAdmin",
        "Idle: NoSuchContext",
    ];
    let verdicts: Vec<String> = verdicts.iter().map(|verdict| format!("verdict {verdict}")).collect();
    counts.require(&verdicts.iter().map(String::as_str).collect::<Vec<_>>());
    let effective: Vec<String> = (0..23).map(|number| format!("op {} Effective", variant_name(number))).collect();
    counts.require(&effective.iter().map(String::as_str).collect::<Vec<_>>());
    counts.require(&[
        "not admitted: pending",
        "not admitted: ignored",
        "not admitted: rejected: ParentRejected",
        "not admitted: rejected: WrongNamespace",
        "not admitted: rejected: RedundantParent",
        "not admitted: rejected: UnknownGroup",
        "not admitted: rejected: NonceGap",
        "not admitted: rejected: NotParticipant",
        "claim BadInvitation",
        "claim InvitationRevoked",
        "claim InvitationUsedUp",
        "claim Barred",
        "claim AlreadyMember",
        "claim Unauthorized",
    ]);
    assert!(sound * 2 > admitted, "{sound} of {admitted} ops are effective: most should be");
    assert!(sound * 10 < admitted * 9, "{sound} of {admitted} ops are effective: hardly a conflict");
}

#[test]
fn neither_order_nor_duplicates_change_a_judgement() {
    for seed in 0..80 {
        let history = History::of_seed(seed);
        let expect = Reference::judge(history.ops.clone()).to_json();
        for order in 0..3 {
            let shuffled = history.shuffled(order);
            let mut one_by_one = Reference::default();
            for op in shuffled.iter().cloned() {
                one_by_one.add(op);
            }
            assert_eq!(one_by_one.judgement().to_json(), expect, "seed {seed}, order {order}, one by one");
            assert_eq!(Reference::judge(shuffled).to_json(), expect, "seed {seed}, order {order}, as a set");
        }
    }
}

#[test]
fn a_seed_gives_the_same_history_every_time() {
    for profile in Profile::ALL {
        let (a, b) = (History::generate(5, &profile), History::generate(5, &profile));
        assert_eq!(a.ops, b.ops, "{}", profile.name);
        assert_ne!(a.ops, History::generate(6, &profile).ops, "{}", profile.name);
    }
}

#[test]
fn what_was_drafted_on_a_view_is_admitted_with_the_verdict_foretold() {
    for seed in 0..40 {
        let history = History::of_seed(seed);
        let mut reference = Reference::default();
        for op in &history.ops {
            let signable = op.signable();
            let foretold =
                reference.would_be(&signable.parent_op_hashes, signable.group_id, signable.signer, &signable.op);
            let hash = reference.past_view(&signable.parent_op_hashes).map(|view| view.state_hash(&signable.group_id));
            if reference.add(op.clone()) == Admission::Admitted
                && let Some(foretold) = foretold
                && hash == Some(signable.state_hash)
            {
                let causal = reference.causal(&op.id()).expect("admitted");
                assert_eq!(foretold.is_ok(), causal.is_ok(), "seed {seed}");
            }
        }
    }
}

#[test]
fn a_judgement_is_of_the_whole_past_of_a_closing_merge() {
    // An op with all others in its past sees exactly what the set comes to.
    for seed in 0..40 {
        let history = History::of_seed(seed);
        let mut reference = Reference::default();
        for op in &history.ops {
            reference.add(op.clone());
        }
        let judgement: Judgement = reference.judgement();
        let judged = &judgement.namespaces[&history.namespace];
        let heads: Vec<_> = judged.heads.iter().copied().collect();
        let view = reference.past_view(&heads).expect("heads");
        assert_eq!(view.digest(), judged.digest, "seed {seed}");
        assert_eq!(*view.verdicts(), judged.folded.verdicts, "seed {seed}");
    }
}
