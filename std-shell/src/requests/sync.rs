//! Requests about peers: whose ops are taken, and catching up with them.

use crate::client::ContextClient;
use crate::error::{Answer, Refusal, RequestError};
use crate::event::{Event, Notice};
use crate::node::Node;
use folkmoot_core::{GroupId, NamespaceId};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a request waits for an answer before it asks the peers once more: what it said may have been lost.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(500);

impl ContextClient {
    /// Catches up with whichever peer answers first: when this returns, all that it had of the namespace is here. Takes
    /// the namespace's ops from peers from now on.
    ///
    /// # Errors
    /// [`RequestError::NobodyAnswered`] if that took longer than [`Config::sync_timeout`](crate::Config::sync_timeout).
    pub async fn sync_namespace(&self, namespace: NamespaceId) -> Answer<()> {
        // Listening begins before anybody is asked.
        let mut events = self.events();
        let until = Instant::now() + self.sync_timeout;
        while Instant::now() < until {
            self.ask(move |node| {
                node.want(&namespace);
                Ok(())
            })
            .await?;
            let again = until.min(Instant::now() + ASK_AGAIN_AFTER);
            while let Ok(notice) = timeout_at(again, events.next()).await {
                match notice {
                    Some(Notice::Event(Event::Synced { namespace: synced, .. })) if synced == namespace => {
                        return Ok(());
                    }
                    Some(Notice::Event(_)) => {}
                    // It may have been among them; who has all says so again.
                    Some(Notice::Gap { .. }) => break,
                    None => return Err(RequestError::Closed),
                }
            }
        }
        Err(RequestError::NobodyAnswered(namespace))
    }

    /// As [`ContextClient::sync_namespace`], for the namespace of a group that is known here. A namespace's root group has
    /// the namespace's id.
    ///
    /// # Errors
    /// [`Refusal::NoSuchGroup`] if no op that is here created it; [`RequestError::NobodyAnswered`].
    pub async fn sync_group(&self, group: GroupId) -> Answer<()> {
        let namespace = self
            .ask(move |node| Ok(node.engine.namespace_of_group(&group).ok_or(Refusal::NoSuchGroup(group))?))
            .await?;
        self.sync_namespace(namespace).await
    }

    /// Takes a namespace's ops from peers from now on. After a restart this goes on if something of it is here by then, or
    /// this node has an identity in it.
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if that is so already.
    pub async fn follow_namespace(&self, namespace: NamespaceId) -> Answer<()> {
        self.ask(move |node| node.follow_namespace(&namespace)).await
    }

    /// Takes no more ops of a namespace from peers, and sends them no heartbeats of it. What is here stays, this node's own
    /// ops still go out, and who asks is answered. Asking for the namespace in any way ([`ContextClient::sync_namespace`], a
    /// new identity in it) begins anew, and so does a restart.
    ///
    /// # Errors
    /// [`Refusal::NothingToDo`] if that is so already.
    pub async fn unfollow_namespace(&self, namespace: NamespaceId) -> Answer<()> {
        self.ask(move |node| node.unfollow_namespace(&namespace)).await
    }
}

impl Node {
    fn follow_namespace(&mut self, namespace: &NamespaceId) -> Answer<()> {
        if self.followed.contains(namespace) {
            return Err(Refusal::NothingToDo("the namespace is followed").into());
        }
        self.follow(namespace);
        Ok(())
    }

    fn unfollow_namespace(&mut self, namespace: &NamespaceId) -> Answer<()> {
        if !self.followed.remove(namespace) {
            return Err(Refusal::NothingToDo("the namespace is not followed").into());
        }
        self.host.publisher.unsubscribe(namespace);
        self.sessions.remove(namespace);
        self.wanted.remove(namespace);
        Ok(())
    }
}
