//! SVG: the graph with time downwards, one lane a signer.

mod cards;
mod legend;
mod rows;
mod style;

use crate::fold::{Folded, Folding, fold};
use crate::history::{History, Op};
use crate::layout::Layout;
use crate::limits::{MAX_CARD_COLUMNS, MAX_CARDS};
use crate::route::Router;
use crate::text::{fit, xml};
use folkmoot_core::Verdict;
use std::fmt::Write;

pub(crate) use style::STYLE;

/// How a picture is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Cards in lanes, or rows where there are too many ops or signers for that.
    #[default]
    Auto,
    /// Every op a card with its words, in its signer's lane; what happened side by side stands side by side.
    Cards,
    /// Every op a dot in a narrow lane, a row each, with its words beside the graph; as wide as so many pixels.
    Rows(usize),
}

/// A history as an SVG document of its own, light or dark as the reader's system is.
///
/// Time goes downwards. Names are escaped; text is cut where it does not fit, and each node's `title` has the whole.
/// The same history gives the same bytes.
pub fn svg(history: &History, form: Form, folding: Folding) -> String {
    let folded = fold(history, folding);
    let mut out = Drawing::of(history, &folded, form, "fm").document(true);
    out.push('\n');
    out
}

/// The width of rows where nobody says how wide.
const ROWS_WIDTH: usize = 960;

/// A picture on its way.
pub(crate) struct Drawing<'a> {
    history: &'a History,
    folded: &'a Folded,
    layout: Layout,
    form: Form,
    /// What ids in the document begin with: two drawings in one page have different ones.
    prefix: &'a str,
    width: usize,
}

impl<'a> Drawing<'a> {
    pub(crate) fn of(history: &'a History, folded: &'a Folded, form: Form, prefix: &'a str) -> Self {
        let form = match form {
            Form::Auto if folded.nodes.len() <= MAX_CARDS && history.lanes().len() <= MAX_CARD_COLUMNS => Form::Cards,
            Form::Auto => Form::Rows(ROWS_WIDTH),
            chosen => chosen,
        };
        let (layout, width) = match form {
            Form::Rows(width) => rows::layout(history, folded, width),
            _ => cards::layout(history, folded),
        };
        Self { history, folded, layout, form, prefix, width }
    }

    /// Whether it is cards.
    pub(crate) fn is_cards(&self) -> bool {
        self.form == Form::Cards
    }

    /// The SVG; with a style of its own, or for a page that has it.
    pub(crate) fn document(&self, is_alone: bool) -> String {
        let (mut body, below) = (String::new(), legend::below(self));
        let height = self.layout.bottom() + 24 + below.1;
        self.write_lanes(&mut body);
        self.write_lines(&mut body);
        for node in 0..self.folded.nodes.len() {
            self.write_node(&mut body, node);
        }
        body.push_str(&below.0);
        self.write_names(&mut body);
        // A page has the title already.
        let top = if is_alone { 0 } else { legend::TITLE };
        let tall = height - top;
        let (width, title) = (self.width, xml(&self.history.title));
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"fm\" viewBox=\"0 {top} {width} {tall}\" width=\"{width}\" \
             height=\"{tall}\" role=\"img\" aria-label=\"History of {title}\">\n"
        );
        if is_alone {
            let _ = write!(out, "<title>History of {title}</title>\n<style>{STYLE}</style>\n");
        }
        let _ = write!(
            out,
            "<defs><marker id=\"{0}-arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
             markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"fm-tip\" \
             d=\"M0 0L8 4L0 8z\"/></marker></defs>\n<rect class=\"fm-page\" width=\"{width}\" height=\"{height}\"/>\n",
            self.prefix
        );
        out.push_str(&legend::above(self, is_alone));
        out.push_str(&body);
        out.push_str("</svg>");
        out
    }

    /// Left, right and top of a lane.
    fn lane(&self, lane: usize) -> (usize, usize, usize) {
        let (first, many) = self.layout.lanes.get(lane).copied().unwrap_or((0, 1));
        let measure = &self.layout.measure;
        let left = self.layout.column_left(first) - measure.gutter / 4;
        let right = self.layout.column_left(first + many - 1) + measure.column_width + measure.gutter / 4;
        (left, right, measure.head_room - if self.is_cards() { 46 } else { 6 })
    }

    fn write_lanes(&self, out: &mut String) {
        let bottom = self.layout.bottom() + 12;
        let radius = if self.is_cards() { 10 } else { 4 };
        for lane in 0..self.layout.lanes.len() {
            let (left, right, top) = self.lane(lane);
            let (width, height) = (right - left, bottom - top);
            let _ = writeln!(
                out,
                "<rect class=\"fm-lane\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>"
            );
        }
    }

    /// The names above the lanes, last and in a group of their own: a page may keep them in sight.
    fn write_names(&self, out: &mut String) {
        let (_, _, top) = self.lane(0);
        let _ = writeln!(
            out,
            "<g class=\"fm-names\"><rect class=\"fm-veil\" x=\"0\" y=\"{top}\" width=\"{}\" height=\"34\" fill=\"none\" \
             pointer-events=\"none\"/>",
            self.width
        );
        for (lane, name) in self.history.lanes().iter().enumerate() {
            let ((left, right, top), whole) = (self.lane(lane), xml(name));
            let middle = usize::midpoint(left, right);
            if self.is_cards() {
                let (y, shown) = (top + 24, fit(name, right - left - 16, 15));
                let shown = xml(&shown);
                let _ = writeln!(
                    out,
                    "<text class=\"fm-name\" x=\"{middle}\" y=\"{y}\"><title>{whole}</title>{shown}</text>"
                );
            } else {
                let (x, y, shown) = (middle + 4, top - 6, fit(name, rows::NAME_ROOM, 12));
                let shown = xml(&shown);
                let _ = writeln!(
                    out,
                    "<text class=\"fm-slant\" transform=\"translate({x} {y}) rotate(-60)\"><title>{whole}</title>{shown}</text>"
                );
            }
        }
        out.push_str("</g>\n");
    }

    fn write_lines(&self, out: &mut String) {
        let mut router = Router::new(&self.layout);
        for (at, node) in self.folded.nodes.iter().enumerate() {
            for parent in &node.parents {
                let path = router.edge(*parent, at);
                let _ = writeln!(out, "<path class=\"fm-edge\" d=\"{path}\" data-from=\"{parent}\" data-to=\"{at}\"/>");
            }
            if self.history.ops[node.first()].has_earlier {
                let spot = self.layout.spots[at];
                let (x, top) = (spot.middle_x(), spot.top - self.layout.measure.row_gap.min(spot.top) / 2);
                let _ = writeln!(out, "<path class=\"fm-edge fm-earlier\" d=\"M{x} {top}V{}\"/>", spot.top);
            }
        }
        for (at, node) in self.folded.nodes.iter().enumerate() {
            let op = &self.history.ops[node.first()];
            let struck = op.by.map(|by| (by, "fm-strike"));
            for (by, class) in struck.into_iter().chain(op.falls_with.map(|by| (by, "fm-strike fm-falls"))) {
                let striker = self.folded.node_of[by];
                let path = router.strike(striker, at);
                let tip = format!("marker-end=\"url(#{}-arrow)\"", self.prefix);
                let _ = writeln!(
                    out,
                    "<path class=\"{class}\" d=\"{path}\" {tip} data-from=\"{striker}\" data-to=\"{at}\"/>"
                );
            }
        }
    }

    fn write_node(&self, out: &mut String, at: usize) {
        let node = &self.folded.nodes[at];
        let first = &self.history.ops[node.first()];
        let class = if node.is_folded() { "fm-folded" } else { class_of(first) };
        let title = self.title(at);
        let _ = write!(out, "<g class=\"fm-node {class}\" data-node=\"{at}\"><title>{}</title>", xml(&title));
        match self.form {
            Form::Rows(_) => rows::write(self, out, at),
            _ => cards::write(self, out, at),
        }
        out.push_str("</g>\n");
    }

    /// The whole account of a node.
    fn title(&self, at: usize) -> String {
        let node = &self.folded.nodes[at];
        if !node.is_folded() {
            return self.history.account(node.first());
        }
        let (many, kinds) = node.sums(self.history);
        let who = self.history.signer_of(&self.history.ops[node.first()]);
        format!("{many} of {who}, one after the other: {kinds}")
    }

    /// Small words at a node's corner: whether it is a head, or evidence of a fork.
    fn marks(&self, at: usize) -> Vec<(&'static str, &'static str)> {
        let ops = self.folded.nodes[at].ops.iter().map(|op| &self.history.ops[*op]);
        let (mut is_head, mut is_forked) = (false, false);
        for op in ops {
            is_head |= op.is_head;
            is_forked |= op.is_forked;
        }
        let marks = [(is_forked, "fork", "fm-fork"), (is_head, "head", "fm-head")];
        marks.into_iter().filter(|(is, _, _)| *is).map(|(_, word, class)| (word, class)).collect()
    }
}

/// The class that says an op's verdict.
pub(crate) const fn class_of(op: &Op) -> &'static str {
    match (op.verdict, op.causal) {
        (Verdict::Effective, _) => "fm-effective",
        (Verdict::Idle(_), _) => "fm-idle",
        (Verdict::Void(_), false) => "fm-void",
        (Verdict::Void(_), true) => "fm-void fm-causal",
    }
}
