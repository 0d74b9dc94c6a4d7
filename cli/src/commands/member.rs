//! `folkmoot member`: who belongs, and what they may do.

use super::group::{MemberOut, members_of, tell_members};
use crate::changed::{Changed, RoleArg, capability_arg, name_arg};
use crate::failure::{Exit, Trouble};
use crate::node::Node;
use crate::output::{Answered, Told, answer, bold};
use crate::sight::{GroupSight, Named, NamespaceSight, Only, Scope, Sight, Spot, quoted};
use crate::words;
use clap::Subcommand;
use folkmoot_core::{GroupId, OpId, PublicKey, Role};
use serde::Serialize;
use std::io::{self, Write};

/// Adds and removes members, and changes what they may do. People are named by alias, or by the beginning of their key.
#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Adds people, all or none. Who is not known here yet is named by the whole key, as `folkmoot whoami` shows it.
    Add {
        /// Whom.
        #[arg(required = true)]
        who: Vec<String>,
        /// With which role.
        #[arg(long, value_enum, default_value = "member")]
        role: RoleArg,
        /// What to call them, if it is one person.
        #[arg(long, value_name = "NAME", value_parser = name_arg)]
        name: Option<String>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Removes people from a group and all groups below it, all or none. They cannot come back by an invitation.
    Remove {
        /// Whom.
        #[arg(required = true)]
        who: Vec<String>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Gives a member another role.
    Role {
        /// Whose.
        who: String,
        /// Which.
        #[arg(value_enum)]
        role: RoleArg,
        #[command(flatten)]
        scope: Scope,
    },
    /// Gives a member capabilities, besides those it has.
    ///
    /// There are: create-context, invite-members, join-open-contexts, manage-members, manage-application,
    /// create-subgroup, manage-metadata. An Admin needs none.
    Grant {
        /// Whom.
        who: String,
        /// What.
        #[arg(required = true, value_parser = capability_arg, value_name = "CAPABILITY")]
        capabilities: Vec<u32>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Takes capabilities from a member. Their names are those of `grant`.
    Revoke {
        /// From whom.
        who: String,
        /// What.
        #[arg(required = true, value_parser = capability_arg, value_name = "CAPABILITY")]
        capabilities: Vec<u32>,
        #[command(flatten)]
        scope: Scope,
    },
    /// Names a member in a group. Anybody may name itself.
    Alias {
        /// Whom.
        who: String,
        /// What to call them.
        #[arg(value_parser = name_arg)]
        name: String,
        #[command(flatten)]
        scope: Scope,
    },
    /// Lists members: of one group, or of all.
    List(Only),
}

/// The members of a group.
#[derive(Debug, Serialize)]
struct OfGroup {
    namespace: Named,
    group: Named,
    members: Vec<MemberOut>,
}

/// The members of groups.
#[derive(Debug, Serialize)]
struct List {
    groups: Vec<OfGroup>,
}

impl Told for List {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        for OfGroup { group, members, .. } in &self.groups {
            writeln!(out, "{}", bold(&quoted(group.name.as_deref().unwrap_or(&group.id))))?;
            tell_members(members, "  ", out)?;
        }
        Ok(())
    }
}

pub(crate) async fn run(command: &MemberCommand, node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    match command {
        MemberCommand::Add { who, role, name, scope } => {
            add(who, (*role).into(), name.as_deref(), scope, node, &sight).await
        }
        MemberCommand::Remove { who, scope } => remove(who, scope, node, &sight).await,
        MemberCommand::Role { who, role, scope } => {
            let (spot, member) = found(who, scope, &sight)?;
            let done = node.client.update_member_role(spot.by, spot.group, member, (*role).into()).await;
            let op = done.map_err(|error| sight.trouble(error))?;
            let line =
                format!("{} is {} in {} now", called(&spot, &member), with_article((*role).into()), place(&spot));
            answer(changed("member role", &spot, vec![op]).line(line))
        }
        MemberCommand::Grant { who, capabilities, scope } => {
            let given = capabilities.iter().fold(0, |all, one| all | one);
            hold(who, "member grant", |held| held | given, scope, node, &sight).await
        }
        MemberCommand::Revoke { who, capabilities, scope } => {
            let taken = capabilities.iter().fold(0, |all, one| all | one);
            hold(who, "member revoke", |held| held & !taken, scope, node, &sight).await
        }
        MemberCommand::Alias { who, name, scope } => {
            let (spot, member) = found(who, scope, &sight)?;
            let done = node.client.set_member_alias(spot.by, spot.group, member, name.clone()).await;
            let op = done.map_err(|error| sight.trouble(error))?;
            let line = format!("{} is called {} in {} now", called(&spot, &member), quoted(name), place(&spot));
            answer(changed("member alias", &spot, vec![op]).line(line))
        }
        MemberCommand::List(only) => list(only, &sight),
    }
}

fn changed(done: &'static str, spot: &Spot<'_>, ops: Vec<OpId>) -> Changed {
    Changed::new(done, spot.namespace.named(), Some(spot.namespace.group_named(&spot.group)), ops)
}

fn called(spot: &Spot<'_>, person: &PublicKey) -> String {
    bold(&spot.namespace.people.who(person))
}

fn place(spot: &Spot<'_>) -> String {
    spot.namespace.group_words(&spot.group)
}

const fn with_article(role: Role) -> &'static str {
    match role {
        Role::Admin => "an Admin",
        Role::Member => "a Member",
        Role::ReadOnly => "ReadOnly",
    }
}

/// Where, and who there.
fn found<'s>(who: &str, scope: &Scope, sight: &'s Sight) -> Result<(Spot<'s>, PublicKey), crate::failure::Failure> {
    let spot = sight.spot(scope)?;
    let member = spot.namespace.person(who)?;
    Ok((spot, member))
}

async fn add(who: &[String], role: Role, name: Option<&str>, scope: &Scope, node: &Node, sight: &Sight) -> Answered {
    let spot = sight.spot(scope)?;
    let named = match (name, who) {
        (None, _) | (Some(_), [_]) => name,
        _ => return Err(Trouble::new("usage", Exit::Usage, "one name is for one person").into()),
    };
    let people = who.iter().map(|who| spot.namespace.person(who)).collect::<Result<Vec<_>, _>>()?;
    let members = people.iter().map(|person| (*person, role)).collect();
    let added = node.client.add_group_members(spot.by, spot.group, members).await;
    let mut ops = added.map_err(|error| sight.trouble(error))?;
    if let (Some(name), [person]) = (named, &people[..]) {
        let set = node.client.set_member_alias(spot.by, spot.group, *person, name.to_owned()).await;
        let who = spot.namespace.people.who(person);
        let done = format!("{who} is {} in {}", with_article(role), place(&spot));
        ops.push(set.map_err(|error| sight.trouble(error).half_done(&done))?);
    }
    let mut changed = changed("member add", &spot, ops);
    for person in &people {
        let name = named.map_or_else(|| called(&spot, person), |name| bold(&words::on_one_line(name)));
        changed = changed.line(format!("{name} is {} in {} now", with_article(role), place(&spot)));
    }
    answer(changed)
}

async fn remove(who: &[String], scope: &Scope, node: &Node, sight: &Sight) -> Answered {
    let spot = sight.spot(scope)?;
    let people = who.iter().map(|who| spot.namespace.person(who)).collect::<Result<Vec<_>, _>>()?;
    let removed = node.client.remove_group_members(spot.by, spot.group, people.clone()).await;
    let ops = removed.map_err(|error| sight.trouble(error))?;
    let mut changed = changed("member remove", &spot, ops);
    for person in &people {
        changed = changed.line(format!("{} is no member of {} any more", called(&spot, person), place(&spot)));
    }
    answer(changed)
}

/// Has a member hold other capabilities.
async fn hold(
    who: &str,
    done: &'static str,
    of_held: impl Fn(u32) -> u32,
    scope: &Scope,
    node: &Node,
    sight: &Sight,
) -> Answered {
    let (spot, member) = found(who, scope, sight)?;
    let held = node.client.member_info(spot.group, member).await.map_err(|error| sight.trouble(error))?.capabilities;
    let set = node.client.set_member_capabilities(spot.by, spot.group, member, of_held(held)).await;
    let ops = set.map_err(|error| sight.trouble(error))?;
    let line = format!("{} holds in {}: {}", called(&spot, &member), place(&spot), words::bits(of_held(held)));
    answer(changed(done, &spot, ops).line(line))
}

fn list(only: &Only, sight: &Sight) -> Answered {
    let of_group = |(ns, id, group): (&NamespaceSight, GroupId, &GroupSight)| OfGroup {
        namespace: ns.named(),
        group: ns.group_named(&id),
        members: members_of(group),
    };
    answer(List { groups: sight.groups(only)?.into_iter().map(of_group).collect() })
}
