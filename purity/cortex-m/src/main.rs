//! The core on a 32-bit Cortex-M3 without an operating system, as QEMU's machine mps2-an385 emulates it.
//!
//! It plays all histories of core/tests/vectors and writes what the engine says of them, through the debugger's door
//! (`semihosting`). 4 MiB of memory for data, of which 512 KiB are stack.
#![no_std]
#![no_main]

mod semihosting;

use bare::{Bump, Fixed, Lines, histories, play};
use core::fmt::Write;
use core::panic::PanicInfo;
use semihosting::{End, Stream};

static ROOM: Fixed<{ 3 << 20 }> = Fixed::new();

#[global_allocator]
static HEAP: Bump<&Fixed<{ 3 << 20 }>> = Bump::new(&ROOM);

unsafe extern "C" {
    /// Set by link.x.
    static stack_top: u8;
}

/// What the processor reads first, at address 0: the stack pointer, where to start, and where to go at each fault.
#[repr(C)]
struct Vectors {
    stack: *const u8,
    reset: extern "C" fn() -> !,
    faults: [extern "C" fn() -> !; 14],
}

// SAFETY: Nothing changes it.
unsafe impl Sync for Vectors {}

#[used]
#[unsafe(link_section = ".vectors")]
static VECTORS: Vectors = Vectors { stack: &raw const stack_top, reset, faults: [fault; 14] };

extern "C" fn reset() -> ! {
    let (output, mut errors) = (Stream::output(), Stream::errors());
    let mut out = Lines::new(|block| output.write_all(block));
    let (mut count, mut most) = (0, 0);
    for history in histories() {
        if play(history, &mut out).is_err() {
            semihosting::end(End::Failed);
        }
        count += 1;
        most = HEAP.most().max(most);
        // SAFETY: The engine that `play` made is gone, and nothing else here allocates.
        unsafe { HEAP.reset() };
    }
    if out.flush().is_err() {
        semihosting::end(End::Failed);
    }
    // For people; nothing compares it.
    let _ = writeln!(errors, "{count} histories, at most {most} bytes of heap for one");
    semihosting::end(End::Well)
}

extern "C" fn fault() -> ! {
    let _ = writeln!(Stream::errors(), "the processor met a fault");
    semihosting::end(End::Failed)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(Stream::errors(), "{info}");
    semihosting::end(End::Failed)
}
