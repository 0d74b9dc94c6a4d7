//! The vectors of SPEC §8, Wycheproof's cases, and the slow generator's, of big integers: alone and in company.

use crate::company::{wrong, wrong_in_company};
use folkmoot::core::VerifySignatures;
use folkmoot::verify::BatchVerifier;
use folkmoot_proptests::ed25519::cases::{Case, Class, case};
use folkmoot_proptests::ed25519::judge;
use folkmoot_proptests::rng::Rng;
use serde_json::Value;
use wycheproof::{TestResult, eddsa};

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a string");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

/// The cases of the vectors, and the verdict that is given for each.
fn vectors() -> Vec<(Case, bool)> {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../core/tests/vectors/signatures.json")).expect("JSON");
    let read = |case: &Value| {
        let key = bytes(&case["public_key"]).try_into().expect("32 bytes");
        let signature = bytes(&case["signature"]).try_into().expect("64 bytes");
        (Case { class: Class::OddS, key, message: bytes(&case["message"]), signature }, case["verdict"] == "Ok")
    };
    vectors["cases"].as_array().expect("cases").iter().map(read).collect()
}

/// Wycheproof's cases with signatures of 64 bytes, and the verdict that it expects of each.
fn wycheproof() -> Vec<(Case, bool)> {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("the crate has its cases");
    let mut all = Vec::new();
    for group in &set.test_groups {
        let key = group.key.pk.as_ref().try_into().expect("32 bytes");
        for test in &group.tests {
            if let Ok(signature) = test.sig.as_ref().try_into() {
                let case = Case { class: Class::OddS, key, message: test.msg.to_vec(), signature };
                all.push((case, test.result == TestResult::Valid));
            }
        }
    }
    all
}

/// Each alone, each in company of so many, and all together; against ed25519-compact, and against these verdicts.
fn hold(cases: &[(Case, bool)], company: &[usize]) {
    let mut verifier = BatchVerifier::new();
    let mut rng = Rng::new(1);
    let all: Vec<Case> = cases.iter().map(|(case, _)| case.clone()).collect();
    for (case, expected) in cases {
        let check = crate::company::check(case);
        assert_eq!(
            (verifier.verify_one(&check), verifier.verify(&[check])),
            (*expected, vec![*expected]),
            "{case:02x?}"
        );
        for size in company {
            wrong_in_company(&mut verifier, std::slice::from_ref(case), *size, &mut rng).expect("the same verdicts");
        }
    }
    wrong(&mut verifier, &all).expect("the same verdicts");
    wrong_in_company(&mut verifier, &all, all.len() * 2, &mut rng).expect("the same verdicts");
}

#[test]
fn every_signature_of_the_vectors_has_its_verdict_in_batches_of_every_size() {
    let vectors = vectors();
    assert!(vectors.len() >= 53, "the cases are all there");
    hold(&vectors, &(1..=65).collect::<Vec<_>>());
}

#[test]
fn every_case_of_wycheproof_has_its_verdict_alone_and_in_batches() {
    let cases = wycheproof();
    assert!(cases.len() >= 120, "the cases are all there");
    hold(&cases, &[2, 3, 8, 9, 17, 64]);
}

/// The generator that knows nothing of the curve library, with the verdict of the plain evaluation.
#[test]
fn signatures_made_and_judged_without_the_library_have_their_verdict() {
    let judged = |case: Case| {
        let accepted = judge(&case.key, &case.message, &case.signature).accepted;
        (case, accepted)
    };
    let seeds = 7_000..7_006;
    let cases: Vec<(Case, bool)> =
        seeds.flat_map(|seed| Class::ALL.map(|class| case(class, seed))).map(judged).collect();
    hold(&cases, &[2, 7, 33]);
}
