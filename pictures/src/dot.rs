//! The graph in Graphviz's language.

use crate::fold::{Folding, fold};
use crate::history::History;
use crate::svg::class_of;
use std::fmt::Write;

/// A history as a `digraph` for Graphviz: a node for each op or folded run, edges from parents to children, and dashed
/// red ones from what strikes to what is struck.
///
/// The same history gives the same bytes. Names stand in quoted strings, in which nothing is markup.
pub fn dot(history: &History, folding: Folding) -> String {
    let folded = fold(history, folding);
    let mut out = String::from(
        "digraph history {\n  rankdir=TB;\n  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", fontname=\"sans-serif\", fontsize=11];\n",
    );
    let _ = writeln!(out, "  label={};\n  labelloc=t;", quote(&history.title));
    for (at, node) in folded.nodes.iter().enumerate() {
        let op = &history.ops[node.first()];
        let (words, look) = if node.is_folded() {
            let (many, kinds) = node.sums(history);
            (format!("{}\n{many}: {kinds}", history.signer_of(op)), "color=\"#56789a\"")
        } else {
            (label(history, node.first()), look(class_of(op)))
        };
        let is_head = node.ops.iter().any(|at| history.ops[*at].is_head);
        let head = if is_head { ", peripheries=2" } else { "" };
        let _ = writeln!(
            out,
            "  n{at} [label={}, tooltip={}, {look}{head}];",
            quote(&words),
            quote(&history.account(node.first()))
        );
    }
    for (at, node) in folded.nodes.iter().enumerate() {
        for parent in &node.parents {
            let _ = writeln!(out, "  n{parent} -> n{at};");
        }
        let op = &history.ops[node.first()];
        for (by, word) in op.by.map(|by| (by, "strikes")).into_iter().chain(op.falls_with.map(|by| (by, "takes along")))
        {
            let striker = folded.node_of[by];
            let _ = writeln!(
                out,
                "  n{striker} -> n{at} [color=\"#c8102e\", style=dashed, constraint=false, tooltip=\"{word}\"];"
            );
        }
    }
    out.push_str("}\n");
    out
}

fn label(history: &History, at: usize) -> String {
    let op = &history.ops[at];
    let mut text = format!("{}\n{}", history.signer_of(op), op.deed);
    if let Some(group) = history.group_below(op) {
        text.push_str(&format!("\nin {group}"));
    }
    if op.reason().is_some() {
        text.push_str(&format!("\n{}{}", if op.is_void() { "void: " } else { "" }, op.verdict));
    }
    if op.is_forked {
        text.push_str("\nfork");
    }
    text
}

fn look(class: &str) -> &'static str {
    match class {
        "fm-effective" => "color=\"#0072b2\"",
        "fm-idle" => "color=\"#e69f00\"",
        "fm-void" => "color=\"#d55e00\", fontcolor=\"#6b4a3a\", fillcolor=\"#fbf6f2\"",
        _ => "color=\"#d55e00\", fontcolor=\"#6b4a3a\", fillcolor=\"#fbf6f2\", style=\"rounded,filled,dashed\"",
    }
}

/// A quoted string of Graphviz's: lines are broken by `\n`, and backslashes and quotes stand for themselves.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Graphviz reads entities of HTML in labels.
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
