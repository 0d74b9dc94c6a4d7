//! Every request of the client, granted and refused.

mod access;
mod common;
mod configuration;
mod contexts;
mod files;
mod governance;
mod identity;
mod questions;
mod sync;
mod upgrades;
