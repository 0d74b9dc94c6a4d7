//! What a history holds.

use crate::common::{Moot, add, hard, story, taken, who};
use folkmoot_core::{GroupOp, Role, Verdict, Visibility, VoidReason};
use folkmoot_pictures::{Names, void};
use std::collections::BTreeSet;

#[test]
fn parents_come_before_children_and_every_admitted_op_is_there_once() {
    for seed in 0..18 {
        let hard = hard(seed, 80);
        let history = taken(&hard, &hard.ops);
        let ids: BTreeSet<_> = history.ops.iter().map(|op| op.id).collect();
        assert_eq!(ids.len(), history.ops.len());
        for (at, op) in history.ops.iter().enumerate() {
            assert!(op.parents.iter().all(|parent| *parent < at), "seed {seed}");
            assert_eq!(op.parents.is_empty(), at == 0, "seed {seed}");
        }
        assert!(history.ops.iter().any(|op| op.is_head));
    }
}

#[test]
fn the_order_of_arrival_changes_nothing_but_which_forks_are_kept_as_evidence() {
    for seed in 0..9 {
        let hard = hard(seed, 60);
        let first = taken(&hard, &hard.ops);
        let second = taken(&hard, &hard.shuffled(seed));
        let told = |history: &folkmoot_pictures::History| -> Vec<String> {
            (0..history.ops.len()).map(|at| format!("{} {}", history.ops[at].id, history.account(at))).collect()
        };
        assert_eq!(told(&first), told(&second), "seed {seed}");
    }
}

#[test]
fn what_is_struck_comes_before_what_strikes_it_where_the_graph_allows() {
    let history = story("removed-admin");
    let at = |deed: &str| history.ops.iter().position(|op| op.deed == deed).unwrap();
    assert!(at("admits mallory as Admin") < at("removes bob"));
    assert!(at("admits dave as Member") < at("removes bob"));
}

#[test]
fn who_removes_himself_leaves_and_removes_nobody() {
    let history = story("leaving");
    let accounts: Vec<String> = (0..history.ops.len()).map(|at| history.account(at)).collect();
    assert!(accounts.iter().any(|account| account.starts_with("bob leaves\n")), "{accounts:?}");
    assert!(accounts.iter().any(|account| account.ends_with("\nbecause bob leaves")), "{accounts:?}");
    assert!(accounts.iter().all(|account| !account.contains("bob removes")), "{accounts:?}");
}

#[test]
fn an_op_knows_what_struck_it_and_why() {
    let history = story("removed-admin");
    let at = history.ops.iter().position(|op| op.deed == "admits mallory as Admin").unwrap();
    let op = &history.ops[at];
    assert_eq!(op.verdict, Verdict::Void(VoidReason::AuthorityLost));
    assert_eq!(history.ops[op.by.unwrap()].deed, "removes bob");
    assert_eq!(op.rests_on.as_ref().unwrap().0, "the Admin role of bob in “Kitchen table”");
    let account = history.account(at);
    assert!(account.contains("because alice removes bob"), "{account}");
    assert!(account.contains(void(VoidReason::AuthorityLost)), "{account}");
}

#[test]
fn every_void_reason_has_words_of_its_own() {
    let all = [
        VoidReason::StateHashMismatch,
        VoidReason::NoSuchGroup,
        VoidReason::Unauthorized,
        VoidReason::TooDeep,
        VoidReason::RootGroup,
        VoidReason::AlreadyMember,
        VoidReason::NoSuchMember,
        VoidReason::Outranked,
        VoidReason::LastAdmin,
        VoidReason::ReadOnlyMember,
        VoidReason::NoSuchContext,
        VoidReason::BadInvitation,
        VoidReason::InvitationRevoked,
        VoidReason::InvitationUsedUp,
        VoidReason::Barred,
        VoidReason::AuthorityLost,
        VoidReason::Overruled,
        VoidReason::SubjectReduced,
        VoidReason::Superseded,
    ];
    let words: BTreeSet<&str> = all.iter().map(|reason| void(*reason)).collect();
    assert_eq!(words.len(), all.len());
    assert!(words.iter().all(|words| words.len() > 10));
}

#[test]
fn names_given_come_before_aliases_and_two_who_share_one_show_their_keys() {
    let mut moot = Moot::called("root");
    for name in ["bob", "carol", "dave"] {
        moot.does("alice", add(name, Role::Member));
    }
    for (who_is, alias) in [("bob", "Robert"), ("carol", "alice"), ("dave", "Dave")] {
        moot.does("alice", GroupOp::MemberAliasSet { member: who(who_is), alias: alias.into() });
    }
    let deeds: Vec<String> = moot.history().ops.iter().map(|op| op.deed.clone()).collect();
    let [alice, carol] = ["alice", "carol"].map(|name| who(name).to_string()[..8].to_owned());
    assert_eq!(deeds[1], "admits bob as Member", "a name that the caller gave");
    assert_eq!(deeds[2], format!("admits alice {carol} as Member"), "an alias that somebody else has too");
    assert_eq!(deeds[3], "admits Dave as Member", "an alias");
    assert_eq!(moot.history().people[0].name, format!("alice {alice}"));
    moot.names = Names::new();
    assert!(moot.history().ops[1].deed.contains("Robert"));
}

#[test]
fn who_has_no_name_goes_by_the_beginning_of_the_key() {
    let mut moot = Moot::called("root");
    moot.does("alice", add("erin", Role::Member));
    let erin = &who("erin").to_string()[..8];
    assert_eq!(moot.history().ops[1].deed, format!("admits {erin} as Member"));
}

#[test]
fn narrowed_to_a_group_a_history_has_its_ops_and_those_that_decided_them() {
    let mut moot = Moot::called("root");
    moot.does("alice", add("bob", Role::Admin));
    let created = GroupOp::SubgroupCreated { alias: "garden".into(), visibility: Visibility::Open };
    let garden = moot.does("alice", created).into();
    moot.does("alice", GroupOp::Noop);
    let apart = moot.engine.heads(&moot.namespace);
    let draft = moot.engine.draft(&moot.namespace, &garden, &who("bob"), add("dave", Role::Member)).unwrap();
    let dave = draft.sign(&crate::common::key("bob")).unwrap();
    moot.after(&apart, "alice", GroupOp::MemberRemoved { member: who("bob") });
    moot.ops.push(dave.clone());
    let _ = moot.engine.apply(dave);

    let history = moot.narrowed(&garden);
    let deeds: Vec<&str> = history.ops.iter().map(|op| op.deed.split(' ').next().unwrap()).collect();
    assert_eq!(history.title, "garden");
    assert_eq!(deeds, ["creates", "admits", "removes"]);
    assert_eq!(history.ops[1].parents, [0], "through what is left out");
    assert_eq!(history.ops[1].by, Some(2));
    assert!(history.ops[0].has_earlier);
}

#[test]
fn what_has_no_place_in_the_graph_is_told_with_its_reason() {
    let history = story("nonce-reuse");
    let mut told: Vec<&str> = history.aside.iter().map(|aside| aside.status.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["ignored: its own past has seen its signer's nonce", "rejected (NonceGap): its nonce skips one"]);
}

#[test]
fn both_sides_of_a_fork_and_all_heads_are_marked() {
    let history = story("equivocation");
    let forked: Vec<&str> = history.ops.iter().filter(|op| op.is_forked).map(|op| op.deed.as_str()).collect();
    assert_eq!(forked.len(), 2);
    assert!(forked.contains(&"admits dave as Member") && forked.contains(&"admits erin as Member"));
    let heads: Vec<&str> = history.ops.iter().filter(|op| op.is_head).map(|op| op.deed.as_str()).collect();
    assert_eq!(heads, ["joins the branches"]);
}
