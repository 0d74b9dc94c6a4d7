//! SPEC §3, rule by rule: ranks, strikes, which reductions stand, and what follows.
//!
//! Every test is a story about people; what it shows holds in every order of delivery (see [`common::Moot`]). A reduction
//! that takes something comes `later` in the fold than what it takes, so that nothing but the strike can void that.

#[path = "../common/mod.rs"]
mod common;

mod capabilities_revoked;
mod chain;
mod consequences;
mod invitation_revoked;
mod member_removed;
mod outdone;
mod overruled;
mod rank;
mod role_lowered;
mod standing;
