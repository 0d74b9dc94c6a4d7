//! Files of ops: text with one hexadecimal op a line, as `replay`, `op import` and `sync` read it.

use crate::failure::{Exit, Failure, Trouble};
use crate::input::{self, GivenOp};
use crate::naming::hex;
use crate::node::shown;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// What a file of ops begins with.
pub(crate) const HEADER: &str =
    "# folkmoot ops, one a line. Take them into a database:  folkmoot sync FILE,  or:  folkmoot op import FILE\n";

/// What the files of redb, and so our databases, begin with.
const DATABASE_MAGIC: &[u8; 4] = b"redb";

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder,
    Database,
    /// Ops, or at least no database.
    Ops,
    Nothing,
}

/// Looks at the beginning of it.
pub(crate) fn kind(path: &Path) -> Result<Kind, Failure> {
    let unreadable = |error: io::Error| {
        Failure::from(Trouble::new("input", Exit::Usage, format!("{} cannot be read: {error}", shown(path))))
    };
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kind::Nothing),
        metadata => metadata.map_err(unreadable)?,
    };
    if metadata.is_dir() {
        return Ok(Kind::Folder);
    }
    let mut magic = Vec::new();
    File::open(path).and_then(|file| file.take(4).read_to_end(&mut magic)).map_err(unreadable)?;
    Ok(if magic == DATABASE_MAGIC { Kind::Database } else { Kind::Ops })
}

/// Ops from files, and where each stands.
#[derive(Debug, Default)]
pub(crate) struct GivenOps {
    /// As they travel.
    pub(crate) ops: Vec<Vec<u8>>,
    /// Where each stands.
    pub(crate) places: Vec<String>,
    /// What is too long to be an op: where it stands, and why.
    pub(crate) too_long: Vec<(String, String)>,
}

/// Reads files of ops; `-` is stdin.
pub(crate) fn read(files: &[PathBuf], stdin: impl Read) -> Result<GivenOps, Failure> {
    let mut given = GivenOps::default();
    for input in input::read_all(files, stdin)? {
        for GivenOp { place, bytes } in input.ops {
            let place = format!("{}: {place}", input.name);
            match bytes {
                Ok(bytes) => {
                    given.ops.push(bytes);
                    given.places.push(place);
                }
                Err(why) => given.too_long.push((place, why.to_string())),
            }
        }
    }
    Ok(given)
}

/// A line for an op.
pub(crate) fn line(bytes: &[u8]) -> String {
    hex(bytes)
}

/// Writes a file whole, beside its name first, so that whoever reads it finds the old one or the new one.
pub(crate) fn replace(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let written = || -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let scratch = path.with_file_name(name);
        let mut file = File::create(&scratch)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&scratch, path)
    };
    written().map_err(|error| {
        let what = format!("{} cannot be written: {error}", shown(path));
        Trouble::new("not_written", Exit::Failed, what).next("choose another place, and run the same again").into()
    })
}

/// Adds ops to the end of a file of ops, which is made if it is not there.
pub(crate) fn append<'a>(path: &Path, ops: impl Iterator<Item = &'a [u8]>) -> Result<(), Failure> {
    let mut text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::from(HEADER),
        Err(error) => return Err(Failure::Input(format!("{}: cannot be read: {error}", shown(path)))),
    };
    if text.last().is_some_and(|last| *last != b'\n') {
        text.push(b'\n');
    }
    for op in ops {
        text.extend_from_slice(line(op).as_bytes());
        text.push(b'\n');
    }
    replace(path, &text)
}
