//! One generated price: a random walk in logarithms, cut into bars. Floats leave as prices on the tick.

use super::chain::{Shock, jump};
use super::{Motion, Path, STEPS};
use crate::feeds::error::Error;
use crate::feeds::{Kind, MarketEvent, decimal};
use nija_core::words::fixed::SCALE;
use nija_core::words::instrument::Hours;
use nija_core::words::money::Price;
use nija_core::words::time::{Span, Timestamp};
use nija_market::candle::Candle;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Trading days of a market with sessions in a year.
const SESSIONS: f64 = 252.0;
const HOUR: f64 = 3_600.0 * 1_000_000.0;
const YEAR: f64 = 365.0 * 86_400.0 * 1_000_000.0;
/// Part of a session market's variance that falls between close and open.
const OVERNIGHT: f64 = 0.2;
/// Speed at which fear returns to its mood's level (a year), and its own volatility.
const RETURN: f64 = 25.0;
const FEAR_VOLATILITY: f64 = 0.8;
const FEAR: std::ops::RangeInclusive<f64> = 9.0..=90.0;
/// No generated price rises beyond this, in units of 10^-8.
const HIGHEST: f64 = 1e17;

/// The length of a usual session; none where a market never closes.
const fn session_of(hours: Hours) -> Option<f64> {
    match hours {
        Hours::Always => None,
        Hours::Nyse => Some(6.5 * HOUR),
        Hours::Cme => Some(23.0 * HOUR),
    }
}

/// A price on its way.
pub(super) struct Walk {
    path: Path,
    /// The price before rounding, in units of 10^-8.
    level: f64,
    last_close: Option<Timestamp>,
    chance: ChaCha8Rng,
}

/// A bar in the making, in whole ticks.
struct Drawn {
    open: i64,
    high: i64,
    low: i64,
    close: i64,
}

impl Walk {
    pub(super) fn new(seed: u64, path: Path) -> Result<Self, Error> {
        if !path.last.is_positive() || !path.tick.is_positive() {
            return Err(Error::Settings("last price and tick must be above zero"));
        }
        if let Motion::Asset { volatility, correlation } = path.motion
            && !((0.0..=10.0).contains(&volatility) && (-1.0..=1.0).contains(&correlation))
        {
            return Err(Error::Settings("volatility must be 0 to 10 and correlation -1 to 1"));
        }
        if !(path.daily_volume.is_finite() && path.daily_volume >= 0.0) {
            return Err(Error::Settings("daily volume must be zero or more"));
        }
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        // A stream of its own, so that an instrument moves the same whoever stands beside it.
        chance.set_stream(u64::from(path.instrument.0) + 1);
        Ok(Self { level: path.last.raw() as f64, path, last_close: None, chance })
    }

    pub(super) const fn hours(&self) -> Hours {
        self.path.hours
    }

    /// The two events of the bar between two instants.
    pub(super) fn bar(
        &mut self,
        shock: &Shock,
        open_at: Timestamp,
        close_at: Timestamp,
    ) -> [MarketEvent; 2] {
        let length = close_at.since(open_at).0 as f64;
        let session = session_of(self.path.hours);
        if self.last_close.is_some_and(|last| last < open_at) && session.is_some() {
            let night = self.draw();
            self.advance(shock, OVERNIGHT / SESSIONS, night, 0.0);
        }
        let years = match session {
            None => length / YEAR,
            Some(session) => (1.0 - OVERNIGHT) * length / session / SESSIONS,
        };
        let own_jump = jump(&mut self.chance, shock.mood, years * 365.0);
        let first = self.on_tick();
        let mut drawn = Drawn { open: first, high: first, low: first, close: first };
        for step in 0..STEPS {
            let hit = |jump: Option<(usize, f64)>| jump.filter(|(at, _)| *at == step);
            let jump = hit(own_jump).map_or(0.0, |(_, size)| size * self.own_share())
                + hit(shock.jump).map_or(0.0, |(_, size)| size * self.market_share());
            let own = self.draw();
            let common = shock.common.get(step).copied().unwrap_or_default();
            let mixed = self.market_share() * common + self.own_share() * own;
            self.advance(shock, years / STEPS as f64, mixed, jump);
            let price = self.on_tick();
            drawn.high = drawn.high.max(price);
            drawn.low = drawn.low.min(price);
            drawn.close = price;
        }
        self.last_close = Some(close_at);
        self.events(&drawn, (open_at, close_at), shock)
    }

    fn events(
        &mut self,
        drawn: &Drawn,
        (open_at, close_at): (Timestamp, Timestamp),
        shock: &Shock,
    ) -> [MarketEvent; 2] {
        let noise = (self.draw() * 0.3).exp() * shock.mood.volatility().sqrt();
        let day = session_of(self.path.hours).unwrap_or(Span::DAY.0 as f64);
        let share = close_at.since(open_at).0 as f64 / day;
        let instrument = self.path.instrument;
        let [open, high, low, close] =
            [drawn.open, drawn.high, drawn.low, drawn.close].map(Price::from_raw);
        let volume = (self.path.daily_volume * share * noise * 1e4).round() / 1e4;
        let candle = Candle { instrument, open_at, close_at, open, high, low, close, volume };
        [
            MarketEvent { at: open_at, kind: Kind::BarOpened { instrument, price: open } },
            MarketEvent { at: close_at, kind: Kind::BarClosed(candle) },
        ]
    }

    fn draw(&mut self) -> f64 {
        StandardNormal.sample(&mut self.chance)
    }
    fn market_share(&self) -> f64 {
        match self.path.motion {
            Motion::Asset { correlation, .. } => correlation,
            // Fear rises when the market falls.
            Motion::Fear => -0.7,
        }
    }
    fn own_share(&self) -> f64 {
        (1.0 - self.market_share().powi(2)).sqrt()
    }

    /// Moves the price by a stretch of years with a standard normal move and a jump in days of volatility.
    fn advance(&mut self, shock: &Shock, years: f64, normal: f64, jump: f64) {
        match self.path.motion {
            Motion::Asset { volatility, .. } => {
                let now = volatility * shock.mood.volatility();
                let drift = shock.mood.drift() * volatility * self.market_share();
                let year_days = if self.path.hours == Hours::Always { 365.0 } else { SESSIONS };
                let day = volatility / f64::sqrt(year_days);
                let moved = (drift - now * now / 2.0) * years + now * years.sqrt() * normal;
                self.level *= (moved + jump * day).exp();
            }
            Motion::Fear => {
                let points = self.level / SCALE as f64;
                let pull = 1.0 - (-RETURN * years).exp();
                let level = points + (shock.mood.fear() - points) * pull;
                let moved = FEAR_VOLATILITY * years.sqrt() * normal + jump * 0.05;
                self.level = (level * moved.exp()).clamp(*FEAR.start(), *FEAR.end()) * SCALE as f64;
            }
        }
        self.level = self.level.clamp(self.path.tick.raw() as f64, HIGHEST);
    }

    /// The price on the tick, at least one tick.
    fn on_tick(&self) -> i64 {
        let tick = self.path.tick.raw();
        decimal::to_tick(self.level.round() as i64, tick).unwrap_or(tick).max(tick)
    }
}
