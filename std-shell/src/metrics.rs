//! What a node counts, for the host's Prometheus registry. All labels are of a fixed set.

use folkmoot_core::{Status, Verdict};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// What became of an op when it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OpLabels {
    /// `effective`, `idle`, `void`, `duplicate`, `ignored`, `pending`, `rejected` or `malformed`.
    pub status: &'static str,
}

/// What became of a context's upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct UpgradeLabels {
    /// `moved`, `failed` (to be tried again) or `given_up`.
    pub outcome: &'static str,
}

/// The metrics of one node. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    pub(crate) ops: Family<OpLabels, Counter>,
    pub(crate) pending: Gauge,
    pub(crate) heads: Gauge,
    pub(crate) namespaces: Gauge,
    pub(crate) refolds: Counter,
    pub(crate) refolded: Counter,
    pub(crate) commit_seconds: Histogram,
    pub(crate) unpublished: Gauge,
    pub(crate) divergence: Counter,
    pub(crate) recoveries: Counter,
    pub(crate) upgrades: Family<UpgradeLabels, Counter>,
    pub(crate) mailbox: Gauge,
    pub(crate) dropped: Counter,
    pub(crate) malformed: Counter,
    pub(crate) forks: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            ops: Family::default(),
            pending: Gauge::default(),
            heads: Gauge::default(),
            namespaces: Gauge::default(),
            refolds: Counter::default(),
            refolded: Counter::default(),
            // From 0.1 ms to 13 s.
            commit_seconds: Histogram::new(exponential_buckets(0.0001, 2.0, 18)),
            unpublished: Gauge::default(),
            divergence: Counter::default(),
            recoveries: Counter::default(),
            upgrades: Family::default(),
            mailbox: Gauge::default(),
            dropped: Counter::default(),
            malformed: Counter::default(),
            forks: Counter::default(),
        }
    }
}

impl Metrics {
    /// Metrics in a host's registry, each named `folkmoot_…`.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let registry = registry.sub_registry_with_prefix("folkmoot");
        registry.register("ops", "Ops that came, by what became of them", metrics.ops.clone());
        registry.register("pending", "Ops that wait for parents", metrics.pending.clone());
        registry.register("heads", "Heads of all namespaces", metrics.heads.clone());
        registry.register("namespaces", "Namespaces held", metrics.namespaces.clone());
        registry.register("refolds", "Times that a late op had the state folded again", metrics.refolds.clone());
        registry.register("refolded_ops", "Ops folded again for late ops", metrics.refolded.clone());
        registry.register("commit_seconds", "Time to make a commit durable", metrics.commit_seconds.clone());
        registry.register("unpublished", "Ops in the outbox", metrics.unpublished.clone());
        registry.register(
            "heartbeat_divergence",
            "Peers that had the same heads and another digest",
            metrics.divergence.clone(),
        );
        registry.register("recoveries", "Times that the manager came back from disk", metrics.recoveries.clone());
        registry.register("context_upgrades", "Tries to move a context, by outcome", metrics.upgrades.clone());
        registry.register("mailbox", "Requests and messages that wait for the manager", metrics.mailbox.clone());
        registry.register("dropped_messages", "Messages dropped because the mailbox was full", metrics.dropped.clone());
        registry.register("malformed_messages", "Bytes from peers that were no message", metrics.malformed.clone());
        registry.register("equivocations", "Forks found: two concurrent ops with one nonce", metrics.forks.clone());
        metrics
    }

    pub(crate) fn count(&self, status: &Status) {
        let status = match status {
            Status::Admitted(Verdict::Effective) => "effective",
            Status::Admitted(Verdict::Idle(_)) => "idle",
            Status::Admitted(Verdict::Void(_)) => "void",
            Status::Duplicate => "duplicate",
            Status::Ignored => "ignored",
            Status::Pending { .. } => "pending",
            Status::Rejected(_) => "rejected",
        };
        self.count_op(status);
    }

    pub(crate) fn count_op(&self, status: &'static str) {
        self.ops.get_or_create(&OpLabels { status }).inc();
    }

    pub(crate) fn count_upgrade(&self, outcome: &'static str) {
        self.upgrades.get_or_create(&UpgradeLabels { outcome }).inc();
    }
}
