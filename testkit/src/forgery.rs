//! Ops that nobody honest would make: on old parents, with false nonces and hashes, by and for people who may not.

use crate::ops::{self, Invitation};
use folkmoot_core::group_op::capabilities;
use folkmoot_core::{
    Engine, GroupId, GroupOp, Hash, NamespaceId, OpId, PublicKey, Role, SignableGroupOp, SigningKey, VerifiedOp,
    Visibility,
};
use folkmoot_proptests::rng::Rng;

/// What somebody would do who wants power or trouble.
pub fn wish(
    engine: &Engine,
    namespace: &NamespaceId,
    me: &SigningKey,
    puppets: &[SigningKey],
    rng: &mut Rng,
) -> Option<(GroupId, GroupOp)> {
    let groups: Vec<GroupId> = engine.groups(namespace).into_iter().collect();
    let group = if rng.percent(60) { GroupId::from(*namespace) } else { rng.pick(&groups)? };
    let view = engine.view(namespace, &group)?;
    let members: Vec<PublicKey> = view.members.keys().copied().collect();
    let victim = rng.pick(&members)?;
    let puppet = rng.one_of(puppets)?.public();
    let context = view.contexts.keys().next().copied();
    let op = match rng.below(14) {
        0 | 1 => ops::add(puppet, Role::Admin),
        2 => ops::add(puppet, Role::Member),
        3 | 4 => ops::remove(victim),
        5 => ops::set_role(victim, Role::ReadOnly),
        6 => ops::grant(me.public(), capabilities::ALL),
        7 => ops::revoke(victim, capabilities::ALL),
        8 => GroupOp::GroupDeleted,
        9 => ops::set_role(me.public(), Role::Admin),
        10 => ops::remove(me.public()),
        11 => ops::subgroup("den", Visibility::Restricted),
        12 => ops::detach(context?),
        _ => {
            let invitation = Invitation::new(*namespace, group, me, Role::Member, 9, rng.next());
            invitation.claimed_by(&puppet)
        }
    };
    Some((group, op))
}

/// An op as the engine would have it, whether it may be or not: nonce and hash are right for the present heads if the
/// signer has done this much before.
pub fn raw(
    engine: &mut Engine,
    namespace: &NamespaceId,
    group: GroupId,
    signer: &SigningKey,
    op: GroupOp,
    nonce: u64,
) -> SignableGroupOp {
    SignableGroupOp {
        version: 1,
        namespace_id: *namespace,
        group_id: group,
        parent_op_hashes: engine.heads(namespace).into_iter().take(64).collect(),
        state_hash: engine.state_hash(namespace, &group).unwrap_or(Hash::ZERO),
        signer: signer.public(),
        nonce,
        op,
    }
}

/// How an op is made wrong, and which parent was made up for it, if any.
pub fn spoil(draft: &mut SignableGroupOp, refused: Option<OpId>, old: &[OpId], rng: &mut Rng) -> Option<OpId> {
    let parents = &mut draft.parent_op_hashes;
    match rng.below(9) {
        0 => draft.nonce += rng.within(1..=3),
        1 => draft.nonce = draft.nonce.saturating_sub(1).max(1),
        2 => draft.state_hash = Hash(rng.bytes32()),
        3 => draft.group_id = GroupId(rng.bytes32()),
        4 => parents.extend(rng.pick(old)),
        5 => parents.extend(refused),
        6 => {
            let made_up = OpId(rng.bytes32());
            parents.push(made_up);
            parents.sort_unstable();
            return Some(made_up);
        }
        7 => draft.namespace_id = NamespaceId(rng.bytes32()),
        _ => draft.nonce = u64::MAX,
    }
    parents.sort_unstable();
    parents.dedup();
    parents.truncate(64);
    None
}

/// Signs, if this is well-formed at all.
pub fn sign(draft: SignableGroupOp, key: &SigningKey) -> Option<VerifiedOp> {
    draft.sign(key).ok()
}

/// Bytes that were something once: cut short, a bit flipped, or something added.
pub fn corrupt(bytes: &mut Vec<u8>, rng: &mut Rng) {
    match rng.below(4) {
        0 => bytes.truncate(rng.below(bytes.len())),
        1 => bytes.push(0),
        2 => {
            let length = rng.below(200);
            *bytes = rng.bytes(length);
        }
        _ if bytes.is_empty() => {}
        _ => {
            let at = rng.below(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
        }
    }
}
