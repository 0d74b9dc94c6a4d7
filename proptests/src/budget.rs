//! How much is tried: the defaults of CI, and what the environment says instead.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A number from the environment, or this one.
///
/// # Panics
/// If the variable is set to something else: a long run that silently does the short one would be worse.
pub fn number(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        Err(_) => default,
    }
}

/// Whether `FOLKMOOT_LONG` asks for the long run.
pub fn is_long() -> bool {
    number("FOLKMOOT_LONG", 0) > 0
}

/// Says how much was tried, in a line that `./check long` adds up.
pub fn tried(count: impl TryInto<u64>, what: &str) {
    println!("tried {} {what}", count.try_into().unwrap_or(u64::MAX));
}

/// The seeds from `FOLKMOOT_FROM` on, `FOLKMOOT_SEEDS` of them.
pub fn seeds(default: u64) -> std::ops::Range<u64> {
    let from = number("FOLKMOOT_FROM", 0);
    from..from.saturating_add(number("FOLKMOOT_SEEDS", default))
}

/// Tries every number on as many threads as there are processors; what the smallest one that fails has to say.
pub fn smallest_failure<T: Send>(
    numbers: std::ops::Range<u64>,
    check: impl Fn(u64) -> Result<(), T> + Sync,
) -> Option<(u64, T)> {
    let next = AtomicU64::new(numbers.start);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= numbers.end {
                return None;
            }
            if let Err(failure) = check(number) {
                // Smaller ones are being tried by others; larger ones need not be.
                next.store(numbers.end, Ordering::Relaxed);
                return Some((number, failure));
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let failures = running.into_iter().filter_map(|thread| thread.join().expect("a check panicked"));
        failures.min_by_key(|(number, _)| *number)
    })
}
