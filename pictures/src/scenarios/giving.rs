//! What takes against what gives: seniority first, then what takes (SPEC §3).

use super::Scenario;
use super::stage::{Invitation, PlayError, Stage, add, grant, remove, set_role};
use folkmoot_core::group_op::capabilities::MANAGE_MEMBERS;
use folkmoot_core::{GroupOp, Role, VoidReason};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "removal-against-promotion",
        title: "A removal beats a concurrent promotion by somebody who is not senior",
        section: "§3",
        story: "bob removes dave while carol, who came after bob, makes dave an Admin. What takes beats what gives \
                among those who do not outrank the taker: dave is out.",
        tell: removal_against_promotion,
    },
    Scenario {
        name: "senior-overrules",
        title: "A senior's grant prevails over a junior's removal",
        section: "§3",
        story: "carol removes dave while bob, her senior, makes him an Admin. bob's grant stands, and carol's removal \
                is overruled. She may try again once she has seen it, if she still outranks dave.",
        tell: senior_overrules,
    },
    Scenario {
        name: "outdone",
        title: "Of two admissions, the senior's lower role limits what a junior's higher one gave",
        section: "§3",
        story: "alice admits dave as a Member while bob admits him as an Admin, and dave, who has heard only of bob's, \
                removes carol. The founder gave less, and she is the senior: dave is a Member, and his removal of carol does not stand.",
        tell: outdone,
    },
    Scenario {
        name: "admissions-meet",
        title: "Two admissions of one person: the senior's counts",
        section: "§4.5, §5",
        story: "bob and carol admit dave at the same time, bob as a Member, carol as an Admin. Both write dave's place \
                in the group; bob is the senior, so dave is a Member.",
        tell: admissions_meet,
    },
    Scenario {
        name: "revoked-against-granted",
        title: "A capability that is taken is not given back by somebody who is not senior",
        section: "§3",
        story: "dave may manage members. bob takes that while carol, who came after bob, grants it once more. It is \
                gone.",
        tell: revoked_against_granted,
    },
    Scenario {
        name: "invitation-revoked",
        title: "A revoked invitation takes the claims that did not see the revocation coming",
        section: "§3",
        story: "alice's invitation is claimed by dave, which she sees. She revokes it. Meanwhile erin claims it too: \
                dave stays, erin is out.",
        tell: invitation_revoked,
    },
    Scenario {
        name: "claims-on-an-invitation",
        title: "Claims that did not see each other all count",
        section: "§5",
        story: "An invitation is good for one use. dave and erin claim it at the same time, and neither displaces the \
                other. bob's claim, which has seen both, is one too many, and has no place in the graph.",
        tell: claims_on_an_invitation,
    },
    Scenario {
        name: "claim-spared",
        title: "A revocation spares a claim that a senior has built on",
        section: "§3",
        story: "carol's invitation is claimed by dave, and bob, who is senior to carol, grants dave something. carol \
                revokes her invitation without having seen any of it. A junior's revocation cannot undo what a senior \
                has built on: dave stays.",
        tell: claim_spared,
    },
    Scenario {
        name: "idle-removal",
        title: "A removal that finds nobody bars all the same",
        section: "§4",
        story: "alice and bob both remove dave. One of the removals finds no record any more: it is idle. Idle \
                removals strike and bar like any other.",
        tell: idle_removal,
    },
    Scenario {
        name: "last-admin",
        title: "The root never loses its last Admin",
        section: "§4, §5",
        story: "alice and bob, the only Admins, leave at the same time. The second of them in the order of the fold \
                finds itself the last, and stays.",
        tell: last_admin,
    },
];

fn removal_against_promotion(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob", "carol"])?;
    let apart = stage.does("alice", add("dave", Role::Member))?;
    let removal = stage.after(&[apart], "bob", remove("dave"))?;
    let promotion = stage.after(&[apart], "carol", set_role("dave", Role::Admin))?;
    stage.effective(&[removal]);
    stage.void(promotion, VoidReason::SubjectReduced);
    Ok(())
}

fn senior_overrules(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob", "carol"])?;
    let apart = stage.does("alice", add("dave", Role::Member))?;
    let promotion = stage.after(&[apart], "bob", set_role("dave", Role::Admin))?;
    let removal = stage.after(&[apart], "carol", remove("dave"))?;
    stage.effective(&[promotion]);
    stage.void(removal, VoidReason::Overruled);
    Ok(())
}

fn outdone(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob"])?;
    let apart = stage.does("alice", add("carol", Role::Member))?;
    let lower = stage.after(&[apart], "alice", add("dave", Role::Member))?;
    let higher = stage.after(&[apart], "bob", add("dave", Role::Admin))?;
    let his = stage.after(&[higher], "dave", remove("carol"))?;
    stage.effective(&[lower]);
    stage.void(higher, VoidReason::Superseded);
    stage.void(his, VoidReason::AuthorityLost);
    Ok(())
}

fn admissions_meet(stage: &mut Stage) -> Result<(), PlayError> {
    let apart = stage.admins(&["bob", "carol"])?;
    let by_bob = stage.after(&apart, "bob", add("dave", Role::Member))?;
    let by_carol = stage.after(&apart, "carol", add("dave", Role::Admin))?;
    stage.effective(&[by_bob]);
    stage.void(by_carol, VoidReason::Superseded);
    Ok(())
}

fn revoked_against_granted(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob", "carol"])?;
    stage.does("alice", add("dave", Role::Member))?;
    let apart = stage.does("carol", grant("dave", MANAGE_MEMBERS))?;
    let taking = stage.after(&[apart], "bob", super::stage::revoke("dave", MANAGE_MEMBERS))?;
    let giving = stage.after(&[apart], "carol", grant("dave", MANAGE_MEMBERS))?;
    stage.effective(&[taking]);
    stage.void(giving, VoidReason::SubjectReduced);
    Ok(())
}

fn invitation_revoked(stage: &mut Stage) -> Result<(), PlayError> {
    let invitation = Invitation::new(stage.namespace(), "alice", 5);
    let seen = stage.does("dave", invitation.claimed_by("dave"))?;
    let revocation = stage.after(&[seen], "alice", GroupOp::InvitationRevoked { invitation_id: invitation.id() })?;
    let unseen = stage.after(&[seen], "erin", invitation.claimed_by("erin"))?;
    stage.effective(&[seen, revocation]);
    stage.void(unseen, VoidReason::InvitationRevoked);
    Ok(())
}

fn claims_on_an_invitation(stage: &mut Stage) -> Result<(), PlayError> {
    use folkmoot_core::{RejectReason, Status};
    let invitation = Invitation::new(stage.namespace(), "alice", 1);
    let apart = stage.heads();
    let by_dave = stage.after(&apart, "dave", invitation.claimed_by("dave"))?;
    let by_erin = stage.after(&apart, "erin", invitation.claimed_by("erin"))?;
    let joined = stage.does("alice", GroupOp::Noop)?;
    let late = stage.intrudes("alice", "bob", invitation.claimed_by("bob"))?;
    stage.effective(&[by_dave, by_erin, joined]);
    stage.refused(late, Status::Rejected(RejectReason::NotParticipant));
    Ok(())
}

fn claim_spared(stage: &mut Stage) -> Result<(), PlayError> {
    let apart = stage.admins(&["bob", "carol"])?;
    let invitation = Invitation::new(stage.namespace(), "carol", 5);
    let claim = stage.after(&apart, "dave", invitation.claimed_by("dave"))?;
    let built = stage.after(&[claim], "bob", grant("dave", MANAGE_MEMBERS))?;
    let revocation = stage.after(&apart, "carol", GroupOp::InvitationRevoked { invitation_id: invitation.id() })?;
    stage.effective(&[claim, built, revocation]);
    Ok(())
}

fn idle_removal(stage: &mut Stage) -> Result<(), PlayError> {
    stage.admins(&["bob"])?;
    let apart = stage.does("alice", add("dave", Role::Member))?;
    let first = stage.after(&[apart], "alice", remove("dave"))?;
    let second = stage.after(&[apart], "bob", remove("dave"))?;
    stage.effective(&[first]);
    stage.idle(second, VoidReason::NoSuchMember);
    Ok(())
}

fn last_admin(stage: &mut Stage) -> Result<(), PlayError> {
    let apart = stage.admins(&["bob"])?;
    let by_alice = stage.after(&apart, "alice", remove("alice"))?;
    let by_bob = stage.after(&apart, "bob", remove("bob"))?;
    stage.effective(&[by_alice]);
    stage.idle(by_bob, VoidReason::LastAdmin);
    Ok(())
}
