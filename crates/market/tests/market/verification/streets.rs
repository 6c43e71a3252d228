//! Markets of order books that answer: what is quoted or sent gets filled, and the fills are what is gained.

use super::super::market::Chance;
use super::subject::{Episode, Make, Subject, Word};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;
use nija_market::book::{Book, Fill, Level};
use nija_market::engine::Seen;
use nija_market::engine::crypto::Quotes;

const COIN: InstrumentId = InstrumentId(1);

fn price(dollars: f64) -> Price {
    Price::from_raw((dollars * 1e8).round() as i64)
}

fn dollars(price: Price) -> f64 {
    price.raw() as f64 / 1e8
}

fn units(qty: Qty) -> f64 {
    qty.raw() as f64 / 1e8
}

fn book(place: u8, at: Timestamp, middle: f64, half: f64) -> Seen {
    let side = |dollars| vec![Level { price: price(dollars), qty: Qty::whole(5) }];
    let (bids, asks) = (side(middle - half), side(middle + half));
    Seen::Book(Book { instrument: COIN, place, at, bids, asks })
}

/// A subject on a street, with what it holds by its fills.
struct Floor {
    subject: Box<dyn Subject>,
    episode: Episode,
    cash: f64,
    held: [f64; 2],
    fee: f64,
}

impl Floor {
    fn new(make: Make, fee: f64) -> Self {
        let episode =
            Episode { events: Vec::new(), words: Vec::new(), gains: Vec::new(), costs: 0.0 };
        Self { subject: make(), episode, cash: 0.0, held: [0.0; 2], fee }
    }

    fn tell(&mut self, seen: Seen) -> Option<Word> {
        let word = self.subject.see(&seen);
        self.episode.events.push(seen);
        self.episode.words.push(word.clone());
        word
    }

    /// Books a fill and tells of it. What it is away from the middle and the fee are costs.
    fn fill(&mut self, fill: Fill, middle: f64, spread_is_cost: bool) -> Option<Word> {
        let (qty, paid) = (units(fill.qty), dollars(fill.price));
        let sign = if fill.side == Side::Buy { 1.0 } else { -1.0 };
        let gross = if spread_is_cost { middle } else { paid };
        self.cash -= sign * qty * gross;
        self.held[usize::from(fill.place)] += sign * qty;
        self.episode.costs += qty * (paid * self.fee + sign * (paid - gross));
        self.tell(Seen::Fill(fill))
    }

    fn end(mut self, middles: [f64; 2]) -> Episode {
        let worth = self.held[0] * middles[0] + self.held[1] * middles[1];
        self.episode.gains.push(self.cash + worth);
        self.episode
    }
}

/// A street for a maker: the middle moves by a tick, up or down. Who knows that it will come to a quote takes it
/// there, and the maker gains nothing; planted, others take quotes for no reason, the nearer the more often.
pub(super) fn making(make: Make, seed: u64, planted: bool) -> Vec<Episode> {
    (0..120).map(|episode| quoted(make, Chance(seed * 1_000 + episode), planted)).collect()
}

const TICK: f64 = 0.01;

fn quoted(make: Make, mut chance: Chance, planted: bool) -> Episode {
    let mut floor = Floor::new(make, 0.000_002);
    let (mut ticks, mut quotes) = (10_000i64, Quotes::default());
    for step in 0..400i64 {
        let at = Timestamp(step * 1_000_000);
        let middle = ticks as f64 * TICK;
        if let Some(Word::Quote(word)) = floor.tell(book(0, at, middle, TICK)) {
            quotes = word;
        }
        ticks += if chance.uniform() < 0.5 { -1 } else { 1 };
        let next = ticks as f64 * TICK;
        for (side, sign) in [(Side::Buy, 1.0), (Side::Sell, -1.0)] {
            let quote = if side == Side::Buy { &mut quotes.bid } else { &mut quotes.ask };
            let Some(level) = *quote else { continue };
            let away = sign * (middle - dollars(level.price));
            let reached = sign * (dollars(level.price) - next) > -1e-9;
            let noise = planted && chance.uniform() < 0.5 * (-1.5 * away / TICK / 4.0).exp();
            if reached || noise {
                *quote = None;
                let (instrument, place, is_last) = (COIN, 0, true);
                let Level { price, qty } = level;
                let at = Timestamp(step * 1_000_000 + 500_000);
                let _ = floor.fill(
                    Fill { instrument, place, side, qty, price, is_last, at },
                    next,
                    false,
                );
            }
        }
    }
    let last = ticks as f64 * TICK;
    floor.end([last, last])
}

/// Two streets with the same coin. Each price is a walk of its own, so that differences never close and are worth
/// nothing; planted, they do.
pub(super) fn crossing(make: Make, seed: u64, planted: bool) -> Vec<Episode> {
    (0..150).map(|episode| crossed(make, Chance(seed * 1_000 + episode), planted)).collect()
}

fn crossed(make: Make, mut chance: Chance, planted: bool) -> Episode {
    let half = 0.02;
    let mut floor = Floor::new(make, 0.0005);
    let mut middles = [100.0f64; 2];
    let mut waiting: Vec<nija_market::engine::crypto::arbitrage::Leg> = Vec::new();
    for step in 0..400i64 {
        let pull = if planted { 0.1 * (middles[1] - middles[0]) } else { 0.0 };
        middles[0] += 0.05 * chance.normal() + pull;
        middles[1] += 0.05 * chance.normal() - pull;
        let at = Timestamp(step * 100_000);
        // Orders meet the books of the next moment: filled at once up to their limit, or not at all.
        let mut legs = std::mem::take(&mut waiting);
        while let Some(leg) = legs.pop() {
            let middle = middles[usize::from(leg.place)];
            let sign = if leg.side == Side::Buy { 1.0 } else { -1.0 };
            let met = price(middle + sign * half);
            let fits = if leg.side == Side::Buy { met <= leg.limit } else { met >= leg.limit };
            let whole =
                if chance.uniform() < 0.8 { leg.qty } else { Qty::from_raw(leg.qty.raw() / 2) };
            let qty = if fits { whole } else { Qty::ZERO };
            let (instrument, place, side, is_last) = (COIN, leg.place, leg.side, true);
            let fill = Fill { instrument, place, side, qty, price: met, is_last, at };
            if let Some(Word::Trade(more)) = floor.fill(fill, middle, true) {
                waiting.extend(more);
            }
        }
        for place in 0..2u8 {
            let seen = book(place, at, middles[usize::from(place)], half);
            if let Some(Word::Trade(more)) = floor.tell(seen) {
                waiting.extend(more);
            }
        }
    }
    floor.end(middles)
}
