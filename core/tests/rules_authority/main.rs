//! SPEC §5: who may do what, through what record, and the questions a host asks.

#[path = "../common/mod.rs"]
mod common;

mod ground;
mod need;
mod questions;
