//! SPEC §2, rule by rule: what is admitted, waits, is ignored or rejected, and the causal verdict.

#[path = "../common/mod.rs"]
mod common;

mod causal_verdict;
mod graph;
mod rejected;
mod waiting;
