//! The crash harness finds fault with redb 4.1.0. If it did not, its silence about the present one would mean nothing.

#[path = "../../../tests/crash/bare.rs"]
mod bare;
#[path = "../../../tests/crash/disk.rs"]
#[allow(dead_code, reason = "the store's tests use more of it")]
mod disk;
#[path = "../../../tests/crash/enumerate.rs"]
#[allow(dead_code, reason = "the store's tests use more of it")]
mod enumerate;

#[test]
fn redb_4_1_loses_a_file_that_was_acknowledged() {
    std::panic::set_hook(Box::new(|_| {}));
    let found = bare::crash_redb(enumerate::Effort { subsets: 40, tears: 2 });
    let _ = std::panic::take_hook();
    let violation = found.expect_err("the harness must find fault with redb 4.1.0");
    // Growth that was not synced before a header that speaks of it: the file cannot be opened any more.
    assert!(
        violation.contains("raw_file_len()? >= header.layout().len()") || violation.contains("truncated"),
        "{violation}"
    );
}
