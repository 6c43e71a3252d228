//! Days of a thousand users by simulated time, through the node, the gateway, the paper venue, the real store and
//! the views: memory and open files must not grow once a first part is over. `cargo xtask faults days`.
//!
//! The clock is moved minute by minute; nothing waits but for the disk. Absent: the HTTP layer and the analyst,
//! whose signals and readings are drawn here.

mod copies;
mod house;
mod process;
mod users;

use anyhow::{Result, ensure};
use house::House;
use process::{open_files, resident};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use users::Users;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MINUTES_A_DAY: u64 = 1_440;
/// Growth of memory that is too much, in percent of what was used after the first part.
const GROWTH_MOST: f64 = 10.0;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |flag: &str, usual: u64| {
        let at = args.iter().position(|arg| arg == flag);
        at.and_then(|at| args.get(at + 1)?.parse().ok()).unwrap_or(usual)
    };
    if let Some(folder) = args.iter().position(|arg| arg == "--folder") {
        let folder = args.get(folder + 1).map_or("", String::as_str);
        let once = args.iter().any(|arg| arg == "--once");
        let followers = number("--followers", 1_500).into();
        return ended(copies::live(Path::new(folder), followers, once));
    }
    // A test runner that builds everything starts this, too; only a bench asks with `--bench`.
    if !args.iter().any(|arg| arg == "--bench") {
        eprintln!("run by `cargo xtask faults days`");
        return ExitCode::SUCCESS;
    }
    ended(soak(number("--days", 1), number("--seed", 1)))
}

fn ended(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("broken {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Lives the days, then holds memory, files, views and books to what they must be.
fn soak(days: u64, seed: u64) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let began = Instant::now();
        let folder = tempfile::tempdir()?;
        let mut house = House::open(folder.path(), house::PARTITIONS).await?;
        let mut users = Users::new(seed);
        users.open_accounts(&house).await?;
        let minutes = days * MINUTES_A_DAY;
        // What grows for a day by design, remembered keys and ended orders, is counted in only when days follow.
        let warm = if days > 1 { MINUTES_A_DAY } else { minutes / 4 };
        let (mut memory, mut files) = (0, 0);
        for minute in 0..minutes {
            users.minute(&mut house, minute).await?;
            if minute + 1 == warm {
                (memory, files) = (resident()?, open_files()?);
            }
            if minute % 120 == 119 {
                let (mib, files) = (resident()? / 1_048_576, open_files()?);
                let events = house.events().await?;
                let took = began.elapsed().as_secs();
                eprintln!("minute {}: {events} events, {mib} MiB, {files} files, {took} s", minute + 1);
            }
        }
        let (memory_end, files_end) = (resident()?, open_files()?);
        let events = house.events().await?;
        let closed = house.close().await?;
        let growth = (memory_end as f64 / memory as f64 - 1.0) * 100.0;
        println!(
            "{{\"events\": {events}, \"orders\": {}, \"refused\": {:?}, \"seconds\": {}, \
             \"memory_warm\": {memory}, \"memory_end\": {memory_end}, \"growth_percent\": {growth:.1}, \
             \"files_warm\": {files}, \"files_end\": {files_end}, \"batches\": {}}}",
            users.placed,
            users.refused,
            began.elapsed().as_secs(),
            closed.batches,
        );
        ensure!(closed.trial_balance == 0, "trial balance {}", closed.trial_balance);
        ensure!(closed.behind == 0, "the views are {} batches behind", closed.behind);
        ensure!(files_end <= files, "{files} files were open, now {files_end}");
        ensure!(growth < GROWTH_MOST, "memory grew by {growth:.1} %");
        ensure!(days > 1 || events >= 1_000_000, "only {events} events");
        Ok(())
    })
}
