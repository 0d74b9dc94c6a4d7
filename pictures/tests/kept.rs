//! What `docs/pictures` keeps is what the generator makes.

use folkmoot_pictures::{Folding, Form, History, scenarios, svg};
use std::collections::BTreeSet;
use std::path::PathBuf;

const AGAIN: &str = "cargo run -p folkmoot-pictures --example kept";

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures")
}

fn drawn(scenario: &scenarios::Scenario) -> String {
    let play = scenario.play().unwrap();
    svg(&History::of(&play.engine(), &play.namespace, &play.ops, &play.names, None), Form::Auto, Folding::Auto)
}

#[test]
fn the_picture_of_every_rule_is_as_it_is_drawn_now() {
    for scenario in scenarios::all() {
        let file = docs().join("rules").join(scenario.name).with_extension("svg");
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(kept == drawn(scenario), "{} is out of date: {AGAIN}", file.display());
    }
}

#[test]
fn the_picture_of_the_demo_is_as_it_is_drawn_now() {
    let kept = std::fs::read_to_string(docs().join("demo.svg")).unwrap_or_default();
    assert!(kept == drawn(&scenarios::BETRAYAL), "docs/pictures/demo.svg is out of date: {AGAIN}");
}

#[test]
fn no_picture_is_kept_of_a_rule_that_has_no_story() {
    let stories: BTreeSet<String> = scenarios::all().map(|scenario| format!("{}.svg", scenario.name)).collect();
    let kept = std::fs::read_dir(docs().join("rules")).unwrap();
    let kept: BTreeSet<String> = kept.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(kept, stories);
}

#[test]
fn the_screenshot_of_the_readme_is_there_and_small() {
    let size = std::fs::metadata(docs().join("demo.png")).expect("docs/pictures/demo.png").len();
    assert!((10_000..200_000).contains(&size), "{size} bytes");
}
