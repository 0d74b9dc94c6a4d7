//! The account of a replay for people to read.

use crate::replay::RefusedOp;
use crate::words::{self, People, count, deed, short};
use folkmoot_core::report::{GroupReport, NamespaceReport, Report};
use folkmoot_core::{
    ContextInfo, Engine, GroupId, GroupView, MemberInfo, NamespaceId, OpId, PublicKey, Status, Verdict, VerifiedOp,
};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Most heads that are listed; all are in the JSON.
const MAX_HEADS: usize = 8;

/// All that an account draws on.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    engine: &'a Engine,
    report: &'a Report,
    people: &'a People,
    given: usize,
    stored: usize,
    by_id: BTreeMap<OpId, &'a VerifiedOp>,
    refused: &'a [RefusedOp],
}

impl<'a> Account<'a> {
    /// The account of an engine that held the `stored` ops and was given the `given` ones, and was not given what was
    /// `refused`.
    pub(crate) fn new(
        engine: &'a Engine,
        report: &'a Report,
        people: &'a People,
        [stored, given]: [&'a [VerifiedOp]; 2],
        refused: &'a [RefusedOp],
    ) -> Self {
        let by_id = stored.iter().chain(given).map(|op| (op.id(), op)).collect();
        Self { engine, report, people, given: given.len() + refused.len(), stored: stored.len(), by_id, refused }
    }

    /// Writes all of it.
    pub(crate) fn write(&self, inputs: usize, out: &mut impl Write) -> io::Result<()> {
        self.write_sums(inputs, out)?;
        for namespace in self.report.namespaces.values() {
            self.write_namespace(namespace, out)?;
        }
        self.write_not_admitted(out)?;
        self.write_refused(out)
    }

    /// What became of all ops, in numbers that add up.
    fn write_sums(&self, inputs: usize, out: &mut impl Write) -> io::Result<()> {
        let admitted: usize = self.report.namespaces.values().map(|namespace| namespace.ops.len()).sum();
        let not_admitted = self.report.not_admitted.len();
        let duplicates = self.stored + self.given - self.refused.len() - self.by_id.len();
        write!(out, "{} from {}", count(self.given, "op"), count(inputs, "input"))?;
        if self.stored > 0 {
            write!(out, ", {} from the store", self.stored)?;
        }
        write!(out, ": ")?;
        write!(out, "{admitted} admitted, {not_admitted} not admitted, {}", count(duplicates, "duplicate"))?;
        write!(out, ", {} refused", self.refused.len())?;
        match self.by_id.len().saturating_sub(admitted + not_admitted) {
            0 => writeln!(out),
            // Past the bounds on what may wait and on what is remembered of refused ops.
            forgotten => writeln!(out, ", {forgotten} no longer remembered"),
        }
    }

    fn write_namespace(&self, namespace: &NamespaceReport, out: &mut impl Write) -> io::Result<()> {
        let id = namespace.namespace_id;
        writeln!(out, "\nnamespace {id}")?;
        writeln!(out, "  digest  {}", namespace.digest)?;
        let heads: Vec<String> = namespace.heads.iter().take(MAX_HEADS).map(|head| short(head.as_bytes())).collect();
        let more = if namespace.heads.len() > MAX_HEADS { " \u{2026}" } else { "" };
        writeln!(out, "  heads   {}: {}{more}", namespace.heads.len(), heads.join(" "))?;
        let of = |wanted: fn(&Verdict) -> bool| namespace.ops.values().filter(|verdict| wanted(verdict)).count();
        let effective = of(|verdict| matches!(verdict, Verdict::Effective));
        let (idle, void) = (of(|v| matches!(v, Verdict::Idle(_))), of(|v| matches!(v, Verdict::Void(_))));
        writeln!(out, "  ops     {}: {effective} effective, {idle} idle, {void} void", namespace.ops.len())?;
        self.write_tree(namespace, out)?;
        self.write_without_effect(namespace, out)?;
        self.write_forks(&id, out)
    }

    /// The groups, each below its parent. A work list: no recursion over what strangers made.
    fn write_tree(&self, namespace: &NamespaceReport, out: &mut impl Write) -> io::Result<()> {
        let mut below: BTreeMap<Option<GroupId>, Vec<GroupId>> = BTreeMap::new();
        for (id, group) in namespace.groups.iter().rev() {
            below.entry(group.view.info.parent).or_default().push(*id);
        }
        let mut work: Vec<(GroupId, usize)> = Vec::new();
        work.extend(below.remove(&None).unwrap_or_default().into_iter().map(|root| (root, 1)));
        while let Some((id, depth)) = work.pop() {
            if let Some(group) = namespace.groups.get(&id) {
                self.write_group(&id, group, &"  ".repeat(depth), out)?;
            }
            work.extend(below.remove(&Some(id)).unwrap_or_default().into_iter().map(|child| (child, depth + 1)));
        }
        Ok(())
    }

    fn write_group(&self, id: &GroupId, group: &GroupReport, pad: &str, out: &mut impl Write) -> io::Result<()> {
        let GroupView { info, members, contexts, invitations, barred } = &group.view;
        writeln!(out, "{pad}group {:?} {}, {:?}", info.alias, short(id.as_bytes()), info.visibility)?;
        writeln!(out, "{pad}  state hash {}", group.state_hash)?;
        let defaults = words::bits(info.default_capabilities);
        writeln!(out, "{pad}  by default members get {defaults}; contexts are {:?}", info.default_visibility)?;
        write!(out, "{pad}  application {}, key {}", short(&info.application_id), short(&info.app_key))?;
        write!(out, ", upgrades {}", words::policy(&info.upgrade_policy))?;
        match &info.migration {
            Some(migration) => writeln!(out, ", migration {migration:?}")?,
            None => writeln!(out)?,
        }
        for (key, member) in members {
            writeln!(out, "{pad}  member {}", self.member(key, member))?;
        }
        for (context, info) in contexts {
            self.write_context(&short(context.as_bytes()), info, pad, out)?;
        }
        for (invitation, info) in invitations {
            let revoked = if info.revoked { ", revoked" } else { "" };
            let uses = count(info.uses.try_into().unwrap_or(usize::MAX), "use");
            writeln!(out, "{pad}  invitation {}: {uses}{revoked}", short(invitation.as_bytes()))?;
        }
        for key in barred {
            writeln!(out, "{pad}  barred {}", self.people.who(key))?;
        }
        Ok(())
    }

    fn member(&self, key: &PublicKey, member: &MemberInfo) -> String {
        let alias = if member.alias.is_empty() { String::new() } else { format!(" {:?}", member.alias) };
        let mut text = format!("{}{alias}, {:?}", self.people.who(key), member.role);
        if member.capabilities != 0 {
            text.push_str(": ");
            text.push_str(&words::bits(member.capabilities));
        }
        text
    }

    fn write_context(&self, id: &str, context: &ContextInfo, pad: &str, out: &mut impl Write) -> io::Result<()> {
        let service = context.service_name.as_ref().map(|name| format!(", service {name:?}")).unwrap_or_default();
        write!(out, "{pad}  context {:?} {id}, {:?}{service}", context.alias, context.visibility)?;
        write!(out, ", application {}", short(&context.application_id))?;
        writeln!(out, " from {:?}, by {}", context.source, self.people.who(&context.registered_by))?;
        for (key, capabilities) in &context.capabilities {
            writeln!(out, "{pad}    {} has {capabilities:#010b}", self.people.who(key))?;
        }
        Ok(())
    }

    /// Every void and idle op, in the order of the graph.
    fn write_without_effect(&self, namespace: &NamespaceReport, out: &mut impl Write) -> io::Result<()> {
        let without = namespace.ops.iter().filter(|(_, verdict)| **verdict != Verdict::Effective);
        let mut told: Vec<_> = without.filter_map(|(op, _)| Some((self.engine.explain(op)?, *op))).collect();
        told.sort_by_key(|(why, op)| (why.depth, *op));
        if !told.is_empty() {
            writeln!(out, "  without effect")?;
        }
        for (why, op) in told {
            writeln!(out, "    {}, in {}", self.op(&op), self.group(namespace, &why.group))?;
            let for_good = if why.causal { " (for good: decided by its own past)" } else { "" };
            writeln!(out, "      {}{for_good}", words::verdict(why.verdict))?;
            match (why.by, words::falls_with(self.engine, &why)) {
                (Some(by), _) => writeln!(out, "      because of {}", self.op(&by))?,
                (None, Some(giver)) => writeln!(out, "      it falls with {}", self.op(&giver))?,
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// An op by its id, signer and deed: `49f0c326 by carol b8eade2a: MemberRemoved bob b46f8b5f`.
    fn op(&self, id: &OpId) -> String {
        let Some(op) = self.by_id.get(id) else { return short(id.as_bytes()) };
        let signable = op.signable();
        let signer = self.people.who(&signable.signer);
        format!("{} by {signer}: {}", short(id.as_bytes()), deed(&signable.op, |key| self.people.who(key)))
    }

    fn group(&self, namespace: &NamespaceReport, id: &GroupId) -> String {
        match namespace.groups.get(id) {
            Some(group) => format!("{:?} {}", group.view.info.alias, short(id.as_bytes())),
            None => format!("{}, which is deleted", short(id.as_bytes())),
        }
    }

    fn write_forks(&self, namespace: &NamespaceId, out: &mut impl Write) -> io::Result<()> {
        let forks = self.engine.equivocations(namespace);
        if !forks.is_empty() {
            writeln!(out, "  forks: ops that one signer made side by side")?;
        }
        for (signer, a, b) in forks {
            let (a, b) = (short(a.as_bytes()), short(b.as_bytes()));
            writeln!(out, "    {}: {a} and {b}", self.people.who(&signer))?;
        }
        Ok(())
    }

    fn write_not_admitted(&self, out: &mut impl Write) -> io::Result<()> {
        if self.report.not_admitted.is_empty() {
            return Ok(());
        }
        writeln!(out, "\nnot admitted")?;
        for (id, said) in &self.report.not_admitted {
            writeln!(out, "  {}", self.op(id))?;
            match self.engine.refusal(id) {
                Some(Status::Rejected(reason)) => writeln!(out, "    {said}: {}", words::rejection(reason))?,
                Some(_) => writeln!(out, "    {said}: its own past has seen its signer's nonce")?,
                None => writeln!(out, "    {said}: {}", self.waits_for(id))?,
            }
        }
        Ok(())
    }

    /// Which of a waiting op's parents are not admitted.
    fn waits_for(&self, id: &OpId) -> String {
        let Some(op) = self.by_id.get(id) else { return "waits for its parents".into() };
        let parents = op.signable().parent_op_hashes.iter().filter(|parent| !self.engine.contains(parent));
        let lacking: Vec<String> = parents.map(|parent| short(parent.as_bytes())).collect();
        format!("waits for {}", lacking.join(" "))
    }

    /// What was no op, or signed by nobody. Such bytes have no id, only a place.
    fn write_refused(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.refused.is_empty() {
            writeln!(out, "\n{} refused, without trace", self.refused.len())?;
        }
        for RefusedOp { place, why } in self.refused {
            writeln!(out, "  {place}: {why}")?;
        }
        Ok(())
    }
}
