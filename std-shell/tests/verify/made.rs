//! The classes of `folkmoot_proptests::ed25519::cases`, made by the thousand: with the curve library and its constants.

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use folkmoot_proptests::ed25519::cases::{Case, Class, SMALL_ENCODINGS};
use folkmoot_proptests::rng::Rng;
use sha2::{Digest, Sha512};

/// So many signers are met again and again; as many signatures are of somebody new.
const KNOWN_SIGNERS: usize = 8;

/// A signature in the making: secrets, and the bytes that A and R are written as.
struct Making {
    a: Scalar,
    r: Scalar,
    a_bytes: [u8; 32],
    r_bytes: [u8; 32],
    message: Vec<u8>,
}

fn scalar(rng: &mut Rng) -> Scalar {
    let mut wide = [0; 64];
    wide[..32].copy_from_slice(&rng.bytes32());
    wide[32..].copy_from_slice(&rng.bytes32());
    Scalar::from_bytes_mod_order_wide(&wide)
}

fn times_base(scalar: &Scalar) -> EdwardsPoint {
    EdwardsPoint::mul_base(scalar)
}

impl Making {
    fn new(rng: &mut Rng) -> Self {
        let a = if rng.percent(50) { Scalar::from(1_000 + rng.below(KNOWN_SIGNERS) as u64) } else { scalar(rng) };
        let r = scalar(rng);
        let message = (0..rng.below(70)).map(|_| rng.next().to_le_bytes()[0]).collect();
        Self { a, r, a_bytes: times_base(&a).compress().0, r_bytes: times_base(&r).compress().0, message }
    }

    /// The s that the equation asks for, whatever A and R are written as.
    fn s(&self) -> Scalar {
        let hash = Sha512::new().chain_update(self.r_bytes).chain_update(self.a_bytes).chain_update(&self.message);
        self.r + Scalar::from_bytes_mod_order_wide(&hash.finalize().into()) * self.a
    }

    fn done(self, class: Class, s: [u8; 32]) -> Case {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&self.r_bytes);
        signature[32..].copy_from_slice(&s);
        Case { class, key: self.a_bytes, message: self.message, signature }
    }

    fn mix(&mut self, rng: &mut Rng) {
        let which = rng.below(3);
        if which != 1 {
            self.a_bytes = (times_base(&self.a) + EIGHT_TORSION[rng.below(8)]).compress().0;
        }
        if which != 0 {
            self.r_bytes = (times_base(&self.r) + EIGHT_TORSION[rng.below(8)]).compress().0;
        }
    }
}

/// The order of B: one more than its greatest scalar, which ends in 0xec.
fn order() -> [u8; 32] {
    let mut order = (-Scalar::ONE).to_bytes();
    order[0] += 1;
    order
}

/// n + L, if it fits.
fn plus_order(n: [u8; 32]) -> Option<[u8; 32]> {
    let mut carry = 0u16;
    let sum = std::array::from_fn(|at| {
        let sum = u16::from(n[at]) + u16::from(order()[at]) + carry;
        carry = sum >> 8;
        (sum & 0xff) as u8
    });
    (carry == 0).then_some(sum)
}

/// y of 0 to 18, or p less so many, written as y or as y + p, with either sign.
fn odd_encoding(rng: &mut Rng) -> [u8; 32] {
    let y = u8::try_from(rng.below(19)).expect("small");
    let near_p = |lowest| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (lowest, 0x7f);
        bytes
    };
    let mut bytes = match rng.below(3) {
        0 => std::array::from_fn(|at| if at == 0 { y } else { 0 }),
        1 => near_p(0xed + y),
        _ => near_p(0xec - y),
    };
    bytes[31] |= if rng.percent(50) { 0x80 } else { 0 };
    bytes
}

/// A signature of this class.
pub(crate) fn made(class: Class, rng: &mut Rng) -> Case {
    let mut making = Making::new(rng);
    let which = rng.below(3);
    let (in_key, in_r) = (which != 1, which != 0);
    match class {
        Class::Honest => {}
        Class::MixedOrder => making.mix(rng),
        Class::SmallKey => {
            making.a = Scalar::ZERO;
            making.a_bytes = rng.pick(&SMALL_ENCODINGS).expect("there are some");
        }
        Class::SmallR => {
            making.r = Scalar::ZERO;
            making.r_bytes = rng.pick(&SMALL_ENCODINGS).expect("there are some");
        }
        Class::Encoding if in_key => making.a_bytes = odd_encoding(rng),
        Class::Encoding => making.r_bytes = odd_encoding(rng),
        Class::Negated => {
            making.a_bytes[31] ^= if in_key { 0x80 } else { 0 };
            making.r_bytes[31] ^= if in_r { 0x80 } else { 0 };
        }
        Class::NoPoint => {
            let bytes = if rng.percent(30) { [0; 32] } else { rng.bytes32() };
            making.a_bytes = if in_key { bytes } else { making.a_bytes };
            making.r_bytes = if in_r { bytes } else { making.r_bytes };
        }
        // Sometimes on top of something else that is unusual.
        Class::SPlusL | Class::FlippedBit | Class::OtherMessage if rng.percent(30) => making.mix(rng),
        Class::SPlusL | Class::FlippedBit | Class::OtherMessage | Class::OddS => {}
    }
    let mut s = making.s().to_bytes();
    match class {
        Class::SPlusL => {
            for _ in 0..rng.between(1, 14) {
                s = plus_order(s).unwrap_or(s);
            }
        }
        Class::OddS => {
            let odd = [[0; 32], Scalar::ONE.to_bytes(), (-Scalar::ONE).to_bytes(), order(), [0xff; 32]];
            s = odd.get(rng.below(odd.len() + 2)).copied().unwrap_or_else(|| rng.bytes32());
        }
        _ => {}
    }
    let mut case = making.done(class, s);
    match class {
        Class::FlippedBit => {
            let bit = rng.below(96 * 8);
            let byte = if bit < 256 { &mut case.key[bit / 8] } else { &mut case.signature[bit / 8 - 32] };
            *byte ^= 1 << (bit % 8);
        }
        Class::OtherMessage => case.message.push(0),
        _ => {}
    }
    case
}

/// Two bad signatures whose errors are opposite, of one signer or of two: their equations add up to one that holds.
pub(crate) fn cancelling(rng: &mut Rng) -> [Case; 2] {
    let [first, mut second] = [Making::new(rng), Making::new(rng)];
    if rng.percent(50) {
        (second.a, second.a_bytes) = (first.a, first.a_bytes);
    }
    let error = scalar(rng);
    let (s, t) = (first.s() + error, second.s() - error);
    [first.done(Class::OddS, s.to_bytes()), second.done(Class::OddS, t.to_bytes())]
}
