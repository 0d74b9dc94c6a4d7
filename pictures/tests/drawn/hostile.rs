//! Names are whatever their owners like: markup, quotes, other directions, ten thousand letters.

use crate::common::{Moot, add, key, who, words, xml};
use folkmoot_core::{GroupOp, Role, Visibility};
use folkmoot_pictures::{Folding, Form, Names, Tree, TreeStyle, dot, html, mermaid, svg};

const NASTY: [&str; 12] = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "\"><img src=x onerror=alert(3)>",
    "' onload='alert(4)",
    "]]> --> <!-- <![CDATA[",
    "&amp;&lt;&#60;",
    "\u{202e}gnikcart\u{2066}",
    "\"]:::x\n  n0 --> n1[\"",
    "\\\" }; digraph { \\",
    "\u{0}\u{1}\u{fffe}\u{ffff}\u{85}\u{2028}",
    "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "{policy} {} %s ${x} `y`",
];

/// A history in which everything is called like this.
fn named(nasty: &str) -> Moot {
    let alias: String = nasty.chars().take(40).collect();
    let mut moot = Moot::called(&alias);
    moot.names = Names::new();
    moot.names.name(who("alice"), nasty);
    moot.does("alice", add("bob", Role::Admin));
    moot.does("alice", GroupOp::MemberAliasSet { member: who("bob"), alias: alias.clone() });
    let group = GroupOp::SubgroupCreated { alias: alias.clone(), visibility: Visibility::Open };
    let group = moot.does("alice", group).into();
    moot.within(group, "alice", add("carol", Role::Member));
    let context = GroupOp::ContextRegistered {
        application_id: [0; 32],
        blob_id: [0; 32],
        source: nasty.chars().take(200).collect(),
        service_name: None,
        visibility: None,
    };
    moot.within(group, "alice", context);
    let apart = moot.engine.heads(&moot.namespace);
    moot.after(&apart, "alice", GroupOp::MemberRemoved { member: who("bob") });
    moot.after(&apart, "bob", GroupOp::GroupAliasSet { alias: alias.clone() });
    moot
}

#[test]
fn no_name_gets_out_of_its_place_in_svg() {
    for nasty in NASTY {
        let history = named(nasty).history();
        for form in [Form::Cards, Form::Rows(384)] {
            let text = svg(&history, form, Folding::Never);
            let document = xml(&text);
            let allowed = ["svg", "g", "rect", "path", "circle", "text", "title", "style", "defs", "marker"];
            for node in document.descendants().filter(roxmltree::Node::is_element) {
                assert!(allowed.contains(&node.tag_name().name()), "{nasty:?}: {:?}", node.tag_name());
                assert!(node.attributes().all(|attribute| !attribute.name().starts_with("on")), "{nasty:?}");
            }
        }
    }
}

#[test]
fn no_name_gets_out_of_its_place_in_a_page() {
    let clean = html(&named("plain").history(), Folding::Never);
    let elements = |text: &str| xml(text).descendants().filter(roxmltree::Node::is_element).count();
    for nasty in NASTY {
        let text = html(&named(nasty).history(), Folding::Never);
        let document = xml(&text);
        let scripts: Vec<_> = document.descendants().filter(|node| node.tag_name().name() == "script").collect();
        assert_eq!(scripts.len(), 2, "{nasty:?}");
        assert_eq!(text.matches("</script").count(), 2, "{nasty:?}");
        assert!(!text.contains("<img") && !text.contains("<!--"), "{nasty:?}");
        assert!(elements(&text).abs_diff(elements(&clean)) < 40, "{nasty:?}: but for lines of text");
        let data = document.descendants().find(|node| node.attribute("id") == Some("data")).unwrap().text().unwrap();
        assert!(!data.contains(['<', '>', '&', '\u{2028}']), "{nasty:?}");
        serde_json::from_str::<serde_json::Value>(data).unwrap();
        let policy = document.descendants().find(|node| node.attribute("http-equiv").is_some()).unwrap();
        assert!(policy.attribute("content").unwrap().contains("script-src 'sha256-"), "{nasty:?}");
    }
}

#[test]
fn no_name_turns_the_direction_breaks_a_line_or_is_invisible() {
    for nasty in NASTY {
        let moot = named(nasty);
        let history = moot.history();
        let tree = Tree::of(&moot.engine, &moot.namespace, &moot.ops, &moot.names, None);
        let everything = [
            svg(&history, Form::Cards, Folding::Never),
            html(&history, Folding::Never),
            dot(&history, Folding::Never),
            mermaid(&history, Folding::Never),
            tree.text(TreeStyle::Boxes),
        ];
        for text in everything {
            let bad = |c: char| {
                (c.is_control() && c != '\n')
                    || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{fffe}'..='\u{ffff}' | '\u{2028}')
            };
            assert!(!text.contains(bad), "{nasty:?}");
        }
    }
}

#[test]
fn no_name_gets_out_of_its_place_in_mermaid_and_dot() {
    let plain = named("plain").history();
    for nasty in NASTY {
        let history = named(nasty).history();
        let lines = |text: &str| text.lines().count();
        assert_eq!(lines(&mermaid(&history, Folding::Never)), lines(&mermaid(&plain, Folding::Never)), "{nasty:?}");
        let text = dot(&history, Folding::Never);
        assert_eq!(lines(&text), lines(&dot(&plain, Folding::Never)), "{nasty:?}");
        // Every quotation mark that is not escaped opens or closes a string.
        for line in text.lines() {
            let mut is_open = false;
            let mut chars = line.chars();
            while let Some(c) = chars.next() {
                match c {
                    '\\' if is_open => drop(chars.next()),
                    '"' => is_open = !is_open,
                    _ => {}
                }
            }
            assert!(!is_open, "{nasty:?}: {line}");
        }
    }
}

#[test]
fn a_name_of_ten_thousand_letters_is_cut_in_sight_and_bounded_in_all() {
    for long in ["x".repeat(10_240), "李".repeat(3_400), "word ".repeat(2_048)] {
        let history = named(&long).history();
        let text = svg(&history, Form::Cards, Folding::Never);
        let document = xml(&text);
        let shown = document.descendants().filter(|node| node.tag_name().name() == "text");
        assert!(shown.map(words).all(|words| words.chars().count() < 80));
        assert!(text.len() < 60_000, "{}", text.len());
        assert!(html(&history, Folding::Never).len() < 160_000);
    }
}

#[test]
fn a_name_that_was_signed_reaches_the_picture_unharmed_where_it_is_harmless() {
    let history = named("Zoë & René <3").history();
    let text = svg(&history, Form::Cards, Folding::Never);
    assert!(history.people[0].name.starts_with("Zoë & René <3 "), "bob has the same name, so the key is shown");
    let document = xml(&text);
    assert!(document.descendants().any(|node| node.text().is_some_and(|text| text.starts_with("Zoë & René <3"))));
    assert!(text.contains("Zoë &amp; René &lt;3"));
    assert_ne!(key("alice").public(), key("bob").public());
}
