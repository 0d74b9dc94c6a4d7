//! Nothing but a test: `tests/control.rs`.
