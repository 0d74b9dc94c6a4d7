//! Every seed, and everything that was ever found, through every target, without libFuzzer.

use folkmoot_fuzz::plan::Case;
use folkmoot_fuzz::{TARGETS, seeds};
use std::panic::catch_unwind;
use std::path::Path;

/// Gives a target its seeds and what was found, those too that are another target's; of its own seeds, which got to
/// what it is about.
fn replay(name: &str) -> Vec<String> {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).expect("a target of that name");
    let mut reached = Vec::new();
    for (seed, bytes) in seeds::of(name) {
        let got = catch_unwind(|| target(&bytes)).unwrap_or_else(|_| panic!("{name} fails on its seed {seed}"));
        if got {
            reached.push(seed);
        }
    }
    for (other, _) in TARGETS {
        for (found, bytes) in seeds::found(other) {
            let _ = catch_unwind(|| target(&bytes)).unwrap_or_else(|_| panic!("{name} fails on found/{other}/{found}"));
        }
    }
    reached
}

#[test]
fn decode_takes_every_seed_and_every_op_of_a_vector_decodes() {
    let reached = replay("decode");
    let all = seeds::of("decode");
    let ops = all.iter().filter(|(name, _)| !name.contains("payload") && !name.starts_with("wire"));
    let missing: Vec<_> = ops.filter(|(name, _)| !reached.contains(name)).map(|(name, _)| name).collect();
    assert!(missing.is_empty() && reached.len() > 400, "{} decode, but not {missing:?}", reached.len());
}

#[test]
fn identity_takes_every_seed_and_most_are_ops() {
    assert!(replay("identity").len() > 60);
}

#[test]
fn apply_takes_every_seed_and_all_are_histories() {
    assert_eq!(replay("apply").len(), seeds::of("apply").len());
}

#[test]
fn reference_takes_every_seed_and_all_are_histories() {
    assert_eq!(replay("reference").len(), seeds::of("reference").len());
}

#[test]
fn snapshot_takes_every_seed_and_all_restore() {
    assert_eq!(replay("snapshot").len(), seeds::of("snapshot").len());
}

#[test]
fn sync_takes_every_seed_and_real_messages_are_understood() {
    let reached = replay("sync");
    let messages = seeds::of("sync").iter().filter(|(name, _)| name.starts_with("message")).count();
    assert_eq!(reached.iter().filter(|name| name.starts_with("message")).count(), messages);
    assert!(reached.contains(&"answers_honestly".to_owned()));
}

#[test]
fn invitation_lets_in_by_the_good_seeds_and_by_no_other() {
    let mut reached = replay("invitation");
    reached.sort();
    let good = ["as_admin", "as_reader", "by_bob", "expires_at_7", "for_the_signer", "good", "into_the_group_below"];
    assert_eq!(reached, good);
}

/// What the vectors are about is in the cases made from them: most verdicts that there are, and refusals of every kind.
#[test]
fn cases_from_the_vectors_have_verdicts_and_refusals_of_every_kind() {
    let (mut verdicts, mut refusals) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for (_, bytes) in seeds::of("apply") {
        let case = Case::read(&bytes);
        assert_eq!(case.write(), bytes, "a case is written as it is read");
        let mut engine = folkmoot_core::Engine::new();
        let _ = engine.apply_batch(case.ops());
        for namespace in engine.namespaces().collect::<Vec<_>>() {
            verdicts.extend(engine.ops(&namespace).map(|(_, verdict)| verdict.to_string()));
        }
        refusals.extend(engine.refusals().into_values().map(|status| format!("{status:?}")));
    }
    println!("{verdicts:?}\n{refusals:?}");
    assert!(verdicts.len() >= 21, "{verdicts:?}");
    assert_eq!(refusals.len(), 7, "{refusals:?}");
}

/// `run`, the manifest and the library name the same targets.
#[test]
fn every_target_has_a_program_and_every_program_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut programs: Vec<String> = std::fs::read_dir(folder.join("fuzz_targets"))
        .expect("it is there")
        .map(|entry| entry.expect("readable").path().file_stem().expect("named").to_string_lossy().into_owned())
        .collect();
    programs.sort();
    let mut targets = TARGETS.map(|(name, _)| name.to_owned());
    targets.sort();
    assert_eq!(programs, targets);
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("it is there");
    for target in targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target} is in the manifest");
    }
}
