//! Files of ops: what authors wrote and a measurement reads. Each op is a tag, a length and its bytes on the wire.

use crate::{Fallible, verify};
use folkmoot::verify::BatchVerifier;
use folkmoot_core::{ReceiveError, VerifiedOp};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

/// So many signatures are checked together.
const VERIFIED_TOGETHER: usize = 64;

/// Whether the work on an op is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// It only prepares the engine.
    Setup,
    /// It is measured.
    Measured,
}

/// Writes a file of ops: first those of the setup, then those to be measured.
#[derive(Debug)]
pub(crate) struct Writer {
    file: BufWriter<File>,
}

impl Writer {
    /// Begins a file.
    pub(crate) fn create(path: &Path) -> Fallible<Self> {
        Ok(Self { file: BufWriter::new(File::create(path)?) })
    }

    /// Adds an op that prepares the engine.
    pub(crate) fn setup(&mut self, op: &VerifiedOp) -> Fallible<()> {
        self.op(0, op)
    }

    /// Adds an op to be measured.
    pub(crate) fn measured(&mut self, op: &VerifiedOp) -> Fallible<()> {
        self.op(1, op)
    }

    fn op(&mut self, tag: u8, op: &VerifiedOp) -> Fallible<()> {
        let bytes = op.signed().encode();
        self.file.write_all(&[tag])?;
        self.file.write_all(&u32::try_from(bytes.len())?.to_le_bytes())?;
        self.file.write_all(&bytes)?;
        Ok(())
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Fallible<()> {
        self.file.flush()?;
        Ok(())
    }
}

/// Reads a file of ops.
#[derive(Debug)]
pub(crate) struct Reader {
    file: BufReader<File>,
    /// The part that the next op belongs to; none at the end.
    next: Option<Part>,
    verifier: BatchVerifier,
}

impl Reader {
    /// Opens a file.
    pub(crate) fn open(path: &Path) -> Fallible<Self> {
        // What it takes to check signatures is no part of what is measured, so it has its memory from the start.
        let verifier = verify::warm(VERIFIED_TOGETHER)?;
        let mut reader = Self { file: BufReader::new(File::open(path)?), next: None, verifier };
        reader.read_tag()?;
        Ok(reader)
    }

    fn read_tag(&mut self) -> Fallible<()> {
        let mut tag = [0u8; 1];
        self.next = match self.file.read(&mut tag)? {
            0 => None,
            _ if tag[0] == 0 => Some(Part::Setup),
            _ => Some(Part::Measured),
        };
        Ok(())
    }

    /// The next ops of a part, at most so many, with their signatures checked; none when the part is over.
    pub(crate) fn take(&mut self, part: Part, most: usize) -> Fallible<Vec<VerifiedOp>> {
        let mut wires = Vec::new();
        while wires.len() < most && self.next == Some(part) {
            wires.push(self.bytes()?);
        }
        // On this thread: what others allocate costs more to free, and that is measured. Few at a time, as memory is
        // measured, too.
        let received = |wires: &[Vec<u8>]| VerifiedOp::receive_all::<ReceiveError>(wires, &mut self.verifier);
        Ok(wires.chunks(VERIFIED_TOGETHER).flat_map(received).collect::<Result<_, _>>()?)
    }

    /// All that is left, as it travels.
    pub(crate) fn rest(mut self) -> Fallible<Vec<Vec<u8>>> {
        let mut out = Vec::new();
        while self.next.is_some() {
            out.push(self.bytes()?);
        }
        Ok(out)
    }

    fn bytes(&mut self) -> Fallible<Vec<u8>> {
        let mut length = [0u8; 4];
        self.file.read_exact(&mut length)?;
        let mut bytes = vec![0; usize::try_from(u32::from_le_bytes(length))?];
        self.file.read_exact(&mut bytes)?;
        self.read_tag()?;
        Ok(bytes)
    }
}
