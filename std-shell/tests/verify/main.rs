//! The batch verifier accepts just what ed25519-compact accepts: what is known about verifiers, signatures made to be
//! disagreed about, alone and in company; and what it is that would be noticed.
//!
//! `FOLKMOOT_FROM` and `FOLKMOOT_SEEDS` say which batches are made, about fifteen signatures for each seed:
//! `FOLKMOOT_SEEDS=67000 cargo test --release -p folkmoot --test verify` tries a million.

mod adversarial;
mod company;
mod culprits;
mod faults;
mod known;
mod made;
mod ops;
