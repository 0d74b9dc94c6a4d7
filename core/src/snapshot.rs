//! The whole engine as bytes, and back.
//!
//! ```text
//! "folkmoot/snapshot/v1" ‖ body ‖ SHA-256 of all before
//! body = borsh of (namespaces, each with its ops; encoded ops that wait, by arrival; refused ops, the oldest first)
//! ```
//!
//! A snapshot holds what cannot be derived: of each admitted op its id, parents, names and causal verdict, in the order
//! of admission; what ops brought along; what waits; what was refused. Graph, state, tries and digest are made anew,
//! without judging anything again, and the digest must come out as it was. So a restored engine cannot differ from one
//! that replayed the same ops, and damage is an error, never a wrong answer. What only ops need that are concurrent with
//! others (where they conflict, who looked at what, states on the way) is made when the first such op comes.

use crate::arena::{ContextIx, GroupIx, InvitationIx, OpIx, PayloadIx, PersonIx};
use crate::dag::Past;
use crate::directory::Directory;
use crate::effect::Status;
use crate::engine::Engine;
use crate::facts::{Action, Basis, Fact, History, add_cells};
use crate::group_op::SignedGroupOp;
use crate::hashing::sha256_parts;
use crate::ids::{Hash, NamespaceId, OpId};
use crate::limits::{MAX_PARENTS, MAX_REMEMBERED_REJECTIONS};
use crate::names::NameTables;
use crate::namespace::{Namespace, Refusal};
use crate::pending::PendingLimits;
use crate::verdict::{RejectReason, Verdict, VoidReason};
use alloc::vec::Vec;
use borsh::{BorshDeserialize, BorshSerialize};

const MAGIC: &[u8] = b"folkmoot/snapshot/";
const VERSION: &[u8] = b"v1";
const CHECKSUM_BYTES: usize = 32;
/// An op with one parent, about.
const TYPICAL_OP_BYTES: usize = 82;

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

/// What a namespace begins with; its ops follow, as a list of [`OpId`], parents and [`OpRecord`].
#[derive(BorshSerialize, BorshDeserialize)]
struct NamespaceRecord {
    id: NamespaceId,
    digest: Hash,
    names: NameTables,
}

/// What is written of an op after its id and its parents.
#[derive(BorshSerialize, BorshDeserialize)]
struct OpRecord {
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

/// An op as it is put back.
struct Op<'a> {
    id: OpId,
    parents: &'a [OpIx],
    record: OpRecord,
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
        let mut out = Vec::from(MAGIC);
        out.extend_from_slice(VERSION);
        write_len(&mut out, ids.len());
        for id in &ids {
            if let Some(namespace) = self.namespace_mut(id) {
                write_namespace(&mut out, namespace);
            }
        }
        let pending: Vec<Vec<u8>> = self.pending_by_arrival().into_iter().map(|op| op.signed().encode()).collect();
        let refused: Vec<(OpId, u8)> = self.refused_in_order().map(|(id, refusal)| (id, number_of(refusal))).collect();
        // Writing to a Vec does not fail.
        let _ = (pending, refused).serialize(&mut out);
        let checksum = sha256_parts(&[&out]);
        out.extend_from_slice(&checksum);
        out
    }

    /// The engine that [`Self::snapshot`] wrote down.
    ///
    /// # Errors
    /// [`SnapshotError`] if the bytes are damaged, of another version, or no snapshot.
    pub fn restore(bytes: &[u8], limits: PendingLimits) -> Result<Self, SnapshotError> {
        let mut body = checked_body(bytes)?;
        let mut engine = Self::with_pending_limits(limits);
        let mut last = None;
        for _ in 0..read::<u32>(&mut body)? {
            let namespace = read_namespace(&mut body)?;
            // Ascending, so each is there once.
            if last.is_some_and(|last| last >= namespace.id()) {
                return Err(SnapshotError::Inconsistent);
            }
            last = Some(namespace.id());
            engine.put_namespace(namespace);
        }
        let (pending, refused): (Vec<Vec<u8>>, Vec<(OpId, u8)>) = read(&mut body)?;
        if !body.is_empty() || refused.len() > MAX_REMEMBERED_REJECTIONS {
            return Err(SnapshotError::Inconsistent);
        }
        for (id, number) in &refused {
            let refusal = REFUSALS.get(usize::from(*number)).ok_or(SnapshotError::Inconsistent)?;
            if engine.refusal(id).is_some() || engine.contains(id) {
                return Err(SnapshotError::Inconsistent);
            }
            engine.remember_refusal(*id, *refusal);
        }
        for bytes in &pending {
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

fn checked_body(bytes: &[u8]) -> Result<&[u8], SnapshotError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::NotASnapshot)?;
    let rest = rest.strip_prefix(VERSION).ok_or(SnapshotError::UnknownVersion)?;
    let (body, checksum) = rest.split_last_chunk::<CHECKSUM_BYTES>().ok_or(SnapshotError::Damaged)?;
    if sha256_parts(&[MAGIC, VERSION, body]) == *checksum { Ok(body) } else { Err(SnapshotError::Damaged) }
}

fn read<T: BorshDeserialize>(body: &mut &[u8]) -> Result<T, SnapshotError> {
    T::deserialize(body).map_err(|_| SnapshotError::Inconsistent)
}

fn write_len(out: &mut Vec<u8>, len: usize) {
    // No table has more items.
    let _ = u32::try_from(len).unwrap_or(u32::MAX).serialize(out);
}

fn number_of(refusal: Refusal) -> u8 {
    let at = REFUSALS.iter().position(|known| *known == refusal).unwrap_or(0);
    u8::try_from(at).unwrap_or(0)
}

fn write_namespace(out: &mut Vec<u8>, namespace: &mut Namespace) {
    let digest = namespace.digest();
    let history = &namespace.history;
    let record = NamespaceRecord { id: namespace.id(), digest, names: history.directory.names() };
    let _ = record.serialize(out);
    let ops = history.dag.len();
    write_len(out, ops);
    out.reserve(ops.saturating_mul(TYPICAL_OP_BYTES));
    for op in (0..ops).map(OpIx::new) {
        let Some(fact) = history.fact(op) else { continue };
        out.extend_from_slice(history.dag.id(op).as_bytes());
        write_len(out, history.dag.parents(op).count());
        for parent in history.dag.parents(op) {
            let _ = parent.serialize(out);
        }
        let record = OpRecord {
            signer: fact.signer,
            nonce: fact.nonce,
            group: fact.group,
            action: fact.action,
            kind: fact.kind,
            causal: fact.causal.map_or(0, |reason| reason as u8),
            basis: fact.basis,
            wire_len: fact.wire_len,
        };
        let _ = record.serialize(out);
    }
}

/// A namespace, its ops put back as they are read.
fn read_namespace(body: &mut &[u8]) -> Result<Namespace, SnapshotError> {
    let record: NamespaceRecord = read(body)?;
    let ops: u32 = read(body)?;
    let mut namespace = Namespace::restoring(record.id, Directory::with_names(&record.names));
    let mut parents = Vec::with_capacity(MAX_PARENTS);
    for _ in 0..ops {
        let id = read(body)?;
        let count: u32 = read(body)?;
        parents.clear();
        for _ in 0..count {
            if parents.len() == MAX_PARENTS {
                return Err(SnapshotError::Inconsistent);
            }
            parents.push(read(body)?);
        }
        let op = Op { id, parents: &parents, record: read(body)? };
        restore_op(&mut namespace, &record, &op).ok_or(SnapshotError::Inconsistent)?;
    }
    if !namespace.history.dag.list() {
        return Err(SnapshotError::Inconsistent);
    }
    let named = namespace.take_in_all(|history, op| restore_names(history, &record.names, op));
    named.ok_or(SnapshotError::Inconsistent)?;
    let same_names = namespace.history.directory.names() == record.names;
    if !same_names || namespace.digest() != record.digest {
        return Err(SnapshotError::Inconsistent);
    }
    Ok(namespace)
}

/// Puts one op back into the graph and on record; `None` if it cannot have been there.
fn restore_op(namespace: &mut Namespace, record: &NamespaceRecord, op: &Op<'_>) -> Option<()> {
    let ix = OpIx::new(namespace.history.dag.len());
    let causal = if op.record.causal == 0 { None } else { Some(VoidReason::from_number(op.record.causal)?) };
    check_graph(namespace, record, op, ix)?;
    let past = if ix.0 == 0 { Past::EMPTY } else { namespace.history.dag.past_of(op.parents) };
    namespace.history.dag.put(op.id, op.parents, &past);
    let fact = Fact {
        signer: op.record.signer,
        nonce: op.record.nonce,
        group: op.record.group,
        action: op.record.action,
        kind: op.record.kind,
        causal,
        basis: op.record.basis,
        verdict: causal.map_or(Verdict::Effective, Verdict::Void),
        gave_ground: false,
        wire_len: op.record.wire_len,
    };
    namespace.history.facts.push(fact);
    namespace.note_nonce(ix, op.record.signer, u64::from(op.record.nonce));
    Some(())
}

/// Parents, givers and ranks name earlier ops, as they must for walks over them to end.
fn check_graph(namespace: &Namespace, record: &NamespaceRecord, op: &Op<'_>, ix: OpIx) -> Option<()> {
    let earlier = |other: OpIx| other < ix;
    let founds = ix.0 == 0;
    let creates = matches!(op.record.action, Action::NamespaceCreated { .. });
    let parents_fit = op.parents.len() <= MAX_PARENTS
        && op.parents.iter().all(|parent| earlier(*parent))
        && op.parents.is_empty() == founds
        && !namespace.has_redundant_parent(op.parents);
    let distinct = op
        .parents
        .iter()
        .enumerate()
        .all(|(at, parent)| !op.parents.iter().skip(at.saturating_add(1)).any(|other| other == parent));
    let sound = op.record.causal == 0;
    let basis_fits = if founds {
        op.record.basis.giver.is_none() && op.record.basis.ranked_by == ix && op.id.0 == record.id.0
    } else {
        !sound || (earlier(op.record.basis.giver) && earlier(op.record.basis.ranked_by))
    };
    let signed = op.record.signer.at() < record.names.people.len() && op.record.nonce > 0;
    let fits = parents_fit && distinct && creates == founds && basis_fits && signed;
    (fits && names_fit(&record.names, op)).then_some(())
}

/// What an op names is in the tables, or, in a void op, may be nothing.
fn names_fit(names: &NameTables, op: &Op<'_>) -> bool {
    let sound = op.record.causal == 0;
    let fits = |at: usize, none: bool, len: usize| at < len || (none && !sound);
    let person = |at: PersonIx| fits(at.at(), at.is_none(), names.people.len());
    let context = |at: ContextIx| fits(at.at(), at.is_none(), names.contexts.len());
    let invitation = |at: InvitationIx| fits(at.at(), at.is_none(), names.invitations.len());
    let policy = |at: PayloadIx| fits(at.at(), at.is_none(), names.policies.len());
    let application = |at: PayloadIx| fits(at.at(), at.is_none(), names.applications.len());
    // An empty text is nothing, too.
    let text = |at: PayloadIx| at.is_none() || at.at() < names.texts.len();
    match op.record.action {
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

/// Adds the groups, contexts, invitations and cells that came with an op; `None` if they are not those of the tables.
fn restore_names(history: &mut History, names: &NameTables, op: OpIx) -> Option<()> {
    let id = history.dag.id(op);
    let fact = history.facts.get(op.at())?;
    let directory = &mut history.directory;
    let sound = fact.causal.is_none();
    if op.0 == 0 {
        directory.add_group(id.into(), GroupIx::NONE, op);
    } else if fact.kind == SUBGROUP_CREATED {
        let new = directory.add_group(id.into(), fact.group, op);
        if sound && !matches!(fact.action, Action::SubgroupCreated { group, .. } if group == new) {
            return None;
        }
    }
    let [_, groups, contexts, invitations, ..] = directory.lens();
    if fact.group.at() >= groups {
        return None;
    }
    if !sound {
        return Some(());
    }
    match fact.action {
        Action::ContextRegistered { context, .. } => {
            let facts = names.contexts.get(context.at())?;
            if context.at() != contexts || facts.group != fact.group {
                return None;
            }
            directory.add_context(facts.clone());
        }
        Action::Claim { invitation, .. } | Action::InvitationRevoked { invitation } => {
            let (group, id) = names.invitations.get(invitation.at())?;
            if invitation.at() > invitations || *group != fact.group {
                return None;
            }
            directory.add_invitation(*group, id);
        }
        _ => {}
    }
    add_cells(directory, &fact.action, fact.group, fact.signer, Some(&fact.basis));
    Some(())
}
