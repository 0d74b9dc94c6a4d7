//! Where panics of the database end.
//!
//! redb reports damage as an error where it looks for it, and may panic where it does not, on a file that something else
//! wrote to. Such a panic must not take a node down. It is caught here, is damage, and the handle is not used again.
//! There is no such net in a host built with `panic = "abort"`, nor where redb panics a second time while it unwinds, as it
//! may where it writes to a damaged file that was not checked (`StoreOptions::check_pages_up_to`).

use super::error::Fault;
use redb::Database;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs what touches the database. Nothing that it changes is looked at after a panic: a transaction is dropped, and
/// the store refuses to go on.
pub(crate) fn guarded<T, E: From<Fault>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Fault::damaged("the database gave up reading it").into()))
}

/// Drops a database whose file is damaged, and has it write nothing. It would write as it closes, by lists of free pages
/// that may be damaged too, and that may end the process; it does not while a panic unwinds, so a silent one does.
pub(crate) fn abandon(db: Database) {
    #[cfg(panic = "unwind")]
    let _ = catch_unwind(AssertUnwindSafe(move || {
        let _abandoned = db;
        std::panic::resume_unwind(Box::new("a damaged file is left as it is"));
    }));
    #[cfg(not(panic = "unwind"))]
    drop(db);
}
