//! What the store promises, by behaviour.

mod common;
mod files;
mod keys;
mod rows;
