//! Every story comes out as it says.

use folkmoot_pictures::scenarios;
use std::collections::BTreeSet;

#[test]
fn every_story_comes_out_as_it_says() {
    let mut wrong = Vec::new();
    for scenario in scenarios::all() {
        let done = scenario.play().and_then(|play| play.check());
        if let Err(error) = done {
            wrong.push(format!("{}: {error} {error:?}", scenario.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_story_claims_something_and_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = scenarios::all().map(|scenario| scenario.name).collect();
    assert_eq!(names.len(), scenarios::all().count());
    for scenario in scenarios::all() {
        assert!(!scenario.play().unwrap().claims.is_empty(), "{}", scenario.name);
        assert!(scenario.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", scenario.name);
        let found = scenarios::find(scenario.name).unwrap();
        // Not the address: a constant may have several.
        assert_eq!((found.name, found.title, found.story), (scenario.name, scenario.title, scenario.story));
    }
    assert!(scenarios::find("no such story").is_none());
}
