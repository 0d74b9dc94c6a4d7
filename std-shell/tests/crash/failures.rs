//! One failing call at every position: a typed error, and after mending nothing that was acknowledged is gone.

use crate::disk::{Disk, Event, Failure};
use crate::workload::{checking, digests, history, options};
use folkmoot::store::{Applied, Commit, CommitError, Fault, LocalChange, OpenError, RecoverError, Store, StoreOptions};
use folkmoot_core::{ContextId, Engine, PendingLimits, PublicKey, VerifiedOp};

/// What a run came to.
struct Outcome {
    /// Ops that were acknowledged.
    acknowledged: u64,
    /// Ops that were in flight when it ended, besides.
    in_flight: u64,
    error: Option<String>,
    log: Vec<VerifiedOp>,
}

/// A commit of some ops, a snapshot, something local, a compaction, ops again; ends at the first error.
fn run(disk: &Disk) -> Outcome {
    let mut outcome = Outcome { acknowledged: 0, in_flight: 0, error: None, log: Vec::new() };
    if let Err(error) = try_run(disk, &mut outcome) {
        outcome.error = Some(error);
    }
    outcome
}

fn try_run(disk: &Disk, told: &mut Outcome) -> Result<(), String> {
    let mut store = Store::on_backend(disk.clone(), &options()).map_err(|error| match error {
        OpenError::Fault(Fault::Io(_) | Fault::NeedsReopen) => error.to_string(),
        other => panic!("a failing disk is no {other:?}"),
    })?;
    let mut engine = Engine::new();
    let mut ops = history().into_iter();
    for step in 0..8 {
        let outcome = engine.apply_batch(ops.by_ref().take(if step == 5 { 14 } else { 1 }));
        let new = outcome.durable().len() as u64;
        told.log.extend(outcome.durable().iter().cloned());
        told.in_flight = new;
        let applied = [Applied { outcome: &outcome, publish: true }];
        let done = store.commit(&mut engine, &Commit { applied: &applied, local: &[] });
        let _ = acknowledged(&store, done, told)?;
        told.acknowledged += new;
        told.in_flight = 0;
        match step {
            2 => {
                let joined = store_local(&mut store);
                acknowledged(&store, joined, told)?;
            }
            3 => {
                let saved = store.save_snapshot(&mut engine);
                acknowledged(&store, saved, told)?;
            }
            6 => store.compact().map_err(|error| error.to_string())?,
            _ => {}
        }
    }
    store.close().map_err(|error| error.to_string())
}

fn store_local(store: &mut Store) -> Result<(), CommitError> {
    let join = LocalChange::Join { context: ContextId([1; 32]), identity: PublicKey([2; 32]) };
    store.commit_local(&[join])
}

/// A failed commit says whether it is known to be nowhere, and the handle refuses to go on.
fn acknowledged<T>(store: &Store, done: Result<T, CommitError>, told: &mut Outcome) -> Result<T, String> {
    done.map_err(|error| {
        match &error {
            CommitError::NotWritten(Fault::Io(_) | Fault::NeedsReopen) => told.in_flight = 0,
            CommitError::Unknown(Fault::Io(_) | Fault::NeedsReopen) => {}
            other => panic!("a failing disk is no {other:?}"),
        }
        assert!(store.needs_reopen(), "the handle is not to be used again");
        assert!(matches!(store.heads(&Default::default()), Err(Fault::NeedsReopen)));
        error.to_string()
    })
}

/// After the failure the disk works again. What was acknowledged is there, whatever the cache of the disk had.
fn assert_kept(disk: &Disk, outcome: &Outcome, call: u64) {
    let opened = Store::on_backend(Disk::holding(disk.bytes()), &options());
    if outcome.acknowledged == 0 && opened.is_err() {
        // Creation failed on the way; on a path there is no file of that name then.
        return;
    }
    let store = opened.unwrap_or_else(|error| panic!("call {call}: {error}"));
    let ops = store.last_sequence();
    let most = outcome.acknowledged + outcome.in_flight;
    assert!((outcome.acknowledged..=most).contains(&ops), "call {call}: {ops} ops, {} were told", outcome.acknowledged);
    let mut engine =
        store.recover(PendingLimits::default()).unwrap_or_else(|error| panic!("call {call}: {error}")).engine;
    let prefix = usize::try_from(ops).expect("few");
    for (namespace, digest) in digests(&outcome.log[..prefix]) {
        assert_eq!(engine.digest(&namespace), Some(digest), "call {call}");
    }
}

#[test]
fn a_failing_call_at_every_position_is_a_typed_error_and_loses_nothing() {
    let disk = Disk::default();
    let whole = run(&disk);
    assert_eq!(whole.error, None);
    let calls = disk.calls();
    assert!(calls > 100, "{calls} calls");
    let mut failed = 0u64;
    for how in [Failure::NoSpace, Failure::Device, Failure::Half] {
        for call in 0..calls {
            let disk = Disk::default();
            disk.fail(call, how);
            let outcome = run(&disk);
            failed += u64::from(outcome.error.is_some());
            assert_kept(&disk, &outcome, call);
        }
    }
    // A call that fails as the file is closed, or that redb can do without, is nobody's error.
    assert!(failed * 10 > calls * 3 * 8, "{failed} of {} were noticed", calls * 3);
}

/// Opens, recovers, commits something and closes: how far it came, and at what it ended.
fn open_and_go_on(disk: &Disk, options: &StoreOptions) -> Result<(), String> {
    let faulty = |fault: &Fault| matches!(fault, Fault::Io(_) | Fault::NeedsReopen);
    let mut store = Store::on_backend(disk.clone(), options).map_err(|error| match error {
        OpenError::Fault(fault) if faulty(&fault) => fault.to_string(),
        other => panic!("a failing disk is no {other:?}"),
    })?;
    store.recover(PendingLimits::default()).map_err(|error| match error {
        RecoverError::Fault(fault) if faulty(&fault) => fault.to_string(),
        other => panic!("a failing disk is no {other:?}"),
    })?;
    store_local(&mut store).map_err(|error| match &error {
        CommitError::NotWritten(fault) | CommitError::Unknown(fault) if faulty(fault) => error.to_string(),
        other => panic!("a failing disk is no {other:?}"),
    })?;
    store.close().map_err(|error| error.to_string())
}

#[test]
fn a_failing_call_while_a_store_is_opened_and_recovered_is_a_typed_error_and_loses_nothing() {
    let crashed = Disk::default();
    let mut whole = run(&crashed);
    (whole.acknowledged, whole.in_flight) = (whole.log.len() as u64, 0);
    // As left in order, and as left by a crash before the last commit was closed.
    let recording = Disk::recording(Vec::new());
    let mut store = Store::on_backend(recording.clone(), &options()).expect("created");
    let mut engine = Engine::new();
    let outcome = engine.apply_batch(history());
    let applied = [Applied { outcome: &outcome, publish: true }];
    let _ = store.commit(&mut engine, &Commit { applied: &applied, local: &[] }).expect("committed");
    let left_open =
        Outcome { acknowledged: store.last_sequence(), in_flight: 0, error: None, log: outcome.durable().to_vec() };
    for (image, kept) in [(crashed.bytes(), whole), (recording.bytes(), left_open)] {
        for options in [options(), checking()] {
            let disk = Disk::holding(image.clone());
            assert_eq!(open_and_go_on(&disk, &options), Ok(()));
            let mut failed = 0;
            for how in [Failure::Device, Failure::Half, Failure::NoSpace] {
                for call in 0..disk.calls() {
                    let disk = Disk::holding(image.clone());
                    disk.fail(call, how);
                    failed += usize::from(open_and_go_on(&disk, &options).is_err());
                    assert_kept(&disk, &kept, call);
                }
            }
            assert!(failed > 30, "{failed} were noticed");
        }
    }
}

#[test]
fn a_disk_that_is_full_for_a_while_takes_the_same_op_later() {
    let disk = Disk::recording(Vec::new());
    let mut store = Store::on_backend(disk.clone(), &options()).expect("created");
    let mut engine = Engine::new();
    let mut ops = history().into_iter();
    let genesis = engine.apply(ops.next().expect("an op"));
    let applied = [Applied { outcome: &genesis, publish: true }];
    let _ = store.commit(&mut engine, &Commit { applied: &applied, local: &[] }).expect("committed");
    let written = disk.events().iter().filter(|event| matches!(event, Event::Write(..))).count();
    assert!(written > 0);

    let next = ops.next().expect("an op");
    for call in disk.calls()..disk.calls() + 50 {
        disk.fail(call, Failure::NoSpace);
    }
    let outcome = engine.apply(next.clone());
    let applied = [Applied { outcome: &outcome, publish: true }];
    let _ = store.commit(&mut engine, &Commit { applied: &applied, local: &[] }).expect_err("no space");
    drop(store);

    let bytes = disk.bytes();
    let mut store = Store::on_backend(Disk::holding(bytes), &options()).expect("opened");
    let mut engine = store.recover(PendingLimits::default()).expect("recovered").engine;
    let outcome = engine.apply(next);
    let applied = [Applied { outcome: &outcome, publish: true }];
    let _ = store.commit(&mut engine, &Commit { applied: &applied, local: &[] }).expect("there is space again");
    assert_eq!(store.last_sequence(), 2);
}
