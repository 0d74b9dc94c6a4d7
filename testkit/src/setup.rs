//! How a simulation begins: a namespace that all replicas know, with people in it.

use crate::actor::World;
use crate::cluster::{Cluster, Config};
use crate::liar::{Liar, LiarKind};
use crate::node::Node;
use crate::ops;
use crate::people::{self, BYSTANDERS, NAMES};
use folkmoot_core::group_op::capabilities;
use folkmoot_core::{GroupId, GroupOp, NamespaceId, Role, SigningKey, VerifiedOp};
use folkmoot_proptests::rng::Rng;

/// A cluster before anything has happened.
pub(crate) fn cluster(config: &Config) -> Cluster {
    let mut rng = Rng::new(config.seed);
    let drawn = rng.within(3..=9) as usize;
    let least = 3 + config.liars.len();
    let count = config.replicas.unwrap_or(drawn).clamp(least, NAMES.len());
    let mut nodes: Vec<Node> = (0..count).map(|me| Node::new(me, count, NAMES[me], rng.fork())).collect();
    nodes[1].flaw = config.flaw;
    let honest = count - config.liars.len();

    let mut history = History::founded(&mut rng);
    let namespace = history.namespace;
    let founder = people::key(NAMES[0]);
    for name in &NAMES[1..honest] {
        // Some are not members yet: they join by invitation.
        match rng.below(10) {
            0..=4 => history.by(&founder, ops::add(people::who(name), Role::Admin)),
            5..=7 => {
                history.by(&founder, ops::add(people::who(name), Role::Member));
                history.by(&founder, ops::grant(people::who(name), capabilities::MANAGE_MEMBERS | 1));
            }
            _ => {}
        }
    }
    history.by(&founder, ops::subgroup("kitchen", folkmoot_core::Visibility::Open));
    history.by(&founder, ops::register(None));
    let mut liars = std::collections::BTreeMap::new();
    let mut outsiders = Vec::new();
    for (at, kind) in config.liars.iter().enumerate() {
        let me = honest + at;
        let liar = Liar::new(*kind, NAMES[me], rng.fork());
        history.bring_in(*kind, &founder, &nodes[me].key);
        if matches!(kind, LiarKind::Stranger | LiarKind::Removed) {
            outsiders.push(nodes[me].key.public());
            outsiders.extend(liar.puppets.iter().map(SigningKey::public));
        }
        liars.insert(me, liar);
    }
    for number in 0..config.history {
        history.by(&founder, ops::group_alias(&format!("called {number}")));
    }
    for node in &mut nodes {
        for op in &history.ops {
            let _ = node.publish(op.clone(), &mut Vec::new());
        }
    }
    let mut people: Vec<_> = NAMES[..count].iter().chain(&BYSTANDERS).map(|name| people::who(name)).collect();
    people.retain(|person| !outsiders.contains(person));
    let world = World { namespace, founder: founder.public(), people, invitations: Vec::new(), rng: rng.fork() };
    let mut cluster = Cluster::new(config.clone(), world, nodes, liars, &mut rng);
    cluster.outsiders = outsiders;
    cluster
}

struct History {
    engine: folkmoot_core::Engine,
    namespace: NamespaceId,
    ops: Vec<VerifiedOp>,
}

impl History {
    fn founded(rng: &mut Rng) -> Self {
        let genesis = ops::genesis(NAMES[0], rng.bytes32());
        let mut history =
            Self { engine: folkmoot_core::Engine::new(), namespace: genesis.id().into(), ops: Vec::new() };
        history.take(genesis);
        history
    }

    fn take(&mut self, op: VerifiedOp) {
        let _ = self.engine.apply(op.clone());
        self.ops.push(op);
    }

    /// Somebody does this in the root.
    fn by(&mut self, key: &SigningKey, op: GroupOp) {
        let root = GroupId::from(self.namespace);
        let draft = self.engine.draft(&self.namespace, &root, &key.public(), op).expect("nothing stands in its way");
        self.take(draft.sign(key).expect("a draft is well-formed"));
    }

    fn bring_in(&mut self, kind: LiarKind, founder: &SigningKey, liar: &SigningKey) {
        match kind {
            LiarKind::Stranger => {}
            LiarKind::Member => {
                self.by(founder, ops::add(liar.public(), Role::Member));
                self.by(founder, ops::grant(liar.public(), capabilities::ALL));
            }
            LiarKind::Admin => self.by(founder, ops::add(liar.public(), Role::Admin)),
            LiarKind::Removed => {
                self.by(founder, ops::add(liar.public(), Role::Admin));
                self.by(liar, ops::subgroup("den", folkmoot_core::Visibility::Restricted));
                self.by(liar, ops::register(None));
                self.by(liar, ops::defaults(capabilities::CAN_INVITE_MEMBERS));
                self.by(founder, ops::remove(liar.public()));
            }
        }
    }
}
