//! What a run was worth, from its daily equity and its closed trades. Pure; floats are for ratios
//! only: sums of money are made exactly before they come here.
//!
//! Returns are simple daily returns, deviations are of a sample, the risk-free rate is zero. docs/backtesting.md
//! has the definitions in words.

use nija_core::words::money::Money;
use serde::Serialize;

/// Length of a year for everything that is put on a year's basis, in calendar days.
const CALENDAR_YEAR: f64 = 365.25;
/// Fewer days than this are not put on a year's basis: the result would be noise.
pub(crate) const SHORTEST: usize = 30;

/// How many daily points a year has: 365 where a market never closes, else 252 sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Year {
    /// Every day.
    Days365,
    /// Trading sessions.
    Sessions252,
}

impl Year {
    pub(crate) const fn points(self) -> u16 {
        match self {
            Self::Days365 => 365,
            Self::Sessions252 => 252,
        }
    }
}

/// An account at the end of one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Number of the day since 1970-01-01.
    pub(crate) day: i32,
    /// Cash and positions at their marks.
    pub(crate) equity: f64,
    /// Cash alone.
    pub(crate) cash: f64,
}

/// What a curve says; percentages as numbers of a hundred.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Curve {
    /// Over the whole run.
    pub(crate) return_pct: f64,
    /// The same a year, compounded.
    pub(crate) cagr_pct: Option<f64>,
    /// Deviation of daily returns, a year.
    pub(crate) volatility_pct: Option<f64>,
    /// Mean over deviation of daily returns, a year; none where nothing moved.
    pub(crate) sharpe: Option<f64>,
    /// Mean of daily returns over the root of the mean square of those below zero, a year.
    pub(crate) sortino: Option<f64>,
    /// Return a year over the deepest fall.
    pub(crate) calmar: Option<f64>,
    /// Daily points a year that the deviations above rest on.
    pub(crate) points_a_year: u16,
    /// Deepest fall from a highest close.
    pub(crate) max_drawdown_pct: f64,
    /// Longest time from a highest close to the next one, or to the end.
    pub(crate) longest_drawdown_days: i32,
    /// Part of equity that was invested at the ends of days, on average.
    pub(crate) exposure_pct: f64,
}

/// Reads a curve that began with `start` dollars; `points` are in order of their days.
pub(crate) fn curve(start: f64, points: &[Point], year: Year) -> Curve {
    let last = points.last().map_or(start, |point| point.equity);
    let growth = ratio(last, start).unwrap_or(1.0);
    let days = match (points.first(), points.last()) {
        (Some(first), Some(last)) => f64::from(last.day - first.day + 1),
        _ => 0.0,
    };
    let long = points.len() >= SHORTEST;
    let per_year = f64::from(year.points());
    let returns = returns(start, points);
    let deviation = deviation(&returns).filter(|_| long);
    let (max_drawdown_pct, longest_drawdown_days) = drawdown(start, points);
    let yearly = |a: Option<f64>, b: f64| ratio(a?, b).map(|r| r * per_year.sqrt());
    let cagr_pct = long.then(|| (growth.max(0.0).powf(CALENDAR_YEAR / days) - 1.0) * 100.0);
    let below = mean(&returns.iter().map(|r| r.min(0.0).powi(2)).collect::<Vec<_>>());
    let below = below.filter(|_| long).map(f64::sqrt);
    let invested = points.iter().filter_map(|p| ratio(p.equity - p.cash, p.equity));
    Curve {
        return_pct: (growth - 1.0) * 100.0,
        cagr_pct,
        volatility_pct: deviation.map(|d| d * per_year.sqrt() * 100.0),
        sharpe: deviation.and_then(|d| yearly(mean(&returns), d)),
        sortino: below.and_then(|d| yearly(mean(&returns), d)),
        calmar: cagr_pct.and_then(|c| ratio(c, max_drawdown_pct)),
        points_a_year: year.points(),
        max_drawdown_pct,
        longest_drawdown_days,
        exposure_pct: mean(&invested.collect::<Vec<_>>()).unwrap_or(0.0) * 100.0,
    }
}

impl Curve {
    /// The same with a fall that was looked for between the ends of days, too: its depth as a fraction, its days.
    pub(crate) fn fallen(self, depth: f64, days: i32) -> Self {
        let max_drawdown_pct = self.max_drawdown_pct.max(depth * 100.0);
        let longest_drawdown_days = self.longest_drawdown_days.max(days);
        let calmar = self.cagr_pct.and_then(|c| ratio(c, max_drawdown_pct));
        Self { max_drawdown_pct, longest_drawdown_days, calmar, ..self }
    }
}

/// How often the mean equity of a curve was bought and sold in a year; `traded` dollars changed hands.
pub(crate) fn turnover(traded: f64, points: &[Point]) -> Option<f64> {
    let (first, last) = (points.first()?, points.last()?);
    let years = f64::from(last.day - first.day + 1) / CALENDAR_YEAR;
    let equity = mean(&points.iter().map(|point| point.equity).collect::<Vec<_>>())?;
    ratio(ratio(traded, equity)?, years)
}

/// Several curves as if they were one account: the sum of what each had last on every day that any of them has.
pub(crate) fn together(curves: &[Vec<Point>], starts: &[f64]) -> Vec<Point> {
    let mut days: Vec<i32> = curves.iter().flatten().map(|point| point.day).collect();
    days.sort_unstable();
    days.dedup();
    let mut sum: Vec<Point> =
        days.iter().map(|&day| Point { day, equity: 0.0, cash: 0.0 }).collect();
    for (curve, &start) in curves.iter().zip(starts) {
        let (mut equity, mut cash) = (start, start);
        let mut points = curve.iter().peekable();
        for to in &mut sum {
            while let Some(point) = points.next_if(|point| point.day <= to.day) {
                (equity, cash) = (point.equity, point.cash);
            }
            to.equity += equity;
            to.cash += cash;
        }
    }
    sum
}

/// What closed trades say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Trades {
    /// How many were closed.
    pub(crate) closed: u64,
    /// Part of them that earned something after fees.
    pub(crate) win_rate_pct: Option<f64>,
    /// What the winners earned over what the others lost; none without losses.
    pub(crate) profit_factor: Option<f64>,
}

/// Closed trades, summed up; gains and losses in units of 10^-8 dollars, both zero or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) count: u64,
    pub(crate) won: u64,
    pub(crate) gains: i128,
    pub(crate) losses: i128,
}

impl Closed {
    /// Sums up the profits, after fees, of closed trades.
    pub(crate) fn of(profits: impl IntoIterator<Item = Money>) -> Self {
        profits.into_iter().fold(Self::default(), |mut sum, profit| {
            sum.count += 1;
            let raw = i128::from(profit.raw());
            if profit.is_positive() {
                sum.won += 1;
                sum.gains += raw;
            } else {
                sum.losses -= raw;
            }
            sum
        })
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            won: self.won + other.won,
            gains: self.gains + other.gains,
            losses: self.losses + other.losses,
        }
    }

    /// What they say.
    pub(crate) fn read(self) -> Trades {
        Trades {
            closed: self.count,
            win_rate_pct: ratio(self.won as f64, self.count as f64).map(|rate| rate * 100.0),
            profit_factor: ratio(self.gains as f64, self.losses as f64),
        }
    }
}

/// What `start` dollars earned as a fraction when they became `last`.
pub(crate) fn gain(start: f64, last: f64) -> Option<f64> {
    ratio(last - start, start)
}

/// A quotient where it means something.
fn ratio(a: f64, b: f64) -> Option<f64> {
    let quotient = a / b;
    (b > 0.0 && quotient.is_finite()).then_some(quotient)
}

fn mean(numbers: &[f64]) -> Option<f64> {
    ratio(numbers.iter().sum(), numbers.len() as f64)
}

/// Deviation of a sample.
fn deviation(numbers: &[f64]) -> Option<f64> {
    let mean = mean(numbers)?;
    let squares: f64 = numbers.iter().map(|n| (n - mean).powi(2)).sum();
    ratio(squares, numbers.len() as f64 - 1.0).map(f64::sqrt)
}

fn returns(start: f64, points: &[Point]) -> Vec<f64> {
    let before = std::iter::once(start).chain(points.iter().map(|point| point.equity));
    let pairs = before.zip(points);
    pairs.filter_map(|(before, after)| ratio(after.equity, before).map(|r| r - 1.0)).collect()
}

/// Deepest fall in percent, and the longest time below a highest close in days.
fn drawdown(start: f64, points: &[Point]) -> (f64, i32) {
    let (mut peak, mut deepest, mut longest) = (start, 0.0_f64, 0);
    let mut since = points.first().map_or(0, |point| point.day - 1);
    for point in points {
        if point.equity >= peak {
            (peak, since) = (point.equity, point.day);
        } else {
            deepest = deepest.max(ratio(peak - point.equity, peak).unwrap_or(0.0));
            longest = longest.max(point.day - since);
        }
    }
    (deepest * 100.0, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(equities: &[f64]) -> Vec<Point> {
        (100..).zip(equities).map(|(day, &equity)| Point { day, equity, cash: 50.0 }).collect()
    }
    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn a_short_curve_has_no_yearly_numbers() {
        let curve = curve(100.0, &points(&[110.0, 99.0, 121.0]), Year::Days365);
        assert!(near(curve.return_pct, 21.0));
        assert!(near(curve.max_drawdown_pct, 10.0));
        assert_eq!(curve.longest_drawdown_days, 1);
        assert_eq!((curve.cagr_pct, curve.volatility_pct, curve.sharpe), (None, None, None));
        // Invested: 60/110, 49/99 and 71/121.
        assert!(near(
            curve.exposure_pct,
            100.0 * (60.0 / 110.0 + 49.0 / 99.0 + 71.0 / 121.0) / 3.0
        ));
    }

    /// Twenty times +10 % and -10 %: mean 0; the squares sum to 40 x 0.01 over 39 degrees of
    /// freedom.
    #[test]
    fn deviation_and_sharpe_follow_the_formulas() {
        let mut equity = 100.0;
        let mut equities = Vec::new();
        for n in 0..40 {
            equity *= if n % 2 == 0 { 1.1 } else { 0.9 };
            equities.push(equity);
        }
        let read = curve(100.0, &points(&equities), Year::Sessions252);
        let daily = (0.4_f64 / 39.0).sqrt();
        assert!(near(read.volatility_pct.unwrap(), daily * 252.0_f64.sqrt() * 100.0));
        assert!(read.sharpe.unwrap().abs() < 1e-9);
        assert!(near(read.return_pct, (0.99_f64.powi(20) - 1.0) * 100.0));
        let yearly = 0.99_f64.powi(20).powf(365.25 / 40.0) - 1.0;
        assert!(near(read.cagr_pct.unwrap(), yearly * 100.0));
        // Twenty days of -10 % in forty: a mean square of 0.005. The mean is zero, and so is what rests on it.
        assert!(read.sortino.unwrap().abs() < 1e-9);
        assert!(near(read.calmar.unwrap(), read.cagr_pct.unwrap() / read.max_drawdown_pct));
        let deeper = read.clone().fallen(0.9, 50);
        assert_eq!((deeper.max_drawdown_pct, deeper.longest_drawdown_days), (90.0, 50));
        assert!(near(deeper.calmar.unwrap(), read.cagr_pct.unwrap() / 90.0));
        // The first day was the highest; the other 39 lie below it.
        assert_eq!(read.longest_drawdown_days, 39);
        assert!(near(read.max_drawdown_pct, (1.0 - 0.99_f64.powi(20) / 1.1) * 100.0));
        assert_eq!(read.points_a_year, 252);
    }

    /// Thirty times +2 % and -1 %: the mean is 0.5 %, the mean square of the losses half of 0.0001.
    #[test]
    fn sortino_counts_losses_only() {
        let mut equity = 100.0;
        let mut equities = Vec::new();
        for n in 0..60 {
            equity *= if n % 2 == 0 { 1.02 } else { 0.99 };
            equities.push(equity);
        }
        let read = curve(100.0, &points(&equities), Year::Days365);
        let wanted = 0.005 / (0.0001_f64 / 2.0).sqrt() * 365.0_f64.sqrt();
        assert!((read.sortino.unwrap() - wanted).abs() < 1e-6);
    }

    #[test]
    fn curves_of_different_days_are_summed_by_what_is_known() {
        let at = |day, equity| Point { day, equity, cash: equity / 2.0 };
        let curves = [vec![at(1, 10.0), at(3, 30.0)], vec![at(2, 5.0)]];
        let equities: Vec<(i32, f64, f64)> =
            together(&curves, &[8.0, 4.0]).iter().map(|p| (p.day, p.equity, p.cash)).collect();
        assert_eq!(equities, [(1, 14.0, 9.0), (2, 15.0, 7.5), (3, 35.0, 17.5)]);
        let whole_year: Vec<Point> = (0..1_461).map(|day| at(day, 100.0)).collect();
        assert!(near(turnover(1_200.0, &whole_year).unwrap(), 3.0));
        assert_eq!(turnover(1.0, &[]), None);
    }

    #[test]
    fn a_curve_that_stands_still_has_no_sharpe_and_no_drawdown() {
        let read = curve(50.0, &points(&[50.0; 40]), Year::Days365);
        assert_eq!((read.return_pct, read.max_drawdown_pct), (0.0, 0.0));
        assert_eq!((read.sharpe, read.volatility_pct), (None, Some(0.0)));
        assert_eq!(read.exposure_pct, 0.0);
        let nothing = curve(50.0, &[], Year::Days365);
        assert_eq!((nothing.return_pct, nothing.longest_drawdown_days), (0.0, 0));
    }

    #[test]
    fn a_loss_from_the_first_day_counts_from_the_start() {
        let read = curve(100.0, &points(&[90.0, 80.0, 95.0]), Year::Days365);
        assert!(near(read.max_drawdown_pct, 20.0));
        assert_eq!(read.longest_drawdown_days, 3);
    }

    #[test]
    fn trades_are_counted_after_fees() {
        let trades = |profits: &[Money]| Closed::of(profits.iter().copied()).read();
        let read = trades(&[Money::whole(3), Money::whole(-1), Money::ZERO, Money::whole(1)]);
        assert_eq!(read.closed, 4);
        assert_eq!(read.win_rate_pct, Some(50.0));
        assert_eq!(read.profit_factor, Some(4.0));
        let winners = trades(&[Money::whole(3)]);
        assert_eq!((winners.win_rate_pct, winners.profit_factor), (Some(100.0), None));
        assert_eq!(trades(&[]), Trades { closed: 0, win_rate_pct: None, profit_factor: None });
    }
}
