//! The command `folkmoot` through the real binary. One test crate, so that it is linked once.

mod account;
mod broken_input;
mod common;
mod db;
mod demo;
mod replay;
