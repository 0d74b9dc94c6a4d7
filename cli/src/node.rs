//! The database that a command works on: where it is, and the node that owns it while the command runs.

use crate::failure::{Exit, Failure, Trouble};
use crate::words::on_one_line;
use etcetera::BaseStrategy;
use folkmoot::keys::Passphrase;
use folkmoot::store::{OpenError, Store, StoreOptions};
use folkmoot::{Config, ContextClient, ContextManager, ContextMove, Moved, Offline, Setup, StartError, Upgrader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Names the database if `--db` does not.
const DB_VARIABLE: &str = "FOLKMOOT_DB";

/// Where the database is in the folder of this user's data, if nothing names it.
const DEFAULT_DB: &str = "folkmoot/moot.folkmoot";

/// How long a command waits for another that has the database.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which database, and how to open it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Place {
    /// The database. Else the one that FOLKMOOT_DB names; else moot.folkmoot in the folder `folkmoot` of this user's data
    /// (~/.local/share/folkmoot/moot.folkmoot on Unix, or below XDG_DATA_HOME).
    #[arg(long, global = true, value_name = "PATH", help_heading = "Everywhere")]
    pub(crate) db: Option<PathBuf>,
    /// The file whose first line is the passphrase of the keys in the database, if they are encrypted.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl Place {
    /// Where the database is.
    pub(crate) fn path(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = &self.db {
            return Ok(path.clone());
        }
        if let Some(path) = std::env::var_os(DB_VARIABLE).filter(|path| !path.is_empty()) {
            return Ok(path.into());
        }
        let nowhere = || Trouble::new("no_home", Exit::Usage, "this user has no folder for data");
        let base = etcetera::choose_base_strategy()
            .map_err(|_| nowhere().next("say where the database is:  --db PATH, or FOLKMOOT_DB"))?;
        Ok(base.data_dir().join(DEFAULT_DB))
    }

    /// How to open it.
    pub(crate) fn options(&self) -> Result<StoreOptions, Failure> {
        Ok(StoreOptions { passphrase: self.passphrase()?, ..StoreOptions::default() })
    }

    fn passphrase(&self) -> Result<Option<Passphrase>, Failure> {
        let Some(file) = &self.passphrase_file else { return Ok(None) };
        let text = Zeroizing::new(std::fs::read_to_string(file).map_err(|error| {
            let what = format!("the passphrase file {} cannot be read: {error}", shown(file));
            Trouble::new("passphrase", Exit::Usage, what)
        })?);
        let line = text.lines().next().unwrap_or_default();
        if line.is_empty() {
            let what = format!("the first line of {} is empty", shown(file));
            return Err(Trouble::new("passphrase", Exit::Usage, what).into());
        }
        Ok(Some(Passphrase::new(line)))
    }
}

/// A path from outside, on one line.
pub(crate) fn shown(path: &Path) -> String {
    on_one_line(&path.to_string_lossy())
}

/// A node at work on a database.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) client: ContextClient,
    pub(crate) path: PathBuf,
    pub(crate) options: StoreOptions,
}

impl Node {
    /// Opens the database, which is there.
    pub(crate) async fn open(place: &Place) -> Result<Self, Failure> {
        Self::open_moving(place, Arc::new(NotNow)).await
    }

    /// As [`Node::open`], with something that moves contexts to other applications.
    pub(crate) async fn open_moving(place: &Place, upgrader: Arc<dyn Upgrader>) -> Result<Self, Failure> {
        Self::open_at(&place.path()?, place.options()?, upgrader).await
    }

    /// Opens another database.
    pub(crate) async fn open_other(path: &Path, options: StoreOptions) -> Result<Self, Failure> {
        Self::open_at(path, options, Arc::new(NotNow)).await
    }

    async fn open_at(path: &Path, options: StoreOptions, upgrader: Arc<dyn Upgrader>) -> Result<Self, Failure> {
        let config = Config {
            // Nobody is to be waited for: there are no peers.
            sync_timeout: Duration::ZERO,
            heartbeat: Duration::from_secs(3_600),
            // A context whose mover failed is tried again when somebody says so.
            upgrade_backoff: 0,
            upgrade_tries: 1,
            ..Config::default()
        };
        let setup = Setup { config, upgrader, publisher: Arc::new(Offline), ..Setup::default() };
        let (at, how) = (path.to_owned(), options.clone());
        let started = ContextManager::start_with(move || open_patiently(&at, &how), setup).await;
        let client = started.map_err(|error| not_started(path, &error))?;
        Ok(Self { client, path: path.to_owned(), options })
    }

    /// Ends in order.
    pub(crate) async fn close(self) {
        self.client.shutdown().await;
    }
}

/// Opens a store; if another process has it, waits a while for it to end.
pub(crate) fn open_patiently(path: &Path, options: &StoreOptions) -> Result<Store, OpenError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match Store::open(path, options) {
            Err(OpenError::Locked) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
            opened => return opened,
        }
    }
}

fn not_started(path: &Path, error: &StartError) -> Failure {
    match error {
        StartError::Open(error) => not_opened(path, error),
        other => damaged(path, &other.to_string()),
    }
}

/// What is wrong inside.
pub(crate) fn damaged(path: &Path, what: &str) -> Failure {
    Trouble::new("damaged", Exit::Usage, format!("{}: {what}", shown(path)))
        .next("see what is left:  folkmoot doctor")
        .next("then put a backup in its place, or begin anew and fetch the ops from others:  folkmoot sync")
        .into()
}

/// Why a database was not opened.
pub(crate) fn not_opened(path: &Path, error: &OpenError) -> Failure {
    let path_shown = shown(path);
    let trouble = |code, what: &str| Trouble::new(code, Exit::Usage, format!("{path_shown}: {what}"));
    match error {
        OpenError::NotFound(_) => {
            Trouble::new("no_database", Exit::Usage, format!("there is no database at {path_shown}"))
                .next("make one:  folkmoot init")
                .next("or say where it is:  --db PATH, or FOLKMOOT_DB")
        }
        OpenError::AlreadyExists(_) => trouble("exists", "there is a file already"),
        OpenError::Locked => trouble("in_use", "another folkmoot is using the database").next("wait for it to end"),
        OpenError::KeysTooOpen { mode } => {
            trouble("keys_too_open", &format!("others may read the secret keys in it (mode {mode:03o})"))
                .next(format!("take their rights away:  chmod 600 {path_shown}"))
        }
        OpenError::PassphraseNeeded => trouble("passphrase", "the keys in it are encrypted")
            .next("say where the passphrase is:  --passphrase-file FILE"),
        OpenError::WrongPassphrase => trouble("passphrase", "the passphrase does not fit the keys in it"),
        OpenError::NewerSchema { .. } => trouble("newer", &error.to_string()),
        OpenError::NotFolkmoot(what) => trouble("not_a_database", &format!("no folkmoot database ({what})"))
            .next("say where it is:  --db PATH, or FOLKMOOT_DB"),
        OpenError::Fault(fault) => return damaged(path, &fault.to_string()),
    }
    .into()
}

/// Moves nothing: contexts move when `folkmoot upgrade` says so, and not in passing.
#[derive(Debug)]
struct NotNow;

impl Upgrader for NotNow {
    fn upgrade<'a>(&'a self, _: &'a ContextMove) -> Moved<'a> {
        Box::pin(std::future::pending())
    }
}
