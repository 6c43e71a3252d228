//! docs/selection.md says what the router and the pools do.

use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::score::Score;
use nija_core::words::signal::StrategyName;
use nija_core::words::tier::Pool;
use nija_market::engine::Routes;

const POOLS: [Pool; 5] =
    [Pool::SafeCopy, Pool::CapitalProtect, Pool::FullAi, Pool::ProAi, Pool::CustomAi];

/// How the program opens a strategy's door in a regime.
fn door(strategy: StrategyName, regime: Option<Regime>) -> &'static str {
    let quiet = Conditions { regime, ..Conditions::default() };
    let admits = |conditions: Conditions| Routes::default().admits(strategy, &conditions);
    let wild = Conditions { crypto_volatility: Some(Score::points(50)), ..quiet };
    let fast = Conditions { momentum: 5_000, ..quiet };
    match (admits(quiet), admits(wild), admits(fast)) {
        (true, true, true) => "open",
        (false, true, true) => "lively",
        (false, false, false) => "-",
        _ => "something else",
    }
}

fn held(strategy: StrategyName, pool: Pool) -> &'static str {
    match (pool.holds(strategy), pool.weighs()) {
        (false, _) => "-",
        (true, false) => "yes",
        (true, true) => "weighed",
    }
}

#[test]
fn the_table_of_selection_is_the_program() {
    let text = include_str!("../../../../docs/selection.md");
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let is_row = |line: &&str| line.starts_with('|');
    let first = text.lines().skip_while(|line| !is_row(line)).take_while(is_row);
    let mut rows = first.map(cells);
    let regimes = [None].into_iter().chain(Regime::ALL.map(Some));
    let head = ["strategy".to_owned()]
        .into_iter()
        .chain(regimes.clone().map(|r| r.map_or("unknown", Regime::name).to_owned()))
        .chain(POOLS.map(|pool| pool.title().to_owned()));
    assert_eq!(rows.next().unwrap(), head.collect::<Vec<_>>());
    let table: Vec<Vec<String>> = rows.skip(1).collect();
    let program = StrategyName::ALL.map(|strategy| {
        let doors = regimes.clone().map(|regime| door(strategy, regime));
        let pools = POOLS.map(|pool| held(strategy, pool));
        let all = [strategy.name()].into_iter().chain(doors).chain(pools);
        all.map(str::to_owned).collect::<Vec<_>>()
    });
    assert_eq!(table, program);
}
