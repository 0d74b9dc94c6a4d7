//! The setups, and what may happen after them.

use folkmoot_core::group_op::SignatureBytes;
use folkmoot_core::group_op::capabilities::{
    CAN_CREATE_CONTEXT, CAN_CREATE_SUBGROUP, CAN_INVITE_MEMBERS, CAN_MANAGE_METADATA, MANAGE_MEMBERS,
};
use folkmoot_core::{
    ContextId, GroupId, GroupInvitation, GroupOp, NamespaceId, OpId, PublicKey, Role, SigningKey, VerifiedOp,
    Visibility,
};
use folkmoot_proptests::script::Script;

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;
pub(crate) const CAROL: usize = 2;
const DAVE: usize = 3;

/// The three who sign.
pub(crate) const SIGNERS: [usize; 3] = [ALICE, BOB, CAROL];
pub(crate) const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// What somebody may do: the same payload whoever signs, but for what must name the signer.
#[derive(Debug, Clone)]
enum What {
    Op(GroupOp),
    /// A MemberRemoved of the signer.
    Leave,
    /// A claim of an invitation.
    Claim(GroupInvitation, SignatureBytes, SigningKey),
}

/// One kind of op.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) group: GroupId,
    what: What,
}

impl Kind {
    pub(crate) fn by(&self, signer: &PublicKey) -> GroupOp {
        match &self.what {
            What::Op(op) => op.clone(),
            What::Leave => GroupOp::MemberRemoved { member: *signer },
            What::Claim(invitation, signature, bearer) => invitation.clone().claim(*signature, bearer, signer, 0),
        }
    }
}

/// A setup, and an alphabet.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) namespace: NamespaceId,
    pub(crate) setup: Vec<VerifiedOp>,
    pub(crate) tip: OpId,
    pub(crate) keys: Vec<SigningKey>,
    pub(crate) kinds: Vec<Kind>,
    /// Of the kinds those, each with one signer, of which histories of five ops are made.
    pub(crate) few: &'static [(usize, &'static str)],
}

/// A setup in the making.
struct Stage {
    script: Script,
    tip: OpId,
    kinds: Vec<Kind>,
}

impl Stage {
    fn new() -> Self {
        let script = Script::new(4);
        let tip = script.genesis();
        Self { script, tip, kinds: Vec::new() }
    }

    fn root(&self) -> GroupId {
        self.script.root()
    }

    fn person(&self, who: usize) -> PublicKey {
        self.script.person(who)
    }

    fn play(&mut self, signer: usize, group: GroupId, op: GroupOp) -> OpId {
        self.tip = self.script.op(&[self.tip], signer, group, op);
        self.tip
    }

    fn add(&mut self, who: usize, role: Role, capabilities: u32) {
        let (member, root) = (self.person(who), self.root());
        self.play(ALICE, root, GroupOp::MemberAdded { member, role });
        if capabilities != 0 {
            self.play(ALICE, root, GroupOp::CapabilitiesGranted { member, capabilities });
        }
    }

    fn kind(&mut self, name: &'static str, group: GroupId, op: GroupOp) {
        self.kinds.push(Kind { name, group, what: What::Op(op) });
    }

    fn leave(&mut self, name: &'static str) {
        let group = self.root();
        self.kinds.push(Kind { name, group, what: What::Leave });
    }

    fn claim(&mut self, name: &'static str, inviter: usize, role: Role, bearer: u8) -> GroupInvitation {
        let bearer = SigningKey::from_seed([bearer; 32]);
        let invitation = GroupInvitation {
            namespace_id: NamespaceId(self.root().0),
            group_id: self.root(),
            inviter: self.person(inviter),
            bearer: bearer.public(),
            invitee: None,
            role,
            max_uses: 1,
            expires_at: None,
        };
        let signature = invitation.sign(self.script.key(inviter));
        let what = What::Claim(invitation.clone(), signature, bearer);
        self.kinds.push(Kind { name, group: self.root(), what });
        invitation
    }

    fn world(self, name: &'static str, few: &'static [(usize, &'static str)]) -> World {
        World {
            name,
            namespace: NamespaceId(self.script.root().0),
            setup: self.script.ops().to_vec(),
            tip: self.tip,
            keys: (0..4).map(|who| self.script.key(who).clone()).collect(),
            kinds: self.kinds,
            few,
        }
    }
}

/// The founder, an Admin and a manager of members: who removes, lowers, lets in and trusts whom.
pub(crate) fn offices() -> World {
    let mut s = Stage::new();
    s.add(BOB, Role::Admin, 0);
    s.add(CAROL, Role::Member, MANAGE_MEMBERS);
    let root = s.root();
    let (bob, carol, dave) = (s.person(BOB), s.person(CAROL), s.person(DAVE));
    s.kind("remove bob", root, GroupOp::MemberRemoved { member: bob });
    s.kind("remove carol", root, GroupOp::MemberRemoved { member: carol });
    s.leave("leave");
    s.kind("add bob", root, GroupOp::MemberAdded { member: bob, role: Role::Member });
    s.kind("add dave", root, GroupOp::MemberAdded { member: dave, role: Role::Member });
    s.kind("add dave as admin", root, GroupOp::MemberAdded { member: dave, role: Role::Admin });
    s.kind("lower bob", root, GroupOp::MemberRoleSet { member: bob, role: Role::Member });
    s.kind("raise carol", root, GroupOp::MemberRoleSet { member: carol, role: Role::Admin });
    s.kind("carol reads", root, GroupOp::MemberRoleSet { member: carol, role: Role::ReadOnly });
    s.kind("trust carol", root, GroupOp::CapabilitiesGranted { member: carol, capabilities: MANAGE_MEMBERS });
    s.kind("distrust carol", root, GroupOp::CapabilitiesRevoked { member: carol, capabilities: MANAGE_MEMBERS });
    let few = &[
        (ALICE, "remove bob"),
        (ALICE, "distrust carol"),
        (ALICE, "trust carol"),
        (BOB, "remove carol"),
        (BOB, "raise carol"),
        (BOB, "leave"),
        (CAROL, "add dave"),
        (CAROL, "remove bob"),
    ];
    s.world("offices", few)
}

/// The founder, a member who may invite, and somebody outside: claims, revocations, and what is built on them.
pub(crate) fn invitations() -> World {
    let mut s = Stage::new();
    s.add(BOB, Role::Member, CAN_INVITE_MEMBERS);
    let root = s.root();
    let (bob, carol) = (s.person(BOB), s.person(CAROL));
    let by_bob = s.claim("join by bob", BOB, Role::Member, 101).id();
    let by_alice = s.claim("join by alice", ALICE, Role::Admin, 102).id();
    s.kind("revoke bob's", root, GroupOp::InvitationRevoked { invitation_id: by_bob });
    s.kind("revoke alice's", root, GroupOp::InvitationRevoked { invitation_id: by_alice });
    s.leave("leave");
    s.kind("remove carol", root, GroupOp::MemberRemoved { member: carol });
    s.kind("remove bob", root, GroupOp::MemberRemoved { member: bob });
    s.kind("add carol", root, GroupOp::MemberAdded { member: carol, role: Role::Member });
    s.kind("carol reads", root, GroupOp::MemberRoleSet { member: carol, role: Role::ReadOnly });
    let trusted = CAN_INVITE_MEMBERS | MANAGE_MEMBERS;
    s.kind("trust carol", root, GroupOp::CapabilitiesGranted { member: carol, capabilities: trusted });
    s.kind("distrust bob", root, GroupOp::CapabilitiesRevoked { member: bob, capabilities: CAN_INVITE_MEMBERS });
    let few = &[
        (CAROL, "join by bob"),
        (CAROL, "join by alice"),
        (CAROL, "remove bob"),
        (CAROL, "leave"),
        (ALICE, "revoke bob's"),
        (ALICE, "trust carol"),
        (ALICE, "remove carol"),
        (ALICE, "distrust bob"),
        (BOB, "revoke bob's"),
    ];
    s.world("invitations", few)
}

/// A group below, made by a member who is its Admin, with a context of a third: what is above reaches down, groups and
/// contexts go, and settings are written at once.
pub(crate) fn groups() -> World {
    let mut s = Stage::new();
    s.add(BOB, Role::Member, CAN_CREATE_SUBGROUP);
    let root = s.root();
    let (bob, carol) = (s.person(BOB), s.person(CAROL));
    let create = GroupOp::SubgroupCreated { alias: "below".to_owned(), visibility: Visibility::Open };
    let below: GroupId = s.play(BOB, root, create.clone()).into();
    s.play(BOB, below, GroupOp::MemberAdded { member: carol, role: Role::Member });
    let capabilities = CAN_CREATE_CONTEXT | CAN_MANAGE_METADATA;
    s.play(BOB, below, GroupOp::CapabilitiesGranted { member: carol, capabilities });
    let register = GroupOp::ContextRegistered {
        application_id: [0; 32],
        blob_id: [0; 32],
        source: String::new(),
        service_name: None,
        visibility: None,
    };
    let context_id: ContextId = s.play(CAROL, below, register).into();
    s.kind("remove bob", root, GroupOp::MemberRemoved { member: bob });
    s.kind("remove bob below", below, GroupOp::MemberRemoved { member: bob });
    s.kind("remove carol below", below, GroupOp::MemberRemoved { member: carol });
    s.kind("delete", below, GroupOp::GroupDeleted);
    s.kind("restrict", below, GroupOp::GroupVisibilitySet { visibility: Visibility::Restricted });
    s.kind("create deeper", below, create);
    s.kind("name", below, GroupOp::GroupAliasSet { alias: "named".to_owned() });
    s.kind("detach", below, GroupOp::ContextDetached { context_id });
    let grant = GroupOp::ContextCapabilityGranted { context_id, member: carol, capabilities: 1 };
    s.kind("let carol", below, grant);
    let revoke = GroupOp::ContextCapabilityRevoked { context_id, member: carol, capabilities: 1 };
    s.kind("let carol not", below, revoke);
    s.kind("raise carol below", below, GroupOp::MemberRoleSet { member: carol, role: Role::Admin });
    let few = &[
        (ALICE, "remove bob"),
        (ALICE, "delete"),
        (ALICE, "remove carol below"),
        (BOB, "raise carol below"),
        (BOB, "let carol not"),
        (BOB, "name"),
        (CAROL, "let carol"),
        (CAROL, "remove bob below"),
        (CAROL, "detach"),
    ];
    s.world("groups", few)
}
