//! The file itself: made beside its name, for its owner only, and found there whole or not at all.
//!
//! ```text
//! open  <name>.new, mode 0600 ─ lock ─ empty it ─ first commit, synced ─ rename to <name> ─ sync the directory
//! ```
//!
//! A crash before the rename leaves `<name>.new`, which the next creation takes over; there is no file of the name
//! until there is a whole one. The lock is held on the same open file throughout, so two creators do not meet.

use super::error::{Fault, OpenError};
use redb::backends::FileBackend;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Another creator may finish and rename while this one opens; more often than this it is no coincidence.
const ATTEMPTS: usize = 8;

fn options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Where a store of this path is made.
pub(crate) fn scratch_path(path: &Path) -> Result<PathBuf, OpenError> {
    let mut name = path.file_name().ok_or(OpenError::NotFolkmoot("a path without a file name"))?.to_owned();
    name.push(".new");
    Ok(path.with_file_name(name))
}

/// An empty file beside `path`, locked.
pub(crate) fn begin(path: &Path) -> Result<FileBackend, OpenError> {
    let scratch = scratch_path(path)?;
    for _ in 0..ATTEMPTS {
        if fs::exists(path)? {
            return Err(OpenError::AlreadyExists(path.to_owned()));
        }
        let file = options().create(true).truncate(false).open(&scratch)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // Whoever had the lock before may have renamed this very file: then it is a store, and not to be emptied.
        if is_at(&file, &scratch)? && !fs::exists(path)? {
            restrict(&file)?;
            file.set_len(0)?;
            return Ok(FileBackend::new(file)?);
        }
    }
    Err(OpenError::Locked)
}

/// Gives the file that [`begin`] made its name, durably.
pub(crate) fn finish(path: &Path) -> Result<(), OpenError> {
    fs::rename(scratch_path(path)?, path)?;
    sync_directory(path)?;
    Ok(())
}

/// The file of a store that is there.
pub(crate) fn existing(path: &Path) -> Result<FileBackend, OpenError> {
    let file = match options().open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OpenError::NotFound(path.to_owned())),
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(OpenError::NotFolkmoot("no file"));
    }
    if metadata.len() == 0 {
        return Err(OpenError::NotFolkmoot("an empty file"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(OpenError::KeysTooOpen { mode });
        }
    }
    Ok(FileBackend::new(file)?)
}

/// A left-over scratch file may have been made by somebody with other rights in mind.
#[cfg(unix)]
fn restrict(file: &File) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    Ok(())
}

#[cfg(not(unix))]
fn restrict(_: &File) -> Result<(), Fault> {
    Ok(())
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> Result<bool, Fault> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> Result<bool, Fault> {
    Ok(fs::exists(path)?)
}

/// Makes the directory's entry for `path` durable.
#[cfg(unix)]
fn sync_directory(path: &Path) -> Result<(), Fault> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()?;
    Ok(())
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> Result<(), Fault> {
    Ok(())
}
