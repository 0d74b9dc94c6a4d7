//! `folkmoot invite`: links that let people in.

use crate::changed::{Changed, RoleArg};
use crate::failure::{Exit, Failure, Trouble};
use crate::naming::{Candidate, pick, whole_id};
use crate::node::{Node, shown};
use crate::output::{Answered, Table, Told, answer, bold};
use crate::sight::{Named, NamespaceSight, Scope, Sight, plain, quoted};
use crate::words::{count, on_one_line, short, time};
use clap::Subcommand;
use folkmoot::{By, InvitationLink, InvitationSummary, InvitationTerms};
use folkmoot_core::{GroupId, InvitationId, Role};
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Invitations that are asked for at a time.
const PAGE: usize = 1_024;

/// Makes, revokes and shows invitations.
#[derive(Debug, Subcommand)]
pub(crate) enum InviteCommand {
    /// Makes an invitation, and prints the link to hand over. The link is a secret: whoever has it can come in.
    Create {
        /// The role that it gives.
        #[arg(long, value_enum, default_value = "member")]
        role: RoleArg,
        /// How many may come in by it.
        #[arg(long, default_value = "1", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        uses: u32,
        /// For how long it is good: `30m`, `12h`, `7d`. Without end if not given.
        #[arg(long, value_name = "TIME", value_parser = duration_arg)]
        expires: Option<u64>,
        /// The only person who may use it, by name or whole key.
        #[arg(long = "for", value_name = "WHO")]
        invitee: Option<String>,
        /// Writes the link to a file that only you may read, and does not print it.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Revokes an invitation. Claims that knew nothing of that are struck.
    Revoke {
        /// Which, by the beginning of its id; by the whole id and `--group` if it was issued elsewhere.
        invitation: String,
        #[command(flatten)]
        scope: Scope,
    },
    /// Shows the invitations that this database issued, or that were used or revoked.
    Show {
        /// Only this one.
        invitation: Option<String>,
        /// Prints the link once more, if it was issued here. The link is a secret.
        #[arg(long, requires = "invitation")]
        link: bool,
        /// Only this namespace.
        #[arg(short, long)]
        namespace: Option<String>,
    },
}

/// Seconds from `30m`, `12h`, `7d` or `90s`.
fn duration_arg(text: &str) -> Result<u64, String> {
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("write it as 30m, 12h or 7d".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "write it as 30m, 12h or 7d".to_owned())?;
    number.checked_mul(seconds).ok_or_else(|| "that is too long".to_owned())
}

/// An invitation.
#[derive(Debug, Serialize)]
struct Shown {
    id: InvitationId,
    namespace: Named,
    group: Named,
    uses: u32,
    revoked: bool,
    /// What this database knows of it if it issued it.
    issued: Option<Issued>,
    /// The link, where it was asked for. A secret.
    link: Option<String>,
}

/// What it says.
#[derive(Debug, Serialize)]
struct Issued {
    inviter: Named,
    invitee: Option<Named>,
    role: Role,
    max_uses: u32,
    expires_at: Option<u64>,
    issued_at: u64,
}

impl Issued {
    fn words(&self) -> String {
        let for_whom = self.invitee.as_ref().map_or_else(String::new, |invitee| {
            let name = invitee.name.clone().unwrap_or_else(|| invitee.id.chars().take(8).collect());
            format!(", for {} alone", on_one_line(&name))
        });
        let until = self.expires_at.map_or_else(String::new, |at| format!(", until {}", time(at)));
        format!("as {:?}, {}{until}{for_whom}", self.role, count(self.max_uses.try_into().unwrap_or(usize::MAX), "use"))
    }
}

#[derive(Debug, Serialize)]
struct List {
    invitations: Vec<Shown>,
}

impl Told for List {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.invitations.is_empty() {
            return writeln!(out, "No invitation yet. Make one:  folkmoot invite create");
        }
        let mut table = Table::default();
        for invitation in &self.invitations {
            let terms = invitation.issued.as_ref().map_or_else(|| "issued elsewhere".to_owned(), Issued::words);
            let used = format!("used {} times", invitation.uses);
            table.row([
                bold(&short(&invitation.id.0)),
                format!("to {}", quoted(invitation.group.name.as_deref().unwrap_or(&invitation.group.id))),
                terms,
                if invitation.revoked { format!("{used}, revoked") } else { used },
            ]);
        }
        table.write("", out)?;
        self.invitations
            .iter()
            .filter_map(|invitation| invitation.link.as_ref())
            .try_for_each(|link| writeln!(out, "{link}"))
    }
}

/// A new invitation.
#[derive(Debug, Serialize)]
struct Made {
    id: InvitationId,
    namespace: Named,
    group: Named,
    issued: Issued,
    /// A secret; null if it was written to a file.
    link: Option<String>,
    file: Option<String>,
}

impl Told for Made {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let group = quoted(self.group.name.as_deref().unwrap_or(&self.group.id));
        writeln!(out, "Invitation {} to {group}, {}.", bold(&short(&self.id.0)), self.issued.words())?;
        match (&self.link, &self.file) {
            (Some(link), _) => writeln!(out, "Whoever has this link can come in by it:\n\n{}\n", bold(link))?,
            (None, file) => {
                let file = bold(file.as_deref().unwrap_or_default());
                writeln!(out, "The link is in {file}. Whoever has it can come in by it.")?;
            }
        }
        writeln!(out, "They need the ops of the namespace too. Without a network, by a file that goes to and fro:")?;
        writeln!(out, "  here    folkmoot sync moot.ops")?;
        writeln!(out, "  there   folkmoot join LINK --via moot.ops --me NAME")?;
        writeln!(out, "  here    folkmoot sync moot.ops")
    }
}

pub(crate) async fn run(command: &InviteCommand, node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    match command {
        InviteCommand::Create { role, uses, expires, invitee, to, scope } => {
            let spot = sight.spot(scope)?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let invitee = invitee.as_deref().map(|wanted| spot.namespace.person(wanted)).transpose()?;
            let terms = InvitationTerms {
                role: (*role).into(),
                max_uses: *uses,
                expires_at: expires.map(|seconds| now.saturating_add(seconds)),
                invitee,
            };
            let made = node.client.create_group_invitation(spot.by, spot.group, terms).await;
            let link = made.map_err(|error| sight.trouble(error))?;
            let invitation = link.invitation();
            let issued = Issued {
                inviter: spot.namespace.person_named(&invitation.inviter),
                invitee: invitation.invitee.map(|invitee| spot.namespace.person_named(&invitee)),
                role: invitation.role,
                max_uses: invitation.max_uses,
                expires_at: invitation.expires_at,
                issued_at: now,
            };
            let (namespace, group) = (spot.namespace.named(), spot.namespace.group_named(&spot.group));
            if let Some(file) = to {
                write_secret(file, &link)?;
            }
            let file = to.as_deref().map(shown);
            let text = to.is_none().then(|| link.to_string());
            answer(Made { id: link.id(), namespace, group, issued, link: text, file })
        }
        InviteCommand::Revoke { invitation, scope } => revoke(invitation, scope, node, &sight).await,
        InviteCommand::Show { invitation, link, namespace } => {
            let within = namespace.as_deref().map(|wanted| sight.namespace(Some(wanted))).transpose()?;
            let mut all = all(node, &sight).await?;
            all.retain(|(ns, ..)| within.is_none_or(|within| within.id == ns.id));
            if let Some(wanted) = invitation {
                let id = find(wanted, &all)?;
                all.retain(|(_, _, found, _)| *found == id);
            }
            show(all, *link, node, &sight).await
        }
    }
}

/// Writes a link to a file that was not there, for its owner only.
fn write_secret(file: &Path, link: &InvitationLink) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(file).and_then(|mut file| writeln!(file, "{link}"));
    written.map_err(|error| {
        let what = format!("the link was not written to {}: {error}", shown(file));
        let again = format!("the invitation is there:  folkmoot invite show {} --link", short(&link.id().0));
        Trouble::new("not_written", Exit::Failed, what).next(again).into()
    })
}

type Found<'s> = (&'s NamespaceSight, GroupId, InvitationId, InvitationSummary);

/// Every invitation that is known here.
async fn all<'s>(node: &Node, sight: &'s Sight) -> Result<Vec<Found<'s>>, Failure> {
    let mut all = Vec::new();
    for ns in sight.namespaces.values() {
        for group in ns.groups.keys() {
            let mut after = None;
            loop {
                let page = node.client.group_invitations(*group, after, PAGE).await.map_err(plain)?;
                all.extend(page.entries.into_iter().map(|(id, summary)| (ns, *group, id, summary)));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
    }
    Ok(all)
}

fn find(wanted: &str, all: &[Found<'_>]) -> Result<InvitationId, Failure> {
    let note = |ns: &NamespaceSight, group: &GroupId| format!("to {}", ns.group_words(group));
    let candidates: Vec<Candidate> =
        all.iter().map(|(ns, group, id, _)| Candidate::new(id.0, "", note(ns, group))).collect();
    Ok(InvitationId(pick("invitation", wanted, &candidates)?))
}

async fn show(all: Vec<Found<'_>>, with_link: bool, node: &Node, sight: &Sight) -> Answered {
    let mut invitations = Vec::new();
    for (ns, group, id, summary) in all {
        let link = match with_link {
            true => Some(node.client.invitation_link(id).await.map_err(|error| sight.trouble(error))?.to_string()),
            false => None,
        };
        let issued = summary.issued.map(|issued| Issued {
            inviter: ns.person_named(&issued.invitation.inviter),
            invitee: issued.invitation.invitee.map(|invitee| ns.person_named(&invitee)),
            role: issued.invitation.role,
            max_uses: issued.invitation.max_uses,
            expires_at: issued.invitation.expires_at,
            issued_at: issued.issued_at,
        });
        let (namespace, group) = (ns.named(), ns.group_named(&group));
        let (uses, revoked) = (summary.info.uses, summary.info.revoked);
        invitations.push(Shown { id, namespace, group, uses, revoked, issued, link });
    }
    answer(List { invitations })
}

async fn revoke(wanted: &str, scope: &Scope, node: &Node, sight: &Sight) -> Answered {
    let all = all(node, sight).await?;
    let (ns, group, id, by) = match (find(wanted, &all), whole_id(wanted)) {
        (Ok(id), _) => {
            let found = all.iter().find(|(_, _, found, _)| *found == id);
            let gone = || Trouble::new("unknown_name", Exit::Name, "no such invitation");
            let (ns, group, ..) = found.ok_or_else(gone)?;
            let requester = scope.requester.as_deref().map(|who| ns.signer(who)).transpose()?;
            (*ns, *group, id, By { requester, expected_state_hash: None })
        }
        // Issued elsewhere, and not used yet.
        (Err(_), Some(id)) => {
            let spot = sight.spot(scope)?;
            (spot.namespace, spot.group, InvitationId(id), spot.by)
        }
        (Err(failure), None) => return Err(failure),
    };
    let op = node.client.revoke_group_invitation(by, group, id).await.map_err(|error| sight.trouble(error))?;
    let line = format!("invitation {} to {} is revoked", short(&id.0), ns.group_words(&group));
    answer(Changed::new("invite revoke", ns.named(), Some(ns.group_named(&group)), vec![op]).line(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(duration_arg("90s"), Ok(90));
        assert_eq!(duration_arg("30m"), Ok(1_800));
        assert_eq!(duration_arg("12h"), Ok(43_200));
        assert_eq!(duration_arg("7d"), Ok(604_800));
        for wrong in ["", "7", "d", "-1d", "1w", "7é", "99999999999999999999d", "9999999999999999999d"] {
            assert!(duration_arg(wrong).is_err(), "{wrong}");
        }
    }
}
