//! People by name: the same name has the same key in every test and on every machine.

use folkmoot_core::{PublicKey, SigningKey};
use folkmoot_proptests::rng::Rng;

/// Names for those who run a replica; the first founds the namespace.
pub const NAMES: [&str; 9] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan"];

/// People without a replica, who are let in and thrown out.
pub const BYSTANDERS: [&str; 4] = ["judy", "kim", "leo", "mia"];

/// The key of a person. Not secret from anybody: it is made of the name alone.
pub fn key(name: &str) -> SigningKey {
    let folded = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    SigningKey::from_seed(Rng::new(folded).bytes32())
}

/// The public key of a person.
pub fn who(name: &str) -> PublicKey {
    key(name).public()
}

/// The name of somebody whose key is known here, else the beginning of the key.
pub fn name_of(person: &PublicKey) -> String {
    let known = NAMES.iter().chain(&BYSTANDERS).find(|name| who(name) == *person);
    known.map_or_else(|| short(person.as_bytes()), |name| (*name).to_owned())
}

/// The first four bytes of an id, for people to read.
pub fn short(id: &[u8; 32]) -> String {
    id[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_key_of_their_own_and_keeps_it() {
        let mut keys: Vec<PublicKey> = NAMES.iter().chain(&BYSTANDERS).map(|name| who(name)).collect();
        assert_eq!(who("alice"), who("alice"));
        assert_eq!(name_of(&who("carol")), "carol");
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), NAMES.len() + BYSTANDERS.len());
    }
}
