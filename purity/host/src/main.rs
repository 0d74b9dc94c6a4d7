//! The core in a static x86_64 Linux binary without std or libc.
//!
//! It plays all histories of core/tests/vectors and writes what the engine says of them. Before it begins it has the
//! kernel take everything from it but writing and ending (`system::seal`). If anything in the core needed std, this
//! would not compile (two panic handlers); if it needed libc, it would not link.
//!
//! With any argument it makes one call that it gave up, to show that the seal holds: the kernel kills it.
#![no_std]
#![no_main]

mod memory;
mod system;

use bare::{Bump, Fixed, Lines, histories, play};
use core::fmt::{self, Write};
use core::panic::PanicInfo;

static ROOM: Fixed<{ 64 << 20 }> = Fixed::new();

#[global_allocator]
static HEAP: Bump<&Fixed<{ 64 << 20 }>> = Bump::new(&ROOM);

/// Called by `_start`, with the number of arguments; the name of the program is one.
extern "C" fn program(arguments: usize) -> ! {
    if !system::seal() {
        let _ = writeln!(Errors, "the kernel does not seal");
    }
    if arguments > 1 {
        system::stray();
    }
    let mut out = Lines::new(|block| system::write_all(system::OUTPUT, block));
    let (mut count, mut most) = (0, 0);
    for history in histories() {
        if play(history, &mut out).is_err() {
            system::exit(1);
        }
        count += 1;
        most = HEAP.most().max(most);
        // SAFETY: The engine that `play` made is gone, and nothing else here allocates.
        unsafe { HEAP.reset() };
    }
    if out.flush().is_err() {
        system::exit(1);
    }
    // For people; nothing compares it.
    let _ = writeln!(Errors, "{count} histories, at most {most} bytes of heap for one");
    system::exit(0)
}

struct Errors;

impl Write for Errors {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        system::write_all(system::ERRORS, text.as_bytes()).then_some(()).ok_or(fmt::Error)
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(Errors, "{info}");
    system::exit(101)
}
