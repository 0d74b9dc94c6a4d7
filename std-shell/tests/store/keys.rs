//! Secrets: who may read the file, passphrases, and that no key byte gets anywhere it does not belong.

use crate::common::{StoreFile, in_memory, test_options};
use folkmoot::keys::Passphrase;
use folkmoot::store::limits::MAX_PASSPHRASE_BYTES;
use folkmoot::store::{CommitError, IssuedInvitation, LocalChange, OpenError, Store, StoreOptions};
use folkmoot_core::limits::MAX_SIGNING_KEYS;
use folkmoot_core::{GroupId, GroupInvitation, NamespaceId, Role, SigningKey};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex, PoisonError};

const SEED: [u8; 32] = *b"alice's secret seed, 32 bytes...";
const BEARER: [u8; 32] = *b"the bearer's secret, 32 bytes...";
const GROUP: GroupId = GroupId([7; 32]);

fn with_passphrase(text: &str) -> StoreOptions {
    StoreOptions { passphrase: Some(Passphrase::new(text)), ..test_options() }
}

fn invitation(alice: &SigningKey) -> GroupInvitation {
    GroupInvitation {
        namespace_id: NamespaceId([7; 32]),
        group_id: GROUP,
        inviter: alice.public(),
        bearer: SigningKey::from_seed(BEARER).public(),
        invitee: None,
        role: Role::Member,
        max_uses: 1,
        expires_at: None,
    }
}

/// Keeps alice's key and the bearer's.
fn keep_secrets(store: &mut Store) {
    let alice = SigningKey::from_seed(SEED);
    let invitation = invitation(&alice);
    let inviter_signature = invitation.sign(&alice);
    let issued = Box::new(IssuedInvitation { invitation, inviter_signature, issued_at: 1 });
    let kept = [
        LocalChange::KeepKey { group: GROUP, key: alice },
        LocalChange::KeepInvitation { issued, bearer: SigningKey::from_seed(BEARER) },
    ];
    store.commit_local(&kept).expect("kept");
}

fn assert_secrets_are_there(store: &Store) {
    let alice = SigningKey::from_seed(SEED);
    let ring = store.signing_keys().expect("readable");
    let found = ring.resolve([GROUP], &alice.public()).expect("alice's key");
    assert_eq!(found.expose_seed(), &SEED);
    let (issued, bearer) =
        store.issued_invitation(&invitation(&alice).id()).expect("readable").expect("the invitation");
    assert_eq!(issued.invitation, invitation(&alice));
    assert_eq!(bearer.expose_seed(), &BEARER);
}

fn mode(file: &StoreFile) -> u32 {
    fs::metadata(file.path()).expect("the file").permissions().mode() & 0o777
}

#[test]
fn only_the_owner_may_read_the_file_from_its_first_byte_on() {
    let file = StoreFile::new();
    let _store = Store::create(file.path(), &test_options()).expect("created");
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn a_left_over_file_that_others_may_read_is_not_taken_over_as_it_is() {
    let file = StoreFile::new();
    fs::write(file.scratch(), b"left over").expect("written");
    fs::set_permissions(file.scratch(), fs::Permissions::from_mode(0o644)).expect("set");
    let _store = Store::create(file.path(), &test_options()).expect("created");
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn a_file_that_others_may_read_or_write_is_refused() {
    let file = StoreFile::new();
    drop(Store::create(file.path(), &test_options()).expect("created"));
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o777] {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("set");
        let refused = Store::open(file.path(), &test_options());
        assert!(matches!(refused, Err(OpenError::KeysTooOpen { mode: found }) if found == mode), "{mode:o}");
    }
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).expect("set");
    Store::open(file.path(), &test_options()).expect("the owner's alone");
}

#[test]
fn secrets_come_back_after_a_restart() {
    let file = StoreFile::new();
    let mut store = Store::create(file.path(), &test_options()).expect("created");
    keep_secrets(&mut store);
    drop(store);
    assert_secrets_are_there(&Store::open(file.path(), &test_options()).expect("opened"));
}

#[test]
fn a_forgotten_key_is_gone() {
    let file = StoreFile::new();
    let mut store = Store::create(file.path(), &test_options()).expect("created");
    keep_secrets(&mut store);
    let alice = SigningKey::from_seed(SEED);
    let forget = [
        LocalChange::ForgetKey { group: GROUP, identity: alice.public() },
        LocalChange::ForgetInvitation { invitation: invitation(&alice).id() },
    ];
    store.commit_local(&forget).expect("forgotten");
    assert!(store.signing_keys().expect("readable").is_empty());
    assert!(store.issued_invitation(&invitation(&alice).id()).expect("readable").is_none());
}

#[test]
fn encrypted_secrets_need_the_passphrase_they_were_closed_with() {
    let file = StoreFile::new();
    let mut store = Store::create(file.path(), &with_passphrase("correct horse")).expect("created");
    keep_secrets(&mut store);
    drop(store);
    assert!(matches!(Store::open(file.path(), &test_options()), Err(OpenError::PassphraseNeeded)));
    assert!(matches!(Store::open(file.path(), &with_passphrase("battery staple")), Err(OpenError::WrongPassphrase)));
    assert_secrets_are_there(&Store::open(file.path(), &with_passphrase("correct horse")).expect("opened"));
}

#[test]
fn a_passphrase_for_a_file_that_is_not_encrypted_is_refused() {
    let file = StoreFile::new();
    drop(Store::create(file.path(), &test_options()).expect("created"));
    assert!(matches!(Store::open(file.path(), &with_passphrase("any")), Err(OpenError::WrongPassphrase)));
}

#[test]
fn a_passphrase_is_as_long_as_it_may_be_and_no_longer() {
    let (longest, longer) = ("x".repeat(MAX_PASSPHRASE_BYTES), "x".repeat(MAX_PASSPHRASE_BYTES + 1));
    let file = StoreFile::new();
    drop(Store::create(file.path(), &with_passphrase(&longest)).expect("created"));
    Store::open(file.path(), &with_passphrase(&longest)).expect("opened");
    assert!(matches!(Store::open(file.path(), &with_passphrase(&longer)), Err(OpenError::WrongPassphrase)));
}

/// Whether some bytes hold a secret, or half of one.
fn leaks(bytes: &[u8]) -> bool {
    [SEED, BEARER].iter().any(|secret| {
        let (first, second) = secret.split_at(16);
        bytes.windows(16).any(|window| window == first || window == second)
    })
}

/// Hexadecimal, decimal and text, as Debug may write bytes.
fn leaks_in_text(text: &str) -> bool {
    let lists = [SEED, BEARER].iter().flat_map(|secret| {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let decimal = format!("{secret:?}");
        [hex[..16].to_owned(), hex.to_uppercase()[..16].to_owned(), decimal[1..30].to_owned()]
    });
    leaks(text.as_bytes()) || lists.into_iter().any(|needle| text.contains(&needle))
}

#[test]
fn the_search_for_leaks_finds_one() {
    assert!(leaks(&[b"before ".as_slice(), &SEED, b" after"].concat()));
    assert!(leaks_in_text(&format!("{SEED:?}")));
    assert!(leaks_in_text(&format!("{}", folkmoot_core::Hash(BEARER))));
}

#[test]
fn no_key_byte_is_in_any_row_outside_the_table_of_keys() {
    let file = StoreFile::new();
    let mut store = Store::create(file.path(), &test_options()).expect("created");
    keep_secrets(&mut store);
    drop(store);
    let db = Database::open(file.path()).expect("a database");
    let txn = db.begin_read().expect("readable");
    let mut in_keys = 0;
    for name in ["folkmoot", "index", "state", "local", "keys"] {
        let table = txn.open_table(TableDefinition::<&[u8], &[u8]>::new(name)).expect("a table");
        for row in table.iter().expect("readable") {
            let (key, value) = row.expect("readable");
            let found = leaks(key.value()) || leaks(value.value());
            assert!(!found || name == "keys", "a secret in table {name}");
            in_keys += usize::from(found);
        }
    }
    assert_eq!(in_keys, 2, "both secrets are where they belong");
}

#[test]
fn with_a_passphrase_no_key_byte_is_anywhere_in_the_file() {
    let file = StoreFile::new();
    let plain = StoreFile::new();
    for (file, options) in [(&file, with_passphrase("correct horse")), (&plain, test_options())] {
        let mut store = Store::create(file.path(), &options).expect("created");
        keep_secrets(&mut store);
        store
            .commit_local(&[LocalChange::ForgetKey { group: GROUP, identity: SigningKey::from_seed(SEED).public() }])
            .expect("forgotten");
        drop(store);
    }
    assert!(leaks(&fs::read(plain.path()).expect("readable")), "without one they are");
    assert!(!leaks(&fs::read(file.path()).expect("readable")));
}

#[test]
fn no_key_byte_is_printed() {
    let file = StoreFile::new();
    let options = with_passphrase("correct horse");
    let mut store = Store::create(file.path(), &options).expect("created");
    keep_secrets(&mut store);
    let alice = SigningKey::from_seed(SEED);
    let change = LocalChange::KeepKey { group: GROUP, key: alice.clone() };
    let ring = store.signing_keys().expect("readable");
    let texts = [
        format!("{store:?} {store:#?}"),
        format!("{options:?} {:?}", options.passphrase),
        format!("{change:?} {:?}", store.issued_invitation(&invitation(&alice).id())),
        format!("{ring:?} {alice:?}"),
    ];
    for text in texts {
        assert!(!leaks_in_text(&text), "{text}");
        assert!(!text.contains("correct horse"), "{text}");
    }
}

#[test]
fn no_key_byte_is_in_an_error_or_a_panic_over_a_damaged_key() {
    let texts = Arc::new(Mutex::new(Vec::<String>::new()));
    let heard = Arc::clone(&texts);
    let usual = std::panic::take_hook();
    // Tests beside this one may panic as well; what they say is looked at, and passed on.
    std::panic::set_hook(Box::new(move |info| {
        heard.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{info} {info:?}"));
        usual(info);
    }));
    let whole = StoreFile::new();
    let mut store = Store::create(whole.path(), &test_options()).expect("created");
    keep_secrets(&mut store);
    drop(store);
    let bytes = fs::read(whole.path()).expect("readable");
    let place = bytes.windows(32).position(|window| window == SEED).expect("the seed is in the file");
    let options = StoreOptions { check_pages_up_to: 0, ..test_options() };
    let mut refused = 0;
    for at in (place - 400)..(place + 400) {
        let file = StoreFile::new();
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        fs::write(file.path(), &damaged).expect("written");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).expect("set");
        let text = match Store::open(file.path(), &options) {
            Err(error) => format!("{error} {error:?}"),
            Ok(store) => match store.signing_keys() {
                Err(error) => format!("{error} {error:?}"),
                Ok(_) => continue,
            },
        };
        refused += 1;
        assert!(!leaks_in_text(&text), "{text}");
    }
    assert!(refused > 30, "{refused} were noticed");
    let texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(texts.iter().all(|text| !leaks_in_text(text)), "{texts:?}");
}

#[test]
fn a_ring_has_as_many_keys_as_it_may_and_no_more() {
    let mut store = in_memory();
    let alice = SigningKey::from_seed(SEED);
    let group = |number: usize| {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        GroupId(id)
    };
    keep_secrets(&mut store);
    // One is there, beside a bearer's, which is none of the ring's.
    let keep: Vec<LocalChange> =
        (1..MAX_SIGNING_KEYS).map(|number| LocalChange::KeepKey { group: group(number), key: alice.clone() }).collect();
    store.commit_local(&keep).expect("as many as there may be");
    assert_eq!(store.signing_keys().expect("readable").len(), MAX_SIGNING_KEYS);
    let one_more = [LocalChange::KeepKey { group: group(MAX_SIGNING_KEYS), key: alice }];
    assert!(matches!(store.commit_local(&one_more), Err(CommitError::TooLarge(_))));
    assert_eq!(store.signing_keys().expect("readable").len(), MAX_SIGNING_KEYS, "nothing was written");
}
