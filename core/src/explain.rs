//! Why an op has the verdict it has.

use crate::arena::OpIx;
use crate::engine::{ExplainedBasis, Explanation, RestsOn};
use crate::facts::Rests;
use crate::group_op::variant_name;
use crate::ids::OpId;
use crate::namespace::Namespace;
use crate::verdict::{Verdict, VoidReason};

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
        level: fact.basis.seniority.level,
        tier: fact.basis.seniority.tier,
        ranked_by: dag.id(fact.basis.seniority.op),
    });
    Explanation {
        verdict: fact.verdict,
        causal: fact.causal.is_some(),
        by: first_striker(namespace, op).or_else(|| named(fact.by)),
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
/// the same.
fn first_striker(namespace: &Namespace, op: OpIx) -> Option<OpId> {
    let fact = namespace.history.fact(op)?;
    let wanted = match fact.verdict {
        Verdict::Void(VoidReason::AuthorityLost | VoidReason::InvitationRevoked) => crate::conflict::Strike::Rests,
        Verdict::Void(VoidReason::SubjectReduced) => crate::conflict::Strike::GivesBack,
        _ => return None,
    };
    let strikers = namespace.standing.strikers(&namespace.history, op);
    strikers.into_iter().find(|(_, kind)| *kind == wanted).map(|(by, _)| namespace.history.dag.id(by))
}
