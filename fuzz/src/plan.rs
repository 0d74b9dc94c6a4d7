//! Cases of several ops as bytes: how they are delivered, and then each of them.
//!
//! ```text
//! Delivery (8 bytes) ‖ Step (12 bytes) ‖ Step ‖ …
//! ```
//!
//! A step says who does what where, after which steps, and what is wrong with it if anything is. Everything is named by
//! a number that goes round, so all bytes are some case, and parents are counted backwards, so a case stays what it is
//! where steps before it come or go.

use crate::choices::Choices;
use folkmoot_core::VerifiedOp;
use folkmoot_proptests::laws::order::{Break, Plan};

/// Most steps of a case.
pub const MAX_STEPS: usize = 32;
/// Bytes of a delivery.
pub const DELIVERY_BYTES: usize = 8;
/// Bytes of a step.
pub const STEP_BYTES: usize = 12;
/// Most parents that a step names.
pub const NAMED_PARENTS: usize = 4;

/// What is wrong with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Its state hash is another.
    StateHash,
    /// Its nonce skips one.
    NonceGap,
    /// Its past has seen its nonce.
    NonceSeen,
    /// A parent is an ancestor of another.
    RedundantParent,
    /// Nobody created its group.
    UnknownGroup,
    /// A parent is an op that nobody has.
    MissingParent,
    /// Its namespace is another.
    Namespace,
    /// Somebody else signed the invitation that it claims.
    InviterSignature,
    /// Somebody else signed for its bearer.
    BearerSignature,
}

const FAULTS: [Fault; 10] = [
    Fault::None,
    Fault::StateHash,
    Fault::NonceGap,
    Fault::NonceSeen,
    Fault::RedundantParent,
    Fault::UnknownGroup,
    Fault::MissingParent,
    Fault::Namespace,
    Fault::InviterSignature,
    Fault::BearerSignature,
];

/// One op of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The number of its variant.
    pub kind: u8,
    /// Who signs.
    pub signer: u8,
    /// In which group, by the order in which they were made.
    pub group: u8,
    /// Whom it is about; in a claim, the inviter.
    pub subject: u8,
    /// Its role, mask, visibility or name; in a claim, see [`crate::author`].
    pub value: u8,
    /// Which context or invitation.
    pub other: u8,
    /// What is wrong with it.
    pub fault: Fault,
    /// How many parents are named; with none it comes after all that was made before.
    pub named: u8,
    /// How many steps back each of them is; 0 is the one before.
    pub back: [u8; NAMED_PARENTS],
}

impl Step {
    fn read(from: &mut Choices<'_>) -> Self {
        let [kind, signer, group, subject, value, other, fault, named] = from.array();
        Self {
            kind: kind % 23,
            signer,
            group,
            subject,
            value,
            other,
            // Most bytes are no fault, or hardly an op would be sound.
            fault: FAULTS.get(usize::from(fault)).copied().unwrap_or(Fault::None),
            named: named % (NAMED_PARENTS as u8 + 1),
            back: from.array(),
        }
    }

    /// The bytes that are read as this step.
    pub fn write(&self, out: &mut Vec<u8>) {
        let fault = FAULTS.iter().position(|fault| *fault == self.fault).unwrap_or(0);
        out.extend([self.kind, self.signer, self.group, self.subject, self.value, self.other, fault as u8, self.named]);
        out.extend(self.back);
    }
}

/// How a case is delivered.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delivery {
    /// In which order; 0 is the order given.
    pub order: u8,
    /// The first batches' sizes, in turn; 0 is no such batch.
    pub batches: [u8; 2],
    /// Of each eight ops, those that come twice.
    pub again: u8,
    /// Breaks: what happens, and before which delivery.
    pub breaks: [u8; 2],
    /// Ops that never come: 0 is none, else the place, counted from 1.
    pub missing: [u8; 2],
}

impl Delivery {
    fn read(from: &mut Choices<'_>) -> Self {
        let [order, first, second, again, one, two, miss, miss_too] = from.array();
        Self { order, batches: [first, second], again, breaks: [one, two], missing: [miss, miss_too] }
    }

    /// The bytes that are read as this delivery.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.order, self.batches[0], self.batches[1], self.again]);
        out.extend(self.breaks.into_iter().chain(self.missing));
    }

    /// Without the ops that never come.
    pub fn without_missing(&self, mut ops: Vec<VerifiedOp>) -> Vec<VerifiedOp> {
        for place in self.missing {
            // The genesis stays, or nothing would be left to look at.
            let place = usize::from(place);
            if place > 0 && ops.len() > 1 {
                let at = 1 + (place - 1) % (ops.len() - 1);
                drop(ops.remove(at));
            }
        }
        ops
    }

    /// As the laws want it, for so many ops.
    pub fn plan(&self, ops: usize) -> Plan {
        let what = |byte: u8| match byte % 4 {
            0 => None,
            1 => Some((usize::from(byte / 4) % 16, Break::Restore)),
            2 => Some((usize::from(byte / 4) % 16, Break::Restart(1 + usize::from(byte / 64)))),
            _ => Some((usize::from(byte / 4) % 16, Break::Ask)),
        };
        Plan {
            order: u64::from(self.order),
            batches: self.batches.iter().map(|size| usize::from(size % 8)).filter(|size| *size > 0).collect(),
            again: (0..ops).filter(|at| self.again & (1 << (at % 8)) != 0).collect(),
            breaks: self.breaks.into_iter().filter_map(what).collect(),
        }
    }
}

/// A case of several ops.
#[derive(Debug, Clone)]
pub struct Case {
    /// How they are delivered.
    pub delivery: Delivery,
    /// What each of them is.
    pub steps: Vec<Step>,
}

impl Case {
    /// The case that bytes are; of more than [`MAX_STEPS`] steps the first.
    pub fn read(bytes: &[u8]) -> Self {
        let mut from = Choices::new(bytes);
        let delivery = Delivery::read(&mut from);
        let mut steps = Vec::new();
        while !from.is_empty() && steps.len() < MAX_STEPS {
            steps.push(Step::read(&mut from));
        }
        Self { delivery, steps }
    }

    /// The bytes that are read as this case.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(DELIVERY_BYTES + self.steps.len() * STEP_BYTES);
        self.delivery.write(&mut out);
        self.steps.iter().for_each(|step| step.write(&mut out));
        out
    }

    /// The ops that the steps make, parents first: a genesis, and one for each step.
    pub fn ops(&self) -> Vec<VerifiedOp> {
        crate::author::ops(&self.steps)
    }
}
