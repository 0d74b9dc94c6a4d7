//! A state in which some ops are decided otherwise, told from what the ops since then looked at and wrote: those that had to do
//! with one of them are folded again, and no others.

use crate::arena::{CellIx, OpIx};
use crate::cells::{Cells, State};
use crate::directory::CellKey;
use crate::facts::History;
use crate::limits::{MAX_OPS_DECIDED_OTHERWISE, MAX_TRIES_TO_DECIDE_OTHERWISE};
use crate::recent::{Entry, Recent};
use crate::reducer::{Conflict, Trace};
use crate::touched::Look;
use alloc::vec::Vec;

/// Why a state cannot be told.
enum Fails {
    /// Unless all that have to do with this cell are folded again.
    Without(CellIx),
    ForGood,
}

/// Brings a state, whose last ops are `recent`, to what it is if the ops in `unlike` are decided as `conflict` says; says
/// whether it could: if not, the state is as it was.
pub(crate) fn decide_otherwise(
    history: &History,
    cells: &mut Cells,
    state: &mut State,
    recent: &Recent,
    unlike: &[OpIx],
    conflict: impl Fn(OpIx) -> Conflict,
    trace: &mut Trace,
) -> bool {
    let Some(first) = history.first_in_fold_order(unlike.iter().copied()) else { return true };
    if !recent.reaches(history, first) {
        return false;
    }
    let entries: Vec<Entry<'_>> = recent.entries_from(history, first).collect();
    let is_of_group = |cell: CellIx| matches!(history.directory.cell_key(cell), Some(CellKey::Group(_)));
    let told = try_with_more(|among| {
        let again = to_fold_again(&entries, unlike, among, is_of_group).ok_or(Fails::ForGood)?;
        let mut tried = cells.share(state);
        match fold_again(history, cells, &mut tried, (&entries, &again), (&conflict, &is_of_group), trace) {
            Ok(()) => Ok(tried),
            Err(fails) => {
                cells.release(tried);
                Err(fails)
            }
        }
    });
    let Some(told) = told else { return false };
    cells.release(core::mem::replace(state, told));
    true
}

/// Tries with no cells, and then with those that it failed without.
fn try_with_more<T>(mut attempt: impl FnMut(Vec<CellIx>) -> Result<T, Fails>) -> Option<T> {
    let mut among = Vec::new();
    for _ in 0..MAX_TRIES_TO_DECIDE_OTHERWISE {
        match attempt(among.clone()) {
            Ok(found) => return Some(found),
            Err(Fails::Without(cell)) => among.push(cell),
            Err(Fails::ForGood) => return None,
        }
    }
    None
}

/// The places of those that are in `unlike`, and of those that had to do with some of the cells, or with what any of these
/// wrote. `None` if they are many, or nobody can tell which.
fn to_fold_again(
    entries: &[Entry<'_>],
    unlike: &[OpIx],
    mut among: Vec<CellIx>,
    is_of_group: impl Fn(CellIx) -> bool,
) -> Option<Vec<usize>> {
    let mut again = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let looked = |look: &Look| match look {
            Look::Cell(cell) => among.contains(cell),
            // No group's cell is among them: whoever writes one is not folded again here.
            Look::Group(..) => false,
            Look::Person(_) | Look::Context(_) => true,
        };
        let has_to_do = unlike.contains(&entry.op)
            || entry.over.iter().any(|(cell, _)| among.contains(cell))
            || entry.looks.iter().any(looked);
        if has_to_do {
            // Whatever is done in a group looks at its cell, be it one that was there before or one that comes with the op.
            if again.len() >= MAX_OPS_DECIDED_OTHERWISE || entry.over.iter().any(|(cell, _)| is_of_group(*cell)) {
                return None;
            }
            again.push(at);
            among.extend(entry.over.iter().map(|(cell, _)| *cell));
        }
    }
    Some(again)
}

/// Takes back those that are folded `again`, and folds them, on the state of the end: it comes to the same as in their places
/// if none of the others after its place wrote what one looks at, or had to do with what it writes.
fn fold_again(
    history: &History,
    cells: &mut Cells,
    state: &mut State,
    (entries, again): (&[Entry<'_>], &[usize]),
    (conflict, is_of_group): (&impl Fn(OpIx) -> Conflict, &impl Fn(CellIx) -> bool),
    trace: &mut Trace,
) -> Result<(), Fails> {
    for at in again.iter().rev() {
        let over = entries.get(*at).map(|entry| entry.over).unwrap_or_default();
        over.iter().rev().for_each(|(cell, old)| cells.set(state, *cell, *old));
    }
    for at in again {
        let Some(entry) = entries.get(*at) else { return Err(Fails::ForGood) };
        trace.fold(history, cells, state, entry.op, conflict(entry.op));
        let Trace { tape, looks } = &*trace;
        if tape.iter().any(|(cell, _)| is_of_group(*cell)) {
            return Err(Fails::ForGood);
        }
        let later = entries.iter().enumerate().skip(at.saturating_add(1));
        for (_, other) in later.filter(|(at, _)| again.binary_search(at).is_err()) {
            let wrote = |cell: CellIx| other.over.iter().any(|(over, _)| *over == cell);
            let looked_at =
                |cell: CellIx| other.looks.iter().any(|look| look.cell(history).is_none_or(|at| at == cell));
            for look in looks {
                match *look {
                    Look::Cell(cell) if wrote(cell) => return Err(Fails::Without(cell)),
                    Look::Group(group, _) if wrote(history.directory.group_cell(group)) => return Err(Fails::ForGood),
                    Look::Cell(_) | Look::Group(..) => {}
                    Look::Person(_) | Look::Context(_) => return Err(Fails::ForGood),
                }
            }
            if let Some((cell, _)) = tape.iter().find(|(cell, _)| wrote(*cell) || looked_at(*cell)) {
                return Err(Fails::Without(*cell));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::ContextIx;
    use crate::cells::Cell;

    /// In these tests.
    fn is_of_group(cell: CellIx) -> bool {
        cell == CellIx(9)
    }

    #[test]
    fn of_those_that_had_to_do_with_a_cell_24_are_folded_again_and_25_are_too_many() {
        let (cell, written) = (CellIx(1), [(CellIx(2), Cell::Empty)]);
        let looks = [Look::Cell(cell), Look::Cell(CellIx(2))];
        let entry = |op: usize| Entry { op: OpIx::new(op), over: &written[..], looks: &looks[..] };
        let entries: Vec<Entry<'_>> = (0..=MAX_OPS_DECIDED_OTHERWISE).map(entry).collect();
        let (few, many) = (&entries[1..], &entries[..]);
        assert_eq!(
            to_fold_again(few, &[OpIx(1)], Vec::new(), is_of_group).map(|again| again.len()),
            Some(MAX_OPS_DECIDED_OTHERWISE)
        );
        assert_eq!(
            to_fold_again(few, &[], Vec::from([cell]), is_of_group).map(|again| again.len()),
            Some(MAX_OPS_DECIDED_OTHERWISE)
        );
        assert_eq!(
            to_fold_again(few, &[], Vec::from([CellIx(3)]), is_of_group),
            Some(Vec::new()),
            "nobody had to do with that"
        );
        assert_eq!(to_fold_again(many, &[OpIx(0)], Vec::new(), is_of_group), None);
    }

    #[test]
    fn who_went_through_a_list_or_wrote_to_a_group_is_not_folded_again_alone() {
        let looks = [Look::Context(ContextIx(0))];
        let over = [(CellIx(9), Cell::Empty)];
        let went_through_a_list = Entry { op: OpIx(0), over: &[], looks: &looks };
        let wrote_to_a_group = Entry { op: OpIx(0), over: &over, looks: &[] };
        for entry in [went_through_a_list, wrote_to_a_group] {
            assert_eq!(to_fold_again(&[entry], &[OpIx(0)], Vec::new(), is_of_group).is_some(), entry.over.is_empty());
        }
        assert_eq!(to_fold_again(&[wrote_to_a_group], &[OpIx(1)], Vec::new(), is_of_group), Some(Vec::new()));
    }

    #[test]
    fn the_fourth_try_is_the_last() {
        for (succeeds_at, found) in [(1, Some(1)), (4, Some(4)), (5, None)] {
            let mut tries = 0usize;
            let told = try_with_more(|among| {
                tries += 1;
                assert_eq!(among.len() + 1, tries, "with one cell more each time");
                if tries == succeeds_at { Ok(tries) } else { Err(Fails::Without(CellIx::new(tries))) }
            });
            assert_eq!((told, tries), (found, succeeds_at.min(MAX_TRIES_TO_DECIDE_OTHERWISE)));
        }
        assert_eq!(try_with_more(|_| Err::<(), _>(Fails::ForGood)), None);
    }
}
