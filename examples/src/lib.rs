//! What the examples in `src/bin` share: keys by name, and claims that are looked at. Each runs with
//!
//! ```text
//! cargo run -p folkmoot-examples --bin two_replicas    # or duel, crash_and_restart, custom_publisher, light_client
//! ```
//!
//! tells a short story, and exits with 1 if what it claims is not so.

use folkmoot_core::SigningKey;
use std::error::Error;

/// Somebody's key: of the name alone, so that a story is the same every time, and secret from nobody. A real host draws
/// 32 bytes from its system's randomness for each.
pub fn key(name: &str) -> SigningKey {
    let mut seed = [0; 32];
    seed.iter_mut().zip(name.bytes()).for_each(|(slot, byte)| *slot = byte);
    SigningKey::from_seed(seed)
}

/// Says on stdout what holds.
///
/// # Errors
/// If it does not hold; whoever returns this from `main` exits with 1.
pub fn claim(what: &str, holds: bool) -> Result<(), Box<dyn Error>> {
    if !holds {
        return Err(format!("it is not so: {what}").into());
    }
    println!("   so it is: {what}");
    Ok(())
}
