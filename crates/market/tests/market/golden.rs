//! Indicators against TA-Lib on real candles; see `tests/golden/README.md`.

use super::market::{SESSION, SPY, load};
use nija_market::indicator::{Adx, Atr, Bollinger, Ema, Rsi, Sma};

const TOLERANCE: f64 = 1e-5;

#[test]
fn indicators_agree_with_ta_lib() {
    let golden = include_str!("../golden/spy_ta_lib.csv");
    let (mut ema, mut sma, mut rsi) = (Ema::new(20), Sma::new(50), Rsi::new(14));
    let (mut atr, mut adx, mut bands) = (Atr::new(14), Adx::new(14), Bollinger::new(20));
    let mut rows = golden
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse::<f64>().unwrap()).collect::<Vec<f64>>());
    let mut checked = 0;
    for (n, candle) in load("demo/etf/SPY/1d.csv", SPY, SESSION).iter().take(300).enumerate() {
        let bar = candle.bar();
        let (e, s, r, a) = (ema.push(&bar), sma.push(&bar), rsi.push(&bar), atr.push(&bar));
        let (d, b) = (adx.push(&bar), bands.push(&bar));
        if n < 200 {
            continue;
        }
        let row = rows.next().unwrap();
        assert_eq!(row[0], n as f64);
        let (d, b) = (d.unwrap(), b.unwrap());
        let got = [
            e.unwrap(),
            s.unwrap(),
            r.unwrap(),
            a.unwrap(),
            d.adx,
            d.plus,
            d.minus,
            b.upper,
            b.lower,
        ];
        for (column, (got, want)) in got.into_iter().zip(&row[1..]).enumerate() {
            let off = (got - want).abs() / want.abs();
            assert!(off < TOLERANCE, "row {n}, column {column}: {got} for {want}");
            checked += 1;
        }
    }
    assert_eq!(checked, 900);
}
