//! Input in which no ops can be made out: one line on stderr that says where and why, exit code 2, nothing on stdout.

use crate::common::{Folder, folkmoot, history_named, str_of, text, vector_folder};
use std::path::Path;

/// Replays files and checks that it fails as broken input must, in both forms of output. Returns the line.
#[track_caller]
fn broken(files: &[&Path], stdin: &[u8]) -> String {
    let files: Vec<&str> = files.iter().map(|file| str_of(file)).collect();
    let mut said = Vec::new();
    for form in [["replay"].as_slice(), &["replay", "--json"]] {
        let output = folkmoot(&[form, &files].concat(), stdin);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
        said.push(text(&output.stderr));
    }
    assert_eq!(said[0], said[1]);
    let line = said[0].strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    line.strip_prefix("folkmoot: ").unwrap().to_owned()
}

#[track_caller]
fn broken_stdin(stdin: impl AsRef<[u8]>) -> String {
    broken(&[Path::new("-")], stdin.as_ref())
}

#[test]
fn text_that_is_not_hexadecimal_is_named_by_line_and_column() {
    assert_eq!(broken_stdin("hello"), "stdin: line 1, column 1: 'h' is no hexadecimal digit");
    assert_eq!(broken_stdin("# ops\r\n\r\n  ab0g\r\n"), "stdin: line 3, column 6: 'g' is no hexadecimal digit");
    assert_eq!(broken_stdin("ab cd"), "stdin: line 1, column 3: ' ' is no hexadecimal digit");
    assert_eq!(broken_stdin("ab\u{1b}[2J"), "stdin: line 1, column 3: '\\u{1b}' is no hexadecimal digit");
    assert_eq!(broken_stdin("0xab"), "stdin: line 1, column 2: 'x' is no hexadecimal digit");
}

#[test]
fn an_odd_number_of_digits_is_named_by_line() {
    assert_eq!(broken_stdin("abcd\nabc"), "stdin: line 2: 3 hexadecimal digits, an odd number");
}

#[test]
fn a_line_longer_than_any_op_is_still_broken_if_it_is_not_hexadecimal() {
    let long = "a".repeat(1_000_000);
    assert_eq!(broken_stdin(format!("{long}g")), "stdin: line 1, column 1000001: 'g' is no hexadecimal digit");
    assert_eq!(broken_stdin(format!("{long}a")), "stdin: line 1: 1000001 hexadecimal digits, an odd number");
}

#[test]
fn bytes_that_are_not_utf_8_are_named_by_line_and_column() {
    assert_eq!(broken_stdin(b"# \xc3\xa9t\xc3\xa9\n# \xff"), "stdin: line 2, column 3: byte 0xff is not UTF-8");
    assert_eq!(broken_stdin(b"{\"ops\": [\"\xc3\"]}"), "stdin: line 1, column 11: byte 0xc3 is not UTF-8");
}

#[test]
fn json_that_does_not_parse_is_named_by_line_and_column() {
    assert_eq!(broken_stdin("{\"ops\": [\n"), "stdin: not JSON: EOF while parsing a list at line 2 column 0");
    assert_eq!(broken_stdin("{\"ops\": []} {"), "stdin: not JSON: trailing characters at line 1 column 13");
    assert_eq!(broken_stdin("{,"), "stdin: not JSON: key must be a string at line 1 column 2");
}

#[test]
fn json_nested_beyond_reason_is_an_error_and_no_crash() {
    let deep = format!("{{\"ops\": {}", "[".repeat(1_000_000));
    assert!(broken_stdin(deep).starts_with("stdin: not JSON: recursion limit exceeded at line 1 column"));
}

#[test]
fn json_without_ops_is_no_vector_file() {
    assert_eq!(broken_stdin("{}"), "stdin: not a vector file: missing field `ops` at line 1 column 2");
    assert!(broken(&[&vector_folder().join("wire.json")], b"").contains("wire.json: not a vector file"));
    assert!(broken_stdin("{\"ops\": \"ab\"}").starts_with("stdin: not a vector file: invalid type"));
}

#[test]
fn an_element_of_ops_that_is_no_op_is_named_by_its_index() {
    assert_eq!(broken_stdin(r#"{"ops": ["ab", 7]}"#), "stdin: ops[1]: not a string of hexadecimal digits");
    assert_eq!(broken_stdin(r#"{"ops": ["ab", "abxd"]}"#), "stdin: ops[1], digit 3: 'x' is no hexadecimal digit");
    assert_eq!(broken_stdin(r#"{"ops": ["ab", "abc"]}"#), "stdin: ops[1]: 3 hexadecimal digits, an odd number");
}

#[test]
fn people_that_are_no_keys_are_an_error() {
    let said = broken_stdin(r#"{"people": {"alice": "ab"}, "ops": []}"#);
    assert_eq!(said, "stdin: not a vector file: expected 64 hexadecimal digits, found 2 bytes at line 1 column 26");
}

#[test]
fn a_message_that_quotes_the_input_stays_short() {
    let said = broken_stdin(format!("{{\"ops\": \"{}\"}}", "x\\n\\u001b".repeat(100_000)));
    assert!(said.chars().count() < 400, "{} characters", said.chars().count());
    assert!(said.ends_with(" at line 1 column 900010"), "{said}");
}

#[test]
fn a_file_called_json_is_read_as_json_and_nothing_else() {
    let folder = Folder::new();
    let empty = folder.file("empty.json", "");
    assert_eq!(
        broken(&[&empty], b""),
        format!("{}: not JSON: EOF while parsing a value at line 1 column 0", str_of(&empty))
    );
    let list = folder.file("list.json", "[1]");
    assert!(broken(&[&list], b"").contains("list.json: not a vector file: "));
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = Folder::new();
    let missing = folder.path().join("missing");
    assert!(broken(&[&missing], b"").starts_with(&format!("{}: cannot be read: No such file", str_of(&missing))));
    assert!(broken(&[folder.path()], b"").contains(": cannot be read: "));
    let strange = folder.path().join("two\nlines\u{1b}");
    assert!(broken(&[&strange], b"").contains("two\\nlines\\u{1b}: cannot be read"));
}

#[test]
fn stdin_cannot_be_read_twice() {
    assert_eq!(broken(&[Path::new("-"), Path::new("-")], b""), "stdin (-) can be read only once");
}

#[test]
fn one_broken_file_among_good_ones_leaves_nothing_half_done() {
    let folder = Folder::new();
    let good = history_named("mutual_removal").path;
    let bad = folder.file("bad.txt", "abcd\nnope\n");
    let expected = format!("{}: line 2, column 1: 'n' is no hexadecimal digit", str_of(&bad));
    assert_eq!(broken(&[&good, &bad], b""), expected);
    assert_eq!(broken(&[&bad, &good], b""), expected);
}

#[test]
fn wrong_arguments_exit_with_2() {
    for args in [[].as_slice(), &["replay"], &["nonsense"], &["demo", "duel", "x"], &["replay", "--nonsense", "-"]] {
        let output = folkmoot(args, b"");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(text(&output.stdout), "");
    }
}
