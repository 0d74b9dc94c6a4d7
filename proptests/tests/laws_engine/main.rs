//! The laws of issue 3 on the engine, over generated histories: one test for each, named after what it says.
//!
//! Cases are made from a fixed number, so a run is the same everywhere. `FOLKMOOT_RNG` is another number, and
//! `FOLKMOOT_CASES` times as many cases are tried (with `FOLKMOOT_LONG=1`, twenty times). What fails is made small (ops are dropped, orders made plain) and
//! told as hex ops.

mod bytes;
mod case;
mod machine;
mod order;
mod state;
mod sync;
