//! Forks, late ops and forged ones (SPEC §2, §3).

use super::Scenario;
use super::stage::{PlayError, Stage, add, name_group, remove};
use folkmoot_core::{RejectReason, Role, Status, VoidReason};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "equivocation",
        title: "A signer in two places at once leaves evidence",
        section: "§2",
        story: "bob signs two ops that do not know of each other, both with his second nonce: a copied key, two \
                devices, or a lie. Both are admitted and judged like any others, so dave and erin are in; the pair is \
                kept as evidence.",
        tell: equivocation,
    },
    Scenario {
        name: "late-op",
        title: "An op that arrives late can change what held before",
        section: "§2, §4",
        story: "carol admits dave and names the group, and everybody has seen it. Then bob's removal of carol arrives, which he made \
                before he saw any of it. It is judged in its own past, where it stands, and what carol did meanwhile is \
                void from now on, on every replica.",
        tell: late_op,
    },
    Scenario {
        name: "back-dating",
        title: "Who was removed changes nothing by forging ops from before",
        section: "§3",
        story: "alice removes bob, and he knows. So he signs on top of a past in which he was an Admin still, and lets \
                in mallory, who removes carol. What lets mallory in is concurrent with the removal, and struck; \
                her own op is void already in its own past, where carol outranks her.",
        tell: back_dating,
    },
    Scenario {
        name: "nonce-reuse",
        title: "Nonces count up: none is used twice, none is left out",
        section: "§2.4",
        story: "bob signs an op with a nonce that its own past has seen: it is ignored, like a duplicate. He signs \
                another with a nonce too high: it is rejected. Neither has a place in the graph.",
        tell: nonce_reuse,
    },
    Scenario {
        name: "outsider",
        title: "Who is a member of nothing has no place in the graph",
        section: "§2.5",
        story: "mallory, whom nobody let in, signs that the group has another name. It is rejected, and leaves \
                everything as it was.",
        tell: outsider,
    },
];

fn equivocation(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob"])?;
    let first = stage.does("bob", name_group("Bob's table"))?;
    let one = stage.after(&[first], "bob", add("dave", Role::Member))?;
    let other = stage.after(&[first], "bob", add("erin", Role::Member))?;
    let joined = stage.does("alice", folkmoot_core::GroupOp::Noop)?;
    stage.effective(&[one, other, joined]);
    Ok(())
}

fn late_op(stage: &mut Stage) -> Result<(), PlayError> {
    let apart = stage.admins(&["bob", "carol"])?;
    let admission = stage.after(&apart, "carol", add("dave", Role::Member))?;
    let naming = stage.after(&[admission], "carol", name_group("Carol's table"))?;
    let seen = stage.after(&[naming], "alice", folkmoot_core::GroupOp::Noop)?;
    let late = stage.after(&apart, "bob", remove("carol"))?;
    stage.effective(&[seen, late]);
    stage.void(admission, VoidReason::AuthorityLost);
    stage.void(naming, VoidReason::AuthorityLost);
    Ok(())
}

fn back_dating(stage: &mut Stage) -> Result<(), PlayError> {
    let before = stage.admins(&["bob", "carol"])?;
    let removal = stage.after(&before, "alice", remove("bob"))?;
    stage.after(&[removal], "carol", name_group("Ours"))?;
    let puppet = stage.after(&before, "bob", add("mallory", Role::Admin))?;
    let attack = stage.forges(&[puppet], "mallory", remove("carol"))?;
    stage.effective(&[removal]);
    stage.void(puppet, VoidReason::AuthorityLost);
    stage.void(attack, VoidReason::Outranked);
    Ok(())
}

fn nonce_reuse(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob"])?;
    let first = stage.does("bob", name_group("Bob's table"))?;
    let again = stage.numbers(&[first], "bob", 1, add("dave", Role::Member))?;
    let gap = stage.numbers(&[first], "bob", 7, add("erin", Role::Member))?;
    stage.effective(&[first]);
    stage.refused(again, Status::Ignored);
    stage.refused(gap, Status::Rejected(RejectReason::NonceGap));
    Ok(())
}

fn outsider(stage: &mut Stage) -> Result<(), PlayError> {
    stage.does("alice", add("bob", Role::Member))?;
    let intrusion = stage.intrudes("alice", "mallory", name_group("Mallory's table"))?;
    stage.refused(intrusion, Status::Rejected(RejectReason::NotParticipant));
    Ok(())
}
