//! What the pages of this repository show of the command is what it does.
//!
//! Every block marked `console` in README.md, docs/ and the crates' own pages is run, page by page, in a folder of its own:
//! HOME and FOLKMOOT_DB lie inside, and the blocks of a page follow one another there. What differs from run to run is
//! written `[..]`, lines that do not matter `...`, and an exit code other than 0 as `? 4` after the command. To write what
//! the command says into the pages:
//!
//! ```text
//! TRYCMD=overwrite cargo test -p folkmoot-cli --test words
//! ```
//!
//! A block that is not to be run is marked `console,ignore`.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// The pages in a folder, by name.
fn pages_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut pages: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| is_page(path)).collect();
    pages.sort();
    pages
}

/// Every page that may show the command: those at the root, those in docs and its folders, those of the crates.
fn all_pages() -> Vec<PathBuf> {
    let root = root();
    let mut pages = [pages_in(&root), pages_in(&root.join("docs"))].concat();
    for folder in [&root, &root.join("docs")] {
        let folders = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
        let mut folders: Vec<PathBuf> = folders.filter(|path| !path.ends_with("target")).collect();
        folders.retain(|path| *path != root.join("docs"));
        folders.sort();
        pages.extend(folders.iter().flat_map(|folder| pages_in(folder)));
    }
    pages
}

fn blocks(page: &Path) -> usize {
    let text = fs::read_to_string(page).unwrap();
    text.lines().filter(|line| line.trim() == "```console").count()
}

/// Runs the blocks of a page in a folder of its own; with TRYCMD=overwrite, writes what they say into it.
fn run(page: &Path) -> Result<(), String> {
    let sandbox = tempfile::tempdir().unwrap();
    let copy = sandbox.path().join(page.file_name().unwrap());
    let inside = copy.with_extension("in");
    fs::create_dir(&inside).unwrap();
    fs::copy(page, &copy).unwrap();
    let place = |name: &str| inside.join(name).to_str().unwrap().to_owned();
    let cases = trycmd::TestCases::new();
    cases
        .register_bin("folkmoot", Path::new(env!("CARGO_BIN_EXE_folkmoot")))
        .env("HOME", inside.to_str().unwrap())
        .env("XDG_DATA_HOME", place("data"))
        .env("FOLKMOOT_DB", place("moot.folkmoot"))
        .env("TMPDIR", sandbox.path().to_str().unwrap())
        .env("COLUMNS", "100")
        .case(&copy);
    let held = catch_unwind(AssertUnwindSafe(|| cases.run()));
    if std::env::var_os("TRYCMD").is_some_and(|mode| mode == "overwrite") {
        fs::copy(&copy, page).unwrap();
    }
    held.map_err(|_| format!("{} does not show what the command says", page.display()))
}

#[test]
fn what_the_pages_show_is_what_the_command_does() {
    let pages: Vec<PathBuf> = all_pages().into_iter().filter(|page| blocks(page) > 0).collect();
    assert!(pages.iter().any(|page| page.ends_with("docs/cli.md")), "the pages are found: {pages:?}");
    let wrong: Vec<String> = pages.iter().filter_map(|page| run(page).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_page_that_shows_something_else_is_noticed_and_one_that_is_true_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.md");
    let show =
        |what: &str| fs::write(&page, format!("# Page\n\n```console\n$ folkmoot whoami\n{what}\n```\n")).unwrap();
    show("? 0\nalice");
    assert!(run(&page).is_err());
    show("? 2\nfolkmoot: there is no database at [CWD]/moot.folkmoot\n...");
    assert_eq!(run(&page), Ok(()));
}
