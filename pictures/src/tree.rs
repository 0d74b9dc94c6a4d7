//! The groups, members and contexts there are now, as a tree.

use crate::limits::MAX_LISTED;
use crate::names::{Directory, Names, of_namespace};
use crate::text::{count, quoted, short};
use crate::words::{Call, access, named_bits, role};
use folkmoot_core::{ContextId, Engine, GroupId, NamespaceId, PublicKey, VerifiedOp};
use serde::Serialize;
use std::collections::BTreeMap;

/// With what lines a tree is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TreeStyle {
    /// Box-drawing characters.
    #[default]
    Boxes,
    /// ASCII alone, but for names.
    Ascii,
}

/// The groups of a namespace as they are now: [`Tree::of`]. As JSON, by serde.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tree {
    /// The namespace.
    pub namespace: NamespaceId,
    /// The groups, each before those below it; the root first.
    pub groups: Vec<TreeGroup>,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TreeGroup {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub alias: String,
    /// The group above; none for the root.
    pub parent: Option<GroupId>,
    /// Edges up to the root.
    pub depth: usize,
    /// `Open` or `Restricted`.
    pub visibility: &'static str,
    /// Its members, the highest roles first, then by name.
    pub members: Vec<TreeMember>,
    /// Its contexts, by name.
    pub contexts: Vec<TreeContext>,
    /// Who may not come back by invitation.
    pub barred: Vec<String>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TreeMember {
    /// The key.
    pub key: PublicKey,
    /// The name.
    pub name: String,
    /// `Admin`, `Member` or `ReadOnly`.
    pub role: &'static str,
    /// The names of the capabilities held.
    pub capabilities: Vec<&'static str>,
}

/// A context of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TreeContext {
    /// Its id.
    pub id: ContextId,
    /// Its name, or where its code comes from if it has none.
    pub name: String,
    /// `Open` or `Restricted`.
    pub visibility: &'static str,
    /// Who registered it.
    pub registered_by: String,
    /// The bits that members hold in it, by name.
    pub capabilities: BTreeMap<String, u8>,
}

impl Tree {
    /// The tree of a namespace, or with a `group` the part below it; empty if there is no such thing.
    ///
    /// Who is barred has no record, and so no alias, any more: the ops have what they were called last, as they have for
    /// [`History::of`](crate::History::of).
    pub fn of(
        engine: &Engine,
        namespace: &NamespaceId,
        ops: &[VerifiedOp],
        names: &Names,
        group: Option<&GroupId>,
    ) -> Self {
        let held: Vec<&VerifiedOp> = of_namespace(ops, namespace).filter(|op| engine.contains(&op.id())).collect();
        let directory = Directory::of(engine, namespace, names, &held);
        let mut below: BTreeMap<Option<GroupId>, Vec<TreeGroup>> = BTreeMap::new();
        for id in engine.groups(namespace) {
            if let Some(group) = tree_group(engine, namespace, &directory, id) {
                below.entry(group.parent).or_default().push(group);
            }
        }
        // The last child first: a work list hands out its end.
        for groups in below.values_mut() {
            groups.sort_by(|a, b| (&b.alias, b.id).cmp(&(&a.alias, a.id)));
        }
        let top = GroupId::from(*namespace);
        let start = group.copied().unwrap_or(top);
        let mut work: Vec<TreeGroup> =
            below.values_mut().flat_map(|groups| groups.extract_if(.., |group| group.id == start)).collect();
        let mut tree = Self { namespace: *namespace, groups: Vec::new() };
        while let Some(group) = work.pop() {
            let depth = group.depth + 1;
            let mut children = below.remove(&Some(group.id)).unwrap_or_default();
            children.iter_mut().for_each(|child| child.depth = depth);
            tree.groups.push(group);
            work.extend(children);
        }
        tree
    }

    /// The tree as lines of text.
    pub fn text(&self, style: TreeStyle) -> String {
        let [branch, corner, bar] = match style {
            TreeStyle::Boxes => ["\u{251c}\u{2500} ", "\u{2514}\u{2500} ", "\u{2502}  "],
            TreeStyle::Ascii => ["|- ", "`- ", "|  "],
        };
        let mut out = String::new();
        // What stands before the lines of each level above.
        let mut before: Vec<&str> = Vec::new();
        for (at, group) in self.groups.iter().enumerate() {
            before.truncate(group.depth.saturating_sub(1));
            let later = self.groups.get(at + 1..).unwrap_or_default();
            let is_last =
                later.iter().take_while(|other| other.depth >= group.depth).all(|other| other.depth > group.depth);
            let stem = before.concat();
            let head = format!("{} ({})", quoted(&group.alias), group.visibility);
            if group.depth == 0 {
                out.push_str(&format!("{head}\n"));
            } else {
                out.push_str(&format!("{stem}{}{head}\n", if is_last { corner } else { branch }));
                before.push(if is_last { "   " } else { bar });
            }
            let has_groups = later.first().is_some_and(|next| next.depth > group.depth);
            let stem = before.concat();
            let lines = group.lines();
            let count = lines.len();
            for (number, line) in lines.into_iter().enumerate() {
                let is_last = number + 1 == count && !has_groups;
                out.push_str(&format!("{stem}{}{line}\n", if is_last { corner } else { branch }));
            }
        }
        out
    }
}

impl TreeGroup {
    /// A line for each member and context, up to a bound.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for member in self.members.iter().take(MAX_LISTED) {
            let capabilities = if member.capabilities.is_empty() {
                String::new()
            } else {
                format!(": {}", member.capabilities.join(" "))
            };
            lines.push(format!("{} {}{capabilities}", member.name, member.role));
        }
        if let Some(more) = self.members.len().checked_sub(MAX_LISTED + 1) {
            lines.push(format!("and {}", count(more + 1, "more member")));
        }
        for context in self.contexts.iter().take(MAX_LISTED) {
            let held: Vec<String> =
                context.capabilities.iter().map(|(who, bits)| format!("{who} {bits:#010b}")).collect();
            let held = if held.is_empty() { String::new() } else { format!(": {}", held.join(", ")) };
            let (name, by) = (&context.name, &context.registered_by);
            lines.push(format!("context {name} ({}), by {by}{held}", context.visibility));
        }
        if let Some(more) = self.contexts.len().checked_sub(MAX_LISTED + 1) {
            lines.push(format!("and {}", count(more + 1, "more context")));
        }
        if !self.barred.is_empty() {
            lines.push(format!("barred: {}", self.barred.join(", ")));
        }
        lines
    }
}

fn tree_group(engine: &Engine, namespace: &NamespaceId, directory: &Directory, id: GroupId) -> Option<TreeGroup> {
    let view = engine.view(namespace, &id)?;
    let mut members: Vec<_> = view.members.iter().collect();
    members.sort_by_key(|(key, member)| (member.role, directory.person(key), **key));
    let member = |(key, member): (&PublicKey, &folkmoot_core::MemberInfo)| TreeMember {
        key: *key,
        name: directory.person(key),
        role: role(member.role),
        capabilities: named_bits(member.capabilities).collect(),
    };
    let mut contexts: Vec<TreeContext> = view
        .contexts
        .iter()
        .map(|(id, context)| TreeContext {
            id: *id,
            name: match (context.alias.as_str(), context.source.as_str()) {
                ("", "") => short(id.as_bytes()),
                ("", source) => quoted(source),
                (alias, _) => quoted(alias),
            },
            visibility: access(context.visibility),
            registered_by: directory.person(&context.registered_by),
            capabilities: context.capabilities.iter().map(|(key, bits)| (directory.person(key), *bits)).collect(),
        })
        .collect();
    contexts.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Some(TreeGroup {
        id,
        alias: view.info.alias,
        parent: view.info.parent,
        depth: 0,
        visibility: access(view.info.visibility),
        members: members.into_iter().map(member).collect(),
        contexts,
        barred: view.barred.iter().map(|key| directory.person(key)).collect(),
    })
}
