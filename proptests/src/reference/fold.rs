//! SPEC §4: what a parent-closed set of ops comes to.

use super::authority::Draft;
use super::conflict::{Reductions, Strike, outranks};
use super::dag::{Causal, Dag, Node, OpSet};
use super::effects::{apply, bar};
use super::preconditions::{again, is_last_admin_of_the_root};
use super::state::{Register, State};
use super::{Reason, Verdict};
use folkmoot_core::OpId;
use folkmoot_core::group_op::GroupOp;
use std::collections::BTreeMap;

/// F(X), and the verdict of each op of X on the way.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    /// The state that X folds to.
    pub state: State,
    /// What each op comes to in X.
    pub verdicts: BTreeMap<OpId, Verdict>,
}

/// "F(X) starts empty and takes the ops of the parent-closed set X by (depth, seniority, op_id) ascending".
pub(super) fn fold(dag: &Dag, x: &OpSet) -> Folded {
    let reductions = Reductions::of(dag, x);
    let mut folded = Folded::default();
    let mut in_turn: Vec<usize> = x.iter().collect();
    // Where void ops come does not matter: they have no effect.
    in_turn.sort_by_key(|&at| {
        let node = dag.node(at);
        (node.depth, node.basis().map(|basis| basis.seniority), node.id)
    });
    for at in in_turn {
        let verdict = take(dag, &reductions, &mut folded.state, at);
        folded.verdicts.insert(dag.node(at).id, verdict);
    }
    folded
}

/// "For each op o, against the state S reached so far".
fn take(dag: &Dag, reductions: &Reductions<'_>, s: &mut State, at: usize) -> Verdict {
    let node = dag.node(at);
    // 1. "Causal verdict void: stays void, with that reason."
    let basis = match &node.causal {
        Causal::Void(reason) => return Verdict::Void(*reason),
        Causal::Sound(basis) => basis,
    };
    let is_reduction = node.is_reduction();
    // 2. "A reduction that does not stand: void, with the reason of §3."
    if let Some(reason) = reductions.refusal(at) {
        return Verdict::Void(reason);
    }
    // "In 3 and 6 a standing reduction is not void but idle".
    let fails = |reason| if is_reduction { Verdict::Idle(reason) } else { Verdict::Void(reason) };
    let is_genesis = matches!(node.payload(), GroupOp::NamespaceCreated { .. });
    // 3. "op.group_id no longer exists in S: `NoSuchGroup`."
    if !is_genesis && !s.groups.contains_key(&node.group) {
        return fails(Reason::NoSuchGroup);
    }
    let draft = Draft {
        namespace: node.namespace,
        group: node.group,
        signer: node.signer(),
        op: node.payload(),
        claim_verified: node.op.claim_verified(),
    };
    // 4. "Not a reduction, and standing reductions strike it … If, with the needs of §5 evaluated anew in S, it has no
    // ground: void `AuthorityLost`."
    if !is_reduction && !is_genesis {
        if let Some(reason) = struck(dag, reductions, at) {
            return Verdict::Void(reason);
        }
        if draft.ground(dag, s).is_none() {
            return Verdict::Void(Reason::AuthorityLost);
        }
    }
    // 5. "If o writes a register whose last writer w in S is not in past(o), a concurrent write came first: unless o is
    // a reduction, or strictly more senior than w, void `Superseded`."
    let register = register(node);
    let writer = register.and_then(|register| s.groups.get(&node.group)?.writers.get(&register).copied());
    let writer = writer.and_then(|id| dag.index(&id)).filter(|&w| !dag.precedes(w, at));
    if let Some(w) = writer {
        let senior = dag.node(w).basis().is_some_and(|other| outranks(basis, other));
        if !is_reduction && !senior {
            return Verdict::Void(Reason::Superseded);
        }
    }
    let prevailed = writer.is_some();
    // 6. "Precondition (§5) again in S, those marked † excepted: else void with its reason."
    if let Some(group) = s.groups.get(&node.group) {
        if let Err(reason) = again(dag, s, &draft, group, basis.lowers) {
            // "and a MemberRemoved of another bars the member all the same (if the group exists and the reason is
            // `NoSuchMember`)"
            if is_reduction && reason == Reason::NoSuchMember {
                bar(s, node);
            }
            return fails(reason);
        }
        // §5, Admission: "in the fold, this is void `LastAdmin` where it would lower the root's last Admin"
        let admits = matches!(node.payload(), GroupOp::MemberAdded { .. }) || node.is_claim();
        if let (true, true, Some(role), Some(m)) = (prevailed, admits, node.role_given(), node.subject_of_grant()) {
            let would_lower = group.members.get(&m).is_some_and(|record| role > record.role);
            if would_lower && is_last_admin_of_the_root(s, &node.group, &m) {
                return Verdict::Void(Reason::LastAdmin);
            }
        }
    }
    // 7. "Effective: apply, and become last writer of the register written."
    apply(s, node, prevailed);
    if let (Some(register), Some(group)) = (register, s.groups.get_mut(&node.group)) {
        group.writers.insert(register, node.id);
    }
    Verdict::Effective
}

/// "void `AuthorityLost` if any of them but an InvitationRevoked strikes by (i); else `InvitationRevoked` if one of
/// those does; else `SubjectReduced`"
fn struck(dag: &Dag, reductions: &Reductions<'_>, at: usize) -> Option<Reason> {
    let strikes = reductions.that_strike(at);
    let is_revocation = |r: usize| matches!(dag.node(r).payload(), GroupOp::InvitationRevoked { .. });
    if strikes.iter().any(|&(r, how)| how == Strike::RestsOnIt && !is_revocation(r)) {
        Some(Reason::AuthorityLost)
    } else if strikes.iter().any(|&(r, _)| is_revocation(r)) {
        Some(Reason::InvitationRevoked)
    } else {
        (!strikes.is_empty()).then_some(Reason::SubjectReduced)
    }
}

/// §5: ""R:" names the register".
fn register(node: &Node) -> Option<Register> {
    match node.payload() {
        GroupOp::MemberAdded { member, .. }
        | GroupOp::MemberRemoved { member }
        | GroupOp::MemberRoleSet { member, .. } => Some(Register::Member(*member)),
        GroupOp::JoinWithInvitationClaim { .. } => Some(Register::Member(node.signer())),
        GroupOp::DefaultCapabilitiesSet { .. } => Some(Register::DefaultCapabilities),
        GroupOp::DefaultVisibilitySet { .. } => Some(Register::DefaultVisibility),
        GroupOp::GroupVisibilitySet { .. } => Some(Register::GroupVisibility),
        GroupOp::UpgradePolicySet { .. } => Some(Register::UpgradePolicy),
        GroupOp::TargetApplicationSet { .. } => Some(Register::TargetApplication),
        GroupOp::GroupAliasSet { .. } => Some(Register::GroupAlias),
        GroupOp::MemberAliasSet { member, .. } => Some(Register::MemberAlias(*member)),
        GroupOp::ContextAliasSet { context_id, .. } => Some(Register::ContextAlias(*context_id)),
        _ => None,
    }
}
