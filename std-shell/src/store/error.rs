//! What can go wrong with a store, and what to do about it. An error for each operation; the disk's fault unless said
//! otherwise.

use super::limits::SCHEMA_VERSION;
use folkmoot_core::NamespaceId;
use std::io;
use std::path::PathBuf;

/// The disk, or what is on it, does not do as it should.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Bytes that the store did not write. The disk's fault, or somebody's who wrote to the file.
    #[error("the store is damaged ({0}): put a backup in its place, or move it away and fetch from peers")]
    Damaged(String),
    /// Reading or writing failed: no space, no device, no permission.
    #[error("the disk did not read or write: {0}; mend that, then open the store again")]
    Io(#[from] io::Error),
    /// An earlier failure left this handle unusable. The host's fault, who went on using it.
    #[error("an earlier operation failed: close the store and open it again")]
    NeedsReopen,
}

impl Fault {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }
}

/// Why a file was not opened or created.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no file. The host's choice: create one.
    #[error("there is no store at {0}: create one")]
    NotFound(PathBuf),
    /// Asked to create what is there already.
    #[error("there is a file at {0} already: open it, or create elsewhere")]
    AlreadyExists(PathBuf),
    /// A newer folkmoot wrote it, or one from before the first release. It is left as it is.
    #[error(
        "the store has schema {found}, and this folkmoot reads {SCHEMA_VERSION}: use {}",
        if *found > SCHEMA_VERSION { "a newer one" } else { "the one that wrote it" }
    )]
    NewerSchema {
        /// The schema of the file.
        found: u32,
    },
    /// Not damaged: somebody else's, or no database at all. It is left as it is.
    #[error("the file is no folkmoot store ({0}): choose another path")]
    NotFolkmoot(&'static str),
    /// Another process, or another handle of this one, has it.
    #[error("the store is in use: close the other handle, or wait for the other process to end")]
    Locked,
    /// Others may read the file that holds this node's secret keys.
    #[error(
        "the store holds secret keys and has mode {mode:03o}: take the rights of group and others away (chmod 600)"
    )]
    KeysTooOpen {
        /// The permission bits.
        mode: u32,
    },
    /// The keys are encrypted, and no passphrase was given.
    #[error("the keys in the store are encrypted: give the passphrase")]
    PassphraseNeeded,
    /// The passphrase is another one, or too long, or the keys are not encrypted at all.
    #[error("the passphrase does not fit the keys in the store: give the right one")]
    WrongPassphrase,
    /// The disk.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Fault(Fault::Io(error))
    }
}

/// Why a commit did not come back with a receipt.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// It may be on disk or not. Open the store again, recover, and look for the ops by id: those that are there are
    /// committed, those that are not are to be applied again.
    #[error("it is not known whether the commit is on disk: open the store again and look ({0})")]
    Unknown(#[source] Fault),
    /// It is not on disk, and nothing of it ever will be. The store is to be opened again all the same.
    #[error("the commit was not written: open the store again ({0})")]
    NotWritten(#[source] Fault),
    /// More than a commit may hold ([`super::limits`]), or a row longer than it may be. The host's fault; nothing was
    /// written, and the store can still be used.
    #[error("the commit is too large: {0}")]
    TooLarge(&'static str),
    /// The store has no engine yet, or the outcome is not one of that engine: an op is there already, or an effect
    /// changes what is not there. The host's fault; nothing was written.
    #[error("the commit does not follow from what is stored: {0}")]
    DoesNotFollow(String),
}

/// Why no engine came back.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// What the ops in the log come to is not what was stored with them.
    #[error("the log of namespace {namespace} does not come to what was stored ({what}): put a backup in its place")]
    Diverged {
        /// Where.
        namespace: NamespaceId,
        /// What differs.
        what: &'static str,
    },
    /// The disk.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why a file was not made smaller.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    /// Somebody reads. Ask again later.
    #[error("the store is being read: compact it later")]
    Busy,
    /// The disk. The store is to be opened again.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<redb::StorageError> for Fault {
    fn from(error: redb::StorageError) -> Self {
        match error {
            // Reading past the end of a file that redb thinks is longer.
            redb::StorageError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::damaged("it ends too early")
            }
            redb::StorageError::Io(error) => Self::Io(error),
            redb::StorageError::Backend(error) => Self::Io(io::Error::other(error)),
            redb::StorageError::PreviousIo | redb::StorageError::DatabaseClosed => Self::NeedsReopen,
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<redb::CursorError> for Fault {
    fn from(error: redb::CursorError) -> Self {
        match error {
            redb::CursorError::Storage(error) => error.into(),
            _ => Self::damaged("a row that has the number of a later one"),
        }
    }
}

impl From<redb::TableError> for Fault {
    fn from(error: redb::TableError) -> Self {
        match error {
            redb::TableError::Storage(error) => error.into(),
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<redb::TransactionError> for Fault {
    fn from(error: redb::TransactionError) -> Self {
        match error {
            redb::TransactionError::Storage(error) => error.into(),
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<redb::CommitError> for Fault {
    fn from(error: redb::CommitError) -> Self {
        match error {
            redb::CommitError::Storage(error) => error.into(),
            _ => Self::NeedsReopen,
        }
    }
}

impl From<redb::DatabaseError> for OpenError {
    fn from(error: redb::DatabaseError) -> Self {
        match error {
            redb::DatabaseError::DatabaseAlreadyOpen | redb::DatabaseError::LockProtocolMismatch => Self::Locked,
            redb::DatabaseError::UpgradeRequired(_) => Self::NotFolkmoot("a database of an older format"),
            redb::DatabaseError::Storage(redb::StorageError::Io(error))
                if error.kind() == io::ErrorKind::InvalidData =>
            {
                Self::NotFolkmoot("no database")
            }
            redb::DatabaseError::Storage(error) => Self::Fault(error.into()),
            other => Self::Fault(Fault::Damaged(other.to_string())),
        }
    }
}
