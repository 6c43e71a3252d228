//! What a request costs does not depend on how many tenants there are: the same users on a server that knows only
//! them, and on one with a million accounts beside them.

use super::load::Template;
use super::{CONNECTIONS, PAIRS, Server, Side, order, user};
use crate::Scale;
use crate::figure::{Better, Figure, Goal};
use crate::journal::database;
use crate::scene::{self, open, rules};
use anyhow::{Result, ensure};
use nija_core::commit::commit;
use nija_core::desk::answer::Answer;
use nija_core::desk::input::{Command, Input};
use nija_core::ports::Journal;
use nija_core::words::id::{AccountId, PartitionId};
use nija_core::words::money::Money;
use nija_core::words::tier::Tier;
use nija_engine::partitions::Partitions;
use nija_engine::recovery::recover;
use std::path::Path;
use std::time::Duration;

/// Accounts opened between two commits.
const BATCH: u32 = 2_000;

pub(crate) fn tenants(scale: &Scale) -> Result<Vec<Figure>> {
    let time = Duration::from_millis(u64::from(scale.of(2_000)));
    let many = scale.of(1_000_000);
    scene::block(async {
        let (small, large) = (tempfile::tempdir()?, tempfile::tempdir()?);
        // A first start lays the database out; its end leaves it to us.
        drop(Server::nija(large.path()).await?);
        populate(large.path(), many).await?;
        let servers = [Server::nija(small.path()).await?, Server::nija(large.path()).await?];
        let mut keys = 1;
        let mut sides = Vec::new();
        for (server, name) in servers.iter().zip(["few", "many"]) {
            let (mut reads, mut orders) = (Vec::new(), Vec::new());
            for n in 0..CONNECTIONS {
                let token = user(server, n).await?;
                reads.push(Template::get("/api/v2/status", &token));
                orders.push(order("/api/v2/trade", &token, n));
            }
            sides.extend([Side::new(name, server, reads), Side::new(name, server, orders)]);
        }
        for side in &mut sides {
            side.warm(time / 3, &mut keys).await?;
        }
        for _ in 0..PAIRS {
            for side in &mut sides {
                side.round(time, &mut keys).await?;
            }
        }
        let goal = || Goal::ratio("P7", Better::Less, 1.3, 1.1);
        let figure = |name: &str, few: usize| {
            let name = format!("{name}, {many} accounts");
            Figure::new("tenants", name, "us", sides[few + 2].cpu_us.clone())
                .peer("nobody else", &sides[few].cpu_us)
                .goal(goal())
        };
        Ok(vec![figure("GET status", 0), figure("POST /trade", 1)])
    })?
}

/// Opens accounts behind the back of a server that does not run.
async fn populate(folder: &Path, accounts: u32) -> Result<()> {
    let (database, rules) = (database(folder)?, rules()?);
    let journal = database.journal();
    let mut desks = Vec::new();
    for PartitionId(n) in journal.partitions().await? {
        desks.push(recover(&*journal, PartitionId(n), &rules).await?);
    }
    let mut desks = Partitions::of(desks);
    let at = desks.desks().iter().map(|desk| desk.head().at).max().unwrap_or(scene::NOON);
    for n in 0..accounts {
        // Spread as random ids are.
        let id = u128::from(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let Command::Open { user, tier, tolerance, day_starts, .. } = open(id, Tier::Investor)
        else {
            continue;
        };
        let deposit = Money::ZERO;
        let command = Command::Open { user, tier, tolerance, day_starts, deposit };
        let answer =
            desks.take(Input::Command { account: AccountId(id), key: None, command }, at)?;
        ensure!(answer == Answer::Done, "not opened: {answer:?}");
        if n % BATCH == BATCH - 1 {
            drop(commit(&*journal, desks.seal()).await?);
        }
    }
    drop(commit(&*journal, desks.seal()).await?);
    Ok(())
}
