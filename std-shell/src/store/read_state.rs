//! Questions about the state, answered from rows: there before there is an engine.

use super::error::Fault;
use super::limits::MAX_PAGE_ROWS;
use super::schema::{Bytes, INDEX, INDEX_NAME, Index, STATE, STATE_NAME, after_prefix, state_key};
use super::seal::unseal;
use super::state_rows::{ContextRow, GroupRow, InvitationRow, MemberRow};
use super::{Store, rows_from};
use borsh::BorshDeserialize;
use folkmoot_core::{
    ContextId, ContextInfo, EntryKey, GroupId, GroupInfo, GroupView, InvitationId, MemberInfo, PublicKey,
};
use redb::ReadableTable;
use std::collections::{BTreeMap, BTreeSet};

/// Numbers of the kinds of entries (SPEC §6).
const MEMBER: u8 = 1;
const CONTEXT: u8 = 2;
const CONTEXT_CAPABILITY: u8 = 3;
const INVITATION: u8 = 4;
const BARRED: u8 = 5;

impl Store {
    /// The groups that exist, of all namespaces: up to [`MAX_PAGE_ROWS`], ascending, from the first after `after`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn groups(&self, after: Option<GroupId>) -> Result<Vec<GroupId>, Fault> {
        self.read(|txn| {
            let table = txn.open_table(STATE)?;
            let mut out = Vec::new();
            let mut from = after.map_or(Some(Vec::new()), |after| after_prefix(&after.0));
            while let Some(start) = from
                && out.len() < MAX_PAGE_ROWS
                && let Some(row) = table.range::<&[u8]>(&start[..]..)?.next()
            {
                let (key, _) = row?;
                let group: [u8; 32] =
                    *key.value().first_chunk().ok_or_else(|| Fault::damaged("the key of a state row"))?;
                out.push(GroupId(group));
                from = after_prefix(&group);
            }
            Ok(out)
        })
    }

    /// A group's own data.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn group_info(&self, group: &GroupId) -> Result<Option<GroupInfo>, Fault> {
        Ok(self.state_row::<GroupRow>(group, &EntryKey::Group)?.map(GroupInfo::from))
    }

    /// Everything readable about a group. As long as the group is large; pages of members and contexts are not.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn group(&self, group: &GroupId) -> Result<Option<GroupView>, Fault> {
        self.read(|txn| group_view(&txn.open_table(STATE)?, group))
    }

    /// A member's record in a group.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn member(&self, group: &GroupId, member: &PublicKey) -> Result<Option<MemberInfo>, Fault> {
        Ok(self.state_row::<MemberRow>(group, &EntryKey::Member(*member))?.map(MemberInfo::from))
    }

    /// The members of a group: up to `limit` and up to [`MAX_PAGE_ROWS`], ascending, from the first after `after`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn members(
        &self,
        group: &GroupId,
        after: Option<PublicKey>,
        limit: usize,
    ) -> Result<Vec<(PublicKey, MemberInfo)>, Fault> {
        let after = after.map(|member| state_key(group, &EntryKey::Member(member)));
        self.read(|txn| {
            let table = txn.open_table(STATE)?;
            let mut out = Vec::new();
            for row in entries::<MemberRow>(&table, group, MEMBER, after.as_deref(), limit)? {
                let (name, row) = row?;
                out.push((PublicKey(first(&name)?), row.into()));
            }
            Ok(out)
        })
    }

    /// The group that a context is registered in.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn group_of_context(&self, context: &ContextId) -> Result<Option<GroupId>, Fault> {
        let key = Index::Context(*context).key();
        self.read(|txn| match txn.open_table(INDEX)?.get(&key[..])? {
            Some(row) => unseal(INDEX_NAME, &key, row.value()).map(Some),
            None => Ok(None),
        })
    }

    /// A context, and the group it is registered in.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn context(&self, context: &ContextId) -> Result<Option<(GroupId, ContextInfo)>, Fault> {
        let Some(group) = self.group_of_context(context)? else { return Ok(None) };
        self.read(|txn| {
            let table = txn.open_table(STATE)?;
            let key = state_key(&group, &EntryKey::Context(*context));
            let row = table.get(&key[..])?.ok_or_else(|| Fault::damaged("a context that its group does not have"))?;
            let mut info = ContextInfo::from(unseal::<ContextRow>(STATE_NAME, &key, row.value())?);
            info.capabilities = capabilities(&table, &group, context)?;
            Ok(Some((group, info)))
        })
    }

    /// The contexts of a group: up to `limit` and up to [`MAX_PAGE_ROWS`], ascending, from the first after `after`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn contexts(
        &self,
        group: &GroupId,
        after: Option<ContextId>,
        limit: usize,
    ) -> Result<Vec<(ContextId, ContextInfo)>, Fault> {
        let after = after.map(|context| state_key(group, &EntryKey::Context(context)));
        self.read(|txn| {
            let table = txn.open_table(STATE)?;
            let mut out = Vec::new();
            for row in entries::<ContextRow>(&table, group, CONTEXT, after.as_deref(), limit)? {
                let (name, row) = row?;
                let context = ContextId(first(&name)?);
                let mut info = ContextInfo::from(row);
                info.capabilities = capabilities(&table, group, &context)?;
                out.push((context, info));
            }
            Ok(out)
        })
    }

    fn state_row<T: BorshDeserialize>(&self, group: &GroupId, entry: &EntryKey) -> Result<Option<T>, Fault> {
        let key = state_key(group, entry);
        self.read(|txn| match txn.open_table(STATE)?.get(&key[..])? {
            Some(row) => unseal(STATE_NAME, &key, row.value()).map(Some),
            None => Ok(None),
        })
    }
}

/// What names an entry within its group and kind.
fn name_of(key: &[u8]) -> Result<&[u8], Fault> {
    key.get(33..).ok_or_else(|| Fault::damaged("the key of a state row"))
}

fn first(name: &[u8]) -> Result<[u8; 32], Fault> {
    name.first_chunk().copied().ok_or_else(|| Fault::damaged("the key of a state row"))
}

fn last(name: &[u8]) -> Result<[u8; 32], Fault> {
    name.last_chunk().copied().ok_or_else(|| Fault::damaged("the key of a state row"))
}

fn kind_prefix(group: &GroupId, kind: u8) -> Vec<u8> {
    let mut prefix = group.0.to_vec();
    prefix.push(kind);
    prefix
}

type Named<T> = (Vec<u8>, T);

/// The entries of a kind in a group, each with what names it there.
fn entries<T: BorshDeserialize>(
    table: &impl ReadableTable<Bytes, Bytes>,
    group: &GroupId,
    kind: u8,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<impl Iterator<Item = Result<Named<T>, Fault>>, Fault> {
    let rows = rows_from(table, &kind_prefix(group, kind), after)?.take(limit.min(MAX_PAGE_ROWS));
    Ok(rows.map(|row| {
        let (key, value) = row?;
        Ok((name_of(key.value())?.to_vec(), unseal(STATE_NAME, key.value(), value.value())?))
    }))
}

fn capabilities(
    table: &impl ReadableTable<Bytes, Bytes>,
    group: &GroupId,
    context: &ContextId,
) -> Result<BTreeMap<PublicKey, u8>, Fault> {
    let mut prefix = kind_prefix(group, CONTEXT_CAPABILITY);
    prefix.extend_from_slice(&context.0);
    let mut out = BTreeMap::new();
    for row in rows_from(table, &prefix, None)? {
        let (key, value) = row?;
        out.insert(PublicKey(last(name_of(key.value())?)?), unseal(STATE_NAME, key.value(), value.value())?);
    }
    Ok(out)
}

/// The whole of a group, read in one sweep.
pub(crate) fn group_view(
    table: &impl ReadableTable<Bytes, Bytes>,
    group: &GroupId,
) -> Result<Option<GroupView>, Fault> {
    let own = state_key(group, &EntryKey::Group);
    let Some(row) = table.get(&own[..])? else { return Ok(None) };
    let info = GroupInfo::from(unseal::<GroupRow>(STATE_NAME, &own, row.value())?);
    let mut view = GroupView {
        info,
        members: BTreeMap::new(),
        contexts: BTreeMap::new(),
        invitations: BTreeMap::new(),
        barred: BTreeSet::new(),
    };
    for row in rows_from(table, &group.0, Some(&own))? {
        let (key, value) = row?;
        take_entry(&mut view, key.value(), value.value())?;
    }
    Ok(Some(view))
}

fn take_entry(view: &mut GroupView, key: &[u8], row: &[u8]) -> Result<(), Fault> {
    let name = name_of(key)?;
    match key.get(32) {
        Some(&MEMBER) => {
            let record = unseal::<MemberRow>(STATE_NAME, key, row)?;
            view.members.insert(PublicKey(first(name)?), record.into());
        }
        Some(&CONTEXT) => {
            let context = unseal::<ContextRow>(STATE_NAME, key, row)?;
            view.contexts.insert(ContextId(first(name)?), context.into());
        }
        Some(&CONTEXT_CAPABILITY) => {
            let bits = unseal::<u8>(STATE_NAME, key, row)?;
            let lost = || Fault::damaged("capabilities in a context that is not there");
            let context = view.contexts.get_mut(&ContextId(first(name)?)).ok_or_else(lost)?;
            context.capabilities.insert(PublicKey(last(name)?), bits);
        }
        Some(&INVITATION) => {
            let invitation = unseal::<InvitationRow>(STATE_NAME, key, row)?;
            view.invitations.insert(InvitationId(first(name)?), invitation.into());
        }
        Some(&BARRED) => {
            unseal::<()>(STATE_NAME, key, row)?;
            view.barred.insert(PublicKey(first(name)?));
        }
        _ => return Err(Fault::damaged("the key of a state row")),
    }
    Ok(())
}
