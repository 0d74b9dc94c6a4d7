//! One file for each family of commands.

pub(crate) mod bench;
pub(crate) mod context;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod generate;
pub(crate) mod graph;
pub(crate) mod group;
pub(crate) mod init;
pub(crate) mod invite;
pub(crate) mod join;
pub(crate) mod member;
pub(crate) mod namespace;
pub(crate) mod op;
pub(crate) mod sync;
pub(crate) mod transfer;
pub(crate) mod tree;
pub(crate) mod upgrade;
pub(crate) mod verify;
pub(crate) mod whoami;
pub(crate) mod why;
