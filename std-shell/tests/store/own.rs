//! Rows that are this node's own, the outbox, pages of the log, and snapshots.

use crate::common::{StoreFile, apply, commit, in_memory, recovered, test_options};
use folkmoot::store::limits::{KEPT_SNAPSHOTS, MAX_PAGE_ROWS, MAX_UPGRADE_ERROR_BYTES, SNAPSHOT_PIECE_BYTES};
use folkmoot::store::{Applied, Commit, CommitError, ContextUpgrade, LocalChange, Store, UpgradeProgress};
use folkmoot_core::{
    ContextId, Engine, GroupId, GroupOp, NamespaceId, OpId, Outcome, PendingLimits, PublicKey, SigningKey,
    UpgradePolicy, VerifiedOp,
};
use folkmoot_proptests::history::History;

fn alice() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

fn context(number: u8) -> ContextId {
    ContextId([number; 32])
}

fn genesis(salt: u8) -> VerifiedOp {
    Engine::genesis(alice().public(), [salt; 32], "Kitchen", [0; 32], [0; 32]).sign(&alice()).expect("her key")
}

fn rename(engine: &mut Engine, namespace: &NamespaceId, alias: &str) -> VerifiedOp {
    let op = GroupOp::GroupAliasSet { alias: alias.to_owned() };
    let draft = engine.draft(namespace, &GroupId(namespace.0), &alice().public(), op).expect("alice may");
    draft.sign(&alice()).expect("her key")
}

/// A store and engine in which alice founded a namespace and renamed it so often.
fn with_renames(count: usize) -> (Store, Engine, NamespaceId) {
    let (mut store, mut engine) = (in_memory(), Engine::new());
    let namespace = genesis(7).id().into();
    let _ = apply(&mut store, &mut engine, genesis(7));
    let outcomes: Vec<Outcome> = (0..count)
        .map(|number| {
            let op = rename(&mut engine, &namespace, &format!("Kitchen {number}"));
            engine.apply(op)
        })
        .collect();
    let applied: Vec<Applied<'_>> = outcomes.iter().map(|outcome| Applied { outcome, publish: false }).collect();
    let _ = store.commit(&mut engine, &Commit { applied: &applied, local: &[] }).expect("committed");
    (store, engine, namespace)
}

fn upgrade() -> UpgradeProgress {
    UpgradeProgress {
        app_key: [1; 32],
        application_id: [2; 32],
        migration: None,
        policy: UpgradePolicy::Coordinated { deadline_secs: Some(60) },
        started_at: 1_000,
        finished_at: None,
    }
}

#[test]
fn joins_are_kept_and_left_one_by_one() {
    let mut store = in_memory();
    let (alice, bob) = (PublicKey([1; 32]), PublicKey([2; 32]));
    let join = |context, identity| LocalChange::Join { context, identity };
    store.commit_local(&[join(context(1), alice), join(context(1), bob), join(context(2), alice)]).expect("joined");
    assert_eq!(store.joins_of(&context(1)).expect("readable"), [alice, bob]);
    assert_eq!(store.joins(Some((context(1), alice))).expect("readable"), [(context(1), bob), (context(2), alice)]);
    store.commit_local(&[LocalChange::Leave { context: context(1), identity: alice }]).expect("left");
    assert_eq!(store.joins(None).expect("readable"), [(context(1), bob), (context(2), alice)]);
}

#[test]
fn an_identity_is_one_a_namespace() {
    let mut store = in_memory();
    let namespace = NamespaceId([3; 32]);
    for identity in [PublicKey([1; 32]), PublicKey([2; 32])] {
        store.commit_local(&[LocalChange::SetIdentity { namespace, identity }]).expect("set");
        assert_eq!(store.identity(&namespace).expect("readable"), Some(identity));
    }
    assert_eq!(store.identities(None).expect("readable").len(), 1);
    store.commit_local(&[LocalChange::ForgetIdentity { namespace }]).expect("forgotten");
    assert_eq!(store.identity(&namespace).expect("readable"), None);
}

#[test]
fn an_upgrade_is_kept_with_the_progress_of_each_context() {
    let mut store = in_memory();
    let (group, other) = (GroupId([1; 32]), GroupId([2; 32]));
    let progress = ContextUpgrade { tries: 3, last_error: Some("no blob".to_owned()), ..ContextUpgrade::default() };
    let set = [
        LocalChange::SetUpgrade { group, upgrade: upgrade() },
        LocalChange::SetUpgrade { group: other, upgrade: upgrade() },
        LocalChange::SetContextUpgrade { group, context: context(1), progress: progress.clone() },
        LocalChange::SetContextUpgrade { group: other, context: context(2), progress: progress.clone() },
    ];
    store.commit_local(&set).expect("set");
    assert_eq!(store.upgrade(&group).expect("readable"), Some(upgrade()));
    assert_eq!(store.upgrades(None).expect("readable").len(), 2);
    assert_eq!(store.context_upgrades(&group, None).expect("readable"), [(context(1), progress.clone())]);
    store.commit_local(&[LocalChange::ForgetUpgrade { group }]).expect("forgotten");
    assert_eq!(store.upgrade(&group).expect("readable"), None);
    assert_eq!(store.context_upgrades(&group, None).expect("readable"), []);
    assert_eq!(store.context_upgrades(&other, None).expect("readable"), [(context(2), progress)]);
}

#[test]
fn an_error_text_is_kept_up_to_its_bound_and_cut_past_it() {
    let mut store = in_memory();
    let group = GroupId([1; 32]);
    for (text, kept) in [
        ("x".repeat(MAX_UPGRADE_ERROR_BYTES), MAX_UPGRADE_ERROR_BYTES),
        ("x".repeat(MAX_UPGRADE_ERROR_BYTES + 1), MAX_UPGRADE_ERROR_BYTES),
        // A character of two bytes across the bound goes whole.
        (format!("{}é", "x".repeat(MAX_UPGRADE_ERROR_BYTES - 1)), MAX_UPGRADE_ERROR_BYTES - 1),
    ] {
        let progress = ContextUpgrade { last_error: Some(text), ..ContextUpgrade::default() };
        store.commit_local(&[LocalChange::SetContextUpgrade { group, context: context(1), progress }]).expect("set");
        let stored = store.context_upgrades(&group, None).expect("readable");
        assert_eq!(stored[0].1.last_error.as_ref().map(String::len), Some(kept));
    }
}

#[test]
fn a_page_of_rows_is_as_long_as_it_may_be_and_the_next_goes_on() {
    let mut store = in_memory();
    let changes: Vec<LocalChange> = (0..=MAX_PAGE_ROWS)
        .map(|number| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&(number as u64).to_be_bytes());
            LocalChange::Join { context: ContextId(id), identity: PublicKey([1; 32]) }
        })
        .collect();
    store.commit_local(&changes[..MAX_PAGE_ROWS]).expect("joined");
    assert_eq!(store.joins(None).expect("readable").len(), MAX_PAGE_ROWS);
    store.commit_local(&changes[MAX_PAGE_ROWS..]).expect("joined");
    let page = store.joins(None).expect("readable");
    assert_eq!(page.len(), MAX_PAGE_ROWS);
    assert_eq!(store.joins(page.last().copied()).expect("readable").len(), 1);
}

#[test]
fn the_outbox_holds_what_is_to_be_published_until_it_is() {
    let (mut store, mut engine) = (in_memory(), Engine::new());
    let outcome = engine.apply(genesis(7));
    let _ = commit(&mut store, &mut engine, &outcome, &[]);
    let namespace: NamespaceId = genesis(7).id().into();
    let renamed = rename(&mut engine, &namespace, "Kitchen table");
    let outcome = engine.apply(renamed.clone());
    let theirs = [Applied { outcome: &outcome, publish: false }];
    let _ = store.commit(&mut engine, &Commit { applied: &theirs, local: &[] }).expect("committed");

    let outbox = store.outbox(10).expect("readable");
    assert_eq!(outbox.len(), 1, "what came from others is no news");
    assert_eq!((outbox[0].namespace, outbox[0].id), (namespace, genesis(7).id()));
    assert_eq!(outbox[0].bytes, genesis(7).signed().encode());
    store.outbox_done(&[outbox[0].sequence]).expect("done");
    store.outbox_done(&[outbox[0].sequence]).expect("twice does no harm");
    assert_eq!(store.outbox_len().expect("readable"), 0);
}

#[test]
fn a_namespaces_log_is_paged_in_order_without_gap_or_overlap() {
    let (mut store, mut engine, kitchen) = with_renames(20);
    // Another namespace in between.
    let _ = apply(&mut store, &mut engine, genesis(8));
    let garden: NamespaceId = genesis(8).id().into();
    for number in 0..5 {
        for namespace in [garden, kitchen] {
            let op = rename(&mut engine, &namespace, &format!("again {number}"));
            let _ = apply(&mut store, &mut engine, op);
        }
    }
    for (namespace, count) in [(kitchen, 26), (garden, 6)] {
        for limit in [1, 3, 100] {
            let (mut found, mut after) = (Vec::<OpId>::new(), Some(0));
            while let Some(at) = after {
                let page = store.ops_page(&namespace, at, limit).expect("readable");
                assert!(page.ops.len() <= limit);
                assert!(page.ops.iter().map(|op| op.number).eq(at + 1..=at + page.ops.len() as u64));
                found.extend(page.ops.iter().map(|op| op.id));
                after = page.next;
            }
            assert_eq!(found.len(), count);
            assert!(found.iter().copied().eq(engine.ops(&namespace).map(|(id, _)| id)));
        }
    }
    assert_eq!(store.ops_page(&NamespaceId([9; 32]), 0, 10).expect("readable").ops, []);
    assert_eq!(store.ops_page(&kitchen, u64::MAX, 10).expect("readable").ops, []);
}

#[test]
fn ops_are_found_by_id() {
    let (store, engine, namespace) = with_renames(5);
    for (number, (id, _)) in engine.ops(&namespace).enumerate() {
        assert_eq!(store.sequence_of(&id).expect("readable"), Some(number as u64 + 1));
        let bytes = store.op_bytes(&id).expect("readable").expect("it is there");
        assert_eq!(folkmoot_core::SignedGroupOp::decode(&bytes).expect("an op").signable.id(), id);
    }
    // An id that begins like one that is there.
    let mut near = engine.ops(&namespace).next().expect("some").0;
    near.0[31] ^= 1;
    assert_eq!(store.op_bytes(&near).expect("readable"), None);
    let known = engine.ops(&namespace).next().expect("some").0;
    assert_eq!(store.ops_bytes(&[known, near, known]).expect("readable").len(), 1, "up to the first that is not here");
}

#[test]
fn a_snapshot_spares_the_log_before_it() {
    let (mut store, mut engine, namespace) = with_renames(20);
    store.save_snapshot(&mut engine).expect("saved");
    for number in 0..3 {
        let op = rename(&mut engine, &namespace, &format!("later {number}"));
        let _ = apply(&mut store, &mut engine, op);
    }
    let recovered = store.recover(PendingLimits::default()).expect("recovered");
    assert_eq!((recovered.from_snapshot, recovered.replayed), (Some(21), 3));
    let mut again = recovered.engine;
    assert_eq!(again.digest(&namespace), engine.digest(&namespace));
}

#[test]
fn only_the_newest_snapshots_are_kept() {
    let (mut store, mut engine, namespace) = with_renames(1);
    for number in 0..4 {
        store.save_snapshot(&mut engine).expect("saved");
        store.save_snapshot(&mut engine).expect("saved again, in its own place");
        let op = rename(&mut engine, &namespace, &format!("later {number}"));
        let _ = apply(&mut store, &mut engine, op);
    }
    assert_eq!(store.snapshots().expect("readable"), [4, 5]);
    assert_eq!(KEPT_SNAPSHOTS, 2);
}

#[test]
fn a_snapshot_of_many_pieces_comes_back() {
    let (mut store, mut engine, namespace) = with_renames(3_500);
    store.save_snapshot(&mut engine).expect("saved");
    assert!(engine.snapshot().len() > SNAPSHOT_PIECE_BYTES, "{} bytes", engine.snapshot().len());
    let recovered = store.recover(PendingLimits::default()).expect("recovered");
    assert_eq!((recovered.from_snapshot, recovered.replayed), (Some(3_501), 0));
    let mut again = recovered.engine;
    assert_eq!(again.digest(&namespace), engine.digest(&namespace));
}

#[test]
fn what_waited_when_a_snapshot_was_taken_is_no_part_of_it() {
    let (mut store, mut engine, namespace) = with_renames(3);
    // Two ops that alice made elsewhere; only the later one is here when the snapshot is taken.
    let mut elsewhere = recovered(&store);
    let first = rename(&mut elsewhere, &namespace, "first");
    let _ = elsewhere.apply(first.clone());
    let second = rename(&mut elsewhere, &namespace, "second");
    let _ = engine.apply(second.clone());
    assert_eq!(engine.pending(&namespace), [second.id()]);
    store.save_snapshot(&mut engine).expect("saved");

    let mut engine = recovered(&store);
    assert_eq!(engine.pending(&namespace), []);
    let _ = apply(&mut store, &mut engine, first);
    assert_eq!(store.last_sequence(), 5, "the second was never committed");
    assert!(!recovered(&store).contains(&second.id()));
    let _ = apply(&mut store, &mut engine, second);
    assert_eq!(store.last_sequence(), 6);
}

#[test]
fn an_outcome_that_was_left_out_or_comes_twice_does_not_follow() {
    let (mut store, mut engine) = (in_memory(), Engine::new());
    let outcome = engine.apply(genesis(7));
    let applied = [Applied { outcome: &outcome, publish: true }];
    let commit = Commit { applied: &applied, local: &[] };
    let _ = store.commit(&mut engine, &commit).expect("committed");
    let twice = store.commit(&mut engine, &commit).expect_err("twice");
    assert!(matches!(twice, CommitError::DoesNotFollow(_)), "{twice}");
    let namespace = genesis(7).id().into();
    let op = rename(&mut engine, &namespace, "left out");
    let _ = engine.apply(op);
    let op = rename(&mut engine, &namespace, "later");
    let outcome = engine.apply(op);
    let later = [Applied { outcome: &outcome, publish: true }];
    let gap = store.commit(&mut engine, &Commit { applied: &later, local: &[] }).expect_err("a gap");
    assert!(matches!(gap, CommitError::DoesNotFollow(_)), "{gap}");
    assert!(matches!(store.save_snapshot(&mut engine), Err(CommitError::DoesNotFollow(_))));
    assert!(!store.needs_reopen(), "nothing was written, and nothing is broken");
    assert_eq!(store.last_sequence(), 1);
}

#[test]
fn effects_that_do_not_follow_change_nothing() {
    let history = History::of_seed(2);
    let (mut store, mut engine) = (in_memory(), Engine::new());
    let mut other = in_memory();
    let mut outcomes = Vec::new();
    for op in history.ops {
        let outcome = engine.apply(op);
        let _ = commit(&mut store, &mut engine, &outcome, &[]);
        outcomes.push(outcome);
    }
    let before = other.fingerprint().expect("readable");
    // The effects alone, as if the ops before had been committed.
    let without_ops: Vec<Applied<'_>> = outcomes
        .iter()
        .filter(|outcome| outcome.durable().is_empty() && !outcome.after_commit().is_empty())
        .map(|outcome| Applied { outcome, publish: true })
        .collect();
    assert!(without_ops.is_empty(), "effects come with ops");
    let last = outcomes.iter().rev().find(|outcome| !outcome.durable().is_empty()).expect("some");
    let applied = [Applied { outcome: last, publish: true }];
    let refused = other.commit(&mut engine, &Commit { applied: &applied, local: &[] }).expect_err("a gap");
    assert!(matches!(refused, CommitError::DoesNotFollow(_)), "{refused}");
    assert_eq!(other.fingerprint().expect("readable"), before);
}

#[test]
fn compaction_keeps_everything_and_makes_the_file_smaller() {
    let file = StoreFile::new();
    let (mut store, mut engine) = (Store::create(file.path(), &test_options()).expect("created"), Engine::new());
    let _ = apply(&mut store, &mut engine, genesis(7));
    let namespace: NamespaceId = genesis(7).id().into();
    for number in 0..300 {
        let op = rename(&mut engine, &namespace, &format!("Kitchen {number}"));
        let _ = apply(&mut store, &mut engine, op);
    }
    (0..3).for_each(|_| store.save_snapshot(&mut engine).expect("saved"));
    let before = (store.fingerprint().expect("readable"), std::fs::metadata(file.path()).expect("a file").len());
    store.compact().expect("compacted");
    assert_eq!(store.fingerprint().expect("readable"), before.0);
    assert!(std::fs::metadata(file.path()).expect("a file").len() < before.1);
    assert!(recovered(&store).contains(&engine.heads(&namespace)[0]));
}
