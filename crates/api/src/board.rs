//! Masters and what followers made of them, from all partitions together. The desks walk over all their accounts for
//! it, so they are asked once in a while, whoever looks and however many.

use crate::error::Problem;
use crate::state::App;
use nija_core::desk::answer::{Decline, FollowersView, MasterView, Query, View};
use nija_core::words::id::{AccountId, PartitionId};
use nija_core::words::time::{Span, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How old a board may be.
const FRESH: Span = Span::seconds(10);

/// All masters, and their followers' sums, at a time.
pub(crate) struct Board {
    at: Timestamp,
    /// In no particular order.
    pub(crate) masters: Vec<MasterView>,
    followers: HashMap<AccountId, FollowersView>,
}

impl Board {
    /// What followers made of a leader.
    pub(crate) fn followers(&self, leader: AccountId) -> FollowersView {
        let none = FollowersView { leader, ..FollowersView::default() };
        self.followers.get(&leader).copied().unwrap_or(none)
    }
}

/// The last board.
#[derive(Default)]
pub(crate) struct Boards(Mutex<Option<Arc<Board>>>);

/// A fresh board. Whoever comes while one is made waits for that one.
pub(crate) async fn board(app: &App) -> Result<Arc<Board>, Problem> {
    let mut last = app.boards.0.lock().await;
    let now = app.now();
    if let Some(board) = last.as_ref().filter(|b| b.at <= now && now.since(b.at) < FRESH) {
        return Ok(Arc::clone(board));
    }
    let board = Arc::new(gather(app, now).await?);
    *last = Some(Arc::clone(&board));
    Ok(board)
}

async fn gather(app: &App, at: Timestamp) -> Result<Board, Problem> {
    let desks = &app.doors.desks;
    let mut board = Board { at, masters: Vec::new(), followers: HashMap::new() };
    for partition in (0..=u16::MAX).map(PartitionId) {
        match desks.query(Query::Masters(partition)).await? {
            // What they hold is for those who copy them, and asked anew.
            View::Masters(masters) => board
                .masters
                .extend(masters.into_iter().map(|view| MasterView { holds: Vec::new(), ..view })),
            View::Declined(Decline::UnknownPartition) => break,
            _ => return Err(Problem::internal()),
        }
        let View::Followers(sums) = desks.query(Query::Followers(partition, None)).await? else {
            return Err(Problem::internal());
        };
        for sum in sums {
            board.followers.entry(sum.leader).or_default().add(&sum);
        }
    }
    Ok(board)
}
