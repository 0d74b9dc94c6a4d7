//! Reading: files and stdin in, the bytes of ops out, each with its place.
//!
//! Everything is read and parsed before an engine sees anything, so broken input leaves nothing half done. Input is
//! *broken* if no ops can be made out in it (not hexadecimal, not JSON, no `ops`, not UTF-8, unreadable). Bytes that
//! can be made out but are no op are not this file's business: they are handed on, and refused where ops are decoded.

use crate::failure::Failure;
use crate::words::on_one_line;
use folkmoot_core::PublicKey;
use folkmoot_core::codec::Malformed;
use folkmoot_core::limits::MAX_OP_BYTES;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Most bytes of one input. All ops are held in memory: this is room for about 800,000 usual ones in hexadecimal.
/// More ops fit into several files.
const MAX_INPUT_BYTES: u64 = 512 << 20;

/// Most hexadecimal digits of one op. A longer line or string can be no op: it is not kept, only counted.
const MAX_OP_DIGITS: usize = 2 * MAX_OP_BYTES;

/// Most characters quoted of somebody else's error message.
const MAX_MESSAGE_CHARS: usize = 200;

/// One file, or stdin.
#[derive(Debug)]
pub(crate) struct Input {
    /// What to call it, on one line.
    pub(crate) name: String,
    /// Its ops, in its order.
    pub(crate) ops: Vec<GivenOp>,
    /// The names it gives to keys, if it is a vector file.
    pub(crate) people: BTreeMap<String, PublicKey>,
}

/// What an input says is an op.
#[derive(Debug)]
pub(crate) struct GivenOp {
    /// Where in its input it stands.
    pub(crate) place: Place,
    /// Its bytes, unless they are more than an op may have.
    pub(crate) bytes: Result<Vec<u8>, Malformed>,
}

/// Where in its input an op stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// A line of text, from 1.
    Line(usize),
    /// An element of `ops`, from 0.
    Element(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Element(index) => write!(f, "ops[{index}]"),
        }
    }
}

/// What is wrong with a string of hexadecimal digits.
enum NotHex {
    /// The byte offset of something that is no digit, and what it is.
    Digit(usize, char),
    /// So many digits, an odd number.
    Odd(usize),
}

/// A vector file, as far as it concerns us.
#[derive(Deserialize)]
struct VectorFile {
    /// Looked at one by one, so that an error can name the element.
    ops: Vec<serde_json::Value>,
    #[serde(default)]
    people: BTreeMap<String, PublicKey>,
}

/// Reads all inputs, in order.
pub(crate) fn read_all(files: &[PathBuf], mut stdin: impl Read) -> Result<Vec<Input>, Failure> {
    if files.iter().filter(|file| is_stdin(file)).count() > 1 {
        return Err(Failure::Input("stdin (-) can be read only once".into()));
    }
    files.iter().map(|file| read(file, &mut stdin)).collect()
}

fn read(file: &Path, stdin: &mut impl Read) -> Result<Input, Failure> {
    let name = if is_stdin(file) { "stdin".into() } else { on_one_line(&file.to_string_lossy()) };
    let broken = |why: String| Failure::Input(format!("{name}: {why}"));
    let bytes = if is_stdin(file) { slurp(stdin) } else { File::open(file).and_then(slurp) };
    let bytes = bytes.map_err(|error| broken(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_INPUT_BYTES {
        return Err(broken(format!("more than {MAX_INPUT_BYTES} bytes; split it into several files")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| broken(not_utf8(&bytes, error.valid_up_to())))?;
    let is_json = file.extension().is_some_and(|extension| extension == "json") || text.trim_start().starts_with('{');
    let (ops, people) = if is_json { parse_json(text) } else { parse_lines(text) }.map_err(broken)?;
    Ok(Input { name, ops, people })
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// All of it, or one byte more than is allowed.
fn slurp(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

type Parsed = (Vec<GivenOp>, BTreeMap<String, PublicKey>);

/// Plain text: one op a line.
fn parse_lines(text: &str) -> Result<Parsed, String> {
    let mut ops = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let number = index + 1;
        let digits = line.trim_ascii();
        if digits.is_empty() || digits.starts_with('#') {
            continue;
        }
        let indent = line.len() - line.trim_ascii_start().len();
        let bytes = unhex(digits).map_err(|wrong| match wrong {
            NotHex::Digit(at, found) => {
                format!("line {number}, column {}: {found:?} is no hexadecimal digit", indent + at + 1)
            }
            NotHex::Odd(count) => format!("line {number}: {count} hexadecimal digits, an odd number"),
        })?;
        ops.push(GivenOp { place: Place::Line(number), bytes });
    }
    Ok((ops, BTreeMap::new()))
}

/// A vector file: a JSON object with `ops`, and maybe `people`.
fn parse_json(text: &str) -> Result<Parsed, String> {
    let file: VectorFile = serde_json::from_str(text).map_err(|error| not_a_vector_file(&error))?;
    let mut ops = Vec::with_capacity(file.ops.len());
    for (index, element) in file.ops.into_iter().enumerate() {
        let Some(digits) = element.as_str() else {
            return Err(format!("ops[{index}]: not a string of hexadecimal digits"));
        };
        let bytes = unhex(digits).map_err(|wrong| match wrong {
            NotHex::Digit(at, found) => format!("ops[{index}], digit {}: {found:?} is no hexadecimal digit", at + 1),
            NotHex::Odd(count) => format!("ops[{index}]: {count} hexadecimal digits, an odd number"),
        })?;
        ops.push(GivenOp { place: Place::Element(index), bytes });
    }
    Ok((ops, file.people))
}

/// Says what is wrong with JSON, and where. The message may quote the file, so it is kept short.
fn not_a_vector_file(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "not a vector file" } else { "not JSON" };
    let why = on_one_line(&error.to_string());
    match why.char_indices().nth(MAX_MESSAGE_CHARS) {
        None => format!("{what}: {why}"),
        Some((end, _)) => {
            let start = why.get(..end).unwrap_or_default();
            format!("{what}: {start}\u{2026} at line {} column {}", error.line(), error.column())
        }
    }
}

/// The bytes that the digits stand for. More digits than any op has are looked at but not kept: the inner error is
/// then the one with which the bytes would be refused.
fn unhex(digits: &str) -> Result<Result<Vec<u8>, Malformed>, NotHex> {
    if let Some((at, found)) = digits.char_indices().find(|(_, found)| !found.is_ascii_hexdigit()) {
        return Err(NotHex::Digit(at, found));
    }
    if !digits.len().is_multiple_of(2) {
        return Err(NotHex::Odd(digits.len()));
    }
    if digits.len() > MAX_OP_DIGITS {
        return Ok(Err(Malformed::TooLong(digits.len() / 2)));
    }
    let (pairs, _) = digits.as_bytes().as_chunks::<2>();
    Ok(Ok(pairs.iter().map(|[high, low]| (nibble(*high) << 4) | nibble(*low)).collect()))
}

/// The value of a byte that is known to be a hexadecimal digit.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

/// Says where text stops being UTF-8: everything before `at` is.
fn not_utf8(bytes: &[u8], at: usize) -> String {
    let before = String::from_utf8_lossy(bytes.get(..at).unwrap_or_default());
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let byte = bytes.get(at).copied().unwrap_or_default();
    format!("line {line}, column {column}: byte 0x{byte:02x} is not UTF-8")
}
