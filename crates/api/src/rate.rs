//! How often something may be asked for, as an operator writes it: `20/s`, `20/10m`, `20/s:60`. Absent on
//! purpose: zero, which would be a switch, and no limit at all.

use std::str::FromStr;
use std::time::Duration;

/// So many in so long, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub(crate) count: u32,
    pub(crate) per: Duration,
    pub(crate) burst: u32,
}

/// A text that is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a rate; write 20/s, 20/10m or, with a burst of 60, 20/s:60: numbers of 1 to 1000000000, s, m or h"
)]
pub struct NotARate;

/// The largest number in a rate.
const MOST: u32 = 1_000_000_000;

fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number: u32 = text.parse().ok().filter(|_| digits)?;
    (1..=MOST).contains(&number).then_some(number)
}

fn parse(text: &str) -> Option<Rate> {
    let (count, rest) = text.split_once('/')?;
    let (per, burst) = match rest.split_once(':') {
        Some((per, burst)) => (per, Some(number(burst)?)),
        None => (rest, None),
    };
    let seconds = match per.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        _ => return None,
    };
    let units = &per[..per.len() - 1];
    let units = if units.is_empty() { 1 } else { number(units)? };
    let (count, per) = (number(count)?, Duration::from_secs(u64::from(units) * seconds));
    Some(Rate { count, per, burst: burst.unwrap_or(count) })
}

impl FromStr for Rate {
    type Err = NotARate;
    fn from_str(text: &str) -> Result<Self, NotARate> {
        parse(text.trim()).ok_or(NotARate)
    }
}

impl Rate {
    pub(crate) const fn new(count: u32, seconds: u64, burst: u32) -> Self {
        Self { count, per: Duration::from_secs(seconds), burst }
    }
}

/// Rates beside the tiers' own for entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests of nobody known, an address.
    pub anonymous: Rate,
    /// Reads and changes of settings, a user.
    pub reads: Rate,
    /// Sales, cancels and kill switches, a user: entries cannot use them up.
    pub exits: Rate,
    /// Requests of an administrator.
    pub admin: Rate,
    /// Registrations, an address.
    pub registrations: Rate,
    /// Refreshes of one session.
    pub refreshes: Rate,
    /// Webhooks of the payment provider, an address.
    pub webhooks: Rate,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            anonymous: Rate::new(10, 1, 40),
            reads: Rate::new(20, 1, 60),
            exits: Rate::new(50, 1, 100),
            admin: Rate::new(2, 1, 10),
            registrations: Rate::new(20, 600, 20),
            refreshes: Rate::new(30, 60, 30),
            webhooks: Rate::new(20, 1, 200),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_they_are_written() {
        assert_eq!("20/s:60".parse(), Ok(Rate::new(20, 1, 60)));
        assert_eq!("20/10m".parse(), Ok(Rate::new(20, 600, 20)));
        assert_eq!(" 5/2h ".parse(), Ok(Rate::new(5, 7_200, 5)));
        assert_eq!("1000000000/s".parse(), Ok(Rate::new(MOST, 1, MOST)));
        for wrong in [
            "",
            "20",
            "20/",
            "/s",
            "0/s",
            "20/0s",
            "20/s:0",
            "20/s:",
            "-1/s",
            "+1/s",
            "20/d",
            "20/s:x",
            "2.5/s",
            "1000000001/s",
            "20/s:60:1",
            "20/10",
            "20/1é",
        ] {
            assert_eq!(wrong.parse::<Rate>(), Err(NotARate), "{wrong}");
        }
    }
}
