//! Encode and decode are each other's inverse on all bytes that are accepted.

use crate::case::{cases, hold};
use folkmoot_proptests::laws::bytes;
use proptest::prelude::*;
use std::cell::Cell;

#[test]
fn ops_decode_to_themselves_and_damaged_ones_are_refused_or_are_what_they_encode_to() {
    let (tried, decoded) = (Cell::new(0), Cell::new(0));
    hold("ops", 60, cases(), |case| {
        let done = bytes::ops_travel_unchanged(&case.ops(), 40, case.draw)?;
        tried.set(tried.get() + done.0);
        decoded.set(decoded.get() + done.1);
        Ok(())
    });
    println!("{} damaged ops, {} of them decode", tried.get(), decoded.get());
    assert!(decoded.get() > 1_000, "only {} damaged ops decode", decoded.get());
}

#[test]
fn any_bytes_that_decode_encode_to_the_same() {
    hold("bytes", 20_000, prop::collection::vec(any::<u8>(), 0..400), |bytes| {
        bytes::what_decodes_encodes_to_the_same(bytes)?;
        bytes::what_decodes_as_a_message_encodes_to_the_same(bytes)
    });
}

#[test]
fn messages_of_a_catch_up_travel_unchanged() {
    hold("messages", 40, cases(), |case| {
        let history = case.history();
        bytes::messages_travel_unchanged(&history.ops, &history.namespace, 200, case.draw)
    });
}

#[test]
fn a_snapshot_reads_back_and_a_damaged_one_is_an_error() {
    hold("snapshots", 60, cases(), |case| bytes::a_damaged_snapshot_is_an_error(&case.ops(), 100, case.draw));
}
