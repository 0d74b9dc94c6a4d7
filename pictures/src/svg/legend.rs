//! What stands above and below the graph: the title and the key to the signs; what has no place in the graph.

use super::Drawing;
use crate::text::{count, fit, width, xml};
use std::fmt::Write;

const LINE: usize = 20;

/// The height of the title.
pub(super) const TITLE: usize = 50;

/// The key; and before it the title, and what is in the picture in numbers.
pub(super) fn above(drawing: &Drawing<'_>, has_title: bool) -> String {
    let mut out = if has_title { title(drawing) } else { String::new() };
    write_key(drawing, &mut out);
    out
}

fn title(drawing: &Drawing<'_>) -> String {
    let history = drawing.history;
    let room = drawing.width - 40;
    let title = xml(&fit(&history.title, room, 18)).into_owned();
    let heads = history.ops.iter().filter(|op| op.is_head).count();
    let mut sums = vec![
        count(history.ops.len(), "op"),
        count(heads, "head"),
        format!("{} without effect", history.without_effect()),
    ];
    if history.earlier > 0 {
        sums.push(format!("{} not drawn", count(history.earlier, "earlier op")));
    }
    let sums = fit(&sums.join(" \u{b7} "), room, 12);
    format!(
        "<text class=\"fm-title\" x=\"20\" y=\"28\"><title>{}</title>{title}</text>\n\
         <text class=\"fm-sub\" x=\"20\" y=\"47\">{}</text>\n",
        xml(&history.title),
        xml(&sums)
    )
}

fn write_key(drawing: &Drawing<'_>, out: &mut String) {
    let signs = [
        ("took effect", "fm-effective", None),
        ("idle", "fm-idle", None),
        ("void", "fm-void", None),
        ("void for good", "fm-void fm-causal", None),
        ("struck by", "", Some("fm-strike")),
        ("falls with", "", Some("fm-strike fm-falls")),
    ];
    let (mut x, mut y) = (20, 68);
    for (word, class, line) in signs {
        let wide = 30 + width(word) * 12 / 1_000 + 14;
        if x + wide > drawing.width - 12 {
            (x, y) = (20, y + LINE);
        }
        let middle = y - 4;
        let _ = match line {
            Some(line) => {
                write!(
                    out,
                    "<path class=\"{line}\" d=\"M{x} {middle}h24\" marker-end=\"url(#{}-arrow)\"/>",
                    drawing.prefix
                )
            }
            None if drawing.is_cards() => write!(
                out,
                "<g class=\"{class}\"><rect class=\"fm-box\" x=\"{x}\" y=\"{}\" width=\"24\" height=\"14\" rx=\"3\"/>\
                 <rect class=\"fm-bar\" x=\"{x}\" y=\"{}\" width=\"6\" height=\"14\" rx=\"2\"/></g>",
                middle - 7,
                middle - 7
            ),
            None => {
                let (cx, is_void) = (x + 12, class.contains("void"));
                let cross = format!("<path class=\"fm-cross\" d=\"M{} {}l6 6m0-6l-6 6\"/>", cx - 3, middle - 3);
                let cross = if is_void { cross } else { String::new() };
                write!(
                    out,
                    "<g class=\"{class}\"><circle class=\"fm-dot\" cx=\"{cx}\" cy=\"{middle}\" r=\"5\"/>{cross}</g>"
                )
            }
        };
        let _ = writeln!(out, "<text class=\"fm-key\" x=\"{}\" y=\"{y}\">{word}</text>", x + 30);
        x += wide;
    }
}

/// What was given and has no place in the graph; and the height that this takes.
pub(super) fn below(drawing: &Drawing<'_>) -> (String, usize) {
    let (history, mut out) = (drawing.history, String::new());
    if history.aside.is_empty() {
        return (out, 0);
    }
    let (room, mut y) = (drawing.width - 40, drawing.layout.bottom() + 44);
    let _ = writeln!(out, "<text class=\"fm-who\" x=\"20\" y=\"{y}\">Without a place in the graph</text>");
    for aside in &history.aside {
        y += LINE;
        let (deed, status) = (fit(&aside.deed, room, 12), fit(&aside.status, room - 12, 11));
        let _ = writeln!(
            out,
            "<g class=\"fm-void\"><title>{}\n{}</title><text class=\"fm-deed\" x=\"20\" y=\"{y}\">{}</text>\
             <text class=\"fm-why\" x=\"32\" y=\"{}\">{}</text></g>",
            xml(&aside.deed),
            xml(&aside.status),
            xml(&deed),
            y + 15,
            xml(&status)
        );
        y += 15;
    }
    if history.more_aside > 0 {
        y += LINE;
        let _ = writeln!(out, "<text class=\"fm-sub\" x=\"20\" y=\"{y}\">and {} more</text>", history.more_aside);
    }
    (out, y + 8 - drawing.layout.bottom() - 12)
}
