//! Branches: several who each work on without hearing of the others, or hear of them late.

use crate::Fallible;
use crate::author::{Author, World, adds, sets, toggled};
use crate::files::Writer;
use crate::scenario::Size;
use folkmoot_core::group_op::capabilities::CAN_CREATE_CONTEXT;
use folkmoot_core::{GroupOp, VerifiedOp};
use std::collections::VecDeque;

/// What a branch does in its op of this number.
type OpOf = fn(&World, branch: usize, number: usize) -> GroupOp;

/// Each branch adds members of its own.
pub(super) fn add_own(_: &World, branch: usize, number: usize) -> GroupOp {
    adds(&format!("added by {branch}"), number)
}

/// All branches toggle the same 10 members.
pub(super) fn toggle_the_same(world: &World, _: usize, number: usize) -> GroupOp {
    sets(world.members[number % 10], toggled(number / 10))
}

struct Branches {
    world: World,
    authors: Vec<Author>,
    ops: Vec<VerifiedOp>,
}

impl Branches {
    fn begin(size: Size, out: &mut Writer) -> Fallible<Self> {
        let world = World::new(size.branches, 10)?;
        world.write(out)?;
        let authors = (0..size.branches).map(|_| world.another_author()).collect::<Fallible<_>>()?;
        Ok(Self { world, authors, ops: Vec::new() })
    }

    fn make(&mut self, branch: usize, number: usize, op_of: OpOf, out: &mut Writer) -> Fallible<()> {
        let op = op_of(&self.world, branch, number);
        let op = self.authors[branch].make(&self.world.admins[branch], op)?;
        out.measured(&op)?;
        self.ops.push(op);
        Ok(())
    }

    /// Joins all branches. With more than one op may name, the last ones are left as they are.
    fn merge(mut self, out: &mut Writer) -> Fallible<()> {
        self.world.author.hear_all(&self.ops)?;
        out.measured(&self.world.author.make(&self.world.founder, GroupOp::Noop)?)
    }
}

/// One op of each branch in turn.
pub(super) fn interleaved(size: Size, op_of: OpOf, out: &mut Writer) -> Fallible<()> {
    let mut branches = Branches::begin(size, out)?;
    for number in 0..size.ops {
        branches.make(number % size.branches, number / size.branches, op_of, out)?;
    }
    branches.merge(out)
}

/// All of one branch, then all of the next.
pub(super) fn one_after_the_other(size: Size, out: &mut Writer) -> Fallible<()> {
    let mut branches = Branches::begin(size, out)?;
    for branch in 0..size.branches {
        for number in 0..size.ops / size.branches {
            branches.make(branch, number, add_own, out)?;
        }
    }
    branches.merge(out)
}

/// What one of several busy Admins does in a round: adds, toggles, names and trusts members.
fn of_the_day(world: &World, signer: usize, round: usize) -> GroupOp {
    let own = format!("added by {signer}");
    let member = crate::author::person(&own, round / 4);
    match round % 4 {
        0 => adds(&own, round / 4),
        1 => sets(world.members[(round / 4 + signer) % 10], toggled(round / 40)),
        2 => GroupOp::MemberAliasSet { member, alias: format!("member {round}") },
        _ => GroupOp::CapabilitiesGranted { member, capabilities: CAN_CREATE_CONTEXT },
    }
}

/// Each signer makes one op a round, on its own last one and on what the others did until so many rounds before.
pub(super) fn lag(size: Size, out: &mut Writer) -> Fallible<()> {
    let world = World::new(size.signers, 10)?;
    world.write(out)?;
    let mut authors: Vec<Author> = (0..size.signers).map(|_| world.another_author()).collect::<Fallible<_>>()?;
    // The rounds that somebody has not seen yet, the oldest first.
    let mut unseen: VecDeque<Vec<VerifiedOp>> = VecDeque::new();
    for round in 0..size.ops / size.signers {
        let old = if unseen.len() > size.rounds { unseen.pop_front() } else { None };
        let mut made = Vec::new();
        for (signer, author) in authors.iter_mut().enumerate() {
            let of_others = old.iter().flatten().enumerate().filter(|(other, _)| *other != signer);
            of_others.map(|(_, op)| op).try_for_each(|op| author.hear(op))?;
            let op = author.make(&world.admins[signer], of_the_day(&world, signer, round))?;
            out.measured(&op)?;
            made.push(op);
        }
        unseen.push_back(made);
    }
    Ok(())
}
