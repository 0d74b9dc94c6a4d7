//! What programs without an operating system share: an allocator, the conformance vectors as bytes, and how they are
//! played.
//!
//! It depends on `folkmoot-core` without any of its features, and on nothing else.
#![no_std]

mod bump;
mod lines;
mod play;

pub use bump::{Bump, Fixed, Room};
pub use lines::Lines;
pub use play::{History, histories, play};
