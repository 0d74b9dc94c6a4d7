//! The ring of signing keys: how many it holds, and the walk up the groups that finds one.

use crate::common::{Moot, key, who};
use folkmoot_core::limits::{MAX_NAMESPACE_DEPTH, MAX_PATH_GROUPS, MAX_SIGNING_KEYS};
use folkmoot_core::{GroupId, RingFull, SigningKeys};

fn group(number: usize) -> GroupId {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&(number as u64).to_be_bytes());
    GroupId(id)
}

#[test]
fn a_ring_holds_65536_keys_and_no_more() {
    assert_eq!(MAX_SIGNING_KEYS, 65_536);
    let (alice, bob) = (key("alice"), key("bob"));
    let mut keys = SigningKeys::new();
    assert!(keys.is_empty());
    for number in 0..MAX_SIGNING_KEYS {
        keys.insert(group(number), alice.clone()).unwrap();
    }
    assert_eq!(keys.len(), MAX_SIGNING_KEYS);
    assert_eq!(keys.insert(group(MAX_SIGNING_KEYS), alice.clone()), Err(RingFull));
    assert_eq!(keys.insert(group(0), bob.clone()), Err(RingFull), "another identity takes a place of its own");
    assert_eq!(keys.insert(group(0), alice.clone()), Ok(()), "the same takes none");
    assert!(keys.remove(&group(7), &who("alice")));
    assert_eq!(keys.insert(group(0), bob), Ok(()));
    assert_eq!(keys.len(), MAX_SIGNING_KEYS);
}

/// A root and sixteen groups, each below the one before.
fn the_deepest_tree() -> (Moot, Vec<GroupId>) {
    let mut moot = Moot::founded_by("alice");
    let mut groups = vec![moot.root()];
    for depth in 1..=MAX_NAMESPACE_DEPTH {
        let above = groups[depth - 1];
        groups.push(moot.by("alice").within(above).creates(&depth.to_string()));
    }
    assert_eq!(groups.len(), MAX_PATH_GROUPS);
    (moot, groups)
}

/// For which of these groups the ring has a key of this person.
fn served(moot: &Moot, keys: &SigningKeys, groups: &[GroupId], name: &str) -> Vec<bool> {
    groups.iter().map(|group| moot.engine.resolve_signing_key(keys, group, &who(name)).is_some()).collect()
}

#[test]
fn a_key_kept_for_the_root_serves_every_group_down_to_the_deepest() {
    let (moot, groups) = the_deepest_tree();
    let mut keys = SigningKeys::new();
    assert_eq!(served(&moot, &keys, &groups, "bob"), [false; 17]);
    keys.insert(groups[0], key("bob")).unwrap();
    assert_eq!(served(&moot, &keys, &groups, "bob"), [true; 17]);
    let found = moot.engine.resolve_signing_key(&keys, &groups[16], &who("bob")).unwrap();
    assert_eq!(found.public(), who("bob"));
}

#[test]
fn a_key_taken_away_at_the_root_is_gone_everywhere() {
    let (moot, groups) = the_deepest_tree();
    let mut keys = SigningKeys::new();
    keys.insert(groups[0], key("bob")).unwrap();
    assert!(keys.remove(&groups[0], &who("bob")));
    assert!(!keys.remove(&groups[0], &who("bob")));
    assert_eq!(served(&moot, &keys, &groups, "bob"), [false; 17]);
}

#[test]
fn a_key_kept_for_a_group_serves_what_is_below_and_nothing_above_or_beside() {
    let (mut moot, groups) = the_deepest_tree();
    let beside = moot.by("alice").within(groups[7]).creates("beside");
    let mut keys = SigningKeys::new();
    keys.insert(groups[8], key("bob")).unwrap();
    let expected: Vec<bool> = (0..17).map(|depth| depth >= 8).collect();
    assert_eq!(served(&moot, &keys, &groups, "bob"), expected);
    assert_eq!(served(&moot, &keys, &[beside], "bob"), [false]);
    assert_eq!(served(&moot, &keys, &groups, "carol"), [false; 17]);
}

#[test]
fn a_key_taken_away_at_the_root_stays_where_it_was_kept_by_itself() {
    let (moot, groups) = the_deepest_tree();
    let mut keys = SigningKeys::new();
    for at in [0, 12] {
        keys.insert(groups[at], key("bob")).unwrap();
    }
    assert!(keys.remove(&groups[0], &who("bob")));
    let expected: Vec<bool> = (0..17).map(|depth| depth >= 12).collect();
    assert_eq!(served(&moot, &keys, &groups, "bob"), expected);
}

/// A ring tells keys of one identity apart by nothing, so this asks the ring itself which place it took the key from.
#[test]
fn the_nearest_key_is_found_first() {
    let (moot, groups) = the_deepest_tree();
    let mut keys = SigningKeys::new();
    for at in [0, 5, 16] {
        keys.insert(groups[at], key("bob")).unwrap();
    }
    let at = |found: Option<&folkmoot_core::SigningKey>| std::ptr::from_ref(found.unwrap());
    for (asked, nearest) in [(16, 16), (15, 5), (5, 5), (4, 0), (0, 0)] {
        let found = at(moot.engine.resolve_signing_key(&keys, &groups[asked], &who("bob")));
        assert_eq!(found, at(keys.resolve([groups[nearest]], &who("bob"))), "asked for depth {asked}");
    }
}

#[test]
fn the_walk_looks_at_sixteen_edges_and_the_root_and_no_further() {
    let mut keys = SigningKeys::new();
    keys.insert(group(16), key("bob")).unwrap();
    keys.insert(group(17), key("carol")).unwrap();
    let path = || (0..18).map(group);
    assert_eq!(keys.resolve(path(), &who("bob")).map(|key| key.public()), Some(who("bob")));
    assert!(keys.resolve(path(), &who("carol")).is_none());
}

#[test]
fn there_is_no_key_for_a_group_that_nobody_created() {
    let (moot, groups) = the_deepest_tree();
    let mut keys = SigningKeys::new();
    keys.insert(group(1), key("bob")).unwrap();
    keys.insert(groups[0], key("bob")).unwrap();
    assert_eq!(served(&moot, &keys, &[group(1), group(2)], "bob"), [false, false]);
}

#[test]
fn a_ring_lists_the_identities_of_a_group() {
    let mut keys = SigningKeys::new();
    for name in ["alice", "bob"] {
        keys.insert(group(1), key(name)).unwrap();
    }
    keys.insert(group(2), key("carol")).unwrap();
    let mut expected = vec![who("alice"), who("bob")];
    expected.sort_unstable();
    assert_eq!(keys.identities(&group(1)).collect::<Vec<_>>(), expected);
    assert_eq!(keys.identities(&group(3)).count(), 0);
}

#[test]
fn secrets_are_not_printed() {
    let secret = key("bob");
    let hex: String = secret.expose_seed().iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{:?}", secret.expose_seed());
    let mut keys = SigningKeys::new();
    keys.insert(group(1), secret.clone()).unwrap();
    for printed in [format!("{secret:?}"), format!("{keys:?}"), format!("{keys:#?}")] {
        assert!(!printed.contains(&hex) && !printed.contains(&list), "{printed}");
        assert!(printed.contains(&who("bob").to_string()), "whose it is may be known");
        assert!(printed.contains("redacted"));
    }
}
