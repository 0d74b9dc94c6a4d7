//! The task that owns the engine: a thread of its own, for the disk blocks, with a bounded mailbox.

use crate::client::ContextClient;
use crate::config::{Clock, Config, NothingToMove, SystemClock, Upgrader};
use crate::error::{Answer, RequestError, StartError};
use crate::event::Event;
use crate::metrics::Metrics;
use crate::node::{Host, Node};
use crate::propagator::Propagating;
use crate::publisher::{Offline, PeerId, Publisher};
use crate::store::{OpenError, Store, StoreOptions};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, mpsc, oneshot};

/// How long a manager whose store cannot be opened waits before it tries again.
const REOPEN_PAUSE: Duration = Duration::from_millis(250);

/// A request: called with the node, or with the reason why there is none.
pub(crate) type Request = Box<dyn FnOnce(Result<&mut Node, &str>) + Send>;

/// What lies in the mailbox.
pub(crate) enum Mail {
    Ask(Request),
    Deliver { from: PeerId, bytes: Vec<u8> },
    Heartbeat,
    Shutdown(oneshot::Sender<()>),
}

impl Mail {
    /// A request, and where its answer will come; nowhere if the manager fails while it answers.
    pub(crate) fn asking<T: Send + 'static>(
        work: impl FnOnce(&mut Node) -> Answer<T> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Answer<T>>) {
        let (reply, answer) = oneshot::channel();
        let request: Request = Box::new(move |node| {
            // Who asked may have gone.
            let _ = reply.send(match node {
                Ok(node) => work(node),
                Err(down) => Err(RequestError::Down(down.to_owned())),
            });
        });
        (Self::Ask(request), answer)
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ask(_) => "Ask",
            Self::Deliver { .. } => "Deliver",
            Self::Heartbeat => "Heartbeat",
            Self::Shutdown(_) => "Shutdown",
        })
    }
}

/// What a manager works with. [`Setup::default`]: no peers, nothing to move, the machine's clock.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Bounds and intervals.
    pub config: Config,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The way out to peers.
    pub publisher: Arc<dyn Publisher>,
    /// What moves contexts to other applications.
    pub upgrader: Arc<dyn Upgrader>,
    /// What is counted; [`Metrics::register`] shows it to a registry.
    pub metrics: Metrics,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            config: Config::default(),
            clock: Arc::new(SystemClock),
            publisher: Arc::new(Offline),
            upgrader: Arc::new(NothingToMove),
            metrics: Metrics::default(),
        }
    }
}

type Open = Box<dyn FnMut() -> Result<Store, OpenError> + Send>;

/// Starts managers. One runs for as long as a [`ContextClient`] of it is there, or until it is shut down.
#[derive(Debug)]
pub struct ContextManager;

impl ContextManager {
    /// Opens the store at a path, or creates it, recovers, and runs. Within a tokio runtime with timers.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        path: impl Into<PathBuf>,
        options: StoreOptions,
        setup: Setup,
    ) -> Result<ContextClient, StartError> {
        let path = path.into();
        Self::start_with(move || Store::open_or_create(&path, &options), setup).await
    }

    /// As [`ContextManager::start`], with a store that the host opens; it is called again when the manager recovers from
    /// a failure of the disk.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start_with(
        open: impl FnMut() -> Result<Store, OpenError> + Send + 'static,
        setup: Setup,
    ) -> Result<ContextClient, StartError> {
        Self::begin_with(open, setup).await?.ready().await
    }

    /// As [`ContextManager::start_with`], but returns when the store is open, while the engine is still being brought back:
    /// that takes time in proportion to all ops, and [`Starting::read`] answers questions meanwhile.
    ///
    /// # Errors
    /// [`StartError`] if the store cannot be opened.
    pub async fn begin_with(
        open: impl FnMut() -> Result<Store, OpenError> + Send + 'static,
        setup: Setup,
    ) -> Result<Starting, StartError> {
        let Setup { config, clock, publisher, upgrader, metrics } = setup;
        let (mailbox, mail) = mpsc::channel(config.mailbox.max(1));
        let (events, _) = broadcast::channel(config.events.max(1));
        let client = ContextClient::new(mailbox.clone(), events.downgrade(), metrics.clone(), config.sync_timeout);
        let runtime = tokio::runtime::Handle::current();
        let beat = config.heartbeat;
        let mailbox = mailbox.downgrade();
        let host = Host {
            config,
            clock,
            publisher,
            upgrader,
            metrics,
            events,
            mailbox: mailbox.clone(),
            runtime,
            propagating: Propagating::default(),
        };
        let (opened, store) = oneshot::channel();
        let (ready, started) = oneshot::channel();
        let mut manager = Manager { open: Box::new(open), host, mail, node: None, down: String::new(), tried: None };
        std::thread::Builder::new().name("folkmoot".to_owned()).spawn(move || {
            // Transports may want to spawn.
            let runtime = manager.host.runtime.clone();
            let _entered = runtime.enter();
            let store = match manager.open_store() {
                Ok(store) => Shared::new(store),
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            let _ = opened.send(Ok(store.clone()));
            match manager.recover_from(&store) {
                Ok(node) => {
                    manager.node = Some(node);
                    if ready.send(Ok(())).is_ok() {
                        manager.run();
                    }
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            }
        })?;
        let ended = |_| Err(StartError::Thread(std::io::Error::other("it ended while opening")));
        let store = store.await.unwrap_or_else(ended)?;
        Ok(Starting { store, started, client, mailbox, beat })
    }
}

/// A store that is read while the engine is made from it, and then handed over.
#[derive(Debug, Clone)]
struct Shared(Arc<RwLock<Option<Store>>>);

impl Shared {
    fn new(store: Store) -> Self {
        Self(Arc::new(RwLock::new(Some(store))))
    }

    fn read<T>(&self, work: impl FnOnce(&Store) -> T) -> Option<T> {
        // Whoever reads changes nothing that a panic could leave half done.
        self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(work)
    }

    /// The store itself, once nobody reads it; `None` if it was taken before.
    fn take(&self) -> Option<Store> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A manager whose store is open and whose engine is being brought back. If this is dropped, it ends.
#[derive(Debug)]
#[must_use = "a manager that nobody waits for ends"]
pub struct Starting {
    store: Shared,
    started: oneshot::Receiver<Result<(), StartError>>,
    client: ContextClient,
    mailbox: mpsc::WeakSender<Mail>,
    beat: Duration,
}

impl Starting {
    /// Asks the store, which blocks: its questions about groups, members, contexts and ops. Each row that is read has its
    /// checksum; that all of them are as the ops have it is only known when the engine is back. `None` if it is: ask the
    /// client then.
    pub fn read<T>(&self, question: impl FnOnce(&Store) -> T) -> Option<T> {
        self.store.read(question)
    }

    /// Waits until the engine is back, and everything may be asked for.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn ready(self) -> Result<ContextClient, StartError> {
        match self.started.await {
            Ok(started) => started?,
            Err(_) => return Err(StartError::Thread(std::io::Error::other("it ended while recovering"))),
        }
        tokio::spawn(beats(self.mailbox, self.beat));
        Ok(self.client)
    }
}

/// Sends heartbeats until the manager is gone, each up to a fifth earlier or later so that nodes do not beat together.
async fn beats(mailbox: mpsc::WeakSender<Mail>, every: Duration) {
    loop {
        let mut random = [0u8; 4];
        // Without randomness the beat is even, which does no harm.
        let _ = getrandom::fill(&mut random);
        let jitter = f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX);
        tokio::time::sleep(every.mul_f64(0.8 + 0.4 * jitter)).await;
        let Some(mailbox) = mailbox.upgrade() else { return };
        match mailbox.try_send(Mail::Heartbeat) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
            Err(mpsc::error::TrySendError::Closed(_)) => return,
        }
    }
}

struct Manager {
    open: Open,
    host: Host,
    mail: mpsc::Receiver<Mail>,
    /// `None` while the store cannot be opened.
    node: Option<Node>,
    /// Why there is no node.
    down: String,
    /// When opening was tried last.
    tried: Option<Instant>,
}

impl Manager {
    fn recover(&mut self) -> Result<Node, StartError> {
        let store = Shared::new(self.open_store()?);
        self.recover_from(&store)
    }

    fn open_store(&mut self) -> Result<Store, StartError> {
        self.tried = Some(Instant::now());
        Ok((self.open)()?)
    }

    fn recover_from(&self, store: &Shared) -> Result<Node, StartError> {
        let gone = || StartError::Thread(std::io::Error::other("its store was taken"));
        let recovered = store.read(|store| Node::recover_engine(&self.host, store)).ok_or_else(gone);
        // Nobody reads a store on that could not be recovered, either.
        let store = store.take().ok_or_else(gone)?;
        Node::recover(self.host.clone(), store, recovered??)
    }

    fn run(mut self) {
        let mut done = Vec::new();
        while let Some(mail) = self.mail.blocking_recv() {
            self.host.metrics.mailbox.set(i64::try_from(self.mail.len()).unwrap_or(i64::MAX));
            self.come_back();
            let _span = tracing::debug_span!("mail", what = ?mail, waiting = self.mail.len()).entered();
            match mail {
                Mail::Ask(request) => self.ask(request),
                Mail::Deliver { from, bytes } => self.with_node("a message", |node| node.receive(from, &bytes)),
                Mail::Heartbeat => self.with_node("the heartbeat", Node::heartbeat),
                Mail::Shutdown(sender) => {
                    // What is in the mailbox is answered; nothing more comes in.
                    self.mail.close();
                    done.push(sender);
                }
            }
            self.with_node("used invitations", Node::tend_changed_invitations);
            self.put_away_if_broken();
        }
        if let Some(node) = self.node.take() {
            node.close();
        }
        // Listeners hear of the end when this is gone.
        drop(self.host);
        for done in done {
            let _ = done.send(());
        }
    }

    fn ask(&mut self, request: Request) {
        let (node, down) = (self.node.as_mut(), self.down.as_str());
        let answered = catch_unwind(AssertUnwindSafe(|| match node {
            Some(node) => request(Ok(node)),
            None => request(Err(down)),
        }));
        self.survived("a request", answered.is_ok());
    }

    fn with_node<E: fmt::Display>(&mut self, what: &str, work: impl FnOnce(&mut Node) -> Result<(), E>) {
        let Some(node) = self.node.as_mut() else { return };
        match catch_unwind(AssertUnwindSafe(|| work(node))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "{what} was not dealt with"),
            Err(_) => self.survived(what, false),
        }
    }

    /// A panic is a bug, and says nothing of what is on disk: the node is made anew from there.
    fn survived(&mut self, what: &str, survived: bool) {
        if !survived && let Some(node) = &mut self.node {
            tracing::error!("{what} panicked");
            node.broken = Some(format!("{what} panicked"));
        }
    }

    fn put_away_if_broken(&mut self) {
        if let Some(node) = &mut self.node {
            let outbox = if node.broken.is_none() { node.clear_many_published() } else { Ok(()) };
            if let Err(error) = outbox {
                tracing::warn!(%error, "the outbox was not tidied");
            }
        }
        if let Some(node) = self.node.take_if(|node| node.broken.is_some()) {
            self.down = node.broken.clone().unwrap_or_default();
            tracing::error!(reason = self.down, "the node failed, and is recovered from disk");
            drop(node);
            self.tried = None;
            self.come_back();
        }
    }

    /// Recovers, if there is no node and the last try is some time ago.
    fn come_back(&mut self) {
        let early = self.tried.is_some_and(|tried| tried.elapsed() < REOPEN_PAUSE);
        if self.node.is_some() || early {
            return;
        }
        match self.recover() {
            Ok(node) => {
                self.host.metrics.recoveries.inc();
                node.emit(Event::Recovered);
                self.node = Some(node);
            }
            Err(error) => {
                self.down = error.to_string();
                tracing::error!(%error, "the store cannot be opened");
            }
        }
    }
}
