//! What the store promises, by behaviour.

mod aside;
mod common;
mod files;
mod full_disk;
mod ids;
mod keys;
mod killed;
mod own;
mod rows;
mod tampered;
