//! What is drawn: the ops of a namespace in an order, each with its signer, words and verdict.

use crate::limits::{MAX_ASIDE, MAX_DRAWN_OPS, MAX_LANES};
use crate::names::{Directory, Names, of_namespace};
use crate::order::{Place, drawn_order, nearest_kept};
use crate::text;
use crate::words::{self, Call};
use folkmoot_core::{
    Engine, Explanation, GroupId, NamespaceId, OpId, PublicKey, Status, Verdict, VerifiedOp, VoidReason,
};
use std::collections::{BTreeMap, BTreeSet};

/// A history, ready to be drawn: [`History::of`].
#[derive(Debug, Clone)]
pub struct History {
    /// The namespace.
    pub namespace: NamespaceId,
    /// The name of the namespace, or of the group that the picture is narrowed to.
    pub title: String,
    /// Who signed ops, in the order of their first.
    pub people: Vec<Person>,
    /// The groups that ops are about, the root first, then by their first op.
    pub groups: Vec<Group>,
    /// The ops, parents first.
    pub ops: Vec<Op>,
    /// How many ops come before those drawn, past [`MAX_DRAWN_OPS`].
    pub earlier: usize,
    /// Ops that were given and have no place in the graph, up to [`MAX_ASIDE`].
    pub aside: Vec<Aside>,
    /// How many more there are.
    pub more_aside: usize,
    /// All admitted ops that were given, in the drawn order: what a slider replays.
    pub(crate) replay: Vec<VerifiedOp>,
    pub(crate) names: Names,
}

/// Somebody who is named in a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The key.
    pub key: PublicKey,
    /// The name.
    pub name: String,
}

/// A group that ops are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group.
    pub id: GroupId,
    /// Its name: the present one, or the one it was created with.
    pub name: String,
}

/// One op.
#[derive(Debug, Clone)]
pub struct Op {
    /// Its id.
    pub id: OpId,
    /// Its signer, by its place in [`History::people`].
    pub signer: usize,
    /// The group it is about, by its place in [`History::groups`].
    pub group: usize,
    /// The person it is about, if it is about one.
    pub subject: Option<Person>,
    /// Its name, as the spec writes it.
    pub kind: &'static str,
    /// What it does, said of the signer: `admits dave as Member`.
    pub deed: String,
    /// The present verdict.
    pub verdict: Verdict,
    /// Whether its own past decided the verdict, for good.
    pub causal: bool,
    /// What struck or overruled it, or came before it in its register.
    pub by: Option<usize>,
    /// The same, as ids and words, also where that op is not drawn.
    pub because: Option<(OpId, String)>,
    /// The op that gave what this one rests on, if it is void itself, so that this one falls with it.
    pub falls_with: Option<usize>,
    /// What it rested on in its own past: `bob's Admin role in “Kitchen”`, and the op that gave it.
    pub rests_on: Option<(String, Option<usize>)>,
    /// Its nearest ancestors in the picture.
    pub parents: Vec<usize>,
    /// Whether it has parents that are not drawn.
    pub has_earlier: bool,
    /// Whether no op has it as a parent.
    pub is_head: bool,
    /// Whether it is in the evidence that its signer acted in two places at once.
    pub is_forked: bool,
    /// Its place in the graph: 0 for the first op, else one more than its deepest parent's.
    pub depth: u32,
    /// Its signer's nonce.
    pub nonce: u64,
}

impl Op {
    /// The reason why it has no effect, or none.
    pub const fn reason(&self) -> Option<VoidReason> {
        match self.verdict {
            Verdict::Effective => None,
            Verdict::Idle(reason) | Verdict::Void(reason) => Some(reason),
        }
    }

    /// Whether it is void.
    pub const fn is_void(&self) -> bool {
        matches!(self.verdict, Verdict::Void(_))
    }
}

/// An op that has no place in the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Its id.
    pub id: OpId,
    /// Who did what.
    pub deed: String,
    /// What became of it, in words: `rejected (NonceGap): its nonce skips one`.
    pub status: String,
}

impl History {
    /// Takes down what an engine holds of a namespace.
    ///
    /// An engine does not keep payloads, so the ops are given; those that it does not hold are told as such, those of
    /// other namespaces are left out. The order in which they are given does not matter. With a `group`, the history
    /// is narrowed to the ops about that group and those below it, and those that decided their verdicts.
    pub fn of(
        engine: &Engine,
        namespace: &NamespaceId,
        ops: &[VerifiedOp],
        names: &Names,
        group: Option<&GroupId>,
    ) -> Self {
        let by_id: BTreeMap<OpId, &VerifiedOp> = of_namespace(ops, namespace).map(|op| (op.id(), op)).collect();
        let (held, others): (Vec<_>, Vec<_>) = by_id.into_values().partition(|op| engine.contains(&op.id()));
        let directory = Directory::of(engine, namespace, names, &held);
        let accounts = held.iter().filter_map(|op| Some((op.id(), engine.explain(&op.id())?))).collect();
        let taking = Taking { engine, namespace, directory, held, accounts };
        let mut history = taking.history(group, names);
        history.more_aside = others.len().saturating_sub(MAX_ASIDE);
        history.aside = others.into_iter().take(MAX_ASIDE).map(|op| taking.aside(op)).collect();
        history
    }

    /// How many ops have no effect.
    pub fn without_effect(&self) -> usize {
        self.ops.iter().filter(|op| op.is_void()).count()
    }

    /// The lane of a signer: signers past the last lane share it.
    pub(crate) fn lane_of(&self, signer: usize) -> usize {
        signer.min(MAX_LANES - 1)
    }

    /// The names of the lanes.
    pub(crate) fn lanes(&self) -> Vec<String> {
        let mut lanes: Vec<String> = self.people.iter().take(MAX_LANES).map(|person| person.name.clone()).collect();
        if self.people.len() > MAX_LANES
            && let Some(last) = lanes.last_mut()
        {
            *last = text::count(self.people.len() + 1 - MAX_LANES, "other");
        }
        lanes
    }

    /// `bob removes dave`
    pub(crate) fn sentence(&self, at: usize) -> String {
        self.ops.get(at).map_or_else(String::new, |op| format!("{} {}", self.signer_of(op), op.deed))
    }

    pub(crate) fn signer_of(&self, op: &Op) -> &str {
        self.people.get(op.signer).map_or("", |person| &person.name)
    }

    /// The name of the op's group, unless that is the root.
    pub(crate) fn group_below(&self, op: &Op) -> Option<&str> {
        (op.group > 0).then(|| self.groups.get(op.group).map(|group| group.name.as_str())).flatten()
    }

    /// Everything about an op in a few lines: who did what where, its verdict, and why.
    pub fn account(&self, at: usize) -> String {
        let Some(op) = self.ops.get(at) else { return String::new() };
        let mut text = self.sentence(at);
        if let Some(group) = self.group_below(op) {
            text.push_str(&format!(" in \u{201c}{group}\u{201d}"));
        }
        text.push_str(&format!("\n{}", words::verdict(op.verdict)));
        if let Some(reason) = op.reason() {
            text.push_str(&format!(
                " ({reason}){}",
                if op.causal { ", for good: decided by its own past" } else { "" }
            ));
        }
        match (&op.because, op.falls_with) {
            (Some((_, because)), _) => text.push_str(&format!("\nbecause {because}")),
            (None, Some(giver)) => text.push_str(&format!("\nit falls with: {}", self.sentence(giver))),
            (None, None) => {}
        }
        text
    }
}

/// What a history is taken from.
struct Taking<'a> {
    engine: &'a Engine,
    namespace: &'a NamespaceId,
    directory: Directory,
    held: Vec<&'a VerifiedOp>,
    accounts: BTreeMap<OpId, Explanation>,
}

impl Taking<'_> {
    fn history(&self, group: Option<&GroupId>, names: &Names) -> History {
        let by_id: BTreeMap<OpId, usize> = self.held.iter().enumerate().map(|(at, op)| (op.id(), at)).collect();
        let strikers: BTreeSet<OpId> = self.accounts.values().filter_map(|why| why.by).collect();
        let order = self.order(&by_id, &strikers);
        let drawn: Vec<&VerifiedOp> = order.iter().map(|at| self.held[*at]).collect();
        let (kept, earlier) = self.kept(&drawn, group);
        let root = GroupId::from(*self.namespace);
        let title = self.directory.group(group.unwrap_or(&root));
        let mut history = History {
            namespace: *self.namespace,
            title,
            people: Vec::new(),
            groups: vec![Group { id: root, name: self.directory.group(&root) }],
            ops: Vec::new(),
            earlier,
            aside: Vec::new(),
            more_aside: 0,
            replay: drawn.iter().map(|op| (*op).clone()).collect(),
            names: names.clone(),
        };
        self.fill(&mut history, &drawn, &kept);
        history
    }

    fn order(&self, by_id: &BTreeMap<OpId, usize>, strikers: &BTreeSet<OpId>) -> Vec<usize> {
        let mut signers: BTreeMap<PublicKey, usize> = BTreeMap::new();
        let places: Vec<Place> = self
            .held
            .iter()
            .map(|op| {
                let (id, signable) = (op.id(), op.signable());
                let many = signers.len();
                let parents = &signable.parent_op_hashes;
                Place {
                    id,
                    signer: *signers.entry(signable.signer).or_insert(many),
                    depth: self.accounts.get(&id).map_or(0, |why| why.depth),
                    parents: parents.iter().filter_map(|parent| by_id.get(parent).copied()).collect(),
                    strikes: strikers.contains(&id),
                }
            })
            .collect();
        drawn_order(&places)
    }

    /// Which ops are drawn, and how many are left out at the start for their number.
    fn kept(&self, drawn: &[&VerifiedOp], group: Option<&GroupId>) -> (Vec<bool>, usize) {
        let mut kept: Vec<bool> = match group {
            None => vec![true; drawn.len()],
            Some(group) => {
                let about = |op: &VerifiedOp| {
                    GroupId::from(op.id()) == *group || self.is_within(&op.signable().group_id, group)
                };
                let decided = drawn.iter().filter(|op| about(op)).filter_map(|op| self.accounts.get(&op.id())?.by);
                let decided: BTreeSet<OpId> = decided.collect();
                drawn.iter().map(|op| about(op) || decided.contains(&op.id())).collect()
            }
        };
        let earlier = kept.iter().filter(|kept| **kept).count().saturating_sub(MAX_DRAWN_OPS);
        kept.iter_mut().filter(|kept| **kept).take(earlier).for_each(|kept| *kept = false);
        (kept, earlier)
    }

    fn is_within(&self, group: &GroupId, above: &GroupId) -> bool {
        // At most 16 edges lie between a group and its root; ops that would make more are void, but have ids.
        let path = std::iter::successors(Some(*group), |group| self.directory.above.get(group).copied());
        path.take(folkmoot_core::limits::MAX_PATH_GROUPS + 1).any(|group| group == *above)
    }

    fn fill(&self, history: &mut History, drawn: &[&VerifiedOp], kept: &[bool]) {
        let place: BTreeMap<OpId, usize> = drawn.iter().enumerate().map(|(at, op)| (op.id(), at)).collect();
        let above = |op: &VerifiedOp| -> Vec<usize> {
            op.signable().parent_op_hashes.iter().filter_map(|parent| place.get(parent).copied()).collect()
        };
        let parents: Vec<Vec<usize>> = drawn.iter().map(|op| above(op)).collect();
        let near = nearest_kept(&parents, kept);
        let number: BTreeMap<OpId, usize> =
            near.keys().enumerate().map(|(number, at)| (drawn[*at].id(), number)).collect();
        let heads: BTreeSet<OpId> = self.engine.heads(self.namespace).into_iter().collect();
        let forks = self.engine.equivocations(self.namespace);
        let forked: BTreeSet<OpId> = forks.into_iter().flat_map(|(_, a, b)| [a, b]).collect();
        let words = self.sentences(drawn);
        let (mut people, mut groups) = (BTreeMap::new(), BTreeMap::from([(history.groups[0].id, 0)]));
        for (at, above) in near {
            let (op, id) = (drawn[at], drawn[at].id());
            let mut taken = self.op(op, &number, &words);
            taken.has_earlier = above.is_empty() && !op.signable().parent_op_hashes.is_empty();
            taken.parents = above;
            taken.is_head = heads.contains(&id);
            taken.is_forked = forked.contains(&id);
            let signer = op.signable().signer;
            taken.signer = *people.entry(signer).or_insert_with(|| {
                history.people.push(self.person(signer));
                history.people.len() - 1
            });
            let group = if history.namespace == id.into() { history.groups[0].id } else { op.signable().group_id };
            taken.group = *groups.entry(group).or_insert_with(|| {
                history.groups.push(Group { id: group, name: self.directory.group(&group) });
                history.groups.len() - 1
            });
            history.ops.push(taken);
        }
    }

    /// Who did what, for every op.
    fn sentences(&self, drawn: &[&VerifiedOp]) -> BTreeMap<OpId, String> {
        let say = |op: &VerifiedOp| {
            format!("{} {}", self.directory.person(&op.signable().signer), words::deed(op.signable(), &self.directory))
        };
        drawn.iter().map(|op| (op.id(), say(op))).collect()
    }

    fn person(&self, key: PublicKey) -> Person {
        Person { key, name: self.directory.person(&key) }
    }

    fn op(&self, op: &VerifiedOp, number: &BTreeMap<OpId, usize>, words: &BTreeMap<OpId, String>) -> Op {
        let (id, signable) = (op.id(), op.signable());
        let why = self.accounts.get(&id);
        let verdict = why.map_or(Verdict::Effective, |why| why.verdict);
        let basis = why.and_then(|why| why.basis);
        let by = why.and_then(|why| why.by);
        let giver = why.and_then(|why| words::falls_with(self.engine, why));
        let principal = why.map_or(signable.signer, |why| why.principal);
        Op {
            id,
            signer: 0,
            group: 0,
            subject: words::subject(&signable.op).map(|key| self.person(key)),
            kind: signable.op.name(),
            deed: words::deed(signable, &self.directory),
            verdict,
            causal: why.is_some_and(|why| why.causal),
            by: by.and_then(|by| number.get(&by).copied()),
            because: by.map(|by| (by, words.get(&by).cloned().unwrap_or_else(|| text::short(by.as_bytes())))),
            falls_with: giver.and_then(|giver| number.get(&giver).copied()),
            rests_on: basis.map(|basis| {
                let (who, what) = (self.directory.person(&principal), words::rests_on(basis.rests_on));
                let ground = self.directory.group(&basis.ground);
                (format!("{what} of {who} in \u{201c}{ground}\u{201d}"), number.get(&basis.given_by).copied())
            }),
            parents: Vec::new(),
            has_earlier: false,
            is_head: false,
            is_forked: false,
            depth: why.map_or(0, |why| why.depth),
            nonce: signable.nonce,
        }
    }

    fn aside(&self, op: &VerifiedOp) -> Aside {
        let (id, signable) = (op.id(), op.signable());
        let status = match self.engine.refusal(&id) {
            Some(Status::Rejected(reason)) => format!("rejected ({reason}): {}", words::rejection(reason)),
            Some(_) => "ignored: its own past has seen its signer's nonce".into(),
            None if self.engine.pending(self.namespace).contains(&id) => "pending: it waits for its parents".into(),
            None => "not in this engine".into(),
        };
        let who = self.directory.person(&signable.signer);
        Aside { id, deed: format!("{who} {}", words::deed(signable, &self.directory)), status }
    }
}
