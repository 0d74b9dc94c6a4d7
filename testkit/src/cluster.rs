//! A cluster in virtual time: people, replicas, a network, and one seed for all of it.

use crate::actor::{self, Acted, World};
use crate::checks::{self, Wrong};
use crate::faults::Faults;
use crate::liar::{Liar, LiarKind};
use crate::network::{Event, Network};
use crate::node::{Deed, Flaw, Node, Tally};
use crate::setup;
use crate::trace::Trace;
use crate::verifier::Verifier;
use crate::weather;
use folkmoot_core::{Hash, OpId, PublicKey};
use folkmoot_proptests::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Milliseconds between the heartbeats of a replica.
pub const HEARTBEAT: u64 = 1_000;
/// Within so many heartbeats after the faults stop, all honest replicas hold the same.
pub const BEATS_TO_AGREE: u64 = 8;
/// Milliseconds between two looks at everything.
const CHECK_EVERY: u64 = 5_000;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Config {
    /// All chance comes from here.
    pub seed: u64,
    /// Replicas, liars included: 3 to 9; `None` lets the seed choose.
    pub replicas: Option<usize>,
    /// What goes wrong.
    pub faults: Faults,
    /// Who lies; the last replicas are theirs.
    pub liars: Vec<LiarKind>,
    /// Liars never show what they hid.
    pub secrets_are_kept: bool,
    /// Honest people act; if not, only liars do.
    pub honest_act: bool,
    /// The state is to stay as it was set up: only for removed liars and strangers, and if nobody honest acts.
    pub nothing_may_change: bool,
    /// Ops before the simulation begins, beyond the usual few.
    pub history: usize,
    /// How many heartbeats the faults last.
    pub beats: u64,
    /// What is wrong with the second replica on purpose.
    pub flaw: Option<Flaw>,
    /// Prints the trace to standard error.
    pub prints: bool,
}

impl Config {
    /// Honest people on a good network.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            replicas: None,
            faults: Faults::NONE,
            liars: Vec::new(),
            secrets_are_kept: false,
            honest_act: true,
            nothing_may_change: false,
            history: 0,
            beats: 25,
            flaw: None,
            prints: false,
        }
    }
}

/// What a simulation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The hash of the trace.
    pub trace: u128,
    /// Its lines.
    pub lines: u64,
    /// Replicas, liars included.
    pub replicas: usize,
    /// Ops in the namespace, in the end.
    pub ops: usize,
    /// Of these, ops that are void.
    pub void: usize,
    /// Ops that liars signed.
    pub forged: u64,
    /// Messages sent, lost, repeated.
    pub messages: [u64; 3],
    /// Crashes, wipes, partitions, pauses.
    pub happened: [u64; 4],
    /// Restarts from a snapshot, and from the log alone.
    pub restarts: [u64; 2],
    /// Heartbeats after the faults until all agreed for good.
    pub beats: u64,
    /// The digest that all agree on.
    pub digest: Hash,
    /// What honest replicas counted, together.
    pub tally: Tally,
}

/// Something that must not happen did.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// When, in milliseconds of virtual time.
    pub at: u64,
    /// What.
    pub what: Wrong,
    /// The end of the trace.
    pub trace: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}, after {} ms: {}\n{}", self.seed, self.at, self.what, self.trace)
    }
}

impl std::error::Error for Failure {}

/// Everything there is.
#[derive(Debug)]
pub struct Cluster {
    /// What is simulated.
    pub config: Config,
    /// What people know.
    pub world: World,
    /// Replicas by number.
    pub nodes: Vec<Node>,
    /// Who lies, by number.
    pub liars: BTreeMap<usize, Liar>,
    /// Keys that may have no record anywhere.
    pub outsiders: Vec<PublicKey>,
    /// Time and links.
    pub network: Network,
    /// The shared memory for signatures.
    pub verifier: Verifier,
    /// What happened.
    pub trace: Trace,
    /// Chance, for what goes wrong.
    pub rng: Rng,
    /// The life each replica is in.
    pub lives: Vec<u32>,
    /// Replicas that are down.
    pub down: BTreeSet<usize>,
    /// Until when each is paused.
    pub paused: Vec<u64>,
    /// Whether things still go wrong.
    pub stormy: bool,
    /// Crashes, wipes, partitions, pauses.
    pub happened: [u64; 4],
    /// Restarts from a snapshot, and from the log alone.
    pub restarts: [u64; 2],
    /// Ops on disks that were wiped. What was built on one that nobody else had waits for ever.
    pub lost: BTreeSet<OpId>,
    looks: u64,
    beginning: Vec<OpId>,
    first_digest: Option<Hash>,
}

/// Runs one simulation.
///
/// # Errors
/// [`Failure`] if something happened that must not.
pub fn run(config: &Config) -> Result<Report, Failure> {
    let mut cluster = setup::cluster(config);
    cluster.simulate().map_err(|what| Failure {
        seed: config.seed,
        at: cluster.network.now(),
        what,
        trace: cluster.trace.last(),
    })
}

impl Cluster {
    /// A cluster that has nothing to do yet.
    pub fn new(config: Config, world: World, nodes: Vec<Node>, liars: BTreeMap<usize, Liar>, rng: &mut Rng) -> Self {
        let count = nodes.len();
        let network = Network::new(config.faults, rng.fork());
        let trace = Trace::new(config.prints);
        Self {
            config,
            world,
            nodes,
            liars,
            outsiders: Vec::new(),
            network,
            verifier: Verifier::default(),
            trace,
            rng: rng.fork(),
            lives: vec![0; count],
            down: BTreeSet::new(),
            paused: vec![0; count],
            stormy: true,
            happened: [0; 4],
            restarts: [0; 2],
            lost: BTreeSet::new(),
            looks: 0,
            beginning: Vec::new(),
            first_digest: None,
        }
    }

    /// Whether a replica is honest and not broken on purpose.
    pub fn is_honest(&self, node: usize) -> bool {
        !self.liars.contains_key(&node)
    }

    /// Notes what happened.
    pub fn note(&mut self, what: fmt::Arguments<'_>) {
        self.trace.note(self.network.now(), what);
    }

    fn simulate(&mut self) -> Result<Report, Wrong> {
        self.first_digest = self.nodes[0].engine.digest(&self.world.namespace);
        self.beginning = self.nodes[0].store.ids().copied().collect();
        for node in 0..self.nodes.len() {
            self.network.after(self.rng.within(0..=HEARTBEAT), Event::Heartbeat { node, life: 0 });
            self.network.after(self.rng.within(0..=500), Event::Act { node });
            self.network.after(self.rng.within(1_000..=4_000), Event::Snapshot { node });
        }
        self.network.after(500, Event::Fault);
        self.network.after(CHECK_EVERY, Event::Check);
        self.run_until(self.config.beats * HEARTBEAT)?;
        weather::clear_up(self);
        let cleared = self.network.now();
        let mut agreed = None;
        for beat in 1..=BEATS_TO_AGREE {
            self.run_until(cleared + beat * HEARTBEAT)?;
            let agree = self.agree();
            agreed = agree.is_ok().then(|| agreed.unwrap_or(beat));
            self.note(format_args!("heartbeat {beat} of the calm: {}", agree.err().as_deref().unwrap_or("all agree")));
        }
        self.look()?;
        self.agree()?;
        Ok(self.report(agreed.unwrap_or(BEATS_TO_AGREE)))
    }

    fn run_until(&mut self, time: u64) -> Result<(), Wrong> {
        while let Some(event) = self.network.next_until(time) {
            self.happen(event)?;
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<(), Wrong> {
        let subject = match &event {
            Event::Deliver { to, .. } => Some(*to),
            Event::Heartbeat { node, .. }
            | Event::Timeout { node, .. }
            | Event::Act { node }
            | Event::Snapshot { node } => Some(*node),
            _ => None,
        };
        if let Some(node) = subject
            && self.paused[node] > self.network.now()
        {
            self.network.at(self.paused[node], event);
            return Ok(());
        }
        let mut out = Vec::new();
        match event {
            Event::Deliver { from, to, bytes } => {
                if self.down.contains(&to) {
                    return Ok(());
                }
                let what = weather::describe(&bytes, &mut self.verifier);
                let line = format!("{} <- {}: {what}", self.nodes[to].name, self.nodes[from].name);
                self.note(format_args!("{line}"));
                self.nodes[to].receive(from, &bytes, &mut self.verifier, &mut out);
                if self.is_honest(to) {
                    checks::no_honest_divergence(&self.nodes[to], |peer| self.is_honest(peer))?;
                }
                self.carry_out(to, out);
            }
            Event::Heartbeat { node, life } => {
                if life == self.lives[node] && !self.down.contains(&node) {
                    self.heartbeat(node, out);
                }
            }
            Event::Timeout { node, life, peer, number } => {
                if life == self.lives[node] && !self.down.contains(&node) {
                    self.nodes[node].timeout(peer, number, &mut out);
                    self.carry_out(node, out);
                }
            }
            Event::Act { node } => self.act(node, out)?,
            Event::Snapshot { node } => {
                if !self.down.contains(&node) && self.is_honest(node) {
                    self.nodes[node].snapshot();
                    let line = format!("{} writes a snapshot", self.nodes[node].name);
                    self.note(format_args!("{line}"));
                }
                let next = self.rng.within(1_000..=6_000);
                self.network.after(next, Event::Snapshot { node });
            }
            Event::Fault => weather::strike(self),
            Event::Restart { node } => weather::restart(self, node)?,
            Event::Reconnect => {
                self.network.reconnect();
                self.note(format_args!("the network is whole"));
            }
            Event::Check => {
                self.look()?;
                self.network.after(CHECK_EVERY, Event::Check);
            }
        }
        Ok(())
    }

    fn heartbeat(&mut self, node: usize, mut out: Vec<Deed>) {
        self.nodes[node].heartbeat(&mut out);
        let replica = &mut self.nodes[node];
        let digest = replica.engine.digest(&self.world.namespace).unwrap_or(Hash::ZERO);
        let counts = replica.engine.counts(&self.world.namespace).unwrap_or_default();
        let line = format!(
            "{} beats: {} ops, {} heads, {} waiting, {}",
            replica.name,
            counts.ops,
            counts.heads,
            counts.pending,
            crate::people::short(digest.as_bytes())
        );
        self.note(format_args!("{line}"));
        self.carry_out(node, out);
        let life = self.lives[node];
        self.network.after(HEARTBEAT, Event::Heartbeat { node, life });
    }

    fn act(&mut self, node: usize, mut out: Vec<Deed>) -> Result<(), Wrong> {
        let name = self.nodes[node].name.clone();
        if let Some(liar) = self.liars.get_mut(&node) {
            let what = liar.act(&self.world.namespace, &mut self.nodes[node], &mut out);
            self.note(format_args!("{name} {what}"));
            self.carry_out(node, out);
            let next = self.rng.within(150..=700);
            self.network.after(next, Event::Act { node });
            return Ok(());
        }
        if !self.stormy {
            return Ok(());
        }
        if self.config.honest_act && !self.down.contains(&node) {
            match actor::act(&mut self.world, &mut self.nodes[node], &mut out) {
                Acted::Nothing => {}
                Acted::Made(op) => {
                    let (kind, id) = (op.signable().op.name(), crate::people::short(op.id().as_bytes()));
                    self.note(format_args!("{name} makes {kind} {id}"));
                }
                Acted::NotAsDrafted(op, status) => {
                    return Err(format!("{name} drafted {op:?} on all heads, and it became {status:?}"));
                }
            }
            self.carry_out(node, out);
        }
        let next = self.rng.within(150..=900);
        self.network.after(next, Event::Act { node });
        Ok(())
    }

    /// Sends what a replica wants sent, and crashes it if it is time.
    pub fn carry_out(&mut self, node: usize, mut out: Vec<Deed>) {
        if self.nodes[node].crashed {
            weather::crash(self, node);
            return;
        }
        if let Some(liar) = self.liars.get_mut(&node) {
            liar.meddle(&mut out);
        }
        let life = self.lives[node];
        for deed in out {
            match deed {
                Deed::Send { to, bytes } => self.network.send(node, to, bytes),
                Deed::Timer { after, peer, number } => {
                    self.network.after(after, Event::Timeout { node, life, peer, number });
                }
            }
        }
    }

    /// Looks at every honest replica.
    fn look(&mut self) -> Result<(), Wrong> {
        self.looks += 1;
        let mut reports = Vec::new();
        for node in 0..self.nodes.len() {
            if !self.is_honest(node) || self.down.contains(&node) {
                continue;
            }
            let replica = &mut self.nodes[node];
            checks::nothing_vanished(replica)?;
            let reversed = (self.looks + node as u64).is_multiple_of(2);
            let report = checks::is_its_log(replica, &mut self.verifier, reversed)?;
            checks::nobody_gained(replica, &self.world, &self.outsiders, &report)?;
            // Who was wiped is not there yet.
            let knows_the_beginning = self.beginning.iter().all(|id| replica.engine.contains(id));
            if self.config.nothing_may_change
                && knows_the_beginning
                && replica.engine.digest(&self.world.namespace) != self.first_digest
            {
                return Err(format!("{}: the state changed", replica.name));
            }
            reports.push((node, report));
        }
        checks::same_ops_same_answer(reports.iter().map(|(node, report)| (self.nodes[*node].name.as_str(), report)))?;
        self.note(format_args!("all is well with {} replicas", reports.len()));
        Ok(())
    }

    fn agree(&mut self) -> Result<(), Wrong> {
        let mut never_shown: BTreeSet<OpId> = self.lost.clone();
        for liar in self.liars.values() {
            never_shown.extend(liar.never_shown(self.config.secrets_are_kept));
        }
        let liars = &self.liars;
        let mut honest: Vec<&mut Node> = self.nodes.iter_mut().filter(|node| !liars.contains_key(&node.me)).collect();
        never_shown.retain(|id| !honest.iter().any(|node| node.engine.contains(id)));
        checks::all_agree(&mut honest, &never_shown)
    }

    fn report(&mut self, beats: u64) -> Report {
        let namespace = self.world.namespace;
        let digest = self.nodes[0].engine.digest(&namespace).unwrap_or(Hash::ZERO);
        let verdicts: Vec<_> = self.nodes[0].engine.ops(&namespace).collect();
        let mut tally = Tally::default();
        for node in self.nodes.iter().filter(|node| !self.liars.contains_key(&node.me)) {
            tally.add(&node.tally);
        }
        Report {
            trace: self.trace.hash(),
            lines: self.trace.lines(),
            replicas: self.nodes.len(),
            ops: verdicts.len(),
            void: verdicts.iter().filter(|(_, verdict)| *verdict != folkmoot_core::Verdict::Effective).count(),
            forged: self.liars.values().map(|liar| liar.signed).sum(),
            messages: self.network.counts,
            happened: self.happened,
            restarts: self.restarts,
            beats,
            digest,
            tally,
        }
    }
}
