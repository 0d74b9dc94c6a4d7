//! Long histories: 500 ops and 5,000, and what is past the bounds.

use crate::common::{Moot, add, hard, key, taken, who, with_class, xml};
use folkmoot_core::{GroupOp, Role};
use folkmoot_pictures::limits::{MAX_ASIDE, MAX_DRAWN_OPS, MAX_LANES, MAX_STEPS};
use folkmoot_pictures::{Folding, Form, dot, html, mermaid, svg};

/// So many ops, of bob in long runs, with a branch of alice's now and then.
fn long(ops: usize) -> Moot {
    let mut moot = Moot::called("long");
    moot.does("alice", add("bob", Role::Admin));
    for number in moot.ops.len()..ops {
        let name = if number % 50 == 0 { "alice" } else { "bob" };
        moot.does(name, GroupOp::GroupAliasSet { alias: format!("called {number}") });
    }
    moot
}

#[test]
fn five_hundred_hard_ops_are_drawn_in_every_format() {
    let hard = hard(4, 500);
    let history = taken(&hard, &hard.ops);
    assert!(history.ops.len() > 400);
    for form in [Form::Auto, Form::Cards, Form::Rows(384)] {
        let text = svg(&history, form, Folding::Never);
        assert_eq!(with_class(&xml(&text), "fm-node").len(), history.ops.len());
        assert!(text.len() < 3_000 * history.ops.len(), "{} bytes", text.len());
    }
    xml(&html(&history, Folding::Auto));
    assert!(dot(&history, Folding::Auto).len() < 1_500 * history.ops.len());
    assert!(mermaid(&history, Folding::Auto).len() < 800 * history.ops.len());
}

#[test]
fn five_thousand_ops_are_folded_and_replayed_in_bounded_steps() {
    let history = long(5_000).history();
    assert_eq!((history.ops.len(), history.earlier), (5_000, 0));
    let text = html(&history, Folding::Auto);
    let document = xml(&text);
    assert!(with_class(&document, "fm-node").len() < 700, "both drawings");
    let data = document.descendants().find(|node| node.attribute("id") == Some("data")).unwrap().text().unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let steps = data["steps"].as_array().unwrap();
    assert_eq!(steps.len(), MAX_STEPS);
    assert_eq!(steps[MAX_STEPS - 1]["n"], 5_000);
}

#[test]
fn of_more_ops_than_are_drawn_the_last_are_and_the_rest_is_counted() {
    let history = long(MAX_DRAWN_OPS + 60).history();
    assert_eq!((history.ops.len(), history.earlier), (MAX_DRAWN_OPS, 60));
    assert!(history.ops[0].has_earlier);
    assert!(svg(&history, Form::Auto, Folding::Auto).contains("60 earlier ops not drawn"));
    assert!(html(&history, Folding::Auto).len() < 8_000_000);
}

#[test]
fn signers_past_the_last_lane_share_it_and_are_named_in_their_cards() {
    let mut moot = Moot::called("crowd");
    let crowd: Vec<String> = (0..MAX_LANES + 10).map(|number| format!("person {number}")).collect();
    for name in &crowd {
        moot.names.name(who(name), name);
        moot.does("alice", add(name, Role::Admin));
    }
    for name in &crowd {
        moot.does(name, GroupOp::GroupAliasSet { alias: name.clone() });
    }
    let history = moot.history();
    assert_eq!(history.people.len(), MAX_LANES + 11);
    for form in [Form::Auto, Form::Cards, Form::Rows(384)] {
        let text = svg(&history, form, Folding::Never);
        let document = xml(&text);
        assert_eq!(with_class(&document, "fm-lane").len(), MAX_LANES);
        assert!(document.descendants().any(|node| node.text() == Some("12 others")));
        assert!(text.contains("person 33"));
    }
}

#[test]
fn of_many_ops_without_a_place_some_are_listed_and_the_rest_is_counted() {
    let mut moot = Moot::called("root");
    for nonce in 0..MAX_ASIDE as u64 + 5 {
        let mut draft = moot.engine.draft(&moot.namespace, &moot.root(), &who("alice"), GroupOp::Noop).unwrap();
        draft.nonce = nonce + 5;
        let op = draft.sign(&key("alice")).unwrap();
        let _ = moot.engine.apply(op.clone());
        moot.ops.push(op);
    }
    let history = moot.history();
    assert_eq!((history.aside.len(), history.more_aside), (MAX_ASIDE, 5));
    assert!(svg(&history, Form::Auto, Folding::Auto).contains("and 5 more"));
}

#[test]
fn a_history_of_nothing_is_a_picture_all_the_same() {
    let moot = Moot::called("root");
    let nothing = folkmoot_pictures::History::of(&moot.engine, &moot.namespace, &[], &moot.names, None);
    for form in [Form::Auto, Form::Cards, Form::Rows(384)] {
        xml(&svg(&nothing, form, Folding::Auto));
    }
    xml(&html(&nothing, Folding::Auto));
    assert!(dot(&nothing, Folding::Auto).ends_with("}\n"));
}
