//! The manager: alone, when its disk or its mailbox fails it, and among others.

#[allow(dead_code, reason = "shared with the tests of requests")]
#[path = "../requests/common.rs"]
mod common;
mod alone;
mod cluster;
mod disk;
mod peers;
mod secrets;
