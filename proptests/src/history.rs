//! Hard histories, made from a number.
//!
//! A history grows in several branches with views of their own, which merge now and then; its people act on what they
//! see there, answer each other's ops without having seen them, publish from any point of the past, let in puppets, and
//! write in each other's place. Most ops are sound, for what counts is what sound ops do to one another.

mod draft;
mod noise;
mod profile;
mod rounds;
mod scenes;
mod world;

pub use profile::{Profile, Weights};

use crate::rng::Rng;
use folkmoot_core::{NamespaceId, PublicKey, SigningKey, VerifiedOp};
use std::collections::BTreeMap;

/// Somebody with a key.
#[derive(Debug, Clone)]
pub struct Person {
    /// What the history calls this person.
    pub name: String,
    /// The secret key.
    pub key: SigningKey,
}

impl Person {
    /// The public key.
    pub const fn public(&self) -> PublicKey {
        self.key.public()
    }
}

/// A set of ops, in the order in which they were made.
#[derive(Debug, Clone)]
pub struct History {
    /// What it was made from.
    pub seed: u64,
    /// The namespace that it is about. Some have a second one beside it, by an outsider.
    pub namespace: NamespaceId,
    /// The ops, parents first; those of them that are neither pending nor refused have a place in the DAG.
    pub ops: Vec<VerifiedOp>,
    /// Everybody who signs or could, the founder first.
    pub people: Vec<Person>,
}

impl History {
    /// The history of this seed and profile: always the same.
    pub fn generate(seed: u64, profile: &Profile) -> Self {
        world::World::new(seed, profile).play()
    }

    /// The history of this seed, by the profile that [`Profile::of_seed`] gives it.
    pub fn of_seed(seed: u64) -> Self {
        Self::generate(seed, &Profile::of_seed(seed))
    }

    /// The names of the keys.
    pub fn names(&self) -> BTreeMap<PublicKey, &str> {
        self.people.iter().map(|person| (person.public(), person.name.as_str())).collect()
    }

    /// The same set in another order, about a tenth of it twice.
    pub fn shuffled(&self, seed: u64) -> Vec<VerifiedOp> {
        let mut rng = Rng::new(seed ^ self.seed.rotate_left(32));
        let mut ops = self.ops.clone();
        for _ in 0..self.ops.len().div_ceil(10) {
            let again = ops[rng.below(ops.len())].clone();
            ops.push(again);
        }
        rng.shuffle(&mut ops);
        ops
    }
}
