//! Text on its way out, in blocks rather than in words.

use core::fmt::{Error, Result, Write};

/// How many bytes are kept before they are written.
const BLOCK: usize = 4_096;

/// Text that is handed on a block at a time. What is left when it is dropped is lost, so [`Lines::flush`] it.
pub struct Lines<F> {
    block: [u8; BLOCK],
    len: usize,
    write: F,
}

impl<F: FnMut(&[u8]) -> bool> Lines<F> {
    /// Text that `write` takes; it says whether it could.
    pub const fn new(write: F) -> Self {
        Self { block: [0; BLOCK], len: 0, write }
    }

    /// Hands on what is here.
    ///
    /// # Errors
    /// If it could not be written.
    pub fn flush(&mut self) -> Result {
        let len = core::mem::take(&mut self.len);
        (self.write)(&self.block[..len]).then_some(()).ok_or(Error)
    }
}

impl<F: FnMut(&[u8]) -> bool> Write for Lines<F> {
    fn write_str(&mut self, text: &str) -> Result {
        for byte in text.bytes() {
            if self.len == BLOCK {
                self.flush()?;
            }
            self.block[self.len] = byte;
            self.len += 1;
        }
        Ok(())
    }
}
