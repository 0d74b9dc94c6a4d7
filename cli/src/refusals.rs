//! Why a request was not granted, and what to do next.

use crate::failure::{Exit, Trouble};
use crate::words;
use folkmoot::{Refusal, RequestError};
use folkmoot_core::{DraftError, VoidReason};

/// What a request's error comes to.
pub(crate) fn trouble(error: RequestError) -> Trouble {
    match error {
        RequestError::Refused(refusal) => refused(&refusal),
        RequestError::Down(why) => Trouble::new("database", Exit::Usage, why),
        RequestError::Disk(fault) => {
            Trouble::new("disk", Exit::Failed, fault.to_string()).next("look at it:  folkmoot doctor")
        }
        RequestError::NotWritten(why) => {
            Trouble::new("not_written", Exit::Failed, format!("the disk failed, and nothing was written: {why}"))
                .next("make room or mend the disk, and run the same again")
        }
        RequestError::Unknown(why) => {
            Trouble::new("not_known", Exit::Failed, format!("it is not known whether this was written: {why}"))
                .next("look for it:  folkmoot op log")
        }
        other => Trouble::new("failed", Exit::Failed, other.to_string()),
    }
}

fn refused(refusal: &Refusal) -> Trouble {
    match refusal {
        Refusal::NothingToDo(why) => {
            Trouble::new("nothing_to_do", Exit::Nothing, format!("nothing would change: {why}"))
        }
        Refusal::Draft(DraftError::Void(reason)) => void(*reason),
        Refusal::Draft(DraftError::NotParticipant(who)) => {
            Trouble::new("not_participant", Exit::Refused, format!("{who} is no member of any group here"))
                .next("who has a key here, and where they belong:  folkmoot whoami")
        }
        Refusal::Draft(DraftError::Malformed(why)) => {
            Trouble::new("malformed", Exit::Usage, format!("nobody would take this: {why}"))
        }
        Refusal::NoIdentity(namespace) => {
            let what = format!("this database acts as nobody in namespace {namespace}");
            Trouble::new("no_identity", Exit::Refused, what)
                .next("join it:  folkmoot join LINK")
                .next("or make a key there, for an Admin to add:  folkmoot whoami --create")
        }
        Refusal::NoSigningKey { requester, .. } => {
            Trouble::new("no_key", Exit::Refused, format!("the key of {requester} is not in this database"))
                .next("whose keys are here:  folkmoot whoami")
        }
        Refusal::NoSuchMember { .. } => Trouble::new("no_such_member", Exit::Name, refusal.to_string())
            .next("who is a member:  folkmoot member list"),
        Refusal::NoSuchInvitation(id) => {
            let what = format!("this database issued no invitation {}", words::short(&id.0));
            Trouble::new("unknown_name", Exit::Name, what).next("which it issued:  folkmoot invite show")
        }
        Refusal::Expired(at) => {
            Trouble::new("expired", Exit::Refused, format!("the invitation expired at {}", words::time(*at)))
                .next("ask for another")
        }
        Refusal::InvitationForAnother(who) => {
            Trouble::new("for_another", Exit::Refused, format!("the invitation is for {who} alone"))
                .next("join where that key is, or ask for an invitation of your own")
        }
        Refusal::NoUpgrade(group) => {
            Trouble::new("no_upgrade", Exit::Nothing, format!("no upgrade of group {group} has begun here"))
                .next("begin one:  folkmoot upgrade start --application ID")
        }
        Refusal::BadLink(_) => bad_link(refusal.to_string()),
        Refusal::Malformed(_) => Trouble::new("malformed", Exit::Usage, refusal.to_string()),
        other => Trouble::new("refused", Exit::Refused, other.to_string()),
    }
}

/// A text that is no link.
pub(crate) fn bad_link(what: String) -> Trouble {
    Trouble::new("bad_link", Exit::Usage, what).next("copy the whole link again; it begins with folkmoot:")
}

fn void(reason: VoidReason) -> Trouble {
    let trouble = Trouble::new("void", Exit::Refused, format!("{reason}: {}", words::void(reason)));
    match reason {
        VoidReason::Unauthorized => trouble
            .next("who is an Admin, and who holds which capability:  folkmoot member list")
            .next("an Admin can give what is lacking:  folkmoot member grant"),
        VoidReason::AlreadyMember => trouble.next("change the role:  folkmoot member role WHO ROLE"),
        VoidReason::NoSuchMember => trouble.next("who is a member:  folkmoot member list"),
        VoidReason::Outranked => trouble.next("only somebody more senior can take this away"),
        VoidReason::LastAdmin => trouble.next("make somebody else an Admin first:  folkmoot member role WHO admin"),
        VoidReason::ReadOnlyMember => trouble.next("raise the role first:  folkmoot member role WHO member"),
        VoidReason::BadInvitation | VoidReason::InvitationRevoked | VoidReason::InvitationUsedUp => {
            trouble.next("ask for another invitation")
        }
        VoidReason::Barred => {
            trouble.next("only somebody who may add members can let them in again:  folkmoot member add")
        }
        _ => trouble,
    }
}
