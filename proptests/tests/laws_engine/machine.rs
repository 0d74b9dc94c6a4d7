//! A host under all that can happen to it, in any succession, against a model that is nothing but a set.

use crate::case::hold;
use folkmoot_core::VerifiedOp;
use folkmoot_proptests::history::History;
use folkmoot_proptests::laws::host::Host;
use folkmoot_proptests::laws::{Account, Law, agrees_with_reference, at_once, drafts, state};
use folkmoot_proptests::reference::Reference;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::Config;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// What happens to a host.
#[derive(Debug, Clone)]
enum Command {
    /// An op comes.
    Deliver(usize),
    /// Some come at once.
    Batch(Vec<usize>),
    /// One comes again.
    Again(usize),
    /// The engine is written down and read back.
    Restore,
    /// The process dies and replays what was durable, so many ops at a time.
    Restart(usize),
    /// Somebody asks for digests.
    Digest,
    /// Somebody drafts.
    Draft(u64),
}

/// The ops that were delivered: all that can matter.
#[derive(Clone)]
struct Delivered {
    history: Arc<History>,
    places: BTreeSet<usize>,
}

impl fmt::Debug for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}, {} ops", self.history.seed, self.history.ops.len())
    }
}

impl Delivered {
    fn ops(&self) -> Vec<VerifiedOp> {
        self.places.iter().map(|&at| self.history.ops[at].clone()).collect()
    }
}

struct Model;

impl ReferenceStateMachine for Model {
    type State = Delivered;
    type Transition = Command;

    fn init_state() -> BoxedStrategy<Delivered> {
        let made = |seed| Delivered { history: Arc::new(History::of_seed(seed)), places: BTreeSet::new() };
        (0u64..1_000_000).no_shrink().prop_map(made).boxed()
    }

    fn transitions(state: &Delivered) -> BoxedStrategy<Command> {
        let rest: Vec<usize> = (0..state.history.ops.len()).filter(|at| !state.places.contains(at)).collect();
        let next: Vec<usize> = rest.iter().copied().take(12).collect();
        let had: Vec<usize> = state.places.iter().copied().collect();
        let always = prop_oneof![
            Just(Command::Restore),
            prop_oneof![1usize..9, Just(usize::MAX)].prop_map(Command::Restart),
            Just(Command::Digest),
            any::<u64>().no_shrink().prop_map(Command::Draft),
        ];
        let mut all = vec![(4, always.boxed())];
        if !rest.is_empty() {
            all.push((3, select(next.clone()).prop_map(Command::Deliver).boxed()));
            all.push((2, select(rest).prop_map(Command::Deliver).boxed()));
            let most = next.len();
            all.push((5, subsequence(next, 1..=most).prop_shuffle().prop_map(Command::Batch).boxed()));
        }
        if !had.is_empty() {
            all.push((1, select(had).prop_map(Command::Again).boxed()));
        }
        proptest::strategy::Union::new_weighted(all).boxed()
    }

    fn preconditions(state: &Delivered, command: &Command) -> bool {
        let ops = state.history.ops.len();
        match command {
            Command::Deliver(at) | Command::Again(at) => *at < ops,
            Command::Batch(places) => places.iter().all(|at| *at < ops),
            _ => true,
        }
    }

    fn apply(mut state: Delivered, command: &Command) -> Delivered {
        match command {
            Command::Deliver(at) | Command::Again(at) => drop(state.places.insert(*at)),
            Command::Batch(places) => state.places.extend(places),
            Command::Restore | Command::Restart(_) | Command::Digest | Command::Draft(_) => {}
        }
        state
    }
}

/// Does to the host what the command says, and compares it with an engine that was given the same set at once.
fn obey(host: &mut Host, state: &Delivered, command: Command) -> Law {
    let ops = &state.history.ops;
    match command {
        Command::Deliver(at) | Command::Again(at) => drop(host.deliver(std::slice::from_ref(&ops[at]))?),
        Command::Batch(places) => {
            let batch: Vec<VerifiedOp> = places.into_iter().map(|at| ops[at].clone()).collect();
            drop(host.deliver(&batch)?);
        }
        Command::Restore => host.snapshot_and_restore()?,
        Command::Restart(at_a_time) => host.restart(at_a_time)?,
        Command::Digest => state::the_hashes_are_those_of_the_state(host)?,
        Command::Draft(seed) => {
            let mut reference = Reference::default();
            for op in state.ops() {
                reference.add(op);
            }
            let (namespace, people) = (state.history.namespace, &state.history.people);
            drafts::drafts_of_an_engine(host.engine(), &mut reference, namespace, people, 4, seed)?;
        }
    }
    let fresh = Account::of(&mut at_once(&state.ops()));
    fresh.agrees("given the same set at once", &Account::of(host.engine()))?;
    state::every_state_is_in_order(host)
}

struct UnderTest;

impl StateMachineTest for UnderTest {
    type SystemUnderTest = Host;
    type Reference = Model;

    fn init_test(_: &Delivered) -> Host {
        Host::default()
    }

    fn apply(mut host: Host, state: &Delivered, command: Command) -> Host {
        if let Err(why) = obey(&mut host, state, command) {
            panic!("{why}");
        }
        host
    }

    /// At last all ops come, and the reference has its say.
    fn teardown(mut host: Host, state: Delivered) {
        let judgement = Reference::judge(state.history.ops.iter().cloned());
        let done =
            host.deliver(&state.history.ops).and_then(|_| agrees_with_reference("at last", host.engine(), &judgement));
        if let Err(why) = done {
            panic!("{why}");
        }
    }
}

#[test]
fn whatever_happens_to_a_host_it_has_what_the_set_of_delivered_ops_comes_to() {
    hold("machine", 80, Model::sequential_strategy(1..50), |(state, commands, seen)| {
        UnderTest::test_sequential(Config::default(), state.clone(), commands.clone(), seen.clone());
        Ok(())
    });
}
