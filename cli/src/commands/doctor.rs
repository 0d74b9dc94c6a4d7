//! `folkmoot doctor`: how the database is, and what to do about what is wrong.

use crate::checks::{Checks, replayed, stored_ops};
use crate::node::{Place, not_opened, open_patiently, shown};
use crate::output::{Answered, answer};
use crate::words::{count, short};
use folkmoot::store::limits::SCHEMA_VERSION;
use folkmoot::store::{Fault, OpenError, Store};
use folkmoot_core::{Engine, NamespaceId, PendingLimits};
use std::path::Path;

/// What to do about a broken database.
pub(crate) const RESTORE: &str =
    "put a backup in its place, or begin anew and fetch the ops from others (folkmoot sync)";

pub(crate) fn run(place: &Place) -> Answered {
    let (path, options) = (place.path()?, place.options()?);
    let metadata = match std::fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(_) => return Err(not_opened(&path, &OpenError::NotFound(path.clone()))),
    };
    let mut checks = Checks::of(shown(&path));
    checks.good("file", format!("{} KiB", metadata.len().div_ceil(1_024)));
    permissions(&path, &mut checks);
    let store = match open_patiently(&path, &options) {
        Ok(store) => store,
        Err(OpenError::KeysTooOpen { .. }) => return answer(checks),
        Err(OpenError::Fault(fault)) => {
            checks.bad("pages", fault.to_string(), RESTORE);
            return answer(checks);
        }
        Err(error) => return Err(not_opened(&path, &error)),
    };
    let encrypted = if options.passphrase.is_some() { "encrypted" } else { "not encrypted" };
    checks.good("schema", format!("version {SCHEMA_VERSION}, keys {encrypted}"));
    if let Err(fault) = look_inside(&store, &mut checks) {
        checks.bad("reading", fault.to_string(), RESTORE);
    }
    answer(checks)
}

#[cfg(unix)]
fn permissions(path: &Path, checks: &mut Checks) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(metadata) = std::fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    let found = format!("mode {mode:03o}");
    let next = format!("others may read the secret keys in it:  chmod 600 {}", shown(path));
    checks.holds("permissions", mode & 0o077 == 0, found, &next);
}

#[cfg(not(unix))]
fn permissions(_: &Path, checks: &mut Checks) {
    checks.note("permissions", "not looked at on this system", None);
}

fn look_inside(store: &Store, checks: &mut Checks) -> Result<(), Fault> {
    let mut engine = match store.recover(PendingLimits::default()) {
        Ok(recovered) => {
            let from =
                recovered.from_snapshot.map_or_else(|| "no snapshot".to_owned(), |at| format!("snapshot at {at}"));
            checks.good("engine", format!("back from {from} and {}", ops(recovered.replayed)));
            recovered.engine
        }
        Err(error) => {
            checks.bad("engine", error.to_string(), RESTORE);
            return Ok(());
        }
    };
    let namespaces: Vec<NamespaceId> = store.namespaces().collect();
    if namespaces.is_empty() {
        checks.note("namespaces", "none yet", Some("folkmoot namespace create NAME, or folkmoot join LINK"));
    }
    for namespace in namespaces {
        look_at(&namespace, store, &mut engine, checks)?;
    }
    look_aside(store, engine, checks)?;
    look_at_keys(store, checks)
}

fn ops(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "op")
}

fn look_at(namespace: &NamespaceId, store: &Store, engine: &mut Engine, checks: &mut Checks) -> Result<(), Fault> {
    let root = store.group_info(&(*namespace).into())?;
    let name = root.map(|root| format!("{:?} ", root.alias)).unwrap_or_default();
    let counts = engine.counts(namespace).unwrap_or_default();
    let (held, heads) = (ops(store.op_count(namespace)), count(counts.heads, "head"));
    checks.good("namespace", format!("{name}{}: {held}, {heads}", short(&namespace.0)));
    let stored = store.digest(namespace);
    let replayed = replayed(namespace, &stored_ops(store, namespace)?);
    let same = stored.is_some() && stored == replayed && stored == engine.digest(namespace);
    let found = match (stored, replayed) {
        (Some(stored), _) if same => format!("{} stored, and the same replayed", short(&stored.0)),
        (stored, replayed) => format!("stored {stored:?}, replayed {replayed:?}"),
    };
    checks.holds("digest", same, found, RESTORE);
    let forks = engine.equivocations(namespace);
    for (signer, a, b) in &forks {
        let found = format!("{} signed {} and {} side by side", short(&signer.0), short(&a.0), short(&b.0));
        checks.note("fork", found, Some("a copied key, two devices, or a liar; folkmoot op show has both"));
    }
    if forks.is_empty() {
        checks.good("forks", "none seen");
    }
    Ok(())
}

/// What waits, or was refused, as far as it lies aside.
fn look_aside(store: &Store, mut engine: Engine, checks: &mut Checks) -> Result<(), Fault> {
    let aside = store.aside()?;
    let all = aside.len();
    let _ = engine.apply_batch(aside);
    let (waiting, _) = engine.pending_load();
    if waiting > 0 {
        let found = format!("{} for what is not here", count(waiting, "op"));
        checks.note("waiting", found, Some("get what is missing:  folkmoot sync FILE"));
    } else {
        checks.good("waiting", "nothing");
    }
    if all > waiting {
        checks.note("refused", format!("{} of no account", count(all - waiting, "op")), None);
    }
    Ok(())
}

fn look_at_keys(store: &Store, checks: &mut Checks) -> Result<(), Fault> {
    let keys = store.signing_keys()?;
    checks.good("keys", count(keys.len(), "signing key"));
    for (namespace, identity) in store.identities(None)? {
        let root = folkmoot_core::GroupId::from(namespace);
        if keys.resolve([root], &identity).is_none() {
            let found = format!("the key of {} for namespace {} is gone", short(&identity.0), short(&namespace.0));
            checks.bad("keys", found, "join anew by an invitation:  folkmoot join LINK --new-key");
        }
    }
    Ok(())
}
