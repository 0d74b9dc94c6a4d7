//! A small story for each rule by which ops conflict (SPEC §2 to §5): alice founds, bob, carol and others act.
//!
//! A story is its signed ops, from fixed keys, and what it claims of them: [`Play::check`] asks an engine.

mod authority;
mod betrayal;
mod giving;
mod groups;
mod lies;
mod settings;
mod stage;

pub use betrayal::BETRAYAL;
pub use stage::{Claim, Play, PlayError};

use stage::Stage;

/// A story.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// What it is called: lower case and hyphens.
    pub name: &'static str,
    /// The rule, in a line.
    pub title: &'static str,
    /// The section of SPEC that it shows.
    pub section: &'static str,
    /// What happens, in a paragraph.
    pub story: &'static str,
    tell: fn(&mut Stage) -> Result<(), PlayError>,
}

impl Scenario {
    /// Plays it: the same ops every time.
    ///
    /// # Errors
    /// [`PlayError`] if the story cannot be told by the rules as they are: a mistake of this crate's.
    pub fn play(&self) -> Result<Play, PlayError> {
        let mut stage = Stage::founded()?;
        (self.tell)(&mut stage)?;
        Ok(stage.into_play())
    }
}

/// All of them, in the order in which `docs/rules.md` tells them.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    [authority::ALL, giving::ALL, settings::ALL, groups::ALL, lies::ALL].into_iter().flatten()
}

/// The story of this name; [`BETRAYAL`] has one too.
pub fn find(name: &str) -> Option<&'static Scenario> {
    all().chain([&BETRAYAL]).find(|scenario| scenario.name == name)
}
