//! Straight runs of one signer become one node, and nothing else does.

use crate::common::{Moot, add, story, with_class, words, xml};
use folkmoot_core::{GroupOp, Role};
use folkmoot_pictures::{Folding, Form, History, dot, html, mermaid, svg};

fn name(number: usize) -> GroupOp {
    GroupOp::GroupAliasSet { alias: format!("called {number}") }
}

/// Alice names the group so often.
fn run(times: usize) -> Moot {
    let mut moot = Moot::called("root");
    moot.does("alice", add("bob", Role::Admin));
    for number in 0..times {
        moot.does("alice", name(number));
    }
    moot
}

fn nodes(history: &History, folding: Folding) -> usize {
    with_class(&xml(&svg(history, Form::Cards, folding)), "fm-node").len()
}

#[test]
fn a_run_becomes_one_node_with_its_sums() {
    let history = run(9).history();
    let text = svg(&history, Form::Cards, Folding::Always);
    let document = xml(&text);
    assert_eq!(with_class(&document, "fm-node").len(), 2, "the founding, and the run");
    let folded = with_class(&document, "fm-folded");
    assert_eq!(words(folded[0]), "10 ops 9 GroupAliasSet, 1 MemberAdded head");
    assert!(mermaid(&history, Folding::Always).contains("10 ops"));
    assert!(dot(&history, Folding::Always).contains("10 ops: 9 GroupAliasSet, 1 MemberAdded"));
    assert!(html(&history, Folding::Always).contains("[1,2,3,4,5,6,7,8,9,10]"), "the page has all of them");
}

#[test]
fn a_short_history_is_not_folded_unless_it_is_asked_for() {
    let history = run(9).history();
    assert_eq!(nodes(&history, Folding::Auto), 11);
    assert_eq!(nodes(&history, Folding::Never), 11);
    assert_eq!(nodes(&run(80).history(), Folding::Auto), 2);
}

#[test]
fn two_ops_are_no_run() {
    assert_eq!(nodes(&run(1).history(), Folding::Always), 3);
    assert_eq!(nodes(&run(2).history(), Folding::Always), 2);
}

#[test]
fn a_run_ends_where_it_branches_and_where_another_signs() {
    let mut moot = run(4);
    let fork = moot.engine.heads(&moot.namespace);
    moot.after(&fork, "alice", name(10));
    moot.after(&fork, "bob", GroupOp::Noop);
    for number in 20..24 {
        moot.does("alice", name(number));
    }
    // The founding; five of alice; one of alice, one of bob; four of alice, of which the first joins the branches.
    assert_eq!(nodes(&moot.history(), Folding::Always), 5);
}

#[test]
fn what_is_void_strikes_or_is_forked_is_never_folded() {
    for name in ["removed-admin", "back-dating", "equivocation", "late-op", "betrayal"] {
        let history = story(name);
        let text = svg(&history, Form::Cards, Folding::Always);
        let document = xml(&text);
        let count = |class: &str| {
            with_class(&document, class).iter().filter(|node| node.attribute("data-node").is_some()).count()
        };
        assert_eq!(count("fm-void"), history.without_effect(), "{name}");
        let struck = history.ops.iter().filter(|op| op.by.is_some() || op.falls_with.is_some()).count();
        assert_eq!(with_class(&document, "fm-strike").len(), struck + 2, "{name}: and the two of the key");
        let forked = history.ops.iter().filter(|op| op.is_forked).count();
        assert_eq!(with_class(&document, "fm-fork").len(), forked, "{name}");
    }
}
