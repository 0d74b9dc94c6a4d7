//! What the store promises, by behaviour.

mod common;
mod rows;
