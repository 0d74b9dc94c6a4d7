//! Settings that are written side by side (SPEC §4.5).

use super::Scenario;
use super::stage::{PlayError, Stage, name_group};
use folkmoot_core::VoidReason;

pub(super) const ALL: &[Scenario] = &[Scenario {
    name: "settings",
    title: "Of two concurrent settings the senior's counts",
    section: "§4.5",
    story: "bob and carol name the group at the same time. bob is the senior: the group has his name, and hers is \
                superseded. Then carol, who has seen it, names it again, and that counts.",
    tell: settings,
}];

fn settings(stage: &mut Stage) -> Result<(), PlayError> {
    let apart = stage.admins(&["bob", "carol"])?;
    let by_bob = stage.after(&apart, "bob", name_group("Bob's table"))?;
    let by_carol = stage.after(&apart, "carol", name_group("Carol's table"))?;
    let again = stage.does("carol", name_group("Our table"))?;
    stage.effective(&[by_bob, again]);
    stage.void(by_carol, VoidReason::Superseded);
    Ok(())
}
