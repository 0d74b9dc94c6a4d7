//! A workload of a real store, with every state it passes through.

use crate::disk::{Disk, Event};
use folkmoot::store::{
    Applied, Commit, ContextUpgrade, IssuedInvitation, LocalChange, Store, StoreOptions, UpgradeProgress,
};
use folkmoot_core::{
    ContextId, Engine, GroupId, GroupInvitation, Hash, NamespaceId, OpId, PendingLimits, Role, SigningKey,
    UpgradePolicy, VerifiedOp,
};
use folkmoot_proptests::history::{History, Profile};
use std::collections::BTreeMap;

/// When the workload says that a state is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acknowledge {
    /// When the store has.
    WhenCommitted,
    /// Before the store was even asked: the double that the harness must find fault with.
    BeforeCommit,
}

/// A state that the store was in between two steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepState {
    /// All its rows.
    pub(crate) fingerprint: Hash,
    /// How many ops it had.
    pub(crate) ops: u64,
}

/// What was recorded.
#[derive(Debug)]
pub(crate) struct Recording {
    /// What was done to the disk.
    pub(crate) events: Vec<Event>,
    /// The states, in order.
    pub(crate) states: Vec<StepState>,
    /// The ops in the order of the log.
    pub(crate) log: Vec<VerifiedOp>,
}

/// As for a large file: opened without checking its pages.
pub(crate) fn options() -> StoreOptions {
    StoreOptions { cache_bytes: 1 << 20, check_pages_up_to: 0, ..StoreOptions::default() }
}

/// As for a small one.
pub(crate) fn checking() -> StoreOptions {
    StoreOptions { cache_bytes: 1 << 20, ..StoreOptions::default() }
}

/// The digests that a fresh engine comes to with the first ops of the log.
pub(crate) fn digests(log: &[VerifiedOp]) -> BTreeMap<NamespaceId, Hash> {
    let mut engine = Engine::new();
    let _ = engine.apply_batch(log.iter().cloned());
    engine.namespaces().collect::<Vec<_>>().into_iter().filter_map(|id| Some((id, engine.digest(&id)?))).collect()
}

/// Ops of several groups, members, contexts and invitations, some of them void.
pub(crate) fn history() -> Vec<VerifiedOp> {
    History::generate(6, &Profile { ops: (70, 80), ..Profile::groups_and_contexts() }).ops
}

struct Run {
    disk: Disk,
    store: Store,
    engine: Engine,
    acknowledge: Acknowledge,
    recording: Recording,
    ops: std::vec::IntoIter<VerifiedOp>,
}

impl Run {
    fn begin(acknowledge: Acknowledge) -> Self {
        let disk = Disk::recording(Vec::new());
        let store = Store::on_backend(disk.clone(), &options()).expect("created");
        let recording = Recording { events: Vec::new(), states: Vec::new(), log: Vec::new() };
        let ops = history().into_iter();
        let mut run = Self { disk, store, engine: Engine::new(), acknowledge, recording, ops };
        run.note_state();
        run.disk.note(Event::Acknowledged(0));
        run
    }

    fn note_state(&mut self) {
        let fingerprint = self.store.fingerprint().expect("readable");
        self.recording.states.push(StepState { fingerprint, ops: self.store.last_sequence() });
    }

    /// One thing that the store does, which it acknowledges by coming back.
    fn step(&mut self, work: impl FnOnce(&mut Store, &mut Engine)) {
        let next = self.recording.states.len();
        self.disk.note(Event::Begun(next));
        if self.acknowledge == Acknowledge::BeforeCommit {
            self.disk.note(Event::Acknowledged(next));
        }
        work(&mut self.store, &mut self.engine);
        if self.acknowledge == Acknowledge::WhenCommitted {
            self.disk.note(Event::Acknowledged(next));
        }
        self.note_state();
    }

    /// The next ops, in one commit.
    fn ops(&mut self, count: usize) {
        let ops: Vec<VerifiedOp> = self.ops.by_ref().take(count).collect();
        assert!(!ops.is_empty(), "the history is long enough");
        let outcome = self.engine.apply_batch(ops);
        self.recording.log.extend(outcome.durable().iter().cloned());
        self.step(|store, engine| {
            let applied = [Applied { outcome: &outcome, publish: true }];
            let _ = store.commit(engine, &Commit { applied: &applied, local: &[] }).expect("committed");
        });
    }

    fn local(&mut self, changes: &[LocalChange]) {
        self.step(|store, _| store.commit_local(changes).expect("committed"));
    }

    fn snapshot(&mut self) {
        self.step(|store, engine| store.save_snapshot(engine).expect("saved"));
    }

    fn publish(&mut self, count: usize) {
        let sequences: Vec<u64> = self.store.outbox(count).expect("read").iter().map(|op| op.sequence).collect();
        self.step(|store, _| store.outbox_done(&sequences).expect("committed"));
    }

    fn compact(&mut self) {
        self.step(|store, _| store.compact().expect("compacted"));
    }

    /// Closes in order and opens again.
    fn reopen(&mut self) {
        let disk = self.disk.clone();
        self.step(|store, engine| {
            let old = std::mem::replace(store, Store::on_backend(Disk::default(), &options()).expect("a stand-in"));
            old.close().expect("closed");
            *store = Store::on_backend(disk, &options()).expect("opened");
            *engine = store.recover(PendingLimits::default()).expect("recovered").engine;
        });
    }
}

fn upgrade() -> [LocalChange; 3] {
    let (group, context) = (GroupId([7; 32]), ContextId([8; 32]));
    let upgrade = UpgradeProgress {
        app_key: [1; 32],
        application_id: [2; 32],
        migration: Some("v1 to v2".to_owned()),
        policy: UpgradePolicy::Automatic,
        started_at: 1_000,
        finished_at: None,
    };
    let failed = ContextUpgrade {
        runs: None,
        done: false,
        tries: 2,
        last_error: Some("no such blob".to_owned()),
        not_before: 1_060,
    };
    [
        LocalChange::SetUpgrade { group, upgrade },
        LocalChange::SetContextUpgrade { group, context, progress: failed },
        LocalChange::SetContextUpgrade { group, context: ContextId([9; 32]), progress: ContextUpgrade::default() },
    ]
}

fn invitation(alice: &SigningKey) -> LocalChange {
    let bearer = SigningKey::from_seed([99; 32]);
    let invitation = GroupInvitation {
        namespace_id: NamespaceId([7; 32]),
        group_id: GroupId([7; 32]),
        inviter: alice.public(),
        bearer: bearer.public(),
        invitee: None,
        role: Role::Member,
        max_uses: 1,
        expires_at: None,
    };
    let inviter_signature = invitation.sign(alice);
    LocalChange::KeepInvitation {
        issued: Box::new(IssuedInvitation { invitation, inviter_signature, issued_at: 5 }),
        bearer,
    }
}

/// Runs it all: single ops and batches, snapshots, local rows, publishing, compaction, a restart.
pub(crate) fn record(acknowledge: Acknowledge) -> Recording {
    let alice = SigningKey::from_seed([1; 32]);
    let (context, identity, group) = (ContextId([8; 32]), alice.public(), GroupId([7; 32]));
    let mut run = Run::begin(acknowledge);
    (0..6).for_each(|_| run.ops(1));
    run.local(&[LocalChange::KeepKey { group, key: alice.clone() }, LocalChange::Join { context, identity }]);
    run.ops(9);
    run.snapshot();
    run.local(&upgrade());
    run.publish(8);
    (0..10).for_each(|_| run.ops(1));
    run.local(&[LocalChange::SetIdentity { namespace: NamespaceId([7; 32]), identity }, invitation(&alice)]);
    run.snapshot();
    run.reopen();
    run.ops(14);
    run.local(&[LocalChange::Leave { context, identity }, LocalChange::ForgetUpgrade { group }]);
    run.snapshot();
    run.compact();
    run.publish(100);
    (0..6).for_each(|_| run.ops(2));
    run.compact();
    run.ops(1);
    run.recording.events = run.disk.events();
    run.recording
}

/// The ids of some ops.
pub(crate) fn ids(log: &[VerifiedOp]) -> Vec<OpId> {
    log.iter().map(VerifiedOp::id).collect()
}
