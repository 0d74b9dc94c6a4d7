//! A day on which all act in rounds, each on what it has heard of the others by then.

use super::world::{Hint, World};
use folkmoot_core::OpId;

/// In so many of a hundred turns a person does not act.
const IDLE: u32 = 15;
/// In so many of a hundred rounds something else happens as well.
const ELSE: u32 = 25;
/// A day has no more rounds than this, whatever comes of them.
const MOST: usize = 60;

impl World<'_> {
    /// Rounds until there are so many ops.
    pub(super) fn play_rounds(&mut self, length: usize) {
        let (least, most) = self.profile.behind;
        let start = self.maximal(&self.admitted);
        // What each did last, round by round.
        let mut rounds: Vec<Vec<Vec<OpId>>> = vec![vec![start; self.regulars]];
        let mut behind: Vec<usize> = (0..self.regulars).map(|_| self.rng.between(least, most)).collect();
        for round in 0..MOST {
            if self.ops.len() >= length {
                break;
            }
            let mut last = rounds[round].clone();
            for person in 0..self.regulars {
                if self.rng.percent(IDLE) {
                    continue;
                }
                let mut heard = rounds[round][person].clone();
                if let Some(then) = (round + 1).checked_sub(behind[person]) {
                    heard.extend(rounds[then].iter().flatten().copied());
                }
                let parents = self.maximal(&heard);
                if let Some(id) = self.act(&parents, Hint { signer: Some(person), ..Hint::default() }) {
                    last[person] = vec![id];
                }
            }
            rounds.push(last);
            if self.rng.percent(ELSE) {
                self.step();
                let late = self.rng.below(self.regulars);
                behind[late] = self.rng.between(least, most);
            }
        }
    }
}
