//! Arm semihosting: a breakpoint with a number, which the debugger (QEMU) takes as a request.

use core::arch::asm;
use core::fmt;

const SYS_OPEN: usize = 0x01;
const SYS_WRITE: usize = 0x05;
const SYS_EXIT: usize = 0x18;

/// A request. Most take the address of a block of words.
///
/// # Safety
/// As the request asks for.
unsafe fn call(number: usize, argument: usize) -> usize {
    let result;
    // SAFETY: The answer comes in r0; nothing else changes.
    unsafe { asm!("bkpt #0xab", inlateout("r0") number => result, in("r1") argument, options(nostack)) };
    result
}

/// One of QEMU's own streams.
#[derive(Clone, Copy)]
pub(crate) struct Stream(usize);

impl Stream {
    /// The stream that is compared.
    pub(crate) fn output() -> Self {
        Self::open(4)
    }

    /// The stream for people.
    pub(crate) fn errors() -> Self {
        Self::open(8)
    }

    /// ":tt" is the console: opened for writing it is the output, for appending the errors.
    fn open(mode: usize) -> Self {
        let name = c":tt";
        let block = [name.as_ptr().expose_provenance(), mode, name.count_bytes()];
        // SAFETY: The block is as SYS_OPEN has it: a name that ends in 0, a mode and the name's length.
        Self(unsafe { call(SYS_OPEN, block.as_ptr().expose_provenance()) })
    }

    /// Writes all bytes; says whether it could.
    pub(crate) fn write_all(self, bytes: &[u8]) -> bool {
        let block = [self.0, bytes.as_ptr().expose_provenance(), bytes.len()];
        // SAFETY: The block is as SYS_WRITE has it: a stream, an address and a length. It answers how many were left.
        unsafe { call(SYS_WRITE, block.as_ptr().expose_provenance()) == 0 }
    }
}

impl fmt::Write for Stream {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_all(text.as_bytes()).then_some(()).ok_or(fmt::Error)
    }
}

/// How the program ended, in semihosting's words.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Well = 0x2_0026,
    Failed = 0x2_0023,
}

/// Ends QEMU: with exit code 0, or 1.
pub(crate) fn end(how: End) -> ! {
    // SAFETY: It takes a number.
    unsafe { call(SYS_EXIT, how as usize) };
    loop {
        core::hint::spin_loop();
    }
}
