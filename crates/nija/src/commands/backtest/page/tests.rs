//! What a report shows, and what it never lets through.

use super::*;
use nija_core::words::id::InstrumentId;

fn page<'a>(points: &'a [Point], candles: &'a [Candle]) -> Page<'a> {
    let values = candles.iter().skip(1).map(Candle::close_f64).collect();
    let average = Average { class: "fast", name: "average of <2> bars".to_owned(), values };
    let at = |n: usize| candles.get(n).map(|c| (c.open_at, c.open)).unwrap_or_default();
    let trade = Traded {
        who: "long".to_owned(),
        is_long: true,
        qty: "5".to_owned(),
        opened: at(0),
        closed: Some(at(2)),
        fees: Money::whole(1),
        profit: Money::whole(-1_234),
    };
    Page {
        title: "<script>alert(1)</script>".to_owned(),
        about: vec![("data", "a&b.csv".to_owned())],
        figures: vec![("return", "1%".to_owned())],
        tables: vec![Table {
            title: "Accounts",
            sentences: vec!["one & all".to_owned()],
            heads: vec!["Tier", "End"],
            rows: vec![vec!["<b>".to_owned(), "$1.00".to_owned()]],
        }],
        start: 100.0,
        points,
        bands: vec![(0, "risk_off"), (2, "trending_up")],
        cuts: vec![0, 2],
        markets: vec![Market {
            symbol: "X'\"".to_owned(),
            candles,
            averages: vec![average],
            trades: vec![trade],
        }],
        costs: vec![("fees", Money::whole(1))],
        gross: Money::whole(-1_233),
        unmade: vec![Unmade {
            who: "BALLER <b>".to_owned(),
            what: "skipped too_small".to_owned(),
            count: 41,
            latest: "at noon".to_owned(),
        }],
        notes: vec!["a note".to_owned()],
    }
}

#[test]
fn a_report_stands_alone_and_lets_no_markup_through() {
    let points: Vec<Point> =
        (0..4).map(|day| Point { day, equity: 100.0 - f64::from(day), cash: 0.0 }).collect();
    let candle = |day: i32| Candle {
        instrument: InstrumentId(1),
        open_at: Timestamp(i64::from(day) * 86_400_000_000),
        close_at: Timestamp(i64::from(day + 1) * 86_400_000_000),
        open: Price::whole(10),
        high: Price::whole(12),
        low: Price::whole(9),
        close: Price::whole(11),
        volume: 1.0,
    };
    let candles: Vec<Candle> = (0..4).map(candle).collect();
    let html = page(&points, &candles).html();
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"));
    assert!(html.contains("a&amp;b.csv") && html.contains("X&#39;&quot;"));
    for outside in ["http:", "https:", "src=", "url(", "@import", "<link"] {
        assert!(!html.contains(outside), "{outside}");
    }
    for part in [
        "class=\"shade\"",
        "class=\"under\"",
        "class=\"band\"",
        "class=\"cut\"",
        "class=\"rise\"",
        "class=\"buy\"",
        "class=\"months\"",
        "-$1,234.00",
        "<p>one &amp; all</p>",
        "<tr><td>&lt;b&gt;</td><td class=\"n\">$1.00</td></tr>",
        "risk off",
        "<td>BALLER &lt;b&gt;</td><td>skipped too_small</td><td class=\"n\">41</td><td>at noon</td>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(!html.contains("NaN") && !html.contains("inf"), "a place that is none");
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
}

#[test]
fn nothing_to_draw_is_said() {
    let html = page(&[], &[]).html();
    assert!(html.contains("no day to draw") && html.contains("no candle to draw"));
}
