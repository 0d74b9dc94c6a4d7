//! What an outcome tells a host: what must be durable, and what changed.
//!
//! Every kind of effect has its story here; that effects say all there is to say in any history is a law (proptests).

#[path = "../common/mod.rs"]
mod common;

mod access;
mod durable;
mod groups;
mod late;
mod members;
mod nothing;

use common::Moot;
use folkmoot_core::Effect;

/// The last op told just these effects, in whatever order.
#[track_caller]
fn assert_told(moot: &Moot, expected: &[Effect]) {
    let sorted = |effects: &[Effect]| {
        let mut effects: Vec<String> = effects.iter().map(|effect| format!("{effect:?}")).collect();
        effects.sort();
        effects
    };
    assert_eq!(sorted(moot.effects()), sorted(expected));
}
