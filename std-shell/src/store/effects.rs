//! State rows, kept by effects: each is a difference, applied to the rows as they are.

use super::error::Fault;
use super::schema::{Bytes, INDEX_NAME, Index, STATE, STATE_NAME, state_key};
use super::seal::{seal, unseal};
use super::state_rows::{ContextRow, GroupRow, InvitationRow, MemberRow};
use super::{remove_prefix, rows_from};
use borsh::{BorshDeserialize, BorshSerialize};
use folkmoot_core::{ContextId, ContextInfo, Effect, EntryKey, GroupId, PublicKey};
use redb::{ReadableTable, Table, WriteTransaction};

/// Why something was not written into a transaction.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// The disk.
    Fault(Fault),
    /// It does not follow from what is stored.
    DoesNotFollow(String),
    /// More than there may be.
    TooLarge(&'static str),
}

impl<E: Into<Fault>> From<E> for WriteError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// The tables that effects are written to.
pub(crate) struct StateTables<'a, 't> {
    state: Table<'t, Bytes, Bytes>,
    /// For the group of a context.
    index: &'a mut Table<'t, Bytes, Bytes>,
    row: Vec<u8>,
}

impl<'a, 't> StateTables<'a, 't> {
    pub(crate) fn open(txn: &'t WriteTransaction, index: &'a mut Table<'t, Bytes, Bytes>) -> Result<Self, Fault> {
        Ok(Self { state: txn.open_table(STATE)?, index, row: Vec::new() })
    }

    /// Takes in effects. Those about members that follow each other are taken in the order of their rows, so that many that
    /// are written to one page are written to it one after the other.
    ///
    /// # Errors
    /// [`WriteError::DoesNotFollow`] if one changes what is not there, or adds what is.
    pub(crate) fn apply_all<'e>(&mut self, effects: impl Iterator<Item = &'e Effect>) -> Result<(), WriteError> {
        let mut of_members = Vec::new();
        for effect in effects {
            if let Some(place) = place_of_member(effect) {
                of_members.push((place, effect));
            } else {
                self.apply_in_order(&mut of_members)?;
                self.apply(effect)?;
            }
        }
        self.apply_in_order(&mut of_members)
    }

    fn apply_in_order(&mut self, effects: &mut Vec<(Place, &Effect)>) -> Result<(), WriteError> {
        // Stable: several effects of one member stay in their order.
        effects.sort_by_key(|(place, _)| *place);
        effects.drain(..).try_for_each(|(_, effect)| self.apply(effect))
    }

    fn apply(&mut self, effect: &Effect) -> Result<(), WriteError> {
        match effect {
            Effect::GroupCreated { group, info } => self.add(group, &EntryKey::Group, &GroupRow::from(info)),
            Effect::GroupChanged { group, info } => self.replace(group, &EntryKey::Group, &GroupRow::from(info)),
            Effect::GroupDeleted { group } => self.delete_group(group),
            Effect::MemberAdded { group, member, info } => {
                self.add(group, &EntryKey::Member(*member), &MemberRow::from(info))
            }
            Effect::MemberRemoved { group, member } => self.remove(group, &EntryKey::Member(*member)),
            Effect::RoleChanged { group, member, to, .. } => self.member(group, member, |row| row.role = *to),
            Effect::CapabilitiesChanged { group, member, to, .. } => {
                self.member(group, member, |row| row.capabilities = *to)
            }
            Effect::MemberAliasChanged { group, member, alias } => {
                self.member(group, member, |row| row.alias.clone_from(alias))
            }
            Effect::MemberBarred { group, member } => self.add(group, &EntryKey::Barred(*member), &()),
            Effect::BarLifted { group, member } => self.remove(group, &EntryKey::Barred(*member)),
            Effect::ContextRegistered { group, context, info } => self.add_context(group, context, info),
            Effect::ContextDetached { group, context } => self.remove_context(group, context),
            Effect::ContextChanged { group, context, visibility, alias } => {
                self.change::<ContextRow>(group, &EntryKey::Context(*context), |row| {
                    row.visibility = *visibility;
                    row.alias.clone_from(alias);
                })
            }
            Effect::ContextCapabilitiesChanged { group, context, member, capabilities } => {
                let entry = EntryKey::ContextCapability(*context, *member);
                if *capabilities == 0 { self.remove(group, &entry) } else { self.set(group, &entry, capabilities) }
            }
            Effect::InvitationChanged { group, invitation, info } => {
                let entry = EntryKey::Invitation(*invitation);
                match info {
                    Some(info) => self.set(group, &entry, &InvitationRow::from(info)),
                    None => self.remove(group, &entry),
                }
            }
            // Nothing that is stored: the namespace's row is written with its ops, verdicts and forks are the engine's.
            Effect::NamespaceCreated { .. }
            | Effect::ContextAccessRevoked { .. }
            | Effect::OpVoided { .. }
            | Effect::OpRestored { .. }
            | Effect::EquivocationFound { .. } => Ok(()),
        }
    }

    fn put(&mut self, group: &GroupId, entry: &EntryKey, value: &impl BorshSerialize) -> Result<bool, Fault> {
        let key = state_key(group, entry);
        seal(&mut self.row, STATE_NAME, &key, value);
        Ok(self.state.insert(&key[..], &self.row[..])?.is_some())
    }

    fn set(&mut self, group: &GroupId, entry: &EntryKey, value: &impl BorshSerialize) -> Result<(), WriteError> {
        self.put(group, entry, value)?;
        Ok(())
    }

    fn add(&mut self, group: &GroupId, entry: &EntryKey, value: &impl BorshSerialize) -> Result<(), WriteError> {
        if self.put(group, entry, value)? { Err(not_so("is there already", group, entry)) } else { Ok(()) }
    }

    fn replace(&mut self, group: &GroupId, entry: &EntryKey, value: &impl BorshSerialize) -> Result<(), WriteError> {
        if self.put(group, entry, value)? { Ok(()) } else { Err(not_so("is not there", group, entry)) }
    }

    fn remove(&mut self, group: &GroupId, entry: &EntryKey) -> Result<(), WriteError> {
        let key = state_key(group, entry);
        let there = self.state.remove(&key[..])?.is_some();
        if there { Ok(()) } else { Err(not_so("is not there", group, entry)) }
    }

    fn change<T: BorshSerialize + BorshDeserialize>(
        &mut self,
        group: &GroupId,
        entry: &EntryKey,
        change: impl FnOnce(&mut T),
    ) -> Result<(), WriteError> {
        let key = state_key(group, entry);
        let mut value: T = match self.state.get(&key[..])? {
            Some(row) => unseal(STATE_NAME, &key, row.value())?,
            None => return Err(not_so("is not there", group, entry)),
        };
        change(&mut value);
        self.set(group, entry, &value)
    }

    fn member(
        &mut self,
        group: &GroupId,
        member: &PublicKey,
        change: impl FnOnce(&mut MemberRow),
    ) -> Result<(), WriteError> {
        self.change(group, &EntryKey::Member(*member), change)
    }

    fn add_context(&mut self, group: &GroupId, context: &ContextId, info: &ContextInfo) -> Result<(), WriteError> {
        self.add(group, &EntryKey::Context(*context), &ContextRow::from(info))?;
        for (member, capabilities) in &info.capabilities {
            self.add(group, &EntryKey::ContextCapability(*context, *member), capabilities)?;
        }
        let key = Index::Context(*context).key();
        seal(&mut self.row, INDEX_NAME, &key, group);
        self.index.insert(&key[..], &self.row[..])?;
        Ok(())
    }

    fn remove_context(&mut self, group: &GroupId, context: &ContextId) -> Result<(), WriteError> {
        self.remove(group, &EntryKey::Context(*context))?;
        // A context's capabilities are the entries that name it and somebody.
        let mut prefix = state_key(group, &EntryKey::ContextCapability(*context, PublicKey::ZERO));
        prefix.truncate(prefix.len().saturating_sub(PublicKey::ZERO.0.len()));
        remove_prefix(&mut self.state, &prefix)?;
        self.index.remove(&Index::Context(*context).key()[..])?;
        Ok(())
    }

    fn delete_group(&mut self, group: &GroupId) -> Result<(), WriteError> {
        let mut contexts = state_key(group, &EntryKey::Context(ContextId::ZERO));
        contexts.truncate(contexts.len().saturating_sub(ContextId::ZERO.0.len()));
        for row in rows_from(&self.state, &contexts, None)? {
            let (key, _) = row?;
            let context = key.value().last_chunk().ok_or_else(|| Fault::damaged("the key of a context"))?;
            self.index.remove(&Index::Context(ContextId(*context)).key()[..])?;
        }
        self.remove(group, &EntryKey::Group)?;
        Ok(remove_prefix(&mut self.state, &group.0)?)
    }
}

/// About where a row is: the first bytes of a group's id and of a member's, which is enough to put rows in order.
type Place = (u64, u64);

/// Where the one row is that an effect writes, if that is of a member or who is barred: it has nothing to do with the rows
/// of others.
fn place_of_member(effect: &Effect) -> Option<Place> {
    let (Effect::MemberAdded { group, member, .. }
    | Effect::MemberRemoved { group, member }
    | Effect::RoleChanged { group, member, .. }
    | Effect::CapabilitiesChanged { group, member, .. }
    | Effect::MemberAliasChanged { group, member, .. }
    | Effect::MemberBarred { group, member }
    | Effect::BarLifted { group, member }) = effect
    else {
        return None;
    };
    let first = |id: &[u8; 32]| id.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    Some((first(&group.0), first(&member.0)))
}

fn not_so(what: &str, group: &GroupId, entry: &EntryKey) -> WriteError {
    WriteError::DoesNotFollow(format!("{entry:?} of group {group} {what}"))
}

#[cfg(test)]
mod tests {
    use super::super::schema::INDEX;
    use super::*;
    use folkmoot_core::{MemberInfo, Role};
    use redb::Database;
    use redb::backends::InMemoryBackend;

    const KITCHEN: GroupId = GroupId([1; 32]);

    fn person(number: u8) -> PublicKey {
        PublicKey([number; 32])
    }

    fn added(number: u8) -> Effect {
        let info = MemberInfo { role: Role::Member, capabilities: 0, alias: String::new() };
        Effect::MemberAdded { group: KITCHEN, member: person(number), info }
    }

    fn removed(number: u8) -> Effect {
        Effect::MemberRemoved { group: KITCHEN, member: person(number) }
    }

    fn called(number: u8, alias: &str) -> Effect {
        Effect::MemberAliasChanged { group: KITCHEN, member: person(number), alias: alias.to_owned() }
    }

    /// Who is a member after these effects, and by which name.
    fn members(effects: &[Effect]) -> Result<Vec<(u8, String)>, WriteError> {
        let db = Database::builder().create_with_backend(InMemoryBackend::new()).expect("an empty one");
        let txn = db.begin_write().expect("a transaction");
        let mut index = txn.open_table(INDEX).expect("a table");
        let mut state = StateTables::open(&txn, &mut index)?;
        state.apply_all(effects.iter())?;
        let rows = rows_from(&state.state, &KITCHEN.0, None)?.map(|row| {
            let (key, row) = row.expect("readable");
            let value: MemberRow = unseal(STATE_NAME, key.value(), row.value())?;
            Ok((*key.value().last().expect("a person"), value.alias))
        });
        Ok(rows.collect::<Result<_, Fault>>()?)
    }

    #[test]
    fn effects_of_one_member_are_taken_in_their_order_whoever_stands_between_them() {
        let effects =
            [added(9), called(9, "i"), added(3), removed(9), added(7), added(9), called(7, "g"), called(9, "j")];
        let expected = [(3, ""), (7, "g"), (9, "j")].map(|(number, alias)| (number, alias.to_owned()));
        assert_eq!(members(&effects).expect("they follow"), expected);
    }

    #[test]
    fn what_does_not_follow_is_refused_in_whatever_order_it_comes() {
        for effects in [vec![added(3), added(9), added(3)], vec![removed(9), added(9)]] {
            assert!(matches!(members(&effects), Err(WriteError::DoesNotFollow(_))));
        }
    }
}
