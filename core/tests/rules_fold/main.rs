//! SPEC §4, rule by rule: the order of the fold, its seven steps, registers, and idle reductions.

#[path = "../common/mod.rs"]
mod common;

mod admissions;
mod idle;
mod order;
mod registers;
mod steps;
