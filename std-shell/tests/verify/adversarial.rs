//! Signatures of every class, each alone, and in batches of every size with honest ones.

use crate::company::{check, compact, wrong, wrong_in_company};
use crate::made::{cancelling, made};
use folkmoot::core::VerifySignatures;
use folkmoot::verify::BatchVerifier;
use folkmoot_proptests::budget::{seeds, smallest_failure, tried};
use folkmoot_proptests::ed25519::cases::{Case, Class};
use folkmoot_proptests::rng::Rng;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Every batch size from 1 to this, in turn.
const SIZES: u64 = 65;
/// And then one of these: around powers of two, and where the library goes over to other ways of adding up.
const LARGER: [usize; 12] = [66, 100, 127, 128, 129, 189, 190, 256, 499, 500, 801, 1_300];

/// The batch of a seed: its size, and what is unusual in it: one signature, a few, half of all or
/// all; or two that cancel each other.
pub(crate) fn batch(seed: u64, rng: &mut Rng) -> (usize, Vec<Case>) {
    let size = match seed % (SIZES + 4) {
        at @ 0..SIZES => usize::try_from(at + 1).expect("small"),
        _ => rng.pick(&LARGER).expect("there are some"),
    };
    if size > 1 && rng.percent(12) {
        return (size, cancelling(rng).into());
    }
    let unusual = [1, size.div_ceil(8), size.div_ceil(2), size][rng.below(4)];
    if rng.percent(20) {
        // All are good, and few batches are right about it.
        return (size, (0..unusual).map(|_| made(Class::MixedOrder, rng)).collect());
    }
    let mut cases: Vec<Case> = Vec::with_capacity(unusual);
    while cases.len() < unusual {
        if cases.len() + 2 <= unusual && rng.percent(4) {
            cases.extend(cancelling(rng));
        } else {
            cases.push(made(Class::ALL[rng.below(Class::ALL.len())], rng));
        }
    }
    (size, cases)
}

/// Tries the batch of a seed with a verifier.
pub(crate) fn wrong_with_seed<V: VerifySignatures>(verifier: &mut V, seed: u64) -> Result<Vec<Case>, String> {
    let mut rng = Rng::new(seed);
    let (size, cases) = batch(seed, &mut rng);
    for case in &cases {
        wrong(verifier, std::slice::from_ref(case))?;
    }
    wrong_in_company(verifier, &cases, size, &mut rng)?;
    Ok(cases)
}

#[test]
fn it_accepts_just_what_ed25519_compact_accepts_alone_and_in_batches_of_every_size() {
    let range = seeds(400);
    println!("batches {range:?}");
    let counts: Mutex<BTreeMap<Class, [u64; 2]>> = Mutex::default();
    let failure = smallest_failure(range.clone(), |seed| {
        let mut verifier = BatchVerifier::new();
        let cases = wrong_with_seed(&mut verifier, seed)?;
        let expected = compact(&cases);
        if !cases.iter().zip(&expected).all(|(case, expected)| verifier.verify_one(&check(case)) == *expected) {
            return Err("verify_one has another verdict".to_owned());
        }
        let mut counts = counts.lock().expect("nobody panics with it");
        for (case, accepted) in cases.iter().zip(expected) {
            let [made, good] = counts.entry(case.class).or_default();
            *made += 1;
            *good += u64::from(accepted);
        }
        Ok(())
    });
    if let Some((seed, why)) = failure {
        panic!(
            "seed {seed}: {why}\nreplay: FOLKMOOT_FROM={seed} FOLKMOOT_SEEDS=1 cargo test --release -p folkmoot --test verify"
        );
    }
    let counts = counts.into_inner().expect("nobody panicked with it");
    for (class, [made, accepted]) in &counts {
        println!("{class:?}: {made} made, {accepted} accepted");
    }
    tried(
        counts.values().map(|[made, _]| made).sum::<u64>(),
        "signatures, alone and in batches, against ed25519-compact",
    );
    if range.end - range.start >= 100 {
        let all = |class: &Class| counts[class][0] == counts[class][1];
        assert!([Class::Honest, Class::MixedOrder].iter().all(all), "these are to be accepted");
    }
    let never = [Class::SmallKey, Class::SmallR, Class::SPlusL, Class::FlippedBit, Class::OtherMessage];
    assert!(never.iter().all(|class| counts.get(class).is_none_or(|[_, accepted]| *accepted == 0)), "these are not");
}
