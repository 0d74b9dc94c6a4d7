//! Every bound of the engine, named, with the arithmetic behind it.
//!
//! Bounds of the wire are part of the protocol (SPEC §1, §5): all replicas share them. The others are a replica's own
//! housekeeping (SPEC §7) and may differ between hosts without changing any verdict.

/// The only protocol version there is (SPEC §1).
pub const PROTOCOL_VERSION: u8 = 1;

/// Longest encoding of a `SignedGroupOp`, in bytes (SPEC §1).
pub const MAX_OP_BYTES: usize = 65_536;

/// Most parents of one op (SPEC §1). With more heads than this a draft merges the 64 of greatest (depth, id).
pub const MAX_PARENTS: usize = 64;

/// Longest alias or service name, in bytes of UTF-8 (SPEC §1).
pub const MAX_NAME_BYTES: usize = 128;

/// Longest `source` or `migration`, in bytes of UTF-8 (SPEC §1).
pub const MAX_SOURCE_BYTES: usize = 1_024;

/// Most edges between a group and its root (SPEC §5).
pub const MAX_NAMESPACE_DEPTH: usize = 16;

/// Most groups on the path from a group up to its root: the edges, and the root itself.
pub const MAX_PATH_GROUPS: usize = MAX_NAMESPACE_DEPTH + 1;

/// Most ops of one signer that may wait for parents in one namespace. Twice a chain of 50,000 that arrives
/// backwards, rounded up to a power of two.
pub const MAX_PENDING_OPS_PER_SIGNER: usize = 131_072;

/// Most bytes of one signer's waiting ops in one namespace: room for 131,072 ops of 512 bytes (a usual op has about 300).
pub const MAX_PENDING_BYTES_PER_SIGNER: usize = 64 << 20;

/// Most waiting ops of one namespace: two signers at their bound.
pub const MAX_PENDING_OPS_PER_NAMESPACE: usize = 262_144;

/// Most bytes of one namespace's waiting ops: two signers at their bound.
pub const MAX_PENDING_BYTES_PER_NAMESPACE: usize = 128 << 20;

/// Most waiting ops of one engine, whatever namespaces they claim: strangers may claim any number of namespaces.
pub const MAX_PENDING_OPS: usize = 524_288;

/// Most bytes of waiting ops of one engine: two namespaces at their bound.
pub const MAX_PENDING_BYTES: usize = 256 << 20;

/// How many ids of rejected and ignored ops an engine remembers, the oldest forgotten first. A forgotten parent is
/// fetched again and meets the same verdict, so this bounds memory (32 bytes and an index each) and nothing else.
pub const MAX_REMEMBERED_REJECTIONS: usize = 65_536;

/// Most ops in one page of a catch-up.
pub const MAX_SYNC_PAGE_OPS: usize = 1_024;

/// Most bytes of encoded ops in one page of a catch-up. Larger than [`MAX_OP_BYTES`], so every page makes progress.
pub const MAX_SYNC_PAGE_BYTES: usize = 1 << 20;

/// Most heads named in one catch-up request; a replica with more names those of greatest (depth, id).
pub const MAX_SYNC_HEADS: usize = 1_024;

/// Most local signing keys in one ring.
pub const MAX_SIGNING_KEYS: usize = 65_536;

/// Most siblings in an inclusion proof: one for each bit of a 256-bit hash.
pub const MAX_PROOF_SIBLINGS: usize = 256;

/// Most views of single ops that are kept, the one unused longest let go first: twice the heads that a draft merges.
pub const MAX_KEPT_VIEWS: usize = 128;

/// Of each run of ops, the state after every so many is kept for good: at some hundred bytes each, a byte or two an op.
pub const RUN_VIEW_EVERY: u32 = 256;

/// Farther back along a run than this, no kept view is looked for: past the next one, if all are there.
pub const MAX_VIEW_WALK: usize = 512;

/// Of a view, so many of its last ops are known with what they wrote over, so that it takes in ops from before them.
pub const MAX_RECENT_OPS: usize = 192;

/// A view moves on over a merge that brings it at most so many ops; of one that brings more it is made anew.
pub const MAX_OPS_MOVED_OVER: usize = 64;

/// So many ops may be missing in a view that is to move on: those that are behind by more make each view anew.
pub const MAX_OPS_BEHIND: usize = 256;

/// Where many go on side by side, the state that they have in common is kept (the trunk). A merge is folded on it if it has no
/// more ops than this beyond.
pub const MAX_OPS_BESIDE_TRUNK: usize = 24;

/// A state that differs from the trunk in no more cells than this is hashed without tries of its own.
pub const MAX_CELLS_BESIDE_TRUNK: usize = 48;

/// Of a merge that decides some of the trunk's ops otherwise, no more ops than this are folded again: those, and all that had
/// to do with them.
pub const MAX_OPS_DECIDED_OTHERWISE: usize = 24;

/// So many times it is tried which ops had to do with them, each time with one cell more.
pub const MAX_TRIES_TO_DECIDE_OTHERWISE: usize = 4;

/// No more ops than this are folded at once to bring the trunk to another place. Merges earn them, each as many as it brings.
pub const MAX_TRUNK_CREDIT: usize = 1_024;

/// To take the trunk back to an earlier place, each op that is folded costs as much as so many.
pub const TRUNK_BACK_COSTS: usize = 4;

/// So many changes of decisions are known, the last ones; a view from before them is made anew.
pub const MAX_DECISIONS_LOGGED: usize = 1_024;

/// Tries of views that go on side by side come to share nothing, so each may have a branch for every entry. In all they may
/// have so many for each cell of the state ...
pub const TRIE_BRANCHES_A_CELL: usize = 16;

/// ... and so many more, at 76 bytes each. With one more than that, the view unused longest gives up its tries, which are
/// made again from those of the whole when somebody asks.
pub const SPARE_TRIE_BRANCHES: usize = 65_536;

/// So many inner nodes of tries are remembered with their hashes where people go on side by side, and so many subtrees: 384 KiB.
pub const REMEMBERED_NODES: usize = 2_048;

/// So many leaves of tries are remembered with their hashes, likewise: some 128 KiB.
pub const REMEMBERED_LEAVES: usize = 1_024;

/// The merged state is kept after every so many ops where it grows; farther back, less often.
pub const CHECKPOINT_EVERY: usize = 32;

/// Of so many ops between the last checkpoint and an old past those farthest back are folded once for all that come that
/// way, and what they come to is kept: [`MAX_RECENT_OPS`] are left, which a view may go back over.
pub const FAR_AFTER_A_CHECKPOINT: usize = 4 * MAX_RECENT_OPS;

/// Of the states kept after the place of a late op that takes its effect at the end, so many are brought up to date, the
/// last ones; the others go, and come again when something is folded anew.
pub const MAX_CHECKPOINTS_AFTER_LATE_OP: usize = 2;

/// Most Admins of whom one may turn out to be steady, so that what a late op reaches is folded without the rest.
pub const MAX_STEADY_ADMINS: usize = 4;

const _: () = assert!(MAX_SYNC_PAGE_BYTES >= MAX_OP_BYTES);
const _: () = assert!(MAX_PENDING_BYTES_PER_SIGNER >= MAX_OP_BYTES);
