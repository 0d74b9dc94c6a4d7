//! The ways of lines between nodes: down free columns, or along tracks in the gutters beside them, so that no line
//! crosses a node, and lines that have nothing to do with each other do not lie upon each other while there is room.

use crate::layout::{Layout, Spot};
use std::fmt::Write;

/// Tracks in a gutter, from its middle outwards.
const TRACKS: [isize; 7] = [0, 1, -1, 2, -2, 3, -3];

/// A stretch of rows that a line takes; `owner` may take it as often as it likes.
#[derive(Debug, Clone, Copy)]
struct Taken {
    from: usize,
    to: usize,
    owner: usize,
}

/// Whose line it is: a parent's, or a striker's.
const EDGES: usize = 0;
const STRIKES: usize = 1;

/// Finds ways, and remembers what is taken.
#[derive(Debug)]
pub(crate) struct Router<'a> {
    layout: &'a Layout,
    /// Rows that have a node, by column, ascending.
    occupied: Vec<Vec<usize>>,
    columns: Vec<Vec<Taken>>,
    gutters: Vec<[Vec<Taken>; TRACKS.len()]>,
}

impl<'a> Router<'a> {
    pub(crate) fn new(layout: &'a Layout) -> Self {
        let mut occupied = vec![Vec::new(); layout.columns];
        for spot in &layout.spots {
            occupied[spot.column].push(spot.row);
        }
        occupied.iter_mut().for_each(|rows| rows.sort_unstable());
        let (columns, gutters) = (vec![Vec::new(); layout.columns], vec![Default::default(); layout.columns + 1]);
        Self { layout, occupied, columns, gutters }
    }

    /// The way from a parent down to a child.
    pub(crate) fn edge(&mut self, parent: usize, child: usize) -> String {
        let (above, below) = (self.layout.spots[parent], self.layout.spots[child]);
        let (from_x, to_x) = (above.middle_x(), below.middle_x());
        let mut path = format!("M{from_x} {}", above.bottom());
        if below.row <= above.row + 1 {
            self.slope(&mut path, from_x, above.row, to_x, below);
            return path;
        }
        let (from, to) = (above.row + 1, below.row);
        let free = [(above.column, from_x), (below.column, to_x)]
            .into_iter()
            .find(|(column, _)| self.take_column(*column, from, to, parent * 2 + EDGES));
        let x = match free {
            Some((_, x)) => x,
            None => {
                let gutter = if above.column < below.column { below.column } else { below.column + 1 };
                self.take_gutter(gutter, from, to, parent * 2 + EDGES)
            }
        };
        let (first, last) = (self.layout.rows[above.row].1, self.layout.rows[above.row + 1].0);
        if x == from_x {
            let _ = write!(path, "V{}", self.layout.rows[below.row - 1].1);
        } else {
            curve(&mut path, (from_x, first), (x, last));
            let _ = write!(path, "V{}", self.layout.rows[below.row - 1].1);
        }
        self.slope(&mut path, x, below.row - 1, to_x, below);
        path
    }

    /// Through the gap below a row, to the top of a node.
    fn slope(&self, path: &mut String, from_x: usize, row: usize, to_x: usize, to: Spot) {
        if from_x == to_x {
            let _ = write!(path, "V{}", to.top);
        } else {
            curve(path, (from_x, self.layout.rows[row].1), (to_x, to.top));
        }
    }

    /// The way from what strikes to what is struck: from side to side, through gutters and gaps between rows.
    pub(crate) fn strike(&mut self, striker: usize, struck: usize) -> String {
        let (from, to) = (self.layout.spots[striker], self.layout.spots[struck]);
        let owner = striker * 2 + STRIKES;
        let goes_right = to.column >= from.column;
        let leaves = if goes_right { from.column + 1 } else { from.column };
        let enters = if to.column > from.column { to.column } else { to.column + 1 };
        let start = if goes_right { from.right() } else { from.left };
        let end = if to.column > from.column { to.left } else { to.right() };
        let rows = (from.row.min(to.row), from.row.max(to.row) + 1);
        let x = self.take_gutter(leaves, rows.0, rows.1, owner);
        // Lines leave below the middle and enter above it, so that one that leaves is not taken for one that enters.
        let (out, into) = (from.middle_y() + from.height / 6, to.middle_y() - to.height / 6);
        let mut points = vec![(start, out), (x, out)];
        if leaves == enters {
            points.push((x, into));
        } else {
            let gap = self.layout.measure.row_gap;
            let within = gap / 4 + striker % 3 * gap / 6;
            let (top, bottom) = self.layout.rows[to.row];
            let y = if from.row > to.row { bottom + within } else { top.saturating_sub(within) };
            let near = self.take_gutter(enters, to.row, to.row + 1, owner);
            points.extend([(x, y), (near, y), (near, into)]);
        }
        points.push((end, into));
        rounded(&points)
    }

    fn take_column(&mut self, column: usize, from: usize, to: usize, owner: usize) -> bool {
        let rows = &self.occupied[column];
        let next = rows.partition_point(|row| *row < from);
        let is_blocked = rows.get(next).is_some_and(|row| *row < to);
        let taken = Taken { from, to, owner };
        if is_blocked || self.columns[column].iter().any(|other| collide(other, &taken)) {
            return false;
        }
        self.columns[column].push(taken);
        true
    }

    /// The x of a track that is free, or of one that is shared if none is.
    fn take_gutter(&mut self, gutter: usize, from: usize, to: usize, owner: usize) -> usize {
        let taken = Taken { from, to, owner };
        let tracks = &mut self.gutters[gutter];
        let has_room = |track: &Vec<Taken>| !track.iter().any(|other| collide(other, &taken));
        let mine = tracks.iter().position(|track| track.iter().any(|other| other.owner == owner) && has_room(track));
        let track = mine.or_else(|| tracks.iter().position(has_room)).unwrap_or(owner % TRACKS.len());
        tracks[track].push(taken);
        let step = self.layout.measure.gutter / (TRACKS.len() + 2);
        self.layout.gutter_middle(gutter).saturating_add_signed(TRACKS[track] * isize::try_from(step).unwrap_or(1))
    }
}

const fn collide(a: &Taken, b: &Taken) -> bool {
    a.owner != b.owner && a.from < b.to && b.from < a.to
}

fn curve(path: &mut String, (from_x, from_y): (usize, usize), (to_x, to_y): (usize, usize)) {
    let middle = usize::midpoint(from_y, to_y);
    let _ = write!(path, "V{from_y}C{from_x} {middle} {to_x} {middle} {to_x} {to_y}");
}

/// Straight stretches with round corners.
fn rounded(points: &[(usize, usize)]) -> String {
    let mut path = String::new();
    for (at, point) in points.iter().enumerate() {
        let (before, after) = (at.checked_sub(1).and_then(|at| points.get(at)), points.get(at + 1));
        match (before, after) {
            (None, _) => {
                let _ = write!(path, "M{} {}", point.0, point.1);
            }
            (Some(_), None) => {
                let _ = write!(path, "L{} {}", point.0, point.1);
            }
            (Some(before), Some(after)) => {
                let (enter, leave) = (towards(*point, *before), towards(*point, *after));
                let _ = write!(path, "L{} {}Q{} {} {} {}", enter.0, enter.1, point.0, point.1, leave.0, leave.1);
            }
        }
    }
    path
}

/// A point a corner's radius away, or half the way if that is less.
fn towards(from: (usize, usize), to: (usize, usize)) -> (usize, usize) {
    const RADIUS: usize = 6;
    let along = |from: usize, to: usize| {
        let step = from.abs_diff(to).div_ceil(2).min(RADIUS);
        if to > from { from + step } else { from - step }
    };
    (along(from.0, to.0), along(from.1, to.1))
}
