//! What hurts: forks from everywhere, ops by the thousand on one point, and forgeries.

use crate::Fallible;
use crate::author::{Author, World, adds, key, person, sets};
use crate::files::Writer;
use crate::scenario::{FORGED_CHAINS, Size, THOUSAND};
use folkmoot_core::group_op::capabilities::CAN_CREATE_CONTEXT;
use folkmoot_core::limits::MAX_PARENTS;
use folkmoot_core::{GroupOp, OpId, Role, SigningKey, VerifiedOp};

/// Numbers that look like chance, and are the same in every run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % (bound.max(1) as u64)).unwrap_or(0)
    }
}

/// The founder adds N members.
fn adds_members(world: &mut World, count: usize, out: &mut Writer) -> Fallible<Vec<VerifiedOp>> {
    let mut ops = Vec::new();
    for number in 0..count {
        let op = world.author.make(&world.founder, adds("added", number))?;
        out.setup(&op)?;
        ops.push(op);
    }
    Ok(ops)
}

/// 1,000 ops by 50 Admins, from random points among N.
pub(super) fn forks(size: Size, out: &mut Writer) -> Fallible<()> {
    let mut world = World::new(50, 0)?;
    world.write(out)?;
    let points = adds_members(&mut world, size.ops, out)?;
    let mut chance = Chance(1);
    for number in 0..THOUSAND {
        // Beside the next op. So never on the last, which stays a head.
        let at = chance.below(points.len().saturating_sub(1));
        let member = person("added", chance.below(at));
        let op = match number % 4 {
            0 => adds("forked", number),
            1 => sets(member, Role::ReadOnly),
            2 => sets(member, Role::Admin),
            _ => GroupOp::CapabilitiesGranted { member, capabilities: CAN_CREATE_CONTEXT },
        };
        let signer = &world.admins[number % world.admins.len()];
        out.measured(&Author::make_beside(&points[at + 1], signer, op)?)?;
    }
    Ok(())
}

/// N ops on one point by so many signers, then merges of 64 by others until one head is left.
pub(super) fn wide(size: Size, out: &mut Writer) -> Fallible<()> {
    let mut mergers = 0;
    let mut left = size.ops;
    while left > 1 {
        mergers += left / MAX_PARENTS + usize::from(left % MAX_PARENTS > 1);
        left = left.div_ceil(MAX_PARENTS);
    }
    let mut world = World::new(size.signers + mergers, 0)?;
    world.write(out)?;
    let point = world.tip();
    let mut made: Vec<VerifiedOp> = Vec::new();
    for number in 0..size.ops {
        let signer = &world.admins[number % size.signers];
        let op = world.author.make_on(signer, adds("added", number), &[point])?;
        out.measured(&op)?;
        made.push(op);
    }
    world.author.hear_all(&made)?;
    let mut heads: Vec<OpId> = made.iter().map(VerifiedOp::id).collect();
    let mut next_merger = size.signers;
    while heads.len() > 1 {
        let mut merged = Vec::new();
        for parents in heads.chunks(MAX_PARENTS) {
            if let [alone] = parents {
                merged.push(*alone);
                continue;
            }
            let op = world.author.make_on(&world.admins[next_merger], GroupOp::Noop, parents)?;
            world.author.hear(&op)?;
            out.measured(&op)?;
            merged.push(op.id());
            next_merger += 1;
        }
        heads = merged;
    }
    Ok(())
}

/// N ops and the removal of an Admin; then N forged ones, in chains that begin before the removal: it lets somebody in
/// as Admin, who does something, and so on.
pub(super) fn forge(size: Size, out: &mut Writer) -> Fallible<()> {
    let mut world = World::new(1, 0)?;
    world.write(out)?;
    let points = adds_members(&mut world, size.ops, out)?;
    let forger = world.admins[0].clone();
    let removal = GroupOp::MemberRemoved { member: forger.public() };
    out.setup(&world.author.make(&world.founder, removal)?)?;
    let mut chance = Chance(2);
    let of_chain = size.ops / FORGED_CHAINS;
    for chain in 0..FORGED_CHAINS {
        // In the later half, so that there are more members than forged ops that take one.
        let half = points.len() / 2;
        let mut tip = points[half + chance.below(half.saturating_sub(1))].id();
        let mut puppet: Option<SigningKey> = None;
        for number in chain * of_chain..(chain + 1) * of_chain {
            let (signer, op) = match puppet.take() {
                None => {
                    let let_in = key("puppet", number);
                    let op = GroupOp::MemberAdded { member: let_in.public(), role: Role::Admin };
                    puppet = Some(let_in);
                    (forger.clone(), op)
                }
                Some(let_in) => {
                    let member = person("added", number / 2);
                    let op = match number / 2 % 4 {
                        0 => adds("forged", number),
                        1 => sets(member, Role::Admin),
                        2 => sets(member, Role::ReadOnly),
                        _ => GroupOp::GroupAliasSet { alias: format!("forged {number}") },
                    };
                    (let_in, op)
                }
            };
            let op = world.author.make_on(&signer, op, &[tip])?;
            world.author.hear(&op)?;
            out.measured(&op)?;
            tip = op.id();
        }
    }
    Ok(())
}
