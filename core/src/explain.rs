//! Why an op has the verdict it has.

use crate::arena::OpIx;
use crate::conflict::Strike;
use crate::facts::Rests;
use crate::group_op::variant_name;
use crate::ids::{GroupId, OpId, PublicKey};
use crate::namespace::Namespace;
use crate::verdict::{Verdict, VoidReason};

/// Why an op has the verdict it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The present verdict.
    pub verdict: Verdict,
    /// Whether the verdict is causal: decided by the op's own past, for good.
    pub causal: bool,
    /// What struck or overruled it, or came before it in its register: the first in the order of SPEC §3.
    pub by: Option<OpId>,
    /// The op's name, as the spec writes it.
    pub kind: &'static str,
    /// Who signed it.
    pub signer: PublicKey,
    /// Whose authority it rests on: the inviter's for a claim.
    pub principal: PublicKey,
    /// The group it is about.
    pub group: GroupId,
    /// What it rested on in its own past; none where the verdict is causal, and for a NamespaceCreated.
    pub basis: Option<ExplainedBasis>,
    /// Its signer's nonce.
    pub nonce: u64,
    /// Its place in the graph: 0 for the NamespaceCreated, else one more than its deepest parent's.
    pub depth: u32,
}

/// What a sound op rests on (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExplainedBasis {
    /// The group whose record it is.
    pub ground: GroupId,
    /// What about the record counts.
    pub rests_on: RestsOn,
    /// The op that gave it.
    pub given_by: OpId,
    /// Edges from the ground's group up to the root.
    pub level: u8,
    /// 0 an Admin, 1 a holder of MANAGE_MEMBERS, 2 anybody else.
    pub tier: u8,
    /// The op whose depth and id the rank takes.
    pub ranked_by: OpId,
}

/// What about a record an op rests on (SPEC §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestsOn {
    /// The Admin role.
    Admin,
    /// A capability, by its bit's number.
    Capability(u8),
    /// The record alone.
    Record,
}

/// The account of an admitted op.
pub(crate) fn explain(namespace: &Namespace, op: OpIx) -> Explanation {
    let history = &namespace.history;
    let (dag, directory) = (&history.dag, &history.directory);
    let named = |op: OpIx| op.is_some().then(|| dag.id(op));
    let Some(fact) = history.fact(op) else {
        // Every admitted op has its facts; an explanation of nothing says so.
        return Explanation {
            verdict: Verdict::Void(VoidReason::NoSuchGroup),
            causal: true,
            by: None,
            kind: variant_name(u8::MAX),
            signer: Default::default(),
            principal: Default::default(),
            group: Default::default(),
            basis: None,
            nonce: 0,
            depth: 0,
        };
    };
    let basis = (fact.causal.is_none() && fact.basis.giver.is_some()).then(|| ExplainedBasis {
        ground: directory.group_id(fact.basis.ground),
        rests_on: match fact.basis.rests {
            Rests::Admin => RestsOn::Admin,
            Rests::Capability(bit) => RestsOn::Capability(bit),
            Rests::Record => RestsOn::Record,
        },
        given_by: dag.id(fact.basis.giver),
        level: fact.basis.level,
        tier: fact.basis.tier,
        ranked_by: dag.id(fact.basis.ranked_by),
    });
    Explanation {
        verdict: fact.verdict,
        causal: fact.causal.is_some(),
        by: first_striker(namespace, op).or_else(|| named(namespace.fold.decided_by(op))),
        kind: variant_name(fact.kind),
        signer: directory.person(fact.signer),
        principal: directory.person(fact.principal()),
        group: directory.group_id(fact.group),
        basis,
        nonce: fact.nonce.into(),
        depth: dag.depth(op),
    }
}

/// Of the reductions that strike an op, the first in the order in which they are taken, so that every replica names
/// the same; where none does, the op that breaks the chain of what it rests on.
fn first_striker(namespace: &Namespace, op: OpIx) -> Option<OpId> {
    let fact = namespace.history.fact(op)?;
    let (history, standing) = (&namespace.history, &namespace.standing);
    let wanted = match fact.verdict {
        Verdict::Void(VoidReason::Overruled) => {
            return standing.overruler(history, op).map(|by| history.dag.id(by));
        }
        Verdict::Void(VoidReason::AuthorityLost | VoidReason::InvitationRevoked) => Strike::Rests,
        Verdict::Void(VoidReason::SubjectReduced) => Strike::GivesBack,
        _ => return None,
    };
    if fact.is_reduction() {
        return standing.breaker(history, op).map(|by| history.dag.id(by));
    }
    let struck = standing.strikers(history, op).into_iter().find(|(_, kind)| *kind == wanted).map(|(by, _)| by);
    struck.or_else(|| standing.breaker(history, op)).map(|by| history.dag.id(by))
}
