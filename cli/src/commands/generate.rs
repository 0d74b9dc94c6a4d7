//! `folkmoot completions` and `folkmoot man`: what shells and `man` want to know of the command, made from itself.

use crate::failure::{Exit, Trouble};
use crate::node::shown;
use crate::output::{Answered, Silent, Told, answer};
use clap::Command;
use clap_complete::Shell;
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Completes the command's arguments in a shell.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes manual pages: one for each command.
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The folder for the pages; without it, the first page goes to stdout.
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Written {
    folder: String,
    pages: Vec<String>,
}

impl Told for Written {
    fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} manual pages are in {}", self.pages.len(), self.folder)
    }
}

pub(crate) fn completions(args: &CompletionsArgs, mut command: Command, out: &mut dyn Write) -> Answered {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "folkmoot", &mut script);
    out.write_all(&script)?;
    answer(Silent {})
}

pub(crate) fn man(args: &ManArgs, command: Command, out: &mut dyn Write) -> Answered {
    let Some(folder) = &args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        out.write_all(&page)?;
        return answer(Silent {});
    };
    let pages = write_pages(folder, command).map_err(|error| {
        let what = format!("the pages cannot be written to {}: {error}", shown(folder));
        Trouble::new("not_written", Exit::Failed, what)
    })?;
    answer(Written { folder: shown(folder), pages })
}

fn write_pages(folder: &Path, command: Command) -> io::Result<Vec<String>> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)?;
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("folkmoot") && name.ends_with(".1") {
            pages.push(name);
        }
    }
    pages.sort();
    Ok(pages)
}
