//! SPEC §5: every row of the op table: each precondition with its void reason, and the effect.

#[path = "../common/mod.rs"]
mod common;

mod capabilities;
mod contexts;
mod groups;
mod invitations;
mod members;
mod removals;
mod settings;
