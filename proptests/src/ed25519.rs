//! SPEC §8 once more, slowly and plainly: what a signature is, by big integers and the curve's textbook formulas.
//!
//! It knows no tables, no windows, no inversions by tricks and nothing of ed25519-compact: it is what the fast verifiers
//! are compared with. [`cases`] makes signatures that verifiers are known to disagree about.

pub mod cases;

use num_bigint::BigUint;
use sha2::{Digest, Sha512};
use std::sync::LazyLock;

/// The numbers of the curve: RFC 8032 §5.1.
#[derive(Debug)]
pub struct Curve {
    /// The field's order, 2^255 − 19.
    pub p: BigUint,
    /// The order of the base point, 2^252 + 27742317777372353535851937790883648493.
    pub l: BigUint,
    d: BigUint,
    /// A square root of −1.
    i: BigUint,
    base: Point,
}

/// The curve.
pub static CURVE: LazyLock<Curve> = LazyLock::new(|| {
    let number = |text: &str| BigUint::parse_bytes(text.as_bytes(), 10).expect("a number");
    let p = (BigUint::from(1u8) << 255) - 19u8;
    let l = (BigUint::from(1u8) << 252) + number("27742317777372353535851937790883648493");
    let inverse = |n: &BigUint| n.modpow(&(&p - 2u8), &p);
    let d = (&p - 121_665u32) * inverse(&BigUint::from(121_666u32)) % &p;
    let i = BigUint::from(2u8).modpow(&((&p - 1u8) >> 2), &p);
    let y = BigUint::from(4u8) * inverse(&BigUint::from(5u8)) % &p;
    let x = number("15112221349535400772501151409588531511454012693041857206046113283949847762202");
    let base = Point { x, y, z: BigUint::from(1u8) };
    Curve { p, l, d, i, base }
});

/// A point (X/Z, Y/Z) of −x² + y² = 1 + d·x²·y².
#[derive(Debug, Clone)]
pub struct Point {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        let p = &CURVE.p;
        &self.x * &other.z % p == &other.x * &self.z % p && &self.y * &other.z % p == &other.y * &self.z % p
    }
}

impl Point {
    /// The neutral point.
    pub fn identity() -> Self {
        Self { x: BigUint::ZERO, y: BigUint::from(1u8), z: BigUint::from(1u8) }
    }

    /// B.
    pub fn base() -> Self {
        CURVE.base.clone()
    }

    /// The sum: the complete addition law, in projective coordinates.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let Curve { p, d, .. } = &*CURVE;
        let a = &self.z * &other.z % p;
        let b = &a * &a % p;
        let c = &self.x * &other.x % p;
        let e = &self.y * &other.y % p;
        let g = d * &c % p * &e % p;
        let (minus, plus) = ((&b + p - &g) % p, (&b + &g) % p);
        let cross = ((&self.x + &self.y) * (&other.x + &other.y) + p + p - &c - &e) % p;
        let x = &a * &minus % p * cross % p;
        let y = &a * &plus % p * (e + c) % p;
        Self { x, y, z: minus * plus % p }
    }

    /// −P.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { x: (&CURVE.p - &self.x) % &CURVE.p, ..self.clone() }
    }

    /// n·P: doubling, and adding where there is a bit. `n` is not reduced.
    #[must_use]
    pub fn times(&self, n: &BigUint) -> Self {
        let mut sum = Self::identity();
        for bit in (0..n.bits()).rev() {
            sum = sum.plus(&sum);
            if n.bit(bit) {
                sum = sum.plus(self);
            }
        }
        sum
    }

    /// 8·P.
    #[must_use]
    pub fn times_cofactor(&self) -> Self {
        self.times(&BigUint::from(8u8))
    }

    /// Whether 8·P is neutral.
    pub fn is_of_small_order(&self) -> bool {
        self.times_cofactor() == Self::identity()
    }

    /// The canonical encoding: y, and the lowest bit of x on top.
    pub fn encode(&self) -> [u8; 32] {
        let p = &CURVE.p;
        let inverse = self.z.modpow(&(p - 2u8), p);
        let (x, y) = (&self.x * &inverse % p, &self.y * &inverse % p);
        to_bytes(&(y + (BigUint::from(u8::from(x.bit(0))) << 255)))
    }

    /// The point that bytes mean, y taken modulo p and the sign of x = 0 ignored; and whether that was needed.
    pub fn decode(bytes: &[u8; 32]) -> Option<(Self, Encoding)> {
        let Curve { p, d, i, .. } = &*CURVE;
        let all = BigUint::from_bytes_le(bytes);
        let sign = all.bit(255);
        let mut y = all;
        y.set_bit(255, false);
        let mut encoding = if y < *p { Encoding::Canonical } else { Encoding::NotCanonical };
        let square = &y * &y % p;
        // x² = (y² − 1) / (d·y² + 1); the divisor is never 0, as −1/d is no square.
        let divisor = (d * &square + 1u8) % p;
        let x2 = (square + p - 1u8) * divisor.modpow(&(p - 2u8), p) % p;
        let mut x = x2.modpow(&((p + 3u8) >> 3), p);
        if &x * &x % p != x2 {
            x = x * i % p;
        }
        if &x * &x % p != x2 {
            return None;
        }
        if x == BigUint::ZERO && sign {
            encoding = Encoding::NotCanonical;
        } else if x.bit(0) != sign {
            x = p - x;
        }
        Some((Self { x, y: y % p, z: BigUint::from(1u8) }, encoding))
    }
}

/// Whether bytes are the one encoding of their point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// What [`Point::encode`] gives.
    Canonical,
    /// y not below p, or x = 0 with a sign.
    NotCanonical,
}

/// A number's 32 bytes, lowest first.
///
/// # Panics
/// If it has more than 256 bits.
pub fn to_bytes(n: &BigUint) -> [u8; 32] {
    let mut out = [0; 32];
    let bytes = n.to_bytes_le();
    out[..bytes.len()].copy_from_slice(&bytes);
    out
}

/// k = SHA-512(R ‖ A ‖ M) mod L.
pub fn challenge(r: &[u8], a: &[u8], message: &[u8]) -> BigUint {
    let hash = Sha512::new().chain_update(r).chain_update(a).chain_update(message).finalize();
    BigUint::from_bytes_le(&hash) % &CURVE.l
}

/// What there is to say of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// s·B = R + k·A; none if A or R is no point.
    pub cofactorless: Option<bool>,
    /// 8·s·B = 8·R + 8·k·A; none if A or R is no point.
    pub cofactored: Option<bool>,
    /// What SPEC §8 says.
    pub accepted: bool,
}

/// Judges a signature.
pub fn judge(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Judgement {
    let (r, s) = (signature.first_chunk::<32>(), signature.last_chunk::<32>());
    let (r, s) = (r.expect("32 of 64 bytes"), s.expect("32 of 64 bytes"));
    let (Some((a_point, a_encoding)), Some((r_point, r_encoding))) = (Point::decode(key), Point::decode(r)) else {
        return Judgement { cofactorless: None, cofactored: None, accepted: false };
    };
    let s = BigUint::from_bytes_le(s);
    let right = r_point.plus(&a_point.times(&challenge(r, key, message)));
    let left = Point::base().times(&s);
    let cofactored = left.times_cofactor() == right.times_cofactor();
    let canonical = (a_encoding, r_encoding) == (Encoding::Canonical, Encoding::Canonical);
    let small = a_point.is_of_small_order() || r_point.is_of_small_order();
    let accepted = s < CURVE.l && canonical && !small && cofactored;
    Judgement { cofactorless: Some(left == right), cofactored: Some(cofactored), accepted }
}
