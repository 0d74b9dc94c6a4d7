//! What the host has to do: statuses of ops, what must be durable, and what the world may hear of after that.

use crate::crypto::VerifiedOp;
use crate::group_op::Role;
use crate::group_op::Visibility;
use crate::ids::{ContextId, GroupId, InvitationId, NamespaceId, OpId, PublicKey};
use crate::verdict::{RejectReason, Verdict, VoidReason};
use crate::view::{ContextInfo, GroupInfo, InvitationInfo, MemberInfo};
use alloc::string::String;
use alloc::vec::Vec;

/// What became of an op that was applied (SPEC §2). None of these is an error of the host's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It has its place in the DAG; the verdict is the present one, and later ops may change it.
    Admitted(Verdict),
    /// It was admitted before. Nothing changed.
    Duplicate,
    /// Its past has seen its signer's nonce. Nothing changed.
    Ignored,
    /// It waits for these parents, which are neither here nor waiting themselves.
    Pending {
        /// What to ask peers for, ascending.
        missing: Vec<OpId>,
    },
    /// It has no place in the DAG. Nothing changed.
    Rejected(RejectReason),
}

/// A change of what can be read, derived from the state before and after, never from an op alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named after what they hold")]
pub enum Effect {
    /// A namespace has its first op.
    NamespaceCreated { namespace: NamespaceId },
    /// A group is there that was not. Its members and contexts follow as effects of their own.
    GroupCreated { group: GroupId, info: GroupInfo },
    /// A group's own data changed.
    GroupChanged { group: GroupId, info: GroupInfo },
    /// A group is gone, with its members, contexts, invitations and bars. Groups below it have effects of their own.
    GroupDeleted { group: GroupId },
    /// Somebody has a record now.
    MemberAdded { group: GroupId, member: PublicKey, info: MemberInfo },
    /// A record is gone.
    MemberRemoved { group: GroupId, member: PublicKey },
    /// A role is another.
    RoleChanged { group: GroupId, member: PublicKey, from: Role, to: Role },
    /// Capabilities are others.
    CapabilitiesChanged { group: GroupId, member: PublicKey, from: u32, to: u32 },
    /// A member goes by another name.
    MemberAliasChanged { group: GroupId, member: PublicKey, alias: String },
    /// Somebody may not come back by invitation.
    MemberBarred { group: GroupId, member: PublicKey },
    /// Somebody may.
    BarLifted { group: GroupId, member: PublicKey },
    /// A context is there that was not, capabilities included.
    ContextRegistered { group: GroupId, context: ContextId, info: ContextInfo },
    /// A context is gone, with its capabilities.
    ContextDetached { group: GroupId, context: ContextId },
    /// A context's visibility or name changed.
    ContextChanged { group: GroupId, context: ContextId, visibility: Visibility, alias: String },
    /// A member's capabilities in a context are others; 0 is none.
    ContextCapabilitiesChanged { group: GroupId, context: ContextId, member: PublicKey, capabilities: u8 },
    /// An invitation was used or revoked, or is no longer (`None`: nothing is known of it).
    InvitationChanged { group: GroupId, invitation: InvitationId, info: Option<InvitationInfo> },
    /// Somebody who could join a context that is still there no longer can.
    ContextAccessRevoked { group: GroupId, context: ContextId, member: PublicKey },
    /// An op that had an effect, or was idle, no longer has one. `by` is an op that decided it, the first that was met,
    /// if a single one did; [`crate::Engine::explain`] looks further, and names the same op on every replica.
    OpVoided { op: OpId, by: Option<OpId>, reason: VoidReason },
    /// An op that was void is so no longer, or one that had an effect stands idle now, or the other way round.
    OpRestored { op: OpId, verdict: Verdict },
    /// A signer made two concurrent ops with one nonce: a copied key, two devices, or a liar. Evidence.
    EquivocationFound { namespace: NamespaceId, signer: PublicKey, a: OpId, b: OpId },
}

/// All that came of applying ops, in the order in which a host must deal with it.
#[derive(Debug, Default)]
#[must_use = "admitted ops must be made durable, and effects told"]
pub struct Outcome {
    pub(crate) statuses: Vec<(OpId, Status)>,
    pub(crate) admitted: Vec<VerifiedOp>,
    pub(crate) evicted: Vec<OpId>,
    pub(crate) effects: Vec<Effect>,
}

impl Outcome {
    /// The status of each op that was given, in the order given, and of each waiting op that got its verdict by it.
    pub fn statuses(&self) -> &[(OpId, Status)] {
        &self.statuses
    }

    /// The status of one op: the last that was reached.
    pub fn status_of(&self, id: &OpId) -> Option<&Status> {
        self.statuses.iter().rev().find(|(op, _)| op == id).map(|(_, status)| status)
    }

    /// 1. The ops that were admitted, in this order: to be written in one transaction, and synced, before anything
    ///    else happens. Replayed in this order they lead back to the same engine.
    pub fn durable(&self) -> &[VerifiedOp] {
        &self.admitted
    }

    /// 2. What changed, to be told once it is durable.
    pub fn after_commit(&self) -> &[Effect] {
        &self.effects
    }

    /// Ops that had to stop waiting, because somebody's ops took more room than there is ([`crate::limits`]). They are
    /// fetched again when they are missed.
    pub fn evicted(&self) -> &[OpId] {
        &self.evicted
    }
}
