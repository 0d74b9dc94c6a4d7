//! `folkmoot graph`, `tree` and `demo RULE`.

#[path = "govern/common.rs"]
#[allow(dead_code, reason = "shared with the tests of governing")]
mod common;

use common::Stick;

#[test]
fn a_graph_goes_to_stdout_as_svg_unless_another_format_is_asked_for() {
    let stick = Stick::new();
    let (alice, _bob) = stick.alices_and_bobs("member");
    let svg = alice.ok(&["graph"]);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg:.200}");
    assert!(svg.contains(">alice</text>") && svg.contains("joins as Member"), "{svg}");
    assert!(alice.ok(&["graph", "--format", "html"]).starts_with("<!DOCTYPE html>"));
    assert!(alice.ok(&["graph", "--format", "dot"]).starts_with("digraph "));
    assert!(alice.ok(&["graph", "--format", "mermaid"]).starts_with("flowchart TD\n"));
}

#[test]
fn two_machines_with_the_same_ops_draw_the_same() {
    let stick = Stick::new();
    let (alice, bob) = stick.alices_and_bobs("admin");
    for format in ["svg", "html", "dot", "mermaid"] {
        assert_eq!(alice.ok(&["graph", "--format", format]), bob.ok(&["graph", "--format", format]), "{format}");
    }
    assert_eq!(alice.ok(&["tree"]), bob.ok(&["tree"]));
}

#[test]
fn a_file_is_written_in_the_format_that_its_name_says() {
    let stick = Stick::new();
    let alice = stick.alices();
    assert_eq!(alice.ok(&["graph", "--output", "moot.html"]), "2 ops in moot.html\n");
    let page = std::fs::read_to_string(stick.path("moot.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"));
    alice.ok(&["graph", "--output", "moot.html", "--format", "dot"]);
    assert!(std::fs::read_to_string(stick.path("moot.html")).unwrap().starts_with("digraph "));
    let json = alice.json(&["graph", "--output", "moot.svg"]);
    assert_eq!((json["format"].as_str(), json["ops"].as_u64()), (Some("svg"), Some(2)));
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let stick = Stick::new();
    let said = stick.alices().fails(1, &["graph", "--output", "no/such/folder.svg"]);
    assert!(said.contains("no/such/folder.svg cannot be written"), "{said}");
}

#[test]
fn a_graph_of_a_group_has_its_ops_alone() {
    let stick = Stick::new();
    let alice = stick.alices();
    alice.ok(&["group", "create", "Garden"]);
    alice.ok(&["group", "set", "--group", "Garden", "--name", "Yard"]);
    let json = alice.json(&["graph", "--group", "Yard"]);
    assert_eq!(json["ops"], 2, "its creation, and its name");
    alice.fails(3, &["graph", "--group", "Cellar"]);
}

#[test]
fn a_tree_shows_groups_below_each_other_with_their_members() {
    let stick = Stick::new();
    let (alice, _bob) = stick.alices_and_bobs("member");
    alice.ok(&["group", "create", "Garden"]);
    let tree = alice.ok(&["tree"]);
    assert!(tree.starts_with("“Kitchen” (Open)\n├─ alice Admin\n├─ bob Member"), "{tree}");
    assert!(tree.ends_with("└─ “Garden” (Open)\n"), "{tree}");
    let ascii = alice.ok(&["tree", "--ascii", "--group", "Kitchen"]);
    assert!(ascii.contains("\n|- alice Admin\n") && ascii.contains("`- "), "{ascii}");
    let json = alice.json(&["tree"]);
    assert_eq!(json["groups"][0]["members"][1]["name"], "bob");
}

#[test]
fn a_tree_calls_who_is_barred_by_name() {
    let stick = Stick::new();
    let (alice, _bob) = stick.alices_and_bobs("member");
    alice.ok(&["member", "remove", "bob"]);
    assert_eq!(alice.ok(&["tree"]), "“Kitchen” (Open)\n├─ alice Admin\n└─ barred: bob\n");
}

#[test]
fn every_rule_has_a_story_that_holds() {
    let stick = Stick::new();
    let nobody = stick.machine("nobody");
    let rules = nobody.json(&["demo", "--rules"]);
    let rules = rules["rules"].as_array().unwrap();
    assert!(rules.len() > 20);
    for rule in rules {
        let name = rule["name"].as_str().unwrap();
        let told = nobody.ok(&["demo", name]);
        assert!(told.starts_with(rule["title"].as_str().unwrap()), "{told}");
        assert!(told.lines().all(|line| line.chars().count() <= 160), "{told}");
    }
    assert!(!nobody.db.exists(), "stories need no database");
}

#[test]
fn a_story_says_what_became_of_each_op_and_why() {
    let stick = Stick::new();
    let nobody = stick.machine("nobody");
    let told = nobody.ok(&["demo", "removed-admin"]);
    let wanted = "  bob admits mallory as Admin\n      no effect: what it rests on was taken by a concurrent op \
                  (AuthorityLost); because alice removes bob\n";
    assert!(told.contains(wanted), "{told}");
    let json = nobody.json(&["demo", "removed-admin"]);
    let void = json["ops"].as_array().unwrap().iter().filter(|op| op["reason"] == "AuthorityLost");
    assert_eq!(void.count(), 2);
}

#[test]
fn a_rule_that_nobody_knows_is_refused_with_what_there_is() {
    let stick = Stick::new();
    let said = stick.machine("nobody").fails(3, &["demo", "luck"]);
    assert!(said.contains("folkmoot demo --rules"), "{said}");
}
