//! Names the linker script: a copy, so that a target folder outlives the checkout it was made from.

use std::path::Path;
use std::{env, fs};

fn main() {
    let script = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("link.x");
    fs::write(&script, include_bytes!("link.x")).expect("the build folder can be written");
    println!("cargo:rerun-if-changed=link.x");
    println!("cargo:rustc-link-arg=-T{}", script.display());
}
