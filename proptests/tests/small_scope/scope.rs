//! Going through all histories, each once, and judging each in all orders.

use crate::world::{NAMES, SIGNERS, World};
use folkmoot_core::{Engine, Hash, OpId, SignableGroupOp, Status, VerifiedOp};
use folkmoot_proptests::budget::{smallest_failure, tried};
use folkmoot_proptests::reference::{Admission, Reference, Verdict};
use folkmoot_proptests::shrink::tell;
use std::collections::{BTreeMap, HashMap};
use std::ops::AddAssign;
use std::sync::Mutex;

/// Histories of so many ops at most.
pub(crate) const MOST: usize = 5;

/// What was gone through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Histories, by the number of ops after the setup.
    pub(crate) histories: [u64; MOST + 1],
    /// Those of them in which the last op has no place (SPEC §2), so that nothing more is built on it.
    pub(crate) refused: u64,
    /// Orders of arrival in which they were judged.
    pub(crate) orders: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for (ours, theirs) in self.histories.iter_mut().zip(other.histories) {
            *ours += theirs;
        }
        self.refused += other.refused;
        self.orders += other.orders;
    }
}

/// What is to be gone through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    /// Most ops after the setup.
    pub(crate) depth: usize,
    /// Of the candidates for histories with that many ops, and with one less, every so manieth.
    pub(crate) strides: [u64; 2],
    /// Histories of fewer ops are not judged, only gone on from.
    pub(crate) judge_from: usize,
    /// Only the letters that are chosen for the longest histories.
    pub(crate) few: bool,
    /// Up to so many ops come in every order there is; more come in every order that has parents first, and in the one
    /// that has them all last. (While parents are missing an op waits, and is taken as if it came after them.)
    pub(crate) any_order: usize,
}

/// A kind of op and who signs it.
type Letter = (usize, usize);

/// A set of ops after the setup, which stands in the one order that counts: of all orders with parents first, the one in
/// which the smallest id that may come always comes.
#[derive(Clone)]
struct Node {
    ops: Vec<VerifiedOp>,
    /// For each op those before it, as bits.
    pasts: Vec<u8>,
    reference: Reference,
}

struct Walk<'a> {
    world: &'a World,
    scope: Scope,
    letters: Vec<Letter>,
    /// Ops that were signed already, by id.
    signed: HashMap<OpId, VerifiedOp>,
    counts: Counts,
    /// How many candidates there were for histories of each length.
    candidates: [u64; MOST + 1],
}

/// Goes through a scope on all processors.
///
/// # Panics
/// With the history and the order in which engine and reference differ.
pub(crate) fn explore(world: &World, scope: Scope) -> Counts {
    let mut letters = Vec::new();
    for signer in SIGNERS {
        for (at, kind) in world.kinds.iter().enumerate() {
            if !scope.few || world.few.contains(&(signer, kind.name)) {
                letters.push((signer, at));
            }
        }
    }
    let total = Mutex::new(Counts::default());
    let parts = u64::try_from(letters.len()).expect("few letters");
    let failure: Option<(u64, String)> = smallest_failure(0..parts, |first| {
        let mut walk = Walk {
            world,
            scope,
            letters: letters.clone(),
            signed: HashMap::new(),
            counts: Counts::default(),
            candidates: [first; MOST + 1],
        };
        let mut reference = Reference::default();
        for op in &world.setup {
            reference.add(op.clone());
        }
        let mut root = Node { ops: Vec::new(), pasts: Vec::new(), reference };
        walk.extend(&mut root, Some(usize::try_from(first).expect("few letters")))?;
        *total.lock().expect("no check panicked") += walk.counts;
        Ok(())
    });
    if let Some((_, failure)) = failure {
        panic!("{}: {failure}", world.name);
    }
    let counts = *total.lock().expect("no check panicked");
    println!("{}, {} letters, {scope:?}: {counts:?}", world.name, letters.len());
    tried(counts.histories.iter().sum::<u64>(), "histories of small scope");
    tried(counts.orders, "orders of arrival of them");
    counts
}

/// All sets of so many ops that hold the past of each of their members.
fn closed_sets(pasts: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let bits = move |set: u8| (0..pasts.len()).filter(move |at| set & (1 << at) != 0);
    (0..1u8 << pasts.len()).filter(move |&set| bits(set).all(|at| pasts[at] & !set == 0))
}

impl Walk<'_> {
    /// Goes through all sets with one op more, and from there on. `first` is the only letter to begin with.
    fn extend(&mut self, node: &mut Node, first: Option<usize>) -> Result<(), String> {
        let length = node.ops.len() + 1;
        let is_last = length == self.scope.depth;
        let stride = self.scope.strides.get(self.scope.depth - length).copied().unwrap_or(1);
        let letters = first.map_or(0..self.letters.len(), |first| first..first + 1);
        for past in closed_sets(&node.pasts.clone()) {
            let maximal = |at: usize| {
                past & (1 << at) != 0
                    && !(0..node.ops.len()).any(|other| past & (1 << other) != 0 && node.pasts[other] & (1 << at) != 0)
            };
            let mut parents: Vec<OpId> =
                (0..node.ops.len()).filter(|&at| maximal(at)).map(|at| node.ops[at].id()).collect();
            parents.sort();
            if parents.is_empty() {
                parents.push(self.world.tip);
            }
            let view = node.reference.past_view(&parents).ok_or("no view")?;
            let mut hashes: BTreeMap<_, Hash> = BTreeMap::new();
            for letter in letters.clone() {
                self.candidates[length] += 1;
                if !self.candidates[length].is_multiple_of(stride) {
                    continue;
                }
                let (signer, kind) = self.letters[letter];
                let (kind, signer) = (&self.world.kinds[kind], self.world.keys[signer].public());
                let signable = SignableGroupOp {
                    version: 1,
                    namespace_id: self.world.namespace,
                    group_id: kind.group,
                    parent_op_hashes: parents.clone(),
                    state_hash: *hashes.entry(kind.group).or_insert_with(|| view.state_hash(&kind.group)),
                    signer,
                    nonce: view.next_nonce(&signer),
                    op: kind.by(&signer),
                };
                let id = signable.id();
                // Whatever comes last in the order that counts is greater than all that it could come before.
                let after = node.ops.iter().enumerate().rev().take_while(|(at, _)| past & (1 << at) == 0);
                if !after.map(|(_, op)| op.id()).all(|other| other < id) {
                    continue;
                }
                let op = self.sign(id, signable, letter, past.count_ones() < 3)?;
                let mut next = node.clone();
                let admission = next.reference.add(op.clone());
                next.ops.push(op);
                next.pasts.push(past);
                if length >= self.scope.judge_from {
                    self.counts.histories[length] += 1;
                    self.counts.refused += u64::from(admission != Admission::Admitted);
                    self.judge(&next).map_err(|why| format!("{why}\n{}", self.tell(&next)))?;
                }
                if !is_last && admission == Admission::Admitted {
                    self.extend(&mut next, None)?;
                }
            }
        }
        Ok(())
    }

    fn sign(&mut self, id: OpId, op: SignableGroupOp, letter: usize, keep: bool) -> Result<VerifiedOp, String> {
        if let Some(known) = self.signed.get(&id) {
            return Ok(known.clone());
        }
        let (signer, _) = self.letters[letter];
        let op = op.sign(&self.world.keys[signer]).map_err(|error| error.to_string())?;
        if keep {
            self.signed.insert(id, op.clone());
        }
        Ok(op)
    }

    /// Gives a set to engines in every order that the scope asks for.
    fn judge(&mut self, node: &Node) -> Result<(), String> {
        let judgement = node.reference.judgement();
        let judged = judgement.namespaces.get(&self.world.namespace).ok_or("nothing judged")?;
        let expect = Expect {
            verdicts: judged.folded.verdicts.iter().map(|(id, verdict)| (*id, as_core(*verdict))).collect(),
            digest: judged.digest,
            heads: judged.heads.iter().copied().collect(),
            refused: judgement.not_admitted.clone(),
        };
        let count = node.ops.len();
        let mut order = Vec::with_capacity(count);
        let any = count <= self.scope.any_order;
        self.each_order(node, &expect, &mut order, any)?;
        if !any {
            self.one_order(node, &expect, &(0..count).rev().collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn each_order(&mut self, node: &Node, expect: &Expect, order: &mut Vec<usize>, any: bool) -> Result<(), String> {
        if order.len() == node.ops.len() {
            return self.one_order(node, expect, &order.clone());
        }
        for at in 0..node.ops.len() {
            let done = order.iter().fold(0u8, |done, at| done | 1 << at);
            if done & (1 << at) == 0 && (any || node.pasts[at] & !done == 0) {
                order.push(at);
                self.each_order(node, expect, order, any)?;
                order.pop();
            }
        }
        Ok(())
    }

    fn one_order(&mut self, node: &Node, expect: &Expect, order: &[usize]) -> Result<(), String> {
        self.counts.orders += 1;
        let mut engine = Engine::new();
        let _ = engine.apply_batch(self.world.setup.iter().cloned());
        for &at in order {
            let _ = engine.apply(node.ops[at].clone());
        }
        let mut verdicts: Vec<_> = engine.ops(&self.world.namespace).collect();
        verdicts.sort_unstable_by_key(|(id, _)| *id);
        let refused = || engine.refusals().into_iter().map(|(id, status)| (id, said(&status)));
        if verdicts != expect.verdicts {
            return Err(format!("in the order {order:?}, verdicts: {verdicts:?}\nreference: {:?}", expect.verdicts));
        }
        if !refused().eq(expect.refused.iter().map(|(id, why)| (*id, why.to_string()))) {
            let refused: Vec<_> = refused().collect();
            return Err(format!("in the order {order:?}, refused: {refused:?}\nreference: {:?}", expect.refused));
        }
        let (heads, digest) = (engine.heads(&self.world.namespace), engine.digest(&self.world.namespace));
        if heads != expect.heads || digest != Some(expect.digest) {
            return Err(format!("in the order {order:?}: {heads:?}, {digest:?}, reference: {expect:?}"));
        }
        Ok(())
    }

    fn tell(&self, node: &Node) -> String {
        let names = self.world.keys.iter().zip(NAMES).map(|(key, name)| (key.public(), name)).collect();
        format!("setup:\n{}then:\n{}", tell(&self.world.setup, &names), tell(&node.ops, &names))
    }
}

/// What the reference has of a set.
#[derive(Debug)]
struct Expect {
    verdicts: Vec<(OpId, folkmoot_core::Verdict)>,
    digest: Hash,
    heads: Vec<OpId>,
    refused: BTreeMap<OpId, Admission>,
}

fn said(status: &Status) -> String {
    match status {
        Status::Rejected(reason) => format!("rejected: {reason}"),
        Status::Ignored => "ignored".to_owned(),
        other => format!("{other:?}"),
    }
}

fn as_core(verdict: Verdict) -> folkmoot_core::Verdict {
    match verdict {
        Verdict::Effective => folkmoot_core::Verdict::Effective,
        Verdict::Void(reason) => folkmoot_core::Verdict::Void(reason_as_core(reason)),
        Verdict::Idle(reason) => folkmoot_core::Verdict::Idle(reason_as_core(reason)),
    }
}

fn reason_as_core(reason: folkmoot_proptests::reference::Reason) -> folkmoot_core::VoidReason {
    use folkmoot_core::VoidReason as Core;
    use folkmoot_proptests::reference::Reason as Ref;
    match reason {
        Ref::StateHashMismatch => Core::StateHashMismatch,
        Ref::NoSuchGroup => Core::NoSuchGroup,
        Ref::Unauthorized => Core::Unauthorized,
        Ref::TooDeep => Core::TooDeep,
        Ref::RootGroup => Core::RootGroup,
        Ref::AlreadyMember => Core::AlreadyMember,
        Ref::NoSuchMember => Core::NoSuchMember,
        Ref::Outranked => Core::Outranked,
        Ref::LastAdmin => Core::LastAdmin,
        Ref::ReadOnlyMember => Core::ReadOnlyMember,
        Ref::NoSuchContext => Core::NoSuchContext,
        Ref::BadInvitation => Core::BadInvitation,
        Ref::InvitationRevoked => Core::InvitationRevoked,
        Ref::InvitationUsedUp => Core::InvitationUsedUp,
        Ref::Barred => Core::Barred,
        Ref::AuthorityLost => Core::AuthorityLost,
        Ref::SubjectReduced => Core::SubjectReduced,
        Ref::Superseded => Core::Superseded,
        Ref::Overruled => Core::Overruled,
    }
}
