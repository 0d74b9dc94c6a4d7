//! What a namespace's ops name, numbered once and for good: people, groups, contexts, invitations, cells, payloads.
//!
//! Nothing here depends on which ops have an effect; it only grows, with admitted ops. So a state can be an array of
//! cells, and an op a handful of numbers.

use crate::arena::{CellIx, ContextIx, GroupIx, InvitationIx, OpIx, PayloadIx, PersonIx, Table};
use crate::group_op::UpgradePolicy;
use crate::hashing::sha256_parts;
use crate::ids::{ContextId, GroupId, InvitationId, PublicKey};
use crate::limits::MAX_PATH_GROUPS;
use crate::names::{Application, ContextFacts, NameTables};
use alloc::string::String;
use alloc::vec::Vec;
use core::hash::BuildHasher;
use hashbrown::{DefaultHashBuilder, HashTable};

/// What a cell of state is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CellKey {
    Member(GroupIx, PersonIx),
    Group(GroupIx),
    Context(ContextIx),
    ContextCapability(ContextIx, PersonIx),
    Invitation(InvitationIx),
}

#[derive(Debug, Clone)]
struct CellEntry {
    key: CellKey,
    /// The next cell of the same group, or for a context capability, of the same context.
    next_here: CellIx,
    /// The next cell about the same person.
    next_of_person: CellIx,
}

#[derive(Debug, Clone)]
struct Person {
    key: PublicKey,
    first_cell: CellIx,
}

#[derive(Debug, Clone)]
struct Group {
    id: GroupId,
    /// The hash of the id: its place in the namespace's trie (SPEC §6).
    hashed_id: [u8; 32],
    parent: GroupIx,
    level: u8,
    created_by: OpIx,
    cell: CellIx,
    first_cell: CellIx,
    first_context: ContextIx,
    first_child: GroupIx,
    next_sibling: GroupIx,
}

#[derive(Debug, Clone)]
struct Context {
    facts: ContextFacts,
    cell: CellIx,
    first_capability: CellIx,
    next_in_group: ContextIx,
}

#[derive(Debug, Clone)]
struct Invitation {
    group: GroupIx,
    id: InvitationId,
    cell: CellIx,
}

/// The numbering.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    hasher: DefaultHashBuilder,
    people: Table<Person>,
    people_index: HashTable<PersonIx>,
    groups: Table<Group>,
    groups_index: HashTable<GroupIx>,
    contexts: Table<Context>,
    contexts_index: HashTable<ContextIx>,
    invitations: Table<Invitation>,
    invitations_index: HashTable<InvitationIx>,
    cells: Table<CellEntry>,
    /// The cells of people who have more than one; whoever has one needs no index to find it.
    cells_index: HashTable<CellIx>,
    texts: Table<String>,
    policies: Table<UpgradePolicy>,
    applications: Table<Application>,
}

impl Directory {
    // People.

    pub(crate) fn find_person(&self, key: &PublicKey) -> PersonIx {
        let found = self.people_index.find(self.hasher.hash_one(key), |at| self.person(*at) == *key);
        found.copied().unwrap_or_default()
    }

    pub(crate) fn add_person(&mut self, key: &PublicKey) -> PersonIx {
        let known = self.find_person(key);
        if known.is_some() {
            return known;
        }
        let at = PersonIx::new(self.people.push(Person { key: *key, first_cell: CellIx::NONE }));
        let (people, hasher) = (&self.people, &self.hasher);
        self.people_index.insert_unique(hasher.hash_one(key), at, |other| {
            people.get(other.at()).map_or(0, |person| hasher.hash_one(person.key))
        });
        at
    }

    pub(crate) fn person(&self, at: PersonIx) -> PublicKey {
        self.people.get(at.at()).map_or(PublicKey::ZERO, |person| person.key)
    }

    // Groups.

    pub(crate) fn find_group(&self, id: &GroupId) -> GroupIx {
        let found = self.groups_index.find(self.hasher.hash_one(id), |at| self.group_id(*at) == *id);
        found.copied().unwrap_or_default()
    }

    /// Adds the group that `created_by` created; `parent` is [`GroupIx::NONE`] for the root.
    pub(crate) fn add_group(&mut self, id: GroupId, parent: GroupIx, created_by: OpIx) -> GroupIx {
        let at = GroupIx::new(self.groups.len());
        let (level, next_sibling) = match self.groups.get_mut(parent.at()) {
            Some(above) => {
                let sibling = core::mem::replace(&mut above.first_child, at);
                (above.level.saturating_add(1), sibling)
            }
            None => (0, GroupIx::NONE),
        };
        self.groups.push(Group {
            id,
            hashed_id: sha256_parts(&[id.as_bytes()]),
            parent,
            level,
            created_by,
            cell: CellIx::NONE,
            first_cell: CellIx::NONE,
            first_context: ContextIx::NONE,
            first_child: GroupIx::NONE,
            next_sibling,
        });
        let (groups, hasher) = (&self.groups, &self.hasher);
        self.groups_index.insert_unique(hasher.hash_one(id), at, |other| {
            groups.get(other.at()).map_or(0, |group| hasher.hash_one(group.id))
        });
        let cell = self.push_cell(CellKey::Group(at), CellIx::NONE, CellIx::NONE);
        if let Some(group) = self.groups.get_mut(at.at()) {
            group.cell = cell;
        }
        at
    }

    pub(crate) fn group_id(&self, at: GroupIx) -> GroupId {
        self.groups.get(at.at()).map_or(GroupId::ZERO, |group| group.id)
    }

    /// The hash of the group's id.
    pub(crate) fn hashed_group(&self, at: GroupIx) -> [u8; 32] {
        self.groups.get(at.at()).map_or([0; 32], |group| group.hashed_id)
    }

    pub(crate) fn parent(&self, at: GroupIx) -> GroupIx {
        self.groups.get(at.at()).map_or(GroupIx::NONE, |group| group.parent)
    }

    /// Edges from the group up to the root.
    pub(crate) fn level(&self, at: GroupIx) -> u8 {
        self.groups.get(at.at()).map_or(0, |group| group.level)
    }

    /// The op that created the group.
    pub(crate) fn created_by(&self, at: GroupIx) -> OpIx {
        self.groups.get(at.at()).map_or(OpIx::NONE, |group| group.created_by)
    }

    pub(crate) fn group_cell(&self, at: GroupIx) -> CellIx {
        self.groups.get(at.at()).map_or(CellIx::NONE, |group| group.cell)
    }

    /// The group, its parent, and so on up to the root (SPEC §5).
    pub(crate) fn path(&self, at: GroupIx) -> impl Iterator<Item = GroupIx> + '_ {
        core::iter::successors(Some(at).filter(|at| at.is_some()), |below| {
            Some(self.parent(*below)).filter(|parent| parent.is_some())
        })
        .take(MAX_PATH_GROUPS)
    }

    /// Whether `above` is in the path of `below`.
    pub(crate) fn is_in_path(&self, above: GroupIx, below: GroupIx) -> bool {
        self.path(below).any(|group| group == above)
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = GroupIx> {
        (0..self.groups.len()).map(GroupIx::new)
    }

    /// The group and all groups ever created below it.
    pub(crate) fn subtree(&self, top: GroupIx) -> Vec<GroupIx> {
        let mut found = Vec::new();
        let mut next = Some(top);
        while let Some(group) = next {
            found.push(group);
            next = self.next_in_subtree(top, group);
        }
        found
    }

    /// Depth first: the first child, else the next sibling of the nearest ancestor below `top` that has one.
    fn next_in_subtree(&self, top: GroupIx, group: GroupIx) -> Option<GroupIx> {
        let child = self.groups.get(group.at())?.first_child;
        if child.is_some() {
            return Some(child);
        }
        let mut at = group;
        while at != top {
            let here = self.groups.get(at.at())?;
            if here.next_sibling.is_some() {
                return Some(here.next_sibling);
            }
            at = here.parent;
        }
        None
    }

    // Contexts.

    pub(crate) fn find_context(&self, id: &ContextId) -> ContextIx {
        let found = self
            .contexts_index
            .find(self.hasher.hash_one(id), |at| self.context(*at).is_some_and(|context| context.id == *id));
        found.copied().unwrap_or_default()
    }

    pub(crate) fn add_context(&mut self, facts: ContextFacts) -> ContextIx {
        let at = ContextIx::new(self.contexts.len());
        let (group, id) = (facts.group, facts.id);
        let first_here = self.first_cell_of(group);
        let cell = self.push_cell(CellKey::Context(at), first_here, CellIx::NONE);
        self.set_first_cell_of(group, cell);
        let next_in_group = match self.groups.get_mut(group.at()) {
            Some(group) => core::mem::replace(&mut group.first_context, at),
            None => ContextIx::NONE,
        };
        self.contexts.push(Context { facts, cell, first_capability: CellIx::NONE, next_in_group });
        let (contexts, hasher) = (&self.contexts, &self.hasher);
        self.contexts_index.insert_unique(hasher.hash_one(id), at, |other| {
            contexts.get(other.at()).map_or(0, |context| hasher.hash_one(context.facts.id))
        });
        at
    }

    pub(crate) fn context(&self, at: ContextIx) -> Option<&ContextFacts> {
        self.contexts.get(at.at()).map(|context| &context.facts)
    }

    pub(crate) fn context_cell(&self, at: ContextIx) -> CellIx {
        self.contexts.get(at.at()).map_or(CellIx::NONE, |context| context.cell)
    }

    /// The contexts ever registered in a group.
    pub(crate) fn contexts_of(&self, group: GroupIx) -> impl Iterator<Item = ContextIx> + '_ {
        let first = self.groups.get(group.at()).map_or(ContextIx::NONE, |group| group.first_context);
        core::iter::successors(Some(first).filter(|at| at.is_some()), |at| {
            let next = self.contexts.get(at.at()).map_or(ContextIx::NONE, |context| context.next_in_group);
            Some(next).filter(|at| at.is_some())
        })
    }

    // Invitations.

    pub(crate) fn find_invitation(&self, group: GroupIx, id: &InvitationId) -> InvitationIx {
        let found = self.invitations_index.find(self.hasher.hash_one((group, id)), |at| {
            self.invitations.get(at.at()).is_some_and(|known| known.group == group && known.id == *id)
        });
        found.copied().unwrap_or_default()
    }

    pub(crate) fn add_invitation(&mut self, group: GroupIx, id: &InvitationId) -> InvitationIx {
        let known = self.find_invitation(group, id);
        if known.is_some() {
            return known;
        }
        let at = InvitationIx::new(self.invitations.len());
        let first_here = self.first_cell_of(group);
        let cell = self.push_cell(CellKey::Invitation(at), first_here, CellIx::NONE);
        self.set_first_cell_of(group, cell);
        self.invitations.push(Invitation { group, id: *id, cell });
        let (invitations, hasher) = (&self.invitations, &self.hasher);
        self.invitations_index.insert_unique(hasher.hash_one((group, id)), at, |other| {
            invitations.get(other.at()).map_or(0, |known| hasher.hash_one((known.group, &known.id)))
        });
        at
    }

    pub(crate) fn invitation(&self, at: InvitationIx) -> (GroupIx, InvitationId) {
        self.invitations.get(at.at()).map_or((GroupIx::NONE, InvitationId::ZERO), |known| (known.group, known.id))
    }

    pub(crate) fn invitation_cell(&self, at: InvitationIx) -> CellIx {
        self.invitations.get(at.at()).map_or(CellIx::NONE, |known| known.cell)
    }

    // Cells.

    fn push_cell(&mut self, key: CellKey, next_here: CellIx, next_of_person: CellIx) -> CellIx {
        CellIx::new(self.cells.push(CellEntry { key, next_here, next_of_person }))
    }

    fn first_cell_of(&self, group: GroupIx) -> CellIx {
        self.groups.get(group.at()).map_or(CellIx::NONE, |group| group.first_cell)
    }

    fn set_first_cell_of(&mut self, group: GroupIx, cell: CellIx) {
        if let Some(group) = self.groups.get_mut(group.at()) {
            group.first_cell = cell;
        }
    }

    /// Most people are in one group or a few: the newest of their cells is often the one, and often the only one.
    fn find_cell_of_person(&self, key: CellKey, person: PersonIx) -> CellIx {
        let newest = self.people.get(person.at()).map_or(CellIx::NONE, |person| person.first_cell);
        match self.cells.get(newest.at()) {
            Some(entry) if entry.key == key => newest,
            Some(entry) if entry.next_of_person.is_some() => {
                let found = self.cells_index.find(self.hasher.hash_one(key), |at| self.cell_key(*at) == Some(key));
                found.copied().unwrap_or_default()
            }
            _ => CellIx::NONE,
        }
    }

    /// The record of a person in a group; [`CellIx::NONE`] if no op ever named the pair.
    pub(crate) fn member_cell(&self, group: GroupIx, person: PersonIx) -> CellIx {
        if group.is_none() || person.is_none() {
            return CellIx::NONE;
        }
        self.find_cell_of_person(CellKey::Member(group, person), person)
    }

    /// The capabilities of a person in a context; [`CellIx::NONE`] if no op ever named the pair.
    pub(crate) fn capability_cell(&self, context: ContextIx, person: PersonIx) -> CellIx {
        if context.is_none() || person.is_none() {
            return CellIx::NONE;
        }
        self.find_cell_of_person(CellKey::ContextCapability(context, person), person)
    }

    pub(crate) fn add_member_cell(&mut self, group: GroupIx, person: PersonIx) -> CellIx {
        let first_here = self.first_cell_of(group);
        let (cell, is_new) = self.add_cell_of_person(CellKey::Member(group, person), person, first_here);
        if is_new {
            self.set_first_cell_of(group, cell);
        }
        cell
    }

    pub(crate) fn add_capability_cell(&mut self, context: ContextIx, person: PersonIx) -> CellIx {
        let first_here = self.contexts.get(context.at()).map_or(CellIx::NONE, |context| context.first_capability);
        let (cell, is_new) = self.add_cell_of_person(CellKey::ContextCapability(context, person), person, first_here);
        if is_new && let Some(context) = self.contexts.get_mut(context.at()) {
            context.first_capability = cell;
        }
        cell
    }

    fn add_cell_of_person(&mut self, key: CellKey, person: PersonIx, first_here: CellIx) -> (CellIx, bool) {
        let known = self.find_cell_of_person(key, person);
        if known.is_some() {
            return (known, false);
        }
        let first_of_person = self.people.get(person.at()).map_or(CellIx::NONE, |person| person.first_cell);
        let cell = self.push_cell(key, first_here, first_of_person);
        if let Some(person) = self.people.get_mut(person.at()) {
            person.first_cell = cell;
        }
        if first_of_person.is_some() {
            if self.cells.get(first_of_person.at()).is_some_and(|first| first.next_of_person.is_none()) {
                self.index_cell(first_of_person);
            }
            self.index_cell(cell);
        }
        (cell, true)
    }

    fn index_cell(&mut self, cell: CellIx) {
        let (cells, hasher) = (&self.cells, &self.hasher);
        let hash = |at: &CellIx| cells.get(at.at()).map_or(0, |entry| hasher.hash_one(entry.key));
        self.cells_index.insert_unique(hash(&cell), cell, hash);
    }

    /// How many cells there are.
    pub(crate) const fn cell_count(&self) -> usize {
        self.cells.len()
    }

    pub(crate) fn cell_key(&self, cell: CellIx) -> Option<CellKey> {
        self.cells.get(cell.at()).map(|entry| entry.key)
    }

    fn chain(&self, first: CellIx, next: fn(&CellEntry) -> CellIx) -> impl Iterator<Item = (CellIx, CellKey)> + '_ {
        core::iter::successors(self.cells.get(first.at()).map(|entry| (first, entry)), move |(_, entry)| {
            let at = next(entry);
            self.cells.get(at.at()).map(|entry| (at, entry))
        })
        .map(|(at, entry)| (at, entry.key))
    }

    /// The cells about a person: records and context capabilities.
    pub(crate) fn cells_of_person(&self, person: PersonIx) -> impl Iterator<Item = (CellIx, CellKey)> + '_ {
        let first = self.people.get(person.at()).map_or(CellIx::NONE, |person| person.first_cell);
        self.chain(first, |entry| entry.next_of_person)
    }

    /// The cells of a group but its own: records, contexts, invitations.
    pub(crate) fn cells_of_group(&self, group: GroupIx) -> impl Iterator<Item = (CellIx, CellKey)> + '_ {
        self.chain(self.first_cell_of(group), |entry| entry.next_here)
    }

    /// The capability cells of a context.
    pub(crate) fn capabilities_of(&self, context: ContextIx) -> impl Iterator<Item = (CellIx, CellKey)> + '_ {
        let first = self.contexts.get(context.at()).map_or(CellIx::NONE, |context| context.first_capability);
        self.chain(first, |entry| entry.next_here)
    }

    // Payloads.

    pub(crate) fn add_text(&mut self, text: &str) -> PayloadIx {
        if text.is_empty() { PayloadIx::NONE } else { PayloadIx::new(self.texts.push(text.into())) }
    }

    pub(crate) fn text(&self, at: PayloadIx) -> &str {
        self.texts.get(at.at()).map_or("", String::as_str)
    }

    pub(crate) fn add_policy(&mut self, policy: UpgradePolicy) -> PayloadIx {
        PayloadIx::new(self.policies.push(policy))
    }

    /// The policy; a group that never had one set is LazyOnAccess (SPEC §5).
    pub(crate) fn policy(&self, at: PayloadIx) -> UpgradePolicy {
        self.policies.get(at.at()).copied().unwrap_or(UpgradePolicy::LazyOnAccess)
    }

    pub(crate) fn add_application(&mut self, application: Application) -> PayloadIx {
        PayloadIx::new(self.applications.push(application))
    }

    /// What ops brought along, as snapshots write it.
    pub(crate) fn names(&self) -> NameTables {
        NameTables {
            people: self.people.iter().map(|person| person.key).collect(),
            contexts: self.contexts.iter().map(|context| context.facts.clone()).collect(),
            invitations: self.invitations.iter().map(|known| (known.group, known.id)).collect(),
            texts: self.texts.iter().cloned().collect(),
            policies: self.policies.iter().copied().collect(),
            applications: self.applications.iter().cloned().collect(),
        }
    }

    /// A directory with these people and payloads; groups, contexts, invitations and cells come with the ops.
    pub(crate) fn with_names(tables: &NameTables) -> Self {
        let mut directory = Self::default();
        for key in &tables.people {
            directory.add_person(key);
        }
        for text in &tables.texts {
            directory.texts.push(text.clone());
        }
        for policy in &tables.policies {
            directory.policies.push(*policy);
        }
        for application in &tables.applications {
            directory.applications.push(application.clone());
        }
        directory
    }

    /// How many there are of people, groups, contexts, invitations, texts, policies and applications.
    pub(crate) fn lens(&self) -> [usize; 7] {
        [
            self.people.len(),
            self.groups.len(),
            self.contexts.len(),
            self.invitations.len(),
            self.texts.len(),
            self.policies.len(),
            self.applications.len(),
        ]
    }

    pub(crate) fn application(&self, at: PayloadIx) -> Option<&Application> {
        self.applications.get(at.at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subtree_is_walked_whole_and_no_further() {
        let mut directory = Directory::default();
        let id = |n: u8| GroupId([n; 32]);
        let root = directory.add_group(id(1), GroupIx::NONE, OpIx(0));
        let left = directory.add_group(id(2), root, OpIx(1));
        let right = directory.add_group(id(3), root, OpIx(2));
        let below = directory.add_group(id(4), left, OpIx(3));
        let deeper = directory.add_group(id(5), below, OpIx(4));
        let mut all = directory.subtree(root);
        all.sort_unstable();
        assert_eq!(all, [root, left, right, below, deeper]);
        let mut some = directory.subtree(left);
        some.sort_unstable();
        assert_eq!(some, [left, below, deeper]);
        assert_eq!(directory.subtree(right), [right]);
        assert!(directory.is_in_path(left, deeper) && !directory.is_in_path(right, deeper));
        assert_eq!(directory.path(deeper).collect::<Vec<_>>(), [deeper, below, left, root]);
    }

    #[test]
    fn the_cells_of_a_person_are_found_be_they_one_or_several() {
        let mut directory = Directory::default();
        let groups: Vec<GroupIx> =
            (1..5).map(|n| directory.add_group(GroupId([n; 32]), GroupIx::NONE, OpIx(u32::from(n)))).collect();
        let bob = directory.add_person(&PublicKey([1; 32]));
        for (count, group) in groups.iter().enumerate() {
            assert!(directory.member_cell(*group, bob).is_none());
            let cell = directory.add_member_cell(*group, bob);
            assert_eq!(directory.add_member_cell(*group, bob), cell, "there is one cell for each pair");
            for known in groups.iter().take(count + 1) {
                let at = directory.member_cell(*known, bob);
                assert_eq!(directory.cell_key(at), Some(CellKey::Member(*known, bob)));
            }
        }
        assert_eq!(directory.cells_of_person(bob).count(), groups.len());
    }
}
