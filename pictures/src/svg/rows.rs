//! Ops as dots in narrow lanes, a row each, with their words beside the graph.

use super::Drawing;
use crate::fold::{Folded, Node};
use crate::history::History;
use crate::layout::{Layout, Measure};
use crate::text::{fit, wrap, xml};
use folkmoot_core::Verdict;
use std::fmt::Write;

/// Room for a lane's name, which leans.
pub(super) const NAME_ROOM: usize = 84;

const DOT: usize = 12;
const LINE: usize = 16;
/// A head's and a fork's mark have their place at the end.
const MARK_ROOM: usize = 38;
const FONT: usize = 12;
const SMALL: usize = 11;
/// Least width of the words.
const LEAST_ROOM: usize = 150;

/// The lines beside a node, each with its class.
fn lines(history: &History, node: &Node, room: usize) -> Vec<(&'static str, String)> {
    let op = &history.ops[node.first()];
    let is_marked = node.ops.iter().any(|at| history.ops[*at].is_head || history.ops[*at].is_forked);
    let room = if is_marked { room - MARK_ROOM } else { room };
    if node.is_folded() {
        let (many, kinds) = node.sums(history);
        let text = format!("{}: {many}: {kinds}", history.signer_of(op));
        return wrap(&text, room, FONT, 2).into_iter().map(|line| ("fm-where", line)).collect();
    }
    let mut text = history.sentence(node.first());
    if let Some(group) = history.group_below(op) {
        text.push_str(&format!(" in {group}"));
    }
    let mut lines: Vec<_> = wrap(&text, room, FONT, 2).into_iter().map(|line| ("fm-deed", line)).collect();
    match op.verdict {
        Verdict::Effective => {}
        Verdict::Idle(reason) => lines.push(("fm-why", fit(&format!("idle: {reason}"), room, SMALL))),
        Verdict::Void(reason) => lines.push(("fm-why", fit(&format!("void: {reason}"), room, SMALL))),
    }
    lines
}

pub(super) fn layout(history: &History, folded: &Folded, width: usize) -> (Layout, usize) {
    let lanes = history.lanes().len().max(1);
    // The graph takes two fifths of the width, or more if there are more signers than that has room for.
    let pitch = (width * 2 / 5 / lanes).clamp(18, 28);
    let measure = Measure {
        margin: 2,
        column_width: DOT,
        gutter: pitch - DOT,
        row_gap: 8,
        head_room: 186,
        shares_rows: false,
        max_columns: (width * 2 / 5 / pitch).max(lanes),
    };
    // The words need to know how wide the graph is, and rows how high the words are: columns come first.
    let flat: Vec<(usize, usize)> = vec![(DOT, DOT); folded.nodes.len()];
    let graph = Layout::of(history, folded, measure, &flat).right();
    let width = width.max(graph + LEAST_ROOM + 16);
    let room = room(width, graph);
    let sizes: Vec<(usize, usize)> =
        folded.nodes.iter().map(|node| (DOT, (lines(history, node, room).len() * LINE).max(DOT))).collect();
    let mut layout = Layout::of(history, folded, measure, &sizes);
    // A dot stands beside the first line; the row is as high as its words.
    for spot in &mut layout.spots {
        spot.height = DOT;
        spot.top += 2;
    }
    (layout, width)
}

fn room(width: usize, graph: usize) -> usize {
    width.saturating_sub(graph + 12 + 12)
}

pub(super) fn write(drawing: &Drawing<'_>, out: &mut String, at: usize) {
    let (spot, node) = (drawing.layout.spots[at], &drawing.folded.nodes[at]);
    let (x, y, graph) = (spot.middle_x(), spot.middle_y(), drawing.layout.right());
    let (top, bottom) = drawing.layout.rows[spot.row];
    let _ = write!(
        out,
        "<rect class=\"fm-hit\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" pointer-events=\"all\"/>",
        graph + 4,
        top.saturating_sub(3),
        drawing.width.saturating_sub(graph + 8),
        bottom + 6 - top
    );
    let op = &drawing.history.ops[node.first()];
    if node.is_folded() {
        let (left, top) = (spot.left, spot.top);
        let _ =
            write!(out, "<rect class=\"fm-dot\" x=\"{left}\" y=\"{top}\" width=\"{DOT}\" height=\"{DOT}\" rx=\"3\"/>");
    } else {
        let _ = write!(out, "<circle class=\"fm-dot\" cx=\"{x}\" cy=\"{y}\" r=\"{}\"/>", DOT / 2 - 1);
    }
    if op.is_void() && !node.is_folded() {
        let _ = write!(out, "<path class=\"fm-cross\" d=\"M{} {}l6 6m0-6l-6 6\"/>", x - 3, y - 3);
    }
    for (number, (class, line)) in lines(drawing.history, node, room(drawing.width, graph)).into_iter().enumerate() {
        let y = spot.top + 10 + number * LINE;
        let _ = write!(out, "<text class=\"{class}\" x=\"{}\" y=\"{y}\">{}</text>", graph + 12, xml(&line));
    }
    for (number, (word, class)) in drawing.marks(at).into_iter().rev().enumerate() {
        let (left, top) = (drawing.width - 44, spot.top - 2 + number * LINE);
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"34\" height=\"15\" rx=\"7.5\"/>\
             <text class=\"fm-mark\" x=\"{}\" y=\"{}\">{word}</text>",
            left + 17,
            top + 11
        );
    }
}
