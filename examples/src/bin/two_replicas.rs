//! Two replicas with the core alone: the same ops in another order come to the same answer.

use folkmoot_core::{Engine, GroupOp, NamespaceId, Role, SigningKey, Status, Verdict, VerifiedOp};
use folkmoot_examples::{claim, key};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let (alice, bob, carol) = (key("alice"), key("bob"), key("carol"));
    let (mut here, mut there) = (Engine::new(), Engine::new());

    println!("1. alice founds a namespace and lets bob in as an Admin. Both replicas hear of it.");
    // Genesis is the only op without a draft: there is nothing yet to draft it on. Its id is the namespace's.
    let genesis = Engine::genesis(alice.public(), [7; 32], "Kitchen table", [0; 32], [0; 32]).sign(&alice)?;
    let namespace = NamespaceId::from(genesis.id());
    let root = namespace.into();
    let founded = here.apply(genesis);
    let admission = GroupOp::MemberAdded { member: bob.public(), role: Role::Admin };
    let admission = signed(&mut here, &namespace, &alice, admission)?;
    let admitted = here.apply(admission);
    // What comes out of an outcome is what travels: a host makes it durable first, then sends these bytes.
    for op in founded.durable().iter().chain(admitted.durable()) {
        let _ = there.receive(&op.signed().encode())?;
    }
    claim("both have the same digest", here.digest(&namespace) == there.digest(&namespace))?;

    println!("2. The line is cut. alice names the group here; bob names it there, and lets carol in.");
    let name = |alias: &str| GroupOp::GroupAliasSet { alias: alias.into() };
    let by_alice = signed(&mut here, &namespace, &alice, name("Kitchen & garden"))?;
    let _ = here.apply(by_alice.clone());
    let by_bob = signed(&mut there, &namespace, &bob, name("Bob's table"))?;
    let _ = there.apply(by_bob.clone());
    let of_carol = GroupOp::MemberAdded { member: carol.public(), role: Role::Member };
    let of_carol = signed(&mut there, &namespace, &bob, of_carol)?;
    let _ = there.apply(of_carol.clone());
    claim("they differ while each knows only its own", here.digest(&namespace) != there.digest(&namespace))?;

    println!("3. The line is back. Each hears the other's ops; this side hears bob's last one first, and one twice.");
    let told = here.receive(&of_carol.signed().encode())?;
    // Not an error: it waits for its parent, and the status says what to ask peers for.
    let missing = vec![by_bob.id()];
    claim("an op without its parent waits", told.statuses() == [(of_carol.id(), Status::Pending { missing })])?;
    for op in [&by_bob, &of_carol, &by_bob] {
        let _ = here.receive(&op.signed().encode())?;
    }
    let _ = there.receive(&by_alice.signed().encode())?;

    claim("nothing waits any more", here.missing(&namespace).is_empty())?;
    claim("both have the same digest again", here.digest(&namespace) == there.digest(&namespace))?;
    claim("both have the same heads", here.heads(&namespace) == there.heads(&namespace))?;
    for (name, replica) in [("here", &here), ("there", &there)] {
        let group = replica.view(&namespace, &root).ok_or("the root is always there")?;
        println!("   {name}: {:?}, {} members", group.info.alias, group.members.len());
        claim("the founder's name for the group counts", group.info.alias == "Kitchen & garden")?;
        claim("carol is in", replica.standing(&namespace, &root, &carol.public()) == Some(Role::Member))?;
        let lost = replica.verdict(&by_bob.id());
        claim("bob's name for it is void, and kept", matches!(lost, Some(Verdict::Void(_))))?;
    }
    Ok(())
}

/// A draft names the heads of its replica as parents and is refused, with the reason, if it would be void.
fn signed(
    replica: &mut Engine,
    namespace: &NamespaceId,
    signer: &SigningKey,
    op: GroupOp,
) -> Result<VerifiedOp, Box<dyn Error>> {
    Ok(replica.draft(namespace, &(*namespace).into(), &signer.public(), op)?.sign(signer)?)
}
