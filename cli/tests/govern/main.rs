//! Governing from the command line, through the real binary. One test crate, so that it is linked once.

mod asking;
mod common;
mod contexts;
mod exchange;
mod form;
mod founding;
mod groups;
mod health;
mod invitations;
mod members;
mod upgrades;
