//! What a database shows: namespaces, groups, members and contexts, loaded once for a command, so that it can find things
//! by name and tell of them by name.

use crate::failure::{Exit, Failure, Trouble};
use crate::naming::{Candidate, lines, pick, whole_id};
use crate::refusals::trouble;
use crate::words::{People, on_one_line, short};
use folkmoot::{By, ContextClient, RequestError};
use folkmoot_core::{ContextId, ContextInfo, GroupId, GroupInfo, MemberInfo, NamespaceId, PublicKey};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are asked for at a time.
const PAGE: usize = 1_024;

/// Where something is to be done, and as whom.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Scope {
    /// The namespace, by name or the beginning of its id. Not needed where there is only one.
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// The group, by name or the beginning of its id. Not needed where there is only one.
    #[arg(short, long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Acts as this person, whose key is in the database, and not as the identity that it has in the namespace.
    #[arg(long = "as", value_name = "WHO")]
    pub(crate) requester: Option<String>,
}

/// Which groups are listed: all, unless it says less.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Only {
    /// Only this namespace.
    #[arg(short, long)]
    namespace: Option<String>,
    /// Only this group.
    #[arg(short, long)]
    group: Option<String>,
}

/// Something with an id and perhaps a name, in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Named {
    /// All of its id, or key.
    pub(crate) id: String,
    /// Its name, if it has one.
    pub(crate) name: Option<String>,
}

impl Named {
    pub(crate) fn new(id: &[u8; 32], name: Option<&str>) -> Self {
        let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        Self { id: crate::naming::hex(id), name }
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    pub(crate) namespaces: BTreeMap<NamespaceId, NamespaceSight>,
}

/// A namespace.
#[derive(Debug)]
pub(crate) struct NamespaceSight {
    pub(crate) id: NamespaceId,
    /// As whom this database acts there.
    pub(crate) identity: Option<PublicKey>,
    /// As whom it could.
    pub(crate) keys: BTreeSet<PublicKey>,
    /// How many ops are here.
    pub(crate) ops: u64,
    pub(crate) groups: BTreeMap<GroupId, GroupSight>,
    /// Who is called what.
    pub(crate) people: People,
}

/// A group.
#[derive(Debug)]
pub(crate) struct GroupSight {
    pub(crate) info: GroupInfo,
    pub(crate) members: BTreeMap<PublicKey, MemberInfo>,
    pub(crate) contexts: BTreeMap<ContextId, ContextInfo>,
}

/// A group to act in, and as whom.
#[derive(Debug)]
pub(crate) struct Spot<'s> {
    pub(crate) namespace: &'s NamespaceSight,
    pub(crate) group: GroupId,
    pub(crate) by: By,
}

impl Sight {
    /// Looks at all of it.
    pub(crate) async fn of(client: &ContextClient) -> Result<Self, Failure> {
        let mut namespaces = BTreeMap::new();
        let mut after = None;
        loop {
            let page = client.namespaces(after, PAGE).await.map_err(plain)?;
            for (id, summary) in page.entries {
                let mut keys: BTreeSet<PublicKey> = summary.identity.into_iter().collect();
                let mut groups = BTreeMap::new();
                if summary.ops > 0 {
                    groups = all_groups(client, id).await.map_err(plain)?;
                    for group in groups.keys() {
                        keys.extend(client.signing_identities(*group).await.map_err(plain)?);
                    }
                }
                let people = people(&id, &groups);
                let (identity, ops) = (summary.identity, summary.ops);
                namespaces.insert(id, NamespaceSight { id, identity, keys, ops, groups, people });
            }
            after = page.next;
            if after.is_none() {
                return Ok(Self { namespaces });
            }
        }
    }

    /// The namespace that is named, or the only one.
    pub(crate) fn namespace(&self, wanted: Option<&str>) -> Result<&NamespaceSight, Failure> {
        let all = self.candidates();
        let Some(wanted) = wanted else {
            return match self.namespaces.values().collect::<Vec<_>>()[..] {
                [] => Err(Trouble::new("no_namespace", Exit::Name, "there is no namespace in this database yet")
                    .next("found one:  folkmoot namespace create NAME")
                    .next("or join one:  folkmoot join LINK")
                    .into()),
                [one] => Ok(one),
                _ => Err(Trouble::new("namespace_needed", Exit::Name, "there are several namespaces: which one?")
                    .candidates(lines(&all))
                    .next("name one:  --namespace NAME")
                    .into()),
            };
        };
        let id = NamespaceId(pick("namespace", wanted, &all)?);
        self.namespaces.get(&id).ok_or_else(|| Trouble::new("unknown_name", Exit::Name, "no such namespace").into())
    }

    fn candidates(&self) -> Vec<Candidate> {
        self.namespaces.values().map(|ns| Candidate::new(ns.id.0, ns.name(), format!("{} ops", ns.ops))).collect()
    }

    /// The group that is meant, or the only one, and as whom to act there.
    pub(crate) fn spot(&self, scope: &Scope) -> Result<Spot<'_>, Failure> {
        let (namespace, group) = self.group(scope.namespace.as_deref(), scope.group.as_deref())?;
        let requester = scope.requester.as_deref().map(|wanted| namespace.signer(wanted)).transpose()?;
        Ok(Spot { namespace, group, by: By { requester, expected_state_hash: None } })
    }

    /// The group that is named, or the only one.
    pub(crate) fn group(
        &self,
        namespace: Option<&str>,
        wanted: Option<&str>,
    ) -> Result<(&NamespaceSight, GroupId), Failure> {
        // A group's name may be enough to know the namespace by.
        let within: Vec<&NamespaceSight> = match (namespace, wanted) {
            (None, Some(_)) if self.namespaces.len() > 1 => self.namespaces.values().collect(),
            _ => vec![self.namespace(namespace)?],
        };
        let all: Vec<Candidate> = within.iter().flat_map(|ns| ns.group_candidates()).collect();
        let id = match (wanted, &all[..]) {
            (Some(wanted), _) => pick("group", wanted, &all)?,
            (None, [one]) => one.id,
            (None, []) => return Err(within.first().map_or_else(no_ops_at_all, |ns| ns.no_ops()).into()),
            (None, _) => {
                return Err(Trouble::new("group_needed", Exit::Name, "there are several groups: which one?")
                    .candidates(lines(&all))
                    .next("name one:  --group NAME")
                    .into());
            }
        };
        let found = within.into_iter().find(|ns| ns.groups.contains_key(&GroupId(id)));
        found.map(|ns| (ns, GroupId(id))).ok_or_else(|| no_ops_at_all().into())
    }

    /// The groups that are to be listed, each with its namespace.
    pub(crate) fn groups(&self, only: &Only) -> Result<Vec<(&NamespaceSight, GroupId, &GroupSight)>, Failure> {
        let (namespace, wanted) = (only.namespace.as_deref(), only.group.as_deref());
        let one = wanted.map(|_| self.group(namespace, wanted)).transpose()?.map(|(_, group)| group);
        let within = namespace.map(|_| self.namespace(namespace)).transpose()?.map(|ns| ns.id);
        let namespaces = self.namespaces.values().filter(|ns| within.is_none_or(|within| within == ns.id));
        let all = namespaces.flat_map(|ns| ns.groups.iter().map(move |(id, group)| (ns, *id, group)));
        Ok(all.filter(|(_, id, _)| one.is_none_or(|one| one == *id)).collect())
    }

    /// What a request came to, told with the names of this sight.
    pub(crate) fn trouble(&self, error: RequestError) -> Failure {
        let mut trouble = trouble(error);
        trouble.what = self.with_names(&trouble.what);
        trouble.into()
    }

    /// Puts names in the place of whole ids.
    pub(crate) fn with_names(&self, text: &str) -> String {
        let name = |word: &str| {
            let id = whole_id(word)?;
            self.namespaces.values().find_map(|ns| ns.name_of(&id)).or_else(|| Some(short(&id)))
        };
        let mut out = String::new();
        for piece in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
            let end =
                piece.len() - piece.chars().next_back().filter(|c| !c.is_ascii_hexdigit()).map_or(0, char::len_utf8);
            let (word, rest) = piece.split_at(end);
            out.push_str(&name(word).unwrap_or_else(|| word.to_owned()));
            out.push_str(rest);
        }
        out
    }
}

impl NamespaceSight {
    /// What the namespace is called: as its root group is. Empty if nothing of it is here.
    pub(crate) fn name(&self) -> &str {
        self.groups.get(&self.id.into()).map_or("", |root| &root.info.alias)
    }

    pub(crate) fn named(&self) -> Named {
        Named::new(&self.id.0, Some(self.name()))
    }

    /// A group for people: `"Kitchen table" 12345678`.
    pub(crate) fn group_words(&self, group: &GroupId) -> String {
        match self.groups.get(group) {
            Some(found) if !found.info.alias.is_empty() => format!("{:?}", found.info.alias),
            Some(_) => format!("group {}", short(&group.0)),
            None => format!("group {}, which is deleted", short(&group.0)),
        }
    }

    pub(crate) fn group_named(&self, group: &GroupId) -> Named {
        Named::new(&group.0, self.groups.get(group).map(|found| found.info.alias.as_str()))
    }

    pub(crate) fn person_named(&self, person: &PublicKey) -> Named {
        Named::new(&person.0, self.people.name_of(person))
    }

    fn name_of(&self, id: &[u8; 32]) -> Option<String> {
        let person = self.people.name_of(&PublicKey(*id)).map(str::to_owned);
        let group = self.groups.get(&GroupId(*id)).map(|group| format!("{:?}", group.info.alias));
        let mut contexts = self.groups.values().flat_map(|group| &group.contexts);
        let context = || contexts.find(|(context, _)| context.0 == *id).map(|(_, info)| format!("{:?}", info.alias));
        person.or(group).or_else(context)
    }

    fn group_candidates(&self) -> Vec<Candidate> {
        let note = |group: &GroupSight| match group.info.parent {
            None => "the root group".to_owned(),
            Some(parent) => format!("under {}", self.group_words(&parent)),
        };
        self.groups.iter().map(|(id, group)| Candidate::new(id.0, &group.info.alias, note(group))).collect()
    }

    /// Everybody who has a record, or a key here.
    fn person_candidates(&self) -> Vec<Candidate> {
        let mut all: BTreeSet<(PublicKey, &str)> = BTreeSet::new();
        let mut known: BTreeSet<PublicKey> = BTreeSet::new();
        for (key, member) in self.groups.values().flat_map(|group| &group.members) {
            known.insert(*key);
            all.insert((*key, &member.alias));
        }
        all.extend(self.keys.iter().filter(|key| !known.contains(*key)).map(|key| (*key, "")));
        all.iter().map(|(key, alias)| Candidate::new(key.0, alias, "")).collect()
    }

    /// The person who is named: a member of any group, or any whole key.
    pub(crate) fn person(&self, wanted: &str) -> Result<PublicKey, Failure> {
        if let Some(key) = whole_id(wanted) {
            return Ok(PublicKey(key));
        }
        Ok(PublicKey(pick("person", wanted, &self.person_candidates())?))
    }

    /// The person who is named, whose key is here.
    pub(crate) fn signer(&self, wanted: &str) -> Result<PublicKey, Failure> {
        let key = self.person(wanted)?;
        if self.keys.contains(&key) {
            return Ok(key);
        }
        let here = self.keys.iter().map(|key| self.people.who(key)).collect();
        let what = format!("the key of {} is not in this database", self.people.who(&key));
        Err(Trouble::new("no_key", Exit::Refused, what)
            .candidates(here)
            .next("act as somebody whose key is here, or do this where theirs is")
            .into())
    }

    /// The context that is named, and its group.
    pub(crate) fn context(&self, wanted: &str) -> Result<(GroupId, ContextId), Failure> {
        let all = self
            .groups
            .iter()
            .flat_map(|(group, sight)| sight.contexts.iter().map(move |(id, info)| (*group, *id, info.alias.as_str())));
        let candidates: Vec<Candidate> = all
            .clone()
            .map(|(group, id, alias)| Candidate::new(id.0, alias, format!("in {}", self.group_words(&group))))
            .collect();
        let picked = ContextId(pick("context", wanted, &candidates)?);
        let found = all.into_iter().find(|(_, id, _)| *id == picked).map(|(group, id, _)| (group, id));
        found.ok_or_else(|| Trouble::new("unknown_name", Exit::Name, "no such context").into())
    }

    /// Nothing of it is here.
    pub(crate) fn no_ops(&self) -> Trouble {
        let what = format!("no op of namespace {} is in this database yet", short(&self.id.0));
        Trouble::new("no_ops", Exit::Name, what)
            .next("get them from a member:  folkmoot sync FILE")
            .next("or:  folkmoot op import FILE")
    }
}

fn no_ops_at_all() -> Trouble {
    Trouble::new("no_namespace", Exit::Name, "there is no group in this database yet")
}

/// What a request came to where there is nothing to name things by.
pub(crate) fn plain(error: RequestError) -> Failure {
    trouble(error).into()
}

async fn all_groups(
    client: &ContextClient,
    namespace: NamespaceId,
) -> Result<BTreeMap<GroupId, GroupSight>, RequestError> {
    let (mut groups, mut after) = (BTreeMap::new(), None);
    loop {
        let page = client.groups(namespace, after, PAGE).await?;
        for (id, info) in page.entries {
            let (mut members, mut next) = (BTreeMap::new(), None);
            loop {
                let page = client.group_members(id, next, PAGE).await?;
                members.extend(page.entries);
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
            let (mut contexts, mut next) = (BTreeMap::new(), None);
            loop {
                let page = client.group_contexts(id, next, PAGE).await?;
                contexts.extend(page.entries);
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
            groups.insert(id, GroupSight { info, members, contexts });
        }
        after = page.next;
        if after.is_none() {
            return Ok(groups);
        }
    }
}

/// Names of people: those in the root group before those elsewhere.
fn people(namespace: &NamespaceId, groups: &BTreeMap<GroupId, GroupSight>) -> People {
    let mut people = People::default();
    let root = groups.get(&GroupId::from(*namespace));
    for (key, member) in root.into_iter().chain(groups.values()).flat_map(|group| &group.members) {
        if !member.alias.is_empty() {
            people.name(*key, &member.alias);
        }
    }
    people
}

/// A name from outside, in quotes, on one line.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", on_one_line(name))
}
