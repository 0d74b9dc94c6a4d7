//! The story of `folkmoot demo`: several rules at once.

use super::Scenario;
use super::stage::{PlayError, Stage, add, context, name_group, remove};
use folkmoot_core::{Role, VoidReason};

/// The story of `folkmoot demo`: a group that is cut off, betrayed, and whole again.
pub const BETRAYAL: Scenario = Scenario {
    name: "betrayal",
    title: "A group that is cut off, betrayed, and whole again",
    section: "§3, §4",
    story: "alice admits bob and carol as Admins, dave as a Member. Then the line goes dead. alice removes bob; bob, who has \
            not heard, fills the group with his own and throws others out; carol goes on with her work. When the line \
            is back bob's ops are void, on every replica. He forges some more, from the time when he was an Admin: they \
            are void too, and evidence.",
    tell: betrayal,
};

fn betrayal(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob", "carol"])?;
    let apart = stage.does("alice", add("dave", Role::Member))?;

    let removal = stage.after(&[apart], "alice", remove("bob"))?;
    let garden = stage.after(&[removal], "alice", name_group("Kitchen & garden"))?;

    let mallory = stage.after(&[apart], "bob", add("mallory", Role::Admin))?;
    let hers = stage.after(&[mallory], "mallory", name_group("Mallory's table"))?;
    let daves = stage.after(&[hers], "bob", remove("dave"))?;
    let alices = stage.forges(&[daves], "bob", remove("alice"))?;

    let erin = stage.after(&[apart], "carol", add("erin", Role::Member))?;
    let recipes = stage.after(&[erin], "carol", context("recipes"))?;
    let carols = stage.after(&[recipes], "carol", name_group("Carol's table"))?;

    let puppet = stage.after(&[apart], "bob", add("oscar", Role::Admin))?;
    let attack = stage.after(&[puppet], "bob", remove("carol"))?;
    let oscars = stage.after(&[attack], "oscar", name_group("Oscar's table"))?;

    stage.effective(&[removal, garden, erin, recipes]);
    for op in [mallory, hers, daves, puppet, attack, oscars] {
        stage.void(op, VoidReason::AuthorityLost);
    }
    stage.void(alices, VoidReason::Outranked);
    stage.void(carols, VoidReason::Superseded);
    Ok(())
}
