//! One round of decisions about reductions and what they strike (SPEC §3), over a whole namespace or a part of it.

use crate::arena::{InvitationIx, OpIx};
use crate::conflict::{Among, Strike, gives_back, strike};
use crate::dag::Past;
use crate::decisions::{Changes, Decision, Decisions};
use crate::facts::{Action, Fact, History};
use crate::group_op::Role;
use crate::verdict::VoidReason;
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};

/// With no more candidates than this, who could strike an op is not worth remembering.
const FEW_CANDIDATES: usize = 16;

/// A part of a namespace that has all that its ops have in their pasts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    /// Some past.
    Past(Past),
    /// All ops of less than a depth.
    Above(u32),
}

impl Part {
    pub(crate) fn includes(&self, history: &History, op: OpIx) -> bool {
        match self {
            Self::Past(past) => history.dag.contains(past, op),
            Self::Above(depth) => history.dag.depth(op) < *depth,
        }
    }
}

/// One round of decisions, over the whole or a part.
pub(crate) struct Pass<'a> {
    decisions: &'a Decisions,
    history: &'a History,
    /// The part; `None` is the whole.
    part: Option<Part>,
    /// The op just added: until it is decided it does not stand.
    pub(crate) fresh: OpIx,
    pub(crate) changed: Changes,
    pub(crate) spared: HashMap<OpIx, Vec<OpIx>>,
    /// Which op each decision rested on: (witness, about which op).
    pub(crate) notes: Vec<(OpIx, OpIx)>,
    /// Reductions to decide, the first to take last.
    queue: Vec<OpIx>,
    queued: HashSet<OpIx>,
    /// Ops that are no reductions, to look at once all reductions are decided.
    pub(crate) marked: Vec<OpIx>,
    everything: bool,
    /// Reductions that stand here and not in the whole as it was.
    risen: Vec<OpIx>,
    /// Of ops with many candidates: those of the index that strike it if they stand. The index is as it is during a round,
    /// and the same op may be asked about for every reduction that it overrules.
    could_strike: HashMap<OpIx, Vec<OpIx>>,
    /// For explanations: of several ops that decide, the first in an order that all replicas share, not the first met.
    pub(crate) thorough: bool,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(decisions: &'a Decisions, history: &'a History, part: Option<Part>) -> Self {
        Self {
            decisions,
            history,
            part,
            fresh: OpIx::NONE,
            changed: Changes::new(),
            spared: HashMap::new(),
            notes: Vec::new(),
            queue: Vec::new(),
            queued: HashSet::new(),
            marked: Vec::new(),
            everything: false,
            risen: Vec::new(),
            could_strike: HashMap::new(),
            thorough: false,
        }
    }

    fn includes(&self, op: OpIx) -> bool {
        self.part.as_ref().is_none_or(|part| part.includes(self.history, op))
    }

    fn decision(&self, op: OpIx) -> Decision {
        self.changed.get(&op).copied().unwrap_or_else(|| self.decisions.of(op))
    }

    fn stands(&self, r: OpIx) -> bool {
        r != self.fresh && self.includes(r) && self.decision(r).stands()
    }

    fn note(&mut self, witness: OpIx, dependent: OpIx) {
        if self.part.is_none() {
            self.notes.push((witness, dependent));
        }
    }

    // The queue.

    pub(crate) fn queue(&mut self, r: OpIx) {
        if !self.includes(r) || !self.queued.insert(r) {
            return;
        }
        let at = self.queue.partition_point(|other| self.history.compare_taking_order(*other, r).is_gt());
        self.queue.insert(at, r);
    }

    /// A decision about this op may be another now.
    pub(crate) fn look_again(&mut self, op: OpIx) {
        if self.history.fact(op).is_some_and(Fact::is_reduction) {
            self.queue(op);
        } else if self.includes(op) {
            self.marked.push(op);
        }
    }

    /// Queues every reduction that is taken after `after`.
    fn queue_everything(&mut self, after: OpIx) {
        if self.everything {
            return;
        }
        self.everything = true;
        let history = self.history;
        let later = |r: &OpIx| after.is_none() || history.compare_taking_order(after, *r).is_lt();
        let all: Vec<OpIx> = self.decisions.index.all_reductions().iter().copied().filter(later).collect();
        for r in all {
            if self.includes(r) && self.queued.insert(r) {
                self.queue.push(r);
            }
        }
        self.queue.sort_unstable_by(|a, b| history.compare_taking_order(*b, *a));
    }

    pub(crate) fn run(&mut self) {
        while let Some(r) = self.queue.pop() {
            self.queued.remove(&r);
            self.decide(r);
        }
        let marked = core::mem::take(&mut self.marked);
        for x in marked {
            let decision = self.struck(x);
            if decision != self.decision(x) {
                self.changed.insert(x, decision);
            }
        }
        // A part compares with the whole; the whole reports what is not as it was.
        let decisions = self.decisions;
        self.changed.retain(|op, decision| *decision != decisions.of(*op));
    }

    // Reductions.

    /// SPEC §3, "which reductions stand": takes one, given those taken before it.
    fn decide(&mut self, r: OpIx) {
        let Some(fact) = self.history.fact(r) else { return };
        let stood = self.stands(r);
        let old = self.decision(r);
        let new = self.judge_reduction(r, fact);
        if r == self.fresh {
            self.fresh = OpIx::NONE;
        }
        if new != old {
            self.changed.insert(r, new);
        }
        if new.stands() && !stood {
            self.risen.push(r);
        }
        let spared_changed = new.stands() && self.update_spared(r, fact);
        if new.stands() != stood || spared_changed {
            self.spread(r, fact, new.stands());
        }
    }

    fn judge_reduction(&mut self, r: OpIx, fact: &Fact) -> Decision {
        if let Some(by) = self.broken(r, r) {
            return Decision::void(VoidReason::AuthorityLost, by);
        }
        if !fact.is_of_signer()
            && let Some(by) = self.overruler(r, fact)
        {
            return Decision::void(VoidReason::Overruled, by);
        }
        Decision::NONE
    }

    /// The op that gives back what `r` takes, strictly more senior, no claim, and not broken by what was taken before.
    pub(crate) fn overruler(&mut self, r: OpIx, fact: &Fact) -> Option<OpIx> {
        let (history, index) = (self.history, &self.decisions.index);
        let fits = |x: &OpIx| {
            history.fact(*x).is_some_and(|other| {
                !other.is_claim() && gives_back(history, fact, other) && history.is_senior(other, fact)
            })
        };
        let (mut candidates, mut found) = (Vec::new(), None);
        index.any_grant_to(history, fact.reduced_member(), r, Among::SeniorTo(fact), |x| {
            if self.thorough {
                candidates.push(x);
            } else if fits(&x) && self.includes(x) && self.broken(x, r).is_none() {
                // The first will do: there may be very many.
                found = Some(x);
            }
            found.is_some()
        });
        if self.thorough {
            candidates.retain(|x| fits(x) && self.includes(*x));
            candidates.sort_unstable_by(|a, b| history.compare_taking_order(*a, *b));
            found = candidates.into_iter().find(|x| self.broken(*x, r).is_none());
        }
        let found = found?;
        self.note(found, r);
        Some(found)
    }

    /// Whose turn it is because `r` stands now, or no longer does.
    fn spread(&mut self, r: OpIx, fact: &Fact, stands: bool) {
        self.look_at_what_rested_on(r, r);
        if !stands {
            return;
        }
        let mut targets = Vec::new();
        self.decisions.index.each_target(self.history, r, fact, |x| targets.push(x));
        for x in targets {
            let Some(other) = self.history.fact(x) else { continue };
            if !self.includes(x) || strike(self.history, fact, other).is_none() {
                continue;
            }
            self.look_at_later(x, r);
            // What it overruled, outdid or spared a claim from, it may no longer.
            self.look_at_what_rested_on(x, r);
            if other.gave_ground {
                self.queue_everything(r);
            }
        }
    }

    /// The decisions, taken after `after`, that rested on `witness`.
    fn look_at_what_rested_on(&mut self, witness: OpIx, after: OpIx) {
        let mut dependents = self.decisions.rested_on(witness).to_vec();
        let noted = self.notes.iter().filter(|(other, _)| *other == witness);
        dependents.extend(noted.map(|(_, dependent)| *dependent));
        for dependent in dependents {
            self.look_at_later(dependent, after);
        }
    }

    fn look_at_later(&mut self, op: OpIx, than: OpIx) {
        let is_reduction = self.history.fact(op).is_some_and(Fact::is_reduction);
        if !is_reduction || self.history.compare_taking_order(than, op).is_lt() {
            self.look_again(op);
        }
    }

    /// Which reductions may be decided otherwise because the grant `x` is new: those it may overrule, those whose
    /// chain has a giver that it may outdo, those it may spare a claim from.
    pub(crate) fn look_at_rivals(&mut self, x: OpIx, fact: &Fact) {
        let member = fact.granted_to();
        if member.is_none() {
            return;
        }
        let history = self.history;
        let mut found = Vec::new();
        let mut outdoes = false;
        let index = &self.decisions.index;
        index.any_reduction_of(history, member, x, Among::JuniorTo(fact), |r| {
            if history.fact(r).is_some_and(|other| history.is_senior(fact, other)) {
                found.push(r);
            }
            false
        });
        if let Some((_, role)) = fact.gives_role() {
            outdoes = index.any_grant_to(history, member, x, Among::GiversJuniorTo(fact), |a| {
                history.fact(a).is_some_and(|a| a.gave_ground && outdone_by(history, a, fact, role))
            });
        }
        if !fact.is_claim() {
            self.revocations_spared_by(x, fact, &mut found);
        }
        for r in found {
            self.queue(r);
        }
        if outdoes {
            self.queue_everything(OpIx::NONE);
        }
    }

    // Claims that a senior built on.

    /// The revocations concurrent with the grant `y` of invitations that its subject claimed in its past.
    fn revocations_spared_by(&self, y: OpIx, fact: &Fact, found: &mut Vec<OpIx>) {
        let history = self.history;
        for (claim, invitation) in self.claims_before(y, fact) {
            self.decisions.index.any_revocation_of(history, invitation, y, |r| {
                if history.dag.concurrent(r, claim) {
                    found.push(r);
                }
                false
            });
        }
    }

    /// The claims of the subject of `y` that lie in its past, in a group of its path.
    fn claims_before(&self, y: OpIx, fact: &Fact) -> Vec<(OpIx, InvitationIx)> {
        let history = self.history;
        self.decisions
            .index
            .claims_by(fact.granted_to())
            .iter()
            .filter(|claim| history.dag.is_before(**claim, y))
            .filter_map(|claim| {
                let other = history.fact(*claim)?;
                let Action::Claim { invitation, .. } = other.action else { return None };
                history.directory.is_in_path(other.group, fact.group).then_some((*claim, invitation))
            })
            .collect()
    }

    /// Decides anew which claims the revocation `r` spares, as it is taken; says whether that changed.
    fn update_spared(&mut self, r: OpIx, fact: &Fact) -> bool {
        let Action::InvitationRevoked { invitation } = fact.action else { return false };
        let history = self.history;
        let mut claims = Vec::new();
        self.decisions.index.any_claim_of(history, invitation, r, |claim| {
            claims.push(claim);
            false
        });
        let mut spared: Vec<OpIx> = claims.into_iter().filter(|claim| self.is_built_on(*claim, r, fact)).collect();
        spared.sort_unstable();
        if self.spared_by(r) == spared {
            return false;
        }
        self.spared.insert(r, spared);
        true
    }

    fn spared_by(&self, r: OpIx) -> &[OpIx] {
        self.spared.get(&r).map_or_else(|| self.decisions.spared_by(r), Vec::as_slice)
    }

    /// There is a sound grant y ∥ r to the claim's signer, no claim and not lowering, with the claim in its past and
    /// the claim's group in its path, strictly more senior than r and not broken by what stood before r was taken.
    fn is_built_on(&mut self, claim: OpIx, r: OpIx, fact: &Fact) -> bool {
        let history = self.history;
        let Some(claimed) = history.fact(claim) else { return false };
        if !self.includes(claim) {
            return false;
        }
        let mut seniors = Vec::new();
        self.decisions.index.any_grant_to(history, claimed.signer, r, Among::SeniorTo(fact), |y| {
            let fits = history.fact(y).is_some_and(|other| {
                !other.is_claim()
                    && history.dag.is_before(claim, y)
                    && history.directory.is_in_path(claimed.group, other.group)
                    && history.is_senior(other, fact)
            });
            if fits {
                seniors.push(y);
            }
            false
        });
        seniors.retain(|y| self.includes(*y));
        let found = seniors.into_iter().find(|y| self.broken(*y, r).is_none());
        if let Some(y) = found {
            self.note(y, r);
        }
        found.is_some()
    }

    // Strikes.

    /// Calls `found` for each reduction concurrent with `x` that may stand here and could strike it, until told to
    /// stop.
    pub(crate) fn any_candidate(&self, x: OpIx, fact: &Fact, mut found: impl FnMut(OpIx) -> bool) -> bool {
        let dag = &self.history.dag;
        self.decisions.index.any_candidate(self.history, x, fact, &mut found)
            || self.risen.iter().any(|r| dag.concurrent(*r, x) && found(*r))
    }

    /// How the reduction `r`, if it stands, strikes `x`.
    pub(crate) fn strikes(&self, r: OpIx, x: OpIx) -> Option<Strike> {
        if !self.stands(r) {
            return None;
        }
        let (reduction, fact) = (self.history.fact(r)?, self.history.fact(x)?);
        let kind = strike(self.history, reduction, fact)?;
        let spares = matches!(reduction.action, Action::InvitationRevoked { .. }) && self.spared_by(r).contains(&x);
        (!spares).then_some(kind)
    }

    /// SPEC §4.4: how standing reductions strike an op that is no reduction.
    fn struck(&mut self, x: OpIx) -> Decision {
        let Some(fact) = self.history.fact(x) else { return Decision::NONE };
        let history = self.history;
        let (mut authority, mut invitation, mut subject) = (OpIx::NONE, OpIx::NONE, OpIx::NONE);
        let mut look_at = |r: OpIx| {
            let Some(reduction) = history.fact(r) else { return false };
            let revokes = matches!(reduction.action, Action::InvitationRevoked { .. });
            match self.strikes(r, x) {
                Some(Strike::Rests) if revokes => invitation = r,
                Some(Strike::Rests) if authority.is_none() => authority = r,
                Some(Strike::GivesBack) if subject.is_none() => subject = r,
                _ => {}
            }
            // What is taken from somebody else is nothing that the op rests on, and there may be very many who take it.
            let gives_back_at_most = !revokes && reduction.reduced_member() != fact.principal();
            authority.is_some() || (gives_back_at_most && subject.is_some())
        };
        self.decisions.index.any_candidate(history, x, fact, &mut look_at);
        for r in self.risen.iter().filter(|r| history.dag.concurrent(**r, x)) {
            look_at(*r);
        }
        let decision = if authority.is_some() {
            Decision::void(VoidReason::AuthorityLost, authority)
        } else if invitation.is_some() {
            Decision::void(VoidReason::InvitationRevoked, invitation)
        } else if subject.is_some() {
            Decision::void(VoidReason::SubjectReduced, subject)
        } else {
            return Decision::NONE;
        };
        self.note(decision.by, x);
        decision
    }

    /// Whether the standing reductions taken before `limit` ([`OpIx::NONE`]: all of them) break `x0`, and which op does
    /// (SPEC §3). Outdoers can be
    /// outdone in turn, each strictly more senior than the one before: a work list, no recursion.
    pub(crate) fn broken(&mut self, x0: OpIx, limit: OpIx) -> Option<OpIx> {
        let mut known: HashMap<OpIx, Option<OpIx>> = HashMap::new();
        let mut stack = Vec::from([x0]);
        while let Some(x) = stack.last().copied() {
            if known.contains_key(&x) {
                stack.pop();
                continue;
            }
            match self.broken_given(x, limit, &known) {
                Ok(result) => {
                    if let Some(witness) = result {
                        self.note(witness, limit);
                    }
                    if x == x0 {
                        return result;
                    }
                    known.insert(x, result);
                    stack.pop();
                }
                Err(first) => stack.push(first),
            }
        }
        None
    }

    /// As [`Self::broken`], or the outdoer that must be known first.
    fn broken_given(
        &mut self,
        x: OpIx,
        limit: OpIx,
        known: &HashMap<OpIx, Option<OpIx>>,
    ) -> Result<Option<OpIx>, OpIx> {
        let history = self.history;
        let Some(fact) = history.fact(x) else { return Ok(None) };
        if let Some(by) = self.struck_before(x, fact, limit, x) {
            return Ok(Some(by));
        }
        let mut above = fact.basis.giver;
        while let Some(giver) = history.fact(above) {
            if let Some(by) = self.struck_before(above, giver, limit, x) {
                return Ok(Some(by));
            }
            if let Some(by) = self.outdone(above, giver, x, fact, known)? {
                return Ok(Some(by));
            }
            above = giver.basis.giver;
        }
        Ok(None)
    }

    /// A standing reduction taken before `limit`, concurrent with `x`, that strikes `a`: `x` itself or an op of its
    /// chain.
    fn struck_before(&mut self, a: OpIx, fact: &Fact, limit: OpIx, x: OpIx) -> Option<OpIx> {
        if !self.could_strike.contains_key(&a) {
            let (mut looked_at, mut found) = (0usize, None);
            self.any_candidate(a, fact, |q| {
                looked_at = looked_at.saturating_add(1);
                found = self.first_striker(core::iter::once(q), limit, a, x);
                found.is_some() || looked_at > FEW_CANDIDATES
            });
            if !self.thorough && (found.is_some() || looked_at <= FEW_CANDIDATES) {
                return found;
            }
            let could = self.could_strike(a, fact);
            self.could_strike.insert(a, could);
        }
        let could = self.could_strike.get(&a).map(Vec::as_slice).unwrap_or_default();
        let risen = self.risen.iter().filter(|r| self.history.dag.concurrent(**r, a));
        self.first_striker(could.iter().chain(risen).copied(), limit, a, x)
    }

    /// The reductions of the index that strike `a` if they stand.
    fn could_strike(&self, a: OpIx, fact: &Fact) -> Vec<OpIx> {
        let history = self.history;
        let mut could = Vec::new();
        self.decisions.index.any_candidate(history, a, fact, |q| {
            if history.fact(q).is_some_and(|other| strike(history, other, fact).is_some()) {
                could.push(q);
            }
            false
        });
        could
    }

    /// The first of the candidates that stands, was taken before `limit`, and strikes `a`.
    fn first_striker(&self, candidates: impl Iterator<Item = OpIx>, limit: OpIx, a: OpIx, x: OpIx) -> Option<OpIx> {
        let history = self.history;
        let mut strikers = candidates.filter(|q| {
            (limit.is_none() || history.compare_taking_order(*q, limit).is_lt())
                && history.dag.concurrent(*q, x)
                && self.strikes(*q, a).is_some()
        });
        if self.thorough { strikers.min_by(|p, q| history.compare_taking_order(*p, *q)) } else { strikers.next() }
    }

    /// An op that outdoes the giver `a` in the chain of `x`.
    fn outdone(
        &self,
        a: OpIx,
        giver: &Fact,
        x: OpIx,
        fact: &Fact,
        known: &HashMap<OpIx, Option<OpIx>>,
    ) -> Result<Option<OpIx>, OpIx> {
        let Some((member, _)) = giver.gives_role() else { return Ok(None) };
        let history = self.history;
        let (mut by, mut unknown) = (None, None);
        self.decisions.index.any_grant_to(history, member, a, Among::SeniorTo(giver), |b| {
            let fits = self.includes(b)
                && history.dag.concurrent(b, x)
                && history.fact(b).is_some_and(|other| {
                    other.gives_role().is_some_and(|(_, role)| outdone_by(history, giver, other, role))
                        && history.is_senior(other, fact)
                });
            if fits {
                match known.get(&b) {
                    Some(None) if by.is_none_or(|first| history.compare_taking_order(b, first).is_lt()) => by = Some(b),
                    Some(None) => {}
                    Some(Some(_)) => {}
                    None => unknown = Some(b),
                }
            }
            unknown.is_some() || (by.is_some() && !self.thorough)
        });
        match unknown {
            Some(first) if by.is_none() || self.thorough => Err(first),
            _ => Ok(by),
        }
    }
}

/// Whether `b`, which gives `role`, gives a lower one than `a` to the same member in the same group, and is strictly
/// more senior.
fn outdone_by(history: &History, a: &Fact, b: &Fact, role: Role) -> bool {
    a.gives_role().is_some_and(|(member, given)| member == b.granted_to() && role > given)
        && a.group == b.group
        && history.is_senior(b, a)
}
