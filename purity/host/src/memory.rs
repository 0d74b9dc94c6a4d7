//! The symbols that compiled Rust code calls without naming them, and that libc or std has elsewhere.
//!
//! None of these is a dependency of the core: any copy of a large value becomes a call of `memcpy`. The loops are
//! written in assembly where a compiler that knows them would otherwise turn them into calls of themselves.

use core::arch::asm;

/// Copies `len` bytes between ranges that do not overlap.
///
/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    // SAFETY: The caller promises both ranges; the direction flag is clear at every call (the ABI says so).
    unsafe {
        asm!(
            "rep movsb",
            inout("rcx") len => _, inout("rdi") to => _, inout("rsi") from => _,
            options(nostack, preserves_flags),
        );
    }
    to
}

/// Copies `len` bytes between any two ranges: backwards where that is needed.
///
/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    if to.addr().wrapping_sub(from.addr()) >= len {
        // SAFETY: `to` is not within `from`'s range, so forwards is right.
        return unsafe { memcpy(to, from, len) };
    }
    // SAFETY: The caller promises both ranges. `len` is not 0 here, so the last bytes are in them. The direction flag
    // is clear again at the end.
    unsafe {
        asm!(
            "std", "rep movsb", "cld",
            inout("rcx") len => _, inout("rdi") to.add(len).sub(1) => _, inout("rsi") from.add(len).sub(1) => _,
            options(nostack),
        );
    }
    to
}

/// Sets `len` bytes to `byte`.
///
/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
    // SAFETY: The caller promises the range; the direction flag is clear.
    unsafe {
        asm!(
            "rep stosb",
            inout("rcx") len => _, inout("rdi") to => _, in("eax") byte,
            options(nostack, preserves_flags),
        );
    }
    to
}

/// The difference of the first bytes that differ, or 0.
///
/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    for at in 0..len {
        // SAFETY: The caller promises both ranges.
        let (a, b) = unsafe { (*a.add(at), *b.add(at)) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

/// Whether two ranges differ.
///
/// # Safety
/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY: The same promises.
    unsafe { memcmp(a, b, len) }
}

/// What unwinding would call: the toolchain's alloc is compiled for programs that unwind, and refers to it. This one
/// aborts (`panic = "abort"`), so nobody calls it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// The same.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    crate::system::exit(102)
}
