//! Every state that a crash may leave a disk in, as far as one can count.
//!
//! Between two syncs a disk may have done any of what it was told, in any order, and any part of a write. For every such
//! stretch this makes: each prefix (a crash in order), each single operation alone, each single one missing, each write
//! torn at several places with the others before it there or all of the others, and subsets drawn from a seed. A file's
//! length is an operation like the others: if growth is lost, what was written beyond is lost with it.

use crate::disk::{Event, write_at};
use std::collections::HashSet;

/// A state of the disk after a crash.
#[derive(Debug)]
pub(crate) struct Crash<'a> {
    /// What the file holds.
    pub(crate) image: &'a [u8],
    /// The last state that was acknowledged.
    pub(crate) acknowledged: Option<usize>,
    /// The last state that was begun.
    pub(crate) begun: Option<usize>,
}

/// What was counted.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    /// States, each way of losing something counted.
    pub(crate) states: usize,
    /// States that differ in their bytes (or in what was acknowledged).
    pub(crate) distinct: usize,
    /// Stretches between syncs.
    pub(crate) stretches: usize,
}

/// How much is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Subsets drawn for each stretch.
    pub(crate) subsets: usize,
    /// Places at which each write is torn.
    pub(crate) tears: usize,
}

/// What became of one pending operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lost,
    Kept,
    /// So many bytes of a write.
    Torn(usize),
}

/// A small generator (splitmix64): the same numbers for the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }
}

/// Two words that tell images apart.
pub(crate) fn fingerprint(bytes: &[u8]) -> (u64, u64) {
    let (mut a, mut b) = (bytes.len() as u64, 0x51_7c_c1_b7_27_22_0a_95u64);
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    for word in words.iter().chain([&last]) {
        let word = u64::from_le_bytes(*word);
        a = (a.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        b = (b ^ word.rotate_left(29)).wrapping_mul(0xc2b2_ae3d_27d4_eb4f).rotate_left(31);
    }
    (a ^ (a >> 32), b ^ (b >> 29))
}

/// Visits the states; stops at the first that `visit` finds fault with.
pub(crate) fn crashes(
    start: &[u8],
    events: &[Event],
    effort: Effort,
    seed: u64,
    visit: &mut impl FnMut(&Crash<'_>) -> Result<(), String>,
) -> Result<Counts, String> {
    let mut walk = Walk {
        durable: start.to_vec(),
        pending: Vec::new(),
        acknowledged: None,
        begun: None,
        seen: HashSet::new(),
        counts: Counts::default(),
        rng: Rng::new(seed),
        effort,
    };
    for event in events {
        match event {
            Event::Begun(state) => walk.begun = Some(*state),
            Event::Acknowledged(state) => walk.acknowledged = Some(*state),
            Event::Sync => walk.sync(visit)?,
            operation => walk.pending.push(operation.clone()),
        }
    }
    walk.sync(visit)?;
    Ok(walk.counts)
}

struct Walk {
    durable: Vec<u8>,
    pending: Vec<Event>,
    acknowledged: Option<usize>,
    begun: Option<usize>,
    seen: HashSet<((u64, u64), Option<usize>)>,
    counts: Counts,
    rng: Rng,
    effort: Effort,
}

impl Walk {
    /// Crashes at the end of a stretch, in all ways, and then goes on as if there had been none.
    fn sync(&mut self, visit: &mut impl FnMut(&Crash<'_>) -> Result<(), String>) -> Result<(), String> {
        let fates = self.fates();
        for fates in &fates {
            self.crash(fates, visit)?;
        }
        self.durable = self.image(&vec![Fate::Kept; self.pending.len()]);
        self.pending.clear();
        self.counts.stretches += 1;
        Ok(())
    }

    fn crash(
        &mut self,
        fates: &[Fate],
        visit: &mut impl FnMut(&Crash<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let image = self.image(fates);
        self.counts.states += 1;
        if !self.seen.insert((fingerprint(&image), self.acknowledged)) {
            return Ok(());
        }
        self.counts.distinct += 1;
        let (acknowledged, begun, stretch) = (self.acknowledged, self.begun, self.counts.stretches);
        let crash = Crash { image: &image, acknowledged, begun };
        visit(&crash).map_err(|why| {
            let lost = fates.iter().filter(|fate| **fate == Fate::Lost).count();
            let torn = fates.iter().filter(|fate| matches!(fate, Fate::Torn(_))).count();
            let all = fates.len();
            format!(
                "stretch {stretch}, {all} operations, {lost} lost, {torn} torn, acknowledged {acknowledged:?}: {why}"
            )
        })
    }

    /// The ways that pending operations may go.
    fn fates(&mut self) -> Vec<Vec<Fate>> {
        let len = self.pending.len();
        let prefix =
            |kept: usize| (0..len).map(|at| if at < kept { Fate::Kept } else { Fate::Lost }).collect::<Vec<_>>();
        let mut out: Vec<Vec<Fate>> = (0..=len).map(prefix).collect();
        for at in 0..len {
            let mut alone = vec![Fate::Lost; len];
            alone[at] = Fate::Kept;
            let mut missing = vec![Fate::Kept; len];
            missing[at] = Fate::Lost;
            out.extend([alone, missing]);
            let Event::Write(_, data) = &self.pending[at] else { continue };
            for bytes in tears(data.len(), self.effort.tears, &mut self.rng) {
                for mut fates in [prefix(at), vec![Fate::Kept; len], vec![Fate::Lost; len]] {
                    fates[at] = Fate::Torn(bytes);
                    out.push(fates);
                }
            }
        }
        if len > 1 {
            for _ in 0..self.effort.subsets {
                out.push(self.subset());
            }
        }
        out
    }

    fn subset(&mut self) -> Vec<Fate> {
        let Self { pending, rng, .. } = self;
        let kept = [50, 90, 10, 75][rng.below(4)];
        let mut fate = |event: &Event| match event {
            _ if rng.below(100) >= kept => Fate::Lost,
            Event::Write(_, data) if rng.below(10) == 0 => Fate::Torn(rng.below(data.len())),
            _ => Fate::Kept,
        };
        pending.iter().map(&mut fate).collect()
    }

    fn image(&self, fates: &[Fate]) -> Vec<u8> {
        let mut image = self.durable.clone();
        for (event, fate) in self.pending.iter().zip(fates) {
            match (event, fate) {
                (Event::SetLen(len), Fate::Kept) => image.resize(usize::try_from(*len).unwrap_or(0), 0),
                (Event::Write(at, data), Fate::Kept) => write_at(&mut image, *at, data),
                (Event::Write(at, data), Fate::Torn(bytes)) => write_at(&mut image, *at, &data[..*bytes]),
                _ => {}
            }
        }
        image
    }
}

/// Where a write is torn: within its first bytes, at sectors, and anywhere.
fn tears(len: usize, count: usize, rng: &mut Rng) -> Vec<usize> {
    let mut out = Vec::new();
    for at in 0..count {
        let bytes = match at {
            0 => 512 * rng.below(len.div_ceil(512)),
            1 => rng.below(len.min(320)),
            _ => rng.below(len),
        };
        if bytes > 0 && bytes < len {
            out.push(bytes);
        }
    }
    out
}
