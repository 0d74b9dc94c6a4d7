//! The smallest allocator that an engine can live on: a mark that moves up.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::{Cell, UnsafeCell};
use core::mem::MaybeUninit;
use core::ptr;

/// Where memory comes from: one range of addresses that nothing else uses.
///
/// # Safety
/// `start` always gives one address, not 0, and when `reach(end)` returned true, the addresses from `start` to `end`
/// can be read and written, for good, and belong to the allocator alone.
pub unsafe trait Room {
    /// The first address.
    fn start(&self) -> usize;
    /// Makes the room reach up to `end`, if that can be.
    fn reach(&self, end: usize) -> bool;
}

/// A range that the linker put aside.
pub struct Fixed<const BYTES: usize>(UnsafeCell<MaybeUninit<[u8; BYTES]>>);

// SAFETY: The programs that use it have one thread.
unsafe impl<const BYTES: usize> Sync for Fixed<BYTES> {}

impl<const BYTES: usize> Fixed<BYTES> {
    /// A range of so many bytes, for a static.
    #[expect(clippy::new_without_default, reason = "it is made in a static")]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }
}

// SAFETY: It is private and in a static, so it does not move; only these addresses leave it.
unsafe impl<const BYTES: usize> Room for &'static Fixed<BYTES> {
    fn start(&self) -> usize {
        self.0.get().expose_provenance()
    }

    fn reach(&self, end: usize) -> bool {
        end <= self.start() + BYTES
    }
}

/// An allocator that hands out one piece after the other and takes back only the last. For one thread.
pub struct Bump<R> {
    /// The first address not handed out, 0 before the first call.
    mark: Cell<usize>,
    most: Cell<usize>,
    room: R,
}

// SAFETY: The programs that use it have one thread and no interrupts, so there is nobody to share it with.
unsafe impl<R> Sync for Bump<R> {}

impl<R: Room> Bump<R> {
    /// An allocator that has handed out nothing.
    pub const fn new(room: R) -> Self {
        Self { mark: Cell::new(0), most: Cell::new(0), room }
    }

    /// How many bytes were in use when it was most.
    pub fn most(&self) -> usize {
        self.most.get()
    }

    /// Forgets every piece handed out.
    ///
    /// # Safety
    /// Nothing that was allocated may be used any more.
    pub unsafe fn reset(&self) {
        self.mark.set(self.room.start());
    }

    fn mark(&self) -> usize {
        if self.mark.get() == 0 {
            self.mark.set(self.room.start());
        }
        self.mark.get()
    }

    /// Moves the mark up to `end`.
    fn advance(&self, end: usize) -> bool {
        if !self.room.reach(end) {
            return false;
        }
        self.mark.set(end);
        self.most.set(self.most.get().max(end - self.room.start()));
        true
    }
}

// SAFETY: Pieces start at or above the mark and end at the new one, so they do not overlap; the mark moves down only
// over the piece that ends at it, when that is freed. `Room` promises that what is below the mark is memory. None of
// this panics or allocates.
unsafe impl<R: Room> GlobalAlloc for Bump<R> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(start) = self.mark().checked_next_multiple_of(layout.align()) else { return ptr::null_mut() };
        match start.checked_add(layout.size()) {
            Some(end) if self.advance(end) => ptr::with_exposed_provenance_mut(start),
            _ => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if piece.addr() + layout.size() == self.mark() {
            self.mark.set(piece.addr());
        }
    }

    /// Grows and shrinks the last piece in place, which is what a vector that is being filled mostly is.
    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if piece.addr() + layout.size() == self.mark() {
            return match piece.addr().checked_add(size) {
                Some(end) if self.advance(end) => piece,
                _ => ptr::null_mut(),
            };
        }
        // SAFETY: The caller promises that `size`, rounded up to the alignment, is no more than isize::MAX.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: Both pieces are ours, they do not overlap, and no more than the smaller is copied.
            unsafe { ptr::copy_nonoverlapping(piece, new, size.min(layout.size())) };
        }
        new
    }
}
