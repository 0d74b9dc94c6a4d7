//! What the pages of this repository point at is there: other pages, pictures, headings, tests; and docs/rules.md has a
//! section for every story.

use folkmoot_pictures::scenarios;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// All files below a folder whose name ends so, but for what is built, hidden, or a tool's.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                if !name.starts_with('.') && name != "target" && name != "node_modules" {
                    folders.push(entry.path());
                }
            } else if name.ends_with(ending) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// The lines of a page that are no code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The anchors of a page, as forges make them of headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let slug = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(slug).collect()
}

/// The links of a page that lead nowhere.
fn broken_links(page: &Path, text: &str) -> Vec<String> {
    let whole: String = prose(text).flat_map(|line| [line, "\n"]).collect();
    let links = whole.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::trim);
    // A destination has no blanks: what has some is a formula.
    let local = links.filter(|link| !link.contains("://") && !link.starts_with("mailto:") && !link.contains(' '));
    let leads_nowhere = |link: &&str| {
        let (path, anchor) = link.split_once('#').map_or((*link, None), |(path, anchor)| (path, Some(anchor)));
        let target = if path.is_empty() { page.to_owned() } else { page.parent().unwrap().join(path) };
        let found = target.exists() || path.is_empty();
        let read = || if path.is_empty() { text.to_owned() } else { fs::read_to_string(&target).unwrap() };
        !found || anchor.is_some_and(|anchor| !anchors(&read()).contains(anchor))
    };
    local.filter(leads_nowhere).map(|link| format!("{}: {link}", page.display())).collect()
}

/// Tests that a page names as `folder::name` and that are not below that folder; a name that ends in `…` is a beginning.
fn missing_tests(root: &Path, text: &str) -> Vec<String> {
    let whole: String = prose(text).flat_map(|line| [line, "\n"]).collect();
    let spans = whole.split('`').skip(1).step_by(2);
    let named = spans.filter_map(|span| span.split_once("::").filter(|(_, name)| name.matches('_').count() > 1));
    let is_missing = |(folder, name): &(&str, &str)| {
        let folder = root.join(folder);
        if !folder.join("Cargo.toml").exists() {
            return false; // a path of Rust's
        }
        let wanted = name.strip_suffix('…').map_or_else(|| format!("fn {name}("), |begun| format!("fn {begun}"));
        !files(&folder, ".rs").iter().any(|file| fs::read_to_string(file).unwrap().contains(&wanted))
    };
    named.filter(is_missing).map(|(folder, name)| format!("{folder}::{name}")).collect()
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let pages = files(&root(), ".md");
    assert!(pages.iter().any(|page| page.ends_with("docs/rules.md")), "the pages are found: {pages:?}");
    let broken: Vec<String> =
        pages.iter().flat_map(|page| broken_links(page, &fs::read_to_string(page).unwrap())).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_noticed() {
    let page = root().join("docs/none.md");
    let text = "# One Heading: it's `so`\n[a](rules.md) [b](#one-heading-its-so)\n```\n[c](gone.md)\n```\n";
    assert!(broken_links(&page, text).is_empty());
    for wrong in ["[a](gone.md)", "[a](#two)", "[a](rules.md#no-such-rule)", "![a](pictures/gone.svg)"] {
        assert_eq!(broken_links(&page, &format!("{text}{wrong}\n")).len(), 1, "{wrong}");
    }
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let pages = files(&root(), ".md");
    let missing: Vec<String> =
        pages.iter().flat_map(|page| missing_tests(&root(), &fs::read_to_string(page).unwrap())).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert_eq!(missing_tests(&root(), "`core::no_such_test`, `core::the_founder_outranks_everybody`").len(), 1);
}

#[test]
fn the_page_of_rules_tells_every_story_in_order_with_picture_command_and_test() {
    let text = fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let mut rest = text.as_str();
    for story in scenarios::all() {
        let (_, after) = rest.split_once(&format!("\n### {}\n", story.title)).expect(story.title);
        let section = after.split("\n## ").next().unwrap().split("\n### ").next().unwrap();
        for part in [format!("(pictures/rules/{}.svg)", story.name), format!("$ folkmoot demo {}\n", story.name)] {
            assert!(section.contains(&part), "{}: {part} is not in its section", story.name);
        }
        assert!(section.contains("::"), "{}: no test is named", story.name);
        rest = after;
    }
}
