//! The reference is read line by line against SPEC, so it has to stay small.

use std::fs;
use std::path::{Path, PathBuf};

/// All `.rs` files below a folder, folders below it included.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("entry").path())
        .partition(|path| path.is_dir());
    let here = files.into_iter().filter(|file| file.extension().is_some_and(|ext| ext == "rs"));
    here.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// As `wc -l` counts them: comments and blank lines too.
fn lines(files: &[PathBuf]) -> usize {
    files.iter().map(|file| fs::read_to_string(file).expect("file").lines().count()).sum()
}

#[test]
fn the_reference_is_at_most_a_tenth_of_the_core() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut reference = sources(&here.join("src/reference"));
    reference.push(here.join("src/reference.rs"));
    let core = sources(&here.join("../core/src"));
    assert!(reference.len() >= 2 && core.len() > 20, "the files have moved: {reference:?}, {core:?}");
    let (reference, core) = (lines(&reference), lines(&core));
    println!("{reference} lines of reference, {core} of core");
    assert!(reference * 10 <= core, "{reference} lines of reference are more than a tenth of {core} of core");
}
