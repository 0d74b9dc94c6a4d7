//! Every bound of the store, named.

use folkmoot_core::limits::{MAX_NAME_BYTES, MAX_OP_BYTES, MAX_SOURCE_BYTES};

/// The schema that this store writes and the only one that it reads.
pub const SCHEMA_VERSION: u32 = 2;

/// How many snapshots are kept: the newest, and the one before for when that is damaged.
pub const KEPT_SNAPSHOTS: usize = 2;

/// A snapshot is stored in pieces of so many bytes at most, so that no page run of the file must be as long as a snapshot.
pub const SNAPSHOT_PIECE_BYTES: usize = 256 << 10;

/// How long the pieces are that are written. The file's pages double in size, and what a page has beside a piece would
/// else take another half of it: twice as many bytes to read and to keep.
pub const SNAPSHOT_PIECE_BYTES_WRITTEN: usize = SNAPSHOT_PIECE_BYTES - 1_024;

/// Longest snapshot that is stored or restored, in bytes: some 50 million ops of about 80 bytes each.
pub const MAX_SNAPSHOT_BYTES: u64 = 4 << 30;

/// Longest row other than an op or a piece of a snapshot, in bytes. A context's is the longest: a source, two names and
/// some fixed fields.
pub const MAX_ROW_BYTES: usize = 4_096;

/// Longest error text kept with an upgrade, in bytes of UTF-8. Longer ones are cut.
pub const MAX_UPGRADE_ERROR_BYTES: usize = 512;

/// Most rows that one question for a page of rows is answered with; asking for more gives so many.
pub const MAX_PAGE_ROWS: usize = 1_024;

/// Most ops of one commit. The shell's batches are far smaller; this bounds the memory that a commit's index takes.
pub const MAX_COMMIT_OPS: usize = 1 << 20;

/// So many rows of ops are handed to the database at a time, which has all of them in memory once more before it writes them:
/// about 100 KB.
pub const OPS_AT_ONCE: usize = 256;

/// The ids of so many ops at most are in memory and not in the file's index of ids: about a megabyte. They are read from
/// the ops themselves as the file is opened, some tens of milliseconds at most.
pub const MAX_RECENT_IDS: usize = 1 << 15;

/// Longest passphrase, in bytes.
pub const MAX_PASSPHRASE_BYTES: usize = 1_024;

/// How many ops are read, checked and applied at a time when the log is replayed.
pub const REPLAY_BATCH_OPS: usize = 4_096;

/// Cache of the file's pages, in bytes, unless the host says otherwise.
pub const DEFAULT_CACHE_BYTES: usize = 64 << 20;

/// Files up to this size are checked page by page as they are opened, unless the host says otherwise: some hundredths of
/// a second.
pub const DEFAULT_CHECK_PAGES_UP_TO: u64 = 64 << 20;

/// What a row of an op has before the op: its id, and a byte of flags.
pub(crate) const OP_HEADER_BYTES: usize = 33;

/// Longest row of an op, in bytes: with its checksum.
pub const MAX_OP_ROW_BYTES: usize = OP_HEADER_BYTES + MAX_OP_BYTES + 8;

const _: () = assert!(MAX_ROW_BYTES >= MAX_SOURCE_BYTES + 2 * MAX_NAME_BYTES + MAX_UPGRADE_ERROR_BYTES + 512);
