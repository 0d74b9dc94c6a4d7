//! What has no place in the DAG, or no effect there.

use super::world::{Hint, World};
use folkmoot_core::group_op::GroupOp;
use folkmoot_core::{GroupId, Hash, NamespaceId, OpId};

impl World<'_> {
    /// Publishes something that nobody should take in, or something void.
    pub(super) fn make_noise(&mut self) {
        let at = self.rng.below(self.views.len());
        let parents = self.views[at].clone();
        let Some(view) = self.view(&parents) else { return };
        let Some(mut plan) = self.propose(&view, Hint::default()) else { return };
        for _ in 0..8 {
            if self.is_sound(&parents, &plan) {
                break;
            }
            if let Some(other) = self.propose(&view, Hint::default()) {
                plan = other;
            }
        }
        let Some(mut signable) = self.draft(&parents, &plan) else { return };
        let signer = plan.0;
        match self.rng.below(12) {
            0 => signable.state_hash = Hash(self.rng.bytes32()),
            1 => signable.nonce += 1 + self.rng.next() % 2,
            2 => signable.nonce = 1 + self.rng.next() % signable.nonce.max(2),
            3 => signable.group_id = GroupId(self.rng.bytes32()),
            // A group of a later day, or of another branch.
            4 => signable.group_id = self.rng.pick(&self.groups).unwrap_or_default(),
            5 => {
                let Some(refused) = self.rng.pick(&self.refused) else { return };
                signable.parent_op_hashes.push(refused);
                signable.parent_op_hashes.sort();
                signable.parent_op_hashes.dedup();
            }
            6 => {
                signable.parent_op_hashes.push(OpId(self.rng.bytes32()));
                signable.parent_op_hashes.sort();
            }
            7 => {
                let older = parents.first().map_or_else(Vec::new, |parent| self.parents_of(parent));
                let Some(older) = self.rng.pick(&older) else { return };
                signable.parent_op_hashes.push(older);
                signable.parent_op_hashes.sort();
                signable.parent_op_hashes.dedup();
            }
            8 => return self.stray_into_another_namespace(),
            9 => return self.knock(),
            10 => return self.copy_a_claim(),
            // An outsider speaks.
            _ => {
                let outsider = self.people.len() - 1;
                signable.signer = self.people[outsider].public();
                signable.nonce = view.next_nonce(&signable.signer);
                let _ = self.publish_signable(signable, outsider);
                return;
            }
        }
        if let Some(id) = self.publish_signable(signable, signer) {
            // A void op has a place all the same, and others build on it.
            self.follow(id);
        }
    }

    /// An outsider founds a namespace; an op names it, or has a parent in it.
    fn stray_into_another_namespace(&mut self) {
        let outsider = self.people.len() - 1;
        let genesis = GroupOp::NamespaceCreated {
            salt: [7; 32],
            alias: "elsewhere".to_owned(),
            app_key: [8; 32],
            application_id: [9; 32],
        };
        let known = self.ops.iter().find(|op| {
            op.signable().parent_op_hashes.is_empty() && op.signable().signer == self.people[outsider].public()
        });
        let there = match known.map(folkmoot_core::VerifiedOp::id) {
            Some(id) => id,
            None => match self.publish_genesis(outsider, genesis) {
                Some(id) => id,
                None => return,
            },
        };
        let parents = self.views[0].clone();
        let Some(mut signable) = self.draft(&parents, &(0, self.namespace.into(), GroupOp::Noop)) else { return };
        if self.rng.percent(50) {
            signable.parent_op_hashes.push(there);
            signable.parent_op_hashes.sort();
            signable.parent_op_hashes.dedup();
        } else {
            signable.namespace_id = NamespaceId(there.0);
        }
        let _ = self.publish_signable(signable, 0);
    }

    /// Somebody claims an invitation that is not good, or not any more.
    fn knock(&mut self) {
        let parents = self.any_past();
        let Some(view) = self.view(&parents) else { return };
        for _ in 0..20 {
            if let Some(plan) = self.propose_kind(21, &view, Hint::default())
                && !self.is_sound(&parents, &plan)
            {
                self.publish(&parents, &plan);
                return;
            }
        }
    }

    /// Somebody takes an invitation out of another's claim.
    fn copy_a_claim(&mut self) {
        let claims: Vec<GroupOp> = self
            .ops
            .iter()
            .map(|op| op.signable().op.clone())
            .filter(|op| matches!(op, GroupOp::JoinWithInvitationClaim { .. }))
            .collect();
        let at = self.rng.below(claims.len());
        let Some(claim) = claims.get(at).cloned() else { return };
        let GroupOp::JoinWithInvitationClaim { invitation, .. } = &claim else { return };
        let group = invitation.group_id;
        let parents = self.any_past();
        let thief = self.people.len() - 1;
        self.publish(&parents, &(thief, group, claim));
    }
}
