//! `folkmoot demo`, and what README.md says of it.

use crate::common::stdout_of;

#[test]
fn the_demo_ends_with_one_digest_on_all_three_replicas_before_and_after_the_forging() {
    let told = stdout_of(&["demo"], b"");
    let digest_after = |word: &str| {
        let line =
            told.lines().find_map(|line| line.trim_start().strip_prefix(word).filter(|rest| rest.trim().len() == 64));
        line.unwrap_or_else(|| panic!("no digest of {word} in\n{told}")).trim().to_owned()
    };
    let agreed = digest_after("alice ");
    for word in ["bob ", "carol ", "before ", "after "] {
        assert_eq!(digest_after(word), agreed, "{word}");
    }
}

#[test]
fn the_demo_shows_replicas_that_differ_while_they_are_cut_off() {
    let told = stdout_of(&["demo"], b"");
    let mut short: Vec<&str> = told.lines().filter(|line| line.contains("\u{2026}  ")).collect();
    short.iter_mut().for_each(|line| *line = line.split_whitespace().nth(1).unwrap());
    short.sort_unstable();
    short.dedup();
    assert_eq!(short.len(), 3, "{told}");
}

#[test]
fn the_demo_says_what_became_of_each_op_and_why() {
    let told = stdout_of(&["demo"], b"");
    for line in [
        "alice   MemberRemoved bob                 Effective",
        "bob     MemberAdded mallory as Admin      AuthorityLost  by alice's MemberRemoved",
        "mallory GroupAliasSet \"Mallory's table\"   AuthorityLost  by alice's MemberRemoved",
        "carol   MemberAdded erin as Member        Effective",
        "bob     MemberRemoved carol               AuthorityLost  by alice's MemberRemoved",
        "evidence of who forked: bob.",
    ] {
        assert!(told.contains(line), "{line:?} is not in\n{told}");
    }
}

#[test]
fn the_demo_fits_on_a_screen() {
    let told = stdout_of(&["demo"], b"");
    assert!(told.lines().count() <= 45, "{} lines", told.lines().count());
    for line in told.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn the_readme_shows_what_the_demo_really_prints() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    assert!(readme.contains(&stdout_of(&["demo"], b"")), "paste the demo's output into README.md again");
}
