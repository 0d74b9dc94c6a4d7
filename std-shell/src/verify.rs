//! Verifying signatures: many at once, on all cores.
//!
//! An op that comes in has the verdict of [`SignedGroupOp::verify`], however many came with it. With the feature `batch`
//! (on by default) [`BatchVerifier`] works it out, from many signatures at once; without it ed25519-compact does, from
//! each alone.

mod ahead;
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

pub(crate) use ahead::ahead;

use folkmoot_core::{BadSignature, ReceiveError, SignedGroupOp, VerifiedOp};
use std::sync::{Mutex, PoisonError};

#[cfg(not(feature = "batch"))]
type Verifier = folkmoot_core::crypto::OneByOne;
#[cfg(feature = "batch")]
type Verifier = BatchVerifier;

/// Fewer ops than this are not worth a thread: about a millisecond of work.
pub const MIN_SHARE_OPS: usize = 128;

/// So many ops are verified together: a larger batch is hardly cheaper, and another core waits longer for its share.
pub const SHARE_OPS: usize = 2_048;

/// Verifiers that nobody uses now, with the keys that they have met: no more than ever verified at once.
static IDLE: Mutex<Vec<Verifier>> = Mutex::new(Vec::new());

/// What came of some ops, in order: each is what it is, or what is wrong with it.
pub type Received = Vec<Result<VerifiedOp, ReceiveError>>;

/// Decodes and verifies what came in: for each op, in order, what it is or what is wrong with it.
///
/// Many are shared out among the cores; fewer than 2 × [`MIN_SHARE_OPS`] stay on this thread.
pub fn verify_ops(encoded: &[Vec<u8>]) -> Received {
    on_all_cores(encoded, receive)
}

/// Decodes and verifies as [`verify_ops`], and hands over what came of it, in order and a share at a time, while other cores
/// are at the next shares: so a host applies ops beside their verification. `take` is called on this thread.
///
/// # Errors
/// The first of `take`; it is not called again then.
pub fn verify_ahead<E>(encoded: &[Vec<u8>], mut take: impl FnMut(Received) -> Result<(), E>) -> Result<(), E> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // Enough shares for all cores, none too small to be worth a batch.
    let share = encoded.len().div_ceil(cores).clamp(MIN_SHARE_OPS, SHARE_OPS);
    let shares: Vec<&[Vec<u8>]> = encoded.chunks(share).collect();
    ahead(shares.len(), |at| shares.get(at).map(|share| receive(share)).unwrap_or_default(), &mut take)
}

/// Decodes and verifies on this thread.
fn receive(encoded: &[Vec<u8>]) -> Received {
    with_verifier(|verifier| VerifiedOp::receive_all(encoded, verifier))
}

/// Verifies ops on this thread.
pub(crate) fn verify_here(ops: Vec<SignedGroupOp>) -> Vec<Result<VerifiedOp, BadSignature>> {
    with_verifier(|verifier| VerifiedOp::verify_all(ops, verifier))
}

fn with_verifier<T>(work: impl FnOnce(&mut Verifier) -> T) -> T {
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut verifier = idle().pop().unwrap_or_default();
    let out = work(&mut verifier);
    idle().push(verifier);
    out
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
    fn what_is_handed_over_a_share_at_a_time_is_what_comes_at_once() {
        let alice = folkmoot_core::SigningKey::from_seed([1; 32]);
        let found = |salt: u8| folkmoot_core::Engine::genesis(alice.public(), [salt; 32], "Kitchen", [0; 32], [0; 32]);
        let signed: Vec<Vec<u8>> =
            (0..40).map(|salt| found(salt).sign(&alice).expect("her key").signed().encode()).collect();
        let mut encoded: Vec<Vec<u8>> = signed.iter().cycle().take(SHARE_OPS + 7).cloned().collect();
        (encoded[3], encoded[SHARE_OPS]) = (vec![1, 2, 3], vec![0; 300]);
        let mut received = Vec::new();
        let done: Result<(), std::convert::Infallible> = verify_ahead(&encoded, |share| {
            assert!(share.len() <= SHARE_OPS);
            received.extend(share);
            Ok(())
        });
        assert_eq!(done, Ok(()));
        assert_eq!(received, verify_ops(&encoded));
        assert_eq!(received.iter().filter(|op| op.is_err()).count(), 2);
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
