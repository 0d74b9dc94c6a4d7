//! Every bound of `core/src/limits.rs` that is not of the wire, at its limit and one past it.

#[path = "../common/mod.rs"]
mod common;

mod evicted;
mod heads;
mod keys;
mod refusals;
mod waiting;
