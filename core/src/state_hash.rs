//! The state hash of a group, the digest of a namespace, and proofs of single entries (SPEC §6).
//!
//! A [`Forest`] is the tries of one state: one over the live groups, and in each leaf of it the group's own. It notes
//! which cells have changed and hashes them when somebody asks.

use crate::arena::{CellIx, GroupIx, PersonIx};
use crate::authority::{Glance, Read};
use crate::cells::{Cell, Cells, GroupCell, MemberCell, State};
use crate::directory::{CellKey, Directory};
use crate::facts::History;
use crate::group_op::{Role, UpgradePolicy, Visibility};
use crate::hashing::sha256_parts;
use crate::ids::{ContextId, GroupId, Hash, InvitationId, NamespaceId, PublicKey};
use crate::limits::MAX_PROOF_SIBLINGS;
use crate::overlay::Over;
use crate::trie::{Digest, EMPTY, Trie, Tries, bit_at, leaf_hash, node_hash};
use crate::work::Tape;
use alloc::string::String;
use alloc::vec::Vec;
use borsh::BorshSerialize;

const STATE_DOMAIN: &[u8] = b"folkmoot/state/v1";
const NAMESPACE_DOMAIN: &[u8] = b"folkmoot/namespace/v1";

/// The key of an entry of a group's state (SPEC §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKey {
    /// The group's own data.
    Group,
    /// A member's record.
    Member(PublicKey),
    /// A context.
    Context(ContextId),
    /// A member's capabilities in a context.
    ContextCapability(ContextId, PublicKey),
    /// An invitation that was used or revoked.
    Invitation(InvitationId),
    /// A member that is barred.
    Barred(PublicKey),
}

impl EntryKey {
    /// The key's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(65);
        match self {
            Self::Group => out.push(0),
            Self::Member(member) => push_key(&mut out, 1, &[member.as_bytes()]),
            Self::Context(context) => push_key(&mut out, 2, &[context.as_bytes()]),
            Self::ContextCapability(context, member) => {
                push_key(&mut out, 3, &[context.as_bytes(), member.as_bytes()]);
            }
            Self::Invitation(invitation) => push_key(&mut out, 4, &[invitation.as_bytes()]),
            Self::Barred(member) => push_key(&mut out, 5, &[member.as_bytes()]),
        }
        out
    }

    fn hashed(&self) -> Digest {
        match self {
            Self::Group => sha256_parts(&[&[0]]),
            Self::Member(member) => sha256_parts(&[&[1], member.as_bytes()]),
            Self::Context(context) => sha256_parts(&[&[2], context.as_bytes()]),
            Self::ContextCapability(context, member) => sha256_parts(&[&[3], context.as_bytes(), member.as_bytes()]),
            Self::Invitation(invitation) => sha256_parts(&[&[4], invitation.as_bytes()]),
            Self::Barred(member) => sha256_parts(&[&[5], member.as_bytes()]),
        }
    }
}

fn push_key(out: &mut Vec<u8>, tag: u8, parts: &[&[u8; 32]]) {
    out.push(tag);
    for part in parts {
        out.extend_from_slice(*part);
    }
}

/// Proof that an entry is in a group's state, for someone who holds only the state hash (SPEC §6).
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, borsh::BorshDeserialize)]
pub struct InclusionProof {
    /// The entry's value, in borsh.
    pub value: Vec<u8>,
    /// The hashes beside the way from the root down to the entry; at most [`MAX_PROOF_SIBLINGS`].
    pub siblings: Vec<Hash>,
}

impl InclusionProof {
    /// Whether the proof shows that `group` has this value under `key` in the state with this hash.
    pub fn verify(&self, group: &GroupId, key: &EntryKey, state_hash: &Hash) -> bool {
        if self.siblings.len() > MAX_PROOF_SIBLINGS {
            return false;
        }
        let key = key.hashed();
        let mut hash = leaf_hash(&key, &self.value);
        for (depth, sibling) in self.siblings.iter().enumerate().rev() {
            let depth = u16::try_from(depth).unwrap_or(u16::MAX);
            hash = if bit_at(&key, depth) { node_hash(&sibling.0, &hash) } else { node_hash(&hash, &sibling.0) };
        }
        group_hash(group, &hash) == *state_hash
    }
}

fn group_hash(group: &GroupId, root: &Digest) -> Hash {
    Hash(sha256_parts(&[STATE_DOMAIN, group.as_bytes(), root]))
}

#[derive(BorshSerialize)]
struct GroupValue<'a> {
    parent: Option<GroupId>,
    alias: &'a str,
    visibility: Visibility,
    default_capabilities: u32,
    default_visibility: Visibility,
    policy: UpgradePolicy,
    app_key: [u8; 32],
    application_id: [u8; 32],
    migration: Option<&'a String>,
}

#[derive(BorshSerialize)]
struct MemberValue<'a> {
    role: Role,
    capabilities: u32,
    alias: &'a str,
}

#[derive(BorshSerialize)]
struct ContextValue<'a> {
    application_id: [u8; 32],
    blob_id: [u8; 32],
    source: &'a str,
    service_name: Option<&'a String>,
    visibility: Visibility,
    alias: &'a str,
    registered_by: PublicKey,
}

/// The entries that a cell may stand for: its own, and for a member's cell, the bar.
const OWN: u32 = 0;
const BAR: u32 = 1;

fn entry_of(cell: CellIx, which: u32) -> u32 {
    (cell.0 << 1) | which
}

fn entry_key(directory: &Directory, cell: CellIx, which: u32) -> Option<EntryKey> {
    Some(match directory.cell_key(cell)? {
        CellKey::Group(_) => EntryKey::Group,
        CellKey::Member(_, person) if which == BAR => EntryKey::Barred(directory.person(person)),
        CellKey::Member(_, person) => EntryKey::Member(directory.person(person)),
        CellKey::Context(context) => EntryKey::Context(directory.context(context)?.id),
        CellKey::ContextCapability(context, person) => {
            EntryKey::ContextCapability(directory.context(context)?.id, directory.person(person))
        }
        CellKey::Invitation(invitation) => EntryKey::Invitation(directory.invitation(invitation).1),
    })
}

/// The hashed key of an entry of a group's trie.
fn hashed_key(directory: &Directory, entry: u32) -> Digest {
    entry_key(directory, CellIx(entry >> 1), entry & 1).map_or(EMPTY, |key| key.hashed())
}

/// The group in whose state a cell is.
fn group_of(directory: &Directory, cell: CellIx) -> GroupIx {
    match directory.cell_key(cell) {
        Some(CellKey::Group(group) | CellKey::Member(group, _)) => group,
        Some(CellKey::Context(context) | CellKey::ContextCapability(context, _)) => {
            directory.context(context).map_or(GroupIx::NONE, |facts| facts.group)
        }
        Some(CellKey::Invitation(invitation)) => directory.invitation(invitation).0,
        None => GroupIx::NONE,
    }
}

/// Writes the value of an entry over what `out` holds, if the state has it.
fn write_value(out: &mut Vec<u8>, history: &History, cell: CellIx, which: u32, value: &Cell) -> Option<()> {
    let directory = &history.directory;
    out.clear();
    match value {
        Cell::Member(member) if which == BAR => return member.barred.then_some(()),
        Cell::Member(MemberCell { present: true, role, capabilities, alias, .. }) => {
            MemberValue { role: *role, capabilities: u32::from(*capabilities), alias: directory.text(*alias) }
                .serialize(out)
        }
        Cell::Group(group) if group.alive => {
            let here = group_of(directory, cell);
            let parent = directory.parent(here);
            let application = directory.application(group.target)?;
            GroupValue {
                parent: parent.is_some().then(|| directory.group_id(parent)),
                alias: directory.text(group.alias),
                visibility: group.visibility,
                default_capabilities: u32::from(group.default_capabilities),
                default_visibility: group.default_visibility,
                policy: directory.policy(group.policy),
                app_key: application.app_key,
                application_id: application.application_id,
                migration: application.migration.as_ref().filter(|_| group.migrates),
            }
            .serialize(out)
        }
        Cell::Context(context) if context.present => {
            let Some(CellKey::Context(at)) = directory.cell_key(cell) else { return None };
            let facts = directory.context(at)?;
            ContextValue {
                application_id: facts.application_id,
                blob_id: facts.blob_id,
                source: &facts.source,
                service_name: facts.service_name.as_ref(),
                visibility: context.visibility,
                alias: directory.text(context.alias),
                registered_by: directory.person(facts.registered_by),
            }
            .serialize(out)
        }
        Cell::ContextCapability(bits) => bits.serialize(out),
        Cell::Invitation(invitation) => (invitation.uses, invitation.revoked).serialize(out),
        _ => return None,
    }
    // Writing to a Vec does not fail.
    .ok()
}

/// The tries of one state. Who makes one gives it back to [`Forest::release`].
#[derive(Debug)]
pub(crate) struct Forest {
    /// Over the live groups; the leaf of each holds the trie of its entries.
    groups: Trie,
    /// Entries that may differ from what is hashed.
    dirty: Vec<u32>,
    dirty_bound: usize,
    /// Where a value is written that is about to be hashed.
    value: Vec<u8>,
}

const FIRST_DIRTY_BOUND: usize = 1_024;
/// Of a list no longer than this, the memory is kept for the next.
const MAX_KEPT_DIRTY: usize = 64;

impl Forest {
    /// Of the empty state.
    pub(crate) const EMPTY: Self =
        Self { groups: Trie::EMPTY, dirty: Vec::new(), dirty_bound: FIRST_DIRTY_BOUND, value: Vec::new() };

    /// Tries of so many branches and one leaf more.
    #[cfg(test)]
    pub(crate) fn with_branches(tries: &mut Tries, branches: usize) -> Self {
        let mut forest = Self::EMPTY;
        // With the lowest bit first, every leaf but the very first needs just one branch.
        let key = |entry: u32| {
            let mut key = EMPTY;
            key[..4].copy_from_slice(&entry.reverse_bits().to_be_bytes());
            key
        };
        let before = tries.live();
        for entry in 0..=u32::try_from(branches).expect("few") {
            tries.put(&mut forest.groups, &key(entry), entry, EMPTY, key);
        }
        assert_eq!(tries.live() - before, branches);
        forest
    }

    pub(crate) fn share(&self, tries: &mut Tries) -> Self {
        Self {
            groups: tries.share(&self.groups),
            dirty: self.dirty.clone(),
            dirty_bound: self.dirty_bound,
            value: Vec::new(),
        }
    }

    pub(crate) fn release(self, tries: &mut Tries) {
        tries.release(self.groups);
    }

    /// Notes that a cell changed, if that can be read.
    pub(crate) fn mark(&mut self, cell: CellIx, old: &Cell, new: &Cell) {
        each_unlike(cell, old, new, |entry| self.dirty.push(entry));
        if self.dirty.len() >= self.dirty_bound {
            // However long nobody asks, the list is no longer than twice the entries there are.
            self.dirty.sort_unstable();
            self.dirty.dedup();
            self.dirty_bound = self.dirty.len().saturating_mul(2).max(FIRST_DIRTY_BOUND);
        }
    }

    /// Notes the cells on a tape, with what was in each before the state came to be as it is.
    pub(crate) fn mark_tape(&mut self, cells: &Cells, state: &State, tape: &Tape) {
        for (cell, old) in tape {
            self.mark(*cell, old, &cells.get(state, *cell));
        }
    }

    /// Notes some cells, as these tries are to be those of another state.
    pub(crate) fn mark_cells(&mut self, cells: &Cells, from: &State, to: &State, unlike: &[CellIx]) {
        for cell in unlike {
            self.mark(*cell, &cells.get(from, *cell), &cells.get(to, *cell));
        }
    }

    /// Notes all that differs in another state.
    pub(crate) fn mark_differences(&mut self, cells: &Cells, from: &State, to: &State) {
        self.mark_cells(cells, from, to, &cells.diff(from, to));
    }

    /// The state hash of a group (SPEC §6); zero if it does not exist. `beside` says that the states of others, much like
    /// this one, are hashed as well.
    pub(crate) fn state_hash(&mut self, tries: &mut Tries, glance: Glance<'_>, group: GroupIx, beside: bool) -> Hash {
        self.flush(tries, glance, beside);
        let directory = &glance.history.directory;
        let key = directory.hashed_group(group);
        match tries.nested(&self.groups, &key, group.0, beside) {
            Some(trie) => group_hash(&directory.group_id(group), &trie.hash()),
            None => Hash::ZERO,
        }
    }

    /// The state hash of a group in the state of `there`, which differs in these cells from that of these tries (`here`); `None`
    /// if the group is in one of them only.
    pub(crate) fn state_hash_beside(
        &mut self,
        tries: &mut Tries,
        (mut here, mut there): (Glance<'_>, Glance<'_>),
        cells: &[CellIx],
        group: GroupIx,
    ) -> Option<Hash> {
        self.flush(tries, here, true);
        let directory = &here.history.directory;
        let key = directory.hashed_group(group);
        let trie = tries.nested(&self.groups, &key, group.0, true);
        let Some(trie) = trie.filter(|_| there.lives(group)) else {
            return (trie.is_none() && !there.lives(group)).then_some(Hash::ZERO);
        };
        let mut over = Vec::with_capacity(cells.len());
        for cell in cells.iter().filter(|cell| group_of(directory, **cell) == group) {
            let (old, new) = (here.cell(*cell), there.cell(*cell));
            each_unlike(*cell, &old, &new, |entry| {
                let (key, hash) = self.hashed_entry(tries, here.history, entry, &new, true);
                over.push(Over { key, entry, hash });
            });
        }
        over.sort_unstable_by_key(|over| over.key);
        let hash = tries.hash_with(&trie, &over, |entry| hashed_key(directory, entry));
        Some(group_hash(&directory.group_id(group), &hash))
    }

    /// The digest of the namespace (SPEC §6).
    pub(crate) fn digest(&mut self, tries: &mut Tries, glance: Glance<'_>, namespace: &NamespaceId) -> Hash {
        let root = self.hash_all(tries, glance);
        Hash(sha256_parts(&[NAMESPACE_DOMAIN, namespace.as_bytes(), &root]))
    }

    /// Hashes all that has changed, for whoever shares these tries, too; says what comes out at the top.
    pub(crate) fn hash_all(&mut self, tries: &mut Tries, glance: Glance<'_>) -> Digest {
        if self.dirty.is_empty() && self.groups.hash() != EMPTY {
            return self.groups.hash();
        }
        self.flush(tries, glance, false);
        let directory = &glance.history.directory;
        for group in directory.groups() {
            let key = directory.hashed_group(group);
            if tries.is_stale_leaf(&self.groups, &key, group.0)
                && let Some(trie) = tries.nested(&self.groups, &key, group.0, false)
            {
                let hash = group_hash(&directory.group_id(group), &trie.hash());
                tries.set_leaf_hash(&mut self.groups, &key, group.0, leaf_hash(&key, hash.as_bytes()));
            }
        }
        tries.rehash(&mut self.groups, false)
    }

    /// The proof that a group has an entry, if it has.
    pub(crate) fn prove(
        &mut self,
        tries: &mut Tries,
        glance: Glance<'_>,
        group: GroupIx,
        key: &EntryKey,
    ) -> Option<InclusionProof> {
        self.flush(tries, glance, false);
        let directory = &glance.history.directory;
        let cell = cell_of(directory, group, key);
        let which = if matches!(key, EntryKey::Barred(_)) { BAR } else { OWN };
        let mut value = Vec::new();
        write_value(&mut value, glance.history, cell, which, &{ glance }.cell(cell))?;
        let trie = tries.nested(&self.groups, &directory.hashed_group(group), group.0, false)?;
        let siblings = tries.siblings(&trie, &key.hashed(), entry_of(cell, which))?;
        Some(InclusionProof { value, siblings: siblings.into_iter().map(Hash).collect() })
    }

    /// Brings the tries to the state, leaving inner nodes stale.
    fn flush(&mut self, tries: &mut Tries, mut glance: Glance<'_>, beside: bool) {
        if self.dirty.is_empty() {
            return;
        }
        let mut dirty = core::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        dirty.dedup();
        let directory = &glance.history.directory;
        let mut built: Vec<GroupIx> = Vec::new();
        for entry in &dirty {
            let cell = CellIx(entry >> 1);
            if let Some(CellKey::Group(group)) = directory.cell_key(cell) {
                let lives = glance.lives(group);
                let key = directory.hashed_group(group);
                let known = tries.has(&self.groups, &key, group.0);
                if lives && !known {
                    self.build(tries, glance, group, cell);
                    built.push(group);
                } else if !lives && known {
                    tries.remove(&mut self.groups, &key, group.0);
                }
            }
        }
        built.sort_unstable();
        for entry in &dirty {
            let cell = CellIx(entry >> 1);
            let group = group_of(directory, cell);
            if built.binary_search(&group).is_err() && glance.lives(group) {
                let value = glance.cell(cell);
                self.update(tries, glance.history, group, *entry, &value, beside);
            }
        }
        // A long list comes of a state made from another far away, and once.
        if dirty.len() <= MAX_KEPT_DIRTY {
            dirty.clear();
            self.dirty = dirty;
        }
    }

    /// Enters all that a group has that was not there, or not there any more.
    fn build(&mut self, tries: &mut Tries, mut glance: Glance<'_>, group: GroupIx, cell: CellIx) {
        let directory = &glance.history.directory;
        let capabilities = directory.contexts_of(group).flat_map(|context| directory.capabilities_of(context));
        let cells = directory.cells_of_group(group).chain(capabilities).map(|(cell, _)| cell);
        let (mut entries, mut bytes) = (Vec::new(), Vec::new());
        for cell in core::iter::once(cell).chain(cells) {
            let value = glance.cell(cell);
            for which in if is_barred(&value) { [OWN, BAR].as_slice() } else { [OWN].as_slice() } {
                if write_value(&mut bytes, glance.history, cell, *which, &value).is_some() {
                    let entry = entry_of(cell, *which);
                    let key = hashed_key(directory, entry);
                    entries.push((key, entry, leaf_hash(&key, &bytes)));
                }
            }
        }
        entries.sort_unstable();
        let group_key = directory.hashed_group(group);
        let (leaf, _) =
            tries.take_nested(&mut self.groups, &group_key, group.0, |other| directory.hashed_group(GroupIx(other)));
        let below = tries.of_sorted(&entries);
        tries.put_nested(leaf, below);
    }

    /// The hashed key of an entry, and its leaf's hash, if it has one with this value of its cell.
    fn hashed_entry(
        &mut self,
        tries: &mut Tries,
        history: &History,
        entry: u32,
        value: &Cell,
        beside: bool,
    ) -> (Digest, Option<Digest>) {
        let bytes = &mut self.value;
        let mut hashed = || {
            let key = hashed_key(&history.directory, entry);
            let written = write_value(bytes, history, CellIx(entry >> 1), entry & 1, value);
            (key, written.map(|()| leaf_hash(&key, bytes)))
        };
        match tries.remembered().filter(|_| beside) {
            Some(remembered) => remembered.leaf(entry, value, hashed),
            None => hashed(),
        }
    }

    /// Brings one entry of a group that exists to what the state has.
    fn update(&mut self, tries: &mut Tries, history: &History, group: GroupIx, entry: u32, value: &Cell, beside: bool) {
        let directory = &history.directory;
        let (key, hash) = self.hashed_entry(tries, history, entry, value, beside);
        let group_key = directory.hashed_group(group);
        let (leaf, mut below) =
            tries.take_nested(&mut self.groups, &group_key, group.0, |other| directory.hashed_group(GroupIx(other)));
        match hash {
            Some(hash) => tries.put(&mut below, &key, entry, hash, |other| hashed_key(directory, other)),
            None => tries.remove(&mut below, &key, entry),
        }
        tries.put_nested(leaf, below);
    }
}

/// Calls `each` for the entries of a cell that read otherwise with the new value.
fn each_unlike(cell: CellIx, old: &Cell, new: &Cell, mut each: impl FnMut(u32)) {
    if !reads_the_same(old, new) {
        each(entry_of(cell, OWN));
    }
    if is_barred(old) != is_barred(new) {
        each(entry_of(cell, BAR));
    }
}

/// Whether a member's cell has a bar.
const fn is_barred(cell: &Cell) -> bool {
    matches!(cell, Cell::Member(MemberCell { barred: true, .. }))
}

/// Whether two values of a cell read the same, but for a bar: ranks, writers and counts cannot be read (SPEC §6).
fn reads_the_same(old: &Cell, new: &Cell) -> bool {
    match (old, new) {
        (Cell::Member(old), Cell::Member(new)) => {
            let read = |cell: &MemberCell| (cell.role, cell.capabilities, cell.alias);
            old.present == new.present && (!old.present || read(old) == read(new))
        }
        (Cell::Empty, Cell::Member(new)) => !new.present,
        (Cell::Group(old), Cell::Group(new)) => {
            let unread = |cell: &GroupCell| GroupCell { admins: 0, writers: Default::default(), ..*cell };
            unread(old) == unread(new)
        }
        (old, new) => old == new,
    }
}

/// The cell that an entry's key names; [`CellIx::NONE`] if no op ever did.
fn cell_of(directory: &Directory, group: GroupIx, key: &EntryKey) -> CellIx {
    let person = |key: &PublicKey| -> PersonIx { directory.find_person(key) };
    match key {
        EntryKey::Group => directory.group_cell(group),
        EntryKey::Member(member) | EntryKey::Barred(member) => directory.member_cell(group, person(member)),
        EntryKey::Context(context) => directory.context_cell(directory.find_context(context)),
        EntryKey::ContextCapability(context, member) => {
            directory.capability_cell(directory.find_context(context), person(member))
        }
        EntryKey::Invitation(invitation) => directory.invitation_cell(directory.find_invitation(group, invitation)),
    }
}
