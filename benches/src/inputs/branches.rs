//! Branches: several who each work on without hearing of the others, or hear of them late.

use crate::Fallible;
use crate::author::{Author, World, adds, person, sets, toggled};
use crate::files::Writer;
use crate::scenario::Size;
use folkmoot_core::group_op::capabilities::CAN_CREATE_CONTEXT;
use folkmoot_core::{GroupOp, OpId, VerifiedOp};
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

    /// Joins all branches.
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
    let member = person(&own, round / 4);
    match round % 4 {
        0 => adds(&own, round / 4),
        1 => sets(world.members[(round / 4 + signer) % 10], toggled(round / 40)),
        2 => GroupOp::MemberAliasSet { member, alias: format!("member {round}") },
        _ => GroupOp::CapabilitiesGranted { member, capabilities: CAN_CREATE_CONTEXT },
    }
}

/// Each signer makes one op a round, on its own last one and on what the others did until so many rounds before.
///
/// One author makes them all, on parents of its choice: an engine for each signer, each taking in all ops, would take
/// very long, and what an op is depends on its past alone.
pub(super) fn lag(size: Size, out: &mut Writer) -> Fallible<()> {
    let mut world = World::new(size.signers, 10)?;
    world.write(out)?;
    // The last rounds, the oldest first: the ids of the signers' ops.
    let mut rounds: VecDeque<Vec<OpId>> = VecDeque::new();
    for round in 0..size.ops / size.signers {
        let mut made = Vec::new();
        for signer in 0..size.signers {
            let mut parents = Vec::from([rounds.back().map_or(world.tip(), |own| own[signer])]);
            if rounds.len() > size.rounds {
                let others = (0..size.signers).filter(|other| *other != signer);
                parents.extend(others.map(|other| rounds[0][other]));
            }
            made.push(world.author.make_on(&world.admins[signer], of_the_day(&world, signer, round), &parents)?);
        }
        for op in &made {
            world.author.hear(op)?;
            out.measured(op)?;
        }
        rounds.push_back(made.iter().map(VerifiedOp::id).collect());
        if rounds.len() > size.rounds + 1 {
            rounds.pop_front();
        }
    }
    Ok(())
}
