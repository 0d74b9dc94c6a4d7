//! Somebody who lies: in what is signed, in what is sent to whom, and in what is answered.

use crate::forgery;
use crate::message::Message;
use crate::node::{Deed, Node};
use crate::ops;
use crate::people;
use folkmoot_core::sync::Summary;
use folkmoot_core::{GroupId, Hash, NamespaceId, OpId, Role, SigningKey, Status, VerifiedOp};
use folkmoot_proptests::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// Who lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiarKind {
    /// An Admin of the root.
    Admin,
    /// A member with some capabilities.
    Member,
    /// Nobody: a key and a connection.
    Stranger,
    /// Was an Admin, and was removed by the founder before the simulation begins.
    Removed,
}

/// A liar. Its replica is honest to it alone: it knows everything, hidden ops included.
#[derive(Debug)]
pub struct Liar {
    /// Who it is.
    pub kind: LiarKind,
    /// Keys that it made up.
    pub puppets: Vec<SigningKey>,
    /// Ops that it hides, and from whom it no longer does.
    pub withheld: BTreeMap<OpId, BTreeSet<usize>>,
    /// Parents that it made up: what is built on them waits for ever.
    pub made_up: BTreeSet<OpId>,
    /// Whether it still makes ops.
    pub publishes: bool,
    /// How many ops it signed.
    pub signed: u64,
    made: Vec<VerifiedOp>,
    /// Where a puppet was let in.
    footholds: Vec<(OpId, usize, GroupId)>,
    refused: Option<OpId>,
    namespaces: u8,
    rng: Rng,
}

impl Liar {
    /// A liar of this name.
    pub fn new(kind: LiarKind, name: &str, rng: Rng) -> Self {
        let puppets = (0..4).map(|number| people::key(&format!("puppet {number} of {name}"))).collect();
        Self {
            kind,
            puppets,
            withheld: BTreeMap::new(),
            made_up: BTreeSet::new(),
            publishes: true,
            signed: 0,
            made: Vec::new(),
            footholds: Vec::new(),
            refused: None,
            namespaces: 0,
            rng,
        }
    }

    /// Does something; says what, for the trace.
    pub fn act(&mut self, namespace: &NamespaceId, node: &mut Node, out: &mut Vec<Deed>) -> &'static str {
        if !self.publishes {
            return self.disturb(node, out);
        }
        match self.rng.weighted(&[14, 20, 14, 14, 10, 10, 16, 6, 4]) {
            0 => self.fork(namespace, node, out),
            1 => self.back_date(namespace, node, out),
            2 => self.pull_strings(namespace, node, out),
            3 => self.hide(namespace, node, out),
            4 => self.reveal_one(node, out),
            5 => self.disturb(node, out),
            6 => self.spoil(namespace, node, out),
            7 => self.replay(node, out),
            _ => self.found(node, out),
        }
    }

    /// Tells everybody everything it ever signed.
    pub fn reveal_all(&mut self, node: &Node, out: &mut Vec<Deed>) {
        self.publishes = false;
        self.withheld.clear();
        for op in &self.made {
            send(&op.signed().encode(), (0..node.peers).filter(|peer| *peer != node.me), out);
        }
    }

    /// Signs nothing more, and never shows what it hid.
    pub fn keep_secrets(&mut self) {
        self.publishes = false;
        self.withheld.values_mut().for_each(BTreeSet::clear);
    }

    /// Ops that need not come to everybody: made-up parents, and of those it keeps to itself, all it ever signed.
    pub fn never_shown(&self, secrets_are_kept: bool) -> impl Iterator<Item = OpId> + '_ {
        let kept = self.made.iter().filter(move |_| secrets_are_kept).map(VerifiedOp::id);
        self.made_up.iter().copied().chain(kept)
    }

    /// Goes over what its replica is about to send: hides, corrupts, or lies.
    pub fn meddle(&mut self, out: &mut [Deed]) {
        for deed in out.iter_mut() {
            let Deed::Send { to, bytes } = deed else { continue };
            match Message::decode(bytes) {
                Some(Message::Page(number, mut page)) => {
                    let withheld = &self.withheld;
                    page.ops.retain(|op| {
                        let id = folkmoot_core::SignedGroupOp::decode(op).map(|op| op.signable.id());
                        id.is_ok_and(|id| withheld.get(&id).is_none_or(|told| told.contains(to)))
                    });
                    match self.rng.below(10) {
                        0 => page.ops.clear(),
                        1 => page.next = Some(self.rng.next()),
                        2 => page.ops.iter_mut().for_each(|op| forgery::corrupt(op, &mut self.rng)),
                        3 => self.rng_shuffle(&mut page.ops),
                        4 => page.next = None,
                        _ => {}
                    }
                    *bytes = Message::Page(number, page).encode();
                }
                Some(Message::Summary(mut summary)) => {
                    if self.rng.percent(40) {
                        self.falsify(&mut summary);
                    }
                    *bytes = Message::Summary(summary).encode();
                }
                _ => {}
            }
            if self.rng.percent(8) {
                forgery::corrupt(bytes, &mut self.rng);
            }
        }
    }

    fn rng_shuffle(&mut self, items: &mut [Vec<u8>]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.rng.below(at + 1));
        }
    }

    fn falsify(&mut self, summary: &mut Summary) {
        match self.rng.below(6) {
            0 => summary.digest = Hash(self.rng.bytes32()),
            1 => summary.heads.push(OpId(self.rng.bytes32())),
            2 => summary.heads.clear(),
            3 => summary.head_count = self.rng.next(),
            4 => summary.ops = self.rng.next(),
            _ => summary.namespace = NamespaceId(self.rng.bytes32()),
        }
    }

    /// Signs what it drafted and lets its own replica know.
    fn sign(&mut self, op: Option<VerifiedOp>, node: &mut Node) -> Option<VerifiedOp> {
        let op = op?;
        self.signed += 1;
        self.made.push(op.clone());
        let status = node.publish(op.clone(), &mut Vec::new());
        if !matches!(status, Some(Status::Admitted(_))) {
            self.refused = Some(op.id());
        }
        Some(op)
    }

    fn draft(&mut self, namespace: &NamespaceId, node: &mut Node, parents: &[OpId]) -> Option<VerifiedOp> {
        let (group, op) = forgery::wish(&node.engine, namespace, &node.key, &self.puppets, &mut self.rng)?;
        if let folkmoot_core::GroupOp::JoinWithInvitationClaim { .. } = &op {
            let puppet = self
                .puppets
                .iter()
                .position(|key| node.engine.draft_on(namespace, &group, &key.public(), op.clone(), parents).is_ok())?;
            let key = self.puppets[puppet].clone();
            let draft = node.engine.draft_on(namespace, &group, &key.public(), op, parents).ok()?;
            let op = self.sign(forgery::sign(draft, &key), node)?;
            self.footholds.push((op.id(), puppet, group));
            return Some(op);
        }
        let lets_in = match &op {
            folkmoot_core::GroupOp::MemberAdded { member, .. } => {
                self.puppets.iter().position(|key| key.public() == *member)
            }
            _ => None,
        };
        let draft = match node.engine.draft_on(namespace, &group, &node.key.public(), op.clone(), parents) {
            Ok(draft) => draft,
            // May not, and does.
            Err(_) => {
                let mut draft = forgery::raw(&mut node.engine, namespace, group, &node.key, op, self.signed + 1);
                draft.parent_op_hashes = parents.to_vec();
                draft
            }
        };
        let op = self.sign(forgery::sign(draft, &node.key), node)?;
        self.footholds.extend(lets_in.map(|puppet| (op.id(), puppet, group)));
        Some(op)
    }

    fn some_peers(&mut self, node: &Node) -> BTreeSet<usize> {
        let (me, all) = (node.me, self.rng.percent(40));
        (0..node.peers).filter(|peer| *peer != me && (all || self.rng.percent(50))).collect()
    }

    fn heads(namespace: &NamespaceId, node: &Node) -> Vec<OpId> {
        node.engine.heads(namespace).into_iter().take(64).collect()
    }

    fn fork(&mut self, namespace: &NamespaceId, node: &mut Node, out: &mut Vec<Deed>) -> &'static str {
        let heads = Self::heads(namespace, node);
        for _ in 0..2 {
            if let Some(op) = self.draft(namespace, node, &heads) {
                let to = self.some_peers(node);
                send(&op.signed().encode(), to, out);
            }
        }
        "forks itself"
    }

    fn back_date(&mut self, namespace: &NamespaceId, node: &mut Node, out: &mut Vec<Deed>) -> &'static str {
        let old: Vec<OpId> = node.engine.ops(namespace).map(|(id, _)| id).collect();
        for _ in 0..self.rng.within(1..=3) {
            let Some(parent) = self.rng.pick(&old) else { break };
            if let Some(op) = self.draft(namespace, node, &[parent]) {
                let to = self.some_peers(node);
                send(&op.signed().encode(), to, out);
            }
        }
        "acts from the past"
    }

    fn pull_strings(&mut self, namespace: &NamespaceId, node: &mut Node, out: &mut Vec<Deed>) -> &'static str {
        let Some((at, puppet, group)) = self.rng.pick(&self.footholds) else {
            return self.back_date(namespace, node, out);
        };
        let key = self.puppets[puppet].clone();
        let Some((_, op)) = forgery::wish(&node.engine, namespace, &key, &self.puppets, &mut self.rng) else {
            return "has no strings to pull";
        };
        let Ok(draft) = node.engine.draft_on(namespace, &group, &key.public(), op, &[at]) else {
            return "has a puppet that may not";
        };
        if let Some(op) = self.sign(forgery::sign(draft, &key), node) {
            // The next one builds on it.
            self.footholds.push((op.id(), puppet, group));
            let to = self.some_peers(node);
            send(&op.signed().encode(), to, out);
        }
        "lets a puppet act"
    }

    fn hide(&mut self, namespace: &NamespaceId, node: &mut Node, out: &mut Vec<Deed>) -> &'static str {
        let heads = Self::heads(namespace, node);
        let Some(hidden) = self.draft(namespace, node, &heads) else { return "has nothing to hide" };
        let told = self.some_peers(node).into_iter().take(1).collect();
        if node.engine.contains(&hidden.id()) {
            self.withheld.insert(hidden.id(), told);
            if let Some(child) = self.draft(namespace, node, &[hidden.id()]) {
                let to = self.some_peers(node);
                send(&child.signed().encode(), to, out);
            }
        }
        "hides an op and shows what is built on it"
    }

    fn reveal_one(&mut self, node: &Node, out: &mut Vec<Deed>) -> &'static str {
        let withheld: Vec<OpId> = self.withheld.keys().copied().collect();
        if let Some(id) = self.rng.one_of(&withheld)
            && let Some(bytes) = node.store.bytes_of(id)
        {
            let to = self.some_peers(node);
            self.withheld.entry(*id).or_default().extend(&to);
            send(&bytes, to, out);
        }
        "shows what it hid"
    }

    fn disturb(&mut self, node: &mut Node, out: &mut Vec<Deed>) -> &'static str {
        for peer in self.some_peers(node) {
            let mut bytes = match (self.rng.below(3), node.store.log()) {
                (0, [_, ..]) => Message::Op(self.rng.one_of(node.store.log()).cloned().unwrap_or_default()).encode(),
                (1, _) => {
                    let namespaces: Vec<NamespaceId> = node.engine.namespaces().collect();
                    let summary = namespaces.first().and_then(|namespace| node.engine.summary(namespace));
                    summary.map(|summary| Message::Summary(summary).encode()).unwrap_or_default()
                }
                _ => self.rng.bytes(60),
            };
            forgery::corrupt(&mut bytes, &mut self.rng);
            out.push(Deed::Send { to: peer, bytes });
        }
        "sends garbage"
    }

    fn spoil(&mut self, namespace: &NamespaceId, node: &mut Node, out: &mut Vec<Deed>) -> &'static str {
        let heads = Self::heads(namespace, node);
        let old: Vec<OpId> = node.engine.ops(namespace).map(|(id, _)| id).collect();
        let Some((group, op)) = forgery::wish(&node.engine, namespace, &node.key, &self.puppets, &mut self.rng) else {
            return "has no wish";
        };
        let draft = node.engine.draft_on(namespace, &group, &node.key.public(), op.clone(), &heads);
        let nonce = self.rng.within(1..=4);
        let mut draft =
            draft.unwrap_or_else(|_| forgery::raw(&mut node.engine, namespace, group, &node.key, op, nonce));
        self.made_up.extend(forgery::spoil(&mut draft, self.refused, &old, &mut self.rng));
        if let Some(op) = self.sign(forgery::sign(draft, &node.key), node) {
            let to = self.some_peers(node);
            send(&op.signed().encode(), to, out);
        }
        "signs what nobody may accept"
    }

    fn replay(&mut self, node: &Node, out: &mut Vec<Deed>) -> &'static str {
        for bytes in node.store.log().iter().rev().step_by(7) {
            let id = folkmoot_core::SignedGroupOp::decode(bytes).map(|op| op.signable.id());
            if id.is_ok_and(|id| !self.withheld.contains_key(&id)) {
                let to = self.some_peers(node).into_iter().take(1);
                send(bytes, to, out);
            }
        }
        "sends old ops again"
    }

    fn found(&mut self, node: &mut Node, out: &mut Vec<Deed>) -> &'static str {
        if self.namespaces < 2 {
            self.namespaces += 1;
            let op = ops::genesis(&node.name, self.rng.bytes32());
            let namespace: NamespaceId = op.id().into();
            if let Some(op) = self.sign(Some(op), node) {
                let to = self.some_peers(node);
                send(&op.signed().encode(), to, out);
            }
            let puppet = self.puppets[0].public();
            let group = GroupId::from(namespace);
            let draft = node.engine.draft(&namespace, &group, &node.key.public(), ops::add(puppet, Role::Admin));
            let key = node.key.clone();
            if let Some(op) = self.sign(draft.ok().and_then(|draft| forgery::sign(draft, &key)), node) {
                let to = self.some_peers(node);
                send(&op.signed().encode(), to, out);
            }
        }
        "founds a namespace of its own"
    }
}

fn send(op: &[u8], to: impl IntoIterator<Item = usize>, out: &mut Vec<Deed>) {
    let bytes = Message::Op(op.to_vec()).encode();
    out.extend(to.into_iter().map(|to| Deed::Send { to, bytes: bytes.clone() }));
}
