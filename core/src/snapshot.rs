//! The whole engine as bytes, and back.
//!
//! ```text
//! "folkmoot/snapshot/v1" ‖ borsh(Body) ‖ SHA-256 of all before
//! ```
//!
//! A snapshot holds what cannot be derived: of each admitted op its id, parents, names and causal verdict, in the order
//! of admission; what ops brought along; what waits; what was refused. Graph, conflicts, fold, tries and digest are
//! made anew, without judging anything again, and the digest must come out as it was. So a restored engine cannot
//! differ from one that replayed the same ops, and damage is an error, never a wrong answer.

use crate::arena::{ContextIx, GroupIx, InvitationIx, OpIx, PayloadIx, PersonIx};
use crate::dag::Past;
use crate::directory::{Directory, NameTables};
use crate::effect::Status;
use crate::engine::Engine;
use crate::facts::{Action, Basis, Fact};
use crate::group_op::SignedGroupOp;
use crate::hashing::sha256_parts;
use crate::ids::{Hash, NamespaceId, OpId};
use crate::limits::{MAX_PARENTS, MAX_REMEMBERED_REJECTIONS};
use crate::namespace::{Namespace, Refusal, add_cells};
use crate::pending::PendingLimits;
use crate::verdict::{RejectReason, Verdict, VoidReason};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

const MAGIC: &[u8] = b"folkmoot/snapshot/";
const VERSION: &[u8] = b"v1";
const CHECKSUM_BYTES: usize = 32;

/// Why bytes are no snapshot that this engine can restore. The disk's fault, or the host's who passed them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Not a snapshot at all.
    #[error("the bytes are no folkmoot snapshot")]
    NotASnapshot,
    /// Of a version that this engine does not know.
    #[error("the snapshot is of another version; this engine reads v1")]
    UnknownVersion,
    /// The checksum does not fit: damaged or cut short.
    #[error("the snapshot is damaged: its checksum does not fit")]
    Damaged,
    /// The checksum fits, but what it says cannot be.
    #[error("the snapshot contradicts itself")]
    Inconsistent,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Body {
    namespaces: Vec<NamespaceRecord>,
    /// Encoded ops that wait, in order of arrival.
    pending: Vec<Vec<u8>>,
    /// Refused ops, the oldest first.
    refused: Vec<(OpId, u8)>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct NamespaceRecord {
    id: NamespaceId,
    digest: Hash,
    names: NameTables,
    ops: Vec<OpRecord>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct OpRecord {
    id: OpId,
    parents: Vec<OpIx>,
    signer: PersonIx,
    nonce: u32,
    group: GroupIx,
    action: Action,
    kind: u8,
    /// 0 is sound.
    causal: u8,
    basis: Basis,
    wire_len: u16,
}

const REFUSALS: [Refusal; 7] = [
    Refusal::Ignored,
    Refusal::Rejected(RejectReason::ParentRejected),
    Refusal::Rejected(RejectReason::WrongNamespace),
    Refusal::Rejected(RejectReason::RedundantParent),
    Refusal::Rejected(RejectReason::UnknownGroup),
    Refusal::Rejected(RejectReason::NonceGap),
    Refusal::Rejected(RejectReason::NotParticipant),
];

const SUBGROUP_CREATED: u8 = 2;

impl Engine {
    /// The whole engine as bytes: the same bytes for every engine that admitted the same ops in the same order.
    /// `&mut`, as digests are made when they are asked for.
    pub fn snapshot(&mut self) -> Vec<u8> {
        let ids: Vec<NamespaceId> = self.namespaces().collect();
        let mut namespaces = Vec::new();
        for id in &ids {
            namespaces.extend(self.namespace_mut(id).map(record_of));
        }
        let pending = self.pending_by_arrival().into_iter().map(|op| op.signed().encode()).collect();
        let refused = self.refused_in_order().map(|(id, refusal)| (id, number_of(refusal))).collect();
        let body = Body { namespaces, pending, refused };
        let mut out = Vec::from(MAGIC);
        out.extend_from_slice(VERSION);
        // Writing to a Vec does not fail.
        let _ = body.serialize(&mut out);
        let checksum = sha256_parts(&[&out]);
        out.extend_from_slice(&checksum);
        out
    }

    /// The engine that [`Self::snapshot`] wrote down.
    ///
    /// # Errors
    /// [`SnapshotError`] if the bytes are damaged, of another version, or no snapshot.
    pub fn restore(bytes: &[u8], limits: PendingLimits) -> Result<Self, SnapshotError> {
        let body = decode(bytes)?;
        let mut engine = Self::with_pending_limits(limits);
        let ascending = body.namespaces.iter().zip(body.namespaces.iter().skip(1)).all(|(a, b)| a.id < b.id);
        if !ascending || body.refused.len() > MAX_REMEMBERED_REJECTIONS {
            return Err(SnapshotError::Inconsistent);
        }
        for record in &body.namespaces {
            let namespace = restore_namespace(record)?;
            if engine.put_namespace(namespace) {
                return Err(SnapshotError::Inconsistent);
            }
        }
        for (id, number) in &body.refused {
            let refusal = REFUSALS.get(usize::from(*number)).ok_or(SnapshotError::Inconsistent)?;
            if engine.refusal(id).is_some() || engine.contains(id) {
                return Err(SnapshotError::Inconsistent);
            }
            engine.remember_refusal(*id, *refusal);
        }
        for bytes in &body.pending {
            restore_pending(&mut engine, bytes).ok_or(SnapshotError::Inconsistent)?;
        }
        Ok(engine)
    }
}

/// Has an op wait again; `None` if it is no op, or would not wait. With tighter bounds than there were, others go.
fn restore_pending(engine: &mut Engine, bytes: &[u8]) -> Option<()> {
    // Only verified ops wait, so these are verified again.
    let op = SignedGroupOp::decode(bytes).ok()?.verify().ok()?;
    let id = op.id();
    let new = !engine.waits(&id);
    let outcome = engine.apply(op);
    let waits = matches!(outcome.status_of(&id), Some(Status::Pending { .. }));
    (new && waits).then_some(())
}

fn decode(bytes: &[u8]) -> Result<Body, SnapshotError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::NotASnapshot)?;
    let rest = rest.strip_prefix(VERSION).ok_or(SnapshotError::UnknownVersion)?;
    let (body, checksum) = rest.split_last_chunk::<CHECKSUM_BYTES>().ok_or(SnapshotError::Damaged)?;
    if sha256_parts(&[MAGIC, VERSION, body]) != *checksum {
        return Err(SnapshotError::Damaged);
    }
    borsh::from_slice(body).map_err(|_| SnapshotError::Inconsistent)
}

fn number_of(refusal: Refusal) -> u8 {
    let at = REFUSALS.iter().position(|known| *known == refusal).unwrap_or(0);
    u8::try_from(at).unwrap_or(0)
}

fn record_of(namespace: &mut Namespace) -> NamespaceRecord {
    let digest = namespace.digest();
    let history = &namespace.history;
    let ops = (0..history.dag.len()).map(OpIx::new).filter_map(|op| {
        let fact = history.fact(op)?;
        Some(OpRecord {
            id: history.dag.id(op),
            parents: history.dag.parents(op).collect(),
            signer: fact.signer,
            nonce: fact.nonce,
            group: fact.group,
            action: fact.action,
            kind: fact.kind,
            causal: fact.causal.map_or(0, |reason| reason as u8),
            basis: fact.basis,
            wire_len: fact.wire_len,
        })
    });
    let ops = ops.collect();
    NamespaceRecord { id: namespace.id(), digest, names: history.directory.names(), ops }
}

fn restore_namespace(record: &NamespaceRecord) -> Result<Namespace, SnapshotError> {
    let mut namespace = Namespace::restoring(record.id, Directory::with_names(&record.names));
    for op in &record.ops {
        restore_op(&mut namespace, record, op).ok_or(SnapshotError::Inconsistent)?;
    }
    namespace.settle();
    // What it told before it was written down is not told again.
    let _ = namespace.take_difference();
    let same_names = namespace.history.directory.names() == record.names;
    if !same_names || namespace.digest() != record.digest {
        return Err(SnapshotError::Inconsistent);
    }
    Ok(namespace)
}

/// Puts one op back; `None` if it cannot have been there.
fn restore_op(namespace: &mut Namespace, record: &NamespaceRecord, op: &OpRecord) -> Option<()> {
    let ix = OpIx::new(namespace.history.dag.len());
    let causal = if op.causal == 0 { None } else { Some(VoidReason::from_number(op.causal)?) };
    check_graph(namespace, record, op, ix)?;
    let alone = ix.0 == 0 || namespace.history.dag.are_all_heads(&op.parents);
    let past = if ix.0 == 0 { Past::EMPTY } else { namespace.history.dag.past_of(&op.parents) };
    namespace.history.dag.insert(op.id, &op.parents, &past);
    restore_names(namespace, record, op, ix, causal.is_none())?;
    let fact = Fact {
        signer: op.signer,
        nonce: op.nonce,
        group: op.group,
        action: op.action,
        kind: op.kind,
        causal,
        basis: op.basis,
        verdict: causal.map_or(Verdict::Effective, Verdict::Void),
        by: OpIx::NONE,
        gave_ground: false,
        wire_len: op.wire_len,
    };
    namespace.history.facts.push(fact);
    namespace.note_giver(causal.is_none().then_some(&op.basis));
    namespace.note_nonce(ix, op.signer, u64::from(op.nonce));
    namespace.take_in(ix, None, alone);
    Some(())
}

/// Parents, givers and ranks name earlier ops, as they must for walks over them to end.
fn check_graph(namespace: &Namespace, record: &NamespaceRecord, op: &OpRecord, ix: OpIx) -> Option<()> {
    let earlier = |other: OpIx| other < ix;
    let founds = ix.0 == 0;
    let creates = matches!(op.action, Action::NamespaceCreated { .. });
    let parents_fit = op.parents.len() <= MAX_PARENTS
        && op.parents.iter().all(|parent| earlier(*parent))
        && op.parents.is_empty() == founds
        && !namespace.has_redundant_parent(&op.parents);
    let distinct = op
        .parents
        .iter()
        .enumerate()
        .all(|(at, parent)| !op.parents.iter().skip(at.saturating_add(1)).any(|other| other == parent));
    let sound = op.causal == 0;
    let basis_fits = if founds {
        op.basis.giver.is_none() && op.basis.ranked_by == ix && op.id.0 == record.id.0
    } else {
        !sound || (earlier(op.basis.giver) && earlier(op.basis.ranked_by))
    };
    let known = namespace.find(&op.id).is_some();
    let signed = op.signer.at() < record.names.people.len() && op.nonce > 0;
    let fits = parents_fit && distinct && creates == founds && basis_fits && !known && signed;
    (fits && names_fit(&record.names, op)).then_some(())
}

/// What an op names is in the tables, or, in a void op, may be nothing.
fn names_fit(names: &NameTables, op: &OpRecord) -> bool {
    let sound = op.causal == 0;
    let fits = |at: usize, none: bool, len: usize| at < len || (none && !sound);
    let person = |at: PersonIx| fits(at.at(), at.is_none(), names.people.len());
    let context = |at: ContextIx| fits(at.at(), at.is_none(), names.contexts.len());
    let invitation = |at: InvitationIx| fits(at.at(), at.is_none(), names.invitations.len());
    let policy = |at: PayloadIx| fits(at.at(), at.is_none(), names.policies.len());
    let application = |at: PayloadIx| fits(at.at(), at.is_none(), names.applications.len());
    // An empty text is nothing, too.
    let text = |at: PayloadIx| at.is_none() || at.at() < names.texts.len();
    match op.action {
        Action::Noop
        | Action::GroupDeleted
        | Action::DefaultCapabilitiesSet { .. }
        | Action::DefaultVisibilitySet { .. }
        | Action::GroupVisibilitySet { .. } => true,
        Action::NamespaceCreated { alias, target } => text(alias) && application(target),
        Action::SubgroupCreated { alias, .. } | Action::GroupAliasSet { alias } => text(alias),
        Action::MemberAdded { member, .. }
        | Action::MemberRemoved { member }
        | Action::MemberRoleSet { member, .. }
        | Action::CapabilitiesGranted { member, .. }
        | Action::CapabilitiesRevoked { member, .. } => person(member),
        Action::UpgradePolicySet { policy: at } => policy(at),
        Action::TargetApplicationSet { target } => application(target),
        Action::ContextRegistered { context: at, .. } | Action::ContextDetached { context: at } => context(at),
        Action::MemberAliasSet { member, alias } => person(member) && text(alias),
        Action::ContextAliasSet { context: at, alias } => context(at) && text(alias),
        Action::ContextCapabilityGranted { context: at, member, .. }
        | Action::ContextCapabilityRevoked { context: at, member, .. } => context(at) && person(member),
        Action::Claim { invitation: at, inviter, .. } => invitation(at) && person(inviter),
        Action::InvitationRevoked { invitation: at } => invitation(at),
    }
}

/// Adds the groups, contexts, invitations and cells that came with an op.
fn restore_names(
    namespace: &mut Namespace,
    record: &NamespaceRecord,
    op: &OpRecord,
    ix: OpIx,
    sound: bool,
) -> Option<()> {
    let directory = &mut namespace.history.directory;
    if ix.0 == 0 {
        directory.add_group(op.id.into(), GroupIx::NONE, ix);
    } else if op.kind == SUBGROUP_CREATED {
        let new = directory.add_group(op.id.into(), op.group, ix);
        if sound && !matches!(op.action, Action::SubgroupCreated { group, .. } if group == new) {
            return None;
        }
    }
    let [_, groups, contexts, invitations, ..] = directory.lens();
    if op.group.at() >= groups {
        return None;
    }
    if !sound {
        return Some(());
    }
    match op.action {
        Action::ContextRegistered { context, .. } => {
            let facts = record.names.contexts.get(context.at())?;
            if context.at() != contexts || facts.group != op.group {
                return None;
            }
            directory.add_context(facts.clone());
        }
        Action::Claim { invitation, .. } | Action::InvitationRevoked { invitation } => {
            let (group, id) = record.names.invitations.get(invitation.at())?;
            if invitation.at() > invitations || *group != op.group {
                return None;
            }
            directory.add_invitation(*group, id);
        }
        _ => {}
    }
    add_cells(directory, &op.action, op.group, op.signer, Some(&op.basis));
    Some(())
}
