//! The laws of Folkmoot, and what they are checked against.
//!
//! [`mod@reference`] computes every verdict and state from the bare set of ops, as SPEC §2 to §5 say it (and
//! `reference_hash` what §6 says), without a thought for speed. It shares the wire types with the engine, and nothing else. [`mod@history`] makes the sets of ops
//! that are hard to judge, from a number; [`mod@script`] takes down those that one thinks of oneself.
//!
//! [`mod@laws`] says what must hold of an engine for every set of ops, one function for each law; [`mod@mirror`] is a
//! host's copy of the state, kept by effects alone. What they find is made small by [`mod@shrink`]. [`mod@ed25519`] says slowly what a signature is.

pub mod budget;
pub mod ed25519;
pub mod history;
pub mod laws;
pub mod mirror;
pub mod reference;
mod reference_hash;
mod reference_questions;
mod reference_report;
pub mod rng;
pub mod script;
pub mod shrink;
