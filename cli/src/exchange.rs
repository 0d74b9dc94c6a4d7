//! Ops that come from elsewhere into a database, and ops that leave it.

use crate::failure::Failure;
use crate::sight::plain;
use crate::words;
use folkmoot::store::LoggedOp;
use folkmoot::{ContextClient, Refusal, RequestError};
use folkmoot_core::{NamespaceId, OpId, RejectReason, SignedGroupOp, Status};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Ops that are taken at a time: each batch is one transaction.
const BATCH: usize = 1_024;

/// An op that has no place, and why.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RejectedOp {
    pub(crate) op: OpId,
    pub(crate) reason: RejectReason,
}

/// Bytes that are no op, or that nobody signed: where they stood, and why they were refused.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RefusedBytes {
    pub(crate) place: String,
    pub(crate) why: String,
}

/// What became of ops that were taken in.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Tally {
    /// How many were given.
    pub(crate) read: usize,
    /// How many are new here, those included that had waited since an earlier time.
    pub(crate) admitted: usize,
    /// How many were here already.
    pub(crate) duplicates: usize,
    /// How many wait for parents, and lie aside until those come.
    pub(crate) waiting: usize,
    /// How many were ignored: their signers' nonces had been seen.
    pub(crate) ignored: usize,
    pub(crate) rejected: Vec<RejectedOp>,
    pub(crate) refused: Vec<RefusedBytes>,
    /// The ops that are waited for, and are neither here nor waiting themselves.
    pub(crate) missing: Vec<OpId>,
}

/// Takes ops into a database.
#[derive(Debug)]
pub(crate) struct Intake {
    client: ContextClient,
    /// Ops that had no place so far.
    aside: BTreeMap<OpId, Vec<u8>>,
    waiting: BTreeSet<OpId>,
    tally: Tally,
}

impl Intake {
    /// Begins with the ops that lie aside from earlier.
    pub(crate) async fn begin(client: &ContextClient) -> Result<Self, Failure> {
        let mut intake =
            Self { client: client.clone(), aside: BTreeMap::new(), waiting: BTreeSet::new(), tally: Tally::default() };
        let early = client.ops_aside().await.map_err(plain)?;
        for batch in early.chunks(BATCH) {
            intake.take_batch(batch.to_vec(), &|_| String::new()).await?;
        }
        // What lay aside is not what was given now, and was told of then.
        intake.tally = Tally::default();
        Ok(intake)
    }

    /// How many ops are new here by now.
    pub(crate) const fn admitted(&self) -> usize {
        self.tally.admitted
    }

    /// Takes ops. `place` says where the one with this number stood.
    pub(crate) async fn take(
        &mut self,
        ops: Vec<Vec<u8>>,
        place: impl Fn(usize) -> String,
        bar: &ProgressBar,
    ) -> Result<(), Failure> {
        let mut first = 0;
        let mut rest = ops.into_iter().peekable();
        while rest.peek().is_some() {
            let batch: Vec<Vec<u8>> = rest.by_ref().take(BATCH).collect();
            let count = batch.len();
            self.tally.read += count;
            self.take_batch(batch, &|at| place(first + at)).await?;
            first += count;
            bar.inc(count as u64);
        }
        Ok(())
    }

    async fn take_batch(&mut self, batch: Vec<Vec<u8>>, place: &impl Fn(usize) -> String) -> Result<(), Failure> {
        let came = self.client.take_ops(batch.clone()).await.map_err(plain)?;
        for (at, why) in came.refused {
            self.tally.refused.push(RefusedBytes { place: place(at), why: why.to_string() });
        }
        let mut homeless = BTreeSet::new();
        for op in came.taken {
            match op.status {
                Status::Admitted(_) => {
                    self.tally.admitted += 1;
                    self.waiting.remove(&op.op);
                    self.aside.remove(&op.op);
                    homeless.remove(&op.op);
                    continue;
                }
                Status::Duplicate => {
                    self.tally.duplicates += 1;
                    continue;
                }
                Status::Pending { .. } => {
                    self.waiting.insert(op.op);
                }
                Status::Ignored => {
                    self.tally.ignored += 1;
                    self.waiting.remove(&op.op);
                }
                Status::Rejected(reason) => {
                    self.tally.rejected.push(RejectedOp { op: op.op, reason });
                    self.waiting.remove(&op.op);
                }
            }
            homeless.insert(op.op);
        }
        if !homeless.is_empty() {
            let decoded = batch.into_iter().filter_map(|bytes| Some((SignedGroupOp::decode(&bytes).ok()?, bytes)));
            let with_id = decoded.map(|(op, bytes)| (op.signable.id(), bytes));
            self.aside.extend(with_id.filter(|(id, _)| homeless.contains(id)));
        }
        Ok(())
    }

    /// Lays aside what waits, and says what became of all.
    pub(crate) async fn end(mut self) -> Result<Tally, Failure> {
        let mut missing = BTreeSet::new();
        for bytes in self.waiting.iter().filter_map(|id| self.aside.get(id)) {
            let Ok(op) = SignedGroupOp::decode(bytes) else { continue };
            for parent in op.signable.parent_op_hashes {
                if !self.waiting.contains(&parent) && !is_here(&self.client, parent).await? {
                    missing.insert(parent);
                }
            }
        }
        self.client.set_ops_aside(std::mem::take(&mut self.aside)).await.map_err(plain)?;
        self.tally.waiting = self.waiting.len();
        self.tally.missing = missing.into_iter().collect();
        Ok(self.tally)
    }
}

async fn is_here(client: &ContextClient, op: OpId) -> Result<bool, Failure> {
    match client.explain(op).await {
        Ok(_) => Ok(true),
        Err(RequestError::Refused(Refusal::NoSuchOp(_))) => Ok(false),
        Err(error) => Err(plain(error)),
    }
}

impl Tally {
    /// What needs looking at, a line each.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.waiting > 0 {
            let ids: Vec<String> = self.missing.iter().take(4).map(|op| words::short(&op.0)).collect();
            let more = if self.missing.len() > 4 { " \u{2026}" } else { "" };
            let waiting = words::count(self.waiting, "op");
            lines.push(format!("{waiting} wait for what is not here: {}{more}", ids.join(" ")));
            lines.push("they are kept, and take their place when it comes:  folkmoot sync FILE".to_owned());
        }
        for RejectedOp { op, reason } in &self.rejected {
            lines.push(format!("{} rejected: {reason}: {}", words::short(&op.0), words::rejection(*reason)));
        }
        if self.ignored > 0 {
            lines.push(format!("{} ignored: the signer's nonce had been seen", words::count(self.ignored, "op")));
        }
        for RefusedBytes { place, why } in &self.refused {
            lines.push(format!("{place}: {why}"));
        }
        lines
    }
}

/// All ops of a namespace, in the order of their arrival; none if nothing of it is here.
pub(crate) async fn whole_log(client: &ContextClient, namespace: NamespaceId) -> Result<Vec<LoggedOp>, Failure> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        match client.op_log(namespace, after, BATCH).await {
            Ok(page) => {
                all.extend(page.ops);
                let Some(next) = page.next else { return Ok(all) };
                after = next;
            }
            Err(RequestError::Refused(Refusal::NoSuchNamespace(_))) => return Ok(all),
            Err(error) => return Err(plain(error)),
        }
    }
}

/// The heads of a namespace; none if nothing of it is here.
pub(crate) async fn heads(client: &ContextClient, namespace: NamespaceId) -> Result<Vec<OpId>, Failure> {
    match client.heads(namespace).await {
        Err(RequestError::Refused(Refusal::NoSuchNamespace(_))) => Ok(Vec::new()),
        heads => heads.map_err(plain),
    }
}

/// The namespaces that ops are here of.
pub(crate) async fn held(client: &ContextClient) -> Result<BTreeSet<NamespaceId>, Failure> {
    let (mut all, mut after) = (BTreeSet::new(), None);
    loop {
        let page = client.namespaces(after, BATCH).await.map_err(plain)?;
        all.extend(page.entries.iter().filter(|(_, summary)| summary.ops > 0).map(|(id, _)| *id));
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// Copies what one database has of a namespace and the other lacks.
pub(crate) async fn copy(from: &ContextClient, to: &mut Intake, namespace: NamespaceId) -> Result<(), Failure> {
    if heads(from, namespace).await? == heads(&to.client, namespace).await? {
        return Ok(());
    }
    let there: HashSet<OpId> = whole_log(&to.client, namespace).await?.into_iter().map(|op| op.id).collect();
    let lacking = whole_log(from, namespace).await?.into_iter().filter(|op| !there.contains(&op.id));
    let lacking: Vec<Vec<u8>> = lacking.map(|op| op.bytes).collect();
    let bar = progress("ops", lacking.len());
    to.take(lacking, |at| format!("op {at}"), &bar).await?;
    bar.finish_and_clear();
    Ok(())
}

/// A progress bar on stderr, if that is a terminal and there is something to wait for.
pub(crate) fn progress(what: &'static str, total: usize) -> ProgressBar {
    if total < BATCH {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total as u64);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar
}
