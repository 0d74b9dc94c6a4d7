//! What is taken takes with it what rests on it (SPEC §3, §4.4).

use super::Scenario;
use super::stage::{
    Invitation, PlayError, Stage, add, context, grant, name_group, name_member, remove, revoke, set_role,
};
use folkmoot_core::group_op::capabilities::{CAN_CREATE_CONTEXT, CAN_INVITE_MEMBERS, MANAGE_MEMBERS};
use folkmoot_core::{GroupOp, Role, VoidReason};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "duel",
        title: "Of two who remove each other, the senior prevails",
        section: "§3",
        story: "carol may manage members. alice makes bob an Admin, and bob removes carol. At the same time carol, who \
                takes bob for a Member, removes him and admits dave. An Admin is senior to a manager: bob's removal stands, and \
                what carol did on the capability that it takes has no effect.",
        tell: duel,
    },
    Scenario {
        name: "removed-admin",
        title: "A removal takes what its member did meanwhile, and all that rests on it",
        section: "§3, §4.4",
        story: "alice removes bob. bob, who has not heard, admits mallory as an Admin, and mallory admits dave. bob's \
                admission is struck; so is what mallory did on the role that it gave. What bob did before, which \
                alice had seen, stays.",
        tell: removed_admin,
    },
    Scenario {
        name: "demotion",
        title: "A demotion takes what rests on the Admin role, and nothing else",
        section: "§3",
        story: "alice makes bob a Member. Meanwhile bob names the group, for which one has to be an Admin: no effect. \
                He gives himself a name too, for which being a member is enough: that stands.",
        tell: demotion,
    },
    Scenario {
        name: "capability-revoked",
        title: "Taking a capability takes what rests on that very bit",
        section: "§3",
        story: "bob is a Member who may register contexts and invite. alice takes the former. Of what bob did \
                meanwhile the context goes, and dave, who claimed an invitation of bob's, stays.",
        tell: capability_revoked,
    },
    Scenario {
        name: "ground-gone",
        title: "A removal falls when what its signer's authority came from is struck",
        section: "§3",
        story: "bob admits carol as an Admin, and carol removes dave. Meanwhile alice removes bob. She does not name \
                carol, but carol's role came from an op that is struck: so carol's removal of dave does not stand.",
        tell: ground_gone,
    },
    Scenario {
        name: "outranked",
        title: "Nobody takes from those above",
        section: "§5",
        story: "bob signs the removal of alice, who let him in. No engine would draft it, so he does it by hand. His own \
                past says that she outranks him: void for good, whatever arrives later.",
        tell: outranked,
    },
    Scenario {
        name: "leaving",
        title: "What one gives up oneself is given up everywhere",
        section: "§3",
        story: "bob leaves. Meanwhile alice, who outranks him, makes him an Admin anew. A senior's grant prevails over \
                a junior's removal, but not over one's own leave.",
        tell: leaving,
    },
];

fn duel(stage: &mut Stage) -> Result<(), PlayError> {
    stage.does("alice", add("bob", Role::Member))?;
    stage.does("alice", add("carol", Role::Member))?;
    let apart = stage.does("alice", grant("carol", MANAGE_MEMBERS))?;
    let promotion = stage.after(&[apart], "alice", set_role("bob", Role::Admin))?;
    let by_bob = stage.after(&[promotion], "bob", remove("carol"))?;
    let by_carol = stage.after(&[apart], "carol", remove("bob"))?;
    let hers = stage.after(&[by_carol], "carol", add("dave", Role::Member))?;
    stage.effective(&[promotion, by_bob]);
    stage.void(by_carol, VoidReason::AuthorityLost);
    stage.void(hers, VoidReason::AuthorityLost);
    Ok(())
}

fn removed_admin(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob"])?;
    let before = stage.does("bob", add("carol", Role::Member))?;
    let removal = stage.after(&[before], "alice", remove("bob"))?;
    let guest = stage.after(&[before], "bob", add("mallory", Role::Admin))?;
    let hers = stage.after(&[guest], "mallory", add("dave", Role::Member))?;
    stage.effective(&[before, removal]);
    stage.void(guest, VoidReason::AuthorityLost);
    stage.void(hers, VoidReason::AuthorityLost);
    Ok(())
}

fn demotion(stage: &mut Stage) -> Result<(), PlayError> {
    let apart = stage.admins(&["bob"])?;
    let demotion = stage.after(&apart, "alice", set_role("bob", Role::Member))?;
    let naming = stage.after(&apart, "bob", name_group("Bob's table"))?;
    let own = stage.after(&[naming], "bob", name_member("bob", "Bobby"))?;
    stage.effective(&[demotion, own]);
    stage.void(naming, VoidReason::AuthorityLost);
    Ok(())
}

fn capability_revoked(stage: &mut Stage) -> Result<(), PlayError> {
    stage.does("alice", add("bob", Role::Member))?;
    let apart = stage.does("alice", grant("bob", CAN_CREATE_CONTEXT | CAN_INVITE_MEMBERS))?;
    let taking = stage.after(&[apart], "alice", revoke("bob", CAN_CREATE_CONTEXT))?;
    let recipes = stage.after(&[apart], "bob", context("recipes"))?;
    let invitation = Invitation::new(stage.namespace(), "bob", 1);
    let claim = stage.after(&[apart], "dave", invitation.claimed_by("dave"))?;
    stage.effective(&[taking, claim]);
    stage.void(recipes, VoidReason::AuthorityLost);
    Ok(())
}

fn ground_gone(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob"])?;
    let apart = stage.does("alice", add("dave", Role::Member))?;
    let removal = stage.after(&[apart], "alice", remove("bob"))?;
    let admission = stage.after(&[apart], "bob", add("carol", Role::Admin))?;
    let hers = stage.after(&[admission], "carol", remove("dave"))?;
    stage.effective(&[removal]);
    stage.void(admission, VoidReason::AuthorityLost);
    stage.void(hers, VoidReason::AuthorityLost);
    Ok(())
}

fn outranked(stage: &mut Stage) -> Result<(), PlayError> {
    let heads = stage.admins(&["bob"])?;
    let attempt = stage.forges(&heads, "bob", remove("alice"))?;
    let after = stage.does("alice", GroupOp::Noop)?;
    stage.void(attempt, VoidReason::Outranked);
    stage.effective(&[after]);
    Ok(())
}

fn leaving(stage: &mut Stage) -> Result<(), PlayError> {
    stage.does("alice", add("bob", Role::Member))?;
    let apart = stage.heads();
    let leave = stage.after(&apart, "bob", remove("bob"))?;
    let promotion = stage.after(&apart, "alice", set_role("bob", Role::Admin))?;
    stage.effective(&[leave]);
    stage.void(promotion, VoidReason::SubjectReduced);
    Ok(())
}
