//! Memory: what an idle account takes at its desk, and what an idle server takes.

use crate::Scale;
use crate::figure::{Better, Figure, Goal};
use crate::http::Server;
use crate::meter::Process;
use crate::scene::{PARTITIONS, block, desks, open};
use anyhow::{Result, ensure};
use nija_core::desk::answer::Answer;
use nija_core::words::id::AccountId;
use nija_core::words::tier::Tier;
use std::time::Duration;

/// Accounts opened between two seals: what is sealed is dropped, only the desks stay.
const BATCH: u32 = 1_000;

pub(crate) fn memory(scale: &Scale) -> Result<Vec<Figure>> {
    let accounts = scale.of(1_000_000);
    let own = Process::own();
    let mut desks = desks(PARTITIONS)?;
    drop(desks.seal());
    let before = own.rss()?;
    for n in 0..accounts {
        // Spread as random ids are, without keeping a list of them.
        let id = u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let at = crate::scene::NOON;
        let answer = desks.command(AccountId(id), None, open(id, Tier::Investor), at)?;
        ensure!(answer == Answer::Done, "not opened: {answer:?}");
        if n % BATCH == BATCH - 1 {
            drop(desks.seal());
        }
    }
    let each = (own.rss()? - before) / f64::from(accounts);
    let held: usize = desks.desks().iter().map(|desk| desk.len()).sum();
    ensure!(held == accounts as usize, "{held} accounts are there");
    drop(desks);

    let idle = block(async {
        let folder = tempfile::tempdir()?;
        let server = Server::nija(folder.path()).await?;
        tokio::time::sleep(Duration::from_secs(5)).await;
        server.process().rss()
    })??;
    let less = Better::Less;
    Ok(vec![
        Figure::new("memory", format!("an idle account, {accounts} open"), "B", vec![each])
            .goal(Goal::value("P23", less, 512.0, 200.0)),
        Figure::new("memory", "an idle server", "MiB", vec![idle / 1_048_576.0])
            .goal(Goal::value("P24", less, 32.0, 16.0)),
    ])
}
