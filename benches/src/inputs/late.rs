//! Late ops: all of them have for their only parent the op before the last N.
//!
//! The N are by one Admin, `junior`, who toggles members, adds some, and names the group now and then; the founder
//! removes two other Admins with the first of them and two with the last.

use crate::Fallible;
use crate::author::{World, adds, key, sets, toggled};
use crate::files::Writer;
use crate::scenario::Size;
use folkmoot_core::group_op::capabilities::CAN_CREATE_CONTEXT;
use folkmoot_core::{GroupOp, OpId, PublicKey, Role, UpgradePolicy};

/// Admins by number, which is their order of seniority.
const SENIORS: [usize; 3] = [0, 1, 2];
const JUNIOR: usize = 3;
const MORE_JUNIOR: [usize; 4] = [4, 5, 6, 7];
const REMOVED_FIRST: [usize; 2] = [8, 9];
const REMOVED_LAST: [usize; 2] = [10, 11];
/// A member that nobody touches.
const UNTOUCHED: usize = 10;

/// The world, and the op that the late ones are built on.
fn history(size: Size, out: &mut Writer) -> Fallible<(World, OpId)> {
    let mut world = World::new(12, 11)?;
    world.write(out)?;
    let old = world.tip();
    if size.ops < REMOVED_FIRST.len() + REMOVED_LAST.len() {
        return Err("late ops need a history of at least 4 ops".into());
    }
    let removes = |world: &World, number: usize| GroupOp::MemberRemoved { member: world.admins[number].public() };
    let last = size.ops - REMOVED_LAST.len();
    let mut toggles = 0;
    for number in 0..size.ops {
        let (by_founder, op) = if number < REMOVED_FIRST.len() {
            (true, removes(&world, REMOVED_FIRST[number]))
        } else if number >= last {
            (true, removes(&world, REMOVED_LAST[number - last]))
        } else if number % 4 == 1 {
            (false, adds("added", number))
        } else if number % 4 == 3 {
            (false, GroupOp::GroupAliasSet { alias: format!("name {number}") })
        } else {
            toggles += 1;
            (false, sets(world.members[toggles % 10], toggled(toggles / 10)))
        };
        let signer = if by_founder { &world.founder } else { &world.admins[JUNIOR] };
        out.setup(&world.author.make(signer, op)?)?;
    }
    Ok((world, old))
}

fn late(world: &mut World, old: OpId, out: &mut Writer, ops: impl Iterator<Item = (usize, GroupOp)>) -> Fallible<()> {
    for (signer, op) in ops {
        let op = world.author.make_on(&world.admins[signer], op, &[old])?;
        out.measured(&op)?;
    }
    Ok(())
}

/// Late ops about members that were toggled since, and the group's name.
pub(super) fn conflicting(size: Size, out: &mut Writer) -> Fallible<()> {
    let (mut world, old) = history(size, out)?;
    let member = |number: usize| -> PublicKey { world.members[number] };
    let ops = [
        // Stands, and strikes every raise of this member.
        (SENIORS[0], sets(member(1), Role::ReadOnly)),
        // Prevails over every later name.
        (SENIORS[1], GroupOp::GroupAliasSet { alias: "a senior's".into() }),
        // Overrules every lowering of this member.
        (SENIORS[2], sets(member(2), Role::Admin)),
        // Effective in its place, and overwritten at once.
        (MORE_JUNIOR[0], GroupOp::GroupAliasSet { alias: "a junior's".into() }),
        // Struck by the lowerings of this member.
        (MORE_JUNIOR[1], sets(member(3), Role::Admin)),
        // Overruled by the raises of this member.
        (MORE_JUNIOR[2], sets(member(4), Role::ReadOnly)),
    ];
    late(&mut world, old, out, ops.into_iter())
}

/// Late ops that nothing since has to do with.
pub(super) fn commuting(size: Size, out: &mut Writer) -> Fallible<()> {
    let (mut world, old) = history(size, out)?;
    let member = world.members[UNTOUCHED];
    let ops = [
        adds("late", 0),
        GroupOp::CapabilitiesGranted { member, capabilities: CAN_CREATE_CONTEXT },
        GroupOp::MemberAliasSet { member, alias: "somebody".into() },
        GroupOp::UpgradePolicySet { policy: UpgradePolicy::Automatic },
    ];
    late(&mut world, old, out, MORE_JUNIOR.into_iter().zip(ops))
}

/// Late ops of Admins who have been removed.
pub(super) fn removed(size: Size, out: &mut Writer) -> Fallible<()> {
    let (mut world, old) = history(size, out)?;
    let let_in = |number: usize| GroupOp::MemberAdded { member: key("puppet", number).public(), role: Role::Admin };
    let ops = [
        (REMOVED_FIRST[0], let_in(0)),
        (REMOVED_FIRST[1], sets(world.members[1], Role::Admin)),
        (REMOVED_LAST[0], let_in(1)),
        (REMOVED_LAST[1], sets(world.members[2], Role::Admin)),
        // Reductions, of those that they outranked; and each makes its signer's history a fork.
        (REMOVED_FIRST[0], GroupOp::MemberRemoved { member: world.members[3] }),
        (REMOVED_LAST[0], sets(world.members[4], Role::ReadOnly)),
    ];
    late(&mut world, old, out, ops.into_iter())
}
