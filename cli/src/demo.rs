//! `folkmoot demo`: three replicas, a removed admin who will not have it, and one answer.
//!
//! Everything happens in this process, from fixed seeds: the same text every time. What the demo claims it checks, and
//! ends with a failure if it does not hold.

use crate::failure::Failure;
use crate::words::{self, People, count, deed, short};
use folkmoot_core::{
    DraftError, Engine, GroupId, GroupOp, Hash, NamespaceId, OpId, PublicKey, ReceiveError, Role, SignedGroupOp,
    SigningKey, Status, Verdict, VerifiedOp, VoidReason,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Tells the whole story.
pub(crate) fn demo(out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out, "Three replicas of one group in one process. No server, no clock, no locks: only signed ops.")?;
    let mut story = Story::begin()?;
    let apart = story.together(out)?;
    story.cut_off(out)?;
    story.heal(out)?;
    story.forge(apart, out)
}

/// Everybody who ever signs something.
struct Cast {
    alice: SigningKey,
    bob: SigningKey,
    carol: SigningKey,
    dave: SigningKey,
    erin: SigningKey,
    mallory: SigningKey,
    oscar: SigningKey,
}

impl Cast {
    fn new() -> Self {
        let key = |name: &str| SigningKey::from_seed(padded(name));
        Self {
            alice: key("alice"),
            bob: key("bob"),
            carol: key("carol"),
            dave: key("dave"),
            erin: key("erin"),
            mallory: key("mallory"),
            oscar: key("oscar"),
        }
    }

    fn people(&self) -> People {
        let mut people = People::default();
        let named = [
            (&self.alice, "alice"),
            (&self.bob, "bob"),
            (&self.carol, "carol"),
            (&self.dave, "dave"),
            (&self.erin, "erin"),
            (&self.mallory, "mallory"),
            (&self.oscar, "oscar"),
        ];
        for (key, name) in named {
            people.name(key.public(), name);
        }
        people
    }
}

/// One node: an engine, and the bytes it would ship to others.
#[derive(Default)]
struct Replica {
    engine: Engine,
    made_here: Vec<Vec<u8>>,
}

impl Replica {
    /// Drafts on the present heads, signs, applies and keeps for shipping.
    fn act(&mut self, namespace: &NamespaceId, signer: &SigningKey, op: GroupOp) -> Result<OpId, Failure> {
        let draft = self.engine.draft(namespace, &(*namespace).into(), &signer.public(), op)?;
        Ok(self.publish(draft.sign(signer)?))
    }

    fn publish(&mut self, op: VerifiedOp) -> OpId {
        let id = op.id();
        self.made_here.push(op.signed().encode());
        let _ = self.engine.apply(op);
        id
    }

    /// Takes ops as they come from elsewhere; says how many had to wait for their parents.
    fn hear(&mut self, ops: &[&[u8]]) -> Result<usize, Failure> {
        let mut waited = 0;
        for bytes in ops {
            let outcome = self.engine.receive(bytes)?;
            waited += outcome.statuses().iter().filter(|(_, status)| matches!(status, Status::Pending { .. })).count();
        }
        Ok(waited)
    }

    fn digest(&mut self, namespace: &NamespaceId) -> Hash {
        self.engine.digest(namespace).unwrap_or(Hash::ZERO)
    }

    /// The group's name and members, as this replica sees them.
    fn sight(&self, namespace: &NamespaceId, people: &People) -> String {
        let Some(view) = self.engine.view(namespace, &(*namespace).into()) else { return "nothing".into() };
        let mut members: Vec<String> = view.members.keys().map(|key| people.called(key)).collect();
        members.sort_unstable();
        format!("{:?}: {}", view.info.alias, members.join(", "))
    }
}

struct Story {
    cast: Cast,
    people: People,
    namespace: NamespaceId,
    alice: Replica,
    bob: Replica,
    carol: Replica,
}

impl Story {
    /// Alice founds the namespace; so far only she knows.
    fn begin() -> Result<Self, Failure> {
        let cast = Cast::new();
        let salt = padded("folkmoot demo");
        let genesis =
            Engine::genesis(cast.alice.public(), salt, "Kitchen table", [0; 32], [0; 32]).sign(&cast.alice)?;
        let mut alice = Replica::default();
        let namespace = alice.publish(genesis).into();
        let people = cast.people();
        Ok(Self { cast, people, namespace, alice, bob: Replica::default(), carol: Replica::default() })
    }

    fn root(&self) -> GroupId {
        self.namespace.into()
    }

    fn replicas(&mut self) -> [(&'static str, &mut Replica); 3] {
        [("alice", &mut self.alice), ("bob", &mut self.bob), ("carol", &mut self.carol)]
    }

    /// Scene 1. Returns the op after which the three are cut off from each other.
    fn together(&mut self, out: &mut impl Write) -> Result<OpId, Failure> {
        let Self { cast, alice, bob, carol, namespace, .. } = self;
        let admit = |who: &SigningKey, role| GroupOp::MemberAdded { member: who.public(), role };
        alice.act(namespace, &cast.alice, admit(&cast.bob, Role::Admin))?;
        alice.act(namespace, &cast.alice, admit(&cast.carol, Role::Admin))?;
        let last = alice.act(namespace, &cast.alice, admit(&cast.dave, Role::Member))?;
        let made: Vec<Vec<u8>> = std::mem::take(&mut alice.made_here);
        let ops: Vec<&[u8]> = made.iter().map(Vec::as_slice).collect();
        bob.hear(&ops)?;
        carol.hear(&ops)?;
        writeln!(out, "\n1. alice founds \"Kitchen table\" and admits bob and carol as Admins, dave as a Member.")?;
        let digest = self.agreed("at the start")?;
        writeln!(out, "   all three {digest}")?;
        Ok(last)
    }

    /// Scene 2. Each acts on what it knows.
    fn cut_off(&mut self, out: &mut impl Write) -> Result<(), Failure> {
        let root = self.root();
        let Self { cast, alice, bob, carol, namespace, people } = self;
        let rename = |alias: &str| GroupOp::GroupAliasSet { alias: alias.into() };
        let admit = |who: &SigningKey, role| GroupOp::MemberAdded { member: who.public(), role };
        let remove = |who: &SigningKey| GroupOp::MemberRemoved { member: who.public() };

        writeln!(
            out,
            "\n2. The line goes dead. alice removes bob; bob, who has not heard, fills the group with his own."
        )?;
        alice.act(namespace, &cast.alice, remove(&cast.bob))?;
        alice.act(namespace, &cast.alice, rename("Kitchen & garden"))?;

        bob.act(namespace, &cast.bob, admit(&cast.mallory, Role::Admin))?;
        bob.act(namespace, &cast.mallory, rename("Mallory's table"))?;
        bob.act(namespace, &cast.bob, remove(&cast.dave))?;
        match bob.engine.draft(namespace, &root, &cast.bob.public(), remove(&cast.alice)) {
            Err(DraftError::Void(VoidReason::Outranked)) => {}
            other => return Err(Failure::Demo(format!("bob may not remove the founder, and yet: {other:?}"))),
        }
        writeln!(out, "   His engine will not draft the removal of alice, who outranks him; he signs it by hand.")?;
        let mut forged = bob.engine.draft(namespace, &root, &cast.bob.public(), GroupOp::Noop)?;
        forged.op = remove(&cast.alice);
        bob.publish(forged.sign(&cast.bob)?);

        carol.act(namespace, &cast.carol, admit(&cast.erin, Role::Member))?;
        carol.act(namespace, &cast.carol, context("recipes"))?;
        carol.act(namespace, &cast.carol, rename("Carol's table"))?;
        for (name, replica) in [("alice", alice), ("bob", bob), ("carol", carol)] {
            let digest = short(replica.digest(namespace).as_bytes());
            writeln!(out, "   {name:<8}{digest}\u{2026}  {}", replica.sight(namespace, people))?;
        }
        Ok(())
    }

    /// Scene 3. Everybody hears everything, in an order of their own.
    fn heal(&mut self, out: &mut impl Write) -> Result<(), Failure> {
        let Self { alice, bob, carol, .. } = self;
        let [from_alice, from_bob, from_carol] =
            [&mut *alice, bob, carol].map(|replica| std::mem::take(&mut replica.made_here));
        let (by_alice, by_bob, by_carol) = (slices(&from_alice), slices(&from_bob), slices(&from_carol));
        alice.hear(&[by_carol.as_slice(), &by_bob].concat())?;
        let backwards: Vec<&[u8]> = [by_alice.as_slice(), &by_carol].concat().into_iter().rev().collect();
        let waited = bob.hear(&backwards)?;
        let twice: Vec<&[u8]> = [by_bob.as_slice(), &by_alice, &by_bob].concat();
        carol.hear(&twice)?;
        writeln!(out, "\n3. The line is back. Each hears the others in an order of its own: bob backwards")?;
        writeln!(out, "   ({} had to wait for their parents), carol some of it twice.", count(waited, "op"))?;
        let digest = self.agreed("after they heard everything")?;
        for (name, _) in self.replicas() {
            writeln!(out, "   {name:<8}{digest}")?;
        }
        writeln!(out, "   Each sees {}. What became of each op:", self.alice.sight(&self.namespace, &self.people))?;
        self.tell(&[from_alice, from_bob, from_carol].concat(), out)?;
        self.legend(&[VoidReason::AuthorityLost, VoidReason::Outranked, VoidReason::Superseded], out)
    }

    /// Scene 4. Bob knows that he is out, and publishes as if it were long ago.
    fn forge(&mut self, apart: OpId, out: &mut impl Write) -> Result<(), Failure> {
        let (root, before) = (self.root(), self.agreed("before bob forges")?);
        let Self { cast, alice, bob, carol, namespace, .. } = self;
        let (bobs_key, oscars_key) = (cast.bob.public(), cast.oscar.public());
        let out_he_is = bob.engine.draft(namespace, &root, &bobs_key, GroupOp::GroupAliasSet { alias: "Bob's".into() });
        let Err(DraftError::NotParticipant(_)) = out_he_is else {
            return Err(Failure::Demo(format!("bob may sign nothing any more, and yet: {out_he_is:?}")));
        };
        let puppet = GroupOp::MemberAdded { member: oscars_key, role: Role::Admin };
        let puppet = bob.engine.draft_on(namespace, &root, &bobs_key, puppet, &[apart])?.sign(&cast.bob)?;
        let puppet = bob.publish(puppet);
        let removal = GroupOp::MemberRemoved { member: cast.carol.public() };
        let removal = bob.engine.draft_on(namespace, &root, &bobs_key, removal, &[puppet])?.sign(&cast.bob)?;
        let removal = bob.publish(removal);
        let name = GroupOp::GroupAliasSet { alias: "Oscar's table".into() };
        let name = bob.engine.draft_on(namespace, &root, &oscars_key, name, &[removal])?.sign(&cast.oscar)?;
        bob.publish(name);
        let forged = std::mem::take(&mut bob.made_here);
        alice.hear(&slices(&forged))?;
        carol.hear(&slices(&forged))?;

        writeln!(
            out,
            "\n4. bob has heard that he is out, and his engine drafts nothing for him any more. So he forges,"
        )?;
        writeln!(out, "   from the time when he was an Admin and outranked carol. His puppet oscar joins in.")?;
        self.tell(&forged, out)?;
        let after = self.agreed("after bob forged")?;
        let forks = self.alice.engine.equivocations(&self.namespace);
        let signers: BTreeSet<String> = forks.iter().map(|(signer, _, _)| self.called(signer)).collect();
        let signers: Vec<String> = signers.into_iter().collect();
        writeln!(out, "   All three hold his ops, and evidence of who forked: {}.", signers.join(", "))?;
        writeln!(out, "   before  {before}\n   after   {after}")?;
        if before != after {
            return Err(Failure::Disagree("what bob forged changed the state"));
        }
        writeln!(out, "   The same on all three: nobody gained anything by forging, forking or hiding.")?;
        Ok(())
    }

    /// The digest on which all three agree; digests, heads and every verdict are compared.
    fn agreed(&mut self, when: &'static str) -> Result<Hash, Failure> {
        let namespace = self.namespace;
        let held = self.replicas().map(|(_, replica)| {
            let verdicts: BTreeMap<OpId, Verdict> = replica.engine.ops(&namespace).collect();
            (replica.digest(&namespace), replica.engine.heads(&namespace), verdicts)
        });
        all_same(&held).map(|(digest, _, _)| *digest).ok_or(Failure::Disagree(when))
    }

    /// A line for each op: who, what, and what became of it.
    fn tell(&self, ops: &[Vec<u8>], out: &mut impl Write) -> Result<(), Failure> {
        for bytes in ops {
            let op = SignedGroupOp::decode(bytes).map_err(ReceiveError::from)?;
            let id = op.signable.id();
            let engine = &self.alice.engine;
            let Some(why) = engine.explain(&id) else {
                return Err(Failure::Demo(format!("alice does not hold {}", short(id.as_bytes()))));
            };
            let (who, what) = (self.called(&op.signable.signer), deed(&op.signable.op, |key| self.called(key)));
            let of = |op: OpId| engine.explain(&op).map(|why| format!("{}'s {}", self.called(&why.signer), why.kind));
            let by = match (why.by.and_then(of), words::falls_with(engine, &why).and_then(of)) {
                (Some(by), _) => format!("by {by}"),
                (None, Some(giver)) => format!("falls with {giver}"),
                (None, None) => String::new(),
            };
            let line = format!("   {who:<8}{what:<34}{:<15}{by}", why.verdict.to_string());
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn legend(&self, reasons: &[VoidReason], out: &mut impl Write) -> Result<(), Failure> {
        for reason in reasons {
            writeln!(out, "   ({reason}: {})", words::void(*reason))?;
        }
        Ok(())
    }

    fn called(&self, key: &PublicKey) -> String {
        self.people.called(key)
    }
}

fn slices(ops: &[Vec<u8>]) -> Vec<&[u8]> {
    ops.iter().map(Vec::as_slice).collect()
}

/// 32 bytes that begin with a text: what a real host draws from its randomness, the demo names.
fn padded(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(text.bytes()).for_each(|(slot, byte)| *slot = byte);
    bytes
}

fn context(source: &str) -> GroupOp {
    GroupOp::ContextRegistered {
        application_id: [0; 32],
        blob_id: padded(source),
        source: source.into(),
        service_name: None,
        visibility: None,
    }
}

/// The first, if all others are the same.
fn all_same<T: PartialEq>(all: &[T]) -> Option<&T> {
    let (first, others) = all.split_first()?;
    others.iter().all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_fails_as_soon_as_one_replica_differs() {
        assert_eq!(all_same(&[1, 1, 1]), Some(&1));
        assert_eq!(all_same(&[1, 1, 2]), None);
        assert_eq!(all_same(&[2, 1, 1]), None);
        assert_eq!(all_same::<u8>(&[]), None);
    }

    #[test]
    fn replicas_that_have_not_heard_each_other_do_not_agree() {
        let mut story = Story::begin().unwrap();
        story.together(&mut Vec::new()).unwrap();
        assert!(story.agreed("together").is_ok());
        story.cut_off(&mut Vec::new()).unwrap();
        assert!(matches!(story.agreed("apart"), Err(Failure::Disagree("apart"))));
        story.heal(&mut Vec::new()).unwrap();
        assert!(story.agreed("healed").is_ok());
    }

    #[test]
    fn the_demo_is_the_same_every_time() {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        demo(&mut first).unwrap();
        demo(&mut second).unwrap();
        assert_eq!(first, second);
    }
}
