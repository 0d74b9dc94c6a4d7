//! One commit, one transaction.

use super::effects::{StateTables, WriteError};
use super::error::{CommitError, Fault};
use super::guard::guarded;
use super::limits::{MAX_COMMIT_OPS, OPS_AT_ONCE};
use super::local::{LocalChange, LocalTables};
use super::runs::{publish, ranges};
use super::schema::{Bytes, INDEX, INDEX_NAME, Index, KEYS, OPS, SIGNING, Tally, id_key};
use super::seal::{seal, unseal};
use super::{NamespaceRow, Store, op_row, rows_from};
use crate::keys::Vault;
use folkmoot_core::limits::MAX_SIGNING_KEYS;
use folkmoot_core::{Engine, NamespaceId, OpId, Outcome, PublicKey, SignableGroupOp, VerifiedOp};
use redb::{Database, ReadableDatabase, ReadableTableMetadata, Table, WriteTransaction};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, Range};

/// What came of one application, to be committed.
#[derive(Debug, Clone, Copy)]
pub struct Applied<'a> {
    /// The outcome.
    pub outcome: &'a Outcome,
    /// Whether its ops are news to others: they go into the outbox.
    pub publish: bool,
}

/// What one transaction makes durable: all of it or nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Commit<'a> {
    /// Outcomes of the engine, in the order in which it gave them, none left out since the commit before.
    pub applied: &'a [Applied<'a>],
    /// Changes of what is this node's own.
    pub local: &'a [LocalChange],
}

/// Says that a commit is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "only what has a receipt is durable"]
pub struct CommitReceipt {
    /// The sequence numbers of its ops; empty if it had none.
    pub sequences: Range<u64>,
}

impl Store {
    /// A transaction as all of this store's are: in two phases, and with what opening after a crash needs.
    pub(crate) fn begin(&self) -> Result<WriteTransaction, Fault> {
        begin(self.db()?)
    }

    /// Writes and syncs. When this returns, it is durable, and the world may hear of it. `engine` is the one that gave
    /// the outcomes, as it is after the last of them.
    ///
    /// # Errors
    /// [`CommitError`]; after [`CommitError::Unknown`] the store and the engine are both to be dropped, the store opened
    /// and the engine recovered.
    pub fn commit(&mut self, engine: &mut Engine, commit: &Commit<'_>) -> Result<CommitReceipt, CommitError> {
        self.db().map_err(CommitError::NotWritten)?;
        let plan = Plan::of(self, engine, commit)?;
        self.transact(|txn, store| plan.write(txn, store, commit))?;
        let Plan { sequences, namespaces, survey, tally, .. } = plan;
        self.last = sequences.end.saturating_sub(1);
        self.namespaces.extend(namespaces.into_iter().map(|(id, (_, after))| (id, after)));
        if tally.indexed == self.tally.indexed {
            self.recent.extend(survey.ids)
        } else {
            self.recent.clear()
        }
        self.tally = tally;
        Ok(CommitReceipt { sequences })
    }

    /// Commits changes of what is this node's own, without any op.
    ///
    /// # Errors
    /// [`CommitError`].
    pub fn commit_local(&mut self, local: &[LocalChange]) -> Result<(), CommitError> {
        self.transact(|txn, store| write_local(txn, &store.vault, local))
    }

    /// Runs one transaction. A failure on the way to the commit is known to have changed nothing; one of the commit
    /// itself is not.
    pub(crate) fn transact<T>(
        &mut self,
        work: impl FnOnce(&WriteTransaction, &Self) -> Result<T, WriteError>,
    ) -> Result<T, CommitError> {
        let committing = Cell::new(false);
        let db = self.db().map_err(CommitError::NotWritten)?;
        let done = guarded(|| {
            // Pages that this transaction frees stay as they are while somebody reads them, and are the next one's to use.
            // If nobody did, redb would make them free at once, by a transaction of its own behind this one.
            let _before = db.begin_read()?;
            let txn = begin(db)?;
            let value = work(&txn, self)?;
            committing.set(true);
            txn.commit()?;
            Ok(value)
        });
        done.map_err(|error| match error {
            WriteError::DoesNotFollow(what) => CommitError::DoesNotFollow(what),
            WriteError::TooLarge(what) => CommitError::TooLarge(what),
            WriteError::Fault(fault) => {
                self.broken = true;
                if committing.get() { CommitError::Unknown(fault) } else { CommitError::NotWritten(fault) }
            }
        })
    }
}

fn begin(db: &Database) -> Result<WriteTransaction, Fault> {
    let mut txn = db.begin_write()?;
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    Ok(txn)
}

fn write_local(txn: &WriteTransaction, vault: &Vault, local: &[LocalChange]) -> Result<(), WriteError> {
    if local.is_empty() {
        return Ok(());
    }
    let mut tables = LocalTables::open(txn, vault)?;
    local.iter().try_for_each(|change| tables.apply(change))?;
    drop(tables);
    let keeps_key = local.iter().any(|change| matches!(change, LocalChange::KeepKey { .. }));
    if keeps_key && has_too_many_keys(&txn.open_table(KEYS)?)? {
        return Err(WriteError::TooLarge("more signing keys than a ring holds"));
    }
    Ok(())
}

fn has_too_many_keys(keys: &Table<'_, Bytes, Bytes>) -> Result<bool, Fault> {
    // With bearers' keys; only near the bound is it worth counting those that are a ring's.
    if keys.len()? <= MAX_SIGNING_KEYS as u64 {
        return Ok(false);
    }
    Ok(rows_from(keys, &[SIGNING], None)?.take(MAX_SIGNING_KEYS.saturating_add(1)).count() > MAX_SIGNING_KEYS)
}

/// So many ops are written to their table page by page; fewer are cheaper row by row.
const MANY_OPS: usize = 16;

/// Ops by namespace.
type Heads = BTreeSet<(NamespaceId, OpId)>;

/// Ops that follow each other in the store and are of one namespace.
struct Span {
    home: NamespaceId,
    /// The sequence number of the first.
    first: u64,
    ops: u32,
}

/// What the ops of a commit come to, from one look at each: they are many, and far apart in memory.
#[derive(Default)]
struct Survey {
    /// Where they will be found by their ids, ascending.
    ids: Vec<u128>,
    spans: Vec<Span>,
    /// Those that have no children.
    new_heads: Heads,
    /// Those that no longer have none, perhaps.
    gone_heads: Heads,
    /// The highest nonce of each signer.
    nonces: BTreeMap<(NamespaceId, PublicKey), u64>,
}

impl Survey {
    fn of(ops: &[(&VerifiedOp, bool)], sequences: Range<u64>) -> Self {
        let mut survey = Self { ids: Vec::with_capacity(ops.len()), ..Self::default() };
        // Parents come first.
        for ((op, _), sequence) in ops.iter().zip(sequences) {
            survey.add(op, sequence);
        }
        survey.ids.sort_unstable();
        survey
    }

    fn add(&mut self, op: &VerifiedOp, sequence: u64) {
        let (id, home, signable) = (op.id(), home_of(op), op.signable());
        self.ids.push(id_key(&id, sequence));
        match self.spans.last_mut().filter(|span| span.home == home) {
            Some(span) => span.ops = span.ops.saturating_add(1),
            None => self.spans.push(Span { home, first: sequence, ops: 1 }),
        }
        for parent in &signable.parent_op_hashes {
            if !self.new_heads.remove(&(home, *parent)) {
                self.gone_heads.insert((home, *parent));
            }
        }
        self.new_heads.insert((home, id));
        let highest = self.nonces.entry((home, signable.signer)).or_insert(0);
        *highest = signable.nonce.max(*highest);
    }
}

/// What a commit will write, worked out before anything is.
struct Plan<'a> {
    ops: Vec<(&'a VerifiedOp, bool)>,
    sequences: Range<u64>,
    /// The namespaces that ops came into: as they are stored, and as they will be.
    namespaces: BTreeMap<NamespaceId, (NamespaceRow, NamespaceRow)>,
    survey: Survey,
    /// As it will be.
    tally: Tally,
}

impl<'a> Plan<'a> {
    fn of(store: &Store, engine: &mut Engine, commit: &Commit<'a>) -> Result<Self, CommitError> {
        let applied = commit.applied.iter();
        let ops: Vec<_> = applied.flat_map(|one| one.outcome.durable().iter().map(|op| (op, one.publish))).collect();
        if ops.len() > MAX_COMMIT_OPS {
            return Err(CommitError::TooLarge("more ops than a commit may have"));
        }
        let first = store.last.saturating_add(1);
        let sequences = first..first.saturating_add(ops.len() as u64);
        let survey = Survey::of(&ops, sequences.clone());
        let mut tally = store.tally;
        if store.recent.is_full_with(ops.len()) {
            tally.indexed = sequences.end.saturating_sub(1);
        }
        let published = ops.iter().filter(|(_, publish)| *publish).count();
        tally.unpublished = tally.unpublished.saturating_add(published as u64);
        let mut plan = Self { ops, sequences, namespaces: BTreeMap::new(), survey, tally };
        plan.count_namespaces(store, engine)?;
        if let Some(last) = plan.survey.spans.last() {
            plan.tally.home = plan.namespaces.get(&last.home).map_or(0, |(before, _)| before.number);
        }
        Ok(plan)
    }

    fn count_namespaces(&mut self, store: &Store, engine: &mut Engine) -> Result<(), CommitError> {
        let mut added: BTreeMap<NamespaceId, u32> = BTreeMap::new();
        for span in &self.survey.spans {
            let count = added.entry(span.home).or_default();
            *count = count.saturating_add(span.ops);
        }
        let mut number = u32::try_from(store.namespaces.len()).unwrap_or(u32::MAX);
        for (id, added) in added {
            let before = store.namespaces.get(&id).copied().unwrap_or_else(|| {
                number = number.saturating_add(1);
                NamespaceRow { number, ops: 0, digest: Default::default() }
            });
            let does_not = || CommitError::DoesNotFollow(format!("the engine has other ops of namespace {id}"));
            let ops =
                before.ops.checked_add(added).ok_or(CommitError::TooLarge("more ops than a namespace may have"))?;
            let digest = engine.digest(&id).ok_or_else(does_not)?;
            if engine.counts(&id).map(|counts| counts.ops as u64) != Some(u64::from(ops)) {
                return Err(does_not());
            }
            self.namespaces.insert(id, (before, NamespaceRow { ops, digest, ..before }));
        }
        Ok(())
    }

    fn write(&self, txn: &WriteTransaction, store: &Store, commit: &Commit<'_>) -> Result<(), WriteError> {
        if !self.ops.is_empty() {
            self.write_ops(txn)?;
        }
        if self.tally.indexed != store.tally.indexed {
            store.recent.merge(txn, &self.survey.ids)?;
        }
        let effects = || commit.applied.iter().flat_map(|one| one.outcome.after_commit());
        if !self.ops.is_empty() || effects().next().is_some() {
            let mut index = txn.open_table(INDEX)?;
            self.write_index(&mut index)?;
            self.write_runs(&mut index, &store.tally)?;
            let mut state = StateTables::open(txn, &mut index)?;
            state.apply_all(effects())?;
        }
        write_local(txn, &store.vault, commit.local)
    }

    /// Ops at the end of their table.
    fn write_ops(&self, txn: &WriteTransaction) -> Result<(), WriteError> {
        let mut ops = txn.open_table(OPS)?;
        let mut row = Vec::new();
        if self.ops.len() < MANY_OPS {
            for ((op, _), sequence) in self.ops.iter().zip(self.sequences.clone()) {
                op_row::encode(&mut row, sequence, op);
                ops.insert(sequence, &row[..])?;
            }
            return Ok(());
        }
        let mut sequences = self.sequences.clone();
        for piece in self.ops.chunks(OPS_AT_ONCE) {
            let mut end = ops.upper_bound_mut(Bound::<u64>::Unbounded)?;
            for ((op, _), sequence) in piece.iter().zip(&mut sequences) {
                op_row::encode(&mut row, sequence, op);
                end.insert_before(sequence, &row[..])?;
            }
            end.close()?;
        }
        Ok(())
    }

    /// The logs of namespaces, the outbox, and what is counted.
    fn write_runs(&self, index: &mut Table<'_, Bytes, Bytes>, before: &Tally) -> Result<(), WriteError> {
        let (mut row, mut home) = (Vec::new(), before.home);
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        for span in &self.survey.spans {
            let Some((before, _)) = self.namespaces.get(&span.home) else { continue };
            let count = counts.entry(before.number).or_insert(before.ops);
            if before.number != home {
                home = before.number;
                put(index, &mut row, &Index::Run(home, count.saturating_add(1)), &span.first)?;
            }
            *count = count.saturating_add(span.ops);
        }
        let published = self.ops.iter().zip(self.sequences.clone()).filter(|((_, publish), _)| *publish);
        for range in ranges(published.map(|(_, sequence)| sequence).collect()) {
            publish(index, range)?;
        }
        if self.tally != *before {
            put(index, &mut row, &Index::Tally, &self.tally)?;
        }
        Ok(())
    }

    /// Namespaces, heads and nonces.
    fn write_index(&self, index: &mut Table<'_, Bytes, Bytes>) -> Result<(), WriteError> {
        let mut row = Vec::new();
        for (id, (_, after)) in &self.namespaces {
            put(index, &mut row, &Index::Namespace(*id), after)?;
        }
        for (namespace, op) in &self.survey.gone_heads {
            index.remove(&Index::Head(*namespace, *op).key()[..])?;
        }
        for (namespace, op) in &self.survey.new_heads {
            put(index, &mut row, &Index::Head(*namespace, *op), &())?;
        }
        for ((namespace, signer), nonce) in &self.survey.nonces {
            let key = Index::Nonce(*namespace, *signer).key();
            seal(&mut row, INDEX_NAME, &key, nonce);
            let before = index.insert(&key[..], &row[..])?.map(|before| before.value().to_vec());
            // A fork of the signer's may come late.
            if let Some(before) = before
                && unseal::<u64>(INDEX_NAME, &key, &before)? > *nonce
            {
                index.insert(&key[..], &before[..])?;
            }
        }
        Ok(())
    }
}

/// Writes a row of the index.
pub(crate) fn put(
    index: &mut Table<'_, Bytes, Bytes>,
    row: &mut Vec<u8>,
    place: &Index,
    value: &impl borsh::BorshSerialize,
) -> Result<(), Fault> {
    let key = place.key();
    seal(row, INDEX_NAME, &key, value);
    index.insert(&key[..], &row[..])?;
    Ok(())
}

/// The namespace that an op is of; a NamespaceCreated makes its own.
pub(crate) fn namespace_of(id: &OpId, signable: &SignableGroupOp) -> NamespaceId {
    if signable.namespace_id.is_zero() { (*id).into() } else { signable.namespace_id }
}

fn home_of(op: &VerifiedOp) -> NamespaceId {
    namespace_of(&op.id(), op.signable())
}
