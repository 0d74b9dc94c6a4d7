//! The memory after the module's own data, which grows by pages.

use core::arch::wasm32::{memory_grow, memory_size};

const PAGE: usize = 65_536;

unsafe extern "C" {
    /// Set by the linker: its address is the first after the module's data and stack.
    static __heap_base: u8;
}

/// The pages of the module's only memory.
pub(crate) struct Pages;

// SAFETY: Nothing else in this module grows its memory or uses what is above `__heap_base`.
unsafe impl bare::Room for Pages {
    fn start(&self) -> usize {
        (&raw const __heap_base).expose_provenance()
    }

    fn reach(&self, end: usize) -> bool {
        let missing = end.div_ceil(PAGE).saturating_sub(memory_size(0));
        missing == 0 || memory_grow(0, missing) != usize::MAX
    }
}
