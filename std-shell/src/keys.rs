//! This node's secret keys at rest.
//!
//! A store's file is readable by its owner only, from its first byte on. With a passphrase the secrets in it are
//! encrypted besides:
//!
//! ```text
//! passphrase ── Argon2id, salt ──► wrapping key ── opens ──► data key ── XChaCha20-Poly1305 ──► each secret
//! ```
//!
//! A secret's place in the table is authenticated with it, so no secret can be put in another's place. Without a
//! passphrase the owner's rights to the file are the only protection, and the pages of a removed key stay in the file
//! until they are used again; with one, nothing legible is ever written.

use crate::store::limits::MAX_PASSPHRASE_BYTES;
use crate::store::{Fault, OpenError};
use argon2::{Algorithm, Argon2, Params, Version};
use borsh::{BorshDeserialize, BorshSerialize};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use std::fmt;
use std::io;
use zeroize::Zeroizing;

const WRAP_DOMAIN: &[u8] = b"folkmoot/keys/v1";
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

/// What new stores use: OWASP's first recommendation for Argon2id, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// And passes over that memory.
const PASSES: u32 = 2;
/// More than this is not read from a file: one GiB.
const MAX_MEMORY_KIB: u32 = 1 << 20;
/// More passes than this are not read from a file.
const MAX_PASSES: u32 = 64;

/// A passphrase. Wiped when dropped; never printed.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase over; the caller wipes its own copies.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}

/// How a file's secrets are kept, as the file says it.
#[derive(Clone, BorshSerialize, BorshDeserialize)]
pub(crate) enum VaultRow {
    /// As they are.
    Plain,
    /// Encrypted by a data key, which is encrypted by a key that comes of a passphrase.
    Passphrase { salt: [u8; 16], memory_kib: u32, passes: u32, nonce: [u8; NONCE_BYTES], wrapped: [u8; 48] },
}

/// Opens and closes secrets.
pub(crate) enum Vault {
    /// They are kept as they are.
    Plain,
    /// They are encrypted by this data key.
    Sealed(Zeroizing<[u8; SECRET_BYTES]>),
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Vault(plain)",
            Self::Sealed(_) => "Vault(sealed, key redacted)",
        })
    }
}

/// Fills bytes from the system's randomness.
pub(crate) fn fill_random(out: &mut [u8]) -> Result<(), io::Error> {
    getrandom::fill(out).map_err(io::Error::from)
}

impl Vault {
    /// A new vault, encrypted if there is a passphrase.
    pub(crate) fn create(passphrase: Option<&Passphrase>) -> Result<(VaultRow, Self), OpenError> {
        let Some(passphrase) = passphrase else { return Ok((VaultRow::Plain, Self::Plain)) };
        let mut data_key = Zeroizing::new([0; SECRET_BYTES]);
        let (mut salt, mut nonce) = ([0; 16], [0; NONCE_BYTES]);
        fill_random(&mut *data_key)?;
        fill_random(&mut salt)?;
        fill_random(&mut nonce)?;
        let wrapping = wrapping_key(passphrase, &salt, MEMORY_KIB, PASSES)?;
        let closed = encrypt(&wrapping, &nonce, WRAP_DOMAIN, &data_key)?;
        let wrapped = closed.try_into().map_err(|_| Fault::damaged("the cipher"))?;
        let row = VaultRow::Passphrase { salt, memory_kib: MEMORY_KIB, passes: PASSES, nonce, wrapped };
        Ok((row, Self::Sealed(data_key)))
    }

    /// The vault that a file describes.
    pub(crate) fn open(row: &VaultRow, passphrase: Option<&Passphrase>) -> Result<Self, OpenError> {
        match (row, passphrase) {
            (VaultRow::Plain, None) => Ok(Self::Plain),
            (VaultRow::Plain, Some(_)) => Err(OpenError::WrongPassphrase),
            (VaultRow::Passphrase { .. }, None) => Err(OpenError::PassphraseNeeded),
            (VaultRow::Passphrase { salt, memory_kib, passes, nonce, wrapped }, Some(passphrase)) => {
                if *memory_kib > MAX_MEMORY_KIB || *passes > MAX_PASSES {
                    return Err(Fault::damaged("how the keys are encrypted").into());
                }
                let wrapping = wrapping_key(passphrase, salt, *memory_kib, *passes)?;
                let data_key = decrypt(&wrapping, nonce, WRAP_DOMAIN, wrapped).ok_or(OpenError::WrongPassphrase)?;
                Ok(Self::Sealed(data_key))
            }
        }
    }

    /// The bytes to store for a secret at this place.
    pub(crate) fn close_secret(&self, place: &[u8], secret: &[u8; SECRET_BYTES]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let Self::Sealed(data_key) = self else { return Ok(Zeroizing::new(secret.to_vec())) };
        let mut nonce = [0; NONCE_BYTES];
        fill_random(&mut nonce)?;
        let mut out = Zeroizing::new(nonce.to_vec());
        out.extend_from_slice(&encrypt(data_key, &nonce, place, secret)?);
        Ok(out)
    }

    /// The secret that was stored at this place.
    pub(crate) fn open_secret(&self, place: &[u8], stored: &[u8]) -> Result<Zeroizing<[u8; SECRET_BYTES]>, Fault> {
        let damaged = || Fault::damaged("a key");
        match self {
            Self::Plain => Ok(Zeroizing::new(stored.try_into().map_err(|_| damaged())?)),
            Self::Sealed(data_key) => {
                let (nonce, closed) = stored.split_first_chunk::<NONCE_BYTES>().ok_or_else(damaged)?;
                decrypt(data_key, nonce, place, closed).ok_or_else(damaged)
            }
        }
    }
}

fn wrapping_key(
    passphrase: &Passphrase,
    salt: &[u8; 16],
    memory_kib: u32,
    passes: u32,
) -> Result<Zeroizing<[u8; SECRET_BYTES]>, OpenError> {
    if passphrase.0.len() > MAX_PASSPHRASE_BYTES {
        return Err(OpenError::WrongPassphrase);
    }
    let damaged = |_| OpenError::Fault(Fault::damaged("how the keys are encrypted"));
    let params = Params::new(memory_kib, passes, 1, Some(SECRET_BYTES)).map_err(damaged)?;
    let mut key = Zeroizing::new([0; SECRET_BYTES]);
    let kdf = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    kdf.hash_password_into(passphrase.0.as_bytes(), salt, &mut *key).map_err(damaged)?;
    Ok(key)
}

fn encrypt(
    key: &[u8; SECRET_BYTES],
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    msg: &[u8; SECRET_BYTES],
) -> Result<Vec<u8>, Fault> {
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.encrypt(&XNonce::from(*nonce), Payload { msg, aad }).map_err(|_| Fault::damaged("the cipher"))
}

fn decrypt(
    key: &[u8; SECRET_BYTES],
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    msg: &[u8],
) -> Option<Zeroizing<[u8; SECRET_BYTES]>> {
    if msg.len() != SECRET_BYTES.saturating_add(TAG_BYTES) {
        return None;
    }
    let cipher = XChaCha20Poly1305::new(key.into());
    let open = Zeroizing::new(cipher.decrypt(&XNonce::from(*nonce), Payload { msg, aad }).ok()?);
    Some(Zeroizing::new(open.as_slice().try_into().ok()?))
}
