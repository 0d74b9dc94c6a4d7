//! What pictures are drawn of: a namespace's ops, and an engine that holds them.

use crate::exchange::whole_log;
use crate::failure::Failure;
use crate::node::Node;
use crate::sight::{Sight, plain};
use folkmoot::verify::verify_ops;
use folkmoot_core::{Engine, GroupId, NamespaceId, VerifiedOp};

/// A namespace to draw, and maybe one group of it.
#[derive(Debug)]
pub(crate) struct Pictured {
    pub(crate) engine: Engine,
    pub(crate) namespace: NamespaceId,
    pub(crate) group: Option<GroupId>,
    /// All ops: those with a place in the log, and those that lie aside.
    pub(crate) ops: Vec<VerifiedOp>,
}

impl Pictured {
    /// The namespace that is named, or the only one, and the group, if one is named.
    pub(crate) async fn of(node: &Node, namespace: Option<&str>, group: Option<&str>) -> Result<Self, Failure> {
        let sight = Sight::of(&node.client).await?;
        let (seen, group) = match group {
            Some(_) => sight.group(namespace, group).map(|(seen, group)| (seen, Some(group)))?,
            None => (sight.namespace(namespace)?, None),
        };
        let namespace = seen.id;
        let mut bytes: Vec<Vec<u8>> =
            whole_log(&node.client, namespace).await?.into_iter().map(|logged| logged.bytes).collect();
        if bytes.is_empty() {
            return Err(seen.no_ops().into());
        }
        bytes.extend(node.client.ops_aside().await.map_err(plain)?);
        let ops = verify_ops(&bytes).into_iter().filter_map(Result::ok);
        let ops: Vec<VerifiedOp> = ops.filter(|op| is_of(op, namespace)).collect();
        let mut engine = Engine::new();
        let _ = engine.apply_batch(ops.iter().cloned());
        Ok(Self { engine, namespace, group, ops })
    }
}

fn is_of(op: &VerifiedOp, namespace: NamespaceId) -> bool {
    NamespaceId::from(op.id()) == namespace || op.signable().namespace_id == namespace
}
