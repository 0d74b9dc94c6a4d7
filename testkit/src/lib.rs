//! A moot under weather: replicas in virtual time, a network that loses, repeats, delays and divides, disks that lose
//! what was not synced, and somebody who lies. Never published.
//!
//! No real time, no threads, no I/O: one seed is one history, and its [`Trace`](trace::Trace) has one hash.
//!
//! ```
//! use folkmoot_testkit::cluster::{Config, run};
//! use folkmoot_testkit::faults::Faults;
//!
//! let report = run(&Config { faults: Faults { loss: 30, ..Faults::NONE }, ..Config::new(7) }).expect("they agree");
//! assert!(report.ops > 0);
//! ```
//!
//! A simulation has two phases. In the first everything that [`faults::Faults`] names goes wrong, while honest people act
//! on what they see and liars do as they like; [`checks`] look at every replica now and then. Then the faults stop, and
//! within [`cluster::BEATS_TO_AGREE`] heartbeats all honest replicas must hold the same.

pub mod people;
pub mod ops;
pub mod trace;
pub mod message;
pub mod verifier;
pub mod faults;
pub mod network;
pub mod store;
pub mod node;
pub mod actor;
pub mod liar;
pub mod forgery;
pub mod checks;
pub mod weather;
mod setup;
pub mod cluster;
