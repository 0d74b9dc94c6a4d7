//! Where panics of the database end.
//!
//! redb reports damage as an error where it looks for it, and may panic where it does not, on a file that something else
//! wrote to. Such a panic must not take a node down. It is caught here, is damage, and the handle is not used again.
//! There is no such net in a host built with `panic = "abort"`, nor where redb panics a second time while it unwinds, as it
//! may where it writes to a damaged file that was not checked (`StoreOptions::check_pages_up_to`).

use super::error::Fault;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs what touches the database. Nothing that it changes is looked at after a panic: a transaction is dropped, and
/// the store refuses to go on.
pub(crate) fn guarded<T, E: From<Fault>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Fault::damaged("the database gave up reading it").into()))
}
