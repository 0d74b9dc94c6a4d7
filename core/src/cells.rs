//! Persistent state: a radix vector of cells, shared between all views that agree.
//!
//! A state is a root. Copying one counts a reference; writing copies the path that others hold and changes in place
//! what nobody else does. Comparing two states skips all that they share. What a cell *is* (whose record, which
//! group) is in the [directory](crate::directory), the same for all states.

use crate::arena::{CellIx, NodeIx, OpIx, PayloadIx, Slab};
use crate::group_op::{Role, Visibility};
use alloc::vec::Vec;

const LEAF_BITS: u32 = 3;
const LEAF: usize = 1 << LEAF_BITS;
const WIDTH_BITS: u32 = 4;
const WIDTH: usize = 1 << WIDTH_BITS;
/// Inner levels that cover all 2^32 cells above leaves of 8.
const MAX_LEVELS: u8 = 8;

/// A member's record in one group, its bar, and who gave what (SPEC §3, §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberCell {
    pub(crate) present: bool,
    pub(crate) barred: bool,
    pub(crate) role: Role,
    /// The capability bits; all seven fit.
    pub(crate) capabilities: u8,
    /// The op that gave the present role.
    pub(crate) role_giver: OpIx,
    /// The op that gave each bit held.
    pub(crate) capability_givers: [OpIx; 7],
    pub(crate) alias: PayloadIx,
    /// Last writer of the alias register.
    pub(crate) alias_writer: OpIx,
    /// Last writer of the member register; stays when the record goes.
    pub(crate) writer: OpIx,
}

impl Default for MemberCell {
    fn default() -> Self {
        Self {
            present: false,
            barred: false,
            role: Role::ReadOnly,
            capabilities: 0,
            role_giver: OpIx::NONE,
            capability_givers: [OpIx::NONE; 7],
            alias: PayloadIx::NONE,
            alias_writer: OpIx::NONE,
            writer: OpIx::NONE,
        }
    }
}

/// The registers of a group, as places in [`GroupCell::writers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupRegister {
    DefaultCapabilities,
    DefaultVisibility,
    Visibility,
    Policy,
    Target,
    Alias,
}

/// Parts of a group's cell, each by its bit: they change, and are looked at, apart.
pub(crate) type Parts = u8;

/// The parts of a group's cell; a register's is its value and its writer.
pub(crate) mod part {
    use super::Parts;

    pub(crate) const ALIVE: Parts = 1;
    pub(crate) const ADMINS: Parts = 1 << 1;
    pub(crate) const DEFAULT_CAPABILITIES: Parts = 1 << 2;
    pub(crate) const DEFAULT_VISIBILITY: Parts = 1 << 3;
    pub(crate) const VISIBILITY: Parts = 1 << 4;
    pub(crate) const POLICY: Parts = 1 << 5;
    pub(crate) const TARGET: Parts = 1 << 6;
    pub(crate) const ALIAS: Parts = 1 << 7;
    pub(crate) const ALL: Parts = Parts::MAX;
}

impl GroupRegister {
    pub(crate) const ALL: [Self; 6] =
        [Self::DefaultCapabilities, Self::DefaultVisibility, Self::Visibility, Self::Policy, Self::Target, Self::Alias];

    /// The part of the cell that the register is.
    pub(crate) const fn part(self) -> Parts {
        match self {
            Self::DefaultCapabilities => part::DEFAULT_CAPABILITIES,
            Self::DefaultVisibility => part::DEFAULT_VISIBILITY,
            Self::Visibility => part::VISIBILITY,
            Self::Policy => part::POLICY,
            Self::Target => part::TARGET,
            Self::Alias => part::ALIAS,
        }
    }
}

/// A group's own data (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupCell {
    pub(crate) alive: bool,
    pub(crate) visibility: Visibility,
    pub(crate) default_capabilities: u8,
    pub(crate) default_visibility: Visibility,
    pub(crate) alias: PayloadIx,
    pub(crate) policy: PayloadIx,
    pub(crate) target: PayloadIx,
    /// Whether the target's migration is the group's too: not in a subgroup that merely starts with it.
    pub(crate) migrates: bool,
    /// How many Admin records it has.
    pub(crate) admins: u32,
    /// Last writer of each [`GroupRegister`].
    pub(crate) writers: [OpIx; 6],
}

impl GroupCell {
    /// The parts in which this differs from another.
    pub(crate) fn parts_unlike(&self, other: &Self) -> Parts {
        let unlike = |register: GroupRegister| {
            let writer = |cell: &Self| cell.writers.get(register as usize).copied();
            writer(self) != writer(other)
                || match register {
                    GroupRegister::DefaultCapabilities => self.default_capabilities != other.default_capabilities,
                    GroupRegister::DefaultVisibility => self.default_visibility != other.default_visibility,
                    GroupRegister::Visibility => self.visibility != other.visibility,
                    GroupRegister::Policy => self.policy != other.policy,
                    GroupRegister::Target => (self.target, self.migrates) != (other.target, other.migrates),
                    GroupRegister::Alias => self.alias != other.alias,
                }
        };
        let alive = if self.alive == other.alive { 0 } else { part::ALIVE };
        let admins = if self.admins == other.admins { 0 } else { part::ADMINS };
        let registers = GroupRegister::ALL.into_iter().filter(|register| unlike(*register));
        registers.fold(alive | admins, |parts, register| parts | register.part())
    }

    /// Takes over some parts of another.
    pub(crate) fn take_parts(&mut self, parts: Parts, from: &Self) {
        if parts & part::ALIVE != 0 {
            self.alive = from.alive;
        }
        if parts & part::ADMINS != 0 {
            self.admins = from.admins;
        }
        for register in GroupRegister::ALL.into_iter().filter(|register| parts & register.part() != 0) {
            match register {
                GroupRegister::DefaultCapabilities => self.default_capabilities = from.default_capabilities,
                GroupRegister::DefaultVisibility => self.default_visibility = from.default_visibility,
                GroupRegister::Visibility => self.visibility = from.visibility,
                GroupRegister::Policy => self.policy = from.policy,
                GroupRegister::Target => (self.target, self.migrates) = (from.target, from.migrates),
                GroupRegister::Alias => self.alias = from.alias,
            }
            let writer = from.writers.get(register as usize);
            if let (Some(to), Some(writer)) = (self.writers.get_mut(register as usize), writer) {
                *to = *writer;
            }
        }
    }
}

/// A context's own data; what never changes is in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContextCell {
    pub(crate) present: bool,
    pub(crate) visibility: Visibility,
    pub(crate) alias: PayloadIx,
    pub(crate) alias_writer: OpIx,
}

/// An invitation as its group knows it: there is an entry once it was used or revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct InvitationCell {
    pub(crate) uses: u32,
    pub(crate) revoked: bool,
}

/// One cell of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Cell {
    #[default]
    Empty,
    Member(MemberCell),
    Group(GroupCell),
    Context(ContextCell),
    ContextCapability(u8),
    Invitation(InvitationCell),
}

type Leaf = [Cell; LEAF];
type Inner = [NodeIx; WIDTH];

/// A state: the root of a radix vector. Who makes one gives it back to [`Cells::release`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State {
    root: NodeIx,
    /// Inner levels above the leaves.
    levels: u8,
}

impl State {
    /// The state in which every cell is empty; holds nothing.
    pub(crate) const EMPTY: Self = Self { root: NodeIx::NONE, levels: 0 };
}

/// All states of one namespace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    inners: Slab<Inner>,
    leaves: Slab<Leaf>,
}

const fn slot(cell: u32, level: u8) -> usize {
    let shift = (level as u32).saturating_sub(1).saturating_mul(WIDTH_BITS).saturating_add(LEAF_BITS);
    match cell.checked_shr(shift) {
        Some(rest) => rest as usize & (WIDTH - 1),
        None => 0,
    }
}

const fn covers(levels: u8, cell: u32) -> bool {
    let bits = (levels as u32).saturating_mul(WIDTH_BITS).saturating_add(LEAF_BITS);
    match cell.checked_shr(bits) {
        Some(rest) => rest == 0,
        None => true,
    }
}

impl Cells {
    /// Another holder of the same state.
    pub(crate) fn share(&mut self, state: &State) -> State {
        if state.levels == 0 {
            self.leaves.share(state.root)
        } else {
            self.inners.share(state.root)
        }
        State { root: state.root, levels: state.levels }
    }

    /// Gives a state back.
    pub(crate) fn release(&mut self, state: State) {
        self.release_node(state.root, state.levels);
    }

    fn release_node(&mut self, node: NodeIx, level: u8) {
        // Depth first: at most 16 nodes of each level wait.
        let mut stack = heapless::Vec::<(NodeIx, u8), { WIDTH * (MAX_LEVELS as usize + 1) }>::new();
        let _ = stack.push((node, level));
        while let Some((node, level)) = stack.pop() {
            if level == 0 {
                self.leaves.release(node);
            } else if let Some(children) = self.inners.release(node) {
                for child in children.into_iter().filter(|child| child.is_some()) {
                    let _ = stack.push((child, level.saturating_sub(1)));
                }
            }
        }
    }

    pub(crate) fn get(&self, state: &State, cell: CellIx) -> Cell {
        if cell.is_none() || !covers(state.levels, cell.0) {
            return Cell::Empty;
        }
        let mut node = state.root;
        for level in (1..=state.levels).rev() {
            node = self.inners.get(node).and_then(|inner| inner.get(slot(cell.0, level))).copied().unwrap_or_default();
        }
        self.leaves.get(node).and_then(|leaf| leaf.get(cell.at() & (LEAF - 1))).copied().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, state: &mut State, cell: CellIx, value: Cell) {
        if cell.is_none() {
            return;
        }
        while !covers(state.levels, cell.0) && state.levels < MAX_LEVELS {
            let mut inner = [NodeIx::NONE; WIDTH];
            if let Some(first) = inner.first_mut() {
                *first = state.root;
            }
            state.root = self.inners.insert(inner);
            state.levels = state.levels.saturating_add(1);
        }
        state.root = self.own(state.root, state.levels);
        let mut node = state.root;
        for level in (1..=state.levels).rev() {
            let at = slot(cell.0, level);
            let child = self.inners.get(node).and_then(|inner| inner.get(at)).copied().unwrap_or_default();
            let owned = self.own(child, level.saturating_sub(1));
            if owned != child
                && let Some(place) = self.inners.get_mut(node).and_then(|inner| inner.get_mut(at))
            {
                *place = owned;
            }
            node = owned;
        }
        if let Some(place) = self.leaves.get_mut(node).and_then(|leaf| leaf.get_mut(cell.at() & (LEAF - 1))) {
            *place = value;
        }
    }

    /// The node, or a copy of it that nobody else holds.
    fn own(&mut self, node: NodeIx, level: u8) -> NodeIx {
        if level == 0 {
            if node.is_none() {
                return self.leaves.insert([Cell::Empty; LEAF]);
            }
            if self.leaves.is_unique(node) {
                return node;
            }
            let copy = self.leaves.get(node).copied().unwrap_or([Cell::Empty; LEAF]);
            self.leaves.release(node);
            return self.leaves.insert(copy);
        }
        if node.is_none() {
            return self.inners.insert([NodeIx::NONE; WIDTH]);
        }
        if self.inners.is_unique(node) {
            return node;
        }
        let copy = self.inners.get(node).copied().unwrap_or([NodeIx::NONE; WIDTH]);
        for child in copy.into_iter().filter(|child| child.is_some()) {
            if level == 1 { self.leaves.share(child) } else { self.inners.share(child) }
        }
        self.inners.release(node);
        self.inners.insert(copy)
    }

    /// The cells in which two states differ, ascending.
    pub(crate) fn diff(&self, a: &State, b: &State) -> Vec<CellIx> {
        self.diff_up_to(a, b, usize::MAX).unwrap_or_default()
    }

    /// The cells in which two states differ, ascending, if there are no more than `most`, and no more leaves in which they may:
    /// states that were made apart share little, though they are alike.
    pub(crate) fn diff_up_to(&self, a: &State, b: &State, most: usize) -> Option<Vec<CellIx>> {
        let (mut out, mut looked_at) = (Vec::new(), 0usize);
        let levels = a.levels.max(b.levels);
        let mut stack = heapless::Vec::<(u32, NodeIx, NodeIx, u8), { WIDTH * (MAX_LEVELS as usize + 1) }>::new();
        let _ = stack.push((0, a.root, b.root, levels));
        while let Some((base, x, y, level)) = stack.pop() {
            // A root with fewer levels stands at the far left, below the levels that it lacks.
            let x_waits = base == 0 && level > a.levels && x == a.root;
            let y_waits = base == 0 && level > b.levels && y == b.root;
            if x == y && x_waits == y_waits {
                continue;
            }
            if level == 0 {
                self.diff_leaf(base, x, y, &mut out);
                looked_at = looked_at.saturating_add(1);
                if out.len() > most || looked_at > most {
                    return None;
                }
                continue;
            }
            let left = self.below(x, x_waits);
            let right = self.below(y, y_waits);
            for (at, (x, y)) in left.into_iter().zip(right).enumerate().rev() {
                if x == y && a.levels == b.levels {
                    continue;
                }
                let base = (base << WIDTH_BITS) | u32::try_from(at).unwrap_or(0);
                let _ = stack.push((base, x, y, level.saturating_sub(1)));
            }
        }
        Some(out)
    }

    fn below(&self, node: NodeIx, waits: bool) -> Inner {
        if waits {
            let mut inner = [NodeIx::NONE; WIDTH];
            if let Some(first) = inner.first_mut() {
                *first = node;
            }
            return inner;
        }
        self.inners.get(node).copied().unwrap_or([NodeIx::NONE; WIDTH])
    }

    fn diff_leaf(&self, base: u32, x: NodeIx, y: NodeIx, out: &mut Vec<CellIx>) {
        let left = self.leaves.get(x).copied().unwrap_or([Cell::Empty; LEAF]);
        let right = self.leaves.get(y).copied().unwrap_or([Cell::Empty; LEAF]);
        for (at, (x, y)) in left.iter().zip(&right).enumerate() {
            if x != y {
                out.push(CellIx((base << LEAF_BITS) | u32::try_from(at).unwrap_or(0)));
            }
        }
    }

    /// How many nodes are held: inner ones and leaves.
    #[cfg(test)]
    pub(crate) fn live_nodes(&self) -> (usize, usize) {
        (self.inners.live(), self.leaves.live())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOTS: [u32; 8] = [0, 7, 8, 127, 128, 5_000, 1 << 20, u32::MAX - 1];

    #[test]
    fn a_shared_state_keeps_its_cells_when_the_other_writes() {
        let mut cells = Cells::default();
        let mut state = State::EMPTY;
        for spot in SPOTS {
            cells.set(&mut state, CellIx(spot), Cell::ContextCapability(1));
        }
        let old = cells.share(&state);
        for spot in SPOTS {
            cells.set(&mut state, CellIx(spot), Cell::ContextCapability(2));
        }
        for spot in SPOTS {
            assert_eq!(cells.get(&old, CellIx(spot)), Cell::ContextCapability(1));
            assert_eq!(cells.get(&state, CellIx(spot)), Cell::ContextCapability(2));
            assert_eq!(cells.get(&state, CellIx(spot ^ 1)), Cell::Empty);
        }
        assert_eq!(cells.diff(&old, &state), SPOTS.map(CellIx));
        assert_eq!(cells.diff_up_to(&old, &state, SPOTS.len()), Some(SPOTS.map(CellIx).to_vec()));
        assert_eq!(cells.diff_up_to(&old, &state, SPOTS.len() - 1), None, "one more than asked for");
        let mut apart = State::EMPTY;
        for spot in SPOTS {
            cells.set(&mut apart, CellIx(spot), Cell::ContextCapability(2));
        }
        // Two of the cells are in one leaf.
        let leaves = SPOTS.len() - 1;
        assert_eq!(cells.diff_up_to(&apart, &state, leaves), Some(Vec::new()), "alike, but they share nothing");
        assert_eq!(cells.diff_up_to(&apart, &state, leaves - 1), None);
        cells.release(apart);
        cells.release(old);
        cells.release(state);
        assert_eq!(cells.live_nodes(), (0, 0), "nothing leaks");
    }

    #[test]
    fn states_of_different_height_differ_only_where_their_cells_do() {
        let mut cells = Cells::default();
        let mut low = State::EMPTY;
        cells.set(&mut low, CellIx(3), Cell::ContextCapability(1));
        let mut high = cells.share(&low);
        cells.set(&mut high, CellIx(100_000), Cell::ContextCapability(1));
        assert_eq!(cells.diff(&low, &high), [CellIx(100_000)]);
        assert_eq!(cells.diff(&high, &low), [CellIx(100_000)]);
        assert_eq!(cells.diff(&State::EMPTY, &low), [CellIx(3)]);
        assert!(cells.diff(&high, &high).is_empty());
    }
}
