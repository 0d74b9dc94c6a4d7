//! What is searched here is what the main workspace builds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The packages of a lock file, with their versions.
fn packages(lock: &str) -> BTreeMap<String, BTreeSet<String>> {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join(lock);
    let lock = std::fs::read_to_string(&lock).expect("a lock file");
    let value = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| package.lines().find(|line| line.starts_with(name)).map(value).unwrap_or_default();
        out.entry(field("name = ")).or_default().insert(field("version = "));
    }
    out
}

#[test]
fn shared_dependencies_have_the_versions_of_the_main_workspace() {
    let (here, main) = (packages("Cargo.lock"), packages("../Cargo.lock"));
    let shared: Vec<&String> = here.keys().filter(|name| main.contains_key(*name)).collect();
    assert!(shared.len() > 20 && shared.iter().any(|name| *name == "ed25519-compact"), "{shared:?}");
    for name in shared {
        assert!(here[name].is_subset(&main[name]), "{name}: {:?} here, {:?} there", here[name], main[name]);
    }
}
