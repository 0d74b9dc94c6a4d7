//! `folkmoot join`: in by a link.

use super::sync::{Partner, exchange};
use crate::changed::name_arg;
use crate::failure::{Exit, Failure, Trouble};
use crate::node::{Node, shown};
use crate::output::{Answered, Told, answer, bold, dim};
use crate::refusals::bad_link;
use crate::sight::{Named, Sight, plain, quoted};
use crate::words::{count, on_one_line, short};
use folkmoot::{By, InvitationLink, MAX_LINK_CHARS, Refusal, RequestError};
use folkmoot_core::{DraftError, OpId, Role, SigningKey, VoidReason};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Joins a group by an invitation. A key is made for it, unless this database has one in the namespace.
#[derive(Debug, clap::Args)]
pub(crate) struct JoinArgs {
    /// The link, or a file that holds it, or `-` for stdin. A file and stdin keep it out of the shell's history.
    link: String,
    /// What to be called in the group.
    #[arg(long, value_name = "NAME", value_parser = name_arg)]
    me: Option<String>,
    /// A file of ops, or another database, to take the namespace's ops from before, and to give the claim to after.
    #[arg(long, value_name = "FILE")]
    via: Option<PathBuf>,
    /// Joins as somebody new, though this database has a key in the namespace. The new one is who it acts as from then on.
    #[arg(long)]
    new_key: bool,
}

/// Who is in now.
#[derive(Debug, Serialize)]
struct Joined {
    namespace: Named,
    group: Named,
    identity: Named,
    role: Role,
    ops: Vec<OpId>,
    /// What was exchanged, first before and then after, if a file was named.
    via: Vec<Partner>,
}

impl Told for Joined {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        for partner in &self.via {
            partner.tell(out)?;
        }
        let who = self.identity.name.as_deref().map_or_else(String::new, |name| format!("{} ", on_one_line(name)));
        let key: String = self.identity.id.chars().take(8).collect();
        let group = quoted(self.group.name.as_deref().unwrap_or(&self.group.id));
        let role = match self.role {
            Role::Admin => "an Admin",
            Role::Member => "a Member",
            Role::ReadOnly => "ReadOnly",
        };
        writeln!(out, "{} is {role} in {group} now", bold(&format!("{who}{key}")))?;
        let ops: Vec<String> = self.ops.iter().map(|op| short(&op.0)).collect();
        writeln!(out, "{}", dim(&format!("ops {}", ops.join(" "))))?;
        if self.via.is_empty() {
            writeln!(out, "The others hear of it when they have these ops:  folkmoot sync FILE")?;
        }
        Ok(())
    }
}

fn read_link(text: &str) -> Result<InvitationLink, Failure> {
    let mut read = Zeroizing::new(String::new());
    // A link with room for white space around it.
    let most = 2 * MAX_LINK_CHARS as u64;
    let came = if text == "-" {
        io::stdin().lock().take(most).read_to_string(&mut read)
    } else if !text.starts_with("folkmoot:") && Path::new(text).is_file() {
        File::open(text).and_then(|file| file.take(most).read_to_string(&mut read))
    } else {
        read.push_str(text);
        Ok(0)
    };
    came.map_err(|error| Trouble::new("input", Exit::Usage, format!("the link cannot be read: {error}")))?;
    Ok(read.parse().map_err(|error| bad_link(format!("this is no invitation link: {error}")))?)
}

pub(crate) async fn run(args: &JoinArgs, node: &Node) -> Answered {
    let link = read_link(&args.link)?;
    let (namespace, group) = (link.invitation().namespace_id, link.invitation().group_id);
    let role = link.invitation().role;
    let mut via = Vec::new();
    if let Some(path) = &args.via {
        via.push(exchange(path, Some(namespace), node, &mut BTreeSet::new()).await?);
    }
    let key = if args.new_key { Some(fresh_key()?) } else { None };
    let claim = match node.client.join_group(link, key).await {
        Ok(claim) => claim,
        Err(error) => {
            let failure = not_joined(error, args, node).await?;
            let got: usize = via.iter().map(Partner::got).sum();
            let done = format!("{} came in", count(got, "op"));
            return Err(if got > 0 { failure.half_done(&done) } else { failure });
        }
    };
    let mut ops = vec![claim];
    let sight = Sight::of(&node.client).await?;
    let Some(identity) = node.client.identity(namespace).await.map_err(plain)? else {
        return Err(Trouble::new("no_identity", Exit::Failed, "the claim is there, and the identity is not").into());
    };
    if let Some(me) = &args.me {
        let by = By::requester(identity);
        let named = node.client.set_member_alias(by, group, identity, me.clone()).await;
        ops.push(named.map_err(|error| sight.trouble(error))?);
    }
    if let Some(path) = &args.via {
        via.push(exchange(path, Some(namespace), node, &mut BTreeSet::new()).await?);
    }
    let sight = Sight::of(&node.client).await?;
    let ns = sight.namespace(Some(&namespace.to_string()))?;
    let (named, group) = (ns.named(), ns.group_named(&group));
    answer(Joined { namespace: named, group, identity: ns.person_named(&identity), role, ops, via })
}

/// Why not, and where to get what is lacking.
async fn not_joined(error: RequestError, args: &JoinArgs, node: &Node) -> Result<Failure, Failure> {
    let unauthorized = Refusal::Draft(DraftError::Void(VoidReason::Unauthorized));
    let lacking = match &error {
        RequestError::NobodyAnswered(namespace) => {
            format!("the ops of the namespace that the link leads into ({}) are not here", short(&namespace.0))
        }
        RequestError::Refused(Refusal::NoSuchGroup(_)) => "the group that the link leads into is not here".to_owned(),
        RequestError::Refused(refusal) if *refusal == unauthorized => {
            "whoever made the link may not invite, as far as is known here".to_owned()
        }
        _ => return Ok(Sight::of(&node.client).await?.trouble(error)),
    };
    let trouble = Trouble::new("no_ops", Exit::Refused, lacking);
    Ok(match &args.via {
        Some(via) => trouble.next(format!("ask whoever invited you to write them:  folkmoot sync {}", shown(via))),
        None => trouble
            .next("ask whoever invited you for a file of them, which they make so:  folkmoot sync moot.ops")
            .next("then join by way of it:  folkmoot join LINK --via moot.ops"),
    }
    .into())
}

/// A key of the system's randomness.
fn fresh_key() -> Result<SigningKey, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed)
        .map_err(|error| Trouble::new("randomness", Exit::Failed, format!("the system gave no randomness: {error}")))?;
    Ok(SigningKey::from_seed(*seed))
}
