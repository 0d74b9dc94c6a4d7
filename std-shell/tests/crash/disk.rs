//! A disk in memory that writes down what is done to it, and does not do what it is told not to.
//!
//! Built with the store's redb, and with the old one of the positive control.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// Something that was done to a disk.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// Bytes were written at a place.
    Write(u64, Vec<u8>),
    /// The file was made longer or shorter.
    SetLen(u64),
    /// All that came before is on disk from here on.
    Sync,
    /// The workload says: what I do from now on leads to this state.
    Begun(usize),
    /// The workload says: I was told that this state is durable.
    Acknowledged(usize),
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No space left on the device.
    NoSpace,
    /// The device does not answer.
    Device,
    /// The first half of a write is done, then the device does not answer.
    Half,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    events: Vec<Event>,
    records: bool,
    /// Calls that can fail, so far.
    calls: u64,
    /// Which call fails, and how.
    fail: BTreeMap<u64, Failure>,
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// A disk that holds these bytes and writes nothing down.
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { bytes, ..State::default() })))
    }

    /// A disk that holds these bytes and writes down what is done to it.
    pub(crate) fn recording(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { bytes, records: true, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The bytes it holds now.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// What was done to it so far.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.state().events.clone()
    }

    /// How many calls there were that can fail.
    pub(crate) fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Lets a later call fail.
    pub(crate) fn fail(&self, call: u64, how: Failure) {
        self.state().fail.insert(call, how);
    }

    /// Writes down what the workload says.
    pub(crate) fn note(&self, event: Event) {
        let mut state = self.state();
        if state.records {
            state.events.push(event);
        }
    }

    /// Counts a call that can fail, and says whether and how it does.
    fn call(state: &mut State) -> Option<Failure> {
        let call = state.calls;
        state.calls += 1;
        state.fail.get(&call).copied()
    }
}

fn error(how: Failure) -> io::Error {
    match how {
        Failure::NoSpace => io::Error::from(io::ErrorKind::StorageFull),
        Failure::Device | Failure::Half => io::Error::from_raw_os_error(5),
    }
}

fn place(at: u64) -> usize {
    usize::try_from(at).expect("a small disk")
}

/// Writes into a file of fixed length; what would lie beyond its end is lost.
pub(crate) fn write_at(bytes: &mut [u8], at: u64, data: &[u8]) {
    let Some(room) = bytes.get_mut(place(at)..) else { return };
    let len = data.len().min(room.len());
    room[..len].copy_from_slice(&data[..len]);
}

impl redb::StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.state().bytes.len() as u64)
    }

    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let mut state = self.state();
        if let Some(how) = Self::call(&mut state) {
            return Err(error(how));
        }
        let end = place(at).checked_add(out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let found = state.bytes.get(place(at)..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        let mut state = self.state();
        if let Some(how) = Self::call(&mut state) {
            return Err(error(how));
        }
        state.bytes.resize(place(len), 0);
        if state.records {
            state.events.push(Event::SetLen(len));
        }
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut state = self.state();
        if let Some(how) = Self::call(&mut state) {
            return Err(error(how));
        }
        if state.records {
            state.events.push(Event::Sync);
        }
        Ok(())
    }

    fn write(&self, at: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut state = self.state();
        let failed = Self::call(&mut state);
        let done = if failed == Some(Failure::Half) { &data[..data.len() / 2] } else { data };
        if failed.is_none() || failed == Some(Failure::Half) {
            assert!(place(at) + data.len() <= state.bytes.len(), "redb writes within the file");
            write_at(&mut state.bytes, at, done);
            if state.records {
                state.events.push(Event::Write(at, done.to_vec()));
            }
        }
        failed.map_or(Ok(()), |how| Err(error(how)))
    }
}
