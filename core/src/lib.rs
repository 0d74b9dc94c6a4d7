//! The pure engine of Folkmoot: signed operations in, one answer out, the same on every replica.
//!
//! Groups of people who trust no server decide by signed operations (*ops*) who belongs, who may do what, and which
//! application they run. Ops travel as a causal graph, in any order, late, twice, from liars too. Every [`Engine`] that
//! holds the same ops reaches the same answer, bit for bit, and nobody gains authority by forging, forking or hiding
//! them. What it computes is `SPEC.md`, section by section; "SPEC §n" in these pages refers to it.
//!
//! # Driving it
//!
//! The engine is a function with memory: no I/O, no clock, no randomness, no threads, no `std`. Bytes become a
//! [`VerifiedOp`] in one place, [`Engine::apply`] takes nothing else, and its [`Outcome`] says all there is to do:
//!
//! ```
//! # use folkmoot_core::{Engine, SignedGroupOp, SigningKey};
//! # let alice = SigningKey::from_seed([1; 32]);
//! # let op = Engine::genesis(alice.public(), [7; 32], "Kitchen", [0; 32], [0; 32]).sign(&alice)?;
//! # let bytes = &op.signed().encode()[..];
//! let mut engine = Engine::new();
//! let op = SignedGroupOp::decode(bytes)?.verify()?;
//! let outcome = engine.apply(op);
//! for op in outcome.durable() { /* 1. one transaction, then fsync: op.signed().encode() */ }
//! for effect in outcome.after_commit() { /* 2. only then may the world hear of it */ }
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! - Ops may come in any order; those whose parents are not here wait, in bounded memory, and
//!   [`Engine::missing`] says what to ask peers for. Many at once: [`Engine::apply_batch`].
//! - [`Status`] tells admitted from duplicate, ignored, pending and rejected. None of these is an error: a rejection
//!   leaves the engine as it was.
//! - A late op can change what held before. [`Effect`]s are differences of the state, never derived from an op alone.
//! - [`Engine::draft`] makes an op that will not be void, for [`SignableGroupOp::sign`]; [`Engine::explain`] says why an op is
//!   void, by which op, and what it rested on.
//! - [`sync`] finds what a peer misses; [`Engine::snapshot`] and [`Engine::restore`] carry an engine over a restart.
//! - Hashes are made when somebody asks for them, so [`Engine::digest`] and its like take `&mut self`.
//!
//! # Bounds
//!
//! Every buffer, depth and length has a name in [`limits`]. Ops are numbered by 32 bits in each namespace.
//!
//! # Features
//!
//! None is needed. `serde` serialises ids, roles, verdicts, views and [`report::Report`]; `arbitrary` makes wire types
//! for fuzzing; `std` turns on `std` in the dependencies that have it.
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// The rooms, from the ground up. A room knows those above it in this list and no others; `tests/rooms.rs` checks that.
pub mod limits;
pub mod ids;
pub mod group_op;
mod hashing;
pub mod codec;
pub mod crypto;
mod verdict;
mod error;
mod arena;
mod clock;
mod dag;
mod names;
mod directory;
mod facts;
mod again;
mod cells;
mod authority;
mod preconditions;
mod touched;
mod work;
mod apply;
mod reducer;
mod conflict;
mod decisions;
mod pass;
mod standing;
mod remembered;
mod trie;
mod sorted_trie;
mod overlay;
mod state_hash;
mod order;
mod reach;
mod fold;
mod recent;
mod otherwise;
mod merges;
mod trunk;
mod views;
mod behind;
mod view;
mod namespace;
mod explain;
mod effect;
mod difference;
mod waiting;
mod pending;
mod signing_keys;
mod engine;
mod questions;
pub mod sync;
mod snapshot;
pub mod report;

pub use crypto::{
    BadSignature, NotAsVerified, SignError, SignatureCheck, SigningKey, VerifiedBefore, VerifiedOp, VerifySignatures,
};
pub use effect::{Effect, Outcome, Status};
pub use engine::Engine;
pub use error::{DraftError, EpochError, ReceiveError};
pub use explain::{ExplainedBasis, Explanation, RestsOn};
pub use fold::FoldCounts;
pub use group_op::{GroupInvitation, GroupOp, Role, SignableGroupOp, SignedGroupOp, UpgradePolicy, Visibility};
pub use ids::{ContextId, GroupId, Hash, InvitationId, NamespaceId, OpId, PublicKey};
pub use pending::PendingLimits;
pub use questions::Counts;
pub use signing_keys::{RingFull, SigningKeys};
pub use snapshot::SnapshotError;
pub use state_hash::{EntryKey, InclusionProof};
pub use verdict::{RejectReason, Verdict, VoidReason};
pub use view::{ContextInfo, GroupInfo, GroupView, InvitationInfo, MemberInfo};
pub use views::MergeCounts;

/// The library use that README.md shows.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The bytes, drawn.
#[cfg(doctest)]
#[doc = include_str!("../../docs/format.md")]
struct Format;
