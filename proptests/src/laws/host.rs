//! A host as the first page of the core describes it, which checks what its engine tells it.

use super::{Account, Law, holds, same};
use crate::mirror::Mirror;
use folkmoot_core::{Engine, Outcome, PendingLimits, Status, VerifiedOp};

/// An engine, what was written down, and a copy of the state that is kept by effects.
#[derive(Debug, Default)]
pub struct Host {
    engine: Engine,
    mirror: Mirror,
    /// What [`Outcome::durable`] said, in that order.
    log: Vec<VerifiedOp>,
    /// What was delivered, first deliveries only.
    seen: Vec<VerifiedOp>,
}

impl Host {
    /// The engine.
    pub const fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// The copy of the state.
    pub const fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    /// What was written down: the admitted ops, in the order of their admission.
    pub fn log(&self) -> &[VerifiedOp] {
        &self.log
    }

    /// Delivers some ops at once.
    ///
    /// # Errors
    /// If statuses, durable ops, effects and state do not fit one another.
    pub fn deliver(&mut self, ops: &[VerifiedOp]) -> Result<Outcome, String> {
        let outcome = match ops {
            [only] => self.engine.apply(only.clone()),
            _ => self.engine.apply_batch(ops.to_vec()),
        };
        self.take(ops, &outcome)?;
        Ok(outcome)
    }

    fn take(&mut self, ops: &[VerifiedOp], outcome: &Outcome) -> Law {
        holds(outcome.evicted().is_empty(), || format!("evicted {:?}", outcome.evicted()))?;
        for op in ops {
            holds(outcome.status_of(&op.id()).is_some(), || format!("no status of {}", op.id()))?;
        }
        // Parents first, each once, and all that was admitted.
        let admitted = outcome.statuses().iter().filter(|(_, status)| matches!(status, Status::Admitted(_)));
        let admitted: Vec<_> = admitted.map(|(id, _)| *id).collect();
        let durable: Vec<_> = outcome.durable().iter().map(VerifiedOp::id).collect();
        same("admitted, and to be made durable", &admitted, &durable)?;
        self.log.extend(outcome.durable().iter().cloned());
        for op in ops {
            if !self.seen.iter().any(|known| known.id() == op.id()) {
                self.seen.push(op.clone());
            }
        }
        self.mirror.take(outcome)?;
        self.mirror.check(&mut self.engine)
    }

    /// Writes the engine down and goes on with what can be read back.
    ///
    /// # Errors
    /// If that is another.
    pub fn snapshot_and_restore(&mut self) -> Law {
        let bytes = self.engine.snapshot();
        let before = Account::of(&mut self.engine);
        let mut restored =
            Engine::restore(&bytes, PendingLimits::default()).map_err(|error| format!("not restored: {error}"))?;
        before.agrees("restored", &Account::of(&mut restored))?;
        holds(restored.snapshot() == bytes, || "the snapshot of what was restored is another".to_owned())?;
        self.engine = restored;
        self.mirror.check(&mut self.engine)
    }

    /// Forgets everything but what was made durable, replays that so many at a time, and has peers send again what was
    /// not admitted.
    ///
    /// # Errors
    /// If the engine is not as it was.
    pub fn restart(&mut self, at_a_time: usize) -> Law {
        let before = Account::of(&mut self.engine);
        let bytes = self.engine.snapshot();
        let (log, seen) = (std::mem::take(&mut self.log), std::mem::take(&mut self.seen));
        *self = Self::default();
        for ops in log.chunks(at_a_time.max(1)) {
            let outcome = self.deliver(ops)?;
            holds(outcome.durable().len() == ops.len(), || "not all that was durable is admitted again".to_owned())?;
        }
        before.clone().admitted_only().agrees("restarted", &Account::of(&mut self.engine))?;
        let (ours, theirs) = (admitted_part(&mut self.engine), bytes.starts_with(&admitted_part(&mut self.engine)));
        holds(theirs, || format!("replayed, the {} bytes of the admitted ops are others", ours.len()))?;
        for op in &seen {
            if !self.log.iter().any(|known| known.id() == op.id()) {
                let _ = self.deliver(std::slice::from_ref(op))?;
            }
        }
        before.agrees("restarted, and sent again what was lost", &Account::of(&mut self.engine))
    }
}

/// The snapshot but for what waits, what was refused, and the checksum: what an engine with no such ops begins with.
fn admitted_part(engine: &mut Engine) -> Vec<u8> {
    let mut bytes = engine.snapshot();
    bytes.truncate(bytes.len().saturating_sub(4 + 4 + 32));
    bytes
}
