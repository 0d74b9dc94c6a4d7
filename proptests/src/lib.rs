//! The laws of Folkmoot, and what they are checked against.
//!
//! [`mod@reference`] computes every verdict and state from the bare set of ops, as SPEC §2 to §6 say it, without a
//! thought for speed. It shares the wire types with the engine, and nothing else. [`mod@history`] makes the sets of ops
//! that are hard to judge, from a number; [`mod@script`] takes down those that one thinks of oneself.

pub mod history;
pub mod reference;
pub mod rng;
pub mod script;
