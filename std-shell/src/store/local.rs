//! What is this node's own: never signed, never sent, and gone with the file.

use super::error::Fault;
use super::limits::{MAX_PAGE_ROWS, MAX_UPGRADE_ERROR_BYTES};
use super::schema::{self, KEYS, KEYS_NAME, LOCAL, LOCAL_NAME, Local, Secret};
use super::seal::{seal, unseal};
use super::{Store, rows_from};
use crate::keys::Vault;
use borsh::{BorshDeserialize, BorshSerialize};
use folkmoot_core::limits::MAX_SOURCE_BYTES;
use folkmoot_core::{
    ContextId, GroupId, GroupInvitation, InvitationId, NamespaceId, PublicKey, SigningKey, SigningKeys, UpgradePolicy,
};
use redb::{Table, WriteTransaction};
use zeroize::{Zeroize, Zeroizing};

/// The upgrade of a group's contexts to its target application.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct UpgradeProgress {
    /// The key of the application that contexts move to.
    pub app_key: [u8; 32],
    /// The application that contexts move to.
    pub application_id: [u8; 32],
    /// How they get there; cut at 1,024 bytes, as on the wire.
    pub migration: Option<String>,
    /// When they move.
    pub policy: UpgradePolicy,
    /// When it began, in unix seconds.
    pub started_at: u64,
    /// When the last context had moved or been given up, in unix seconds.
    pub finished_at: Option<u64>,
}

/// Where one context is in its group's upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct ContextUpgrade {
    /// The application that it runs by what this node did last; `None`: the one that it was registered with.
    pub runs: Option<[u8; 32]>,
    /// Whether it has moved.
    pub done: bool,
    /// How often it was tried.
    pub tries: u32,
    /// What went wrong the last time; cut at [`MAX_UPGRADE_ERROR_BYTES`].
    pub last_error: Option<String>,
    /// Not to be tried before, in unix seconds.
    pub not_before: u64,
}

/// An invitation that this node issued. What it takes to claim, the bearer's secret, is kept with the keys.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct IssuedInvitation {
    /// The invitation.
    pub invitation: GroupInvitation,
    /// The inviter's signature on it.
    pub inviter_signature: [u8; 64],
    /// When it was issued, in unix seconds.
    pub issued_at: u64,
}

/// A change of what is this node's own. It is part of a commit, with or without ops.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are named after what they hold")]
pub enum LocalChange {
    /// This node takes part in a context, as somebody.
    Join { context: ContextId, identity: PublicKey },
    /// It no longer does.
    Leave { context: ContextId, identity: PublicKey },
    /// This node's identity in a namespace.
    SetIdentity { namespace: NamespaceId, identity: PublicKey },
    /// It has none there any more.
    ForgetIdentity { namespace: NamespaceId },
    /// The upgrade of a group, begun, gone on with or finished.
    SetUpgrade { group: GroupId, upgrade: UpgradeProgress },
    /// Where a context is in it.
    SetContextUpgrade { group: GroupId, context: ContextId, progress: ContextUpgrade },
    /// Nothing is known of an upgrade of the group any more, nor of where its contexts are in it.
    ForgetUpgrade { group: GroupId },
    /// Keeps a signing key for a group and those below.
    KeepKey { group: GroupId, key: SigningKey },
    /// Takes it away.
    ForgetKey { group: GroupId, identity: PublicKey },
    /// Keeps an invitation, and the bearer's secret with it.
    KeepInvitation { issued: Box<IssuedInvitation>, bearer: SigningKey },
    /// Forgets both.
    ForgetInvitation { invitation: InvitationId },
}

/// Cuts a text at a character's end.
fn cut(text: &mut Option<String>, most: usize) {
    if let Some(text) = text
        && text.len() > most
    {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
}

/// The tables that local changes are written to.
pub(crate) struct LocalTables<'t> {
    local: Table<'t, schema::Bytes, schema::Bytes>,
    keys: Table<'t, schema::Bytes, schema::Bytes>,
    vault: &'t Vault,
    row: Vec<u8>,
}

impl<'t> LocalTables<'t> {
    pub(crate) fn open(txn: &'t WriteTransaction, vault: &'t Vault) -> Result<Self, Fault> {
        Ok(Self { local: txn.open_table(LOCAL)?, keys: txn.open_table(KEYS)?, vault, row: Vec::new() })
    }

    pub(crate) fn apply(&mut self, change: &LocalChange) -> Result<(), Fault> {
        match change {
            LocalChange::Join { context, identity } => self.put(&Local::Join(*context, *identity), &()),
            LocalChange::Leave { context, identity } => self.drop_local(&Local::Join(*context, *identity)),
            LocalChange::SetIdentity { namespace, identity } => self.put(&Local::Identity(*namespace), identity),
            LocalChange::ForgetIdentity { namespace } => self.drop_local(&Local::Identity(*namespace)),
            LocalChange::SetUpgrade { group, upgrade } => {
                let mut upgrade = upgrade.clone();
                cut(&mut upgrade.migration, MAX_SOURCE_BYTES);
                self.put(&Local::Upgrade(*group), &upgrade)
            }
            LocalChange::SetContextUpgrade { group, context, progress } => {
                let mut progress = progress.clone();
                cut(&mut progress.last_error, MAX_UPGRADE_ERROR_BYTES);
                self.put(&Local::ContextUpgrade(*group, *context), &progress)
            }
            LocalChange::ForgetUpgrade { group } => self.forget_upgrade(group),
            LocalChange::KeepKey { group, key } => self.put_secret(&Secret::Signing(*group, key.public()), key),
            LocalChange::ForgetKey { group, identity } => self.drop_secret(&Secret::Signing(*group, *identity)),
            LocalChange::KeepInvitation { issued, bearer } => {
                let id = issued.invitation.id();
                self.put(&Local::Invitation(id), &**issued)?;
                self.put_secret(&Secret::Bearer(id), bearer)
            }
            LocalChange::ForgetInvitation { invitation } => {
                self.drop_local(&Local::Invitation(*invitation))?;
                self.drop_secret(&Secret::Bearer(*invitation))
            }
        }
    }

    fn put(&mut self, place: &Local, value: &impl BorshSerialize) -> Result<(), Fault> {
        let key = place.key();
        seal(&mut self.row, LOCAL_NAME, &key, value);
        self.local.insert(&key[..], &self.row[..])?;
        Ok(())
    }

    fn drop_local(&mut self, place: &Local) -> Result<(), Fault> {
        self.local.remove(&place.key()[..])?;
        Ok(())
    }

    fn forget_upgrade(&mut self, group: &GroupId) -> Result<(), Fault> {
        self.drop_local(&Local::Upgrade(*group))?;
        let prefix = schema::join(schema::CONTEXT_UPGRADE, &[&group.0]);
        super::remove_prefix(&mut self.local, &prefix)
    }

    fn put_secret(&mut self, place: &Secret, secret: &SigningKey) -> Result<(), Fault> {
        let key = place.key();
        let closed = self.vault.close_secret(&key, secret.expose_seed())?;
        seal(&mut self.row, KEYS_NAME, &key, &*closed);
        let done = self.keys.insert(&key[..], &self.row[..]).map(|_| ());
        self.row.zeroize();
        Ok(done?)
    }

    fn drop_secret(&mut self, place: &Secret) -> Result<(), Fault> {
        self.keys.remove(&place.key()[..])?;
        Ok(())
    }
}

impl Store {
    /// The contexts that this node takes part in, and as whom: up to [`MAX_PAGE_ROWS`] of them, ascending, from the
    /// first after `after`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn joins(&self, after: Option<(ContextId, PublicKey)>) -> Result<Vec<(ContextId, PublicKey)>, Fault> {
        let after = after.map(|(context, identity)| Local::Join(context, identity).key());
        self.local_rows::<()>(&[schema::JOIN], after)?
            .into_iter()
            .map(|(key, ())| pair(&key).map(|(context, identity)| (ContextId(context), PublicKey(identity))))
            .collect()
    }

    /// As whom this node takes part in one context, ascending.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn joins_of(&self, context: &ContextId) -> Result<Vec<PublicKey>, Fault> {
        self.local_rows::<()>(&schema::join(schema::JOIN, &[&context.0]), None)?
            .into_iter()
            .map(|(key, ())| pair(&key).map(|(_, identity)| PublicKey(identity)))
            .collect()
    }

    /// This node's identity in a namespace.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn identity(&self, namespace: &NamespaceId) -> Result<Option<PublicKey>, Fault> {
        self.local_row(&Local::Identity(*namespace))
    }

    /// This node's identities in all namespaces: up to [`MAX_PAGE_ROWS`], ascending, from the first after `after`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn identities(&self, after: Option<NamespaceId>) -> Result<Vec<(NamespaceId, PublicKey)>, Fault> {
        let after = after.map(|namespace| Local::Identity(namespace).key());
        self.local_rows(&[schema::IDENTITY], after)?
            .into_iter()
            .map(|(key, identity)| Ok((NamespaceId(single(&key)?), identity)))
            .collect()
    }

    /// The upgrade of a group.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn upgrade(&self, group: &GroupId) -> Result<Option<UpgradeProgress>, Fault> {
        self.local_row(&Local::Upgrade(*group))
    }

    /// The upgrades that are known, finished ones too: up to [`MAX_PAGE_ROWS`], ascending, from the first after `after`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn upgrades(&self, after: Option<GroupId>) -> Result<Vec<(GroupId, UpgradeProgress)>, Fault> {
        let after = after.map(|group| Local::Upgrade(group).key());
        self.local_rows(&[schema::UPGRADE], after)?
            .into_iter()
            .map(|(key, upgrade)| Ok((GroupId(single(&key)?), upgrade)))
            .collect()
    }

    /// Where the contexts of a group are in its upgrade: up to [`MAX_PAGE_ROWS`], ascending, from the first after
    /// `after`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn context_upgrades(
        &self,
        group: &GroupId,
        after: Option<ContextId>,
    ) -> Result<Vec<(ContextId, ContextUpgrade)>, Fault> {
        let after = after.map(|context| Local::ContextUpgrade(*group, context).key());
        self.local_rows(&schema::join(schema::CONTEXT_UPGRADE, &[&group.0]), after)?
            .into_iter()
            .map(|(key, progress)| pair(&key).map(|(_, context)| (ContextId(context), progress)))
            .collect()
    }

    /// An invitation that this node issued, with the bearer's key.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn issued_invitation(
        &self,
        invitation: &InvitationId,
    ) -> Result<Option<(IssuedInvitation, SigningKey)>, Fault> {
        let Some(issued) = self.local_row(&Local::Invitation(*invitation))? else { return Ok(None) };
        let place = Secret::Bearer(*invitation).key();
        let bearer = self.read(|txn| match txn.open_table(KEYS)?.get(&place[..])? {
            Some(row) => self.open_key(&place, row.value()).map(Some),
            None => Ok(None),
        })?;
        match bearer {
            Some(bearer) => Ok(Some((issued, bearer))),
            None => Err(Fault::damaged("an invitation without its bearer's key")),
        }
    }

    /// The invitations that this node issued: up to [`MAX_PAGE_ROWS`], ascending by id, from the first after `after`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn issued_invitations(
        &self,
        after: Option<InvitationId>,
    ) -> Result<Vec<(InvitationId, IssuedInvitation)>, Fault> {
        let after = after.map(|invitation| Local::Invitation(invitation).key());
        self.local_rows(&[schema::INVITATION], after)?
            .into_iter()
            .map(|(key, issued)| Ok((InvitationId(single(&key)?), issued)))
            .collect()
    }

    /// All signing keys that are kept, as the engine's walk up the group tree takes them.
    ///
    /// # Errors
    /// [`Fault`]; more keys than a ring holds are damage, for [`Store::commit`] refuses them.
    pub fn signing_keys(&self) -> Result<SigningKeys, Fault> {
        let mut ring = SigningKeys::new();
        self.read(|txn| {
            let table = txn.open_table(KEYS)?;
            for row in rows_from(&table, &[schema::SIGNING], None)? {
                let (key, value) = row?;
                let (group, identity) = pair(key.value())?;
                let secret = self.open_key(key.value(), value.value())?;
                if secret.public().0 != identity {
                    return Err(Fault::damaged("a key that is another's"));
                }
                ring.insert(GroupId(group), secret).map_err(|_| Fault::damaged("more keys than a ring holds"))?;
            }
            Ok(())
        })?;
        Ok(ring)
    }

    fn open_key(&self, place: &[u8], row: &[u8]) -> Result<SigningKey, Fault> {
        let stored = Zeroizing::new(unseal::<Vec<u8>>(KEYS_NAME, place, row)?);
        let seed = self.vault().open_secret(place, &stored)?;
        Ok(SigningKey::from_seed(*seed))
    }

    fn local_row<T: BorshDeserialize>(&self, place: &Local) -> Result<Option<T>, Fault> {
        let key = place.key();
        self.read(|txn| match txn.open_table(LOCAL)?.get(&key[..])? {
            Some(row) => unseal(LOCAL_NAME, &key, row.value()).map(Some),
            None => Ok(None),
        })
    }

    fn local_rows<T: BorshDeserialize>(
        &self,
        prefix: &[u8],
        after: Option<Vec<u8>>,
    ) -> Result<Vec<(Vec<u8>, T)>, Fault> {
        self.read(|txn| {
            let table = txn.open_table(LOCAL)?;
            let mut out = Vec::new();
            for row in rows_from(&table, prefix, after.as_deref())?.take(MAX_PAGE_ROWS) {
                let (key, value) = row?;
                out.push((key.value().to_vec(), unseal(LOCAL_NAME, key.value(), value.value())?));
            }
            Ok(out)
        })
    }
}

/// The name after a kind.
fn single(key: &[u8]) -> Result<[u8; 32], Fault> {
    key.get(1..).and_then(|rest| rest.try_into().ok()).ok_or_else(|| Fault::damaged("the key of a row"))
}

/// The two names after a kind.
fn pair(key: &[u8]) -> Result<([u8; 32], [u8; 32]), Fault> {
    let damaged = || Fault::damaged("the key of a row");
    let (first, second) = key.get(1..).and_then(|rest| rest.split_first_chunk()).ok_or_else(damaged)?;
    Ok((*first, second.try_into().map_err(|_| damaged())?))
}
