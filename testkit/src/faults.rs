//! What may go wrong.

use folkmoot_proptests::rng::Rng;

/// The faults of a simulation. Percentages are of messages, the rest happens at moments that the seed chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// Messages lost, in percent.
    pub loss: u32,
    /// Messages that come twice or more often, in percent.
    pub duplication: u32,
    /// Messages overtake one another, by up to seconds.
    pub reordering: bool,
    /// The network falls into two parts for a while.
    pub partitions: bool,
    /// One part still hears the other, which does not hear it.
    pub one_way: bool,
    /// A replica stops for a while and then goes on as if nothing had been.
    pub pauses: bool,
    /// A replica loses all but its log and its last snapshot: at any moment, before a write, or between it and the news.
    pub crashes: bool,
    /// Snapshots are found cut short or changed after a crash.
    pub damaged_snapshots: bool,
    /// A replica loses everything and joins again from nothing.
    pub wipes: bool,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        loss: 0,
        duplication: 0,
        reordering: false,
        partitions: false,
        one_way: false,
        pauses: false,
        crashes: false,
        damaged_snapshots: false,
        wipes: false,
    };

    /// Everything goes wrong, as badly as it may.
    pub const ALL: Self = Self {
        loss: 30,
        duplication: 50,
        reordering: true,
        partitions: true,
        one_way: true,
        pauses: true,
        crashes: true,
        damaged_snapshots: true,
        wipes: true,
    };

    /// Some of them, in some measure.
    pub fn drawn(rng: &mut Rng) -> Self {
        Self {
            loss: rng.below(31) as u32,
            duplication: rng.below(51) as u32,
            reordering: rng.percent(50),
            partitions: rng.percent(50),
            one_way: rng.percent(50),
            pauses: rng.percent(50),
            crashes: rng.percent(50),
            damaged_snapshots: rng.percent(50),
            wipes: rng.percent(50),
        }
    }
}
