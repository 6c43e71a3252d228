//! Published and computed figures that need a simulation: the table of Avellaneda and Stoikov, and the growth that
//! rebalancing adds. Figures that follow from a formula stand beside it in the sources.

use super::market::Chance;
use nija_market::engine::crypto::{Risk, Sleeve};

/// Paths here; 20,000 were run by hand and gave the table to its last digit but one.
const PATHS: usize = 1_500;
/// Paths behind the table's own figures.
const TABLE_PATHS: f64 = 20_000.0;

/// One row: gamma, does it lean against the inventory, mean spread, profit, its deviation, deviation of the last
/// inventory.
type Line = (f64, bool, f64, f64, f64, f64);

const TABLE: [Line; 6] = [
    (0.1, true, 1.492, 64.9, 6.5, 2.93),
    (0.1, false, 1.492, 68.1, 13.4, 8.47),
    (0.01, true, 1.349, 68.5, 9.0, 5.25),
    (0.01, false, 1.349, 68.8, 13.7, 8.78),
    (0.5, true, 2.156, 48.6, 5.9, 1.96),
    (0.5, false, 2.156, 58.4, 11.5, 7.10),
];

/// The paper's market: s = 100, T = 1, sigma = 2, steps of 0.005, k = 1.5, A = 140. Profit and last inventory.
fn path(chance: &mut Chance, gamma: f64, leans: bool) -> (f64, f64) {
    let (sigma, step, k, often) = (2.0, 0.005f64, 1.5, 140.0);
    let (mut price, mut held, mut cash) = (100.0, 0.0, 0.0);
    for n in 0..200 {
        let risk = Risk { gamma, sigma, left: 1.0 - f64::from(n) * step };
        let center = if leans { risk.reservation(price, held) } else { price };
        let half = risk.spread(k) / 2.0;
        let (bid, ask) = (center - half, center + half);
        let mut is_hit = |away: f64| chance.uniform() < often * step * (-k * away).exp();
        let (bought, sold) = (is_hit(price - bid), is_hit(ask - price));
        if bought {
            (held, cash) = (held + 1.0, cash - bid);
        }
        if sold {
            (held, cash) = (held - 1.0, cash + ask);
        }
        let up = if chance.uniform() < 0.5 { -1.0 } else { 1.0 };
        price += up * sigma * step.sqrt();
    }
    (cash + held * price, held)
}

/// Mean and deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt())
}

#[test]
fn the_table_of_avellaneda_and_stoikov() {
    let mut inventories = Vec::new();
    for (row, (gamma, leans, spread, profit, deviation, inventory)) in TABLE.into_iter().enumerate()
    {
        let at = |n: i32| Risk { gamma, sigma: 2.0, left: 1.0 - f64::from(n) * 0.005 }.spread(1.5);
        let mean = (0..200).map(at).sum::<f64>() / 200.0;
        assert!((mean - spread).abs() < 5e-4, "gamma {gamma}: spread {mean}");

        let mut chance = Chance(100 + row as u64);
        let paths: Vec<(f64, f64)> = (0..PATHS).map(|_| path(&mut chance, gamma, leans)).collect();
        let profits: Vec<f64> = paths.iter().map(|path| path.0).collect();
        let held: Vec<f64> = paths.iter().map(|path| path.1).collect();
        let (found, spreads) = (moments(&profits), moments(&held));
        println!("gamma {gamma}, leans {leans}: {mean:.3} {found:.2?} {:.3}", spreads.1);
        // Standard errors of a mean and of a deviation, here and in the table.
        let error = (1.0 / PATHS as f64 + 1.0 / TABLE_PATHS).sqrt();
        let near = |found: f64, table: f64, error: f64, digit: f64| {
            (found - table).abs() <= 3.0 * error + digit / 2.0
        };
        assert!(near(found.0, profit, deviation * error, 0.1), "{gamma} {leans}: {found:?}");
        let of_deviation = error / 2f64.sqrt();
        assert!(
            near(found.1, deviation, deviation * of_deviation, 0.1),
            "{gamma} {leans}: {found:?}"
        );
        assert!(
            near(spreads.1, inventory, inventory * of_deviation, 0.01),
            "{gamma} {leans}: {spreads:?}"
        );
        if leans {
            inventories.push((gamma, spreads.1));
        }
    }
    // The more averse, the less is held in the end.
    inventories.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(inventories.is_sorted_by(|a, b| a.1 > b.1), "{inventories:?}");
}

/// A portfolio kept at half grows by w(1-w)s^2/2 = 8 % a year more than half its asset of 80 % volatility.
#[test]
fn rebalancing_adds_half_the_spread_of_the_variance() {
    let (years, year, volatility, weight) = (400, 365, 0.8f64, 0.5);
    let daily = volatility / f64::from(year).sqrt();
    let mut chance = Chance(8);
    let (mut log, mut grown) = (0.0f64, 0.0f64);
    for _ in 0..years * year {
        let one = daily * chance.normal();
        // Begun anew each day at the weight: what a day adds to the logarithm.
        grown += Sleeve::new(weight, 1.0).value(one.exp()).ln();
        log += one;
    }
    let excess = (grown - weight * log) / f64::from(years);
    println!("rebalancing adds {:.2} % a year", 100.0 * excess);
    assert!((excess - 0.08).abs() < 0.001, "{excess}");
}
