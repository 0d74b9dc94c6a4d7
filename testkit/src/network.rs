//! Virtual time: a queue of events, and links between replicas that lose, repeat and delay.

use crate::faults::Faults;
use folkmoot_proptests::rng::Rng;
use std::collections::BTreeMap;

/// Usual latency of a link, in milliseconds.
const LATENCY: (u64, u64) = (10, 60);
/// Latency of a message that others overtake.
const LATE: (u64, u64) = (60, 3_000);

/// Something that happens at a moment. Replicas are numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message arrives.
    Deliver {
        /// Who sent it.
        from: usize,
        /// Who gets it.
        to: usize,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// A replica tells its peers what it holds.
    Heartbeat {
        /// Which replica.
        node: usize,
        /// In which of its lives: a crash ends one, and what it had planned.
        life: u32,
    },
    /// A page that was asked for should be here by now.
    Timeout {
        /// Who waits.
        node: usize,
        /// In which of its lives.
        life: u32,
        /// For whose page.
        peer: usize,
        /// The number of the request.
        number: u32,
    },
    /// The person of a replica does something.
    Act {
        /// Which replica.
        node: usize,
    },
    /// A replica writes a snapshot.
    Snapshot {
        /// Which replica.
        node: usize,
    },
    /// Something goes wrong.
    Fault,
    /// A replica that crashed starts again.
    Restart {
        /// Which replica.
        node: usize,
    },
    /// All links work again.
    Reconnect,
    /// All replicas are looked at.
    Check,
}

/// The queue and the links.
#[derive(Debug)]
pub struct Network {
    now: u64,
    sequence: u64,
    queue: BTreeMap<(u64, u64), Event>,
    /// Ordered pairs that cannot be crossed.
    cut: Vec<(usize, usize)>,
    /// When the last message on a link arrives: without reordering none comes before it.
    last: BTreeMap<(usize, usize), u64>,
    /// What goes wrong with messages.
    pub faults: Faults,
    rng: Rng,
    /// Messages sent, lost or cut off, and repeated.
    pub counts: [u64; 3],
}

impl Network {
    /// A network at time 0.
    pub fn new(faults: Faults, rng: Rng) -> Self {
        let queue = BTreeMap::new();
        Self { now: 0, sequence: 0, queue, cut: Vec::new(), last: BTreeMap::new(), faults, rng, counts: [0; 3] }
    }

    /// The time, in milliseconds.
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Lets something happen after so many milliseconds.
    pub fn after(&mut self, milliseconds: u64, event: Event) {
        self.at(self.now + milliseconds, event);
    }

    /// Lets something happen at a moment, after everything that was to happen then.
    pub fn at(&mut self, time: u64, event: Event) {
        self.sequence += 1;
        self.queue.insert((time.max(self.now), self.sequence), event);
    }

    /// Sends a message, with all that can become of it on its way.
    pub fn send(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        self.counts[0] += 1;
        if self.cut.contains(&(from, to)) || self.rng.percent(self.faults.loss) {
            self.counts[1] += 1;
            return;
        }
        while self.rng.percent(self.faults.duplication) {
            self.counts[2] += 1;
            self.travel(from, to, bytes.clone());
        }
        self.travel(from, to, bytes);
    }

    fn travel(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        let late = self.faults.reordering && self.rng.percent(20);
        let (least, most) = if late { LATE } else { LATENCY };
        let mut time = self.now + self.rng.within(least..=most);
        if !self.faults.reordering {
            let last = self.last.entry((from, to)).or_default();
            time = time.max(*last);
            *last = time;
        }
        self.at(time, Event::Deliver { from, to, bytes });
    }

    /// Cuts the links from the first to the second, and back if `both`.
    pub fn cut(&mut self, from: &[usize], to: &[usize], both: bool) {
        for a in from {
            for b in to {
                self.cut.push((*a, *b));
                if both {
                    self.cut.push((*b, *a));
                }
            }
        }
    }

    /// All links work again.
    pub fn reconnect(&mut self) {
        self.cut.clear();
    }

    /// The next event up to a moment; if there is none, it is that moment.
    pub fn next_until(&mut self, time: u64) -> Option<Event> {
        match self.queue.first_key_value() {
            Some(((due, _), _)) if *due <= time => {
                let ((due, _), event) = self.queue.pop_first()?;
                self.now = due;
                Some(event)
            }
            _ => {
                self.now = time;
                None
            }
        }
    }
}
