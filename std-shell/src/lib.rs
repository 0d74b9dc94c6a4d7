//! The shell of Folkmoot: the engine of `folkmoot-core` as a service inside a node.
//!
//! [`store`] keeps ops, the state they come to, and what is this node's own in one file, and brings the engine back
//! from it.

pub mod keys;
pub mod store;
