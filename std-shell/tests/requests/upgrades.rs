//! Upgrades: what moves when, what happens when it fails, and going on after a restart.

use crate::common::{Home, ME, Moot, NOW, by, eventually, is_nothing_to_do, refused, void};
use folkmoot::core::{ContextId, GroupId, Role, UpgradePolicy, VoidReason};
use folkmoot::{ContextMove, ContextStatus, Event, Moved, Notice, Refusal, Target, Upgrader};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const NEW: [u8; 32] = [3; 32];

/// Moves what it is told to, notes it, and fails where it is to fail.
#[derive(Debug, Default)]
struct Mover {
    moved: Mutex<Vec<ContextMove>>,
    broken: Mutex<BTreeSet<ContextId>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Mover {
    fn moved(&self) -> Vec<ContextMove> {
        self.moved.lock().expect("nobody panics with it").clone()
    }

    fn breaks(&self, context: ContextId) {
        self.broken.lock().expect("nobody panics with it").insert(context);
    }

    fn mend(&self) {
        self.broken.lock().expect("nobody panics with it").clear();
    }
}

impl Upgrader for Mover {
    fn upgrade<'a>(&'a self, step: &'a ContextMove) -> Moved<'a> {
        Box::pin(async move {
            let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(2)).await;
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            self.moved.lock().expect("nobody panics with it").push(step.clone());
            let broken = self.broken.lock().expect("nobody panics with it").contains(&step.context);
            if broken { Err("no such blob".to_owned()) } else { Ok(()) }
        })
    }
}

async fn moot_with(mover: &Arc<Mover>) -> Moot {
    let mut home = Home::alone();
    home.setup.upgrader = mover.clone();
    home.setup.config.upgrade_tries = 3;
    home.setup.config.upgrade_backoff = 10;
    home.setup.config.sync_timeout = Duration::from_secs(5);
    Moot::at(home).await
}

fn target(policy: Option<UpgradePolicy>) -> Target {
    Target { app_key: [1; 32], application_id: NEW, migration: Some("v2".to_owned()), policy }
}

async fn status(moot: &Moot, context: ContextId) -> ContextStatus {
    let mut status = moot.alice.get_group_upgrade_status(moot.root).await.expect("an upgrade");
    status.contexts.remove(&context).expect("a context of it")
}

async fn is_finished(moot: &Moot) -> bool {
    moot.alice.get_group_upgrade_status(moot.root).await.expect("an upgrade").upgrade.finished_at.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn automatic_moves_every_context_one_after_the_other_and_says_so() {
    let mover = Arc::new(Mover::default());
    let moot = moot_with(&mover).await;
    let contexts = BTreeSet::from([moot.context(moot.root).await, moot.context(moot.root).await]);
    let below = moot.subgroup(moot.root, "below").await;
    let other = moot.context(below).await;
    let mut events = moot.alice.events();
    let ops = moot.alice.upgrade_group(ME, moot.root, target(Some(UpgradePolicy::Automatic))).await;
    assert_eq!(ops.expect("alice upgrades").len(), 2, "policy and target");
    eventually("it is finished", || is_finished(&moot)).await;
    let moved = mover.moved();
    assert_eq!(moved.iter().map(|step| step.context).collect::<BTreeSet<_>>(), contexts);
    for step in &moved {
        assert_eq!((step.group, step.from_application, step.application_id), (moot.root, [2; 32], NEW));
        assert_eq!(step.migration.as_deref(), Some("v2"));
    }
    assert_eq!(mover.most_at_once.load(Ordering::SeqCst), 1, "one propagator a group");
    for context in contexts {
        assert_eq!(moot.alice.get_context(context).await.expect("it is there").runs, NEW);
        assert_eq!(status(&moot, context).await, ContextStatus::Moved);
    }
    assert_eq!(moot.alice.get_context(other).await.expect("it is there").runs, [2; 32], "another group's");
    let mut told = 0;
    while told < 2 {
        if let Some(Notice::Event(Event::ContextUpgraded { .. })) = events.next().await {
            told += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lazily_a_context_moves_at_its_next_use_and_the_use_waits_for_that() {
    let mover = Arc::new(Mover::default());
    let moot = moot_with(&mover).await;
    let (used, unused) = (moot.context(moot.root).await, moot.context(moot.root).await);
    moot.alice.upgrade_group(ME, moot.root, target(None)).await.expect("alice upgrades");
    moot.alice.heartbeat().await.expect("it beats");
    assert_eq!(mover.moved(), []);
    assert_eq!(moot.alice.get_context(used).await.expect("it is there").runs, NEW);
    assert!(matches!(status(&moot, unused).await, ContextStatus::Waiting(_)));
    assert!(!is_finished(&moot).await);
    let epoch = moot.alice.governance_epoch(unused).await.expect("it is there");
    moot.alice.may_execute(unused, crate::common::who("alice"), epoch).await.expect("an epoch");
    assert_eq!(status(&moot, unused).await, ContextStatus::Moved, "asking whether to execute is a use");
    eventually("it is finished", || is_finished(&moot)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coordinated_contexts_move_by_agreement_until_the_deadline_and_then_all_do() {
    let mover = Arc::new(Mover::default());
    let moot = moot_with(&mover).await;
    let (agreed, late) = (moot.context(moot.root).await, moot.context(moot.root).await);
    let policy = UpgradePolicy::Coordinated { deadline_secs: Some(600) };
    moot.alice.upgrade_group(ME, moot.root, target(Some(policy))).await.expect("alice upgrades");
    assert_eq!(moot.alice.get_context(agreed).await.expect("it is there").runs, [2; 32], "a use moves nothing");
    assert_eq!(moot.alice.update_application(agreed).await.expect("agreed").runs, NEW);
    assert!(is_nothing_to_do(moot.alice.update_application(agreed).await));
    moot.home.clock.set(NOW + 599);
    moot.alice.heartbeat().await.expect("it beats");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(matches!(status(&moot, late).await, ContextStatus::Waiting(_)));
    moot.home.clock.set(NOW + 600);
    moot.alice.heartbeat().await.expect("it beats");
    eventually("it is finished", || is_finished(&moot)).await;
    assert_eq!(status(&moot, late).await, ContextStatus::Moved);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_after_a_growing_pause_and_given_up_after_so_many_tries() {
    let mover = Arc::new(Mover::default());
    let moot = moot_with(&mover).await;
    let context = moot.context(moot.root).await;
    mover.breaks(context);
    moot.alice.upgrade_group(ME, moot.root, target(Some(UpgradePolicy::Automatic))).await.expect("alice upgrades");
    let mut now = NOW;
    for (tries, pause) in [(1, 10), (2, 20)] {
        eventually("it is tried", || async { mover.moved().len() == tries }).await;
        let waiting = async || match status(&moot, context).await {
            ContextStatus::Waiting(row) => (row.tries as usize, row.not_before, row.last_error),
            other => panic!("{other:?}"),
        };
        eventually("that is noted", || async { waiting().await.0 == tries }).await;
        assert_eq!(waiting().await, (tries, now + pause, Some("no such blob".to_owned())));
        now += pause;
        moot.home.clock.set(now - 1);
        moot.alice.heartbeat().await.expect("it beats");
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(mover.moved().len(), tries, "not before its time");
        moot.home.clock.set(now);
        moot.alice.heartbeat().await.expect("it beats");
    }
    eventually("it is finished", || is_finished(&moot)).await;
    assert_eq!(mover.moved().len(), 3);
    assert!(matches!(status(&moot, context).await, ContextStatus::GivenUp(row) if row.tries == 3));
    mover.mend();
    assert_eq!(moot.alice.retry_group_upgrade(moot.root).await.expect("one to try"), 1);
    eventually("it is finished", || is_finished(&moot)).await;
    assert_eq!(status(&moot, context).await, ContextStatus::Moved);
    assert!(is_nothing_to_do(moot.alice.retry_group_upgrade(moot.root).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_goes_on_after_a_restart_where_it_was() {
    let mover = Arc::new(Mover::default());
    let mut moot = moot_with(&mover).await;
    let (works, fails) = (moot.context(moot.root).await, moot.context(moot.root).await);
    mover.breaks(fails);
    moot.alice.upgrade_group(ME, moot.root, target(Some(UpgradePolicy::Automatic))).await.expect("alice upgrades");
    eventually("both were tried", || async {
        status(&moot, works).await == ContextStatus::Moved
            && matches!(status(&moot, fails).await, ContextStatus::Waiting(row) if row.tries == 1)
    })
    .await;
    // Nothing is tried again before its time, so no move is under way as the node ends.
    moot.alice.shutdown().await;
    mover.mend();
    moot.home.clock.set(NOW + 10);
    moot.alice = moot.home.start().await;
    eventually("it is finished", || is_finished(&moot)).await;
    let tried: Vec<ContextId> = mover.moved().iter().map(|step| step.context).collect();
    assert_eq!(tried.iter().filter(|context| **context == works).count(), 1, "what had moved is not moved again");
    assert_eq!(tried.iter().filter(|context| **context == fails).count(), 2);
    moot.restart().await;
    assert_eq!(moot.alice.get_context(works).await.expect("it is there").runs, NEW);
    assert!(is_finished(&moot).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_that_is_joined_after_the_upgrade_is_moved_too() {
    let mover = Arc::new(Mover::default());
    let moot = moot_with(&mover).await;
    let context = moot.context(moot.root).await;
    moot.alice.leave_context(context, None).await.expect("alice leaves");
    moot.alice.upgrade_group(ME, moot.root, target(Some(UpgradePolicy::Automatic))).await.expect("alice upgrades");
    eventually("there is nothing to move", || is_finished(&moot)).await;
    assert_eq!(mover.moved(), []);
    moot.alice.join_context(context, None).await.expect("alice joins");
    eventually("it is moved", || async { !mover.moved().is_empty() && is_finished(&moot).await }).await;
    assert_eq!(moot.alice.get_context(context).await.expect("it is there").runs, NEW);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_target_moves_contexts_on_from_where_they_are() {
    let mover = Arc::new(Mover::default());
    let moot = moot_with(&mover).await;
    moot.context(moot.root).await;
    moot.alice.upgrade_group(ME, moot.root, target(Some(UpgradePolicy::Automatic))).await.expect("alice upgrades");
    eventually("it is finished", || is_finished(&moot)).await;
    let again = Target { application_id: [4; 32], ..target(None) };
    moot.alice.upgrade_group(ME, moot.root, again).await.expect("alice upgrades");
    eventually("it is moved on", || async { mover.moved().len() == 2 && is_finished(&moot).await }).await;
    let froms: Vec<[u8; 32]> = mover.moved().iter().map(|step| step.from_application).collect();
    assert_eq!(froms, [[2; 32], NEW]);
}

#[tokio::test]
async fn an_upgrade_is_refused_without_authority_without_a_change_and_where_there_is_no_group() {
    let moot = Moot::alone().await.with("bob", Role::Member, 0).await;
    assert_eq!(void(moot.alice.upgrade_group(by("bob"), moot.root, target(None)).await), VoidReason::Unauthorized);
    let same = Target { app_key: [1; 32], application_id: [2; 32], migration: None, policy: None };
    assert!(is_nothing_to_do(moot.alice.upgrade_group(ME, moot.root, same).await));
    let nowhere = GroupId([9; 32]);
    let refusal = refused(moot.alice.upgrade_group(ME, nowhere, target(None)).await);
    assert_eq!(refusal, Refusal::NoSuchGroup(nowhere));
}

#[tokio::test]
async fn where_no_upgrade_began_there_is_no_status_and_nothing_to_retry() {
    let moot = Moot::alone().await;
    let context = moot.context(moot.root).await;
    let none = Refusal::NoUpgrade(moot.root);
    assert_eq!(refused(moot.alice.get_group_upgrade_status(moot.root).await), none);
    assert_eq!(refused(moot.alice.retry_group_upgrade(moot.root).await), none);
    assert_eq!(refused(moot.alice.update_application(context).await), none);
    let nowhere = GroupId([9; 32]);
    assert_eq!(refused(moot.alice.get_group_upgrade_status(nowhere).await), Refusal::NoSuchGroup(nowhere));
}
