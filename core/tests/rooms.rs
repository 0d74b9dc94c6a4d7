//! The rooms of the core: each knows those listed above it in `lib.rs` and no others.

use std::path::Path;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// The modules in the order in which `lib.rs` lists them.
fn rooms() -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(SOURCE).join("lib.rs")).unwrap();
    let module = |line: &str| {
        let line = line.trim_start_matches("pub ");
        line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')).map(str::to_owned)
    };
    text.lines().filter_map(module).collect()
}

/// The modules that a line of source names after `crate::`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end =
            rest.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')).unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn a_room_knows_only_the_rooms_below_it() {
    let rooms = rooms();
    assert!(rooms.len() > 30, "lib.rs lists the rooms");
    for (at, room) in rooms.iter().enumerate() {
        let text = std::fs::read_to_string(Path::new(SOURCE).join(format!("{room}.rs"))).unwrap();
        for (number, line) in text.lines().enumerate() {
            // Docs may point anywhere.
            let code = line.split("//").next().unwrap_or("");
            for other in named(code) {
                let place = rooms.iter().position(|known| known == other);
                assert!(
                    place.is_none_or(|place| place < at || other == *room),
                    "{room}.rs:{} names `{other}`, which stands above it",
                    number + 1
                );
            }
        }
    }
}

#[test]
fn every_source_file_is_a_room_and_stays_readable() {
    let rooms = rooms();
    for entry in std::fs::read_dir(SOURCE).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(name == "lib" || rooms.contains(&name), "{name}.rs is no room of lib.rs");
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 600, "{name}.rs has {lines} lines: would each of its parts still be one thing?");
    }
}
