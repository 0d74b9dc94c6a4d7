//! `folkmoot init`: an empty database.

use crate::failure::{Exit, Failure, Trouble};
use crate::node::{Place, not_opened, shown};
use crate::output::{Answered, Told, answer, bold};
use folkmoot::store::{OpenError, Store};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// Where it is.
#[derive(Debug, Serialize)]
struct Made {
    database: String,
    encrypted: bool,
}

impl Told for Made {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "An empty database is at {}", bold(&self.database))?;
        if !self.encrypted {
            writeln!(out, "It will hold secret keys: only you may read it, and nobody should have a copy.")?;
        }
        writeln!(out, "Found a namespace:  folkmoot namespace create NAME --me YOUR-NAME")?;
        writeln!(out, "Or join one:        folkmoot join LINK --me YOUR-NAME")
    }
}

/// Makes it.
pub(crate) fn run(place: &Place) -> Answered {
    let (path, options) = (place.path()?, place.options()?);
    make_folder(&path)?;
    let store = match Store::create(&path, &options) {
        Ok(store) => store,
        Err(OpenError::AlreadyExists(_)) => {
            let what = format!("there is a database at {} already", shown(&path));
            let trouble = Trouble::new("exists", Exit::Nothing, what)
                .next("see what is in it:  folkmoot whoami")
                .next("or make one elsewhere:  folkmoot init --db PATH");
            return Err(trouble.into());
        }
        Err(error) => return Err(not_opened(&path, &error)),
    };
    store.close().map_err(|error| Failure::Lost(format!("{}: {error}", shown(&path))))?;
    answer(Made { database: shown(&path), encrypted: options.passphrase.is_some() })
}

/// The folder of the database, for its owner only if it has to be made.
fn make_folder(path: &Path) -> Result<(), Failure> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) else {
        return Ok(());
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(|error| {
        Trouble::new("folder", Exit::Failed, format!("the folder {} cannot be made: {error}", shown(folder))).into()
    })
}
