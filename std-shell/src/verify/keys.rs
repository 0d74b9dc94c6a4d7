//! Points from bytes, and a bounded memory of signers' keys.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use std::collections::HashMap;

/// So many keys are remembered for sure, and at most twice as many: half a megabyte.
pub const MAX_CACHED_KEYS: usize = 1_024;

/// The point that is encoded by these bytes, if they are its canonical encoding and it is not of small order.
pub(super) fn decode(bytes: &[u8; 32]) -> Option<EdwardsPoint> {
    // The library takes y modulo p. It takes x = 0 with a sign, too: such points are of small order.
    if !is_reduced(bytes) {
        return None;
    }
    let point = CompressedEdwardsY(*bytes).decompress()?;
    (!is_of_small_order(bytes)).then_some(point)
}

/// The y of all points of small order: of order 4, 1, 2, 8 and 8. Whoever has one of them has its order, whatever the x.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    *b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    *b"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
       \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\
       \xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
    *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\
       \x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
];

/// Whether a point has small order, by its reduced y: much less work than to multiply it by 8.
fn is_of_small_order(bytes: &[u8; 32]) -> bool {
    let mut y = *bytes;
    y[31] &= 0x7f;
    SMALL_ORDER.contains(&y)
}

/// Whether y, which is all but the highest bit, is below p = 2²⁵⁵ − 19.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    *lowest < 0xed || highest & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

/// The keys that were asked for last, decoded; those too that are no key.
///
/// There are two halves: a key that is asked for is in the new half from then on, and when that is full it becomes the
/// old half, whose keys are forgotten.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    new: HashMap<[u8; 32], Option<EdwardsPoint>>,
    old: HashMap<[u8; 32], Option<EdwardsPoint>>,
}

impl Keys {
    /// The point of a key; `None` if SPEC §8 takes no signature of it.
    pub(super) fn point(&mut self, key: &[u8; 32]) -> Option<EdwardsPoint> {
        if let Some(known) = self.new.get(key) {
            return *known;
        }
        let point = self.old.remove(key).unwrap_or_else(|| decode(key));
        if self.new.len() >= MAX_CACHED_KEYS {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(*key, point);
        point
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use curve25519_dalek::scalar::Scalar;

    fn key(n: u64) -> [u8; 32] {
        (ED25519_BASEPOINT_POINT * Scalar::from(n)).compress().0
    }

    #[test]
    fn y_is_reduced_just_below_p() {
        let near = |lowest: u8, highest: u8| {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (lowest, highest);
            is_reduced(&bytes)
        };
        assert!(near(0xec, 0x7f) && near(0xec, 0xff) && near(0xff, 0x7e) && near(0xff, 0xfe));
        assert!((0xed..=0xff).all(|lowest| !near(lowest, 0x7f) && !near(lowest, 0xff)));
        let mut bytes = [0xff; 32];
        bytes[17] = 0xfe;
        assert!(is_reduced(&bytes));
    }

    #[test]
    fn the_points_of_small_order_are_all_known_by_y_and_no_others_are() {
        let mut all: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().0).collect();
        all.iter_mut().for_each(|bytes| bytes[31] &= 0x7f);
        all.sort_unstable();
        all.dedup();
        let mut known = SMALL_ORDER;
        known.sort_unstable();
        assert_eq!(all, known);
        for n in 1u64..200 {
            let point = ED25519_BASEPOINT_POINT * Scalar::from(n);
            for with in EIGHT_TORSION {
                let point = point + with;
                assert_eq!(is_of_small_order(&point.compress().0), point.is_small_order());
            }
        }
    }

    #[test]
    fn points_of_small_order_are_no_keys_and_those_of_mixed_order_are() {
        for small in EIGHT_TORSION {
            let mut bytes = small.compress().0;
            assert_eq!(decode(&bytes), None);
            bytes[31] ^= 0x80;
            assert_eq!(decode(&bytes), None);
            assert!(decode(&(small + ED25519_BASEPOINT_POINT).compress().0).is_some());
        }
    }

    #[test]
    fn the_keys_that_are_remembered_are_bounded_and_what_is_used_stays() {
        let mut keys = Keys::default();
        let bad = [2; 32];
        assert_eq!(decode(&bad), None, "not on the curve");
        let most = MAX_CACHED_KEYS as u64;
        for n in 1..=3 * most {
            assert!(keys.point(&key(n)).is_some());
            assert_eq!(keys.point(&bad), None);
            assert!(keys.new.contains_key(&bad));
            assert!(keys.new.len() <= MAX_CACHED_KEYS && keys.old.len() <= MAX_CACHED_KEYS);
        }
        let known = |n: u64| keys.new.contains_key(&key(n)) || keys.old.contains_key(&key(n));
        assert!((2 * most + 2..=3 * most).all(known), "the last ones, but for one's place that the bad key takes");
        assert!(!known(1) && !known(most));
    }
}
