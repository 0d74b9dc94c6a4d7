//! A duel of Admins: two who remove each other, and what the engine says of it.

use folkmoot_core::{
    DraftError, Engine, GroupOp, NamespaceId, OpId, RestsOn, Role, SigningKey, Verdict, VerifiedOp, VoidReason,
};
use folkmoot_examples::{claim, key};
use std::error::Error;

/// One replica that has everything; who has seen what is said by the parents of each op.
struct Moot {
    engine: Engine,
    namespace: NamespaceId,
    ops: Vec<VerifiedOp>,
}

impl Moot {
    /// Somebody acts who has seen these ops, and all before them.
    fn after(&mut self, parents: &[OpId], signer: &SigningKey, op: GroupOp) -> Result<OpId, Box<dyn Error>> {
        let root = self.namespace.into();
        let op = self.engine.draft_on(&self.namespace, &root, &signer.public(), op, parents)?.sign(signer)?;
        Ok(self.take(op))
    }

    fn take(&mut self, op: VerifiedOp) -> OpId {
        let id = op.id();
        self.ops.push(op.clone());
        let _ = self.engine.apply(op);
        id
    }

    /// Prints what became of an op, in the engine's own words.
    fn tell(&self, what: &str, op: &OpId) -> Result<(), Box<dyn Error>> {
        let told = self.engine.explain(op).ok_or("an admitted op has an explanation")?;
        println!("   {what}: {}", told.verdict);
        if let Some(basis) = &told.basis {
            println!("      rests on {:?}, given by {}", basis.rests_on, short(&basis.given_by));
        }
        if let Some(by) = &told.by {
            println!("      because of {}", short(by));
        }
        Ok(())
    }
}

fn short(op: &OpId) -> String {
    format!("{op}").chars().take(8).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let (alice, bob, carol, dave) = (key("alice"), key("bob"), key("carol"), key("dave"));
    let genesis = Engine::genesis(alice.public(), [7; 32], "Kitchen table", [0; 32], [0; 32]).sign(&alice)?;
    let namespace = NamespaceId::from(genesis.id());
    let mut moot = Moot { engine: Engine::new(), namespace, ops: Vec::new() };
    let founded = moot.take(genesis);
    let add = |who: &SigningKey, role| GroupOp::MemberAdded { member: who.public(), role };
    let remove = |who: &SigningKey| GroupOp::MemberRemoved { member: who.public() };

    println!("1. alice founds, and lets in bob as an Admin and carol as a Member.");
    let admission = moot.after(&[founded], &alice, add(&bob, Role::Admin))?;
    let apart = moot.after(&[admission], &alice, add(&carol, Role::Member))?;
    // Who came first is senior, so bob cannot remove alice: a draft that would have no effect is refused.
    let root = namespace.into();
    let refused = moot.engine.draft(&namespace, &root, &bob.public(), remove(&alice));
    println!("   bob would remove alice: {}", refused.as_ref().err().ok_or("a junior's removal was drafted")?);
    claim("a junior cannot remove a senior", refused == Err(DraftError::Void(VoidReason::Outranked)))?;

    println!("2. The line is cut. bob makes carol an Admin at once; alice, some ops later, lets in dave as one.");
    let promotion = moot.after(&[apart], &bob, GroupOp::MemberRoleSet { member: carol.public(), role: Role::Admin })?;
    let busy = moot.after(&[apart], &alice, GroupOp::GroupAliasSet { alias: "Kitchen & garden".into() })?;
    let arrival = moot.after(&[busy], &alice, add(&dave, Role::Admin))?;

    println!("3. dave, who takes carol for a Member, removes her. carol, who has heard of him, removes him.");
    let by_dave = moot.after(&[arrival], &dave, remove(&carol))?;
    let by_carol = moot.after(&[promotion, arrival], &carol, remove(&dave))?;

    println!(
        "4. Everybody has everything. Both removals could not stand; carol's role was given nearer the beginning."
    );
    moot.tell("carol removes dave", &by_carol)?;
    moot.tell("dave removes carol", &by_dave)?;
    let lost = moot.engine.explain(&by_dave).ok_or("an admitted op has an explanation")?;
    let basis = lost.basis.as_ref().ok_or("it was sound in its own past")?;
    claim("the senior's removal is effective", moot.engine.verdict(&by_carol) == Some(Verdict::Effective))?;
    claim("the junior's lost its authority", lost.verdict == Verdict::Void(VoidReason::AuthorityLost))?;
    claim("it was the senior's that took it", lost.by == Some(by_carol))?;
    claim("which dave had from alice", basis.rests_on == RestsOn::Admin && basis.given_by == arrival)?;
    claim("carol is an Admin", moot.engine.standing(&namespace, &root, &carol.public()) == Some(Role::Admin))?;
    claim("dave is out", moot.engine.standing(&namespace, &root, &dave.public()).is_none())?;

    println!("5. It is not about who was faster: a replica that hears everything backwards says the same.");
    let mut backwards = Engine::new();
    for op in moot.ops.into_iter().rev() {
        let _ = backwards.apply(op);
    }
    claim("it has the same digest", backwards.digest(&namespace) == moot.engine.digest(&namespace))?;
    claim("and the same account of dave's removal", backwards.explain(&by_dave) == Some(lost))
}
