//! What must hold of an engine, whatever ops there are.
//!
//! Each law is a function of a set of ops that comes to `Ok`, or says what broke. So tests, long runs and fuzzers may
//! all ask it, and a set that breaks one can be made small by asking it again and again.

pub mod bytes;
pub mod drafts;
pub mod host;
pub mod order;
pub mod past;
pub mod state;
pub mod sync;
pub mod traces;

use crate::reference::Judgement;
use folkmoot_core::report::{NamespaceReport, Report};
use folkmoot_core::{Engine, Explanation, NamespaceId, OpId, PublicKey, VerifiedOp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// Nothing, or what broke.
pub type Law = Result<(), String>;

/// Ok if two things are the same.
///
/// # Errors
/// What the things are, and how they differ.
pub fn same<T: PartialEq + Debug>(what: &str, one: &T, other: &T) -> Law {
    if one == other { Ok(()) } else { Err(format!("{what}: {one:?}\nagainst: {other:?}")) }
}

/// Ok if it holds.
///
/// # Errors
/// What does not hold.
pub fn holds(what: bool, otherwise: impl FnOnce() -> String) -> Law {
    if what { Ok(()) } else { Err(otherwise()) }
}

/// All that replicas with the same ops agree on.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Namespaces, with heads, verdicts, states and digests.
    pub namespaces: BTreeMap<NamespaceId, NamespaceReport>,
    /// What waits and what was refused.
    pub not_admitted: BTreeMap<OpId, String>,
    /// Why each admitted op has the verdict it has; but for what voided it, which
    /// [`order::explanations_name_the_same_op_however_it_is_delivered`] looks at.
    pub explanations: BTreeMap<OpId, Explanation>,
    /// Who forked, and how many forks were found; which pair stands for one is no matter of agreement (SPEC §2).
    pub forks: BTreeMap<(NamespaceId, PublicKey), usize>,
}

impl Account {
    /// An engine's.
    pub fn of(engine: &mut Engine) -> Self {
        let Report { namespaces, not_admitted } = Report::of(engine);
        let ids: Vec<OpId> = namespaces.values().flat_map(|namespace| namespace.ops.keys().copied()).collect();
        let explained = |id| Some(Explanation { by: None, ..engine.explain(&id)? });
        let explanations = ids.into_iter().filter_map(|id| Some((id, explained(id)?))).collect();
        let mut forks = BTreeMap::new();
        for namespace in namespaces.keys() {
            for (signer, ..) in engine.equivocations(namespace) {
                *forks.entry((*namespace, signer)).or_insert(0) += 1;
            }
        }
        Self { namespaces, not_admitted, explanations, forks }
    }

    /// Without what was not admitted, which an engine may forget.
    #[must_use]
    pub fn admitted_only(mut self) -> Self {
        self.not_admitted.clear();
        self
    }

    /// Whether another engine has the same.
    ///
    /// # Errors
    /// Where they differ.
    pub fn agrees(&self, how: &str, other: &Self) -> Law {
        if self == other {
            return Ok(());
        }
        let mut out = vec![format!("{how}, engines differ:")];
        for (id, one) in &self.namespaces {
            let Some(two) = other.namespaces.get(id) else {
                out.push(format!("namespace {id} is missing"));
                continue;
            };
            differ("verdict", &one.ops, &two.ops, &mut out);
            differ("group", &one.groups, &two.groups, &mut out);
            if (&one.heads, one.digest) != (&two.heads, two.digest) {
                out.push(format!("heads or digest: {:?}, {:?}", (&one.heads, one.digest), (&two.heads, two.digest)));
            }
        }
        differ("not admitted", &self.not_admitted, &other.not_admitted, &mut out);
        differ("explanation", &self.explanations, &other.explanations, &mut out);
        differ("forks", &self.forks, &other.forks, &mut out);
        Err(out.join("\n"))
    }
}

fn differ<K: Ord + Debug, V: PartialEq + Debug>(
    what: &str,
    a: &BTreeMap<K, V>,
    b: &BTreeMap<K, V>,
    out: &mut Vec<String>,
) {
    let keys: BTreeSet<&K> = a.keys().chain(b.keys()).collect();
    for key in keys {
        let (one, two) = (a.get(key), b.get(key));
        if one != two {
            out.push(format!("{what} of {key:?}:\n  {one:?}\n  {two:?}"));
        }
    }
}

/// Whether an engine has come to what the reference has.
///
/// # Errors
/// Where they differ.
pub fn agrees_with_reference(how: &str, engine: &mut Engine, judgement: &Judgement) -> Law {
    let got = serde_json::to_value(Report::of(engine)).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    differences("", &judgement.to_json(), &got, &mut out);
    holds(out.is_empty(), || format!("{how}:\n{}", out.join("\n")))
}

fn differences(path: &str, expect: &Value, got: &Value, out: &mut Vec<String>) {
    match (expect, got) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                differences(&format!("{path}/{}", &key[..key.len().min(12)]), a, b, out);
            }
        }
        _ if expect != got => out.push(format!("{path}: reference {expect}, engine {got}")),
        _ => {}
    }
}

/// An engine that was given these ops, one by one.
pub fn one_by_one(ops: &[VerifiedOp]) -> Engine {
    let mut engine = Engine::new();
    for op in ops {
        let _ = engine.apply(op.clone());
    }
    engine
}

/// An engine that was given these ops at once.
pub fn at_once(ops: &[VerifiedOp]) -> Engine {
    let mut engine = Engine::new();
    let _ = engine.apply_batch(ops.iter().cloned());
    engine
}

/// Who came before whom, by the parents that ops name.
#[derive(Debug)]
pub struct Graph<'a> {
    ops: BTreeMap<OpId, &'a VerifiedOp>,
    /// The ancestors of each op all of whose ancestors are here.
    pasts: BTreeMap<OpId, BTreeSet<OpId>>,
}

impl<'a> Graph<'a> {
    /// The graph of these ops.
    pub fn of(ops: &'a [VerifiedOp]) -> Self {
        let ops: BTreeMap<OpId, &VerifiedOp> = ops.iter().map(|op| (op.id(), op)).collect();
        let mut pasts: BTreeMap<OpId, BTreeSet<OpId>> = BTreeMap::new();
        loop {
            let before = pasts.len();
            for (id, op) in &ops {
                let parents = &op.signable().parent_op_hashes;
                if pasts.contains_key(id) || !parents.iter().all(|parent| pasts.contains_key(parent)) {
                    continue;
                }
                let mut past: BTreeSet<OpId> = parents.iter().copied().collect();
                parents.iter().for_each(|parent| past.extend(pasts[parent].iter().copied()));
                pasts.insert(*id, past);
            }
            if pasts.len() == before {
                return Self { ops, pasts };
            }
        }
    }

    /// All ancestors of an op, if they are all here.
    pub fn past(&self, id: &OpId) -> Option<&BTreeSet<OpId>> {
        self.pasts.get(id)
    }

    /// Whether neither of two ops is in the other's past.
    pub fn concurrent(&self, a: &OpId, b: &OpId) -> bool {
        let before = |a: &OpId, b: &OpId| self.pasts.get(b).is_some_and(|past| past.contains(a));
        a != b && !before(a, b) && !before(b, a)
    }

    /// An op.
    pub fn op(&self, id: &OpId) -> Option<&'a VerifiedOp> {
        self.ops.get(id).copied()
    }
}
