//! What words are worth: an account that does what is said at the price of the event, of contracts at the next
//! picture of their chain, and counts each trade from flat to flat.

use super::subject::{Episode, Make, Word, hear};
use nija_core::words::id::InstrumentId;
use nija_core::words::score::Strength;
use nija_core::words::signal::Action;
use nija_market::candle::Candle;
use nija_market::chain::Chain;
use nija_market::engine::{Seen, Spoken};
use std::collections::BTreeMap;

/// Cost of trading a dollar.
const COST: f64 = 0.0001;

/// Units held of one instrument, and the cash that they took and brought.
#[derive(Default)]
struct Holding {
    units: f64,
    cash: f64,
}

#[derive(Default)]
struct Account {
    holdings: BTreeMap<InstrumentId, Holding>,
    /// What was said of contracts and waits for their next quotes.
    waiting: Vec<Spoken>,
    /// Contracts held, and what all of them cost.
    legs: Vec<InstrumentId>,
    paid: f64,
    gains: Vec<f64>,
    costs: f64,
}

fn part(strength: Strength) -> f64 {
    f64::from(strength.as_parts()) / 1e4
}

impl Account {
    /// Holds `units` of the candle's instrument from now on.
    fn hold(&mut self, candle: &Candle, units: impl FnOnce(f64) -> f64) {
        let holding = self.holdings.entry(candle.instrument).or_default();
        let price = candle.close_f64();
        let wanted = units(holding.units);
        self.costs += COST * (wanted - holding.units).abs() * price;
        holding.cash -= (wanted - holding.units) * price;
        let closes = holding.units != 0.0 && wanted * holding.units <= 0.0;
        if closes {
            // What turned around ends one trade and begins the next.
            self.gains.push(holding.cash + wanted * price);
            holding.cash = -wanted * price;
        }
        holding.units = wanted;
    }

    /// Trades what waits: straddles are bought whole, and left leg by leg.
    fn trade(&mut self, chain: &Chain) {
        let sum = |legs: &[InstrumentId]| {
            let quotes = chain.quotes.iter().filter(|quote| legs.contains(&quote.contract));
            quotes.fold((0.0, 0.0), |sum, q| (sum.0 + q.mid(), sum.1 + (q.ask - q.bid) / 2.0))
        };
        let said = std::mem::take(&mut self.waiting);
        for Spoken { instrument, action, .. } in &said {
            if let Action::Straddle { put, .. } = *action {
                let (paid, spread) = sum(&[*instrument, put]);
                self.legs = vec![*instrument, put];
                self.paid = paid;
                self.costs += spread / paid;
            }
        }
        let left = said.iter().filter(|spoken| spoken.action == Action::Exit).count();
        if left > 0 {
            assert_eq!(left, self.legs.len(), "a leg alone");
            let (got, spread) = sum(&std::mem::take(&mut self.legs));
            self.costs += spread / self.paid;
            self.gains.push(got / self.paid - 1.0);
        }
    }

    fn carry_out(&mut self, seen: &Seen, word: &Word) {
        match (word, seen) {
            (Word::Act(action), Seen::Candle(candle)) => {
                let price = candle.close_f64();
                match *action {
                    Action::Enter { strength, .. } => {
                        self.hold(candle, |units| units.max(part(strength) / price));
                    }
                    Action::Short { strength, .. } => {
                        self.hold(candle, |units| units.min(-part(strength) / price));
                    }
                    Action::Trim { strength } => {
                        self.hold(candle, |units| units.min(part(strength) / price));
                    }
                    Action::Exit => self.hold(candle, |_| 0.0),
                    Action::Straddle { .. } => panic!("a straddle of no chain"),
                    Action::Quote(_) | Action::Cross { .. } | Action::Loop(_) => {
                        panic!("{action:?} without a book")
                    }
                    Action::Roll { .. } => panic!("a roll of no family"),
                }
            }
            (Word::Hold(stance), Seen::Candle(candle)) => {
                self.hold(candle, |_| stance.weight / candle.close_f64());
            }
            (Word::Speak(spoken), Seen::Chain(_)) => self.waiting.extend(spoken),
            _ => panic!("{word:?} at {seen:?}"),
        }
    }
}

/// Plays events to a subject that acts on candles and chains.
pub(super) fn watch(make: Make, events: Vec<Seen>) -> Vec<Episode> {
    let words = hear(&mut *make(), &events);
    let mut account = Account::default();
    for (seen, word) in events.iter().zip(&words) {
        if let Seen::Chain(chain) = seen {
            account.trade(chain);
        }
        if let Some(word) = word {
            account.carry_out(seen, word);
        }
    }
    let Account { gains, costs, .. } = account;
    vec![Episode { events, words, gains, costs }]
}
