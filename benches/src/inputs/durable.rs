//! Histories for disks: many signers, each of whose ops has the one before as its parent.

use crate::Fallible;
use crate::author::{World, adds};
use crate::files::Writer;
use crate::scenario::Size;

/// So many Admins in turn add N members.
pub(super) fn ingest(size: Size, out: &mut Writer) -> Fallible<()> {
    let mut world = World::new(size.signers, 0)?;
    world.write(out)?;
    for number in 0..size.ops {
        let admin = world.admins.get(number % size.signers).ok_or("no signers")?;
        out.measured(&world.author.make(admin, adds("added", number))?)?;
    }
    Ok(())
}
