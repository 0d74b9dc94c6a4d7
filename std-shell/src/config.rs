//! What a host decides: bounds, intervals, the clock, and what moves a context to another application.

use folkmoot_core::{ContextId, GroupId, PendingLimits};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How a node runs. [`Config::default`] suits a node in ordinary weather.
#[derive(Debug, Clone)]
pub struct Config {
    /// Requests and messages that may wait for the manager; one more is answered `Busy`, or dropped if it is a peer's.
    pub mailbox: usize,
    /// Events that a slow listener may be behind before it is told of a gap.
    pub events: usize,
    /// What peers are told how often: heads and digest of each namespace. Each beat comes up to a fifth earlier or later.
    pub heartbeat: Duration,
    /// How long a page of a catch-up may take before the session is given up.
    pub page_timeout: Duration,
    /// Most pages of one catch-up session; who needs more begins another, as long as the one before brought something.
    pub session_pages: u32,
    /// After how many ops a snapshot is written, which bounds what is replayed after a restart.
    pub snapshot_every: u64,
    /// Bounds on ops that wait for parents.
    pub pending: PendingLimits,
    /// How often a context's upgrade is tried before it is given up, until somebody retries it.
    pub upgrade_tries: u32,
    /// The pause after a failed try, doubled with each: seconds.
    pub upgrade_backoff: u64,
    /// The longest pause between tries: seconds.
    pub upgrade_backoff_max: u64,
    /// How long a request that needs a peer waits for one ([`crate::ContextClient::sync_group`]).
    pub sync_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mailbox: 1_024,
            events: 4_096,
            heartbeat: Duration::from_secs(30),
            page_timeout: Duration::from_secs(10),
            session_pages: 64,
            snapshot_every: 50_000,
            pending: PendingLimits::default(),
            upgrade_tries: 8,
            upgrade_backoff: 5,
            upgrade_backoff_max: 3_600,
            sync_timeout: Duration::from_secs(30),
        }
    }
}

/// The wall clock. It reaches `claimed_at`, expiry of one's own invitations and the pauses of upgrades; never a verdict.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Unix time in seconds.
    fn now(&self) -> u64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

/// One context's way to its group's target application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextMove {
    /// The group whose target it is.
    pub group: GroupId,
    /// The context.
    pub context: ContextId,
    /// The application that it runs by what this node did last.
    pub from_application: [u8; 32],
    /// The key of the application that it is to run.
    pub app_key: [u8; 32],
    /// The application that it is to run.
    pub application_id: [u8; 32],
    /// How to get there, as the op says.
    pub migration: Option<String>,
}

/// What [`Upgrader::upgrade`] comes to: nothing, or what went wrong.
pub type Moved<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Moves a context to another application: the host's business (fetch the code, migrate the state).
pub trait Upgrader: fmt::Debug + Send + Sync + 'static {
    /// Moves one context. It may be called again for a context that has been moved, if the node crashed before it could
    /// note that; then it has to come to the same.
    fn upgrade<'a>(&'a self, step: &'a ContextMove) -> Moved<'a>;
}

/// For hosts whose contexts need no work to run another application.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingToMove;

impl Upgrader for NothingToMove {
    fn upgrade<'a>(&'a self, _: &'a ContextMove) -> Moved<'a> {
        Box::pin(std::future::ready(Ok(())))
    }
}
