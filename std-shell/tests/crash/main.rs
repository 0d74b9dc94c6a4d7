//! Crashes, everywhere: every state that a crash may leave the disk in is opened, and must hold what was acknowledged.

mod bare;
mod corruption;
mod disk;
mod enumerate;
mod failures;
mod reopened;
mod workload;

use enumerate::{Counts, Effort, crashes};
use reopened::Judge;
use workload::{Acknowledge, record};

/// Every so many distinct states, opening is crashed as well.
const CRASH_AGAIN_EVERY: usize = 100;

#[test]
fn a_store_survives_every_crash() {
    let started = std::time::Instant::now();
    let recording = record(Acknowledge::WhenCommitted);
    let mut judge = Judge::new(&recording);
    let (mut again, mut seen) = (Counts::default(), 0usize);
    let counts = crashes(&[], &recording.events, Effort { subsets: 4_500, tears: 4 }, 1, &mut |crash| {
        judge.judge(crash)?;
        seen += 1;
        if seen % CRASH_AGAIN_EVERY == 0 {
            let counts = judge.crash_again(crash, Effort { subsets: 12, tears: 1 }, seen as u64)?;
            again.states += counts.states;
            again.distinct += counts.distinct;
            again.stretches += counts.stretches;
        }
        Ok(())
    })
    .unwrap_or_else(|why| panic!("{why}"));
    println!("first crash: {counts:?}; crashed again: {again:?}; {:?}", started.elapsed());
    assert!(counts.distinct + again.distinct >= 100_000, "{counts:?}, {again:?}");
    assert!(again.states >= 10_000, "{again:?}");
}

#[test]
fn the_harness_finds_a_store_that_acknowledges_before_it_commits() {
    let recording = record(Acknowledge::BeforeCommit);
    let mut judge = Judge::new(&recording);
    let found = crashes(&[], &recording.events, Effort { subsets: 10, tears: 1 }, 1, &mut |crash| judge.judge(crash));
    let violation = found.expect_err("what was acknowledged too early is lost in some crash");
    assert!(violation.contains("lost"), "{violation}");
}

#[test]
fn redb_alone_survives_what_its_old_version_does_not() {
    // `controls/redb-4-1` runs the same with redb 4.1.0, and must fail.
    let counts = bare::crash_redb(Effort { subsets: 2, tears: 0 }).unwrap_or_else(|why| panic!("{why}"));
    assert!(counts.states > 1_000, "{counts:?}");
}
