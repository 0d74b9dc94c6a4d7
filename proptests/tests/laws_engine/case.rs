//! What a case is made of, and how it is told when it fails.

use folkmoot_core::{PublicKey, VerifiedOp};
use folkmoot_proptests::budget::{is_long, number, tried};
use folkmoot_proptests::history::History;
use folkmoot_proptests::laws::Law;
use folkmoot_proptests::laws::order::{Break, Plan};
use folkmoot_proptests::shrink::tell;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::fmt;

/// Histories are no longer than this.
const MOST_OPS: usize = 160;

/// A history, the ops of it that are kept, a manner of delivery, and a number for whatever else is drawn.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) seed: u64,
    /// Which ops are kept, as far as it goes; shrinking drops them.
    pub(crate) keep: Vec<bool>,
    pub(crate) plan: Plan,
    pub(crate) draw: u64,
}

impl Case {
    pub(crate) fn history(&self) -> History {
        let mut history = History::of_seed(self.seed);
        let mut keep = self.keep.iter();
        history.ops.retain(|_| keep.next().copied().unwrap_or(true));
        history
    }

    /// The ops that are kept, parents first.
    pub(crate) fn ops(&self) -> Vec<VerifiedOp> {
        self.history().ops
    }

    pub(crate) fn people(&self) -> Vec<PublicKey> {
        self.history().people.iter().map(|person| person.public()).collect()
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let history = self.history();
        writeln!(f, "seed {}, draw {}, {:?}; {} ops:", self.seed, self.draw, self.plan, history.ops.len())?;
        f.write_str(&tell(&history.ops, &history.names()))
    }
}

fn breaks() -> impl Strategy<Value = Vec<(usize, Break)>> {
    let what = prop_oneof![
        Just(Break::Ask),
        Just(Break::Restore),
        (1usize..9).prop_map(Break::Restart),
        Just(Break::Restart(usize::MAX)),
    ];
    vec((0usize..60, what), 0..4)
}

fn plans() -> impl Strategy<Value = Plan> {
    let order = prop_oneof![1 => Just(0u64), 4 => 1u64..1_000_000];
    let batches = prop_oneof![2 => Just(Vec::new()), 2 => vec(1usize..20, 1..6), 1 => Just(vec![MOST_OPS * 2])];
    (order, batches, vec(0usize..MOST_OPS, 0..12), breaks()).prop_map(|(order, batches, again, breaks)| Plan {
        order,
        batches,
        again,
        breaks,
    })
}

/// Any history, mostly whole, delivered in any manner.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let seed = (0u64..1_000_000).no_shrink();
    // A hole leaves a good part of a history waiting, so most histories have none or one.
    let keep = vec(prop::bool::weighted(0.997), MOST_OPS);
    (seed, keep, plans(), any::<u64>().no_shrink()).prop_map(|(seed, keep, plan, draw)| Case { seed, keep, plan, draw })
}

/// Tries so many cases, and makes small what breaks the law. The name has each law try others than the next one does.
pub(crate) fn hold<T: fmt::Debug + Clone>(
    name: &str,
    cases: u32,
    strategy: impl Strategy<Value = T>,
    law: impl Fn(&T) -> Law,
) {
    let times = number("FOLKMOOT_CASES", if is_long() { 20 } else { 1 });
    let (cases, rng) = (cases * u32::try_from(times).expect("so many cases"), number("FOLKMOOT_RNG", 0));
    println!("{name}: {cases} cases of FOLKMOOT_RNG={rng} FOLKMOOT_CASES={times}");
    let mixed = name.bytes().fold(rng, |mixed, byte| mixed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(mixed),
        failure_persistence: None,
        max_shrink_iters: 3_000,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&strategy, |case| law(&case).map_err(TestCaseError::fail));
    let again = format!(
        "replay: FOLKMOOT_RNG={rng} FOLKMOOT_CASES={times} cargo test --release -p folkmoot-proptests --test laws_engine"
    );
    match outcome {
        Ok(()) => tried(cases, "cases of the laws"),
        Err(TestError::Fail(why, case)) => panic!("{}\n{case:?}\n{again}", why.message()),
        Err(TestError::Abort(why)) => panic!("{}\n{again}", why.message()),
    }
}
