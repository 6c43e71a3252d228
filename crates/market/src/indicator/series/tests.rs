//! Whole series against the same indicators bar by bar, and that nobody knows what comes later.

use super::*;
use crate::candle::Bar;
use crate::indicator::{Atr, Bollinger, Ema, Rsi, Sma};
use proptest::prelude::*;

/// Bars of a walk that begins at a price and moves by parts of it.
fn bars(start: f64, moves: &[(f64, f64, f64)]) -> Vec<Bar> {
    let mut close = start;
    let mut at = 0;
    let next = |&(step, above, below): &(f64, f64, f64)| {
        let open = close;
        close *= 1.0 + step;
        at += 1;
        let (high, low) = (open.max(close) * (1.0 + above), open.min(close) * (1.0 - below));
        Bar { open, high, low, close, volume: 0.0, open_time: at }
    };
    moves.iter().map(next).collect()
}

/// Up to three pieces of the series whose sums are made anew.
fn walks() -> impl Strategy<Value = Vec<Bar>> {
    let step = prop_oneof![1 => Just(0.0), 9 => -0.02f64..0.02];
    let moves = prop::collection::vec((step, 0.0f64..0.01, 0.0f64..0.01), 0..2_500);
    (0.01f64..100_000.0, moves).prop_map(|(start, moves)| bars(start, &moves))
}

struct Rows {
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
}

fn rows(bars: &[Bar]) -> Rows {
    let of = |number: fn(&Bar) -> f64| bars.iter().map(number).collect();
    Rows { high: of(|bar| bar.high), low: of(|bar| bar.low), close: of(|bar| bar.close) }
}

/// All six as numbers, each with how far two programs may be apart, relative to a price.
fn all(bars: &[Bar], len: usize) -> Vec<Vec<f64>> {
    let Rows { high, low, close } = rows(bars);
    let bands = bollinger(&close, len, Vec::new());
    let macd = macd(&close, [len, 2 * len, len.div_ceil(2)], Vec::new());
    vec![
        sma(&close, len, Vec::new()),
        ema(&close, len, Vec::new()),
        rsi(&close, len, Vec::new()),
        atr([&high, &low, &close], len, Vec::new()),
        bands.iter().map(|bands| bands.upper).collect(),
        bands.iter().map(|bands| bands.middle).collect(),
        bands.iter().map(|bands| bands.lower).collect(),
        macd.iter().map(|macd| macd.line).collect(),
        macd.iter().map(|macd| macd.signal).collect(),
    ]
}

fn near(whole: &[f64], pushed: &[f64], scale: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(whole.len(), pushed.len());
    for (at, (a, b)) in whole.iter().zip(pushed).enumerate() {
        prop_assert!((a - b).abs() <= 1e-9 * scale.max(b.abs()), "{} for {} at {}", a, b, at);
    }
    Ok(())
}

/// The mean and the population deviation of the last closes, from scratch.
fn by_definition(close: &[f64], len: usize) -> Vec<Bands> {
    let bands = |window: &[f64]| {
        let middle = window.iter().sum::<f64>() / len as f64;
        let squares: f64 = window.iter().map(|close| (close - middle).powi(2)).sum();
        let width = 2.0 * (squares / len as f64).sqrt();
        Bands { upper: middle + width, middle, lower: middle - width }
    };
    close.windows(len).map(bands).collect()
}

/// The difference of two averages that are pushed, and its average by the recursion.
fn macd_by_bar(bars: &[Bar], fast: usize, slow: usize, signal: usize) -> Vec<Macd> {
    let (mut quick, mut calm) = (Ema::new(fast), Ema::new(slow));
    let both = bars.iter().map(|bar| (quick.push(bar), calm.push(bar)));
    let lines: Vec<f64> = both.filter_map(|(quick, calm)| Some(quick? - calm?)).collect();
    let mut average = Ema::new(signal);
    let as_bar = |(at, line): (usize, f64)| Bar {
        open: line,
        high: line,
        low: line,
        close: line,
        volume: 0.0,
        open_time: at as u64 + 1,
    };
    let signals =
        lines.iter().copied().enumerate().map(|(at, line)| {
            average.push(&as_bar((at, line))).map(|signal| Macd { line, signal })
        });
    signals.flatten().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whole_series_say_what_is_said_bar_by_bar(bars in walks(), len in 1usize..40) {
        let Rows { high, low, close } = rows(&bars);
        let price = close.iter().copied().fold(0.0, f64::max);
        let (mut a, mut b, mut c, mut d) = (Sma::new(len), Ema::new(len), Rsi::new(len), Atr::new(len));
        let said = |push: &mut dyn FnMut(&Bar) -> Option<f64>| -> Vec<f64> {
            bars.iter().filter_map(push).collect()
        };
        near(&sma(&close, len, Vec::new()), &said(&mut |bar| a.push(bar)), price)?;
        near(&ema(&close, len, Vec::new()), &said(&mut |bar| b.push(bar)), price)?;
        near(&rsi(&close, len, Vec::new()), &said(&mut |bar| c.push(bar)), 100.0)?;
        near(&atr([&high, &low, &close], len, Vec::new()), &said(&mut |bar| d.push(bar)), price)?;
        let (whole, pushed) = (macd(&close, [len, 2 * len, 9], Vec::new()), macd_by_bar(&bars, len, 2 * len, 9));
        let parts = |of: &[Macd], part: fn(&Macd) -> f64| of.iter().map(part).collect::<Vec<f64>>();
        for part in [|macd: &Macd| macd.line, |macd: &Macd| macd.signal] {
            near(&parts(&whole, part), &parts(&pushed, part), price)?;
        }
    }

    /// Deviations are held as variances: where prices hardly differ, a root has half as many digits.
    #[test]
    fn bands_follow_their_definition(bars in walks(), len in 2usize..40) {
        let close = rows(&bars).close;
        let price = close.iter().copied().fold(0.0, f64::max);
        let (whole, exact) = (bollinger(&close, len, Vec::new()), by_definition(&close, len));
        let mut by_bar = Bollinger::new(len);
        let pushed: Vec<Bands> = bars.iter().filter_map(|bar| by_bar.push(bar)).collect();
        let parts = |of: &[Bands], part: fn(&Bands) -> f64| of.iter().map(part).collect::<Vec<f64>>();
        let variance = |bands: &Bands| ((bands.upper - bands.lower) / 4.0).powi(2);
        for other in [&exact, &pushed] {
            near(&parts(&whole, |bands| bands.middle), &parts(other, |bands| bands.middle), price)?;
            let above = parts(&whole, |bands| bands.upper - bands.middle);
            near(&above, &parts(&whole, |bands| bands.middle - bands.lower), price)?;
            near(&parts(&whole, variance), &parts(other, variance), price * price)?;
        }
    }

    #[test]
    fn what_comes_later_changes_nothing_before(bars in walks(), len in 1usize..40, cut in 0usize..2_500) {
        let cut = cut.min(bars.len());
        for (whole, part) in all(&bars, len).into_iter().zip(all(&bars[..cut], len)) {
            prop_assert_eq!(&whole[..part.len()], &part[..]);
        }
    }
}

#[test]
fn nothing_is_said_of_too_little() {
    let few = [1.0, 2.0, 3.0];
    assert!(
        sma(&few, 4, Vec::new()).is_empty()
            && ema(&[], 1, Vec::new()).is_empty()
            && bollinger(&few, 4, Vec::new()).is_empty()
    );
    assert!(rsi(&few, 3, Vec::new()).is_empty() && macd(&few, [1, 2, 3], Vec::new()).is_empty());
    assert!(atr([&few, &few, &few[..2]], 3, Vec::new()).is_empty());
    assert_eq!(sma(&few, 3, Vec::new()), [2.0]);
    assert_eq!(
        (rsi(&few, 2, Vec::new()), rsi(&[5.0; 3], 2, Vec::new())),
        (vec![100.0], vec![50.0])
    );
    assert_eq!(sma(&few, 0, Vec::new()), few, "a length of nothing is one of one bar");
    let used = vec![9.0; 5];
    let (place, again) = (used.as_ptr(), sma(&few, 3, used));
    assert_eq!((again.as_slice(), again.as_ptr()), (&[2.0][..], place), "memory is used again");
}
