//! Figures and dates as people read them. Amounts are exact: never fewer than two decimals, more where there
//! are more, so that whoever adds up a column gets its sum.

use nija_core::ports::documents::Period;
use nija_core::words::fixed::Round;
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::time::Timestamp;

/// As wide as a digit.
pub(crate) const DIGIT_SPACE: char = '\u{2007}';
/// As wide as a point.
pub(crate) const POINT_SPACE: char = '\u{2008}';
/// Minus, as wide as a plus.
const MINUS: char = '\u{2212}';
/// Stands where there is no figure.
pub(crate) const NONE: &str = "–";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A decimal in groups of three digits, with at least so many decimals.
fn grouped(decimal: &str, least: usize) -> String {
    let (minus, digits) =
        decimal.strip_prefix('-').map_or((false, decimal), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::with_capacity(decimal.len() + 8);
    if minus {
        out.push(MINUS);
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    let decimals = fraction.len().max(least);
    if decimals > 0 {
        out.push('.');
        out.push_str(fraction);
        out.extend(std::iter::repeat_n('0', decimals - fraction.len()));
    }
    out
}

/// An amount, exact.
pub(crate) fn money(amount: Money) -> String {
    grouped(&amount.to_string(), 2)
}

/// An amount to the nearest cent with its currency, for headlines.
pub(crate) fn dollars(amount: Money) -> String {
    let text = money(amount.to_cents(Round::HalfEven));
    match text.strip_prefix(MINUS) {
        Some(digits) => format!("{MINUS}${digits}"),
        None => format!("${text}"),
    }
}

/// An amount, or a dash for nothing.
pub(crate) fn some_money(amount: Money) -> String {
    if amount.is_zero() { NONE.into() } else { money(amount) }
}

/// A price, exact.
pub(crate) fn price(price: Price) -> String {
    grouped(&price.to_string(), 2)
}

/// A quantity, exact.
pub(crate) fn qty(qty: Qty) -> String {
    grouped(&qty.to_string(), 0)
}

/// A rate, exact, without its sign.
pub(crate) fn rate(pct: Pct) -> String {
    grouped(&pct.to_string(), 0)
}

/// A return with two decimals and its sign.
pub(crate) fn change(pct: Option<Pct>) -> String {
    let Some(pct) = pct else {
        return NONE.into();
    };
    let rounded = Money::from_raw(pct.raw()).to_cents(Round::HalfEven);
    let plus = if rounded.is_positive() { "+" } else { "" };
    format!("{plus}{} %", money(rounded))
}

/// A day, in UTC.
pub(crate) fn date(at: Timestamp) -> String {
    let text = at.to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// An instant to the second, in UTC.
pub(crate) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {}", time.get(..8).unwrap_or_default())
}

fn is_midnight(at: Timestamp) -> bool {
    at.to_string().ends_with("T00:00:00Z")
}

/// A period by its days, the last one included; with times where it does not begin and end at midnight.
pub(crate) fn span(period: Period) -> String {
    if !is_midnight(period.from) || !is_midnight(period.to) {
        return format!("{} to {}", moment(period.from), moment(period.to));
    }
    let last = Timestamp(period.to.0.saturating_sub(1)).max(period.from);
    format!("{} to {}", date(period.from), date(last))
}

/// A whole month of the calendar by its name: the year, its number, its word.
pub(crate) fn month(period: Period) -> Option<(String, String, &'static str)> {
    let (from, to) = (date(period.from), date(period.to));
    let mut parts = from.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let number: usize = month.parse().ok()?;
    let next = match number {
        12 => format!("{}-01-01", year.parse::<i64>().ok()? + 1),
        _ => format!("{year}-{:02}-01", number + 1),
    };
    let whole = day == "01" && to == next && is_midnight(period.from) && is_midnight(period.to);
    let word = MONTHS.get(number.checked_sub(1)?)?;
    whole.then(|| (year.to_owned(), month.to_owned(), *word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn at(day: i64) -> Timestamp {
        Timestamp(day * 86_400_000_000)
    }

    #[test]
    fn amounts_are_exact_and_grouped() {
        for (amount, text) in [
            ("0", "0.00"),
            ("1180", "1,180.00"),
            ("-1234567.5", "−1,234,567.50"),
            ("0.00000001", "0.00000001"),
            ("123.123", "123.123"),
        ] {
            assert_eq!(money(usd(amount)), text);
        }
        assert_eq!(money(Money::MAX), "92,233,720,368.54775807");
        assert_eq!(money(Money::from_raw(i64::MIN)), "−92,233,720,368.54775808");
        assert_eq!(qty(Qty::whole(1_000)), "1,000");
        assert_eq!(price(Price::whole(65_000)), "65,000.00");
        assert_eq!(some_money(Money::ZERO), "–");
    }

    #[test]
    fn headlines_are_rounded() {
        assert_eq!(dollars(usd("-704.026")), "−$704.03");
        assert_eq!(dollars(usd("0.004")), "$0.00");
        assert_eq!(change("25.3".parse().ok()), "+25.30 %");
        assert_eq!(change("-0.001".parse().ok()), "0.00 %");
        assert_eq!(change(None), "–");
    }

    #[test]
    fn periods_are_named_by_their_days() {
        let (january, february, year) = (at(20_454), at(20_485), at(20_819));
        let month_of = |from, to| month(Period { from, to });
        assert_eq!(month_of(january, february), Some(("2026".into(), "01".into(), "January")));
        assert_eq!(month_of(at(20_788), year), Some(("2026".into(), "12".into(), "December")));
        assert_eq!(month_of(january, year), None);
        assert_eq!(month_of(Timestamp(i64::MIN), Timestamp(i64::MAX)), None);
        let days = Period { from: january, to: february };
        assert_eq!(span(days), "2026-01-01 to 2026-01-31");
        let hours = Period { from: january, to: Timestamp(january.0 + 3_600_000_000) };
        assert_eq!(span(hours), "2026-01-01 00:00:00 to 2026-01-01 01:00:00");
        assert_eq!(span(Period { from: january, to: january }), "2026-01-01 to 2026-01-01");
    }
}
