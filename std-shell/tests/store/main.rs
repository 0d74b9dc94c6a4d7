//! What the store promises, by behaviour.

mod common;
mod files;
mod full_disk;
mod keys;
mod killed;
mod own;
mod rows;
mod tampered;
