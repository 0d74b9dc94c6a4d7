//! What honest people do: something that their own replica shows them and lets them draft.

use crate::node::{Deed, Node};
use crate::ops::{self, Invitation};
use folkmoot_core::group_op::capabilities;
use folkmoot_core::{
    ContextId, DraftError, GroupId, GroupOp, GroupView, NamespaceId, PublicKey, Role, Status, Verdict, VerifiedOp,
    Visibility,
};
use folkmoot_proptests::rng::Rng;

/// How often somebody thinks again when a draft is refused.
const THOUGHTS: usize = 6;

/// What people know without the network.
#[derive(Debug)]
pub struct World {
    /// The namespace they meet in.
    pub namespace: NamespaceId,
    /// Who founded it, and never gives up.
    pub founder: PublicKey,
    /// Everybody who may be let in.
    pub people: Vec<PublicKey>,
    /// Invitations, handed over by word of mouth.
    pub invitations: Vec<Invitation>,
    /// Chance, for people.
    pub rng: Rng,
}

/// What came of an attempt to act.
#[derive(Debug)]
pub enum Acted {
    /// Nothing could be drafted.
    Nothing,
    /// An op was made, and is written; unless the replica crashed.
    Made(VerifiedOp),
    /// The engine drafted an op on all heads that it then did not find effective: this must not happen.
    NotAsDrafted(VerifiedOp, Option<Status>),
}

/// The person of this replica does something.
pub fn act(world: &mut World, node: &mut Node, out: &mut Vec<Deed>) -> Acted {
    for _ in 0..THOUGHTS {
        let Some((group, op)) = choose(world, node) else { continue };
        let draft = node.engine.draft(&world.namespace, &group, &node.key.public(), op);
        let Ok(draft) = draft else {
            debug_assert!(!matches!(draft, Err(DraftError::Malformed(_) | DraftError::Parents)), "{draft:?}");
            continue;
        };
        let on_all_heads = draft.parent_op_hashes == node.engine.heads(&world.namespace);
        let op = draft.sign(&node.key).expect("what is drafted is well-formed");
        let status = node.publish(op.clone(), out);
        let effective = status == Some(Status::Admitted(Verdict::Effective));
        if effective || node.crashed || (!on_all_heads && matches!(status, Some(Status::Admitted(_)))) {
            return Acted::Made(op);
        }
        return Acted::NotAsDrafted(op, status);
    }
    Acted::Nothing
}

fn choose(world: &mut World, node: &mut Node) -> Option<(GroupId, GroupOp)> {
    let namespace = world.namespace;
    let groups: Vec<GroupId> = node.engine.groups(&namespace).into_iter().collect();
    let root = GroupId::from(namespace);
    let rng = &mut world.rng;
    let group = if rng.percent(50) { root } else { rng.pick(&groups)? };
    let me = node.key.public();
    let view = node.engine.view(&namespace, &group)?;
    let in_root = node.engine.standing(&namespace, &group, &me).is_some();
    if !in_root && rng.percent(70) {
        let invitation = rng.one_of(&world.invitations)?;
        return Some((invitation.terms.group_id, invitation.claimed_by(&me)));
    }
    let op = match rng.weighted(&[40, 25, 12]) {
        0 => about_members(world, &view, node)?,
        1 => about_the_group(world, &view)?,
        _ => about_invitations(world, node, group)?,
    };
    let gives_up = match &op {
        GroupOp::MemberRemoved { member } | GroupOp::MemberRoleSet { member, .. } => *member == world.founder,
        _ => false,
    };
    (!gives_up).then_some((group, op))
}

fn role(rng: &mut Rng) -> Role {
    [Role::Admin, Role::Member, Role::Member, Role::ReadOnly][rng.below(4)]
}

fn visibility(rng: &mut Rng) -> Visibility {
    if rng.percent(50) { Visibility::Open } else { Visibility::Restricted }
}

fn bits(rng: &mut Rng) -> u32 {
    let bits = rng.next() as u32 & rng.next() as u32 & capabilities::ALL;
    if bits == 0 { capabilities::MANAGE_MEMBERS } else { bits }
}

fn about_members(world: &mut World, view: &GroupView, node: &Node) -> Option<GroupOp> {
    let rng = &mut world.rng;
    let members: Vec<PublicKey> = view.members.keys().copied().collect();
    let known: Vec<PublicKey> = members.iter().filter(|member| world.people.contains(member)).copied().collect();
    let member = rng.pick(&known)?;
    Some(match rng.weighted(&[30, 14, 14, 16, 10, 6, 2]) {
        0 => ops::add(rng.pick(&world.people)?, role(rng)),
        1 => ops::remove(member),
        2 => ops::set_role(member, role(rng)),
        3 => ops::grant(member, bits(rng)),
        4 => ops::revoke(member, bits(rng)),
        5 => ops::member_alias(member, &format!("alias {}", rng.below(100))),
        _ => ops::remove(node.key.public()),
    })
}

fn about_the_group(world: &mut World, view: &GroupView) -> Option<GroupOp> {
    let rng = &mut world.rng;
    let contexts: Vec<ContextId> = view.contexts.keys().copied().collect();
    let members: Vec<PublicKey> = view.members.keys().copied().collect();
    let context = rng.pick(&contexts);
    let member = rng.pick(&members)?;
    let number = rng.below(100);
    Some(match rng.weighted(&[12, 10, 4, 4, 4, 4, 4, 4, 6, 6, 6, 4, 2, 3]) {
        0 => ops::subgroup(&format!("group {number}"), visibility(rng)),
        1 => ops::register(if rng.percent(50) { Some(visibility(rng)) } else { None }),
        2 => ops::defaults(bits(rng) & !capabilities::MANAGE_MEMBERS),
        3 => GroupOp::DefaultVisibilitySet { visibility: visibility(rng) },
        4 => GroupOp::GroupVisibilitySet { visibility: visibility(rng) },
        5 => ops::policy(rng.within(1..=1_000)),
        6 => ops::target(number as u8),
        7 => ops::group_alias(&format!("called {number}")),
        8 => ops::context_alias(context?, &format!("context {number}")),
        9 => ops::grant_in(context?, member, 1 << rng.below(8)),
        10 => ops::revoke_in(context?, member, 1 << rng.below(8)),
        11 => GroupOp::Noop,
        12 => GroupOp::GroupDeleted,
        _ => ops::detach(context?),
    })
}

fn about_invitations(world: &mut World, node: &Node, group: GroupId) -> Option<GroupOp> {
    let rng = &mut world.rng;
    if rng.percent(60) {
        let number = world.invitations.len() as u64;
        let role = role(rng);
        let uses = rng.within(1..=4) as u32;
        world.invitations.push(Invitation::new(world.namespace, group, &node.key, role, uses, number));
        return None;
    }
    let invitation = rng.one_of(&world.invitations)?;
    (invitation.terms.group_id == group).then(|| invitation.revoked())
}
