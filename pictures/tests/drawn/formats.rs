//! SVG, HTML, dot and Mermaid: each is what it says it is, and says what there is.

use crate::common::{hard, story, taken, with_class, words, xml};
use folkmoot_pictures::{Folding, Form, History, dot, html, mermaid, scenarios, svg};
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

const FORMS: [Form; 3] = [Form::Auto, Form::Cards, Form::Rows(384)];

fn everything(history: &History) -> Vec<String> {
    let mut all: Vec<String> = FORMS.iter().map(|form| svg(history, *form, Folding::Auto)).collect();
    all.extend([html(history, Folding::Auto), dot(history, Folding::Auto), mermaid(history, Folding::Auto)]);
    all
}

#[test]
fn the_same_history_gives_the_same_bytes() {
    let hard = hard(3, 120);
    assert_eq!(everything(&taken(&hard, &hard.ops)), everything(&taken(&hard, &hard.ops)));
    assert_eq!(everything(&story("betrayal")), everything(&story("betrayal")));
}

#[test]
fn an_svg_has_a_node_for_every_op_a_lane_for_every_signer_and_a_line_for_every_parent() {
    for scenario in scenarios::all() {
        let history = story(scenario.name);
        for form in FORMS {
            let text = svg(&history, form, Folding::Never);
            let document = xml(&text);
            assert_eq!(with_class(&document, "fm-node").len(), history.ops.len(), "{}", scenario.name);
            assert_eq!(with_class(&document, "fm-lane").len(), history.people.len());
            let edges: usize = history.ops.iter().map(|op| op.parents.len()).sum();
            assert_eq!(with_class(&document, "fm-edge").len(), edges);
        }
    }
}

#[test]
fn void_ops_are_struck_through_say_why_and_have_an_arrow_from_what_struck_them() {
    let history = story("removed-admin");
    let text = svg(&history, Form::Cards, Folding::Never);
    let document = xml(&text);
    let void = with_class(&document, "fm-void");
    let nodes: Vec<_> = void.iter().filter(|node| node.attribute("data-node").is_some()).collect();
    assert_eq!(nodes.len(), history.without_effect());
    for node in nodes {
        assert!(words(*node).contains("void: AuthorityLost"), "{}", words(*node));
        let at = node.attribute("data-node").unwrap();
        let arrows = with_class(&document, "fm-strike");
        assert!(arrows.iter().any(|arrow| arrow.attribute("data-to") == Some(at)));
    }
    assert!(text.contains(".fm .fm-void .fm-deed{text-decoration:line-through"));
    assert!(text.contains("prefers-color-scheme:dark"));
}

#[test]
fn heads_and_forks_are_marked() {
    let text = svg(&story("equivocation"), Form::Cards, Folding::Never);
    let document = xml(&text);
    assert_eq!(with_class(&document, "fm-head").len(), 1);
    assert_eq!(with_class(&document, "fm-fork").len(), 2);
}

#[test]
fn every_node_says_all_about_itself_in_its_title() {
    let history = story("betrayal");
    let text = svg(&history, Form::Cards, Folding::Never);
    let document = xml(&text);
    for (at, node) in with_class(&document, "fm-node").into_iter().enumerate() {
        let title = node.children().find(|child| child.has_tag_name(("http://www.w3.org/2000/svg", "title")));
        assert_eq!(title.unwrap().text().unwrap(), history.account(at));
    }
}

/// Left, top, right and bottom of an element that has `x`, `y`, `width` and `height`.
fn frame(node: roxmltree::Node<'_, '_>) -> [f64; 4] {
    let of = |name| node.attribute(name).unwrap().parse::<f64>().unwrap();
    [of("x"), of("y"), of("x") + of("width"), of("y") + of("height")]
}

#[test]
fn no_two_cards_overlap_and_none_leaves_the_picture() {
    for seed in 0..9 {
        let hard = hard(seed, 150);
        let text = svg(&taken(&hard, &hard.ops), Form::Cards, Folding::Never);
        let document = xml(&text);
        let cards: Vec<[f64; 4]> = with_class(&document, "fm-node")
            .iter()
            .filter_map(|node| node.children().find(|child| child.attribute("class") == Some("fm-box")))
            .map(frame)
            .collect();
        let root = document.root_element();
        let [width, height] = ["width", "height"].map(|name| root.attribute(name).unwrap().parse::<f64>().unwrap());
        for (at, a) in cards.iter().enumerate() {
            assert!(a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= width && a[3] <= height, "seed {seed}");
            for b in &cards[at + 1..] {
                let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
                assert!(apart, "seed {seed}: {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn ids_in_a_page_are_unique_and_what_is_referred_to_is_there() {
    let text = html(&story("betrayal"), Folding::Auto);
    let document = xml(&text);
    let ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len());
    for arrow in with_class(&document, "fm-strike") {
        let tip = arrow.attribute("marker-end").unwrap().trim_start_matches("url(#").trim_end_matches(')');
        assert!(unique.contains(tip), "{tip}");
    }
}

#[test]
fn a_page_forbids_itself_the_network_and_refers_to_nothing_outside() {
    let text = html(&story("betrayal"), Folding::Auto);
    let document = xml(&text);
    let policy = document.descendants().find(|node| node.attribute("http-equiv") == Some("Content-Security-Policy"));
    let policy = policy.unwrap().attribute("content").unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let outside = ["src", "href", "action", "style", "onclick", "onload"];
    for node in document.descendants() {
        assert!(outside.iter().all(|name| node.attribute(*name).is_none()), "{:?}", node.tag_name());
    }
    assert!(!text.replace("http://www.w3.org/2000/svg", "").contains("://"));
}

#[test]
fn the_data_of_a_page_is_json_and_its_steps_lead_to_the_present() {
    let history = story("betrayal");
    let text = html(&history, Folding::Auto);
    let document = xml(&text);
    let data = document.descendants().find(|node| node.attribute("id") == Some("data")).unwrap();
    let data: serde_json::Value = serde_json::from_str(data.text().unwrap()).unwrap();
    assert_eq!(data["ops"].as_array().unwrap().len(), history.ops.len());
    let steps = data["steps"].as_array().unwrap();
    assert_eq!(steps.len(), history.ops.len());
    let people = data["people"].as_array().unwrap();
    let mut members = BTreeSet::new();
    let mut ever = BTreeSet::new();
    for change in steps.iter().flat_map(|step| step["m"].as_array().unwrap()) {
        let name = people[usize::try_from(change[1].as_u64().unwrap()).unwrap()]["name"].as_str().unwrap();
        ever.insert(name);
        if change[2].is_null() {
            members.remove(name)
        } else {
            members.insert(name)
        };
    }
    assert_eq!(members, BTreeSet::from(["alice", "carol", "dave", "erin"]));
    assert!(ever.contains("mallory"), "who was in for a while");
}

/// What a program says to its input.
fn fed(program: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} is needed (apt-get install -y graphviz): {error}"));
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn graphviz_reads_the_dot_and_finds_every_op() {
    for name in ["betrayal", "leaving"] {
        let history = story(name);
        let drawn = fed("dot", &["-Tsvg"], &dot(&history, Folding::Never));
        let document = xml(&drawn);
        assert_eq!(with_class(&document, "node").len(), history.ops.len());
        let lines: usize = history.ops.iter().map(|op| op.parents.len() + usize::from(op.by.is_some())).sum();
        assert_eq!(with_class(&document, "edge").len(), lines);
    }
    let hard = hard(5, 100);
    let drawn = fed("dot", &["-Tcanon"], &dot(&taken(&hard, &hard.ops), Folding::Auto));
    assert!(drawn.starts_with("digraph history"));
}

#[test]
fn mermaid_has_a_line_for_every_node_and_arrow_and_nothing_else() {
    let history = story("betrayal");
    let text = mermaid(&history, Folding::Never);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "flowchart TD");
    let of = |wanted: fn(&str) -> bool| lines.iter().filter(|line| wanted(line)).count();
    let nodes = of(|line| line.contains("[\"") && line.contains("\"]:::"));
    let edges: usize = history.ops.iter().map(|op| op.parents.len()).sum();
    let strikes = history.ops.iter().filter(|op| op.by.is_some()).count();
    assert_eq!(nodes, history.ops.len());
    assert_eq!(of(|line| line.contains(" --> ")), edges);
    assert_eq!(of(|line| line.contains(" -.-> ")), strikes);
    let styles = of(|line| line.starts_with("  classDef ") || line.starts_with("  linkStyle "));
    assert_eq!(lines.len(), 1 + nodes + edges + strikes + styles);
}
