//! Ops as values: each that SPEC §1 allows encodes and decodes to itself, and no other decodes.

use crate::signing;
use arbitrary::{Arbitrary, Unstructured};
use folkmoot_core::codec::Malformed;
use folkmoot_core::group_op::capabilities;
use folkmoot_core::limits::{MAX_NAME_BYTES, MAX_OP_BYTES, MAX_PARENTS, MAX_SOURCE_BYTES};
use folkmoot_core::{GroupId, GroupOp, Hash, NamespaceId, OpId, SignableGroupOp, SignedGroupOp};

/// The op that the bytes are, as it is and mended so that nothing is malformed. Returns whether there is one.
pub fn run(data: &[u8]) -> bool {
    let mut choices = Unstructured::new(data);
    let Ok(op) = SignedGroupOp::arbitrary(&mut choices) else { return false };
    as_it_is(&op);
    let mut op = op;
    mend(&mut op.signable);
    assert_eq!(op.signable.check(), Ok(()), "it was mended: {op:?}");
    as_it_is(&op);
    signed(op.signable);
    true
}

fn as_it_is(op: &SignedGroupOp) {
    let bytes = op.encode();
    let decoded = SignedGroupOp::decode(&bytes);
    match op.signable.check() {
        Ok(()) if bytes.len() <= MAX_OP_BYTES => assert_eq!(decoded.as_ref(), Ok(op), "another op comes back"),
        Ok(()) => assert_eq!(decoded, Err(Malformed::TooLong(bytes.len()))),
        Err(_) if bytes.len() > MAX_OP_BYTES => assert_eq!(decoded, Err(Malformed::TooLong(bytes.len()))),
        Err(why) => assert_eq!(decoded, Err(why), "it decodes, but does not check"),
    }
}

/// What is signed is verified by construction, has the length that it says, and travels.
fn signed(mut signable: SignableGroupOp) {
    signable.signer = signing::person(0);
    let id = signable.id();
    let op = signable.sign(&signing::key(0)).expect("mended ops are of no length that matters");
    let bytes = op.signed().encode();
    assert_eq!((op.id(), op.encoded_len()), (id, bytes.len()));
    let back = SignedGroupOp::decode(&bytes).expect("it was signed").verify().expect("it was signed");
    assert_eq!(back, op);
}

/// Makes an op keep the rules of SPEC §1, and changes it no more than that takes.
fn mend(op: &mut SignableGroupOp) {
    op.version = 1;
    if matches!(op.op, GroupOp::NamespaceCreated { .. }) {
        (op.namespace_id, op.group_id, op.state_hash) = (NamespaceId::ZERO, GroupId::ZERO, Hash::ZERO);
        op.parent_op_hashes.clear();
        op.nonce = 1;
    } else {
        op.parent_op_hashes.sort_unstable();
        op.parent_op_hashes.dedup();
        op.parent_op_hashes.truncate(MAX_PARENTS);
        if op.parent_op_hashes.is_empty() {
            op.parent_op_hashes.push(OpId::ZERO);
        }
    }
    mend_payload(&mut op.op);
}

fn shorten(text: &mut String, bound: usize) {
    let end = (0..=bound).rev().find(|end| text.is_char_boundary(*end));
    if text.len() > bound {
        text.truncate(end.unwrap_or(0));
    }
}

fn mend_payload(op: &mut GroupOp) {
    match op {
        GroupOp::NamespaceCreated { alias, .. }
        | GroupOp::SubgroupCreated { alias, .. }
        | GroupOp::GroupAliasSet { alias }
        | GroupOp::MemberAliasSet { alias, .. }
        | GroupOp::ContextAliasSet { alias, .. } => shorten(alias, MAX_NAME_BYTES),
        GroupOp::CapabilitiesGranted { capabilities, .. } | GroupOp::CapabilitiesRevoked { capabilities, .. } => {
            *capabilities = (*capabilities & capabilities::ALL).max(1);
        }
        GroupOp::DefaultCapabilitiesSet { capabilities } => {
            *capabilities &= capabilities::ALL & !capabilities::MANAGE_MEMBERS;
        }
        GroupOp::TargetApplicationSet { migration: Some(migration), .. } => shorten(migration, MAX_SOURCE_BYTES),
        GroupOp::ContextRegistered { source, service_name, .. } => {
            shorten(source, MAX_SOURCE_BYTES);
            if let Some(name) = service_name {
                shorten(name, MAX_NAME_BYTES);
            }
        }
        GroupOp::ContextCapabilityGranted { capabilities, .. }
        | GroupOp::ContextCapabilityRevoked { capabilities, .. } => *capabilities = (*capabilities).max(1),
        GroupOp::JoinWithInvitationClaim { invitation, .. } => invitation.max_uses = invitation.max_uses.max(1),
        _ => {}
    }
}
