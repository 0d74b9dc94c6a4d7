//! Making a failing history small, and telling it so that it can be replayed.

use folkmoot_core::group_op::variant_name;
use folkmoot_core::{PublicKey, VerifiedOp};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Drops ops for as long as what is left still fails: half of them at a time at first, then fewer, then single ones,
/// until none can go.
pub fn smallest(ops: &[VerifiedOp], fails: impl Fn(&[VerifiedOp]) -> bool) -> Vec<VerifiedOp> {
    let mut left = ops.to_vec();
    let mut chunk = left.len().div_ceil(2);
    while chunk > 0 {
        let mut dropped = false;
        // From the end, so that an op goes before those that it is built on.
        let mut end = left.len();
        while end > 0 {
            let start = end.saturating_sub(chunk);
            let rest: Vec<VerifiedOp> = left[..start].iter().chain(&left[end..]).cloned().collect();
            if fails(&rest) {
                left = rest;
                dropped = true;
            }
            end = start;
        }
        if !dropped || chunk > 1 {
            chunk /= 2;
        }
    }
    left
}

/// Ops as text: a line for people and one in hex for each, the order kept.
pub fn tell(ops: &[VerifiedOp], names: &BTreeMap<PublicKey, &str>) -> String {
    let name = |key: &PublicKey| names.get(key).map_or_else(|| short(key), |name| (*name).to_owned());
    let mut out = String::new();
    for op in ops {
        let signable = op.signable();
        let parents: Vec<String> = signable.parent_op_hashes.iter().map(short).collect();
        let kind = variant_name(signable.op.number());
        let (id, signer, group) = (short(&op.id()), name(&signable.signer), short(&signable.group_id));
        let _ = writeln!(out, "// {id} {kind} by {signer} in {group}, nonce {}, after {parents:?}", signable.nonce);
        let said: String = format!("{:?}", signable.op).chars().take(160).collect();
        let _ = writeln!(out, "// {said}");
        let _ = writeln!(out, "\"{}\",", hex(&op.signed().encode()));
    }
    out
}

fn short(id: &impl ToString) -> String {
    id.to_string().chars().take(8).collect()
}

/// Bytes as hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Bytes from hex.
///
/// # Panics
/// If the text is not hex.
pub fn unhex(text: &str) -> Vec<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| (digit(pair[0]).expect("hex") << 4) | digit(pair[1]).expect("hex")).collect()
}
