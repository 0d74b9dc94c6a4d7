//! Bounds, listeners, metrics, the end.

use crate::common::{Home, ME, Moot, kitchen, who};
use crate::disk::Disk;
use folkmoot::core::Role;
use folkmoot::{ContextManager, Event, Metrics, Notice, RequestError};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mailbox_is_busy_and_what_was_in_it_is_answered() {
    let disk = Disk::default();
    let mut home = Home::alone();
    home.setup.config.mailbox = 2;
    let client = ContextManager::start_with(disk.opener(), home.setup.clone()).await.expect("it starts");
    let namespace = client.create_namespace(kitchen(), None).await.expect("alice founds");
    disk.block();
    let writer = client.clone();
    let writing = tokio::spawn(async move { writer.set_group_alias(ME, namespace.into(), "Pantry".to_owned()).await });
    disk.wait_for_block().await;
    // One is being written, and two wait.
    let (first, second) = (client.clone(), client.clone());
    let waiting = [
        tokio::spawn(async move { first.heads(namespace).await }),
        tokio::spawn(async move { second.heads(namespace).await }),
    ];
    let mut busy = false;
    for _ in 0..3 {
        // A request that is given up still has its place.
        busy |=
            matches!(timeout(Duration::from_millis(50), client.heads(namespace)).await, Ok(Err(RequestError::Busy)));
    }
    assert!(busy, "there is room for two");
    assert!(RequestError::Busy.ask_again());
    disk.unblock();
    writing.await.expect("no panic").expect("written");
    for answer in waiting {
        match answer.await.expect("no panic") {
            Ok(heads) => assert_eq!(heads.len(), 1),
            Err(error) => assert!(matches!(error, RequestError::Busy), "{error}"),
        }
    }
    client.heads(namespace).await.expect("there is room again");
}

#[tokio::test]
async fn a_slow_listener_is_told_how_much_it_missed_and_hears_the_rest() {
    let mut home = Home::alone();
    home.setup.config.events = 4;
    let moot = Moot::at(home).await;
    let mut events = moot.alice.events();
    for number in 0..10 {
        moot.alice.set_group_alias(ME, moot.root, format!("{number}")).await.expect("alice names it");
    }
    assert_eq!(events.next().await, Some(Notice::Gap { missed: 6 }));
    for number in 6..10 {
        let Some(Notice::Event(Event::Changed(folkmoot::core::Effect::GroupChanged { info, .. }))) =
            events.next().await
        else {
            panic!("the rest is told");
        };
        assert_eq!(info.alias, number.to_string());
    }
}

#[tokio::test]
async fn shutting_down_ends_listeners_and_refuses_what_comes_after_and_can_be_asked_twice() {
    let mut moot = Moot::alone().await;
    let mut events = moot.alice.events();
    moot.alice.shutdown().await;
    moot.alice.shutdown().await;
    assert_eq!(events.next().await, None);
    assert_eq!(moot.alice.events().next().await, None);
    let error = moot.alice.heads(moot.namespace).await.expect_err("it is shut down");
    assert!(matches!(error, RequestError::Closed) && !error.ask_again());
    moot.restart().await;
    assert_eq!(moot.alice.heads(moot.namespace).await.expect("it is back").len(), 1);
}

#[tokio::test]
async fn a_manager_ends_with_its_last_client_and_leaves_the_store_to_the_next() {
    let moot = Moot::alone().await;
    let (home, namespace) = (moot.home, moot.namespace);
    let mut events = moot.alice.events();
    drop(moot.alice);
    assert_eq!(events.next().await, None);
    // The store is closed a moment later.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(home.start().await.heads(namespace).await.expect("it is there").len(), 1);
}

#[tokio::test]
async fn a_second_manager_on_one_store_is_refused() {
    let moot = Moot::alone().await;
    let second = ContextManager::start(moot.home.store(), Default::default(), moot.home.setup.clone()).await;
    assert!(second.expect_err("it is in use").to_string().contains("in use"));
}

#[tokio::test]
async fn what_happens_is_counted_in_the_hosts_registry() {
    let mut registry = Registry::default();
    let mut home = Home::alone();
    home.setup.metrics = Metrics::register(&mut registry);
    let moot = Moot::at(home).await;
    moot.add(moot.root, "bob", Role::Member, 4).await;
    let log = crate::common::log(&moot.alice, moot.namespace).await;
    moot.alice.apply_signed_group_op(log[0].1.clone()).await.expect("it is here already");
    moot.alice.add_group_members(ME, moot.root, vec![(who("carol"), Role::Member)]).await.expect("alice adds");
    let mut text = String::new();
    encode(&mut text, &registry).expect("text");
    for line in [
        "folkmoot_ops_total{status=\"effective\"} 3",
        "folkmoot_ops_total{status=\"duplicate\"} 1",
        "folkmoot_heads 1",
        "folkmoot_namespaces 1",
        "folkmoot_pending 0",
        "folkmoot_commit_seconds_count 3",
        "folkmoot_heartbeat_divergence_total 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    for name in ["refolds", "refolded_ops", "mailbox", "dropped_messages", "recoveries", "unpublished", "equivocations"]
    {
        assert!(text.contains(&format!("# HELP folkmoot_{name} ")), "{name}: {text}");
    }
}

#[tokio::test]
async fn a_snapshot_is_written_now_and_then_and_spares_the_next_start_the_log() {
    let mut home = Home::alone();
    home.setup.config.snapshot_every = 10;
    let mut moot = Moot::at(home).await;
    for number in 0..25 {
        moot.alice.set_group_alias(ME, moot.root, format!("{number}")).await.expect("alice names it");
    }
    let digest = moot.alice.digest(moot.namespace).await.expect("it is here");
    moot.alice.shutdown().await;
    let store = folkmoot::store::Store::open(moot.home.store(), &Default::default()).expect("it opens");
    assert_eq!(store.snapshots().expect("it reads"), [10, 20]);
    let recovered = store.recover(Default::default()).expect("it recovers");
    assert_eq!((recovered.from_snapshot, recovered.replayed), (Some(20), 6));
    store.close().expect("it closes");
    moot.alice = moot.home.start().await;
    assert_eq!(moot.alice.digest(moot.namespace).await.expect("it is here"), digest);
}

#[tokio::test]
async fn the_store_is_read_while_the_engine_is_brought_back_and_the_client_is_asked_after_that() {
    let disk = Disk::default();
    let home = Home::alone();
    let client = ContextManager::start_with(disk.opener(), home.setup.clone()).await.expect("it starts");
    let root = client.create_namespace(kitchen(), None).await.expect("alice founds").into();
    client.add_group_members(ME, root, vec![(who("bob"), Role::Member)]).await.expect("alice adds bob");
    client.shutdown().await;
    let starting = ContextManager::begin_with(disk.slow_opener(), home.setup).await.expect("it opens");
    let bob = starting.read(|store| store.member(&root, &who("bob"))).expect("the engine cannot be back");
    assert_eq!(bob.expect("it is read").map(|record| record.role), Some(Role::Member));
    disk.let_it_read();
    let client = starting.ready().await.expect("it starts");
    assert_eq!(client.member_info(root, who("bob")).await.expect("she knows").role, Role::Member);
    client.add_group_members(ME, root, vec![(who("carol"), Role::Member)]).await.expect("alice adds carol");
}

#[tokio::test]
async fn a_manager_whose_start_nobody_waits_for_ends() {
    let disk = Disk::default();
    let home = Home::alone();
    let client = ContextManager::start_with(disk.opener(), home.setup.clone()).await.expect("it starts");
    let namespace = client.create_namespace(kitchen(), None).await.expect("alice founds");
    client.shutdown().await;
    drop(ContextManager::begin_with(disk.opener(), home.setup.clone()).await.expect("it opens"));
    let client = ContextManager::start_with(disk.opener(), home.setup).await.expect("it starts again");
    assert_eq!(client.heads(namespace).await.expect("it is there").len(), 1);
}
