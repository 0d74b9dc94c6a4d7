//! One accept set (SPEC §8): the engine's verifier against a plain evaluation of the equation, on the vectors, on
//! Wycheproof's cases, and on signatures made to be disagreed about.
//!
//! `FOLKMOOT_FROM` and `FOLKMOOT_SEEDS` say which made ones: so many of each class.

use folkmoot_core::PublicKey;
use folkmoot_core::crypto::verify;
use folkmoot_proptests::budget::{seeds, smallest_failure, tried};
use folkmoot_proptests::ed25519::cases::{Case, Class, SMALL, SMALL_ENCODINGS, case};
use folkmoot_proptests::ed25519::{Encoding, Judgement, Point, judge};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;
use wycheproof::{TestResult, eddsa};

fn accepts(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    verify(&PublicKey(*key), message, signature).is_ok()
}

fn hex<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().expect("the right length")
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a string");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

#[test]
fn the_plain_evaluation_comes_to_what_the_vectors_say_of_both_equations() {
    let text = include_str!("../../core/tests/vectors/signatures.json");
    let vectors: Value = serde_json::from_str(text).expect("JSON");
    let cases = vectors["cases"].as_array().expect("cases");
    assert!(cases.len() >= 53, "the cases are all there");
    for case in cases {
        let about = &case["about"];
        let (key, message, signature) = (hex(&case["public_key"]), bytes(&case["message"]), hex(&case["signature"]));
        let Judgement { cofactorless, cofactored, accepted } = judge(&key, &message, &signature);
        let word = |holds| match holds {
            Some(true) => "holds",
            Some(false) => "fails",
            None => "no decoding",
        };
        assert_eq!(word(cofactorless), case["cofactorless_equation"], "{about}");
        assert_eq!(word(cofactored), case["cofactored_equation"], "{about}");
        assert_eq!(if accepted { "Ok" } else { "BadSignature" }, case["verdict"], "{about}");
        assert_eq!(accepts(&key, &message, &signature), accepted, "{about}");
    }
}

/// Wycheproof tests the cofactorless equation, and no case of it tells the two apart: SPEC §8 differs from it nowhere.
#[test]
fn every_case_of_wycheproof_has_the_verdict_that_it_expects() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("the crate has its cases");
    let (mut valid, mut invalid, mut of_another_length) = (0, 0, 0);
    for group in &set.test_groups {
        let key: [u8; 32] = group.key.pk.as_ref().try_into().expect("32 bytes");
        for test in &group.tests {
            let about = format!("case {}: {}", test.tc_id, test.comment);
            assert_ne!(test.result, TestResult::Acceptable, "{about}");
            let expected = test.result == TestResult::Valid;
            // A signature is 64 bytes by its type; what is longer or shorter does not decode.
            let Ok(signature) = <[u8; 64]>::try_from(test.sig.as_ref()) else {
                assert!(!expected, "{about}");
                of_another_length += 1;
                continue;
            };
            assert_eq!(accepts(&key, &test.msg, &signature), expected, "{about}");
            let plain = judge(&key, &test.msg, &signature);
            assert_eq!(plain.accepted, expected, "{about}");
            *(if expected { &mut valid } else { &mut invalid }) += 1;
        }
    }
    println!("{valid} valid, {invalid} invalid, {of_another_length} of another length");
    assert!(valid >= 80 && invalid >= 40 && of_another_length >= 10, "the cases are all there");
}

#[test]
fn there_are_eight_points_of_small_order_in_fourteen_encodings() {
    assert!(SMALL.iter().all(Point::is_of_small_order));
    let canonical =
        SMALL_ENCODINGS.iter().filter(|bytes| Point::decode(bytes).expect("a point").1 == Encoding::Canonical);
    assert_eq!((SMALL.len(), canonical.count(), SMALL_ENCODINGS.len()), (8, 8, 14));
}

#[test]
fn the_engine_accepts_just_the_signatures_that_the_plain_evaluation_accepts() {
    let range = seeds(80);
    println!("seeds {range:?}, one signature of each class for each");
    let counts: Mutex<BTreeMap<Class, [u64; 3]>> = Mutex::default();
    let failure = smallest_failure(range.clone(), |seed| {
        for class in Class::ALL {
            let Case { key, message, signature, .. } = case(class, seed);
            let plain = judge(&key, &message, &signature);
            if accepts(&key, &message, &signature) != plain.accepted {
                return Err(format!(
                    "{class:?}: {plain:?}, key {key:02x?}, {message:02x?}, signature {signature:02x?}"
                ));
            }
            let mut counts = counts.lock().expect("nobody panics with it");
            let [made, accepted, torn] = counts.entry(class).or_default();
            *made += 1;
            *accepted += u64::from(plain.accepted);
            *torn += u64::from(plain.cofactored != plain.cofactorless);
        }
        Ok(())
    });
    if let Some((seed, why)) = failure {
        panic!(
            "seed {seed}: {why}\nreplay: FOLKMOOT_FROM={seed} FOLKMOOT_SEEDS=1 cargo test --release -p folkmoot-proptests --test signatures"
        );
    }
    let counts = counts.into_inner().expect("nobody panicked with it");
    for (class, [made, accepted, torn]) in &counts {
        println!("{class:?}: {made} made, {accepted} accepted, {torn} that the two equations tell apart");
    }
    tried(counts.values().map(|[made, ..]| made).sum::<u64>(), "signatures, engine against plain evaluation");
    let accepted = |class| counts[&class][1];
    let all = range.end - range.start;
    assert!(accepted(Class::Honest) == all && accepted(Class::MixedOrder) == all, "these are to be accepted");
    assert!(
        all < 20 || counts[&Class::MixedOrder][2] > all / 4,
        "the equations differ where something has mixed order"
    );
    let never = [Class::SmallKey, Class::SmallR, Class::SPlusL, Class::FlippedBit, Class::OtherMessage];
    assert!(never.iter().all(|class| accepted(*class) == 0), "these are not");
}
