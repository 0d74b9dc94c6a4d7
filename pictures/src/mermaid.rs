//! The graph in Mermaid's language, for pages that draw it.

use crate::fold::{Folding, fold};
use crate::history::History;
use crate::svg::class_of;
use std::fmt::Write;

/// A history as a Mermaid `flowchart`: a node for each op or folded run, arrows from parents to children, dotted ones
/// from what strikes to what is struck.
///
/// The same history gives the same bytes. In names, all but letters and digits are written as entities. Mermaid itself
/// draws at most 500 arrows and 50,000 characters unless its page says otherwise; for more there are
/// [`svg`](crate::svg) and [`html`](crate::html).
pub fn mermaid(history: &History, folding: Folding) -> String {
    let folded = fold(history, folding);
    let mut out = String::from("flowchart TD\n");
    for (at, node) in folded.nodes.iter().enumerate() {
        let op = &history.ops[node.first()];
        let who = escape(history.signer_of(op));
        let (words, class) = if node.is_folded() {
            let (many, kinds) = node.sums(history);
            (format!("{}: {}", escape(&many), escape(&kinds)), "folded")
        } else {
            let deed = escape(&op.deed);
            let deed = if op.is_void() { format!("<s>{deed}</s>") } else { deed };
            let place = history.group_below(op).map(|group| format!("<br/>in {}", escape(group))).unwrap_or_default();
            let why = op.reason().map(|reason| format!("<br/>{reason}")).unwrap_or_default();
            (
                format!("{deed}{place}{why}"),
                class_of(op).split(' ').next().unwrap_or_default().trim_start_matches("fm-"),
            )
        };
        let ops = node.ops.iter().map(|at| &history.ops[*at]);
        let mut marks = String::new();
        for (is, mark) in [(ops.clone().any(|op| op.is_forked), "fork"), (ops.clone().any(|op| op.is_head), "head")] {
            if is {
                let _ = write!(marks, " ({mark})");
            }
        }
        let _ = writeln!(out, "  n{at}[\"<b>{who}</b>{marks}<br/>{words}\"]:::{class}");
    }
    let mut arrows = 0;
    let mut strikes = Vec::new();
    for (at, node) in folded.nodes.iter().enumerate() {
        for parent in &node.parents {
            let _ = writeln!(out, "  n{parent} --> n{at}");
            arrows += 1;
        }
    }
    for (at, node) in folded.nodes.iter().enumerate() {
        let op = &history.ops[node.first()];
        for by in op.by.into_iter().chain(op.falls_with) {
            let _ = writeln!(out, "  n{} -.-> n{at}", folded.node_of[by]);
            strikes.push(arrows.to_string());
            arrows += 1;
        }
    }
    if !strikes.is_empty() {
        let _ = writeln!(out, "  linkStyle {} stroke:#c8102e,color:#c8102e", strikes.join(","));
    }
    for (class, style) in STYLES {
        let _ = writeln!(out, "  classDef {class} {style}");
    }
    out
}

const STYLES: [(&str, &str); 4] = [
    ("effective", "stroke:#0072b2,fill:#f4f9fc,color:#1b1f24"),
    ("idle", "stroke:#e69f00,fill:#fdf8ee,color:#1b1f24"),
    ("void", "stroke:#d55e00,fill:#fbf4ef,color:#5d4a40"),
    ("folded", "stroke:#56789a,fill:#f1f4f8,color:#1b1f24"),
];

/// All but letters, digits and spaces as entities, in Mermaid's way of writing them.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | ',' | '.' | '_') {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}
