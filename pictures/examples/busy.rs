//! Draws a made history of some 500 ops, to be looked at: `cargo run -p folkmoot-pictures --example busy FOLDER`.

use folkmoot_core::Engine;
use folkmoot_pictures::{Folding, Form, History, Names, html, svg};
use folkmoot_proptests::history::{History as Made, Profile};
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder to write to")?);
    // People who mostly see what the others do, and sometimes do not.
    let calm = Profile {
        ops: (500, 500),
        people: (5, 5),
        answers: 4,
        backdated: 1,
        careless: 1,
        noise: 1,
        scenes: 1,
        syncs: 70,
        merges: 10,
        branches: 3,
        ..Profile::balanced()
    };
    for (name, profile) in [("calm", calm), ("wild", Profile { ops: (500, 500), ..Profile::balanced() })] {
        let made = Made::generate(11, &profile);
        let mut engine = Engine::new();
        let _ = engine.apply_batch(made.ops.iter().cloned());
        let names: Names = made.names().into_iter().collect();
        let history = History::of(&engine, &made.namespace, &made.ops, &names, None);
        std::fs::write(folder.join(name).with_extension("svg"), svg(&history, Form::Auto, Folding::Auto))?;
        std::fs::write(folder.join(name).with_extension("html"), html(&history, Folding::Auto))?;
    }
    Ok(())
}
