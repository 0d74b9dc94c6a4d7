//! SPEC §1 and §8: bytes. The vectors, every bound at its limit and one past it, and real ops with something wrong.

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod damage;
mod kinds;
mod together;
mod vectors;
