//! A disk that fails, and stands still, as it is told.

use crate::common::{Home, ME, kitchen};
use folkmoot::core::Role;
use folkmoot::store::{OpenError, Store, StoreOptions};
use folkmoot::{ContextManager, Event, Notice, RequestError};
use redb::StorageBackend;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

#[derive(Debug, Default)]
struct Inner {
    bytes: Mutex<Vec<u8>>,
    /// Of the next writes, so many succeed and the rest fail; 0 is no failure.
    fails_after: AtomicUsize,
    failing: AtomicBool,
    refuses_to_open: AtomicBool,
    blocked: Mutex<bool>,
    unblocked: Condvar,
    reached: AtomicBool,
    /// The manager's thread waits where it reads.
    reads_wait: AtomicBool,
}

/// A disk whose content outlives the stores on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Inner>);

impl Disk {
    /// Opens a store on it, each time anew.
    pub(crate) fn opener(&self) -> impl FnMut() -> Result<Store, OpenError> + Send + 'static {
        let disk = self.clone();
        move || {
            if disk.0.refuses_to_open.load(Ordering::SeqCst) {
                return Err(io::Error::other("no such device").into());
            }
            disk.0.failing.store(false, Ordering::SeqCst);
            disk.0.fails_after.store(0, Ordering::SeqCst);
            Store::on_backend(disk.clone(), &StoreOptions { cache_bytes: 1 << 20, ..StoreOptions::default() })
        }
    }

    /// All calls that write fail from the next but so many on, until the store is opened again.
    pub(crate) fn fail_after(&self, writes: usize) {
        self.0.fails_after.store(writes + 1, Ordering::SeqCst);
    }

    pub(crate) fn refuse_to_open(&self, refuse: bool) {
        self.0.refuses_to_open.store(refuse, Ordering::SeqCst);
    }

    /// The next sync waits.
    pub(crate) fn block(&self) {
        self.0.reached.store(false, Ordering::SeqCst);
        *self.0.blocked.lock().expect("nobody panics with it") = true;
    }

    pub(crate) fn unblock(&self) {
        *self.0.blocked.lock().expect("nobody panics with it") = false;
        self.0.unblocked.notify_all();
    }

    /// Opens a store from whose pages nothing is kept in memory; once it is open, the manager's thread waits where it reads
    /// it, until [`Self::let_it_read`]. Others do not.
    pub(crate) fn slow_opener(&self) -> impl FnMut() -> Result<Store, OpenError> + Send + 'static {
        let disk = self.clone();
        move || {
            let options = StoreOptions { cache_bytes: 0, check_pages_up_to: 0, ..StoreOptions::default() };
            let store = Store::on_backend(disk.clone(), &options)?;
            disk.0.reads_wait.store(true, Ordering::SeqCst);
            Ok(store)
        }
    }

    pub(crate) fn let_it_read(&self) {
        self.0.reads_wait.store(false, Ordering::SeqCst);
    }

    pub(crate) async fn wait_for_block(&self) {
        while !self.0.reached.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn writing(&self) -> io::Result<()> {
        let left = self.0.fails_after.load(Ordering::SeqCst);
        if left == 1 {
            self.0.failing.store(true, Ordering::SeqCst);
        } else if left > 1 {
            self.0.fails_after.store(left - 1, Ordering::SeqCst);
        }
        if self.0.failing.load(Ordering::SeqCst) { Err(io::Error::other("the disk is gone")) } else { Ok(()) }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.bytes.lock().expect("nobody panics with it").len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let managers = || std::thread::current().name() == Some("folkmoot");
        while self.0.reads_wait.load(Ordering::SeqCst) && managers() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let bytes = self.0.bytes.lock().expect("nobody panics with it");
        let at = usize::try_from(offset).expect("small");
        let from = bytes.get(at..at + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(from);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.writing()?;
        self.0.bytes.lock().expect("nobody panics with it").resize(usize::try_from(len).expect("small"), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.writing()?;
        let mut blocked = self.0.blocked.lock().expect("nobody panics with it");
        while *blocked {
            self.0.reached.store(true, Ordering::SeqCst);
            blocked = self.0.unblocked.wait(blocked).expect("nobody panics with it");
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.writing()?;
        let mut bytes = self.0.bytes.lock().expect("nobody panics with it");
        let at = usize::try_from(offset).expect("small");
        if bytes.len() < at + data.len() {
            bytes.resize(at + data.len(), 0);
        }
        bytes[at..at + data.len()].copy_from_slice(data);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_is_told_and_the_manager_comes_back_from_disk_with_all_that_was_acknowledged() {
    let disk = Disk::default();
    let client = ContextManager::start_with(disk.opener(), Home::alone().setup).await.expect("it starts");
    let namespace = client.create_namespace(kitchen(), None).await.expect("alice founds");
    let (root, mut acknowledged) = (namespace.into(), 1);
    let mut events = client.events();
    let mut failures = 0;
    for writes in 0.. {
        disk.fail_after(writes);
        let person = crate::common::who(&format!("p{writes}"));
        match client.add_group_members(ME, root, vec![(person, Role::Member)]).await {
            Ok(_) if failures > 0 => break,
            Ok(_) => panic!("the first write fails"),
            Err(error) => {
                failures += 1;
                assert!(matches!(error, RequestError::Unknown(_) | RequestError::NotWritten(_)), "{error}");
                assert!(error.ask_again());
            }
        }
        loop {
            if events.next().await == Some(Notice::Event(Event::Recovered)) {
                break;
            }
        }
        // What is there is all that was acknowledged, and perhaps what was in flight.
        let there = client.counts(namespace).await.expect("it is here").ops;
        assert!(there == acknowledged || there == acknowledged + 1, "{there} ops, {acknowledged} acknowledged");
        acknowledged = there;
        let known = client.member_info(root, person).await.is_ok();
        if !known {
            client.add_group_members(ME, root, vec![(person, Role::Member)]).await.expect("asked again, it is done");
            acknowledged += 1;
        }
    }
    assert!(failures > 3, "{failures} places to fail at");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_cannot_be_opened_every_request_says_so_and_then_the_manager_comes_back() {
    let disk = Disk::default();
    let client = ContextManager::start_with(disk.opener(), Home::alone().setup).await.expect("it starts");
    let namespace = client.create_namespace(kitchen(), None).await.expect("alice founds");
    disk.refuse_to_open(true);
    disk.fail_after(0);
    client.set_group_alias(ME, namespace.into(), "Pantry".to_owned()).await.expect_err("the disk is gone");
    let error = client.heads(namespace).await.expect_err("there is no store");
    assert!(matches!(&error, RequestError::Down(why) if why.contains("no such device")), "{error}");
    assert!(error.ask_again());
    disk.refuse_to_open(false);
    crate::common::eventually("it comes back", || async { client.heads(namespace).await.is_ok() }).await;
    client.set_group_alias(ME, namespace.into(), "Pantry".to_owned()).await.expect("the disk is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_opened_at_first_is_an_error_of_starting() {
    let disk = Disk::default();
    disk.refuse_to_open(true);
    let error = ContextManager::start_with(disk.opener(), Home::alone().setup).await.expect_err("there is no store");
    assert!(error.to_string().contains("no such device"), "{error}");
}
