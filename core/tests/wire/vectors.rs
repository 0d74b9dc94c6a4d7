//! `wire.json` and `signatures.json`, written by another implementation.

use crate::common::sha256;
use folkmoot_core::{Engine, PublicKey, ReceiveError, SignedGroupOp, crypto};
use serde_json::Value;
use std::path::PathBuf;

fn cases(name: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_op_of_the_wire_vectors_has_its_verdict() {
    let cases = cases("wire.json");
    assert!(cases.len() >= 44, "the cases are all there");
    for case in cases {
        let verdict = match Engine::new().receive(&bytes(&case["bytes"])) {
            Ok(_) => "Ok",
            Err(ReceiveError::Malformed(_)) => "Malformed",
            Err(ReceiveError::BadSignature(_)) => "BadSignature",
        };
        assert_eq!(verdict, case["verdict"], "{}{}", case["about"], case["variant"]);
    }
}

#[test]
fn every_good_op_of_the_wire_vectors_has_its_id_and_reads_back() {
    let mut variants = Vec::new();
    for case in cases("wire.json").into_iter().filter(|case| case["verdict"] == "Ok") {
        let encoded = bytes(&case["bytes"]);
        let op = SignedGroupOp::decode(&encoded).unwrap();
        assert_eq!(op.encode(), encoded);
        assert_eq!(op.signable.signable_bytes(), bytes(&case["signable"]));
        assert_eq!(op.signable.id().to_string(), case["op_id"]);
        assert_eq!(op.signable.id().0, sha256(&op.signable.signable_bytes()));
        assert_eq!(op.signable.op.name(), case["variant"]);
        let verified = op.verify().unwrap();
        assert_eq!(verified.id().to_string(), case["op_id"]);
        assert_eq!(verified.encoded_len(), encoded.len());
        assert!(verified.claim_verified());
        variants.push(verified.signable().op.number());
    }
    assert_eq!(variants, (0..=22).collect::<Vec<u8>>(), "one of each kind");
}

#[test]
fn every_signature_of_the_vectors_has_its_verdict() {
    let cases = cases("signatures.json");
    assert!(cases.len() >= 53, "the cases are all there");
    for case in cases {
        let key = PublicKey(bytes(&case["public_key"]).try_into().unwrap());
        let signature = bytes(&case["signature"]).try_into().unwrap();
        let found = crypto::verify(&key, &bytes(&case["message"]), &signature);
        assert_eq!(if found.is_ok() { "Ok" } else { "BadSignature" }, case["verdict"], "{}", case["about"]);
    }
}
