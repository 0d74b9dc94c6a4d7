//! Signatures that verifiers are known to disagree about, made from a seed.

use super::{CURVE, Point, challenge, to_bytes};
use crate::rng::Rng;
use num_bigint::BigUint;
use std::sync::LazyLock;

/// A signature to be judged.
#[derive(Debug, Clone)]
pub struct Case {
    /// What was done to it.
    pub class: Class,
    /// A.
    pub key: [u8; 32],
    /// M.
    pub message: Vec<u8>,
    /// R and s.
    pub signature: [u8; 64],
}

/// What is unusual about a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Nothing.
    Honest,
    /// A, R or both have a part of small order; only the cofactored equation need hold.
    MixedOrder,
    /// A has small order, in any encoding, and s fits.
    SmallKey,
    /// R has small order, in any encoding, and s fits.
    SmallR,
    /// s + L, s + 2·L and so on, as far as it fits 32 bytes.
    SPlusL,
    /// A or R in an encoding that is not canonical, or that comes close.
    Encoding,
    /// One bit flipped, anywhere.
    FlippedBit,
    /// s is 0, 1, L − 1, L, all ones or anything.
    OddS,
    /// A, R or both negated.
    Negated,
    /// A or R of zeros, or of whatever bytes.
    NoPoint,
    /// Another message.
    OtherMessage,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 11] = [
        Self::Honest,
        Self::MixedOrder,
        Self::SmallKey,
        Self::SmallR,
        Self::SPlusL,
        Self::Encoding,
        Self::FlippedBit,
        Self::OddS,
        Self::Negated,
        Self::NoPoint,
        Self::OtherMessage,
    ];
}

/// The eight points of small order, multiples of one of order 8.
pub static SMALL: LazyLock<Vec<Point>> = LazyLock::new(|| {
    // What is left of a point when its large part is taken away; of every other point that has order 8.
    let eighth = (2u8..).find_map(|y| {
        let (point, _) = Point::decode(&to_bytes(&BigUint::from(y)))?;
        let small = point.times(&CURVE.l);
        (small.times(&BigUint::from(4u8)) != Point::identity()).then_some(small)
    });
    let eighth = eighth.expect("half of all points have such a part");
    (0u8..8).map(|n| eighth.times(&BigUint::from(n))).collect()
});

/// All 32-byte strings that mean a point of small order, canonical or not.
pub static SMALL_ENCODINGS: LazyLock<Vec<[u8; 32]>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for point in SMALL.iter() {
        let canonical = BigUint::from_bytes_le(&point.encode());
        let mut y = canonical.clone();
        y.set_bit(255, false);
        for y in [y.clone(), y + &CURVE.p] {
            for sign in [false, true] {
                let mut bytes = y.clone();
                if bytes.bits() <= 255 {
                    bytes.set_bit(255, sign);
                    let bytes = to_bytes(&bytes);
                    if Point::decode(&bytes).is_some_and(|(meant, _)| SMALL.contains(&meant)) && !all.contains(&bytes) {
                        all.push(bytes);
                    }
                }
            }
        }
    }
    all
});

/// A signature in the making: secrets, and the bytes that A and R are written as.
struct Making {
    a: BigUint,
    r: BigUint,
    a_bytes: [u8; 32],
    r_bytes: [u8; 32],
    message: Vec<u8>,
}

impl Making {
    fn new(rng: &mut Rng) -> Self {
        let mut scalar = || BigUint::from_bytes_le(&[rng.bytes32(), rng.bytes32()].concat()) % &CURVE.l;
        let (a, r) = (scalar(), scalar());
        let (a_bytes, r_bytes) = (Point::base().times(&a).encode(), Point::base().times(&r).encode());
        let length = rng.below(70);
        let message = (0..length).map(|_| rng.next().to_le_bytes()[0]).collect();
        Self { a, r, a_bytes, r_bytes, message }
    }

    /// The s that the equation asks for, whatever A and R are written as.
    fn s(&self) -> BigUint {
        (&self.r + challenge(&self.r_bytes, &self.a_bytes, &self.message) * &self.a) % &CURVE.l
    }

    fn done(self, class: Class, s: &BigUint) -> Case {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&self.r_bytes);
        signature[32..].copy_from_slice(&to_bytes(s));
        Case { class, key: self.a_bytes, message: self.message, signature }
    }
}

/// A signature of this class. The same seed makes the same one.
pub fn case(class: Class, seed: u64) -> Case {
    let mut rng = Rng::new(seed ^ ((class as u64) << 56));
    let mut making = Making::new(&mut rng);
    match class {
        Class::Honest => {}
        Class::MixedOrder => mix(&mut making, &mut rng),
        Class::SmallKey => {
            making.a = BigUint::ZERO;
            making.a_bytes = rng.pick(&SMALL_ENCODINGS).expect("there are some");
        }
        Class::SmallR => {
            making.r = BigUint::ZERO;
            making.r_bytes = rng.pick(&SMALL_ENCODINGS).expect("there are some");
        }
        Class::Encoding => encode_oddly(&mut making, &mut rng),
        Class::Negated => negate(&mut making, &mut rng),
        Class::NoPoint => {
            let bytes = if rng.percent(30) { [0; 32] } else { rng.bytes32() };
            let which = rng.below(3);
            if which != 1 {
                making.a_bytes = bytes;
            }
            if which != 0 {
                making.r_bytes = bytes;
            }
        }
        Class::SPlusL => {
            // Sometimes on top of something else that is unusual.
            if rng.percent(30) {
                mix(&mut making, &mut rng);
            }
            let s = making.s() + &CURVE.l * BigUint::from(rng.between(1, 14));
            return making.done(class, &s);
        }
        Class::OddS => {
            let l = &CURVE.l;
            let odd = [BigUint::ZERO, 1u8.into(), l - 1u8, l.clone(), l + 1u8, BigUint::from_bytes_le(&[0xff; 32])];
            let random = BigUint::from_bytes_le(&rng.bytes32());
            let s = odd.get(rng.below(odd.len() + 2)).cloned().unwrap_or(random);
            return making.done(class, &s);
        }
        Class::FlippedBit | Class::OtherMessage => {
            if rng.percent(30) {
                mix(&mut making, &mut rng);
            }
        }
    }
    let s = making.s();
    let mut case = making.done(class, &s);
    match class {
        Class::FlippedBit => flip(&mut case, &mut rng),
        Class::OtherMessage => case.message.push(0),
        _ => {}
    }
    case
}

fn mix(making: &mut Making, rng: &mut Rng) {
    let small = |n: usize| SMALL.get(n).cloned().unwrap_or_else(Point::identity);
    let which = rng.below(3);
    if which != 1 {
        making.a_bytes = Point::base().times(&making.a).plus(&small(rng.below(8))).encode();
    }
    if which != 0 {
        making.r_bytes = Point::base().times(&making.r).plus(&small(rng.below(8))).encode();
    }
}

/// y of 0 to 18, or p less so many, written as y or as y + p, with either sign.
fn encode_oddly(making: &mut Making, rng: &mut Rng) {
    let y = BigUint::from(rng.below(19));
    let mut bytes = match rng.below(3) {
        0 => y,
        1 => y + &CURVE.p,
        _ => &CURVE.p - 1u8 - y,
    };
    bytes.set_bit(255, rng.percent(50));
    if rng.percent(50) {
        making.a_bytes = to_bytes(&bytes);
    } else {
        making.r_bytes = to_bytes(&bytes);
    }
}

fn negate(making: &mut Making, rng: &mut Rng) {
    let which = rng.below(3);
    if which != 1 {
        making.a_bytes[31] ^= 0x80;
    }
    if which != 0 {
        making.r_bytes[31] ^= 0x80;
    }
}

fn flip(case: &mut Case, rng: &mut Rng) {
    let bit = rng.below(96 * 8);
    let mask = 1u8 << (bit % 8);
    let at = bit / 8;
    match at {
        0..32 => case.key[at] ^= mask,
        _ => case.signature[at - 32] ^= mask,
    }
}
