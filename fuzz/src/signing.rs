//! People, and signatures that are made once: one costs more than all else that a case does.

use folkmoot_core::group_op::SignatureBytes;
use folkmoot_core::{OpId, PublicKey, SignableGroupOp, SigningKey, VerifiedOp};
use std::cell::RefCell;
use std::collections::HashMap;

/// How many people there are; the first one founds.
pub const PEOPLE: usize = 8;
/// How many keys there are for bearers of invitations.
pub const BEARERS: usize = 4;

/// So many signatures are kept; past that, all are forgotten.
const KEPT: usize = 1 << 14;

/// What was signed before. Signatures are deterministic, so nothing depends on what is in here.
#[derive(Default)]
struct Kept {
    ops: HashMap<OpId, VerifiedOp>,
    signatures: HashMap<(usize, Vec<u8>), SignatureBytes>,
}

thread_local! {
    static KEYS: Vec<SigningKey> =
        (1..).take(PEOPLE + BEARERS).map(|number: u8| SigningKey::from_seed([number; 32])).collect();
    static KEPT_OPS: RefCell<Kept> = RefCell::default();
}

/// A person's secret key; the numbers go round.
pub fn key(person: usize) -> SigningKey {
    KEYS.with(|keys| keys[person % PEOPLE].clone())
}

/// A person.
pub fn person(number: usize) -> PublicKey {
    KEYS.with(|keys| keys[number % PEOPLE].public())
}

/// All people, the founder first.
pub fn people() -> Vec<PublicKey> {
    (0..PEOPLE).map(person).collect()
}

/// The place of a bearer's key.
const fn place_of_bearer(number: usize) -> usize {
    PEOPLE + number % BEARERS
}

/// The public key of a bearer; the numbers go round.
pub fn bearer(number: usize) -> PublicKey {
    KEYS.with(|keys| keys[place_of_bearer(number)].public())
}

/// A bearer's signature.
pub fn sign_as_bearer(number: usize, message: &[u8]) -> SignatureBytes {
    sign_at(place_of_bearer(number), message)
}

/// A person's signature.
pub fn sign_as(person: usize, message: &[u8]) -> SignatureBytes {
    sign_at(person % PEOPLE, message)
}

fn sign_at(place: usize, message: &[u8]) -> SignatureBytes {
    KEPT_OPS.with_borrow_mut(|kept| {
        if kept.signatures.len() > KEPT {
            kept.signatures.clear();
        }
        let sign = || KEYS.with(|keys| keys[place].sign(message));
        *kept.signatures.entry((place, message.to_vec())).or_insert_with(sign)
    })
}

/// An op, signed by the person of this number, who is its signer. `None` if it is malformed.
pub fn signed(op: SignableGroupOp, by: usize) -> Option<VerifiedOp> {
    let id = op.id();
    let known = KEPT_OPS.with_borrow(|kept| kept.ops.get(&id).cloned());
    if known.is_some() {
        return known;
    }
    let op = op.sign(&key(by)).ok()?;
    KEPT_OPS.with_borrow_mut(|kept| {
        if kept.ops.len() > KEPT {
            kept.ops.clear();
        }
        kept.ops.insert(id, op.clone());
    });
    Some(op)
}
