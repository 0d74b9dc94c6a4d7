//! Verifying signatures: many at once, on all cores.
//!
//! An op that comes in has the verdict of [`SignedGroupOp::verify`], however many came with it. With the feature `batch`
//! (on by default) [`BatchVerifier`] works it out, from many signatures at once; without it ed25519-compact does, from
//! each alone.

#[cfg(feature = "batch")]
mod batch;
#[cfg(feature = "batch")]
mod keys;
#[cfg(feature = "batch")]
mod weights;

#[cfg(feature = "batch")]
pub use batch::{BatchVerifier, MAX_BATCH};
#[cfg(feature = "batch")]
pub use keys::MAX_CACHED_KEYS;

use folkmoot_core::{BadSignature, ReceiveError, SignedGroupOp, VerifiedOp};
use std::cell::RefCell;

#[cfg(not(feature = "batch"))]
type Verifier = folkmoot_core::crypto::OneByOne;
#[cfg(feature = "batch")]
type Verifier = BatchVerifier;

/// Fewer ops than this are not worth a thread: about a millisecond of work.
pub const MIN_SHARE_OPS: usize = 128;

thread_local! {
    /// The verifier of a thread, with the keys that it has met.
    static VERIFIER: RefCell<Verifier> = RefCell::default();
}

/// Decodes and verifies what came in: for each op, in order, what it is or what is wrong with it.
///
/// Many are shared out among the cores; fewer than 2 × [`MIN_SHARE_OPS`] stay on this thread.
pub fn verify_ops(encoded: &[Vec<u8>]) -> Vec<Result<VerifiedOp, ReceiveError>> {
    on_all_cores(encoded, |part| {
        let decoded: Vec<_> = part.iter().map(|bytes| SignedGroupOp::decode(bytes)).collect();
        let well_formed = decoded.iter().flatten().cloned().collect();
        let mut verified = verify_here(well_formed).into_iter();
        let verdict = |decoded: Result<SignedGroupOp, _>| {
            decoded?;
            Ok(verified.next().unwrap_or(Err(BadSignature))?)
        };
        decoded.into_iter().map(verdict).collect()
    })
}

/// Verifies ops on this thread.
pub(crate) fn verify_here(ops: Vec<SignedGroupOp>) -> Vec<Result<VerifiedOp, BadSignature>> {
    VERIFIER.with(|mine| match mine.try_borrow_mut() {
        Ok(mut verifier) => VerifiedOp::verify_all(ops, &mut *verifier),
        // Nothing verifies while it verifies.
        Err(_) => VerifiedOp::verify_all(ops, &mut Verifier::default()),
    })
}

/// Does work on parts of `items`, on all cores if they are many, and gives what comes of it in order.
pub(crate) fn on_all_cores<T: Sync, R: Send>(items: &[T], work: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    if items.len() < MIN_SHARE_OPS.saturating_mul(2) {
        return work(items);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(cores).max(MIN_SHARE_OPS);
    let mut parts = items.chunks(share);
    // The first part is for this thread.
    let mine = parts.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = parts.map(|part| (part, scope.spawn(move || work(part)))).collect();
        let mut out = work(mine);
        for (part, worker) in workers {
            // A worker does not panic; if it did, so will this.
            out.extend(worker.join().unwrap_or_else(|_| work(part)));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_in_order_whatever_their_number() {
        for count in [0, 1, 255, 256, 257, 1_000, 10_001] {
            let items: Vec<usize> = (0..count).collect();
            let doubled = on_all_cores(&items, |part| part.iter().map(|n| n * 2).collect());
            assert!(doubled.iter().copied().eq((0..count).map(|n| n * 2)), "{count}");
        }
    }

    #[test]
    fn many_are_shared_out_and_few_are_not() {
        let threads = |count: usize| {
            let ids = on_all_cores(&vec![(); count], |part| vec![std::thread::current().id(); part.len()]);
            ids.into_iter().collect::<std::collections::HashSet<_>>().len()
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        assert_eq!(threads(2 * MIN_SHARE_OPS - 1), 1);
        assert_eq!(threads(MIN_SHARE_OPS * cores.max(2)), cores);
    }
}
