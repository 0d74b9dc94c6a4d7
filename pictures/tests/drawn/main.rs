//! The shape of each format, whatever the history and the names in it.

mod big;
mod common;
mod folding;
mod formats;
mod history;
mod hostile;
mod tree;
