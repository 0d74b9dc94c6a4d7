//! The core as a module for wasm32-unknown-unknown that imports nothing. check.mjs drives it.
//!
//! A host writes the bytes of an op to [`buffer`], calls [`receive`], and asks for digests. Pointers are offsets in the
//! exported memory, good until the next call. An instance has one engine.
#![no_std]

extern crate alloc;

mod heap;

use alloc::vec::Vec;
use bare::Bump;
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use folkmoot_core::{Engine, NamespaceId, Status};

#[global_allocator]
static HEAP: Bump<heap::Pages> = Bump::new(heap::Pages);

/// All that an instance keeps.
#[derive(Default)]
struct Instance {
    engine: Engine,
    /// What the host writes.
    input: Vec<u8>,
    /// What it reads.
    output: Vec<u8>,
}

struct Global(UnsafeCell<Option<Instance>>);

// SAFETY: A module without shared memory has one thread.
unsafe impl Sync for Global {}

static INSTANCE: Global = Global(UnsafeCell::new(None));

fn with<T>(act: impl FnOnce(&mut Instance) -> T) -> T {
    // SAFETY: There is one thread, and no export calls another or the host, so nobody else holds a reference.
    act(unsafe { &mut *INSTANCE.0.get() }.get_or_insert_default())
}

/// Makes room for `len` bytes of input; where they go.
#[unsafe(no_mangle)]
pub extern "C" fn buffer(len: usize) -> *mut u8 {
    with(|instance| {
        instance.input.clear();
        instance.input.resize(len, 0);
        instance.input.as_mut_ptr()
    })
}

/// Decodes, verifies and applies the op in the buffer: 0 admitted, 1 duplicate, 2 ignored, 3 pending, 4 rejected, 5 no
/// op that anybody signed.
#[unsafe(no_mangle)]
pub extern "C" fn receive() -> u32 {
    with(|Instance { engine, input, .. }| {
        let Ok(outcome) = engine.receive(input) else { return 5 };
        match outcome.statuses().first().map(|(_, status)| status) {
            Some(Status::Admitted(_)) => 0,
            Some(Status::Duplicate) => 1,
            Some(Status::Ignored) => 2,
            Some(Status::Pending { .. }) => 3,
            Some(Status::Rejected(_)) | None => 4,
        }
    })
}

/// How many namespaces there are.
#[unsafe(no_mangle)]
pub extern "C" fn namespaces() -> usize {
    with(|instance| instance.engine.namespaces().count())
}

/// The id of a namespace and the digest of its state, 32 bytes each; null if there are not so many.
#[unsafe(no_mangle)]
pub extern "C" fn digest(number: usize) -> *const u8 {
    with(|Instance { engine, output, .. }| {
        let id: Option<NamespaceId> = engine.namespaces().nth(number);
        let Some((id, digest)) = id.and_then(|id| Some((id, engine.digest(&id)?))) else { return core::ptr::null() };
        output.clear();
        output.extend(id.as_bytes());
        output.extend(digest.as_bytes());
        output.as_ptr()
    })
}

/// The whole account as JSON, in the shape of the vectors' `expect`; its length is [`report_len`].
#[cfg(feature = "report")]
#[unsafe(no_mangle)]
pub extern "C" fn report() -> *const u8 {
    with(|Instance { engine, output, .. }| {
        let report = folkmoot_core::report::Report::of(engine);
        *output = serde_json::to_vec(&report).unwrap_or_default();
        output.as_ptr()
    })
}

/// The length of what [`report`] made.
#[cfg(feature = "report")]
#[unsafe(no_mangle)]
pub extern "C" fn report_len() -> usize {
    with(|instance| instance.output.len())
}

/// The most bytes of heap that were in use.
#[unsafe(no_mangle)]
pub extern "C" fn heap_most() -> usize {
    HEAP.most()
}

/// A trap: the host sees an exception.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
