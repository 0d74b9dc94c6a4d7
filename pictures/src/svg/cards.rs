//! Ops as cards in their signers' lanes.

use super::Drawing;
use crate::fold::{Folded, Node};
use crate::history::History;
use crate::layout::{Layout, Measure};
use crate::limits::{MAX_CARD_COLUMNS, MAX_LANES};
use crate::text::{fit, width, wrap, xml};
use folkmoot_core::Verdict;
use std::fmt::Write;

const WIDTH: usize = 162;
const LINE: usize = 16;
const FONT: usize = 12;
const SMALL: usize = 11;
/// What a card's text has.
const ROOM: usize = WIDTH - 23;

/// Least width, so that title and legend have room.
const LEAST_WIDTH: usize = 720;

/// The lines of a card, each with its class.
fn lines(history: &History, node: &Node) -> Vec<(&'static str, String)> {
    let op = &history.ops[node.first()];
    let mut lines = Vec::new();
    if node.is_folded() {
        let (many, kinds) = node.sums(history);
        lines.push(("fm-who", many));
        lines.extend(wrap(&kinds, ROOM, SMALL, 2).into_iter().map(|line| ("fm-where", line)));
        return lines;
    }
    let shares_lane = history.people.len() > MAX_LANES && op.signer + 1 >= MAX_LANES;
    let deed = if shares_lane { history.sentence(node.first()) } else { op.deed.clone() };
    lines.extend(wrap(&deed, ROOM, FONT, 3).into_iter().map(|line| ("fm-deed", line)));
    if let Some(group) = history.group_below(op) {
        lines.push(("fm-where", fit(&format!("in {group}"), ROOM, SMALL)));
    }
    match op.verdict {
        Verdict::Effective => {}
        Verdict::Idle(reason) => lines.push(("fm-why", fit(&format!("idle: {reason}"), ROOM, SMALL))),
        Verdict::Void(reason) => {
            let whole = format!("void: {reason}");
            let fits = width(&whole) * SMALL <= ROOM * 1_000;
            lines.push(("fm-why", if fits { whole } else { fit(&reason.to_string(), ROOM, SMALL) }));
        }
    }
    lines
}

pub(super) fn layout(history: &History, folded: &Folded) -> (Layout, usize) {
    let measure = Measure {
        margin: 16,
        column_width: WIDTH,
        gutter: 36,
        row_gap: 28,
        head_room: 138,
        shares_rows: true,
        max_columns: MAX_CARD_COLUMNS,
    };
    let sizes: Vec<(usize, usize)> =
        folded.nodes.iter().map(|node| (WIDTH, lines(history, node).len() * LINE + 12)).collect();
    let layout = Layout::of(history, folded, measure, &sizes);
    let width = (layout.right() + measure.margin).max(LEAST_WIDTH);
    (layout, width)
}

pub(super) fn write(drawing: &Drawing<'_>, out: &mut String, at: usize) {
    let (spot, node) = (drawing.layout.spots[at], &drawing.folded.nodes[at]);
    let (left, top, height) = (spot.left, spot.top, spot.height);
    if node.is_folded() {
        let _ = write!(
            out,
            "<rect class=\"fm-box\" x=\"{}\" y=\"{}\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>",
            left + 4,
            top + 4
        );
    }
    let _ = write!(
        out,
        "<rect class=\"fm-box\" x=\"{left}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\
         <path class=\"fm-bar\" d=\"M{} {top}h-1a6 6 0 0 0-6 6v{}a6 6 0 0 0 6 6h1z\"/>",
        left + 7,
        height - 12
    );
    for (number, (class, line)) in lines(drawing.history, node).into_iter().enumerate() {
        let y = top + 18 + number * LINE;
        let _ = write!(out, "<text class=\"{class}\" x=\"{}\" y=\"{y}\">{}</text>", left + 15, xml(&line));
    }
    let mut right = spot.right() - 6;
    for (word, class) in drawing.marks(at) {
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"34\" height=\"15\" rx=\"7.5\"/>\
             <text class=\"fm-mark\" x=\"{}\" y=\"{}\">{word}</text>",
            right - 34,
            spot.bottom() - 6,
            right - 17,
            spot.bottom() + 5
        );
        right -= 38;
    }
}
