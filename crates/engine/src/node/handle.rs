//! The way into a node: a bounded inbox, and answers that come when they are durable.

use super::storage::Shown;
use super::{Reply, Work, room};
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::input::{Command, Input, Key};
use nija_core::ports::{DeskError, Desks, Doing, Space};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::id::AccountId;
use nija_core::words::time::Timestamp;
use tokio::sync::{mpsc, oneshot};

/// The way into a node.
#[derive(Clone)]
pub struct Handle {
    pub(super) inbox: mpsc::Sender<Work>,
    pub(super) space: Shown,
}

impl Handle {
    /// Brings an input; waits while the inbox is full. `at` is when it happened; none means now.
    ///
    /// # Errors
    /// [`DeskError::Gone`] when the node has ended.
    pub async fn send(&self, input: Input, at: Option<Timestamp>) -> Result<(), DeskError> {
        let work = Work::Input { input, at, reply: None };
        self.inbox.send(work).await.map_err(|_| DeskError::Gone)
    }

    /// Brings inputs of one instant, in order, and waits until they are durable and their releases are with the
    /// gateway. They are taken together: nothing comes between.
    ///
    /// # Errors
    /// [`DeskError::Gone`] when the node has ended.
    pub async fn slice(&self, inputs: Vec<Input>, at: Timestamp) -> Result<(), DeskError> {
        self.inbox.send(Work::Slice { inputs, at }).await.map_err(|_| DeskError::Gone)?;
        self.barrier().await
    }

    /// Waits until everything sent before is durable and its releases are with the gateway.
    ///
    /// # Errors
    /// [`DeskError::Gone`] when the node has ended.
    pub async fn barrier(&self) -> Result<(), DeskError> {
        let (reply, done) = oneshot::channel();
        self.inbox.send(Work::Barrier(reply)).await.map_err(|_| DeskError::Gone)?;
        done.await.map_err(|_| DeskError::Gone)
    }

    /// Asks the node to make everything durable and end.
    pub async fn stop(&self) {
        // A node that has ended already needs no asking.
        let _ = self.inbox.send(Work::Stop).await;
    }

    async fn ask<T>(&self, work: impl FnOnce(Reply<T>) -> Work) -> Result<T, DeskError> {
        let (reply, answer) = oneshot::channel();
        room::bring(&self.inbox, work(reply))?;
        answer.await.map_err(|_| DeskError::Gone)?
    }

    /// Brings an input and waits for its answer, which is durable when it comes.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn tell(&self, input: Input) -> Result<Answer, DeskError> {
        self.ask(|reply| Work::Input { input, at: None, reply: Some(reply) }).await
    }
}

impl Desks for Handle {
    fn command(
        &self,
        account: AccountId,
        key: Option<Key>,
        command: Command,
    ) -> Doing<'_, Result<Answer, DeskError>> {
        Box::pin(self.tell(Input::Command { account, key, command }))
    }

    fn commands(
        &self,
        account: AccountId,
        commands: Vec<(Option<Key>, Command)>,
    ) -> Doing<'_, Result<Vec<Answer>, DeskError>> {
        Box::pin(self.ask(move |reply| Work::Commands { account, commands, reply }))
    }

    fn query(&self, query: Query) -> Doing<'_, Result<View, DeskError>> {
        Box::pin(async move {
            let (reply, view) = oneshot::channel();
            room::bring(&self.inbox, Work::Query { query, reply })?;
            view.await.map_err(|_| DeskError::Gone)
        })
    }

    fn kill(
        &self,
        scope: Scope,
        by: Actor,
        reason: String,
        flatten: bool,
    ) -> Doing<'_, Result<(), DeskError>> {
        Box::pin(
            async move { self.tell(Input::Kill { scope, by, reason, flatten }).await.map(drop) },
        )
    }

    fn rearm(&self, scope: Scope, by: Actor, reason: String) -> Doing<'_, Result<(), DeskError>> {
        Box::pin(async move { self.tell(Input::Rearm { scope, by, reason }).await.map(drop) })
    }

    fn space(&self) -> Space {
        self.space.get()
    }
}
