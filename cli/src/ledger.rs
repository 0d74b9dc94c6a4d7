//! The ops of a database, decoded, so that they can be found and told of.

use crate::exchange::{held, whole_log};
use crate::failure::{Failure, Trouble};
use crate::naming::{Candidate, pick};
use crate::sight::{NamespaceSight, Sight, plain};
use crate::words::{People, deed};
use folkmoot::ContextClient;
use folkmoot_core::{Explanation, GroupOp, NamespaceId, OpId, SignedGroupOp, Verdict};
use std::collections::BTreeMap;

/// An op in the log.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) namespace: NamespaceId,
    /// Its number in the namespace, from 1, in the order of arrival here.
    pub(crate) number: u64,
    pub(crate) id: OpId,
    pub(crate) op: SignedGroupOp,
}

/// All ops of some namespaces.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) entries: Vec<Entry>,
    places: BTreeMap<OpId, usize>,
    /// Who is called what in each namespace, and was called what last who is no member any more.
    people: BTreeMap<NamespaceId, People>,
}

impl Ledger {
    /// Reads the ops of one namespace, or of all.
    pub(crate) async fn read(
        client: &ContextClient,
        sight: &Sight,
        only: Option<NamespaceId>,
    ) -> Result<Self, Failure> {
        let mut entries = Vec::new();
        let mut people = BTreeMap::new();
        for namespace in held(client).await?.into_iter().filter(|held| only.is_none_or(|only| only == *held)) {
            let first = entries.len();
            for logged in whole_log(client, namespace).await? {
                // What is in the log was checked as it came in.
                let Ok(op) = SignedGroupOp::decode(&logged.bytes) else { continue };
                entries.push(Entry { namespace, number: logged.number, id: logged.id, op });
            }
            let seen = sight.namespaces.get(&namespace).map(|ns| ns.people.clone()).unwrap_or_default();
            people.insert(namespace, with_old_names(client, seen, entries.get(first..).unwrap_or_default()).await?);
        }
        let places = entries.iter().enumerate().map(|(place, entry)| (entry.id, place)).collect();
        Ok(Self { entries, places, people })
    }

    /// An op, if it is here.
    pub(crate) fn get(&self, id: &OpId) -> Option<&Entry> {
        self.places.get(id).and_then(|place| self.entries.get(*place))
    }

    /// The op that is named by the beginning of its id.
    pub(crate) fn find(&self, wanted: &str) -> Result<&Entry, Failure> {
        let candidates: Vec<Candidate> = self
            .entries
            .iter()
            .map(|entry| Candidate::new(entry.id.0, "", format!("by {}: {}", self.signer(entry), self.deed(entry))))
            .collect();
        let id = OpId(pick("op", wanted, &candidates).map_err(without_all)?);
        self.get(&id).ok_or_else(|| Trouble::new("unknown_name", crate::failure::Exit::Name, "no such op").into())
    }

    pub(crate) fn people(&self, namespace: &NamespaceId) -> Option<&People> {
        self.people.get(namespace)
    }

    /// Who signed it.
    pub(crate) fn signer(&self, entry: &Entry) -> String {
        let key = &entry.op.signable.signer;
        self.people(&entry.namespace).map_or_else(|| crate::words::short(&key.0), |people| people.who(key))
    }

    /// What it does.
    pub(crate) fn deed(&self, entry: &Entry) -> String {
        let people = self.people(&entry.namespace);
        deed(&entry.op.signable.op, |key| people.map_or_else(|| crate::words::short(&key.0), |people| people.who(key)))
    }

    /// The group it is about; the root for the op that founds it.
    pub(crate) fn group(&self, entry: &Entry) -> folkmoot_core::GroupId {
        let named = entry.op.signable.group_id;
        if named.is_zero() { entry.namespace.into() } else { named }
    }
}

/// Thousands of ops are no help; what could be meant is listed only where it is a few.
fn without_all(mut trouble: Trouble) -> Trouble {
    if trouble.code == "unknown_name" {
        trouble.candidates.clear();
        trouble.next = vec!["which there are:  folkmoot op log".to_owned()];
    }
    trouble
}

/// Adds the names by which people were called in their time, the latest first.
async fn with_old_names(client: &ContextClient, mut people: People, entries: &[Entry]) -> Result<People, Failure> {
    for entry in entries.iter().rev() {
        let GroupOp::MemberAliasSet { member, alias } = &entry.op.signable.op else { continue };
        if alias.is_empty() || people.name_of(member).is_some() {
            continue;
        }
        let verdict = client.explain(entry.id).await.map_err(plain)?.verdict;
        if verdict == Verdict::Effective {
            people.name(*member, alias);
        }
    }
    Ok(people)
}

/// Why an op has its verdict.
pub(crate) async fn explained(client: &ContextClient, op: OpId) -> Result<Explanation, Failure> {
    client.explain(op).await.map_err(plain)
}

/// The namespace of an entry, as it is seen.
pub(crate) fn seen<'s>(sight: &'s Sight, entry: &Entry) -> Result<&'s NamespaceSight, Failure> {
    let missing = || Trouble::new("unknown_name", crate::failure::Exit::Name, "no such namespace");
    Ok(sight.namespaces.get(&entry.namespace).ok_or_else(missing)?)
}
