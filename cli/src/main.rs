//! The command `folkmoot`.
fn main() {}
