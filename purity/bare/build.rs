//! Writes the ops of all histories of core/tests/vectors as plain bytes, for programs without files and JSON.
//!
//! For each history: its name and its number of ops, then the ops; names and ops with their lengths before them.
//! Numbers are 32 bits, little-endian.

use serde_json::Value;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../core/tests/vectors");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    let mut out = Vec::new();
    for file in files {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let vector: Value = serde_json::from_slice(&fs::read(&file)?)?;
        // The other vectors (wire.json, signatures.json) are cases, not histories.
        let Some(ops) = vector["ops"].as_array() else { continue };
        let name = file.file_stem().ok_or("a file without a name")?.to_string_lossy();
        put(&mut out, name.as_bytes())?;
        out.extend(u32::try_from(ops.len())?.to_le_bytes());
        for op in ops {
            put(&mut out, &unhex(op.as_str().ok_or("an op is a string")?)?)?;
        }
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("vectors.bin"), out)?;
    Ok(())
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    out.extend(u32::try_from(bytes.len())?.to_le_bytes());
    out.extend(bytes);
    Ok(())
}

fn unhex(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}
