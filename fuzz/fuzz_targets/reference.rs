//! `reference`, for libFuzzer to search; without it, replays the files that it is given.
#![cfg_attr(fuzzing, no_main)]

folkmoot_fuzz::target!(reference);
