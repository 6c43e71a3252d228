//! The roof of NIJA: reads the configuration once, wires the rooms, runs a role.

mod admission;
mod analyst;
mod backtests;
mod catalog;
mod chance;
mod check;
mod commands;
mod config;
mod contracts;
mod front;
mod market;
mod statistics;
mod watch;
mod wire;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// NIJA trades crypto, equities and derivatives for many accounts, through four risk gates.
#[derive(Parser)]
#[command(name = "nija", version)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Serve the API and trade on paper, configured by the environment (see .env.example).
    Serve,
    /// Trade the shipped history of 2017 to 2020 for accounts of every tier; no key or network needed.
    Demo(commands::demo::Options),
    /// Run the same desk and gates over files of market data and print statistics and trades.
    Backtest(Box<commands::backtest::Options>),
    /// Run a span of a paper run again as a backtest: do decisions agree, and why do profits differ?
    Parity(commands::parity::Options),
    /// Print what following the regimes would have earned, net, against 60/40 and buying and holding.
    Regimes(commands::regimes::Options),
    /// Train the ranking of shares over history and say whether the model or its plain baseline trades.
    Model(commands::model::Options),
    /// Look whether the configuration is fit to be served, and print what is in force.
    CheckConfig(commands::check_config::Options),
    /// Copy journal and control data to a folder, beside a running server.
    Backup(commands::backup::Options),
    /// Put a backup in the place of the database; the server must be stopped.
    Restore(commands::restore::Options),
    /// Check every batch of the journal, the trial balance and the snapshots.
    Verify(commands::verify::Options),
    /// Read the journal.
    Journal(commands::journal::Options),
    /// Rebuild the views from the journal.
    Replay(commands::replay::Options),
    /// Administer users beside a running server.
    Admin(commands::admin::Options),
    /// Create or upgrade the database.
    Migrate(commands::migrate::Options),
    /// Print the API's OpenAPI document.
    Openapi,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.role {
        Role::Serve => commands::serve::run(),
        Role::Demo(options) => commands::demo::run(&options),
        Role::Backtest(options) => commands::backtest::run(&options),
        Role::Parity(options) => commands::parity::run(&options),
        Role::Regimes(options) => commands::regimes::run(&options),
        Role::Model(options) => commands::model::run(&options),
        Role::CheckConfig(options) => return told(commands::check_config::run(&options)),
        Role::Backup(options) => commands::backup::run(&options),
        Role::Restore(options) => commands::restore::run(&options),
        Role::Verify(options) => commands::verify::run(&options),
        Role::Journal(options) => commands::journal::run(&options),
        Role::Replay(options) => commands::replay::run(&options),
        Role::Admin(options) => commands::admin::run(&options),
        Role::Migrate(options) => commands::migrate::run(&options),
        Role::Openapi => commands::openapi::run(),
    };
    told(result.map(|()| ExitCode::SUCCESS))
}

/// The exit code; a failure is said first.
fn told(result: anyhow::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        eprintln!("nija: {error:#}");
        ExitCode::FAILURE
    })
}
