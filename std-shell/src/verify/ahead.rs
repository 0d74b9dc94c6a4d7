//! Work on parts, on all cores, ahead of the one thread that takes them in order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Parts in hand at a time, for each core: one that is worked on, one that waits to be taken.
const IN_HAND: usize = 2;

/// Who works on which part.
struct Board<R> {
    lists: Mutex<Lists<R>>,
    changed: Condvar,
    parts: usize,
    most: usize,
}

struct Lists<R> {
    /// The first part that nobody has begun.
    next: usize,
    /// The part that is to be taken next: no more than `most` from there on are in hand.
    due: usize,
    done: BTreeMap<usize, R>,
    /// Begun, but whoever did so panicked.
    dropped: Vec<usize>,
    /// Nothing more is taken.
    over: bool,
}

/// A part that somebody has begun. Somebody else does it if that panics.
struct Begun<'b, R> {
    board: &'b Board<R>,
    part: usize,
}

impl<R> Drop for Begun<'_, R> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.board.lists().dropped.push(self.part);
            self.board.changed.notify_all();
        }
    }
}

impl<R> Board<R> {
    fn new(parts: usize, cores: usize) -> Self {
        let lists = Lists { next: 0, due: 0, done: BTreeMap::new(), dropped: Vec::new(), over: false };
        Self { lists: Mutex::new(lists), changed: Condvar::new(), parts, most: cores.saturating_mul(IN_HAND) }
    }

    fn lists(&self) -> MutexGuard<'_, Lists<R>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next part that may be begun, if there is one now.
    fn begin(&self, lists: &mut Lists<R>) -> Option<usize> {
        if let Some(part) = lists.dropped.pop() {
            return Some(part);
        }
        let part = lists.next;
        let may = part < self.parts && part < lists.due.saturating_add(self.most);
        may.then(|| {
            lists.next = part.saturating_add(1);
            part
        })
    }

    fn work(&self, part: usize, prepare: &(impl Fn(usize) -> R + Sync)) {
        let begun = Begun { board: self, part };
        let done = prepare(part);
        self.lists().done.insert(part, done);
        self.changed.notify_all();
        drop(begun);
    }

    fn help(&self, prepare: &(impl Fn(usize) -> R + Sync)) {
        let mut lists = self.lists();
        while !lists.over && lists.due < self.parts {
            if let Some(part) = self.begin(&mut lists) {
                drop(lists);
                self.work(part, prepare);
                lists = self.lists();
            } else {
                lists = self.changed.wait(lists).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// What came of a part. While others are at it, this thread does another one.
    fn due(&self, part: usize, prepare: &(impl Fn(usize) -> R + Sync)) -> R {
        let mut lists = self.lists();
        lists.due = part;
        loop {
            if let Some(done) = lists.done.remove(&part) {
                lists.due = part.saturating_add(1);
                self.changed.notify_all();
                return done;
            }
            if let Some(other) = self.begin(&mut lists) {
                drop(lists);
                self.work(other, prepare);
                lists = self.lists();
            } else {
                lists = self.changed.wait(lists).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn end(&self) {
        self.lists().over = true;
        self.changed.notify_all();
    }
}

/// Ends the work of others when it goes, however that comes.
struct Ending<'b, R>(&'b Board<R>);

impl<R> Drop for Ending<'_, R> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Has `prepare` work on parts number 0, 1 and so on, on all cores; this thread gives what comes of them to `take`, in
/// order, and lends a hand where nothing has come yet. So `take` is at one part while others are at the next ones. What is
/// in hand at a time is bounded, and all work is over when this returns.
///
/// # Errors
/// The first of `take`; nothing is taken after that.
pub(crate) fn ahead<R: Send, E>(
    parts: usize,
    prepare: impl Fn(usize) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(parts);
    if cores <= 1 {
        return (0..parts).try_for_each(|part| take(prepare(part)));
    }
    let board = Board::new(parts, cores);
    std::thread::scope(|scope| {
        let (board, prepare) = (&board, &prepare);
        let _ending = Ending(board);
        for _ in 1..cores {
            scope.spawn(move || board.help(prepare));
        }
        (0..parts).try_for_each(|part| take(board.due(part, prepare)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn parts_are_taken_in_order_whatever_their_number() {
        for parts in [0, 1, 2, 3, 7, 100] {
            let mut taken = Vec::new();
            let done: Result<(), Infallible> = ahead(
                parts,
                |part| part * 2,
                |double| {
                    taken.push(double);
                    Ok(())
                },
            );
            assert_eq!(done, Ok(()));
            assert!(taken.into_iter().eq((0..parts).map(|part| part * 2)));
        }
    }

    #[test]
    fn no_more_is_in_hand_than_cores_have_use_for() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (begun, mut taken, mut most) = (AtomicUsize::new(0), 0, 0);
        let done: Result<(), Infallible> = ahead(
            64,
            |_| begun.fetch_add(1, Ordering::SeqCst),
            |_| {
                std::thread::sleep(std::time::Duration::from_millis(1));
                taken += 1;
                most = most.max(begun.load(Ordering::SeqCst) - taken);
                Ok(())
            },
        );
        assert_eq!(done, Ok(()));
        assert!(most <= cores * IN_HAND, "{most}");
        assert!(cores == 1 || most > 0, "nothing was done ahead");
    }

    #[test]
    fn nothing_is_taken_after_an_error_and_all_work_ends() {
        let mut taken = 0;
        let done = ahead(
            1_000,
            |part| part,
            |part| {
                taken += 1;
                if part == 5 { Err("enough") } else { Ok(()) }
            },
        );
        assert_eq!((done, taken), (Err("enough"), 6));
    }

    #[test]
    fn a_part_whose_worker_panics_is_the_panic_of_whoever_asked() {
        let asked = std::panic::catch_unwind(|| {
            let prepare = |part: usize| if part == 3 { panic!("of a test") } else { part };
            ahead(8, prepare, |_| Ok::<(), Infallible>(()))
        });
        assert!(asked.is_err());
    }
}
