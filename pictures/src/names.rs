//! Who is called what.

use crate::text;
use crate::words::Call;
use folkmoot_core::{ContextId, Engine, GroupId, GroupOp, NamespaceId, OpId, PublicKey, Verdict, VerifiedOp};
use std::collections::{BTreeMap, BTreeSet};

/// The names that a caller knows keys by. They come before the aliases in a namespace, which anybody might choose.
#[derive(Debug, Clone, Default)]
pub struct Names {
    given: BTreeMap<PublicKey, String>,
}

impl Names {
    /// No names: people go by their aliases, or the beginning of their keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a key a name, cut after [`MAX_NAME_CHARS`](crate::limits::MAX_NAME_CHARS) characters.
    pub fn name(&mut self, key: PublicKey, name: &str) {
        self.given.insert(key, text::name(name));
    }
}

impl<S: AsRef<str>> FromIterator<(PublicKey, S)> for Names {
    fn from_iter<I: IntoIterator<Item = (PublicKey, S)>>(names: I) -> Self {
        let mut all = Self::new();
        for (key, name) in names {
            all.name(key, name.as_ref());
        }
        all
    }
}

/// Those of the ops that are of a namespace.
pub(crate) fn of_namespace<'a>(ops: &'a [VerifiedOp], namespace: &NamespaceId) -> impl Iterator<Item = &'a VerifiedOp> {
    ops.iter().filter(|op| NamespaceId::from(op.id()) == *namespace || op.signable().namespace_id == *namespace)
}

/// The names of people, groups and contexts in one namespace.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    people: BTreeMap<PublicKey, String>,
    groups: BTreeMap<GroupId, String>,
    /// The group above each.
    pub(crate) above: BTreeMap<GroupId, GroupId>,
    contexts: BTreeMap<ContextId, String>,
}

impl Directory {
    /// The names given, then the aliases of the present state, then those in ops, each with the beginning of its key
    /// where two share one.
    pub(crate) fn of(engine: &Engine, namespace: &NamespaceId, names: &Names, ops: &[&VerifiedOp]) -> Self {
        let mut directory = Self::default();
        let mut aliases: BTreeMap<PublicKey, String> = BTreeMap::new();
        // The root's aliases count before those of the groups below.
        let groups = std::iter::once(GroupId::from(*namespace)).chain(engine.groups(namespace));
        for view in groups.filter_map(|group| engine.view(namespace, &group).map(|view| (group, view))) {
            let (group, view) = view;
            directory.groups.insert(group, view.info.alias);
            for (key, member) in view.members.into_iter().filter(|(_, member)| !member.alias.is_empty()) {
                aliases.entry(key).or_insert_with(|| text::name(&member.alias));
            }
            let named = view.contexts.into_iter().filter(|(_, context)| !context.alias.is_empty());
            directory.contexts.extend(named.map(|(id, context)| (id, context.alias)));
        }
        directory.learn(engine, ops, &mut aliases);
        directory.settle(names, aliases);
        directory
    }

    /// What is gone from the state has a name in the ops that made it.
    fn learn(&mut self, engine: &Engine, ops: &[&VerifiedOp], aliases: &mut BTreeMap<PublicKey, String>) {
        // What people were called last: by the op furthest from the founding.
        let mut called: BTreeMap<PublicKey, (u32, OpId, &str)> = BTreeMap::new();
        for op in ops {
            let (id, signable) = (op.id(), op.signable());
            match &signable.op {
                GroupOp::NamespaceCreated { alias, .. } => {
                    self.groups.entry(id.into()).or_insert_with(|| alias.clone());
                }
                GroupOp::SubgroupCreated { alias, .. } => {
                    self.groups.entry(id.into()).or_insert_with(|| alias.clone());
                    self.above.insert(id.into(), signable.group_id);
                }
                GroupOp::MemberAliasSet { member, alias } if !alias.is_empty() => {
                    if let Some(why) = engine.explain(&id).filter(|why| why.verdict == Verdict::Effective) {
                        let now = (why.depth, id, alias.as_str());
                        called.entry(*member).and_modify(|last| *last = now.max(*last)).or_insert(now);
                    }
                }
                GroupOp::ContextRegistered { source, .. } => {
                    self.contexts.entry(id.into()).or_insert_with(|| source.clone());
                }
                _ => {}
            }
        }
        for (member, (_, _, alias)) in called {
            aliases.entry(member).or_insert_with(|| text::name(alias));
        }
    }

    fn settle(&mut self, names: &Names, aliases: BTreeMap<PublicKey, String>) {
        let mut people = aliases;
        people.extend(names.given.iter().map(|(key, name)| (*key, name.clone())));
        let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
        for name in people.values().filter(|name| !seen.insert((*name).clone())) {
            twice.insert(name.clone());
        }
        for (key, name) in &mut people {
            if twice.contains(name) || name.is_empty() {
                *name = format!("{name} {}", text::short(key.as_bytes())).trim_start().to_owned();
            }
        }
        self.people = people;
    }

    /// The name of a group, without quotation marks.
    pub(crate) fn group(&self, id: &GroupId) -> String {
        self.groups.get(id).map_or_else(|| text::short(id.as_bytes()), |alias| text::name(alias))
    }
}

impl Call for Directory {
    fn person(&self, key: &PublicKey) -> String {
        self.people.get(key).cloned().unwrap_or_else(|| text::short(key.as_bytes()))
    }

    fn context(&self, id: &ContextId) -> String {
        self.contexts.get(id).map_or_else(|| text::short(id.as_bytes()), |alias| text::quoted(alias))
    }
}
