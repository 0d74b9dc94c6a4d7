//! `folkmoot group`: groups below groups.

use crate::changed::{Changed, VisibilityArg, capability_arg, capability_list, name_arg};
use crate::node::Node;
use crate::output::{Answered, Table, Told, answer, bold, dim};
use crate::sight::{GroupSight, Named, NamespaceSight, Scope, Sight, quoted};
use crate::words::{self, count, short};
use clap::Subcommand;
use folkmoot::GroupSettings;
use folkmoot_core::{GroupId, Hash, OpId, PublicKey, Role, Visibility};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Creates, shows, sets up and deletes groups.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Creates a group below another (`--group`), with that one's defaults and application.
    Create {
        /// What to call it.
        #[arg(value_parser = name_arg)]
        name: String,
        /// Whether members of the groups above have standing in it.
        #[arg(long, value_enum, default_value = "open")]
        visibility: VisibilityArg,
        #[command(flatten)]
        scope: Scope,
    },
    /// Lists groups as a tree.
    List {
        /// Only this namespace.
        #[arg(short, long)]
        namespace: Option<String>,
    },
    /// Shows a group: settings, members, contexts, invitations.
    Show {
        /// Which; not needed where there is only one.
        #[arg(value_name = "GROUP")]
        group: Option<String>,
        /// The namespace it is in.
        #[arg(short, long)]
        namespace: Option<String>,
    },
    /// Changes a group's settings, all of them or none.
    Set {
        #[command(flatten)]
        scope: Scope,
        /// What to call it.
        #[arg(long, value_name = "NAME", value_parser = name_arg)]
        name: Option<String>,
        /// Whether members of the groups above have standing in it; not for the root.
        #[arg(long, value_enum)]
        visibility: Option<VisibilityArg>,
        /// What new members may do: capabilities, with commas between them; `none` for none.
        #[arg(long, value_name = "CAPABILITIES", value_parser = mask_arg)]
        default_capabilities: Option<u32>,
        /// Who may join contexts that are registered from now on.
        #[arg(long, value_enum)]
        default_visibility: Option<VisibilityArg>,
    },
    /// Deletes a group with all groups below it and all their contexts, for everybody and for good.
    Delete {
        /// Which.
        #[arg(value_name = "GROUP")]
        group: String,
        /// The namespace it is in.
        #[arg(short, long)]
        namespace: Option<String>,
        /// Acts as this person, whose key is in the database.
        #[arg(long = "as", value_name = "WHO")]
        requester: Option<String>,
    },
}

fn mask_arg(text: &str) -> Result<u32, String> {
    if text == "none" {
        return Ok(0);
    }
    text.split(',').try_fold(0, |mask, name| Ok(mask | capability_arg(name.trim())?))
}

/// A group in a list.
#[derive(Debug, Serialize)]
struct Listed {
    namespace: Named,
    id: GroupId,
    name: String,
    parent: Option<GroupId>,
    visibility: Visibility,
    members: usize,
    contexts: usize,
    /// Edges up to the root.
    #[serde(skip)]
    depth: usize,
}

/// Groups, each after its parent.
#[derive(Debug, Serialize)]
struct List {
    groups: Vec<Listed>,
}

impl Told for List {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::default();
        for group in &self.groups {
            let name = format!("{}{}", "  ".repeat(group.depth), bold(&quoted(&group.name)));
            table.row([
                name,
                dim(&short(&group.id.0)),
                format!("{:?}", group.visibility),
                count(group.members, "member"),
                count(group.contexts, "context"),
            ]);
        }
        table.write("", out)
    }
}

/// A member of a group.
#[derive(Debug, Serialize)]
pub(crate) struct MemberOut {
    key: PublicKey,
    name: Option<String>,
    role: Role,
    capabilities: Vec<&'static str>,
}

/// All members, Admins first, then by name.
pub(crate) fn members_of(group: &GroupSight) -> Vec<MemberOut> {
    let mut members: Vec<MemberOut> = group
        .members
        .iter()
        .map(|(key, member)| MemberOut {
            key: *key,
            name: Some(member.alias.clone()).filter(|alias| !alias.is_empty()),
            role: member.role,
            capabilities: capability_list(member.capabilities),
        })
        .collect();
    members.sort_by(|a, b| (a.role, a.name.is_none(), &a.name, a.key).cmp(&(b.role, b.name.is_none(), &b.name, b.key)));
    members
}

/// A line for each member.
pub(crate) fn tell_members(members: &[MemberOut], indent: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::default();
    for member in members {
        let name = member.name.as_deref().map_or_else(|| "(no name)".to_owned(), words::on_one_line);
        let can = member.capabilities.join(" ");
        table.row([bold(&name), dim(&short(&member.key.0)), format!("{:?}", member.role), can]);
    }
    table.write(indent, out)
}

/// A context of a group.
#[derive(Debug, Serialize)]
struct ContextOut {
    id: folkmoot_core::ContextId,
    #[serde(flatten)]
    info: folkmoot_core::ContextInfo,
}

/// All of a group.
#[derive(Debug, Serialize)]
struct Shown {
    namespace: Named,
    id: GroupId,
    parent: Option<Named>,
    name: String,
    visibility: Visibility,
    default_capabilities: Vec<&'static str>,
    default_visibility: Visibility,
    upgrade_policy: folkmoot_core::UpgradePolicy,
    app_key: Hash,
    application_id: Hash,
    migration: Option<String>,
    state_hash: Hash,
    members: Vec<MemberOut>,
    contexts: Vec<ContextOut>,
}

impl Told for Shown {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} {}", bold(&quoted(&self.name)), self.id)?;
        let mut table = Table::default();
        if let Some(parent) = &self.parent {
            table.row([dim("under"), quoted(parent.name.as_deref().unwrap_or(&parent.id))]);
        }
        table.row([dim("namespace"), quoted(self.namespace.name.as_deref().unwrap_or(&self.namespace.id))]);
        table.row([dim("visibility"), format!("{:?}", self.visibility)]);
        let defaults = self.default_capabilities.join(" ");
        table.row([dim("new members get"), if defaults.is_empty() { "none".into() } else { defaults }]);
        table.row([dim("new contexts are"), format!("{:?}", self.default_visibility)]);
        table.row([dim("application"), format!("{}, key {}", short(&self.application_id.0), short(&self.app_key.0))]);
        let migration =
            self.migration.as_deref().map_or_else(String::new, |text| format!(", migration {}", quoted(text)));
        table.row([dim("upgrades"), format!("{}{migration}", words::policy(&self.upgrade_policy))]);
        table.row([dim("state hash"), self.state_hash.to_string()]);
        table.write("  ", out)?;
        writeln!(out, "{}", count(self.members.len(), "member"))?;
        tell_members(&self.members, "  ", out)?;
        if self.contexts.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", count(self.contexts.len(), "context"))?;
        let mut table = Table::default();
        for context in &self.contexts {
            let from = quoted(&context.info.source);
            let open = format!("{:?}", context.info.visibility);
            table.row([bold(&quoted(&context.info.alias)), dim(&short(&context.id.0)), open, format!("from {from}")]);
        }
        table.write("  ", out)
    }
}

pub(crate) async fn run(command: &GroupCommand, node: &Node) -> Answered {
    let sight = Sight::of(&node.client).await?;
    match command {
        GroupCommand::Create { name, visibility, scope } => create(name, *visibility, scope, node, &sight).await,
        GroupCommand::List { namespace } => {
            let wanted = namespace.as_deref().map(|wanted| sight.namespace(Some(wanted))).transpose()?;
            let all = sight.namespaces.values().filter(|ns| wanted.is_none_or(|wanted| wanted.id == ns.id));
            answer(List { groups: all.flat_map(tree).collect() })
        }
        GroupCommand::Show { group, namespace } => {
            let (ns, id) = sight.group(namespace.as_deref(), group.as_deref())?;
            show(ns, id, node, &sight).await
        }
        GroupCommand::Set { scope, name, visibility, default_capabilities, default_visibility } => {
            let spot = sight.spot(scope)?;
            let settings = GroupSettings {
                alias: name.clone(),
                visibility: visibility.map(Into::into),
                default_capabilities: *default_capabilities,
                default_visibility: default_visibility.map(Into::into),
                upgrade_policy: None,
            };
            let done = node.client.update_group_settings(spot.by, spot.group, settings).await;
            let ops = done.map_err(|error| sight.trouble(error))?;
            let group = spot.namespace.group_named(&spot.group);
            let line = format!("{} has new settings", spot.namespace.group_words(&spot.group));
            answer(Changed::new("group set", spot.namespace.named(), Some(group), ops).line(line))
        }
        GroupCommand::Delete { group, namespace, requester } => {
            let scope =
                Scope { namespace: namespace.clone(), group: Some(group.clone()), requester: requester.clone() };
            let spot = sight.spot(&scope)?;
            let op = node.client.delete_group(spot.by, spot.group).await.map_err(|error| sight.trouble(error))?;
            let named = spot.namespace.group_named(&spot.group);
            let line = format!("{} is deleted, with all below it", spot.namespace.group_words(&spot.group));
            answer(Changed::new("group delete", spot.namespace.named(), Some(named), vec![op]).line(line))
        }
    }
}

async fn create(name: &str, visibility: VisibilityArg, scope: &Scope, node: &Node, sight: &Sight) -> Answered {
    // Below the root, unless another parent is named.
    let root = sight.namespace(scope.namespace.as_deref()).map(|found| found.id.to_string());
    let parent = match (&scope.group, root) {
        (Some(_), _) => scope.group.clone(),
        (None, root) => Some(root?),
    };
    let spot = sight.spot(&Scope { group: parent, ..scope.clone() })?;
    let made = node
        .client
        .create_group_in_namespace(spot.by, spot.group, name.to_owned(), visibility.into())
        .await
        .map_err(|error| sight.trouble(error))?;
    let under = spot.namespace.group_words(&spot.group);
    let named = Named::new(&made.0, Some(name));
    let changed = Changed::new("group create", spot.namespace.named(), Some(named), vec![OpId(made.0)])
        .created(&made.0)
        .line(format!("{} {} is created under {under}", bold(&quoted(name)), short(&made.0)));
    answer(changed)
}

async fn show(ns: &NamespaceSight, id: GroupId, node: &Node, sight: &Sight) -> Answered {
    let summary = node.client.group_info(id).await.map_err(|error| sight.trouble(error))?;
    let Some(group) = ns.groups.get(&id) else { return Err(ns.no_ops().into()) };
    let info = summary.info;
    let contexts = group.contexts.iter().map(|(id, info)| ContextOut { id: *id, info: info.clone() });
    answer(Shown {
        namespace: ns.named(),
        id,
        parent: info.parent.map(|parent| ns.group_named(&parent)),
        name: info.alias,
        visibility: info.visibility,
        default_capabilities: capability_list(info.default_capabilities),
        default_visibility: info.default_visibility,
        upgrade_policy: info.upgrade_policy,
        app_key: Hash(info.app_key),
        application_id: Hash(info.application_id),
        migration: info.migration,
        state_hash: summary.state_hash,
        members: members_of(group),
        contexts: contexts.collect(),
    })
}

/// The groups of a namespace, each after its parent, those with one parent by name. A work list: no recursion over what
/// strangers made.
fn tree(ns: &NamespaceSight) -> Vec<Listed> {
    let mut below: BTreeMap<Option<GroupId>, Vec<GroupId>> = BTreeMap::new();
    for (id, group) in &ns.groups {
        below.entry(group.info.parent).or_default().push(*id);
    }
    for siblings in below.values_mut() {
        siblings.sort_by_key(|id| std::cmp::Reverse((ns.groups.get(id).map(|group| &group.info.alias), *id)));
    }
    let mut work: Vec<(GroupId, usize)> =
        below.remove(&None).unwrap_or_default().into_iter().map(|id| (id, 0)).collect();
    let mut out = Vec::new();
    while let Some((id, depth)) = work.pop() {
        work.extend(below.remove(&Some(id)).unwrap_or_default().into_iter().map(|child| (child, depth + 1)));
        let Some(group) = ns.groups.get(&id) else { continue };
        out.push(Listed {
            namespace: ns.named(),
            id,
            name: group.info.alias.clone(),
            parent: group.info.parent,
            visibility: group.info.visibility,
            members: group.members.len(),
            contexts: group.contexts.len(),
            depth,
        });
    }
    out
}
