//! Every limit of the detector in one place, with the defaults of the design where it gives one. Those marked as
//! our choice were set on bitcoin, SPY and VIX of 2014 to 2025, so switch counts over those years are in-sample.

use serde::{Deserialize, Serialize};

/// Limits of the decision list and its hysteresis. Percentiles and scores in points, returns as fractions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Votes that make RISK_OFF.
    pub flight_votes: usize,
    /// Days in a row without a vote before RISK_OFF ends.
    pub calm_days: i32,
    /// A fall of 20 days beyond this is a vote (with the index below its average, or both markets together).
    pub fall: f64,
    /// Correlation above which crypto and index fall together.
    pub correlation: f64,
    /// Percentile of turbulence that is a vote.
    pub turbulence: f64,
    /// Return of high-yield bonds in deviations below which it is a vote.
    pub credit: f64,
    /// VIX that makes HIGH_VOLATILITY.
    pub vix_high: f64,
    /// VIX below which it may end (our choice: where "elevated" ends).
    pub vix_high_leave: f64,
    /// VIX that LOW_VOLATILITY must be below.
    pub vix_low: f64,
    /// Percentile of realized volatility from which a class is wild.
    pub percentile_high: f64,
    /// Percentile below which it no longer is (our choice).
    pub percentile_high_leave: f64,
    /// One wild class names the market only if the mean of both percentiles reaches this (our choice:
    /// otherwise bitcoin alone would name nearly half of the calm year 2017 wild).
    pub mean_high: f64,
    /// The same when leaving.
    pub mean_high_leave: f64,
    /// Percentile at or below which a class is calm.
    pub percentile_low: f64,
    /// ADX from which there is a trend.
    pub adx_trend: f64,
    /// ADX below which there is none; between the two the answer stays.
    pub adx_none: f64,
    /// Days a regime lasts at least, but for RISK_OFF and HIGH_VOLATILITY entering.
    pub dwell_days: i32,
    /// Days in a row the list must name the next one, with the same exception (our choice: without it the list
    /// switches about 20 times a year).
    pub confirm_days: i32,
    /// Switches that a year brings. Those that wait for nothing (into RISK_OFF, or into HIGH_VOLATILITY from anything
    /// else) are taken from it too; all others wait until there is one (our choice: with those saved up it makes the
    /// fifteen of the design, and in no calendar year of two decades does any such pair come to more).
    pub switches_a_year: i32,
    /// Switches that can be saved up.
    pub switches_saved: i32,
    /// A daily fall beyond this many deviations is a black swan.
    pub black_swan_deviations: f64,
    /// So is one-month implied volatility this far above that of three months,
    pub black_swan_ratio: f64,
    /// if it rose by this fraction in a day.
    pub black_swan_jump: f64,
    /// Realized volatility of crypto, percent a year, that scores 100.
    pub crypto_full: f64,
    /// VIX that scores 100.
    pub equity_full: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            flight_votes: 2,
            calm_days: 5,
            fall: -0.05,
            correlation: 0.6,
            turbulence: 95.0,
            credit: -2.0,
            vix_high: 30.0,
            vix_high_leave: 25.0,
            vix_low: 15.0,
            percentile_high: 80.0,
            percentile_high_leave: 70.0,
            mean_high: 65.0,
            mean_high_leave: 55.0,
            percentile_low: 20.0,
            adx_trend: 25.0,
            adx_none: 20.0,
            dwell_days: 3,
            confirm_days: 5,
            switches_a_year: 12,
            switches_saved: 3,
            black_swan_deviations: 6.0,
            black_swan_ratio: 1.14,
            black_swan_jump: 0.5,
            crypto_full: 150.0,
            equity_full: 80.0,
        }
    }
}
