//! Where everything is: lanes, columns, rows, boxes.

use crate::fold::Folded;
use crate::history::History;
use crate::limits::MAX_COLUMNS_A_LANE;
use crate::order::Ancestors;

/// A node's place, in pixels, and in columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) column: usize,
    pub(crate) row: usize,
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Spot {
    pub(crate) const fn right(&self) -> usize {
        self.left + self.width
    }

    pub(crate) const fn bottom(&self) -> usize {
        self.top + self.height
    }

    pub(crate) const fn middle_x(&self) -> usize {
        self.left + self.width / 2
    }

    pub(crate) const fn middle_y(&self) -> usize {
        self.top + self.height / 2
    }
}

/// How large things are, in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure {
    pub(crate) margin: usize,
    pub(crate) column_width: usize,
    pub(crate) gutter: usize,
    pub(crate) row_gap: usize,
    pub(crate) head_room: usize,
    /// Whether nodes side by side share a row.
    pub(crate) shares_rows: bool,
    pub(crate) max_columns: usize,
}

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) measure: Measure,
    pub(crate) spots: Vec<Spot>,
    /// The first column of each lane, and how many it has.
    pub(crate) lanes: Vec<(usize, usize)>,
    /// Top and bottom of each row.
    pub(crate) rows: Vec<(usize, usize)>,
    pub(crate) columns: usize,
}

impl Layout {
    /// Lays a history out; `sizes` are those of the nodes.
    pub(crate) fn of(history: &History, folded: &Folded, measure: Measure, sizes: &[(usize, usize)]) -> Self {
        let (lanes, column_of) = columns(history, folded, measure.max_columns);
        let columns = lanes.iter().map(|(_, many)| many).sum::<usize>().max(1);
        let row_of = rows(folded, &column_of, columns, measure.shares_rows);
        let count = row_of.iter().max().map_or(0, |last| last + 1);
        let mut heights = vec![0; count];
        for (row, (_, height)) in row_of.iter().zip(sizes) {
            heights[*row] = heights[*row].max(*height);
        }
        let mut rows = Vec::with_capacity(count);
        let mut top = measure.head_room;
        for height in heights {
            rows.push((top, top + height));
            top += height + measure.row_gap;
        }
        let mut layout = Self { measure, spots: Vec::new(), lanes, rows, columns };
        for ((column, row), (width, height)) in column_of.into_iter().zip(row_of).zip(sizes) {
            let left = layout.column_left(column) + (measure.column_width - width) / 2;
            let top = layout.rows[row].0;
            layout.spots.push(Spot { column, row, left, top, width: *width, height: *height });
        }
        layout
    }

    pub(crate) const fn column_left(&self, column: usize) -> usize {
        self.measure.margin + self.measure.gutter + column * (self.measure.column_width + self.measure.gutter)
    }

    /// The middle of the gutter to the left of a column.
    pub(crate) const fn gutter_middle(&self, column: usize) -> usize {
        self.column_left(column) - self.measure.gutter / 2
    }

    /// What the columns take, the margin to the left included.
    pub(crate) const fn right(&self) -> usize {
        self.column_left(self.columns)
    }

    pub(crate) fn bottom(&self) -> usize {
        self.rows.last().map_or(self.measure.head_room, |(_, bottom)| *bottom)
    }
}

/// The columns of each lane, and of each node. A signer that acts in several branches at once has a column for each.
fn columns(history: &History, folded: &Folded, max_columns: usize) -> (Vec<(usize, usize)>, Vec<usize>) {
    let parents: Vec<Vec<usize>> = folded.nodes.iter().map(|node| node.parents.clone()).collect();
    let ancestors = Ancestors::of(&parents);
    let lane_count = history.lanes().len();
    let mut allowed = vec![MAX_COLUMNS_A_LANE; lane_count];
    let (mut used, _) = share(history, folded, &ancestors, &allowed);
    while used.iter().sum::<usize>() > max_columns {
        let Some(widest) = (0..lane_count).filter(|lane| used[*lane] > 1).max_by_key(|lane| used[*lane]) else { break };
        used[widest] -= 1;
    }
    allowed = used;
    let (used, within) = share(history, folded, &ancestors, &allowed);
    let mut lanes = Vec::with_capacity(lane_count);
    let mut next = 0;
    for many in used {
        lanes.push((next, many));
        next += many;
    }
    let lane = |node: usize| history.lane_of(history.ops[folded.nodes[node].first()].signer);
    let column_of = within.into_iter().enumerate().map(|(node, within)| lanes[lane(node)].0 + within).collect();
    (lanes, column_of)
}

/// How many columns each lane takes, and the column of each node within its lane.
fn share(history: &History, folded: &Folded, ancestors: &Ancestors, allowed: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let mut tips: Vec<Vec<usize>> = vec![Vec::new(); allowed.len()];
    let mut within = Vec::with_capacity(folded.nodes.len());
    for (at, node) in folded.nodes.iter().enumerate() {
        let lane = history.lane_of(history.ops[node.first()].signer);
        let tips = &mut tips[lane];
        let behind = (0..tips.len()).filter(|column| ancestors.is_before(tips[*column], at));
        let column = match behind.max_by_key(|column| tips[*column]) {
            Some(column) => column,
            None if tips.len() < allowed[lane] => tips.len(),
            None => (0..tips.len()).min_by_key(|column| tips[*column]).unwrap_or(0),
        };
        if column == tips.len() {
            tips.push(at);
        }
        tips[column] = at;
        within.push(column);
    }
    (tips.iter().map(|tips| tips.len().max(1)).collect(), within)
}

/// The row of each node: below its parents, and below what its column has already.
fn rows(folded: &Folded, column_of: &[usize], columns: usize, shares_rows: bool) -> Vec<usize> {
    let mut free = vec![0; columns];
    let mut rows: Vec<usize> = Vec::with_capacity(folded.nodes.len());
    for (at, node) in folded.nodes.iter().enumerate() {
        let below = node.parents.iter().map(|parent| rows[*parent] + 1).max().unwrap_or(0);
        let row = if shares_rows { below.max(free[column_of[at]]) } else { at };
        free[column_of[at]] = row + 1;
        rows.push(row);
    }
    rows
}
