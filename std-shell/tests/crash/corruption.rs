//! Damage: a typed error or the right answer, and never a panic.

use crate::disk::Disk;
use crate::enumerate::Rng;
use crate::workload::{Acknowledge, Recording, checking, digests, ids, options, record};
use folkmoot::store::{Fault, OpenError, RecoverError, Store, StoreOptions};
use folkmoot_core::{Engine, PendingLimits};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

const PAGE: usize = 4_096;

/// What came of opening a damaged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It was not opened, or no engine came back.
    Refused,
    /// All is as it was.
    Whole,
    /// The engine is right, and an answer to a question of the file's own is an error.
    Partly,
    /// An answer is another than before: older, or nothing where there was something.
    Other,
}

/// Opens a damaged file and asks all there is to ask.
fn ask(image: Vec<u8>, options: &StoreOptions, original: &Store, recording: &Recording) -> Result<Found, String> {
    let asked = catch_unwind(AssertUnwindSafe(|| answer(image, options, original, recording)));
    asked.unwrap_or_else(|_| Err("a panic".to_owned()))
}

fn answer(image: Vec<u8>, options: &StoreOptions, original: &Store, recording: &Recording) -> Result<Found, String> {
    let store = match Store::on_backend(Disk::holding(image), options) {
        Ok(store) => store,
        Err(OpenError::Fault(Fault::Damaged(_)) | OpenError::NotFolkmoot(_)) => return Ok(Found::Refused),
        Err(other) => return Err(format!("opening: damage is no {other:?}")),
    };
    let mut engine = match store.recover(PendingLimits::default()) {
        Ok(recovered) => recovered.engine,
        Err(RecoverError::Diverged { .. } | RecoverError::Fault(Fault::Damaged(_))) => {
            std::mem::forget(store);
            return Ok(Found::Refused);
        }
        Err(other) => return Err(format!("damage is no {other:?}")),
    };
    let answers = all_answers(&store, &mut engine, original, recording);
    if options.check_pages_up_to == 0 && !options.verify_on_open {
        // Closing writes, and redb may abort on a damaged file that it did not check: the store says so.
        std::mem::forget(store);
    }
    let mut found = Found::Whole;
    for answer in answers {
        let answer = answer?;
        if answer == Found::Other || found == Found::Whole {
            found = answer;
        }
    }
    Ok(found)
}

fn all_answers(
    store: &Store,
    engine: &mut Engine,
    original: &Store,
    recording: &Recording,
) -> Vec<Result<Found, String>> {
    vec![
        check_engine(engine, recording),
        check_ops(store, recording),
        check_equal("joins", store.joins(None), original.joins(None)),
        check_equal("identities", store.identities(None), original.identities(None)),
        check_equal("upgrades", store.upgrades(None), original.upgrades(None)),
        check_equal("invitations", store.issued_invitations(None), original.issued_invitations(None)),
        check_equal("keys", store.signing_keys().map(|k| k.len()), original.signing_keys().map(|k| k.len())),
        check_equal("outbox", store.outbox(1_000), original.outbox(1_000)),
    ]
}

/// The engine is that of the log, or of the log as it once was.
fn check_engine(engine: &mut Engine, recording: &Recording) -> Result<Found, String> {
    let of = |engine: &mut Engine| {
        let ids: Vec<_> = engine.namespaces().collect();
        ids.into_iter().filter_map(|id| Some((id, engine.digest(&id)?))).collect::<BTreeMap<_, _>>()
    };
    let found = of(engine);
    if found == digests(&recording.log) {
        return Ok(Found::Whole);
    }
    let once = (0..recording.log.len()).any(|len| digests(&recording.log[..len]) == found);
    if once { Ok(Found::Other) } else { Err("an engine that never was".to_owned()) }
}

/// The bytes of an op are right or an error; on an unverified file an index may have lost it.
fn check_ops(store: &Store, recording: &Recording) -> Result<Found, String> {
    let mut found = Found::Whole;
    for (id, op) in ids(&recording.log).iter().zip(&recording.log) {
        match store.op_bytes(id) {
            Ok(Some(bytes)) if bytes == op.signed().encode() => {}
            Ok(Some(_)) => return Err(format!("other bytes of op {id}")),
            Ok(None) => found = Found::Other,
            Err(Fault::Damaged(_)) => found = Found::Partly,
            Err(other) => return Err(format!("damage is no {other:?}")),
        }
    }
    Ok(found)
}

fn check_equal<T: PartialEq + std::fmt::Debug>(
    what: &str,
    ours: Result<T, Fault>,
    theirs: Result<T, Fault>,
) -> Result<Found, String> {
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if ours == theirs => Ok(Found::Whole),
        (Ok(_), _) => Ok(Found::Other),
        (Err(Fault::Damaged(_)), _) => Ok(Found::Partly),
        (Err(other), _) => Err(format!("{what}: damage is no {other:?}")),
    }
}

/// The file as the workload left it, and the same closed in order.
fn files(recording: &Recording) -> [Vec<u8>; 2] {
    let disk = Disk::default();
    let crashed = {
        let mut image = Vec::new();
        for event in &recording.events {
            match event {
                crate::disk::Event::SetLen(len) => image.resize(usize::try_from(*len).expect("small"), 0),
                crate::disk::Event::Write(at, data) => crate::disk::write_at(&mut image, *at, data),
                _ => {}
            }
        }
        image
    };
    drop(disk);
    let disk = Disk::holding(crashed.clone());
    Store::on_backend(disk.clone(), &options()).expect("opened").close().expect("closed");
    [crashed, disk.bytes()]
}

/// Some damage, by a number.
fn damage(image: &[u8], seed: u64) -> (String, Vec<u8>) {
    let mut rng = Rng::new(seed);
    let mut out = image.to_vec();
    let pages = image.len() / PAGE;
    let (one, other) = (rng.below(pages) * PAGE, rng.below(pages) * PAGE);
    let what = match seed % 6 {
        0..=2 => {
            // Where there is something, and in the first page more often than its share.
            let at = if rng.below(8) == 0 { rng.below(320) } else { busy_byte(image, &mut rng) };
            out[at] ^= 1 << rng.below(8);
            format!("a bit of byte {at}")
        }
        3 => {
            out.truncate(1 + rng.below(image.len() - 1));
            format!("cut at {}", out.len())
        }
        4 => {
            let (from, to) = (image[one..one + PAGE].to_vec(), image[other..other + PAGE].to_vec());
            out[one..one + PAGE].copy_from_slice(&to);
            out[other..other + PAGE].copy_from_slice(&from);
            format!("pages at {one} and {other} swapped")
        }
        _ => {
            out[one..one + PAGE].fill(if rng.below(2) == 0 { 0 } else { 0xff });
            format!("the page at {one} overwritten")
        }
    };
    (what, out)
}

fn busy_byte(image: &[u8], rng: &mut Rng) -> usize {
    loop {
        let at = rng.below(image.len());
        if image[at] != 0 {
            return at;
        }
    }
}

fn damage_all(options: &StoreOptions, rounds: u64) -> Vec<Found> {
    let recording = record(Acknowledge::WhenCommitted);
    let files = files(&recording);
    let original = Store::on_backend(Disk::holding(files[1].clone()), &crate::workload::options()).expect("opened");
    let mut out = Vec::new();
    for seed in 0..rounds {
        let image = &files[usize::from(seed / 6 % 2 == 1)];
        let (what, damaged) = damage(image, seed);
        let found = ask(damaged, options, &original, &recording);
        out.push(found.unwrap_or_else(|why| panic!("seed {seed}, {what}: {why}")));
    }
    out
}

fn counts(found: &[Found]) -> [(Found, usize); 4] {
    let count = |which| found.iter().filter(|one| **one == which).count();
    [Found::Refused, Found::Whole, Found::Partly, Found::Other].map(|which| (which, count(which)))
}

#[test]
fn a_damaged_file_is_refused_or_right() {
    let found = damage_all(&checking(), 6_000);
    let counts = counts(&found);
    println!("checked: {counts:?}");
    let [(_, refused), (_, whole), (_, partly), (_, other)] = counts;
    assert!(refused > 500 && whole > 500, "{counts:?}");
    assert_eq!((partly, other), (0, 0), "{counts:?}");
}

#[test]
fn a_damaged_file_that_is_verified_is_refused_or_right() {
    let found = damage_all(&StoreOptions { verify_on_open: true, ..options() }, 600);
    let counts = counts(&found);
    let [(_, refused), (_, whole), (_, partly), (_, other)] = counts;
    assert!(refused > 50 && whole > 50, "{counts:?}");
    assert_eq!((partly, other), (0, 0), "{counts:?}");
}

#[test]
fn a_damaged_file_that_is_not_checked_reads_as_an_engine_that_once_was_and_no_other_bytes_of_an_op() {
    let found = damage_all(&options(), 6_000);
    let counts = counts(&found);
    println!("not checked: {counts:?}");
    let [(_, refused), (_, whole), ..] = counts;
    assert!(refused > 500 && whole > 500, "{counts:?}");
}
