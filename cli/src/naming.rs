//! What somebody means by a name: an alias, or the beginning of an id.
//!
//! Nobody is to act on the wrong thing by a short name. A name that more than one thing has is refused with all that it
//! could mean, and an alias that looks like the beginning of another's key makes that name ambiguous, not its own.

use crate::failure::{Exit, Trouble};
use crate::words::{on_one_line, short};

/// How many candidates are listed.
const MAX_LISTED: usize = 12;

/// Fewer digits are not taken as the beginning of an id.
const MIN_PREFIX: usize = 2;

/// Something that can be named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    /// Its name; empty if it has none.
    pub(crate) name: String,
    /// Its id.
    pub(crate) id: [u8; 32],
    /// What else tells it apart.
    pub(crate) note: String,
}

impl Candidate {
    pub(crate) fn new(id: [u8; 32], name: &str, note: impl Into<String>) -> Self {
        Self { name: name.to_owned(), id, note: note.into() }
    }

    fn line(&self) -> String {
        let name = if self.name.is_empty() { String::new() } else { format!("{}  ", on_one_line(&self.name)) };
        let note = if self.note.is_empty() { String::new() } else { format!("  {}", self.note) };
        format!("{name}{}{note}", short(&self.id))
    }
}

/// A whole id, if that is what the text is.
pub(crate) fn whole_id(text: &str) -> Option<[u8; 32]> {
    text.parse().ok().map(|hash: folkmoot_core::Hash| hash.0)
}

/// The one of these that `wanted` names. `kind` is what they are: "a member", "an op".
pub(crate) fn pick(kind: &str, wanted: &str, candidates: &[Candidate]) -> Result<[u8; 32], Trouble> {
    if let Some(id) = whole_id(wanted) {
        let known = candidates.iter().any(|candidate| candidate.id == id);
        return if known { Ok(id) } else { Err(unknown(kind, wanted, candidates)) };
    }
    let prefix = wanted.to_ascii_lowercase();
    let is_prefix = prefix.len() >= MIN_PREFIX && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
    let meant =
        |candidate: &&Candidate| candidate.name == wanted || is_prefix && hex(&candidate.id).starts_with(&prefix);
    let mut found: Vec<Candidate> = candidates.iter().filter(meant).cloned().collect();
    if found.is_empty() {
        let folded = wanted.to_lowercase();
        found.extend(candidates.iter().filter(|candidate| candidate.name.to_lowercase() == folded).cloned());
    }
    found.sort();
    found.dedup_by_key(|candidate| candidate.id);
    match &found[..] {
        [] => Err(unknown(kind, wanted, candidates)),
        [one] => Ok(one.id),
        several => {
            Err(Trouble::new("ambiguous", Exit::Name, format!("{:?} could mean {} things", wanted, several.len()))
                .candidates(lines(several))
                .next("give more of the id of the one that is meant"))
        }
    }
}

fn unknown(kind: &str, wanted: &str, candidates: &[Candidate]) -> Trouble {
    let trouble = Trouble::new("unknown_name", Exit::Name, format!("there is no {kind} {wanted:?} here"));
    if candidates.is_empty() {
        return trouble;
    }
    let mut all = candidates.to_vec();
    all.sort();
    all.dedup_by_key(|candidate| candidate.id);
    trouble.candidates(lines(&all)).next("name one of these, or give the beginning of its id")
}

/// A line for each, up to a bound.
pub(crate) fn lines(candidates: &[Candidate]) -> Vec<String> {
    let mut lines: Vec<String> = candidates.iter().take(MAX_LISTED).map(Candidate::line).collect();
    if candidates.len() > MAX_LISTED {
        lines.push(format!("and {} more", candidates.len() - MAX_LISTED));
    }
    lines
}

/// All of an id.
pub(crate) fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<Candidate> {
        let mut one = [0xab; 32];
        one[0] = 0xbe;
        vec![
            Candidate::new([0xab; 32], "alice", ""),
            Candidate::new(one, "bob", ""),
            Candidate::new([0xcd; 32], "carol", ""),
            Candidate::new([0xef; 32], "carol", ""),
            Candidate::new([0x11; 32], "abab", "an alias like a key"),
        ]
    }

    fn named(wanted: &str) -> Result<u8, &'static str> {
        pick("member", wanted, &people()).map(|id| id[0]).map_err(|trouble| trouble.code)
    }

    #[test]
    fn an_alias_a_prefix_and_a_whole_id_name_one() {
        assert_eq!(named("alice"), Ok(0xab));
        assert_eq!(named("BOB"), Ok(0xbe));
        assert_eq!(named("CD"), Ok(0xcd));
        assert_eq!(named(&"ef".repeat(32)), Ok(0xef));
    }

    #[test]
    fn what_several_have_is_ambiguous_and_lists_them() {
        let trouble = pick("member", "carol", &people()).expect_err("two carols");
        assert_eq!((trouble.code, trouble.candidates.len()), ("ambiguous", 2));
        assert_eq!(trouble.candidates, ["carol  cdcdcdcd", "carol  efefefef"]);
    }

    #[test]
    fn an_alias_does_not_take_the_place_of_a_key_that_begins_like_it() {
        assert_eq!(named("abab"), Err("ambiguous"));
    }

    #[test]
    fn what_nothing_has_is_unknown_and_one_digit_is_no_prefix() {
        for wanted in ["dave", "c", "", &"99".repeat(32)] {
            assert_eq!(named(wanted), Err("unknown_name"), "{wanted:?}");
        }
    }

    #[test]
    fn many_candidates_are_not_all_listed() {
        let many: Vec<Candidate> = (0..40).map(|n| Candidate::new([n; 32], &format!("member {n}"), "")).collect();
        let trouble = pick("member", "nobody", &many).expect_err("nobody");
        assert_eq!(trouble.candidates.len(), MAX_LISTED + 1);
        assert_eq!(trouble.candidates[MAX_LISTED], "and 28 more");
    }
}
