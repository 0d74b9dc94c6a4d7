//! Groups in groups (SPEC §4.3, §5).

use super::Scenario;
use super::stage::{PlayError, Stage, add, name_group, remove};
use folkmoot_core::{GroupId, GroupOp, OpId, Role, Visibility, VoidReason};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "group-deleted",
        title: "What comes to a deleted group comes to nothing",
        section: "§4.3",
        story: "alice deletes the garden group. bob, its admin, has not heard, and goes on admitting people there. When \
                the branches meet there is no such group.",
        tell: group_deleted,
    },
    Scenario {
        name: "removal-cascades",
        title: "A removal above takes what was given below",
        section: "§3, §5",
        story: "alice removes dave from the root, and with it from all groups below. Meanwhile bob, who is not her \
                senior, admits dave to the garden group: void, for who is out above is not let in below at the same \
                time.",
        tell: removal_cascades,
    },
];

fn garden(stage: &mut Stage) -> Result<(GroupId, OpId), PlayError> {
    let created = GroupOp::SubgroupCreated { alias: "garden".into(), visibility: Visibility::Open };
    let created = stage.does("alice", created)?;
    Ok((created.into(), created))
}

fn group_deleted(stage: &mut Stage) -> Result<(), PlayError> {
    let (garden, created) = garden(stage)?;
    let apart = stage.within(garden, &[created], "alice", add("bob", Role::Admin))?;
    let deletion = stage.within(garden, &[apart], "alice", GroupOp::GroupDeleted)?;
    let naming = stage.within(garden, &[apart], "bob", name_group("Bob's garden"))?;
    let admission = stage.within(garden, &[naming], "bob", add("dave", Role::Member))?;
    stage.effective(&[deletion]);
    // Of equal depth the founder's comes first.
    stage.void(naming, VoidReason::NoSuchGroup);
    stage.void(admission, VoidReason::NoSuchGroup);
    Ok(())
}

fn removal_cascades(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob"])?;
    stage.does("alice", add("dave", Role::Member))?;
    let (garden, created) = garden(stage)?;
    let removal = stage.after(&[created], "alice", remove("dave"))?;
    let admission = stage.within(garden, &[created], "bob", add("dave", Role::Member))?;
    stage.effective(&[removal]);
    stage.void(admission, VoidReason::SubjectReduced);
    Ok(())
}
