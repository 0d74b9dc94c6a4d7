//! Histories without branches.

use crate::Fallible;
use crate::author::{World, adds, person, sets, toggled};
use crate::files::Writer;
use crate::scenario::{Size, THOUSAND};

/// One admin adds N members.
pub(super) fn linear(size: Size, out: &mut Writer) -> Fallible<()> {
    let mut world = World::new(0, 0)?;
    world.write(out)?;
    for number in 0..size.ops {
        out.measured(&world.author.make(&world.founder, adds("added", number))?)?;
    }
    Ok(())
}

/// N role changes of 10 members, each in turn.
pub(super) fn toggle(size: Size, out: &mut Writer) -> Fallible<()> {
    let mut world = World::new(0, 10)?;
    world.write(out)?;
    for number in 0..size.ops {
        let op = sets(world.members[number % 10], toggled(number / 10));
        out.measured(&world.author.make(&world.founder, op)?)?;
    }
    Ok(())
}

/// The ops of `linear`, newest first, down to the very first.
pub(super) fn backwards(size: Size, out: &mut Writer) -> Fallible<()> {
    let mut world = World::new(0, 0)?;
    let mut ops = world.ops().to_vec();
    for number in 0..size.ops {
        ops.push(world.author.make(&world.founder, adds("added", number))?);
    }
    ops.iter().rev().try_for_each(|op| out.measured(op))
}

/// N members, then role changes of members here and there.
pub(super) fn hash(size: Size, out: &mut Writer) -> Fallible<()> {
    let mut world = World::new(0, 0)?;
    world.write(out)?;
    for number in 0..size.ops {
        out.setup(&world.author.make(&world.founder, adds("added", number))?)?;
    }
    for number in 0..THOUSAND {
        // A prime far from any round number walks through all members.
        let member = person("added", number.wrapping_mul(7_919) % size.ops);
        let role = toggled(number.wrapping_mul(7_919) / size.ops);
        out.measured(&world.author.make(&world.founder, sets(member, role))?)?;
    }
    Ok(())
}
