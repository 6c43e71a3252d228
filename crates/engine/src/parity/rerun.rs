//! The span once more: the backtest over the recorded market, from where the desks stood, with what was given.

use super::given::Given;
use super::story::Story;
use crate::backtest::tape::Tape;
use crate::backtest::{self, Backtest};
use crate::copier::facts;
use crate::feeds::recorded::Past;
use crate::feeds::steps::Steps;
use crate::feeds::{self, Kind, MarketEvent};
use crate::partitions::Partitions;
use crate::sim::Exchange;
use crate::trader::Trader;
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::input::{Command, CopyAct, Input};
use nija_core::journal::{Batch, Damage};
use nija_core::words::id::{InstrumentId, OrderId};
use nija_core::words::money::Price;
use nija_core::words::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Why a span could not be run again.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The market data are not as they should be.
    #[error(transparent)]
    Feed(#[from] feeds::Error),
    /// The backtest ended.
    #[error(transparent)]
    Backtest(#[from] backtest::Ended),
    /// A batch of the re-run cannot be read.
    #[error("the re-run wrote what cannot be read: {0}")]
    Damaged(#[from] Damage),
    /// The state of a desk cannot be copied.
    #[error("the state of a desk cannot be copied; run `nija verify`")]
    Copied,
}

/// What a run is made of.
pub struct World<'a> {
    /// Makes the exchange that a backtest trades at, with the catalog listed.
    pub exchange: &'a dyn Fn() -> Exchange,
    /// Makes a trader whose analyst has read nothing.
    pub trader: &'a dyn Fn() -> Trader,
}

/// A price of the market that every desk adopts.
pub type Bar = (InstrumentId, Timestamp, Price);

/// A span that was run again.
#[derive(Debug)]
pub struct Rerun {
    /// What happened.
    pub story: Story,
    /// Opens and closes of bars in the span.
    pub bars: Vec<Bar>,
    /// All prices that the market said in it.
    pub said: BTreeSet<Bar>,
    /// Steps of the market.
    pub steps: u64,
}

/// A run that waits for what is given.
pub struct Waiting<'a> {
    backtest: Backtest,
    heard: Arc<Mutex<(Story, Option<Damage>)>>,
    world: &'a World<'a>,
    span: (Timestamp, Timestamp),
    /// Numbers of orders in the paper run and here.
    orders: BTreeMap<OrderId, OrderId>,
    bars: Vec<Bar>,
    said: BTreeSet<Bar>,
    steps: u64,
}

/// A run of these desks over a span of the past; `before` is what was known as it began.
pub fn run<'a>(
    desks: Partitions,
    world: &'a World<'a>,
    span: (Timestamp, Timestamp),
    before: Story,
) -> Waiting<'a> {
    let heard = Arc::new(Mutex::new((before, None)));
    let told = Arc::clone(&heard);
    let seen = Box::new(move |batch: &Batch| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(damage) = told.0.take(batch) {
            told.1 = Some(damage);
        }
    });
    let (exchange, trader) = ((world.exchange)(), (world.trader)());
    let backtest = Backtest::new(desks, exchange, trader, Arc::new(Tape::default()), seen);
    let (orders, bars, said, steps) = (BTreeMap::new(), Vec::new(), BTreeSet::new(), 0);
    Waiting { backtest, heard, world, span, orders, bars, said, steps }
}

/// What is given, with how much of it was brought.
struct Hands<'a> {
    given: Vec<&'a Given>,
    next: usize,
}

impl Waiting<'_> {
    /// Runs it over a past with what was given, with or without what people did by hand.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn over(
        mut self,
        past: &mut dyn Past,
        given: &[Given],
        manual: bool,
    ) -> Result<Rerun, Ended> {
        let given = given.iter().filter(|given| manual || !given.manual).collect();
        let mut hands = Hands { given, next: 0 };
        let to = self.span.1;
        while let Some(start) = past.begin()? {
            if start >= to {
                break;
            }
            self.start(start, past, &mut hands).await?;
            self.trade(past, &mut hands).await?;
        }
        self.bring(&mut hands, |given| given.at < to).await?;
        let Self { heard, bars, said, steps, .. } = self;
        let mut told = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let (story, damage) = std::mem::take(&mut *told);
        match damage {
            Some(damage) => Err(damage.into()),
            None => Ok(Rerun { story, bars, said, steps }),
        }
    }

    /// A start of the server: its analyst reads what it read then, its venue takes open orders back.
    async fn start(
        &mut self,
        start: Timestamp,
        past: &mut dyn Past,
        hands: &mut Hands<'_>,
    ) -> Result<(), Ended> {
        let at = start.max(self.span.0);
        let (mut exchange, mut trader) = ((self.world.exchange)(), (self.world.trader)());
        let (mut inputs, mut conditions) = (Vec::new(), None);
        while past.peek_time()?.is_some_and(|next| next < at) {
            let Some(event) = past.next()? else { break };
            if event.at >= start {
                exchange.on_market(&event);
            }
            trader.step(&[event], &mut inputs);
            for input in inputs.drain(..) {
                if let Input::Conditions(read) = input {
                    conditions = Some(read);
                }
            }
        }
        // To look is to read what was known at the start.
        past.peek_time()?;
        self.bring(hands, |given| given.at < at || (given.at == at && !given.after)).await?;
        let known: Vec<(InstrumentId, Price)> = past.known().to_vec();
        for (instrument, price) in &known {
            exchange.know(*instrument, *price);
        }
        self.backtest.begin_again(exchange, trader, at).await?;
        if known.is_empty() || start < self.span.0 {
            return Ok(());
        }
        let unmarked = self.unmarked()?;
        let marks = known.into_iter().filter(|(instrument, _)| unmarked.contains(instrument));
        let marks = marks.map(|(instrument, price)| Input::Mark { instrument, price });
        for input in conditions.map(Input::Conditions).into_iter().chain(marks) {
            if let Input::Mark { instrument, price } = input {
                self.said.insert((instrument, at, price));
            }
            self.backtest.input(input, at).await?;
        }
        Ok(())
    }

    /// Instruments without a price.
    fn unmarked(&mut self) -> Result<BTreeSet<InstrumentId>, Ended> {
        let View::Market(market) = self.backtest.partitions()?.query(&Query::Market) else {
            return Ok(BTreeSet::new());
        };
        let rows = market.instruments.iter().filter(|row| row.mark.is_none());
        Ok(rows.map(|row| row.instrument.id).collect())
    }

    /// The market of one start, to its end or that of the span.
    async fn trade(&mut self, past: &mut dyn Past, hands: &mut Hands<'_>) -> Result<(), Ended> {
        let mut steps = Steps::of(past);
        while let Some((at, events)) = steps.next_step()? {
            if at >= self.span.1 {
                break;
            }
            let came = |given: &Given| given.at < at || (given.at == at && !given.after);
            self.bring(hands, came).await?;
            self.note(at, events);
            self.backtest.step(at, events).await?;
            self.steps += 1;
        }
        Ok(())
    }

    /// Notes the prices of a step.
    fn note(&mut self, at: Timestamp, events: &[MarketEvent]) {
        for event in events {
            let told = match event.kind {
                Kind::BarOpened { instrument, price } => Some((instrument, price)),
                Kind::BarClosed(candle) => Some((candle.instrument, candle.close)),
                _ => None,
            };
            if let Some((instrument, price)) = told {
                self.bars.push((instrument, at, price));
            }
            let said = crate::trader::price(event);
            self.said.extend(said.map(|(instrument, price)| (instrument, at, price)));
        }
    }

    /// Brings what came so far.
    async fn bring(
        &mut self,
        hands: &mut Hands<'_>,
        came: impl Fn(&Given) -> bool,
    ) -> Result<(), Ended> {
        while let Some(given) = hands.given.get(hands.next).filter(|given| came(given)) {
            hands.next += 1;
            let mut input = given.input.clone();
            match &mut input {
                Input::Command { command: Command::Cancel(order), .. } => {
                    *order = self.orders.get(order).copied().unwrap_or(*order);
                }
                Input::Command {
                    command: Command::Copy { leader, act: CopyAct::Start { leader: seen, .. } },
                    ..
                } => **seen = facts(self.backtest.partitions()?, *leader),
                _ => {}
            }
            let answer = self.backtest.input_to(given.partition, input, given.at).await?;
            if let (Answer::Placed { order, .. }, Some(there)) = (answer, given.order) {
                self.orders.insert(there, order);
            }
        }
        Ok(())
    }
}
