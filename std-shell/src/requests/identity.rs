//! Requests about this node's identities and signing keys. None of them is seen by others.

use crate::client::ContextClient;
use crate::error::{Answer, Refusal, RequestError};
use crate::keys::fill_random;
use crate::node::Node;
use crate::store::LocalChange;
use folkmoot_core::limits::MAX_SIGNING_KEYS;
use folkmoot_core::{GroupId, NamespaceId, PublicKey, SigningKey, SigningKeys};
use zeroize::Zeroizing;

use super::access::MAX_ISSUED_INVITATIONS;

/// Most signing keys that a node keeps. Bearers' keys lie in the same table, and there is room for all of them besides.
pub const MAX_KEPT_KEYS: usize = MAX_SIGNING_KEYS - MAX_ISSUED_INVITATIONS;

impl ContextClient {
    /// Makes a fresh key this node's identity in a namespace, and keeps it there: its public half, to be told to whoever
    /// adds members. Nothing of the namespace has to be here yet; its ops are taken from peers from now on.
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if this node has an identity there, [`Refusal::Malformed`] at [`MAX_KEPT_KEYS`] keys.
    pub async fn create_identity(&self, namespace: NamespaceId) -> Answer<PublicKey> {
        self.ask(move |node| node.create_identity(&namespace)).await
    }

    /// Makes a key that there is already this node's identity in a namespace, in place of the one before if there was
    /// one (whose key stays), and keeps it there: its public half. Nothing of the namespace has to be here yet.
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if it is that already, [`Refusal::Malformed`] at [`MAX_KEPT_KEYS`] keys.
    pub async fn import_identity(&self, namespace: NamespaceId, key: SigningKey) -> Answer<PublicKey> {
        self.ask(move |node| node.import_identity(&namespace, key)).await
    }

    /// This node has no identity in a namespace any more. Its key stays, and can be named as requester.
    ///
    /// # Errors
    /// [`Refusal::NoIdentity`].
    pub async fn forget_identity(&self, namespace: NamespaceId) -> Answer<()> {
        self.ask(move |node| node.forget_identity(&namespace)).await
    }

    /// Keeps somebody's signing key for a group and those below it, so that they can be named as requester there.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`], [`Refusal::NothingToDo`] if it is kept there already, [`Refusal::Malformed`] at
    /// [`MAX_KEPT_KEYS`] keys.
    pub async fn keep_signing_key(&self, group: GroupId, key: SigningKey) -> Answer<()> {
        self.ask(move |node| node.keep_signing_key(group, key)).await
    }

    /// Takes a signing key away from a group. One that is kept for a group above goes on serving.
    ///
    /// # Errors
    /// [`Refusal::NoSigningKey`] if none is kept for this very group.
    pub async fn forget_signing_key(&self, group: GroupId, identity: PublicKey) -> Answer<()> {
        self.ask(move |node| node.forget_signing_key(group, identity)).await
    }
}

impl Node {
    fn create_identity(&mut self, namespace: &NamespaceId) -> Answer<PublicKey> {
        if self.identities.contains_key(namespace) {
            return Err(Refusal::NothingToDo("this node has an identity in the namespace").into());
        }
        self.import_identity(namespace, fresh_key()?)
    }

    fn import_identity(&mut self, namespace: &NamespaceId, key: SigningKey) -> Answer<PublicKey> {
        let identity = key.public();
        let local = self.identity_changes(namespace, key)?;
        if local.is_empty() {
            return Err(Refusal::NothingToDo("this is the node's identity in the namespace").into());
        }
        self.commit_local(local)?;
        Ok(identity)
    }

    /// What it takes to be somebody in a namespace: nothing if this node is that already.
    pub(super) fn identity_changes(&self, namespace: &NamespaceId, key: SigningKey) -> Answer<Vec<LocalChange>> {
        let (root, identity) = (GroupId::from(*namespace), key.public());
        let mut local = Vec::new();
        if !is_kept(&self.keys, &root, &identity) {
            is_a_key(&key)?;
            has_room(&self.keys)?;
            local.push(LocalChange::KeepKey { group: root, key });
        }
        if self.identities.get(namespace) != Some(&identity) {
            local.push(LocalChange::SetIdentity { namespace: *namespace, identity });
        }
        Ok(local)
    }

    fn forget_identity(&mut self, namespace: &NamespaceId) -> Answer<()> {
        if !self.identities.contains_key(namespace) {
            return Err(Refusal::NoIdentity(*namespace).into());
        }
        self.commit_local(vec![LocalChange::ForgetIdentity { namespace: *namespace }])
    }

    fn keep_signing_key(&mut self, group: GroupId, key: SigningKey) -> Answer<()> {
        self.namespace_of_group(&group)?;
        if is_kept(&self.keys, &group, &key.public()) {
            return Err(Refusal::NothingToDo("the key is kept for this group").into());
        }
        is_a_key(&key)?;
        has_room(&self.keys)?;
        self.commit_local(vec![LocalChange::KeepKey { group, key }])
    }

    fn forget_signing_key(&mut self, group: GroupId, identity: PublicKey) -> Answer<()> {
        if !is_kept(&self.keys, &group, &identity) {
            return Err(Refusal::NoSigningKey { group, requester: identity }.into());
        }
        self.commit_local(vec![LocalChange::ForgetKey { group, identity }])
    }
}

/// A key of the system's randomness.
pub(super) fn fresh_key() -> Answer<SigningKey> {
    let mut seed = Zeroizing::new([0; 32]);
    fill_random(&mut *seed).map_err(RequestError::NoRandomness)?;
    Ok(SigningKey::from_seed(*seed))
}

/// Whether a key is kept for this very group.
fn is_kept(keys: &SigningKeys, group: &GroupId, identity: &PublicKey) -> bool {
    keys.identities(group).any(|kept| kept == *identity)
}

fn is_a_key(key: &SigningKey) -> Answer<()> {
    if key.public() == PublicKey::ZERO { Err(Refusal::Malformed("a seed of zeros is no key").into()) } else { Ok(()) }
}

fn has_room(keys: &SigningKeys) -> Answer<()> {
    if keys.len() < MAX_KEPT_KEYS {
        Ok(())
    } else {
        Err(Refusal::Malformed("as many signing keys are kept as a node may keep").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_the_last_key_and_none_for_one_more() {
        let (mut keys, key) = (SigningKeys::new(), SigningKey::from_seed([1; 32]));
        let group = |number: usize| {
            let mut group = [0; 32];
            group[..8].copy_from_slice(&number.to_le_bytes());
            GroupId(group)
        };
        for number in 1..MAX_KEPT_KEYS {
            keys.insert(group(number), key.clone()).expect("the ring is larger");
        }
        assert!(has_room(&keys).is_ok());
        keys.insert(group(0), key).expect("the ring is larger");
        assert!(matches!(has_room(&keys), Err(RequestError::Refused(Refusal::Malformed(_)))));
    }
}
