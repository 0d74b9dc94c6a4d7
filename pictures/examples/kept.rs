//! Writes the pictures that `docs/pictures` keeps anew: `cargo run -p folkmoot-pictures --example kept`.

use folkmoot_pictures::{Folding, Form, History, html, scenarios, svg};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
    std::fs::create_dir_all(docs.join("rules"))?;
    for scenario in scenarios::all() {
        let file = docs.join("rules").join(scenario.name).with_extension("svg");
        std::fs::write(file, svg(&history(scenario)?, Form::Auto, Folding::Auto))?;
    }
    let betrayal = history(&scenarios::BETRAYAL)?;
    std::fs::write(docs.join("demo.svg"), svg(&betrayal, Form::Auto, Folding::Auto))?;
    // Not kept, but what the screenshot shows.
    if let Some(page) = std::env::args().nth(1) {
        std::fs::write(page, html(&betrayal, Folding::Auto))?;
    }
    Ok(())
}

fn history(scenario: &scenarios::Scenario) -> Result<History, scenarios::PlayError> {
    let play = scenario.play()?;
    Ok(History::of(&play.engine(), &play.namespace, &play.ops, &play.names, None))
}
