//! What every input must leave true.
//!
//! Each target is a function of bytes that panics if they break something: libFuzzer searches for such bytes, and
//! plain tests give it all seeds and everything that was ever found. `README.md` says how to run both.
//!
//! A target returns whether the bytes got to what it is about: an op that decodes, a snapshot that restores. The tests
//! look at that, so that seeds which no longer get anywhere are noticed.
#![forbid(unsafe_code)]

pub mod choices;
pub mod signing;
pub mod plan;
mod author;
mod translate;
pub mod seeds;

pub mod decode;
pub mod identity;
pub mod apply;
pub mod reference;
pub mod snapshot;
pub mod sync;
pub mod invitation;

#[cfg(fuzzing)]
#[doc(hidden)]
pub use libfuzzer_sys;

/// A target: whether the bytes got to what it is about.
///
/// # Panics
/// If the bytes break something. That is a finding.
pub type Target = fn(&[u8]) -> bool;

/// All targets, by name.
pub const TARGETS: [(&str, Target); 7] = [
    ("decode", decode::run),
    ("identity", identity::run),
    ("apply", apply::run),
    ("reference", reference::run),
    ("snapshot", snapshot::run),
    ("sync", sync::run),
    ("invitation", invitation::run),
];

/// The program of a target: libFuzzer's under `--cfg fuzzing`, else one that replays the files named as arguments.
#[macro_export]
macro_rules! target {
    ($target:ident) => {
        #[cfg(fuzzing)]
        $crate::libfuzzer_sys::fuzz_target!(
            init: $crate::write_seeds(stringify!($target)),
            |data: &[u8]| {
                let _ = $crate::$target::run(data);
            }
        );

        #[cfg(not(fuzzing))]
        fn main() {
            $crate::replay($crate::$target::run);
        }
    };
}

/// Writes the seeds of a target into the folder that `FOLKMOOT_SEEDS_INTO` names, if it names one: so libFuzzer's
/// program has them in time, and nothing else has to be built for that.
///
/// # Panics
/// If they cannot be written.
pub fn write_seeds(target: &str) {
    if let Some(folder) = std::env::var_os("FOLKMOOT_SEEDS_INTO").map(std::path::PathBuf::from) {
        let count = seeds::write(target, &folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        eprintln!("{target}: {count} seeds");
    }
}

/// Gives a target the files that are named as arguments.
///
/// # Panics
/// If a file cannot be read, or breaks something.
pub fn replay(target: Target) {
    for path in std::env::args_os().skip(1) {
        let path = std::path::PathBuf::from(path);
        let data = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let reached = target(&data);
        println!("{}: no finding{}", path.display(), if reached { "" } else { "; it did not get far" });
    }
}

/// Goes on if a law holds.
///
/// # Panics
/// With what broke.
#[track_caller]
pub fn lawful<T>(law: Result<T, String>) -> T {
    law.unwrap_or_else(|why| panic!("{why}"))
}
