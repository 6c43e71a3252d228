//! Equity at the ends of days, what the months earned, and the regimes with their dates: as lists for JSON, from what
//! the page draws.

use super::page::months::{self, Month};
use crate::statistics::Point;
use nija_core::words::fixed::SCALE;
use nija_core::words::money::Money;
use nija_core::words::time::{Span, Timestamp};
use serde_json::{Value, json};

/// Adds `equity`, by day in dollars, and `months`, in percent, to an object.
pub(super) fn add(to: &mut Value, start: f64, points: &[Point]) {
    let Some(fields) = to.as_object_mut() else {
        return;
    };
    let day = |point: &Point| json!([date(point.day), money(point.equity)]);
    let month = |of: Month| json!([format!("{:04}-{:02}", of.year, of.month + 1), of.percent]);
    let equity: Vec<Value> = points.iter().map(day).collect();
    let months: Vec<Value> = months::months(start, points).into_iter().map(month).collect();
    fields.insert("equity".to_owned(), equity.into());
    fields.insert("months".to_owned(), months.into());
}

/// The amount that a float was made of: up to ninety million dollars it is exact.
fn money(dollars: f64) -> Money {
    Money::from_raw((dollars * SCALE as f64).round() as i64)
}

/// Regimes with their first and last days; `last` is the last one of the run.
pub(super) fn regimes(bands: &[(i32, &'static str)], last: Option<i32>) -> Vec<Value> {
    let ends = bands.iter().skip(1).map(|(next, _)| Some(next - 1)).chain([last]);
    let band = |(band, to): (&(i32, &'static str), Option<i32>)| {
        let (from, regime) = *band;
        json!({ "from": date(from), "to": to.map(date), "regime": regime })
    };
    bands.iter().zip(ends).map(band).collect()
}

/// The date of a day, counted since 1970.
pub(super) fn date(day: i32) -> String {
    let text = Timestamp::of_day(day, Span::ZERO).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_months_and_regimes_have_their_dates() {
        let at = |day, equity| Point { day, equity, cash: 0.0 };
        let mut object = json!({});
        add(&mut object, 100.0, &[at(19, 105.0), at(30, 110.5), at(365, 55.25)]);
        let equity =
            json!([["1970-01-20", "105"], ["1970-01-31", "110.5"], ["1971-01-01", "55.25"]]);
        assert_eq!(object["equity"], equity);
        assert_eq!(object["months"][1], json!(["1971-01", -50.0]));
        assert_eq!(
            object["months"].as_array().unwrap().len(),
            2,
            "a month without a day has no result"
        );
        let told = regimes(&[(19, "ranging"), (31, "risk_off")], Some(365));
        let ranging = json!({ "from": "1970-01-20", "to": "1970-01-31", "regime": "ranging" });
        let off = json!({ "from": "1970-02-01", "to": "1971-01-01", "regime": "risk_off" });
        assert_eq!(told, [ranging, off]);
    }
}
